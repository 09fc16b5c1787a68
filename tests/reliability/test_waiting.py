"""A read waits for no writer: what it records by the way is tried once, and then it answers."""

import shutil
import time
from pathlib import Path

import pytest

from tests.cli.helpers import cube_file, locked
from tests.conftest import Run

LONG = 120
"""Seconds that a write of these tests would wait."""


@pytest.mark.parametrize("embedder", ["none", pytest.param("auto", marks=pytest.mark.model)])
def test_a_read_answers_while_somebody_writes(memos: Run, home: Path, monkeypatch: pytest.MonkeyPatch, embedder: str) -> None:
    monkeypatch.setenv("MEMOS_EMBEDDER", embedder)
    memos("add", "The heron nests by the weir", "--key", "heron")
    shutil.rmtree(home / "cache", ignore_errors=True)
    memos("search", "warm")  # converts the weights, so that this is not what takes long
    memos("add", "A second heron nests by the mill")
    with locked(cube_file(home)):
        began = time.monotonic()
        shown = memos("list", "--ids").out.split()[0]
        for command in (
            ("search", "heron"), ("list",), ("show", shown), ("stats",), ("chat", "--no-save", "-m", "Where is the heron?"),
            ("lifecycle", "status"), ("scheduler", "status"), ("scheduler", "explain", "heron"),
        ):  # fmt: skip
            ran = memos(*command, env={"MEMOS_LOCK_TIMEOUT": str(LONG)})
            assert ran.status == 0, (command, ran.err)
        assert time.monotonic() - began < LONG
    assert "heron" in memos("search", "heron").out
