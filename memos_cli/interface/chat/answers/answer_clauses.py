"""Whom the clauses of a memory and of a question are about, read by rules that are rather strict than clever. Pure.

Somebody is a path: `("me",)` is the person who asks, `("daughter",)` their daughter, `("ben", "sister")` Ben's sister, and
`("?",)` somebody of whom the text does not say who it is. A clause whose subject is a thing has no path.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from memos_cli.interface.chat.answers.answer_words import (
    Word,
    as_set,
    first_names,
    is_mark,
    is_past,
    opposites,
    stem,
    tongue,
    words,
)

Path = tuple[str, ...]

ME: Path = ("me",)
NOBODY: Path = ("?",)
_HE = as_set("he she they him them it")
_HIS = as_set("his her their hers theirs its")
_THE = as_set("the a an this that these those")
MODALS = as_set("can could will would shall should must may might")
AUXILIARIES = MODALS | as_set("am is are was were be do does did have has had")
_BEFORE = as_set(
    "in on at to for with from by about of into under near behind against until since after before during through over like as"
    " between without than around"
)
_JOINS = as_set("and but or while whereas because so although though yet then when if that who which")
_NO_NAMES = as_set(
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays"
    " january february march april may june july august september october november december christmas easter english french"
    " german dutch spanish italian i"
)
WH = as_set("who whom whose what which when where why how")

_DEEPEST = 4
"""The most parts of a path: my sister's friend's neighbour's dog."""


class Clause(NamedTuple):
    """A clause of a memory.

    Attributes:
        subjects: the paths that it is about, each by itself: `Tom and Anna` are two; none where a thing is its subject.
        owned: whether it is about something that the subject has, as in "my car is red".
        mentions: the paths that it names anywhere.
        words: its words and marks.
        had: whom its subject has, as the dog in "my sister has a dog called Bruno".
        tail: what describes its last word, as in "in Porto, where the river ends"; an answer may repeat it.
        start, end: where its subject begins and ends among the words; both 0 where no subject was found.
    """

    subjects: tuple[Path, ...]
    owned: bool
    mentions: tuple[Path, ...]
    words: tuple[Word, ...]
    start: int
    end: int
    had: tuple[Path, ...] = ()
    tail: tuple[Word, ...] = ()


class Being(NamedTuple):
    """Somebody who is named at a place of a text.

    Attributes:
        path: who it is.
        end: where the words for them end.
        owned: whether a thing follows that they have.
        name: the name beside a kinship: of `my daughter Nora` it is `nora`.
    """

    path: Path
    end: int
    owned: bool = False
    name: str = ""


def turns(found: Sequence[Word]) -> int:
    """How many words of these turn a statement around: negations, and opposites such as `hates`."""
    against = tongue("en").against
    both = any(word.low == "neither" for word in found)  # "neither … nor" is one negation
    return sum((word.low in against and not (both and word.low == "nor")) or word.low in opposites() for word in found)


@cache
def _kin() -> frozenset[str]:
    return frozenset(stem(word) for word in tongue("en").kin)


def _is_kin(word: Word) -> bool:
    return word.stem in _kin() and not word.said[0].isdigit()


def is_verb(word: Word) -> bool:
    """Whether a word may be the verb of a clause, by its form."""
    low = word.low
    if low in AUXILIARIES or low in tongue("en").against or is_past(low):
        return True
    return low.endswith("s") and not low.endswith(("ss", "us", "is")) and low.isalpha() and not word.name and len(low) > 3


def is_name(found: Sequence[Word], place: int) -> bool:
    """Whether a word is a name, by its capital and by what stands behind it."""
    word = found[place]
    if word.low in _NO_NAMES or not word.said[0].isupper():
        return False
    if word.name:
        return word.low not in _HE | _HIS | _THE | WH
    if word.first and word.low in first_names():
        return True
    plain = tongue("en")
    if not word.first or word.low in plain.empty or word.low in AUXILIARIES or word.low in plain.small or word.low in _BEFORE:
        return False
    behind = found[place + 1] if place + 1 < len(found) else None
    return behind is not None and (
        behind.low == "'s"
        or behind.low in {"and", "nor", "or", "not"}
        or is_verb(behind)
        or (behind.name and not _is_kin(word))
    )


def being(found: Sequence[Word], place: int, before: Path | None, me: Path = ME) -> Being | None:  # noqa: PLR0911 -- a row of cases
    """Who is named at a place; `None` where that is nobody.

    Args:
        before: who was named before, whom a pronoun means; `None` where that is not certain.
        me: whom `I` means.
    """
    word = found[place]
    low = word.low
    if low in tongue("en").me and low != "us":
        return Being(me, place + 1)
    if low in _HE:
        return Being(before or NOBODY, place + 1)
    if low in tongue("en").my or low in _HIS:
        whose = me if low in tongue("en").my else before or NOBODY
        return _owned(found, place + 1, whose)
    if low in _THE:
        chained = _noun(found, place + 1)
        return _chained(found, chained[1], (chained[0],)) if chained else None
    if _is_kin(word) and not (place and found[place - 1].low in _THE):
        behind = place + 1
        if behind < len(found) and found[behind].name and found[behind].low not in _NO_NAMES:
            return _named(found, place)
        return _chained(found, behind, (word.stem,))
    return _named(found, place) if is_name(found, place) else None


