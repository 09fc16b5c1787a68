"""From an empty machine to an agent that remembers: the lines of the README, and two sessions of the SDK's own client."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.patience import PATIENCE

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters

README = (ROOT / "README.md").read_text(encoding="utf-8")


def lines() -> list[str]:
    (block,) = re.findall(r"## An agent that remembers.*?```sh\n(.*?)```", README, re.DOTALL)
    return str(block).splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of an empty home in which memos is installed."""
    program = tmp_path / "bin/memos"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m memos_cli "$@"\n')
    program.chmod(0o755)
    (tmp_path / "eve").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMOS_", "XDG_", "CLAUDE_"))}
    return {
        **kept, "HOME": str(tmp_path / "eve"), "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT), "MEMOS_EMBEDDER": "none", "USER": "eve",
    }  # fmt: skip


def run(command: str, env: dict[str, str], given: str = "") -> str:
    done = subprocess.run(
        ["sh", "-c", command],
        env=env,
        cwd=env["HOME"],
        capture_output=True,
        text=True,
        input=given,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def session(env: dict[str, str], work: Callable[[Client], Coroutine[Any, Any, None]]) -> str:
    """A session of Claude Code, as far as memos has a part in it: its hook, and its server. The briefing of the session."""
    folder = Path(env["HOME"])
    server = json.loads((folder / ".claude.json").read_bytes())["mcpServers"]["memos"]
    ((hook,),) = [one["hooks"] for one in json.loads((folder / ".claude/settings.json").read_bytes())["hooks"]["SessionStart"]]
    said = run(hook["command"], env, json.dumps({"source": "startup", "hook_event_name": "SessionStart"}))

    async def spoken() -> None:
        found = StdioServerParameters(command=server["command"], args=server["args"], env=env, cwd=str(folder))
        async with Client(found) as client:
            await work(client)

    asyncio.run(asyncio.wait_for(spoken(), PATIENCE))
    return str(json.loads(said)["hookSpecificOutput"]["additionalContext"])


def told(result: Any) -> str:
    return "".join(block.text for block in result.content)


def test_what_the_first_session_remembers_the_second_one_knows(machine: dict[str, str]) -> None:
    install, *setup = lines()
    assert "pip install" in install
    assert len(setup) < 9
    for line in setup:
        run(line, machine)

    async def first(client: Client) -> None:
        stored = await client.call_tool("remember", {"text": "The build needs make 4.4", "kind": "fact"})
        assert stored.is_error is False

    async def second(client: Client) -> None:
        found = await client.call_tool("recall", {"query": "which make does the build need?"})
        assert "The build needs make 4.4" in told(found)
        assert "Answer in short sentences." in told(await client.call_tool("brief", {}))

    begun = session(machine, first)
    assert "Answer in short sentences." in begun
    assert "make 4.4" not in begun
    assert "The build needs make 4.4" in session(machine, second)
    assert "make 4.4" in run("memos review", machine)
    run("memos setup claude --undo", machine)
    assert not [one for one in Path(machine["HOME"]).rglob("*.json") if "memos" not in one.parts and ".local" not in one.parts]
