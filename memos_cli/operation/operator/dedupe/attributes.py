"""Attributes that have one value (a phone number, a home, a diet): which sentences state one, and when a value ends another.

A table, since nothing else is certain: "I like tea" and "I like coffee" are both true, "My phone number is …" is true of one
number. Where the table has doubts (whose attribute, whether it changes, which of the two is right) a person is asked.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from memos_cli.operation.operator.dedupe import change_wordings as wordings
from memos_cli.operation.operator.dedupe.normal_form import HELD_TOGETHER, NEGATIONS, QUANTITIES, NormalForm

PERSONAL = frozenset(("i", "we", "my", "our", "me", "us", "mine", "ours", "myself"))
_PRONOUNS = frozenset("he she they it this that his her their its someone somebody a an these those who".split())  # noqa: SIM905 -- reads better as prose


class Conflict(NamedTuple):
    """Two statements exclude each other; `certain` says whether the later one certainly holds.

    The reason quotes neither statement: the log keeps it, and a purge of the memories would not find it there.
    """

    certain: bool
    reason: str


class Attribute(NamedTuple):
    """A phrase that states an attribute with one value.

    Attributes:
        pattern: over the words as one line, with the groups `who` and `value`; a group `name` distinguishes attributes.
        typed: the form of values whose change is certain; `None`: no change is certain.
        marked: whether the later statement has to say that it is new ("now").
    """

    name: str
    pattern: str
    typed: str | None = None
    marked: bool = False


_WHO = r"(?P<who>my|our|[^.]{1,40}? 's)(?: (?P<new>new))?"
_BE = r"(?:is|are|has changed to|was changed to)"
CITIES = frozenset(
    """aberdeen abidjan accra adelaide aleppo algiers amman amsterdam ankara antwerp athens atlanta auckland austin baghdad
    baltimore bangkok barcelona bari basel beijing beirut belfast belgrade bergen berlin bern bilbao birmingham bogotá
    bogota bologna bonn bordeaux boston braga bratislava bremen brighton brisbane bristol brussels bucharest budapest
    cairo calgary canberra caracas cardiff casablanca chennai chicago cleveland coimbra cologne copenhagen cork coventry
    dakar dallas damascus delhi denver derby detroit dhaka dortmund dresden dubai dublin dundee düsseldorf edinburgh essen
    exeter faro florence frankfurt gdańsk gdansk geneva genoa ghent glasgow göteborg graz guadalajara guangzhou hamburg
    hanoi hanover havana helsinki hiroshima houston hull hyderabad istanbul jakarta jerusalem johannesburg kabul karachi
    kathmandu kiev kyiv kingston kolkata kraków krakow kyoto lagos lahore leeds leicester leipzig lille lima limerick
    lisbon liverpool ljubljana lyon madrid málaga malaga manchester manila marseille medellín medellin melbourne miami
    milan milwaukee minneapolis minsk mombasa montevideo montreal moscow mumbai munich nagoya nairobi nantes naples
    newcastle nice norwich nottingham nuremberg odessa osaka oslo ottawa oxford palermo perth philadelphia phoenix
    plymouth porto portland prague quito reykjavík reykjavik riga rome rotterdam salzburg santiago sapporo sarajevo
    seattle seoul seville shanghai sheffield sofia southampton stockholm strasbourg stuttgart swansea sydney taipei
    tallinn tampere tashkent tbilisi tehran tirana tokyo toronto toulouse tripoli tunis turin utrecht valencia vancouver
    venice vienna vilnius warsaw wellington winnipeg wrocław wroclaw york zagreb zaragoza zürich zurich""".split()  # noqa: SIM905 -- reads better as prose
)
"""Cities, none of which lies in another: who lives in one now no longer lives in another (Porto does not end Portugal)."""
_CITY = rf"(?:{'|'.join(sorted(CITIES))})"
ATTRIBUTES = (
    Attribute("phone number", rf"{_WHO} phone number {_BE} (?P<value>.+)", r"\+?[\d ()/-]{5,}"),
    Attribute("mobile number", rf"{_WHO} (?:mobile|cell)(?: phone)? number {_BE} (?P<value>.+)", r"\+?[\d ()/-]{5,}"),
    Attribute("email address", rf"{_WHO} email(?: address)? {_BE} (?P<value>.+)", r"\S+@\S+"),
    Attribute("weight", rf"{_WHO} weight {_BE} (?P<value>.+)", r"[\d.]+ (?:kg|lb|lbs|stone)"),
    Attribute(
        "detail",  # these do not change, or only a person can tell which one is right
        rf"{_WHO} (?P<name>address|birthday|date of birth|name|surname|blood type|blood group|age|height|job|job title"
        r"|employer|boss|doctor|gp|dentist|landlord|postcode|pin|shoe size|passport number|phone|password|favourite \w+"
        rf"|wedding anniversary|husband|wife|partner|bank|main \w+|native language|nationality|star sign) {_BE} (?P<value>.+)",
    ),
    Attribute("home", r"(?P<who>[^.]{1,40}?) (?:live|lives) in (?P<value>.+)", _CITY, marked=True),
    Attribute("work", r"(?P<who>[^.]{1,40}?) (?:work|works) (?:for|at) (?P<value>.+)"),
    Attribute("marriage", r"(?P<who>[^.]{1,40}?) (?:am|is|are) married to (?P<value>.+)"),
    Attribute("birth", r"(?P<who>[^.]{1,40}?) (?:was|were) born (?P<name>in|on|at) (?P<value>.+)"),
    Attribute("name", r"(?P<who>[^.]{1,40}?) (?:am|is|are) called (?P<value>.+)"),
    Attribute("source", r"(?P<who>[^.]{1,60}?) (?:was|were|is|are) (?P<name>\w+ed) by (?P<value>\w+)(?P<rest> .+)?"),
)
_DIETS = {"meat": 0, "omnivore": 0, "fish": 1, "pescatarian": 1, "vegetarian": 2, "vegan": 3}
_DIET = re.compile(
    r"(?P<who>[^.]{1,40}?) (?:(?:eat|eats) (?P<food>meat|fish)|(?:am|is|are)(?: an?)? (?P<diet>omnivore|pescatarian|vegetarian"
    r"|vegan))"
)
_RETRACTED = (
    re.compile(r"^(?P<who>.+?) (?P<verb>(?:am|is|are|can|has|have) )?no longer (?P<rest>.+)$"),
    # The end is looked at first: without it every "do not" of a long text would be followed to its end.
    re.compile(r"^(?=.* any more$)(?P<who>.+?) (?P<plain>do|does) not (?P<rest>.+) any more$"),
    re.compile(r"^(?=.* any more$)(?P<who>.+?) (?P<verb>(?:am|is|are|can|has|have) )not (?P<rest>.+) any more$"),
)


class Statement(NamedTuple):
    """An attribute as one memory states it."""

    attribute: Attribute
    who: str
    name: str
    value: str
    new: bool


@lru_cache(maxsize=8192)
def statement(reading: NormalForm) -> Statement | None:
    """The attribute that a text states, if the table has it."""
    line = reading.text.casefold()
    diet = _DIET.fullmatch(line)
    if diet:
        return Statement(_DIET_ATTRIBUTE, diet["who"], "diet", diet["food"] or diet["diet"], reading.now)
    for attribute in ATTRIBUTES:
        match = re.fullmatch(attribute.pattern, line)
        if match and not NEGATIONS & set(line.split()):
            groups = match.groupdict()
            name = f"{groups.get('name') or attribute.name}{groups.get('rest') or ''}"
            return Statement(attribute, match["who"], name, match["value"], reading.now or bool(groups.get("new")))
    return None


_DIET_ATTRIBUTE = Attribute("diet", "", "diet", marked=True)


def cues(reading: NormalForm) -> tuple[str, ...]:
    """Phrases, any of which finds memories with another value of the attribute that the text states."""
    stated = statement(reading)
    if stated is None:
        return ()
    if stated.attribute is _DIET_ATTRIBUTE:
        verbs = ("eat", "am") if stated.who == "i" else ("eats", "is")
        return tuple(f"{stated.who} {verbs[food not in {'meat', 'fish'}]} {food}" for food in _DIETS)
    line = reading.text.casefold()
    return (line[: line.index(stated.value, len(stated.who))].strip(),) if stated.value in line[len(stated.who) :] else ()


def other_value(earlier: NormalForm, later: NormalForm) -> Conflict | None:
    """The conflict between two texts that state the same attribute of the same subject with values that exclude each other."""
    first, second = statement(earlier), statement(later)
    if first is None or second is None or first[:3] != second[:3]:
        return None
    a, b = first.value, second.value
    if a == b or not after_the_same(a, b) or set(a.split()) <= set(b.split()) or set(b.split()) <= set(a.split()):
        return None
    return Conflict(_is_change(first, second), f"another {first.attribute.name} of the same subject")


def after_the_same(value: str, other: str) -> bool:
    """Whether both or none of two values say where, when or how: who "is on holiday" is the same boss still."""
    adverbial = [text.casefold().split()[:1] for text in (value, other)]
    return len({bool(wordings.words("adverbial") & set(first)) for first in adverbial}) == 1


def _is_change(first: Statement, second: Statement) -> bool:
    """Whether the later statement certainly replaces the earlier: first person, a value of the right form, said to be new."""
    attribute = first.attribute
    if attribute.typed is None or first.who not in PERSONAL or (not second.new and (first.new or attribute.marked)):
        return False
    if attribute is _DIET_ATTRIBUTE:
        # A vegan is a vegetarian, too: a diet ends only what it excludes.
        eaten, kept = _DIETS[first.value], _DIETS[second.value]
        return first.value in {"meat", "fish"} and kept > eaten and second.value != "fish"
    if _written_otherwise(first.value, second.value):
        return False
    return all(re.fullmatch(attribute.typed, one.value) is not None for one in (first, second))


def retraction(earlier: NormalForm, later: NormalForm) -> Conflict | None:
    """The conflict where the later text takes back exactly what the earlier one says: "no longer", "not … any more"."""
    for pattern in _RETRACTED:
        match = pattern.match(later.text)
        if match is not None and earlier.text in _taken_back(match):
            who = match["who"].casefold().split()
            # "Some of us no longer smoke" takes nothing back, nor does "if I no longer smoke", and "she" may be anybody.
            doubt = who[0] in _PRONOUNS or len(who) > 5 or HELD_TOGETHER & {*who, *match["rest"].split()} or QUANTITIES & {*who}
            return Conflict(not doubt, "the later one says that it no longer holds")
    return None


def _taken_back(match: re.Match[str]) -> set[str]:
    """The sentences that a retraction takes back; `does not live any more` takes `lives` back."""
    groups = match.groupdict()
    if not groups.get("plain"):
        return {f"{match['who']} {groups.get('verb') or ''}{match['rest']}"}
    head, _, tail = match["rest"].partition(" ")
    endings = ("s", "es") if match["plain"] == "does" else ("",)
    return {f"{match['who']} {head}{ending} {tail}".strip() for ending in endings}


def _written_otherwise(one: str, other: str) -> bool:
    """Whether two numbers may be the same one: with and without the country's code, or in another unit."""
    digits = [re.sub(r"\D", "", value) for value in (one, other)]
    units = [re.sub(r"[\d.,+() /-]", "", value) for value in (one, other)]
    if "@" in one or not any(digits):
        return False
    return units[0] != units[1] if all(len(number) < 5 for number in digits) else digits[0][-6:] == digits[1][-6:]
