"""Times of day in prose (`at 9:40`, `7pm`, `at noon`, `um 9 Uhr`, `à 18h30`), and what was so many hours or minutes ago.

A time that may be of the morning or of the evening is none: `at 7`, and `at 7:30` in English, unless the sentence says which.
"""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from datetime import UTC, datetime, time, timedelta
from itertools import islice

from memos_cli.interface.reader.mention import MOST, Mention
from memos_cli.interface.reader.tense import around
from memos_cli.records import NamedTuple

# Patterns as text: re caches what it has compiled, and a text that names no day does not pay for them.
_CLOCK = (
    r"(?i)(?:\b(?P<lead>at|@|for|around|about|um|gegen|à|a las?|om|by|ab|from|until|till?|bis|tot|hasta)\s{1,3})?"
    r"(?:(?<![\w.,:/\-])(?P<hour>[01]?\d|2[0-4])(?:"
    r"(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap])\.?\s?m\b\.?"
    r"|(?:[:.](?P<minute2>[0-5]\d))?\s?(?P<word>uhr|uur|h(?:eures?)?(?P<minute3>[0-5]\d)?)\b"
    r"|(?P<sign>[:.])(?P<minute4>[0-5]\d)(?![\w:%€$]|[.,/]\d)"
    r"|(?P<bare>)(?![\w:/%€$°]|[.,\-]\d|\s?(?:%|€|\$)))"
    r"|\b(?P<noon>noon|midday|mittags?|midi|mediodía)\b)"
)
_EVENING = (
    r"(?i)\b(?:tonight|evening|dinner|supper|night|party|concert|film|movie|drinks|gig|pub|bar|abends?|soir|noche"
    r"|avond|vanavond|tarde|afternoon|nachmittags?|après-midi|middag)\b|['’]s avonds"
)
_MORNING = r"(?i)\b(?:morning|breakfast|a\.m|früh|morgens|vormittags?|matin|ochtend|vanochtend|madrugada|por la mañana)\b"
_NIGHT = r"(?i)\b(?:tonight|evening|night|abends?|soir|noche|avond|vanavond)\b"
_AFTERNOON = r"(?i)\b(?:afternoon|tarde|nachmittags?|après-midi|middag)\b"
_LATE = 4
"""`tonight at 2` is neither of the evening nor certainly of the night."""
_RANGE = r"(?i)\s{0,3}(?:to|until|till|and|bis|à|a|tot|en|-|–)\s{1,3}(?:las? )?"
_SPAN_BEFORE = r"(?i)(?<![\w.,:/\-])\d{1,2}\s?(?:to|until|till|bis|à|a|tot|en|-|–)\s?(?:las?\s)?$"
_OTHER_AFTER = r"(?i)\s(?:or|oder|ou|o|of)\s(?:at\s)?\d"
_SHIFTED = r"(?i)\b(?:moved|shifted|changed|postponed|rescheduled|brought\sforward)\b[^.!?\n]{0,30}\sfrom\s$"
_AGO = (
    r"(?i)\b(?P<count>\d{1,3}|an?|half an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty)\s(?P<unit>hour|minute|min)s?\sago\b"
)
_COUNTS = {
    "a": 1.0, "an": 1.0, "half an": 0.5, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0,
    "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0, "eleven": 11.0, "twelve": 12.0, "twenty": 20.0, "thirty": 30.0,
    "forty": 40.0, "fifty": 50.0,
}  # fmt: skip
_AFTER_ISO = re.compile(r"(?:T|\s)(\d\d):(\d\d)(?::\d\d(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?(?![\w:])")
_ZONE = r"\s?(?:[PECM][SD]T|[PE]T|GMT|UTC|BST|CES?T|IST)\b"
"""The clock of another place: the day is as said, and its time of day is not read."""
_HOURLY = frozenset(("at", "@", "um", "om", "gegen", "a las", "a la"))
_ENDS = frozenset(("until", "till", "til", "bis", "tot", "hasta"))
_CLEAR_FROM, _CLEAR_TO = 8, 11
"""Hours that an English clock without `am` or `pm` means of the morning, where nothing speaks of the evening."""
_BARE_FROM = 9
"""The same for an hour without minutes (`at 9`)."""
_FARTHEST = 60
"""Characters between a day and its time of day, at the most."""


class Clock(NamedTuple):
    """A time of day, and where a text says it; `at` is `None` where it may be of the morning or of the evening.

    `until` tells that it is said as an end: `until 20:00`.
    """

    at: time | None
    start: int
    end: int
    until: bool = False


def of_day(text: str, mention: Mention) -> Mention:
    """The mention with the time of day that its sentence gives to it; unchanged where there is none, or two of them."""
    if mention.clock is not None or mention.instant is not None or mention.last is not None:
        return mention
    exact = _AFTER_ISO.match(text, mention.end) if mention.text[:4].isdigit() else None
    if exact is not None:
        return _exact(mention, exact)
    found = _nearest(text, mention)
    if found is None or found.at is None:
        return mention
    if found.until and mention.role != "until":  # `until 9:00 on Monday` is one time; `open today until 20:00` is two
        adjoins = not text[found.end : mention.start].strip() and found.end <= mention.start
        return mention._replace(role="until", clock=found.at) if adjoins else mention
    if mention.role == "until" and found.start < mention.start and not found.until:
        return mention  # `every Wednesday at 14:00 until 9 December`
    return mention._replace(clock=found.at)


def _exact(mention: Mention, found: re.Match[str]) -> Mention:
    hour, minute, zone = found.groups()
    if int(hour) > 23 or int(minute) > 59:
        return mention
    mention = mention._replace(text=mention.text + found.group(), end=found.end(), clock=time(int(hour), int(minute)))
    if zone is None:
        return mention
    from memos_cli.times import to_text

    return mention._replace(instant=to_text(datetime.fromisoformat(mention.text)))


