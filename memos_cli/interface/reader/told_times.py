"""What a text says about time: when it happened, from when and until when it is true, and whether it comes back.

A day alone is the instant of its midnight where the person is. `valid_to` is the first instant at which a memory is no longer
valid (a filter asks for `valid_to > at`). Words such as `until Monday` or `to 2015` mean the whole Monday and the whole year,
and so `valid_to` is then the last millisecond of it: it holds on that day, and is shown as that day. `until Monday at 9:00`
ends at nine.

A bound and a recurrence are read from a text of one sentence alone: two sentences may be true at different times.
"""

# ruff: noqa: RUF001 -- the dash that stands between two days is matched

import re
from collections.abc import Sequence
from datetime import date, datetime, time

from memos_cli.interface.reader import clocks, dates, recurrences
from memos_cli.interface.reader.mention import WEEKDAY, Mention, counted_from, last_of, made, moved
from memos_cli.interface.reader.named import KnownDay, unknown_day
from memos_cli.interface.reader.tense import STOP, is_told_as_past
from memos_cli.records import NamedTuple
from memos_cli.times import Zone

RECURRENCE = "recurrence"
"""The name in a memory's metadata of the rule by which it comes back, `RRULE:…` as RFC 5545 has it."""
TOLD = "told_validity"
"""The name in a memory's metadata of the mark that its `valid_from` and `valid_to` are those of its own words."""
_LEAD = 60
"""Characters before a time in which its role is looked for."""
_ONE_SENTENCE = 400
"""Characters of a text that may be one sentence, at the most."""
_FROM = (
    r"(?i)\b(?:from|starting(?:\s(?:from|on))?|beginning(?:\s(?:from|on))?|as\s(?:of|from)|effective(?:\sfrom)?|since)"
    r"(?:\sthe)?\s$"
)
_ONLY_FROM = r"(?i)\bfrom(?:\sthe)?\s$"
_OPENING = r"(?i)^\W{0,3}(?:(?:and|but|so|then)\s)?from(?:\sthe)?\s$"
_IS_FROM = (
    r"(?i)\b(?:is|are|was|were|letter|mail|email|e-mail|photos?|news|message|leftovers|invoice|bill|moved|rescheduled|postponed"
    r"|shifted|changed|brought\sforward)\sfrom(?:\sthe)?\s$"
)
_UNTIL = (
    r"(?i)\b(?:until|till?|through|up\sto|(?:ends?|ending|expires?|expiring|runs\sout|finishes|terminates)(?:\s(?:on|in|by|at))?"
    r"|finit|expire|se\stermine|endet|eindigt|termina|vence|caduca)(?:\sthe)?\s$"
)
_PUT_OFF = (
    r"(?i)\b(?:wait\w*|postponed|delayed|deferred|put\soff|adjourned|moved|days|weeks|months|sleeps|not|never|no\slonger)\b"
    r"|n['’]t\b"
)
_BARRED = r"(?i)\b(?:can['’]?t|cannot|mustn['’]t|must\snot|may\snot)\b"
_BY_ITSELF = {"since": "from", "from": "from", "starting": "from", "until": "until", "till": "until", "til": "until",
              "through": "until"}  # fmt: skip
