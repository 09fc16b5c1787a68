"""The sight of a connection: what one principal may see of a cube, as temporary views that stand before its tables.

SQLite looks for a name among what is temporary first. So on a connection of somebody who is not the cube's owner `memories` is
the view of what that person may see, and each statement that reads a table by its plain name reads what may be seen, whoever
wrote it: counts, names, prefixes, links, versions. What writes names its tables `main.memories` and so on, and with it sees and
changes all there is; it asks by itself (`units.Unit`).

The connection of the cube's owner has none of these views, and nothing of this module is loaded for it.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, Protocol

from memos_cli.infra.governance.access import Access
from memos_cli.infra.governance.rule import Right
from memos_cli.infra.marks import mark
from memos_cli.infra.vault import fold, log
from memos_cli.infra.vault.connection import SeenRows
from memos_cli.infra.vault.sight.publication import Publications
from memos_cli.infra.vault.sight.rights import Rights, Truth
from memos_cli.infra.vault.sight.seen_index import KeptIndex
from memos_cli.infra.vault.sight.seen_words import TABLES
from memos_cli.model import Memory, Operation


class Ask(Protocol):
    """Makes the access of one principal to one cube."""

    def __call__(self, conn: sqlite3.Connection, /) -> Access:
        """What the principal may do by the records in the tables themselves, in the present context."""
        ...

    def token(self) -> object:
        """A value for the present context: while it stays equal and nothing is written, the access is the same."""
        ...

    def names_view(self, conn: sqlite3.Connection, name: str) -> bool:
        """Whether a rule that stands is about the view of this name."""
        ...


_BY_ROW = ("tags", "labels", "names", "cold", "vectors", "cold_vectors", "pending")
"""The tables whose rows belong to a memory by its row number."""
_BY_ID = ("uses", "arrivals", "clashes", "rivals")
"""The tables whose rows belong to a memory by its id."""
_LIST = re.compile(r"json_each\(\?\)")
_VIEW = "CREATE TEMP VIEW {} AS {}"


class Sight:
    """The views of one connection, kept in step with the rules.

    Args:
        conn: the connection.
        owner: the cube's owner.
        ask: tells what the principal may do.
        publications: those of the present, for a connection to an earlier state, which has no log.

    Attributes:
        access: what the principal may do, by the rules as they were at the last `renew`.
        publications: since when the memories of others may be seen.
    """

    def __init__(self, conn: sqlite3.Connection, ask: Ask, publications: Publications | None = None) -> None:
        self._conn = conn
        self._ask = ask
        self._state: tuple[int, int] | None = None
        self._token: object = None
        self._laid: tuple[Any, ...] = ()
        self._indexes = {table: KeptIndex(conn, table) for table in TABLES}
        self._asked = ""
        self._end = 0, b"", 0
        self.access: Access = ask(conn)
        self.publications = publications or Publications(conn, lambda memory: self.access.may(Right.READ, memory))
        conn.execute("PRAGMA temp_store = MEMORY")
        conn.create_function("seen_from", 1, self.publications.start)
        conn.create_function("seen_version", 2, self.publications.version)
        conn.create_function("seen_change", 1, self._seen_change)
        self._stand_aside()
        self._lay()
        self._state, self._token, self._end = self._now(), ask.token(), self._log_end()

    def renew(self) -> None:
        """See to it that the views are those of the present rules: called before each use of the connection.

        Within a transaction the rules stay those that it began with.
        """
        if self._now() == self._state and self._ask.token() == self._token:
            return
        self.publications.forget()
        if self._conn.in_transaction:
            return
        version, log_end = self._now()[0], self._log_end()  # first: what is written from here on is seen at the next look
        if self._ask.token() != self._token or (log_end != self._end and self._rules_may_differ(log_end)):
            self.access = self._ask(self._conn)
            self._lay()
        self._state, self._token, self._end = (version, self._conn.total_changes), self._ask.token(), log_end

    def _rules_may_differ(self, now: tuple[int, bytes, int]) -> bool:
        """Whether the rules may be others than at the last `renew`: not where nothing but memories was written."""
        n, identity, held = self._end
        there = self._conn.execute("SELECT id FROM main.ops WHERE n = ?", (n,)).fetchone()
        if now[2] != held or there is None or there[0] != identity or not self.access.by_log:
            return True
        sql = "SELECT 1 FROM main.ops WHERE n > ? AND noun <> 'memory' LIMIT 1"
        return self._conn.execute(sql, (n,)).fetchone() is not None

    def _log_end(self) -> tuple[int, bytes, int]:
        """What differs after a write that may have changed the rules: the log is longer, or a stranger was accepted."""
        sql = "SELECT count(*) FROM main.strangers WHERE accepted = 0 AND noun <> 'memory'"
        held = self._conn.execute(sql).fetchone()[0] if self._from["strangers"].startswith("main") else 0
        n, identity = self._conn.execute("SELECT n, id FROM main.ops ORDER BY n DESC LIMIT 1").fetchone() or (0, b"")
        return n, identity, held

    def present(self) -> Access:
        """What the principal may do now."""
        self.renew()
        return self.access

    def rights(self, cube: str, owner: str, author: str) -> Rights:
        """What a transaction of this author asks before it changes anything in a cube of this name and owner.

        Raises:
            ValueError: the connection is somebody else's.
        """
        if author != self.access.principal:
            raise ValueError(f"{author} writes through what {self.access.principal} sees")
        truth = Truth(
            lambda identity: log.of_subject(self._conn, "memory", identity), lambda name: self._ask.names_view(self._conn, name)
        )
        return Rights(self.access, cube, owner, truth)

    @property
    def is_current(self) -> bool:
        """Whether nothing was written to the cube since the last `renew`."""
        return self._now() == self._state

    def _now(self) -> tuple[int, int]:
        """What differs after a write: by another connection, and by this one."""
        return self._conn.execute("PRAGMA data_version").fetchone()[0], self._conn.total_changes

    def seen(self, table: str) -> SeenRows:
        """What may be seen of a full-text index; brought up to date when the index or the views have changed."""
        self.renew()
        return self._indexes[table].rows(self._asked, by_log=self.access.by_log)

    def bytes(self) -> int:
        """How many bytes the contents of the memories have: the size of the file would tell of what may not be seen."""
        self.renew()
        stored = "length(CAST(coalesce(c.body, m.content) AS BLOB))"
        sql = f"SELECT coalesce(sum({stored}), 0) FROM memories m LEFT JOIN cold c ON c.n = m.n"
        return int(self._conn.execute(sql).fetchone()[0])

    def of_past(self, conn: sqlite3.Connection) -> "Sight":
        """The sight of an earlier state of the same cube: what may be seen of it as it was then, and as it is now."""
        now = [identity for (identity,) in self._conn.execute("SELECT id FROM memories")]
        return Sight(conn, _Then(self.access, now), self.publications)

    def operations(self, noun: str, subject: str) -> list[Operation]:
        """The operations on a subject that may be seen, in folding order.

        Of a memory of somebody else the first one tells the whole state at its publication.
        """
        self.renew()
        if noun == "memory":
            there = "SELECT 1 FROM memories WHERE id = ?"
            if self._conn.execute(there, (subject,)).fetchone() is None:
                return []
            return [one._replace(change=self._without_links(one.change)) for one in self.publications.of(subject).operations]
        return [*log.operations(self._conn, "WHERE subject = ? AND noun = ?", (subject, noun))]

    def _seen_change(self, change: str) -> str:
        return log.encoded(self._without_links(json.loads(change)))

    def _without_links(self, change: dict[str, Any] | None) -> dict[str, Any] | None:
        """A change without the links that end at what may not be seen."""
        if not change or not any(name.startswith(fold.LINK) for name in change):
            return change
        there = "SELECT 1 FROM memories WHERE id = ?"
        return {
            name: value
            for name, value in change.items()
            if not name.startswith(fold.LINK) or self._conn.execute(there, (name.rpartition(":")[2],)).fetchone()
        }

    def _stand_aside(self) -> None:
        """Rename the temporary tables that stand in for those that an old cube lacks: the views take their names."""
        there = {name for (name,) in self._conn.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")}
        held = [name for (name,) in self._conn.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'")]
        self._from = {name: f"main.{name}" for name in (*_BY_ROW, *_BY_ID, "memories", "links", "strangers", "records", "ops")}
        for name in self._from.keys() & {*held} - there:
            self._conn.execute(f"ALTER TABLE temp.{name} RENAME TO all_{name}")
            self._from[name] = f"temp.all_{name}"

    def _lay(self) -> None:
        """Make the views, unless they are those of the present rules already."""
        asked = tuple(self.access.sight(Right.READ))
        if (laid := (asked, self.access.groups)) == self._laid:
            return
        for name in (*self._from, *TABLES, *(f"{index}_docsize" for index in TABLES)):
            self._conn.execute(f"DROP VIEW IF EXISTS temp.{name}")
        self._sees = f"({self._written_out(*asked)})"
        for name, view in self._views():
            self._conn.execute(_VIEW.format(name, view))
        self._laid = laid
        version = self._conn.execute("PRAGMA main.user_version").fetchone()[0]
        self._asked = log.encoded([version, mark(self._conn, "digest"), self.access.principal, *asked])

    def _written_out(self, clause: str, *values: object) -> str:
        """A condition with its parameters written out, since a view has none; a list of names becomes a temporary table."""
        given = iter(values)
        made: list[str] = []

        def table(_: re.Match[str]) -> str:
            name = f"sight_{len(made)}"
            made.append(name)
            self._conn.execute(f"DROP TABLE IF EXISTS temp.{name}")
            self._conn.execute(f"CREATE TEMP TABLE {name} (value PRIMARY KEY) WITHOUT ROWID")
            self._conn.execute(f"INSERT OR IGNORE INTO temp.{name} SELECT value FROM json_each(?)", (next(given),))
            return f"temp.{name}"

        parts = re.split(r"('[^']*'|json_each\(\?\)|\?)", clause)  # a mark within a text is a letter of it
        return "".join(
            _LIST.sub(table, part) if _LIST.fullmatch(part) else _quoted(next(given)) if part == "?" else part for part in parts
        )

    def _views(self) -> Iterator[tuple[str, str]]:
        """The names and the statements of the views."""
        yield "memories", f"SELECT {', '.join(self._columns())} FROM {self._from['memories']} m WHERE {self._sees}"
        for name in _BY_ROW:
            yield name, f"SELECT * FROM {self._from[name]} x WHERE {self._visible('n', 'x.n')}"
        for name in _BY_ID:
            yield name, f"SELECT * FROM {self._from[name]} x WHERE {self._visible('id', 'x.id')}"
        both = f"{self._visible('id', 'x.source')} AND {self._visible('id', 'x.target')}"
        yield "links", f"SELECT * FROM main.links x WHERE {both}"
        yield "records", f"SELECT * FROM main.records r WHERE {self._record('r.noun', 'r.id', 'r.fields')}"
        yield (
            "strangers",
            f"""SELECT * FROM {self._from["strangers"]} x WHERE CASE x.noun WHEN 'memory'
            THEN {self._visible("id", "x.id")}
            ELSE EXISTS (SELECT 1 FROM records r WHERE r.noun = x.noun AND r.id = x.id) END""",
        )
        change = "CASE WHEN instr(o.change, '\"link:') THEN seen_change(o.change) ELSE o.change END AS change"
        columns = ", ".join(f"o.{name}" for name in log.COLUMNS.split(", ")[:-1])
        record = "EXISTS (SELECT 1 FROM records r WHERE r.noun = o.noun AND r.id = o.subject)"
        seen_ones = f"CASE o.noun WHEN 'memory' THEN {self._published} ELSE {record} END"
        yield "ops", f"SELECT o.n, {columns}, {change} FROM main.ops o WHERE {seen_ones}"
        for index in TABLES:
            yield index, f"SELECT * FROM main.{index} WHERE 0"
            yield f"{index}_docsize", f"SELECT * FROM main.{index}_docsize x WHERE {self._visible('n', 'x.id')}"

    def _columns(self) -> Iterator[str]:
        """The columns of the view of memories: all as they are but for two.

        A version counts from the publication on. Of an external id that somebody else has in this cube as well one's own
        memory has its name in `rivals`.
        """
        own = f"m.owner IS {_quoted(self.access.principal)}"
        for _, name, *_ in self._conn.execute("PRAGMA main.table_info(memories)").fetchall():
            if name == "version":
                told = f"CASE WHEN {own} OR m.created = m.updated THEN m.version ELSE seen_version(m.id, m.version) END"
                yield f"{told} AS version"
            elif name == "external_id":
                yield f"""CASE WHEN m.external_id IS NULL AND {own}
                          THEN (SELECT r.external_id FROM {self._from["rivals"]} r WHERE r.id = m.id)
                          ELSE m.external_id END AS external_id"""
            else:
                yield f"m.{name}"

    def _visible(self, column: str, value: str) -> str:
        return f"EXISTS (SELECT 1 FROM {self._from['memories']} m WHERE m.{column} = {value} AND {self._sees})"

    @property
    def _published(self) -> str:
        own = f"m.owner IS {_quoted(self.access.principal)}"
        since = "seen_from(m.id) <= printf('%020d %s %012d', o.clock, o.replica, o.seq)"
        return f"""EXISTS (SELECT 1 FROM {self._from["memories"]} m WHERE m.id = o.subject AND {self._sees}
                   AND ({own} OR m.created = m.updated OR {since}))"""

    def _record(self, noun: str, name: str, fields: str) -> str:
        """The condition on records: one's own, those of the rules about oneself, and those about memories that one sees."""
        me = _quoted(self.access.principal)
        first = f"""(SELECT o.principal FROM main.ops o WHERE o.noun = {noun} AND o.subject = {name}
                     ORDER BY o.clock, o.replica, o.seq LIMIT 1)"""
        groups = f"({', '.join(map(_quoted, sorted(self.access.groups)))})"
        pair = f"""NOT EXISTS (SELECT 1 FROM json_each({fields}, '$.memories') j
                               WHERE NOT {self._visible("id", "j.value")})"""
        return f"""CASE {noun}
            WHEN 'policy' THEN 1
            WHEN 'principal' THEN {name} = {me}
            WHEN 'rule' THEN json_extract({fields}, '$.to') = {me} OR json_extract({fields}, '$.to') IN {groups}
            WHEN 'review' THEN {pair}
            ELSE {first} = {me} END"""


