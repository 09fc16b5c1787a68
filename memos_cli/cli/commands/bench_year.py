"""What `memos bench lifecycle` shows: tables, and hot memories over the year as a plot by plotext."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from memos_cli.cli.tables import table
from memos_cli.model import HOT_STATES

_DRAWN = (("keep-all", "k", "orange"), ("TTL-only", "t", "blue"), ("oracle", "o", "magenta"), ("policy", "p", "green"))
"""Name, mark and colour; later ones are drawn over earlier ones. LRU has as many places as the policy by definition."""
_MISSED = ("policy", "LRU", "TTL-only")
"""The others miss nothing."""
_WIDEST, _HEIGHT = 100, 18
_TICKS = 7
"""Marks of time on an axis: what fits below 80 columns."""


def show(report: dict[str, Any]) -> None:
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
    click.echo()
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


def plot(strategies: Sequence[dict[str, Any]], width: int) -> str:
    """Hot memories over the days, a mark for each strategy, with colours.

    Args:
        strategies: those of the report, with their names and what was `hot` after each night.
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
