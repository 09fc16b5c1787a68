"""Timing the one-shot command: figures of processes that really ran, and messages where they fail."""

import os
from pathlib import Path

import pytest

from memos_cli.bench.ttft import one_shot
from memos_cli.bench.ttft.ttft import Subject
from memos_cli.errors import ModelUnavailable
from tests.conftest import ROOT

pytest.importorskip("llama_cpp")

MINI = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}


def subject(path: Path = MINI) -> Subject:
    return Subject("a model", path, "0" * 64, 1024, 0, "f16")


def test_a_command_that_asks_the_model_nothing_cannot_be_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_shot, "QUESTION", "Remember that I am vegan")
    with pytest.raises(ModelUnavailable, match="asked nothing"):
        one_shot.run(subject(), 1024, 1, tmp_path, ENVIRON)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_fails_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    with pytest.raises(ModelUnavailable, match=r"bad\.gguf"):
        one_shot.run(subject(tmp_path / "bad.gguf"), 1024, 1, tmp_path, ENVIRON)


def test_what_a_person_has_set_does_not_reach_the_command(tmp_path: Path) -> None:
    found = one_shot.run(subject(), 1024, 1, tmp_path, {**ENVIRON, "MEMOS_LLM_MODEL": "none", "MEMOS_CUBE": "x"})
    assert found["answer"] == "Biscuit"
    assert found["tokens"]["slot"] + found["tokens"]["evaluated"] == found["tokens"]["prompt"]
