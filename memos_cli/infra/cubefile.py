"""The cube file as a container: a canonical ustar archive whose every byte is determined by what is in it.

`man/memos-cube.5` describes the format. Nothing here knows what the members mean; `dumper` fills them and `loader` reads them.

Reader and writer work on plain binary streams and go through them once, so that a file may come from a pipe, and a layer of
encryption may lie around it. There is no compression inside: no bomb is possible, and no byte depends on a zlib.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, Protocol

from memos_cli.errors import AccessDenied, IntegrityError, Refused
from memos_cli.model import Signature

FORMAT = 1
SUFFIX = ".memcube"
MANIFEST, OPS, MEMORIES, LINKS, RULES, SEAL = (
    "manifest.json", "ops.jsonl", "memories.jsonl", "links.jsonl", "rules.jsonl", "seal.json",
)  # fmt: skip
BLOBS, VECTORS = "blobs/", "vectors/"
BLOCK = 512
MOST_MANIFEST = 16 << 20
"""Bytes of the manifest: some 130 a member."""
MOST_SEAL = 1 << 16
MOST_LINE = 8 << 20
"""Bytes of a line of JSON Lines, its end included: a content of a million characters, each as `\\u0001`, has 6 million."""
MOST_MEMBERS = 100_000
MOST_BYTES = 8**11 - 1
"""Bytes of a member: what the eleven octal digits of a ustar header can say (8 GiB)."""
END = bytes(2 * BLOCK)
AGE = b"age-encryption.org/v1\n"
"""The first line of what age encrypted, in its binary form."""
_ARMOR = b"-----BEGIN AGE ENCRYPTED FILE-----"
_CHUNK = 1 << 18
_FIXED = (OPS, MEMORIES, LINKS, RULES)
_BLOB = re.compile(r"blobs/[0-9a-f]{64}")
_VECTORS = re.compile(r"vectors/(?:0|[1-9][0-9]{0,2})\.safetensors")
_HEX = re.compile(r"[0-9a-f]{64}")
_SIGNED = re.compile(r"[A-Za-z0-9+/=:._-]{1,200}")
_HINT = "nothing was changed; ask for the file again"
_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode


Sign = Callable[[bytes], list[Signature]]
"""Makes signatures over a digest of 32 bytes."""
Tell = Callable[[int], None]
"""Told how many bytes were written or read."""


class Member(NamedTuple):
    """A member as the manifest names it."""

    name: str
    size: int
    sha256: str


def unsound(why: str) -> IntegrityError:
    """The error for what is no cube file, is damaged, or is not the one encoding that its content has."""
    return IntegrityError(f"not a sound cube file: {why}", hint=_HINT)


def encoded(value: Any) -> bytes:  # noqa: ANN401 -- any JSON
    """The canonical JSON of a value, as a line: sorted keys, no blanks, UTF-8, a newline."""
    return _plain(value).encode() + b"\n"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def decoded(line: bytes, where: str) -> dict[str, Any]:
    """The object on a line.

    Raises:
        IntegrityError: not canonical JSON, or no object.
    """
    try:
        value = _decode(line.decode())
        same = isinstance(value, dict) and encoded(value) == line
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise unsound(f"{where} is not canonical JSON")
    return value  # type: ignore[no-any-return]


def header(name: str, size: int) -> bytes:
    """The ustar header of a member: 512 bytes, all of them determined by name and size."""
    fields = b"".join(
        (
            name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0",
            b" " * 8, b"0", bytes(100), b"ustar\x0000", bytes(64), b"0000000\0", b"0000000\0",
        )
    ).ljust(BLOCK, b"\0")  # fmt: skip
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def padding(size: int) -> bytes:
    """The zeros that fill the last block of a member."""
    return bytes(-size % BLOCK)


# -- writing


class Spool:
    """The bytes of a member while it is put together: a file without a name, gone whenever the process ends.

    Args:
        name: the member's name.
        folder: where the file lies; it is made if need be.
    """

    def __init__(self, name: str, folder: Path) -> None:
        import tempfile
        from hashlib import sha256

        folder.mkdir(parents=True, exist_ok=True)
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
        """What the manifest says about it."""
        return Member(self._name, self._size, self._hash.hexdigest())

    @contextmanager
    def open(self) -> "Iterator[IO[bytes]]":
        """The bytes from the beginning."""
        self._file.seek(0)
        yield self._file

    def close(self) -> None:
        """Let go of the file."""
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


def write(target: "BinaryIO | IO[bytes]", head: Mapping[str, Any], parts: Iterable[Part], sign: Sign | None, tell: Tell) -> str:
    """Write a cube file.

    Args:
        target: where to.
        head: the manifest without `format` and `members`.
        parts: the members between manifest and seal, in their order.
        sign: makes the signatures.
        tell: told how many bytes were written, now and then.

    Returns:
        The digest of the file, in hexadecimal.

    Raises:
        IntegrityError: a part is not what it says it is.
        Refused: it is too large for the format.
    """
    chosen = list(parts)
    members = [part.member for part in chosen]
    if over := [one.name for one in members if one.size > MOST_BYTES]:
        raise Refused(f"{over[0]} would be larger than 8 GiB", hint="export the cube in parts: --since and --until")
    manifest = encoded({**head, "format": FORMAT, "members": [one._asdict() for one in members]})
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
    """A stream that reckons the digest of what is written to it."""

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
        while chunk := source.read(_CHUNK):
            found.update(chunk)
            size += len(chunk)
            out.write(chunk)
    if size != member.size or found.hexdigest() != member.sha256:
        raise IntegrityError(f"{member.name} is not what it is named after", hint="see what is left with: memos doctor")
    out.write(padding(size))


# -- reading


class Incoming:
    """A member that is being read; its bytes have to be read to the end before the next one comes."""

    def __init__(self, reader: "Reader", member: Member) -> None:
        from hashlib import sha256

        self.name, self.size = member.name, member.size
        self._reader, self._member = reader, member
        self._left = member.size
        self._hash = sha256()

    def read(self, most: int) -> bytes:
        """So many bytes, fewer at the end.

        Raises:
            IntegrityError: the file ends here.
        """
        chunk = self._reader.take(min(most, self._left))
        self._left -= len(chunk)
        self._hash.update(chunk)
        return chunk

    def chunks(self) -> Iterator[bytes]:
        """All of it, piece by piece."""
        while chunk := self.read(_CHUNK):
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

    def close(self) -> None:
        """See that all was read, and that it was what the manifest says.

        Raises:
            IntegrityError: it was not.
        """
        if self._left or self._hash.hexdigest() != self._member.sha256:
            raise unsound(f"{self.name} is not what the manifest says")
        if any(self._reader.take(-self.size % BLOCK)):
            raise unsound(f"behind {self.name} there is more than padding")


class Reader:
    """Reads a cube file from a stream, once, from the beginning to the end; every byte is checked.

    Args:
        stream: the file, decrypted.
        tell: told how many bytes were read, now and then.

    Attributes:
        manifest: checked as far as its form goes.
        members: what the manifest names.
        digest: the digest of the file, after `finish`.
        signatures: what the seal holds, after `finish`; whose they are and whether they are good is for the caller to say.

    Raises:
        AccessDenied: it is encrypted.
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
        """Exactly so many bytes.

        Raises:
            IntegrityError: the file ends before.
        """
        content = self._stream.read(count) if count else b""
        while len(content) < count:  # a pipe gives what it has
            more = self._stream.read(count - len(content))
            if not more:
                raise unsound(f"it ends after {self._read + len(content):,} bytes")
            content += more
        self._hash.update(content)
        self._read += count
        self._tell(self._read)
        return content

    def __iter__(self) -> Iterator[Incoming]:
        """The members, each to be read to its end before the next one."""
        for member in self.members:
            if self.take(BLOCK) != header(member.name, member.size):
                raise unsound(f"the header of {member.name} is not canonical")
            incoming = Incoming(self, member)
            yield incoming
            incoming.close()

    def finish(self) -> None:
        """Read the seal.

        Raises:
            IntegrityError: it is not that of what was read, or something follows it.
        """
        self.digest = self._hash.digest()
        seal = decoded(self._whole(SEAL, MOST_SEAL), SEAL)
        if set(seal) != {"sha256", "signatures"} or seal["sha256"] != self.digest.hex():
            raise unsound("the seal is not that of this file")
        self.signatures = _signatures(seal["signatures"])
        if self.take(len(END)) != END or self._stream.read(1):
            raise unsound("it does not end where it should")

    def _whole(self, name: str, most: int) -> bytes:
        """A member that is small enough to be read at once, and whose size only its header says."""
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


