"""Files with random weights: of the shape that they are named after, the same every time, and gone when they are not needed."""

import json
from pathlib import Path

import pytest

from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.bench.ttft import shapes

pytest.importorskip("gguf")
PARAMETERS = {"0.5B": 494_032_768, "1.5B": 1_543_714_304}
"""As the model cards of Qwen2.5 count them: 0.49 and 1.54 thousand million."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_shapes_are_those_of_the_models_that_they_are_named_after(name: str) -> None:
    total = 0
    for dimensions in shapes._tensors(shapes.SHAPES[name]).values():
        size = 1
        for length in dimensions:
            size *= length
        total += size
    assert total == PARAMETERS[name]


@pytest.mark.parametrize("weights", shapes.WEIGHTS)
def test_llama_cpp_computes_with_them_and_they_are_gone_afterwards(weights: str, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    told: list[tuple[int, int]] = []
    with shapes.written("tiny", weights, tmp_path, tell=lambda done, total: told.append((done, total))) as (path, digest):
        header = gguf_header.read(path)
        assert (header.get("{arch}.block_count"), header.shapes["token_embd.weight"]) == (2, (64, 512))
        assert told[-1][0] == told[-1][1] < path.stat().st_size
        model = LlamaModel(path, context=512)
        assert model.identity()["model"] == digest
        model.advance(range(300))
        logits = model.logits()
        assert logits.shape == (512,)
        assert 0.3 < logits.std() < 3  # spread as a trained model's are, not all but equal
        model.close()
    assert list(tmp_path.iterdir()) == []
    with shapes.written("tiny", weights, tmp_path) as (_, again):
        assert again == digest


def test_what_is_kept_is_used_again_unless_it_was_changed(tmp_path: Path) -> None:
    with shapes.written("tiny", "q8_0", tmp_path, keep=True) as (path, digest):
        pass
    assert json.loads(path.with_suffix(".json").read_text())["sha256"] == digest
    written = path.stat().st_mtime_ns, path.stat().st_ino
    with shapes.written("tiny", "q8_0", tmp_path) as (same, _):
        assert (same.stat().st_mtime_ns, same.stat().st_ino) == written
    assert path.exists()
    damaged = bytearray(path.read_bytes())
    damaged[-9] ^= 1
    path.write_bytes(damaged)
    with shapes.written("tiny", "q8_0", tmp_path, keep=True) as (path, again):
        assert again == digest == LlamaModel(path).identity()["model"]
