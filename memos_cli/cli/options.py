"""Options and parameter types that several commands share."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memos_cli.cli import completions
from memos_cli.cli.app import App
from memos_cli.cli.help_page import HelpContext
from memos_cli.errors import UsageError
from memos_cli.model import Kind, State
from memos_cli.times import parse_iso, to_text

if TYPE_CHECKING:
    from memos_cli.model import Filter
    from memos_cli.operation.operator.unmatched import UnmatchedName
    from memos_cli.periods import Look

_F = TypeVar("_F", bound=Callable[..., Any])


class Command(click.Command):
    """A command that also takes the options of `memos` after its own name: `memos search diet --json`."""

    context_class = HelpContext

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- click's own types
        super().__init__(*args, **kwargs)
        taken = {name for parameter in self.params for name in parameter.opts}
        self.params += [option for option in _common() if not taken & set(option.opts)]
        completions.complete_options(self)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 -- click's own type
        """Hand the shared options to the app, the others to the command."""
        from memos_cli.cli.main import apply_options

        shared = {name.removeprefix("shared_"): ctx.params.pop(name) for name in _NAMES if name in ctx.params}
        app = ctx.ensure_object(App)
        does = not (ctx.params.get("dry_run") or ctx.params.get("printed"))
        app.path = ctx.command_path.removeprefix("memos ")
        app.command = app.path if does else ""
        apply_options(app, shared)
        if shared.get("no_color"):
            ctx.color = False
        return super().invoke(ctx)


class Family(click.Group):
    """A group whose commands are of the class `Command`."""

    command_class = Command
    context_class = HelpContext

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or an error with what it is called here."""
        if args and args[0] not in self.commands and not args[0].startswith("-") and not ctx.resilient_parsing:
            from memos_cli.cli import near_names

            near = near_names.in_family(args[0], ctx.command_path, self.commands)
            raise UsageError(f"{ctx.command_path} has no command {args[0]!r}", hint=near or f"see: {ctx.command_path} --help")
        return super().resolve_command(ctx, args)


def _common() -> list[click.Option]:
    return [
        click.Option(["--cube", "shared_cubes"], multiple=True, hidden=True),
        click.Option(["--view", "shared_view"], hidden=True),
        click.Option(["--as", "shared_principal"], hidden=True),
        click.Option(["--json", "shared_as_json"], is_flag=True, hidden=True),
        click.Option(["-q", "--quiet", "shared_quiet"], is_flag=True, hidden=True),
        click.Option(["-v", "--verbose", "shared_verbose"], is_flag=True, hidden=True),
        click.Option(["--no-color", "shared_no_color"], is_flag=True, hidden=True),
        click.Option(["--no-pager", "shared_no_pager"], is_flag=True, hidden=True),
    ]


_NAMES = (
    "shared_cubes", "shared_view", "shared_principal", "shared_as_json", "shared_quiet", "shared_verbose", "shared_no_color",
    "shared_no_pager",
)  # fmt: skip


