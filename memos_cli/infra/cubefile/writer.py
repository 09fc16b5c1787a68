"""Writing a cube file: members are put together in temporary files, then copied into the archive and sealed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from memos_cli import modes
from memos_cli.errors import IntegrityError, Refused
from memos_cli.infra.cubefile.form import (
    CHUNK,
    END,
    FORMAT,
    MANIFEST,
    MOST_BYTES,
    MOST_MANIFEST,
    MOST_MEMBERS,
    SEAL,
    Member,
    Sign,
    Tell,
    encoded,
    header,
    padding,
)
from memos_cli.infra.cubefile.manifest import MARK


class Spool:
    """The bytes of a member while it is put together: a file without a name, which vanishes when the process ends.

    Args:
        name: the member's name.
        folder: where the file lies; made if it is missing.
    """

    def __init__(self, name: str, folder: Path) -> None:
        import tempfile
        from hashlib import sha256

        modes.make_folder(folder)
        self._name = name
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 -- closed by `close`
        self._hash = sha256()
        self._size = 0
        self.lines = 0

    def write(self, content: bytes) -> None:
        """Append bytes: a line, or a piece of a file."""
        self._file.write(content)
        self._hash.update(content)
        self._size += len(content)
        self.lines += 1

    @property
    def member(self) -> Member:
        """The member's entry in the manifest."""
        return Member(self._name, self._size, self._hash.hexdigest())

    @contextmanager
    def open(self) -> "Iterator[IO[bytes]]":
        """The bytes from the beginning."""
        self._file.seek(0)
        yield self._file

    def close(self) -> None:
        """Close the file, which removes it."""
        self._file.close()


class Part(Protocol):
    """A member that is ready to be written."""

    @property
    def member(self) -> Member:
        """Name, size and digest."""
        ...

    def open(self) -> Any:  # noqa: ANN401 -- a context manager of a binary stream
        """Its bytes."""
        ...


def write(
    target: "BinaryIO | IO[bytes]",
    head: Mapping[str, Any],
    parts: Iterable[Part],
    sign: Sign | None,
    tell: Tell,
    mark: Callable[[bytes], str] | None = None,
) -> str:
    """Write a cube file.

    Args:
        target: where the file goes.
        head: the manifest without `format` and `members`.
        parts: the members between manifest and seal, in their order.
        sign: makes the signatures.
        tell: called now and then with how many bytes were written.
        mark: makes the mark of a recipient, of the manifest without it.

    Returns:
        The digest of the file, in hexadecimal.

    Raises:
        IntegrityError: the bytes of a part do not match its size or digest.
        Refused: the file is too large for the format.
    """
    chosen = list(parts)
    members = [part.member for part in chosen]
    if over := [one.name for one in members if one.size > MOST_BYTES]:
        raise Refused(f"{over[0]} would be larger than 8 GiB", hint="export the cube in parts: --since and --until")
    told = {**head, "format": FORMAT, "members": [one._asdict() for one in members]}
    manifest = encoded(told if mark is None else {**told, MARK: mark(encoded(told))})
    if len(manifest) > MOST_MANIFEST or len(members) > MOST_MEMBERS:
        raise Refused("there are too many files for one cube file", hint="export the cube in parts: --since and --until")
    out = _Digesting(target, tell)
    out.write(header(MANIFEST, len(manifest)) + manifest + padding(len(manifest)))
    for part in chosen:
        _copy(part, out)
    digest = out.digest
    signatures = sorted(set(sign(digest))) if sign else []
    seal = encoded({"sha256": digest.hex(), "signatures": [one._asdict() for one in signatures]})
    out.write(header(SEAL, len(seal)) + seal + padding(len(seal)) + END)
    return digest.hex()


class _Digesting:
    """A stream that computes the digest of what is written to it."""

    def __init__(self, target: "BinaryIO | IO[bytes]", tell: Tell) -> None:
        from hashlib import sha256

        self._target, self._tell = target, tell
        self._hash = sha256()
        self._size = 0

    def write(self, content: bytes) -> None:
        self._target.write(content)
        self._hash.update(content)
        self._size += len(content)
        self._tell(self._size)

    @property
    def digest(self) -> bytes:
        return self._hash.digest()


def _copy(part: Part, out: _Digesting) -> None:
    from hashlib import sha256

    member, found, size = part.member, sha256(), 0
    out.write(header(member.name, member.size))
    with part.open() as source:
        while chunk := source.read(CHUNK):
            found.update(chunk)
            size += len(chunk)
            out.write(chunk)
    if size != member.size or found.hexdigest() != member.sha256:
        raise IntegrityError(f"{member.name} is not what it is named after", hint="see what is left with: memos doctor")
    out.write(padding(size))
