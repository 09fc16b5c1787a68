"""Where the cubes of a home lie: their names, and the folder that a name or a path means. Nothing is opened here."""

import os
import re
from pathlib import Path

from memos_cli.errors import UsageError

FILE = "cube.db"
"""The file of a cube, in its folder."""
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
