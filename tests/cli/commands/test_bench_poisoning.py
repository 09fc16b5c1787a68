"""`memos bench poisoning` as it is run: the table, the document, and what cannot be used."""

import pytest

pytest.importorskip("mcp")

from memos_cli.bench.poisoning.corpus import KINDS
from tests.conftest import Run

pytestmark = pytest.mark.usefixtures("temporary")


def test_attacks_are_counted_by_kind_and_carrier(memos: Run) -> None:
    done = memos("--json", "bench", "poisoning", "--attacks", "5")
    assert done.status == 0, done.err
    assert (done.data["attacks"], done.data["seed"], done.data["model"]) == (5, 0, None)
    assert done.data["total"]["shipped"] == 0
    assert done.data["total"]["neither"] >= 1
    assert [row["name"] for row in done.data["kinds"]] == list(KINDS[:5])


def test_people_get_a_table(memos: Run) -> None:
    done = memos("bench", "poisoning", "--attacks", "1", "--shipped")
    assert done.status == 0, done.err
    assert "as it ships" in done.out
    assert "no trust" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_model_that_is_not_there_is_named(memos: Run) -> None:
    done = memos("bench", "poisoning", "--attacks", "1", "--model", "nosuch")
    assert done.status == 14
    assert "nosuch" in done.err
