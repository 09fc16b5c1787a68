"""The command tree and the only error boundary: a command is imported when it is called, and every failure becomes a status.

The table of `help_page` holds each command's module and its line of help, so that `memos --help` imports no command.
"""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import Any

import click

from memos_cli import __version__
from memos_cli.cli import completions, terminal
from memos_cli.cli.app import App
from memos_cli.cli.help_page import COMMANDS, HelpContext, PagedHelp
from memos_cli.errors import AccessDenied, MemosError, UsageError

_ALL = {name: entry for family in COMMANDS.values() for name, entry in family.items()}
_TAKEN = frozenset({"import", "list"})
"""Names of commands that are words of Python's own."""
_COMPLETE = "_MEMOS_COMPLETE"
_BESIDE_CUBES = frozenset(
    {
        "cube create", "cube export", "cube import", "cube rename", "cube rm", "cube use", "config set", "key new", "key rm",
        "key trust", "model pull", "model rm", "model use", "slot build", "slot rm", "lifecycle install", "completion install",
        "completion uninstall", "man install", "generate", "setup claude", "setup codex", "setup gemini", "setup cursor",
        "setup opencode",
    }
)  # fmt: skip
"""Commands that change something which is not in the log of a cube; each prints its answer when that is done."""
_OF_HOME = {one for one in _BESIDE_CUBES if not one.startswith(("cube export", "slot", "completion", "man", "generate"))}
"""Of these the ones that change what all who use the home share: an agent that acts by a token does not."""
_NAMED = 5
"""How many memories a message names."""
_OF_A_TEXT = 40
"""Columns of a text that a message repeats."""


class Terminated(BaseException):
    """SIGTERM, as an exception: transactions roll back and files are removed on the way out.

    Attributes:
        told: whether the signal came; a long statement of SQLite then ends as interrupted, without the cause.
    """

    told = False


