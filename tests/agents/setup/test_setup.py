"""Entries written into the files of clients, on a home that already holds others, and taken back to the byte."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli.agents.setup import setup
from memos_cli.agents.setup.clients import CLIENTS
from memos_cli.errors import Refused

THEIRS = {
    ".claude.json": '{\n  "numStartups": 3,\n  "mcpServers": {\n    "db": { "command": "db" }\n  }\n}',
    ".claude/settings.json": '{"model":"opus","hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"date"}]}]}}\n',
    ".codex/config.toml": '# mine\nmodel = "o9"   # the best\r\n\n[mcp_servers.db]\ncommand = "db"',
    ".codex/hooks.json": '{"hooks": {}}',
    ".gemini/settings.json": '{\n\t"ui": {"theme": "dark",}, // JSON with remarks\n}\n',
    ".cursor/mcp.json": "{}",
    ".cursor/hooks.json": '{"version": 1, "hooks": {"stop": [{"command": "./x"}]}}',
    ".config/opencode/opencode.json": '{\r\n  "$schema": "https://opencode.ai/config.json"\r\n}\r\n',
}
COMMAND = ["memos", "--as", "bot"]


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(one.relative_to(folder)): (one.read_bytes(), stat.S_IMODE(one.stat().st_mode))
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "eve")}


def in_use(folder: Path) -> Path:
    """A home, made into one in which each client has entries of its own already."""
    for name, text in THEIRS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
        (folder / name).chmod(0o640)
    return folder


@pytest.fixture
def theirs(env: dict[str, str]) -> Path:
    return in_use(Path(env["HOME"]))


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("start", ["others", "empty", "none"])
def test_it_is_written_once_and_taken_back_to_the_byte(name: str, start: str, env: dict[str, str], theirs: Path) -> None:
    for file in files(theirs) if start != "others" else ():
        (theirs / file).unlink() if start == "none" else (theirs / file).write_bytes(b"")
    before = files(theirs)
    first = setup.enter(CLIENTS[name], COMMAND, env)
    assert {one.status for one in first} == {"added"}
    after = files(theirs)
    assert {str(one.path.relative_to(theirs)) for one in first} == {file for file in after if after[file] != before.get(file)}
    assert all(after[file][1] == mode for file, (_, mode) in before.items())
    if start == "none":
        assert {mode for _, mode in after.values()} == {0o600}
    assert {one.status for one in setup.enter(CLIENTS[name], COMMAND, env)} == {"unchanged"}
    assert files(theirs) == after
    moved = setup.enter(CLIENTS[name], ["/opt/memos", "--cube", "work", "--as", "bot"], env)
    assert {one.status for one in moved} == {"changed"}
    assert {one.status for one in setup.remove(CLIENTS[name], env)} == {"removed"}
    assert files(theirs) == before
    assert {one.status for one in setup.remove(CLIENTS[name], env)} == {"absent"}
    assert files(theirs) == before


def test_nothing_is_written_for_a_dry_run(env: dict[str, str], theirs: Path) -> None:
    before = files(theirs)
    for client in CLIENTS.values():
        assert {one.status for one in setup.enter(client, COMMAND, env, dry_run=True)} == {"added"}
    assert files(theirs) == before


@pytest.mark.parametrize(
    ("name", "file", "text", "said"),
    [
        ("claude", ".claude/settings.json", b'{\n  "a": 1,\n  b\n}', "line 3, column 3"),
        ("codex", ".codex/config.toml", b"a = \n", "no valid TOML: line 1"),
        ("codex", ".codex/hooks.json", b"[]", "not what the client documents"),
        ("gemini", ".gemini/settings.json", b'{"a": "\xff"}', "no UTF-8: byte 8"),
        ("cursor", ".cursor/mcp.json", b'{"mcpServers": {"memos": {"command": "other"}}}', "runs something else"),
    ],
)
def test_a_file_that_is_not_valid_stops_all_of_it(
    name: str, file: str, text: bytes, said: str, env: dict[str, str], theirs: Path
) -> None:
    (theirs / file).write_bytes(text)
    before = files(theirs)
    with pytest.raises(Refused, match=said) as caught:
        setup.enter(CLIENTS[name], COMMAND, env)
    assert str(theirs / file) in caught.value.message
    assert files(theirs) == before


def test_a_link_is_followed_and_stays_one(env: dict[str, str], theirs: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    (theirs / ".cursor/mcp.json").rename(real)
    (theirs / ".cursor/mcp.json").symlink_to(real)
    setup.enter(CLIENTS["cursor"], COMMAND, env)
    assert (theirs / ".cursor/mcp.json").is_symlink()
    assert json.loads(real.read_bytes())["mcpServers"]["memos"]["args"] == ["--as", "bot", "mcp"]
    setup.remove(CLIENTS["cursor"], env)
    assert (theirs / ".cursor/mcp.json").is_symlink()
    assert real.read_text() == "{}"


def test_what_the_client_writes_meanwhile_is_kept(env: dict[str, str], theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = theirs / ".claude.json"
    plan = setup._plan

    def planned(path: Path, *rest: object) -> object:
        made = plan(path, *rest)  # type: ignore[arg-type]
        if path == state and b"numStartups" in state.read_bytes():
            state.write_text('{"starts": 4}')
        return made

    monkeypatch.setattr(setup, "_plan", planned)
    setup.enter(CLIENTS["claude"], COMMAND, env)
    assert set(json.loads(state.read_bytes())) == {"starts", "mcpServers"}


def test_a_hook_in_one_group_with_others_is_the_person_s(env: dict[str, str], theirs: Path) -> None:
    settings = theirs / ".claude/settings.json"
    setup.enter(CLIENTS["claude"], COMMAND, env)
    found = json.loads(settings.read_bytes())
    found["hooks"]["SessionStart"][-1]["hooks"].append({"type": "command", "command": "date"})
    settings.write_text(json.dumps(found))
    before = files(theirs)
    with pytest.raises(Refused, match="one group with others"):
        setup.remove(CLIENTS["claude"], env)
    assert files(theirs) == before


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    def begin(argument: str, path: str) -> None:
        monkeypatch.setattr("sys.argv", [argument])
        monkeypatch.setenv("PATH", path)

    return begin


def test_the_command_is_found_by_name_or_by_place(begun: Callable[[str, str], None], tmp_path: Path) -> None:
    program = tmp_path / "memos"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    begun(str(program), str(tmp_path))
    assert setup.command("bot") == ["memos", "--as", "bot"]
    begun(str(program), "/nowhere")
    assert setup.command("bot", ["work", f"x{os.sep}y.cube"]) == [
        str(program), "--cube", "work", "--cube", str(Path("x/y.cube").absolute()), "--as", "bot",
    ]  # fmt: skip
    begun("/x/memos_cli/__main__.py", "/nowhere")
    assert setup.command("bot")[1:] == ["-P", "-m", "memos_cli", "--as", "bot"]
