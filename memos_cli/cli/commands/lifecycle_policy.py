"""`memos lifecycle policy`: the rules by which memories fade; a policy belongs to a cube, while settings belong to a home."""

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import TEXT_FILE, Family
from memos_cli.errors import CubeNotFound, UsageError
from memos_cli.operation.policy import KEYS

_KEYS = "\n".join(f"  {name} (default: {key.default})\n      {key.help}" for name, key in KEYS.items())


@click.group(
    cls=Family,
    help=f"""What fades after how long.

A policy belongs to a cube, is kept in its log, travels with it, and is changed back by `memos undo`. A hook is the name of a
program in the folder `hooks` beside your config.toml: it is given JSON on its standard input after memories changed their
state, and what it does wrong harms nothing.

\b
Keys:
{_KEYS}

\b
Examples:
  memos lifecycle policy show > policy.toml
  memos lifecycle policy check policy.toml
  memos lifecycle policy set archive.idle_days.note 30
""",
)
def policy() -> None:
    """The family."""


@policy.command("show")
@click.option("--merged", is_flag=True, help="The one that came in with a merge and does not rule here.")
@pass_app
def show(app: App, *, merged: bool) -> None:
    """Show the policy as TOML, each key with what it does.

    A policy that comes in with a merge, and not from a key that you trust or another cube of this home, is kept in the log and
    rules nothing until you set it.

    \b
    Examples:
      memos lifecycle policy show
      memos lifecycle policy show > policy.toml
      memos lifecycle policy show --merged
    """
    from memos_cli.operation.policy import Policy, to_toml

    _require_cube(app)
    vault = app.mos.vaults()[0]
    found = Policy(vault.merged_policy if merged else vault.policy)
    app.data({name: found.get(name) for name in KEYS}) if app.json else app.out(to_toml(found).rstrip("\n"))


def _require_cube(app: App) -> None:
    """Refuse a home without any cube."""
    if not app.mos.vaults():
        raise CubeNotFound("there is no cube yet, so there is no policy", hint='make one by adding: memos add "I am vegan now"')


@policy.command("set")
@click.argument("key", required=False, shell_complete=completions.RULES)
@click.argument("value", required=False, shell_complete=completions.RULE_VALUES)
@click.option("--file", "path", type=TEXT_FILE, help="Take the whole policy from a TOML file; - is stdin.")
@pass_app
def set_(app: App, *, key: str | None, value: str | None, path: str | None) -> None:
    """Set one key of the policy, or all of it from a file.

    A key that a file does not name goes back to its default.

    \b
    Examples:
      memos lifecycle policy set archive.idle_days.note 30
      memos lifecycle policy set --file policy.toml

    \b
    Exit status:
      2  no such key, or a value that it cannot have
      3  the cube is somebody else's
    """
    from memos_cli.operation.policy import checked, read, set_policy

    if (path is None) == (key is None or value is None):
        raise UsageError("name a key and its value, or a file", hint="memos lifecycle policy set archive.idle_days.note 30")
    fields = read(path) if path is not None else {str(key): checked(str(key), value)}
    _require_cube(app)
    found = set_policy(app.mos.writable(), app.mos.author("policy"), fields, replace=path is not None)
    changed = {name: found.get(name) for name in fields}
    if app.json:
        app.data(changed)
        return
    for name, now in changed.items() if key else ():
        app.out(f"{name} = {now}")
    app.note("see what it does: memos lifecycle plan")


@policy.command("check")
@click.argument("path", metavar="FILE", type=TEXT_FILE, shell_complete=completions.FILES)
@pass_app
def check(app: App, *, path: str) -> None:
    """Check a policy file without taking it over.

    \b
    Examples:
      memos lifecycle policy check policy.toml

    \b
    Exit status:
      2  it is no policy; the message says where
    """
    from memos_cli.operation.policy import read

    found = read(path)
    app.data({"keys": found}) if app.json else app.out(f"{len(found)} keys, all right")
