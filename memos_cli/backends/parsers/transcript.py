"""Conversations: who said what, and when, as one draft for each turn.

A line opens a turn in one of these forms, and every other line continues the turn above it:

    [2024-03-05 09:12] Name: text      2024-03-05T09:12:30Z Name: text     [09:12] <nick> text
    05/03/2024, 09:12 - Name: text     [3/5/24, 9:12:07 PM] Name: text     (WhatsApp; also its lines without a name)
    Name  9:12 AM                      (Slack; the text stands on the lines below)
    Name: text      **Name:** text     <nick> text      User: … / Assistant: …

A date line (`--- Monday 3 March 2025 ---`) opens a session. In a chat with time stamps a bare `Name: text` is part of a
message; without time stamps a name counts once it speaks twice, so that `Ingredients: flour` in an answer does not become a
speaker.
"""

# ruff: noqa: RUF001 -- people write dashes, full-width colons and curly apostrophes, so they are matched

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.backends.parsers.spans import ByteOffsets, Line, lines, trimmed
from memos_cli.backends.parsers.stamps import CLOCK, STAMP, SessionHeader, calendar_day, day_first, header, instant
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.times import Zone

if TYPE_CHECKING:
    from datetime import date

ROLES = frozenset(
    ["user", "assistant", "human", "ai", "system", "bot", "chatgpt", "claude", "gpt", "model", "agent", "me", "you"]
)
"""Speakers named by their role: one line of theirs is enough."""
_LABELS = """
    note notes todo ps nb warning warn error info debug trace critical fatal example question answer subject re fwd fw cc bcc
    from to date time title summary ingredients method steps step total result output input usage http https edit update
    tip hint source see fixme name age email phone tel address type status id price version author url link key value
"""
_NOT_SPEAKERS = frozenset(_LABELS.split())
_MARKS = "[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]*"
_NAME = r"[^\W\d_](?:[\w .'’&()\-]{0,38}[\w.)])?"
_SAID = (
    r"(?:<(?P<nick>[^<>\n]{1,40})>(?:[ \t]+|$)|\*[ \t]+(?P<actor>\S{1,40})[ \t]+"
    r"|(?P<name>[^\s:<>*][^:：<>\n]{0,59}?)[ \t]?(?::(?:[ \t]+|$)|：[ \t]*))"
)
_STAMPED = re.compile(rf"{_MARKS}[ \t]*\[?{STAMP}\]?(?P<dash>[ \t]*[-–—|:][ \t]+|[ \t]*){_MARKS}{_SAID}?")
_CLOCKED = re.compile(rf"{_MARKS}[ \t]*\[?{CLOCK}\]?(?:[ \t]*[-–—|][ \t]+|[ \t]+){_SAID}")
_SLACK = re.compile(rf"{_MARKS}(?P<name>{_NAME})(?:[ \t]+APP)?(?:[ \t]{{2,}}|[ \t]+(?:[-–—][ \t]+)?\[){CLOCK}\]?[ \t]*$")
_PLAIN = re.compile(rf"{_MARKS}(?:\*\*)?(?P<name>{_NAME})(?:\*\*)?[ \t]?(?::(?:\*\*)?(?:[ \t]+|$)|：[ \t]*)")
_NICK = re.compile(r"<(?P<name>[^\W\d][\w\-\[\]\\`^{}|]{0,30})>[ \t]+(?=\S)")
_MOST_WORDS = 4
_SAMPLE = 64 * 1024
"""The most characters of a text that `matches` looks at."""


class _Opening(NamedTuple):
    """The start of a turn's line: where the message begins, the speaker, and the time where it is stamped."""

    text_at: int
    speaker: str | None
    stamped: bool = False
    day: str | None = None
    time: str | None = None
    half: str | None = None
    zone: str | None = None


class _Turn(NamedTuple):
    """An opening (none for text before the first one) and its span in characters, white space trimmed."""

    opening: _Opening | None
    start: int
    end: int


class _Session:
    """The present session of the turns, while the text is read from top to bottom."""

    def __init__(self, *, day_comes_first: bool, zone: Zone | None) -> None:
        self._day_comes_first, self._zone = day_comes_first, zone
        self._names: Counter[str] = Counter()
        self._headed = False
        self._day: date | None = None
        self._at: str | None = None
        self.name: str | None = None

    def open(self, head: SessionHeader) -> None:
        """Apply a header to what follows: its session and its day. Two sessions of one name differ by a number."""
        self._names[head.session] += 1
        seen = self._names[head.session]
        self.name = head.session if seen == 1 else f"{head.session} ({seen})"
        self._headed, self._day, self._at = True, head.day, head.at

    def time_of(self, opening: _Opening | None) -> str | None:
        """When the turn was said: by its own stamp, else by the header above it."""
        if opening is None or opening.time is None:
            return self._at
        if opening.day is not None:
            self._day = calendar_day(opening.day, day_comes_first=self._day_comes_first) or self._day
            if not self._headed and self._day:
                self.name = self._day.isoformat()
        return instant(self._day, opening.time, opening.half, opening.zone, self._zone) if self._day else None


