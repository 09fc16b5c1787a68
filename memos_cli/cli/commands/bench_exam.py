"""`memos bench exam`: the exam of a model at length."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command, yes
from memos_cli.cli.progress import progress
from memos_cli.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from memos_cli.config import Settings


@click.command("exam", cls=Command)
@click.option("--model", metavar="NAME|PATH", help="Which model.  [default: that of your settings]")
@click.option("--endpoint", metavar="URL", help="Where --model runs, if not here; the key: MEMOS_LLM_KEY.")
@click.option("--layouts", metavar="NAME,…", help="Which layouts of the prompt.  [default: those of the exam]")
@click.option(
    "--questions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Ask those of a file, a JSON object a line.",
)
@yes
@pass_app
def exam(
    app: App, /, model: str | None, endpoint: str | None, layouts: str | None, questions: Path | None, *, yes: bool
) -> None:
    """Put every question of the exam to a model in every layout of the prompt.

    memos model use examines a model in three minutes: a dozen questions choose the layout, 48 examine the model in it. Here all
    60 are asked in all layouts, which takes as much longer as there are layouts. A row counts the 48: right, wrong and refused
    as the model answers; then those over the bar from which its answers would be trusted (the probability of the least likely
    token), and the value of a question then, beside that of citing memories alone: 1 for a right answer, -2 for a wrong one,
    1/n for n memories cited of which one holds the answer. Nothing is kept: which model answers, and what its card says, stays
    as it is.

    Layouts are fence (numbered memories between marks), brief (the same with few words before it), list (lines with a dash),
    examples (three answered questions first), and mini, which memos-mini is trained on; _last and _first put the memory that
    fits best there. An endpoint is asked after a yes, since each question is a call.

    \b
    Examples:
      memos bench exam --model memos-mini
      memos bench exam --model ~/models/qwen2.5-0.5b-instruct-q4_k_m.gguf --layouts fence,list
      memos bench exam --endpoint http://localhost:11434/v1 --model qwen2.5:0.5b --yes
      memos --json bench exam | jq '.data.rows[] | {layout, right, wrong, trusted}'

    \b
    Exit status:
      0  all questions were asked, however they were answered
      2  there is no such layout, or a line of --questions is none
      3  the answer was no, or there is no terminal to ask on
      14 no model is chosen, or it cannot be used
    """
    from memos_cli.bench.exam import exam as bench
    from memos_cli.operation.exam import child
    from memos_cli.operation.exam.exam import CANDIDATES

    settings = _chosen(app, model, endpoint)
    names = _named(layouts) if layouts else CANDIDATES
    wanted = child.task(settings, app.paths, layouts=names, whole=True, seconds=0.0, questions=str(questions or ""))
    try:
        count = wanted.calls
    except ValueError as error:
        raise UsageError(
            f"{questions}: {error}", hint="see tests of memos, or memos_cli/data/exam.jsonl, for what a line is"
        ) from None
    if wanted.endpoint:
        app.confirm(f"Put {count} questions, each a call, to {wanted.model} at {wanted.endpoint}?", yes=yes)
    with progress(app, "asking") as tell:
        report = bench.run(wanted, tell)
    if app.json:
        app.data(report)
        return
    _show(report["rows"])
    _tell_rest(app, report)


def _chosen(app: App, model: str | None, endpoint: str | None) -> "Settings":
    """The settings with the model to be asked."""
    from memos_cli.operation import model_files, models

    if endpoint and not model:
        raise UsageError(
            "--endpoint needs the name that it has for the model", hint="memos bench exam --endpoint URL --model NAME"
        )
    given: dict[str, Any] = {}
    if model:
        given = {"llm.model": model, "llm.endpoint": endpoint or ""}
    settings = app.settings.given(given)
    if settings.get("llm.model") == models.NONE:
        raise ModelUnavailable("no model is chosen", hint="memos bench exam --model NAME|PATH")
    if not settings.get("llm.endpoint"):
        model_files.checked(settings.get("llm.model"), settings, app.paths)
    return settings


def _named(said: str) -> "Sequence[str]":
    from memos_cli.operation.prompt.layouts import LAYOUTS

    names = tuple(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    unknown = [name for name in names if name not in LAYOUTS]
    if unknown or not names:
        raise UsageError(f"no layout called {(unknown or [said])[0]!r}", hint=f"there are: {', '.join(LAYOUTS)}")
    return names


def _show(rows: "Sequence[Mapping[str, Any]]") -> None:
    from memos_cli.cli.tables import table

    cells = [
        (
            row["layout"],
            *(str(row[name]) for name in ("right", "wrong", "refused")),
            f"{row['bar']:.2f}",
            *(str(row[name]) for name in ("sure_right", "sure_wrong")),
            f"{row['value']:.2f}",
            "yes" if row["trusted"] else "no",
            "-" if row["answer_s"] is None else f"{row['answer_s']:.2f}",
        )
        for row in rows
    ]
    heads = ("layout", "right", "wrong", "refused", "bar", "right", "wrong", "value", "trusted", "s")
    table(heads, cells, right=(*range(1, 8), 9), title=f"of {rows[0]['asked']} answers, and of those over the bar")


def _tell_rest(app: App, report: "Mapping[str, Any]") -> None:
    citing = report["citing"]
    app.note(
        f"citing alone: {citing['holds']} of {citing['answerable']} answers in what is cited, {citing['memories']:.1f} memories"
        f" a question, value {citing['value']:.2f}"
    )
    chosen = f"the exam chooses {report['chosen']}" if report["chosen"] else 'no question has "use": "choose"'
    app.note(f"{chosen}; most right, less wrong, here: {report['best']}")
