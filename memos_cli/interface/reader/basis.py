"""The day on which a text was written, by which `yesterday` in it is understood.

The first of these that there is: the day heading above the passage (`## 2026-11-12`, `# Thursday 12 November 2026`), the date
of the front matter, the `Date:` of an e-mail, the day in the file's name (`daily/2026-03-12.md`, `20260312.md`). A caller may
know when the file was last written.
"""

# ruff: noqa: RUF001 -- the dashes that people rule lines with are matched

import re
from datetime import datetime, timedelta

from memos_cli.interface.reader.mention import MONTH, MONTHS
from memos_cli.model import Draft, Kind
from memos_cli.records import NamedTuple
from memos_cli.times import Zone, to_text

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,40}):(?:[ \t]+(.{0,400}))?$")
_MAIL = frozenset(
    {"from", "to", "cc", "subject", "message-id", "received", "reply-to", "return-path", "mime-version", "sender"}
)
_MOST_HEADERS = 100
_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_LONGEST_HEADING = 100
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
_HEADING = re.compile(
    rf"(?i){_WEEKDAY}(?:(?P<y>\d{{4}})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?P<m2>{MONTH})\.?,?\s+(?P<y2>\d{{4}})"
    rf"|(?P<m3>{MONTH})\.?\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y3>\d{{4}}))"
    r"(?:,?\s+\(?(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\)?)?$"
)
_DECORATION = " \t-=#*_~[]()<>—–|:,."


class Basis(NamedTuple):
    """When something was written.

    Attributes:
        at: the instant, fixed-width UTC text.
        told: whether the text or its name says so, and not the file system.
    """

    at: str
    told: bool = True


class Days:
    """When each draft of a text was written.

    Args:
        text: the whole text.
        name: the name of its file.
        written: when the file was last written, where that is known.
        zone: where the person is.
    """

    def __init__(self, text: str, name: str | None, written: str | None, zone: Zone) -> None:
        self._zone = zone
        told = of_mail(text, zone) or of_name(name, zone)
        self._file = Basis(told) if told else Basis(written, told=False) if written else None
        self._above: Basis | None = None

    def of(self, draft: Draft) -> Basis | None:
        """When a draft was written; the drafts are asked about in the order of the text."""
        if draft.kind is Kind.EPISODE:
            return Basis(draft.occurred_at) if draft.occurred_at else self._file
        heading = of_heading(draft.title, self._zone) if draft.title else None
        if heading is not None:
            return Basis(heading)
        if draft.title is None and (first := of_first_line(draft.content, self._zone)) is not None:
            self._above = Basis(first)
        if draft.occurred_at is not None:
            return self._above or Basis(draft.occurred_at)
        return self._above or self._file


def of_heading(title: str | None, zone: Zone) -> str | None:
    """The instant of the day that the innermost heading of a path names, if one does."""
    for part in reversed((title or "").split(" > ")):
        if (at := _of_line(part, zone)) is not None:
            return at
    return None


def of_first_line(content: str, zone: Zone) -> str | None:
    """The instant of the day that the first line names, where that is all that the line says."""
    return _of_line(content.partition("\n")[0], zone)


def _of_line(line: str, zone: Zone) -> str | None:
    found = _HEADING.match(line.strip(_DECORATION)) if len(line) <= _LONGEST_HEADING else None
    if found is None:
        return None
    year, month, day = (
        found[one] or found[two] or found[three]
        for one, two, three in (("y", "y2", "y3"), ("m", "m2", "m3"), ("d", "d2", "d3"))
    )
    return _midnight(int(year), int(month) if month.isdigit() else MONTHS.index(month[:3].lower()) + 1, int(day), zone)


def _midnight(year: int, month: int, day: int, zone: Zone) -> str | None:
    try:
        return zone.instant(datetime(year, month, day))  # noqa: DTZ001 -- the clock on the wall there
    except ValueError:
        return None


def of_mail(text: str, zone: Zone) -> str | None:
    """The instant of the `Date:` field of a text that begins as an e-mail does."""
    fields: dict[str, str] = {}
    for line in text[: _MOST_HEADERS * 200].splitlines()[:_MOST_HEADERS]:
        if not line.strip():
            break
        field = _FIELD.match(line)
        if field is not None:
            fields.setdefault(field[1].lower(), field[2] or "")
        elif not (fields and line[0] in " \t") and not line.startswith("From "):
            return None
    return _mailed(fields["date"], zone) if "date" in fields and (len(fields) == 1 or fields.keys() & _MAIL) else None


def _mailed(value: str, zone: Zone) -> str | None:
    from email.utils import parsedate_tz

    parts = parsedate_tz(value)
    if parts is not None:
        try:
            wall = datetime(*parts[:6])  # noqa: DTZ001 -- its offset is in the tenth part
        except (ValueError, TypeError):
            return None
        if parts[9] is None:
            return zone.instant(wall)
        try:
            return to_text(wall - timedelta(seconds=parts[9]))
        except OverflowError:
            return None
    return _of_line(value, zone)


def of_name(name: str | None, zone: Zone) -> str | None:
    """The instant of the one day that the name of a file gives; of its folders where the file itself names none."""
    for part in reversed((name or "").replace("\\", "/").split("/")[-3:]):
        days = {(int(match[1]), int(match[3]), int(match[4])) for match in _NAME.finditer(part)}
        if len(days) == 1:
            return _midnight(*days.pop(), zone)
    return None
