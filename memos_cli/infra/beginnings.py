"""Beginnings: the names in a cube that begin so, for a shell that completes what somebody types.

The cube is looked at and nothing more: no migration, no write, no wait for a lock, and no second of work. A look that takes
longer than its time tells what it has found by then, and one at a cube that cannot be read raises.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli.hybrid_clock import millis_of
from memos_cli.infra import places
from memos_cli.infra.governance import governance
from memos_cli.infra.limits import ALPHABET, ID_LENGTH
from memos_cli.infra.names import compared
from memos_cli.model import COLD_STATES, HOT_STATES
from memos_cli.times import from_millis

MOST = 50
"""Names that are told at most: more than a screen of them helps nobody to choose."""
SECONDS = 0.06
"""How long a look may compute: of the 0.15 s in which a shell has to answer, Python and the command line take the rest."""
_WAITED = 30
"""The same for the clock on the wall, as so many times that: a busy machine lets the look wait, and a slow disk."""
SHORT = 8
"""The letters of an id that are shown, unless they are those of several ids."""
_RECENT = 5_000
"""The newest memories in which columns without an index are looked for, and operations in which commands are."""
_CHECKED_EVERY = 1_000
"""Steps of SQLite's machine between two looks at the time."""
_LAST = chr(0x10FFFF)
"""Sorts after every continuation of a name."""
_THERE = "m.state <> 'purged'"
_SAID = 400
"""Characters of a content that are read for its first words."""


class Begun(NamedTuple):
    """A name that begins so, and what is known of it: the first words of a memory, or when a snapshot was made.

    Attributes:
        secret: whether it is a memory with a secret, so that nothing of its words is told.
    """

    name: str
    said: str = ""
    secret: bool = False


_LABELLED = "EXISTS (SELECT 1 FROM labels l WHERE l.n = m.n AND l.label = 'secret')"


def _is_secret(name: str, *, labelled: int) -> bool:
    """Whether a name is itself a secret: a memory that has such a name is labelled so, nearly always."""
    if not labelled:
        return False
    from memos_cli.infra.governance.secrets import find  # here, since few names need it

    return bool(find(name))


