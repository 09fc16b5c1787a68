"""`memos setup`: the entries of memos in the settings of the programs in which agents run."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memos_cli.cli.app import App, pass_app
from memos_cli.cli.commands.mcp import opener
from memos_cli.cli.options import Family
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError

if TYPE_CHECKING:
    from memos_cli.agents.setup.clients import Client
    from memos_cli.agents.setup.setup import Entered

_F = TypeVar("_F", bound=Callable[..., Any])
_WORDS = {"server": "the MCP server", "session-start": "the hook at a session's start", "session-end": "the hook at its end"}
_DONE = {
    "added": "added {} to {}", "changed": "brought {} up to date in {}", "unchanged": "{} is in {} already",
    "removed": "took {} out of {}", "absent": "{} is not in {}",
}  # fmt: skip


def _options(command: _F) -> _F:
    """The options that all clients share."""
    options = (
        click.option("--print", "printed", is_flag=True, help="Print what would be written, and where; write nothing."),
        click.option("--undo", is_flag=True, help="Take the entries of memos out again, and nothing else."),
        click.option("--read", "may_read", is_flag=True, help="Let the agent read all memories of the cube, unasked."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(cls=Family)
def setup() -> None:
    """Enter memos into the settings of an agent's program.

    For the program that you name: the MCP server, by which the agent recalls and remembers; a hook by which each session begins
    with your briefing (memos brief), once; and a hook that takes the transcript in when a session ends. Each stands where that
    program's documentation puts it, for your user. Nothing else in these files changes, no comment and no blank; --undo takes
    out exactly what was put in; doing it twice changes nothing. A file that is not valid is told with its place, and stays.

    The agent is registered under the name of the program (or of --as) and sees what it remembers itself. On a terminal you are
    asked once whether it may read your memories; else the command for it is printed. The entries start memos by its name where
    it is on the PATH, else by its place, with the cubes of --cube.

    \b
    Examples:
      memos setup claude
      memos setup codex --print
      memos setup cursor --undo
      memos --cube work --as helper setup claude --read

    \b
    Exit status:
      3  a file is not valid, or another entry is called so; nothing was written
    """


@setup.command("claude")
@_options
@pass_app
def claude(app: App, *, printed: bool, undo: bool, may_read: bool) -> None:
    """Claude Code: server, briefing, transcripts.

    The server goes to mcpServers in ~/.claude.json, where `claude mcp add --scope user` puts it; the hooks SessionStart and
    SessionEnd go to ~/.claude/settings.json. With CLAUDE_CONFIG_DIR both files are in that folder. The briefing comes with a
    new session, after /clear and after compacting, and not when a session is resumed, which has it. What a session leaves is
    read from ~/.claude/projects. Claude Code deletes it after 30 days: let ticks keep it with memos source add.

    \b
    Examples:
      memos setup claude
      memos setup claude --read
      memos setup claude --print
      memos setup claude --undo

    \b
    Exit status:
      3  a file is not valid, or another entry is called so; nothing was written
    """
    _set_up(app, "claude", printed=printed, undo=undo, may_read=may_read)


@setup.command("codex")
@_options
@pass_app
def codex(app: App, *, printed: bool, undo: bool, may_read: bool) -> None:
    """Codex: server, briefing, transcripts.

    The server goes to [mcp_servers.memos] in ~/.codex/config.toml; the hooks SessionStart and SessionEnd go to
    ~/.codex/hooks.json. CODEX_HOME names another folder. Codex runs no hook before you trusted it: type /hooks in it once.
    At a session's end it waits for 3 seconds at most; what is left then is taken in by the next end, or by a tick
    (memos source add ~/.codex/sessions).

    \b
    Examples:
      memos setup codex
      memos setup codex --print
      memos setup codex --undo

    \b
    Exit status:
      3  a file is not valid, or another entry is called so; nothing was written
    """
    _set_up(app, "codex", printed=printed, undo=undo, may_read=may_read)


@setup.command("gemini")
@_options
@pass_app
def gemini(app: App, *, printed: bool, undo: bool, may_read: bool) -> None:
    """Gemini CLI: server and briefing.

    Both go to ~/.gemini/settings.json, mcpServers and the hook SessionStart; GEMINI_CLI_HOME names another home. Transcripts of
    Gemini CLI are none that memos reads, so no hook is entered for a session's end.

    \b
    Examples:
      memos setup gemini
      memos setup gemini --print
      memos setup gemini --undo

    \b
    Exit status:
      3  the file is not valid, or another entry is called so; nothing was written
    """
    _set_up(app, "gemini", printed=printed, undo=undo, may_read=may_read)


@setup.command("cursor")
@_options
@pass_app
def cursor(app: App, *, printed: bool, undo: bool, may_read: bool) -> None:
    """Cursor: server and briefing.

    The server goes to mcpServers in ~/.cursor/mcp.json, the hook sessionStart to ~/.cursor/hooks.json. Cursor does not wait for
    that hook: a prompt sent at once may go without the briefing, and the agent can ask for it. Its transcripts are none that
    memos reads, so no hook is entered for a session's end. A Cursor that is started from a desktop may have another PATH than
    your shell: see that memos is on it.

    \b
    Examples:
      memos setup cursor
      memos setup cursor --print
      memos setup cursor --undo

    \b
    Exit status:
      3  a file is not valid, or another entry is called so; nothing was written
    """
    _set_up(app, "cursor", printed=printed, undo=undo, may_read=may_read)


@setup.command("opencode")
@_options
@pass_app
def opencode(app: App, *, printed: bool, undo: bool, may_read: bool) -> None:
    """The server for opencode.

    It goes to mcp in opencode.jsonc or opencode.json below ~/.config/opencode (XDG_CONFIG_HOME and OPENCODE_CONFIG_DIR name
    another folder), in mcp.servers where the file has that. opencode documents no hook that adds to the beginning of a session
    and none for its end: the agent asks for its briefing by the tool brief.

    \b
    Examples:
      memos setup opencode
      memos setup opencode --print
      memos setup opencode --undo

    \b
    Exit status:
      3  the file is not valid, or another entry is called so; nothing was written
    """
    _set_up(app, "opencode", printed=printed, undo=undo, may_read=may_read)


def _set_up(app: App, name: str, *, printed: bool, undo: bool, may_read: bool) -> None:
    from memos_cli.agents.setup import setup as entries
    from memos_cli.agents.setup.clients import CLIENTS

    if undo and (printed or may_read):
        raise UsageError("--undo takes entries out; it goes with neither --print nor --read")
    client = CLIENTS[name]
    if undo:
        _tell(app, client, app.principal or name, entries.remove(client, os.environ), may_read=None)
        return
    agent = app.principal or name
    if printed:
        _print(app, client, entries.command(agent, app.cubes))
        return
    entries.enter(client, entries.command(agent, app.cubes), os.environ, dry_run=True)  # refused before anybody is registered
    agent = _registered(app, agent)
    done = entries.enter(client, entries.command(agent, app.cubes), os.environ)
    _tell(app, client, agent, done, may_read=_may_read(app, agent, asked=not may_read))


def _registered(app: App, name: str) -> str:
    from memos_cli.agents.agent_memory import AgentMemory

    memory = AgentMemory(opener(app), name, "setup")
    try:
        return memory.registered()
    finally:
        memory.close()


def _may_read(app: App, agent: str, *, asked: bool) -> bool:
    """Whether the agent may read the person's memories, after the person was asked where there is a terminal."""
    from memos_cli.operation.governance.rules import Conditions, Object

    with opener(app)(None) as mos:
        everything = [Object("cube")]
        if mos.governance.rules.grant(agent, "read", everything, Conditions(), dry_run=True).known:
            return True
        if asked and not (app.watched and sys.stdin.isatty()):
            return False
        if asked and not app.asked(f"May {agent} read your memories? Without it, it sees what it remembers itself"):
            return False
        mos.governance.rules.grant(agent, "read", everything, Conditions())
    return True


