"""`bench qa`: how well questions about conversations are answered, and how much of a conversation that takes.

Each question is answered as by `memos chat -m`, with the same recall, the same prompt and the same rule for when the memories
answer in a model's place. This module has no second way to answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from memos_cli.bench.qa import scores
from memos_cli.bench.qa.judge import RUBRICS
from memos_cli.bench.qa.sets import Conversation, Question
from memos_cli.operation.exam import cards
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import Prompt
from memos_cli.operation.prompt.layouts import Layout

if TYPE_CHECKING:
    from memos_cli.bench.homes import Home
    from memos_cli.bench.qa.judge import Judge
    from memos_cli.interface.api import MOS
    from memos_cli.operation.results import Answered
    from memos_cli.ports.ports import LLM

WRONG_BELOW = 0.5
"""Without a judge an answer is taken to be wrong whose token F1 is below this: less than half of the words of it and of the
nearest expected answer are common to both. A convention: a right answer in many words is below it too, as memories word for
word often are, and a sentence with one wrong number may be above."""
JUDGES = tuple(rubric.name for rubric in RUBRICS)


class Outcome(NamedTuple):
    """The outcome of one question.

    Attributes:
        mode: `generated` by a model, or `extractive`: memories word for word.
        f1: token F1 with the nearest accepted answer, 0 to 1; for a question without one 1 if the answer says so, else 0.
        verdicts: whether the judge called the answer right, by the name of each rubric that it was asked by; `None` where it
            said neither yes nor no.
        recall: the share of the evidence that was among the memories in the prompt; `None` without known evidence.
        answered: `itself`: a model in words of its own; `cited`: memories word for word; `refused`: neither, or a model said
            that it is not known.
        cited: external ids, or else ids, of the memories that the answer rests on.
        prompt_tokens: of the prompt; without a model, an estimate for the prompt that one would have been given.
        full_tokens: of a prompt that holds the whole conversation, counted in the same way.
        seconds: from the question to the end of the answer.
        notices: memos' remarks on how it was answered.
    """

    conversation: str
    question: Question
    answer: str
    mode: str
    f1: float
    exact: bool
    verdicts: Mapping[str, bool | None]
    recall: float | None
    answered: Literal["itself", "cited", "refused"]
    cited: tuple[str, ...]
    prompt_tokens: int
    full_tokens: int
    seconds: float
    notices: tuple[str, ...] = ()

    @property
    def judged(self) -> bool | None:
        """The judge's verdict, by the strictest rubric; `None` without a judge, or where it said neither yes nor no."""
        return next((self.verdicts[name] for name in JUDGES if name in self.verdicts), None)

    @property
    def evidence(self) -> bool | None:
        """Whether all of the evidence was in the prompt; `None` where there is no answer, or the evidence is not known.

        What is named as evidence of a question without an answer is what it was made from, and holds no answer.
        """
        return None if self.recall is None or not self.question.answers else self.recall == 1

    @property
    def holds(self) -> bool:
        """Whether all words of an expected answer stand in the answer."""
        return any(scores.holds(self.answer, expected) for expected in self.question.answers)

    def missed(self, by: str) -> bool | None:
        """Whether the answer is wrong though the evidence was in the prompt; `None` where it was not, or is not known.

        Args:
            by: a rubric, which counts each answer that was not called right as wrong; or `f1`: a token F1 below `WRONG_BELOW`.
        """
        if not self.evidence:
            return None
        return self.f1 < WRONG_BELOW if by == "f1" else not self.verdicts[by]