class Look:
    """A cube, looked at for a principal.

    Args:
        conn: a connection that cannot write.
        principal: who asks; what only others may see is not told.
    """

    def __init__(self, conn: sqlite3.Connection, principal: str) -> None:
        self._conn, self.principal = conn, principal
        meta = dict(conn.execute("SELECT key, value FROM cube"))
        self._asking = governance.asking(principal, meta)
        self.is_owner = self._asking is None
        if not self.is_owner:
            _narrow(conn, principal, meta)

    def ids(self, prefix: str, *, cold: bool = False, told: bool = True) -> list[Begun]:
        """Memories whose ids begin so, with their first words; without a beginning the newest current ones.

        Args:
            cold: those that were archived or forgotten.
            told: read their words, too: only for the cube's owner, since what others read has to be recorded.
        """
        prefix, told = prefix.lower(), told and self.is_owner
        if not set(prefix) <= set(ALPHABET) or len(prefix) > ID_LENGTH:
            return []
        states: tuple[str, ...] = COLD_STATES if cold else HOT_STATES
        values: list[str]
        state, values = f"+m.state IN ({', '.join('?' * len(states))})", [*states]
        if prefix and not cold:
            state, values = "m.state <> 'purged'", []
        words = f"substr(m.content, 1, {_SAID}), (SELECT body FROM cold c WHERE c.n = m.n), m.title" if told else "'', NULL, ''"
        secret = _LABELLED if told else "0"
        if cold and not prefix:  # by the index of states, in its order: few are cold as a rule
            state = state.removeprefix("+")
        sql = f"SELECT m.id, {words}, {secret} FROM memories m WHERE {state}"
        if prefix:
            sql, values = f"{sql} AND m.id >= ? AND m.id < ? ORDER BY m.id", [*values, prefix, prefix + "~"]
        elif not cold:
            # Who sees few of 100,000 has all of them passed over: in the order of the table that takes half as long.
            newest = "m.created" if self.is_owner else "m.n"
            sql += f" AND NOT (m.kind = 'episode' AND m.origin = 'conversation') ORDER BY {newest} DESC"
        return [
            Begun(self._short(identity, len(prefix)), "" if secret else content or _thawed(body) or title or "", bool(secret))
            for identity, content, body, title, secret in self._rows(f"{sql} LIMIT {MOST}", values)
        ]

    def _short(self, identity: str, typed: int) -> str:
        """As much of an id as `list` shows, where that and what was typed means this memory alone."""
        sql = "SELECT count(*) FROM (SELECT 1 FROM memories WHERE id >= ? AND id < ? LIMIT 2)"
        short = identity[:SHORT]
        if typed >= SHORT or self._conn.execute(sql, (short, short + "~")).fetchone()[0] > 1:
            return identity
        return short

    def versions(self, name: str, prefix: str) -> list[Begun]:
        """The numbers of the versions that lie behind the present one of a memory, the newest first.

        Args:
            name: its id, the beginning of that, or its external id.
        """
        where, values = "m.id >= ? AND m.id < ?", [name.lower(), name.lower() + "~"]
        if not set(values[0]) <= set(ALPHABET) or not self._row(f"SELECT 1 FROM memories m WHERE {where}", values):
            where = "m.n IN (SELECT n FROM names WHERE sort = 'external_id' AND name = ?)"
            values = [compared(name)]
        found = self._rows(f"SELECT m.version FROM memories m WHERE {where} AND {_THERE} LIMIT 2", values)
        numbers = range(found[0][0] - 1, 0, -1) if len(found) == 1 else ()
        return [Begun(str(number)) for number in numbers if str(number).startswith(prefix)][:MOST]

    def names(self, sort: str, prefix: str) -> list[Begun]:
        """The names of a sort (`tag`, `key`, `task`, `external_id`) that begin so, as their first memories write them."""
        found = []
        for name in self._steps("names", "name", compared(prefix), "sort = ?", [sort]):
            first = f"""SELECT m.n, {_LABELLED} FROM names x JOIN memories m ON m.n = x.n
                        WHERE x.sort = ? AND x.name = ? AND {_THERE} LIMIT 1"""
            row = self._row(first, [sort, name])
            if row is not None and (sort == "external_id" or not _is_secret(name, labelled=row[1])):
                sql = "SELECT tag FROM tags WHERE n = ?" if sort == "tag" else f"SELECT {sort} FROM memories WHERE n = ?"
                spelled = (one for (one,) in self._rows(sql, row[:1]) if one and compared(one) == name)
                found.append(Begun(next(spelled, name)))
            if len(found) == MOST:
                break
        return found

    def conversations(self, prefix: str) -> list[Begun]:
        """The conversations whose names begin so."""
        found = []
        sql = f"SELECT {_LABELLED} FROM memories m WHERE m.conversation = ? AND {_THERE} LIMIT 1"
        for name in self._steps("memories", "conversation", prefix, "conversation IS NOT NULL", []):
            row = self._row(sql, [name])
            if row is not None and not _is_secret(name, labelled=row[0]):
                found.append(Begun(name))
            if len(found) == MOST:
                break
        return found

    def recent(self, column: str, prefix: str) -> list[Begun]:
        """What begins so in a column without an index (`session`, `speaker`, `owner`), among the newest memories."""
        sql = f"""SELECT m.{column}, min({_LABELLED}) FROM memories m WHERE m.n > (SELECT max(n) FROM memories) - {_RECENT}
                  AND substr(m.{column}, 1, ?) = ? COLLATE NOCASE AND {_THERE} GROUP BY 1 ORDER BY 1 LIMIT {MOST}"""
        found = self._rows(sql, [len(prefix), prefix])
        return [Begun(str(name)) for name, secret in found if not _is_secret(str(name), labelled=secret)]

    def labels(self, prefix: str) -> list[Begun]:
        """The labels that begin so, of the memories that may be seen."""
        sql = f"""SELECT DISTINCT l.label FROM labels l JOIN memories m ON m.n = l.n
                  WHERE substr(l.label, 1, ?) = ? AND {_THERE} LIMIT {MOST}"""
        return [Begun(str(name)) for (name,) in self._rows(sql, [len(prefix), prefix])]

    def records(self, noun: str, prefix: str) -> list[tuple[str, dict[str, Any]]]:
        """What is no memory (`view`, `snapshot`, …) and begins so, by name, with its registers; case makes no difference."""
        found = self._rows("SELECT id, fields FROM records WHERE noun = ? ORDER BY id", [noun])
        begun = (row for row in found if compared(row[0]).startswith(compared(prefix)))
        return [(name, json.loads(fields)) for name, fields in begun]

    def questions(self, prefix: str) -> list[Begun]:
        """The recorded questions of `review` that are open, about memories that may be seen."""
        found = []
        sql = f"SELECT count(*) FROM memories m WHERE m.id IN (?, ?) AND {_THERE}"
        for name, fields in self.records("review", prefix):
            pair = fields.get("memories", ())
            if len(pair) == 2 and fields.get("decision") is None:
                row = self._row(sql, pair)
                if row is not None and row[0] == 2:
                    found.append(Begun(name[:SHORT] if len(prefix) < SHORT else name, ", ".join(fields.get("reasons", ()))))
        return found[:MOST]

    def commands(self, prefix: str) -> list[Begun]:
        """The newest commands that wrote, by the beginnings of their names: all for the cube's owner, else one's own."""
        whose, values = ("principal = ?", [self._asking]) if self._asking is not None else ("1", [])
        told = "SELECT txn, command, n, clock FROM ops WHERE"
        if prefix:
            sql = f"{told} txn >= ? AND txn < ? AND {whose} GROUP BY txn ORDER BY n DESC LIMIT {MOST}"
            found = self._rows(sql, [prefix, prefix + _LAST, *values])
        else:
            found = list(self._backwards(f"{told} n < ? AND {whose} ORDER BY n DESC LIMIT 1", values))
        return [Begun(txn, f"{command}, {from_millis(millis_of(clock))[:16]}Z") for txn, command, _, clock in found]

    def _backwards(self, sql: str, values: list[str]) -> Iterator[tuple[Any, ...]]:
        """The newest commands, each by its last operation: of one that wrote thousands the others are passed over."""
        seen: set[str] = set()
        end = sys.maxsize
        while len(seen) < MOST and (row := self._row(sql, [end, *values])) is not None:
            if row[0] not in seen:
                seen.add(row[0])
                yield row
            first = self._row("SELECT min(n) FROM ops WHERE txn = ? AND n < ?", [row[0], row[2]])
            # Others may have written in between, and their commands are to be seen as well.
            end = first[0] if first and first[0] and self._is_whole(first[0], row) else row[2]

    def _is_whole(self, first: int, last: tuple[Any, ...]) -> bool:
        """Whether all operations between two of a command are its own."""
        counted = self._row("SELECT count(*) FROM ops WHERE txn = ? AND n BETWEEN ? AND ?", [last[0], first, last[2]])
        return counted is not None and counted[0] == last[2] - first + 1

    def _steps(self, table: str, column: str, prefix: str, where: str, values: list[str]) -> Iterator[str]:
        """The different values of an indexed column that begin so, each found by one look into the index."""
        sql = f"SELECT {column} FROM {table} WHERE {where} AND {column} {{sign}} ? ORDER BY {column} LIMIT 1"
        row = self._row(sql.format(sign=">="), [*values, prefix])
        while row is not None and str(row[0]).startswith(prefix):
            yield str(row[0])
            row = self._row(sql.format(sign=">"), [*values, row[0]])

    def _row(self, sql: str, values: Iterable[Any]) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, values)), None)

    def _rows(self, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The rows that were found when the time was over, or when a writer was in the way."""
        found = []
        with suppress(sqlite3.Error):
            for row in self._conn.execute(sql, tuple(values)):
                found.append(row)  # noqa: PERF402 -- what came before an error counts
        return found


def _thawed(body: bytes | str | None) -> str:
    """The beginning of a content in cold storage."""
    if not body:
        return ""
    from memos_cli.infra.vault.rows import unpacked

    return unpacked(body)[:_SAID]


def _narrow(conn: sqlite3.Connection, principal: str, meta: Mapping[str, str]) -> None:
    """Let a connection see what somebody may see who is not the cube's owner."""
    from memos_cli.infra.governance.rule import Context
    from memos_cli.infra.vault.rules.rules import Asking
    from memos_cli.infra.vault.sight.sight import Sight

    conn.execute("PRAGMA query_only = OFF")  # the views are temporary; the file itself is open for reading alone
    Sight(conn, Asking(meta, principal, Context))
    conn.execute("PRAGMA query_only = ON")


@contextmanager
def looking(folder: Path, principal: str, seconds: float = SECONDS, *, token: str | None = None) -> Iterator[Look]:
    """A look at the cube in a folder; with a token as the agent whose it is.

    Raises:
        sqlite3.Error: it cannot be read now. OSError: there is none.
    """
    conn = connected(folder / places.FILE)
    computed, late = time.thread_time() + seconds, time.monotonic() + _WAITED * seconds
    try:
        look = Look(conn, principal if token is None else _holder(conn, token))
        conn.set_progress_handler(lambda: time.thread_time() > computed or time.monotonic() > late, _CHECKED_EVERY)
        yield look
    finally:
        conn.close()


def _holder(conn: sqlite3.Connection, token: str) -> str:
    """The agent whose token it is in this cube.

    Raises:
        LookupError: the cube does not know it.
    """
    from memos_cli.infra.governance import tokens
    from memos_cli.infra.vault.rules import rules

    (owner,) = conn.execute("SELECT value FROM cube WHERE key = 'owner'").fetchone()
    found = tokens.holder(token, rules.ruling(conn, "principal"), owner)
    if found is None:
        raise LookupError
    return found


def connected(path: Path) -> sqlite3.Connection:
    """A connection that reads a file of SQLite, waits for nobody, and leaves no trace beside the file.

    A file whose write-ahead log is empty is read as one that nobody changes: SQLite would put its files beside it otherwise.
    """
    path.stat()
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=0.0)
    conn.execute("PRAGMA query_only = ON")
    return conn


def slots(folder: Path, principal: str, prefix: str) -> list[Begun]:
    """The slots of a principal whose ids begin so, from the index of slots in a folder.

    Raises:
        sqlite3.Error: it cannot be read now. OSError: there is none.
    """
    conn = connected(folder / "index.db")
    try:
        sql = f"""SELECT id, covers, name FROM slots WHERE principal = ? AND substr(id, 1, ?) = ?
                  ORDER BY last DESC LIMIT {MOST}"""
        rows = conn.execute(sql, (principal, len(prefix), prefix)).fetchall()
    finally:
        conn.close()
    return [Begun(identity, f"{covers} {name}".strip()) for identity, covers, name in rows]
