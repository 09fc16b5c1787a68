"""What a question asks: about whom, what of them, and whether for yes or no. English, by rules. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from memos_cli.interface.chat.answers.answer_clauses import (
    AUXILIARIES,
    MODALS,
    NOBODY,
    WH,
    Being,
    Path,
    being,
    turns,
)
from memos_cli.interface.chat.answers.answer_words import Word, as_set, content, is_mark, is_past, opposites, tongue, words
from memos_cli.interface.reader import intents

_FILLER = (
    r"hey|hi|hello|yo|so|and|but|ok|okay|well|please|pls|plz|now|then|um+|uh+|hm+|oh|btw|by the way|quick question|quick q"
    r"|question|one more thing|one more|just curious|just wondering|sorry|excuse me|memos|dear|there"
)
"""Words before a question that ask nothing."""
_INTRODUCED = re.compile(
    rf"(?i)^(?:(?:{_FILLER}|remind me|tell me|say)[,:!.-]*\s+)*"
    r"(?:(?:(?:can|could|would|will) you (?:please )?)?(?:tell me|remind me|say)|do you (?:still )?(?:know|remember)"
    r"|i (?:want|need|would like) to know|i wonder|any idea|(?:what|how) (?:do you know )?about"
    r"|(?:find|show|give|list|get|search|look up|check)(?: me| us| for)?)[,:]?\s+"
)
_OPENED = re.compile(rf"(?i)^(?:(?:{_FILLER}|remind me)[,:!.-]*\s+)+")
_ENDED = re.compile(
    r"(?i)[,;]?\s+(?:please|pls|plz|thanks|thank you|thx|btw|by the way|just curious|memos)(?:\s+memos)?\s*[?!.]*\s*$"
    r"|,\s+(?:i|we|it'?s|because|since|cause|as i)\b[^,?]*[?!.]*\s*$"
)
"""What is said behind a question: thanks, or what for."""
_SEPARATED = re.compile(r"^([^,:;?!\n\u2013\u2014-]{1,40})[,:;\u2013\u2014-]+\s+(?=([^\W\d_]+))")
_THINKING = as_set(
    "i i'm i've i'd i'll me you we us can can't cannot could would will do don't did didn't am was is it not no never any some"
    " the a my mind idea clue sure curious wonder wondering know knew known remember recall forget forgot forgotten need want"
    " like tell let remind say see find look looking up out check again just really still please to help quickly have there"
)
"""Words that only say that something is asked: "I can't remember where ..."."""
_IF = as_set("if whether")
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


def bare(question: str) -> str:
    """A question as it would be asked directly: "btw, I forgot where Anna lives, pls" is "where does Anna lives?"."""
    said = question.strip().replace("\u2019", "'")
    said = said.lower() if said.isupper() and " " in said else said
    asking = list(dict.fromkeys(one for one in intents.sentences(said) if intents.asks(one) or one.endswith("?")))
    said = _ENDED.sub("?", asking[0] if len(asking) == 1 else said)
    said = _OPENED.sub("", _INTRODUCED.sub("", said))
    if (apart := _SEPARATED.match(said)) and apart[2].lower() in WH | AUXILIARIES:
        ahead = words(apart[1])
        says_little = {part.lower() for part in apart[1].split()} <= _THINKING
        nobody = being(ahead, 0, None) is None and not any(word.low in WH | AUXILIARIES | tongue("en").my for word in ahead)
        said = said[apart.end() :] if says_little or nobody else said
    return _direct(said)


def _direct(said: str) -> str:
    """An indirect question as a direct one: "I forgot how much I owe Jonas" as "how much do I owe Jonas"."""
    parts = said.split()
    low = [part.strip(",.;:!?").lower().removesuffix("'s") for part in parts]
    first = next((at for at, one in enumerate(low) if one in WH | _IF), len(low))
    if first and set(low[:first]) <= _THINKING:
        parts, low = parts[first:], low[first:]
    elif first:
        return said
    found = words(" ".join(parts).rstrip("?!. "))
    if len(found) < 3:
        return " ".join(parts)
    if found[0].low in _IF:
        who = being(found, 1, None)
        return _turned(found, 1, who, dropped=1) if who is not None else " ".join(parts)
    ahead = [word.low for word in found[:2]]
    start = 1 + (ahead[-1] in _COUNTS) + (ahead[-1] == "many" or ahead[0] == "which")
    for begin in range(start, min(len(found), start + 1 + (ahead[0] in {"what", "how"}))):
        who = being(found, begin, None)
        if who is not None and not any(word.low in AUXILIARIES | {"of"} for word in found[1:begin]):
            return _turned(found, begin, who)
    return " ".join(parts)


def _helps(found: Sequence[Word], place: int) -> bool:
    """Whether a word is an auxiliary: "has" is one in "has moved", and none in "has a cat"."""
    low = found[place].low
    if low not in {"has", "have", "had"}:
        return low in AUXILIARIES
    return any(is_past(word.low) or word.low in {"been", "got"} for word in found[place + 1 : place + 3])


def _turned(found: Sequence[Word], begin: int, who: Being, *, dropped: int = 0) -> str:
    """The same, its words given, and where its subject stands; the first words may be dropped."""
    said = [word.said for word in found]
    rest = [place for place in range(who.end, len(found)) if _helps(found, place)]
    if rest:
        helper = said.pop(rest[0])
    elif who.end >= len(found):
        return " ".join(said) + "?"
    else:
        several = found[begin].low in {"i", "you", "we", "they"}
        helper = "did" if is_past(found[who.end].low) else "do" if several else "does"
    joined = " ".join([*said[dropped:begin], helper, *said[begin:]])
    return re.sub(r" (?='s\b)", "", joined) + "?"


def read(question: str, before: Path | None = None) -> Question:
    """Read an English question.

    Args:
        before: whom a pronoun means: who was spoken of before.
    """
    said = bare(question)
    found = [word for word in words(said) if word.low not in {"?", "!", ".", "\n", '"'}]
    place = 1 if found and found[0].low in _BEFORE and len(found) > 1 and found[1].low in WH else 0
    first = found[place].low if place < len(found) else ""
    opener, sort = "", []
    place_of_sort = place + 1
    closed = place == 0 and (first in AUXILIARIES or first in _IF)
    if closed:
        opener, place = ("" if first in _IF else first), 1
    elif first in WH:
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
    elif not opener and not closed and first in WH:
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
