"""Time expressions in English prose, resolved against the time of the utterance; `tongues` reads those of other languages.

A regular expression finds candidates, so that "may", "on" or a bare number are never guessed at, and the few forms that it
finds are read here: a library for dates of all kinds takes a millisecond for each. A wrong date is worse than none, so an
expression with two readings is left alone (`05/03/2024`; `next Friday` on a Tuesday; `read it in two weeks`, which is a
duration).
"""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from collections.abc import Iterator
from datetime import date, datetime

from memos_cli.interface.reader import clocks, named, tongues
from memos_cli.interface.reader.mention import (
    MONTH,
    MONTHS,
    WEEKDAY,
    WEEKDAYS,
    Mention,
    counted_from,
    found_in,
    last_of,
    made,
    moved,
    weekday_in_doubt,
    weekday_near,
)
from memos_cli.interface.reader.named import KnownDay, unknown_day
from memos_cli.interface.reader.tense import tense

_NEAR = {
    "the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "last night": -1, "today": 0, "tonight": 0,
    "this morning": 0, "this afternoon": 0, "this evening": 0, "tomorrow": 1,
    "the day after tomorrow": 2, "day after tomorrow": 2,
    "昨日": -1, "昨天": -1, "今日": 0, "今天": 0, "明日": 1, "明天": 1, "一昨日": -2, "前天": -2, "明後日": 2, "后天": 2,
    "大后天": 3, "大前天": -3, "今晚": 0, "今早": 0, "昨晚": -1, "明早": 1, "明晚": 1,
}  # fmt: skip
_MONTH = rf"{MONTH}\b\.?"
_NUMBER = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty)"
_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_COUNTS = {"a": 1, "an": 1, "twenty": 20, "thirty": 30, **{word: at for at, word in enumerate(_WORDS.split(), 1)}}
_COUNTED = r"(?:(?P<which>last|next)|(?:in )?(?P<count>\w+)) (?P<unit>day|week|fortnight|month|year)s?(?: ago| from now)?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_HINTS = (
    "day", "night", "morning", "afternoon", "evening", "tomorrow", "week", "month", "year", " ago",
    "昨", "今", "明", "前天", "后天", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
