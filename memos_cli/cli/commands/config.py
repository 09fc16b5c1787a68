"""`memos config`."""

import click

from memos_cli import config as settings
from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Family


@click.group(cls=Family)
def config() -> None:
    """Show and change settings.

    A setting is taken from the command line, else from MEMOS_NAME in the environment, else from .memos.toml in this folder
    or one above it, else from your config.toml, else it has its default.
    """


def _value(app: App, name: str) -> settings.Value:
    """The value in force here. `--cube` and `--as` override the settings of those names."""
    flags = {"cube": app.cubes[0] if app.cubes else None, "principal": app.principal}
    given = flags.get(name)
    return settings.Value(given, "flag") if given else app.settings.origin(name)


@config.command("show")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@pass_app
def show(app: App, *, origin: bool) -> None:
    """Show all settings.

    \b
    Examples:
      memos config show --origin
    """
    values = {name: _value(app, name) for name in settings.SETTINGS}
    if app.json:
        found = {
            name: {"value": value.value, "origin": value.origin} if origin else value.value for name, value in values.items()
        }
        app.data(found)
        return
    from memos_cli.cli.tables import table

    rows = [
        (name, value.value, *((value.origin,) if origin else ()), settings.SETTINGS[name].help)
        for name, value in values.items()
    ]
    table(("setting", "value", *(("origin",) if origin else ()), "what it does"), rows)


@config.command("get")
@click.argument("name", shell_complete=completions.SETTINGS)
@pass_app
def get(app: App, name: str) -> None:
    """Show one setting.

    \b
    Examples:
      memos config get cube

    \b
    Exit status:
      2  no such setting
    """
    value = _value(app, name)
    app.data({"name": name, "value": value.value, "origin": value.origin}) if app.json else app.out(str(value.value))


@config.command("set")
@click.argument("name", shell_complete=completions.SETTINGS)
@click.argument("value", shell_complete=completions.SETTING_VALUES)
@pass_app
def set_(app: App, name: str, value: str) -> None:
    """Change a setting in your config.toml.

    \b
    Examples:
      memos config set search.k 5
      memos config set embedder none

    \b
    Exit status:
      2  no such setting, or a value that it cannot have
    """
    app.mos.require("config set")
    stored = settings.store(app.paths, name, value)
    app.data({"name": name, "value": stored}) if app.json else app.out(f"{name} = {stored}")
    now = app.settings.origin(name)
    if now.origin not in {"default", str(app.paths.user_file)}:
        app.note(f"here it stays {now.value}: {now.origin} says so")


@config.command("path")
@pass_app
def path(app: App) -> None:
    """Show where things lie.

    \b
    Examples:
      memos config path
    """
    folders = {
        "config": str(app.paths.user_file),
        "cubes": str(app.paths.cubes),
        "data": str(app.paths.data),
        "cache": str(app.paths.cache),
    }
    if app.json:
        app.data(folders)
        return
    for name, value in folders.items():
        app.out(f"{name:<7} {value}")
