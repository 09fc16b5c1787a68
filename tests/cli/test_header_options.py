"""Each field of a memory's header: set at add, set by edit, cleared, shown, filtered, undone, exported."""

from typing import Any, NamedTuple

import pytest

from tests.cli.helpers import jsonl
from tests.conftest import Run

TEXT = "The boiler is serviced by Fischer"


class Field(NamedTuple):
    """A field: its name in JSON, how two values of it are set, how it is cleared, and how `show` and a filter tell of it.

    Attributes:
        first: the options of `add`, and the value that they set; `second` those of `edit`.
        clear: the options of `edit` that take it off, and what is there then.
        shown: what stands on the page of `show` beside the first value.
        only: the filter that the first value passes, and neither the second nor none does.
    """

    name: str
    first: tuple[str, Any]
    second: tuple[str, Any]
    clear: tuple[str, Any]
    shown: str
    only: str | None = None


def _words(line: str) -> list[str]:
    """The words of a command line; values here hold no blanks, but for a `_`."""
    return [word.replace("_", " ") for word in line.split()]


FIELDS = [
    Field("kind", ("--kind fact", "fact"), ("--kind rule", "rule"), ("--kind note", "note"), "fact, generated", "--kind fact"),
    Field("title", ("--title House", "House"), ("--title Home", "Home"), ("--no-title", None), "title  House"),
    Field("key", ("--key heating", "heating"), ("--key firm", "firm"), ("--no-key", None), "key  heating", "--key heating"),
    Field("tags", ("--tag home", ["home"]), ("--tag gas", ["gas", "home"]), ("--no-tag", []), "tags  home", None),
    Field("labels", ("--label Medical", ["medical"]), ("--label money", ["medical", "money"]), ("--no-label", []),
          "labels  medical", None),
    Field("task", ("--task move", "move"), ("--task stay", "stay"), ("--no-task", None), "task  move", "--task move"),
    Field("external_id", ("--external-id b1", "b1"), ("--external-id b2", "b2"), ("--no-external-id", None), "external id  b1"),
    Field("occurred_at", ("--occurred-at 2026-02-01", "2026-02-01T00:00:00Z"), ("--occurred-at 2025-02-01",
          "2025-02-01T00:00:00Z"), ("--no-occurred-at", None), "happened  2026-02-01", "--since 2026-01-31 --until 2026-02-02"),
    Field("valid_from", ("--valid-from 2026-01-05", "2026-01-05T00:00:00Z"), ("--valid-from 2026-01-06",
          "2026-01-06T00:00:00Z"), ("--no-valid-from", None), "valid from  2026-01-05"),
    Field("valid_to", ("--valid-to 2990-01-05", "2990-01-05T00:00:00Z"), ("--valid-to 2990-01-06", "2990-01-06T00:00:00Z"),
          ("--no-valid-to", None), "valid to  2990-01-05"),
    Field("expires_at", ("--expires-at 2990-01-05", "2990-01-05T00:00:00Z"), ("--expires-at 2990-01-06",
          "2990-01-06T00:00:00Z"), ("--no-expires-at", None), "expires  2990-01-05"),
    Field("priority", ("--priority 7", 7), ("--priority -2", -2), ("--no-priority", 0), "priority  7"),
    Field("pinned", ("--pin", True), ("--no-pin", False), ("--no-pin", False), "pinned  yes", "--pinned"),
    Field("frozen", ("--freeze", True), ("--no-freeze", False), ("--no-freeze", False), "frozen  yes"),
    Field("visibility", ("--visibility shared", "shared"), ("--visibility public", "public"), ("--no-visibility", "private"),
          "sam (shared)"),
    Field("confidence", ("--confidence 0.5", 0.5), ("--confidence 0.25", 0.25), ("--no-confidence", 1.0), "confidence  0.5"),
    Field("trust", ("--trust 0.5", 0.5), ("--trust 0", 0.0), ("--no-trust", 1.0), "trust  0.5"),
    Field("source", ("--source speaker=Ana --source turn=3", {"speaker": "Ana", "turn": 3}),
          ("--source speaker=Ravi --source model=m1", {"speaker": "Ravi", "turn": 3, "model": "m1"}), ("--no-source", {}),
          "turn 3, speaker Ana", "--speaker Ana"),
    Field("metadata", ('--metadata {"a":_1,"b":_[2]}', {"a": 1, "b": [2]}), ('--metadata {"a":null,"c":"x"}',
          {"b": [2], "c": "x"}), ("--no-metadata", {}), 'metadata  {"a": 1, "b": [2]}'),
]  # fmt: skip
FIELD = pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])


def _value(memos: Run, identity: str, name: str) -> Any:
    return memos("show", identity, "--json").data[name]