"""A text with none of these and no digits that look like a date has no candidate; most texts end here."""
# Patterns as text: re caches what it has compiled, and a text without a hint does not pay for it (7 ms).
_CANDIDATE = (
    r"(?P<near>\b(?:(?:the )?day (?:before yesterday|after tomorrow)|yesterday|tomorrow|today|tonight|last night"
    r"|this (?:morning|afternoon|evening))\b(?!['’]s\b)"
    r"|大后天|大前天|[今昨明]晚|[今明]早|一昨日|昨日|昨天|前天|今日|今天|明後日|明日|明天|后天)"
    r"|(?P<iso>(?<![\w/.\-])\d{4}(?:-\d\d-|/\d\d/)\d\d(?![\w\-]|/)|(?<![\w/.\-])\d{4}-\d\d-\d\d(?=[Tt]\d\d:))"
    r"|(?:(?P<ideograph_year>\d{4})年)?(?P<ideograph_month>\d{1,2})月(?P<ideograph_day>\d{1,2})[日号號]"
    r"|(?P<numeric>(?<![\w/.\-])\d{1,2}(?P<sep>[/.])\d{1,2}(?P=sep)\d{4}(?![\w/\-]|\.\d))"
    r"|\b(?P<which>last|next|this(?: coming)?|coming|past|on|by|until|till?|since|from|starting|through)\s+"
    rf"(?P<weekday>{WEEKDAY})\b(?!\s+(?:(?:morning|afternoon|evening|night)s|week|of)\b)"
    rf"(?!,?\s+(?:the\s+)?(?:\d(?!\d?[:.]\d\d)|{_MONTH}\s+\d))"
    r"|(?<!the )(?<!of )\b(?P<period>(?:last|next)\s+(?:week|month|year))\b(?!\s+(?:of|or)\b|-)"
    rf"|\b(?P<ago>{_NUMBER}\s+(?:day|week|month|year|fortnight)s?\s+(?:ago|from now))\b"
    rf"|\b(?P<ahead>in\s+{_NUMBER}\s+(?:day|week|month|year|fortnight)s?(?:['’]?\s+time)?)\b(?!\s+(?:of|or)\b|-)"
    rf"|(?<![\w.,:/\-])(?P<day_month>{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR}\b)?)(?![\w\-/]|\.?\s+of\b)"
    rf"|\b(?P<month_day>{_MONTH}\s+{_DAY}\b(?:,?\s+{_YEAR}\b)?)(?![\w\-/%]|[.:,]\d)"
    r"|\b(?:(?:in|since|until|by|during|last|next|this|early|late|mid)[\s-]+)?"
    rf"(?<!\d\. )(?P<month_year>{_MONTH},?\s+{_YEAR})\b(?![\w\-/])"
    rf"|\b(?:in|since|until|last|next)\s+(?P<month>{_MONTH})(?![\w\-/]|\s+\d)"
    r"|\b(?:in|since|until|till|through)\s+(?P<year>19[5-9]\d|20[0-4]\d)(?=\s*(?:[.,;:!?)]|$))"
)
_FIRST = r"(?=[\d\u4e00-\u9fff]|\b[abcdefijlmnopstuy])"
_LEADS = r"(?i)\b(?:on|by|until|till|since|from|before|after|for|between|and|to|the)\s+$"
_GOES_ON = "is was at and or to for in with we i he she they it the my our from till until because when by as but"
_FOLLOWS = frozenset(_GOES_ON.split())
"""After `March 2`, these words do not turn it into a march of two miles."""
_HABIT = r"(?i)\b(?:once|twice|times|every|each|hours?|days?|much|more|all|anything|most|weeks?)\s+$"
_PUT_OFF = r"(?i)\b(?:postponed|delayed|deferred|put off|adjourned|moved|extended)\b"
_CALLED_OFF = (
    r"(?i)\s(?:was|were|has been|got|is)\s(?:cancell?ed|called off|postponed|moved|rescheduled|brought forward|confirmed)\b"
)
_MOVED_TO = (
    r"(?i)\b(?:moved|rescheduled|postponed|shifted|changed|delayed|put off|brought forward)\b[^.!?\n]{0,30}\bto\s(?:the\s)?$"
)
_VERSION = r"(?i)(?:version|release|\bv|python|section|chapter)\s*$"
_OF_WEEK_BEFORE = r"(?i)\b(?:(?:last|next)\sweek|in\s\w+\sweeks?(?:['’]?\stime)?|weeks?\s(?:ago|from\snow)),?\s$"
_OF_WEEK_AFTER = (
    r"(?i),?\s(?:of\s)?(?:(?:the\s)?(?:last|next|following|previous)\sweek|in\s\w+\sweeks?|\w+\sweeks?\s(?:ago|from\snow)"
    r"|(?:after\snext|before\slast))\b"
)
_ARRANGED = (
    r"(?i)\b(?:cancel\w*|called\soff|confirmed|(?:bought|got|found|won|sold)\s(?:\w+\s){0,3}(?:tickets?|invit\w+)|invited"
    r"|signed\sup|registered|(?:told|asked|reminded)\s\w+\s(?:to|about)|heard\sabout|promised)\b[^.!?\n]{0,40}$"
)
"""What was done then about something of another day: `I cancelled the dentist on Friday`."""
_WILLED = (
    r"(?i)\b(?:(?:agreed|decided|wanted|hoped|promised|asked|told|meant|intended|expected|offered|arranged)\s(?:\w+\s){0,2}?to"
    r"|(?:was|were)\sgoing\sto|would|(?:i|we|he|she|they)\sbooked)\s[^.!?\n]{0,40}$"
)
"""What was meant then for another day, perhaps one to come: `we agreed to meet on Monday`."""
_GOES_ON_THEN = r"(?i)\b(?:(?:is|are)\s|(?:is|are|am)\s\w{2,20}ing\s(?:\w+\s){0,3})$"
_PART_OF = r"(?i)\b(?:weeks?|weekends?|days?|half|middle|rest)\sof\s$"
_ADDRESS = r"\s(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Square|Place|Close|Drive|Court|Way)\b"
_ABLE = (
    r"(?i)\b(?:can|could|able\sto|possible\sto)\b[^.!?\n]{0,20}\b(?:learn|finish|do|done|read|write|complete|build|walk|run|drive"
    r"|paint|fix|solve|reach|end(?:ed)?|cook|make|lose|earn)\b[^.!?\n]{0,30}$"
)
"""`You can learn it in a week` says how long it takes."""
_WEEKDAY_BEFORE = r"(?i)\b(mon|tue|wed|thu|fri|sat|sun)(?:(?:s|nes|rs|ur)?day|\.)?,?\s+(?:the\s+)?$"
_WEEKDAY_AFTER = rf"(?i),?\s(?:(?:is|was|will be|falls|fell)\s)?(?:on\s)?\(?(?:an?\s)?({WEEKDAY})\b"
_NAMING = frozenset({"day_month", "month_day", "month_year", "month"})  # the candidates that name a month
_NEAR_DAYS = 60
"""A date without a year that passed less than so many days ago may well be meant, whatever the sentence says."""
_FURTHEST_YEARS = 150
_SHORTEST = 2  # characters of the shortest time expression