_JOINS = r"(?i)[\s,]{0,3}(?:to|until|till?|through|and|bis|à|au|a|al|tot|-|–)(?:\s(?:the|el|le|zum))?\s{0,2}"
_SPANS = r"(?i)\b(?:from|between|von|vom|zwischen|de|du|entre|van|tussen|del)\s(?:the\s)?$"
_YEARS = (
    r"(?i)\b(?:from|between|von|zwischen|de|entre|van|tussen|desde|depuis)\s(?P<first>(?:19|20)\d\d)\s"
    r"(?:to|until|till?|through|and|und|bis|à|a|et|y|hasta|tot|en)\s(?P<last>(?:19|20)\d\d)\b"
    r"(?=\s?(?:[.,;:!?)]|$)|\s(?:as|at|in|and|with|for|when|while|before|after|i|we|he|she|they|my|on|but|the"
    r"|gearbeitet|gewohnt|gelebt|studiert|gewerkt|gewoond|in|bei|als|chez|à|en|dans|como|con|bij|voor|dort|là|allí|daar)\b)"
)
_SHORT_SPAN = (
    r"(?i)(?:\b(?:(?:from|between)\s(?:the\s)?)(?P<day>\d{1,2})(?:st|nd|rd|th)?\s(?:to|until|till?|and|-)"
    r"|(?<![\w.,:/\-€$£])(?P<day2>\d{1,2})(?:st|nd|rd|th)?\s(?:to|until|till?))\s(?:the\s)?$"
)
_SHORT_START = r"(?i)\b(?:vom|von|van)\s(?P<day>\d{1,2})\.?\s$"
_NO_DAY = (
    r"(?i)\b(?:(?:(?:is|are|was|were)\s|(?:an?|the)\s(?:\w{1,20}\s){1,2})(?:called|named|titled|entitled)"
    r"|(?:song|film|movie|book|novel|album|band)\s(?:is|was)|heißt|hieß|heet|heette|s['’]appelle|se\sllama)\s[\"'“]?(?:the\s)?$"
)
_QUOTED = (
    r"(?:(?<=[\s(:])|^)\"(?=\S)[^\"\n]{0,300}\"|“[^“”\n]{0,300}”|„[^„“”\n]{0,300}[“”]|«[^«»\n]{0,300}»"
    r"|《[^《》\n]{0,300}》|「[^「」\n]{0,300}」"
)
_QUOTE = 301
"""Characters of the longest quotation."""
_SHOW = r"\s(?:Night|Morning|Afternoon)\s[A-Z]"
_IS_TITLE = r"(?i)[^.!?\n]{0,40}\b(?:is|was)\s(?:an?|the)\s(?:\w{1,20}\s)?(?:song|film|movie|book|novel|album|band)\b"
_FROM_DAY = r"(?i)\b(?P<count>an?|one|two|three|four|\d{1,2})\s(?P<unit>day|week|month|year)s?\sfrom\s$"
_STAY = r"(?i)\bfor\s\w{1,6}\s(?:day|week|month|year)s?\sfrom\s$"
_PAPER = (
    r"(?i)\b(?:e-?mail|mail|letter|invoice|photo|bill|message|note|report|minutes|issue|edition|version|order|statement|paper"
    r"|post|article)s?\sof\s(?:the\s)?$"
)
_NOT_ON = (
    r"(?i)\b(?:(?:before|after)\s(?:the\s)?|not\s(?:be\s)?(?:on\s)?|(?:is|are|was|were)n['’]t\s(?:on\s)?"
    r"|won['’]t\sbe\s(?:on\s)?|(?:instead\sof|rather\sthan)\s(?:on\s)?|nicht\s|niet\s|(?:est|sera)\spas\s|no\s(?:es|será)\s)$|不是$"
)
_WAS_TO_BE = (
    r"(?i)\b(?:(?:thought|believed|assumed)\s(?:that\s)?(?:\w+\s){1,4}?(?:was|were|is|are|would\sbe)"
    r"|(?:was|were)\s(?:supposed|meant|planned)\sto\sbe)\s(?:on\s)?$"
)
_BEFORE_IT = (
    r"(?i)\b(?:before\s(?:the|my|our|his|her|their|\w{1,20}['’]s)\s\w{1,20}(?:\s\w{1,20})?"
    r"|(?:an?|one|two|three|four|\d{1,3})\s(?:day|week|month|hour|night)s?\s(?:before|after)\s[^.!?\n]{1,30})\s(?:on\s)?$"
)
_YEARLY_BOUND = r"(?i)\b(?:(?:fiscal|financial|tax)\syear|geschäftsjahr|steuerjahr|boekjaar)\b"
_OF_WEEKDAYS = r"(?i)\b(?:von|van|du|de)\s(?:\w{3,9}(?:tag|woch|dag)|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s$"
_OPEN = r"(?i)\b(?:open|offen|geöffnet|geschlossen|zu|geopend|gesloten|dicht|ouvert\w?|fermé\w?)\b"
_HOLDS = r"(?i)\b(?:is|are|open|closed|valid|runs|holds|expires?|ends?|ist|sind|gilt|läuft|endet|loopt|geldt|eindigt)\b"
_NOT_SURE = (
    r"(?i)\s(?:or|oder|ou|of)\s(?:on\s)?(?:the\sday|the\s\d|\d{1,2}(?:st|nd|rd|th)?\b"
    rf"|{WEEKDAY}\b)"
)
_AND_AGO = r"(?i)\s(?:an?|one|two|three|four|five|\d{1,2})\s(?:week|month|year)s?\sago\b"
_REASON = r"(?i)since\s[^.!?\n]{1,20}\s(?:is|was|will|has|falls)\b"
_OR = r"(?i)\s(?:or|oder|ou|o|of)\s(?:on\s)?(?:the\s)?"
_ON_WEEKDAYS = rf"(?i)\s?(?:to|-|–|until|till|through)\s?{WEEKDAY}\b"
_HABIT = r"(?i)\b(?:yearly|annually|(?:every|each)\s(?:year|spring|summer|autumn|fall|winter))\b"
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_SMALL_HOURS = 5
"""The last hour that belongs to the night before it."""
_NIGHTS = frozenset(("tonight", "last night", "今晚", "昨晚", "esta noche", "anoche", "gisteravond"))


