"""Markdown: notes from list items and paragraphs, documents from sections; headings become titles.

What becomes one draft:

- each item of a bulleted list that is a section's whole content (with what is nested in it);
- a section of several blocks of at most `LONGEST_SECTION` characters, whole: a recipe, a set of steps;
- in a longer section, each block: a paragraph, a numbered list, a table, a quotation, a code fence (never cut), with
  the paragraph that introduces it (one that ends with a colon);
- a paragraph beyond `prose.LONGEST_PARAGRAPH`, in pieces that end with a sentence.

A text without headings is a section without a title, in which each paragraph is a draft of its own. The title is the path of
the headings, `Car > Tyres`. Front matter (between `---` lines) gives `title`, `tags` and `date` to every draft.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from memos_cli.backends.parsers.blocks import Block, blocks
from memos_cli.backends.parsers.prose import LONGEST_PARAGRAPH, pieces
from memos_cli.backends.parsers.spans import ByteOffsets, Line, lines, trimmed
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.times import Zone, parse_iso

LONGEST_SECTION = 1200
"""Most characters of a section that stays whole."""
_LONGEST_TITLE = 200
_SAMPLE = 64 * 1024
_NAMES = (".md", ".markdown", ".mdown", ".mkd")
_FRONT = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\n|\r)(?P<body>.*?)(?:\r\n|\n|\r)---[ \t]*(?=\r\n|\n|\r|\Z)", re.DOTALL)
_FIELD = re.compile(r"([\w-]+):[ \t]*(.*)")
_HEADING = re.compile(r"(?m)^#{1,6} +\S")
_OPENS = re.compile(r"\s*#{1,6} +\S[^\n]*\n[ \t]*\n")
"""A heading with a blank line below it at the very top; a comment in a script has its code there."""
_BULLET = re.compile(r"(?m)^ {0,3}[-*+] +\S")
_FENCE = re.compile(r"(?m)^ {0,3}(?:```|~~~)")
_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_EMPHASIS = re.compile(r"(?<![\w*_`])[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}(?![\w*_`])")


class _Section:
    """The blocks below one heading, up to the next."""

    def __init__(self, path: tuple[str, ...], heading: Block | None) -> None:
        self.path = path
        self.heading = heading
        self.blocks: list[Block] = []
        self.has_children = False


class MarkdownParser:
    """CommonMark with tables, as markdown-it-py reads it; only the block structure is used.

    Attributes:
        zone: where the clock hung of a date in front matter without an offset; `None` for UTC.
    """

    zone: Zone | None = None

    def matches(self, text: str, name: str | None) -> bool:
        """By the file's name, or by marks that plain text lacks: front matter, headings, fences, mostly bullets."""
        if name is not None and name.lower().endswith(_NAMES):
            return True
        sample = text[:_SAMPLE].replace("\r", "\n")
        front = _FRONT.match(sample)
        if front is not None and _fields(front["body"]):
            return True
        headings, fences = len(_HEADING.findall(sample)), len(_FENCE.findall(sample))
        bullets, filled = len(_BULLET.findall(sample)), sum(1 for line in lines(sample) if line.text.strip())
        lists = bullets > 1 and bullets * 2 >= filled
        return lists or _OPENS.match(sample) is not None or (headings > 0 and (headings + fences + bullets) > 1)

    def parse(self, text: str) -> Iterator[Draft]:
        """The drafts in order; origin file."""
        front = _FRONT.match(text)
        fields = _fields(front["body"]) if front else {}
        start = front.end() if front and fields else 0
        # A file of front matter alone is kept as the text that it is.
        if not text[start:].strip():
            start, fields = 0, {}
        at = ByteOffsets(text)
        front_matter = _FrontMatter(fields, self.zone) if fields else None
        for content, kind, title, first, last in _DocumentReader(text, start).drafts():
            source = Source(start=at(first), end=at(last))
            if front_matter is None:
                yield Draft(content, kind, title=title, origin=Origin.FILE, source=source)
            else:
                yield front_matter.draft(content, kind, title, source)


