"""`memos bench search`: what a search costs in a cube of any size."""

from typing import Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress
from memos_cli.cli.terminal import echo

_SORTS = {
    "lexical_rare": "by rare words",
    "lexical_frequent": "by frequent words",
    "meaning": "by meaning",
    "hybrid": "by both",
}
_RULED = {"rare": "by rare words", "medium": "by others", "frequent": "by frequent words"}
_COMMANDS = {"search_lexical": "search --lexical", "list": "list -n 5"}


@click.command("search", cls=Command)
@click.option(
    "--memories",
    type=click.IntRange(100, 10_000_000),
    default=10_000,
    show_default=True,
    metavar="N",
    help="How many memories the cube has.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed makes up another cube.")
@click.option(
    "--repeat", type=click.IntRange(3, 1000), default=21, show_default=True, help="How many searches of each sort are timed."
)
@click.option(
    "--rules",
    type=click.IntRange(0, 100_000),
    default=0,
    metavar="N",
    help="Compare the owner with a principal who sees all by so many rules.",
)
@pass_app
def search(app: App, /, *, memories: int, seed: int, repeat: int, rules: int) -> None:
    """Time searches in a made-up cube of any size.

    The cube has texts of 6 to 18 made-up words, which are as frequent as those of a language (Zipf), and unit vectors of 384
    numbers in clusters. The vectors are given: no model is needed, and what it costs to embed is no part of any time. It is
    written to a temporary home, a million memories take 3 GB there, and removed at the end.

    Shown are how many memories a second are added; the median and the 90th percentile of warm searches in one process, by rare
    words, by frequent words, by meaning, and by both; those of searches right after a memory was added, and the ratio to
    searches before one; the most memory of that process; and two commands as they are typed, with the ratio to the same
    command in a cube of 100 memories.

    With --rules there is a principal besides the owner, who sees every memory by one of so many rules, seven of ten about a tag
    and three about a memory. Both search for the same words by turns, in one process, and in processes of their own; shown are
    the medians of both and their ratio. What the principal is given is recorded on disk each time, as it always is.

    \b
    Examples:
      memos bench search
      memos bench search --memories 100000
      memos bench search --memories 100000 --rules 1000
      memos --json bench search --memories 1000000 | jq '.data | {searches, after_add, cold}'

    \b
    Exit status:
      0  measured
      1  the temporary folder has no room for the cube; TMPDIR names another one
      2  numpy is not installed
    """
    from memos_cli.bench.search import search as bench

    with progress(app, "measuring") as tell:
        report = bench.run(memories, seed, repeat, tell, rules=rules)
    if app.json:
        app.data(report)
        return
    _show(report)
    written = report["written"]
    app.note(
        f"{memories:,} memories added with their vectors in {written['seconds']:,.1f} s, {written['per_second']:,.0f} a second;"
        f" the file of vectors made in {written['index_s']:,.1f} s"
    )
    if report["load"] is not None:
        app.note(f"medians of {repeat}; load average at the end: {report['load']}")


def _show(report: dict[str, Any]) -> None:
    """The tables, each at most 80 columns wide."""
    from memos_cli.cli.tables import human_bytes, table

    rows = [(_SORTS[sort], _milliseconds(one["median_s"]), _milliseconds(one["p90_s"]), "") for sort, one in _sorts(report)]
    after = report["after_add"]
    rows.append(("after an add", _milliseconds(after["median_s"]), _milliseconds(after["p90_s"]), f"{after['ratio']:.2f}"))
    table(("warm search", "median", "90 %", "ratio"), rows, title="milliseconds, embedding apart", right=range(1, 4))
    echo()
    cold = [
        (_COMMANDS[name], f"{one['median_s']:.3f}", f"{one['small_s']:.3f}", f"{one['ratio']:.2f}")
        for name, one in report["cold"].items()
    ]
    table(("command", "here", "of 100", "ratio"), cold, title="seconds of a command", right=range(1, 4))
    if report["ruled"]:
        echo()
        _show_ruled(report["ruled"])
    if report["peak_bytes"]:
        echo()
        echo(f"most memory of the searching process: {human_bytes(report['peak_bytes'])}")


def _show_ruled(ruled: dict[str, Any]) -> None:
    """The table of the owner beside the principal."""
    from memos_cli.cli.tables import table

    rows = [
        *((_RULED[sort], one) for sort, one in ruled["searches"].items()),
        ("after an add", ruled["after_add"]),
        ("the first", ruled["first"]),
        ("a command", ruled["cold"]),
    ]
    told = [(name, *map(_milliseconds, (one["owner_s"], one["principal_s"])), f"{one['ratio']:.2f}") for name, one in rows]
    title = f"milliseconds by words, with {ruled['rules']:,} rules"
    table(("search", "owner", "principal", "ratio"), told, title=title, right=range(1, 4))


def _sorts(report: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    return list(report["searches"].items())


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"