def mentions(text: str, base: datetime, *, most: int = 16, known_day: KnownDay = unknown_day) -> list[Mention]:
    """The time expressions that can be resolved with confidence, in the order of the text.

    Args:
        text: what was said or written.
        base: when it was said, as the clock on the wall there had it; `last Friday` said on 2023-05-08 is 2023-05-05.
        most: the most that are wanted; a document full of dates has no time of its own.
        known_day: the month and the day of `my birthday`, where they are known.
    """
    found: list[Mention] = []
    for match in _candidates(text):
        if len(found) == most:
            break
        resolved = _resolved(match, base.date())
        if resolved is not None:
            found.append(_mention(match, *resolved))
    day = base.date()
    more = [*named.mentions(text, day, known_day), *tongues.mentions(text, day), *clocks.ago(text, base)]
    if more:
        found = _apart([*found, *more])[:most]
    return [one for one in found if abs(one.day.year - base.year) <= _FURTHEST_YEARS]


def doubts(text: str, base: datetime) -> list[tuple[Mention, Mention]]:
    """The words that name a day and have two readings, each as both of them, the earlier first; `mentions` has none of them."""
    found: list[tuple[Mention, Mention]] = []
    for match in _candidates(text):
        days = _both(match, base.date())
        if days is not None and _resolved(match, base.date()) is None:
            found.append((_mention(match, min(days), "day"), _mention(match, max(days), "day")))
    return [*found, *tongues.doubts(text, base.date())]


def _candidates(text: str) -> Iterator[re.Match[str]]:
    low = text.lower()
    return found_in(text, low, _CANDIDATE, _FIRST) if _may_be_english(low) else iter(())


def _before(match: re.Match[str], most: int) -> str:
    return match.string[max(0, match.start() - most) : match.start()]


def _both(match: re.Match[str], base: date) -> tuple[date, date] | None:
    """The two days that `05/03/2024`, `next Friday` told on a Tuesday, and `on Friday` told on one may mean."""
    before = _before(match, 40)
    if match.lastgroup == "numeric" and re.search(_VERSION, before) is None:
        first, second, year = map(int, re.split(r"[/.]", match["numeric"]))
        one, other = made(year, second, first), made(year, first, second)
        return (one, other) if one and other and match["sep"] == "/" else None
    if match.lastgroup != "weekday" or re.search(_HABIT, before):
        return None
    which, wanted = match["which"].lower(), WEEKDAYS.index(match["weekday"].lower())
    if which == "next":
        return weekday_in_doubt(base, wanted, "next")
    same = which in {"on", "by", "until", "till", "til", "from", "starting", "through"} and wanted == base.weekday()
    return weekday_in_doubt(base, wanted, "on", past=_tense(match) == "past") if same else None


def _mention(match: re.Match[str], day: date, unit: str) -> Mention:
    exact = match.lastgroup in {"ago", "ahead"}
    last = None if unit == "day" or exact else last_of(day, unit)
    return Mention(match.group().strip().rstrip("."), day, unit, match.start(), match.end(), last)


def _apart(found: list[Mention]) -> list[Mention]:
    """The mentions in the order of the text; of two that overlap, the longer one."""
    kept: list[Mention] = []
    for one in sorted(found, key=lambda one: (one.start, one.start - one.end)):
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
            continue
        kept.append(one)
    return kept


def may_name_a_time(text: str) -> bool:
    """Whether a text may hold a time expression: fast, and without an answer that is worth anything but no."""
    if len(text) < _SHORTEST:
        return False
    low = text.lower()
    return _may_be_english(low) or named.may_name(low) or tongues.may_name(low)


def _may_be_english(low: str) -> bool:
    for hint in _HINTS:
        if hint in low:
            return True
    return (
        re.search(
            r"\d{4}[-/]\d|[/.]\d{4}|\d月|\b(?:in|since|until|till|through)\s+\d{4}|(?:19|20)\d\d\s(?:to|until|till?|through|and|und|bis|à|a|et|y|hasta|tot|en)\s(?:19|20)\d\d",
            low,
        )
        is not None
    )


