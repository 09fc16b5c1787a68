"""`memos bench lifecycle`: a made-up year lived through; its tables, and hot memories over the year as a plot by plotext."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from memos_cli.cli import render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import TEXT_FILE, Command
from memos_cli.cli.progress import progress
from memos_cli.cli.tables import table
from memos_cli.cli.terminal import echo, styled_by_memos
from memos_cli.model import HOT_STATES

_DRAWN = (("keep-all", "k", "orange"), ("TTL-only", "t", "blue"), ("oracle", "o", "magenta"), ("policy", "p", "green"))
"""Name, mark and colour; later ones are drawn over earlier ones. LRU has as many places as the policy by definition."""
_MISSED = ("policy", "LRU", "TTL-only")
"""The other strategies miss nothing."""
_WIDEST, _HEIGHT = 100, 18
_TICKS = 7
"""Time marks on an axis: as many as fit below 80 columns."""
_PLOT_WIDTH = 80
"""Columns where the output is no terminal."""


@click.command("lifecycle", cls=Command)
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long the year is.")
@click.option("--memories", type=click.IntRange(1, 20_000), default=600, show_default=True, help="How many are told in it.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed makes up another year.")
@click.option("--policy", type=TEXT_FILE, metavar="FILE", help="The policy to try, in TOML; - is stdin.")
@click.option("--plot/--no-plot", default=None, help="Draw hot memories over time.  [default: on a terminal]")
@pass_app
def lifecycle(app: App, *, days: int, memories: int, seed: int, policy: str | None, plot: bool | None) -> None:
    """Live through a made-up year, and compare what the policy archived with what was needed.

    Care notes, code notes and talk are told on the days of a year. Some are needed every week, some every month, once, never,
    or in bursts with months between; some have a TTL. When, is drawn at random and owes nothing to the formula by which
    memories fade. The year is lived in a temporary home: memories are added, searched for when they are needed, and every
    night there is a tick. A memory that is needed and not hot is a miss; it is then found in the archive, and comes back.

    Every night each memory has to be in the state in which the policy's transitions put it, worked out a second time from
    what was told and needed, and a second tick for the same instant must write nothing. If not, that is an error.

    Beside the policy stand other strategies on the same year: keep-all lets nothing go; LRU keeps what was used last, as many
    as the policy kept that night; TTL-only lets go at a fixed age, the one with as many hot memories on average; the oracle
    knows what is to come, and keeps what will be needed again in this year and nothing else.

    \b
    Examples:
      memos bench lifecycle
      memos bench lifecycle --seed 1 --days 730 --plot
      memos lifecycle policy show > policy.toml
      memos bench lifecycle --policy policy.toml
      memos --json bench lifecycle | jq '.data.strategies[] | {name, hot_mean, misses}'

    \b
    Exit status:
      0  the year is over; the figures are shown
      1  a memory was in another state than it has to be, or a second tick did something
      2  it is no policy; the message says where
    """
    from memos_cli.bench import homes
    from memos_cli.bench.lifecycle import year as years
    from memos_cli.bench.lifecycle.lifecycle import GIVEN, Clock, live, report
    from memos_cli.operation.policy import read

    fields = {} if policy is None else read(policy)
    year, clock = years.make(days, memories, seed), Clock()
    with progress(app, "living") as tell, homes.thrown_away(app.settings, app.paths, clock, GIVEN) as home:
        tell(0, days)
        lived = live(home, clock, year, fields, tell)
    found = report(year, lived)
    if app.json:
        app.data({**found, "seed": seed, "policy": fields})
        return

    _show(found)
    if sys.stdout.isatty() if plot is None else plot:
        app.out()
        app.out(styled_by_memos(_plot(found["strategies"], render.width() or _PLOT_WIDTH)), nl=False)
    app.note(f"{lived.checked:,} states were as the policy says, and no second tick changed anything")
    app.note(f"TTL-only: {found['ttl_only_days']:g} days from when it was told or fetched")
    if lived.lost:
        app.note(f"{lived.lost} of the policy's misses had expired, so that the archive did not have them either")


def _show(report: dict[str, Any]) -> None:
    """The tables, each at most 80 columns wide."""
    needs = report["needs"]
    rows = [
        (one["name"], f"{one['hot_mean']:,.1f}", f"{one['hot_last']:,}", f"{needs:,}", f"{one['misses']:,}", _share(one))
        for one in report["strategies"]
    ]
    table(("strategy", "hot, mean", "hot at the end", "needs", "misses", "share"), rows, right=range(1, 6))
    states = report["states"]
    _show_groups("habit", {name: {**group, "states": states[name]} for name, group in report["habits"].items()})
    _show_groups("domain", report["domains"])


def _share(row: dict[str, Any]) -> str:
    return "-" if row["miss_share"] is None else f"{100 * row['miss_share']:.2f}%"


def _show_groups(heading: str, groups: Mapping[str, dict[str, Any]]) -> None:
    echo()
    headings = (heading, "n", "needs", "hot", "archived", "expired", "purged", *_MISSED)
    rows = [
        (
            name, group["memories"], group["needs"], sum(group["states"].get(state.value, 0) for state in HOT_STATES),
            *(group["states"][state] for state in ("archived", "expired", "purged")),
            *(group["misses"][strategy] for strategy in _MISSED),
        )
        for name, group in groups.items()
    ]  # fmt: skip
    table(headings, rows, title="states at the end, and what three strategies missed", right=range(1, len(headings)))


def _plot(strategies: Sequence[dict[str, Any]], width: int) -> str:
    """Hot memories over the days, a mark for each strategy, with colours.

    Args:
        strategies: those of the report, with their names and how many memories were `hot` after each night.
        width: of the terminal, in columns.
    """
    import plotext

    hot = {one["name"]: one["hot"] for one in strategies}
    days = len(hot["policy"])
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(width, _WIDEST), _HEIGHT)
    plotext.title("hot memories after each night (LRU: as many as the policy)")
    plotext.xlabel("day")
    for name, mark, colour in _DRAWN:
        plotext.plot(range(1, days + 1), hot[name], label=name, marker=mark, color=colour)
    ticks = sorted({1 + round(part * (days - 1) / (_TICKS - 1)) for part in range(_TICKS)})
    plotext.xticks(ticks, [str(day) for day in ticks])
    highest = max(max(one) for one in hot.values())
    levels = sorted({round(part * highest / 4) for part in range(5)})
    plotext.yticks(levels, [f"{level:,}" for level in levels])
    return str(plotext.build())
