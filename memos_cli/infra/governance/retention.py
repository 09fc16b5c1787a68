"""How long the record of reads is kept: what is older is cut off, and the chain holds from there on.

An entry says first what will be cut off, so that the cut stands in the chain. Then the entries go, and a mark keeps the id of
the last one, which the next entry was hashed over. A crash in between leaves a whole record, and the next cut does the rest.
"""

from memos_cli.infra import marks
from memos_cli.infra.governance.read_log import ANCHOR, CUT, Getting, Recorded, record

_OLD = """SELECT n, id FROM reads WHERE n < coalesce((SELECT min(n) FROM reads WHERE at >= ?), 9e18) ORDER BY n DESC LIMIT 1"""
_READS = "SELECT count(*) FROM reads WHERE n <= ? AND action <> ?"


def cut(vault: Recorded, who: Getting, before: str) -> int:
    """Cut off the entries that were made before a time, from the first one on; how many those were.

    Args:
        vault: the cube.
        who: who does it; the entry that says so has the time of this.
        before: fixed-width UTC text.

    Raises:
        CubeLocked: another process writes. NotWritable, StorageFull: it cannot be written.
    """
    n, identity = vault.conn.execute(_OLD, (before,)).fetchone() or (0, b"")
    if not vault.conn.execute(_READS, (n, CUT)).fetchone()[0]:
        return 0
    name = f"{n} {identity.hex()}"
    record(vault, who, CUT, (), purpose=name)
    with vault.derive() as conn:
        gone = conn.execute("DELETE FROM reads WHERE n <= ?", (n,)).rowcount
        marks.set_mark(conn, ANCHOR, name)
    return int(gone)
