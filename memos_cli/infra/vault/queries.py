"""Reading memories by id, by prefix and by filter. What may not be seen is not in the tables that are read (`sight`)."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.hybrid_clock import millis_of
from memos_cli.infra.names import compared
from memos_cli.infra.vault import schema
from memos_cli.infra.vault.lexical.weights import documents
from memos_cli.infra.vault.rows import clock_of, memory_of, validity_clauses
from memos_cli.model import COLD_STATES, HOT_STATES, Filter, Link, LinkType, Memory, State
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

_FIELDS = """m.*,
    (SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE n = m.n ORDER BY tag)) AS tags,
    (SELECT json_group_array(label) FROM (SELECT label FROM labels WHERE n = m.n ORDER BY label)) AS labels,
    u.count AS use_count, u.last AS use_last, c.body AS packed,
    EXISTS (SELECT 1 FROM arrivals a WHERE a.id = m.id) AS untrusted,
    (SELECT s.accepted FROM strangers s WHERE s.noun = 'memory' AND s.id = m.id) AS accepted"""
_FROM = "memories m LEFT JOIN uses u ON u.id = m.id LEFT JOIN cold c ON c.n = m.n"
_RECURS = """(instr(m.metadata, '"recurrence"') OR instr(m.metadata, '"also"'))"""
Condition = tuple[str, list[Any]]


NAMED = "SELECT n FROM names WHERE sort = ? AND name = ?"
"""The rows of the memories with a name: its sort (`external_id`, `key`, `task`, `tag`), and its form by `names.compared`."""
WITH_ID = """(m.n IN (SELECT n FROM names WHERE sort = 'external_id' AND name = ?)
             OR m.id IN (SELECT id FROM rivals WHERE external_id = ?))"""
"""The condition on `memories m` for those with an external id: its form by `names.compared`, and the id as it is written."""
AS_WRITTEN = "m.external_id = ? DESC, m.created DESC, m.n DESC LIMIT 1"
"""Another machine may have written an external id otherwise: what is written as it is asked for comes first."""
_TAGGED = "SELECT 1 FROM names t WHERE t.n = m.n AND t.sort = 'tag' AND t.name = ?"
_WITH_TAG = "m.n IN (SELECT n FROM names WHERE sort = 'tag' AND name = ?)"
TURNS = "chat-????-??-??-????????"
"""The names of the conversations that `memos chat` holds, as a pattern of GLOB: `chat-`, the day, and 8 random characters.

