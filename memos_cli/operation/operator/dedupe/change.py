"""What a text that was told next does to a statement that is known: it ends it, it may end it, or it leaves it as it is. Pure.

    subject     whose it is: the same, perhaps the same ("my sister", "my sister Ana"), or another's
    attribute   the block of `data/changes.txt` that both texts belong to; or the words that both share
    value       whether the two exclude each other: two cities, two hours, the same name with another number

A statement is certainly over only where all three are certain. Where one is not, a person is asked; where a text only
resembles a change ("I might move", "did I move?", "Ana says that …") nothing is made of it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from memos_cli.operation.operator.dedupe import attributes
from memos_cli.operation.operator.dedupe import change_wordings as wordings
from memos_cli.operation.operator.dedupe.attributes import PERSONAL, Conflict
from memos_cli.operation.operator.dedupe.change_values import (
    COMPARED,
    OTHER,
    PERHAPS,
    SURE,
    bare,
    excluded,
    is_another,
    is_single,
    is_subject,
    same_subject,
    subject_of,
)
from memos_cli.operation.operator.dedupe.normal_form import QUANTITIES, NormalForm

MOST_WORDS = 40
"""A clause of more words is not read: it says more than one thing."""
_TAIL = re.compile(
    r"(?i)(?:,? (?:now|yesterday|today|recently|finally|already|again|at last|ago|(?:last|this) \w+"
    r"|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|in (?:january|february|march|april|may|june|july|august|september"
    r"|october|november|december)(?: \d{4})?|in (?:19|20)\d\d"
    r"|an? (?:day|week|month|year) ago|\d+ (?:days|weeks|months|years) ago|as of (?:now|today)|because .+|since .+))+$"
)
_LEAD = re.compile(
    r"(?i)^(?:(?:actually|well|ok(?:ay)?|so|and|fyi|btw|by the way|update|note|news|good news|correction|by now|sadly|luckily"
    r"|unfortunately|last (?:week|month|year)|recently|yesterday|today|also|(?:as )?(?:it )?turns out(?: that)?)(?: ,| :)? )+"
)
_ABBREVIATED = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|Prof|Sr|Sra|dr) \. ")
_ELIDED = re.compile(r"(?i)\b(j|n|d|m|t|s|c|qu) ' ")
_FULL = {"j": "je", "n": "ne", "d": "de", "m": "me", "t": "te", "s": "se", "c": "ce", "qu": "que"}
_NEW = frozenset(("new", "neue", "neuer", "neues", "nieuwe", "nieuw", "nouveau", "nouvelle", "nuevo", "nueva"))
_OWN = frozenset("my our mein meine unser unsere mijn onze ons mon ma notre mi nuestro nuestra".split())  # noqa: SIM905 -- as prose
_CORRECTED = re.compile(
    r"(?i)(.+?) , not (?!(?:far|only|just|really|very|always|because|that|yet|even|to|for|in|at|on|sure|an?|so|much|too|but"
    r"|counting|by|with|until|before|after|as|since|all|every|many|including) )[^ ,;]+(?: [^ ,;]+){0,2}"
)
_REFLEXIVE = re.compile(r"(?i)\bse (?=ha\b|appelle\b|llama\b)")
_PARTITIVES = frozenset(("de", "la", "du", "des"))
_HELD = re.compile(r"(?i)(?P<who>[^,;]{1,40}?) (?:is|are) (?P<my>(?:my|our)(?: new)?) (?P<noun>[^,;]{1,30})")
_HAVING = re.compile(r"(?i)(?:i|we) have a new (?P<noun>[^,;]{1,30}?)(?: ,| :| called| named) (?P<who>[^,;]{1,40})")
_LAST = 3
"""The words of a statement by which it is looked for, where it begins with none that an index has: "I am allergic to nuts"."""


class Clause(NamedTuple):
    """A clause that was told or is known.

    Attributes:
        text: its words as one line, with capitals, without what only introduces it.
        short: the same without what says at its end when or why it was.
        now: it says that it speaks of the present.
        words: those of `text` in lower case.
        instead: it says that it is otherwise than before: "actually … now", "from now on". "Now" alone may come beside it.
        news: it says of itself that it has not always been so: "now", "again", "my new dentist", "it turns out".
    """

    text: str
    short: str
    now: bool
    instead: bool
    words: frozenset[str]
    news: bool

    @property
    def dated(self) -> bool:
        """Whether it names the year that it speaks of: who moved in 2003 may have moved again."""
        return bool(re.search(r"\b(?:19|20)\d\d\b", self.text[len(self.short) :]))


def between(known: NormalForm, told: NormalForm) -> Conflict | None:
    """What a text that was told later says against a known one; `None` where it says nothing against it."""
    last = clauses(told)
    before = clauses(known)
    if not last or not before:
        return None
    found = [one for clause in last for one in _against(before[0], clause)] if len(before) == 1 else []
    if len(before) > 1:  # of several statements one may be over, and the others hold
        found = [
            Conflict(certain=False, reason=one.reason) for first in before for clause in last for one in _against(first, clause)
        ]
    return max(found, key=lambda one: one.certain, default=None)


def is_over(text: NormalForm) -> bool:
    """Whether a text says of something only that it is over: "I used to live in York", "I no longer smoke"."""
    found = clauses(text)
    return bool(found) and all(bool(_stated(clause)) for clause in found)


def denies(text: NormalForm) -> bool:
    """Whether a text says that something is not so, in words that deny a statement as a whole."""
    return any(wordings.words("not") & clause.words for clause in clauses(text))


def is_told(text: NormalForm) -> bool:
    """Whether a text says that something changed or is over, of whatever it is that it ends."""
    return any(clause.news or _stated(clause) or _told(clause, "maeq") for clause in clauses(text))


def cues(text: NormalForm) -> tuple[tuple[str, ...], ...]:
    """Groups of words, each of which finds statements that the text may end: a memory has to have all words of a group."""
    found: dict[tuple[str, ...], None] = {}
    for clause in clauses(text):
        if clause.news:
            found |= dict.fromkeys(tuple(cue.split()) for cue in attributes.cues(_reading(clause)))
            led = [word for word in _letters(_until_verb(clause.text)) if word not in _NEW]
            found[tuple(led or _letters(" ".join(_without_not(clause)))[-_LAST:])] = None
        for stated in _stated(clause):
            own = [word for word in stated.casefold().split() if word in PERSONAL]
            found[(*own, *dict.fromkeys(_letters(stated)))] = None
        for block, line, match in _told(clause, "smaeq" if clause.news else "maeq"):
            if line.sign == "s" and block.type not in COMPARED:
                continue
            found |= dict.fromkeys(_cues_of(block, line, match.groupdict()))
    return tuple(found)


def _cues_of(block: wordings.Block, told: wordings.Wording, said: dict[str, str | None]) -> Iterator[tuple[str, ...]]:
    """The words of statements that a told line of a block may end: of the thing, or of the one whom it is about and a verb."""
    subject = subject_of(said.get("s") or "")[1]
    names = [] if "i" in subject else _letters(" ".join(subject))  # "Eva and I": what is known of the speaker
    whose = list(dict.fromkeys((tuple(names), tuple(names[-1:])))) if names else [("i",), ("we",), ("my",), ("our",)]
    if thing := _letters(bare(said.get("o") or "")) + _letters(said.get("w") or ""):
        yield from ((*one, *thing) for one in (whose if "{S}" in told.pattern else [()]))
        return
    for line in block.lines:
        if line.sign == "s":
            # A pattern without a subject is in a language whose verb tells the speaker.
            subjects = whose if "{S}" in line.pattern else [()]
            words = [word for word in sorted(line.words) if word.removesuffix("s") not in line.words - {word}]
            yield from ((*one, word) for word in words for one in subjects if one not in {("my",), ("our",)})


# -- clauses


@lru_cache(maxsize=4096)
def clauses(text: NormalForm) -> tuple[Clause, ...]:
    """The clauses of a text; empty where it asks, supposes, or says what somebody said."""
    line = _REFLEXIVE.sub("", wordings.apart(_ABBREVIATED.sub(r"\1. ", text.text)))
    line = _ELIDED.sub(lambda found: _FULL[found[1].casefold()] + " ", line)
    words = [word if word in {"May", "Will"} else word.casefold() for word in line.split()]
    if not words or "?" in words or len(words) > 3 * MOST_WORDS or wordings.words("doubts") & set(words):
        return ()
    parts = re.split(r" \. | ; |(?: ,| and| , and) (?=(?:i|we|my|our|he|she) )", line)
    for place in range(len(parts) - 2, -1, -1):  # "Tom and I" is one subject
        if len(parts[place].split()) <= 3 and not set(parts[place].casefold().split()) & wordings.words("verbs"):
            parts[place : place + 2] = [f"{parts[place]} and {parts[place + 1]}"]
    found = (_clause(part, now=text.now and len(parts) == 1) for part in parts)
    return tuple(one for one in found if one.text and len(one.text.split()) <= MOST_WORDS)


def _clause(part: str, *, now: bool) -> Clause:
    said, part = part, _LEAD.sub("", part.strip(" ,.!"))
    put_right = _CORRECTED.fullmatch(part)
    part = put_right[1] if put_right else part
    instead = any(part.casefold().endswith(f" {phrase}") for phrase in wordings.phrases("instead"))
    for phrase in wordings.phrases("instead"):
        part = part[: -len(phrase) - 1] if part.casefold().endswith(f" {phrase}") else part
    marks = wordings.words("now")
    kept = [word for word in part.split() if word.casefold() not in marks]
    now = now or len(kept) < len(part.split())
    line = _turned_round(" ".join(kept))
    words = frozenset(line.casefold().split())
    corrected = re.match(r"(?i)(?:\W|and|so|well)*(?:actually|correction|(?:as )?(?:it )?turns out)\b", said) is not None
    instead = instead or (now and corrected) or put_right is not None
    news = now or instead or corrected or wordings.is_news(line)
    return Clause(line, _TAIL.sub("", line).strip(" ,.!"), now or instead, instead, words, news)


def _turned_round(line: str) -> str:
    """A clause that names what somebody has one of, in the usual order: `Bob is my manager` as `my manager is Bob`."""
    match = _HELD.fullmatch(line) or _HAVING.fullmatch(line)
    if match is None or not is_single(match["noun"]) or match["who"].casefold() in wordings.words("anybody"):
        return line
    whose = match.groupdict().get("my") or ("our new" if line[:2].casefold() == "we" else "my new")
    return f"{whose} {match['noun']} is {match['who']}"


def _reading(clause: Clause) -> NormalForm:
    return NormalForm(tuple(clause.text.removesuffix(" again").split()), clause.now)


def _until_verb(clause: str) -> str:
    """The words of a clause up to its verb, which another statement about the same has too; empty without a known verb."""
    words = clause.casefold().split()
    place = next((place for place, word in enumerate(words) if word in wordings.words("verbs")), -1)
    return " ".join(words[: place + 1])


@lru_cache(maxsize=512)
def _told(clause: Clause, signs: str) -> tuple[tuple[wordings.Block, wordings.Wording, re.Match[str]], ...]:
    """The lines with one of these signs that a clause fits."""
    return tuple(_fitting(clause, signs))


def _fitting(clause: Clause, signs: str) -> Iterator[tuple[wordings.Block, wordings.Wording, re.Match[str]]]:
    for block in wordings.blocks():
        for line in block.lines:
            if line.sign not in signs:
                continue
            for said in (clause.text,) if line.sign == "s" else dict.fromkeys((clause.short, clause.text)):
                if (match := line.match(said, clause.words)) and is_subject(match):
                    yield block, line, match
                    break


# -- what is against what


def _against(known: Clause, told: Clause) -> Iterator[Conflict]:
    if found := attributes.other_value(_reading(known), _reading(told)):
        yield found
    yield from _taken_back(known, told)
    yield from _by_block(known, told)
    yield from _of_value(known, told)


def _taken_back(known: Clause, told: Clause) -> Iterator[Conflict]:
    """The told clause says that exactly the known one is over: "no longer", "used to", "nicht mehr"."""
    for stated in _stated(told):
        first, last = _folded(known.text), _folded(stated)
        open_to_all = set(_folded(stated)[:1]) & wordings.words("anybody") or set(first[:3]) & QUANTITIES
        if _alike(first, last) or _alike(first, _turned(last)):
            yield Conflict(certain=not open_to_all, reason="the later one says that it no longer holds")
        elif len(first) > len(last) > 1 and _alike(first[: len(last)], last) and not wordings.words("not") & set(first):
            yield Conflict(certain=False, reason="the later one says that a part of it no longer holds")


def _stated(clause: Clause) -> tuple[str, ...]:
    """What a clause says to be over, as it was said when it held; empty where it says so of nothing."""
    found = []
    for ending in wordings.endings():
        for said in dict.fromkeys((clause.text, clause.short)) if ending.words & clause.words else ():
            match = re.fullmatch(ending.pattern, said, re.IGNORECASE)
            found += [" ".join(match.expand(ending.stated).split())] if match else []
    return tuple(dict.fromkeys(found))


def _by_block(known: Clause, told: Clause) -> Iterator[Conflict]:
    for block, line, match in _told(told, "smaeq"):
        for other in block.lines:
            first = other.match(known.text, known.words) if other.sign == "s" else None
            if first is None:
                yield from _negated(known, told, block, line, match)
                continue
            same = same_subject(first.groupdict(), match.groupdict())
            if same == OTHER or not is_subject(first):
                continue
            certain = excluded(block, line, first, match, now=told.now, at_a_time=told.short != told.text)
            if certain == OTHER or (line.sign == "s" and (_limited(told, match) or same == certain == PERHAPS)):
                continue
            doubt = (
                line.sign in "aq"
                or PERHAPS in {same, certain}
                or told.dated
                or (line.sign == "s" and not _is_instead(block, told, match))
            )
            yield Conflict(
                certain=not doubt,
                reason=f"another {block.name}" if line.sign in "sma" else "the later one says that it is over",
            )


def _is_instead(block: wordings.Block, told: Clause, match: re.Match[str]) -> bool:
    """Whether a statement says that it holds in place of another; who says "I live in York now" does, of a home."""
    speaks = subject_of(match.groupdict().get("s") or "") == ("", ("i",))
    return told.instead or (told.now and speaks and block.name == "home")


def _negated(
    known: Clause, told: Clause, block: wordings.Block, line: wordings.Wording, match: re.Match[str]
) -> Iterator[Conflict]:
    """The known clause denies the value that the told one gives: "I do not live in Leeds", "I moved to Leeds"."""
    if line.sign != "m" or not wordings.words("not") & known.words or block.type != "place":
        return
    plain = " ".join(word for word in known.text.split() if word.casefold() not in {*wordings.words("not"), "do", "does"})
    for other in block.lines:
        first = other.match(plain, frozenset(plain.casefold().split())) if other.sign == "s" else None
        if first is not None and same_subject(first.groupdict(), match.groupdict()) == SURE and first["v"] == match["v"]:
            yield Conflict(certain=not told.dated, reason="the earlier one denies it")


def _limited(told: Clause, match: re.Match[str]) -> bool:
    """Whether a statement says of itself that it holds for a time, or beside another one."""
    return bool(wordings.words("limits") & told.words) or "and" in (match.groupdict().get("v") or "").split()


# -- statements with one value that differs


def _of_value(known: Clause, told: Clause) -> Iterator[Conflict]:
    """Both say the same of the same one, but for one value or a negation, and the told one says that it is new."""
    first, last = known.text.split(), told.text.split()
    new = not _NEW.isdisjoint(last[:3]) and last[0].casefold() in _OWN
    last = [word for place, word in enumerate(last) if word not in _NEW or place > 2] if new else last
    again = _folded(told.text.removesuffix(" again"))
    if (told.now or again != _folded(told.text)) and _without_not(known) == again and wordings.words("not") & known.words:
        yield Conflict(certain=True, reason="the later one says that it holds now")
        return
    if _without_not(told) == _folded(known.text) and wordings.words("not") & told.words:
        yield Conflict(certain=False, reason="a negation in one of them")
        return
    if wordings.words("limits") & told.words or wordings.words("not") & (told.words | known.words):
        return
    head, value, other = _slot(first, last)
    if not value or not other or not head or " ".join(value).casefold() == " ".join(other).casefold():
        return
    certain = is_another(head, " ".join(value), " ".join(other), behind=first[len(head) + len(value) :], told_now=told.now)
    if certain:
        marked = told.instead or new
        yield Conflict(certain=certain == SURE and marked, reason="another value of the same")


def _slot(first: list[str], last: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The words before the place in which two clauses differ, and the differing words of both."""
    low, other = [word.casefold() for word in first], [word.casefold() for word in last]
    if set(low[:1]) <= {"the", "my", "our"} and set(other[:1]) <= {"the", "my", "our"} and low[1:2] == other[1:2]:
        other[:1] = low[:1] if low[:1] == ["the"] or other[:1] == low[:1] else other[:1]
    start = 0
    while start < min(len(low), len(other)) and low[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(low), len(other)) - start and low[-1 - end] == other[-1 - end]:
        end += 1
    return low[:start], first[start : len(first) - end], last[start : len(last) - end]


