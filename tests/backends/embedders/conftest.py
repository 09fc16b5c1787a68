import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from memos_cli.backends.embedders.carriers import MINILM
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.find import find
from memos_cli.backends.embedders.gguf import GgufEmbedder

NEEDED = ("llama_cpp", "gguf", "safetensors", MINILM.package)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Weights:
    """The package's weights, converted once for all workers of a run."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    base = tmp_path_factory.getbasetemp()
    found = find("auto", (base if worker_id == "master" else base.parent) / "embedder-data")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def shared(weights: Weights) -> Iterator[GgufEmbedder]:
    """MiniLM in llama.cpp."""
    embedder = GgufEmbedder(weights)
    yield embedder
    embedder.close()


@pytest.fixture(scope="session")
def sentence_weights(weights: Weights) -> Weights:
    if find_spec("sentence_transformers") is None:
        pytest.skip("not installed: sentence_transformers")
    return weights


@pytest.fixture
def model_folder(tmp_path: Path, weights: Weights) -> Path:
    """A data folder with a GGUF of unknown origin in it, named `model.gguf`; a link, since it is 46 MB."""
    os.link(weights.gguf, tmp_path / "model.gguf")
    return tmp_path
