"""A JSON text as a tree that knows where everything stands, so that a text can be changed in place. Pure.

Comments and a comma behind the last entry are read, as several clients do: such a file is theirs, and nothing in it is changed.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from memos_cli.errors import Refused

DEEPEST = 100
_BLANK = re.compile(r"(?:[ \t\r\n\ufeff]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"', re.DOTALL)
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(slots=True)
class Node:
    """A value, from its first letter to behind its last.

    Attributes:
        entries: of an object or an array; `None` of anything else.
        value: what it is to a program.
    """

    start: int
    end: int
    value: Any
    entries: "list[Entry] | None" = None

    def get(self, key: str) -> "Entry | None":
        """The entry of an object that programs see under a key: the last one, where several have it."""
        found = [one for one in self.entries or () if one.key == key]
        return found[-1] if found and isinstance(self.value, dict) else None


@dataclass(slots=True)
class Entry:
    """What stands between two commas of an object or an array.

    Attributes:
        start: where it begins, with its key.
        key: of an object.
        comma: where the comma behind it stands; `None` for none.
    """

    start: int
    node: Node
    key: str | None = None
    comma: int | None = field(default=None)


def parsed(text: str, name: str) -> Node | None:
    """The tree of a text; `None` where there is nothing but blanks.

    Args:
        text: the text.
        name: what the file is called, for the message.

    Raises:
        Refused: it is no JSON; the message says where.
    """
    return _Parser(text, name).whole()


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self._text, self._name, self._at = text, name, 0

    def whole(self) -> Node | None:
        self._skip()
        if self._at == len(self._text) and not self._text.strip("\ufeff \t\r\n"):
            return None
        node = self._node(0)
        self._skip()
        if self._at != len(self._text):
            raise self._fault("nothing may stand behind the end")
        return node

    def _node(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._fault("it is nested too deep")
        match self._text[self._at : self._at + 1]:
            case "{":
                return self._entries("}", depth)
            case "[":
                return self._entries("]", depth)
            case '"':
                return self._token(_STRING, "a text that does not end")
            case _:
                return self._token(_WORD, "no value")

    def _token(self, pattern: re.Pattern[str], why: str) -> Node:
        found = pattern.match(self._text, self._at)
        if not found:
            raise self._fault(why)
        try:
            value = json.loads(found[0])
        except ValueError:
            raise self._fault(why) from None
        start, self._at = self._at, found.end()
        return Node(start, self._at, value)

    def _entries(self, closing: str, depth: int) -> Node:
        start = self._at
        entries: list[Entry] = []
        self._at += 1
        self._skip()
        while not self._text.startswith(closing, self._at):
            if entries and entries[-1].comma is None:
                raise self._fault(f"a comma or {closing} is missing")
            entries.append(self._entry(depth, keyed=closing == "}"))
            self._skip()
            if self._text.startswith(",", self._at):
                entries[-1].comma = self._at
                self._at += 1
                self._skip()
        self._at += 1
        value = {one.key: one.node.value for one in entries} if closing == "}" else [one.node.value for one in entries]
        return Node(start, self._at, value, entries)

    def _entry(self, depth: int, *, keyed: bool) -> Entry:
        start, key = self._at, None
        if keyed:
            key = self._token(_STRING, "no key").value
            self._skip()
            if not self._text.startswith(":", self._at):
                raise self._fault("a colon is missing")
            self._at += 1
            self._skip()
        return Entry(start, self._node(depth + 1), key)

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _fault(self, why: str) -> Refused:
        line = self._text.count("\n", 0, self._at) + 1
        column = self._at - (self._text.rfind("\n", 0, self._at) + 1) + 1
        return Refused(
            f"{self._name} is no valid JSON: line {line}, column {column}: {why}", hint="mend it, and run this again"
        )
