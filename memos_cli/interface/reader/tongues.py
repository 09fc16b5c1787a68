"""The common words for days in German, French, Spanish and Dutch prose.

They are read only in a text whose words are of that language more than of another, since `hier`, `morgen` and `in` are words of
several. What a language says in more ways than one is left alone, as in English.
"""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from itertools import islice

from memos_cli.interface.reader.mention import (
    MOST,
    Mention,
    counted_from,
    holds_any,
    in_year,
    made,
    moved,
    weekday_in_doubt,
    weekday_near,
)
from memos_cli.interface.reader.tense import around, is_told_as_past, tense
from memos_cli.records import NamedTuple


class Tongue(NamedTuple):
    """A language's words for days, and patterns in which `{day}`, `{month}`, `{weekday}`, `{count}`, `{unit}` stand for them.

    Attributes:
        common: words by which the language is known.
        near: words for a day near to today, and how many days on it is.
        weekdays, months: their names, the first of the week and of the year first.
        counts: words for numbers.
        units: words for units of time.
        last, coming, next: what makes a weekday the last, the coming or next week's; patterns.
        plain: the words before a weekday that make it the nearest one.
        dates: a date, with the words that may stand before it.
        ahead, ago: so many units on, and back.
        origin, end: the words before a day that make it the beginning or the end of something.
        done: a sentence in which `ahead` is how long something took.
    """

    common: str
    near: Mapping[str, int]
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    counts: Mapping[str, int]
    units: Mapping[str, str]
    last: str
    coming: str
    next: str
    plain: str
    dates: str
    ahead: str
    ago: str
    origin: str
    end: str
    done: str


def _counted(words: str) -> dict[str, int]:
    """The numbers from one on; a number's forms are joined by `/`."""
    return {form: number for number, forms in enumerate(words.split(), 1) for form in forms.split("/")}


