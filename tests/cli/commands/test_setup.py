"""`memos setup`, as a person and a script meet it; the files themselves are in tests/agents/setup."""

import json
from pathlib import Path

import pytest

from tests.cli.test_contract import fails
from tests.conftest import Run


@pytest.fixture
def eve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "eve"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "XDG_CONFIG_HOME", "OPENCODE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_an_agent_is_entered_registered_and_taken_out(memos: Run, eve: Path) -> None:
    done = memos("setup", "claude")
    assert done.status == 0
    assert f"added the MCP server to {eve}/.claude.json (mcpServers.memos)" in done.out
    assert "memos grant claude read --all" in done.err
    assert [(one["name"], one["kind"]) for one in memos("principal", "list", "--json").data["principals"]] == [
        ("claude", "agent")
    ]
    again = memos("setup", "claude", "--json").data
    assert {one["status"] for one in again["entries"]} == {"unchanged"}
    assert (again["agent"], again["may_read"]) == ("claude", False)
    assert memos("setup", "claude", "--read", "--json").data["may_read"] is True
    assert memos("setup", "claude", "--json").data["may_read"] is True
    assert len(memos("principal", "show", "claude", "--json").data["rules"]) == 1
    out = memos("setup", "claude", "--undo")
    assert out.out.count("took") == 3
    assert "memos principal rm claude" in out.err
    assert [one for one in eve.rglob("*") if one.is_file()] == []
    assert memos("setup", "claude", "--undo").out.count("is not in") == 3


def test_what_would_be_written_is_shown_and_nothing_is_done(memos: Run, eve: Path, home: Path) -> None:
    done = memos("setup", "codex", "--print")
    assert "[mcp_servers.memos]" in done.out
    assert f"{eve}/.codex/hooks.json, hooks.SessionEnd:" in done.out
    told = memos("--cube", "work", "--as", "bot", "setup", "opencode", "--print", "--json").data
    (entry,) = told["entries"]
    assert entry["entry"]["command"][-5:] == ["--cube", "work", "--as", "bot", "mcp"]
    assert set(told["left_out"]) == {"session-start", "session-end"}
    assert list(eve.iterdir()) == []
    assert not list(home.rglob("*.db"))


def test_a_person_of_that_name_keeps_it(memos: Run, eve: Path) -> None:
    memos("principal", "add", "cursor")
    assert memos("setup", "cursor", "--json").data["agent"] == "cursor-agent"
    assert "cursor-agent" in json.loads((eve / ".cursor/mcp.json").read_bytes())["mcpServers"]["memos"]["args"]


def test_a_file_that_is_not_valid_is_told_and_nobody_is_registered(memos: Run, eve: Path) -> None:
    (eve / ".gemini").mkdir()
    (eve / ".gemini/settings.json").write_text('{"a": }')
    fails(memos("setup", "gemini"), 3, "settings.json is no valid JSON: line 1, column 7", "mend it")
    assert (eve / ".gemini/settings.json").read_text() == '{"a": }'
    assert memos("principal", "list", "--json").data["principals"] == []
    fails(memos("setup", "gemini", "--undo", "--print"), 2, "--undo takes entries out")


def test_an_agent_does_not_enter_itself(memos: Run, eve: Path) -> None:
    done = memos("setup", "claude", env={"MEMOS_TOKEN": "x"})
    assert done.status == 12
    assert list(eve.iterdir()) == []
