"""`bench qa`: how well questions about conversations are answered, and how much of a conversation that takes.

Each question is answered as by `memos chat -m`, with the same recall, the same prompt and the same rule for when the memories
answer in a model's place. This module has no second way to answer.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.bench.qa import judge as grading
from memos_cli.bench.qa import scores
from memos_cli.bench.qa.sets import Conversation, Question
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import Prompt

if TYPE_CHECKING:
    from memos_cli.bench.homes import Home
    from memos_cli.interface.api import MOS
    from memos_cli.operation.results import Answered
    from memos_cli.ports import LLM


class Outcome(NamedTuple):
    """The outcome of one question.

    Attributes:
        mode: `generated` by a model, or `extractive`: memories word for word.
        f1: token F1 with the nearest accepted answer, 0 to 1; for a question without one 1 if the answer says so, else 0.
        judged: the judge's verdict; `None` without a judge, or where it said neither yes nor no.
        recall: the share of the evidence that was among the memories in the prompt; `None` without known evidence.
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
    judged: bool | None
    recall: float | None
    cited: tuple[str, ...]
    prompt_tokens: int
    full_tokens: int
    seconds: float
    notices: tuple[str, ...] = ()


def run(
    home: "Home",
    conversations: Sequence[Conversation],
    llm: "LLM | None",
    judge: "LLM | None",
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
            whole = count(llm, Prompt("", lines)) - count(llm, Prompt(""))
            for question in conversation.questions:
                outcome = _ask(mos, llm, judge, conversation.name, question, whole)
                outcomes.append(outcome)
                tell(outcome)
    return outcomes


def _ask(mos: "MOS", llm: "LLM | None", judge: "LLM | None", name: str, question: Question, whole: int) -> Outcome:
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
        judged=grading.verdict(judge, question.text, question.answers, result.answer) if judge else None,
        recall=len(wanted & known) / len(wanted) if wanted else None,
        cited=tuple(memory.external_id or memory.id for memory in result.memories),
        prompt_tokens=result.tokens["prompt"] or (count(llm, result.prompt.prompt) if result.prompt else 0),
        full_tokens=whole + count(llm, Prompt(question.text)),
        seconds=result.seconds["total"],
        notices=result.notices,
    )


def _scores(question: Question, result: "Answered") -> tuple[float, bool]:
    if not question.answers:
        right = scores.abstains(result.answer, generated=result.mode == "generated")
        return float(right), right
    exact = any(scores.exact(result.answer, expected) for expected in question.answers)
    return scores.best_f1(result.answer, question.answers), exact


def count(llm: "LLM | None", prompt: Prompt) -> int:
    """The tokens of a prompt, by the model's tokenizer where there is a model, else by estimate."""
    return llm.count(model_request.request(prompt, llm.template)) if llm else model_request.request(prompt, None).estimate()


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of some questions, at least one.

    Returns:
        Means of `f1`, `exact`, `judged`, `recall` (both over the questions that have one, `None` where none has),
        `prompt_tokens`, `full_tokens` and `seconds`; `share`, the prompts' part of the tokens that whole conversations take;
        and how many `questions` there were, how many of them `unanswerable`, how many answers `generated`, and how many were
        `judged_questions`: a judge may say neither yes nor no.
    """
    full = sum(one.full_tokens for one in outcomes)
    judged = [one.judged for one in outcomes if one.judged is not None]
    return {
        "questions": len(outcomes),
        "unanswerable": sum(not one.question.answers for one in outcomes),
        "generated": sum(one.mode == "generated" for one in outcomes),
        "f1": _mean([one.f1 for one in outcomes]),
        "exact": _mean([one.exact for one in outcomes]),
        "judged": _mean(judged),
        "judged_questions": len(judged),
        "recall": _mean([one.recall for one in outcomes if one.recall is not None]),
        "prompt_tokens": _mean([one.prompt_tokens for one in outcomes]),
        "full_tokens": _mean([one.full_tokens for one in outcomes]),
        "share": sum(one.prompt_tokens for one in outcomes) / full if full else None,
        "seconds": _mean([one.seconds for one in outcomes]),
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
