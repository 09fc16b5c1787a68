"""Positions in text: lines, trimmed spans, and byte offsets for character offsets. Shared by the parsers."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


class Line(NamedTuple):
    """One line without its line end, and its span in the text, in characters."""

    text: str
    start: int
    end: int


def lines(text: str) -> Iterator[Line]:
    r"""The lines of a text; `\n`, `\r\n` and a lone `\r` end one, and nothing else does.

    Not `str.splitlines`: that also splits at form feeds and U+2028, where neither CommonMark nor a mail does, and
    line numbers would no longer agree with those of markdown-it.
    """
    if "\r" in text:
        for match in _LINE.finditer(text):
            if match.group():
                yield Line(match.group(1), match.start(1), match.end(1))
        return
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if line or end < len(text):
            yield Line(line, start, end)
        start = end + 1


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its two ends; empty, at `start`, when there is nothing else in it."""
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return start, end
    piece = text[start:end]
    body = piece.strip()
    if not body:
        return start, start
    start += len(piece) - len(piece.lstrip())
    return start, start + len(body)


class ByteOffsets:
    """Byte offsets in the text's UTF-8 for character offsets, which must be given in rising order.

    Only the text between two calls is encoded, so all calls together cost one pass over the text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._ascii = text.isascii()
        self._char = 0
        self._byte = 0

    def __call__(self, char: int) -> int:
        """The byte at which character number `char` begins; `char` is never below that of the last call."""
        if self._ascii:
            return char
        self._byte += len(self._text[self._char : char].encode())
        self._char = char
        return self._byte
