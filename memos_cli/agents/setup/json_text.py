"""Entries put into a JSON text and taken out again, with every other byte where it was. Pure.

What is put in says by its own blanks what was made for it, so that taking it out restores the very text:

    {"a": 1}            {"a": 1, "mcpServers": { "memos": … }}    a blank behind the bracket: the object was made for the entry
    {"mcpServers": {}}  {"mcpServers": {"memos": …}}              none: it was there, and empty
    no file             a text that ends with a new line
    an empty file       the same without one
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from memos_cli.agents.setup.json_tree import Entry, Node, parsed
from memos_cli.errors import Refused

_BLANKS = " \t\r\n"
_INDENT = re.compile(r"\n([ \t]+)[^ \t\r\n]")


class Place(NamedTuple):
    """Where an entry stands.

    Attributes:
        path: the keys of the objects that lead to it; the last one is its own, or that of the array that it is an element of.
        is_ours: says of a value that stands there whether memos wrote it; for an element it is asked of each.
        is_element: whether the entry is an element of an array.
        beside: entries that a file needs beside it, put into one that is new.
    """

    path: tuple[str, ...]
    is_ours: Callable[[Any], bool]
    is_element: bool = False
    beside: tuple[tuple[str, Any], ...] = ()


def put(text: str | None, place: Place, value: Any, name: str) -> str:  # noqa: ANN401 -- any JSON
    """The text with an entry in it; the same text where it stands there already.

    Args:
        text: the file; `None` where there is none.
        place: where the entry belongs.
        value: the entry.
        name: what the file is called, for messages.

    Raises:
        Refused: it is no JSON, or something else stands there.
    """
    root = parsed(text or "", name)
    if text is None or root is None:
        made = _made(place.path, [value] if place.is_element else value, dict(place.beside))
        return f"{text or ''}{json.dumps(made, indent=2, ensure_ascii=False)}{chr(10) if text is None else ''}"
    at, rest = _nearest(root, place, name)
    there = _there(at, place) if not rest else None
    if there is not None:
        return _exchanged(text, there, value, place, name)
    if not rest:
        return _Style(text, at).put(None, value, made=False)
    made = _made(rest[1:], [value] if place.is_element else value, {})
    return _Style(text, at).put(rest[0], made, made=made is not value)


def take(text: str, place: Place, name: str) -> str | None:
    """The text without the entry; the same text where it is not there, `None` where the file was made for it.

    Raises:
        Refused: it is no JSON.
    """
    root = parsed(text, name)
    if root is None:
        return text
    while (chain := _chain(root, place)) is not None:
        shorter = _without(text, chain, place)
        if shorter is None or shorter == text:
            return shorter
        text = shorter
        root = parsed(text, name)
        if root is None:
            break
    return text


def has(text: str | None, place: Place, name: str) -> Any:  # noqa: ANN401 -- any JSON
    """The entry of memos as it stands there; `None` for none."""
    root = parsed(text or "", name)
    chain = _chain(root, place) if root else None
    return chain[-1][1].node.value if chain else None


# -- where


def _nearest(root: Node, place: Place, name: str) -> tuple[Node, tuple[str, ...]]:
    """The innermost object or array on the way that is there, and the keys that are not."""
    at, rest = root, place.path
    while rest and isinstance(at.value, dict):
        found = at.get(rest[0])
        if found is None:
            return at, rest
        if len(rest) == 1 and not place.is_element:
            return at, ()
        at, rest = found.node, rest[1:]
    if isinstance(at.value, list if place.is_element and not rest else dict):
        return at, rest
    key = ".".join(place.path[: len(place.path) - len(rest)])
    raise Refused(f"{name}: {key or 'the whole'} is not what the client documents", hint="mend it, and run this again")


def _there(at: Node, place: Place) -> Entry | None:
    """What stands at the place: an element of ours, or whatever has the key."""
    if place.is_element:
        return next((one for one in at.entries or () if place.is_ours(one.node.value)), None)
    return at.get(place.path[-1])


def _chain(root: Node, place: Place) -> list[tuple[Node, Entry]] | None:
    """The way to the entry of memos: each object or array with the entry in it that leads on; `None` where it is not there."""
    chain: list[tuple[Node, Entry]] = []
    at = root
    for key in place.path:
        found = at.get(key)
        if found is None:
            return None
        chain.append((at, found))
        at = found.node
    if not place.is_element:
        return chain if place.is_ours(at.value) else None
    if not isinstance(at.value, list):
        return None
    ours = [one for one in at.entries or () if place.is_ours(one.node.value)]
    return [*chain, (at, ours[-1])] if ours else None


# -- in


def _made(path: Sequence[str], value: Any, beside: dict[str, Any]) -> Any:  # noqa: ANN401 -- any JSON
    for number, key in enumerate(reversed(path)):
        value = {key: value, **(beside if number == len(path) - 1 else {})}
    return value


def _exchanged(text: str, there: Entry, value: Any, place: Place, name: str) -> str:  # noqa: ANN401 -- any JSON
    if not place.is_ours(there.node.value):
        key = ".".join(place.path)
        raise Refused(f"{name}: {key} runs something else", hint="give that another name, or take it out, and run this again")
    if there.node.value == value:
        return text
    old = text[there.node.start : there.node.end]
    line = text[text.rfind("\n", 0, there.start) + 1 : there.start]
    lead = line[: len(line) - len(line.lstrip())]
    new = _written(value, _unit(text), lead, _break(text)) if "\n" in old else json.dumps(value, ensure_ascii=False)
    return text[: there.node.start] + new + text[there.node.end :]


class _Style:
    """How entries of an object or array are written, taken from the others."""

    def __init__(self, text: str, at: Node) -> None:
        self._text, self._at = text, at
        entries = at.entries or []
        self._entries = entries
        before = text[at.start + 1 : entries[0].start] if entries else ""
        inside = text[entries[-1].node.end : at.end - 1] if entries else ""
        self._in_lines = "\n" in before or "\n" in inside
        self._lead = before.rpartition("\n")[2] if "\n" in before and not before.rpartition("\n")[2].strip() else ""
        if self._in_lines and not self._lead:
            self._lead = _unit(text)

    def put(self, key: str | None, value: Any, *, made: bool) -> str:  # noqa: ANN401 -- any JSON
        """The text with an entry more at the end."""
        text, close = self._text, self._at.end - 1
        end = len(text[:close].rstrip(_BLANKS))
        end = max(end, self._at.start + 1)
        entry = self._entry(key, value, made=made)
        if not self._entries:
            return text[:end] + self._gap(end) + entry + text[end:]
        last = self._entries[-1]
        gap = self._gap(end) or " "
        if last.comma is not None:
            return f"{text[:end]}{gap}{entry},{text[end:]}"
        return f"{text[: last.node.end]},{text[last.node.end : end]}{gap}{entry}{text[end:]}"

    def _gap(self, end: int) -> str:
        """The blanks before the entry; none in an object that was empty, by which it is known again."""
        if self._in_lines or self._is_remark(end):
            return _break(self._text) + self._lead
        return ""

    def _is_remark(self, end: int) -> bool:
        """Whether a comment stands before the end, which may go on to the end of its line."""
        start = self._entries[-1].node.end if self._entries else self._at.start + 1
        return "//" in self._text[start:end]

    def _entry(self, key: str | None, value: Any, *, made: bool) -> str:  # noqa: ANN401 -- any JSON
        head = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
        if self._in_lines:
            return head + _written(value, _unit(self._text), self._lead, _break(self._text))
        return head + (_spaced(value) if made else json.dumps(value, ensure_ascii=False))


def _spaced(value: Any) -> str:  # noqa: ANN401 -- any JSON
    """A value in one line, with a blank behind the bracket of each object that holds one thing alone, and before its end."""
    if isinstance(value, dict) and len(value) == 1:
        ((key, only),) = value.items()
        return f"{{ {json.dumps(key, ensure_ascii=False)}: {_spaced(only)} }}"
    if isinstance(value, list) and len(value) == 1:
        return f"[ {_spaced(value[0])} ]"
    return json.dumps(value, ensure_ascii=False)


def _written(value: Any, unit: str, lead: str, end: str) -> str:  # noqa: ANN401 -- any JSON
    """A value over several lines, those behind the first as far in as the entry."""
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", end + lead)


def _unit(text: str) -> str:
    found = _INDENT.search(text)
    return found[1] if found and len(found[1]) <= 8 else "  "


def _break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# -- out


def _without(text: str, chain: list[tuple[Node, Entry]], place: Place) -> str | None:
    """The text without the innermost entry, and without what was made for it alone; `None` where that is all of the file."""
    while chain:
        at, entry = chain.pop()
        if not _is_made(text, at, entry, place.beside if not chain else ()):
            return _cut(text, at, entry)
    left = text[: at.start] + text[at.end :]
    return None if left == "\n" else left


def _is_made(text: str, at: Node, entry: Entry, beside: Sequence[tuple[str, Any]]) -> bool:
    """Whether an object or array was made for an entry: nothing else is in it, and a blank stands behind its bracket."""
    entries = at.entries or []
    others = [(one.key, one.node.value) for one in entries[1:]]
    if entries[0] is not entry or others != list(beside[: len(others)]) or (len(others) != len(beside) and others):
        return False
    gap, rest = text[at.start + 1 : entry.start], text[entries[-1].node.end : at.end - 1]
    return gap != "" and not gap.strip(_BLANKS) and not rest.strip(_BLANKS)


def _cut(text: str, at: Node, entry: Entry) -> str:
    entries = at.entries or []
    number = next(place for place, one in enumerate(entries) if one is entry)
    end = entry.node.end
    blanks = len(text[: entry.start].rstrip(_BLANKS))
    if number + 1 < len(entries):
        comma = end if entry.comma is None else entry.comma
        if number:
            return text[:blanks] + text[end:comma] + text[comma + 1 :]
        rest = text[comma + 1 :]
        return text[: entry.start] + text[end:comma].strip(_BLANKS) + rest.lstrip(_BLANKS)
    if entry.comma is not None:
        return text[:blanks] + text[end : entry.comma] + text[entry.comma + 1 :]
    before = entries[number - 1].comma if number else None
    if before is None:
        return text[:blanks] + text[end:]
    return text[:before] + text[before + 1 : max(blanks, before + 1)] + text[end:]
