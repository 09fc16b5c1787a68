"""Machines that write apart: each with its own home and clock, and what their cubes hold, told without what is local."""

import shutil
from pathlib import Path
from typing import Any

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra.transfer import merge
from memos_cli.infra.vault import purge
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft
from memos_cli.operation.policy import set_policy
from tests.conftest import NOON, Clock
from tests.infra.vault.helpers import DUMPS

WHOLE = {
    **DUMPS,
    "memories": DUMPS["memories"].replace("next_due_at, ", ""),  # when to look again: a mark, and no part of what is there
    "clashes": "SELECT * FROM clashes ORDER BY 1, 2",
    "rivals": "SELECT * FROM rivals ORDER BY 1, 2",
    "history": "SELECT id, parents, digest, salt, change FROM ops WHERE noun <> 'import' ORDER BY id",
}


def machine(folder: Path, ahead: float = 0.0, clock: Clock | None = None) -> MOS:
    """A home with an empty cube, whose clock is some seconds ahead of the others', unless it is given."""
    clock = clock or Clock()
    clock.forward(seconds=ahead)
    settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(folder)}))
    mos = MOS(folder, settings=settings, clock=clock)
    quick(mos.writable())
    return mos


def quick(vault: Vault) -> Vault:
    """Without waiting for the disk: these cubes need not outlive a power cut."""
    vault.conn.execute("PRAGMA synchronous = OFF")
    return vault


def forward(mos: MOS, **span: float) -> None:
    clock = mos._clock
    assert isinstance(clock, Clock)
    clock.forward(**span)


def take(vault: Vault, other: Vault, terms: merge.Terms | None = None, millis: int = 0) -> merge.Merged:
    """One merge, with what has to follow it."""
    with vault.write("merge", "sam", millis) as unit:
        merged = merge.merge(vault, unit, other, terms)
    assert not purge.wipe(vault, (), merged.texts)
    return merged


def copy(vault: Vault, folder: Path) -> Vault:
    """The cube again, in another folder; the first one is closed by the caller before it writes on."""
    vault.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(vault.folder, folder)
    return quick(Vault(folder, folder.name))


def whole(vault: Vault) -> dict[str, list[Any]]:
    """All that a cube holds, but for receipts and local marks."""
    return {table: vault.conn.execute(sql).fetchall() for table, sql in WHOLE.items()}


def assert_sound(vault: Vault) -> None:
    """Doctor finds nothing; among what it does is to fold the log anew and compare."""
    assert [fault for one in check(vault) for fault in one.faults] == []


ACTIONS = (
    "add", "add", "add", "add", "edit", "edit", "edit", "tag", "untag", "pin", "forget", "restore", "purge", "undo", "policy",
    "link", "external", "external", "key", "merge", "view", "jump", "jump",
)  # fmt: skip


def act(mos: MOS, others: list[MOS], action: str, number: int) -> None:
    """Do something; where that is not possible now, nothing."""
    from memos_cli.errors import MemosError

    forward(mos, milliseconds=number % 3)  # often the same millisecond, and the same as another machine's
    ids = [memory.id for memory in mos.list(_everything(mos), order="oldest")]
    one = ids[number % len(ids)] if ids else None
    try:
        _act(mos, others, action, number, one, ids)
    except MemosError as error:
        if error.exit_status not in {2, 3, 10}:  # nothing there, or refused
            raise


def _everything(mos: MOS) -> Any:
    from memos_cli.model import Filter

    return Filter(at=mos.now, everything=True)


def _act(mos: MOS, others: list[MOS], action: str, number: int, one: str | None, ids: list[str]) -> None:
    if action == "add":
        mos.add(drafts=[Draft(f"note {number % 5}", tags=("home",) if number % 2 else ())])
    elif action == "external":
        mos.add(drafts=[Draft(f"told {number % 4}", external_id=f"D{number % 2}")])
    elif action == "key":
        mos.add(drafts=[Draft(f"diet {number % 4}", key="diet")])
    elif action == "policy":
        set_policy(mos.writable(), mos.author("policy"), {"fuse.most": 100 + number})
    elif action == "view":
        mos.pipeline.save_record(
            "view", f"v{number % 2}", {"tags": [f"t{number % 3}"], "kinds": None if number % 2 else ["note"]}
        )
    elif action == "undo":
        mos.undo()
    elif action == "jump":  # a clock that is wrong by up to 24 years, in both directions
        forward(mos, seconds=(NOON - mos._clock()).total_seconds(), days=(number - 30) * 300)
    elif action == "merge":
        take(mos.writable(), others[number % len(others)].writable())
    elif one is not None:
        _change(mos, action, number, one, ids)


def _change(mos: MOS, action: str, number: int, one: str, ids: list[str]) -> None:
    if action == "edit":
        mos.edit(one, {"content": f"edited {number % 4}"} if number % 3 else {"title": f"title {number % 4}"})
    elif action in {"tag", "untag"}:
        mos.switch([one], "tag", {f"tag:t{number % 2}": action == "tag"})
    elif action == "pin":
        mos.switch([one], "pin", {"pinned": bool(number % 2)})
    elif action == "forget":
        mos.delete([one])
    elif action == "restore":
        mos.restore([one])
    elif action == "purge":
        mos.purge([one])
    elif action == "link":
        from memos_cli.model import LinkType

        mos.link(one, LinkType.RELATES, ids[(number + 1) % len(ids)])
