"""`memos add` of what is known, through the command line: each line is told right, and nothing given is thrown away."""

from pathlib import Path

import pytest

from tests.cli.helpers import jsonl, operations
from tests.conftest import Run


def contents(memos: Run, *arguments: str) -> list[str]:
    return sorted(one["content"] for one in memos("list", "--json", *arguments).data["memories"])


def test_the_same_of_two_days_is_two(memos: Run) -> None:
    rows = [{"content": "Paid rent", "occurred_at": day} for day in ("2026-01-01", "2026-02-01", "2026-01-01")]
    done = memos("add", "--jsonl", "-", "--json", stdin=jsonl(*rows))
    assert (done.data["added"], done.data["duplicates"]) == (2, 1)
    for day in ("2026-11-01", "2026-11-02"):
        assert memos("add", "Took my pill", "--kind", "event", "--occurred-at", day).out.startswith("added ")
    assert contents(memos) == ["Paid rent", "Paid rent", "Took my pill", "Took my pill"]


@pytest.mark.parametrize(
    "option",
    [
        "--pin",
        "--ttl=1d",
        "--priority=9",
        "--kind=procedure",
        "--title=T",
        "--valid-from=2026-01-01",
        "--valid-to=2099-01-01",
        "--occurred-at=2026-01-01",
        "--tag=b",
        "--key=diet",
        "--task=kitchen",
        "--external-id=x",
    ],
)
def test_an_option_given_with_a_known_text_is_applied_and_said(memos: Run, option: str) -> None:
    (known,) = memos("add", "alpha beta gamma", "--json").data["ids"]
    told = memos("add", "alpha beta gamma", option)
    assert (told.status, told.out.split()[:2]) == (0, ["edited", known[:8]])
    names = {"--pin": "pinned", "--ttl": "expires_at", "--tag": "tag b"}
    named = names.get(option.partition("=")[0], option.partition("=")[0][2:].replace("-", "_"))
    assert told.out.rstrip().endswith(f"({named})")
    again = memos("add", "alpha beta gamma", option, "--json").data
    assert again["ids"] == [known]
    assert again["changed"] == ([] if option != "--ttl=1d" else [{"id": known, "fields": ["expires_at"]}])
    assert memos("history", known, "--json").data["versions"][1]["command"] == "add"
    assert len(contents(memos)) == 1


def test_a_calendar_is_kept_in_step(memos: Run) -> None:
    row = {"content": "Standup", "external_id": "cal-1", "occurred_at": "2026-01-05"}
    memos("add", "--jsonl", "-", stdin=jsonl(row))
    changed = {**row, "occurred_at": "2026-01-06", "tags": ["b"], "pinned": True}
    told = memos("add", "--jsonl", "-", stdin=jsonl(changed))
    assert told.out.startswith("edited ")
    assert "(occurred_at, pinned, tag b)" in told.out
    before = operations_of(memos)
    assert memos("add", "--jsonl", "-", stdin=jsonl(changed)).out.startswith("known already ")
    assert operations_of(memos) == before
    off = memos("add", "--jsonl", "-", "--json", stdin=jsonl({**changed, "pinned": False})).data
    assert off["changed"][0]["fields"] == ["no pinned"]


def operations_of(memos: Run) -> int:
    return int(memos("stats", "--json").data["cubes"]["default"]["operations"])


def test_what_a_frozen_memory_cannot_take_is_refused_with_the_reason(memos: Run, home: Path) -> None:
    (known,) = memos("add", "alpha beta gamma", "--json").data["ids"]
    memos("freeze", known)
    before = operations(home)
    told = memos("add", "alpha beta gamma", "--pin")
    assert (told.status, told.out) == (3, "")
    assert "is frozen" in told.err
    assert f"memos unfreeze {known[:8]}" in told.err
    assert operations(home) == before
    assert memos("add", "alpha beta gamma").out.startswith("known already ")


@pytest.mark.parametrize(("first", "second"), [("diet", "Diet"), ("coffee order", "Coffee  Order"), ("café", "CAFE\u0301")])
def test_spellings_of_a_key_are_one(memos: Run, first: str, second: str) -> None:
    memos("add", "I am vegan", "--key", first)
    told = memos("add", "I am pescatarian", "--key", second)
    assert "superseded" in told.err
    assert contents(memos) == ["I am pescatarian"]
    assert memos("list", "--key", second.upper(), "--json").data["memories"][0]["key"] == first


