"""The cube file as a container: a canonical ustar archive whose every byte is determined by its content.

`man/memos-cube.5` describes the format. Nothing here knows what the members mean; `transfer.dumper` fills them and
`transfer.loader` reads them.

Reader and writer work on plain binary streams and go through them once, so that a file may come from a pipe, and encryption may
lie around it. There is no compression inside: no bomb is possible, and no byte depends on a zlib.

`form` has what both ends share, `manifest` the first member's form, `writer` and `reader` the two ends.
"""

from memos_cli.infra.cubefile.form import (
    ADAPTERS,
    BLOBS,
    BLOCK,
    FORMAT,
    LEARNT,
    LINKS,
    MANIFEST,
    MEMORIES,
    MOST_BYTES,
    MOST_MANIFEST,
    MOST_MEMBERS,
    MOST_SEAL,
    OPS,
    RECORD,
    RULES,
    SEAL,
    SLOTS,
    STATE,
    SUFFIX,
    VECTORS,
    Member,
    Sign,
    Tell,
    decoded,
    encoded,
    header,
    padding,
    unsound,
)
from memos_cli.infra.cubefile.manifest import MOST_ADAPTERS, MOST_SLOTS
from memos_cli.infra.cubefile.reader import Incoming, Reader, Source
from memos_cli.infra.cubefile.writer import Part, Spool, write

__all__ = [
    "ADAPTERS", "BLOBS", "BLOCK", "FORMAT", "LEARNT", "LINKS", "MANIFEST", "MEMORIES", "MOST_ADAPTERS", "MOST_BYTES",
    "MOST_MANIFEST", "MOST_MEMBERS", "MOST_SEAL", "MOST_SLOTS", "OPS", "RECORD", "RULES", "SEAL", "SLOTS", "STATE",
    "SUFFIX", "VECTORS", "Incoming", "Member", "Part", "Reader", "Sign", "Source", "Spool", "Tell", "decoded", "encoded",
    "header", "padding", "unsound", "write",
]  # fmt: skip
