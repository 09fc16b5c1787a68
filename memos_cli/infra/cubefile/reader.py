"""Reading a cube file and checking every byte of it on the way."""

import re
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

from memos_cli.errors import AccessDenied
from memos_cli.infra.cubefile.form import (
    BLOCK,
    CHUNK,
    END,
    MANIFEST,
    MOST_MANIFEST,
    MOST_SEAL,
    SEAL,
    Member,
    Tell,
    decoded,
    header,
    unsound,
)
from memos_cli.infra.cubefile.manifest import checked_manifest
from memos_cli.infra.limits import MOST_LINE
from memos_cli.signer import Signature

AGE = b"age-encryption.org/v1\n"
"""The first line of a file that age encrypted, in its binary form."""
_ARMOR = b"-----BEGIN AGE ENCRYPTED FILE-----"
_SIGNED = re.compile(r"[A-Za-z0-9+/=:._-]{1,200}")


class Source:
    """A member that is read, from a cube file or from a file on disk.

    Attributes:
        name: that of the member.
        size: bytes.
    """

    name: str
    size: int

    def read(self, most: int) -> bytes:
        """The next `most` bytes, fewer at the end."""
        raise NotImplementedError

    def chunks(self) -> Iterator[bytes]:
        """All of it, piece by piece."""
        while chunk := self.read(CHUNK):
            yield chunk

    def lines(self) -> Iterator[bytes]:
        """Its lines, each with its end.

        Raises:
            IntegrityError: a line is longer than `MOST_LINE`, or the last one has no end.
        """
        rest = b""
        for chunk in self.chunks():
            *lines, tail = chunk.split(b"\n")
            if lines:
                yield rest + lines[0] + b"\n"
                for line in lines[1:]:
                    yield line + b"\n"
                rest = tail
            else:
                rest += tail
            if len(rest) >= MOST_LINE:
                raise unsound(f"a line of {self.name} is longer than {MOST_LINE:,} bytes")
        if rest:
            raise unsound(f"the last line of {self.name} has no end")


class Incoming(Source):
    """A member of a cube file; its bytes have to be read to the end before the next member.

    Attributes:
        sha256: the digest that the manifest states.
    """

    def __init__(self, reader: "Reader", member: Member) -> None:
        from hashlib import sha256

        self.name, self.size, self.sha256 = member
        self._reader = reader
        self._left = member.size
        self._hash = sha256()

    def read(self, most: int) -> bytes:
        """The next `most` bytes, fewer at the end.

        Raises:
            IntegrityError: the file ends too early.
        """
        chunk = self._reader.take(min(most, self._left))
        self._left -= len(chunk)
        self._hash.update(chunk)
        return chunk

    def close(self) -> None:
        """Check that all of it was read, and that it was what the manifest says.

        Raises:
            IntegrityError: it was not.
        """
        if self._left or self._hash.hexdigest() != self.sha256:
            raise unsound(f"{self.name} is not what the manifest says")
        if any(self._reader.take(-self.size % BLOCK)):
            raise unsound(f"behind {self.name} there is more than padding")


class Reader:
    """Reads a cube file from a stream, once, from the beginning to the end; every byte is checked.

    Args:
        stream: the file, decrypted.
        tell: called now and then with how many bytes were read.

    Attributes:
        manifest: the manifest, in a correct form.
        members: the members that the manifest names.
        digest: the digest of the file, after `finish`.
        signatures: the signatures in the seal, after `finish`; the caller verifies them.

    Raises:
        AccessDenied: the file is encrypted.
        IntegrityError: it is no cube file, or one of a newer memos.
    """

    digest: bytes
    signatures: tuple[Signature, ...] = ()

    def __init__(self, stream: "BinaryIO | IO[bytes]", tell: Tell = lambda _: None) -> None:
        from hashlib import sha256

        self._stream, self._tell = stream, tell
        self._hash = sha256()
        self._read = 0
        line = self._whole(MANIFEST, MOST_MANIFEST)
        self.manifest = checked_manifest(line)
        self.members = tuple(Member(**one) for one in self.manifest["members"])

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes.

        Raises:
            IntegrityError: the file ends too early.
        """
        content = self._stream.read(count) if count else b""
        while len(content) < count:  # a pipe returns as many bytes as it has
            more = self._stream.read(count - len(content))
            if not more:
                raise unsound(f"it ends after {self._read + len(content):,} bytes")
            content += more
        self._hash.update(content)
        self._read += count
        self._tell(self._read)
        return content

    def __iter__(self) -> Iterator[Incoming]:
        """The members; each has to be read to its end before the next one."""
        for member in self.members:
            if self.take(BLOCK) != header(member.name, member.size):
                raise unsound(f"the header of {member.name} is not canonical")
            incoming = Incoming(self, member)
            yield incoming
            incoming.close()

    def finish(self) -> None:
        """Read the seal.

        Raises:
            IntegrityError: the seal is that of another content, or bytes follow it.
        """
        self.digest = self._hash.digest()
        seal = decoded(self._whole(SEAL, MOST_SEAL), SEAL)
        if set(seal) != {"sha256", "signatures"} or seal["sha256"] != self.digest.hex():
            raise unsound("the seal is not that of this file")
        self.signatures = _signatures(seal["signatures"])
        if self.take(len(END)) != END or self._stream.read(1):
            raise unsound("it does not end where it should")

    def _whole(self, name: str, most: int) -> bytes:
        """A member that is small enough to be read at once, and whose size only its header states."""
        first = self.take(BLOCK) if name != MANIFEST else self._first()
        size = int(first[124:135], 8) if re.fullmatch(rb"[0-7]{11}", first[124:135]) else -1
        if not 0 < size <= most or first != header(name, size):
            raise unsound(f"the header of {name} is not canonical" if name != MANIFEST else "it does not begin as one")
        content = self.take(size)
        if any(self.take(-size % BLOCK)):
            raise unsound(f"behind {name} there is more than padding")
        return content

    def _first(self) -> bytes:
        start = self.take(len(AGE))
        if start == AGE or _ARMOR.startswith(start):
            raise AccessDenied("the cube file is encrypted", hint="decrypt it first: age -d -i KEYFILE FILE")
        return start + self.take(BLOCK - len(start))


def _signatures(found: Any) -> tuple[Signature, ...]:  # noqa: ANN401 -- whatever the file says
    if not isinstance(found, list) or not all(isinstance(one, dict) and set(one) == {"key", "signature"} for one in found):
        raise unsound("the signatures in the seal have another form")
    if not all(isinstance(text, str) and _SIGNED.fullmatch(text) for one in found for text in one.values()):
        raise unsound("a signature in the seal has another form")
    signatures = tuple(Signature(**one) for one in found)
    if list(signatures) != sorted(set(signatures)):
        raise unsound("the signatures in the seal are not in order")
    return signatures
