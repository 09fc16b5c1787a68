"""`memos principal`: the people and agents of a cube, and the tokens by which agents act."""

from typing import TYPE_CHECKING

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.grant import rule_json, rule_line
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import NAMED, Family, dry_run
from memos_cli.cli.terminal import plain

if TYPE_CHECKING:
    from memos_cli.operation.governance.governance import Principal, Registered

_groups = click.option(
    "--group", "groups", multiple=True, type=NAMED, metavar="GROUP", shell_complete=completions.GROUPS,
    help="Put it into this group.",
)  # fmt: skip


@click.group(cls=Family)
def principal() -> None:
    """Register people and agents, and make tokens for agents.

    Whoever acts under another name than the owner's (--as, MEMOS_TOKEN) has memories of its own, and sees of the others what
    their visibility and the rules let it see. Nobody has to be registered for that: registering makes agents, who see nothing
    but their own and what a rule names, and groups, whose members see what one of them shares. memos grant gives rights. The
    whole of it: man memos-governance.

    \b
    Examples:
      memos principal add eve --group family
      memos principal add bot --agent
      memos principal list
    """


@principal.command("add")
@click.argument("name", shell_complete=completions.PRINCIPALS)
@click.option("--agent", is_flag=True, help="An agent: it sees nothing but its own and what a rule names, and gets a token.")
@_groups
@click.option("--new-token", is_flag=True, help="A new token for an agent; the one that it has is worth nothing then.")
@dry_run
@pass_app
def add(app: App, name: str, *, agent: bool, groups: tuple[str, ...], new_token: bool, dry_run: bool) -> None:
    """Register a person or an agent, or put one that is registered into groups.

    The token of an agent goes to stdout, this once: the cube keeps a salted hash of it. Hand it to the agent as MEMOS_TOKEN;
    whatever the agent then runs, memos does as that agent, and as nobody else.

    \b
    Examples:
      memos principal add eve --group family
      memos principal add bot --agent
      memos principal add bot --group tools
      memos principal add bot --new-token

    \b
    Exit status:
      2  a name cannot be so, or a person is to have a token
      3  the cube belongs to somebody else, or the name is taken by another sort of principal
    """
    kind = "agent" if agent else None
    _tell(app, app.mos.governance.add(name, kind=kind, groups=groups, new_token=new_token, dry_run=dry_run), "registered")


@principal.command("token")
@click.argument("name", shell_complete=completions.PRINCIPALS)
@dry_run
@pass_app
def token(app: App, name: str, *, dry_run: bool) -> None:
    """Make an agent a new token; the one that it had is worth nothing from now on. It goes to stdout, this once.

    \b
    Examples:
      memos principal token bot

    \b
    Exit status:
      2  it is a person
      3  the cube belongs to somebody else
      10 no such principal
    """
    _tell(app, app.mos.governance.token(name, dry_run=dry_run), "changed")


def _tell(app: App, done: "Registered", word: str) -> None:
    if app.json:
        app.data(done)
        return
    if done.token is not None:
        app.out(done.token)
        app.note("this is the token of the agent, shown this once; hand it over as MEMOS_TOKEN")
    said = f"{'an agent' if done.kind == 'agent' else 'a person'}{_in(done.groups)}"
    if done.changed:
        told = f"{f'would have {word}' if done.dry_run else word} {plain(done.name)}, {said}"
    else:
        told = f"{plain(done.name)} is registered already, {said}"
    app.note(told) if done.token is not None else app.out(told)


def _in(groups: tuple[str, ...]) -> str:
    return f", in {plain(', '.join(groups))}" if groups else ""


@principal.command("list")
@pass_app
def list_(app: App) -> None:
    """List the registered principals, with their groups and how many rules name them.

    \b
    Examples:
      memos principal list
      memos principal list --json

    \b
    Exit status:
      3  the cube belongs to somebody else
    """
    found = app.mos.governance.list()
    if app.json:
        app.data({"principals": found})
        return
    longest = max((len(plain(one.name)) for one in found), default=0)
    for one in found:
        app.out(_line(one, longest))
    if not found:
        app.note("nobody is registered; register an agent with: memos principal add bot --agent")


def _line(one: "Principal", room: int = 0) -> str:
    rules = f"{one.rules:,} {'rule' if one.rules == 1 else 'rules'}"
    missing = ", no token" if one.kind == "agent" and not one.has_token else ""
    return f"{plain(one.name):<{room}}  {one.kind}{_in(one.groups)}, {rules}{missing}"


@principal.command("show")
@click.argument("name", shell_complete=completions.PRINCIPALS)
@pass_app
def show(app: App, name: str) -> None:
    """Show one principal: what it is, its groups, and the rules for it. Everybody may look at itself.

    \b
    Examples:
      memos principal show bot
      memos principal show bot --json

    \b
    Exit status:
      3  the cube belongs to somebody else
      10 no such principal
    """
    one = app.mos.governance.get(name)
    rules = app.mos.governance.overview.of_principal(name).rules
    if app.json:
        app.data({**fields_of(one, without=("rules",)), "rules": [rule_json(rule) for rule in rules]})
        return
    app.out(_line(one))
    for rule in rules:
        app.out(f"  {rule_line(rule)}")


@principal.command("rm")
@click.argument("name", shell_complete=completions.PRINCIPALS)
@click.option(
    "--group", "groups", multiple=True, type=NAMED, metavar="GROUP", shell_complete=completions.GROUPS,
    help="Only take it out of this group.",
)  # fmt: skip
@dry_run
@pass_app
def rm(app: App, name: str, *, groups: tuple[str, ...], dry_run: bool) -> None:
    """Remove a principal: its grants end, and its token is worth nothing any longer. `memos undo` brings it back.

    Its memories stay, and so does what was denied to it: nobody gains anything by coming back under the same name.

    \b
    Examples:
      memos principal rm bot --dry-run
      memos principal rm eve --group family

    \b
    Exit status:
      3  the cube belongs to somebody else
      10 no such principal, or it is in no such group
    """
    done = app.mos.governance.remove(name, groups, dry_run=dry_run)
    if app.json:
        app.data(done)
        return
    what = f"{plain(name)} from {plain(', '.join(groups))}" if groups else f"{done.kind} {plain(name)}"
    ended = f", and ended {len(done.ended):,} {'grant' if len(done.ended) == 1 else 'grants'}" if done.ended else ""
    app.out(f"{'would remove' if dry_run else 'removed'} {what}{ended}")