class _Then(Access):
    """The access to an earlier state of a cube.

    Args:
        access: the present one.
        now: the ids of the memories that may be seen as they are now.
    """

    def __init__(self, access: Access, now: list[str]) -> None:
        super().__init__(access.principal)
        self._access = access
        self._now = json.dumps(now)

    def __call__(self, _: sqlite3.Connection) -> Access:
        return self

    def token(self) -> object:
        return None

    def names_view(self, conn: sqlite3.Connection, name: str) -> bool:  # noqa: ARG002 -- nothing is written to the past
        return False

    def sight(self, right: Right = Right.READ, *, schema: str = "main.") -> tuple[Any, ...]:
        clause, *values = self._access.sight(right, schema=schema)
        return f"({clause}) AND m.id IN (SELECT value FROM json_each(?))", *values, self._now

    def may(self, right: Right, memory: Memory) -> bool:
        return self._access.may(right, memory)

    @property
    def by_log(self) -> bool:
        return False


def _quoted(value: object) -> str:
    """A value as a literal of SQL.

    Raises:
        ValueError: SQL has no literal for it.
    """
    if isinstance(value, str) and "\x00" not in value:
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return str(int(value))
    if value is None:
        return "NULL"
    raise ValueError(f"no literal of SQL for {value!r:.40}")
