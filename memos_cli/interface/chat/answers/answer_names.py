"""Truecasing: a question and memories with the capitals of names that were typed without ("where does anna live"). Pure.

By a name the checks of an answer know whom a question is about. Taken for any other word, it lets somebody else's value stand:
of "Carl lives in Porto" that Anna lives there. What is a name is told by the memories that write it with a capital, by a list
of first names (`memos_cli/data/first_names.txt`), and by where a word stands: "where does ... live", "when is ...'s birthday".
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from memos_cli.infra.words.languages import STOP_WORDS
from memos_cli.interface.chat.answers import answer_clauses, answer_words
from memos_cli.interface.chat.answers.answer_words import alike, as_set, first_names, stem, tongue

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_INTRODUCED = re.compile(
    r"(?i)^(?:fyi|nb|ps|p\.s\.|btw|by the way|for the record|note to self|update|reminder|ok|okay|so)\b[,:;. -]+"
)
"""What only introduces a memory."""
_OWNER = re.compile(r"['\u2019](?:s\b|(?=\s|$))")
_PLACES_FIRST = as_set("where when why how")
_THINGS_FIRST = as_set("what which who whom whose")
_HELPS = as_set("does did has will would can could should must")
"""Auxiliaries behind which the subject stands, also where a question begins with "what" or "who"."""
_IS = as_set("is was")
_TITLES = as_set("mr mrs ms miss dr prof professor sir madam frau herr monsieur madame senor senora coach captain pastor judge")
_OWNED = as_set("the a an this that these those my your his her its our their no some any every each another other whose")
_NO_NAMES = as_set(
    "i today tomorrow yesterday tonight now everyone everybody nobody noone someone somebody anyone anybody"
    " everything something anything nothing it there here let one who what where when how that may march will"
    " mark please not still also already"
)
"""Words that are no names though a memory may write them with a capital, or an "'s" stands behind them."""


class _Token(NamedTuple):
    start: int
    end: int
    low: str
    capital: bool
    owner: bool
    """An "'s" or an apostrophe stands behind it."""


def truecased(
    question: str, texts: Sequence[str], speakers: Iterable[str | None] = (), *, english: bool = True
) -> tuple[str, list[str]]:
    """A question and the memories that it is held against, with the capitals of names and the apostrophes of owners.

    Args:
        texts: the memories.
        speakers: who said them, which are names, too.
        english: the question is English; of others only names are known that memories or the list tell.
    """
    question, *texts = (_small(text) for text in (question, *texts))
    texts = [_INTRODUCED.sub("", text) for text in texts] if english else texts
    cases = _Cases(texts, speakers)
    found = _tokens(question)
    written = {at: name for at in range(len(found)) if (name := cases.name_in(found, at, english=english)) is not None}
    asked = {found[at].low for at in written} | {token.low for token in found[1:] if token.capital}
    names = asked & cases.lower | first_names()
    return _joined(question, found, written), [_written(text, names, english=english) for text in texts]


class _Cases:
    """How memories write their words."""

    def __init__(self, texts: Sequence[str], speakers: Iterable[str | None]) -> None:
        self.lower: set[str] = set()
        named: dict[str, str] = {
            token.low: text[token.start : token.end] for text in speakers if text for token in _tokens(text)
        }
        for text in texts:
            said = answer_words.words(text)
            for place, word in enumerate(said):
                if word.said[:1].islower():
                    self.lower.add(word.low)
                elif (word.name or answer_clauses.is_name(said, place)) and (len(word.said) < 2 or not word.said.isupper()):
                    named.setdefault(word.low, word.said)
        self.names: Mapping[str, str] = {low: said for low, said in named.items() if low not in self.lower}

    def name_in(self, found: Sequence[_Token], at: int, *, english: bool) -> str | None:
        """How a word of a question is written where it is a name without a capital; `None` where it is none."""
        token = found[at]
        if token.capital or token.low in _plain():
            return None
        if token.low in self.names or token.low in first_names():
            return self.names.get(token.low) or token.low.capitalize()
        return self._by_place(found, at) if english else None

    def _by_place(self, found: Sequence[_Token], at: int) -> str | None:
        """The same of a word that no memory and no list tells for a name, by what stands beside it."""
        low = found[at].low
        before, behind = found[at - 1].low if at else "", found[at + 1].low if at + 1 < len(found) else ""
        if low in _TITLES:
            return low.capitalize() if behind and behind not in _plain() else None
        if (owner := _as_owner(found, at, self.names)) is not None:
            return owner
        if any(alike(stem(low), one) for one in self._stems) or _is_kin(low):
            return None
        is_name = (found[at].owner and before not in _OWNED) or _is_subject(found, at) or before in _TITLES
        return low.capitalize() if is_name else None

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(stem(low) for low in self.lower)


@cache
def _plain() -> frozenset[str]:
    """Words that are never taken for names."""
    english = tongue("en")
    small = english.small | english.me | english.my | english.be | english.against | english.doubt
    return frozenset(STOP_WORDS["en"].split()) | answer_clauses.AUXILIARIES | small | _NO_NAMES | _OWNED


def _is_kin(low: str) -> bool:
    return stem(low) in {stem(word) for word in tongue("en").kin}


def _is_subject(found: Sequence[_Token], at: int) -> bool:
    """Whether a word without an article stands where a question of one person has its subject."""
    first, before = found[0].low, found[at - 1].low if at else ""
    if at == 1:
        return before in _HELPS | _IS
    if first in _PLACES_FIRST:
        return at <= 4 and before in _HELPS | _IS
    if first in _THINGS_FIRST:
        owner = found[at].low[-1] == "s" and before in _IS and at + 1 < len(found)  # "what is annas pin"
        return at <= 4 and (before in _HELPS or (owner and found[at + 1].low not in _plain()))
    return False


def _small(text: str) -> str:
    """A text of capitals alone in small letters: its capitals tell no names."""
    return text.lower() if text.isupper() and len(_TOKEN.findall(text)) > 1 else text


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(one.start(), one.end(), one[0].lower(), not one[0].islower(), bool(_OWNER.match(text, one.end())))
        for one in _TOKEN.finditer(text)
    ]


def _joined(text: str, found: Sequence[_Token], written: Mapping[int, str]) -> str:
    def pieces() -> Iterator[str]:
        end = 0
        for at, name in written.items():
            yield text[end : found[at].start]
            yield name
            end = found[at].end
        yield text[end:]

    return "".join(pieces())


def _as_owner(found: Sequence[_Token], at: int, names: Mapping[str, str]) -> str | None:
    """How a name or a kinship is written that lacks the apostrophe of an owner: "bens birthday", "my sisters dog is"."""
    token, behind = found[at], found[at + 1 : at + 3]
    low = token.low[:-1]
    if token.low[-1] != "s" or token.owner or not behind or behind[0].low in _plain() or token.low in first_names():
        return None
    if low in names or low in first_names():
        return (names.get(low) or low.capitalize()) + "'s"
    # "my sisters like tea" are several: only where the verb of one stands behind what is hers, or before her
    one = len(behind) > 1 and (behind[1].low in _IS or behind[1].low.endswith("s"))
    one = one or any(before.low in _IS | {"does", "has"} for before in found[max(0, at - 2) : at])
    return token.low[:-1] + "'s" if one and _is_kin(low) and _is_kin(token.low) else None


def _written(text: str, names: frozenset[str] | set[str], *, english: bool) -> str:
    """A memory with these names written as such, titles before them, and the apostrophes of owners."""
    found = _tokens(text)
    hits: dict[int, str] = {}
    for at, one in enumerate(found):
        if one.capital:
            continue
        ahead = found[at + 1] if at + 1 < len(found) else one
        title = one.low in _TITLES and (ahead.capital or ahead.low in names)
        if english and (owner := _as_owner(found, at, {})) is not None:
            hits[at] = owner
        elif title or one.low in names:
            hits[at] = one.low.capitalize()
    return _joined(text, found, hits) if hits else text
