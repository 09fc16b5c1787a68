from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.embedders import background as module
from memos_cli.backends.embedders.background import KNOWN, background, measure
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.backends.llama import records


class Counting:
    """An embedder that puts all at a right angle but what has an even number of letters, and counts what it was asked for."""

    fingerprint = "counting"
    dimensions = 2
    background = (0.0, 0.0)

    def __init__(self) -> None:
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> Any:
        import numpy as np

        self.asked += len(texts)
        return np.array([[1, 0] if len(text) % 2 else [0, 1] for text in texts], np.float32)

    def embed_queries(self, texts: Sequence[str]) -> Any:
        return self.embed(texts)

    def reads(self, text: str) -> float:
        return float(bool(text))

    def close(self) -> None:
        pass


def test_it_is_measured_once_and_kept_in_the_record_of_the_file(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    path = tmp_path / "m.gguf"
    path.write_bytes(b"x")
    weights = Weights(path, None, "f", 2, records=tmp_path)
    records.remember(path, tmp_path, {"fingerprint": "f"})
    embedder = Counting()
    found = background(weights, embedder)
    assert embedder.asked == len(module.QUESTIONS) + len(module.STATEMENTS)
    assert 0 < found[0] < 1
    assert background(weights, embedder) == found
    assert embedder.asked == len(module.QUESTIONS) + len(module.STATEMENTS)
    assert records.recall(path, tmp_path) == {"fingerprint": "f", "background": {"f": list(found)}}
    path.write_bytes(b"another")
    background(weights, embedder)
    assert embedder.asked == 2 * (len(module.QUESTIONS) + len(module.STATEMENTS))


def test_that_of_minilm_is_known_beforehand(tmp_path: Path) -> None:
    embedder = Counting()
    fingerprint = "all-minilm-l6-v2:53aa5117:mean:256"
    assert background(Weights(tmp_path / "none", None, fingerprint, 384), embedder) == KNOWN[fingerprint]
    assert not embedder.asked


@pytest.mark.model
def test_what_is_known_is_what_is_measured(shared: GgufEmbedder, weights: Weights) -> None:
    assert measure(shared) == pytest.approx(KNOWN[weights.fingerprint], abs=0.002)
    other = GgufEmbedder(replace(weights, fingerprint="another", records=None))
    assert other.background == measure(shared)
    other.close()
