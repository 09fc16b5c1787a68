"""`memos bench startup`: what a command costs from its start to its end."""

import os
from typing import Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress


@click.command("startup", cls=Command)
@click.option(
    "--repeat", type=click.IntRange(1, 1000), default=21, show_default=True, help="Time each so often; medians count."
)
@pass_app
def startup(app: App, /, *, repeat: int) -> None:
    """Time commands from their start to their end.

    Measured are memos --help, search --lexical, list, add, and what a shell asks to complete an id, each a process of its own
    in a temporary home with five memories and no model, and an interpreter that imports click and ends: what any command of
    this sort pays. They run in turns, so that a busy machine slows all of them, after a round that compiles the modules and
    fills the system's cache of files.

    Shown are the median and the 90th percentile in milliseconds, by the clock and by the processor, and the ratio of the
    medians to the interpreter that only imports click.

    \b
    Examples:
      memos bench startup
      memos bench startup --repeat 5
      memos --json bench startup | jq '.data.programs[] | {program, cpu_ratio}'

    \b
    Exit status:
      0  measured
      1  a process failed
    """
    from memos_cli.bench.startup import startup as bench
    from memos_cli.cli.tables import table

    with progress(app, "processes") as tell:
        report = bench.run(repeat, os.environ, tell)
    if app.json:
        app.data(report)
        return
    lines = [[row["program"], *_cells(row, "wall"), *_cells(row, "cpu")] for row in report["programs"]]
    heads = ["", "clock", "p90", "ratio", "processor", "p90", "ratio"]
    table(heads, lines, title="milliseconds from start to end", right=range(1, len(heads)))
    before, after = report["load_average"]
    app.note(f"medians of {repeat}, beside an interpreter that imports click; load average {before} before, {after} after")


def _cells(row: dict[str, Any], clock: str) -> list[str]:
    """The cells of a program by one clock, `wall` or `cpu`."""
    return [f"{1000 * row[f'{clock}_s']:.1f}", f"{1000 * row[f'{clock}_p90_s']:.1f}", f"{row[f'{clock}_ratio']:.2f}"]
