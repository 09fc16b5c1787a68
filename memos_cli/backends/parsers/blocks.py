"""The top-level blocks of Markdown: by rules of our own where a text leaves no doubt, else by markdown-it-py.

markdown-it takes about 60 µs for a line, so that 1 MB of `- a` took 10 s there, and it tells more than is wanted here: only
where the blocks at the margin begin and end, and the items of their lists. For most texts that can be told without looking into
a block, in a tenth of that time. What is in doubt (lazy lines, indented marks, link definitions) markdown-it reads, up to a
place where no block can be open.

A text may give markdown-it `_SPARE` lines, and one for `_CHARACTERS` characters. No text that a person wrote comes near that.
What is left of one that was made to is read coarsely: what no rule of ours knows is a paragraph up to the next blank line.
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
_LINE = re.compile(_WORD)
_LINK = re.compile(r"\[[^\[\]\\]*\](?!:)")
"""What begins like a link definition and is none."""
_MORE = re.compile(rf"(?: {{0,3}}(?:{_WORD}|\[)| {{4,}}\S)")
"""A line that goes on with a paragraph."""
_ITEM = re.compile(r"([-*+]|[0-9]{1,9}([.)])) {1,4}(?=[^\s])")
_INTERRUPTS = re.compile(rf"(?:[-*+]|1[.)]) {{1,4}}{_WORD}")
"""An item that ends a paragraph above it."""
_RULE = re.compile(r"(?:\*[ \t]*+){3,}$|(?:-[ \t]*+){3,}$|(?:_[ \t]*+){3,}$")
_UNDERLINE = re.compile(r"(?:(=)+|-+)[ \t]*$")
_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,})")
_DELIMITERS = re.compile(r"[|:\- \t]+$")
_COLUMN = re.compile(r":?-+:?$")
_MOST_CELLS = 0x10000
"""Cells that markdown-it adds to short rows of a table before it ends the table."""
_LEAST = 200
"""Lines that markdown-it is given at a time, at the least."""
_SPARE, _CHARACTERS = 4000, 40
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
    left = _SPARE + sum(map(len, lines)) // _CHARACTERS
    at = 0
    while at < len(lines):
        if _is_blank(lines[at]):
            at += 1
            continue
        plain = _plain(lines, at)
        if isinstance(plain, int) and left <= 0:
            plain = _coarse(lines, at, plain)
        if isinstance(plain, Block):
            yield plain
            at = plain.last
            continue
        if parser is None:
            parser = _library()
        found, at, spent = _by_library(parser, lines, at, max(_LEAST, plain - at), left)
        left -= spent
        yield from found


def _is_blank(line: str) -> bool:
    """Whether there is nothing in a line, as CommonMark has it: a form feed or a no-break space is something."""
    return not line.strip(" \t")


def _indent(line: str) -> int:
    """The columns in front of a line, a tab going to the next multiple of four."""
    if line[:1] not in " \t":
        return 0
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4))


def _plain(lines: Sequence[str], at: int) -> Block | int:  # noqa: PLR0911 -- one for each kind of block
    """The block that begins here, or the line at which it is in doubt, so that as many lines are not looked at twice."""
    line = lines[at]
    first = line[0]
    if first.isalpha():
        return _paragraph(lines, at)
    heading = _HEADING.match(line)
    if heading is not None:
        return Block("heading", at, at + 1, len(heading[1]))
    if first in "*-_" and _RULE.match(line):
        return Block("hr", at, at + 1)
    if first in "`~" and (fence := _FENCE.match(line)):
        return _fenced(lines, at, fence[1] or fence[2])
    if first == ">":
        return _quoted(lines, at)
    if first == "<":
        return _html(lines, at)
    if first == "|":
        return _table(lines, at)
    if first in " \t" and _indent(line) > 3:
        return _code(lines, at)
    item = _ITEM.match(line)
    if item is not None:
        return _list(lines, at, item)
    return _paragraph(lines, at) if _LINE.match(line) or _LINK.match(line) else at + 1


def _paragraph(lines: Sequence[str], at: int) -> Block | int:
    """A paragraph, or a heading whose last line is its underline."""
    last = at + 1
    while last < len(lines) and _MORE.match(lines[last]):
        last += 1
    underline = _UNDERLINE.match(lines[last]) if last < len(lines) else None
    if underline is not None and "|" not in lines[last - 1]:
        return Block("heading", at, last + 1, 1 if underline[1] else 2)
    return Block("paragraph", at, last) if underline is None and _ends(lines, last) else last


def _ends(lines: Sequence[str], at: int) -> bool:
    """Whether a paragraph that was plain so far ends before this line for certain."""
    return at == len(lines) or _is_blank(lines[at]) or _begins(lines[at])


def _begins(line: str) -> bool:
    """Whether a line certainly begins a block, also below a paragraph, where `---` is another's underline."""
    return bool(line[0] == ">" or _HEADING.match(line) or _FENCE.match(line) or _RULE.match(line) or _INTERRUPTS.match(line))