def _named(found: Sequence[Word], place: int) -> Being:
    end = place + 1
    while end < len(found) and end - place < 4 and found[end].name and found[end].low not in _NO_NAMES:
        end += 1
    return _chained(found, end, (" ".join(word.low for word in found[place:end]),))


def _owned(found: Sequence[Word], place: int, whose: Path) -> Being:
    chained = _noun(found, place)
    if chained is None:
        ahead = place < len(found) and not is_mark(found[place]) and not is_verb(found[place])
        return Being(whose, place, owned=ahead)
    path = (chained[0],) if whose == ME else (*whose, chained[0])
    return _chained(found, chained[1], path)


def _noun(found: Sequence[Word], place: int) -> tuple[str, int] | None:
    """A noun for somebody with the adjectives before it, and where it ends."""
    for end in range(place, min(place + 3, len(found))):
        word = found[end]
        if is_mark(word) or word.low in AUXILIARIES or word.low in _BEFORE or word.low in _JOINS:
            return None
        if _is_kin(word) and not (end + 1 < len(found) and _is_kin(found[end + 1])):
            return " ".join(one.stem for one in found[place : end + 1]), end + 1
    return None


def _chained(found: Sequence[Word], place: int, path: Path) -> Being:
    """Go on behind a name or a noun: a name beside it, and what its possessive leads to."""
    name = ""
    start = place + 1 if place + 1 < len(found) and found[place].low == "," else place
    told = start < len(found) and found[start].name and not any(map(str.isdigit, found[start].low))
    if told and found[start].low not in _NO_NAMES and len(path[-1].split()) < 4:
        end = start
        while end < len(found) and end - start < 3 and found[end].name:
            end += 1
        closed = end < len(found) and found[end].low == ","
        if (start == place or closed) and stem(path[-1].split()[-1]) in _kin():
            name, place = " ".join(word.low for word in found[start:end]), end + (start != place)
    if place < len(found) and found[place].low in {"'s", "'"}:
        chained = _noun(found, place + 1) if len(path) < _DEEPEST else None
        if chained is None:
            return Being(path, place + 1, owned=True, name=name)
        return _chained(found, chained[1], (*path, chained[0]))
    return Being(path, place, name=name)


# -- memories


def clauses(text: str, me: Path = ME) -> list[Clause]:
    """The clauses of a memory."""
    found: list[Clause] = []
    before: Path | None = None
    several = False
    for join, part in _parts(words(text)):
        clause = _clause(part, before, me)
        if join == "but" and is_verb(part[0]) and found:  # "Anna loves olives but can't stand capers"
            clause = clause._replace(subjects=found[-1].subjects, owned=found[-1].owned, start=0, end=0)
        elif join == "that" and found and clause.subjects == found[-1].subjects:  # "I promised Leo that I would return it"
            clause = clause._replace(mentions=clause.mentions + found[-1].mentions)
        elif part[0].low in {"where", "which", "who", "whose"} and join == "," and found:
            found[-1] = found[-1]._replace(tail=part)
        found.append(clause)
        known = [path for path in clause.subjects if path not in {me, NOBODY}]
        if len(known) > 1 + bool(_apposed(clause)) or (known and before and known[0] != before) or _has_others(clause):
            several = True
        before = None if several else known[0] if known else before
    return found


def _parts(found: list[Word]) -> Iterator[tuple[str, tuple[Word, ...]]]:
    """The clauses as words, each with the word or mark that joins it to the one before."""
    start, join, told = 0, "", False
    for place, word in enumerate(found):
        ends = word.low in {".", "!", "?", ";", "\n"}
        if ends or word.low in {",", ":", "(", ")", "\u2013", "\u2014"} or word.low in _JOINS:
            goes_on = word.low == "but" and place + 1 < len(found) and is_verb(found[place + 1])
            if place >= start and (ends or (told and (goes_on or _begins(found, place + 1)))):
                if place > start:
                    yield join, tuple(found[start:place])
                start, join, told = place + 1, word.low, False
                continue
        spoken = place > start and found[place - 1].low in {"i", "we", "they"} and not is_mark(word)
        told = told or spoken or is_verb(word)
    if start < len(found):
        yield join, tuple(found[start:])


def _begins(found: Sequence[Word], place: int) -> bool:
    """Whether a clause with a subject of its own begins here, behind at most an introduction of a few words."""
    for begin in range(place, min(place + 4, len(found))):
        word = found[begin]
        if begin > place and word.low == ",":
            return False
        after_preposition = begin > place and found[begin - 1].low in _BEFORE
        if is_verb(word) and not word.name and word.low not in {"mondays", "weekdays"} and not found[begin].first:
            return False
        if after_preposition:
            continue
        if word.low in {"i", "we", "he", "she", "they", "it"}:
            return True
        who = being(found, begin, NOBODY)
        if who is None and word.low not in _THE:
            continue
        end = who.end if who else begin + 1
        if any(is_verb(one) for one in found[end : end + (3 if who is None or who.owned else 1)]):
            return True
    return False


