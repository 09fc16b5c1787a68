"""`memos grant`, `revoke` and `access`: who may do what, given, taken away and told."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memos_cli.cli import completions, render
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.documents import fields_of
from memos_cli.cli.options import KIND, NAMED, Command, When, dry_run
from memos_cli.cli.terminal import plain, style
from memos_cli.errors import UsageError
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.operation.governance.overview import AccessOf, AccessTo, MayDo
    from memos_cli.operation.governance.rules import Conditions, Object, Rule, Ruled

_F = TypeVar("_F", bound=Callable[..., Any])
_RIGHTS = ("read", "write", "share", "erase", "reveal")
_PURPOSES = ("prompt", "export", "consolidation", "sync")
_SORTS = ("tag", "key", "kind", "view", "task")
_DOES = {"read": "read", "write": "change", "share": "share", "erase": "erase", "reveal": "see the secrets of"}


class CommandName(click.ParamType[str]):
    """The name of a command or of a family of commands, such as `search`, `cube export` or `cube`."""

    name = "command"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Refuse what is no command: a rule about it would never apply."""
        from memos_cli.cli.main import memos
        from memos_cli.errors import did_you_mean

        words = str(value).split()
        at: click.Command | None = memos
        for word in words:
            known = at.list_commands(click.Context(at)) if isinstance(at, click.Group) else []
            if word not in known or not isinstance(at, click.Group):
                near = did_you_mean(word, known)
                self.fail(f"there is no command {str(value)[:40]!r}.{f' D{near[1:]}' if near else ''}", param, ctx)
            at = at.get_command(click.Context(at), word)
        if not words:
            self.fail("it is empty.", param, ctx)
        return " ".join(words)


class Hours(click.ParamType[str]):
    """Hours of the day, such as `09:00-17:00`."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Write hours as they are kept: `9-17` is `09:00-17:00`."""
        ends = [part.strip().partition(":") for part in str(value).replace("\u2013", "-").split("-")]
        if len(ends) != 2 or not all(hour.isdecimal() and (minute or "00").isdecimal() for hour, _, minute in ends):
            self.fail(f"{value!r} are no hours of a day; write 09:00-17:00, or 22:00-06:00.", param, ctx)
        return "-".join(f"{hour:>02}:{minute or '00'}" for hour, _, minute in ends)


