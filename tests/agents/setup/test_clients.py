"""Where each client keeps what it starts, and what is recognised there as memos' own."""

from pathlib import Path
from typing import Any

import pytest

from memos_cli.agents.setup.clients import CLIENTS, END, SERVER, START, is_alone, is_hook, is_server

HOME = {"HOME": "/home/eve"}


def places(name: str, env: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {one.what: (str(one.path), ".".join(one.place.path)) for one in CLIENTS[name].items(["memos", "--as", name], env)}


def test_every_entry_stands_where_its_client_documents_it() -> None:
    assert places("claude", HOME) == {
        SERVER: ("/home/eve/.claude.json", "mcpServers.memos"),
        START: ("/home/eve/.claude/settings.json", "hooks.SessionStart"),
        END: ("/home/eve/.claude/settings.json", "hooks.SessionEnd"),
    }
    assert places("codex", HOME) == {
        SERVER: ("/home/eve/.codex/config.toml", "mcp_servers.memos"),
        START: ("/home/eve/.codex/hooks.json", "hooks.SessionStart"),
        END: ("/home/eve/.codex/hooks.json", "hooks.SessionEnd"),
    }
    assert places("gemini", HOME) == {
        SERVER: ("/home/eve/.gemini/settings.json", "mcpServers.memos"),
        START: ("/home/eve/.gemini/settings.json", "hooks.SessionStart"),
    }
    assert places("cursor", HOME) == {
        SERVER: ("/home/eve/.cursor/mcp.json", "mcpServers.memos"),
        START: ("/home/eve/.cursor/hooks.json", "hooks.sessionStart"),
    }
    assert places("opencode", HOME) == {SERVER: ("/home/eve/.config/opencode/opencode.json", "mcp.memos")}


def test_variables_move_them() -> None:
    assert places("claude", {**HOME, "CLAUDE_CONFIG_DIR": "/c"})[SERVER][0] == "/c/.claude.json"
    assert places("claude", {**HOME, "CLAUDE_CONFIG_DIR": "/c"})[START][0] == "/c/settings.json"
    assert places("codex", {**HOME, "CODEX_HOME": "/x"})[SERVER][0] == "/x/config.toml"
    assert places("gemini", {**HOME, "GEMINI_CLI_HOME": "/g"})[START][0] == "/g/.gemini/settings.json"
    assert places("opencode", {**HOME, "XDG_CONFIG_HOME": "/d"})[SERVER][0] == "/d/opencode/opencode.json"
    assert places("opencode", {**HOME, "OPENCODE_CONFIG_DIR": "/o"})[SERVER][0] == "/o/opencode.json"


def test_opencode_has_a_file_with_remarks_and_a_second_layout(tmp_path: Path) -> None:
    folder = tmp_path / "opencode"
    folder.mkdir()
    (folder / "opencode.jsonc").write_text("{}")
    assert places("opencode", {**HOME, "XDG_CONFIG_HOME": str(tmp_path)})[SERVER][0] == str(folder / "opencode.jsonc")
    (folder / "opencode.jsonc").write_text('{"mcp": {"servers": {}}} // V2')
    assert places("opencode", {**HOME, "XDG_CONFIG_HOME": str(tmp_path)})[SERVER][1] == "mcp.servers.memos"


def test_what_is_not_entered_is_said() -> None:
    for client in CLIENTS.values():
        entered = {one.what for one in client.items(["memos"], HOME)}
        assert entered | set(client.left_out) == {SERVER, START, END}
        assert not entered & set(client.left_out)
        assert (END in entered) == (client.importer is not None)


@pytest.mark.parametrize(
    ("value", "ours"),
    [
        ({"command": "memos", "args": ["--as", "x", "mcp"]}, True),
        ({"command": "/usr/bin/memos", "args": ["mcp"]}, True),
        ({"command": ["/usr/bin/python3", "-m", "memos_cli", "mcp"]}, True),
        ({"command": ["/usr/bin/python3", "-P", "-m", "memos_cli", "mcp"]}, True),
        ({"command": "memos", "args": ["search"]}, False),
        ({"command": "other", "args": ["memos", "mcp"]}, False),
        ({"command": "memos", "args": [1, "mcp"]}, False),
        ({"url": "http://x"}, False),
        ("memos mcp", False),
        ({"command": 3, "args": 3}, False),
    ],
)
def test_a_server_of_memos_is_known(value: Any, ours: object) -> None:
    assert is_server(value) is ours


@pytest.mark.parametrize(
    ("value", "ours", "alone"),
    [
        ({"hooks": [{"command": "memos --as x hook session-start --client claude"}]}, True, True),
        ({"command": "'/a b/memos' hook session-start"}, True, True),
        ({"hooks": [{"command": "memos hook session-start"}, {"command": "date"}]}, True, False),
        ({"hooks": [{"command": "memos hook session-end"}]}, False, True),
        ({"hooks": [{"command": "echo memos hook session-start"}]}, False, True),
        ({"hooks": [{"command": "an 'open quote"}]}, False, True),
        ({"hooks": 3}, False, False),
        (["memos"], False, False),
        ({"hooks": [None]}, False, True),
    ],
)
def test_a_hook_of_memos_is_known(value: Any, ours: object, alone: object) -> None:
    assert (is_hook(value, START), is_alone(value)) == (ours, alone)
