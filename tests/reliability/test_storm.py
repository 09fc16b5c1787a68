"""Many processes that change one memory in every way at once: the log holds each acknowledged change, and `doctor` is calm."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra.vault.check import check
from memos_cli.model import Filter, Operation
from memos_cli.operation.results import Version
from tests.conftest import Run
from tests.reliability.helpers import clean
from tests.trials import trials

STORM = Path(__file__).parent / "storm.py"
PROCESSES, CHANGES, CHECKS = trials(4, 16), trials(25, 200), trials(20, 980)
COMMANDS = trials(2, 20)
"""How often `doctor` runs as a process of its own; `CHECKS` is how often the same is done in this one."""


@pytest.mark.slow
def test_every_acknowledged_change_is_in_the_log_and_doctor_raises_no_false_alarm(
    memos: Run, home: Path, tmp_path: Path
) -> None:
    with opened(home) as mos:
        (identity,) = mos.add("base").ids
    outputs = [(tmp_path / f"storm {number}").open("w+") for number in range(PROCESSES)]
    started = [
        subprocess.Popen([sys.executable, str(STORM), str(home), identity, f"p{number}", str(CHANGES)], stdout=out)
        for number, out in enumerate(outputs)
    ]
    beside = doctored(memos, home, started)
    assert [process.wait(timeout=7000) for process in started] == [0] * PROCESSES
    told: list[list[str]] = []
    for out in outputs:
        out.seek(0)
        told += [line.rstrip("\n").split(" ", 2) for line in out]
        out.close()
    assert len(told) == PROCESSES * CHANGES
    counts = dict(Counter(line[0] for line in told))
    (tmp_path / "figures").write_text(f"{counts}; doctor {CHECKS + COMMANDS} times, {beside} of them beside the writers\n")
    with opened(home) as mos:
        vault = mos.vault("default")
        acknowledged = [line for line in told if line[0] not in {"refused", "nothing"}]
        assert len({line[1] for line in acknowledged}) == len(acknowledged), "each change is a transaction of its own"
        for line in acknowledged:
            assert_written(vault.transaction(line[1]), *line)
        assert_no_line_is_lost(mos.history(identity)[1])
        assert len(mos.list(Filter(at=mos.now, key="value"))) <= 1
        assert len(vault.operations("memory", identity)) == mos.get(identity).version
    clean(memos)


def opened(home: Path) -> MOS:
    return MOS(home, principal="sam", settings=Settings({"MEMOS_EMBEDDER": "none"}, paths({"MEMOS_HOME": str(home)})))


def doctored(memos: Run, home: Path, started: "Sequence[subprocess.Popen[bytes]]") -> int:
    """Check the cube again and again; how often one of the processes was still at work."""
    beside = 0
    with opened(home) as mos:
        vault = mos.vault("default")
        for _ in range(CHECKS):
            beside += any(process.poll() is None for process in started)
            assert [(one.name, one.faults) for one in check(vault) if one.faults] == []
    for _ in range(COMMANDS):
        beside += any(process.poll() is None for process in started)
        clean(memos)
    return beside


def assert_written(operations: Sequence[Operation], what: str, txn: str, said: str = "") -> None:
    """The log has what was acknowledged."""
    assert operations, (what, txn)
    changes = [operation.change or {} for operation in operations]
    if what == "append":
        assert changes[0]["content"].endswith(f"\n{said}")
    elif what == "tag":
        assert changes == [{f"tag:{said}": True}]
    elif what == "supersede":
        assert said in {operation.subject for operation in operations}
    elif what == "undo":
        assert {operation.reverts for operation in operations} - {None}


def assert_no_line_is_lost(versions: Sequence[Version]) -> None:
    """Each append goes on from the content that was there."""
    before: list[str] = []
    for version in versions:
        content = (version.operation.change or {}).get("content")
        if content is not None:
            now = content.splitlines()
            assert version.operation.command != "edit" or now[:-1] == before
            before = now
