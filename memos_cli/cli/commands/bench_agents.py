"""`memos bench agents`: what the server for agents costs its clients, beside other servers."""

import json
import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.cli.progress import progress
from memos_cli.errors import MemosError, UsageError

if TYPE_CHECKING:
    from memos_cli.bench.agents.agents import Call, Server


@click.command("agents", cls=Command)
@click.option("--peer", "peers", multiple=True, metavar="NAME=COMMAND", help="Measure this server too; may be repeated.")
@click.option(
    "--call", "calls", multiple=True, metavar="NAME=TOOL JSON", help="What that server is asked, with {text}; may be repeated."
)
@click.option("--repeat", type=click.IntRange(1, 1000), default=7, show_default=True, help="Start each so often.")
@click.option("--count", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Calls of a client.")
@click.option("--clients", type=click.IntRange(1, 256), default=16, show_default=True, help="Clients at once.")
@click.option("--timeout", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Seconds for an answer.")
@pass_app
def agents(
    app: App, /, *, peers: tuple[str, ...], calls: tuple[str, ...], repeat: int, count: int, clients: int, timeout: float
) -> None:
    """Measure what memos mcp costs an agent's client.

    A client waits until the server answers, pays for every word of its tools in each session, and gives it memory. Measured
    are the seconds until initialize is answered, by the clock and by the processor (cpu), the tools and their schemas, the
    resident memory idle and after calls that remember and recall, and many clients at once, each with a server of its own on
    the same home.

    Any other server that speaks the protocol on standard input and output is measured beside it with --peer. All take turns
    in one run, each in a temporary home ($HOME), and beside an interpreter that only imports the protocol's SDK: ratio is to
    that. What a peer is asked is told with --call, in turns where there are several; {text} becomes a new sentence each time.
    Without one it is not called. Programs that are named here are run: name those that you trust.

    \b
    Examples:
      memos bench agents
      memos bench agents --repeat 3 --clients 4
      memos bench agents --peer "files=npx -y @modelcontextprotocol/server-memory"
      memos bench agents --peer "x=server" --call 'x=save {"note": "{text}"}'
      memos --json bench agents | jq '.data.servers[] | {server, initialize_ratio}'

    \b
    Exit status:
      0  measured
      1  a server failed; what was measured of the others is told
      14 the extra is missing: pip install 'memos-memcube[mcp]'
    """
    from memos_cli.bench.agents import agents as bench

    load = bench.Load(repeat, count, clients, timeout)
    with progress(app, "measurements") as tell:
        report = bench.run(servers(peers, calls), load, os.environ, tell)
    if app.json:
        app.data(report)
    else:
        _show(app, report)
    if failed := [row for row in report["servers"] if row["failed"]]:
        raise MemosError("; ".join(f"{row['server']} failed: {row['failed']}" for row in failed))


def servers(peers: Sequence[str], calls: Sequence[str]) -> "list[Server]":
    """The servers that a person named, with what they are asked.

    Raises:
        UsageError: one is no command, has the name of another, or is asked something that is no JSON object.
    """
    from memos_cli.bench.agents.agents import OURS, Server

    asked: dict[str, list[Call]] = {}
    for text in calls:
        name, call = _call(text)
        asked.setdefault(name, []).append(call)
    found: dict[str, Server] = {}
    for text in peers:
        name, _, line = text.partition("=")
        try:
            command = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"--peer {name}: {error}") from None
        if not name or not command:
            raise UsageError(f"--peer {text!r} is no NAME=COMMAND")
        if name in found or name == OURS:
            raise UsageError(f"--peer {name}: there are two of this name")
        found[name] = Server(name, command, tuple(asked.pop(name, ())))
    if asked:
        raise UsageError(f"--call {next(iter(asked))}: no --peer has this name")
    return list(found.values())


def _call(text: str) -> "tuple[str, Call]":
    from memos_cli.bench.agents.agents import Call

    name, _, told = text.partition("=")
    tool, _, line = told.partition(" ")
    try:
        arguments = json.loads(line or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not name or not tool or not isinstance(arguments, dict):
        hint = """as: --call 'files=search_nodes {"query": "{text}"}'"""
        raise UsageError(f"--call {text!r} is no NAME=TOOL JSON", hint=hint)
    return name, Call(tool, arguments)


_COLUMNS = (
    ("initialize_s", "clock", 2), ("initialize_ratio", "ratio", 2), ("initialize_cpu_s", "cpu", 2),
    ("initialize_cpu_ratio", "ratio", 2), ("tools", "tools", 0), ("schema_tokens", "tokens", 0), ("idle_mib", "idle", 0),
    ("called_mib", "called", 0), ("call_s", "call", 3), ("at_once_s", "at once", 1),
)  # fmt: skip


def _show(app: App, report: dict[str, Any]) -> None:
    from memos_cli.cli.tables import table

    lines = [[row["server"], *(_cell(row.get(name), places) for name, _, places in _COLUMNS)] for row in report["servers"]]
    heads = ["", *(head for _, head, _ in _COLUMNS)]
    table(
        heads,
        lines,
        title="seconds until initialize is answered, tokens of the schemas, MiB, seconds",
        right=range(1, len(heads)),
    )
    before, after = report["load_average"]
    app.note(
        f"medians of {report['repeat']} starts, beside {report['base_s']:.2f} s of importing the SDK; {report['calls']} calls;"
        f" {report['clients']} clients at once; a token is taken for 3 bytes; load average {before} before, {after} after"
    )


def _cell(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"