def _nearest(text: str, mention: Mention) -> Clock | None:
    """The one time of day of the sentence, or the first of two that are a span of time."""
    start, end = around(text, mention.start, mention.end)
    start, end = max(start, mention.start - _FARTHEST), min(end, mention.end + _FARTHEST)
    sentence = text[start:end]
    gap = (mention.start - start, mention.end - start)
    words = sentence[: gap[0]] + " " * (gap[1] - gap[0]) + sentence[gap[1] :]
    found = [clock for match in re.finditer(_CLOCK, words) if (clock := _clock(match, sentence, gap[1])) is not None]
    if len(found) == 2 and re.fullmatch(_RANGE, words[found[0].end : found[1].start] or "x"):
        found.pop()
    if len(found) != 1 or _is_in_doubt(words, found[0]):
        return None
    return found[0]._replace(start=found[0].start + start, end=found[0].end + start)


def _is_in_doubt(sentence: str, clock: Clock) -> bool:
    """Whether it is the end of a span, one of two, or what was changed: `9 to 5pm`, `10:00 or 11:00`, `moved from 10:00`."""
    before = sentence[: clock.start]
    if re.search(_SPAN_BEFORE, before) or re.match(_OTHER_AFTER, sentence[clock.end :]):
        return True
    return re.search(_SHIFTED, before) is not None


def in_sentence(sentence: str) -> time | None:
    """The one time of day that a sentence names."""
    found = [clock for match in re.finditer(_CLOCK, sentence) if (clock := _clock(match, sentence, -1)) is not None]
    return found[0].at if len(found) == 1 and not _is_in_doubt(sentence, found[0]) else None


def _clock(match: re.Match[str], sentence: str, day_ends: int) -> Clock | None:
    """A time of day; `None` for a number that is no time at all."""
    if match["noon"]:
        return Clock(time(12), match.start("noon"), match.end())
    if not _is_time(match, day_ends):
        return None
    elsewhere = re.match(_ZONE, match.string[match.end() : match.end() + 6]) is not None
    until = (match["lead"] or "").lower() in _ENDS or re.search(
        r"(?i)jusqu['’]$", match.string[: match.start()][-8:]
    ) is not None
    return Clock(None if elsewhere else _read(match, sentence), match.start("hour"), match.end(), until)


def _is_time(match: re.Match[str], day_ends: int) -> bool:
    """Whether a number is a time of day: by its form, or by the words before it."""
    hour, lead = int(match["hour"]), (match["lead"] or "").lower()
    if match["half"]:
        return 1 <= hour <= 12
    if hour > 23 or match["word"]:
        return hour <= 23
    if match["sign"]:  # `9:40` right behind the day, and `9.40` nowhere, needs no `at`
        between = match.string[day_ends : match.start("hour")] if day_ends >= 0 else "x"
        return bool(lead) or (match["sign"] == ":" and re.fullmatch(r"[\s,]{1,3}", between) is not None)
    place = re.match(r"\s(?!I\b)[A-Z](?!\w*day\b)", match.string[match.end() : match.end() + 14])
    return lead in _HOURLY and place is None  # not in `at 10 Downing Street`


def _read(match: re.Match[str], sentence: str) -> time | None:
    hour = int(match["hour"])
    minute = int(match["minute"] or match["minute2"] or match["minute3"] or match["minute4"] or 0)
    if match["half"]:
        return time(hour % 12 + (12 if match["half"] in "pP" else 0), minute)
    if 0 < hour <= _LATE and re.search(_NIGHT, sentence) and not re.search(_AFTERNOON, sentence):
        return time(hour, minute) if match["word"] and not re.search(_EVENING, sentence) else None
    if match["word"]:
        later = 12 if hour < 12 and re.search(_EVENING, sentence) and not re.search(_MORNING, sentence) else 0
        return time(hour + later, minute)
    return _by_half(match, hour, minute, (match["lead"] or "").lower(), sentence)


def _by_half(match: re.Match[str], hour: int, minute: int, lead: str, sentence: str) -> time | None:
    """The time as written, or twelve hours later in the evening; `None` where nothing tells which is meant."""
    if hour > 12 or hour == 0 or match["hour"].startswith("0"):
        return time(hour, minute)
    evening, morning = re.search(_EVENING, sentence), re.search(_MORNING, sentence)
    if (evening and morning) or (evening and hour == 12):
        return None
    if morning:
        return time(hour % 12, minute)
    if evening:
        return time(hour % 12 + 12, minute)
    if match["sign"] and lead not in {"at", "@", "for", "around", "about", "by", "from", "until", "till", "til", ""}:
        return time(hour, minute)  # where people write `um 7:30`, they count to 24
    least = _CLEAR_FROM if match["sign"] else _BARE_FROM
    return time(hour, minute) if least <= hour <= _CLEAR_TO or hour == 12 else None


def ago(text: str, base: datetime) -> list[Mention]:
    """What was so many hours or minutes before `base`, a time with its offset from UTC."""
    if " ago" not in text.lower():
        return []
    from memos_cli.times import to_text

    found = []
    for match in islice(re.finditer(_AGO, text), MOST):
        count, unit = match["count"].lower(), match["unit"].lower()
        length = float(count) if count.isdigit() else _COUNTS[count]
        try:
            # Counted in UTC: the clock on the wall may have gone back since.
            moment = base.astimezone(UTC) - (timedelta(hours=length) if unit == "hour" else timedelta(minutes=length))
            instant = to_text(moment)
        except OverflowError:
            continue
        day = moment.astimezone(base.tzinfo).date()
        found.append(Mention(match.group(), day, "day", match.start(), match.end(), role="at", instant=instant))
    return found