_GERMAN = Tongue(
    common="der die das ist war sind und ich wir nicht mit bei im am um ein eine es haben habe kommt uhr den dem wird waren ab "
    "seit bis in vor",
    near={"heute": 0, "gestern": -1, "vorgestern": -2, "übermorgen": 2, "uebermorgen": 2, "morgen": 1},
    weekdays=("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    months=("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
            "dezember"),
    counts=_counted("ein/eine/einer/einem/einen zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"),
    units={"tag": "day", "tage": "day", "tagen": "day", "woche": "week", "wochen": "week", "monat": "month", "monate": "month",
           "monaten": "month", "jahr": "year", "jahre": "year", "jahren": "year"},
    last=r"(?:letzten?|vergangenen?|vorigen?)\s{weekday}", coming=r"kommenden?\s{weekday}", next=r"nächsten?\s{weekday}",
    plain=r"(?:am|bis(?:\szum)?|ab|ab\sdem|seit(?:\sdem)?)\s{weekday}(?!\s?(?:morgens|abends))",
    dates=r"(?:(?:am|bis(?:\szum)?|ab(?:\sdem)?|seit(?:\sdem)?|vom)\s)?{day}\.\s{month}",
    ahead=r"in\s{count}\s{unit}", ago=r"vor\s{count}\s{unit}",
    origin=r"(?:ab|seit|von)(?:\sdem)?", end=r"bis(?:\szum)?",
    done=r"\b(?:hat|habe|haben|hatte|hatten|war|waren|wurde|wurden)\b",
)  # fmt: skip
_FRENCH = Tongue(
    common="le la les l il elle nous vous je j est et un une des du dans avec à au suis sont chez pas ce c qui que ai avons a "
    "depuis partir jusqu",
    near={"aujourd'hui": 0, "aujourd’hui": 0, "hier": -1, "avant-hier": -2, "demain": 1, "après-demain": 2, "ce matin": 0,
          "ce soir": 0},
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
            "décembre"),
    counts=_counted("un/une deux trois quatre cinq six sept huit neuf dix onze douze"),
    units={"jour": "day", "jours": "day", "semaine": "week", "semaines": "week", "mois": "month", "an": "year", "ans": "year",
           "année": "year", "années": "year"},
    last=r"{weekday}\sdernier", coming=r"ce\s{weekday}", next=r"{weekday}\sprochain",
    plain=r"(?:jusqu['’]à|depuis|à\spartir\sde|dès)\s{weekday}(?!\s(?:dernier|prochain))",
    dates=r"(?:le|du|dès\sle|depuis\sle|jusqu['’]au|à\spartir\sdu)\s(?:{weekday}\s)?{day}(?:er)?\s{month}",
    ahead=r"dans\s{count}\s{unit}", ago=r"il\sy\sa\s{count}\s{unit}(?!\sque)",
    origin=r"(?:à\spartir\sd[eu]|depuis(?:\sle)?|dès(?:\sle)?)", end=r"jusqu['’](?:à|au)",
    done="",
)  # fmt: skip
_SPANISH = Tongue(
    common="el la los las es y un una de en con por yo estoy hemos está tengo vimos fue que mi nos a desde hasta hace dentro "
    "partir",
    near={"hoy": 0, "ayer": -1, "anteayer": -2, "antier": -2, "pasado mañana": 2, "mañana": 1, "anoche": -1,
          "esta noche": 0},
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
            "diciembre"),
    counts=_counted("un/una dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    units={"día": "day", "días": "day", "semana": "week", "semanas": "week", "mes": "month", "meses": "month", "año": "year",
           "años": "year"},
    last=r"(?:el\s)?{weekday}\spasado", coming=r"este\s{weekday}",
    next=r"(?:el\s)?(?:próximo\s{weekday}|{weekday}\s(?:próximo|que\sviene))",
    plain=r"(?:hasta|desde|a\spartir\sde)(?:l|\sel)?\s{weekday}(?!\s(?:pasado|próximo|que))",
    dates=r"(?:(?:hasta|desde|a\spartir\sde)(?:l|\sel)?|el|para\sel)\s(?:{weekday}\s)?{day}\sde\s{month}",
    ahead=r"dentro\sde\s{count}\s{unit}", ago=r"hace\s{count}\s{unit}(?!\sque)",
    origin=r"(?:a\spartir\sde|desde)(?:l|\sel)?", end=r"hasta(?:\sel)?",
    done="",
)  # fmt: skip
_DUTCH = Tongue(
    common="het de een is en ik we wij met niet van op te zag ben heb naar dat om uur bij was waren zijn in vanaf sinds tot "
    "over geleden elke iedere afgelopen volgende",
    near={"vandaag": 0, "gisteren": -1, "eergisteren": -2, "overmorgen": 2, "morgen": 1, "vanavond": 0, "vanochtend": 0,
          "vanmiddag": 0, "morgenochtend": 1, "morgenmiddag": 1, "morgenavond": 1, "gisteravond": -1},
    weekdays=("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    months=("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
            "december"),
    counts=_counted("een/één twee drie vier vijf zes zeven acht negen tien elf twaalf"),
    units={"dag": "day", "dagen": "day", "week": "week", "weken": "week", "maand": "month", "maanden": "month", "jaar": "year",
           "jaren": "year"},
    last=r"(?:afgelopen|vorige)\s{weekday}", coming=r"(?:komende|aankomende)\s{weekday}", next=r"volgende\s{weekday}",
    plain=r"(?:op|tot(?:\sen\smet)?|sinds|vanaf)\s{weekday}(?!\s?(?:ochtend|avond))",
    dates=r"(?:(?:op|tot(?:\sen\smet)?|sinds|vanaf)\s)(?:{weekday}\s)?{day}\s{month}",
    ahead=r"over\s{count}\s{unit}", ago=r"{count}\s{unit}\sgeleden",
    origin=r"(?:vanaf|sinds)", end=r"tot(?:\sen\smet)?",
    done="",
)  # fmt: skip
TONGUES = {"de": _GERMAN, "fr": _FRENCH, "es": _SPANISH, "nl": _DUTCH}
_ENGLISH = "the is are was were of to in my we i she he it that with for on at have has been by not called and his her you"
_SHARED = frozenset({"hier"})
"""Words of which another language, in which they mean something else, is full: the text has to be of this one beyond doubt."""
_NO_TOMORROW = (
    r"(?i)(?:\b(?:guten|am|jeden|jede|heute|gestern|diesen|der|den|goede|elke|iedere|deze|la|esta|las|cada|de|de\sla)|['’]s)\s$"
)
"""Before these, `morgen` and `mañana` are the morning."""
_ARRANGED = (
    r"\b(?:abgesagt|verschoben|verlegt|reserviert|gebucht|geplant|verabredet|eingeladen|afgelast|uitgesteld|afgezegd|geannuleerd"
    r"|verplaatst|gereserveerd|geboekt|gepland|uitgenodigd|wollten?|sollten?|wilden?|wou|zou|zouden)\b"
)
"""Done or meant about a day that may lie ahead."""
_PERHAPS_PAST = {
    "de": r"\b(?!heute|bitte|mitte|könn|möch|hät|müss|dürf|würde"
    r"|(?:alt|gut|rot|spät|kalt|weit|leicht|schlecht|hart|nett|breit|fest|echt|tot|bunt|satt|laut|dritt|viert|fünft|zweit|sechst"
    r"|siebt|acht|neunt|zehnt)e)[a-zäöüß]{3,}(?<!s)te\b"
    r"|^(?!.*\b(?:m[uü]ss|kann|könn|will|woll|soll|werd|wird|darf|dürf|möcht|geh|zu\b)).*\b(?!heute)[a-zäöüß]{3,}(?<!s)ten\b",
    "nl": r"\b(?!grote|beste|goede|derde|tweede|eerste|laatste|late|witte|rode|oude|beide|einde|mede|harde|koude|wijde|juiste"
    r"|vaste|echte|korte|lichte|zachte|vierde|vijfde|zesde)[a-z]{3,}(?:de|te)\b",
}  # fmt: skip
"""A verb of the past by its form, or another word: `lernten`, `speelde`."""
_ENDS = r"(?=\W*(?:$|[.!?,;]|\b(?:und|en|aber|maar)\b))"
_PERFECT = {
    "de": r"\b(?:[Hh]abe|[Hh]ast|[Hh]at|[Hh]aben|[Hh]abt)\b.*(?<!zu )\b(?!geschlossen|geöffnet)"
    rf"(?:[a-zäöüß]*ge[a-zäöüß]{{2,}}(?:t|en)|(?:be|ver|er|ent|zer)[a-zäöüß]{{2,}}(?:t|en)|[a-zäöüß]{{2,}}iert){_ENDS}"
    r"|\b(?:[Bb]in|[Bb]ist|[Ii]st|[Ss]ind)\b.*\b[a-zäöü]*(?:gegangen|gefahren|gekommen|geflogen|gewesen|gestorben|geblieben|gelaufen"
    rf"|gezogen|gereist|gestanden|gefallen|passiert|geschehen){_ENDS}",
    "nl": r"\b(?:[Hh]eb|[Hh]ebt|[Hh]eeft|[Hh]ebben)\b.*\b(?!gesloten|geopend)[a-z]*ge[a-zë]{2,}(?:d|t|en|n)\b(?!\s[a-z]+en\b)"
    r"|\b(?:[Bb]en|[Bb]ent|[Ii]s|[Zz]ijn)\b.*\b[a-z]*(?:gegaan|gekomen|gevlogen|geweest|gestorven|gebleven|gelopen|gereisd|gevallen)\b",
}  # fmt: skip
"""A perfect by its participle: `ich habe … gesehen`; `wir haben … geschlossen` tells what is."""
_YEAR = r"(?:\s(?:de\s|del\s)?(?P<year>(?:19|20)\d\d)\b)?"
_LETTERS = r"[^\W\d_]+"
_SAMPLE = 2000
"""Characters by which the language of a text is judged."""


