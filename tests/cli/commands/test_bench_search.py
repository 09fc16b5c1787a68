"""`memos bench search` as it is run: its figures, and that nothing is left."""

from pathlib import Path

import pytest

from tests.conftest import Run

pytest.importorskip("numpy")


pytestmark = pytest.mark.usefixtures("temporary")


def test_a_cube_is_made_up_and_measured_and_nothing_is_left(memos: Run, temporary: Path, home: Path) -> None:
    done = memos("--json", "bench", "search", "--memories", "400", "--repeat", "3")
    assert done.status == 0, done.err
    assert (done.data["memories"], done.data["repeat"], done.data["seed"]) == (400, 3, 0)
    assert set(done.data["written"]) == {"seconds", "per_second", "index_s", "bytes"}
    assert set(done.data["searches"]) == {"lexical_rare", "lexical_frequent", "meaning", "hybrid"}
    assert set(done.data["after_add"]) == {"median_s", "p90_s", "ratio"}
    assert set(done.data["cold"]) == {"search_lexical", "list"}
    assert all(one["ratio"] == pytest.approx(one["median_s"] / one["small_s"], rel=0.01) for one in done.data["cold"].values())
    assert list(temporary.iterdir()) == []
    assert not (home / "cubes").exists()


def test_people_get_tables(memos: Run) -> None:
    done = memos("bench", "search", "--memories", "100", "--repeat", "3")
    assert done.status == 0, done.err
    for told in ("by rare words", "by frequent words", "by meaning", "after an add", "search --lexical", "list -n 5"):
        assert told in done.out
    assert "100 memories added with their vectors" in done.err
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_cube_for_which_there_is_no_room_is_refused(memos: Run) -> None:
    done = memos("bench", "search", "--memories", "10000001")
    assert done.status == 2
    assert "--memories" in done.err