def _resolved(match: re.Match[str], base: date) -> tuple[date, str] | None:
    """The day and the unit; `None` where there is doubt."""
    kind = match.lastgroup
    if kind == "near":
        return moved(base, _NEAR[" ".join(match["near"].lower().split())]), "day"
    if kind == "iso":
        return _day(*map(int, re.split("[-/]", match["iso"])))
    if kind == "ideograph_day":
        year, month, day = (int(match[f"ideograph_{part}"] or base.year) for part in ("year", "month", "day"))
        return _day(year, month, day)
    if kind == "numeric":
        return _numeric(match)
    if kind == "weekday":
        return _weekday(match, base)
    return _by_words(match, base)


def _day(year: int, month: int, day: int) -> tuple[date, str] | None:
    return _with_unit(made(year, month, day), "day")


def _numeric(match: re.Match[str]) -> tuple[date, str] | None:
    """`13/05/2024` and `5.3.2024`; `05/03/2024` is the third of May or the fifth of March, and left alone."""
    first, second, year = map(int, re.split(r"[/.]", match["numeric"]))
    if re.search(_VERSION, _before(match, 40)):
        return None
    if match["sep"] == "." or first > 12 or first == second:
        return _day(year, second, first)
    return _day(year, first, second) if second > 12 else None


def _weekday(match: re.Match[str], base: date) -> tuple[date, str] | None:
    which, wanted = match["which"].lower(), WEEKDAYS.index(match["weekday"].lower())
    if which in {"last", "past", "since"}:
        return _with_unit(weekday_near(base, wanted, "last"), "day")
    if which == "next":
        return _with_unit(weekday_near(base, wanted, "next"), "day")
    if which in {"this", "this coming", "coming"}:
        this_weeks = which != "this" or wanted > base.weekday()
        return _with_unit(weekday_near(base, wanted, "coming"), "day") if this_weeks else None
    return _with_unit(_on_weekday(match, base, which, wanted), "day")


def _on_weekday(match: re.Match[str], base: date, which: str, wanted: int) -> date | None:
    """The day of `on Friday` and `until Friday`; `None` where it may be of this week or of another one."""
    before, after = _before(match, 60), match.string[match.end() : match.end() + 40]
    # `the meeting on Tuesday was cancelled`: of this week, or of the last one? `on Tuesday next week` is read with its week.
    if any(re.match(other, after) for other in (_CALLED_OFF, _OF_WEEK_AFTER)):
        return None
    if any(re.search(other, before) for other in (_HABIT, _OF_WEEK_BEFORE, _WILLED)):
        return None
    if wanted == base.weekday() or _tense(match) != "past":
        return weekday_near(base, wanted, "on")
    if which == "on":
        return None if re.search(_ARRANGED, before) else weekday_near(base, wanted, "last")
    # `we stayed until Monday`: of which week? `postponed until Monday` lies ahead.
    return weekday_near(base, wanted, "on") if re.search(_PUT_OFF, before) else None


def _tense(match: re.Match[str]) -> str | None:
    if re.search(_MOVED_TO, before := _before(match, 60)):
        return "future"
    if re.search(_GOES_ON_THEN, before):
        return None
    return tense(match.string, match.start(), match.end())


def _by_words(match: re.Match[str], base: date) -> tuple[date, str] | None:
    kind = match.lastgroup
    words = match[kind or 0]
    if _is_word(match, words):
        return None
    if kind == "year":
        return date(int(words), 1, 1), "year"
    if kind in {"day_month", "month_day"}:
        return _with_unit(_in_some_year(match, words, base), "day")
    if kind in {"month_year", "month"}:
        return _with_unit(_month(match, words, base), "month")
    before = _before(match, 60)
    if kind == "ahead" and (re.search(_HABIT, before) or re.search(_ABLE, before) or _tense(match) == "past"):
        return None
    counted = _counted(words, base)
    return counted and named.beside(match, kind or "", counted, base)


def _with_unit(day: date | None, unit: str) -> tuple[date, str] | None:
    return (day, unit) if day else None


def _counted(words: str, base: date) -> tuple[date, str] | None:
    """`two weeks ago`, `in a month`, `next year`: a week begins on its Monday, a month and a year on their first."""
    if words[-4:].lower() == "time":
        words = re.sub(r"(?i)['’]?\s+time$", "", words)
    unit = next((unit for unit in ("week", "month", "year") if unit in words.lower()), "day")
    day = _parsed(words, base, "current_period")
    if day is None or not re.match(r"(?i)last|next", words):
        return _with_unit(day, unit)
    starts = {"week": moved(day, -day.weekday()), "month": day.replace(day=1), "year": day.replace(month=1, day=1)}
    return starts[unit], unit