class _DocumentReader:
    """Turns one text into drafts; offsets are in characters of the whole text."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        found = list(lines(text[start:]))
        self._lines = [Line(line.text, line.start + start, line.end + start) for line in found] if start else found

    def drafts(self) -> Iterator[tuple[str, Kind, str | None, int, int]]:
        """Content, kind, title and span of each draft."""
        for section in self._sections():
            title = _joined(section.path)
            for kind, start, end, is_item in self._spans(section):
                verbatim = self._text[start:end]
                content = _without_marker(verbatim) if is_item else verbatim
                yield content or verbatim, kind, title, start, end

    def _sections(self) -> Iterator[_Section]:
        """The blocks, separated at the headings; a heading too long for a title is text like any other."""
        path: list[tuple[int, str]] = []
        section = _Section((), None)
        for block in self._blocks():
            title = self._title(block) if block.type == "heading" else ""
            if not title or len(title) > _LONGEST_TITLE:
                section.blocks.append(block)
                continue
            section.has_children = bool(path) and block.depth > path[-1][0]
            yield section
            path = [(depth, above) for depth, above in path if depth < block.depth]
            path.append((block.depth, title))
            section = _Section(tuple(title for _, title in path), block)
        yield section

    def _blocks(self) -> list[Block]:
        """The top-level blocks, and, so that nothing is lost, the lines that are in none (link definitions)."""
        found: list[Block] = []
        reached = 0
        for block in blocks([line.text for line in self._lines]):
            if reached < block.first:
                found.append(Block("paragraph", reached, block.first))
            found.append(block)
            reached = block.last
        found.append(Block("paragraph", reached, len(self._lines)))
        return [block for block in found if self._says(block)]

    def _says(self, block: Block) -> bool:
        """Whether there is more than white space in a block."""
        said = self._lines[block.first : block.first + 1]
        if said and said[0].text.strip():
            return True
        return any(line.text.strip() for line in self._lines[block.first : block.last])

    def _title(self, heading: Block) -> str:
        texts = [line.text.strip() for line in self._lines[heading.first : heading.last]]
        # The last line of a heading of several lines is its underline.
        raw = " ".join(texts[:-1]) if len(texts) > 1 else texts[0].lstrip("#").strip()
        if len(texts) == 1 and raw.endswith("#"):
            raw = re.sub(r"\s#+$", "", texts[0].lstrip("#")).strip()
        return _EMPHASIS.sub("", raw).strip() or raw if "*" in raw or "_" in raw or "`" in raw else raw

    def _span(self, first: int, last: int) -> tuple[int, int]:
        """The span of some lines, white space trimmed."""
        return trimmed(self._text, self._lines[first].start, self._lines[last - 1].end)

    def _spans(self, section: _Section) -> Iterator[tuple[Kind, int, int, bool]]:
        """The drafts of a section: kind, span, and whether a list marker is to be removed."""
        blocks = [block for block in section.blocks if block.type != "hr"]
        if not blocks:
            if section.heading and not section.has_children:
                # A heading that nothing follows is all that its author noted.
                yield Kind.NOTE, *self._span(section.heading.first, section.heading.last), False
            return
        start, end = self._span(blocks[0].first, blocks[-1].last)
        bullets_only = all(block.type == "bullet_list" for block in blocks)
        if section.path and not bullets_only and len(blocks) > 1 and end - start <= LONGEST_SECTION:
            yield Kind.DOCUMENT, start, end, False
            return
        yield from self._one_by_one(blocks)

    def _one_by_one(self, blocks: list[Block]) -> Iterator[tuple[Kind, int, int, bool]]:
        """The drafts of blocks, one for each, except that one ending with a colon is joined to the block it introduces."""
        waiting: int | None = None
        end = 0
        for block in blocks:
            start, end = self._span(block.first, block.last)
            if waiting is not None:
                yield _whole(waiting, end)
                waiting = None
            elif block.type != "paragraph":
                yield from self._of_block(block, start, end)
            elif end - start > LONGEST_PARAGRAPH:
                for piece in pieces(self._text, start, end):
                    yield Kind.NOTE, *piece, False
            elif self._text[end - 1] in ":：":  # noqa: RUF001 -- both colons
                waiting = start
            else:
                yield Kind.NOTE, start, end, False
        if waiting is not None:
            yield Kind.NOTE, waiting, end, False

    def _of_block(self, block: Block, start: int, end: int) -> Iterator[tuple[Kind, int, int, bool]]:
        if block.type == "bullet_list" and block.items:
            for first, last in block.items:
                yield Kind.NOTE, *self._span(first, last), True
        else:
            yield _whole(start, end)


def _whole(start: int, end: int) -> tuple[Kind, int, int, bool]:
    return Kind.NOTE if end - start <= LONGEST_SECTION else Kind.DOCUMENT, start, end, False


def _joined(path: tuple[str, ...]) -> str | None:
    """The headings from the outermost in; if they are too long, the outer ones are dropped."""
    while len(path) > 1 and sum(map(len, path)) > 2 * _LONGEST_TITLE:
        path = path[1:]
    return " > ".join(path) or None


def _without_marker(item: str) -> str:
    """A list item's text without its marker, and the lines below moved left by as much."""
    marker = _MARKER.match(item)
    if marker is None:
        return item
    if "\n" not in item and "\r" not in item:
        return item[marker.end() :].strip()
    first, *rest = (line.text for line in lines(item))
    indent = re.compile(rf"[ \t]{{0,{marker.end()}}}")
    return "\n".join([first[marker.end() :], *(indent.sub("", line, count=1) for line in rest)]).strip()


