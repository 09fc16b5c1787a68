"""What may be seen of an index, as it is kept: the same as what the tables say, whatever was written, and by whom."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.infra.vault.sight import seen_index
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Visibility

WORDS = ("river", "harbour", "lantern", "cedar", "violin", "granite", "saffron", "meadow")


@pytest.fixture(autouse=True)
def filed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is kept for the smallest cube, and written anew after a few operations."""
    monkeypatch.setattr(seen_index, "FILED", 1)
    monkeypatch.setattr(seen_index, "_LATE", 3)


@pytest.fixture
def full(mos: MOS) -> Iterator[MOS]:
    """Thirty memories, every third of them public."""
    with mos:
        for n in range(30):
            text = " ".join(random.Random(n).choices(WORDS, k=3 + n % 5)) + f" {n}"
            mos.add(text, visibility=Visibility.PUBLIC if n % 3 == 0 else Visibility.PRIVATE, tags=("all",))
        yield mos


def _rows(vault: Vault, table: str = "fts") -> tuple[list[int], list[int], int]:
    assert vault.sight is not None
    seen = vault.sight.seen(table)
    return list(seen.rows), [seen.lengths[n] for n in seen.rows], seen.words


def _told(vault: Vault, table: str = "fts") -> tuple[list[int], list[int], int]:
    """The same as the tables and FTS5's own list of words say."""
    conn = sqlite3.connect(vault.path)
    try:
        public = "SELECT n FROM memories WHERE (owner = 'eve' OR visibility IN ('public', 'read-only')) AND state <> 'purged'"
        found = conn.execute(f"SELECT id FROM {table}_docsize WHERE id IN ({public}) ORDER BY id")  # noqa: S608 -- our own
        rows = [n for (n,) in found]
        conn.execute(f"CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {table}, instance)")
        lengths = [conn.execute("SELECT count(*) FROM temp.words WHERE doc = ?", (n,)).fetchone()[0] for n in rows]
    finally:
        conn.close()
    return rows, lengths, sum(lengths)


def _files(vault: Vault) -> list[Path]:
    return sorted((vault.folder / seen_index.FOLDER).glob("[!.]*"))


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    whole: list[str] = []

    def looked(conn: sqlite3.Connection, table: str, real: Any = seen_index._whole) -> Any:
        whole.append(table)
        return real(conn, table)

    monkeypatch.setattr(seen_index, "_whole", looked)
    return whole


