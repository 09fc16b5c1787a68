"""Whether a model's note of somebody's words says no more than the words do. Pure, and the same without any model.

A model that takes notes invents, corrects and mixes things up. So a note passes only if it can be shown to be its span with
words left out: the span is in the text, letter by letter; every word of the note is a word of the span, in the span's order,
except for articles and the present of "to be"; a number keeps the word behind it; and no negation, doubt or tense is lost or
added, not even by a span that begins behind an "it is not true that". Many good paraphrases fail this check; an invented name,
number or "not" cannot pass. A rejected note loses no information: the turn that it came from is saved in any case.
"""

import re
from typing import NamedTuple

from memos_cli.interface.reader import intents

LEAST_WORDS = 2
"""A note of one word says nothing."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019.,:/@+\-][^\W_]+)*")
_EDGE = re.compile(r"[.!?;:,()\[\]\n\u2026\u2014\u3002\uff01\uff1f\uff0c]|\b(?:and|but|so|because|then)\b", re.IGNORECASE)
_GLUE = frozenset({"a", "an", "the", "am", "is", "are"})
_CLITICS = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'s": ""}
_WHOLE = {"can't": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not"), "cannot": ("can", "not")}


class _Class(NamedTuple):
    """Words whose loss or addition turns a statement into another one."""

    name: str
    words: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MARKERS = (
    _Class(
        "a negation",
        _words(
            "not no never none nobody nothing nowhere neither nor without hardly barely rarely seldom except former formerly "
            "stop stops stopped stopping quit quits cease ceased avoid avoids avoided refuse refuses refused lack lacks lacked "
            "deny denies denied false wrong untrue unlike instead "
            "nicht kein keine keinen keiner nie niemals pas jamais aucun aucune non n\u00e3o nunca jam\u00e1s niet geen nooit "
            "ikke inte \u043d\u0435 \u043d\u0435\u0442 \u043d\u0438\u043a\u043e\u0433\u0434\u0430"
        ),
    ),
    _Class(
        "a doubt",
        _words(
            "if unless whether might may maybe perhaps possibly probably would could wish wishes hope hopes almost "
            "nearly think thinks thought believe believes guess guesses suppose supposed seem seems seemed apparently "
            "allegedly dream dreamt dreamed imagine imagined pretend pretended joke joking kidding lie lied wonder "
            "wonders plan plans planned want wants wanted consider considering"
        ),
    ),
    _Class("the past", _words("was were had used once did until till previously earlier")),
    _Class("the future", _words("will shall going gonna")),
)
_NEGATING = re.compile(
    "[\u4e0d\u6ca1\u6c92\u7121\u65e0\u975e\u672a\u522b\u5225]|\u306a\u3044|\u306a\u304b\u3063\u305f|\u307e\u305b\u3093|\uc548 |"
    "\ubabb|\uc54a|\uc5c6"
)
"""Negation in scripts that put no blanks between words."""


class Place(NamedTuple):
    """The position of a span in a text, in characters."""

    start: int
    end: int


def find(span: str, text: str) -> Place | None:
    """The place of the span in the text, word by word; white space may differ. It neither begins nor ends within a word."""
    parts = span.split()
    if not parts:
        return None
    pattern = r"\s+".join(map(re.escape, parts))
    head = r"(?<!\w)" if re.match(r"\w", parts[0]) else ""
    tail = r"(?!\w)" if re.search(r"\w$", parts[-1]) else ""
    found = re.search(head + pattern + tail, text)
    return Place(*found.span()) if found else None


def fault(content: str, span: str, text: str) -> str | None:
    """Why a note cannot be shown to rest on its span; `None` if it can.

    Args:
        content: the note.
        span: the words that the note claims to rest on.
        text: what somebody said.
    """
    place = find(span, text)
    if place is None:
        return "its span is not in the text"
    said, noted = words(span), words(content)
    if len(noted) < LEAST_WORDS:
        return "it says nothing"
    if _is_asked(text, place):
        return "it was a question"
    return _foreign(noted, said) or _torn(noted, said) or _turned(content, span, _around(text, place))


def words(text: str) -> list[str]:
    """The words in lower case, contractions taken apart, possessives without `'s`; 555-1234 and ex-wife are one word each."""
    found: list[str] = []
    for raw in _WORD.findall(text):
        # The month keeps its capital, since `may` is a doubt.
        word = raw if raw == "May" else raw.casefold().replace("\u2019", "'")
        if word in _WHOLE:
            found += _WHOLE[word]
            continue
        for ending, meaning in _CLITICS.items():
            if word.endswith(ending) and len(word) > len(ending):
                found += filter(None, (word.removesuffix(ending), meaning))
                break
        else:
            found.append(word)
    return found


def _foreign(noted: list[str], said: list[str]) -> str | None:
    """A word of the note that the span does not have at that place."""
    at = 0
    for word in noted:
        if word in said[at:]:
            at = said.index(word, at) + 1
        elif word not in _GLUE:
            return f"{word!r} is not said there"
    return None


def _torn(noted: list[str], said: list[str]) -> str | None:
    """A number whose following word is another one in the span."""
    pairs = set(zip(said, [*said[1:], ""], strict=True))
    for word, behind in zip(noted, [*noted[1:], ""], strict=True):
        if any(letter.isnumeric() for letter in word) and (word, behind) not in pairs:
            return f"{word!r} is said of something else"
    return None


def _turned(content: str, span: str, around: str) -> str | None:
    """A negation, a doubt or a tense that only one of the two has."""
    noted, said, beside = ({*words(text)} for text in (content, span, around))
    for name, marks in _MARKERS:
        if bool(noted & marks) != bool(said & marks) or (beside & marks and not noted & marks):
            return f"{name} is lost or put in"
    if len(_NEGATING.findall(content)) != len(_NEGATING.findall(span)):
        return "a negation is lost or put in"
    return None


def _around(text: str, place: Place) -> str:
    """The rest of the clause that the span is in."""
    before = _EDGE.split(text[: place.start])[-1]
    after = _EDGE.split(text[place.end :])[0] if not _EDGE.match(text[place.end - 1 : place.end]) else ""
    return f"{before} {after}"


def _is_asked(text: str, place: Place) -> bool:
    """Whether a sentence that the span touches is a question."""
    at = 0
    for sentence in intents.sentences(text):
        found = find(sentence, text[at:])
        if found is None:
            return intents.asks(text)
        start, at = at + found.start, at + found.end
        if start < place.end and place.start < at and intents.asks(sentence):
            return True
    return False
