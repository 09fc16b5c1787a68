"""What setup writes is used: read from each client's file as that client reads it, and run as it runs it, then taken back."""

import asyncio
import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from memos_cli.agents.setup.clients import CLIENTS
from tests.agents.setup.test_setup import files, in_use
from tests.agents.test_two_sessions import machine, run
from tests.patience import PATIENCE
from tests.talks import turn, write

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters

__all__ = ("machine",)
SERVERS = {
    "claude": (".claude.json", "mcpServers"), "codex": (".codex/config.toml", "mcp_servers"),
    "gemini": (".gemini/settings.json", "mcpServers"), "cursor": (".cursor/mcp.json", "mcpServers"),
    "opencode": (".config/opencode/opencode.json", "mcp"),
}  # fmt: skip
HOOKS = {
    "claude": (".claude/settings.json", "SessionStart", "SessionEnd"),
    "codex": (".codex/hooks.json", "SessionStart", "SessionEnd"),
    "gemini": (".gemini/settings.json", "SessionStart", None), "cursor": (".cursor/hooks.json", "sessionStart", None),
}  # fmt: skip


@pytest.fixture
def eve(machine: dict[str, str]) -> Path:
    """A home in which each client has entries of its own already."""
    return in_use(Path(machine["HOME"]))


def entries(path: Path) -> Any:
    """A file of a client; of JSON with remarks the remarks and the commas too many are left out, as such clients do."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", re.sub(r"//[^\n\"]*$", "", text, flags=re.MULTILINE)))


def command(name: str, eve: Path) -> list[str]:
    """What a client starts."""
    file, place = SERVERS[name]
    entry = entries(eve / file)[place]["memos"]
    return [*entry["command"]] if isinstance(entry["command"], list) else [entry["command"], *entry["args"]]


def hook(name: str, event: str, eve: Path) -> str:
    """The command of memos that a client runs at an event."""
    groups = entries(eve / HOOKS[name][0])["hooks"][event]
    found: list[str] = [one["command"] for group in groups for one in group.get("hooks", [group])]
    (ours,) = [one for one in found if "memos" in one]
    return ours


def session_of(name: str, eve: Path) -> Path:
    """A transcript where the client keeps them, as it writes them."""
    said = "My sister Ana lives in Porto"
    if name == "claude":
        return write(eve / ".claude/projects/garden/s1.jsonl", turn(1, said, "2026-03-01T09:00:00Z"))
    lines: list[dict[str, Any]] = [
        {"timestamp": "2026-03-01T09:00:00Z", "type": "session_meta", "payload": {
            "id": "s1", "timestamp": "2026-03-01T09:00:00Z", "cwd": "/home/eve/garden", "cli_version": "0.130.0"}},
        {"timestamp": "2026-03-01T09:00:01Z", "type": "response_item", "payload": {
            "type": "message", "role": "user", "content": [{"type": "input_text", "text": said}]}},
    ]  # fmt: skip
    return write(eve / ".codex/sessions/2026/03/01/rollout-2026-03-01T09-00-00-s1.jsonl", *lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIENTS)
def test_what_is_written_is_started_and_run_and_taken_back(name: str, machine: dict[str, str], eve: Path) -> None:
    before = files(eve)
    run(f"memos setup {name} --read && memos add 'Answer in German.' --kind rule", machine)
    program, *arguments = command(name, eve)

    async def spoken() -> None:
        found = StdioServerParameters(command=program, args=arguments, env=machine, cwd=str(eve))
        async with Client(found) as client:
            told = await client.call_tool("remember", {"text": "The build needs make 4.4"})
            assert told.is_error is False
            assert told.structured_content is not None
            assert told.structured_content["by"] == name

    asyncio.run(asyncio.wait_for(spoken(), PATIENCE))
    if name in HOOKS:
        _, start, end = HOOKS[name]
        said = json.loads(run(hook(name, str(start), eve), machine, json.dumps({"source": "startup"})))
        briefing = said["additional_context"] if name == "cursor" else said["hookSpecificOutput"]["additionalContext"]
        assert "Answer in German." in briefing
        assert "The build needs make 4.4" in briefing
        if end is not None:
            path = session_of(name, eve)
            run(hook(name, end, eve), machine, json.dumps({"transcript_path": str(path), "hook_event_name": end}))
            until = time.monotonic() + PATIENCE
            while "Porto" not in run("memos search --lexical Porto || true", machine) and time.monotonic() < until:
                time.sleep(0.2)  # it goes on by itself, so that its client can end
            assert "Porto" in run("memos search --lexical Porto", machine)
            path.unlink()
    run(f"memos setup {name} --undo", machine)
    assert {file: told for file, told in files(eve).items() if not file.startswith(".local")} == before