A turn of chat itself is an episode of such a conversation. A talk that was brought in has the name that its source gave it, and
what chat made of a statement has another kind: both are memories.
"""
_TURN = f"{{0}}conversation GLOB '{TURNS}' AND {{0}}kind = 'episode' AND {{0}}origin = 'conversation'"
IS_TURN = _TURN.format("")
"""The SQL condition on `memories` for the turns of `memos chat` itself."""
NO_TURN = f"(m.conversation IS NULL OR NOT ({_TURN.format('m.')}))"
"""The SQL condition on `memories m` for all else."""
NO_TURN_IN_SCAN = f"m.n NOT IN (SELECT n FROM memories WHERE {IS_TURN})"
"""The same for a statement that looks at all rows by the index of states: the columns above would make it read the rows too,
while SQLite makes this list once in a statement, from the index of conversations."""


def condition(wanted: Filter, *, scan: bool = False) -> Condition:
    """The SQL condition on `memories m` and its parameters.

    The turns of chat are left out here, and nowhere else, unless the filter asks for them. Where a memory is named by its id,
    `by_id` is the condition: a turn is found by its own name.

    Args:
        scan: the statement looks at all rows and reads no more of them than their states and validity.
    """
    clauses: list[str] = []
    values: list[Any] = []

    def require(clause: str, *parameters: object) -> None:
        clauses.append(clause)
        values.extend(parameters)

    _require_presence(wanted, require)
    if not wanted.turns and wanted.conversation is None:
        require(NO_TURN_IN_SCAN if scan else NO_TURN)
    for column in ("conversation", "session", "speaker"):
        if (value := getattr(wanted, column)) is not None:
            require(f"m.{column} = ? COLLATE NOCASE", value)
    if wanted.kinds:
        require(f"m.kind IN ({_marks(wanted.kinds)})", *wanted.kinds)
    if wanted.pinned is not None:
        require("m.pinned = ?", int(wanted.pinned))
    if wanted.trusted:
        require("NOT EXISTS (SELECT 1 FROM arrivals a WHERE a.id = m.id)")
    _require_marks(wanted, require)
    _require_times(wanted, require)
    made = " AND ".join(clauses), values
    return narrowed(made) if scan else made


def narrowed(sight: Condition) -> Condition:
    """The same for a statement that begins with the memories that have a name; "+" keeps it from the index of states."""
    clause = sight[0].replace(f"EXISTS ({_TAGGED})", _WITH_TAG)
    return clause.replace("m.state", "+m.state") if "m.n IN (SELECT n FROM names" in clause else clause, sight[1]


def by_id(wanted: Filter) -> Condition:
    """The condition of a filter for memories that are named by their ids: turns of chat pass it, too."""
    return condition(wanted._replace(turns=True))


def reaches_cold(wanted: Filter) -> bool:
    """Whether a filter lets anything in cold storage through."""
    return wanted.everything or wanted.archived or any(state in COLD_STATES for state in wanted.states)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _require_times(wanted: Filter, require: Any) -> None:  # noqa: ANN401 -- the closure above
    if wanted.ahead is not None:
        require(f"(m.occurred_at >= ? OR m.valid_from >= ? OR {_RECURS})", wanted.ahead, wanted.ahead)
    for bound, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if bound is not None:
            sql = f"CASE WHEN m.occurred_at IS NULL THEN m.created {sign} ? ELSE m.occurred_at {sign} ? END"
            require(sql, clock_of(bound), bound)


def _require_marks(wanted: Filter, require: Any) -> None:  # noqa: ANN401 -- the closure above
    """The task, the key, the tags and the labels that a memory must have, and the tags that it must not have."""
    for sort, name in (("task", wanted.task), ("key", wanted.key)):
        if name is not None:
            require(f"m.n IN ({NAMED})", sort, compared(name))
    for tag in wanted.tags:
        require(f"EXISTS ({_TAGGED})", compared(tag))
    for tag in wanted.without:
        require(f"NOT EXISTS ({_TAGGED})", compared(tag))
    for label in wanted.labels:
        require("EXISTS (SELECT 1 FROM labels l WHERE l.n = m.n AND l.label IN (?, ?))", label, compared(label))


def _require_presence(wanted: Filter, require: Any) -> None:  # noqa: ANN401 -- the closure above
    """State and validity; for a question about the past, what was known or already true then."""
    if wanted.everything:
        require("m.state <> ?", State.PURGED)
        return
    states = wanted.states or (*HOT_STATES, *((State.ARCHIVED,) if wanted.archived else ()))
    if State.ACTIVATED in states or State.GENERATED in states:
        require(*_use_states(states))
    else:
        require(f"m.state IN ({_marks(states)})", *states)
    if not wanted.states:
        for clause in validity_clauses(past=wanted.past)[wanted.ahead is not None :]:  # the first is that of the beginning
            require(clause, wanted.at)
        require("(m.expires_at IS NULL OR m.expires_at > ?)", wanted.at)
    if wanted.past:
        require("(m.created <= ? OR m.valid_from <= ? OR m.occurred_at <= ?)", clock_of(wanted.at), wanted.at, wanted.at)


def _use_states(states: Sequence[str]) -> tuple[Any, ...]:
    """Values for a filter by state: a generated memory counts as activated once it was used, and uses are not in the log."""
    stored = tuple(dict.fromkeys([*states, *((State.GENERATED,) if State.ACTIVATED in states else ())]))
    clause = f"m.state IN ({_marks(stored)})"
    if State.ACTIVATED not in states:
        used = "m.state = 'generated' AND EXISTS (SELECT 1 FROM uses WHERE uses.id = m.id)"
        return f"({clause} AND NOT ({used}))", *stored
    if State.GENERATED not in states:
        return f"({clause} AND (m.state <> 'generated' OR EXISTS (SELECT 1 FROM uses WHERE uses.id = m.id)))", *stored
    return clause, *stored


def versions(vault: "OpenCube", ids: Sequence[str], wanted: Filter) -> dict[str, int]:
    """The versions of those of these memories that pass a filter, by id."""
    clause, values = by_id(wanted)
    sql = f"SELECT m.id, m.version FROM memories m WHERE m.id IN (SELECT value FROM json_each(?)) AND {clause}"
    return dict(vault.conn.execute(sql, (json.dumps(ids), *values)).fetchall())


def by_rows(vault: "OpenCube", numbers: Iterable[int]) -> dict[int, Memory]:
    """Memories by row number."""
    wanted = list(numbers)
    found: dict[int, Memory] = {}
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        sql = f"SELECT {_FIELDS} FROM {_FROM} WHERE m.n IN ({_marks(chunk)})"
        for row in dicts(vault.conn.execute(sql, chunk)):
            found[row["n"]] = memory_of(row, vault.name)
    return found


def visible(vault: "OpenCube", ids: Iterable[str], sight: Condition) -> dict[str, Memory]:
    """Memories by id, those that the condition lets through."""
    clause, values = sight
    numbers: list[int] = []
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        sql = f"SELECT m.n FROM memories m WHERE m.id IN ({_marks(chunk)}) AND {clause}"
        numbers += [n for (n,) in vault.conn.execute(sql, (*chunk, *values))]
    return {memory.id: memory for memory in by_rows(vault, numbers).values()}


def has_operations(vault: "OpenCube", noun: str, subject: str) -> bool:
    """Whether the log knows this subject, in whatever state it is."""
    sql = "SELECT 1 FROM ops WHERE subject = ? AND noun = ? LIMIT 1"
    return vault.conn.execute(sql, (subject, noun)).fetchone() is not None


def ever_set(vault: "OpenCube", memory_id: str, register: str) -> bool:
    """Whether a memory ever had a register that begins so, even if it was cleared again."""
    sql = "SELECT 1 FROM ops WHERE subject = ? AND noun = 'memory' AND instr(change, ?) LIMIT 1"
    return vault.conn.execute(sql, (memory_id, f'"{register}')).fetchone() is not None


def links_of_type(vault: "OpenCube", kind: LinkType) -> list[Link]:
    """All links of a type."""
    found = vault.conn.execute("SELECT source, type, target FROM links WHERE type = ? ORDER BY source, target", (kind.value,))
    return [Link(s, LinkType(t), x) for s, t, x in found]


def find(vault: "OpenCube", wanted: Filter, order: str, limit: int | None) -> list[Memory]:
    """Memories that pass a filter; `order` is one of `ORDERS`. Only of those that are listed all fields are read."""
    rare = bool(wanted.tags) and any(_is_rare(vault, tag) for tag in wanted.tags)
    clause, values = condition(wanted, scan=rare)
    if order in {"newest", "oldest"} and not wanted.states:  # most pass: by the index of states all would have to be sorted
        clause = clause.replace("m.state", "+m.state")
    if limit is not None:
        listed = f"SELECT m.n FROM memories m LEFT JOIN uses u ON u.id = m.id WHERE {clause} ORDER BY {ORDERS[order]} LIMIT ?"
        clause, values = f"m.n IN ({listed})", [*values, limit]
    sql = f"SELECT {_FIELDS} FROM {_FROM} WHERE {clause} ORDER BY {ORDERS[order]}"
    return [memory_of(row, vault.name) for row in dicts(vault.conn.execute(sql, values))]


def _is_rare(vault: "OpenCube", tag: str) -> bool:
    """Whether so few memories have a tag that it is quicker to sort those than to go through all in order."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM names WHERE sort = 'tag' AND name = ? LIMIT ?)"
    most = min(_RARE, documents(vault.conn, "fts") // _PART)
    return bool(vault.conn.execute(sql, (compared(tag), most + 1)).fetchone()[0] <= most)


_RARE, _PART = 5_000, 50
"""Memories with a tag up to which those are sorted, if they are at most one in fifty."""
ORDERS = {
    "newest": "m.created DESC, m.n DESC",
    "oldest": "m.created, m.n",
    "updated": "m.updated DESC, m.n DESC",
    "occurred": "coalesce(m.occurred_at, ''), m.created, m.n",
    "used": "coalesce(u.count, 0) DESC, m.created DESC, m.n DESC",
    "priority": "m.priority DESC, m.created DESC, m.n DESC",
}


_KEYS: dict[str, Callable[[Memory], Any]] = {
    "newest": lambda memory: memory.created_at,
    "oldest": lambda memory: memory.created_at,
    "updated": lambda memory: memory.updated_at,
    "occurred": lambda memory: (memory.occurred_at or "", memory.created_at),
    "used": lambda memory: (memory.access_count, memory.created_at),
    "priority": lambda memory: (memory.priority, memory.created_at),
}


def in_order(memories: Iterable[Memory], order: str) -> list[Memory]:
    """Memories of several cubes in one of `ORDERS`; each cube's memories are in that order already."""
    return sorted(memories, key=_KEYS[order], reverse=order not in {"oldest", "occurred"})


def dicts(cursor: sqlite3.Cursor) -> Iterable[dict[str, Any]]:
    """The rows of a statement, each by the names of its columns."""
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


_ABSORBED = "EXISTS (SELECT 1 FROM links l WHERE l.source = m.id AND l.type = 'merged_into')"


class Due(NamedTuple):
    """A memory that the lifecycle has to look at.

    Attributes:
        n: its row.
        at: since when it is due.
        recent: the times of its last uses.
        absorbed: whether a fusion merged it into another memory.
    """

    n: int
    at: str
    memory: Memory
    recent: tuple[str, ...]
    absorbed: bool


def due(vault: "OpenCube", until: str, after: tuple[str, int], limit: int) -> list[Due]:
    """The memories that are due at `until`, longest due first, after a place (since when due, row) in that order."""
    sql = f"""SELECT {_FIELDS}, u.recent AS use_recent, {_ABSORBED} AS absorbed FROM {_FROM}
              WHERE m.next_due_at <= ? AND (m.next_due_at, m.n) > (?, ?) ORDER BY m.next_due_at, m.n LIMIT ?"""
    return [_due(row, vault.name) for row in dicts(vault.conn.execute(sql, (until, *after, limit)))]


def one_due(vault: "OpenCube", identity: str) -> Due | None:
    """One memory with what the lifecycle needs to know of it."""
    sql = f"SELECT {_FIELDS}, u.recent AS use_recent, {_ABSORBED} AS absorbed FROM {_FROM} WHERE m.id = ?"
    return next((_due(row, vault.name) for row in dicts(vault.conn.execute(sql, (identity,)))), None)


def _due(row: dict[str, Any], cube: str) -> Due:
    recent = tuple(json.loads(row["use_recent"] or "[]"))
    return Due(row["n"], row["next_due_at"] or "", memory_of(row, cube), recent, bool(row["absorbed"]))


def changed_since(vault: "OpenCube", row: int, most: int, load: int, leaving_out: str) -> tuple[list[str], int]:
    """Memories written after a row of the log, each once, and the last row that was read for them.

    Operations of another machine always count, whatever command wrote them: they were never compared with memories here.

    Args:
        most: the most memories.
        load: a transaction of more operations than this is skipped as a whole.
        leaving_out: a command whose own writes do not count.
    """
    own = schema.own_replicas(vault.conn)
    found: dict[str, None] = {}
    while len(found) < most:
        batch = vault.conn.execute(
            "SELECT n, subject, noun, command, txn, replica FROM ops WHERE n > ? ORDER BY n LIMIT 500", (row,)
        ).fetchall()
        if not batch:
            break
        for n, subject, noun, command, txn, replica in batch:
            row, mine = n, replica in own
            if noun == "memory" and not (mine and command == leaving_out):
                if mine and subject not in found and (end := _end_of_load(vault.conn, txn, load)):
                    row = end  # one transaction, so its rows are consecutive
                    break
                found[subject] = None
            if len(found) == most:
                break
    return list(found), row


def with_links(vault: "OpenCube") -> Iterator[tuple[Memory, tuple[tuple[str, str], ...]]]:
    """Every memory, purged ones too, in the order of ids, with type and target of the links that start at it.

    Uses are left out: they are no part of a cube's content.
    """
    links = "(SELECT json_group_array(l) FROM (SELECT json_array(type, target) AS l FROM links WHERE source = m.id ORDER BY 1))"
    sql = f"SELECT {_FIELDS}, {links} AS linked FROM {_FROM} ORDER BY m.id"
    for row in dicts(vault.conn.execute(sql)):
        yield (
            memory_of({**row, "use_count": 0, "use_last": None}, vault.name),
            tuple(tuple(json.loads(link)) for link in json.loads(row["linked"])),
        )


def records(vault: "OpenCube") -> dict[tuple[str, str], dict[str, Any]]:
    """Everything that is no memory (`view`, …), by noun and name."""
    found = vault.conn.execute("SELECT noun, id, fields FROM records")
    return {(noun, name): json.loads(fields) for noun, name, fields in found}


def clashing(vault: "OpenCube") -> list[str]:
    """The memories that two machines set differently, neither knowing of the other."""
    return [identity for (identity,) in vault.conn.execute("SELECT DISTINCT id FROM clashes ORDER BY id")]


def rivals(vault: "OpenCube") -> list[tuple[str, str, str]]:
    """External id, the memory that keeps it, and a memory of the same owner that got the same one on another machine."""
    sql = """SELECT r.external_id, m.id, r.id FROM rivals r JOIN memories m ON m.external_id = r.external_id
             JOIN memories o ON o.id = r.id AND o.owner IS m.owner ORDER BY 1, 3"""
    return vault.conn.execute(sql).fetchall()


def _end_of_load(conn: sqlite3.Connection, txn: str, load: int) -> int | None:
    """The last row of a transaction that has more operations than `load`."""
    (count,) = conn.execute("SELECT count(*) FROM (SELECT 1 FROM ops WHERE txn = ? LIMIT ?)", (txn, load + 1)).fetchone()
    return int(conn.execute("SELECT max(n) FROM ops WHERE txn = ?", (txn,)).fetchone()[0]) if count > load else None


def ids_with_prefix(vault: "OpenCube", prefix: str, sight: Condition, limit: int = 12) -> list[str]:
    """The ids that begin with `prefix`, among those that the condition lets through."""
    clause, values = sight
    sql = f"SELECT m.id FROM memories m WHERE m.id >= ? AND m.id < ? AND {clause} ORDER BY m.id LIMIT ?"
    # Ids are lower-case ASCII, so "~" sorts after every continuation.
    return [row[0] for row in vault.conn.execute(sql, (prefix, prefix + "~", *values, limit))]


def links_of(vault: "OpenCube", memory_id: str) -> tuple[list[Link], list[Link]]:
    """The links that start at a memory, and those that end there."""
    out = vault.conn.execute("SELECT source, type, target FROM links WHERE source = ? ORDER BY type, target", (memory_id,))
    into = vault.conn.execute("SELECT source, type, target FROM links WHERE target = ? ORDER BY type, source", (memory_id,))
    return [Link(s, LinkType(t), x) for s, t, x in out], [Link(s, LinkType(t), x) for s, t, x in into]


def tasks(vault: "OpenCube", sight: Condition) -> list[tuple[str, int, int, str]]:
    """Name, number of current memories, number of all, and time of the newest, for each task that memories name.

    As in a filter, spellings of one name are one task, written as its first memory writes it.
    """
    clause, values = sight
    sql = f"""SELECT f.task, g.current, g.every, g.newest FROM (
                  SELECT min(m.n) AS first, sum(m.state IN ({_marks(HOT_STATES)})) AS current, count(*) AS every,
                         max(m.created) AS newest
                  FROM memories m JOIN names x ON x.n = m.n AND x.sort = 'task' WHERE {clause} GROUP BY x.name) g
              JOIN memories f ON f.n = g.first ORDER BY 1"""
    found = vault.conn.execute(sql, [*HOT_STATES, *values])
    return [(name, current, every, from_millis(millis_of(newest))) for name, current, every, newest in found]