_SHORT_HINTS = (
    ". april", ". august", ". september", ". november", "il y a", "hace ", "mai", "mei", "mars", "juin", "juni", "juli", "jahr",
    "jaar",
)  # fmt: skip


@cache
def _hints() -> tuple[str, ...]:
    words: dict[str, None] = {}
    for tongue in TONGUES.values():
        counted = (unit for unit in tongue.units if len(unit) > 4)
        for word in (*tongue.near, *tongue.weekdays, *(month for month in tongue.months if len(month) > 4), *counted):
            words[word] = None
    english = {"april", "august", "september", "november", "december"}
    return (*(word for word in words if word not in english), *_SHORT_HINTS)


def may_name(low: str) -> bool:
    """Whether a text in lower case may hold such a word."""
    return holds_any(low, _hints())


def mentions(text: str, base: date) -> list[Mention]:
    """The times of a text in one of these languages."""
    if not may_name(text.lower()):
        return []
    name, certain = language(text)
    if name is None:
        return []
    found = []
    for match in islice(re.finditer(_pattern(name), text), MOST):
        words = " ".join(match.group().lower().split())
        if words in _SHARED and not certain:
            continue
        resolved = _resolved(name, match, words, base)
        if resolved is not None:
            found.append(resolved)
    return found


def doubts(text: str, base: date) -> list[tuple[Mention, Mention]]:
    """The weekdays in one of these languages that may be of this week or of the next one, each as both, the earlier first."""
    if not may_name(text.lower()) or (name := language(text)[0]) is None:
        return []
    tongue, found = TONGUES[name], []
    for match in islice(re.finditer(_pattern(name), text), MOST):
        kind = "next" if match["next"] else "on" if match["plain"] else ""
        words = " ".join(match.group().lower().split())
        weekday = next((at for at, weekday in enumerate(tongue.weekdays) if weekday in words), None)
        days = weekday_in_doubt(base, weekday, kind) if kind and weekday is not None else None
        if days is not None and _resolved(name, match, words, base) is None:
            found.append((_as(match, days[0]), _as(match, days[1])))
    return found


