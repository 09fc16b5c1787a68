"""`memos doctor`: what it calls damaged, and that it does all that it is told to."""

from pathlib import Path

from tests.conftest import Run


def test_doctor_calls_no_cube_damaged_that_is_not_there(memos: Run, home: Path) -> None:
    memos("add", "I am vegan now")
    assert home.exists()
    ran = memos("--json", "--cube", "nope", "doctor")
    assert (ran.status, ran.error["code"], ran.out) == (10, "cube_not_found", "")


def test_doctor_does_all_that_it_is_asked(memos: Run, home: Path) -> None:
    memos("add", "I am vegan now")
    assert home.exists()
    ran = memos("--json", "doctor", "--rebuild", "--embed")
    assert (ran.status, ran.error["code"]) == (14, "model_unavailable"), ran.err
