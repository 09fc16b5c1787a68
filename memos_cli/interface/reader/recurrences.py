"""What comes back: "bins go out on Tuesdays", "every six months", "my birthday is on 14 March 1988", as rules of RFC 5545."""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from collections.abc import Sequence
from datetime import date, datetime, time

from memos_cli.interface.reader import clocks, tongues
from memos_cli.interface.reader.mention import WEEKDAY, WEEKDAYS, Mention, holds_any, last_of_month, moved
from memos_cli.interface.reader.tense import is_told_as_past
from memos_cli.records import NamedTuple


class Rule(NamedTuple):
    """A rule, and when it first holds.

    Attributes:
        frequency: `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`.
        interval: every so many of them.
        weekdays: the days of the week (0 is Monday), each with its place in the month, 0 for each of them, -1 for the last.
        month, day: the day of a month, and of which month.
    """

    frequency: str
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    month: int = 0
    day: int = 0

    @property
    def text(self) -> str:
        """The rule as RFC 5545 writes it."""
        days = ",".join(f"{place or ''}{_CODES[weekday]}" for place, weekday in self.weekdays)
        parts = (
            f"FREQ={self.frequency}",
            f"INTERVAL={self.interval}" if self.interval > 1 else "",
            f"BYMONTH={self.month}" if self.month else "",
            f"BYMONTHDAY={self.day}" if self.day else "",
            f"BYDAY={days}" if days else "",
        )
        return "RRULE:" + ";".join(part for part in parts if part)

    def holds(self, day: date) -> bool:
        """Whether it may hold on a day, its interval left aside."""
        if (self.month and day.month != self.month) or (self.day and day.day != self.day):
            return False
        return not self.weekdays or any(
            day.weekday() == weekday and (not place or place == _place(day, place)) for place, weekday in self.weekdays
        )


def _place(day: date, place: int) -> int:
    """Which of its weekday in the month a day is, from the front or, for a negative place, from the end."""
    return (day.day - 1) // 7 + 1 if place > 0 else -((last_of_month(day).day - day.day) // 7 + 1)