def _as(match: re.Match[str], day: date) -> Mention:
    return Mention(match.group(), day, "day", match.start(), match.end())


@cache
def _vocabulary() -> dict[str, frozenset[str]]:
    known = {
        name: frozenset((*tongue.common.split(), *tongue.near, *tongue.weekdays, *tongue.months, *tongue.units))
        for name, tongue in TONGUES.items()
    }
    return known | {"en": frozenset(_ENGLISH.split())}


def language(text: str) -> tuple[str | None, bool]:
    """The language of a text, and whether no other one has as many of its words; `None` where it is English or in doubt."""
    words = re.findall(_LETTERS, text[:_SAMPLE].lower())
    score = {name: sum(word in known for word in words) for name, known in _vocabulary().items()}
    best = max(score.values())
    if not best or score["en"] == best:
        return None, False
    leading = [name for name in TONGUES if score[name] == best]
    return leading[0], len(leading) == 1


@cache
def _pattern(name: str, *, on: bool = False) -> str:
    """The pattern of a language, as text: re caches what it has compiled; `on` for what may follow a day and move it."""
    tongue = TONGUES[name]
    of_weekday = rf"(?:{'|'.join(tongue.weekdays)})"
    parts = {
        "day": r"(?:0?[1-9]|[12]\d|3[01])",
        "month": rf"(?:{'|'.join(tongue.months)})",
        "weekday": of_weekday,
        "count": rf"(?:\d{{1,3}}|{'|'.join(tongue.counts)})",
        "unit": rf"(?:{'|'.join(sorted(tongue.units, key=len, reverse=True))})",
    }

    def filled(pattern: str) -> str:
        for part, value in parts.items():
            pattern = pattern.replace(f"{{{part}}}", value)
        return pattern

    lead = rf"(?:(?:{tongue.origin}|{tongue.end})\s)?"
    near = "|".join(sorted(tongue.near, key=len, reverse=True))
    kinds = (
        ("last", rf"{lead}{tongue.last}"), ("coming", rf"{lead}{tongue.coming}"), ("next", rf"{lead}{tongue.next}"),
        ("plain", tongue.plain), ("date", tongue.dates + _YEAR), ("ahead", tongue.ahead), ("ago", tongue.ago),
        ("near", rf"{lead}(?:{near})"),
    )  # fmt: skip
    if on:
        return rf"(?i)\s(?:{filled(tongue.ahead)}|(?P<back>{filled(tongue.ago)})|en\s(?:huit|quinze))(?![\w-])"
    return r"(?i)(?<![\w-])(?:" + "|".join(f"(?P<{kind}>{filled(pattern)})" for kind, pattern in kinds) + r")(?![\w-])"


def _resolved(of: str, match: re.Match[str], words: str, base: date) -> Mention | None:
    tongue = TONGUES[of]
    kind = next(kind for kind in ("last", "coming", "next", "plain", "date", "ahead", "ago", "near") if match[kind])
    role = "from" if re.match(rf"(?:{tongue.origin})\s", words) else "until" if re.match(rf"(?:{tongue.end})\s", words) else ""
    if role == "from" and re.match(r"(?:von|de|vom|du)\s", words):
        role = "of" if kind == "near" else "at"  # `die Zeitung von gestern`
    if kind == "near":
        return _near(of, match, words, base, role)
    unit = "day"
    day: date | None
    if kind in {"ahead", "ago"}:
        before = match.string[max(0, match.start() - 12) : match.start()].lower()
        if before.strip().endswith(tongue.weekdays):
            return None  # `vrijdag over een week` is the Friday after the next one
        if kind == "ahead" and tongue.done and re.search(f"(?i){tongue.done}", match.string[: match.end() + 120][-240:]):
            return None
        role = "from" if re.search(r"\bdesde\s$", before) else role
        day, unit = _counted_day(tongue, words, base, back=kind == "ago")
    elif kind == "date":
        day = _date(tongue, match, words, base)
    else:
        day = _weekday(of, match, words, base, kind, role)
    return None if day is None else Mention(match.group(), day, unit, match.start(), match.end(), role=role)


