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
    from collections.abc import Callable, Iterator

    from memos_cli.bench.qa.qa import Outcome
    from memos_cli.bench.qa.sets import Conversation
    from memos_cli.ports import LLM

_NAME_WIDTH = 12
"""Characters of a name in the table: with all columns it is as wide as a terminal of 80."""


@click.command("qa", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-k", "k", type=click.IntRange(1, 10_000), help="How many memories are looked up.  [default: chat.memories]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Ask N of all the questions, drawn at random.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed draws others.")
@click.option("--out", metavar="FILE|-", help="Write each answer as it comes, a JSON object a line; - in place of the table.")
@pass_app
def qa(app: App, /, folder: Path, k: int | None, limit: int | None, seed: int, out: str | None) -> None:
    """Ask questions about conversations, and score the answers.

    FOLDER holds, for each conversation, NAME.memories.jsonl (what memos add --jsonl reads) and NAME.queries.jsonl, a question
    a line: {"query": …, "answer": …, "relevant": [external ids], "category": …}. For a single conversation, memories.jsonl and
    queries.jsonl do. An answer is a text, a number, or a list of these, any of which is right; where it is missing or empty,
    or the line says "answerable": false, the right answer is that it is not known. `question` and `evidence` are other names
    of query and relevant; other fields are passed over.

    Each question is asked as memos chat -m would be, also where it resembles an order, and nothing of it is kept. Answers
    come from the model of your settings (memos model use), or without one from the memories, word for word. Shown are token
    F1 (words without case, punctuation and articles, as in SQuAD), exact matches, how much of the evidence was in the
    prompt, and the tokens of the prompt beside those of the whole conversation, as the model counts them; by estimate (a
    token for three bytes) without a model, or with an endpoint.

    A judge grades the answers too if you name one: bench.judge.model, and for an endpoint bench.judge.endpoint and, in the
    environment, MEMOS_BENCH_JUDGE_KEY. Questions and answers are sent there.

    \b
    Examples:
      memos bench qa ~/sets/locomo --limit 100
      memos bench qa ~/sets/locomo -k 20 --out answers.jsonl
      memos --json bench qa ~/sets/longmemeval | jq .data.total
      memos config set bench.judge.model ~/models/judge.gguf

    \b
    Exit status:
      0  all questions were asked, however they were answered
      2  no such folder, or a bad line; file and line are named
      3  the folder that you are in names an endpoint, and may not; --out is a file of memos
      14 a model that is set cannot be used
      130 stopped by Ctrl-C; what was answered stands in the file of --out
    """
    if out == "-" and app.json:
        raise UsageError("--out - and --json exclude each other", hint="write the answers to a file")
    from memos_cli.bench import homes
    from memos_cli.bench.qa import sets
    from memos_cli.bench.qa.qa import run

    asked = sets.draw(_with_answers(folder, sets.read(folder)), limit, seed)
    for conversation in asked:
        homes.check(conversation.memories, to_text(app.now()))
    given = {} if k is None else {"chat.memories": k}
    total = sum(len(conversation.questions) for conversation in asked)
    with _model(app, "llm") as llm, _model(app, "bench.judge") as judge:
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
        "f1": round(outcome.f1, 4),
        "exact": outcome.exact,
        "judged": outcome.judged,
        "recall": None if outcome.recall is None else round(outcome.recall, 4),
        "cited": list(outcome.cited),
        "tokens": {"prompt": outcome.prompt_tokens, "full": outcome.full_tokens},
        "seconds": round(outcome.seconds, 4),
    }


def _report(outcomes: "list[Outcome]", folder: Path, llm: "LLM | None", judge: "LLM | None", k: int) -> dict[str, Any]:
    from memos_cli.bench.qa.qa import grouped, summary

    rows = grouped(outcomes, lambda one: one.conversation)
    categories = grouped(outcomes, lambda one: one.question.category)
    return {
        "folder": str(folder),
        "model": llm.name if llm else None,
        "judge": judge.name if judge else None,
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

    total = report["total"]
    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("n", lambda row: str(row["questions"])),
        ("F1", lambda row: _number(row["f1"], 3)),
        ("exact", lambda row: _number(row["exact"], 3)),
        ("judged", lambda row: _number(row["judged"], 3)),
        ("recall", lambda row: _number(row["recall"], 3)),
        ("prompt", lambda row: _number(row["prompt_tokens"], 0)),
        ("full", lambda row: _number(row["full_tokens"], 0)),
        ("share", lambda row: render.percent(row["share"])),
        ("s", lambda row: _number(row["seconds"], 2 if row["seconds"] < 10 else 1)),
    ]
    absent = {"judged"} if report["judge"] is None else set()
    absent |= {"recall"} if total["recall"] is None else set()
    columns = [column for column in columns if column[0] not in absent]

    def draw(heading: str, rows: list[dict[str, Any]]) -> None:
        lines = [(render.one_line(row[heading], _NAME_WIDTH), *(cell(row) for _, cell in columns)) for row in rows]
        table((heading, *(name for name, _ in columns)), lines, right=range(1, len(columns) + 1))

    draw("conversation", [*report["rows"], {"conversation": "total", **total}])
    if report["categories"]:
        echo()
        draw("category", report["categories"])


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
    if report["judge"] is not None:
        app.note(f"{report['judge']} judged {total['judged_questions']} of {total['questions']} answers")
    for notice in dict.fromkeys(notice for one in outcomes for notice in one.notices):
        app.note(notice)