class TranscriptParser:
    """Chats, meetings and dialogues; drafts of kind episode, numbered through the whole text.

    Attributes:
        zone: where the clock hung of a stamp without an offset; `None` for UTC.
    """

    zone: Zone | None = None

    def matches(self, text: str, name: str | None) -> bool:  # noqa: ARG002 -- a chat has no file name of its own
        """At least two turns, and either stamps, roles such as `User:`, or speakers who speak again."""
        found = [line for line in lines(text[:_SAMPLE]) if line.text.strip()]
        openings = _openings(found)
        turns = [opening for opening in openings if opening is not None]
        if len(turns) < 2:
            return False
        names = Counter(turn.speaker for turn in turns if turn.speaker)
        if turns[0].stamped:
            return bool(names) and len(turns) * 20 >= len(found)
        if sum(1 for speaker in names if speaker.lower() in ROLES) > 1:
            return True
        first = next((i for i, line in enumerate(found) if header(line.text) is None), 0)
        return openings[first] is not None and len(names) > 1 and len(turns) > len(names)

    def parse(self, text: str) -> Iterator[Draft]:
        """A draft for each turn: speaker, number, session, `occurred_at` where a stamp or a session header gives it."""
        found = list(lines(text))
        openings = _openings(found)
        at = ByteOffsets(text)
        stamped = [opening for opening in openings if opening and opening.day]
        halves = any(opening.half for opening in stamped)
        first = day_first((opening.day for opening in stamped if opening.day), halves=halves)
        session = _Session(day_comes_first=first, zone=self.zone)
        number = 0
        for unit in _units(text, found, openings, self.zone):
            if isinstance(unit, SessionHeader):
                session.open(unit)
                continue
            when = session.time_of(unit.opening)
            speaker = unit.opening.speaker if unit.opening else None
            said = text[unit.opening.text_at if unit.opening else unit.start : unit.end].strip()
            yield Draft(
                said or text[unit.start : unit.end],
                kind=Kind.EPISODE,
                occurred_at=when,
                origin=Origin.CONVERSATION,
                source=Source(session=session.name, turn=number, speaker=speaker, start=at(unit.start), end=at(unit.end)),
            )
            number += 1


def _units(text: str, found: list[Line], openings: list[_Opening | None], zone: Zone | None) -> Iterator[SessionHeader | _Turn]:
    """Headers and turns in order; a turn runs to the line before the next of either."""
    opening: _Opening | None = None
    first = last = 0
    for line, opened in zip(found, openings, strict=True):
        head = None if opened else header(line.text, zone)
        if opened or head:
            start, end = trimmed(text, first, last)
            if start < end:
                yield _Turn(opening, start, end)
            opening, first = opened, line.start if opened else line.end
        if head:
            yield head
        last = line.end
    start, end = trimmed(text, first, last)
    if start < end:
        yield _Turn(opening, start, end)


def _openings(found: list[Line]) -> list[_Opening | None]:
    """For each line the turn that it opens, if any; one text has either stamps or bare names, never both."""
    stamped = [_stamped(line) for line in found]
    count = sum(1 for opening in stamped if opening and opening.speaker)
    plain = [_plain(line) for line in found]
    if count > 1 or (count and not any(plain)):
        return stamped
    names = Counter(opening.speaker for opening in plain if opening and opening.speaker)
    with_roles = any(name.lower() in ROLES for name in names)
    speakers = {name for name, times in names.items() if _speaks(name, times, with_roles=with_roles)}
    return [opening if opening and opening.speaker in speakers else None for opening in plain]


def _speaks(name: str, times: int, *, with_roles: bool) -> bool:
    """Whether a label before a colon is a speaker. An assistant's answers are full of labels, people's messages are not."""
    words = name.split()
    if name.lower() in ROLES:
        return True
    if words[0].lower() in _NOT_SPEAKERS or len(words) > _MOST_WORDS or words[0][0].islower():
        return False
    return times > 1 or (not with_roles and not any(word[0].islower() for word in words))


def _stamped(line: Line) -> _Opening | None:
    if not any(char.isdigit() for char in line.text[:64]):
        return None
    match = _STAMPED.match(line.text)
    if match is not None:
        return _from_stamp(line, match, match["date"], match["zone"])
    match = _CLOCKED.match(line.text)
    if match is not None:
        return _from_stamp(line, match, None, None)
    match = _SLACK.match(line.text)
    if match is None:
        return None
    return _Opening(line.end, match["name"].strip(), True, None, match["time"], match["half"])  # noqa: FBT003 -- `stamped`


def _from_stamp(line: Line, match: re.Match[str], day: str | None, zone: str | None) -> _Opening | None:
    """The opening of a stamped line; none if it names a log level, or nobody, except in WhatsApp's form."""
    speaker = match["nick"] or match["actor"] or match["name"]
    if speaker is None and not (day and match["dash"].strip()):
        return None
    if speaker and speaker.split()[0].strip("[]").lower() in _NOT_SPEAKERS:
        return None
    text_at = match.start("actor") if match["actor"] else match.end()
    return _Opening(line.start + text_at, speaker and speaker.strip(), True, day, match["time"], match["half"], zone)  # noqa: FBT003


def _plain(line: Line) -> _Opening | None:
    match = _PLAIN.match(line.text) or _NICK.match(line.text)
    return None if match is None else _Opening(line.start + match.end(), match["name"].strip())
