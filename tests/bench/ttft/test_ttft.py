"""Timing the first token: what is compared is compared really, and a process that dies is a message."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.bench.ttft import shapes, timing, ttft
from memos_cli.errors import ModelUnavailable, UsageError
from tests.tiny import write_recurrent, write_windowed

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")


def measured(path: Path, folder: Path, **given: Any) -> list[dict[str, Any]]:
    """What the child's side says of a context of 100 tokens."""
    lines: list[dict[str, Any]] = []
    job = timing.Job(str(path), "0" * 64, 512, 1, "f16", "auto", 100, [16, 30], 2, str(folder))
    timing.measure(job._replace(**given), lambda **line: lines.append(line))
    return lines


@pytest.fixture
def model(tmp_path: Path) -> Path:
    with shapes.written("tiny", "f16", tmp_path, keep=True) as (path, _):
        return path


def test_a_row_for_each_question_and_every_token_told(model: Path, tmp_path: Path) -> None:
    lines = measured(model, tmp_path)
    rows = [line["row"] for line in lines if "row" in line]
    assert [row["question_tokens"] for row in rows] == [16, 30]
    for row in rows:
        assert row["max_logit_diff"] == 0
        assert row["restore_s"] > row["question_s"] > 0
        assert row["saved_share"] == 1 - row["restore_s"] / row["full_s"]
    assert sum(line.get("done", 0) for line in lines) == ttft._work({100: [16, 30]}, 2, "f16")
    assert lines[-1]["slot_bytes"] == (tmp_path / "100-f16.state").stat().st_size > 100 * 2 * 2 * 32 * 2
    assert lines[-1]["peak_bytes"] > 10 << 20
    assert all(lines[-1][name] > 0 for name in ("digest_s", "read_s", "load_s", "save_s"))


def test_a_state_that_came_back_wrong_shows(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restore = LlamaModel.restore

    def wrong(self: LlamaModel, path: Path, ids: list[int]) -> bool:
        done = restore(self, path, ids)
        self.advance([7] * len(ids))
        self._evaluated = list(ids)
        return done

    monkeypatch.setattr(LlamaModel, "restore", wrong)
    rows = [line["row"] for line in measured(model, tmp_path) if "row" in line]
    assert all(row["max_logit_diff"] > 1e-3 for row in rows)


def test_no_numbers_are_no_agreement(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = LlamaModel.logits
    monkeypatch.setattr(LlamaModel, "logits", lambda self: logits(self) * float("nan"))
    with pytest.raises(ModelUnavailable, match="no numbers"):
        measured(model, tmp_path)


def test_a_state_that_does_not_come_back_ends_it(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LlamaModel, "restore", lambda *_: False)
    with pytest.raises(ModelUnavailable, match="cannot be put back"):
        measured(model, tmp_path)


@pytest.mark.parametrize("write", [write_recurrent, write_windowed])
def test_a_model_that_keeps_no_state_is_said(write: Callable[[Path], Path], tmp_path: Path) -> None:
    subject = ttft.Subject("odd", write(tmp_path / "odd.gguf"), "0" * 64, 512, 1, "f16")
    with pytest.raises(ModelUnavailable, match="keeps no state"):
        ttft.run(subject, {100: [16]}, 1, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["odd.gguf"]


def test_a_process_that_dies_is_a_message(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "dies"
    script.write_text("#!/bin/sh\nkill -SEGV $$\n")
    script.chmod(0o755)
    monkeypatch.setattr("memos_cli.bench.child.sys.executable", str(script))
    with pytest.raises(ModelUnavailable, match="signal 11"):
        ttft.run(ttft.Subject("tiny", model, "0" * 64, 512, 1, "f16"), {100: [16]}, 1, tmp_path)


def test_what_fits_is_asked() -> None:
    assert ttft.fitting([512, 256, 256], [16, 256], 700) == ({256: [16, 256], 512: [16]}, [])
    assert ttft.fitting([256, 4096], [16], 2048) == ({256: [16]}, [4096])
    with pytest.raises(UsageError, match="2,048 tokens"):
        ttft.fitting([4096], [16], 2048)