class Timing(NamedTuple):
    """What a text says about time; the times are fixed-width UTC text.

    Attributes:
        mentions: the times that it names, whatever they are to it.
        occurred_at: when it happened or will happen; of what comes back, the first time.
        recurrence: an RFC 5545 rule.
        whole: whether the text is one sentence, so that its time is that of the whole text.
    """

    mentions: tuple[Mention, ...] = ()
    occurred_at: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    recurrence: str | None = None
    whole: bool = False


class Doubt(NamedTuple):
    """Words that name a day and have two readings, so that they date nothing.

    Attributes:
        words: the words.
        readings: the two instants, the earlier first, as fixed-width UTC text.
        field: the field that they would set: `occurred_at`, `valid_from` or `valid_to`.
    """

    words: str
    readings: tuple[str, str]
    field: str


NOTHING = Timing()
_FIELDS = {"": "occurred_at", "at": "occurred_at", "from": "valid_from", "until": "valid_to"}
"""By the role of a mention; one that is neither (`of`) sets none."""


def of(text: str, at: str, zone: Zone, known_day: KnownDay = unknown_day) -> Timing:
    """What a text says about time.

    Args:
        at: when it was said, fixed-width UTC text.
        zone: where the person is: a day begins at its midnight there.
        known_day: the month and the day of `my birthday`, where they are known.
    """
    if not may_tell(text):
        return NOTHING
    base = zone.local(at)
    found = [
        _by_night(text, clocks.of_day(text, _in_its_role(text, mention, base.date())), base)
        for mention in dates.mentions(text, base, known_day=known_day)
        if not (_is_in_a_title(text, mention) or _is_of_the_evening_before(mention, text, base))
    ]
    if len(text) > _ONE_SENTENCE or re.search(STOP, text.strip()) is not None:
        return _happening(found, zone)
    return _of_sentence(text, found, base, zone)


