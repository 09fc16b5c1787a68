"""`--reveal` in every command that has it: a right, which the owner of a memory and of its cube have, and others by a rule."""

import pytest

from memos_cli import MOS
from memos_cli.cli.main import memos as tree
from memos_cli.config import Settings, paths
from tests.cli.test_contract import fails
from tests.cli.test_examples import groups
from tests.conftest import Run

SECRET = "hunter2-sunflower"  # noqa: S105 -- of a test
OWN = "tulip-42"
LINES = {
    ("chat",): ["chat", "-m", "What is the wifi password?"],
    ("cube", "diff"): ["cube", "diff", "default", "other"],
    ("history",): ["history", "wifi"],
    ("list",): ["list"],
    ("search",): ["search", "wifi password"],
    ("show",): ["show", "wifi"],
    ("snapshot", "diff"): ["snapshot", "diff", "before"],
    ("snapshot", "restore"): ["snapshot", "restore", "before", "--dry-run"],
    ("why",): ["why", "wifi"],
}
WITHOUT = {
    ("add",): "what is added is one's own",
    ("export", "ics"): "it writes what has a date, through the same gate as export jsonl",
    ("export", "jsonl"): "it has no document on standard output: a test of its own is below",
    ("review",): "nothing is asked here about what others wrote",
}


@pytest.fixture
def told(memos: Run) -> None:
    memos("cube", "create", "other")
    memos("add", "a note", "--visibility", "public")
    memos("snapshot", "create", "before")
    memos("add", f"the wifi password is {SECRET}", "--visibility", "public", "--external-id", "wifi")


def test_every_command_that_reveals_is_asked_here() -> None:
    found = {path for path, command in groups(tree) if any("--reveal" in one.opts for one in command.params)}
    assert found == LINES.keys() | WITHOUT.keys()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("line", LINES.values(), ids=" ".join)
def test_who_may_not_see_a_secret_is_refused_before_anything_is_shown(memos: Run, line: list[str]) -> None:
    masked = memos("--as", "eve", *line)
    assert SECRET not in masked.out + masked.err
    if masked.status == 0 and "•••••" in masked.out:
        fails(memos("--as", "eve", *line, "--reveal"), 3, "eve may not see the secrets of", "memos grant")
        refused = memos("--as", "eve", "--json", *line, "--reveal")
        if line[0] != "snapshot":  # its documents name memories and show no text
            assert (refused.status, refused.out, refused.error["code"]) == (3, "", "refused")
    for json in ([], ["--json"]):
        tried = memos("--as", "eve", *json, *line, "--reveal")
        assert SECRET not in tried.out + tried.err
        shown = memos(*json, *line, "--reveal")
        assert (shown.status, SECRET in shown.out) == (0, line[0] != "snapshot" or not json)


@pytest.mark.usefixtures("told")
def test_an_export_is_refused_before_its_first_line(memos: Run) -> None:
    assert "•••••" in memos("--as", "eve", "export", "jsonl").out
    refused = memos("--as", "eve", "export", "jsonl", "--reveal")
    assert refused.out == ""
    fails(refused, 3, "eve may not see the secrets of", "memos grant")
    assert SECRET in memos("export", "jsonl", "--reveal").out


@pytest.mark.usefixtures("told")
def test_one_s_own_is_shown_and_others_by_a_rule(memos: Run) -> None:
    said = memos("--as", "eve", "add", f"my wifi password is {OWN}", "--external-id", "own", "--reveal")
    assert OWN in said.out
    assert OWN in memos("--as", "eve", "show", "own", "--reveal").out
    assert OWN in memos("show", "own", "--reveal").out
    with MOS(settings=Settings({"MEMOS_PRINCIPAL": "sam", "MEMOS_EMBEDDER": "none"}, paths({}))) as mos:
        vault = mos.vault("default")
        with mos.author("grant").write(vault) as unit:
            unit.change("rule", "r" * 20, {"to": "eve", "right": "reveal", "sort": "cube", "name": ""})
    assert SECRET in memos("--as", "eve", "show", "wifi", "--reveal").out


def test_a_secret_in_a_header_is_masked_wherever_it_is_shown(memos: Run) -> None:
    memos(
        "add", "The router stands in the hall", "--title", f"wifi password: {SECRET}", "--external-id", "r",
        "--metadata", f'{{"admin password": "{OWN}", "colour": "blue"}}', "--tag", "home",
    )  # fmt: skip
    for line in (["show", "r"], ["list"], ["search", "router"], ["history", "r"], ["why", "r"]):
        for json in ([], ["--json"]):
            shown = memos(*json, *line)
            assert shown.status == 0
            assert "The router stands in the hall" in shown.out
            assert not any(one in shown.out for one in (SECRET, OWN))
    assert "blue" in memos("show", "r").out
    assert memos("show", "r", "--json").data["masked"] is True
    revealed = memos("show", "r", "--reveal").out
    assert SECRET in revealed
    assert OWN in revealed
    memos("add", "a plain note", "--external-id", "p")
    assert "labelled" in memos("edit", "p", "--title", f"pw: {SECRET}-x").err or memos("show", "p", "--json").data[
        "labels"
    ] == ["secret"]
    memos("cube", "export", "--redact", "-o", "a.memcube", "-q")
    assert memos("cube", "verify", "a.memcube", "--json").data["counts"]["memories"] == 2
