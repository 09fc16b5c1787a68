"""JSON of any length, value by value: a list of conversations gives its conversations, and no more than one is held.

A value is decoded by the standard library's decoder in C as soon as all of it is there. Whatever is wrong with one value leaves
the next ones readable: what cannot be decoded is passed over by its brackets. A decoder of events, such as ijson's, ends at the
first fault, and holds a string of any length before it says anything.

What is bounded: the text of one value in memory (`MOST_HELD`), and with it each of its strings and numbers; its depth, by the
decoder. Commas that are missing or too many, text behind the end, NaN, and control characters in strings are no fault.
"""

import codecs
import json
import re
import sys
from collections.abc import Iterator
from typing import Any, Protocol

from memos_cli.records import NamedTuple

MOST_HELD = 64 << 20
"""Most bytes of memory that the text of a single value may take; the longest conversations of real exports have some 20 MB."""
CUT = "cut off before its end"
LONG = "a value that is too long"
WRONG = "a value that is no JSON"
DEEP = "a value that is nested too deeply"
_LEAST, _MOST = 1 << 20, 8 << 20
"""How much is read at once, in bytes: as much as is held already, so that a long value is not decoded too often in vain."""
_NEAR = 16
"""A fault so near the end of what was read may be none: an escape or a word goes on behind it."""
_BETWEEN = re.compile(r"[\s,:\x00\ufeff]*")
_INSIDE = re.compile(r'"|\\.', re.DOTALL)
_OUTSIDE = re.compile(r'["{}\[\],]')


def _whole(digits: str) -> int | float:
    """A whole number; a very long one is no number that anybody meant, and takes long to read exactly."""
    return int(digits) if len(digits) < 40 else float(digits)


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole)


class ByteStream(Protocol):
    """Something to read bytes from; `OSError` says why there are no more."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


class Broken(NamedTuple):
    """What stands in a stream in the place of a value that cannot be read."""

    why: str


class JsonReader:
    """Reads the values of a stream.

    Args:
        stream: where the text comes from, in UTF-8, UTF-16 or UTF-32.
        under: of an object, the members whose lists are values one by one, such as `conversations`; what else there is in the
            object is one value.
    """

    def __init__(self, stream: ByteStream, under: tuple[str, ...] = ()) -> None:
        self._stream, self._under = stream, under
        self._text, self._at, self._before = "", 0, 0
        self._ended = self._told = False
        self._fault = ""
        self._decoder: codecs.IncrementalDecoder | None = None

    def __iter__(self) -> Iterator[Any]:
        """The elements of lists, and what else there is, to the end: values and what is `Broken`."""
        while char := self._next():
            if char == "[":
                yield from self._items()
            elif char == "{" and self._under:
                yield from self._members()
            else:
                yield self._stray(char) if char in "]}" else self._value()
        if self._fault and not self._told:
            yield self._cut()

    def _items(self) -> Iterator[Any]:
        self._at += 1
        while (char := self._next()) != "]":
            if not char:
                yield from () if self._told else (self._cut(),)
                return
            yield self._stray(char) if char == "}" else self._value()
        self._at += 1

    def _members(self) -> Iterator[Any]:
        start, rest = self._before + self._at, dict[str, Any]()
        self._at += 1
        while (char := self._next()) not in {"}", ""}:
            key = self._value() if char == '"' else self._stray(char)
            if isinstance(key, Broken):
                yield key
            elif (char := self._next()) == "[" and key in self._under:
                yield from self._items()
            elif char not in {"}", ""}:
                rest[key] = self._value()
                if self._before + self._at - start > MOST_HELD:
                    yield Broken(LONG)
                    rest.clear()
                    start = self._before + self._at
        self._at += 1
        if broken := [name for name, value in rest.items() if isinstance(value, Broken)]:
            yield from (rest.pop(name) for name in broken)
        elif not char and not self._told:
            yield self._cut()
        if rest:
            yield rest

    def _next(self) -> str:
        """The character that the next value begins with; empty at the end."""
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _value(self) -> Any:  # noqa: ANN401 -- any JSON
        """The value that begins here, or why there is none; behind it afterwards."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._goes_on(error):
                    return self._passed(WRONG)
            except (RecursionError, ValueError):
                return self._passed(DEEP)
            else:
                if end < len(self._text) or self._ended or self._text[end - 1] in '"}]':
                    self._at = end
                    return value
            if self._ended:
                self._at = len(self._text)
                return self._cut()
            if sys.getsizeof(self._text) - self._at > MOST_HELD:
                return self._passed(LONG)
            self._more()

    def _goes_on(self, error: json.JSONDecodeError) -> bool:
        """Whether a fault is only that the value ends behind what was read so far."""
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _NEAR

    def _stray(self, char: str) -> Broken:
        """Pass over what begins no value, or no name."""
        if char not in "]}":
            return self._passed(WRONG)
        self._at += 1
        return Broken(WRONG)

    def _passed(self, why: str) -> Broken:
        """Pass over what begins here, to the comma or the bracket that ends it."""
        depth, quoted = 0, False
        while True:
            found = (_INSIDE if quoted else _OUTSIDE).search(self._text, self._at)
            if found is None:
                escaping = quoted and self._at < len(self._text) and self._text.endswith("\\")
                self._at = len(self._text) - escaping
                if not self._more():
                    return self._cut()
                continue
            self._at, mark = found.end(), found.group()
            if mark == '"':
                quoted = not quoted
            elif mark in "{}[]":
                depth += 1 if mark in "{[" else -1
            if not quoted and depth <= 0 and mark in "]},":
                self._at -= depth < 0 or mark == ","
                return Broken(why)

    def _cut(self) -> Broken:
        self._told = True
        return Broken(self._fault or CUT)

    def _more(self) -> bool:
        """Read on; whether there may be more."""
        if self._ended:
            return False
        try:
            data = self._stream.read(min(max(_LEAST, len(self._text) - self._at), _MOST))
        except OSError as error:
            self._fault, data = str(error), b""
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(json.detect_encoding(data[:4]))("replace")
        self._before += self._at
        self._text = self._text[self._at :] + self._decoder.decode(data, final=not data)
        self._at, self._ended = 0, not data
        return True
