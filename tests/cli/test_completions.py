"""What a shell may complete, asked as the scripts ask: every parameter that takes a name, and nothing that may not be seen."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

from memos_cli import MOS
from memos_cli.cli.completions import OF_OPTIONS
from memos_cli.cli.main import memos as program
from memos_cli.cli.main import run
from memos_cli.model import Draft, Source
from tests.conftest import Run

NAMES = {
    "cube", "cubes", "first", "generation", "id", "identity", "ids", "item", "key", "label", "labels", "model", "name", "names",
    "old", "other", "second", "snapshot", "source", "tag", "tags", "target", "task", "value", "view", "file", "files", "folder",
    "path", "conversation", "conversations", "session", "speaker", "jsonl", "principal",
}  # fmt: skip
"""What a parameter is called that takes a name, or a file."""
NEW = {
    "cube create NAME", "cube rename NEW", "snapshot create NAME", "key new NAME", "key trust --name", "cube import --name",
}  # fmt: skip
"""Those that take a name which nothing has yet."""


Complete = Callable[..., dict[str, str]]
Filled = dict[str, str]


def parameters(command: click.Command, ctx: click.Context, path: str = "") -> Iterator[tuple[str, click.Parameter]]:
    """Every parameter of the program that takes a value, with the command it belongs to."""
    for one in command.params:
        if not (isinstance(one, click.Option) and (one.is_flag or one.count)):
            yield f"{path} {one.opts[0] if isinstance(one, click.Option) else str(one.name).upper()}".strip(), one
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from parameters(inner, click.Context(inner, info_name=name, parent=ctx), f"{path} {name}".strip())


def test_every_parameter_that_takes_a_name_completes_it() -> None:
    found = dict(parameters(program, click.Context(program, info_name="memos")))
    assert len(found) > 200
    wanting = []
    for place, one in found.items():
        named = (one.name or "").removeprefix("shared_") in NAMES or any(name in OF_OPTIONS for name in one.opts)
        by_type = isinstance(one.type, click.Choice | click.Path | click.File | click.IntRange)
        if named and one._custom_shell_complete is None and not by_type and place not in NEW:
            wanting.append(place)
    assert not wanting, "say what they complete with shell_complete=completions.…, or name them in NEW"


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complete:
    """Asks as zsh does; the answer is the names with what is said beside them, and types of paths."""

    def asked(*words: str) -> dict[str, str]:
        monkeypatch.setenv("_MEMOS_COMPLETE", "zsh_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["memos", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run([])
        monkeypatch.delenv("_MEMOS_COMPLETE")
        shown = capsys.readouterr()
        assert (left.value.code, shown.err) == (0, "")
        lines = shown.out.removesuffix("\n").split("\n")
        entries = zip(lines[::3], lines[1::3], lines[2::3], strict=True) if len(lines) > 1 else ()
        return {name.replace("\\:", ":") if kind == "plain" else kind: said for kind, name, said in entries}

    return asked


@pytest.fixture
def filled(mos: MOS) -> Filled:
    """A cube of Sam's with a memory of each sort; the ids by what they are of."""
    drafts = {
        "diet": Draft("I am vegan,\nand \x1b[31mhappy: so", key="diet", tags=("kitchen", "two words"), task="move"),
        "secret": Draft("The wifi password is kingfisher-1942", tags=("home",), labels=("secret",)),
        "shared": Draft("The office is on Canal Street", tags=("office",), external_id="office-1"),
        "talk": Draft("See you at nine", source=Source(conversation="trip plans", speaker="Ana")),
    }
    ids = dict(zip(drafts, mos.add(drafts=drafts.values()).ids, strict=True))
    mos.edit(ids["shared"], {"visibility": "public"})
    return ids


