"""Subjects and values of what was told and of what is known: whether they are the same, and whether one excludes the other."""

import re
from functools import lru_cache

from memos_cli.operation.operator.dedupe import change_wordings as wordings
from memos_cli.operation.operator.dedupe.attributes import CITIES, after_the_same
from memos_cli.operation.operator.dedupe.normal_form import MODALS, NEGATIONS

SURE, PERHAPS, OTHER = 2, 1, 0
"""How certain it is that two subjects, or two values, are what they have to be."""
COMPARED = frozenset(("place", "name", "switch"))
"""The types of blocks whose statements are compared with each other; of other statements the differing words are."""
_SPEAKERS = frozenset(("i", "ich", "je", "yo", "ik", "io", ""))
_NOT_IN_SUBJECTS = (
    NEGATIONS
    | MODALS
    | frozenset(
        """if that who which because is are am was were has have had do does did but or in on at to from than you me
    him them us been""".split()  # noqa: SIM905 -- reads better as prose
    )
)
_DAY = re.compile(
    r"(?:(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:\d{4}|-)-\d\d-\d\d|tomorrow|(?:mon|diens|mitt"
    r"|donners|frei|sams|sonn)tag|(?:maan|dins|woens|donder|vrij|zater|zon)dag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes"
    r"|miércoles|jueves|viernes|sábado|domingo)(?P<many>s)?"
)
_TITLES = frozenset(("dr.", "mr.", "mrs.", "ms.", "prof.", "st.", "dr", "frau", "herr", "mme", "le", "la", "el", "der", "die"))
_IS = frozenset(("is", "are", "ist", "est", "es", "è"))
_ARTICLES = (
    "the|a|an|my|our|his|her|their|ein|eine|einen|der|die|das|den|meine?|meinen|unsere?|unseren|de|het|een|mijn|onze?|le|la|les|un"
    "|une|mon|ma|notre|nos|el|los|las|una|mi|nuestr[oa]|我们 的|我 的|一[只辆个条台]"
)
_ACCOUNTS = frozenset(("subscription", "membership", "account", "contract", "premium", "plus", "pro", "abo", "abonnement"))
_CALLED = re.compile(r"(.+?)(?: ,)? (?:called|named|namens|genannt|appelée?|llamad[oa]) (.+)")
_TIME = re.compile(r"(?:t\d\d:\d\d|\d{1,2}[:.]\d\d|noon|midnight|\d{1,2}(?: o ' clock)?)")


# -- subjects


def is_subject(match: re.Match[str]) -> bool:
    """Whether the words in the place of the subject are one: somebody or something, and no clause of its own."""
    said = match.groupdict().get("s")
    if said is None:
        return True
    words = said.casefold().split()
    return not _NOT_IN_SUBJECTS & set(words) and not {"i", "we", "they", "he", "she"} & set(words[:-1]) - {words[0]}


def same_subject(first: dict[str, str | None], last: dict[str, str | None]) -> int:
    """Whether two clauses are about the same one."""
    one, other = (found.get("s") or "" for found in (first, last))
    a, b = subject_of(one), subject_of(other)
    if a == b:
        return PERHAPS if set(a[1][:1]) & wordings.words("anybody") else SURE
    if set(a[1][:1]) & wordings.words("anybody") or set(b[1][:1]) & wordings.words("anybody"):
        return OTHER
    if {a[1], b[1]} == {("i",), ("we",)}:
        return PERHAPS
    if "and" in b[1] or "and" in a[1]:
        each = [" ".join(part).strip() for part in (a[1], b[1])]
        return PERHAPS if set(each[0].split(" and ")) & set(each[1].split(" and ")) else OTHER
    if a[1] == b[1] and a[1] not in {("i",), ("we",)}:
        # "The dentist" may be "my dentist"; a kin named without "my" is somebody's.
        return SURE if not a[0] or not b[0] or {a[0], b[0]} <= {"my", "our"} else PERHAPS
    return _named_otherwise(a, b)


def _named_otherwise(a: tuple[str, tuple[str, ...]], b: tuple[str, tuple[str, ...]]) -> int:
    """Whether "my sister Ana", "Ana" and "my sister", or "Tom" and "Tom Baker", may be the same one."""
    longer, shorter = (a, b) if len(a[1]) > len(b[1]) else (b, a)
    if len(longer[1]) == len(shorter[1]) + 1 and "'s" not in (*longer[1], *shorter[1]):
        if longer[1][0] in wordings.words("kin") and longer[1][1:] == shorter[1] and not shorter[0] and len(shorter[1]) == 1:
            return SURE
        if longer[1][0] in wordings.words("kin") and longer[1][:1] == shorter[1] and shorter[0] == longer[0]:
            return PERHAPS
        if not longer[0] and not shorter[0] and longer[1][0] == shorter[1][0] and shorter[1] not in {("i",), ("we",)}:
            return PERHAPS
    return OTHER


