"""`memos bench retrieval`: how much of the evidence a search finds, and what its scores are worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress
from memos_cli.cli.terminal import echo
from memos_cli.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from memos_cli.bench.retrieval.retrieval import Retrieved

_NAME_WIDTH = 14
"""Characters of a name in the table: with all columns it is as wide as a terminal of 80."""


@click.command("retrieval", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lexical", is_flag=True, help="Search by words alone.")
@click.option("--ablate", is_flag=True, help="Show what each part of the score earns: each is left out once.")
@pass_app
def retrieval(app: App, /, folder: Path, *, lexical: bool, ablate: bool) -> None:
    """Search for the evidence of questions, and score what is found.

    FOLDER holds, for each conversation or other set of memories, NAME.memories.jsonl (what memos add --jsonl reads) and
    NAME.queries.jsonl, a question a line: {"query": …, "relevant": [external ids], "category": …}. For a single one,
    memories.jsonl and queries.jsonl do. A question whose `relevant` is missing or empty has no answer here: it should find
    nothing. `question` and `evidence` are other names of query and relevant; other fields are passed over.

    Each set is loaded into a temporary home of its own and searched as memos search would. Shown are the share of the evidence
    among the first 1, 5, 10 and 20 hits, the share of the questions with any of it among the first ten, and the mean
    reciprocal rank, all of them as ranked, whether the floor lets the hits through or not. Then what the floor does: how many
    questions find anything, what that costs, and how many of those without an answer find nothing. Last, whether the scores
    are probabilities: the shown hits in ten ranges of scores, with the share of each that is evidence, and the expected
    calibration error.

    \b
    Examples:
      memos bench retrieval ~/sets/locomo
      memos bench retrieval ~/sets/locomo --ablate
      memos bench retrieval ~/sets/notes --lexical
      memos --json bench retrieval ~/sets/locomo | jq '.data | {total, floor}'

    \b
    Exit status:
      0  all questions were asked, whatever was found
      2  no such folder, or a bad line; file and line are named
      14 the embedder that is set cannot be used
      130 stopped by Ctrl-C
    """
    from memos_cli.bench import homes
    from memos_cli.bench.qa import sets
    from memos_cli.bench.retrieval.retrieval import run
    from memos_cli.operation.operator.ranking.features import PARTS

    conversations = sets.read(folder)
    for conversation in conversations:
        homes.check(conversation.memories, to_text(app.now()))
    total = sum(len(one.questions) for one in conversations) * (1 + len(PARTS) * ablate)
    with progress(app, "searching") as tell:
        tell(0, total)
        with homes.thrown_away(app.settings, app.paths, app.now, {}) as home:
            outcomes = run(home, conversations, lexical=lexical, ablate=ablate, tell=lambda asked: tell(asked, total))
    report = _report(outcomes, folder, ablate=ablate)
    if app.json:
        app.data(report)
    else:
        _show(report)
    for notice in dict.fromkeys(notice for one in outcomes for notice in one.notices):
        app.note(notice)


def _report(outcomes: "Sequence[Retrieved]", folder: Path, *, ablate: bool) -> dict[str, Any]:
    from memos_cli.bench.retrieval import figures

    categories = figures.grouped(outcomes, lambda one: one.category)
    bins, error = figures.reliability(outcomes)
    return {
        "folder": str(folder),
        "mode": "hybrid" if any(one.mode == "hybrid" for one in outcomes) else "lexical",
        "rows": [
            {"set": name, **_rounded(row)} for name, row in figures.grouped(outcomes, lambda one: one.conversation).items()
        ],
        "categories": [{"category": name, **_rounded(categories[name])} for name in sorted(categories)],
        "total": _rounded(figures.summary(outcomes)),
        "floor": _rounded(figures.floor(outcomes)),
        "calibration": {
            "error": None if error is None else round(error, 4),
            "hits": sum(one.hits for one in bins),
            "bins": [_rounded(one._asdict()) for one in bins],
        },
        "parts": [_rounded(one) for one in figures.earnings(outcomes)] if ablate else None,
    }


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}


def _show(report: dict[str, Any]) -> None:
    from memos_cli.cli.tables import table

    columns: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("n", lambda row: str(row["queries"])),
        ("R@1", lambda row: _number(row["recall_1"])),
        ("R@5", lambda row: _number(row["recall_5"])),
        ("R@10", lambda row: _number(row["recall_10"])),
        ("R@20", lambda row: _number(row["recall_20"])),
        ("hit@10", lambda row: _number(row["hit_10"])),
        ("MRR@20", lambda row: _number(row["mrr_20"])),
    ]

    def draw(heading: str, rows: list[dict[str, Any]]) -> None:
        lines = [(render.one_line(row[heading], _NAME_WIDTH), *(cell(row) for _, cell in columns)) for row in rows]
        table((heading, *(name for name, _ in columns)), lines, right=range(1, len(columns) + 1))

    draw("set", [*report["rows"], {"set": "total", **report["total"]}])
    if report["categories"]:
        echo()
        draw("category", report["categories"])
    echo()
    for line in _floor_lines(report["floor"]):
        echo(line)
    _show_calibration(report["calibration"])
    if report["parts"]:
        echo()
        lines = [(row["part"], _number(row["recall_10"]), f"{row['earns']:+.3f}") for row in report["parts"]]
        table(("part", "R@10 without", "earns"), lines, right=(1, 2))


def _floor_lines(floor: dict[str, Any]) -> list[str]:
    told = []
    if floor["answered"] is not None:
        lost = "" if floor["lost"] is None else f", {render.percent(floor['lost'])} of it lost"
        told.append(f"answered {render.percent(floor['answered'])}; R@10 of what is shown {_number(floor['recall_10'])}{lost}")
    if floor["unanswerable"]:
        told.append(f"without an answer here: {floor['unanswerable']}; found nothing {render.percent(floor['abstained'])}")
    return told


def _show_calibration(calibration: dict[str, Any]) -> None:
    from memos_cli.cli.tables import table

    if calibration["error"] is None:
        return
    echo()
    lines = [
        (f"{row['low']:.1f}-{row['high']:.1f}", str(row["hits"]), _number(row["score"]), _number(row["right"]))
        for row in calibration["bins"]
    ]
    table(("scores", "hits", "mean", "right"), lines, right=(1, 2, 3))
    echo(f"expected calibration error {_number(calibration['error'])}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
