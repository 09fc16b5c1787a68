"""Where the tests put their files: in memory, where a system has room for that.

What memos has stored it waits for to be on the disk, some twenty times in a command: 0.47 s of `memos add` on the disk of a
machine that is busy, and 0.04 s in memory. No test needs the disk: a process that is killed takes nothing along of what it has
written, on neither of them, and what a power cut takes can be tested on neither.
"""

import os
import shutil
from pathlib import Path

SHARED = Path("/dev/shm")  # noqa: S108 -- each run makes a folder there that is its own, as in /tmp
ROOM = 1 << 30
"""Bytes that have to be free."""


def folder(place: Path = SHARED, room: int = ROOM) -> Path | None:
    """A folder in memory for the files of a run; `None` where none is large enough, or where no program may be run from it."""
    try:
        fits = os.access(place, os.W_OK) and shutil.disk_usage(place).free >= room
        return place if fits and not os.statvfs(place).f_flag & os.ST_NOEXEC else None
    except (OSError, AttributeError):  # there is no such folder, or the system has no such question
        return None
