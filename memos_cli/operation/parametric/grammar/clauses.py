"""The facts that a sentence states: whom each is about, its value, and the questions that it answers. No model is used.

First the families of `wordings` are tried, then plain English clauses of subject, verb and object. Any other sentence gives no
fact: a question that the sentence does not quite answer would teach a model something false.
"""

# ruff: noqa: SIM905, E501 -- word lists and patterns read better in long lines

import re
from functools import lru_cache
from typing import NamedTuple

from memos_cli.operation.parametric.grammar import wordings
from memos_cli.operation.parametric.grammar.english import base_of, fill, is_past, possessive, third_person, you

MOST_WORDS = 10
"""The most words of a value; a longer one is a clause of its own."""
_KIN = (
    "sister|brother|mother|father|mum|mom|dad|wife|husband|son|daughter|boss|manager|neighbour|neighbor|friend|best friend|cousin"
    "|aunt|uncle|colleague|grandmother|grandfather|grandma|grandpa|teacher|flatmate|roommate|niece|nephew|girlfriend|boyfriend"
    "|partner|fianc[eé]e?|mother-in-law|father-in-law|doctor|dentist|landlord|landlady"
)
_NAME = r"[A-Z\u00c0-\u024f][\w\u2019'-]*[^\W_]"
PERSON = rf"(?:[Mm]y|[Oo]ur) (?:{_KIN})(?: {_NAME})?|{_NAME}(?: {_NAME}){{0,2}}"
_NOT_NAMES = frozenset(
    "The A An This That These Those It He She They We You I My Our Your His Her Their There Here What Who When Where Why How If"
    " In On At By For From With And But Or So Not No Yes Every Each All Some Any Most Call Always Never Please Write Send To Of"
    " Mail Lights Friends People Everybody Nobody Nothing Today Tomorrow Yesterday Then Now As Since After Before".split()
)


class Fact(NamedTuple):
    """A fact that a sentence states.

    Attributes:
        family: the family of wordings that it belongs to, or `clause`.
        who: the person it is about, as in the sentence, `I` for the speaker; or a thing, such as `the garage`.
        value: the answer, a part of the sentence.
        questions: pairs of a form's name and its bare question, without a mark at its end: `home/where do I live`.
        statements: the same fact in other words.
        reverse: a question from the value back to the person, with its answer.
        kind: the kind of the value, for inventing others like it.
        noun: the attribute, where the family leaves it open: `door code`.
    """

    family: str
    who: str
    value: str
    questions: tuple[tuple[str, str], ...]
    statements: tuple[str, ...] = ()
    reverse: tuple[str, str] | None = None
    kind: str = "word"
    noun: str = ""


