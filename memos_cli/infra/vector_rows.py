"""The vectors of a cube in parts, for whoever makes a file of them: never all of them in memory at once."""

import json
from typing import TYPE_CHECKING

from memos_cli.infra.vault import search

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.infra.vault.connection import OpenCube

_PART = 16_384
"""Vectors that are read at a time: 12 MB at 384 dimensions."""
_SAMPLE = 1_024
"""Vectors from which their centre is computed: it is off by a thirtieth of their spread."""


def _table(*, cold: bool) -> str:
    return "cold_vectors" if cold else "vectors"


def are_many(vault: "OpenCube", fingerprint: str, most: int, *, cold: bool = False) -> bool:
    """Whether an embedder made at least `most` of the hot or cold vectors."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM main.{_table(cold=cold)} WHERE embedder = ? LIMIT ?)"  # noqa: S608 -- our own names
    return bool(vault.conn.execute(sql, (search.embedder_id(vault, fingerprint), most)).fetchone()[0] == most)


def sample(vault: "OpenCube", fingerprint: str, *, cold: bool = False) -> list[bytes]:
    """Some of the vectors, spread evenly over the cube, in the encoding of `infra.local.vector_matrix`."""
    table = _table(cold=cold)
    first, last = vault.conn.execute(f"SELECT min(n), max(n) FROM main.{table}").fetchone()  # noqa: S608 -- our own names
    rows = sorted({first + (last - first) * place // _SAMPLE for place in range(_SAMPLE + 1)}) if first is not None else []
    sql = f"SELECT v.vector FROM json_each(?) j CROSS JOIN main.{table} v ON v.n = j.value WHERE v.embedder = ?"  # noqa: S608 -- our own names
    known = search.embedder_id(vault, fingerprint)
    found = [vector for (vector,) in vault.conn.execute(sql, (json.dumps(rows), known))]
    if not found:  # what is left of a cube whose rows are far between
        sql = f"SELECT vector FROM main.{table} WHERE embedder = ? LIMIT ?"  # noqa: S608 -- our own names
        found = [vector for (vector,) in vault.conn.execute(sql, (known, _SAMPLE))]
    return found


def parts(vault: "OpenCube", fingerprint: str, *, cold: bool = False) -> "Iterator[tuple[NDArray[np.int64], list[bytes]]]":
    """All vectors as one state of the cube has them, in parts: row numbers, ascending, and vectors."""
    import numpy as np

    sql = f"SELECT n, vector FROM main.{_table(cold=cold)} WHERE embedder = ? ORDER BY n"  # noqa: S608 -- our own names
    cursor = vault.conn.execute(sql, (search.embedder_id(vault, fingerprint),))
    while found := cursor.fetchmany(_PART):
        yield np.fromiter((n for n, _ in found), dtype=np.int64, count=len(found)), [vector for _, vector in found]
