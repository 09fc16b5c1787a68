"""How an answer to a question about a made-up person is graded: by its words, whole and strict. Pure.

right    the model's own sentence holds an accepted answer and no value of somebody else
wrong    it states anything else; where nothing answers the question, anything but a refusal
refused  it says that it is not known
cited    the memories were shown, word for word; whether they hold the answer is told beside it
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
RIGHT, WRONG, REFUSED, CITED = VERDICTS = ("right", "wrong", "refused", "cited")
ABSENT = frozenset({"absent", "wrong_subject"})
"""Kinds of questions that the memories do not answer."""
_UNKNOWN = re.compile(r"don['\u2019]?t know|do not know|not known|no information|isn'?t mentioned|not mentioned", re.IGNORECASE)
_YES_NO = frozenset({"yes", "no"})


class Question(NamedTuple):
    """A question, with the wordings of which one has to be in a right answer, and those that make one wrong."""

    text: str
    kind: str
    answers: tuple[str, ...]
    never: tuple[str, ...]

    @property
    def yes_or_no(self) -> bool:
        """Whether it is answered by yes or no."""
        return {one.casefold() for one in self.answers} <= _YES_NO and bool(self.answers)


class Person(NamedTuple):
    """A made-up person: what was asked to be remembered, oldest first, and the questions."""

    name: str
    memories: tuple[dict[str, Any], ...]
    questions: tuple[Question, ...]


def persons() -> Iterator[Person]:
    """The made-up persons, in the order of their files."""
    for file in sorted((HERE / "persons").glob("*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        asked = (
            Question(one["q"], one["kind"], tuple(one["answers"]), tuple(one.get("never", ()))) for one in told["questions"]
        )
        yield Person(told["person"], tuple(told["memories"]), tuple(asked))


def holds(text: str, wordings: Iterable[str]) -> bool:
    """Whether a text has one of some wordings as whole words; an ending of number or possession is allowed."""
    text = text.casefold().replace("\u2019", "'")
    return any(re.search(rf"(?<!\w){re.escape(one.casefold())}(?:e?s|'s|st|nd|rd|th)?(?!\w)", text) for one in wordings if one)


def grade(question: Question, answer: str, *, generated: bool) -> str:
    """One of `VERDICTS` for an answer; `generated` tells a model's own sentence from memories word for word."""
    if not answer.strip() or _UNKNOWN.search(answer):
        return REFUSED
    if not generated:
        return CITED
    if question.kind in ABSENT:
        return WRONG
    if question.yes_or_no:
        first = re.match(r"\W*(\w+)", answer.casefold())
        return RIGHT if first and first[1] in {one.casefold() for one in question.answers} else WRONG
    return RIGHT if holds(answer, question.answers) and not holds(answer, question.never) else WRONG
