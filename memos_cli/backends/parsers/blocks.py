"""The top-level blocks of Markdown: by markdown-it-py, and by a few rules of our own where a text is plain.

markdown-it takes about 50 µs for a list item or a heading, so that 1 MB of `- a` took 10 s there. Headings, lists of bullets
of one line each and paragraphs of plain lines, one after another, are read here in a tenth of that. What counts as plain
leaves no doubt: at the margin, and words from the first character on, so nothing nested, quoted, ruled, fenced or underlined.
From the first line that is not, markdown-it reads on, up to a place where no block can be open.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_HEADING = re.compile(r"(#{1,6})[ \t]+\S")
_WORD = r"(?:[A-Za-z\"'(!?.,;@$%&/\\]|[^\x00-\x7f\s]|[0-9]++(?![.)]))"
"""What begins no block: neither a mark of one, nor a number as of a list."""
_BULLET = re.compile(rf"([-*+]) {{1,4}}{_WORD}")
_LINE = re.compile(_WORD)
_LEAST = 200
"""Lines that markdown-it is given at a time, at the least."""
_OPEN = frozenset({"fence", "html_block"})
"""Blocks that a blank line does not end."""


class Block(NamedTuple):
    """A block: what it is to markdown-it (`paragraph`, `bullet_list`, …) and its lines, the last one not counted."""

    type: str
    first: int
    last: int
    depth: int = 0
    """1 to 6 for a heading."""
    items: tuple[tuple[int, int], ...] = ()


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The top-level blocks of a text in order; link definitions are in none."""
    parser = None
    at = 0
    while at < len(lines):
        if _is_blank(lines[at]):
            at += 1
            continue
        plain = _plain(lines, at)
        if plain is not None:
            yield plain
            at = plain.last
            continue
        if parser is None:
            parser = _library()
        found, at = _by_library(parser, lines, at)
        yield from found


def _is_blank(line: str) -> bool:
    """Whether there is nothing in a line, as CommonMark has it: a form feed or a no-break space is something."""
    return not line.strip(" \t")


def _plain(lines: Sequence[str], at: int) -> Block | None:
    """The block that begins here, if it is a plain one."""
    heading = _HEADING.match(lines[at])
    if heading is not None:
        return Block("heading", at, at + 1, len(heading[1]))
    bullet = _BULLET.match(lines[at])
    if bullet is not None:
        return _bullets(lines, at, bullet[1])
    if not _LINE.match(lines[at]):
        return None
    last = at + 1
    while last < len(lines) and _LINE.match(lines[last]):
        last += 1
    return Block("paragraph", at, last) if _ends(lines, last) else None


def _bullets(lines: Sequence[str], at: int, mark: str) -> Block | None:
    """A list of items of one line, with or without blank lines between them."""
    items: list[tuple[int, int]] = []
    last = after = at
    while after < len(lines):
        bullet = _BULLET.match(lines[after])
        if bullet is None or bullet[1] != mark:
            break
        items.append((after, after + 1))
        last = after = after + 1
        while after < len(lines) and _is_blank(lines[after]):
            after += 1
    # Below a list, a blank line ends it only where what comes next is words at the margin.
    if after == len(lines) or _HEADING.match(lines[after]) or (after > last and _LINE.match(lines[after])):
        return Block("bullet_list", at, last, items=tuple(items))
    return None


def _ends(lines: Sequence[str], at: int) -> bool:
    """Whether a paragraph that was plain so far ends before this line for certain."""
    return at == len(lines) or _is_blank(lines[at]) or _HEADING.match(lines[at]) is not None


def _library() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


def _by_library(parser: "MarkdownIt", lines: Sequence[str], at: int) -> tuple[list[Block], int]:
    """Blocks from a line on, as markdown-it reads them, and the line behind them."""
    size = _LEAST
    while True:
        end = _pause(lines, at + size)
        found = list(_top_level(parser.parse("\n".join(lines[at:end])), at))
        if end == len(lines) or not found or found[-1].type not in _OPEN:
            return found, end
        # Twice as much each time, so all attempts together cost no more than twice the last one.
        size = 2 * (end - at)


def _pause(lines: Sequence[str], at: int) -> int:
    """The first line from `at` on at which every block but a fence and HTML has ended: words behind a blank line."""
    while at < len(lines) and (not _is_blank(lines[at - 1]) or not _LINE.match(lines[at])):
        at += 1
    return min(at, len(lines))


def _top_level(tokens: "list[Token]", start: int) -> Iterator[Block]:
    """The tokens of level 0 that have lines, with the lines of their items where they are lists."""
    current: Block | None = None
    items: list[tuple[int, int]] = []
    for token in tokens:
        if token.map is None or token.nesting < 0:
            continue
        first, last = token.map[0] + start, token.map[1] + start
        if token.level == 0:
            if current:
                yield current._replace(items=tuple(items))
            current, items = Block(token.type.removesuffix("_open"), first, last, _depth(token)), []
        elif token.level == 1 and token.type == "list_item_open":
            items.append((first, last))
    if current:
        yield current._replace(items=tuple(items))


def _depth(token: "Token") -> int:
    return int(token.tag[1]) if token.type == "heading_open" else 0