_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NUMBERS = {
    "other": 2, "second": 2, "2nd": 2, "two": 2, "third": 3, "3rd": 3, "three": 3, "fourth": 4, "4th": 4, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_PLACES = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": -1}
_PLACE = "|".join(_PLACES)
_UNITS = {
    "day": "DAILY", "morning": "DAILY", "evening": "DAILY", "night": "DAILY", "afternoon": "DAILY", "week": "WEEKLY",
    "month": "MONTHLY", "year": "YEARLY",
}  # fmt: skip
_SETS = {"weekday": (0, 1, 2, 3, 4), "workday": (0, 1, 2, 3, 4), "weekend": (5, 6)}
_HINTS = (
    "every", "each", "daily", "weekly", "monthly", "yearly", "annually", "days", "ends", "birthday", "anniversary", "evenings",
    "mornings", "afternoons", "nights",
)  # fmt: skip
_FOREIGN_HINTS = (
    "jede", "tags", "wochs", "abends", "tous les", "toutes les", "chaque", "todos los", "todas las", "cada ", "elk", "ieder",
    "geburtstag", "cumpleaños", "anniversaire", "verjaardag",
)  # fmt: skip
# Patterns as text: re caches what it has compiled, and a text without a hint does not pay for them.
_OF_MONTH = r"of\s(?:every|each|the)\smonth"
_ORDINAL = (
    rf"(?i)\b(?:every\s(?P<place>{_PLACE})\s(?P<weekday>{WEEKDAY})\s{_OF_MONTH}"
    rf"|(?:on\s)?the\s(?P<place2>{_PLACE})\s(?P<weekday2>{WEEKDAY})\sof\s(?:every|each)\smonth)\b"
)
_MONTH_DAY = (
    r"(?i)\b(?:on\s)?the\s(?:(?P<day>\d{1,2})(?:st|nd|rd|th)|first(?:\sday)?)\sof\s(?:every|each)\smonth\b"
    r"|\b(?:(?:every|each)\smonth|monthly),?\son\sthe\s(?P<day2>\d{1,2})(?:st|nd|rd|th)\b(?!\sof)"
)
_EVERY = (
    r"(?i)(?<!\bof\s)(?<!\bin\s)\b(?:every|each)\s(?:(?P<count>other|second|2nd|third|3rd|fourth|4th|\d{1,2}|two|three|four|five|six|seven|eight|nine"
    rf"|ten|eleven|twelve)\s)?(?P<unit>day|morning|afternoon|evening|night|week|month|year|weekday|workday|weekend|{WEEKDAY})s?\b"
    rf"(?P<more>(?:,?\s(?:and\s)?(?:every\s)?{WEEKDAY}){{0,6}})"
    r"(?!\s(?:of|last|is|was|for|during|counts|from|but|except)\b|\sin\s(?:the|19|20))"
)
_ON_A_DAY = rf"(?i),?\son\s(?P<days>{WEEKDAY}s?(?:(?:,\s|,?\sand\s)(?:on\s)?{WEEKDAY}s?)*)\b"
_ON_A_NUMBER = r"(?i),?\s(?:on\sthe|am|el|le|op\sde)\s\d"
_PLURAL = (
    rf"(?i)(?:\bon\s|^\W{{0,3}})(?P<days>(?:{WEEKDAY}|weekday|weekend)s(?:(?:,\s|,?\sand\s)(?:on\s)?(?:{WEEKDAY}|weekend)s)*)\b"
    rf"|\bon\s(?P<parted>{WEEKDAY})\s(?:morning|afternoon|evening|night)s\b"
)
_DAILY = r"(?i)\bdaily(?=\s(?:at|before|after|with|in the)\b|\s?[.,;!]|\s?$)"
_YEARLY = r"(?i)\b(?:every|each)\syear\b|\b(?:yearly|annually)\son\b"
_BIRTHDAY = (
    r"(?i)\b(?:(?:birthday|anniversary|name\sday)(?:\s(?:is|falls)(?:\son)?|\son|:)(?:\sthe)?|geburtstag\sist|cumpleaños\ses"
    r"|anniversaire\sest|verjaardag\sis)\s$"
)
_IS_BIRTHDAY = (
    r"(?i)\s(?:is|was)\s[^.!?\n]{1,40}?\b(?:birthday|anniversary|name\sday)\b(?!\s(?:party|dinner|cake|present|card))"
)
_NOT = (
    r"(?i)\b(?:used to|no longer|not|never|rarely|seldom|hardly|sometimes|occasionally|most|some|stopped|until recently"
    r"|any ?more|nicht|kein\w*|ne|pas|no|niet|geen|once|twice|times|except|apart from|other than|außer|sauf|excepto|behalve"
    r"|bi-?weekly|bi-?monthly|fortnightly|quarterly|but (?:not|next|this)"
    r"|(?:from|starting|beginning)(?: in)? (?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december))\b(?!,? \d)|n['’]t\b"
)
_FOREIGN = {
    "de": r"(?i)\bjede[nsr]?\s(?P<unit>{unit})\b|\b(?P<plural>{weekday})s\b",
    "fr": r"(?i)\b(?:tou(?:s|tes)\sles|chaque)\s(?P<unit>{unit})s?\b",
    "es": r"(?i)\b(?:tod[oa]s\sl[oa]s|cada)\s(?P<unit>{unit})(?:s|es)?\b",
    "nl": r"(?i)\b(?:elke?|iedere?)\s(?P<unit>{unit})\b",
}
_FOREIGN_UNITS = {
    "de": {"tag": "DAILY", "morgen": "DAILY", "abend": "DAILY", "woche": "WEEKLY", "monat": "MONTHLY", "jahr": "YEARLY"},
    "fr": {
        "jour": "DAILY", "matin": "DAILY", "soir": "DAILY", "semaine": "WEEKLY", "mois": "MONTHLY", "année": "YEARLY",
        "an": "YEARLY",
    },
    "es": {"día": "DAILY", "mañana": "DAILY", "noche": "DAILY", "semana": "WEEKLY", "mes": "MONTHLY", "año": "YEARLY"},
    "nl": {"dag": "DAILY", "ochtend": "DAILY", "avond": "DAILY", "week": "WEEKLY", "maand": "MONTHLY", "jaar": "YEARLY"},
}  # fmt: skip
_LONGEST_WAIT = 366 * 9


class Recurrence(NamedTuple):
    """A rule, the day and the time of day of its first occurrence."""

    rule: Rule
    first: date
    clock: time | None


def may_name(low: str) -> bool:
    """Whether a text in lower case may name something that comes back."""
    return holds_any(low, _HINTS) or holds_any(low, _FOREIGN_HINTS)


def find(sentence: str, base: datetime, mentions: Sequence[Mention]) -> Recurrence | None:
    """What a sentence says comes back; `None` where it says nothing of the kind, of the past, or in doubt.

    The first occurrence is the first one from `base` on, a time of day that has passed then counting for the next one. An
    anniversary with its year first happened on that day itself. `every six months` counts from the day on which it is said.

    Args:
        base: when it was said, as the clock on the wall there had it.
        mentions: the times that the sentence names.
    """
    if not may_name(sentence.lower()):
        return None
    yearly = _anniversary(sentence, mentions, base.date())
    if yearly is not None:
        return yearly
    if re.search(_NOT, sentence) or is_told_as_past(sentence):
        return None
    rule = _rule(sentence, mentions)
    vague = any(mention.role in {"", "at"} and mention.unit in {"month", "year"} for mention in mentions)
    if rule is None or vague or (rule.frequency == "YEARLY" and not rule.day and mentions):
        return None  # `every Monday in June`, `every year in May`
    clock = clocks.in_sentence(sentence)
    start = base.date() if clock is None or clock > base.time() else moved(base.date(), 1)
    start = max([start, *(mention.day for mention in mentions if mention.role == "from")])
    if not (rule.weekdays or rule.day):
        return Recurrence(rule, start, clock)
    first = next((day for days in range(_LONGEST_WAIT) if rule.holds(day := moved(start, days))), None)
    return None if first is None else Recurrence(rule, first, clock)


def _anniversary(sentence: str, mentions: Sequence[Mention], base: date) -> Recurrence | None:
    """A birthday or a wedding day: on its day itself where a year is written, else the next one."""
    for mention in mentions:
        if mention.unit != "day" or mention.role == "until":
            continue
        is_one = re.search(_BIRTHDAY, sentence[max(0, mention.start - 60) : mention.start]) or (
            re.match(_IS_BIRTHDAY, sentence[mention.end : mention.end + 80])
        )
        if not is_one:
            continue
        rule = Rule("YEARLY", month=mention.day.month, day=mention.day.day)
        if re.search(r"\b(?:1[89]|20)\d\d\b", mention.text):
            return Recurrence(rule, mention.day, None)
        first = next((day for days in range(_LONGEST_WAIT) if rule.holds(day := moved(base, days))), None)
        return None if first is None else Recurrence(rule, first, None)
    return None


def _rule(sentence: str, mentions: Sequence[Mention]) -> Rule | None:
    found = re.search(_ORDINAL, sentence)
    if found is not None:
        place = _PLACES[(found["place"] or found["place2"]).lower()]
        return Rule("MONTHLY", weekdays=((place, WEEKDAYS.index((found["weekday"] or found["weekday2"]).lower())),))
    found = re.search(_MONTH_DAY, sentence)
    if found is not None:
        day = int(found["day"] or found["day2"] or 1)
        return Rule("MONTHLY", day=day) if 1 <= day <= 31 else None
    days = [mention for mention in mentions if mention.unit == "day" and not mention.role]
    if re.search(_YEARLY, sentence) and len(days) == 1:
        return Rule("YEARLY", month=days[0].day.month, day=days[0].day.day)
    found = re.search(_EVERY, sentence)
    if found is not None:
        return _on_a_day(_every(found), sentence[found.end() :])
    found = re.search(_PLURAL, sentence)
    if found is not None:
        return _plural(found["days"] or found["parted"])
    return Rule("DAILY") if re.search(_DAILY, sentence) else _foreign(sentence)


def _every(found: re.Match[str]) -> Rule | None:
    count, unit = (found["count"] or "").lower(), found["unit"].lower()
    interval = int(count) if count.isdigit() else _NUMBERS.get(count, 1)
    if unit in _SETS:
        return Rule("WEEKLY", weekdays=tuple((0, day) for day in _SETS[unit])) if interval == 1 else None
    if unit in WEEKDAYS:
        names = [unit, *re.findall(WEEKDAY, found["more"].lower())]
        return Rule("WEEKLY", interval, tuple((0, day) for day in sorted({WEEKDAYS.index(name) for name in names})))
    return Rule(_UNITS[unit], interval) if interval else None


def _on_a_day(rule: Rule | None, after: str) -> Rule | None:
    """The rule with the day that is told behind it: `every two weeks on Monday`; `None` where its first day is in doubt."""
    if rule is None or rule.weekdays or rule.frequency == "DAILY":
        return rule
    days = re.match(_ON_A_DAY, after)
    if days is not None and rule.frequency == "WEEKLY":
        return rule._replace(weekdays=_plural(days["days"]).weekdays)
    return None if days is not None or re.match(_ON_A_NUMBER, after) else rule


def _plural(words: str) -> Rule:
    low = words.lower()
    days = {WEEKDAYS.index(name) for name in re.findall(WEEKDAY, low)}
    for name, members in _SETS.items():
        days |= set(members) if name in low else set()
    return Rule("WEEKLY", weekdays=tuple((0, day) for day in sorted(days)))


def _foreign(sentence: str) -> Rule | None:
    low = sentence.lower()
    if not any(hint in low for hint in _FOREIGN_HINTS):
        return None
    name, _ = tongues.language(sentence)
    if name is None:
        return None
    weekdays = tongues.TONGUES[name].weekdays
    units = _FOREIGN_UNITS[name]
    pattern = _FOREIGN[name].replace("{unit}", "|".join((*weekdays, *units))).replace("{weekday}", "|".join(weekdays))
    found = re.search(pattern, sentence)
    if found is None:
        return None
    unit = next(word for word in found.groups() if word).lower()
    before, after = low[: found.start()], low[found.end() :]
    if re.search(r"\b(?:de|du|del|im|van de|des)\s$", before) or re.match(_ON_A_NUMBER, after):
        return None  # `el primer lunes de cada mes`, `jeden Monat am 15.`
    if re.match(rf"s?\s(?:bis|tot|à|au|a)\s(?:{'|'.join(weekdays)})", after):
        return None  # `montags bis freitags`
    return Rule("WEEKLY", weekdays=((0, weekdays.index(unit)),)) if unit in weekdays else Rule(units[unit])
