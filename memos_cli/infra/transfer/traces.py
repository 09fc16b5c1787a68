"""Traces of watermarks: whose copy a cube file, or a cube that came of one, is.

The mark in a manifest is gone once the file was imported. The salts of a publication stay with their operations: through an
import, a merge, a split, an export of a part, and in however many copies. What takes them off is a new log: publishing the copy
again, or writing its texts anew.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hmac import compare_digest
from typing import Any, NamedTuple

from memos_cli.infra import cubefile
from memos_cli.infra.crypto.watermark import SALT, Mark, salted
from memos_cli.infra.cubefile.manifest import MARK
from memos_cli.infra.vault.vault import Vault

PUBLISH = "publish"
"""The command of the operations of a publication."""


class Trace(NamedTuple):
    """Somebody whose marks were found.

    Attributes:
        recipient: who was given it.
        manifest: whether the mark in the manifest is theirs: the file is the very one that they were given.
        salts: how many of the salts are theirs.
    """

    recipient: str
    manifest: bool
    salts: int


class Traces(NamedTuple):
    """What was looked for, and found.

    Attributes:
        found: the recipients, the one with the most marks first.
        marked: whether the manifest has a mark at all, be it of this home or of another.
        salts: how many salts could have one, those of publications.
    """

    found: tuple[Trace, ...] = ()
    marked: bool = False
    salts: int = 0


def traces(vault: Vault, marks: Sequence[Mark], manifest: Mapping[str, Any] | None = None) -> Traces:
    """The recipients whose marks are in a cube, staged or here.

    Every salt is compared with that of every recipient until it fits one: a million comparisons take 2 to 3 seconds.

    Args:
        vault: the cube.
        marks: of the recipients of this home.
        manifest: of the file that the cube was read from.
    """
    found, count = Counter[str](), 0
    order = list(marks)
    for noun, subject, salt, change in _published(vault.conn):
        count += 1
        told = salted(noun, subject, change)
        for place, mark in enumerate(order):
            if mark.salt(told) == salt:
                found[mark.recipient] += 1
                order.insert(0, order.pop(place))  # the next salt is likely of the same recipient
                break
    given = _of_manifest(marks, manifest)
    names = sorted({*found, *given}, key=lambda name: (name not in given, -found[name], name))
    marked = manifest is not None and MARK in manifest
    return Traces(tuple(Trace(name, name in given, found[name]) for name in names), marked, count)


def _published(conn: sqlite3.Connection) -> Iterator[tuple[str, str, bytes, str]]:
    sql = "SELECT noun, subject, salt, change FROM ops WHERE command = ? AND change IS NOT NULL AND length(salt) = ?"
    return iter(conn.execute(sql, (PUBLISH, SALT)))


def _of_manifest(marks: Sequence[Mark], manifest: Mapping[str, Any] | None) -> set[str]:
    if manifest is None or MARK not in manifest:
        return set()
    rest = cubefile.encoded({name: value for name, value in manifest.items() if name != MARK})
    return {mark.recipient for mark in marks if compare_digest(mark.of_manifest(rest), manifest[MARK])}
