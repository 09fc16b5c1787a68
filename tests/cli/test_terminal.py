"""Nothing that came from outside reaches a terminal as anything but text, whatever command prints it."""

import ast
import json
import os
import re
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from memos_cli.cli import terminal
from memos_cli.cli.main import run
from tests.conftest import Run
from tests.trials import trials

EVIL = ["\x1b[45;5m", "\x1b]0;owned\x07", "\x9b2J", "\x85", "\x7f", "\x08", "\r", *"\u200e\u200f\u202a\u202e\u2066\u2069\u061c"]
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NAMES = st.lists(st.one_of(st.sampled_from(EVIL), st.sampled_from("ab ")), min_size=1, max_size=6).map("".join)


def commands(name: str) -> list[list[str]]:
    """Commands that take a name from outside, and those that print it afterwards."""
    path = os.path.join(".", name.replace("/", "") or "x")  # noqa: PTH118 -- a Path would drop the dot
    return [
        ["view", "save", name, "--tag", name],
        ["view", "list"],
        ["view", "rm", name + "?"],
        ["add", f"I say {name} to all", "--key", name, "--tag", name, "--task", name, "--external-id", name],
        ["add", f"I say {name} no more", "--key", name],
        ["add", "--file", path],
        ["--view", name, "list"],
        ["list"],
        ["list", "--all"],
        ["search", name + " say"],
        ["search", "say", "--explain"],
        ["show", "a"],
        ["history", "a"],
        ["why", "a"],
        ["stats"],
        ["task", "list"],
        ["task", "end", name, "--dry-run"],
        ["task", "end", name + "?"],
        ["snapshot", "create", name],
        ["snapshot", "list"],
        ["snapshot", "diff", name],
        ["undo", "--list"],
        ["undo", name],
        ["config", "set", "llm.model", name],
        ["config", "show"],
        ["config", "get", "llm.model"],
        ["config", "get", name],
        ["model", "list"],
        ["model", "info"],
        ["chat", "-m", name],
        ["key", "new", name],
        ["key", "list"],
        ["key", "trust", f"memos-key age1 x {name}"],
        ["cube", "create", path],
        ["cube", "list"],
        ["cube", "info", path],
        ["--cube", path, "add", "x"],
        ["--cube", path, "list"],
        ["--cube", name, "list"],
        ["cube", "use", path],
        ["cube", "verify", path],
        ["cube", "export", "-o", path],
        ["cube", "merge", path],
        ["--as", name, "list"],
        ["lifecycle", "policy", "show"],
        ["lifecycle", "policy", "set", name, "1"],
        ["lifecycle", "install", "--cron", "--print"],
        ["doctor"],
        ["scheduler", "status"],
        ["review"],
        ["no-such-" + name],
        ["list", "--" + name],
    ]


@settings(max_examples=trials(2, 20), phases=[Phase.generate])
@given(name=NAMES)
def test_no_command_prints_a_control_character_of_a_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Path(mkdtemp(dir=tmp_path)) / f"home{name}"  # the home's own path has them too
    monkeypatch.setenv("MEMOS_HOME", str(place))
    place.mkdir()
    monkeypatch.chdir(place)
    for arguments in commands(name):
        for more in ([], ["--json"]):
            status = run([*more, *arguments])
            shown = capsys.readouterr()
            assert not RAW.search(shown.out), (arguments, more, shown.out)
            assert not RAW.search(shown.err), (arguments, more, shown.err)
        if not status:
            assert json.loads(shown.out)["schema_version"] == 1, arguments


@pytest.mark.parametrize("evil", EVIL)
def test_in_colour_the_only_escapes_are_ours(evil: str, memos: Run) -> None:
    memos("view", "save", f"v{evil}w", "--tag", "t")
    memos("add", f"I say {evil} to all", "--task", "move")
    memos("add", "I say no more", "--tag", f"a{evil}b", "--task", f"m{evil}n")
    for arguments in (("list",), ("view", "list"), ("task", "list"), ("search", "say"), ("undo", "--list")):
        done = memos(*arguments, env={"FORCE_COLOR": "1"})
        assert done.status == 0
        assert evil not in done.out + done.err
        assert not RAW.search(re.sub(r"\x1b\[[0-9;]*m", "", done.out + done.err)), arguments
    assert "\x1b[33m" in memos("list", env={"FORCE_COLOR": "1"}).out


@given(st.text())
def test_a_json_document_is_the_same_value_and_holds_nothing_raw(text: str) -> None:
    value = {"text": text, text: ["\x9b\u202e", 1, None]}
    for indent in (None, 2):
        written = terminal.document(value, indent)
        assert json.loads(written) == value
        assert not RAW.search(written)


@given(st.text(), st.text())
def test_a_style_is_kept_and_what_looks_like_one_is_written_out(first: str, second: str) -> None:
    styled = terminal.style(first, fg="red", bold=True)
    shown = terminal.safe(styled + second + "\x1b[31m")
    assert shown == f"\x1b[31m\x1b[1m{terminal.plain(first)}\x1b[0m{terminal.plain(second)}\\x1b[31m"
    assert terminal.unstyle(styled) == first


def test_styles_of_another_run_are_kept_and_nothing_else() -> None:
    printed = "\x1b[33mid\x1b[0m \x1b]0;owned\x07"
    assert terminal.safe(terminal.styled_by_memos(printed)) == "\x1b[33mid\x1b[0m \\x1b]0;owned\\x07"


def test_nothing_prints_but_through_this_module() -> None:
    # `app` asks a question that it wrote out.
    allowed = {("cli/terminal.py", "click.echo"), ("cli/terminal.py", "click.style"), ("cli/app.py", "click.confirm")}
    ways = {"click.echo", "click.secho", "click.style", "click.confirm", "click.prompt", "print", "sys.stdout.write"}
    house = Path(terminal.__file__).parent.parent
    found = {
        (path.relative_to(house).as_posix(), ast.unparse(one.func))
        for path in (house / "cli").rglob("*.py")
        for one in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(one, ast.Call) and ast.unparse(one.func) in ways
    }
    assert found == allowed
