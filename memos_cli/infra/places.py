"""Where the cubes of a home lie: their names, the folder that a name or a path means, and which files are cubes at all.

Nothing is opened here but a file's first bytes.
"""

import os
import re
from pathlib import Path

from memos_cli.errors import IntegrityError, UsageError

FILE = "cube.db"
"""The file of a cube, in its folder."""
APPLICATION_ID = 0x4D454D4F
"""`MEMO` in ASCII, in bytes 68 to 71 of the file, by which `file` and memos recognise a cube."""
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def names(folder: Path) -> list[str]:
    """The names of the cubes below a folder, sorted."""
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob(f"*/{FILE}") if not path.parent.name.startswith("."))


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


def check_header(path: Path) -> None:
    """Read the file's first bytes and refuse what is not a cube, before SQLite touches it.

    Raises:
        IntegrityError: not SQLite, or SQLite of another program.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise IntegrityError(f"not a cube: {path} is not an SQLite file, or its beginning is damaged", hint=_RESTORE)
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise IntegrityError(f"not a cube: {path} belongs to another program", hint="name another cube with --cube")
