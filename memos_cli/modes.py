"""Who may read what memos writes: nobody but its owner, whatever the umask says.

All that makes a folder or a file in a home asks this module. What a person names outside of the home (`bench qa -o`, man pages)
keeps the mode that the umask gives it.
"""

import os
from contextlib import suppress
from pathlib import Path

FOLDER = 0o700
FILE = 0o600
_OTHERS = 0o077
"""What group and others may do; a home gives them nothing."""


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, each for its owner alone; one that is there stays as it is.

    `Path.mkdir(mode, parents=True)` makes those above with the mode that the umask leaves.
    """
    try:
        path.mkdir(mode=FOLDER, exist_ok=True)
    except FileNotFoundError:
        if path.parent == path:
            raise
        make_folder(path.parent)
        path.mkdir(mode=FOLDER, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone, before something writes there that asks for no mode; one that is there stays."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE))


def mend(*roots: Path) -> int:
    """Take from group and others what they may do in these folders and below; how many files and folders that changed.

    What a link leads to lies elsewhere and stays as it is, and so does what belongs to another user.
    """
    changed = 0
    for root in roots:
        if root.is_dir():
            changed += _narrow(str(root))
            for folder, folders, names in os.walk(root):
                changed += sum(_narrow(os.path.join(folder, name)) for name in (*folders, *names))  # noqa: PTH118 -- as `walk` does
    return changed


def _narrow(path: str) -> bool:
    with suppress(OSError):
        mode = os.lstat(path).st_mode
        if os.name == "posix" and mode & _OTHERS and not os.path.islink(path):  # noqa: PTH114 -- thousands of them
            os.chmod(path, mode & 0o700)  # noqa: PTH101 -- as above
            return True
    return False
