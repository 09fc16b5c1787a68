"""Conversations that an export has more than once, as shards may: which copy is the newest.

Only what is there twice costs anything: the files are searched for ids as bytes, and decoded once more only if one comes twice.
"""

from collections.abc import Callable, Iterator
from typing import Any

from memos_cli.backends.importers.archive import Member, Unpacked
from memos_cli.backends.importers.export import Export

Sight = tuple[float, int, int]
"""When a copy was last changed, the number of its file and its place in that: the greatest one is the newest."""
_CHUNK = 1 << 20
_LONGEST = 200


class Copies:
    """Tells the newest copy of each conversation.

    Args:
        export: what is read.
        members: its files with conversations.
        name: the id of a conversation and when it was last changed.
        mark: the member of a conversation's object that is its id, and of no other object, if there is one.
    """

    def __init__(
        self, export: Export, members: list[Member], name: Callable[[Any], tuple[str, float] | None], mark: str = ""
    ) -> None:
        self._name = name
        self._newest: dict[str, Sight] = {}
        self._read: set[str] = set()
        twice = _twice(members, f'"{mark}"'.encode()) if mark else None
        if twice is None:
            twice = None if len(members) > 1 else set()
        if twice is None or twice:
            for number, member in enumerate(members):
                for place, value in enumerate(export.values(member, ("conversations",), tell=False)):
                    self._note(value, number, place, twice)

    def _note(self, value: Any, number: int, place: int, twice: set[str] | None) -> None:  # noqa: ANN401 -- any JSON
        named = self._name(value)
        if named is not None and (twice is None or named[0] in twice):
            sight = named[1], number, place
            self._newest[named[0]] = max(sight, self._newest.get(named[0], sight))

    def is_old(self, value: Any, number: int, place: int) -> bool:  # noqa: ANN401
        """Whether another copy of this conversation is the one to read; asked once of each."""
        named = self._name(value)
        if named is None:
            return False
        newest = self._newest.get(named[0])
        if named[0] in self._read or (newest is not None and newest[1:] != (number, place)):
            return True
        self._read.add(named[0])
        return False


def _twice(members: list[Member], mark: bytes) -> set[str] | None:
    """The ids that come more than once behind a mark; `None` where a file has no such mark."""
    once, twice = set[str](), set[str]()
    for member in members:
        found = False
        for name in _marked(member, mark):
            found = True
            (twice if name in once else once).add(name)
        if not found and member.size > _LONGEST:
            return None
    return twice


def _marked(member: Member, mark: bytes) -> Iterator[str]:
    """The texts behind a mark, in a file that is read as bytes; what is damaged ends it, for the reading tells of that."""
    with Unpacked(member) as stream:
        before = b""
        while True:
            try:
                data = stream.read(_CHUNK)
            except OSError:
                return
            text, at = before + data, 0
            while (found := text.find(mark, at)) >= 0 and (not data or found < len(text) - _LONGEST):
                at = found + len(mark)
                name = text[at : at + _LONGEST].lstrip(b' :\t"').partition(b'"')[0]
                yield name.decode("utf-8", "replace")
            if not data:
                return
            before = text[max(at, len(text) - _LONGEST) :]