class Family(NamedTuple):
    """A family of `data/wordings.txt`."""

    name: str
    kind: str
    many: bool
    says: tuple[str, ...]
    asks: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether the family leaves its noun or thing open."""
        return "{N}" in self.asks[0] or "{E}" in self.asks[0]

    @property
    def plain(self) -> tuple[str, ...]:
        """The statements that are no patterns, so that a fact can be written in them."""
        return tuple(said for said in self.says if not re.search(r"[(?\\]", said))


@lru_cache(maxsize=1)
def families() -> dict[str, Family]:
    """All families by name."""
    found = {}
    for head, says, asks in wordings.families():
        name, kind, *flags = head.split()
        asked = asks.split(" / ")
        found[name] = Family(name, kind, "many" in flags, tuple(says.split(" / ")), tuple(dict.fromkeys(_more(asked))))
    return found


def _more(asks: list[str]) -> list[str]:
    """The questions, and those that follow from the first plain one: from `what is {P} rent` also `tell me {P} rent`."""
    plain = [
        match[1] for asked in asks if (match := re.fullmatch(r"(?:what|who|when) is (\{P\} (?:(?!called)[a-z{}N' -])+)", asked))
    ]
    named = [form + plain[0] for form in ("tell me ", "do you know ", "can you tell me ", "") if plain]
    told = [told for asked in asks[:3] if (told := _indirect(asked))][:1]
    return [*asks, *named, *(form + asked for asked in told for form in ("tell me ", "do you know "))]


def _indirect(asked: str) -> str | None:
    """A question in its indirect form: `where [do|does] {S} live` becomes `where {S} [live|lives]`."""
    does = re.fullmatch(r"(.+?) \[do\|does\] \{S\} (\w+)(.*)", asked)
    if does:
        return f"{does[1]} {{S}} [{does[2]}|{third_person(does[2])}]{does[3]}"
    being = re.fullmatch(r"(.+?) (\[(?:am\|is|was\|was)\]) \{S\}(.*)", asked)
    return f"{being[1]} {{S}} {being[2]}{being[3]}" if being else None


# -- reading


def sentences(text: str) -> list[str]:
    """The clauses of a memory, without their introductions and with contractions written out."""
    text = " ".join(text.replace("\u2019", "'").split())
    for pattern, written in _CONTRACTIONS:
        text = re.sub(pattern, written, text)
    found = []
    for part in re.split(
        r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bMrs\.)(?<!\bProf\.)(?<=[.!?;])\s+(?=[A-Z\u00c0-\u024f])|;\s+|,? and (?=(?:I|my|he|she|his|her|we|our) )",
        text,
    ):
        clause = re.sub(_LEADS, "", part.strip()).strip(" .!;")
        clause = re.sub(_TAILS, "", clause)
        if clause and not part.strip().endswith("?"):
            found.append(clause)
    return found


_CONTRACTIONS = (
    (r"\bi\b(?!\.)", "I"), (r"\b(I)'m\b", r"\1 am"), (r"\b(\w+)'ve\b", r"\1 have"), (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\b([Hh]e|[Ss]he|[Ii]t)'s\b", r"\1 is"), (r"\b([Ww]e|[Tt]hey)'re\b", r"\1 are"), (r"\b(do|does|did)n't\b", r"\1 not"),
)  # fmt: skip
_LEADS = (
    r"(?i)^(?:(?:by the way|btw|note|please note|remember|please remember|just so you know|fyi|for the record|for your information"
    r"|well|so|actually|good news|to be clear|let me tell you|as you know|i think|don't forget|do not forget|it turns out"
    r"|i should say)(?: that)?[,:]?\s+)+"
)
_TAILS = (
    r"(?i)(?:,? (?:now|these days|at the moment|as of today|currently|by the way|you know|as far as i know|i believe|too))+$"
)


def facts(text: str) -> list[Fact]:
    """The facts that a memory states, each with its questions; empty where grammar cannot read it."""
    found: list[Fact] = []
    last: str | None = None
    for sentence in sentences(text):
        clause = _turned(_resolved(sentence, last))
        fact = _by_family(clause) or _by_clause(clause)
        if fact is not None:
            found.append(fact)
            last = fact.who if fact.who not in {"I", "we"} and not fact.who.startswith("the ") else last
    return found


def _resolved(sentence: str, last: str | None) -> str:
    """The sentence with the pronoun at its beginning replaced by the person who was named before."""
    match = re.match(r"(?i)(he|she|his|her) ", sentence)
    if match is None or last is None:
        return sentence
    rest = sentence[match.end() :]
    return f"{last if match[1].lower() in {'he', 'she'} else possessive(last)} {rest}"


def _turned(clause: str) -> str:
    """The clause with its subject first: `My surname: Berg` and `Berg is my surname` become `my surname is Berg`."""
    colon = re.fullmatch(rf"((?:[Mm]y|[Oo]ur|{PERSON}'s?) [a-z][\w' -]{{0,40}}): (.+)", clause)
    if colon:
        return f"{colon[1]} is {colon[2]}"
    behind = re.fullmatch(rf"(.+?) (?:is|are) ((?:my|our|my (?:{_KIN})'s|{_NAME}'s) [a-z][a-z' -]{{0,40}})", clause)
    if behind and not re.match(r"(?:I|[Mm]y|[Oo]ur|[Ww]e|[Hh]e|[Ss]he|[Tt]he|[Ii]t|[Tt]h\w+|[Ww]h\w+)\b", behind[1]):
        first = behind[1].split()[0]
        value = behind[1][:1].lower() + behind[1][1:] if first in _NOT_NAMES else behind[1]
        return f"{behind[2]} is {value}"
    return clause


def _by_family(clause: str) -> Fact | None:
    for pattern, family, mine in _patterns():
        match = pattern.fullmatch(clause)
        if match is None or not _sound(match["v"]):
            continue
        groups = match.groupdict()
        who = _who(groups, mine=mine)
        noun, thing = (groups.get("N") or "").removeprefix("new "), groups.get("E") or ""
        own = families().get(_OWN.get(noun, ""), family) if family.name == "called" else family
        if who is None or (noun and not _noun(noun)):
            continue
        return fact(own, who, match["v"].strip(), noun=noun, thing=thing)
    return None


_OWN = {
    "dentist": "dentist", "doctor": "doctor", "landlord": "landlord", "neighbour": "neighbour", "neighbor": "neighbour",
    "teacher": "teacher", "best friend": "friend", "partner": "spouse", "husband": "spouse", "wife": "spouse", "boss": "boss",
    "manager": "boss", "project": "project", "hotel": "hotel", "school": "school", "favourite singer": "singer",
}  # fmt: skip
"""Nouns that have a family of their own, with more questions."""


def fact(family: Family, who: str, value: str, *, noun: str = "", thing: str = "") -> Fact:
    """A fact of a family, with all its statements and questions."""
    noun, thing = noun if "{N}" in family.asks[0] else "", thing if "{E}" in family.asks[0] else ""
    if thing:
        who = thing[:1].lower() + thing[1:]

    def filled(wording: str) -> str:
        return fill(wording.replace("{N}", noun).replace("{E}", thing), who, value)

    asks = tuple((f"{family.name}/{asked}", filled(asked)) for asked in family.asks)
    name = f"{family.name} {noun}".strip()
    reverse = (f"who {_verb_of(family)} {value}", you(who)) if _verb_of(family) and not thing else None
    return Fact(name, who, value, asks, tuple(filled(said) for said in family.plain), reverse, family.kind, noun)


def checks(family: Family, who: str) -> list[str]:
    """Questions for yes or no, without the value at their end: `does Mira live in`, `is my rent`."""
    found = []
    for said in family.plain:
        does = re.fullmatch(r"\{S\} \[(\w+)\|\w+\]( .*)?\{v\}", said)
        being = re.fullmatch(r"\{S\} (\[am\|is\])( .*)?\{v\}", said) or re.fullmatch(
            r"(\{P\} [a-z' ]+) (is|are)( .*)?\{v\}", said
        )
        if being and being[1].startswith("{P}"):
            found.append(f"{being[2]} {being[1]}{being[3] or ''}".rstrip())
        elif being:
            found.append(f"{being[1]} {{S}}{being[2] or ''}".rstrip())
        elif does and does[1] not in {"am", "was"}:
            found.append(f"[do|does] {{S}} {does[1]}{does[2] or ''}".rstrip())
    return [fill(one, who) for one in found]


_REVERSED = {
    "home": "lives in", "employer": "works for", "spouse": "is married to", "allergy": "is allergic to", "instrument": "plays the",
    "team": "supports", "collects": "collects", "lost": "lost", "book": "is reading", "origin": "comes from", "hotel": "is staying at the",
    "flight": "is on flight", "boss": "reports to", "study": "studies", "job": "works as", "fear": "is afraid of",
}  # fmt: skip


def _verb_of(family: Family) -> str | None:
    return _REVERSED.get(family.name)


def _who(groups: dict[str, str | None], *, mine: bool) -> str | None:
    if mine:
        return "we" if (groups.get("W") or "").lower() in {"we", "our", "us"} else "I"
    said = groups.get("W")
    if said is None:
        return "" if groups.get("E") else None
    if said.split()[0] in _NOT_NAMES and not re.match(r"(?:[Mm]y|[Oo]ur|[Tt]he) ", said):
        return None
    return said[:1].lower() + said[1:] if re.match(r"(?:My|Our|The) ", said) else said


def _sound(value: str) -> bool:
    """Whether a text is fit to be a value: short, no clause, and nothing left open."""
    words = value.split()
    if not words or len(words) > MOST_WORDS or re.search(r"[?;]|\b(?:because|although|but|which|who|whether|if)\b", value):
        return False
    return words[0].lower() not in {"not", "it", "that", "this", "they", "so", "very", "going", "and", "no", "never"}


def _noun(noun: str) -> bool:
    return len(noun.split()) <= 4 and not re.search(r"\b(?:is|are|was|were|has|have|that|who|which|and|or|called)\b", noun)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], Family, bool], ...]:
    """The statements of all families as patterns over a clause, in the first person (`True`) and in the third."""
    found = []
    for family in families().values():
        for said in family.says:
            found += [(_pattern(said, mine=True), family, True), (_pattern(said, mine=False), family, False)]
    return tuple(found)


_ME = {"S": "I|[Ww]e", "P": "[Mm]y|[Oo]ur", "O": "me|us"}
_PRONOUN = {"S": "[Hh]e|[Ss]he|[Tt]hey", "P": "[Hh]is|[Hh]er|[Tt]heir", "O": "him|her|them"}


def _pattern(said: str, *, mine: bool) -> re.Pattern[str]:
    seen = False

    def conjugated(match: re.Match[str]) -> str:
        first, third = match[1], match[2]
        return {"am": "(?:am|are)", "was": "(?:was|were)"}.get(first, first) if mine else third

    def subject(match: re.Match[str]) -> str:
        nonlocal seen
        mark, first, seen = match[1], not seen, True
        if mine:
            return f"(?P<W>{_ME[mark]})" if first else f"(?:{_ME[mark]})"
        if not first:
            return f"(?:{_PRONOUN[mark]})"
        ending = "(?:'s|')" if mark == "P" else ""
        return f"(?P<W>{PERSON}){ending}"

    text = re.sub(r"\[([^|\]]*)\|([^\]]*)\]", conjugated, said)
    text = re.sub(r"\{([SPO])\}", subject, text)
    text = text.replace("{v}", "(?P<v>.+?)").replace("{N}", r"(?P<N>[a-zA-Z][\w' -]*?)")
    head = re.match(r"[a-z]", text)
    return re.compile(f"[{text[0]}{text[0].upper()}]{text[1:]}" if head else text)


# -- plain clauses

_MODAL = frozenset("will can could should must may might would".split())
_NO_VERBS = frozenset(
    "am is are was were be been do does did not never have has had and or but that which who to of in on at by for from with a an"
    " the my our his her their really very also just only always usually often sometimes better best worse worst least".split()
)
_PREPOSITIONS = "in|on|at|to|for|with|from|by|about|of|into|under|near|behind|against|until|since|after|before|during|through"
_TIME = (
    r"(?:on (?:the )?(?:\d|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September"
    r"|October|November|December)|in (?:19|20)\d\d|in (?:January|February|March|April|May|June|July|August|September|October"
    r"|November|December)|at \d|every \w+|(?:last|next) \w+|yesterday|tomorrow)"
)


def _by_clause(clause: str) -> Fact | None:
    match = re.fullmatch(rf"(?P<W>I|[Ww]e|{PERSON}|[Tt]he (?:[\w-]+ ){{0,2}}[\w-]+?) (?P<verb>[a-z]+) (?P<rest>.+)", clause)
    if match is None:
        return None
    who = {"I": "I", "we": "we", "We": "we"}.get(match["W"]) or _who({"W": match["W"]}, mine=False)
    if who is None:
        return None
    made = _auxiliary(who, match["verb"], match["rest"])
    return _asked(who, *made) if made is not None else None


def _auxiliary(who: str, verb: str, rest: str) -> tuple[str, str, str, str] | None:  # noqa: PLR0911 -- a row of cases
    """A question's auxiliary and verb, the verb as the sentence has it, and the rest; `None` where they are not certain."""
    mine = who in {"I", "we"}
    if verb in _MODAL:
        base, _, tail = rest.partition(" ")
        return (verb, base, f"{verb} {base}", tail) if base not in _NO_VERBS and tail else None
    if verb in {"am", "is", "are", "was", "were"}:
        word, _, tail = rest.partition(" ")
        if re.match(rf"(?:{_PREPOSITIONS}) ", tail) or (word.endswith("ing") and tail):
            return verb, word, f"{verb} {word}", tail  # I am good at chess; she is writing a novel
        return None
    if verb in {"have", "has"} and re.match(r"\w+(?:ed|en) ", rest):
        word, _, tail = rest.partition(" ")
        return verb, word, f"{verb} {word}", tail
    if verb in _NO_VERBS - {"have", "has", "had"}:
        return None
    past, base = is_past(verb), base_of(verb)
    if past or past is None:
        return ("did", base, verb, rest) if past else None
    if mine:
        return "do", verb, verb, rest
    return ("does", base, verb, rest) if verb.endswith("s") and base != verb else None


