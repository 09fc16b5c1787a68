"""Plain text: a note for each paragraph, and for each commit where the text is what `git log` prints."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from memos_cli.backends.parsers.spans import ByteOffsets, lines, trimmed
from memos_cli.model import Draft, Kind, Source
from memos_cli.times import to_text

LONGEST_PARAGRAPH = 1200
"""Most characters of a paragraph that stays whole; a longer one is cut into pieces of about `PIECE`."""
PIECE = 1000

# A quantifier that never gives back (`++`) and a start at the first of a run keep each of these to one pass over any text.
_SENTENCE_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s++|[。！？]+[」』”）]*"  # noqa: RUF001 -- full-width stops are meant
)
_COMMIT = re.compile(r"^commit ([0-9a-f]{7,64})(?: \([^)\r\n]*\))?[ \t]*$", re.MULTILINE)
_LOG_START = re.compile(
    r"\s*commit [0-9a-f]{7,64}(?: \([^)\r\n]*\))?[ \t]*(?:\r\n|\n|\r)"
    r"(?:(?!Author: )\w++:[^\r\n]*+\s++)*+Author: "
)
_ONE_LINE_COMMIT = re.compile(r"([0-9a-f]{7,40}) (?:\([^)]*\) )?(?=\S)(.*)")
_HEADER = re.compile(r"(\w+):\s*(.*)")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_LONGEST_DATE = 100
_LONGEST_CHANGES = 1000
"""Most characters of a commit's changes (`--stat`, `-p`) that go into its content; the span has all of them."""


class ProseParser:
    """Any text at all: the parser of last resort, which refuses nothing."""

    def matches(self, text: str, name: str | None) -> bool:  # noqa: ARG002 -- the port's signature
        """Always."""
        return True

    def parse(self, text: str) -> Iterator[Draft]:
        """A note for each paragraph, or for each commit, with its verbatim span."""
        if _LOG_START.match(text):
            return _commits(text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text, text)
        if _is_one_line_log(text):
            return _one_line_commits(text)
        return _paragraphs(text)


def _paragraphs(text: str) -> Iterator[Draft]:
    at = ByteOffsets(text)
    for first, last in _blocks(text):
        for start, end in pieces(text, first, last):
            yield Draft(text[start:end], source=Source(start=at(start), end=at(end)))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines that are not blank."""
    start = end = None
    for line in lines(text):
        if line.text.strip():
            start, end = line.start if start is None else start, line.end
        elif start is not None and end is not None:
            yield trimmed(text, start, end)
            start = None
    if start is not None and end is not None:
        yield trimmed(text, start, end)


def pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span whole when it is short, else cut at the ends of sentences, else of words, else anywhere."""
    while end - start > LONGEST_PARAGRAPH:
        cut = _cut(text, start)
        first, last = trimmed(text, start, cut)
        if first < last:
            yield first, last
        start = cut
    start, end = trimmed(text, start, end)
    if start < end:
        yield start, end


def _cut(text: str, start: int) -> int:
    """The best end for a piece that begins at `start`."""
    window = text[start : start + PIECE]
    ends = [match.end() for match in _SENTENCE_END.finditer(window)]
    if ends and ends[-1] > PIECE // 4:
        return start + ends[-1]
    space = max(window.rfind(" "), window.rfind("\n"))
    if space > PIECE // 4:
        return start + space + 1
    cut = start + PIECE
    # Neither an accent nor the rest of an emoji is separated from its base; a run that never ends is cut.
    while cut > start + PIECE - 50 and _continues(text[cut]):
        cut -= 1
    return cut


def _continues(char: str) -> bool:
    return bool(unicodedata.combining(char)) or char in "\u200d\ufe0f"


def _is_one_line_log(text: str) -> bool:
    """Whether every line looks like `git log --oneline`, and there are at least two."""
    seen = 0
    for line in lines(text):
        if not line.text.strip():
            continue
        match = _ONE_LINE_COMMIT.match(line.text)
        # A word such as `deadbeef` or a number such as `1234567` can pass for a hash, but not line after line.
        if match is None or match.group(1).isalpha():
            return False
        seen += 1
    return seen > 1


def _one_line_commits(text: str) -> Iterator[Draft]:
    at = ByteOffsets(text)
    for line in lines(text):
        match = _ONE_LINE_COMMIT.match(line.text)
        if match is not None:
            start, end = trimmed(text, line.start, line.end)
            source = Source(start=at(start), end=at(end))
            yield Draft(match.group(2).strip(), source=source, metadata={"commit": match.group(1)})


def _commits(log: str, text: str) -> Iterator[Draft]:
    """A draft for each commit; `log` is `text` with other line ends and the same length, so that `$` matches in it."""
    at = ByteOffsets(text)
    starts = [match.start() for match in _COMMIT.finditer(log)]
    for first, last in zip(starts, [*starts[1:], len(text)], strict=True):
        start, end = trimmed(text, first, last)
        yield _commit(log[start:end], Source(start=at(start), end=at(end)))


def _commit(entry: str, source: Source) -> Draft:
    head, body = _head_and_body(entry)
    first, *rest = head.split("\n")
    headers = {match.group(1): match.group(2) for match in map(_HEADER.match, rest) if match}
    content = _message(body) or entry
    return Draft(
        content,
        kind=Kind.NOTE,
        title=content.partition("\n")[0][:120],
        occurred_at=_date(headers.get("AuthorDate") or headers.get("Date") or ""),
        source=Source(speaker=_name(headers.get("Author", "").strip()) or None, start=source.start, end=source.end),
        metadata={"commit": first.split()[1]},
    )


def _name(author: str) -> str:
    """`Ann Smith <ann@example.org>` without the address, where it has one."""
    name, bracket, address = author.rpartition("<")
    return name.rstrip() if bracket and address.endswith(">") and address.count(">") == 1 else author


def _head_and_body(entry: str) -> tuple[str, str]:
    """The entry split at its first blank line."""
    match = _BLANK_LINE.search(entry)
    return (entry, "") if match is None else (entry[: match.start()], entry[match.end() :])


def _message(body: str) -> str:
    """The message without its indentation, and the changes below it when they are short."""
    message: list[str] = []
    changes: list[str] = []
    for line in body.split("\n"):
        indented = not line.strip() or line.startswith("    ")
        (message if indented and not changes else changes).append(line)
    text = "\n".join(line.removeprefix("    ").rstrip() for line in message).strip()
    extra = "\n".join(line.rstrip() for line in changes).strip()
    return f"{text}\n\n{extra}".strip() if len(extra) <= _LONGEST_CHANGES else text


def _date(value: str) -> str | None:
    """Git's default, `iso`, `iso-strict` and `rfc` dates; `None` for the relative ones, which soon say little."""
    value = value.strip()
    if len(value) > _LONGEST_DATE:
        return None
    try:
        return to_text(datetime.fromisoformat(re.sub(r" ([+-]\d{4})$", r"\1", value)))
    except ValueError:
        pass
    # Not strptime: its day and month names are those of the locale, git's are always English.
    from email.utils import parsedate_to_datetime

    try:
        return to_text(parsedate_to_datetime(value))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
