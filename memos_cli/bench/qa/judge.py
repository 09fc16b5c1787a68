"""A model that grades answers with yes or no. It is never chosen by default; its prompts go where its settings say.

There are two prompts: a strict one, to which an answer is right only as a whole, and a lenient one, to which the main point
is enough. With both one can tell how much of a figure is the judge's doing. That a model's yes or no agrees well with a
person's was shown for LongMemEval (Wu et al. 2024, https://arxiv.org/abs/2410.10813); the prompts here are others.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.operation.prompt.fence import cleaned
from memos_cli.ports import Request

if TYPE_CHECKING:
    from memos_cli.ports import LLM

_ROLE = "You grade answers to questions about a long conversation. Reply with one word: yes or no."
_MOST = 16
"""Most tokens of a verdict: enough for a yes or no with marks around it, and to see that it is something else."""
_SHORTEST = 64
_VERDICT = re.compile(r"[\W_]*(yes|no)[\W_]*")
_DIGITS = 12


class Rubric(NamedTuple):
    """What a judge is told to call right.

    Attributes:
        name: what the rubric is called in settings, tables and files.
        known: what it is told where the conversation says what is asked.
        unknown: what it is told where the conversation does not say it.
    """

    name: str
    known: str
    unknown: str

    @property
    def digest(self) -> str:
        """The first 12 hexadecimal digits of SHA-256 of all that the prompts of this rubric have in common."""
        made = (_request(self, "QUESTION", expected, "ANSWER") for expected in (("EXPECTED", "OR EXPECTED"), ()))
        said = "\n".join(f"{role}: {text}" for request in made for role, text in request.messages)
        return hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]


STRICT = Rubric(
    "strict",
    "Does the given answer say all that the expected answer says, and nothing that contradicts it? Other words, and another "
    "way to write the same date or number are fine. Something missing, a different name, number or date, two answers of which "
    "one is wrong, or not knowing is a no.",
    "The conversation does not say it. Does the given answer say that it is not known, and claim nothing that would answer the "
    "question?",
)
LENIENT = Rubric(
    "lenient",
    "Does the given answer hold the main point of the expected answer? More words, fewer details, a part of a list, a less "
    "exact date that is not wrong, and a quotation in which it stands are fine. Another main point, or not knowing is a no.",
    "The conversation does not say it. Does the given answer leave it open, or say that it is not known?",
)
RUBRICS = (STRICT, LENIENT)


class Judge(NamedTuple):
    """A model that grades, and by what.

    Attributes:
        llm: the model.
        rubrics: what it is told to call right, each in a request of its own.
    """

    llm: "LLM"
    rubrics: tuple[Rubric, ...] = RUBRICS

    def verdicts(self, question: str, expected: Sequence[str], answer: str) -> dict[str, bool | None]:
        """Whether the model calls an answer right, by the name of each rubric; `None` for what is neither yes nor no."""
        return {rubric.name: verdict(self.llm, rubric, question, expected, answer) for rubric in self.rubrics}


def verdict(judge: "LLM", rubric: Rubric, question: str, expected: Sequence[str], answer: str) -> bool | None:
    """Whether a model calls an answer right; `None` where its reply is anything else than yes or no.

    Args:
        judge: the model.
        rubric: what it is told to call right.
        question: what was asked.
        expected: the right answers; none where the conversation does not say it.
        answer: what is graded.

    Raises:
        ModelUnavailable: the model cannot be run, or its context is too small.
    """
    asked = _fitting(judge, rubric, question, expected, answer)
    reply = "".join(token.text for token in judge.stream(asked, most=_MOST))
    found = _VERDICT.fullmatch(reply.lower())
    return found[1] == "yes" if found else None


def _fitting(judge: "LLM", rubric: Rubric, question: str, expected: Sequence[str], answer: str) -> Request:
    """The request, with the end of a very long answer cut off."""
    made = _request(rubric, question, expected, answer)
    while judge.count(made) > judge.context - _MOST and len(answer) > _SHORTEST:
        answer = answer[: len(answer) // 2]
        made = _request(rubric, question, expected, answer)
    return made


def _request(rubric: Rubric, question: str, expected: Sequence[str], answer: str) -> Request:
    lines = [f"Question: {_folded(question)}"]
    if expected:
        lines.append(f"Expected answer: {' / or: '.join(map(_folded, expected))}")
    lines += [f"Given answer: {_folded(answer)}", "", rubric.known if expected else rubric.unknown, "Yes or no?"]
    return Request((("system", _ROLE), ("user", "\n".join(lines))))


def _folded(text: str) -> str:
    """The text on one line, so that an answer cannot pass for a line of the rubric."""
    return " ".join(cleaned(text).split())