def _fields(body: str) -> dict[str, str]:
    """The fields of front matter, each with the lines below it; empty when it does not begin with one."""
    fields: dict[str, list[str]] = {}
    key = ""
    for line in lines(body):
        match = _FIELD.match(line.text)
        if match is not None:
            key = match[1]
            values = fields.setdefault(key, [])
            values.append(match[2] if values else match[2].strip())
        elif key:
            fields[key].append(line.text)
        elif line.text.strip():
            return {}
    return {key: "\n".join(values) for key, values in fields.items()}


def _dated(text: str, zone: Zone | None) -> str:
    """The instant of an ISO-8601 time, which is that of a clock in the zone where it has no offset."""
    parsed = parse_iso(text)
    moment = datetime.fromisoformat(text)
    return parsed if zone is None or moment.tzinfo is not None else zone.instant(moment)


class _FrontMatter:
    """What front matter gives to every draft of its file: its title, its tags and its date; all else goes to the metadata."""

    def __init__(self, fields: dict[str, str], zone: Zone | None) -> None:
        rest = dict(fields)
        self._title = rest.pop("title", "").strip("\"' \n")
        tags = re.split(r"[,\n]", rest.pop("tags", ""))
        self._tags = tuple(dict.fromkeys(tag for tag in (tag.strip("[]\"'# -\t") for tag in tags) if tag))
        self._occurred_at = None
        try:
            self._occurred_at = _dated(rest.get("date", "").strip("\"' \n"), zone)
            rest.pop("date")
        except UsageError:
            pass
        self._metadata = {"front_matter": rest} if rest else {}

    def draft(self, content: str, kind: Kind, title: str | None, source: Source) -> Draft:
        """A draft of the file, with the file's title before its own."""
        path = [part for part in (self._title, title) if part]
        if title and (title == self._title or title.startswith(f"{self._title} > ")):
            path = [title]
        return Draft(
            content,
            kind,
            title=" > ".join(path) or None,
            tags=self._tags,
            occurred_at=self._occurred_at,
            origin=Origin.FILE,
            source=source,
            metadata=self._metadata,
        )
