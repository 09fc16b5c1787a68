import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from memos_cli.backends.embedders.context import Context
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.errors import ModelUnavailable
from tests.contracts.embedder import EmbedderContract

pytestmark = pytest.mark.model


class TestGgufEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, shared: GgufEmbedder) -> GgufEmbedder:
        return shared


def test_warming_in_a_thread_leaves_the_model_ready(weights: Weights) -> None:
    embedder = GgufEmbedder(weights)
    thread = threading.Thread(target=embedder.warm)
    thread.start()
    thread.join()
    assert embedder._single is not None
    assert embedder.embed(["hello"]).shape == (1, 384)
    embedder.close()


def test_nothing_is_printed_by_llama_cpp(weights: Weights, capfd: pytest.CaptureFixture[str]) -> None:
    embedder = GgufEmbedder(weights)
    embedder.embed(["one", "two"])
    embedder.close()
    assert capfd.readouterr() == ("", "")


def test_a_file_that_llama_cpp_refuses_is_model_unavailable(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelUnavailable):
        GgufEmbedder(replace(weights, gguf=tmp_path / "x.gguf")).embed(["hello"])


def test_other_dimensions_than_recorded_are_model_unavailable(weights: Weights) -> None:
    with pytest.raises(ModelUnavailable, match="not the model it was"):
        GgufEmbedder(replace(weights, dimensions=512)).embed(["hello"])


def test_embedding_a_query_imports_no_more_than_it_needs(weights: Weights) -> None:
    program = f"""
import sys
from pathlib import Path
from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.backends.embedders.context import Context
from memos_cli.backends.embedders.files import Weights
GgufEmbedder(Weights(Path({str(weights.gguf)!r}), None, "f", 384)).embed(["hello"])
unwanted = {{"llama_cpp", "jinja2", "diskcache", "torch", "gguf", "sqlite3", "hashlib"}} & set(sys.modules)
assert not unwanted, unwanted
import llama_cpp
assert llama_cpp.llama_cpp.llama_max_devices() > 0 and llama_cpp.Llama
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_an_interruption_ends_bulk_work_at_once(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = GgufEmbedder(weights)
    embedder.embed(["one", "two"])
    real, done = Context.embed, []

    def embed(self: Context, sequences: list[list[int]], dimensions: int) -> object:
        done.append(len(sequences))
        if len(done) == 3:
            raise KeyboardInterrupt
        return real(self, sequences, dimensions)

    monkeypatch.setattr(Context, "embed", embed)
    with pytest.raises(KeyboardInterrupt):
        embedder.embed([f"the text number {number}, about nothing in particular" for number in range(2_000)])
    assert sum(done) < 500
    monkeypatch.undo()
    assert embedder.embed(["one"]).shape == (1, 384)
    embedder.close()