def test_ids_come_with_the_first_words_but_with_none_of_a_secret(complete: Complete, filled: Filled) -> None:
    told = complete("show", "")
    assert told[filled["diet"][:8]] == r"I am vegan, and \x1b[31mhappy: so"
    assert told[filled["secret"][:8]] == "•••••"
    assert complete("show", filled["diet"][:4]) == {filled["diet"][:8]: told[filled["diet"][:8]]}
    assert list(complete("show", filled["diet"][:10])) == [filled["diet"]]
    assert list(complete("show", "offi")) == ["office-1"]
    assert filled["diet"][:8] not in complete("pin", filled["diet"][:8], "")


def test_what_is_forgotten_is_completed_where_it_can_be_restored(complete: Complete, filled: Filled, mos: MOS) -> None:
    assert complete("restore", "") == {}
    mos.delete(filled["diet"])
    assert list(complete("restore", "")) == [filled["diet"][:8]]
    assert "vegan" in complete("restore", "")[filled["diet"][:8]]
    assert filled["diet"][:8] not in complete("show", "")
    mos.purge([filled["diet"]])
    assert filled["diet"][:8] not in {**complete("restore", ""), **complete("show", filled["diet"][:5])}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("list", "--tag", ""), ["home", "kitchen", "office", "two words"]),
        (("list", "--tag", "KIT"), ["kitchen"]),
        (("list", "--tag=ki"), ["--tag=kitchen"]),
        (("add", "--tag", "kitchen", "--tag", "k"), []),
        (("tag", "x", "--add", "of"), ["office"]),
        (("list", "--key", ""), ["diet"]),
        (("add", "--source", "s"), ["session=", "speaker="]),
        (("list", "--task", "m"), ["move"]),
        (("task", "end", ""), ["move"]),
        (("list", "--conversation", "tr"), ["trip plans"]),
        (("list", "--speaker", "a"), ["Ana"]),
        (("list", "--since", "yesterday", "--speaker", "a"), ["Ana"]),
        (("config", "set", "llm.kv", ""), ["f16", "q8_0"]),
        (("config", "set", "use.record", ""), ["true", "false"]),
        (("config", "set", "search.k", ""), ["10"]),
        (("config", "set", "timezone", "Europe/Amst"), ["Europe/Amsterdam"]),
        (("config", "set", "nonsense", ""), []),
        (("config", "get", "search.rer"), ["search.reranker", "search.reranker_model", "search.reranker_best", "search.reranker_share", "search.reranker_wait"]),  # noqa: E501
        (("lifecycle", "policy", "set", "task.e"), ["task.ending"]),
        (("lifecycle", "policy", "set", "task.ending", ""), ["archive", "expire", "keep"]),
        (("model", "use", "memos"), ["file", "memos-mini"]),
        (("model", "pull", "mul"), ["multilingual"]),
        (("model", "rm", ""), []),
        (("cube", "export", ""), ["default", "dir"]),
        (("--cube", "def"), ["default", "dir"]),
        (("list", "--cube", "def"), ["default", "dir"]),
        (("cube", "verify", ""), ["file"]),
        (("add", "--file", ""), ["file"]),
        (("add", "--jsonl", ""), ["file"]),
        (("lifecycle", "run", ""), ["file"]),
        (("lifecycle", "run", "-", "--cube", "de"), ["default", "dir"]),
        (("cube", "export", "--encrypt-to", ""), ["file"]),
        (("slot", "rm", ""), []),
        (("consolidate", "promote", ""), []),
        (("consolidate", "jobs", "--stop", ""), []),
        (("review", ""), []),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("filled")
def test_a_name_is_completed(words: tuple[str, ...], expected: list[str], complete: Complete) -> None:
    assert sorted(complete(*words)) == sorted(expected)


