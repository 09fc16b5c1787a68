"""Where the cubes of a home lie: their names, the folder that a name or a path means, and which files are cubes at all.

Nothing is opened here but a file's first bytes.
"""

import os
import re
import stat
from _thread import allocate_lock
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memos_cli.errors import CubeNotFound, IntegrityError, MemosError, UsageError

FILE = "cube.db"
"""The file of a cube, in its folder."""
APPLICATION_ID = 0x4D454D4F
"""`MEMO` in ASCII, in bytes 68 to 71 of the file, by which `file` and memos recognise a cube."""
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def names(folder: Path) -> list[str]:
    """The names of the cubes below a folder, sorted; also of those that cannot be looked into, which say so when opened.

    Raises:
        MemosError: the folder cannot be read, or is a link to what is not there, such as a disk that is not mounted.
    """
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if not entry.name.startswith(".")]
    except FileNotFoundError:
        for path in (folder, folder.parent):
            require_linked(path)
        return []
    except OSError as error:
        raise MemosError(f"cannot read {folder}: {error.strerror}") from None
    return sorted(name for name in found if _is_cube(folder / name))


def require_linked(path: Path) -> None:
    """Make sure that a path is no link to what is not there.

    Raises:
        MemosError: it is one.
    """
    if path.is_symlink() and not path.exists():
        raise MemosError(f"{path} is a link to {path.readlink()}, which is not there", hint="is its disk mounted?")


def _is_cube(folder: Path) -> bool:
    """Whether a folder is that of a cube, as far as can be seen."""
    try:
        (folder / FILE).stat()
    except (FileNotFoundError, NotADirectoryError):
        return folder.is_symlink() and not folder.exists()
    except OSError:  # it may be one
        return True
    return True


def is_path(cube: str) -> bool:
    """Whether what stands for a cube is a path and not a name."""
    return os.sep in cube or cube in {".", ".."} or bool(os.altsep and os.altsep in cube)


def place(folder: Path, cube: str) -> Path:
    """The folder of a cube that is given by name, or by a path (anything with a separator in it).

    Raises:
        UsageError: neither a valid name nor a path.
    """
    if is_path(cube):
        return Path(cube).expanduser().absolute()
    if not _NAME.fullmatch(cube):
        raise UsageError(f"{cube!r} cannot be the name of a cube", hint="letters, digits, '.', '_' and '-', 64 at most")
    return folder / cube


_RESTORE = "restore it from a backup; memos left it as it is"


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Open a file with SQLite in the block, once it is sure that it is a cube; `closed` is told when it is closed again.

    POSIX locks belong to the process: whoever closes a handle of a file drops all locks of the process on it, those of SQLite's
    connections, too (sqlite.org/howtocorrupt.html, 2.2). Another process that closes the cube then takes itself for the last
    one, and removes the write-ahead log that is still written to here. So a file that SQLite has open is not read beside it.

    Raises:
        CubeNotFound: there is no such file. MemosError: it cannot be read.
        IntegrityError: not SQLite, or SQLite of another program.
    """
    with _BETWEEN:
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):  # to read a pipe is to wait for its writer
                raise IntegrityError(f"not a cube: {path} is no file", hint=_RESTORE)
            if (which := (found.st_dev, found.st_ino)) not in _OPEN:
                _check_header(path)
        except FileNotFoundError:
            raise CubeNotFound(f"no cube at {path.parent}") from None
        except OSError as error:
            raise MemosError(f"cannot read {path}: {error.strerror}") from None
        yield
        _OPEN[which] = _OPEN.get(which, 0) + 1


def closed(which: tuple[int, int] | None) -> None:
    """A connection of this process to a file, by its device and inode, was closed."""
    if which is not None and which in _OPEN:
        _OPEN[which] -= 1
        if not _OPEN[which]:
            del _OPEN[which]
            if (handle := _BESIDE.pop(which, None)) is not None:
                os.close(handle)


def parts(path: Path, overlap: int = 0) -> Iterator[bytes]:
    """The bytes of a file that SQLite has open, in parts, each behind so many bytes of the one before.

    The handle stays open as long as the connections (see `opening`).
    """
    with _BETWEEN:
        found = path.stat()
        which = found.st_dev, found.st_ino
        if which not in _BESIDE:
            _BESIDE[which] = os.open(path, os.O_RDONLY)
        handle = _BESIDE[which]
    place = 0
    while part := os.pread(handle, _PART, place):  # no mmap: that closes a copy of the handle
        yield os.pread(handle, min(overlap, place), max(0, place - overlap)) + part if overlap else part
        place += len(part)


_OPEN: dict[tuple[int, int], int] = {}
"""How many connections of this process the files of cubes have, or more: one that nobody closed counts on."""
_BESIDE: dict[tuple[int, int], int] = {}
"""The handles that read beside them."""
_BETWEEN = allocate_lock()
_PART = 8 << 20
"""Bytes of a part."""


def _check_header(path: Path) -> None:
    """Read the file's first bytes and refuse what is not a cube, before SQLite touches it."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise IntegrityError(f"not a cube: {path} is not an SQLite file, or its beginning is damaged", hint=_RESTORE)
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise IntegrityError(f"not a cube: {path} belongs to another program", hint="name another cube with --cube")
