"""Whether a memory says of another thing what a question asks: of the library where the pool is meant. By rules. Pure.

A search finds what is told in the words of a question, and the frame of both may be the same. So a memory is about another
thing where what it says is said of a thing that the question does not name, and it names the thing of the question nowhere. A
thing is a noun behind an article or a possessive. What has a name ("the Skoda") may be the thing that is meant, and so may what
a wide noun says ("the shop"): of these nothing is decided. The lists of words are in `memos_cli/data/things.txt`.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from memos_cli.interface.chat.answers.answer_words import Word, alike, is_mark, stem, tongue, tongue_of, words

MOST_WORDS = 30
"""A memory of more words says several things."""
_MOST_OF_A_THING = 4
"""The words of a thing behind its article that are read."""
_FAVOURITE = frozenset({"favourite", "favorite"})


@cache
def _blocks() -> dict[str, str]:
    text = (Path(__file__).parents[2] / "data" / "things.txt").read_text("utf-8")
    parted = (block.partition("\n") for block in text.split("\n# ")[1:])
    return {name.strip(): body.strip() for name, _, body in parted}


@lru_cache(maxsize=32)
def _list(name: str) -> frozenset[str]:
    """A list of the file; an empty one where it has none of this name."""
    return frozenset(_blocks().get(name, "").split())


@cache
def _groups() -> dict[str, frozenset[int]]:
    """The groups of nouns that may mean the same thing, by the stems of their nouns."""
    found: dict[str, frozenset[int]] = {}
    for number, line in enumerate(_blocks()["alike"].splitlines()):
        for noun in line.casefold().split():
            for written in {noun, stem(noun)}:
                found[written] = found.get(written, frozenset()) | {number}
    return found


class _Thing(NamedTuple):
    """A thing that a text names: its words, the preposition before it, whether it has a name, and where it is."""

    words: tuple[Word, ...]
    behind: str
    named: bool
    start: int
    end: int


def is_about_another_thing(question: str, memory: str) -> bool:
    """Whether a memory tells of another thing what the question asks."""
    name = tongue_of(question)
    if not _list(f"articles {name}"):
        return False
    asked, told = words(question, english=name == "en"), words(memory, english=name == "en")
    if len(told) > MOST_WORDS:
        return False
    return _in_one_frame(asked, told, name) or (name == "en" and _of_another_kind(asked, told))


# -- the same said of another thing: "the pool opens", "the library opens"


def _in_one_frame(asked: Sequence[Word], told: Sequence[Word], name: str) -> bool:
    empty = tongue(name).empty | _list("light") | tongue(name).small
    shared = [word for word in asked if word.low not in empty and not is_mark(word) and _has(told, word)]
    if not shared or any(word.low in _list("pronouns") and word.low not in _list(f"articles {name}") for word in told):
        return False
    if not any(_is_frame(word, asked, told, name) for word in shared):
        return False
    wanted = _unmatched(asked, told, name, shared, whose=False)
    others = _unmatched(told, asked, name, shared, whose=True)
    if not wanted or not others or any(_is_open(thing, name) for thing in (*wanted, *others)):
        return False
    return not any(_has(told, word) for thing in wanted for word in _belonging(asked, thing))


def _unmatched(text: Sequence[Word], other: Sequence[Word], name: str, shared: Sequence[Word], *, whose: bool) -> list[_Thing]:
    """The subjects and objects of a text that the other one does not name; people only where they are asked for."""
    things = [thing for thing in _things(text, name, shared) if not thing.behind and _is_asked(text, thing, name)]
    return [
        thing
        for thing in things
        if not any(_has(other, word) for word in thing.words) and not (whose and _is_kin(thing.words, name))
    ]


def _is_asked(text: Sequence[Word], thing: _Thing, name: str) -> bool:
    """Whether a thing is what a question is about, and not a part of what somebody had: "when did I have my eye operation"."""
    return name != "en" or thing.start < 2 or text[thing.start - 2].low not in {"have", "had", "got", "get"}


def _belonging(text: Sequence[Word], thing: _Thing) -> Sequence[Word]:
    """The words behind "of" that say what a thing belongs to."""
    of = thing.end < len(text) and text[thing.end].low in {"of", "de", "del", "du", "von", "van"}
    return [word for word in text[thing.end + 1 : thing.end + 3] if word.low not in _list("prepositions en")] if of else ()


def _is_frame(word: Word, asked: Sequence[Word], told: Sequence[Word], name: str) -> bool:
    """Whether a shared word is a verb: no article, possessive or preposition stands before it in either text."""
    no_verb = _list(f"articles {name}") | _list(f"prepositions {name}")
    for text in (asked, told):
        places = [place for place, one in enumerate(text) if _same(one, word)]
        if any(place and text[place - 1].low in no_verb for place in places):
            return False
    return not word.name and not word.low[0].isdigit()


def _is_open(thing: _Thing, name: str) -> bool:
    return thing.named or not _list("wide").isdisjoint((thing.words[0].low, thing.words[-1].low)) or _is_kin(thing.words, name)


def _is_kin(found: Sequence[Word], name: str) -> bool:
    kin = tongue(name).kin
    return any(word.low in kin or word.low.removesuffix("s") in kin for word in found)


def _things(text: Sequence[Word], name: str, shared: Sequence[Word], articles: frozenset[str] = frozenset()) -> list[_Thing]:
    articles, prepositions = articles or _list(f"articles {name}"), _list(f"prepositions {name}")
    plain = tongue(name)
    ends = (plain.empty | plain.small | plain.be | prepositions) - _list("wide")
    found = []
    for place, word in enumerate(text):
        if word.low not in articles:
            continue
        end = place + 1
        while end < len(text) and end - place <= _MOST_OF_A_THING:
            one = text[end]
            if is_mark(one) or one.low in ends or one.low[0].isdigit() or any(_same(one, verb) for verb in shared):
                break
            end += 1
        if all(one.low in _list("no kind") for one in text[place + 1 : end]):
            continue
        before = text[place - 1].low if place else ""
        behind = before if before in prepositions else ""
        part = tuple(text[place + 1 : end])
        found.append(_Thing(part, behind, name != "de" and any(one.name for one in part), place + 1, end))
    return found


def _has(text: Sequence[Word], word: Word) -> bool:
    """Whether a text has a word, one that may mean the same, or one that is a part of it or that it is a part of."""
    return any(
        _same(one, word) or _one_group(one, word) or _is_part(one.low, word.low) or _is_part(word.low, one.low) for one in text
    )


def _is_part(one: str, other: str) -> bool:
    return len(one) >= 4 and one in other


def _same(one: Word, other: Word) -> bool:
    return one.low == other.low or alike(one.stem, other.stem)


# -- another kind of the same: "shirt size", "shoe size"; "the code for the alarm", "the door code"


def _of_another_kind(asked: Sequence[Word], told: Sequence[Word]) -> bool:
    wanted, known = _things(asked, "en", ()), _things(told, "en", (), _list("articles en") | {"a", "an"})
    for thing in wanted:
        if thing.words[0].low in _FAVOURITE and len(thing.words) > 1:
            heads = [one.words[1] for one in known if one.words[0].low in _FAVOURITE and len(one.words) > 1]
            if heads and not _has(told, thing.words[1]) and not any(_one_group(thing.words[1], head) for head in heads):
                return True
        same = [one for one in known if _same(one.words[-1], thing.words[-1])]
        if same and all(_is_another_kind(_kinds(asked, thing), _kinds(told, one), told) for one in same):
            return True
    return False


def _is_another_kind(wanted: "_Kinds", other: "_Kinds", told: Sequence[Word]) -> bool:
    pairs = [(mine, theirs) for mine, theirs in zip(wanted, other, strict=True) if mine and theirs]
    if not pairs and any(wanted) and any(other):
        pairs = [((*wanted.before, *wanted.behind), (*other.before, *other.behind))]
    return any(
        not any(_has(told, kind) for kind in mine) and not any(kind.name for kind in (*mine, *theirs)) for mine, theirs in pairs
    )


def _one_group(one: Word, other: Word) -> bool:
    groups = _groups()
    return not groups.get(one.stem, frozenset()).isdisjoint(groups.get(other.stem, ()))


@cache
def _no_kinds() -> frozenset[str]:
    return _list("no kind") | tongue("en").empty | tongue("en").small | tongue("en").be


class _Kinds(NamedTuple):
    """What tells the kind of a thing: nouns before it, and those behind "for", "of", "with" or "at"."""

    before: tuple[Word, ...]
    behind: tuple[Word, ...]


def _kinds(text: Sequence[Word], thing: _Thing) -> _Kinds:
    before = thing.words[:-1] if thing.words[-1].low in _list("kinds") else ()
    behind: Sequence[Word] = ()
    end = thing.end
    if end + 1 < len(text) and text[end].low in {"for", "of", "with", "at"}:
        begin = end + 2 if text[end + 1].low in _list("articles en") else end + 1
        behind = text[begin : begin + 1 + (text[end].low == "for")]
    return _Kinds(*(tuple(word for word in part if not is_mark(word) and _tells(word)) for part in (before, behind)))


def _tells(word: Word) -> bool:
    return word.low not in _no_kinds() and not word.low[0].isdigit()