# -- the manifest's form

_FIELDS = frozenset(
    {"counts", "created", "cube", "format", "heads", "members", "owner", "redacted", "selection"}
)  # fmt: skip
COUNTS = ("links", "memories", "operations", "rules")


def checked_manifest(line: bytes) -> dict[str, Any]:
    """A manifest whose form is right.

    Raises:
        IntegrityError: it is not, or a newer memos wrote it.
    """
    manifest = decoded(line, MANIFEST)
    version = manifest.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        raise IntegrityError(
            f"the cube file was written by a newer memos (format {version}, this one knows {FORMAT})", hint="upgrade memos"
        )
    if type(version) is not int or version != FORMAT or set(manifest) != _FIELDS or not _sound_manifest(manifest):
        raise unsound("its manifest has another form")
    return manifest


def _sound_manifest(manifest: Mapping[str, Any]) -> bool:
    from memos_cli.infra.admission import is_name, is_time

    selection, heads, counts = manifest["selection"], manifest["heads"], manifest["counts"]
    return (
        _matches(r"[0-9a-f]{32}", manifest["cube"])
        and is_time(manifest["created"])
        and is_name(manifest["owner"])
        and isinstance(manifest["redacted"], bool)
        and (selection is None or is_name(selection))
        and isinstance(counts, dict)
        and set(counts) == set(COUNTS)
        and all(map(_is_count, counts.values()))
        and isinstance(heads, dict)
        and all(_matches(r"[0-9a-f]{16}", replica) and _sound_head(head) for replica, head in heads.items())
        and _sound_members(manifest["members"])
    )


