"""What older versions let into a cube, written as they did."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memos_cli import MOS
from memos_cli.infra import limits
from memos_cli.infra.transfer import dumper, loader
from memos_cli.infra.vault import fold, log
from memos_cli.infra.vault.units import new_id
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, LinkType, Source
from tests.conftest import Clock
from tests.infra.transfer.merging import forward
from tests.infra.vault.helpers import ungated

BELL = "gar\x07den"
LONG = "Ann " * 500


def write(mos: MOS, noun: str, subject: str, change: dict[str, Any], **author: Any) -> None:
    """One operation that nothing checks; `author` may name another principal, command, replica, clock or txn."""
    vault = mos.writable()
    with ungated(), mos.author(author.get("command", "edit")).write(vault) as unit:
        unit.log._principal = author.get("principal", unit.log._principal)
        unit.log.clock = author.get("clock", unit.log.clock)
        unit.log.txn = author.get("txn", unit.log.txn)
        if "replica" in author:
            unit.log.become(author["replica"])
            unit.log.clock = author.get("clock", unit.log.clock)
        unit.change(noun, subject, change)
    if "replica" in author:
        log.came_in(vault.conn, [author["replica"]])


def draft(mos: MOS, content: str, **fields: Any) -> str:
    with ungated(), mos.author("add").write(mos.writable()) as unit:
        return unit.add(Draft(content, **fields), "sam")


def view(mos: MOS) -> None:
    write(mos, "view", "z", {"tags": ["", "home"], "kinds": ["note"]}, command="view save")


def tag(mos: MOS) -> None:
    draft(mos, "the roses stand by the wall", tags=(BELL, "ok"))


def speaker(mos: MOS) -> None:
    draft(mos, "mend the gate", source=Source(speaker=LONG, turn=3))


def nul(mos: MOS) -> None:
    draft(mos, "an answer\0with NUL")


def metadata(mos: MOS) -> None:
    draft(mos, "much said of it", metadata={"a": "x" * 9_000_000})


def sum_of_changes(mos: MOS) -> None:
    identity = draft(mos, "\x01" * 1_000_000)
    write(mos, "memory", identity, {"metadata": {"a": "y" * 4_000_000}})


def circle(mos: MOS) -> None:
    one, two = draft(mos, "one end"), draft(mos, "the other end")
    for source, target in ((one, two), (two, one)):
        write(mos, "memory", source, {f"link:part_of:{target}": True}, command="link")


def late_clock(mos: MOS) -> None:
    clock = mos._clock
    assert isinstance(clock, Clock)
    now, clock.now = clock.now, datetime(2101, 1, 1, tzinfo=UTC)
    draft(mos, "x")
    clock.now = now
    write(mos, "memory", draft(mos, "y"), {"content": "y, edited"})


def last_clock(mos: MOS) -> None:
    """A merge brought the last clock that there can be."""
    write(mos, "memory", new_id(), {"content": "from elsewhere"}, replica="7" * 16, clock=(limits.LATEST << 16) - 1)


def principal(mos: MOS) -> None:
    identity = draft(mos, "by a strange name")
    write(mos, "memory", identity, {"title": "strange"}, principal="sam\x07")
    write(mos, "memory", identity, {"title": "less strange"})


def task(mos: MOS) -> None:
    write(mos, "task", "walk\x07", {"ends": "archive"}, command="task start")


def transaction(mos: MOS) -> None:
    write(mos, "memory", draft(mos, "in a nameless step"), {"pinned": True}, txn="nameless")


POISONS: tuple[Callable[[MOS], None], ...] = (
    view, tag, speaker, nul, metadata, sum_of_changes, circle, late_clock, last_clock, principal, task, transaction,
)  # fmt: skip
BIG = (metadata, sum_of_changes)
HEADERS = (late_clock, last_clock, principal, task, transaction)


def furnish(mos: MOS) -> list[str]:
    """A cube with something of everything, of which nothing is bad."""
    ids = []
    for number in range(3):
        forward(mos, seconds=1)
        ids += mos.add(drafts=[Draft(f"sound {number}", tags=("home",), title=f"t{number}")]).ids
    forward(mos, seconds=1)
    mos.edit(ids[0], {"content": "sound 0, edited"})
    mos.link(ids[0], LinkType.PART_OF, ids[1])
    mos.pipeline.save_record("view", "mine", {"tags": ["home"]})
    mos.snapshots.create("before")
    forward(mos, seconds=1)
    return ids


def folds(vault: Vault, *, without: frozenset[str] = frozenset()) -> dict[tuple[str, str], dict[str, Any]]:
    """What each subject amounts to, by noun and subject, without what repairs and receipts say."""
    pairs = vault.conn.execute("SELECT DISTINCT noun, subject FROM ops WHERE noun NOT IN ('repair', 'import')").fetchall()
    return {
        (noun, subject): fold.fold(log.of_subject(vault.conn, noun, subject))
        for noun, subject in pairs
        if subject not in without
    }


def exported(vault: Vault, path: Path) -> Path:
    """The cube as a file that was read again from its first byte to its last."""
    with path.open("wb") as target:
        dumper.dump(vault, target, path.parent)
    with path.open("rb") as source, loader.stage(source, path.parent / "staged") as staged:
        assert folds(staged.vault) == folds(vault)
    return path