def test_a_key_set_by_edit_supersedes_and_so_does_a_link(memos: Run) -> None:
    old, new = (memos("add", text, "--json").data["ids"][0] for text in ("I am vegan", "I eat fish"))
    memos("edit", old, "--key", "diet")
    told = memos("edit", new, "--key", "Diet", "--json")
    assert told.data["superseded"] == [old]
    assert contents(memos) == ["I eat fish"]
    memos("undo")
    assert len(contents(memos)) == 2
    linked = memos("link", new, "supersedes", old)
    assert linked.status == 0
    assert old[:8] in linked.err
    assert contents(memos) == ["I eat fish"]


def test_names_are_found_however_they_are_spelled(memos: Run) -> None:
    memos("add", "Espresso", "--tag", "café", "--task", "Küche", "--external-id", "É-1")
    for arguments in (("--tag", "cafe\u0301"), ("--tag", "CAFÉ"), ("--task", "KU\u0308CHE")):
        assert contents(memos, *arguments) == ["Espresso"]
    assert "Espresso" in memos("show", "e\u0301-1").out
    memos("view", "save", "Café", "--tag", "Café")
    assert "Espresso" in memos("--view", "cafe\u0301", "list").out
    memos("view", "save", "CAFÉ", "--tag", "tea")
    assert [one["name"] for one in memos("view", "list", "--json").data["views"]] == ["Café"]
    assert memos("view", "rm", "cafe\u0301").status == 0
    assert memos("task", "end", "ku\u0308che").status == 0


def test_why_tells_how_often_it_was_told_and_where(memos: Run, tmp_path: Path) -> None:
    (known,) = memos("add", "The bins go out on Tuesdays", "--json").data["ids"]
    memos("add", "The bins  go out on Tuesdays")
    (tmp_path / "bins.txt").write_text("The bins go out on Tuesdays\n")
    memos("add", "--file", "bins.txt", "--no-embed")
    seen = memos("why", known, "--json").data["seen"]
    assert (seen["times"], seen["again"][-1]["file"], seen["again"][0]["by"]) == (3, "bins.txt", "sam")
    line = next(line for line in memos("why", known).out.splitlines() if line.startswith("seen "))
    assert line.startswith(f"seen 3 times, last on {seen['last'][:10]}")
    assert "bins.txt" in line
    assert len(memos("history", known, "--json").data["versions"]) == 1


def test_sightings_travel_in_a_cube_file(memos: Run) -> None:
    (known,) = memos("add", "The bins go out on Tuesdays", "--json").data["ids"]
    memos("add", "The bins go out on Tuesdays")
    assert memos("cube", "export", "-o", "all.cube").status == 0
    assert memos("cube", "verify", "all.cube").status == 0
    assert memos("cube", "import", "all.cube", "--name", "copy").status == 0
    assert memos("--cube", "copy", "why", known, "--json").data["seen"]["times"] == 2
    assert memos("--cube", "copy", "doctor").status == 0


def test_a_file_that_was_changed_edits_what_was_read_from_it(memos: Run, tmp_path: Path) -> None:
    beds = tmp_path / "beds.md"
    text = (
        "# Beds\n\nThe north bed has carrots, leeks and a row of peas.\n\nThe south bed has beans.\n\n"
        "## Water\n\nWater on Mondays.\n\nNever at noon.\n"
    )
    beds.write_text(text)
    assert memos("add", "--file", "beds.md", "--no-embed").out == "2 added\n"
    beds.write_text(text.replace("carrots", "parsnips"))
    told = memos("add", "--file", "beds.md", "--no-embed")
    assert told.out.startswith("0 added, 1 edited, 1 known already\nedited ")
    assert [("parsnips" in one, "carrots" in one) for one in contents(memos)] == [(True, False), (False, False)]
    tagged = memos("add", "--file", "./beds.md", "--tag", "garden", "--no-embed")
    assert tagged.out.startswith("0 added, 2 edited\n")
    assert len(contents(memos, "--tag", "garden")) == 2
    assert memos("undo").status == 0
    assert contents(memos, "--tag", "garden") == []
