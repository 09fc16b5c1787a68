from pathlib import Path

import pytest

from memos_cli import modes


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    modes.make_folder(tmp_path / "a" / "b" / "c")
    modes.make_folder(tmp_path / "a" / "b" / "c")
    assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in ("a", "a/b", "a/b/c")] == ["0o700"] * 3


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(FileExistsError):
        modes.make_folder(tmp_path / "a")


def test_a_file_that_is_there_keeps_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    modes.make_file(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "one"


def test_nothing_makes_a_folder_but_through_this_module() -> None:
    # What lies outside of the home is a person's own: units of systemd, man pages, completions, notes that were asked for.
    outside = {"cli/timer.py", "cli/commands/manual.py", "interface/exports/markdown.py", "modes.py"}
    house = Path(modes.__file__).parent
    found = {path.relative_to(house).as_posix() for path in house.rglob("*.py") if ".mkdir(" in path.read_text("utf-8")}
    assert found == outside