def _asked(who: str, auxiliary: str, verb: str, said: str, rest: str) -> Fact | None:
    when = re.search(rf" ?\b({_TIME}.*)$", rest)
    before = rest[: when.start()].strip() if when else rest
    direct = re.match(rf"(?P<prep>(?:{_PREPOSITIONS}) )?(?P<object>.+?)(?P<more> (?:{_PREPOSITIONS}) .+)?$", before)
    if direct is None or not _sound(direct["object"]):
        return None
    preposition, value, more = (direct["prep"] or "").strip(), direct["object"], (direct["more"] or "").strip()
    if not preposition and re.fullmatch(r"(?:to|that|how|what) .+|\w+ly|well|much|a lot", value):
        return None
    tail = " ".join(word for word in (more, when[1] if when else "") if word)
    ending = f" {preposition}" if preposition else ""
    word = "who" if re.fullmatch(rf"{PERSON}", value) and value.split()[0] not in _NOT_NAMES and not preposition else "what"
    head = f"{auxiliary} {who} {verb}"
    plain = f"{who} {said}"
    questions = (
        ("clause/what", f"{word} {head}{ending}"),
        ("clause/tell", f"tell me {word} {plain}{ending}"),
        ("clause/know", f"do you know {word} {plain}{ending}"),
        ("clause/is it", f"{word} is it that {plain}{ending}"),
        ("clause/which", f"which {'person' if word == 'who' else 'thing'} {head}{ending}"),
        ("clause/remember", f"do you remember {word} {plain}{ending}"),
        ("clause/can", f"can you tell me {word} {plain}{ending}"),
        *([("clause/tail", f"{word} {head}{ending} {tail}")] if tail else []),
    )
    family = f"clause {verb}{ending}"
    third = said if said != verb or who not in {"I", "we"} else third_person(verb)
    third = re.sub(r"^(?:am|are)\b", "is", re.sub(r"^have\b", "has", third))
    reverse = (f"who {third}{ending} {value}", you(who)) if not who.startswith("the ") else None
    statements = (f"what {plain}{ending} is {value}",)
    return Fact(family, who, value, questions, statements, reverse, "word", "")
