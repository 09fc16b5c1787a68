from pathlib import Path

from tests.conftest import Run


def test_the_demo_runs_and_counts_what_it_found(memos: Run, tmp_path: Path) -> None:
    done = memos("--json", "demo", "--home", str(tmp_path / "demo"))
    assert done.status == 0, done.err
    figures = done.data
    assert figures["questions"] >= 20
    assert "Leeds" in figures["chat"]["answer"]
    assert figures["chat"]["mode"] in {"generated", "extractive"}
    assert 0 < figures["lexical"]["first"] <= figures["lexical"]["among_3"] <= figures["questions"]


def test_the_demo_shows_its_steps_and_the_way_on(memos: Run, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    first = memos("demo", "--home", str(folder))
    assert "$ memos add --file transcript.txt" in first.out
    assert f"export MEMOS_HOME={folder / 'home'}" in first.out
    assert "marmalade-otter" not in first.out
    again = memos("demo", "--home", str(folder))
    assert again.status == 0


def test_the_demo_does_not_touch_a_folder_that_is_not_its_own(memos: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear", encoding="utf-8")
    done = memos("demo", "--home", str(folder))
    assert done.status == 3
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
