"""`memos audit`: on the command line, with its errors, as text, as a document and as JSON Lines."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import cube_file, locked
from tests.conftest import Run

EVE = ("--as", "eve")


@pytest.fixture
def ids(memos: Run) -> list[str]:
    """A memory that eve may see, and one that she may not."""
    found: list[str] = []
    for arguments in (("I am vegan now", "--visibility", "public"), ("the code of the door is 4711", "--external-id", "D1")):
        found += memos("add", *arguments, "--json").data["ids"]
    return found


def entries(memos: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = memos("audit", "log", "--json", *arguments).data["entries"]
    return found


def acted(memos: Run, *arguments: str) -> list[tuple[str, str, str]]:
    return [(one["principal"], one["command"], one["action"]) for one in entries(memos, *arguments)]


def test_what_eve_did_is_told_line_by_line(memos: Run, ids: list[str]) -> None:
    public, private = ids
    memos(*EVE, "list")
    memos(*EVE, "search", "vegan")
    memos(*EVE, "show", public[:8])
    for hidden in (private, "D1", "zzzzzzzz"):
        assert memos(*EVE, "show", hidden).status == 10
    memos(*EVE, "why", public)
    own = memos(*EVE, "--json", "add", "eve plays chess").data["ids"][0]
    memos(*EVE, "undo", "--list")
    told = memos("audit", "log", "--principal", "eve")
    assert told.status == 0
    lines = [line.split(None, 4)[2:] for line in told.out.splitlines()]
    assert lines == [
        ["eve", "undo", f"history 1 memory  {own[:8]}  eve plays chess"],
        ["eve", "add", f"write 1 memory  {own[:8]}  eve plays chess"],
        ["eve", "why", f"history 1 memory  {public[:8]}  I am vegan now"],
        ["eve", "show", "denied"],
        ["eve", "show", f"denied 1 memory  {private[:8]}  {SECRET}"],
        ["eve", "show", f"denied 1 memory  {private[:8]}  {SECRET}"],
        ["eve", "show", f"show 1 memory  {public[:8]}  I am vegan now"],
        ["eve", "search", f"search 1 memory  {public[:8]}  I am vegan now"],
        ["eve", "list", f"list 1 memory  {public[:8]}  I am vegan now"],
    ]


SECRET = "the code of the door is •••••"  # noqa: S105 -- as secrets are shown


def test_the_document_and_the_lines(memos: Run, ids: list[str]) -> None:
    memos(*EVE, "show", ids[0])
    (shown, *_) = found = entries(memos)
    assert {**shown, "at": None} == {
        "at": None, "cube": "default", "principal": "eve", "command": "show", "action": "show", "purpose": "", "denied": False,
        "memories": [ids[0]], "count": 1, "said": "I am vegan now", "what": None, "entry": 1, "command_id": None,
    }  # fmt: skip
    assert [one["command_id"] is None for one in found] == [True, False, False]
    lines = memos("audit", "log", "--lines", "-n", "2").out.splitlines()
    assert [json.loads(line) for line in lines] == found[:2]


def test_filters(memos: Run, ids: list[str]) -> None:
    memos(*EVE, "show", ids[0])
    memos(*EVE, "show", "D1")
    memos("pin", ids[0])
    assert acted(memos, "--denied") == [("eve", "show", "denied")]
    assert acted(memos, "--action", "pin") == [("sam", "pin", "write")]
    assert acted(memos, "--memory", ids[0][:8]) == [("sam", "pin", "write"), ("eve", "show", "show"), ("sam", "add", "write")]
    assert acted(memos, "--memory", "D1", "--principal", "sam") == [("sam", "add", "write")]
    assert acted(memos, "--since", "1 hour ago", "-n", "1") == [("sam", "pin", "write")]
    assert acted(memos, "--until", "2020-01-01") == []
    assert "nothing of that kind is recorded" in memos("audit", "log", "--until", "2020-01-01").err
    missing = memos("audit", "log", "--memory", "zzzzzzzz")
    assert (missing.status, missing.out) == (10, "")
    assert memos("audit", "log", "-n", "0").status == 2
    assert memos("audit", "log", "--principal", "").status == 2


def test_others_are_told_what_concerns_them(memos: Run, ids: list[str]) -> None:
    memos(*EVE, "show", ids[1])
    memos("show", ids[1])
    memos("pin", ids[1])
    own = memos(*EVE, "add", "eve's own", "--json").data["ids"][0]
    found = memos(*EVE, "audit", "log", "--json").data["entries"]
    assert [(one["principal"], one["action"], one["memories"], one["count"]) for one in found] == [
        ("eve", "write", [own], 1), ("eve", "denied", [], 0),
    ]  # fmt: skip
    assert memos(*EVE, "audit", "log", "--memory", ids[1]).status == 10
    for command in ("verify", "report"):
        refused = memos(*EVE, "audit", command)
        assert (refused.status, refused.out) == (3, "")
        assert "the cube belongs to sam" in refused.err


def test_what_the_owner_reads_is_recorded_by_policy(memos: Run, ids: list[str]) -> None:
    memos("show", ids[0])
    assert memos("lifecycle", "policy", "set", "audit.own", "true").status == 0
    memos("show", ids[0])
    assert acted(memos, "--principal", "sam", "--action", "show") == [("sam", "show", "show")]


def test_what_cannot_be_recorded_is_not_given(memos: Run, home: Path, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMOS_LOCK_TIMEOUT", "0.2")
    with locked(cube_file(home)):
        for arguments in (("show", ids[0]), ("list",), ("search", "vegan"), ("show", ids[1]), ("show", "zzzzzzzz")):
            refused = memos(*EVE, *arguments)
            assert (refused.status, refused.out) == (11, "")
            assert "what eve is given of cube default has to be recorded first" in refused.err
        assert memos("show", ids[0]).status == 0
    document = memos(*EVE, "show", ids[0], "--json")
    assert document.data["id"] == ids[0]


def test_verify_prints_the_heads_and_finds_them_again(memos: Run, ids: list[str]) -> None:
    memos(*EVE, "show", ids[0])
    told = memos("audit", "verify")
    assert told.status == 0
    first, log, reads = told.out.splitlines()
    assert first == "cube default: sound (2 operations, 1 read)"
    heads = [line.split()[0] for line in (log, reads)]
    assert [one["head"] for one in memos("audit", "verify", "--json").data["cubes"][0]["heads"]] == heads
    memos(*EVE, "list")
    again = memos("audit", "verify", "--head", heads[0], "--head", heads[1])
    assert again.status == 0
    assert "2 noted heads found" in again.out


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE reads SET principal = 'bo' WHERE n = 2", "entry 2 of the reads is not the one that was recorded"),
        ("DELETE FROM reads WHERE n = 1", "entry 1 of the reads is missing"),
        ("DELETE FROM reads WHERE n = 3", "entry 3 of the reads is missing: the record ends before entry 3, which was there"),
        ("UPDATE ops SET principal = 'bo' WHERE seq = 2", "operation 2 of replica"),
        ("DELETE FROM ops WHERE seq = 2", "before operation 2 of replica"),
    ],
)
def test_verify_ends_with_13_and_names_the_first_bad_entry(
    memos: Run, home: Path, ids: list[str], damage: str, named: str
) -> None:
    for _ in range(3):
        memos(*EVE, "show", ids[0])
    conn = sqlite3.connect(cube_file(home), isolation_level=None)
    conn.execute(damage)
    conn.close()
    told = memos("audit", "verify")
    assert told.status == 13
    assert named in told.err.splitlines()[-2]
    assert told.err.splitlines()[-2].startswith("memos: cube default: ")
    document = memos("audit", "verify", "--json")
    assert document.status == 13
    assert document.data["sound"] is False
    assert named in document.data["cubes"][0]["faults"][0]
    assert document.error["code"] == "integrity"


def test_a_head_that_is_not_there_is_a_cut_end_and_one_that_is_none_is_refused(memos: Run, ids: list[str]) -> None:
    assert ids
    cut = memos("audit", "verify", "--head", "0" * 64)
    assert cut.status == 13
    assert "the noted head 0000000000000000 is in no chain here" in cut.err
    assert memos("audit", "verify", "--head", "4f1c").status == 2


def test_the_report(memos: Run, ids: list[str], tmp_path: Path) -> None:
    memos("lifecycle", "policy", "set", "audit.own", "true")
    memos(*EVE, "search", "vegan")
    memos(*EVE, "pin", ids[0])
    memos("edit", ids[0], "--visibility", "read-only")
    memos("cube", "export", "-o", str(tmp_path / "x.memcube"))
    (told,) = memos("audit", "report", "--json").data["cubes"]
    assert [(one["principal"], one["reads"], one["denied"]) for one in told["readers"]] == [("eve", 1, 1), ("sam", 1, 0)]
    assert [(one["command"], one["action"]) for one in told["rights"]] == [("edit", "write"), ("policy", "policy")]
    assert [(one["command"], one["action"], one["memories"], one["count"]) for one in told["left"]] == [
        ("cube export", "export", None, 2)
    ]
    assert told["own_recorded"] is True
    text = memos("audit", "report").out
    assert "eve: 1 memory in 1 look, 1 denied (search 1)" in text
    assert "export the whole cube, 2 memories" in text


def test_an_empty_home(memos: Run) -> None:
    assert memos("audit", "log").status == 0
    assert memos("audit", "verify").status == 0
    assert memos("audit", "report").status == 0
    assert memos("audit", "log", "--json").data == {"entries": []}


LOOKS = (
    "list", "list --json", "list --ids", "list --upcoming", "search vegan", "search vegan --json", "search zzz --all-hits",
    "search --jsonl queries.jsonl", "show {id}", "show {id} --json", "why {id}", "why {id} --json", "history {id}",
    "history {id} --json", "undo --list", "undo --list --json", "review", "lifecycle plan --days 4000",
    "lifecycle plan --days 4000 --json", "lifecycle run chain.toml --dry-run", "lifecycle run chain.toml --dry-run --json",
    "chat -m vegan?", "chat -m vegan? --json", "cube diff default other", "audit log --json", "scheduler explain vegan",
    "task list", "label list", "stats", "view list", "cube info default", "snapshot list", "slot list",
)  # fmt: skip
"""What somebody may ask without changing anything."""


@pytest.mark.parametrize("line", LOOKS)
def test_no_command_shows_another_a_memory_that_is_not_recorded(memos: Run, ids: list[str], tmp_path: Path, line: str) -> None:
    (tmp_path / "queries.jsonl").write_text('{"query": "vegan"}\n')
    (tmp_path / "chain.toml").write_text('[[step]]\ndo = "retrieve"\n[[step]]\ndo = "archive"\n')
    if "other" in line:
        memos("cube", "create", "other")
    told = memos(*EVE, *line.format(id=ids[0]).split())
    shows = "I am vegan now" in told.out + told.err or ids[0][:8] in told.out
    found = [one for one in entries(memos, "--principal", "eve") if ids[0] in one["memories"] and not one["denied"]]
    assert bool(found) >= shows, told
    assert ids[1][:8] not in told.out + told.err
    if (
        line.split(maxsplit=1)[0] in {"list", "search", "show", "why", "history"}
        and "upcoming" not in line
        and "zzz" not in line
    ):
        assert shows
        assert found