def doubt(text: str, at: str, zone: Zone) -> Doubt | None:
    """The first words of a text that name a day and have two readings; the arguments are those of `of`."""
    if not may_tell(text):
        return None
    base = zone.local(at)
    for pair in dates.doubts(text, base):
        one, other = (clocks.of_day(text, _in_its_role(text, mention, base.date())) for mention in pair)
        if (field := _FIELDS.get(one.role)) and not _is_in_a_title(text, one):
            instant = _ends if field == "valid_to" else starts
            return Doubt(one.text, (instant(one, zone), instant(other, zone)), field)
    return None


def may_tell(text: str) -> bool:
    """Whether a text may say something about time: fast, and without an answer that is worth anything but no."""
    return dates.may_name_a_time(text) or recurrences.may_name(text.lower())


def _is_in_a_title(text: str, mention: Mention) -> bool:
    """Whether the words are the name of a song, a film, a book, or stand in quotation marks."""
    before, after = text[max(0, mention.start - _LEAD) : mention.start], text[mention.end : mention.end + _LEAD]
    if re.search(_NO_DAY, before) is not None or re.match(_IS_TITLE, after) is not None or re.match(_SHOW, after) is not None:
        return True
    return _is_name(text, mention) or _is_quoted(text, mention)


def _is_name(text: str, mention: Mention) -> bool:
    """Whether `Today` or `The Day After Tomorrow` is written as a name in a sentence that writes other words small."""
    words = mention.text.split()
    if words[-1] not in {"Today", "Tonight", "Tomorrow", "Yesterday"} or (len(words) == 1 and mention.start == 0):
        return False
    rest = text[: mention.start] + text[mention.end :]
    begins = len(words) == 1 and re.search(r"[^\w\s,]\W*$", text[: mention.start]) is not None
    return not begins and re.search(r"\b[a-z]{4}", rest) is not None


def _is_quoted(text: str, mention: Mention) -> bool:
    """Whether the words are somebody's, of a time that nobody knows: in quotation marks, and not all of the text is."""
    if not any(mark in text for mark in '"“„«《「'):
        return False
    first = max(0, mention.start - _QUOTE)
    near, start, end = text[first : mention.end + _QUOTE], mention.start - first, mention.end - first
    quotes = (found for found in re.finditer(_QUOTED, near) if found.start() < start and end < found.end())
    return any(found.group() != text.strip(" .!?") for found in quotes)


def _is_of_the_evening_before(mention: Mention, text: str, base: datetime) -> bool:
    """Whether `tonight` may be the evening that is over: `we watched a film tonight`, told at half past midnight."""
    if base.hour >= _SMALL_HOURS or base.time() == time() or mention.clock is not None:
        return False
    return mention.text.lower() in {"tonight", "this evening", "this afternoon", "今晚"} and is_told_as_past(text)


def _by_night(text: str, mention: Mention, base: datetime) -> Mention:
    """The mention, on the next day where its time of day is after the midnight of the night that is meant: `tonight at 1am`."""
    if mention.clock is None or mention.clock.hour > _SMALL_HOURS or mention.instant is not None:
        return mention
    words = mention.text.lower()
    night = re.match(r"(?i)\s(?:night|nacht)\b", text[mention.end : mention.end + 7]) is not None
    if not night and words not in _NIGHTS:
        # `open till 2am on Friday`: in the night to Friday, or from it
        late = mention.role == "until" and not re.search(r"(?i)\bmorning|morgens|matin\b", text)
        return mention._replace(role="of") if late else mention
    early = base.hour <= _SMALL_HOURS and base.time() != time()
    ended = words in {"heute", "cette nuit", "esta noche"} and is_told_as_past(text, foreign=True)
    return mention if (early and mention.day <= base.date()) or ended else mention._replace(day=moved(mention.day, 1))


