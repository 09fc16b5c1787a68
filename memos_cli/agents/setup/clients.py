"""The clients that `memos setup` knows: where each keeps what it starts, and the entries that its documentation asks for.

Read in November 2026: Claude Code (code.claude.com/docs, hooks and MCP), Codex (developers.openai.com/codex, hooks and config
reference), Gemini CLI (geminicli.com/docs, hooks reference), Cursor (cursor.com/docs, hooks and MCP), opencode
(opencode.ai/docs, config and plugins). Where a client documents no hook that memos could use, `left_out` says why.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memos_cli.agents.setup.json_text import Place
from memos_cli.agents.setup.json_tree import parsed
from memos_cli.errors import Refused
from memos_cli.records import NamedTuple

SERVER, START, END = "server", "session-start", "session-end"
"""What is entered: the server, and what runs when a session begins and ends."""
KEY = "memos"
"""What the entries are called."""
_SECONDS = 10
"""How long a client waits for a hook; what it does is bounded by itself to less."""
_CODEX_END = 3
"""The most that Codex allows at the end of a session."""
_NO_IMPORTER = "its transcripts are none that memos reads; what matters is for the agent to remember"
Environment = Mapping[str, str]


class Item(NamedTuple):
    """An entry of one file of a client.

    Attributes:
        what: `SERVER`, `START` or `END`.
        path: the file.
        place: where it belongs there.
        value: the entry.
    """

    what: str
    path: Path
    place: Place
    value: Any

    @property
    def is_toml(self) -> bool:
        """Whether the file is TOML; else it is JSON."""
        return self.path.suffix == ".toml"


class Client(NamedTuple):
    """A program in which an agent runs.

    Attributes:
        name: what it is called on the command line, and the agent in it.
        title: what its makers call it.
        items: the entries for a command that starts memos as the agent.
        sessions: where it keeps transcripts; `None` where memos reads none of them.
        importer: the kind of source that these are.
        left_out: what is not entered, and why.
        note: what the person has to do then.
    """

    name: str
    title: str
    items: Callable[[Sequence[str], Environment], list[Item]]
    sessions: Callable[[Environment], Path] | None = None
    importer: str | None = None
    left_out: Mapping[str, str] = {}
    note: str = ""


def _home(env: Environment) -> Path:
    return Path(env.get("HOME") or Path.home())


def _folder(env: Environment, variable: str, below: str) -> Path:
    """The folder that a variable names, else one of the home."""
    return Path(env[variable]).expanduser() if env.get(variable) else _home(env) / below


def _hook(command: Sequence[str], client: str, what: str) -> str:
    """The command of a hook; what a session leaves is taken in while its program ends, for which few wait long."""
    return shlex.join([*command, "hook", what, "--client", client, *(["--detach"] if what == END else [])])


def _group(command: str, seconds: float, **more: str) -> dict[str, Any]:
    """A hook as Claude Code, Codex and Gemini CLI write it."""
    return {"hooks": [{**more, "type": "command", "command": command, "timeout": seconds}]}


def _arguments(command: Sequence[str]) -> dict[str, Any]:
    return {"command": command[0], "args": [*command[1:], "mcp"]}


def _server(path: Path, value: dict[str, Any], *keys: str) -> Item:
    return Item(SERVER, path, Place((*keys, KEY), is_server), value)


def _event(what: str, path: Path, name: str, value: dict[str, Any], beside: tuple[tuple[str, Any], ...] = ()) -> Item:
    return Item(what, path, Place(("hooks", name), lambda there: is_hook(there, what), is_element=True, beside=beside), value)


def claude_folder(env: Environment) -> Path:
    """The folder of Claude Code."""
    return _folder(env, "CLAUDE_CONFIG_DIR", ".claude")


def _claude(command: Sequence[str], env: Environment) -> list[Item]:
    folder = claude_folder(env)
    state = folder / ".claude.json" if env.get("CLAUDE_CONFIG_DIR") else _home(env) / ".claude.json"
    settings = folder / "settings.json"
    return [
        _server(state, {"type": "stdio", **_arguments(command)}, "mcpServers"),
        _event(START, settings, "SessionStart", _group(_hook(command, "claude", START), _SECONDS)),
        _event(END, settings, "SessionEnd", _group(_hook(command, "claude", END), _SECONDS)),
    ]


def codex_folder(env: Environment) -> Path:
    """The folder of Codex."""
    return _folder(env, "CODEX_HOME", ".codex")


def _codex(command: Sequence[str], env: Environment) -> list[Item]:
    folder = codex_folder(env)
    return [
        _server(folder / "config.toml", _arguments(command), "mcp_servers"),
        _event(START, folder / "hooks.json", "SessionStart", _group(_hook(command, "codex", START), _SECONDS)),
        _event(END, folder / "hooks.json", "SessionEnd", _group(_hook(command, "codex", END), _CODEX_END)),
    ]


def _gemini(command: Sequence[str], env: Environment) -> list[Item]:
    settings = _folder(env, "GEMINI_CLI_HOME", "") / ".gemini" / "settings.json"
    started = _group(_hook(command, "gemini", START), _SECONDS * 1000, name=KEY)
    return [_server(settings, _arguments(command), "mcpServers"), _event(START, settings, "SessionStart", started)]


def _cursor(command: Sequence[str], env: Environment) -> list[Item]:
    folder = _home(env) / ".cursor"
    started = {"command": _hook(command, "cursor", START), "timeout": _SECONDS}
    return [
        _server(folder / "mcp.json", {"type": "stdio", **_arguments(command)}, "mcpServers"),
        _event(START, folder / "hooks.json", "sessionStart", started, beside=(("version", 1),)),
    ]


def _opencode(command: Sequence[str], env: Environment) -> list[Item]:
    folder = _folder(env, "XDG_CONFIG_HOME", ".config") / "opencode"
    folder = _folder(env, "OPENCODE_CONFIG_DIR", str(folder))
    path = next(
        (one for one in (folder / "opencode.jsonc", folder / "opencode.json") if one.exists()), folder / "opencode.json"
    )
    keys = ("mcp", "servers") if _has_servers(path) else ("mcp",)
    return [_server(path, {"type": "local", "command": [*command, "mcp"]}, *keys)]


def _has_servers(path: Path) -> bool:
    """Whether a file of opencode is laid out as since its second version, which also reads the first one's."""
    try:
        root = parsed(path.read_text(encoding="utf-8"), str(path))
    except (OSError, ValueError, Refused):  # told when it is to be changed
        return False
    mcp = root.get("mcp") if root else None
    servers = mcp.node.get("servers") if mcp else None
    return servers is not None and isinstance(servers.node.value, dict) and "command" not in servers.node.value


