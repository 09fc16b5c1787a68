"""What rules in a cube: records that somebody here made, or accepted. What a stranger's file brought rules nothing.

Everything is read from the tables themselves: a connection that shows a principal its memories hides the rules from it.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from memos_cli.infra.governance import access
from memos_cli.infra.governance.access import Access, Context
from memos_cli.infra.governance.rule import in_words, read, standing
from memos_cli.infra.marks import mark
from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold, log
from memos_cli.infra.vault.rules import views

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube
    from memos_cli.model import Operation

_POLICY = "policy"
"""As `units.POLICY`, which a search need not import: the noun, the subject and the mark of a policy."""
_PRINCIPAL = "principal"
_LESS: dict[str, tuple[Any, ...]] = {"gone": (True,), "kind": ("agent",)}
_SHARED = """SELECT o.subject FROM main.ops o WHERE o.noun = 'principal' AND o.subject IN (
                 SELECT r.id FROM main.records r WHERE r.noun = 'principal') GROUP BY 1 HAVING count(DISTINCT o.replica) > 1"""
"""The principals that several machines wrote about."""
_THERE = "SELECT count(*) FROM main.sqlite_master WHERE name IN ('records', 'strangers')"
_RULING = """SELECT id, fields FROM main.records r WHERE noun = ? AND NOT EXISTS (
                 SELECT 1 FROM main.strangers s WHERE s.noun = r.noun AND s.id = r.id AND s.accepted = 0) ORDER BY id"""


def ruling(conn: sqlite3.Connection, noun: str) -> dict[str, dict[str, Any]]:
    """The records of a noun that rule here, by their subjects; none in a cube from before strangers were told apart."""
    if noun == _POLICY and (kept := mark(conn, _POLICY)):  # the one before a merge brought an untrusted one
        return {_POLICY: json.loads(kept)["rules"]}
    if conn.execute(_THERE).fetchone() != (2,):
        return {}
    held = conn.execute(_RULING, (noun,)).fetchall()
    # Read as one list: a thousand rules by themselves take 3 ms more.
    all_fields: list[dict[str, Any]] = json.loads(f"[{','.join(fields for _, fields in held)}]")
    found = {identity: fields for (identity, _), fields in zip(held, all_fields, strict=True)}
    if noun == _PRINCIPAL and found:
        for name in {subject for (subject,) in conn.execute(_SHARED)} & found.keys():
            found[name] = _without_gain(conn, name, found[name])
    return found


def _without_gain(conn: sqlite3.Connection, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The record of a principal that several machines wrote: where they differ, what gives less.

    Who was taken out of a group on one machine is out of it, whatever another one said meanwhile that did not know of it.
    """
    less = fold.stricter(log.of_subject(conn, _PRINCIPAL, name), _less)
    return {register: value for register, value in (fields | less).items() if value is not None}


def _less(register: str) -> tuple[Any, ...]:
    """The values of a principal's register that give less than its others."""
    return (None,) if register.startswith(access.IN) else _LESS.get(register, ())


def ruling_in(vault: "OpenCube", noun: str) -> dict[str, dict[str, Any]]:
    """The records of a noun that rule in an open cube."""
    return ruling(vault.conn, noun)


def changed(vault: "OpenCube", operation: "Operation") -> str:
    """What an operation changed that is no memory: of a rule what it says, or no longer says, of who may do what."""
    noun, subject, change = operation.noun, operation.subject, operation.change or {}
    if noun != "rule":
        return f"{noun} {subject}" if noun != subject else noun
    found = read(subject, change if "to" in change else ruling_in(vault, "rule").get(subject, {}))
    if found is None:
        return f"rule {subject[:8]}"
    return in_words(found._replace(deny=not found.deny) if "to" not in change and "ended" in change else found)


def count(vault: "OpenCube", *conditions: tuple[Any, ...]) -> int:
    """How many of all memories of a cube meet these conditions, each the text of one and its parameters."""
    clause = " AND ".join(f"({text})" for text, *_ in conditions)
    values = [value for _, *given in conditions for value in given]
    return int(vault.conn.execute(f"SELECT count(*) FROM main.memories m WHERE {clause}", values).fetchone()[0])


def access_of(vault: "OpenCube", meta: Mapping[str, str], principal: str, context: Context | None) -> Access:
    """What a principal may do in a cube, by the rules that stand in it now; `None` for the context as in `access.of`."""
    return _access(vault.conn, meta, principal, context)


def _access(conn: sqlite3.Connection, meta: Mapping[str, str], principal: str, context: Context | None) -> Access:
    read = partial(ruling, conn)
    return access.of(principal, meta, read, context, views.finder(read, "" if context is None else context.at))


class Asking:
    """What one principal may do in one cube, for whoever has to keep in step with it (`sight.Sight`).

    Args:
        meta: the table `cube`.
        principal: who.
        context: the present circumstances.
        now: the command, the purpose and the time of the present circumstances, without the cost of all of them.
    """

    def __init__(
        self,
        meta: Mapping[str, str],
        principal: str,
        context: Callable[[], Context],
        now: Callable[[], tuple[str, str, str]] = lambda: ("", "", ""),
    ) -> None:
        self._meta, self._principal = meta, principal
        self._context, self._now = context, now
        self._changes_at: str | None = None

    def __call__(self, conn: sqlite3.Connection) -> Access:
        """What the principal may do now."""
        found = _access(conn, self._meta, self._principal, self._context())
        self._changes_at = found.changes_at
        return found

    def token(self) -> object:
        """A value that differs from an earlier one where the context became another one, or a rule began or ended to apply."""
        command, purpose, now = self._now()
        return command, purpose, self._changes_at is not None and self._changes_at <= now

    def names_view(self, conn: sqlite3.Connection, name: str) -> bool:
        """Whether a rule that stands is about the view of this name."""
        return any(rule.sort == "view" and rule.name == compared(name) for rule in standing(ruling(conn, "rule")))


_NEWEST = """SELECT (SELECT id FROM main.ops ORDER BY n DESC LIMIT 1),
                    (SELECT count(*) FROM main.strangers WHERE noun IN ('principal', 'rule', 'view') AND accepted = 0)"""


def state(vault: "OpenCube") -> tuple[object, ...]:
    """A value that changes whenever the rules may have changed, through this connection or through another one."""
    conn = vault.conn
    version: tuple[object, ...] = conn.execute("PRAGMA data_version").fetchone()
    return version if conn.execute(_THERE).fetchone() != (2,) else (*version, *conn.execute(_NEWEST).fetchone())