def about(command: _F) -> _F:
    """The arguments and options that say to whom, which right, and on what."""
    options = (
        click.argument("name", shell_complete=completions.PRINCIPALS_AND_GROUPS),
        click.argument("right", type=click.Choice(_RIGHTS)),
        click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completions.IDS),
        click.option("--all", "everything", is_flag=True, help="All memories of the cube in use."),
        click.option("--cube", metavar="NAME|PATH", help="All memories of this cube; with something else named, that of it."),
        click.option("--tag", multiple=True, type=NAMED, metavar="TAG", help="What has this tag."),
        click.option("--key", multiple=True, type=NAMED, metavar="KEY", help="What states this attribute, such as diet."),
        click.option("--kind", multiple=True, type=KIND, help="What is of this kind."),
        click.option("--view", multiple=True, type=NAMED, metavar="NAME", help="What passes this saved filter, as it then is."),
        click.option("--task", multiple=True, type=NAMED, metavar="NAME", help="What belongs to this task."),
        click.option("--command", "commands", multiple=True, type=CommandName(), metavar="COMMAND",
                     help="Only in this command, such as search or 'cube export'."),
        click.option("--purpose", "purposes", multiple=True, type=click.Choice(_PURPOSES), help="Only for this purpose."),
        click.option("--hours", type=Hours(), metavar="HH:MM-HH:MM", help="Only at these hours of the day, in your time zone."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command(cls=Command)
@about
@click.option("--until", type=When("ahead"), help="Only until this time: friday, 2027-01-31, 'in 3 days', in your time zone.")
@dry_run
@pass_app
def grant(app: App, /, name: str, right: str, *, dry_run: bool, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Let somebody read, write, share or erase memories.

    NAME is a principal or a group. Each right stands for itself: read lets see memories, write edit them, share change their
    visibility, link to them and hand them on, erase forget and purge them, reveal show what is masked as secret. Of several
    objects each gets a rule of its own. What any rule denies stays denied, and that is said. Nothing that is read-only is
    edited. Take it back with memos undo, or with memos revoke.

    \b
    Examples:
      memos grant bot read --tag work
      memos grant bot read --tag work --purpose prompt --until 'in 30 days'
      memos grant eve write k3f9
      memos grant family read --all
      memos grant nightly read --cube work --command search --hours 22:00-06:00

    \b
    Exit status:
      2  nothing is named, or a condition cannot be so
      3  the cube belongs to somebody else, or NAME is its owner
      10 no such memory, view or cube, or NAME is nearly the name of somebody else
    """
    objects, when = _asked(app, given)
    done = app.mos.governance.rules.grant(name, right, objects, when, dry_run=dry_run)
    if app.json:
        app.data(_document(done))
        return
    for rule in done.made:
        app.out(f"{plain(_words(rule))}{_when(rule)}  {style(f'rule {rule.id[:8]}', dim=True)}")
    for rule in done.known:
        app.out(f"{plain(_words(rule))}{_when(rule)} already")
    if done.registered:
        app.note(f"nobody was called {plain(name)} yet: registered as a person")
    if done.made and not done.memories:
        app.note("no memory is that now; it applies to those to come")
    for rule in done.other:
        app.note(f"it stays denied by {plain(rule_line(rule))}; end that with: memos grant, for the same object")


@click.command(cls=Command)
@about
@dry_run
@pass_app
def revoke(app: App, /, name: str, right: str, *, dry_run: bool, **given: Any) -> None:  # noqa: ANN401 -- click's own types
    """Let somebody do something with memories no longer.

    Whatever else allows it: the rules that granted exactly this end, and where a wider rule, a group or the memories'
    visibility would still allow it, a denial of exactly this is written, until it is granted again. Of two machines that
    granted and revoked the same, neither knowing of the other, the one that revoked is right.

    \b
    Examples:
      memos revoke bot read --tag work
      memos revoke bot write k3f9 --dry-run
      memos revoke family read --all
      memos revoke bot read --tag health --purpose export

    \b
    Exit status:
      2  nothing is named, or a condition cannot be so
      3  the cube belongs to somebody else, or NAME is its owner
      10 no such principal, memory, view or cube
    """
    objects, when = _asked(app, given)
    done = app.mos.governance.rules.revoke(name, right, objects, when, dry_run=dry_run)
    if app.json:
        app.data(_document(done))
        return
    from memos_cli.operation.governance.rules import in_words

    for one in done.asked:
        app.out(f"{plain(in_words(one._replace(deny=True)))}{_when(one)}")
    if done.ended:
        app.note(f"ended {len(done.ended):,} {'rule' if len(done.ended) == 1 else 'rules'}")
    for rule in done.other:
        app.note(f"a denial was written, since it would go on by {plain(rule_line(rule))}")


def _asked(app: App, given: dict[str, Any]) -> "tuple[list[Object], Conditions]":
    """The objects and the conditions on the line.

    Raises:
        UsageError: nothing is named, or all of the cube and something else.
    """
    from memos_cli.operation.governance.rules import Conditions, Object

    if given["cube"]:
        app.cubes = [given["cube"]]
    if len(app.cubes) > 1:
        raise UsageError("a rule lies in one cube, and several are named", hint="name one with --cube")
    objects = [Object("memory", one) for one in given["ids"]]
    objects += [Object(sort, name) for sort in _SORTS for name in given[sort]]
    if given["everything"] or (given["cube"] and not objects):
        if objects:
            raise UsageError("--all is all of the cube, and more is named", hint="leave out --all, or the rest")
        objects = [Object("cube")]
    if not objects:
        raise UsageError(
            "on what? Nothing is named", hint="name ids, --tag, --key, --kind, --view, --task, or --all for the cube"
        )
    return objects, Conditions(given["commands"], given["purposes"], given["hours"], given.get("until"))


@click.command(cls=Command)
@click.argument("identity", metavar="[ID]", required=False, shell_complete=completions.IDS)
@click.option("--of", "name", metavar="NAME", shell_complete=completions.PRINCIPALS_AND_GROUPS, help="What this one may do.")
@pass_app
def access(app: App, identity: str | None, name: str | None) -> None:
    """Tell who may do what, and by which rule.

    With an ID: who may read, change, share and erase that memory. With --of: what a principal or a group may do. With neither:
    all rules of the cube. Who does not own the cube is told of itself alone.

    \b
    Examples:
      memos access k3f9
      memos access --of bot
      memos access --json

    \b
    Exit status:
      2  an ID and --of
      3  it is about others, and the cube belongs to somebody else
      10 no such memory or principal
    """
    if identity is not None and name is not None:
        raise UsageError("ID and --of exclude each other", hint=f"memos access {identity}, or memos access --of {name}")
    overview = app.mos.governance.overview
    if identity is not None:
        _tell_memory(app, overview.of_memory(identity))
    elif name is not None:
        _tell_principal(app, overview.of_principal(name))
    else:
        _tell_rules(app)


def _tell_memory(app: App, found: "AccessTo") -> None:
    memory = found.memory
    if app.json:
        told = fields_of(memory, only=("id", "owner", "visibility"))
        app.data({**told, "cube": memory.cube, "who": found.who, "others": found.others})
        return
    app.out(f"{style(memory.id[: render.SHORT_ID], fg='yellow')}  {render.one_line(render.content(memory, reveal=False), 60)}")
    app.out(style(f"  of {plain(memory.owner or 'nobody')}, {memory.visibility}", dim=True))
    for one in found.who:
        app.out(f"  {_may(one)}")
    for one in found.others:
        app.out(f"  {_may(one._replace(principal='everybody else'))}")


def _may(one: "MayDo") -> str:
    may = {"yes": f"may {_DOES[one.right]} it", "no": f"may not {_DOES[one.right]} it"}.get(
        one.may, f"may at times {_DOES[one.right]} it"
    )
    return f"{plain(one.principal)} {may}: {plain('; '.join(one.why))}"


def _tell_principal(app: App, found: "AccessOf") -> None:
    if app.json:
        app.data({**fields_of(found, without=("rules",)), "rules": [rule_json(rule) for rule in found.rules]})
        return
    name, groups = plain(found.name), plain(", ".join(found.groups))
    what = {"owner": "owns the cube, and may do everything", "group": f"is a group: {groups}"}.get(
        found.kind, f"is {_a(found.kind)}"
    )
    app.out(f"{name} {what}{f', in {groups}' if groups and found.kind != 'group' else ''}")
    for right, count in found.memories.items():
        app.out(f"  may {_DOES[right]} {render.many(count)} now")
    for way, count in found.hidden.items():
        if count:
            app.out(f"  {render.many(count)} {_KEPT[way]} (labels.{way})")
    for rule in found.rules:
        app.out(f"  {rule_line(rule)}")
    if not found.rules and found.kind != "owner":
        app.note(f"no rule names {name}; give one with: memos grant {name} read --tag TAG")


_KEPT = {
    "agent": "it does not see, for their labels",
    "prompt": "of what it sees go into no prompt",
    "export": "of what it sees are not published",
    "slot": "of what it sees are kept in no slot",
    "adapter": "of what it sees are learnt by no model",
    "sync": "of what it sees stay out of copies that are given away",
}
"""What the labels policies do with memories, by the way that they lead."""


def _a(kind: str) -> str:
    return "an agent: of others' memories it sees only what a rule names" if kind == "agent" else "a person"


def _tell_rules(app: App) -> None:
    rules = app.mos.governance.overview.list()
    if app.json:
        app.data({"rules": [rule_json(rule) for rule in rules]})
        return
    for rule in rules:
        app.out(rule_line(rule))
    if not rules:
        app.note("there are no rules; give one with: memos grant NAME read --tag TAG")


def rule_line(rule: "Rule") -> str:
    """A rule on a line: its id, what it says, and when it applies."""
    return f"rule {rule.id[:8]}: {plain(_words(rule))}{_when(rule)}"


def _words(rule: "Rule") -> str:
    from memos_cli.operation.governance.rules import in_words

    return in_words(rule)


def _when(rule: "Rule") -> str:
    """The conditions of a rule, in words."""
    parts = [f"in {' and '.join(map(plain, rule.commands))}"] if rule.commands else []
    parts += [f"for {' and '.join(map(plain, rule.purposes))}"] if rule.purposes else []
    parts += [f"from {plain(rule.hours).replace('-', ' to ')}"] if rule.hours else []
    parts += [f"until {render.moment(rule.until)}"] if rule.until else []
    return f", {', '.join(parts)}" if parts else ""


def rule_json(rule: "Rule") -> dict[str, Any]:
    """A rule for a document."""
    return {**fields_of(rule, without=("ended", "bars", "until")), "until": shown(rule.until)}


def _document(done: "Ruled") -> dict[str, Any]:
    rules = {name: [rule_json(rule) for rule in getattr(done, name)] for name in ("made", "known", "ended", "other")}
    told = fields_of(done, without=("asked", *rules), txn="command_id", name="principal")
    return {**told, **rules}
