"""What becomes of an entry that the cube knows: nothing, an edit, or the memory that an undo took away comes back.

What a person did with a memory since it was brought in stands: no import overwrites it or brings it back.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.infra import limits
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.bulk import entries
from memos_cli.mip.rows import CARRIED, PREFIX
from memos_cli.model import Operation, State
from memos_cli.operation.operator.dedupe import arrivals
from memos_cli.times import to_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.bulk.entries import Entry
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.imports.lots import Candidate
    from memos_cli.model import Draft

COMMAND = arrivals.COMMAND
"""The command's name in the log."""
_OURS = frozenset({COMMAND, "undo"})
"""The commands whose values an import may replace: its own, and what an undo put back."""
_STATED = ("content", "title", "kind", "key", "occurred_at", "valid_from", "valid_to", "source", "metadata")
"""The registers that a source may state anew."""
FROZEN, CHANGED = "changed in its source, and frozen here", "changed in its source, and changed here"
OWN = "recorded here, and says something else by now"


class Consequence(NamedTuple):
    """What becomes of a known entry.

    Attributes:
        change: what is to be changed of its memory.
        why: why it is skipped.
        back: whether the memory comes back.
        forgotten: whether it stays forgotten.
    """

    change: dict[str, Any] | None = None
    why: str = ""
    back: bool = False
    forgotten: bool = False


KNOWN, FORGOTTEN = Consequence(), Consequence(forgotten=True)


def known(vault: "Vault", lot: "Sequence[Candidate]", owner: str) -> "dict[str, Entry]":
    """Those entries of a lot that the cube knows, by their names: brought in before, or lines of an export of its own."""
    found = entries.known(vault, {one.name: one.id for one in lot}, owner)
    recorded = {one.name: at for one in lot if one.name not in found and (at := _recorded(one.draft)) is not None}
    if recorded:
        ids = {name.removeprefix(PREFIX): name for name in recorded}
        own = entries.own(vault, {identity: recorded[name] for identity, name in ids.items()}, owner)
        found |= {ids[identity]: entry for identity, entry in own.items()}
    return found


def _recorded(draft: "Draft") -> int | None:
    """When a line of an interchange document says that its memory was recorded, in milliseconds; `None` of what is none."""
    told = draft.metadata.get(CARRIED)
    at = told.get("created_at") if isinstance(told, dict) and (draft.external_id or "").startswith(PREFIX) else None
    return to_millis(at) if isinstance(at, str) and limits.is_time(at) else None


def is_back(vault: "Vault", entry: "Entry") -> bool:
    """Whether an undo of an import took the memory away, and nothing else did."""
    if entry.state is not State.EXPIRED or entry.hidden or entry.is_own:
        return False
    history = vault.operations("memory", entry.id)
    last = next((one for one in reversed(history) if "state" in (one.change or {})), None)
    return (
        last is not None
        and last.command == "undo"
        and any(one.txn == last.reverts and one.command == COMMAND for one in history)
    )


def of(vault: "Vault", entry: "Entry", one: "Candidate", owner: str) -> Consequence:
    """What becomes of an entry whose memory the cube has, and that no undo took away."""
    if entry.hidden or entry.state in {State.EXPIRED, State.PURGED}:
        return FORGOTTEN
    if _says(entry, one) or entry.is_own:
        return Consequence(why="" if _says(entry, one) else OWN)
    history = vault.operations("memory", entry.id)
    by = _setters(history)
    if by.get("content") not in _OURS:
        return Consequence(why=CHANGED) if _content(history) != one.draft.content else KNOWN
    if by["content"] == COMMAND and _is_former(history, one.draft.content):
        return KNOWN
    change = _difference(fold.fold(history), by, one.draft, owner)
    if change and entry.frozen:
        return Consequence(why=FROZEN)
    return Consequence(change) if change else KNOWN


def _says(entry: "Entry", one: "Candidate") -> bool:
    title, at = one.draft.title, one.draft.occurred_at
    return entry.digest == one.digest and title in {None, entry.title} and at in {None, entry.occurred_at}


def _setters(history: Sequence[Operation]) -> dict[str, str]:
    """By each register the command that set it last."""
    return {name: operation.command for operation in history for name in operation.change or ()}


def _contents(history: Sequence[Operation]) -> list[str]:
    return [operation.change["content"] for operation in history if operation.change and operation.change.get("content")]


def _content(history: Sequence[Operation]) -> str | None:
    return next(reversed(_contents(history)), None)


def _is_former(history: Sequence[Operation], content: str) -> bool:
    """Whether this is what the memory said before: a source with two versions of one entry tells both whenever it is read."""
    contents = _contents(history)
    return content in contents[:-1] and content != contents[-1]


def _difference(now: fold.Registers, by: dict[str, str], draft: "Draft", owner: str) -> dict[str, Any]:
    told = fold.change_of(draft, owner)
    change = {
        name: told[name]
        for name in _STATED
        if name in told and told[name] != now.get(name) and (name not in by or by[name] in _OURS)
    }
    marks = (name for name in told if name.startswith((fold.TAG, fold.LABEL)))
    return change | {name: True for name in marks if name not in by and name not in now}


def back(draft: "Draft", owner: str, at: str) -> dict[str, Any]:
    """The change that brings a memory back as its source states it."""
    told = fold.change_of(draft, owner)
    return {**{name: value for name, value in told.items() if name not in {"owner", "external_id"}}, "since": at}
