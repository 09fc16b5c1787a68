"""Circles of links: for some types, whoever follows the links must reach an end."""

import sqlite3
from typing import TYPE_CHECKING

from memos_cli.model import LinkType

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

ACYCLIC = (LinkType.SUPERSEDES, LinkType.MERGED_INTO, LinkType.PART_OF, LinkType.DERIVED_FROM)
"""The types whose links must form no circle."""


def circle(conn: sqlite3.Connection, kind: LinkType, among: str = "1") -> tuple[str, str] | None:
    """Source and target of a link in a circle, or on the way from one circle to another; `None` where there is no circle.

    Links whose target has no further link are removed until none is left, in a temporary table.

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
    found: tuple[str, str] | None = run("SELECT source, target FROM temp.ways LIMIT 1").fetchone()
    run("DROP TABLE temp.ways")
    return found


def leads(vault: "OpenCube", start: str, kind: LinkType, end: str) -> bool:
    """Whether links of a type lead from one memory to another."""
    sql = """WITH RECURSIVE way (id) AS (
                 SELECT ? UNION SELECT l.target FROM links l JOIN way ON l.source = way.id WHERE l.type = ?)
             SELECT 1 FROM way WHERE id = ?"""
    return vault.conn.execute(sql, (start, kind.value, end)).fetchone() is not None