class When(click.ParamType[str]):
    """A time, as fixed-width UTC text: ISO-8601 or words (`yesterday`, `march`, `3 days ago`), in the person's zone.

    A period stands for its beginning.

    Args:
        look: which one a month, a weekday or a day without a year is; with --upcoming it is the next one.
    """

    name = "time"

    def __init__(self, look: "Look" = "back") -> None:
        self._look: Look = look

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Read a time."""
        if ctx is not None and ctx.resilient_parsing:  # a shell completes, and the time is of no interest to it
            return str(value)
        app = (ctx.find_object(App) if ctx else None) or App()
        try:
            return parse_iso(value, app.zone)
        except UsageError:
            pass
        from memos_cli import periods

        ahead = ctx is not None and ctx.params.get("upcoming")
        locale = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_TIME", "LANG"))), "")
        try:
            look: Look = "ahead" if ahead else self._look
            return periods.read(str(value), to_text(app.now()), app.zone, look=look, locale=locale).starts
        except UsageError as error:
            option = f"{param.opts[0]}: " if param else ""
            raise UsageError(f"{option}{error.message}", hint=error.hint) from None


class Span(click.ParamType[str]):
    """A duration such as `30d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Check a duration."""
        from memos_cli.times import parse_duration

        try:
            parse_duration(value)
        except UsageError as error:
            self.fail(f"{error.message}; {error.hint}" if error.hint else error.message, param, ctx)
        return str(value)


class Positive(click.FloatRange):
    """A number above 0, neither infinite nor NaN: comparing with a range lets NaN through."""

    def __init__(self) -> None:
        super().__init__(0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Read a number."""
        number: float = super().convert(value, param, ctx)
        if not number < float("inf"):
            self.fail(f"{value} is not a number that can be counted to.", param, ctx)
        return number


class Named(click.ParamType[str]):
    """A name that must not be empty: an unset variable of a shell is empty, and must not mean the default.

    Nor can it be what no cube could hold, so that a view saved with it can be exported.
    """

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Refuse an empty name, a very long one, and control characters."""
        from memos_cli.operation.changes import checked_name

        if not str(value).strip():
            self.fail("it is empty.", param, ctx)
        try:
            checked_name(str(value), "it")
        except UsageError as error:
            self.fail(f"{error.message}.", param, ctx)
        return str(value)


class TextFile(click.File):
    """The text of a file, or of standard input for `-`: UTF-8, and at most a megabyte, so that a device cannot fill memory."""

    def __init__(self) -> None:
        super().__init__("rb")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Read a file whole."""
        try:
            content = super().convert(value, param, ctx).read(_MOST_TEXT + 1)
        except OSError as error:
            self.fail(f"{value!r}: {error.strerror}", param, ctx)
        if len(content) > _MOST_TEXT:
            self.fail(f"{value!r} is larger than a megabyte.", param, ctx)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.fail(f"{value!r} is not UTF-8 (byte {error.start + 1}).", param, ctx)


_MOST_TEXT = 1 << 20
POSITIVE = Positive()
NAMED = Named()
TEXT_FILE = TextFile()
PRIORITY = click.IntRange(-(1 << 31), 1 << 31)
"""What a cube file takes (`infra.limits`): a memory with another one could never be exported."""
MANY = click.IntRange(1, 1 << 53)
"""A number of results: SQLite takes no larger integer than 2**63 - 1, and nobody has as many memories."""
WHEN = When()
WHEN_ON_EITHER_SIDE = When("either")
"""A time that may lie ahead as well as back, such as that of an event: `friday` alone does not say which one."""
SPAN = Span()
KIND = click.Choice([kind.value for kind in Kind])
STATE = click.Choice([state.value for state in State if state is not State.PURGED])

_WRITTEN = "2026-11-21, '2026-11-21 08:30', yesterday, 'last week', march, 'Q3 2026', '3 days ago', in your time zone"
_FILTERS = (
    click.option("--kind", "kinds", multiple=True, type=KIND, help="Only this kind."),
    click.option(
        "--tag", "tags", multiple=True, type=NAMED, metavar="TAG", help="Only with this tag; given several times, with all."
    ),
    click.option(
        "--label",
        "labels",
        multiple=True,
        type=NAMED,
        metavar="LABEL",
        help="Only with this sensitivity label; given several times, with all.",
    ),
    click.option("--state", "states", multiple=True, type=STATE, help="Only in this state."),
    click.option("--since", type=WHEN, help=f"Happened (or, undated, was recorded) at this time or later: {_WRITTEN}."),
    click.option(
        "--until", type=WHEN, help="Happened (or, undated, was recorded) before this time; of a period before its beginning."
    ),
    click.option("--conversation", type=NAMED, metavar="NAME", help="Only of this conversation; one of chat's is found so."),
    click.option("--session", type=NAMED, metavar="NAME", help="Only of this session."),
    click.option("--speaker", type=NAMED, metavar="NAME", help="Only said by this speaker."),
    click.option("--task", type=NAMED, metavar="NAME", help="Only within this task."),
    click.option("--key", type=NAMED, metavar="KEY", help="Only what states this attribute, such as diet."),
    click.option("--pinned", is_flag=True, default=None, help="Only what is pinned."),
    click.option("--as-of", type=WHEN, help="As it was known, and true, at this time."),
    click.option("--archived", is_flag=True, help="Also what is archived."),
    click.option("--turns", is_flag=True, help="Also what was said in memos chat itself: its questions and answers."),
    click.option("--all", "everything", is_flag=True, help="Also what is archived, superseded, expired or forgotten."),
)
FILTER_NAMES = (
    "kinds", "tags", "labels", "states", "since", "until", "conversation", "session", "speaker", "task", "key", "pinned",
    "as_of", "archived", "turns", "everything",
)  # fmt: skip


_BEGINS = "--until stands for the beginning of what it names, so name what comes after it"


def filters(command: _F) -> _F:
    """The options that select memories."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def filter_of(app: App, given: dict[str, Any]) -> "Filter":
    """The filter of the options and of the saved view, if one is used; an option overrides the view's."""
    from memos_cli.model import Filter

    chosen = {name: given.pop(name) for name in FILTER_NAMES if name in given}
    if app.view:
        chosen = {**view_of(app, app.view), **{name: value for name, value in chosen.items() if value}}
    as_of, snapshot = chosen.pop("as_of", None), given.pop("snapshot", None)
    if as_of and snapshot:
        raise UsageError("--as-of and --snapshot exclude each other", hint="a snapshot is an instant of its own")
    since, until = chosen.get("since"), chosen.get("until")
    if since and until and until <= since:
        app.note(f"nothing lies between {app.zone.shown(since)} and {app.zone.shown(until)}: {_BEGINS}")
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list | tuple) else value for name, value in chosen.items() if value
    }
    return Filter(at=as_of or app.mos.now, past=as_of is not None, snapshot=snapshot, **plain)


_HAS = {
    "tags": "has the tag", "labels": "has the label", "kinds": "is of the kind", "states": "is in the state",
    "task": "is of the task", "key": "has the key", "conversation": "is of the conversation", "session": "is of the session",
    "speaker": "was said by",
}  # fmt: skip
_ONE = {"tags": "tag", "labels": "label", "kinds": "kind", "states": "state"}
"""The options of fields that hold several names."""


def nothing_passes(app: App, wanted: "Filter", otherwise: str) -> str:
    """What to say where nothing passes a filter: which of its names there is not, and near ones that there are.

    Args:
        otherwise: what to say where there is no memory at all.
    """
    from memos_cli.operation.operator import unmatched

    why = unmatched.explain(app.mos, wanted)
    if why.names:
        return "; ".join(_missing(one) for one in why.names)
    narrowing = _narrowing(app, wanted)
    if why.no_longer:
        which = f"nothing current passes {narrowing}" if narrowing else "nothing here is current"
        return f"{which}; with --all: {why.no_longer:,} archived, superseded, expired or forgotten"
    if narrowing:
        return f"nothing passes {narrowing}"
    if why.others and not wanted.looks_back:
        return f"nothing in cube {', '.join(app.mos.cube_names)}; other cubes: {', '.join(why.others)} (memos --cube NAME list)"
    return otherwise


def _missing(one: "UnmatchedName") -> str:
    from memos_cli.cli.terminal import plain

    said = f"no memory {_HAS[one.field]} {plain(one.name)!r}"
    if one.near:
        return f"{said}; did you mean {plain(' or '.join(one.near))}?"
    return f"{said}; there are: {plain(', '.join(one.known))}" if one.known else said


def _narrowing(app: App, wanted: "Filter") -> str:
    """The options that a filter stands for."""
    from memos_cli.cli.terminal import plain

    told = []
    for field in ("tags", "labels", "kinds", "states", "since", "until", "conversation", "session", "speaker", "task", "key"):
        value = getattr(wanted, field)
        for one in value if isinstance(value, tuple) else (value,) if value is not None else ():
            text = app.zone.shown(one) if field in {"since", "until"} else plain(str(one))
            told.append(f"--{_ONE.get(field, field)} {text!r}" if " " in text else f"--{_ONE.get(field, field)} {text}")
    if wanted.pinned:
        told.append("--pinned")
    if wanted.past:
        told.append(f"--as-of '{app.zone.shown(wanted.at)}'")
    if wanted.snapshot is not None:
        told.append(f"--snapshot {plain(wanted.snapshot)}")
    return " ".join(told)


def view_of(app: App, name: str) -> dict[str, Any]:
    """The options that a view saved.

    Raises:
        NotFound: no cube in use has such a view.
    """
    from memos_cli.errors import NotFound, did_you_mean
    from memos_cli.interface.pipeline.pipeline import as_written

    known: list[str] = []
    for vault in app.mos.vaults():
        views = vault.records("view")
        if (spelled := as_written(views, name)) is not None:
            return dict(views[spelled])
        known += views
    raise NotFound(f"no view {name!r}", hint=did_you_mean(name, known, f"make it with: memos view save {name} --tag TAG"))


dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
in_snapshot = click.option("--snapshot", metavar="NAME", help="As the cube was when this snapshot was made.")
reveal = click.option("--reveal", is_flag=True, help="Show secrets instead of masking them, to whom they may be shown.")

encrypt_to = click.option(
    "--encrypt-to", "recipients", multiple=True, metavar="RECIPIENT|NAME|FILE",
    help="Encrypt to age1…, an SSH public key, a key of `memos key list`, or those in a file; given several times, to all.",
)  # fmt: skip
encrypt_by_passphrase = click.option("--passphrase", "by_passphrase", is_flag=True, help="Encrypt with a passphrase; it asks.")
sign = click.option("--sign", is_flag=True, help="Sign with your key.")
# Not --sign [KEY]: click would take a following argument for the key's name, and run the command on something else.
sign_with = click.option("--sign-with", "signing_key", metavar="KEY", help="Sign with this one of your keys.")
identities = click.option(
    "--identity", "identities", multiple=True, metavar="FILE", help="Open it with a key in this file: age's, or SSH's."
)
require_signed = click.option("--require-signed", is_flag=True, help="Only if a key that you trust has signed it.")


def passphrase_sources(command: _F) -> _F:
    """The options for a passphrase from elsewhere than a prompt; `passphrase.source` reads them."""
    run = click.option("--passphrase-command", metavar="COMMAND", help="The first line that this prints is the passphrase.")
    read = click.option("--passphrase-file", metavar="FILE", help="The first line of this file is the passphrase.")
    return read(run(command))
