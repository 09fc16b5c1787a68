"""Acting as somebody else, from end to end: what each command may tell and do, each case a leak that there was."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.governance.scene import Home
from tests.conftest import Run


def ids_in(home: Home, text: str, *names: str) -> list[str]:
    """Which of these memories are named in a text, by eight letters or more of their ids."""
    return [name for name in names if home.ids[name][:8] in text]


HIDDEN = ("cellar", "debt", "copy", "diary", "rota", "told", "gone", "dust", "turn", "soup", "well")


@pytest.mark.parametrize("form", ["--external-id", "--jsonl"])
def test_an_external_id_of_somebody_else_is_no_way_to_their_memory(full: Home, form: str) -> None:
    given = json.dumps({"content": "overwritten", "external_id": "D1"}) + "\n"
    words = ("--jsonl", "-") if form == "--jsonl" else ("overwritten", "--external-id", "D1")
    done = full.json("eve", "add", *words, stdin=given)
    assert (done["added"], done["edited"], done["duplicates"]) == (1, 0, 0)
    assert full.json(None, "show", full.ids["debt"])["content"] == "Ada owes qlomoney to Ravi"
    assert full.json(None, "show", "D1")["id"] == full.ids["debt"]
    mine = full.json("eve", "show", "D1")
    assert (mine["content"], mine["external_id"], mine["owner"]) == ("overwritten", "D1", "eve")
    # An external id is a name of one's own: the same one again is an edit of one's own memory.
    again = full.json("eve", "add", "overwritten again", "--external-id", "D1")
    assert (again["added"], again["edited"], again["ids"]) == (0, 1, [mine["id"]])


def test_a_text_that_somebody_else_has_is_no_duplicate(full: Home) -> None:
    for text in ("Ada owes qlomoney to Ravi", "The qlocellar key lies under the blue pot", "The harbour ferry leaves at nine"):
        done = full.json("eve", "add", text)
        assert (done["added"], done["duplicates"], ids_in(full, str(done), *HIDDEN, "ferry")) == (1, 0, [])


@pytest.mark.parametrize(
    "line",
    [
        "cube rm default --yes",
        "cube rm default --dry-run",
        "cube rename default home",
        "cube export -o x.memcube",
        "cube accept default",
        "cube split default out --tag town",
        "cube merge attic --yes",
        "doctor --rebuild",
        "doctor --repair --yes",
        "doctor --accept-loss --yes",
        "doctor --reembed",
        "snapshot create mine",
        "snapshot rm qlosnap",
        "snapshot restore qlosnap --yes",
        "view save mine --tag fruit",
        "view save qloview --tag fruit",
        "view rm qloview",
        "lifecycle tick",
        "lifecycle policy set steps.expire false",
        "consolidate plan",
        "consolidate rm --all --yes",
    ],
)
def test_what_is_done_to_the_whole_cube_is_its_owner_s(full: Home, line: str, tmp_path: Path) -> None:
    before = full.others("eve")
    done = full.run("eve", "--json", *line.split())
    assert done.status == 3, done
    error = json.loads(done.err)["error"]
    assert error["code"] == "refused"
    assert error["message"].startswith("eve may not ")
    assert error["message"].endswith("the cube belongs to root")
    assert error["hint"].startswith("ask root")
    assert not re.findall("qlo", done.err)
    assert full.others("eve") == before
    assert not list(tmp_path.glob("*.memcube"))


def test_the_words_of_a_refusal_say_whom_to_ask_for_what(full: Home) -> None:
    assert full.run("eve", "view", "save", "mine", "--tag", "x").err.splitlines() == [
        "memos: eve may not save a view: the cube belongs to root",
        "  ask root: memos grant eve write --cube default",
    ]
    assert full.run("eve", "cube", "rename", "default", "home").err.splitlines()[1] == "  ask root, who alone may do it"
    assert full.run("eve", "config", "set", "cube", "attic").err.splitlines() == [
        "memos: eve may not change the settings: the home belongs to root",
        "  ask root, or leave out --as",
    ]


def test_only_one_s_own_commands_are_taken_back(full: Home) -> None:
    listed = full.json("eve", "undo", "--list", "-n", "1000")["commands"]
    assert {one["principal"] for one in listed} == {"eve"}
    before = full.others("eve")
    for name in (full.ids["txn"], full.ids["txn"][:5]):
        done = full.run("eve", "undo", name, "--dry-run", "--json")
        assert (done.status, ids_in(full, done.out + done.err, *HIDDEN)) == (10, [])
    full.json("eve", "add", "A new plum")
    assert full.json("eve", "undo")["command"] == "add"
    assert full.others("eve") == before
    dry = full.run("eve", "undo", "-n", "3", "--dry-run", "--json")
    assert ids_in(full, dry.out, *HIDDEN) == []
    assert full.json(None, "undo", full.ids["txn"], "--dry-run")["subjects"] == [full.ids["cellar"]]


def test_one_s_own_command_is_not_taken_back_where_it_touches_what_is_no_longer_one_s_own(full: Home) -> None:
    plum = full.add("eve", "plum", "A plum of mine")
    full.json("eve", "tag", plum, "--add", "ripe")
    full.json(None, "edit", plum, "--visibility", "read-only")
    before = full.others("nobody")
    assert full.run("eve", "undo", "--dry-run").status in {3, 10}
    assert full.run("eve", "undo").status in {3, 10}
    assert full.others("nobody") == before


def test_a_plan_of_the_lifecycle_names_what_one_sees(full: Home) -> None:
    said = full.run("eve", "lifecycle", "plan", "--days", "9000", "--json").out
    assert ids_in(full, said, *HIDDEN) == []
    assert ids_in(full, said, "pears", "ferry") == ["pears", "ferry"]


def test_why_names_no_relative_that_one_does_not_see(full: Home) -> None:
    for name in ("pier", "ferry", "pears"):
        for options in ((), ("--json",)):
            said = full.run("eve", *options, "why", full.ids[name])
            assert (said.status, ids_in(full, said.out, *HIDDEN)) == (0, [])
            assert "qlo" not in said.out
    assert ids_in(full, full.run("eve", "why", full.ids["ferry"]).out, "wifi") == ["wifi"]
    assert ids_in(full, full.run(None, "why", full.ids["pier"]).out, "well") == ["well"]


@pytest.mark.parametrize("command", ["history", "why"])
def test_the_versions_begin_where_a_memory_was_published(full: Home, command: str) -> None:
    for options in ((), ("--json",), ("--reveal",)):
        said = full.run("eve", *options, command, full.ids["pier"]).out
        assert "qlodraft" not in said
        assert "qlofirst" not in said
    versions = full.json("eve", "history", full.ids["pier"])["versions"]
    assert [one["version"] for one in versions] == list(range(1, len(versions) + 1))
    assert "qlodraft" in full.run("maren", "history", full.ids["pier"]).out


def test_nobody_goes_back_to_before_a_publication(full: Home) -> None:
    before = full.others("eve")
    for version in ("1", "2", "3", "99"):
        assert full.run("eve", "rollback", full.ids["pier"], "--to", version).status in {2, 3}
    assert full.others("eve") == before


def test_shared_means_that_the_owner_s_groups_read(full: Home) -> None:
    rota = full.ids["rota"]
    assert full.json("iris", "show", rota)["content"] == "The qlorota says Tuesday"
    before = full.others("nobody")
    for line in (
        f"edit {rota} changed", f"rollback {rota} --to 1", f"edit {rota} --visibility private", f"forget {rota}",
        f"forget {rota} --purge --yes", f"tag {rota} --add x", f"pin {rota}", f"freeze {rota}",
        f"link {rota} relates {full.ids['ferry']}",
    ):  # fmt: skip
        assert full.run("iris", *line.split()).status == 3, line
        assert full.run("eve", *line.split()).status == 10, line
    assert full.others("nobody") == before
    assert full.run("maren", "edit", rota, "The qlorota says Monday").status == 0


@pytest.mark.parametrize("visibility", ["public", "read-only", "shared", "private"])
def test_visibility_gives_no_more_than_reading(full: Home, visibility: str) -> None:
    one = full.add("maren", "new", "A word in season", "--visibility", visibility)
    seen = {"public": ("eve", "iris"), "read-only": ("eve", "iris"), "shared": ("iris",), "private": ()}[visibility]
    for who in ("eve", "iris"):
        assert full.run(who, "show", one).status == (0 if who in seen else 10)
        for line in (f"edit {one} changed", f"forget {one}", f"forget {one} --purge --yes", f"edit {one} --visibility public"):
            assert full.run(who, *line.split()).status == (3 if who in seen else 10), (who, line)


def test_counts_are_of_what_one_sees(homes: tuple[Home, Home], tmp_path: Path) -> None:
    full, plain = (home.copied(tmp_path / str(number) / "home") for number, home in enumerate(homes))
    for line in ("stats", "cube info", "lifecycle status", "undo --list", "cube list", "task list", "label list"):
        told = [re.sub(r'"path": "[^"]*"', "", home.run("eve", "--json", *line.split()).out) for home in (full, plain)]
        assert told[0] == told[1], line
        assert "qlo" not in told[0]
    numbers = full.json("eve", "stats")["cubes"]["default"]
    assert numbers["memories"] == len(full.json("eve", "list", "--all")["memories"])


def test_a_purge_names_no_relative_that_one_does_not_see(full: Home) -> None:
    for options in ((), ("--json",)):
        said = full.run("eve", *options, "forget", full.ids["pears"], "--purge", "--derived", "--dry-run")
        assert (said.status, ids_in(full, said.out + said.err, *HIDDEN)) == (0, [])
    assert full.json("eve", "forget", full.ids["pears"], "--purge", "--derived", "--yes")["purged"] == [full.ids["pears"]]
    assert full.json(None, "show", full.ids["told"])["content"] == "The ferry of qloderived leaves at ten"


def test_a_cube_belongs_to_whom_it_was_made_as(memos: Run) -> None:
    memos("--as", "maren", "add", "Dear diary")
    assert memos("--as", "maren", "cube", "info", "--json").data["owner"] == "maren"
    assert memos("list", "--json").data["memories"] == []
    assert memos("--as", "maren", "list", "--json").data["memories"][0]["owner"] == "maren"
    memos("--as", "maren", "cube", "create", "work")
    assert memos("cube", "info", "work", "--json").data["owner"] == "maren"
    assert memos("cube", "rm", "work", "--yes").status == 3


def test_a_task_ends_for_oneself(full: Home) -> None:
    assert full.run("eve", "task", "end", "trip").status == 3
    assert full.run("eve", "task", "end", "qlocellartask").status == 10
    done = full.json("eve", "task", "end", "orchard")
    assert set(done["changed"]) == {full.ids["pears"], full.ids["press"]}
    assert full.json(None, "show", full.ids["debt"])["state"] == "generated"
    assert [one["ended"] for one in full.json(None, "task", "list")["tasks"] if one["name"] == "orchard"] == [None]


def test_a_chat_answers_from_what_one_sees(full: Home) -> None:
    done = full.json("eve", "chat", "-m", "Where is the qlocellar key?", "--no-save")
    assert ids_in(full, json.dumps(done), *HIDDEN) == []
    assert "blue pot" not in done["answer"]
    assert "nine" in full.json("eve", "chat", "-m", "When does the harbour ferry leave?", "--no-save")["answer"]


def test_names_of_cubes_are_seen_and_their_sizes_are_not(full: Home) -> None:
    cubes = {one["name"]: one for one in full.json("eve", "cube", "list")["cubes"]}
    assert {name: (one["memories"], one["operations"], one["bytes"]) for name, one in cubes.items()}["attic"] == (0, 0, None)
    assert cubes["default"]["bytes"] is None
    assert full.json(None, "cube", "list")["cubes"][0]["bytes"] > 0


def test_an_import_of_a_stranger_goes_to_nobody_else(full: Home, tmp_path: Path) -> None:
    lines = ({"content": "overwritten", "id": "D1"}, {"content": "The qlocellar key lies under the blue pot", "id": "c"})
    (tmp_path / "talk.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = full.others("eve")
    done = full.json("eve", "import", str(tmp_path / "talk.jsonl"), "--tag", "brought")
    assert (done["taken"], done["known"], done["skipped"]) == (2, 0, 0), "what somebody else has is not known to her"
    assert full.others("eve") == before
    stored = full.rows("SELECT owner, visibility FROM memories m JOIN tags t USING (n) WHERE t.tag = 'brought'")
    assert stored == [("eve", "private")] * 2
    again = full.json("eve", "import", str(tmp_path / "talk.jsonl"), "--tag", "brought")
    assert (again["taken"], again["known"]) == (0, 2)
    full.json("eve", "undo")
    assert full.others("eve") == before
    assert full.json("eve", "list", "--tag", "brought")["memories"] == []


@pytest.mark.parametrize("form", ["jsonl", "markdown", "ics"])
def test_an_export_holds_what_its_principal_sees_and_nothing_else(full: Home, form: str, tmp_path: Path) -> None:
    place = tmp_path / "out"
    more = {"jsonl": ["--turns"], "markdown": ["--turns", "--talks"], "ics": []}[form]
    full.json("eve", "export", form, str(place), "--all", *more)
    files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
    told = "".join(str(one.relative_to(tmp_path)) + one.read_text() for one in files)
    assert ids_in(full, told, *HIDDEN) == []
    assert re.findall(r"(?i)qlo(?!draft|first)\w*", told) == []
    if form == "jsonl":
        rows = [json.loads(line) for line in told.removeprefix("out").splitlines()]
        seen = {one["id"] for one in full.json("eve", "list", "--all", "--turns")["memories"]}
        assert {one["id"] for one in rows} == seen
        assert full.ids["ferry"] in seen