def _list(lines: Sequence[str], at: int, item: re.Match[str]) -> Block | int:
    """A list whose items begin at the margin, each with the lines below it that are indented as far as its text."""
    kind = item[2] or item[1]
    items: list[tuple[int, int]] = []
    first = at
    while True:
        width, last = item.end(), first + 1
        after = last
        while after < len(lines) and (_is_blank(lines[after]) or _indent(lines[after]) >= width):
            after += 1
            if not _is_blank(lines[after - 1]):
                last = after
        items.append((first, last))
        if after == len(lines):
            break
        line = lines[after]
        if line[0] in " \t":
            return after  # it may be an item or a lazy line
        following = None if _RULE.match(line) else _ITEM.match(line)
        if following is not None and (following[2] or following[1]) == kind:
            item, first = following, after
            continue
        if following is None and after == last and not _begins(line):
            return after  # it may be a lazy line
        if following is None and after > last and not (_LINE.match(line) or _begins(line)):
            return after  # it may be an item without a text
        break
    return Block("bullet_list" if kind in "-*+" else "ordered_list", at, last, items=tuple(items))


def _fenced(lines: Sequence[str], at: int, fence: str) -> Block:
    """Code between fences, up to the last line where it is not closed."""
    closes = re.compile(rf" {{0,3}}{fence}{fence[0]}*+[ \t]*$")
    for last in range(at + 1, len(lines)):
        if closes.match(lines[last]):
            return Block("fence", at, last + 1)
    return Block("fence", at, len(lines))


def _quoted(lines: Sequence[str], at: int) -> Block | int:
    """A quotation, each line of which is marked."""
    last = at + 1
    while last < len(lines) and lines[last][:1] == ">":
        last += 1
    return Block("blockquote", at, last) if _ends(lines, last) else last


def _html(lines: Sequence[str], at: int) -> Block | int:
    """A block of HTML, by the marks that markdown-it knows."""
    from markdown_it.rules_block.html_block import HTML_SEQUENCES

    closes = next((closes for opens, closes, _ in HTML_SEQUENCES if opens.search(lines[at])), None)
    if closes is None:
        return at + 1
    last = at + 1
    if not closes.search(lines[at]):
        while last < len(lines):
            text = lines[last].lstrip(" \t")
            if closes.search(text):
                last += 1 if text else 0
                break
            last += 1
    return Block("html_block", at, last)


def _code(lines: Sequence[str], at: int) -> Block:
    """Indented code."""
    after = last = at + 1
    while after < len(lines) and (_is_blank(lines[after]) or _indent(lines[after]) > 3):
        after += 1
        if not _is_blank(lines[after - 1]):
            last = after
    return Block("code_block", at, last)


def _table(lines: Sequence[str], at: int) -> Block | int:
    """A table whose rows begin with a bar or a word."""
    if at + 1 == len(lines) or not _DELIMITERS.match(lines[at + 1]) or lines[at + 1][0] in " \t":
        return at + 1
    columns = _columns(lines[at])
    rules = [column.strip() for column in lines[at + 1].split("|")]
    inner = [rule for number, rule in enumerate(rules) if rule or 0 < number < len(rules) - 1]
    if lines[at + 1][:1] == "-" and lines[at + 1][1:2] in " \t":
        return at + 1
    if not columns or len(inner) != columns or not all(map(_COLUMN.match, inner)):
        return at + 1
    last, added = at + 2, 0
    while last < len(lines) and (lines[last][:1] == "|" or _LINE.match(lines[last])):
        added += columns - _columns(lines[last])
        if added > _MOST_CELLS:
            return last
        last += 1
    return Block("table", at, last) if _ends(lines, last) else last


def _columns(row: str) -> int:
    """How many cells a row of a table has."""
    cells = row.strip().replace("\\|", "").split("|")
    return len(cells) - (not cells[0].strip()) - (len(cells) > 1 and not cells[-1].strip())


def _coarse(lines: Sequence[str], at: int, doubt: int) -> Block:
    """A paragraph up to a line in doubt, and on to the next blank line or the next line that certainly begins a block."""
    last = max(doubt, at + 1)
    while not _ends(lines, last):
        last += 1
    return Block("paragraph", at, last)


def _library() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


def _by_library(parser: "MarkdownIt", lines: Sequence[str], at: int, size: int, left: int) -> tuple[list[Block], int, int]:
    """Blocks from a line on, as markdown-it reads them, the line behind them, and what it cost: at most about `left` lines.

    Args:
        size: how many lines it is to read, at the least.
    """
    spent = 0
    while True:
        end = _pause(lines, at + size)
        end, cost = _affordable(lines, at, end, left - spent)
        found = list(_top_level(parser.parse("\n".join(lines[at:end])), at))
        spent += cost
        if end == len(lines) or spent >= left or not found or found[-1].type not in _OPEN:
            return found, end, spent
        # Twice as much each time, so all attempts together cost no more than twice the last one.
        size = 2 * (end - at)


def _affordable(lines: Sequence[str], at: int, end: int, left: int) -> tuple[int, int]:
    """The line up to which markdown-it may read, at least one behind `at`, and how many lines of one block that is worth."""
    spent = 0
    for number in range(at, end):
        line = lines[number]
        # Each mark in front opens a block within a block, and each bar is a cell of a table.
        spent += 1 + min(20, len(line) - len(line.lstrip(" >-+*"))) // 2 + line.count("|")
        if spent >= left:
            return number + 1, spent
    return end, spent


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
