"""Files that are whole or not there: written aside, synced, renamed. And the one lock a job can hold."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it takes the place of `path` when the block ends, and is gone if it raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        yield half
        with half.open("rb+") as file:
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(path.parent)
    finally:
        half.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all, and on disk when this returns."""
    with replaced(path) as half:
        half.write_bytes(content)


def sync_folder(folder: Path) -> None:
    """Make what was renamed in `folder` survive a power cut, where the system lets a folder be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
