"""An export as its files: a zip, a folder that one was unpacked to, or a single file. Nothing is ever written to a disk.

A zip is read by its directory at the end; one that was cut off has none any more, and is walked from its beginning, header by
header. What somebody made to do harm meets bounds: the number of members, how much more than its packed bytes one may hold, how
much all hold together, and members that lie over each other. Only what is stored or deflated is read, as exporters write it.
"""

import os
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from memos_cli.errors import UsageError
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

MOST_MEMBERS = 100_000
"""Most files in an export; exports with images have some ten thousand."""
MOST_RATIO, FREE = 200, 16 << 20
"""How many times its packed bytes a member may hold, and how much besides; the talks of exports are packed to a tenth."""
MOST_IN_ALL = 64 << 30
"""Most bytes that all files of an export which are read may hold together; real ones have 6 GB."""
GLANCE = 1 << 16
"""How many bytes tell of what kind a source is."""
DEEPEST = 4
"""Most folders within each other that are looked into."""
_CHUNK = 1 << 16
_LOCAL, _END, _END_64, _LOCATOR = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_SIZES = 0xFFFFFFFF
_NO_ZIP = (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError, IndexError, struct.error)
"""What the standard library raises about a directory that somebody else wrote."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Member(NamedTuple):
    """A file of an export.

    Attributes:
        name: its path in the export, as it may be shown.
        size: how many bytes it holds, as far as its archive says so.
        path: the file that it lies in.
        start: where it begins there; -1 for all of a file.
        packed: how many bytes it takes there.
        method: how it is packed: 0 not at all, 8 deflated; another number is not read.
        checksum: the CRC-32 of what it holds, where known.
    """

    name: str
    size: int
    path: Path
    start: int = -1
    packed: int = 0
    method: int = 0
    checksum: int | None = None

    @property
    def base(self) -> str:
        """The last part of its name, in small letters."""
        return self.name.rpartition("/")[2].lower()


class Unpacked:
    """The bytes of a member, as a stream to be read once from its beginning.

    Reading raises `OSError` where there are no more and should be: cut off, damaged, or more than a member may hold.
    """

    def __init__(self, member: Member) -> None:
        self._member = member
        self._file: BinaryIO = member.path.open("rb")
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method else None
        self._left = member.packed if member.start >= 0 else -1
        self._sum = self.count = 0
        if member.start >= 0:
            self._file.seek(self._data_start())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        if self._member.start < 0:
            data = self._file.read(size)
        elif self._member.method not in {0, 8}:
            raise OSError("packed in a way that is not read")
        else:
            data = self._unpacked(size)
        self.count += len(data)
        return data

    def _unpacked(self, size: int) -> bytes:
        data = self._taken(size) if self._inflate is None else self._inflated(size)
        self._sum = zlib.crc32(data, self._sum)
        if not data and self._member.checksum not in {None, self._sum}:
            raise OSError("damaged: its checksum is another one")
        used = self._member.packed - self._left
        if self.count + len(data) > MOST_RATIO * used + FREE:
            raise OSError("it holds far more than it is packed to")
        return data

    def _inflated(self, size: int) -> bytes:
        inflate, parts, wanted = self._inflate, list[bytes](), size
        while inflate is not None and wanted > 0 and not inflate.eof:
            packed = inflate.unconsumed_tail or self._taken(_CHUNK)
            try:
                part = inflate.decompress(packed, wanted)
            except zlib.error as error:
                if parts:
                    break
                raise OSError(f"damaged: {error}") from None
            if not packed and not part:
                raise OSError("cut off before its end")
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _taken(self, size: int) -> bytes:
        """The next bytes as they are packed."""
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        if not data and self._left and size:
            raise OSError("cut off before its end")
        return data

    def _data_start(self) -> int:
        """Where the data of a member begins behind its header, whose length differs from what the directory says."""
        self._file.seek(min(self._member.start, self._file.seek(0, os.SEEK_END)))
        head = self._file.read(30)
        if len(head) < 30 or head[:4] != _LOCAL:
            raise OSError("damaged: there is no file where its directory says so")
        name, extra = struct.unpack_from("<HH", head, 26)
        return int(self._member.start + 30 + name + extra)


class Archive:
    """The files of an export.

    Args:
        source: the zip, the folder or the file.
        glance: look at names alone, and at no more than `GLANCE` bytes of a zip without a directory.

    Attributes:
        members: them, in the order of their names, numbers in them as numbers.
        damage: why there may be more than these; empty for a whole one.

    Raises:
        UsageError: it cannot be read.
    """

    def __init__(self, source: Path, *, glance: bool = False) -> None:
        self.damage = ""
        self._depth, self._most = (1, 5_000) if glance else (DEEPEST, MOST_MEMBERS)
        self._reach = GLANCE if glance else None
        try:
            found = list(self._found(source))
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {shown(str(source))}: {shown(str(error))}") from None
        self.members = sorted(found, key=lambda member: _place(member.name))

    def _found(self, source: Path) -> Iterator[Member]:
        if source.is_dir():
            yield from self._folder(source)
        elif not source.is_file():
            raise OSError("there is no such file")
        elif is_zip(source):
            yield from self._zip(source, "")
        else:
            yield Member(shown(source.name), source.stat().st_size, source)

    def _folder(self, folder: Path, inside: str = "", depth: int = 0) -> Iterator[Member]:
        """The files in a folder; the zips of an export that comes as several are looked into, links are not followed."""
        for count, entry in enumerate(os.scandir(folder)):
            if count >= self._most:
                self.damage = f"more than {self._most:,} files in a folder"
                return
            name, path = f"{inside}{shown(entry.name)}", Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if depth < self._depth:
                    yield from self._folder(path, f"{name}/", depth + 1)
                else:
                    self.damage = "folders that lie too deeply within each other"
            elif not entry.is_file(follow_symlinks=False):
                continue
            elif name.lower().endswith(".zip") and is_zip(path):
                yield from self._zip(path, f"{name}/")
            else:
                yield Member(name, entry.stat(follow_symlinks=False).st_size, path)

    def _zip(self, path: Path, inside: str) -> Iterator[Member]:
        with path.open("rb") as file:
            whole = _directory_fits(file)
            if whole:
                try:
                    listed = list(_listed(path, inside))
                except _NO_ZIP:
                    whole = False
                else:
                    yield from listed
            if not whole:
                self.damage = "a zip without its directory: cut off, or damaged"
                yield from _walked(file, path, inside, self._reach)


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip does."""
    with path.open("rb") as file:
        return file.read(4) in {_LOCAL, _END}