def _of_sentence(text: str, found: list[Mention], base: datetime, zone: Zone) -> Timing:
    years = _years(text)
    if years is not None:
        return Timing(tuple(found) or years, whole=True, valid_from=starts(years[0], zone), valid_to=_ends(years[1], zone))
    found, spans = _joined(text, found)
    comes_back = recurrences.find(text, base, found)
    opens, closes = _bound(found, "from"), _bound(found, "until")
    valid_from, valid_to = opens and starts(opens, zone), closes and _ends(closes, zone)
    if valid_from and valid_to and valid_to < valid_from:
        valid_from = valid_to = None
    if closes and closes.day < base.date() and _may_be_next_years(text, closes):
        valid_from = valid_to = None
    timing = _happening(found, zone)._replace(valid_from=valid_from, valid_to=valid_to, whole=True)
    if comes_back is not None:
        first = zone.instant(datetime.combine(comes_back.first, comes_back.clock or time()))
        return timing._replace(occurred_at=first, recurrence=comes_back.rule.text)
    if re.search(_HABIT, text):  # `yearly in April`, `every year from May to September`: no day of its own
        every = timing._replace(occurred_at=None)
        return every._replace(valid_from=None, valid_to=None) if opens and closes else every
    if timing.occurred_at is None and spans and opens and opens.unit == "day":
        timing = timing._replace(occurred_at=valid_from)  # a stay, a fair: it has a day on which it begins
    return timing


def _bound(found: Sequence[Mention], role: str) -> Mention | None:
    """The one mention in a role; `None` where two are different: `until 2010, then in Ghent until 2015`."""
    ones = [mention for mention in found if mention.role == role]
    return ones[0] if ones and all(one.day == ones[0].day for one in ones) else None


def _may_be_next_years(text: str, closes: Mention) -> bool:
    """Whether what is said to hold until a day that has passed may hold until that day of another year."""
    without_year = re.search(r"\d", closes.text) is not None and re.search(r"\d{4}", closes.text) is None
    if not without_year or re.search(_HOLDS, text) is None:
        return False
    return not (is_told_as_past(text) or is_told_as_past(text, foreign=True))


def _happening(found: Sequence[Mention], zone: Zone) -> Timing:
    """The first mention that is no bound is when it happened."""
    first = next((mention for mention in found if mention.role in {"", "at"}), None)
    return Timing(tuple(found), first and starts(first, zone))


def _in_its_role(text: str, mention: Mention, base: date) -> Mention:
    """The mention, marked as the beginning (`from`) or the end (`until`) of what is said, or as neither (`of`)."""
    if mention.role == "at":
        return mention
    before, after = text[max(0, mention.start - _LEAD) : mention.start], text[mention.end : mention.end + 30]
    if _is_aside(mention, before, after):
        return mention._replace(role="of")
    role = mention.role or _BY_ITSELF.get(mention.text.split()[0].lower(), "")
    if not role:
        role = "until" if re.search(_UNTIL, before) else "from" if re.search(_FROM, before) else ""
    if role and (text.strip(" .!") == mention.text or re.match(_REASON, text[mention.start : mention.end + 8])):
        return mention._replace(role="of")  # `Hasta mañana!` says nothing, and `since Friday is a holiday` gives a reason
    if role == "until" and re.search(_PUT_OFF, before):
        return mention._replace(role="of" if re.search(_BARRED, before) else "at")  # `postponed until Friday`: it is on Friday
    if role == "from" and not mention.role:
        return _beginning(mention, before, base)
    return mention._replace(role=role)


def _is_aside(mention: Mention, before: str, after: str) -> bool:
    """Whether a time is neither that of what is said nor a bound of it: `my mail of 3 March`, `after 6 June`, `6 or 7 June`."""
    words = mention.text.lower()
    if re.search(_NOT_ON, before) and not words.startswith(("until", "till", "til ", "since")):
        return True
    if any(re.search(aside, before) for aside in (_PAPER, _WAS_TO_BE, _BEFORE_IT)):
        return True
    if re.match(_ON_WEEKDAYS, after) or re.match(_NOT_SURE, after) or (after[:1] == "的" and not mention.text.isascii()):
        return True
    if re.search(_OF_WEEKDAYS, before) and (re.search(_OPEN, before) or re.search(_OPEN, after)):
        return True  # `von Montag bis Freitag geöffnet` ends on no Friday
    if re.search(_YEARLY_BOUND, before) and re.search(_UNTIL, before):
        return True
    return mention.text.lower() == "today" and re.match(_AND_AGO, after) is not None  # `today a year ago` is that day