def _is_word(match: re.Match[str], words: str) -> bool:
    """Whether the month's name is a verb or a name here: `I may 3 times`, `March 2 miles`, `may 5 people come`."""
    kind = match.lastgroup
    if kind not in _NAMING:
        return False
    before = _before(match, 40)
    part = kind == "month_year" and re.search(_PART_OF, before)
    if part or re.match(_ADDRESS, match.string[match.end() : match.end() + 10]):
        return True
    if re.search(_LEADS, before) or re.search(_WEEKDAY_BEFORE, before) or re.search(_YEAR, words):
        return False
    if re.search(r"\b(?:may|mar(?:ch)?)\b", words):
        return True
    after = re.match(r"\s+([a-z]+)", match.string[match.end() : match.end() + 20])
    return kind == "month_day" and after is not None and after[1] not in _FOLLOWS


def _in_some_year(match: re.Match[str], words: str, base: date) -> date | None:
    """`3 March`: in the year as written, else in the year that fits the weekday beside it, else in the likeliest year."""
    if re.search(_YEAR, words):
        return _parsed(words, base, "current_period")
    days = [day for day in (_parsed(words, base, "past"), _parsed(words, base, "future")) if day]
    weekday = re.search(_WEEKDAY_BEFORE, _before(match, 20))
    weekday = weekday or re.match(_WEEKDAY_AFTER, match.string[match.end() : match.end() + 30])
    if weekday is not None:
        days = [day for day in days if WEEKDAYS[day.weekday()].startswith(weekday[1].lower())]
        return min(days, key=lambda day: abs(day - base), default=None)
    return _likeliest(days, base, _tense(match))


def _month(match: re.Match[str], words: str, base: date) -> date | None:
    """The first of a month; `in May` is the next May, unless the sentence says otherwise."""
    which = match.group().lower()
    if match.lastgroup == "month_year":
        found = _parsed(words, base, "current_period")
    elif which.startswith(("last", "since")):
        found = _parsed(words, base, "past")
    else:
        found = None if _tense(match) == "past" else _parsed(words, base, "future")
    return found and found.replace(day=1)


def _likeliest(days: list[date], base: date, tense: str | None) -> date | None:
    """The day nearest to `base`; none where the sentence contradicts it, except for a plan that no near day fits."""
    nearest = min(days, key=lambda day: abs(day - base), default=None)
    if nearest is None or tense is None or nearest == base or (nearest > base) == (tense == "future"):
        return nearest
    ahead = [day for day in days if day > base]
    return ahead[0] if ahead and tense == "future" and (base - nearest).days > _NEAR_DAYS else None


def _parsed(words: str, base: date, prefer: str) -> date | None:
    """The day that a candidate names; a month and a year stand for their first day, and one counted for the same day of it."""
    low = " ".join(words.lower().split())
    counted = re.fullmatch(_COUNTED, low)
    if counted is not None:
        count = _COUNTS.get(counted["count"] or "", 1) if not (counted["count"] or "").isdigit() else int(counted["count"])
        back = low.endswith("ago") or counted["which"] == "last"
        return counted_from(base, -count if back else count, counted["unit"])
    month = re.search(_MONTH, low)
    if month is None:
        return None
    rest = low[: month.start()] + " " + low[month.end() :]
    year, number = re.search(rf"\b{_YEAR}\b", rest), MONTHS.index(month.group()[:3]) + 1
    day = re.search(r"(?<!\d)\d{1,2}(?!\d)", rest)
    if year is not None:
        return made(int(year.group()), number, int(day.group()) if day else 1)
    if day is None:
        return _month_near(base, number, prefer)
    return _day_near(base, number, int(day.group()), prefer)


def _month_near(base: date, month: int, prefer: str) -> date | None:
    """The first of the latest such month up to that of `base`, or of the next one after it."""
    if prefer == "past":
        return made(base.year - (month > base.month), month, 1)
    return made(base.year + (month <= base.month), month, 1)


def _day_near(base: date, month: int, day: int, prefer: str) -> date | None:
    """The latest such day up to `base`, or the next one after it; the 29th of February may be eight years away."""
    years = range(base.year, base.year - 9, -1) if prefer == "past" else range(base.year, base.year + 9)
    found = (made(year, month, day) for year in years)
    return next((one for one in found if one and ((one <= base) if prefer == "past" else (one > base))), None)