def _matches(pattern: str, value: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_count(value: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _sound_head(head: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return (
        isinstance(head, dict)
        and set(head) == {"count", "id", "seq"}
        and _is_count(head["count"])
        and _is_count(head["seq"])
        and 0 < head["count"] <= head["seq"]
        and _matches("[0-9a-f]{64}", head["id"])
    )


def _sound_members(members: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    if not isinstance(members, list) or len(members) > MOST_MEMBERS or not all(map(_sound_member, members)):
        return False
    names = [one["name"] for one in members]
    blobs = [name for name in names if name.startswith(BLOBS)]
    vectors = [name for name in names if name.startswith(VECTORS)]
    return (
        names == [*_FIXED, *blobs, *vectors]
        and blobs == sorted(set(blobs))
        and all(one["sha256"] == one["name"].removeprefix(BLOBS) for one in members if one["name"].startswith(BLOBS))
        and vectors == [f"{VECTORS}{number}.safetensors" for number in range(len(vectors))]
    )


def _sound_member(member: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    return (
        isinstance(member, dict)
        and set(member) == {"name", "sha256", "size"}
        and isinstance(member["name"], str)
        and (member["name"] in _FIXED or bool(_BLOB.fullmatch(member["name"]) or _VECTORS.fullmatch(member["name"])))
        and _is_count(member["size"])
        and member["size"] <= MOST_BYTES
        and isinstance(member["sha256"], str)
        and _HEX.fullmatch(member["sha256"]) is not None
    )