@lru_cache(maxsize=2048)
def subject_of(said: str) -> tuple[str, tuple[str, ...]]:
    """Whose it is (`my`, `our`, or nothing), and the words for it in lower case."""
    words = said.casefold().split()
    if len(words) < 2 and " ".join(words) in _SPEAKERS:
        return "", ("i",)
    if words[:1] == ["the"] or words[:1] == ["a"] or words[:1] == ["an"]:
        return "the", tuple(words[1:])
    if words[:1] == ["my"] or words[:1] == ["our"]:
        return words[0], tuple(words[2:] if words[1:2] == ["new"] else words[1:])
    return "", tuple(words)


# -- values


def excluded(
    block: wordings.Block, line: wordings.Wording, first: re.Match[str], last: re.Match[str], *, now: bool, at_a_time: bool
) -> int:
    """Whether what the told clause says excludes the known value."""
    one, other = ({name: said or "" for name, said in match.groupdict(default="").items()} for match in (first, last))
    if line.sign == "s" and (block.type not in COMPARED or (block.type == "switch" and not now)):
        return OTHER  # `_of_value` compares the words of two statements
    if "o" in one or "o" in other:
        return _same_thing(one.get("o", ""), other.get("o", ""))
    value, new, was = one.get("v", ""), other.get("v", ""), other.get("w", "")
    if line.sign in "eq":
        return _ended(block, line, value, new)
    if was and bare(was) == bare(value):
        # "From coffee to tea for the meeting" is told of the meeting alone.
        plain = len(new.split()) == 1 or _named(new) or block.type == "place"
        return OTHER if bare(new) == bare(value) else SURE if plain else PERHAPS
    if (was and block.type != "place") or one.get("verb", "") != other.get("verb", one.get("verb", "")):
        return OTHER
    certain = _exclude(block, one.get("s", ""), value, new)
    return min(certain, PERHAPS) if was or (block.type == "when" and at_a_time) else certain


def _ended(block: wordings.Block, line: wordings.Wording, value: str, named: str) -> int:
    """Whether a value is over, where the told clause says that something of this block is."""
    if block.type == "when":
        # What is called off once may be held every week.
        day = re.sub(r"^(?:on|the) ", "", value.casefold()).partition(" at ")[0]
        return SURE if (found := _DAY.fullmatch(day)) and not found["many"] else PERHAPS
    if block.type == "role":
        return SURE if set(bare(value).split()) & set(bare(named).split()) else OTHER if named else PERHAPS
    if block.type == "place":
        return SURE if line.sign == "q" and bare(named) != bare(value) else OTHER
    return SURE if not named or bare(named) == bare(value) else OTHER


def _exclude(block: wordings.Block, whose: str, value: str, new: str) -> int:
    """Whether a new value excludes the known one."""
    if bare(value) == bare(new):
        return OTHER
    if block.type == "place":
        return _places(value, new)
    if block.type == "name":
        return SURE if _is_name(value) and _is_name(new) else OTHER
    same = types(value) & types(new)
    if block.type in {"switch", "version"}:
        otherwise = PERHAPS if block.type == "switch" and after_the_same(value, new) else OTHER
        return SURE if _skeleton(value) == _skeleton(new) and _named(value) else otherwise
    if block.type == "value" and is_single(whose):
        return SURE if same or "#" not in _skeleton(value) + _skeleton(new) else PERHAPS
    return _whens(value, new) if block.type == "when" else SURE if same else OTHER


def _is_name(value: str) -> bool:
    return value[:1].isupper() or value[:1] >= "\u4e00"


def _whens(value: str, new: str) -> int:
    """Whether two times or rooms exclude each other; of a day with an hour one may still hold where the other is told."""
    one, other = types(value), types(new)
    if one & other & {"day", "time", "day and time", "room"}:
        return SURE
    return PERHAPS if {"day", "time", "day and time"} >= one | other and "day and time" in one | other else OTHER


def _places(value: str, new: str) -> int:
    """Whether two places exclude each other: two cities do, or two countries; of others nobody knows."""
    one, other = (place.split(" , ")[0].casefold() for place in (value, new))
    for known in (CITIES, wordings.words("countries")):
        if one in known and other in known:
            return SURE if one != other else OTHER
    if wordings.words("no places") & set(other.split()[:1]):
        return OTHER
    return PERHAPS if _is_name(new) or other in CITIES or re.match(r"\d+[a-z]? [A-Z]", new) else OTHER