def test_the_next_process_finds_what_was_kept(full: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _rows(full.vault("default", "eve")) == _told(full.vault("default", "eve"))
    whole = _counting(monkeypatch)
    with MOS(cubes=["default"], settings=full.settings) as other:
        eve = other.vault("default", "eve")
        assert _rows(eve) == _told(eve)
        full.add("a lantern on the river", visibility=Visibility.PUBLIC)
        assert _rows(eve) == _told(eve)
        assert len(_rows(eve)[0]) == 11
    assert whole == []


def test_it_is_in_step_with_all_that_is_written(full: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    whole = _counting(monkeypatch)
    eve = full.vault("default", "eve")
    assert (_rows(eve), _rows(eve, "cold_fts")) == (_told(eve), _told(eve, "cold_fts"))
    purges = 0
    for _ in range(60):
        ids = [memory.id for memory in full.list(order="oldest")]
        one = rng.choice(ids)
        match rng.randrange(7):
            case 0:
                full.add(" ".join(rng.choices(WORDS, k=5)) + f" {rng.random()}", visibility=Visibility.PUBLIC)
            case 1:
                full.edit(one, {"visibility": rng.choice(list(Visibility))})
            case 2:
                full.edit(one, {"content": " ".join(rng.choices(WORDS, k=9)) + f" {rng.random()}"})
            case 3 if len(ids) > 8:
                full.delete(one)
            case 4 if len(ids) > 8:
                full.purge(one)
                purges += 1
            case 5:
                full.edit(one, {"tags": ["all", str(rng.random())]})
                full.undo()
            case _:
                with MOS(cubes=["default"], principal="eve", settings=full.settings) as hers:
                    hers.add(" ".join(rng.choices(WORDS, k=4)) + f" {rng.random()}")
        assert _rows(eve) == _told(eve)
        assert _rows(eve, "cold_fts") == _told(eve, "cold_fts")
        with MOS(cubes=["default"], settings=full.settings) as other:
            assert _rows(other.vault("default", "eve")) == _told(eve)
    assert len(whole) <= 2 + 3 * purges  # at the first look, and where a purge took the files away and compacted the index


def test_what_was_rolled_back_leaves_nothing(full: MOS) -> None:
    eve = full.vault("default", "eve")
    before = _rows(eve)

    def fail() -> None:
        with eve.write("add", "eve", full.millis) as unit:
            unit.add(Draft("violin violin violin"), "eve")
            assert len(_rows(eve)[0]) == 11
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _rows(eve) == before == _told(eve)


@pytest.mark.parametrize("what", ["cut", "flipped", "empty", "other"])
def test_a_damaged_file_is_made_anew(full: MOS, what: str) -> None:
    eve = full.vault("default", "eve")
    right = _rows(eve)
    (path,) = _files(eve)
    data = path.read_bytes()
    made = {
        "cut": data[:-5], "flipped": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "empty": b"", "other": b"[1]\n" + data,
    }  # fmt: skip
    path.write_bytes(made[what])
    with MOS(cubes=["default"], settings=full.settings) as other:
        assert _rows(other.vault("default", "eve")) == right


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_no_changed_byte_is_believed(full: MOS, place: int) -> None:
    eve = full.vault("default", "eve")
    right = _rows(eve)
    (path,) = _files(eve)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << place % 8
    path.write_bytes(data)
    with MOS(cubes=["default"], settings=full.settings) as other:
        assert _rows(other.vault("default", "eve")) == right


def test_it_is_of_one_principal_and_of_the_rules_of_one_time(full: MOS) -> None:
    eve, bob = full.vault("default", "eve"), full.vault("default", "bob")
    assert _rows(eve) == _rows(bob)
    assert len(_files(eve)) == 2
    with full.vault("default").write("revoke", "sam", full.millis) as unit:
        fields = {"to": "eve", "group": False, "right": "read", "sort": "cube", "name": "", "deny": True}
        unit.change("rule", "ab" * 20, fields)
    assert _rows(eve) == ([], [], 0)
    with MOS(cubes=["default"], settings=full.settings) as other:
        assert _rows(other.vault("default", "eve")) == ([], [], 0)
        assert _rows(other.vault("default", "bob")) == _told(bob)


def test_rows_that_were_numbered_anew_are_looked_at_again(full: MOS) -> None:
    eve = full.vault("default", "eve")
    full.delete(full.list(order="oldest")[0].id)
    _rows(eve)
    full.doctor.rebuild("default")
    assert _rows(eve) == _told(eve)
    with MOS(cubes=["default"], settings=full.settings) as other:
        assert _rows(other.vault("default", "eve")) == _told(eve)


def test_an_older_copy_of_the_cube_is_not_taken_for_this_one(full: MOS, tmp_path: Path) -> None:
    owner = full.vault("default")
    kept = tmp_path / "kept.db"
    owner.conn.execute("VACUUM INTO ?", (str(kept),))
    for n in range(6):
        full.add(f"saffron harbour {n}", visibility=Visibility.PUBLIC)
    eve = full.vault("default", "eve")
    assert len(_rows(eve)[0]) == 16
    folder, path = eve.folder, eve.path
    full.close()
    for name in ("cube.db-wal", "cube.db-shm", "heads"):
        (folder / name).unlink(missing_ok=True)
    path.write_bytes(kept.read_bytes())
    with MOS(cubes=["default"], settings=full.settings) as other:
        assert len(_rows(other.vault("default", "eve"))[0]) == 10
        for n in range(6):
            other.add(f"granite cedar meadow {n}", visibility=Visibility.PRIVATE)
        assert _rows(other.vault("default", "eve")) == _told(other.vault("default", "eve"))


def test_the_folder_holds_few_files_and_no_text(full: MOS) -> None:
    for n in range(24):
        _rows(full.vault("default", f"reader{n}"))
    files = _files(full.vault("default"))
    assert len(files) == 16
    for path in files:
        assert b"reader" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_a_purge_takes_the_files_away(full: MOS) -> None:
    eve = full.vault("default", "eve")
    _rows(eve)
    assert _files(eve)
    full.purge(full.list()[0].id)
    assert not _files(eve)


def test_a_small_cube_has_no_file(full: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_index, "FILED", 31)
    assert _rows(full.vault("default", "eve")) == _told(full.vault("default", "eve"))
    assert not _files(full.vault("default"))


def test_a_folder_that_cannot_be_written_is_no_fault(full: MOS) -> None:
    vault = full.vault("default", "eve")
    (vault.folder / seen_index.FOLDER).write_text("no folder")
    assert _rows(vault) == _told(vault)


def test_the_owner_has_no_such_file(full: MOS) -> None:
    full.search("river")
    assert full.vault("default").sight is None
    assert not _files(full.vault("default"))


@pytest.mark.parametrize("kept", [False, True])
def test_what_others_write_between_two_statements_is_not_half_seen(
    full: MOS, monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    if kept:
        assert len(_rows(full.vault("default", "eve"))[0]) == 10
        full.add("a violin in the meadow", visibility=Visibility.PUBLIC)
    with MOS(cubes=["default"], settings=full.settings) as other:
        eve = other.vault("default", "eve")

        def last(conn: sqlite3.Connection, table: str, real: Any = seen_index._last) -> int:
            found: int = real(conn, table)
            full.add(f"a lantern on the river {found}", visibility=Visibility.PUBLIC)
            return found

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(seen_index, "_last", last)
            assert len(_rows(eve)[0]) == 10 + kept
        assert _rows(eve) == _told(eve)
        assert len(_rows(eve)[0]) == 11 + kept
