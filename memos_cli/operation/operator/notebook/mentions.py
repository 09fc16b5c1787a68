"""The links between the notes of a notebook, as typed links between their memories.

Names compare without case; of several notes of one name the one with the shortest path is meant, as in Obsidian. A note that is
not there is no link yet: once it is, the link is set, since each memory keeps which notes it names. A link that a person set by
hand stays.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold, queries
from memos_cli.model import HOT_STATES, LinkType, Memory

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault

WIKI = "wiki"
"""The name, in the metadata, of which notes a memory links to (`links`), and which blocks it has (`blocks`)."""
_ENDINGS = (".md", ".markdown", ".mdown", ".mkd")


def links_of(metadata: Mapping[str, Any]) -> list[str]:
    """The notes that a memory names; whatever else stands there is none."""
    return _texts(metadata, "links")


def _texts(metadata: Mapping[str, Any], name: str) -> list[str]:
    wiki = metadata.get(WIKI)
    found = wiki.get(name) if isinstance(wiki, Mapping) else None
    return [one for one in found if isinstance(one, str)] if isinstance(found, list | tuple) else []


def _hot(memories: Iterable[Memory | None]) -> list[Memory]:
    return [memory for memory in memories if memory is not None and memory.state in HOT_STATES]


class Mentions:
    """The links of a notebook.

    Args:
        vault: the cube.
        unit: the transaction.
        notes: the memories of each note, by the path of its file.
        untouchable: why a memory may not be changed, if it may not.
    """

    def __init__(
        self, vault: "Vault", unit: "Unit", notes: Mapping[str, Iterable[str]], untouchable: "Callable[[Memory], str | None]"
    ) -> None:
        self._vault, self._unit, self._untouchable = vault, unit, untouchable
        there = queries.visible(vault, chain.from_iterable(notes.values()), ("1", []))
        self._notes = {path: _hot(there.get(one) for one in ids) for path, ids in notes.items()}
        self._links: dict[str, set[str]] = defaultdict(set)
        for source, _, target in queries.links_of_type(vault, LinkType.MENTIONS):
            self._links[source].add(target)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._notes, key=lambda one: (one.count(os.sep), len(one), one)):
            self._by_name[_stem(path)].append(path)

    def settle(self) -> int:
        """Set the links that the notes have now, and take away those that they no longer have; how many memories changed."""
        count = 0
        for path, memories in self._notes.items():
            for memory in memories:
                targets = {self._target(name, path) for name in links_of(memory.metadata)} - {None, memory.id}
                count += self._set(memory, {one for one in targets if one is not None})
        return count

    def _set(self, memory: Memory, wanted: set[str]) -> bool:
        there = self._links[memory.id]
        change: dict[str, Any] = {fold.link_register(LinkType.MENTIONS, one): True for one in sorted(wanted - there)}
        for one in sorted(there - wanted):
            register = fold.link_register(LinkType.MENTIONS, one)
            if self._is_by_notes(memory.id, register):
                change[register] = None
        if not change or self._untouchable(memory):
            return False
        self._unit.change("memory", memory.id, change)
        self._links[memory.id] = wanted | {one for one in there if fold.link_register(LinkType.MENTIONS, one) not in change}
        return True

    def _is_by_notes(self, identity: str, register: str) -> bool:
        """Whether a link was set as its note was read, and not by a person or with a cube that came in."""
        setters = [one.command for one in self._vault.operations("memory", identity) if (one.change or {}).get(register)]
        return bool(setters) and setters[-1] in {"add", "import"}

    def _target(self, name: str, start: str) -> str | None:
        """The memory that a link means: of the block, of the heading, else the first of the note."""
        note, _, place = name.partition("#")
        path = self._path(note.strip(), start) if note.strip() else start
        memories = self._notes.get(path or "")
        if not memories:
            return None
        if place.startswith("^"):
            block = place[1:].strip()
            return next((one.id for one in memories if block in _texts(one.metadata, "blocks")), memories[0].id)
        heading = compared(place.rpartition("#")[2])
        under = (one.id for one in memories if heading and heading in map(compared, (one.title or "").split(" > ")))
        return next(under, memories[0].id)

    def _path(self, note: str, start: str) -> str | None:
        """The file of a note that is named by the end of its path, without case, with its ending or without."""
        named = note.replace("\\", "/").strip("/")
        while named.startswith(("./", "../")):
            named = named.partition("/")[2]
        wanted = compared(_bare(named)).split("/")
        fitting = [path for path in self._by_name.get(wanted[-1], ()) if _parts(path)[-len(wanted) :] == wanted]
        if len(wanted) == 1 and (beside := os.path.dirname(start)) and len(fitting) > 1:  # noqa: PTH120
            shortest = fitting[0].count(os.sep)
            same = [path for path in fitting if path.count(os.sep) == shortest and os.path.dirname(path) == beside]  # noqa: PTH120
            return same[0] if same else fitting[0]
        return fitting[0] if fitting else None


def _bare(name: str) -> str:
    ending = next((one for one in _ENDINGS if name.lower().endswith(one)), "")
    return name[: len(name) - len(ending)] if ending else name


def _parts(path: str) -> list[str]:
    return compared(_bare(path.replace(os.sep, "/"))).split("/")


def _stem(path: str) -> str:
    return _parts(path)[-1]