def _without_not(clause: Clause) -> tuple[str, ...]:
    """The words of a clause without its negation and the verb that only carries it."""
    carries = {"do", "does", "did"} | wordings.words("not")
    return tuple(word for word in _folded(clause.text) if word not in carries)


@lru_cache(maxsize=4096)
def _folded(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.casefold().split() if word not in _PARTITIVES)


def _alike(first: tuple[str, ...], last: tuple[str, ...]) -> bool:
    """Whether two clauses have the same words, but for the form of a verb: `lives` and `live`, `smoke` and `smoking`."""
    if len(first) != len(last):
        plain = tuple(
            word for place, word in enumerate(first) if word not in {"am", "is", "are"} or first[place + 1 :][:1] == ()
        )
        if len(plain) != len(last) or not any(word.endswith("ing") for word in last):
            return False
        first = plain
    return bool(first) and all(one == other or _one_verb(one, other) for one, other in zip(first, last, strict=True))


def _one_verb(one: str, other: str) -> bool:
    """Whether a word of the present is the same verb as the other form of it."""
    if other in {"be", "being"}:
        return one in {"am", "is", "are"}
    stem = one.removesuffix("s") if not one.endswith("ss") else one
    forms = {one, stem, f"{one}s", f"{one}es", one.removesuffix("es"), f"{one}ing", f"{one.removesuffix('e')}ing"}
    forms |= {f"{one}{one[-1]}ing", f"{stem}ing", f"{stem.removesuffix('e')}ing"}
    return other in forms and len(one) > 1


def _turned(words: tuple[str, ...]) -> tuple[str, ...]:
    """A clause with its subject and its value exchanged: `ravi is my boss` becomes `my boss is ravi`."""
    for verb in ("is", "are"):
        if words.count(verb) == 1:
            place = words.index(verb)
            return (*words[place + 1 :], verb, *words[:place])
    return ()


def _letters(text: str) -> list[str]:
    """The words that an index has, without those that every text has."""
    found = (word.casefold() for word in re.findall(r"\w+", text))
    return [
        word
        for word in found
        if len(word) > 1 and word not in PERSONAL and word not in {"the", "is", "are", "am", "be", "being"}
    ]
