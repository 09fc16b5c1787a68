"""`memos view`: saved filters."""

from typing import Any

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Family, dry_run, filters
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError
from memos_cli.operation import changes


@click.group(cls=Family)
def view() -> None:
    """Saved filters, used as --view NAME.

    \b
    Examples:
      memos view save work --tag work
      memos --view work search deadline
    """


@view.command("save")
@click.argument("name", shell_complete=completions.VIEWS)
@filters
@pass_app
def save(app: App, /, name: str, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Save filters under a name; a view of that name is replaced.

    \b
    Examples:
      memos view save work --tag work --since 2026-01-01
    """
    chosen = {option: list(value) if isinstance(value, tuple) else value for option, value in given.items() if value}
    if not chosen:
        raise UsageError("a view without a filter shows everything", hint="memos view save work --tag work")
    app.mos.pipeline.save_record("view", changes.checked_name(name, "the name"), chosen)
    app.data({"name": name, "filter": chosen}) if app.json else app.out(f"saved view {name}: {_words(chosen)}")


@view.command("list")
@pass_app
def list_(app: App) -> None:
    """List the views.

    \b
    Examples:
      memos view list
    """
    views = {name: fields for vault in app.mos.vaults() for name, fields in vault.records("view").items()}
    if app.json:
        app.data({"views": [{"name": name, "filter": fields} for name, fields in views.items()]})
        return
    for name, fields in views.items():
        app.out(f"{name}: {_words(fields)}")
    if not views:
        app.note("no views; save one with: memos view save work --tag work")


@view.command("rm")
@click.argument("name", shell_complete=completions.VIEWS)
@dry_run
@pass_app
def rm(app: App, name: str, *, dry_run: bool) -> None:
    """Remove a view; `memos undo` brings it back.

    \b
    Examples:
      memos view rm work

    \b
    Exit status:
      10 no such view
    """
    app.mos.pipeline.remove_record("view", name, dry_run=dry_run)
    app.data({"name": name, "removed": not dry_run}) if app.json else app.out(
        f"{'would remove' if dry_run else 'removed'} view {name}"
    )


def _words(fields: dict[str, Any]) -> str:
    singular = {"kinds": "kind", "tags": "tag", "labels": "label", "states": "state", "everything": "all"}
    parts = []
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        option = "--" + singular.get(name, name).replace("_", "-")
        parts += [option if one is True else f"{option} {plain(str(_shown(name, one)))}" for one in values]
    return " ".join(parts)


def _shown(name: str, value: object) -> object:
    """A filter's value: a time as the clock on the wall says it, in quotes where a blank is in it."""
    if name not in {"since", "until", "as_of"}:
        return value
    moment = str(render.moment(str(value)))
    return f"'{moment}'" if " " in moment else moment
