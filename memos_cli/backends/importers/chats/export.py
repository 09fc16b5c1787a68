"""An export of talks as its importer sees it: which of its files are read, value by value, and what the others are."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from memos_cli.backends.importers.archive import GLANCE, MOST_IN_ALL, Archive, Member, Unpacked, shown, too_much
from memos_cli.backends.importers.json_stream import Broken, JsonReader
from memos_cli.errors import UsageError
from memos_cli.ports.importer import ImportOptions, Skipped

TALKS = re.compile(r"conversations(?:[-_ ]?\d+)?(?: ?\(\d+\))?\.json")
"""The files with conversations: of new exports several, with numbers; of one that was downloaded twice with a number, too."""
_SORTS = {
    "an image file": "png jpg jpeg webp gif heic heif bmp svg avif tif tiff",
    "a sound or film file": "wav mp3 m4a ogg opus aac flac mp4 mov webm mkv",
    "a web page of the same talks": "html htm",
    "a file about the account": "json csv",
    "an export within an export, to be unpacked first": "zip",
}
_SORT_OF = {ending: sort for sort, endings in _SORTS.items() for ending in endings.split()}
_UNREAD = frozenset({"an export within an export, to be unpacked first"})
"""What may hold talks all the same."""


class Export:
    """The files of an export, opened to be read.

    Args:
        source: the zip, the folder or the file.
        how: how it is read.
        sort: what a file is for the importer, by its name; empty for a file that it does not read. A single file is `talks`.
        passes: how many times the files are gone through.

    Attributes:
        files: those that are read, by sort, in the order of their names.

    Raises:
        UsageError: it cannot be read, or has none of these files.
    """

    def __init__(self, source: Path, how: ImportOptions, sort: Callable[[Member], str], passes: int = 1) -> None:
        archive = Archive(source)
        self.files: dict[str, list[Member]] = {}
        self._others: list[Member] = []
        for member in archive.members:
            if found := "talks" if member.path == source and member.start < 0 else _sort(member, sort):
                self.files.setdefault(found, []).append(member)
            else:
                self._others.append(member)
        read = [member for members in self.files.values() for member in members]
        if not read or (read[0].path == source and read[0].start < 0 and not _begins_as_json(read[0])):
            raise UsageError(f"nothing to import in {shown(str(source))}", hint="give the zip of the export, or its folder")
        if why := _excess(read):
            raise UsageError(f"will not read {shown(str(source))}: {why}")
        self._how, self._damage, self._name = how, archive.damage, shown(source.name)
        self._done, self._total = 0, passes * sum(member.size for member in read)
        self._most = passes * MOST_IN_ALL

    def values(self, member: Member, under: tuple[str, ...] = (), *, tell: bool = True) -> Iterator[Any]:
        """The values in a file, and what of it is `Broken`; `tell` says how far the import is."""
        if self._done > self._most:  # whatever the archive said of their sizes
            yield Broken("more than anybody exports")
            return
        with Unpacked(member) as stream:
            for value in JsonReader(stream, under):
                if tell:
                    self._tell(self._done + stream.count)
                yield value
            if tell:
                self.gone(stream.count)

    def gone(self, count: int) -> None:
        """Tell that so many bytes more were gone through."""
        self._done += count
        self._tell(self._done)

    def _tell(self, done: int) -> None:
        self._how.tell(done, max(self._total, done))

    def rest(self) -> Iterator[Skipped]:
        """The files that are not read, an entry for each sort of them, and what is missing."""
        counts, first = Counter[str](), dict[str, str]()
        for member in self._others:
            why = _other(member)
            counts[why] += 1
            first.setdefault(why, member.name)
        for why, count in counts.items():
            yield Skipped(why, first[why] if count == 1 else f"{first[why]} and others", count, why in _UNREAD)
        if self._damage:
            yield Skipped(self._damage, self._name, damaged=True)


def head_of(source: Path, sort: Callable[[Member], str]) -> tuple[str, frozenset[str]]:
    """The beginning of the first file that an importer would read, and the names of all that a glance finds."""
    try:
        archive = Archive(source, glance=True)
        single = len(archive.members) == 1 and archive.members[0].path == source and archive.members[0].start < 0
        wanted = [member for member in archive.members if single or _sort(member, sort)]
        head = _begin(wanted[0]) if wanted else ""
    except (UsageError, OSError, ValueError):
        return "", frozenset()
    return head, frozenset(member.base for member in archive.members)


def _sort(member: Member, sort: Callable[[Member], str]) -> str:
    return "" if _is_junk(member) else sort(member)


def _begin(member: Member) -> str:
    with Unpacked(member) as stream:
        data = stream.read(GLANCE)
    return data.decode(json.detect_encoding(data[:4]), "replace")


def _begins_as_json(member: Member) -> bool:
    try:
        return _begin(member).lstrip("\ufeff \t\r\n").startswith(("[", "{"))
    except OSError:
        return False


def _excess(read: list[Member]) -> str:
    """Why a zip among these files is not to be read."""
    paths = {member.path for member in read}
    return next(
        (why for path in paths if (why := too_much([one for one in read if one.path == path], path.stat().st_size))), ""
    )


def _is_junk(member: Member) -> bool:
    return member.base.startswith("._") or "__MACOSX" in PurePosixPath(member.name).parts


def _other(member: Member) -> str:
    if _is_junk(member):
        return "a file of the system"
    return _SORT_OF.get(member.base.rpartition(".")[2], "another file")
