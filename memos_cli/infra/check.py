"""Integrity: what can be wrong with a cube, and how one finds out."""

import sqlite3
from typing import NamedTuple

from memos_cli.infra.blobs import Blobs
from memos_cli.infra.vault import connection, log, rebuild
from memos_cli.infra.vault.vault import Vault

MOST_SHOWN = 20
"""Faults listed of one kind: a damaged cube can have a million, and nobody reads on."""


class Check(NamedTuple):
    """One thing that was looked at, and what was found wrong with it."""

    name: str
    faults: tuple[str, ...]


def check(vault: Vault) -> list[Check]:
    """Look at a cube from the pages of its file up to the state that its log amounts to."""
    checks = [Check("file", tuple(_file(vault.conn)))]
    if checks[0].faults:
        return checks
    checks.append(Check("log", tuple(fault for fault, _ in zip(log.faults(vault.conn), range(MOST_SHOWN), strict=False))))
    if not checks[-1].faults:
        checks.append(Check("state", tuple(rebuild.differences(vault.conn))))
    checks.append(Check("index", tuple(_index(vault.conn))))
    checks.append(Check("blobs", tuple(Blobs(vault.folder / connection.BLOBS).faults()[:MOST_SHOWN])))
    return checks


def _file(conn: sqlite3.Connection) -> list[str]:
    try:
        found = [row[0] for row in conn.execute(f"PRAGMA integrity_check({MOST_SHOWN})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def _index(conn: sqlite3.Connection) -> list[str]:
    """The full-text index against the memories: as many rows, and none without its memory."""
    indexed = conn.execute("SELECT count(*) FROM fts_docsize").fetchone()[0]
    memories = conn.execute("SELECT count(*) FROM memories").fetchone()[0]
    faults = [] if indexed == memories else [f"{memories} memories, {indexed} of them indexed"]
    lost = conn.execute("SELECT count(*) FROM vectors WHERE n NOT IN (SELECT n FROM memories)").fetchone()[0]
    if lost:
        faults.append(f"{lost} vectors of memories that are not there")
    unembedded = conn.execute(
        """SELECT count(*) FROM memories m WHERE state <> 'purged' AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.n = m.n)
           AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.n = m.n)"""
    ).fetchone()[0]
    if unembedded:
        faults.append(f"{unembedded} memories neither have vectors nor wait for them")
    return faults
