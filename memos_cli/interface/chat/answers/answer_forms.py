"""Whether the text that a model made has the form of an answer at all, whatever it says. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from memos_cli.operation.prompt.layout import MINI, SYSTEM, Line
from memos_cli.operation.prompt.model_request import UNKNOWN

_FENCE = re.compile(
    r"(?i)[<\u2039\[]/?\s*(?:memories|memory|notes?)\b[^>\u203a\]]{0,20}[>\u203a\]]|<\||\|>|\u2039\||\[/?INST\]|</?s>"
)
_NUMBERED = re.compile(r"^\s*(?:[-*\u2022]\s+)?\[?\d{1,2}[.)\]]\s+\S")
_MONTHS = re.compile(
    r"(?i)^\s*\d{1,2}\. (?:jan|feb|m[a\u00e4]r|ap|ma[iy]|ju[nl]|aug|sep|o[ck]t|nov|de[cz]|ene|avr"
    r"|d\u00e9c|f\u00e9v|ao\u00fb|uhr)"
)
_DATED = re.compile(r"^\s*\d{4}-\d\d-\d\d\s+(?:\S+\s+){2}")
_ROLE = re.compile(
    r"(?im)^\s*[#*>]*\s*(?:user|human|assistant|system|ai|bot|model|question|answer|memories|q|a|person)\s*[*]*\s*:"
)
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?\n]+\s*")
_MOST_ALIKE = 3
"""How often the same three words may follow each other, and how often a word may follow itself, before that is a repetition."""
_SHARED = 4
"""Of so many words that stand in a row in the system text none was said by chance."""
LONGEST = 4_000
"""The most characters of an answer from a handful of memories."""

REFUSED = re.compile(
    r"(?i)^\W*(?:(?:sorry|i'?m sorry|i am sorry|unfortunately|hm+)\W+(?:but )?)?"
    r"(?:i (?:really |still |simply )?(?:do not|don'?t|can ?not|can'?t|could not|couldn'?t) (?:know|tell|say|find|see|recall"
    r"|remember|have)|i have no (?:information|memory|record|idea)"
    r"|(?:it|that|this) (?:is|was|has) ?(?:not|n'?t) (?:been )?(?:mentioned|known|said|stated|told|clear)"
    r"|(?:the|your) (?:memories|notes) do(?: not|n'?t) (?:say|mention|tell)|not mentioned|no (?:idea|information)|unknown"
    r"|(?:dat )?weet ik (?:dat )?(?:nog )?niet|ik weet het (?:nog )?niet|das wei\u00df ich (?:noch )?nicht"
    r"|ich wei\u00df es (?:noch )?nicht|je ne (?:le )?sais pas|no lo s\u00e9)"
    r"(?P<rest>[^.!?\n]{0,80})[.!?]*\s*$"
)
_AND_MORE = re.compile(r"(?i)[,;]|\b(?:but|although|though|however|maybe|perhaps|probably|because|since|only that|except)\b|\d")


def is_refusal(answer: str) -> bool:
    """Whether an answer says that it is not known, and nothing else."""
    found = REFUSED.match(answer.strip().replace("\u2019", "'"))
    return found is not None and not _AND_MORE.search(found["rest"])


def fault(  # noqa: PLR0911 -- a row of cases
    answer: str, question: str, lines: Sequence[Line], *, cut: bool = False, system: Iterable[str] = ()
) -> str | None:
    """Why a text is no answer; `None` where its form is that of one.

    Args:
        cut: it ran to the most tokens that an answer may have.
        system: the system texts that the model was given, beside those of memos itself.
    """
    if not any(character.isalnum() for character in answer):
        return "it said nothing"
    if cut or len(answer) > LONGEST:
        return "it came to no end"
    if _FENCE.search(answer):
        return "it repeated the frame of its prompt"
    if (_NUMBERED.match(answer) and not _MONTHS.match(answer)) or _DATED.match(answer):
        return "it began like a line of its prompt"
    if _ROLE.search(answer) or _begins_with_speaker(answer, lines):
        return "it spoke in a role"
    if _repeats(answer):
        return "it repeated itself"
    if _in_other_script(answer, question, lines):
        return "it was in another script"
    if _quotes(answer, (SYSTEM, MINI.words, *system), lines):
        return "it repeated its instructions"
    return None


def _begins_with_speaker(answer: str, lines: Sequence[Line]) -> bool:
    head, mark, _ = answer.strip()[:80].partition(":")
    return bool(mark) and head.strip().casefold() in {line.speaker.casefold() for line in lines if line.speaker}


def _repeats(answer: str) -> bool:
    said = [" ".join(_WORD.findall(part.casefold())) for part in _SENTENCE.split(answer)]
    longer = [part for part in said if part.count(" ") > 0]
    if len(longer) > len(set(longer)):
        return True
    found = _WORD.findall(answer.casefold())
    threes: dict[tuple[str, ...], int] = {}
    for place, word in enumerate(found):
        if found[place : place + _MOST_ALIKE] == [word] * _MOST_ALIKE and not word.isdigit():
            return True
        three = tuple(found[place : place + 3])
        threes[three] = threes.get(three, 0) + (len(three) == 3)
    return any(count >= _MOST_ALIKE for count in threes.values())


def _in_other_script(answer: str, question: str, lines: Sequence[Line]) -> bool:
    own = _scripts(answer)
    if own <= {"LATIN"}:
        return False
    return not own <= _scripts(question).union({"LATIN"}, *(_scripts(line.text + (line.speaker or "")) for line in lines))


@lru_cache(maxsize=128)
def _scripts(text: str) -> set[str]:
    if text.isascii():
        return {"LATIN"} if any(map(str.isalpha, text)) else set()
    return {unicodedata.name(character, "?").split()[0] for character in set(text[:20_000]) if character.isalpha()}


def _quotes(answer: str, system: Iterable[str], lines: Sequence[Line]) -> bool:
    runs = _runs(answer)
    if not runs:
        return False
    told = [run for text in system for run in runs & _runs(text.replace(UNKNOWN, " . "))]
    return bool(told) and not all(any(run in _runs(line.text) for line in lines) for run in told)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    found = _WORD.findall(text.casefold())
    return frozenset(tuple(found[place : place + _SHARED]) for place in range(len(found) - _SHARED + 1))
