"""The chosen model with the adapter of memos under it, and what a list of models tells of each."""

from pathlib import Path
from typing import NamedTuple

import pytest

from memos_cli import config
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.config import Paths, Settings
from memos_cli.errors import ModelUnavailable
from memos_cli.infra import files
from memos_cli.operation import models as module
from memos_cli.ports.ports import Piece, Request
from tests.shipped import ship


@pytest.fixture
def folders(home: Path) -> Paths:
    return config.paths({"MEMOS_HOME": str(home)})


def chosen_by(folders: Paths, model: Path, **given: str) -> Settings:
    environ = {"MEMOS_LLM_MODEL": str(model), **{f"MEMOS_{name.upper()}": value for name, value in given.items()}}
    return Settings(environ, folders)


def logits(settings: Settings, folders: Paths) -> list[float]:
    model = module.chosen(settings, folders)
    assert isinstance(model, LlamaModel)
    try:
        model.advance(model.tokens(Request((), (Piece("Where do I live?"),))))
        return [float(one) for one in model.logits()]
    finally:
        model.close()


def test_the_adapter_is_under_the_chosen_model_and_in_its_identity(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models / "mini.gguf"
    adapter = ship(monkeypatch, path, tmp_path)
    auto, none = chosen_by(folders, path), chosen_by(folders, path, llm_adapter="none")
    assert max(abs(one - other) for one, other in zip(logits(auto, folders), logits(none, folders), strict=True)) > 0.01
    with_it, without = (module.chosen(one, folders) for one in (auto, none))
    assert isinstance(with_it, LlamaModel)
    assert isinstance(without, LlamaModel)
    both = f"{files.digest(path)}+{files.digest(adapter)}"
    assert module.identity(auto, folders)["model"] == with_it.identity()["model"] == both
    assert module.identity(none, folders)["model"] == without.identity()["model"] == files.digest(path)
    own = tmp_path / "own.gguf"
    own.write_bytes(adapter.read_bytes())
    with_it.adapt([(own, 0.5)])  # a person's on top: the model stays what it was, and all are named in their order
    assert with_it.identity()["model"] == both
    assert with_it.identity()["adapters"] == f"{files.digest(adapter)}*1.0 {files.digest(own)}*0.5"
    with_it.close()
    without.close()


def test_a_judge_is_asked_without_it(folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = models / "mini.gguf"
    ship(monkeypatch, path, tmp_path)
    judge = module.chosen(chosen_by(folders, path, bench_judge_model=str(path)), folders, role="bench.judge")
    assert isinstance(judge, LlamaModel)
    assert judge.identity()["model"] == files.digest(path)
    judge.close()


def test_a_damaged_adapter_is_one_clear_error(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models / "mini.gguf"
    adapter = ship(monkeypatch, path, tmp_path)
    adapter.write_bytes(adapter.read_bytes()[:-100])
    with pytest.raises(ModelUnavailable, match="tiny-answers") as caught:
        logits(chosen_by(folders, path), folders)
    assert caught.value.hint is not None
    assert "memos config set llm.adapter none" in caught.value.hint


class Card(NamedTuple):
    """As much of a card as a list of models reads."""

    right: int = 31
    asked: int = 48
    trusted: bool = True


def test_the_list_tells_memory_adapter_and_exam(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models / "mini.gguf"
    adapter = ship(monkeypatch, path, tmp_path)
    asked: list[str] = []

    def cards(settings: Settings, _paths: Paths) -> Card | None:
        asked.append(settings.get("llm.model"))
        return Card() if settings.get("llm.model") == str(path) else None

    settings = chosen_by(folders, path)
    module.use(str(path), settings, folders)
    (used,) = [one for one in module.installed(settings, folders, cards) if one.used]
    assert (used.adapter, used.exam, used.fits) == (adapter.stem, {"right": 31, "asked": 48, "trusted": True}, True)
    assert used.needs is not None
    assert used.needs > used.bytes
    assert str(path) in asked
    monkeypatch.setattr("memos_cli.backends.llama.memory.available", lambda: used.needs and used.needs - 1)
    assert module.info(str(path), settings, folders, cards).fits is False
    monkeypatch.setattr("memos_cli.backends.llama.memory.available", lambda: None)
    assert module.info(str(path), settings, folders, cards).fits is None
    assert module.behind(settings, folders, cards) is None
    remote = chosen_by(folders, path, llm_endpoint="http://127.0.0.1:9/v1")
    behind = module.behind(remote, folders, cards)
    assert behind is not None
    assert (behind.name, behind.endpoint, behind.exam) == (str(path), "http://127.0.0.1:9/v1", Card()._asdict())


def test_a_large_unknown_file_is_neither_read_nor_tried_for_a_list(
    folders: Paths, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.models.mkdir(parents=True)
    pulled = folders.models / "other.gguf"
    pulled.write_bytes((models / "mini.gguf").read_bytes())
    (folders.models / "cut.gguf").write_bytes(pulled.read_bytes()[:1000])
    monkeypatch.setattr(
        "memos_cli.backends.llama.records.digest", lambda path: pytest.fail(str(path)) if path == pulled else "0"
    )
    found = {one.name: one for one in module.installed(chosen_by(folders, models / "plain.gguf"), folders, lambda *_: Card())}
    assert (found["other"].exam, found["other"].adapter, found["other"].fits) == (None, None, True)
    assert (found["cut"].needs, found["cut"].fits) == (None, None)
