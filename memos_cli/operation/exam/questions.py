"""The questions of the exam: 60 of them, written by hand for it, each over a few memories of its own.

They ship as `data/exam.jsonl`, one to a line, in an order in which any part of them holds every kind. A dozen choose the
layout, the others examine. No model of memos is trained on them.
"""

import json
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from memos_cli.operation.prompt.layout import Line

FILE = "exam.jsonl"
KINDS = ("who", "where", "when", "number", "yes", "no", "subject", "change", "absent", "two")
"""The kinds of questions. `yes` and `no` are what a memory says of the person who is asked about; the memories of a `subject`
question say it of somebody else, and those of an `absent` one do not say it at all, so both are to be refused. `change` has an
earlier value too, and `two` takes two memories."""


class ExamQuestion(NamedTuple):
    """A question over a few memories.

    Attributes:
        kind: one of `KINDS`.
        use: whether it chooses the layout or examines the model in it.
        memories: oldest first.
        question: the question.
        answers: what an answer has to hold one of; none where the memories do not say it. `yes` and `no` are held by an answer
            that begins so.
        wrong: what no answer may hold, such as an earlier value.
        evidence: numbers of the memories that say it, from 1.
        order: the numbers of the memories, the one that search finds to fit best first.
        cited: the numbers of those that chat shows where no model answers.
    """

    kind: str
    use: Literal["choose", "examine"]
    memories: tuple[Line, ...]
    question: str
    answers: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    cited: tuple[int, ...] = ()

    @property
    def best_first(self) -> list[Line]:
        """The memories, the one that fits the question best first."""
        return [self.memories[number - 1] for number in self.order]


def shipped() -> tuple[ExamQuestion, ...]:
    """The questions of the exam."""
    from importlib.resources import files

    return read((files("memos_cli.data") / FILE).read_text(encoding="utf-8").splitlines())


def read(lines: Iterable[str]) -> tuple[ExamQuestion, ...]:
    """Questions from lines of JSON, each with the names of `ExamQuestion`, and `text` and `date` of each memory.

    Raises:
        ValueError: a line is no question.
    """
    return tuple(_question(json.loads(line)) for line in lines if line.strip())


def _question(found: Any) -> ExamQuestion:  # noqa: ANN401 -- whatever a line holds
    try:
        memories = tuple(Line(one["text"], one.get("date")) for one in found["memories"])
        lists = {name: tuple(found.get(name, ())) for name in ("answers", "wrong", "evidence", "order", "cited")}
        return ExamQuestion(found["kind"], found["use"], memories, found["question"], **lists)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a question: {error}") from None