def _print(app: App, client: "Client", started: Sequence[str]) -> None:
    from memos_cli.agents.setup import setup as entries

    items = client.items(started, os.environ)
    if app.json:
        shown = [
            {"what": one.what, "path": str(one.path), "key": ".".join(one.place.path), "entry": one.value} for one in items
        ]
        app.data({"client": client.name, "entries": shown, "left_out": dict(client.left_out), "dry_run": True})
        return
    for item in items:
        app.out(f"{item.path}, {'.'.join(item.place.path)}:")
        app.out(entries.printed(item).rstrip("\n"))
        app.out()
    for what, why in client.left_out.items():
        app.note(f"no {_WORDS[what].removeprefix('the ')}: {why}")


def _tell(app: App, client: "Client", agent: str, done: "Sequence[Entered]", *, may_read: bool | None) -> None:
    if app.json:
        shown = [{"what": one.what, "path": str(one.path), "key": one.key, "status": one.status} for one in done]
        app.data(
            {"client": client.name, "agent": agent, "entries": shown, "left_out": dict(client.left_out), "may_read": may_read}
        )
        return
    for one in done:
        app.out(_DONE[one.status].format(_WORDS[one.what], f"{plain(str(one.path))} ({one.key})"))
    if may_read is None:
        app.note(f"{agent} stays registered, with what it wrote; to end that: memos principal rm {agent}")
        return
    for what, why in client.left_out.items():
        app.note(f"no {_WORDS[what].removeprefix('the ')}: {why}")
    if client.note:
        app.note(client.note)
    app.note(f"{client.title} has it from its next session on, as {agent}")
    if not may_read:
        app.note(f"{agent} sees what it remembers itself; to let it read your memories: memos grant {agent} read --all")
