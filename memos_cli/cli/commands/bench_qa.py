"""`memos bench qa`: questions about conversations, and how many answers are right."""

import sys
from contextlib import closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress
from memos_cli.cli.terminal import document, echo
from memos_cli.errors import UsageError
from memos_cli.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from memos_cli.bench.qa.judge import Judge
    from memos_cli.bench.qa.qa import Outcome
    from memos_cli.bench.qa.sets import Conversation
    from memos_cli.ports.ports import LLM

_NAME_WIDTH = 12
"""Characters of a name in the table: with all columns it is as wide as a terminal of 80."""


@click.command("qa", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--memories", type=click.Path(path_type=Path), metavar="FOLDER", help="Where the conversations lie.  [default: FOLDER]"
)
@click.option("-k", "k", type=click.IntRange(1, 10_000), help="How many memories are looked up.  [default: chat.memories]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Ask N of all the questions, drawn at random.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed draws others.")
@click.option(
    "--judge", "graded", type=click.Choice(["strict", "lenient", "both"]), help="By which prompts it grades.  [default: both]"
)
@click.option("--out", metavar="FILE|-", help="Write each answer as it comes, a JSON object a line; - in place of the table.")
@pass_app
def qa(
    app: App,
    /,
    folder: Path,
    *,
    memories: Path | None,
    k: int | None,
    limit: int | None,
    seed: int,
    graded: str | None,
    out: str | None,
) -> None:
    """Ask questions about conversations, and score the answers.

    FOLDER holds, for each conversation, NAME.memories.jsonl (what memos add --jsonl reads) and NAME.queries.jsonl, a question
    a line: {"query": …, "answer": …, "relevant": [external ids], "category": …}. For a single conversation, memories.jsonl and
    queries.jsonl do; with --memories the first sort lies in another folder. An answer is a text, a number, or a list of these,
    any of which is right; where it is missing or empty, or the line says "answerable": false, the right answer is that it is
    not known. `question` and `evidence` are other names of query and relevant; other fields are passed over.

    Each question is asked as memos chat -m would be, also where it resembles an order, and nothing of it is kept. Answers
    come from the model of your settings (memos model use), or without one from the memories, word for word. The figures are
    shown by conversation, by category and in total; --json and --out have them all.

    \b
    What is shown:
      F1              words in common with the expected answer, without case, punctuation and articles, as in SQuAD
      exact           the share of answers with the same words in the same order
      strict          the share of answers that a strict judge calls right
      lenient         the share of answers that a lenient judge calls right
      recall          the share of the evidence that was in the prompt
      evidence        of the questions with an answer and known evidence, how often all of it was in the prompt
      missed          of these, how often the answer was wrong nonetheless: by the judge (the strict one, if both grade),
                      without one by a token F1 below 0.5
      itself          how many questions the model answered in its own words
      cited           how many were answered with memories, word for word
      holding         of those, how many have all words of an expected answer
      refused         how many were not: the answer says that it is not known
      prompt, full    tokens of the prompt, and of one with the whole conversation, as the model counts them; by estimate (a
                      token for three bytes) without a model, or with an endpoint
      share           what the prompts take of the tokens of whole conversations
      s               seconds to the end of the answer

    A judge grades the answers too if you name one: bench.judge.model, and for an endpoint bench.judge.endpoint and, in the
    environment, MEMOS_BENCH_JUDGE_KEY. Questions and answers are sent there, once for each of its two prompts. It has to
    reply with yes or no and nothing else; any other reply is counted as unreadable, and never as right. Beside the figures
    stands a digest of each prompt (SHA-256, 12 digits): figures can be compared where model and digest are the same.

    The strict judge is asked: "Does the given answer say all that the expected answer says, and nothing that contradicts it?
    Other words, and another way to write the same date or number are fine. Something missing, a different name, number or
    date, two answers of which one is wrong, or not knowing is a no." Where there is no answer: "The conversation does not say
    it. Does the given answer say that it is not known, and claim nothing that would answer the question?"

    The lenient one: "Does the given answer hold the main point of the expected answer? More words, fewer details, a part of a
    list, a less exact date that is not wrong, and a quotation in which it stands are fine. Another main point, or not knowing
    is a no." Where there is no answer: "The conversation does not say it. Does the given answer leave it open, or say that it
    is not known?"

    \b
    Examples:
      memos bench qa ~/sets/locomo --limit 100
      memos bench qa ~/sets/locomo -k 20 --out answers.jsonl
      memos bench qa ~/sets/answers --memories ~/sets/locomo
      memos --json bench qa ~/sets/longmemeval | jq .data.total
      memos config set bench.judge.model ~/models/judge.gguf
      memos bench qa ~/sets/locomo --judge strict

    \b
    Exit status:
      0  all questions were asked, however they were answered
      2  no such folder, or a bad line; file and line are named; --judge, and no judge is named
      3  the folder that you are in names an endpoint, and may not; --out is a file of memos
      14 a model that is set cannot be used
      130 stopped by Ctrl-C; what was answered stands in the file of --out
    """
    if out == "-" and app.json:
        raise UsageError("--out - and --json exclude each other", hint="write the answers to a file")
    from memos_cli.bench import homes
    from memos_cli.bench.qa import sets
    from memos_cli.bench.qa.qa import run

    if memories is None and sets.holds_questions_alone(folder):
        raise UsageError(
            f"{folder} holds questions, and no conversations",
            hint="name the folder that holds them: memos bench qa FOLDER --memories FOLDER",
        )
    asked = sets.draw(_with_answers(folder, sets.read(folder, memories)), limit, seed)
    for conversation in asked:
        homes.check(conversation.memories, to_text(app.now()))
    given = {} if k is None else {"chat.memories": k}
    total = sum(len(conversation.questions) for conversation in asked)
    with _model(app, "llm") as llm, _model(app, "bench.judge") as grader:
        judge = _judge(grader, graded)
        with _answers(app, out) as write, progress(app, "asking") as tell:
            numbers = count(1)

            def answered(outcome: "Outcome") -> None:
                write(outcome)
                tell(next(numbers), total)

            tell(0, total)
            with homes.thrown_away(app.settings, app.paths, app.now, given) as home:
                outcomes = run(home, asked, llm, judge, answered)
        report = _report(outcomes, folder, llm, judge, home.settings.get("chat.memories"))
    if app.json:
        app.data(report)
    elif out != "-":
        _show(report)
    _tell_rest(app, outcomes, report)