def shown(name: str) -> str:
    """A name as it may be shown: short, and without characters that control a terminal."""
    return re.sub(_CONTROL, "\N{REPLACEMENT CHARACTER}", name)[:200]


def too_much(members: Iterable[Member], whole: int) -> str:
    """Why files of a zip of so many bytes are not to be read; empty for what is right."""
    wanted = [member for member in members if member.start >= 0]
    if sum(member.packed for member in wanted) > whole:
        return "files that lie over each other"
    return "more than anybody exports" if sum(member.size for member in wanted) > MOST_IN_ALL else ""


def _listed(path: Path, inside: str) -> Iterator[Member]:
    """The members of a zip by its directory."""
    with zipfile.ZipFile(path) as archive:
        listed = archive.infolist()
    for one in listed:
        if not one.is_dir():
            method = -1 if one.flag_bits & 1 else one.compress_type
            name = inside + shown(one.filename)
            if one.header_offset < 0:
                raise zipfile.BadZipFile("a file before the beginning")
            yield Member(name, one.file_size, path, one.header_offset, one.compress_size, method, one.CRC)


def _directory_fits(file: "BinaryIO") -> bool:
    """Whether a zip has its directory, one of a size that may be read."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - 22 - 0xFFFF - 20)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        return False
    count, length = struct.unpack_from("<HI", tail, at + 10)
    if (count == 0xFFFF or length == _SIZES) and tail[max(0, at - 20) : at][:4] == _LOCATOR:
        file.seek(min(struct.unpack_from("<Q", tail, at - 12)[0], size))
        record = file.read(56)
        if len(record) < 56 or record[:4] != _END_64:
            return False
        count, length = struct.unpack_from("<QQ", record, 32)
    return bool(count <= MOST_MEMBERS and length <= min(size, MOST_MEMBERS * 512))


def _walked(file: "BinaryIO", path: Path, inside: str, reach: int | None) -> Iterator[Member]:
    """The members of a zip from its beginning, as far as they are there, and as they begin within so many bytes."""
    end, at = min(file.seek(0, os.SEEK_END), reach or sys.maxsize), 0
    for _ in range(MOST_MEMBERS):
        file.seek(at)
        head = file.read(30)
        if len(head) < 30 or head[:4] != _LOCAL:
            return
        flags, method = struct.unpack_from("<HH", head, 6)
        checksum, packed, size, name_length, extra_length = struct.unpack_from("<IIIHH", head, 14)
        name, extra = file.read(name_length), file.read(extra_length)
        if _SIZES in (packed, size) and len(extra) >= 20 and extra[:2] == b"\x01\x00":
            size, packed = struct.unpack_from("<QQ", extra, 4)
        data = at + 30 + name_length + extra_length
        known = not flags & 8 or packed
        at = data + packed if known else _end_of(file, data, method, end)
        decoded = name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
        if not decoded.endswith("/"):
            packed = at - data
            yield Member(
                inside + shown(decoded), size if known else 0, path, data - 30 - name_length - extra_length, packed,
                -1 if flags & 1 else method, checksum if known else None,
            )  # fmt: skip
        if at >= end:
            return
        at = at if known else _next_header(file, at, end)


def _end_of(file: "BinaryIO", start: int, method: int, end: int) -> int:
    """Where the data of a member ends whose header does not say how long it is."""
    file.seek(start)
    at, inflate = start, zlib.decompressobj(-zlib.MAX_WBITS)
    if method != 8:
        return _next_header(file, start, end)
    while not inflate.eof and at < end:
        packed = inflate.unconsumed_tail or file.read(_CHUNK)
        if not packed:
            break
        at += 0 if inflate.unconsumed_tail else len(packed)
        try:
            inflate.decompress(packed, 1 << 20)
        except zlib.error:
            break
    return at - len(inflate.unused_data)


def _next_header(file: "BinaryIO", at: int, end: int) -> int:
    """Where the next member begins, from here on; the end where there is none."""
    file.seek(at)
    before = b""
    while at < end and (data := file.read(_CHUNK)):
        found = (before + data).find(_LOCAL)
        if found >= 0:
            return at - len(before) + found
        at += len(data)
        before = (before + data)[-3:]
    return end


def _place(name: str) -> list[tuple[int, str]]:
    """What sorts names with numbers in them as a person would."""
    return [(int(part[:18]), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.lower()) if part]
