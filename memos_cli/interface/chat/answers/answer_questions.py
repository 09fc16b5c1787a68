"""What a question asks: about whom, what of them, and whether for yes or no. English, by rules. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from memos_cli.interface.chat.answers.answer_clauses import (
    AUXILIARIES,
    MODALS,
    NOBODY,
    Being,
    Path,
    being,
    turns,
)
from memos_cli.interface.chat.answers.answer_words import Word, as_set, content, is_mark, opposites, tongue, words

_INTRODUCED = re.compile(
    r"(?i)^(?:(?:hey|hi|hello|so|and|but|ok|okay|well|please|now|then|quick question|remind me|tell me|say)[,:]?\s+)*"
    r"(?:(?:(?:can|could|would|will) you (?:please )?)?(?:tell me|remind me|say)|do you (?:still )?(?:know|remember)"
    r"|i (?:want|need|would like) to know|i wonder|any idea|what do you know about)[,:]?\s+"
)
_OPENED = re.compile(r"(?i)^(?:(?:hey|hi|hello|so|and|but|ok|okay|well|please|now|then|quick question|remind me)[,:]?\s+)+")
_WH = as_set("who whom whose what which when where why how")
_BEFORE = as_set("in on at to for with from by about of since until")
_ONCE = re.compile(
    r"(?i)\b(?:did|was|were|had|used to|before|earlier|previous(?:ly)?|former(?:ly)?|once|ever|first|(?:19|20)\d\d)\b"
)
_MEASURES = as_set("old tall heavy big far deep wide fast")
_COUNTS = as_set("many much old tall heavy big far deep wide fast")
_TELLING = as_set("time date day year month week long often")


class Question(NamedTuple):
    """A question.

    Attributes:
        path: about whom it is; `None` where it is about a thing, or asks who.
        owned: whether it asks about something that they have: "is my car red?".
        asked: the words that say what is asked, without those for the person and what sort of answer is wanted.
        verb: its verb, where it has one that says something.
        light: its verb, where that says little, as `take`.
        others: the other people that it names.
        closed: whether it wants a yes or no.
        opener: the auxiliary that it begins with, or that follows the question word.
        turned: how many of its words turn it around; `denied` where one of them is a plain "not".
        once: it asks about the past.
        when: it asks for a time; `where` for a place; `who` for the one who does it; `counts` for a number.
        sort: the noun or adjective behind the question word, as in "which city", "how old".
        choice: it names the answers to choose from ("tea or coffee").
    """

    path: Path | None
    owned: bool
    asked: tuple[Word, ...]
    verb: Word | None
    light: Word | None
    others: tuple[Path, ...]
    closed: bool
    opener: str
    turned: int
    denied: bool
    once: bool
    when: bool
    where: bool
    who: bool
    counts: bool
    sort: tuple[Word, ...]
    choice: bool

    @property
    def identity(self) -> bool:
        """Whether it asks who or what somebody is, and nothing else of them: "who is my dentist?"."""
        named = self.path is not None and not self.asked and not self.where and not self.when
        return named and self.opener in tongue("en").be and not self.closed


def read(question: str, before: Path | None = None) -> Question:
    """Read an English question.

    Args:
        before: whom a pronoun means: who was spoken of before.
    """
    said = question.strip().replace("\u2019", "'")
    said = _OPENED.sub("", _INTRODUCED.sub("", said))
    found = [word for word in words(said) if word.low not in {"?", "!", ".", "\n", '"'}]
    place = 1 if found and found[0].low in _BEFORE and len(found) > 1 and found[1].low in _WH else 0
    first = found[place].low if place < len(found) else ""
    opener, sort = "", []
    place_of_sort = place + 1
    closed = place == 0 and (first in AUXILIARIES or first in {"if", "whether"})
    if closed:
        opener, place = ("" if first in {"if", "whether"} else first), 1
    elif first in _WH:
        place += 1
        begin = place
        while place < min(len(found), begin + 4) and found[place].low not in AUXILIARIES:
            place += 1
        if place < len(found) and found[place].low in AUXILIARIES and not _asks_subject(found, begin, place):
            opener, sort = found[place].low, content(found[begin:place])
            place += 1
        else:
            place = begin  # "who hates olives": the subject is what is asked
            if first in {"which", "what"} and begin < len(found):
                sort = content(found[begin : begin + 1]) if first == "which" else []
    who = _subject(found, place, before)
    end = who.end if who else place
    rest = found[end:]
    others = tuple(_others(found, end, before, who))
    asked = _asked(rest, others)
    verb = light = None
    if (closed and opener not in tongue("en").be) or opener in AUXILIARIES - tongue("en").be:
        verb, light = _verb(rest)
    elif not opener and not closed and first in _WH:
        verb, light = _verb(rest if who else found[place + (first == "which") :])
    asked += [word for word in sort if word.low in _MEASURES]
    mine = who is not None and found[end - 1].low in {"mine", "ours"}
    if first == "whose" or (mine and not asked):
        asked = [*sort, *asked]
        sort = []
    whole = [word.low for word in found]
    if who is None and not closed and opener and sort and not asked:
        asked, sort = sort, []
    return Question(
        who.path if who else None,
        bool(who and who.owned) or mine,
        tuple(asked),
        verb,
        light,
        others,
        closed,
        opener,
        turns(found),
        any(word in {"not", "never"} for word in whole),
        bool(_ONCE.search(said)) or opener in {"did", "was", "were", "had"},
        first == "when" or any(word.low in _TELLING for word in sort),
        first == "where" or any(word.low in {"city", "town", "country", "street"} for word in sort),
        first in {"who", "whom"} and not opener,
        first == "how" and any(word in _COUNTS for word in whole[place_of_sort : place_of_sort + 2]),
        tuple(sort),
        "or" in whole,
    )


def _asks_subject(found: Sequence[Word], begin: int, place: int) -> bool:
    """Whether the question word stands for the subject although an auxiliary comes later: "who told you that I can swim?"."""
    return place - begin >= 1 and any(word.low in opposites() or word.low.endswith("ed") for word in found[begin:place])


def _subject(found: Sequence[Word], place: int, before: Path | None) -> Being | None:
    while place < len(found) and found[place].low in {"not", "there", "also", "still", "really", "now", "ever"}:
        place += 1
    if place >= len(found):
        return None
    if found[place].low == "you" or found[place].low == "your":
        return Being(NOBODY, place + 1)
    # A name that begins what is left of the question was written with a capital in the middle of a sentence.
    return being(
        [*found[:place], found[place]._replace(name=found[place].said[0].isupper()), *found[place + 1 :]], place, before
    )


def _others(found: Sequence[Word], place: int, before: Path | None, who: Being | None) -> list[Path]:
    known: list[Path] = []
    while place < len(found):
        other = being(found, place, before)
        if other and other.path not in known and not (who and other.path == who.path):
            known.append(other.path)
        place = max(other.end, place + 1) if other else place + 1
    return known


def _asked(rest: Sequence[Word], others: Sequence[Path]) -> list[Word]:
    named = {part for path in others for element in path for part in element.split()}
    against = tongue("en").against
    return [
        word for word in content(list(rest)) if word.low not in named and word.stem not in named and word.low not in against
    ]


def _verb(rest: Sequence[Word]) -> tuple[Word | None, Word | None]:
    """The verb behind the subject: as one that says something, or as one that says little."""
    small, against = tongue("en").small, tongue("en").against
    for word in rest:
        if is_mark(word) or word.low in small or word.low in against:
            continue
        if word.low in MODALS or word.low == "to":
            continue
        if word.low in {"the", "a", "an", "this", "that", "these", "those"}:
            return None, None  # the subject is a thing, of which it is not known where its words end
        return (word, None) if content([word]) else (None, word)
    return None, None