def _with_answers(folder: Path, conversations: "list[Conversation]") -> "list[Conversation]":
    """The conversations, if any question has an expected answer: there is nothing to score in a set for retrieval alone."""
    if not any(question.answers for conversation in conversations for question in conversation.questions):
        raise UsageError(f'no question in {folder} has an "answer"', hint="memos bench qa --help tells what a line looks like")
    return conversations


@contextmanager
def _model(app: App, role: str) -> "Iterator[LLM | None]":
    from memos_cli.operation import models

    chosen = models.chosen(app.settings, app.paths, role=role)
    with closing(chosen) if chosen else nullcontext():
        yield chosen


def _judge(grader: "LLM | None", graded: str | None) -> "Judge | None":
    """A judge with the prompts that it is to grade by.

    Raises:
        UsageError: prompts were chosen, and there is no judge.
    """
    from memos_cli.bench.qa.judge import RUBRICS, Judge

    if grader is None:
        if graded is not None:
            raise UsageError("no judge is named", hint="name one: memos config set bench.judge.model NAME|PATH")
        return None
    return Judge(grader, tuple(rubric for rubric in RUBRICS if graded in {None, "both", rubric.name}))


@contextmanager
def _answers(app: App, name: str | None) -> "Iterator[Callable[[Outcome], None]]":
    """Writes each outcome at once, if a file is named: a run with a model takes hours, and may be stopped."""
    if name is None:
        yield lambda _: None
        return
    if name != "-":
        from memos_cli.interface.cubes.elsewhere import require_elsewhere

        require_elsewhere(app.paths, Path(name))
    try:
        file = nullcontext(sys.stdout) if name == "-" else Path(name).open("w", encoding="utf-8")  # noqa: SIM115 -- below
    except OSError as error:
        raise UsageError(f"cannot write {name}: {error.strerror}") from None
    with file as opened:

        def write(outcome: "Outcome") -> None:
            opened.write(document(_line(outcome)) + "\n")
            opened.flush()

        yield write


def _line(outcome: "Outcome") -> dict[str, Any]:
    """One answer, for the file."""
    from memos_cli.bench.qa.qa import JUDGES

    question = outcome.question
    expected: list[str] | str | None = list(question.answers)
    if len(question.answers) < 2:
        expected = question.answers[0] if question.answers else None
    return {
        "conversation": outcome.conversation,
        "question": question.text,
        "category": question.category,
        "expected": expected,
        "answer": outcome.answer,
        "mode": outcome.mode,
        "answered": outcome.answered,
        "f1": round(outcome.f1, 4),
        "exact": outcome.exact,
        "judged": outcome.judged,
        **{name: outcome.verdicts.get(name) for name in JUDGES},
        "recall": None if outcome.recall is None else round(outcome.recall, 4),
        "evidence": outcome.evidence,
        "missed": outcome.missed(_missed_by(outcome.verdicts)),
        "cited": list(outcome.cited),
        "tokens": {"prompt": outcome.prompt_tokens, "full": outcome.full_tokens},
        "seconds": round(outcome.seconds, 4),
    }