@FIELD
def test_a_field_is_set_by_add_set_by_edit_cleared_shown_and_undone(memos: Run, field: Field) -> None:
    added = memos("add", TEXT, *_words(field.first[0]), "--json").data
    (identity,) = added["ids"]
    assert _value(memos, identity, field.name) == field.first[1]
    page = "\n".join(" ".join(line.split(" ")).strip() for line in memos("show", identity).out.splitlines())
    assert field.shown in page
    assert memos("edit", identity, *_words(field.second[0])).status == 0
    assert _value(memos, identity, field.name) == field.second[1]
    memos("undo")
    assert _value(memos, identity, field.name) == field.first[1]
    assert memos("edit", identity, *_words(field.clear[0])).status == 0
    assert _value(memos, identity, field.name) == field.clear[1]
    memos("undo")
    assert _value(memos, identity, field.name) == field.first[1]


@FIELD
def test_a_field_given_with_a_text_that_is_known_is_an_edit(memos: Run, field: Field) -> None:
    (identity,) = memos("add", TEXT, "--kind", "note", "--json").data["ids"]
    again = memos("add", TEXT, *_words(field.first[0]), "--json").data
    if field.name == "source":  # told again elsewhere: that is recorded, and the first place stays
        assert again["changed"] == []
        return
    assert (again["ids"], [one["id"] for one in again["changed"]]) == ([identity], [identity])
    assert _value(memos, identity, field.name) == field.first[1]


@FIELD
def test_a_field_goes_with_the_cube_to_another_home(memos: Run, field: Field, tmp_path: Any) -> None:
    (identity,) = memos("add", TEXT, *_words(field.first[0]), "--json").data["ids"]
    assert memos("cube", "export", "-o", str(tmp_path / "a.memcube")).status == 0
    elsewhere = {"MEMOS_HOME": str(tmp_path / "elsewhere")}
    assert memos("cube", "import", str(tmp_path / "a.memcube"), "--name", "carried", env=elsewhere).status == 0
    told = memos("--cube", "carried", "show", identity, "--json", env=elsewhere).data
    assert told[field.name] == (min(field.first[1], 0.5) if field.name == "trust" else field.first[1])


@pytest.mark.parametrize("field", [field for field in FIELDS if field.only], ids=lambda field: field.name)
def test_a_field_narrows_what_is_listed(memos: Run, field: Field) -> None:
    (one,) = memos("add", TEXT, "--kind", "note", *_words(field.first[0]), "--json").data["ids"]
    (two,) = memos("add", "Something else altogether", "--kind", "note", "--json").data["ids"]
    memos("edit", two, *_words(field.second[0]))
    assert memos("list", "--ids", *_words(field.only or "")).out.split() == [one]


@pytest.mark.parametrize("option", ["tag", "label"])
def test_tags_and_labels_filter_every_command_that_takes_filters(memos: Run, option: str, tmp_path: Any) -> None:
    (one,) = memos("add", TEXT, f"--{option}", "medical", "--json").data["ids"]
    memos("add", "The boiler is loud")
    narrowed = (f"--{option}", "medical")
    assert [hit["id"] for hit in memos("search", "boiler", *narrowed, "--json").data["hits"]] == [one]
    assert memos("list", "--ids", f"--{option}", "MEDICAL").out.split() == [one]
    exported = memos("cube", "export", *narrowed, "-o", str(tmp_path / "part.memcube"), "--json").data
    assert exported["counts"]["memories"] == 1
    assert memos("view", "save", "m", *narrowed).out == f"saved view m: --{option} medical\n"
    assert memos("--view", "m", "list", "--ids").out.split() == [one]
    assert memos("forget", *narrowed, "--yes", "--json").data["changed"] == [one]


@pytest.mark.parametrize(
    "options",
    [["--ttl", "none"], ["--ttl", ""], ["--no-ttl"], ["--expires-at", "none"], ["--no-expires-at"]],
)
def test_a_time_to_live_is_taken_off(memos: Run, options: list[str]) -> None:
    (identity,) = memos("add", TEXT, "--ttl", "30d", "--json").data["ids"]
    assert _value(memos, identity, "expires_at") is not None
    assert memos("edit", identity, *options).status == 0
    assert _value(memos, identity, "expires_at") is None


