"""`memos cube rm` and `rename` of the cube in use: what is used then is said, and works."""

from pathlib import Path

from tests.conftest import Run


def test_removing_the_cube_in_use_falls_back_to_the_default_cube_and_says_so(memos: Run) -> None:
    memos("add", "at home")
    memos("cube", "create", "work", "--use")
    memos("add", "at work")
    assert memos("cube", "rm", "work", "--dry-run", "--json").data == {"name": "work", "removed": False, "using": "default"}
    assert memos("config", "get", "cube").out.strip() == "work"
    ran = memos("cube", "rm", "work", "--yes")
    assert (ran.status, "default" in ran.out) == (0, True)
    assert [one["content"] for one in memos("list", "--json").data["memories"]] == ["at home"]


def test_where_there_is_no_default_cube_every_command_works_all_the_same(memos: Run) -> None:
    memos("cube", "create", "home")
    memos("cube", "create", "work", "--use")
    assert memos("cube", "rm", "work", "--yes", "--json").data == {"name": "work", "removed": True, "using": "default"}
    for command in (["list"], ["search", "x"], ["stats"], ["undo", "--list"]):
        ran = memos(*command)
        assert ran.status == 0, ran
    assert "home" in memos("list").err, "the cubes that are there are named"
    assert memos("add", "one").status == 0
    assert memos("cube", "rm", "default", "--yes").status == 0
    assert memos("list").status == 0
    assert memos("--cube", "default", "list").status == 10, "by its name it is still no cube"


def test_renaming_the_cube_in_use_goes_on_using_it_and_says_so(memos: Run) -> None:
    memos("cube", "create", "work", "--use")
    ran = memos("cube", "rename", "work", "job", "--json")
    assert ran.data["using"] == "job"
    assert memos("config", "get", "cube").out.strip() == "job"
    ran = memos("cube", "rename", "job", "work")
    assert "using cube work" in ran.out + ran.err
    assert memos("list").status == 0


def test_another_cube_that_goes_changes_nothing(memos: Run) -> None:
    memos("cube", "create", "work", "--use")
    memos("cube", "create", "trial")
    ran = memos("cube", "rm", "trial", "--yes")
    assert "using" not in ran.out + ran.err
    assert memos("config", "get", "cube").out.strip() == "work"


def test_a_cube_by_its_path_is_no_more_used_when_it_is_gone(memos: Run, tmp_path: Path) -> None:
    memos("cube", "create", str(tmp_path / "project"), "--use")
    memos("cube", "rm", str(tmp_path / "project"), "--yes")
    assert memos("config", "get", "cube").out.strip() == "default"
    assert memos("list").status == 0


def test_what_else_names_the_cube_is_said(memos: Run) -> None:
    memos("cube", "create", "work")
    ran = memos("cube", "rm", "work", "--yes", env={"MEMOS_CUBE": "work"})
    assert ran.status == 0
    assert "MEMOS_CUBE" in ran.err


def test_the_file_of_settings_is_mended_where_the_environment_names_another_cube(memos: Run) -> None:
    memos("cube", "create", "work", "--use")
    memos("cube", "create", "trial")
    memos("cube", "rm", "work", "--yes", env={"MEMOS_CUBE": "trial"})
    assert memos("list").status == 0
