"""Whose word stands behind a memory in which an agent has a hand: that of somebody who looked at it, or nobody's yet.

What a memory says may be an agent's although the memory is not: a right to write covers it, or its owner confirmed it before
the agent changed it. So the last word counts, and not who made the memory.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.vault import fold, log
from memos_cli.model import Operation
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube
    from memos_cli.infra.vault.sight.rights import Rights

_IN_PASSING = frozenset(("tick", "undo", "add", "import", "task end", "snapshot restore", "merge"))
"""Commands that change memories which nobody looked at."""
_BLIND = frozenset(("import", "undo", "snapshot restore"))
"""Commands that change even texts which nobody looked at."""
SAYS = ("content", "title", "key", "kind", "occurred_at", "valid_from")
"""The registers that make up what a memory says."""
_AGENTS = "SELECT r.id FROM main.records r WHERE r.noun = 'principal' AND r.fields ->> 'kind' = 'agent'"
_WRITES = f"""FROM main.ops o WHERE o.subject = m.id AND o.noun = 'memory' AND o.principal IN ({_AGENTS})
              AND EXISTS (SELECT 1 FROM json_each(o.change) j WHERE j.key IN ({", ".join(map(repr, SAYS))}))"""
AGENT = (
    f"coalesce((SELECT o.principal {_WRITES} ORDER BY o.n DESC LIMIT 1), (SELECT r.id FROM ({_AGENTS}) r WHERE r.id = m.owner))"
)
"""The agent who wrote what an untrusted memory `m` says, as SQL; NULL where none did."""

BY_AGENT = f"EXISTS (SELECT 1 FROM main.memories m WHERE m.id = a.id AND {AGENT} IS NOT NULL)"
"""The condition on untrusted memories (`arrivals a`) that an agent wrote what they say."""


class LastWord(NamedTuple):
    """The last word on what a memory says.

    Attributes:
        vouched: whether somebody who looked at it stands behind it, and no agent said something else since.
        said: the registers of `SAYS` as they were before the agent's word; `None` where the memory began with it.
    """

    vouched: bool
    said: dict[str, Any] | None


def speaks(change: Mapping[str, Any]) -> bool:
    """Whether a change is one of what a memory says."""
    return not change.keys().isdisjoint(SAYS)


def vouches(command: str, change: Mapping[str, Any]) -> bool:
    """Whether somebody who is no agent vouches for a memory with a change by this command; a file does not."""
    return command not in _IN_PASSING or ("content" in change and command not in _BLIND)


def agents(conn: sqlite3.Connection) -> set[str]:
    """The names of the agents, also of those that were removed."""
    return {name for (name,) in conn.execute(_AGENTS)}


def weigh(conn: sqlite3.Connection, identity: str, operations: Sequence[Operation], rights: "Rights | None") -> None:
    """Keep in step whether a memory is untrusted, after the last of the operations on it.

    What an agent says is, whosever memory it is. Whoever changes a memory vouches for it, for what an agent said the cube's
    owner alone. An undo brings back what was so before: an agent's words that somebody vouched for, or nobody.

    Args:
        conn: the connection that writes.
        identity: the memory.
        operations: all on it, in folding order.
        rights: those of whoever writes; `None` for the cube's owner.
    """
    last = operations[-1]
    change = last.change or {}
    if rights is not None and rights.is_agent:
        trusted = None if not speaks(change) else False
    else:
        trusted = True if vouches(last.command, change) else None
        if (trusted and rights is not None) or last.reverts is not None:
            said = word(operations, agents(conn))
            if said is not None:
                trusted = said.vouched if rights is None else None
    if trusted:
        conn.execute("DELETE FROM main.arrivals WHERE id = ?", (identity,))
    elif trusted is not None:
        conn.execute("INSERT OR IGNORE INTO main.arrivals VALUES (?)", (identity,))


def word(operations: Sequence[Operation], agents: set[str]) -> LastWord | None:
    """The last word on what a memory says; `None` where no agent had a hand in it.

    Args:
        operations: all on the memory, in folding order.
        agents: the names of the agents.
    """
    if not any(one.principal in agents for one in operations):
        return None
    deciding: int | None = None
    by_agent = vouched = False
    for index in reversed(fold.standing([*operations])):
        operation = operations[index]
        change = operation.change or {}
        if operation.principal in agents:
            by_agent = by_agent or speaks(change)
        elif (vouched := vouches(operation.command, change)) or not index:
            deciding = index
            break
    if deciding is None:
        return LastWord(vouched=False, said=None)
    then, now = (_said(some) for some in (operations[: deciding + 1], operations))
    return LastWord(vouched=vouched and not by_agent and then == now, said=then)


def on_memory(vault: "OpenCube", identity: str) -> LastWord | None:
    """The last word on what a memory of a cube says; `None` where no agent had a hand in it."""
    return word(log.of_subject(vault.conn, "memory", identity), agents(vault.conn))


def _said(operations: Sequence[Operation]) -> dict[str, Any]:
    registers = fold.fold([*operations])
    return {name: registers.get(name) for name in SAYS}