def _near(of: str, match: re.Match[str], words: str, base: date, role: str) -> Mention | None:
    """`gestern`, `demain`, and the day that is counted on or back from it: `morgen in einer Woche`, `heute vor einem Jahr`."""
    tongue = TONGUES[of]
    name = next(name for name in sorted(tongue.near, key=len, reverse=True) if words.endswith(name))
    start, end = match.end() - len(name), match.end()
    if name in {"morgen", "mañana"} and re.search(_NO_TOMORROW, match.string[max(0, start - 12) : start]):
        return None
    day: date | None = moved(base, tongue.near[name])
    on = re.match(_pattern(of, on=True), match.string[end : end + 40])
    if on is not None and day is not None:
        after = on.group().lower()
        weeks = {"huit": 7, "quinze": 14}.get(after.split()[-1])  # `demain en huit`
        day = moved(day, weeks) if weeks else _counted_day(tongue, after, day, back=bool(on["back"]))[0]
        end += on.end()
    return None if day is None else Mention(match.string[match.start() : end], day, "day", match.start(), end, role=role)


def _weekday(of: str, match: re.Match[str], words: str, base: date, kind: str, role: str) -> date | None:
    """The day of a weekday with its words; `None` where it may be of this week or of another one."""
    weekday = next(at for at, weekday in enumerate(TONGUES[of].weekdays) if weekday in words)
    if kind != "plain":
        return weekday_near(base, weekday, kind)
    if role == "from" and not re.match(r"(?:ab|à partir|a partir|vanaf|dès)\b", words):
        return weekday_near(base, weekday, "last")  # since then
    if role or weekday == base.weekday():
        return weekday_near(base, weekday, "on")
    past = _told_as_past(of, match)
    return None if past is None else weekday_near(base, weekday, "last" if past else "on")


def _told_as_past(of: str, match: re.Match[str]) -> bool | None:
    """Whether the sentence around a weekday tells what was; `None` where it was arranged then, and may be of any week."""
    start, end = around(match.string, match.start(), match.end())
    rest = f"{match.string[start : match.start()]} {match.string[match.end() : end]}"
    if re.search(_ARRANGED, rest):
        return None
    if is_told_as_past(rest, foreign=True):
        return True
    perfect = _PERFECT.get(of)
    if perfect is not None and re.search(perfect, rest) is not None:
        return True
    perhaps = _PERHAPS_PAST.get(of)
    return None if perhaps is not None and re.search(perhaps, rest) else False


def _counted_day(tongue: Tongue, words: str, base: date, *, back: bool) -> tuple[date | None, str]:
    tokens = words.split()
    unit = next(tongue.units[token] for token in reversed(tokens) if token in tongue.units)
    said = next((token for token in tokens if token.isdigit() or token in tongue.counts), "")
    # `il y a un an`: the `a` before the count is no count, and `un` is the last of those that are.
    count = int(said) if said.isdigit() else tongue.counts.get(said, 0)
    return (counted_from(base, -count if back else count, unit) if count else None), unit


def _date(tongue: Tongue, match: re.Match[str], words: str, base: date) -> date | None:
    month = next(at for at, month in enumerate(tongue.months, 1) if re.search(rf"\b{month}\b", words))
    number = re.search(r"\d{1,2}", words)
    if number is None:
        return None
    day = int(number.group())
    if match["year"]:
        return made(int(match["year"]), month, day)
    looks = tense(match.string, match.start(), match.end())
    days = (in_year(lambda year: made(year, month, day), base, way) for way in ("past", "future"))
    found = [one for one in days if one is not None]
    if looks == "past":
        found = [one for one in found if one <= base]
    return min(found, key=lambda one: abs(one - base), default=None)
