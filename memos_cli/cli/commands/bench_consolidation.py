"""`memos bench consolidation`: what a model learns of one person, and what is left of it after a purge."""

from pathlib import Path
from typing import Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import POSITIVE, Command
from memos_cli.cli.progress import training
from memos_cli.cli.tables import table
from memos_cli.errors import ModelUnavailable, UsageError


@click.command("consolidation", cls=Command)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--facts", type=click.IntRange(2, 300), default=30, show_default=True, help="How many facts are learnt.")
@click.option("--model", metavar="NAME|PATH", help="The model that learns them.  [default: llm.model]")
@click.option("--purge", type=click.IntRange(0), metavar="N", help="Purge so many of them afterwards.  [default: 1 in 10]")
@click.option("--device", type=click.Choice(["auto", "cuda", "mps", "cpu"]), default="auto", show_default=True)
@click.option("--max-seconds", type=POSITIVE, help="Train each generation for no longer than this.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed makes up another life.")
@pass_app
def consolidation(app: App, /, *, file: Path | None, facts: int, **given: Any) -> None:  # noqa: ANN401 -- click's
    """Let a model learn the facts of one person, and measure what it knows, keeps and forgets.

    The facts are added to a temporary home and learnt as memos consolidate run learns them. Reported are the gate's scores: how
    much is answered with no memory in the prompt, in forms that training never saw; what is refused of that which nobody told;
    how many answers about others' facts in the prompt are lost; and the time and memory that it took. Then some facts are
    purged, a generation without them is made, and it is asked for them; and it is counted how many steps a purged fact takes to
    be learnt on top of it, and how many another value that was never there. As many means that nothing is left.

    The facts are made up, or those of FILE: JSON with "memories", each with a "text", and "questions", each with its words
    "q", its "kind", the "answers" of which one has to be in a right answer, those that make it wrong ("never"), and the places
    of the memories that answer it ("from", the first is 0). The kind "two" asks over two facts, "absent" for what no memory
    says.

    Two trainings take minutes with memos-mini, and half an hour and more with a model of a hundred million parameters on a CPU.

    \b
    Examples:
      memos bench consolidation --facts 10
      memos bench consolidation person.json --facts 30 --model smollm2
      memos bench consolidation --facts 100 --purge 0 --max-seconds 600
      memos --json bench consolidation --facts 10 | jq '.data | {closed_book, negatives_refused, drift, seconds}'

    \b
    Exit status:
      0  measured, whether the gate was passed or not
      2  FILE is none of this form, or has fewer facts
      3  no question can be made of any fact
      14 no model is chosen, it cannot be trained, or training needs the extra lora
    """
    from memos_cli.bench import homes
    from memos_cli.bench.consolidation import consolidation as bench
    from memos_cli.bench.consolidation import lives
    from memos_cli.operation.parametric.training import TrainingOptions

    purged = max(1, facts // 10) if given["purge"] is None else given["purge"]
    if purged >= facts:
        raise UsageError("at least one fact has to stay", hint="choose a smaller --purge, or 0")
    life = lives.made_up(facts, given["seed"]) if file is None else lives.read(file, facts)
    chosen = {**bench.GIVEN, "llm.model": _located(app, given["model"])}
    wanted = bench.Wanted(purged, TrainingOptions(given["device"], given["max_seconds"]), given["seed"])
    with (
        training(app) as tell,
        homes.thrown_away(app.settings, app.paths, app.now, chosen) as home,
        home.empty() as mos,
    ):
        report = bench.run(mos, life, wanted, tell)
    if app.json:
        app.data({**report, "file": None if file is None else str(file), "seed": given["seed"]})
        return
    _show(app, report)


def _located(app: App, name: str | None) -> str:
    """The model's path: the temporary home knows no names of pulled models."""
    from memos_cli.operation import model_files

    name = name or app.settings.get("llm.model")
    if name == model_files.NONE:
        raise ModelUnavailable("no model is chosen", hint="memos bench consolidation --model memos-mini")
    if app.settings.get("llm.endpoint"):
        raise ModelUnavailable("a model behind an endpoint cannot be trained", hint="memos config set llm.endpoint ''")
    return str(model_files.locate(name, app.paths))


def _show(app: App, report: dict[str, Any]) -> None:
    """The tables, each at most 80 columns wide."""
    from memos_cli.bench.consolidation.consolidation import mean
    from memos_cli.cli.tables import human_bytes

    def gained(first: dict[str, Any]) -> list[tuple[str, str, str]]:
        return [
            ("closed book, unseen forms", _share(first["closed_book"]), _share(first["base"])),
            ("unknown refused", _share(first["negatives_refused"]), _share(first["negatives_refused_base"])),
            ("with the facts in the prompt", _share(first["both"]), _share(first["rag"])),
            ("others' facts in the prompt", _share(first["in_context"]), _share(first["in_context_base"])),
            ("... answered in the same words", _share(first["unchanged"]), "-"),
        ]

    app.out(f"{report['model']}: {report['learnt']} of {report['facts']} facts learnt")
    table(("", "with the adapter", "without"), gained(report), right=(1, 2))
    if report["asked"]:
        rows = [
            (kind, one["asked"], one["right"], one["refused"], one["wrong"], one["right_base"])
            for kind, one in report["asked"].items()
        ]
        app.out()
        table(("questions of the file", "asked", "right", "refused", "wrong", "right without"), rows, right=range(1, 6))
    purge = report.get("purge")
    if purge:
        app.out()
        app.out(f"after {purge['facts']} of them were purged and the others learnt anew")
        rest = [
            (
                "purged, of all questions",
                *(f"{purge[name]}/{purge['probes']}" for name in ("probes_right", "probes_right_base")),
            )
        ]
        table(("", "with the adapter", "without"), [*gained(purge), *rest], right=(1, 2))
        purged, new = (_steps(mean(purge[name])) for name in ("purged_steps", "new_steps"))
        app.out(f"steps to learn one anew: {purged}; to learn one that was never there: {new}")
    for one in filter(None, (report, purge)):
        app.note("; ".join(one["failures"]) if one["failures"] else "it passes the gate")
    took = f"{render.duration(report['seconds'])}, {render.duration(report['training_seconds'])} of them training"
    memory = human_bytes(report["peak_bytes"]) if report["peak_bytes"] else "unknown"
    app.note(f"{took} ({report['steps']} steps); peak of memory: {memory}")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def _steps(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