def _missed_by(rubrics: "Iterable[str]") -> str:
    """What tells whether an answer is wrong: the strictest of the judge's prompts, or token F1 without a judge."""
    from memos_cli.bench.qa.qa import JUDGES

    return next((name for name in JUDGES if name in set(rubrics)), "f1")


def _report(outcomes: "list[Outcome]", folder: Path, llm: "LLM | None", judge: "Judge | None", k: int) -> dict[str, Any]:
    from memos_cli.bench.qa.qa import WRONG_BELOW, grouped, summary

    rows = grouped(outcomes, lambda one: one.conversation)
    categories = grouped(outcomes, lambda one: one.question.category)
    prompts = {rubric.name: rubric.digest for rubric in judge.rubrics} if judge else {}
    return {
        "folder": str(folder),
        "model": llm.name if llm else None,
        "judge": judge.llm.name if judge else None,
        "judge_prompts": prompts,
        "missed_by": _missed_by(prompts),
        "wrong_below": WRONG_BELOW,
        "k": k,
        "tokens": "model" if llm and llm.local else "estimate",
        "rows": [{"conversation": name, **_rounded(figures)} for name, figures in rows.items()],
        "categories": [{"category": name, **_rounded(categories[name])} for name in sorted(categories)],
        "total": _rounded(summary(outcomes)),
    }


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}


def _show(report: dict[str, Any]) -> None:
    from memos_cli.cli.tables import table

    total, missed = report["total"], f"missed_{report['missed_by']}"
    scored: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("n", lambda row: str(row["questions"])),
        ("F1", lambda row: _number(row["f1"], 3)),
        ("exact", lambda row: _number(row["exact"], 3)),
        ("strict", lambda row: _number(row["strict"], 3)),
        ("lenient", lambda row: _number(row["lenient"], 3)),
        ("recall", lambda row: _number(row["recall"], 3)),
        ("evidence", lambda row: _of(row["evidence_in_prompt"], row["evidence_questions"])),
        ("missed", lambda row: _of(row[missed], row["evidence_in_prompt"])),
    ]
    absent = {name for name in ("strict", "lenient", "recall") if total[name] is None}
    absent |= set() if total["evidence_questions"] else {"evidence", "missed"}
    scored = [column for column in scored if column[0] not in absent]
    answered: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("itself", lambda row: str(row["itself"])),
        ("cited", lambda row: str(row["cited"])),
        ("holding", lambda row: str(row["holding"])),
        ("refused", lambda row: str(row["refused"])),
        ("prompt", lambda row: _number(row["prompt_tokens"], 0)),
        ("full", lambda row: _number(row["full_tokens"], 0)),
        ("share", lambda row: render.percent(row["share"])),
        ("s", lambda row: _number(row["seconds"], 2 if row["seconds"] < 10 else 1)),
    ]
    for number, columns in enumerate((scored, answered)):
        for heading, rows in (
            ("conversation", [*report["rows"], {"conversation": "total", **total}]),
            ("category", report["categories"]),
        ):
            if not rows:
                continue
            if number or heading == "category":
                echo()
            lines = [(render.one_line(row[heading], _NAME_WIDTH), *(cell(row) for _, cell in columns)) for row in rows]
            table((heading, *(name for name, _ in columns)), lines, right=range(1, len(columns) + 1))


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else "-"


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _tell_rest(app: App, outcomes: "list[Outcome]", report: dict[str, Any]) -> None:
    """Notes on what the figures are based on."""
    total = report["total"]
    if report["model"] is None:
        app.note("no model is chosen: memories answered, word for word (memos model use NAME|PATH)")
    else:
        rest = "; memories the others, word for word" if total["generated"] < total["questions"] else ""
        app.note(f"{report['model']} answered {total['generated']} of {total['questions']} questions{rest}")
    counted = "as the model counts them" if report["tokens"] == "model" else "by estimate, one for three bytes"
    app.note(f"tokens {counted}; recall of the evidence among k = {report['k']} memories")
    for name, digest in report["judge_prompts"].items():
        app.note(_graded(report, name, digest))
    if report["judge"] is None and total["evidence_questions"]:
        app.note(f"missed: the evidence was in the prompt, and token F1 is below {report['wrong_below']}")
    for notice in dict.fromkeys(notice for one in outcomes for notice in one.notices):
        app.note(notice)


def _graded(report: dict[str, Any], name: str, digest: str) -> str:
    total = report["total"]
    unreadable = total[f"unreadable_{name}"]
    said = (
        f"{report['judge']} judged {total['questions'] - unreadable} of {total['questions']} answers, {name} (prompt {digest})"
    )
    return said + (f"; {unreadable} times it said neither yes nor no, which counts as not right" if unreadable else "")