def _clause(part: tuple[Word, ...], before: Path | None, me: Path) -> Clause:
    subjects: list[Path] = []
    start = end = 0
    owned = False
    content = 0
    place = 0
    while place < len(part):
        word = part[place]
        who = being(part, place, before, me)
        prior = part[place - 1].low if place else ""
        if who and prior not in _BEFORE and not (prior in _THE and place > 1 and part[place - 2].low in _BEFORE):
            subjects, start, end, owned = [who.path, *_name_of(who)], place, who.end, who.owned
            while end + 1 < len(part) and part[end].low in {"and", "or", "nor", ","}:
                other = being(part, end + 1, before, me)
                if other is None or other.owned:
                    break
                subjects += [other.path, *_name_of(other)]
                end = other.end
            break
        if content and is_verb(word):
            break
        content += not is_mark(word) and word.low not in _BEFORE | _THE
        place = who.end if who else place + 1
    mentions = tuple(_mentions(part, before or (subjects[0] if subjects else None), me))
    return Clause(tuple(subjects), owned, mentions, part, start, end, tuple(_had(part, subjects, end)))


def _apposed(clause: Clause) -> bool:
    """Whether the second of two subjects is only the name of the first: `my daughter Nora`."""
    return len(clause.subjects) == 2 and all(word.low not in {"and", "or", "nor"} for word in clause.words[: clause.end])


def _has_others(clause: Clause) -> bool:
    """Whether a clause names people beside its subject, so that a pronoun behind it may mean either."""
    part = clause.words
    place = clause.end
    while place < len(part):
        who = being(part, place, None)
        prior = part[place - 1] if place else None
        if who and who.path not in {ME, NOBODY} and who.path[0] != NOBODY[0]:
            introduced = prior is not None and (prior.stem == "nam" or prior.low in {"in", "at", "from", "near"})
            if not introduced or is_relation(who.path):
                return True
        place = max(who.end, place + 1) if who else place + 1
    return False


def _had(part: Sequence[Word], subjects: Sequence[Path], end: int) -> Iterator[Path]:
    if end + 2 < len(part) and part[end].low in {"has", "have", "had", "keeps", "keep"} and part[end + 1].low in {"a", "an"}:
        chained = _noun(part, end + 2)
        if chained:
            yield from ((*(path if path != ME else ()), chained[0]) for path in subjects)


def _name_of(who: Being) -> list[Path]:
    return [(who.name,)] if who.name else []


def _mentions(part: Sequence[Word], before: Path | None, me: Path) -> Iterator[Path]:
    place = 0
    while place < len(part):
        who = being(part, place, before if before != me else None, me)
        if who:
            yield who.path
            yield from _name_of(who)
        place = max(who.end, place + 1) if who else place + 1


def names(found: Sequence[Clause]) -> Mapping[Path, frozenset[str]]:
    """The names that memories give to people who are told by their kinship: `my daughter Nora`, `Nora is my daughter`."""
    known: dict[Path, set[str]] = {}
    for clause in found:
        part = clause.words
        place = 0
        while place < len(part):
            who, here = being(part, place, None), place
            # What somebody's name or pronoun leads to is theirs: of "Tom's mother Ana" no mother is the person's own.
            place = max(who.end, place + 1) if who else place + 1
            if who is None or NOBODY[0] in who.path:
                continue
            if who.name:
                known.setdefault(who.path, set()).add(who.name)
            if here == clause.start and who.path in clause.subjects and len(clause.subjects) == 1:
                _joined(part, who, known)
    return {path: frozenset(one) for path, one in known.items()}


def _joined(part: Sequence[Word], who: Being, known: dict[Path, set[str]]) -> None:
    """Take in that somebody is somebody: `Nora is my daughter`, `my daughter is called Nora`, `my daughter's name is Nora`."""
    end = who.end
    if who.owned and end < len(part) and part[end].stem == "nam":
        end += 1
    elif who.owned:
        return
    if not (end + 1 < len(part) and part[end].stem == "be"):
        return
    end += 1
    called = part[end].stem == "nam"
    end += called
    other = being(part, end, None) if end < len(part) else None
    if other is None or other.owned or (other.end < len(part) and not is_mark(part[other.end])):
        return
    pair = (who.path, other.path)
    for kin, name in (pair, pair[::-1]):
        if is_relation(kin) and len(name) == 1 and name != ME and not is_relation(name):
            known.setdefault(kin, set()).add(name[0])


def is_relation(path: Path) -> bool:
    """Whether the last part of a path is a kinship or a role."""
    return path[-1].split()[-1] in _kin()
