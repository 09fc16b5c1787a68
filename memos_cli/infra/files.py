"""Files that are complete or absent: written under another name, synced, renamed. And a lock that one process can hold."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from memos_cli import modes
from memos_cli.errors import Busy, MemosError


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """An empty file beside `path` to write to, for its owner alone; it takes the place of `path` when the block ends.

    It is gone if the block raises.
    """
    modes.make_folder(path.parent)
    half = _half(path)
    try:
        modes.make_file(half)
        yield half
        _wait_for(half)
        half.replace(path)
        sync_folder(path.parent)
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def only_one(path: Path, what: str, *, timeout: float = 0) -> Iterator[None]:
    """Hold the lock file at `path` for the block; the system releases it when the process ends, however it ends.

    Args:
        what: the work that the lock protects, for the message.
        timeout: seconds to wait for another process that holds the lock.

    Raises:
        Busy: another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=timeout, mode=modes.FILE)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(f"{what} is under way already", hint="try again later") from None
    except OSError as error:
        raise MemosError(f"cannot lock {path}: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; 0.1 s for 90 MB."""
    import hashlib  # here, since it loads OpenSSL: see `vault.log`

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def kept(path: Path) -> str:
    """SHA-256 of a file as the disk has it, once it is there: not of what the system still keeps in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):  # Linux; elsewhere the copy in memory is what is compared
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return digest(path)


def digest_of(content: bytes) -> str:
    """SHA-256 of bytes in memory, in hexadecimal."""
    import hashlib  # here, as above

    return hashlib.sha256(content).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all, on disk when this returns, and at no time for anybody else to read."""
    with replaced(path) as half:
        half.write_bytes(content)


def write_all(contents: Mapping[Path, bytes]) -> None:
    """As `write` for many files: all are written before the first is waited for, so that the disk takes them together."""
    halves = {path: _half(path) for path in contents}
    try:
        for folder in {path.parent for path in contents}:
            modes.make_folder(folder)
        for path, half in halves.items():
            _begin(half, contents[path])
        for path, half in halves.items():
            try:
                _wait_for(half)
                half.replace(path)
            except FileNotFoundError:  # a purge of another process took it for a leftover
                write(path, contents[path])
        for folder in {path.parent for path in contents}:
            sync_folder(folder)
    finally:
        for half in halves.values():
            half.unlink(missing_ok=True)


def _half(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(6).hex()}")


def _begin(half: Path, content: bytes) -> None:
    """Write a file, and let the system begin to put it on disk, where it takes such advice."""
    modes.make_file(half)
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _wait_for(half: Path) -> None:
    with half.open("rb+") as file:
        os.fsync(file.fileno())


def writable(folder: Path) -> Path:
    """The folder, made if it is missing, or the system's temporary one where nothing can be written in it."""
    with suppress(OSError):
        modes.make_folder(folder)
        if os.access(folder, os.W_OK):
            return folder
    from tempfile import gettempdir

    return Path(gettempdir())


def sync_folder(folder: Path) -> None:
    """Make the renames in `folder` survive a power cut, where the system lets a folder be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
