"""The exam: a dozen questions choose the layout in which a model answers best, the others examine it in that layout.

The layouts are tried in rounds of four questions, after each of which the better half goes on. The model is asked as chat asks
it, and its answers come one by one, so that those that came in time count where the time is over.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from memos_cli.errors import UsageError
from memos_cli.operation.exam import grades
from memos_cli.operation.exam.cards import Card, Subject
from memos_cli.operation.exam.grades import Mark, Sat
from memos_cli.operation.exam.questions import ExamQuestion
from memos_cli.operation.prompt import layouts, model_request
from memos_cli.operation.prompt.layout import Prompt
from memos_cli.operation.prompt.layouts import LAYOUTS, Layout

if TYPE_CHECKING:
    from memos_cli.ports.ports import LLM, Token

Item = TypeVar("Item")

CANDIDATES = ("fence", "brief", "list", "list_last", "list_first", "examples")
"""The layouts among which the exam chooses. Where two do equally well, the earlier one is taken."""
ROUND = 4
"""Questions between two choices."""
MOST = 48
"""The most tokens of an answer: memories answer in a few words, and what runs on is wrong (see `grades`)."""
CHOOSING = 0.4
"""The share of the time after which the layout that did best so far is taken."""

Guard = Callable[[ExamQuestion, Sat], Sat]
"""An answer as chat weighs it: whether it stands, and how sure it is."""


def calls(questions: Sequence[ExamQuestion], candidates: Sequence[str] = CANDIDATES) -> int:
    """How many answers an exam takes."""
    left, count = len(candidates), 0
    for part in _rounds(_places(questions, "choose")):
        if left > 1 or not count:
            count += left * len(part)
        left = -(-left // 2)
    return count + len(_places(questions, "examine"))


def sit(
    llm: "LLM",
    questions: Sequence[ExamQuestion],
    candidates: Sequence[str] = CANDIDATES,
    *,
    seconds: float | None = None,
) -> Iterator[Sat]:
    """A model's answers: those that choose the layout, then those in the layout chosen.

    Args:
        llm: the model.
        questions: the questions.
        candidates: the names of the layouts.
        seconds: how long the exam may take; of that the choice of the layout takes `CHOOSING` at most.

    Raises:
        ModelUnavailable: the model cannot be run.
    """
    begun, left, found = time.monotonic(), list(candidates), []
    for part in _rounds(_places(questions, "choose")):
        for name in left:
            for place in part:
                found.append(ask(llm, questions, place, LAYOUTS[name]))
                yield found[-1]
        left = _better(questions, found, left)
        if len(left) == 1 or (seconds is not None and time.monotonic() - begun > CHOOSING * seconds):
            break
    for place in _places(questions, "examine"):
        yield ask(llm, questions, place, LAYOUTS[left[0]])


def chosen(questions: Sequence[ExamQuestion], answers: Sequence[Sat], candidates: Sequence[str]) -> str:
    """The layout that `sit` would choose of a model that answers so, where every layout was asked every question."""
    left, seen = list(candidates), set[int]()
    for part in _rounds(_places(questions, "choose")):
        seen.update(part)
        left = _better(questions, [sat for sat in answers if sat.number in seen], left)
    return left[0]


def ask(llm: "LLM", questions: Sequence[ExamQuestion], place: int, layout: Layout) -> Sat:
    """A model's answer to one of the questions in a layout; an empty one where the layout does not fit its context.

    As in chat, the memories that fit the question least are left out where not all of them have room.

    Raises:
        ModelUnavailable: the model cannot be run.
    """
    one = questions[place]

    def count(prompt: Prompt) -> int:
        return llm.count(model_request.request(prompt, llm.template, layout))

    try:
        fitted = model_request.fit(Prompt(one.question, tuple(one.best_first)), count, llm.context - MOST)
    except UsageError:
        return Sat(place, layout.name, "", 0.0, whole=True, first=0.0, seconds=0.0, tokens=0, stands=False)
    lines = layouts.ordered(layout, fitted.retrieved, lambda line: line.date or "")
    request = model_request.request(Prompt(one.question, tuple(lines)), llm.template, layout)
    begun, first = time.perf_counter(), None
    tokens: list[Token] = []
    for token in llm.stream(request, most=MOST):
        first = first or time.perf_counter()
        tokens.append(token)
    ended = time.perf_counter()
    text = "".join(token.text for token in tokens).strip()
    certain = model_request.certainty(tokens)
    return Sat(
        place, layout.name, text, certain[1] if certain else None, len(tokens) < MOST, (first or ended) - begun, ended - begun,
        len(tokens), bool(text),
    )  # fmt: skip


def card(
    subject: Subject, questions: Sequence[ExamQuestion], answers: Sequence[Sat], at: str, guard: Guard | None = None
) -> Card | None:
    """The card that comes of the answers; `None` where too few examining questions were answered for a verdict.

    Args:
        subject: the model.
        questions: those that were asked.
        answers: as `sit` gave them, or the first of them.
        at: the time (UTC).
        guard: what chat checks of each answer; `None` for nothing. Without it the bar has to keep out what it would.
    """
    examining = [sat for sat in answers if questions[sat.number].use == "examine"]
    if guard is not None:
        examining = [guard(questions[sat.number], sat) if sat.stands else sat for sat in examining]
    if not examining or len(examining) < grades.ENOUGH * sum(one.use == "examine" for one in questions):
        return None
    found = grades.verdict(questions, [marked(questions, sat) for sat in examining])
    writing = [sat for sat in examining if sat.tokens > 1 and sat.seconds > sat.first]
    spent = sum(sat.seconds - sat.first for sat in writing)
    return Card(
        *subject, examining[0].layout, found.bar, *found.score, found.score.asked, per_layout(questions, answers),
        tokens_per_second=sum(sat.tokens - 1 for sat in writing) / spent if writing else None,
        first_token_s=median(sat.first for sat in writing) if writing else None,
        trusted=found.trusted, by="exam", at=at, why=found.why,
    )  # fmt: skip


def marked(questions: Sequence[ExamQuestion], sat: Sat) -> tuple[Mark, Sat]:
    """An answer with its grade."""
    return grades.mark(questions[sat.number], sat.text, whole=sat.whole), sat


def per_layout(questions: Sequence[ExamQuestion], answers: Sequence[Sat]) -> dict[str, Mapping[str, int]]:
    """For each layout, how many of the questions that chose among them it got right, wrong and refused, of how many."""
    found: dict[str, list[Mark]] = {}
    for sat in answers:
        if questions[sat.number].use == "choose":
            found.setdefault(sat.layout, []).append(marked(questions, sat)[0])
    counts: tuple[Mark, ...] = ("right", "wrong", "refused")
    return {name: {**{one: marks.count(one) for one in counts}, "asked": len(marks)} for name, marks in found.items()}


def _places(questions: Sequence[ExamQuestion], use: str) -> list[int]:
    return [place for place, one in enumerate(questions) if one.use == use]


def _better(questions: Sequence[ExamQuestion], answers: Sequence[Sat], names: Sequence[str]) -> list[str]:
    """The better half of the layouts, the best first; of two that do equally well the earlier."""
    points = dict.fromkeys(names, 0)
    for sat in answers:
        if sat.layout in points:
            points[sat.layout] += _points(questions[sat.number], sat)
    return sorted(names, key=lambda name: -points[name])[: -(-len(names) // 2)]


def _points(question: ExamQuestion, sat: Sat) -> int:
    """What an answer counts where layouts are compared: a wrong one as much against a layout as a right one for it."""
    found = grades.mark(question, sat.text, whole=sat.whole)
    return {"right": 1, "refused": 0, "wrong": -1}[found]


def _rounds(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[first : first + ROUND] for first in range(0, len(items), ROUND)]