class Tree(PagedHelp, click.Group):
    """The group that knows its commands by name and imports one when it is called."""

    context_class = HelpContext

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- click's own types
        super().__init__(*args, **kwargs)
        completions.complete_options(self)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """All commands, in the order of the help."""
        return list(_ALL)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        """Import the command."""
        if cmd_name not in _ALL:
            return None
        module = import_module(f"memos_cli.cli.commands.{_ALL[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_" if cmd_name in _TAKEN else cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:  # click.shell_completion.CompletionItem
        """The commands that begin so, from the table alone, and the options."""
        named = {name: line for name, (_, line) in _ALL.items()}
        return [*completions.commands(named, incomplete), *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or an error with the nearest names."""
        # A shell that completes asks what may follow, whatever stands there already.
        if args and args[0] not in _ALL and not args[0].startswith("-") and not ctx.resilient_parsing:
            from memos_cli.cli import near_names

            if said := near_names.elsewhere(args[0]):
                raise UsageError(f"there is no command {args[0]!r}", hint=said)
            near = near_names.hint(args[0], _ALL)
            raise click.UsageError(f"There is no command {args[0]!r}.{f' D{near[1:]}' if near else ''}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        """List the commands by family, from the table alone."""
        for family, commands in COMMANDS.items():
            with formatter.section(family):
                formatter.write_dl([(name, line) for name, (_, line) in commands.items()], col_max=14)


EPILOG = """\b
Start here:
  memos add "I am vegan now" --key diet
  memos search "what do I eat?"
  memos demo

The manual of a command: memos COMMAND --help. Exit statuses: man memos."""


@click.command(cls=Tree, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--cube", "cubes", multiple=True, metavar="NAME|PATH", help="Use this cube; given several times, search them together."
)
@click.option("--view", metavar="NAME", help="Look at memories through a saved filter.")
@click.option("--as", "principal", metavar="PRINCIPAL", help="Act as this person or agent.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="No notices.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("--no-color", is_flag=True, help="No colour.")
@click.option("--no-pager", is_flag=True, help="Print long answers; no pager on a terminal.")
@click.version_option(__version__, message="memos %(version)s")
@click.pass_context
def memos(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 -- click's own types
    """Keep what you know and find it again: memory for you and for the models you run, in files of your own.

    Everything stays on this machine.
    """
    app = ctx.ensure_object(App)
    ctx.call_on_close(app.close)
    ctx.color = _color(no_color=options["no_color"])
    apply_options(app, options)


def apply_options(app: App, options: dict[str, Any]) -> None:
    """Apply the options that every command shares; they may stand before or after its name.

    Raises:
        UsageError: a value is empty, as in `--as "$WHO"` with `$WHO` unset, which would give a script its owner's rights.
        AccessDenied: an agent acts by its token, and the command changes the home.
    """
    for name, option in (("view", "--view"), ("principal", "--as")):
        if options.get(name) == "":
            raise UsageError(f"{option} is empty", hint=f"leave {option} out, or name what you mean")
    app.cubes += [cube for cube in options.get("cubes") or () if cube not in app.cubes]
    app.view = options.get("view") or app.view
    app.principal = options.get("principal") or app.principal
    app.json = app.json or bool(options.get("as_json"))
    app.quiet = app.quiet or bool(options.get("quiet"))
    app.verbose = app.verbose or bool(options.get("verbose"))
    app.no_pager = app.no_pager or bool(options.get("no_pager"))
    if app.path in _OF_HOME and "MEMOS_TOKEN" in os.environ:
        raise AccessDenied(f"MEMOS_TOKEN is set, and an agent may not do this: memos {app.path}", hint="unset MEMOS_TOKEN")


def _color(*, no_color: bool) -> bool | None:
    """Colour or not, for all output; `None` leaves it to whether the stream is a terminal (https://no-color.org)."""
    if no_color or os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit status; nothing is raised, and no traceback is printed."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        if os.environ.get(_COMPLETE):
            _complete(list(arguments))
        _check_text(arguments)
        return _invoke(list(arguments))
    except BrokenPipeError:
        _drop_output()
        return 0
    except (Exception, KeyboardInterrupt, Terminated) as error:  # the boundary: an unforeseen error is one line too
        if os.environ.get("MEMOS_DEBUG"):
            raise
        error = Terminated() if Terminated.told else error
        message, hint, code, status = _meaning(error)
        if isinstance(error, click.NoSuchOption) and (text := _text_as_option(error, arguments)):
            where = error.ctx.command_path if error.ctx else "memos"
            message = f"{text} begins with a hyphen, so it was taken for an option"
            hint = f"put -- before what is no option: {where} -- TEXT"
        return _report(message, hint, code, status, as_json="--json" in arguments)


def _complete(arguments: list[str]) -> None:
    """Answer a shell that completes, and leave; where it asks what nobody can make out, it gets no answer.

    Raises:
        SystemExit: always.
    """
    from contextlib import redirect_stderr
    from io import BytesIO, StringIO, TextIOWrapper

    from memos_cli.cli import shells

    shells.register()
    debugged, stdin = os.environ.get("MEMOS_DEBUG"), sys.stdin
    try:
        sys.stdin = TextIOWrapper(BytesIO())  # an argument `-` on the line reads it, and a shell's is the keyboard
        # A message would stand in the middle of what somebody is typing.
        with redirect_stderr(sys.stderr if debugged else StringIO()):
            memos.main(arguments, prog_name="memos", complete_var=_COMPLETE)
    except Exception:
        if debugged:
            raise
        raise SystemExit(1) from None
    finally:
        sys.stdin = stdin


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse arguments that are no UTF-8, since such text can be neither stored nor found nor shown."""
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError(f"argument {number} is not UTF-8: {argument[:60]!r}") from None


def _meaning(error: BaseException) -> tuple[str, str | None, str, int]:  # noqa: PLR0911 -- one return a sort of error
    """Message, hint, JSON code and exit status of the exception that ended a command."""
    match error:
        case MemosError():
            return error.message, error.hint, error.code, error.exit_status
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "memos"
            from memos_cli.cli import near_names  # here, since it is an error

            return near_names.reworded(_line(_masked(error.format_message()))), f"see: {where} --help", "usage", 2
        case click.ClickException():
            return _line(error.format_message()), None, "failure", 1
        case KeyboardInterrupt() | click.Abort():
            return "interrupted", None, "interrupted", 130
        case Terminated():
            return "terminated", None, "terminated", 143
        case FileNotFoundError(filename=None):  # only what is asked for the working folder names no file
            return "the working folder is gone", "go to one that is there, or name files by their whole paths", "failure", 1
        case OSError(strerror=str(why)):
            return f"{why}: {error.filename}" if error.filename else why, None, "failure", 1
    from memos_cli.interface.cubes import damage

    if (known := damage.meaning(error)) is not None:
        return _meaning(known)
    fault = "this is a fault of memos; for the traceback set MEMOS_DEBUG=1"
    return f"{type(error).__name__}: {_line(str(error))}", fault, "internal", 1


def _text_as_option(error: click.NoSuchOption, arguments: Sequence[str]) -> str | None:
    """The text that was taken for an option, cut and with its secrets masked; `None` where an option was meant."""
    meant = (one for one in arguments if one.startswith(error.option_name) and any(map(str.isspace, one)))
    text = next(meant, None)
    return None if text is None else repr(" ".join(_masked(text).split())[:_OF_A_TEXT])


def _masked(text: str) -> str:
    """A message that may repeat what was typed, without its secrets."""
    from memos_cli.operation.results import without_secrets

    return without_secrets(text)


def _invoke(arguments: list[str]) -> int:
    app = App(no_pager="--no-pager" in arguments)  # also for a help that is asked for ahead of it
    try:
        with memos.make_context("memos", arguments, obj=app) as ctx:
            result = _told(ctx)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        terminal.echo(error.format_message())
        return 0
    except click.exceptions.Exit as stop:
        sys.stdout.flush()
        return stop.exit_code
    return result if isinstance(result, int) else 0


def _explained(ctx: click.Context) -> object:
    """Run the command. If it fails for an unforeseen reason and a cube is damaged, raise the damage as the error."""
    try:
        return memos.invoke(ctx)
    except (MemosError, click.ClickException, click.exceptions.Exit, click.Abort, OSError):
        raise
    except Exception as error:
        damage = ctx.ensure_object(App).damage()
        if damage is None:
            raise
        raise damage from error


def _told(ctx: click.Context) -> object:
    """Run the command. What is stored and could not be told is not to look as if nothing was stored."""
    app = ctx.ensure_object(App)
    try:
        result = _explained(ctx)
    except MemosError as error:
        if not app.json:  # with it, an error is the one document on stderr
            app.note_clock()
        app.deny(error)
        raise
    except terminal.Untold as error:
        if app.done is None:
            if app.command not in _BESIDE_CUBES:
                raise
            raise MemosError(
                f"it is done, but the answer could not be written: {error.strerror}", hint="look before you run it again"
            ) from error
        txn, changed = app.done
        which = " ".join(changed[:_NAMED]) + (" \u2026" if len(changed) > _NAMED else "")
        raise MemosError(
            f"stored{f' {which}' if which else ''}, but the answer could not be written: {error.strerror}",
            hint=f"do not run it again; take it back with: memos undo {txn}",
        ) from error
    app.note_clock()
    return result


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- a signal handler's signature
    Terminated.told = True
    raise Terminated


def _line(text: str) -> str:
    return " ".join(text.split())


def _report(message: str, hint: str | None, code: str, status: int, *, as_json: bool) -> int:
    """Print the error as one line on stderr, with a second line for the hint; or with `--json` as one document."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    if as_json:
        error = {"code": code, "exit_status": status, "message": message, "hint": hint}
        text = terminal.document({"schema_version": 1, "error": error})
    else:
        text = f"memos: {message}" + (f"\n  {hint}" if hint else "")
    try:
        terminal.echo(text, err=True)
    except OSError:
        return status
    return status


def _drop_output() -> None:
    """Redirect the interpreter's last flush to nowhere, so that a closed pipe stays quiet."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
