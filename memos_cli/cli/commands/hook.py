"""`memos hook`: what the programs of agents run when a session begins and ends."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from memos_cli.cli import terminal
from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.mcp import opener
from memos_cli.cli.options import Family

_SECONDS = 8.0
"""After so long a hook ends, whatever it is at: a transaction is whole or not there."""
_BEHIND, _BUDGET_BEHIND = 60.0, 30.0
_client = click.option(
    "--client", type=click.Choice(("claude", "codex", "gemini", "cursor")), default="claude", show_default=True,
    help="Whose hook it is.",
)  # fmt: skip


@click.group(cls=Family)
def hook() -> None:
    """Give a session its briefing, and take its transcript in.

    The programs of agents run these; `memos setup` enters them. What they have to say comes on standard input, as JSON. A hook
    never fails its program: where nothing can be done it says why in a line on stderr, and ends with 0.

    \b
    Examples:
      echo '{}' | memos --as claude hook session-start
    """


@hook.command("session-start")
@_client
@pass_app
def session_start(app: App, *, client: str) -> None:
    """Print the briefing, in the form that the program adds to a session.

    It is that of memos brief, as the agent of --as sees it, with what the agent noted itself at its end, and takes 1,000 tokens
    at most. It comes once a session: a session that is resumed has it, and no prompt gets anything.

    \b
    Examples:
      echo '{"source": "startup"}' | memos --as claude hook session-start
      echo '{}' | memos --as cursor hook session-start --client cursor
    """
    from memos_cli.agents import session_hooks

    with _never_failing(app):
        said = session_hooks.given(sys.stdin.fileno())
        found = session_hooks.briefing(app.mos, session_hooks.client_of(client), said)
        if app.json:
            app.data({"client": client, "output": found})
        elif found is not None:
            terminal.written(terminal.document(found))


@hook.command("session-end")
@_client
@click.option("--detach", is_flag=True, help="Let the program go on at once, and take in what there is behind it.")
@pass_app
def session_end(app: App, *, client: str, detach: bool) -> None:
    """Take the transcript of a session in, in your name.

    As memos import takes it: nothing twice, facts found by rules, all of it one step of memos undo. The transcript has to lie
    where the program keeps its own. The time is bounded: 2 seconds, or with --detach 30 in a process that the program does not
    wait for. What is left is taken in by the next end, or by a tick (memos source add). Of programs whose transcripts memos
    does not read nothing is taken.

    \b
    Examples:
      echo '{"transcript_path": "/home/eve/.claude/projects/app/1.jsonl"}' | memos --as claude hook session-end
    """
    from memos_cli.agents import session_hooks

    known, path = session_hooks.client_of(client), None
    with _never_failing(app):
        path = session_hooks.transcript(known, session_hooks.given(sys.stdin.fileno()), os.environ)
    if path is None or (detach and not _is_behind()):
        return
    with _never_failing(app, _BEHIND if detach else _SECONDS):
        app.flags["llm.extract"] = "rules"  # no model is loaded while a program waits, nor behind it
        with opener(app)(None) as mos:
            done = session_hooks.take(mos, known, path, _late(_BUDGET_BEHIND if detach else session_hooks.BUDGET))
        if app.json:
            app.data({"client": client, "taken": done.taken, "known": done.known, "facts": done.facts})
        else:
            app.note(f"{done.taken} taken in, {done.known} known")


def _is_behind() -> bool:
    """Whether this is the process that goes on behind the program; where the system has no such, the one that there is."""
    if not hasattr(os, "fork"):
        return True
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        return False
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    return True


def _late(seconds: float) -> Callable[[], bool]:
    from time import monotonic

    until = monotonic() + seconds
    return lambda: monotonic() > until


@contextmanager
def _never_failing(app: App, seconds: float = _SECONDS) -> Iterator[None]:
    """Whatever goes wrong is a line on stderr, and the process ends in time."""
    last = threading.Timer(seconds, _end)
    last.daemon = True
    last.start()
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- the program that waits has no use for it
        hint = getattr(error, "hint", None)
        words = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
        app.note(f"memos: {terminal.plain(' '.join(words.split()))}" + (f" ({hint})" if hint else ""))
    finally:
        last.cancel()
        last.join()


def _end() -> None:
    sys.stderr.write("memos: it took too long, and was left\n")
    sys.stderr.flush()
    os._exit(0)
