"""Circles of links: for some types, whoever follows the links must reach an end."""

import sqlite3

from memos_cli.infra.vault import fold, log
from memos_cli.model import Link, LinkType

ACYCLIC = (LinkType.SUPERSEDES, LinkType.MERGED_INTO, LinkType.PART_OF, LinkType.DERIVED_FROM)
"""The types whose links must form no circle."""


def circle(conn: sqlite3.Connection, kind: LinkType, among: str = "1") -> list[tuple[str, str]]:
    """Source and target of each link of one circle; empty where there is none. Of the same links always the same circle.

    Links whose target has no further link are removed until none is left, in a temporary table. What stays leads on and on.

    Args:
        among: an SQL condition on the links that count.
    """
    run = conn.execute
    run("DROP TABLE IF EXISTS temp.ways")
    run("CREATE TEMP TABLE ways (target TEXT, source TEXT, PRIMARY KEY (target, source)) WITHOUT ROWID")
    run(f"INSERT INTO temp.ways SELECT target, source FROM main.links WHERE type = ? AND {among}", (kind.value,))
    run("CREATE INDEX temp.ways_source ON ways (source)")
    ends = "SELECT DISTINCT target FROM temp.ways w WHERE NOT EXISTS (SELECT 1 FROM temp.ways o WHERE o.source = w.target)"
    line = [target for (target,) in run(ends)]
    while line:
        target = line.pop()
        sources = [source for (source,) in run("SELECT source FROM temp.ways WHERE target = ?", (target,))]
        run("DELETE FROM temp.ways WHERE target = ?", (target,))
        line += [one for one in sources if run("SELECT 1 FROM temp.ways WHERE source = ?", (one,)).fetchone() is None]
    (at,) = run("SELECT min(source) FROM temp.ways").fetchone()
    way: list[str] = []
    while at is not None and at not in way:
        way.append(at)
        (at,) = run("SELECT min(target) FROM temp.ways WHERE source = ?", (at,)).fetchone()
    run("DROP TABLE temp.ways")
    ring = way[way.index(at) :] if way else []
    return list(zip(ring, [*ring[1:], *ring[:1]], strict=True))


def leads(conn: sqlite3.Connection, start: str, kind: LinkType, end: str) -> bool:
    """Whether links of a type lead from one memory to another."""
    sql = """WITH RECURSIVE way (id) AS (
                 SELECT ? UNION SELECT l.target FROM main.links l JOIN way ON l.source = way.id WHERE l.type = ?)
             SELECT 1 FROM way WHERE id = ?"""
    return conn.execute(sql, (start, kind.value, end)).fetchone() is not None


def to_open(conn: sqlite3.Connection, kind: LinkType) -> Link | None:
    """Of a circle of links that one which was set last, to be taken out; `None` where no links of the type form a circle.

    Every machine with the same operations takes out the same one.
    """
    ring = [Link(source, kind, target) for source, target in circle(conn, kind)]
    return max(ring, key=lambda link: _set_at(conn, link)) if ring else None


def _set_at(conn: sqlite3.Connection, link: Link) -> tuple[int, str, int]:
    """The place, in folding order, of the operation that set a link."""
    name = fold.link_register(link.type, link.target)
    return max(log.order(op) for op in log.of_subject(conn, "memory", link.source) if (op.change or {}).get(name))