def _beginning(mention: Mention, before: str, base: date) -> Mention:
    """A time after `from`, `since` and their like: the beginning of something, unless it is said where something comes from."""
    with_lead = f"{before}from " if mention.text[:5].lower() == "from " else before
    away = None if re.search(_STAY, with_lead) else re.search(_FROM_DAY, with_lead)
    if away is not None:  # `a week from tomorrow`
        count = _COUNTS.get(away["count"].lower()) or int(away["count"])
        return mention._replace(day=counted_from(mention.day, count, away["unit"].lower()) or mention.day, role="at")
    if re.search(_ONLY_FROM, with_lead) is None:
        return mention._replace(role="from")
    opens = mention.start < _LEAD and re.match(_OPENING, with_lead)
    begins = opens or (mention.day > base and not re.search(_IS_FROM, with_lead))
    return mention._replace(role="from" if begins else "of")


def _joined(text: str, found: list[Mention]) -> tuple[list[Mention], bool]:
    """The mentions, of which two that are joined (`from 3 to 10 December`) become a beginning and an end; and if any are."""
    spans = False
    marked: list[Mention] = []
    for mention in found:
        lead = text[max(0, mention.start - _LEAD) : mention.start]
        short = re.search(_SHORT_START if re.match(r"(?:bis|tot)\b", mention.text.lower()) else _SHORT_SPAN, lead)
        if short is not None and mention.unit == "day" and re.search(r"\b\d", mention.text):
            first = next(one for one in short.groups() if one)
            opens = made(mention.day.year, mention.day.month, int(first))
            if opens is not None and opens <= mention.day:
                marked.append(mention._replace(text=first, day=opens, end=mention.start, role="from", clock=None))
                mention, spans = mention._replace(role="until"), True  # noqa: PLW2901
        elif marked and re.fullmatch(_OR, text[marked[-1].end : mention.start]):
            marked[-1], mention = marked[-1]._replace(role="of"), mention._replace(role="of")  # noqa: PLW2901
        elif marked and _are_joined(text, marked[-1], mention):
            marked[-1] = marked[-1]._replace(role="from")
            mention, spans = mention._replace(role="until"), True  # noqa: PLW2901
        marked.append(mention)
    return marked, spans


def _are_joined(text: str, first: Mention, second: Mention) -> bool:
    between = text[first.end : second.start]
    if re.fullmatch(_JOINS, between) is None and not (second.role == "until" and not between.strip(" ,")):
        return False
    before = text[max(0, first.start - _LEAD) : first.start]
    if re.search(_IS_FROM, before):
        return False
    return first.text[:5].lower() == "from " or re.search(_SPANS, before) is not None


def _years(text: str) -> tuple[Mention, Mention] | None:
    """The years of `from 2011 to 2015`."""
    found = re.search(_YEARS, text)
    if found is None or int(found["first"]) > int(found["last"]):
        return None
    first, last = date(int(found["first"]), 1, 1), date(int(found["last"]), 1, 1)
    return Mention(found["first"], first, "year"), Mention(found["last"], last, "year", last=last_of(last, "year"))


def starts(mention: Mention, zone: Zone) -> str:
    """The instant at which what a mention means begins."""
    return mention.instant or zone.instant(datetime.combine(mention.day, mention.clock or time()))


def _ends(mention: Mention, zone: Zone) -> str:
    """The time of day that a mention names, else the last millisecond of the last day that it means."""
    if mention.instant or mention.clock:
        return starts(mention, zone)
    return zone.instant(datetime.combine(mention.last or mention.day, time(23, 59, 59, 999000)))
