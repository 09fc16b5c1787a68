"""Of which kind a source is."""

from pathlib import Path

import pytest

from memos_cli import plugins
from memos_cli.errors import UsageError
from memos_cli.interface.imports import kinds
from tests.importers import ScriptedImporter, note, script


class _Greedy(ScriptedImporter):
    """Says yes to whatever it is asked."""

    def matches(self, source: Path) -> bool:
        return source.exists()


@pytest.fixture(autouse=True)
def _table(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {name: target for name, target in plugins._BUILT_IN.items() if not name.startswith("importer.")}
    table["importer.claude"] = "tests.importers:ScriptedImporter"
    table["importer.jsonl"] = "tests.interface.imports.test_kinds:_Greedy"
    monkeypatch.setattr(plugins, "_BUILT_IN", table)


def test_the_first_that_says_yes(tmp_path: Path) -> None:
    assert kinds.of(script(tmp_path / "one.script", note("1", "One"))).kind == "claude"
    (tmp_path / "x").write_text("x")
    assert kinds.of(tmp_path / "x").kind == "jsonl"
    assert kinds.of(tmp_path / "x", "claude").kind == "claude"
    assert [one.kind for one in kinds.there()] == ["obsidian", "claude", "basic-memory", "markdown", "jsonl"]


def test_each_kind_stands_once_in_the_order() -> None:
    assert len(set(kinds.ORDER)) == len(kinds.ORDER)


@pytest.mark.parametrize("name", ["nosuch", "a\x00b", "x" * 300])
@pytest.mark.parametrize("kind", [None, "claude"])
def test_what_cannot_be_read(name: str, kind: str | None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        kinds.of(tmp_path / name, kind)


def test_what_nobody_reads_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(plugins._BUILT_IN, "importer.jsonl")
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "x.txt").write_text("Once")
    for name, said in (("x.png", "a PNG image"), ("x.txt", "plain text"), ("", "a folder")):
        with pytest.raises(UsageError, match=f"is {said}") as error:
            kinds.of(tmp_path / name)
        assert "claude" in str(error.value.hint)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("main.py", "util.py", "tests.py", "README.md", "docs/use.md"), "git"),
        (("setup.cfg",), "git"),
        ((), "git"),
        (("Ana.md", "Trips/York.md", "picture.png", "more.png", "scan.pdf"), "markdown"),
        (("Ana.md", "backup.sh"), "markdown"),
        ((".obsidian/app.json", "a.py", "b.py", "c.py", "Ana.md"), "obsidian"),
        ((".hidden.md", ".venv/lib/a.md", "one.py"), "git"),
    ],
)
def test_a_folder_under_git_is_a_repository_unless_it_is_one_of_notes(
    files: tuple[str, ...], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(plugins._BUILT_IN, "importer.git", "memos_cli.backends.importers.git:GitImporter")
    monkeypatch.delitem(plugins._BUILT_IN, "importer.jsonl")
    folder = tmp_path / "kept"
    for name in (".git/HEAD", *files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert kinds.of(folder).kind == kind
    assert kinds.of(folder, "git").kind == "git"
    if kind == "git":
        bare = tmp_path / "bare"
        for name in ("objects", "refs"):
            (bare / name).mkdir(parents=True)
        (bare / "HEAD").write_text("x")
        assert kinds.of(bare).kind == "git"


def test_all_kinds_are_named_where_none_is_near() -> None:
    with pytest.raises(UsageError) as told:
        kinds._named("zzzzzz")
    assert told.value.hint == f"there are: {', '.join(kinds.ORDER)}"