def test_views_snapshots_commands_and_questions_are_completed(complete: Complete, filled: Filled, memos: Run) -> None:
    memos("view", "save", "evenings", "--tag", "kitchen")
    memos("snapshot", "create", "before", "--note", "the move")
    memos("link", filled["diet"], "contradicts", filled["shared"])
    assert list(complete("--view", "")) == ["evenings"]
    assert list(complete("list", "--view", "EVE")) == ["evenings"]
    assert complete("snapshot", "diff", "b") == {"before": "the move"}
    commands = memos("undo", "--list", "--json").data["commands"]
    told = complete("undo", "")
    assert list(told)[:3] == [one["txn"] for one in commands[:3]]
    assert told[commands[0]["txn"]].startswith("link, 20")
    assert list(complete("undo", commands[1]["txn"][:6])) == [commands[1]["txn"]]


def test_what_a_principal_may_not_see_is_not_completed(complete: Complete, filled: Filled, memos: Run) -> None:
    for before in (("--as", "ana"), ()):
        behind = () if before else ("--as", "ana")
        assert list(complete(*before, "show", *behind, "")) == [filled["shared"][:8]]
        assert complete(*before, "show", *behind, filled["diet"][:3]) == {}
        assert list(complete(*before, "list", *behind, "--tag", "")) == ["office"]
        for option in ("--key", "--task", "--conversation", "--speaker", "--session"):
            assert complete(*before, "list", *behind, option, "") == {}
        assert complete(*before, "undo", *behind, "") == {}
    memos("add", "My own", "--tag", "hers", "--as", "ana")
    assert list(complete("list", "--as", "ana", "--tag", "")) == ["hers", "office"]
    assert len(complete("undo", "--as", "ana", "")) == 1


def test_a_rollback_completes_the_versions_behind_the_present_one(complete: Complete, filled: Filled, mos: MOS) -> None:
    assert complete("rollback", filled["shared"], "--to", "") == {"1": "_"}
    for number in range(10):
        mos.edit(filled["shared"], {"content": f"The office is at {number}"})
    for name in (filled["shared"], filled["shared"][:6], "office-1", "OFFICE-1"):
        assert list(complete("rollback", name, "--to", "")) == [str(number) for number in range(11, 0, -1)]
    assert list(complete("rollback", "office-1", "--to", "1")) == ["11", "10", "1"]
    assert list(complete("rollback", "office-1", "--to=1")) == ["--to=11", "--to=10", "--to=1"]
    assert complete("rollback", filled["diet"], "--to", "") == {}, "there is nothing behind its first version"
    assert complete("rollback", "nosuch", "--to", "") == {}
    assert complete("rollback", "--to", "") == {}
    assert complete("--as", "ben", "rollback", filled["diet"], "--to", "") == {}
    mos.edit(filled["diet"], {"content": "I am vegan"})
    assert complete("rollback", filled["diet"], "--to", "") == {"1": "_"}
    assert complete("--as", "ben", "rollback", filled["diet"], "--to", "") == {}