@pytest.mark.parametrize("name", ["occurred-at", "valid-from", "valid-to"])
@pytest.mark.parametrize("nothing", ["", "none"])
def test_a_time_that_is_nothing_takes_it_off(memos: Run, name: str, nothing: str) -> None:
    (identity,) = memos("add", TEXT, f"--{name}", "2026-01-01" if name != "valid-to" else "2990-01-01", "--json").data["ids"]
    assert memos("edit", identity, f"--{name}", nothing).status == 0
    assert _value(memos, identity, name.replace("-", "_")) is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--confidence", "1.5"], "--confidence"),
        (["--confidence", "nan"], "--confidence"),
        (["--trust", "-1"], "--trust"),
        (["--visibility", "all"], "--visibility"),
        (["--metadata", "[1]"], "metadata has to be a JSON object"),
        (["--metadata", "{a}"], "the metadata is not JSON"),
        (["--metadata", '{"a": NaN}'], "the metadata is not JSON"),
        (["--metadata", '{"a": ' + "[" * 200 + "]" * 200 + "}"], "nested too deeply"),
        (["--source", "colour=blue"], "--source has no part 'colour'"),
        (["--source", "speaker"], "--source has no part 'speaker'"),
        (["--source", "turn=x"], "whole number"),
        (["--source", "turn=99999999999"], "whole number"),
        (["--label", " "], "--label has to be 1 to 1000 characters long"),
        (["--ttl", "30d", "--expires-at", "2990-01-01"], "--ttl and --expires-at exclude each other"),
        (["--valid-from", "2026-02-01", "--valid-to", "2026-01-01"], "valid_to lies before valid_from"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused(memos: Run, options: list[str], told: str) -> None:
    (identity,) = memos("add", TEXT, "--json").data["ids"]
    for command in (["add", "Something new"], ["edit", identity]):
        done = memos(*command, *options)
        assert (done.status, done.out) == (2, "")
        assert told in done.err
        assert 1 <= len(done.err.splitlines()) <= 2
    assert len(memos("list", "--ids").out.split()) == 1


def test_an_end_before_the_beginning_that_is_there_is_refused(memos: Run) -> None:
    (identity,) = memos("add", TEXT, "--valid-from", "2026-02-01", "--json").data["ids"]
    done = memos("edit", identity, "--valid-to", "2026-01-01")
    assert done.status == 2
    assert "would end before it begins" in done.err
    assert memos("edit", identity, "--valid-to", "2026-01-01", "--no-valid-from").status == 0


def test_setting_and_taking_off_exclude_each_other(memos: Run) -> None:
    (identity,) = memos("add", TEXT, "--json").data["ids"]
    done = memos("edit", identity, "--title", "T", "--no-title")
    assert (done.status, "--title and --no-title exclude each other" in done.err) == (2, True)


def test_a_part_of_a_source_and_a_member_of_the_metadata_are_taken_off_alone(memos: Run) -> None:
    given = ("--source", "speaker=Ana", "--source", "session=s1", "--metadata", '{"a": 1, "b": 2}')
    (identity,) = memos("add", TEXT, *given, "--json").data["ids"]
    memos("edit", identity, "--source", "speaker=", "--metadata", '{"a": null}')
    told = memos("show", identity, "--json").data
    assert (told["source"], told["metadata"]) == ({"session": "s1"}, {"b": 2})


def test_what_is_frozen_thaws_and_changes_in_one_edit(memos: Run) -> None:
    (identity,) = memos("add", TEXT, "--freeze", "--json").data["ids"]
    assert memos("edit", identity, "--title", "T").status == 3
    assert memos("edit", identity, "--freeze", "--title", "T").status == 3
    assert memos("edit", identity, "--no-freeze", "--title", "T").status == 0
    assert _value(memos, identity, "title") == "T"


def test_a_line_of_json_has_the_fields_too(memos: Run) -> None:
    row = {"content": TEXT, "visibility": "public", "confidence": 0.5, "trust": 0.25, "frozen": True, "labels": ["Medical"]}
    (identity,) = memos("add", "--jsonl", "-", "--json", stdin=jsonl(row)).data["ids"]
    told = memos("show", identity, "--json").data
    assert {name: told[name] for name in row} == row | {"labels": ["medical"]}
    for wrong in ({"confidence": 2}, {"trust": "high"}, {"visibility": "all"}, {"frozen": 1}):
        assert memos("add", "--jsonl", "-", stdin=jsonl({"content": "x"} | wrong)).status == 2


def test_options_reach_every_memory_of_a_file_and_leave_its_place(memos: Run, tmp_path: Any) -> None:
    (tmp_path / "notes.md").write_text("# Beds\n\nThe beans are up.\n\nThe peas are not.\n", encoding="utf-8")
    added = memos("add", "--file", str(tmp_path / "notes.md"), "--source", "speaker=Ana", "--label", "garden", "--json").data
    for identity in added["ids"]:
        told = memos("show", identity, "--json").data
        assert (told["source"]["speaker"], told["labels"]) == ("Ana", ["garden"])
        assert told["source"]["file"].endswith("notes.md")


def test_a_secret_that_an_edit_brings_is_labelled(memos: Run) -> None:
    (identity,) = memos("add", TEXT, "--json").data["ids"]
    done = memos("edit", identity, "The key safe opens with the code 4471")
    assert "it holds a secret" in done.err
    assert "4471" not in done.out + memos("show", identity).out
    memos("label", identity, "--rm", "secret")
    memos("edit", identity, "The key safe now opens with the code 4471")
    assert "4471" in memos("show", identity).out  # whoever took the label off knows better


@pytest.mark.parametrize("text", ["-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n", "- buy milk"])
def test_a_text_that_is_taken_for_an_option_is_masked_in_the_error_that_shows_the_way_out(memos: Run, text: str) -> None:
    done = memos("add", text)
    assert (done.status, done.out) == (2, "")
    assert "b3Blb" not in done.err
    assert "memos add -- TEXT" in done.err
    assert memos("add", "--", text).status == 0


def test_an_error_repeats_no_secret(memos: Run) -> None:
    done = memos("stats", "pw: trustno1")
    assert done.status == 2
    assert "trustno1" not in done.err
    assert "pw: •••••" in done.err