CLIENTS: Mapping[str, Client] = {
    one.name: one
    for one in (
        Client(
            "claude", "Claude Code", _claude, lambda env: claude_folder(env) / "projects", "claude-code",
        ),
        Client(
            "codex", "Codex", _codex, lambda env: codex_folder(env) / "sessions", "codex",
            note="Codex runs hooks that you trust: type /hooks in it once, and trust those of memos",
        ),
        Client("gemini", "Gemini CLI", _gemini, left_out={END: _NO_IMPORTER}),
        Client("cursor", "Cursor", _cursor, left_out={END: _NO_IMPORTER}),
        Client(
            "opencode", "opencode", _opencode,
            left_out={
                START: "opencode documents no hook that adds to a session's beginning; the agent asks for its briefing itself",
                END: "opencode documents no event for a session's end, and memos does not read its transcripts",
            },
        ),
    )
}  # fmt: skip
"""The clients, by what they are called on the command line."""


# -- what is memos' own


def _is_memos(words: Sequence[str], *asked: str) -> bool:
    """Whether a command is one of memos, with these words in it."""
    first = words[0] if words else ""
    named = Path(first).name.removesuffix(".exe") == "memos" or "memos_cli" in words[:4]
    return named and all(word in words[1:] for word in asked)


def is_server(value: Any) -> bool:  # noqa: ANN401 -- any JSON
    """Whether an entry starts the server of memos."""
    if not isinstance(value, dict):
        return False
    command, arguments = value.get("command"), value.get("args", [])
    words = [*(command if isinstance(command, list) else [command]), *(arguments if isinstance(arguments, list) else [])]
    return all(isinstance(word, str) for word in words) and _is_memos(words, "mcp")


def is_hook(value: Any, what: str) -> bool:  # noqa: ANN401 -- any JSON
    """Whether a hook, or one of a group, is that of memos for an event."""
    return any(_runs(one, what) for one in _handlers(value))


def is_alone(value: Any) -> bool:  # noqa: ANN401 -- any JSON
    """Whether nothing of others is in a group of hooks."""
    return len(_handlers(value)) == 1


def _handlers(value: Any) -> list[Any]:  # noqa: ANN401 -- any JSON
    inner = value.get("hooks", [value]) if isinstance(value, dict) else []
    return inner if isinstance(inner, list) else []


def _runs(value: Any, what: str) -> bool:  # noqa: ANN401 -- any JSON
    command = value.get("command") if isinstance(value, dict) else None
    try:
        return isinstance(command, str) and _is_memos(shlex.split(command), "hook", what)
    except ValueError:
        return False
