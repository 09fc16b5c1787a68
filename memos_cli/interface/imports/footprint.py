"""The footprint of a source: what can be seen of it without reading it, as a digest. While it is the same, so is the source."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256

_MOST = 500_000
"""Files that are looked at. A source with more is one whose end is not seen, so it has no footprint."""
_FRESH = 2_000_000_000
"""Nanoseconds within which a file system may give two states of a file one time."""


def of(path: str, now: int) -> str:
    """The digest of the names, sizes and times of all files of a source.

    Args:
        path: a file or a folder.
        now: the time, in nanoseconds since 1970.

    Returns:
        Empty where no digest can be trusted: a file was changed this very moment, or there are too many.
    """
    digest = sha256()
    newest = 0
    for number, (name, found) in enumerate(sorted(_files(path))):
        if number >= _MOST:
            return ""
        newest = max(newest, found.st_mtime_ns)
        digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    return "" if 0 <= now - newest < _FRESH else digest.hexdigest()


def _files(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """The files, each by its path within the source; folders behind links are not gone into."""
    if not os.path.isdir(path):  # noqa: PTH112
        with suppress(OSError):
            yield "", os.stat(path)  # noqa: PTH116
        return
    seen = 0
    for where, _, names in os.walk(path):
        for name in names:
            whole = os.path.join(where, name)  # noqa: PTH118
            with suppress(OSError):
                found = os.stat(whole)  # noqa: PTH116
                if stat.S_ISREG(found.st_mode):
                    yield os.path.relpath(whole, path), found
        seen += len(names)
        if seen > _MOST:
            return
