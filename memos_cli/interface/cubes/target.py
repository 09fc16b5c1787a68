"""The file that an export goes to: there with all of its bytes, as they were written, or not at all."""

import io
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from memos_cli.errors import MemosError, Refused
from memos_cli.infra import files


class _Hashing(io.RawIOBase):
    """Writes to a file, and computes the digest of what was written, whatever became of it on the disk."""

    def __init__(self, file: IO[bytes]) -> None:
        from hashlib import sha256

        self._file, self._hash = file, sha256()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401 -- bytes or a view of them
        """Write all of it."""
        self._hash.update(content)
        return self._file.write(content)

    @property
    def digest(self) -> str:
        """SHA-256 of what was written, in hexadecimal."""
        return self._hash.hexdigest()


@contextmanager
def written(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A stream whose bytes are at `path`, readable by nobody else, once the block ends: all of them, or none.

    Raises:
        Refused: the file exists, and `force` was not given.
        MemosError: the file cannot be written there.
    """
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):  # write to a device or a pipe, never replace it
            with path.open("wb") as stream:
                yield stream
            return
        if path.exists() and not force:
            raise Refused(f"there is a file {path} already", hint="replace it with --force, or name another one with -o")
        if not path.parent.is_dir():
            raise MemosError(
                f"there is no folder {path.parent}", hint=f"make it with: mkdir -p {shlex.quote(str(path.parent))}"
            )
        with files.replaced(path) as half:
            with half.open("wb") as stream:
                out = _Hashing(stream)
                yield cast("BinaryIO", out)
            if files.kept(half) != out.digest:
                raise MemosError(f"the disk did not keep what was written to {path}", hint="write it to another disk")
            if path.exists() and not force:
                raise Refused(f"there is a file {path} now; nothing was replaced", hint="replace it with --force")
    except IsADirectoryError:
        raise MemosError(f"{path} is a folder", hint="name a file in it") from None