def types(value: str) -> frozenset[str]:
    """The types of a value, by which it is compared with another: a day, a time, a room, a number of some unit."""
    bare = re.sub(r"^(?:at|on|in|to|for|the|am|um|den|op|om|le|el|à|a las?) ", "", value.casefold())
    bare = re.sub(r" years? old$", "", bare)
    if (
        (parts := re.fullmatch(r"(.+?)(?: ,)? (?:at|um|om) (.+)", bare))
        and _DAY.fullmatch(parts[1])
        and _TIME.fullmatch(parts[2])
    ):
        return frozenset(("day and time",))
    found = {f"like {skeleton}"} if "#" in (skeleton := _skeleton(bare)) else set()
    if _DAY.fullmatch(bare):
        found.add("day")
    if _TIME.fullmatch(bare):
        found.add("time")
    if re.fullmatch(r"(?:room|hall|building|gate|platform|floor) \w+", bare):
        found.add("room")
    return frozenset(found)


def _skeleton(value: str) -> str:
    """A value with a mark in place of its numbers: two with the same skeleton differ in numbers alone."""
    return re.sub(r"\d[\d.,:]*", "#", value.casefold())


def _named(value: str) -> bool:
    """Whether a value has a name and a number: Debian 11."""
    return bool(re.search(r"\d", value)) and bool(re.search(r"[^\W\d]{2}", value))


def is_single(whose: str) -> bool:
    """Whether somebody has one of these: a salary, a dentist."""
    words = whose.casefold().split()
    return any(words[-len(noun.split()) :] == noun.split() for noun in wordings.phrases("single"))


def bare(thing: str) -> str:
    """A thing or value in lower case without its article."""
    return re.sub(rf"^(?:(?:{_ARTICLES}) )+", "", thing.casefold().strip())


def _same_thing(one: str, other: str) -> int:
    """Whether two things with their articles are the same: the Skoda is "a Skoda", and "a red Skoda"."""
    mine, theirs = bare(one).split(), bare(other).split()
    if not mine or not theirs or ("'s" in theirs) > ("'s" in mine):
        return OTHER
    if called := _CALLED.fullmatch(" ".join(mine)):  # "a dog called Rex" is the dog, and Rex
        mine, name = called[1].split(), called[2].split()
        if theirs in (name, [*mine[-1:], *name]):
            return SURE
    if mine != theirs and _ACCOUNTS & {mine[-1], theirs[-1]}:  # "the gym" is cancelled where the membership is
        both = [words[:-1] if words[-1] in _ACCOUNTS else words for words in (mine, theirs)]
        return PERHAPS if both[0] == both[1] else OTHER
    if mine[-len(theirs) :] == theirs:
        # Who sold "a Skoda" may sell many of them; some have several bicycles.
        return SURE if re.match(r"(?i)(?:the|my|our|his|her|their) ", other) and not re.match(r"\d", one) else PERHAPS
    return PERHAPS if theirs[-len(mine) :] == mine and not re.match(r"\d", one) else OTHER


def is_another(head: list[str], value: str, other: str, *, behind: list[str], told_now: bool) -> int:
    """Whether two values behind the same words exclude each other."""
    verb = next((place for place, word in enumerate(head) if word in wordings.words("verbs")), None)
    if verb is None or wordings.words("anybody") & {head[0]}:
        return OTHER
    if not after_the_same(value, other):
        return OTHER
    subject, after = head[:verb], [word for word in head[verb + 1 :] if word not in _TITLES]
    if head[verb] in _IS and not after and not behind and (is_single(" ".join(subject)) or subject[1:2] == ["favourite"]):
        return SURE
    if same := types(value) & types(other):
        # Who works "on Tuesdays now" may still work on Mondays; a meeting is held on one day.
        held = head[verb] in wordings.words("schedules") and subject[:1] not in (["i"], ["we"])
        return SURE if held or same - {"day", "time"} else PERHAPS
    place = r"(?i)(?:in|on|at|under|behind|below|beside|next to|inside) (?:the|my|our) .+"
    if head[verb] in {"is", "are"}:
        both = [" ".join((*after, *text.split(), *behind)) for text in (value, other)]
        if told_now and all(re.fullmatch(place, text) for text in both):
            return SURE if subject[-1:] and subject[-1] in wordings.words("lying") else PERHAPS
    return OTHER