def run(
    home: "Home",
    conversations: Sequence[Conversation],
    llm: "LLM | None",
    judge: "Judge | None",
    tell: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Ask every question, each in a conversation of its own with a home that knows only the question's conversation.

    Args:
        home: where the conversations are loaded.
        llm: answers; `None` for answers from the memories alone.
        judge: grades the answers; `None` for no grading.
        tell: called with each outcome.

    Raises:
        UsageError: a line of a conversation is no memory, or a question is too long for the model.
        ModelUnavailable: a model cannot be run.
    """
    outcomes = []
    for conversation in conversations:
        with home.loaded(conversation.memories) as mos:
            # Once for each conversation, which may be hundreds of times as long as a prompt; it also loads the model
            # beforehand.
            lines = tuple(model_request.line(memory, memory.content) for memory in mos.list(order="occurred"))
            layout = cards.layout(mos.settings, mos.paths)
            whole = count(llm, Prompt("", lines), layout) - count(llm, Prompt(""), layout)
            for question in conversation.questions:
                outcome = _ask(mos, llm, judge, conversation.name, question, whole, layout)
                outcomes.append(outcome)
                tell(outcome)
    return outcomes


def _ask(  # noqa: PLR0917 -- what all questions of a conversation share
    mos: "MOS", llm: "LLM | None", judge: "Judge | None", name: str, question: Question, whole: int, layout: Layout
) -> Outcome:
    result = mos.conversation(llm, save=False).ask(question.text, literal=True)
    f1, exact = _scores(question, result)
    prompted = result.prompt.memories if result.prompt else ()
    known = {memory.external_id for memory in prompted}
    wanted = set(question.relevant)
    return Outcome(
        name,
        question,
        result.answer,
        result.mode,
        f1,
        exact,
        verdicts=judge.verdicts(question.text, question.answers, result.answer) if judge else {},
        recall=len(wanted & known) / len(wanted) if wanted else None,
        answered=_answered(result),
        cited=tuple(memory.external_id or memory.id for memory in result.memories),
        prompt_tokens=result.tokens["prompt"] or (count(llm, result.prompt.prompt, layout) if result.prompt else 0),
        full_tokens=whole + count(llm, Prompt(question.text), layout),
        seconds=result.seconds["total"],
        notices=result.notices,
    )


def _scores(question: Question, result: "Answered") -> tuple[float, bool]:
    if not question.answers:
        right = scores.abstains(result.answer, generated=result.mode == "generated")
        return float(right), right
    exact = any(scores.exact(result.answer, expected) for expected in question.answers)
    return scores.best_f1(result.answer, question.answers), exact


def _answered(result: "Answered") -> Literal["itself", "cited", "refused"]:
    if result.mode == "generated":
        return "refused" if scores.abstains(result.answer, generated=True) else "itself"
    return "cited" if result.memories else "refused"


def count(llm: "LLM | None", prompt: Prompt, layout: Layout) -> int:
    """The tokens of a prompt in a layout, by the model's tokenizer where there is a model, else by estimate."""
    made = model_request.request(prompt, llm.template if llm else None, layout)
    return llm.count(made) if llm else made.estimate()


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of some questions, at least one.

    Returns:
        Means of `f1`, `exact`, `judged` (over the answers with a verdict), `recall` (over the questions that have one; both
        `None` where none has), `prompt_tokens`, `full_tokens` and `seconds`; `share`, the prompts' part of the tokens that
        whole conversations take; and how many `questions` there were, how many of them `unanswerable`, how many answers
        `generated`, and how many were `judged_questions`: a judge may say neither yes nor no.

        How many questions the model answered `itself`, where memories were `cited`, and how many were `refused`, which is all
        of them; how many of those cited have all words of an expected answer (`holding`); how many have an answer and known
        evidence (`evidence_questions`), how often all of that was in the prompt (`evidence_in_prompt`), and how often the
        answer was wrong nonetheless: `missed_f1` by token F1, `missed_strict` and `missed_lenient` by the judge.

        `strict` and `lenient`: the share of all questions that the judge called right; and how many of its verdicts were
        neither yes nor no (`unreadable_strict`, `unreadable_lenient`), which count as not right. These and the `missed` by a
        judge are `None` where it was not asked.
    """
    full = sum(one.full_tokens for one in outcomes)
    judged = [one.judged for one in outcomes if one.judged is not None]
    figures = {
        "questions": len(outcomes),
        "unanswerable": sum(not one.question.answers for one in outcomes),
        "generated": sum(one.mode == "generated" for one in outcomes),
        **{how: sum(one.answered == how for one in outcomes) for how in ("itself", "cited", "refused")},
        "holding": sum(one.answered == "cited" and one.holds for one in outcomes),
        "f1": _mean([one.f1 for one in outcomes]),
        "exact": _mean([one.exact for one in outcomes]),
        "judged": _mean(judged),
        "judged_questions": len(judged),
        "recall": _mean([one.recall for one in outcomes if one.recall is not None]),
        "evidence_questions": sum(one.evidence is not None for one in outcomes),
        "evidence_in_prompt": sum(one.evidence is True for one in outcomes),
        "missed_f1": sum(one.missed("f1") is True for one in outcomes),
        "prompt_tokens": _mean([one.prompt_tokens for one in outcomes]),
        "full_tokens": _mean([one.full_tokens for one in outcomes]),
        "share": sum(one.prompt_tokens for one in outcomes) / full if full else None,
        "seconds": _mean([one.seconds for one in outcomes]),
    }
    for name in JUDGES:
        figures |= _graded(outcomes, name)
    return figures


def _graded(outcomes: Sequence[Outcome], name: str) -> dict[str, Any]:
    """The figures by one rubric."""
    if any(name not in one.verdicts for one in outcomes):
        return {name: None, f"unreadable_{name}": None, f"missed_{name}": None}
    verdicts = [one.verdicts[name] for one in outcomes]
    return {
        name: verdicts.count(True) / len(verdicts),
        f"unreadable_{name}": verdicts.count(None),
        f"missed_{name}": sum(one.missed(name) is True for one in outcomes),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def grouped(outcomes: Sequence[Outcome], by: Callable[[Outcome], str | None]) -> dict[str, dict[str, Any]]:
    """The figures by conversation, by category, or by another property of the questions; those without one are left out."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        name = by(outcome)
        if name is not None:
            groups.setdefault(name, []).append(outcome)
    return {name: summary(members) for name, members in groups.items()}
