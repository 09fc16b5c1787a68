"""Where cubes lie."""

from pathlib import Path

import pytest

from memos_cli.errors import UsageError
from memos_cli.infra import places


def test_a_name_lies_in_the_home_and_a_path_where_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.place(tmp_path / "cubes", "work") == tmp_path / "cubes" / "work"
    assert places.place(tmp_path / "cubes", "./work") == tmp_path / "work"
    assert places.place(tmp_path / "cubes", ".") == tmp_path
    with pytest.raises(UsageError, match="cannot be the name"):
        places.place(tmp_path, "two words")


def test_the_names_are_those_of_folders_with_a_cube_in_them(tmp_path: Path) -> None:
    assert places.names(tmp_path / "none") == []
    for name in ("work", "default", ".half.0123456789ab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / places.FILE).touch()
    (tmp_path / "empty").mkdir()
    assert places.names(tmp_path) == ["default", "work"]
