"""Tasks: scopes whose memories leave together. A task is what its memories name; a record of it exists once it has ended."""

from collections.abc import Iterable
from typing import Any, Literal

from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import HOT_STATES, Memory, State

TASK = "task"
Ending = Literal["archive", "expire", "keep"]
_STATES = {"archive": State.ARCHIVED, "expire": State.EXPIRED}
_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def same(name: str) -> str:
    """What two spellings of one task have in common: case folded in ASCII, as SQLite's NOCASE does for a filter."""
    return name.translate(_LOWER)


def reopen(vault: Vault, unit: Unit, names: Iterable[str]) -> tuple[str, ...]:
    """Open the tasks among these that have ended, in the transaction that gives them new memories; which they were."""
    wanted = {same(name) for name in names}
    ended = {name: fields for name, fields in vault.records(TASK).items() if same(name) in wanted} if wanted else {}
    for name, fields in ended.items():
        unit.change(TASK, name, dict.fromkeys(fields))
    return tuple(ended)


def ends(memory: Memory, ending: Ending, at: str) -> dict[str, Any]:
    """The change that the end of its task is for a memory; empty where it leaves the memory as it is.

    What is current is archived or expires; what is archived already can still expire.
    """
    state = _STATES.get(ending)
    leaving = (*HOT_STATES, State.ARCHIVED) if state is State.EXPIRED else HOT_STATES
    if state is None or memory.state not in leaving:
        return {}
    return {"state": state.value, "since": at}
