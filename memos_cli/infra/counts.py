"""Counts of a cube's memories, for reports. Turns of chat are no memories, and are counted by themselves."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.governance import labels
from memos_cli.infra.vault import queries
from memos_cli.infra.vault.sight import last_words
from memos_cli.model import Filter

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube
    from memos_cli.infra.vault.vault import Vault


def schedule(vault: "OpenCube", now: str) -> tuple[dict[str, int], int, str | None]:
    """How many memories are in each state, how many are due at `now`, and when the next one will be.

    A tick looks at turns of chat as well, so they are among those that are due.
    """
    states = dict(vault.conn.execute(f"SELECT state, count(*) FROM memories m WHERE {queries.NO_TURN} GROUP BY 1").fetchall())
    due = vault.conn.execute("SELECT count(*) FROM memories WHERE next_due_at <= ?", (now,)).fetchone()[0]
    later = vault.conn.execute("SELECT min(next_due_at) FROM memories WHERE next_due_at > ?", (now,)).fetchone()[0]
    return states, int(due), later


def count_up_to(vault: "OpenCube", states: Sequence[str], most: int) -> int:
    """How many memories are in these states, counted up to `most`: counting a million rows takes a second."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM memories WHERE state IN ({', '.join('?' * len(states))}) LIMIT ?)"
    return int(vault.conn.execute(sql, (*states, most)).fetchone()[0])


def statistics(vault: "OpenCube") -> dict[str, Any]:
    """Counts for `stats` and `cube info`; the turns of chat, which are no memories, are counted by themselves."""
    there = f"state <> 'purged' AND {queries.NO_TURN}"

    def counts(column: str) -> dict[str, int]:
        sql = f"SELECT {column}, count(*) FROM memories m WHERE {there} GROUP BY 1 ORDER BY 2 DESC, 1"
        return dict(vault.conn.execute(sql).fetchall())

    def one(sql: str) -> int:
        return int(vault.conn.execute(sql).fetchone()[0])

    tags = f"SELECT tag, count(*) FROM tags m WHERE {queries.NO_TURN_IN_SCAN} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"
    return {
        "memories": one(f"SELECT count(*) FROM memories m WHERE {there}"),
        "turns": one(f"SELECT count(*) FROM memories WHERE state <> 'purged' AND {queries.IS_TURN}"),
        "operations": one("SELECT count(*) FROM ops"),
        "transactions": one("SELECT count(DISTINCT txn) FROM ops"),
        "states": counts("state"),
        "kinds": counts("kind"),
        "tags": dict(vault.conn.execute(tags).fetchall()),
        "links": one("SELECT count(*) FROM links"),
        "pinned": one("SELECT count(*) FROM memories WHERE pinned"),
        "frozen": one("SELECT count(*) FROM memories WHERE frozen"),
        "vectors": one("SELECT (SELECT count(*) FROM vectors) + (SELECT count(*) FROM cold_vectors)"),
        "pending": one("SELECT count(*) FROM pending"),
        "uses": one("SELECT coalesce(sum(count), 0) FROM uses"),
    }


def names(vault: "OpenCube", field: str, sight: Filter) -> dict[str, int]:
    """The names that memories passing a filter have, each with how many have it, the most used first.

    Args:
        field: `tags`, `labels`, or a column of `memories` that holds a name.
    """
    clause, values = queries.condition(sight)
    marks = {"tags": "tag", "labels": "label"}
    source = f"{field} t JOIN memories m ON m.n = t.n" if field in marks else "memories m"
    column = f"t.{marks[field]}" if field in marks else f"m.{field}"
    sql = f"SELECT {column}, count(*) FROM {source} WHERE {column} IS NOT NULL AND {clause} GROUP BY 1 ORDER BY 2 DESC, 1"
    return dict(vault.conn.execute(sql, values).fetchall())


def labels_of(vault: "OpenCube", ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The labels of those of these memories that have any."""
    sql = """SELECT m.id, l.label FROM memories m JOIN labels l ON l.n = m.n
             WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY l.label"""
    found: dict[str, tuple[str, ...]] = {}
    for identity, label in vault.conn.execute(sql, (json.dumps(list(ids)),)):
        found[identity] = (*found.get(identity, ()), label)
    return found


def staying(vault: "Vault", whither: labels.Whither, wanted: Filter) -> dict[str, list[str]]:
    """The memories passing a filter that their labels keep from going somewhere, each with these labels."""
    (clause, values), policy = queries.condition(wanted), vault.policy
    going, *names = labels.condition(whither, policy)
    sql = f"SELECT m.id FROM memories m WHERE {clause} AND NOT {going}"
    found = [identity for (identity,) in vault.conn.execute(sql, (*values, *names))]
    return {one: labels.staying(told, whither, policy) for one, told in labels_of(vault, found).items()}


def has_told(vault: "OpenCube", owner: str) -> bool:
    """Whether somebody has told this cube anything themselves that is still there."""
    sql = "SELECT 1 FROM memories WHERE owner IS ? AND origin = 'user' AND state NOT IN ('expired', 'purged') LIMIT 1"
    return vault.conn.execute(sql, (owner,)).fetchone() is not None


def has_written(vault: "OpenCube", who: str) -> bool:
    """Whether somebody has written anything to this cube, registered or not."""
    return vault.conn.execute("SELECT 1 FROM ops WHERE principal = ? LIMIT 1", (who,)).fetchone() is not None


def untrusted_count(vault: "OpenCube") -> int:
    """How many memories are untrusted: they came from elsewhere, and nobody here has used them yet."""
    return int(vault.conn.execute("SELECT count(*) FROM arrivals").fetchone()[0])


def unconfirmed(vault: "OpenCube") -> dict[str, list[str]]:
    """The untrusted memories of which an agent wrote what they say, the oldest first: their ids by the agent."""
    sql = f"""SELECT agent, id FROM (
                SELECT {last_words.AGENT} AS agent, m.id, m.n FROM arrivals a JOIN memories m ON m.id = a.id
                WHERE m.state NOT IN ('expired', 'purged')
              ) WHERE agent IS NOT NULL ORDER BY agent, n"""
    found: dict[str, list[str]] = {}
    for owner, identity in vault.conn.execute(sql):
        found.setdefault(owner, []).append(identity)
    return found
