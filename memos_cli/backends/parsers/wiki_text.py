"""What a reader sees of a note that is written for Obsidian and its like, and what it names: tags, other notes, its blocks.

Code is left as it is. All of it takes time in proportion to the text, whatever stands there.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

_MOST_LINKS = 200
"""Most links that one passage has."""
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_TICKS = re.compile("`+")
_COMMENT = re.compile(r"%%.*?%%", re.DOTALL)
_WIKI = re.compile(r"(!?)\[\[([^\[\]\n]{1,500})\]\]")
_INLINE = re.compile(r"(?<!!)\[([^\[\]\n]{1,500})\]\(<?([^()<>\n]{1,500}?\.md)(#[^()<>\n]{0,300})?>?\)")
_TAG = re.compile(r"(?<!\S)#([\w/\-\u2600-\u27bf\U0001f300-\U0001faff]{1,200})")
_BLOCK = re.compile(r"\^([A-Za-z0-9-]{1,80})")
_CALLOUT = re.compile(r"\[!(\w[\w-]{0,40})(?:\|[^\]\n]{0,200})?\][+-]?[ \t]*(.*)")
_QUOTED = re.compile(r"[ \t]{0,8}>[ \t]?")
_TASK = re.compile(r"([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)?\[(.)\][ \t]+(?=\S)")
_TASKS = {" ": "To do: ", "x": "Done: ", "X": "Done: ", "-": "Cancelled: ", "/": "In progress: "}
_FIELD = re.compile(r"\A([ \t]*(?:[-*+][ \t]+)?)[*_]{0,2}(\w[\w \-]{0,60}?)[*_]{0,2}::[ \t]+(?=\S)")
_INNER_FIELD = re.compile(r"([\[(])(\w[\w \-]{0,60})::[ \t]*([^\[\]()\n]{1,500})[\])]")
_MARKED = re.compile(r"==(?=\S)([^=\n]{1,1000})==")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".avif", ".heic")


class Seen(NamedTuple):
    """A passage as a reader sees it.

    Attributes:
        text: its words.
        tags: its tags, without `#`.
        links: the notes that it links to, as they are written: `Note`, `Note#Heading`, `Note#^block`.
        blocks: the names of the blocks in it.
    """

    text: str
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


def without_comments(text: str) -> str:
    """A text with its comments (`%% … %%`) overwritten by spaces, in as many bytes, its lines kept."""
    return (
        "".join(piece if is_code else _COMMENT.sub(blank, piece) for piece, is_code in _pieces(text)) if "%%" in text else text
    )


def blank(found: re.Match[str]) -> str:
    """Spaces in as many bytes as a match has, its ends of lines kept."""
    return "".join(one if one in "\r\n" else " " * len(one.encode("utf-8", "surrogatepass")) for one in found.group())


def seen(text: str) -> Seen:
    """What a reader sees of a passage."""
    reader = _Passage()
    told = "".join(piece if is_code else reader.read(piece) for piece, is_code in _pieces(text)).strip()
    return Seen(told, *(tuple(dict.fromkeys(found)) for found in (reader.tags, reader.links[:_MOST_LINKS], reader.blocks)))


class _Passage:
    """Reads the pieces of a passage that are no code."""

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.links: list[str] = []
        self.blocks: list[str] = []

    def read(self, text: str) -> str:
        """The words of a piece."""
        self.tags += [found[1].strip("/") for found in _TAG.finditer(text) if re.search(r"[^\d/]", found[1])]
        text = _WIKI.sub(self._link, text) if "[[" in text else text
        text = _INLINE.sub(self._inline, text) if ".md" in text else text
        text = _MARKED.sub(r"\1", text) if "==" in text else text
        text = _INNER_FIELD.sub(r"\2: \3", text) if "::" in text else text
        return "".join(self._lines(text))

    def _lines(self, text: str) -> Iterator[str]:
        in_callout = False
        for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text):
            body = line.rstrip("\r\n")
            quoted = _QUOTED.match(body)
            callout = _CALLOUT.match(body, quoted.end()) if quoted else None
            in_callout = quoted is not None and (in_callout or callout is not None)
            if callout is not None:
                body = callout[2].strip() or callout[1].replace("-", " ").capitalize()
            elif quoted is not None and in_callout:
                body = body[quoted.end() :]
            yield self._words(body) + line[len(line.rstrip("\r\n")) :]

    def _words(self, line: str) -> str:
        if "^" in line:
            line = self._without_block(line)
        if "[" in line and (task := _TASK.match(line)) and (task[1] or task[2] in _TASKS):
            line = f"{task[1] or ''}{_TASKS.get(task[2], '')}{line[task.end() :]}"
        if "::" in line:
            line = _FIELD.sub(r"\1\2: ", line, count=1)
        return line

    def _without_block(self, line: str) -> str:
        said = line.rstrip()
        last = said.split()[-1] if said else ""
        if (found := _BLOCK.fullmatch(last)) is None:
            return line
        self.blocks.append(found[1])
        return said[: -len(last)].rstrip()

    def _link(self, found: re.Match[str]) -> str:
        embeds, (target, _, shown) = found[1] == "!", found[2].replace("\\|", "|").partition("|")
        note, _, place = (part.strip() for part in target.partition("#"))
        self.links.append(target.strip())
        if embeds and note.lower().endswith(_PICTURES):
            return note
        heading = place.replace("#", " > ") if not place.startswith("^") else ""
        return shown.strip() or " > ".join(part for part in (note, heading) if part) or place.lstrip("^")

    def _inline(self, found: re.Match[str]) -> str:
        if "://" in found[2]:
            return found.group()
        self.links.append(unquote(found[2] + (found[3] or "")))
        return found[1]


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text in pieces, each with whether it is code."""
    reached = 0
    for start, end in _code(text) if "`" in text or "~~~" in text else ():
        yield text[reached:start], False
        yield text[start:end], True
        reached = end
    yield text[reached:], False


def _code(text: str) -> Iterator[tuple[int, int]]:
    """The spans of fenced code and of code within lines, in order."""
    reached = 0
    for start, end in _fences(text):
        yield from _inner_code(text, reached, start)
        yield start, end
        reached = end
    yield from _inner_code(text, reached, len(text))


def _fences(text: str) -> Iterator[tuple[int, int]]:
    opened: tuple[int, str] | None = None
    at = 0
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if opened is None and found and (found[1][0] == "~" or "`" not in line[found.end() :]):
            opened = at, found[1]
        elif opened is not None and found and found[1].startswith(opened[1]) and not line[found.end() :].strip():
            yield opened[0], at + len(line)
            opened = None
        at += len(line)
    if opened is not None:
        yield opened[0], len(text)


def _inner_code(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Code between runs of as many backticks, which no blank line parts."""
    runs = [found.span() for found in _TICKS.finditer(text, start, end)]
    alike: dict[int, list[int]] = defaultdict(list)
    for number, (first, last) in enumerate(runs):
        alike[last - first].append(number)
    number = 0
    while number < len(runs):
        first, last = runs[number]
        others = alike[last - first]
        place = bisect_right(others, number)
        closing = others[place] if place < len(others) else None
        if closing is not None and text.find("\n\n", last, runs[closing][0]) < 0:
            yield first, runs[closing][1]
            number = closing
        number += 1
