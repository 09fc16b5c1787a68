"""`memos mcp`: a server for agents."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.options import Command
from memos_cli.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos
    from memos_cli.config import Settings
    from memos_cli.interface.api import MOS


@click.command(cls=Command)
@click.option("--http", is_flag=True, help="Serve over HTTP on this machine, to agents with a token.")
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="The port for --http.")
@pass_app
def mcp(app: App, *, http: bool, port: int) -> None:
    """Let agents use your memory, by the Model Context Protocol.

    A client starts it and speaks to it on standard input and output; `memos setup` enters it into the client's settings. An
    agent acts under the name of its client, or the one of --as, and is registered as an agent at its first call: it sees what
    is its own, and what you let it see (memos grant NAME read --all). What it remembers is its own, and unconfirmed until you
    confirm it in `memos review`. To change or forget what is yours it has to ask: you are asked at once where the client can
    ask you, else nothing is done, and `memos review` asks.

    Six tools: recall, remember, revise, forget, brief, why. Answers quote memories between tags, as data. With --http agents
    come in with the token of `memos principal add NAME --agent`, over 127.0.0.1 alone.

    \b
    Examples:
      memos mcp
      memos --as claude --cube work mcp
      memos mcp --http --port 8765

    \b
    Exit status:
      0  the client left
      2  the port is taken, or --json
      14 the extra is missing: pip install 'memos-memcube[mcp]'
    """
    if app.json:
        raise UsageError("memos mcp speaks the protocol on standard output, and answers with no document")
    try:
        from memos_cli.agents import mcp_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"mcp", "mcp_types", "pydantic"}:
            raise
        raise ModelUnavailable("the MCP SDK is missing", hint="pip install 'memos-memcube[mcp]'") from None
    if http:
        from memos_cli.agents import http_door

        http_door.serve(opener(app), port, lambda address: app.note(f"serving agents at {address}"))
        return
    if sys.stdin.isatty():
        app.note("this speaks a protocol; agents start it themselves: memos setup --help")
    mcp_server.serve(opener(app), app.principal)


def opener(app: App, settings: "Settings | None" = None) -> "OpenMos":
    """Opens the home as the person or as an agent, with the settings of the invocation unless others are given."""

    def opened(principal: str | None, cubes: Sequence[str] = (), token: str | None = None) -> "MOS":
        from memos_cli.interface.api import MOS

        mos = MOS(cubes=cubes or app.cubes, principal=principal, settings=settings or app.settings, clock=app.now, token=token)
        mos.command = app.path
        return mos

    return opened
