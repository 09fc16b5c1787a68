"""`memos cube diff`: comparing cubes."""

from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import Command, reveal
from memos_cli.cli.terminal import style

if TYPE_CHECKING:
    from memos_cli.operation.history.cube_diff import Comparison

_DIFFERENT = 1
"""The exit status of `--exit-code` where cubes differ, as in `git diff` and `diff`."""


@click.command("diff", cls=Command)
@click.argument("first", shell_complete=completions.CUBES)
@click.argument("second", shell_complete=completions.CUBES)
@click.option("--exit-code", is_flag=True, help="End with 1 where they differ.")
@reveal
@pass_app
def diff(app: App, first: str, second: str, *, exit_code: bool, reveal: bool) -> None:
    """Tell what two cubes hold differently.

    Each is a cube's name or the path of its folder. How often something was used makes no difference.

    \b
    Examples:
      memos cube diff default laptop
      memos cube diff default /mnt/stick/memos/cubes/default --json
      memos cube diff work work-before --exit-code -q && echo equal

    \b
    Exit status:
      0  compared, whether they differ or not
      1  they differ, with --exit-code
      10 no such cube
    """
    found = app.mos.cube_merge.diff(first, second)
    app.data(comparison_json(found), reveal=reveal) if app.json else tell_comparison(app, found, reveal=reveal)
    if exit_code and not found.is_equal:
        click.get_current_context().exit(_DIFFERENT)


def comparison_json(found: "Comparison") -> dict[str, Any]:
    """The differences of two cubes, for a document."""
    told = ("first", "second", "is_equal", "same", "only_first", "only_second")
    return {
        **fields_of(found, only=told, is_equal="equal"),
        "different": [{"id": one.first.id, **fields_of(one, only=("fields", "first", "second"))} for one in found.different],
        "purged": [{"id": identity, "in": place} for identity, place in found.purged],
        "records": [{"noun": noun, "name": name, "in": place} for noun, name, place in found.records],
    }


_SIGNS = {"first": "-", "second": "+", "both": "~"}


def tell_comparison(app: App, found: "Comparison", *, reveal: bool) -> None:
    """Print the differences of two cubes."""
    render.require_reveal((*found.only_first, *found.only_second, *(one.second for one in found.different)), reveal=reveal)
    for sign, color, memories in (("-", "red", found.only_first), ("+", "green", found.only_second)):
        for memory in memories:
            app.out(render.memory_line(memory, reveal=reveal, before=style(f"{sign} ", fg=color)))
    for one in found.different:
        app.out(render.memory_line(one.second, reveal=reveal, before=style("~ ", fg="yellow")))
        app.out(style(f"    {', '.join(one.fields)}", dim=True))
    names = {"first": found.first, "second": found.second}
    for identity, place in found.purged:
        app.out(style("x ", fg="red") + f"{identity[: render.SHORT_ID]}  purged in {names[place]}")
    for noun, name, place in found.records:
        app.out(f"{_SIGNS[place]} {noun} {name}")
    if found.is_equal:
        app.note(f"no difference: {found.first} and {found.second} have the same {render.many(found.same)}")
    else:
        app.note(f"- only in {found.first}, + only in {found.second}, ~ in both; {found.same:,} are the same")