@pytest.mark.usefixtures("filled")
def test_the_principal_of_the_settings_asks(complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMOS_PRINCIPAL", "ana")
    assert list(complete("list", "--tag", "")) == ["office"]


@pytest.mark.usefixtures("filled")
def test_the_cubes_on_the_line_are_looked_at(complete: Complete, memos: Run) -> None:
    memos("cube", "create", "work")
    memos("--cube", "work", "add", "Ship it", "--tag", "release")
    assert list(complete("--cube", "work", "list", "--tag", "")) == ["release"]
    assert list(complete("list", "--cube", "work", "--tag", "")) == ["release"]
    assert list(complete("list", "--cube", "work", "--cube", "default", "--tag", "")) == [
        "release", "home", "kitchen", "office", "two words",
    ]  # fmt: skip
    assert complete("list", "--cube", "nowhere", "--tag", "") == {}
    memos("cube", "use", "work")
    assert list(complete("list", "--tag", "")) == ["release"]


def listing(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder, with when it was written and its content."""
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.usefixtures("filled")
def test_completing_writes_nothing(complete: Complete, mos: MOS, home: Path) -> None:
    mos.close()
    before = listing(home)
    for words in (("show", ""), ("list", "--tag", ""), ("undo", ""), ("task", "end", "")):
        assert complete(*words)
    assert listing(home) == before


@pytest.mark.usefixtures("filled")
def test_a_writer_is_not_waited_for(complete: Complete, home: Path) -> None:
    with sqlite3.connect(home / "cubes" / "default" / "cube.db", isolation_level=None) as conn:
        conn.execute("BEGIN EXCLUSIVE")
        assert list(complete("list", "--tag", "ki")) == ["kitchen"]
        conn.execute("ROLLBACK")


@pytest.mark.usefixtures("filled")
def test_an_older_cube_is_not_migrated(complete: Complete, mos: MOS, home: Path) -> None:
    mos.close()
    with sqlite3.connect(home / "cubes" / "default" / "cube.db") as conn:
        conn.execute("PRAGMA user_version = 5")
        conn.execute("DROP TABLE names")
        conn.commit()
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = listing(home)
    assert complete("list", "--tag", "") == {}
    assert complete("show", "")
    assert listing(home) == before


@pytest.mark.parametrize("content", [b"", b"no cube", b"SQLite format 3\x00" + b"\xff" * 5000, None])
@pytest.mark.usefixtures("filled")
def test_what_cannot_be_read_completes_nothing_and_says_nothing(
    content: bytes | None, complete: Complete, mos: MOS, home: Path
) -> None:
    mos.close()
    file = home / "cubes" / "default" / "cube.db"
    file.unlink()
    if content is None:
        os.mkfifo(file)
    else:
        file.write_bytes(content)
    for words in (("show", ""), ("list", "--tag", ""), ("undo", ""), ("snapshot", "rm", ""), ("list", "--label", "")):
        assert set(complete(*words)) <= {"default"}
    (home / "config.toml").write_text("cube = [", encoding="utf-8")
    assert complete("list", "--tag", "") == {}
    assert list(complete("cube", "rm", "def")) == ["default", "dir"]


@pytest.mark.usefixtures("filled")
def test_names_that_would_break_the_answer_are_left_out(complete: Complete, mos: MOS, home: Path) -> None:
    mos.close()
    with sqlite3.connect(home / "cubes" / "default" / "cube.db") as conn:
        conn.execute("UPDATE tags SET tag = 'kit' || char(10) || 'chen' WHERE tag = 'kitchen'")
        conn.execute("UPDATE names SET name = 'kit' || char(10) || 'chen' WHERE name = 'kitchen'")
    assert list(complete("list", "--tag", "k")) == []


def test_the_newest_come_first_and_no_more_than_fifty(complete: Complete, mos: MOS) -> None:
    ids = mos.add(drafts=[Draft(f"Bead {number}", tags=(f"t{number:03}",)) for number in range(120)]).ids
    told = complete("show", "")
    assert len(told) == 50
    assert [name for name, _ in pairwise([*told, ""])] == [one[:8] for one in reversed(ids[-50:])]
    assert list(complete("list", "--tag", "")) == [f"t{number:03}" for number in range(50)]


def test_who_may_see_few_of_many_gets_them_all_the_same(complete: Complete, mos: MOS) -> None:
    (oldest,) = mos.add("The office is on Canal Street").ids
    mos.edit(oldest, {"visibility": "public"})
    mos.add(drafts=[Draft(f"number {number}") for number in range(3_000)])
    assert complete("--as", "ben", "show", "") == {oldest[:8]: "_"}, "words are for the owner's eyes"
    assert complete("--as", "ben", "show", oldest[:4]) == {oldest[:8]: "_"}
    assert oldest[:8] not in complete("show", ""), "its owner gets the newest"


def test_the_kinds_of_imports_are_completed(complete: Complete) -> None:
    assert set(complete("import", "--from", "d")) == {"documents"}
    assert {"chatgpt", "obsidian", "documents"} <= set(complete("import", "--from", ""))
