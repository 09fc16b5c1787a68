"""Content-addressed files of a cube: named by their SHA-256, written once, never modified, checked at every read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memos_cli.errors import IntegrityError
from memos_cli.infra import files

ABSENT = "absent"
"""The mark, in the table `cube`, with how many source files of memories were missing from the file that the cube came in."""
_MOST_FILES, _MOST_BYTES = 1000, 32 << 20
"""The most files that wait to be written together, and the most bytes in them."""


def _digest(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()


class Blobs:
    """The blob folder of one cube; a blob lies at `ab/abcdef…`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        """The path of the file with this digest."""
        return self._folder / digest.removeprefix(".")[:2] / digest

    def __contains__(self, digest: str) -> bool:
        return self.path(digest).is_file()

    def put(self, content: bytes) -> str:
        """Store `content`; its digest in hexadecimal."""
        digest = _digest(content)
        path = self.path(digest)
        if path.exists():
            path.touch()  # it is in use, so no leftover (see `older_than`)
        else:
            files.write(path, content)
        return digest

    @contextmanager
    def together(self) -> Iterator["Blobs"]:
        """The same folder, whose new files are written in lots, which is faster; all are on disk when the block ends."""
        waiting = _Waiting(self._folder)
        yield waiting
        waiting.settle()

    def remove(self, name: str) -> None:
        """Delete a file that nothing needs any more."""
        self.path(name).unlink(missing_ok=True)

    def raw(self, name: str) -> bytes:
        """The bytes under a name, unchecked; empty if it is gone."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return b""

    def older_than(self, before: float = float("inf")) -> set[str]:
        """The names of the files, half-written ones too, that were last touched before a time (seconds since 1970)."""
        return {path.name for path in self._folder.glob("*/*") if path.is_file() and path.stat().st_mtime < before}

    def get(self, digest: str) -> bytes:
        """The content with this digest.

        Raises:
            IntegrityError: it is gone, or its content changed.
        """
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise IntegrityError(f"the file {digest[:12]} that memories came from is gone from the cube") from None
        if _digest(content) != digest:
            raise IntegrityError(f"the file {digest[:12]} that memories came from was changed on disk")
        return content

    def faults(self) -> list[str]:
        """A line for each file whose content does not match its name."""
        kept = (path for path in sorted(self._folder.glob("*/*")) if path.is_file() and not path.name.startswith("."))
        wrong = (path for path in kept if _digest(path.read_bytes()) != path.name)
        return [f"blob {path.name[:12]} is not what its name says" for path in wrong]


class _Waiting(Blobs):
    """Blobs that are not written one by one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._contents: dict[Path, bytes] = {}
        self._bytes = 0

    def put(self, content: bytes) -> str:
        """As of `Blobs`; a new file is there once it is its lot's turn."""
        digest = _digest(content)
        path = self.path(digest)
        if path in self._contents:
            return digest
        if path.exists():
            path.touch()
            return digest
        self._contents[path] = content
        self._bytes += len(content)
        if len(self._contents) >= _MOST_FILES or self._bytes >= _MOST_BYTES:
            self.settle()
        return digest

    def settle(self) -> None:
        """Write those that wait."""
        files.write_all(self._contents)
        self._contents, self._bytes = {}, 0
