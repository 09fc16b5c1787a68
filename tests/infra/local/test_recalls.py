"""The history of recalls: bounded, without a text, and never in the way."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from memos_cli.infra.local import recalls
from memos_cli.infra.local.recalls import FILE, Recalled, Recalls

AT = "2026-03-02T12:00:00.000Z"
LATER = "2026-03-02T13:00:00.000Z"


def test_what_was_noted_is_there_in_order(tmp_path: Path) -> None:
    store = Recalls(tmp_path)
    assert store.since() == []
    assert store.add(AT, ["a", "b", "a"])
    assert store.add(LATER, ["c"])
    assert store.decide(LATER, {"forms": {"a": ["plaintext", "alone", 3]}})
    assert store.since() == [Recalled(AT, ("a", "b")), Recalled(LATER, ("c",))]
    assert store.since(LATER) == [Recalled(LATER, ("c",))]
    assert store.decisions() == [(LATER, {"forms": {"a": ["plaintext", "alone", 3]}})]


def test_what_is_locked_is_read_and_not_written(tmp_path: Path) -> None:
    store = Recalls(tmp_path)
    store.add(AT, ["a"])
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        assert not store.add(LATER, ["b"])
        assert store.since() == [Recalled(AT, ("a",))]


def test_where_no_file_can_be_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    store = Recalls(tmp_path)
    assert not store.add(AT, ["a"])
    assert store.since() == []
    assert not Recalls(tmp_path / "gone").add(AT, ["a"])
    assert Recalls(tmp_path / "gone").forget(["a"]) == 0


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be taken for one" * 40, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    store = Recalls(tmp_path)
    assert store.since() == []
    assert not store.add(AT, ["a"])
    assert store.add(AT, ["a"])
    assert store.since() == [Recalled(AT, ("a",))]


def test_a_purge_takes_the_ids_out_of_the_file(tmp_path: Path) -> None:
    store = Recalls(tmp_path)
    store.add(AT, ["aaaaaaaa", "bbbbbbbb"])
    store.add(AT, ["bbbbbbbb"])
    store.decide(AT, {"forms": {"aaaaaaaa": [None, "full", 0]}})
    assert store.forget(["aaaaaaaa"], dry_run=True) == 2
    assert b"aaaaaaaa" in (tmp_path / FILE).read_bytes()
    assert store.forget(["aaaaaaaa"]) == 2
    assert store.since() == [Recalled(AT, ("bbbbbbbb",))]
    assert not any(b"aaaaaaaa" in path.read_bytes() for path in tmp_path.iterdir())


def test_a_purge_of_a_damaged_file_takes_all_of_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"aaaaaaaa" * 2000)
    assert Recalls(tmp_path).forget(["aaaaaaaa"]) == 1
    assert not (tmp_path / FILE).exists()


def test_the_oldest_lines_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalls, "KEPT", {"recall": 5, "decision": 200})
    store = Recalls(tmp_path)
    store.decide(AT, {"forms": {}})
    for number in range(250):
        store.add(AT, [f"m{number}"])
    kept = [one.ids[0] for one in store.since()]
    assert 5 <= len(kept) <= 5 + 100
    assert kept[-1] == "m249"
    assert len(store.decisions()) == 1, "each kind is bounded by itself"
