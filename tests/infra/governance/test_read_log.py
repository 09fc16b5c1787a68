"""The record of reads: every damage is found, whatever was recorded, and by however many processes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.errors import CubeLocked, NotWritable
from memos_cli.infra.governance import read_log
from memos_cli.infra.governance.read_log import Asked, Getting
from memos_cli.infra.heads import Head, Heads
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Memory
from tests.cli.helpers import locked
from tests.patience import PATIENCE

AT = "2026-03-02T12:00:0{}.000Z"
EVE = Getting(AT.format(0), "eve", "show")
IDS = ["k3f9" * 5, "m2xq" * 5]
ENTRIES = 6
_INSERT = "INSERT INTO reads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Vault.create(tmp_path / "cube", owner="sam", millis=1_772_452_800_000)
    return tmp_path / "cube"


@pytest.fixture
def vault(folder: Path) -> Iterator[Vault]:
    with Vault(folder, "cube", lock_timeout=0.1) as opened:
        yield opened


def fill(vault: Vault, count: int = ENTRIES) -> None:
    for number in range(count):
        who = Getting(AT.format(number % 10), "eve" if number % 2 else "helper", "show")
        action = ("show", "search", read_log.DENIED)[number % 3]
        read_log.record(vault, who, action, IDS[: number % 3], purpose="prompt" if number == 1 else "")


def faults(vault: Vault) -> list[str]:
    return list(read_log.faults(vault))


def rows(vault: Vault) -> list[tuple[object, ...]]:
    return vault.conn.execute("SELECT * FROM reads ORDER BY n").fetchall()


def test_a_record_tells_what_was_given_the_newest_first(vault: Vault) -> None:
    assert faults(vault) == []
    assert read_log.last(vault) == read_log.NONE
    fill(vault)
    assert faults(vault) == []
    newest, *_, oldest = read_log.entries(vault)
    assert oldest[2:] == (AT.format(0), "helper", "show", "", "show", False, (), 0)
    assert newest[2:] == (AT.format(5), "eve", "show", "", read_log.DENIED, True, tuple(IDS), 2)
    assert read_log.last(vault) == Head(ENTRIES, newest.id)
    assert read_log.size(vault) == ENTRIES


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Asked(), [6, 5, 4, 3, 2, 1]),
        (Asked(since=AT.format(4)), [6, 5]),
        (Asked(until=AT.format(1)), [1]),
        (Asked(principal="eve"), [6, 4, 2]),
        (Asked(principal="nobody"), []),
        (Asked(memory=IDS[1]), [6, 3]),
        (Asked(action="search"), [5, 2]),
        (Asked(denied=True), [6, 3]),
        (Asked(denied=True, principal="helper"), [3]),
    ],
)
def test_filters(vault: Vault, asked: Asked, numbers: list[int]) -> None:
    fill(vault)
    assert [entry.n for entry in read_log.entries(vault, asked)] == numbers


def test_what_is_the_whole_cube_is_any_memory(vault: Vault) -> None:
    read_log.record(vault, EVE, "export", None)
    (entry,) = read_log.entries(vault, Asked(memory=IDS[0]))
    assert (entry.memories, entry.size) == (None, 0)
    assert faults(vault) == []


def test_many_memories_make_several_entries(vault: Vault) -> None:
    ids = [f"{number:020d}" for number in range(1_201)]
    read_log.record(vault, EVE, "list", ids)
    assert [entry.size for entry in read_log.entries(vault)] == [201, 500, 500]
    assert sorted(one for entry in read_log.entries(vault) for one in entry.memories or ()) == ids
    assert faults(vault) == []


# -- damage


def changed(column: str) -> Callable[[Vault, int], None]:
    other = {"id": "zeroblob(32)", "denied": "1 - denied", "count": "count + 1", "memories": "'[\"x\"]'"}

    value = other.get(column, f"{column} || '.'")

    def damage(vault: Vault, n: int) -> None:
        vault.conn.execute(f"UPDATE reads SET {column} = {value} WHERE n = ?", (n,))  # noqa: S608 -- our own names

    return damage


def removed(vault: Vault, n: int) -> None:
    vault.conn.execute("DELETE FROM reads WHERE n = ?", (n,))


def swapped(vault: Vault, n: int) -> None:
    other = n % ENTRIES + 1
    for old, new in ((n, -1), (other, n), (-1, other)):
        vault.conn.execute("UPDATE reads SET n = ? WHERE n = ?", (new, old))


def repeated(vault: Vault, n: int) -> None:
    vault.conn.execute("INSERT INTO reads SELECT (SELECT max(n) + 1 FROM reads), * FROM (SELECT id, at, principal, command, "
                       "purpose, action, denied, memories, count FROM reads WHERE n = ?)", (n,))  # fmt: skip


COLUMNS = ("id", "at", "principal", "command", "purpose", "action", "denied", "memories", "count")
DAMAGES = {
    **{f"changed {name}": changed(name) for name in COLUMNS},
    "removed": removed,
    "swapped": swapped,
    "repeated": repeated,
}


@pytest.mark.parametrize("n", range(1, ENTRIES + 1))
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_entry_that_was_changed_removed_swapped_or_repeated_is_found(vault: Vault, damage: str, n: int) -> None:
    fill(vault)
    DAMAGES[damage](vault, n)
    first = min(n, n % ENTRIES + 1) if damage == "swapped" else ENTRIES + 1 if damage == "repeated" else n
    assert faults(vault)[0].startswith(f"entry {first} of the reads is ")


@pytest.mark.parametrize("n", range(1, ENTRIES + 1))
def test_one_that_is_repeated_in_the_middle_is_found(vault: Vault, n: int) -> None:
    fill(vault)
    vault.conn.execute("UPDATE reads SET n = -n - 1 WHERE n > ?", (n,))
    vault.conn.execute("UPDATE reads SET n = -n WHERE n < 0")
    again = "INSERT INTO reads SELECT ?1 + 1, id, at, principal, command, purpose, action, denied, memories, count FROM reads"
    vault.conn.execute(f"{again} WHERE n = ?1", (n,))
    assert faults(vault)[0] == f"entry {n + 1} of the reads is not the one that was recorded"


def cut(vault: Vault, after: int, *, mark: bool = False, file: bool = False) -> None:
    """Cut the end off, and perhaps what the cube and the file beside it keep of it."""
    vault.conn.execute("DELETE FROM reads WHERE n > ?", (after,))
    if mark:
        last = read_log.last(vault)
        vault.conn.execute("UPDATE cube SET value = ? WHERE key = 'reads'", (f"{last.seq} {last.id}",))
    if file:
        (vault.folder / read_log.FILE).unlink()


@pytest.mark.parametrize("after", range(ENTRIES))
@pytest.mark.parametrize(("mark", "file"), [(False, False), (True, False), (False, True)])
def test_a_cut_end_is_found_by_the_mark_and_by_the_file_beside_the_cube(
    vault: Vault, after: int, *, mark: bool, file: bool
) -> None:
    fill(vault)
    cut(vault, after, mark=mark, file=file)
    (fault,) = set(faults(vault))
    assert fault == f"entry {after + 1} of the reads is missing: the record ends before entry {ENTRIES}, which was there"


@pytest.mark.parametrize("after", range(ENTRIES))
def test_what_comes_after_a_cut_end_does_not_hide_it(vault: Vault, after: int) -> None:
    fill(vault)
    cut(vault, after, mark=True)
    for _ in range(ENTRIES):
        read_log.record(vault, EVE, "show", IDS)
    assert faults(vault)[0].startswith(f"entry {after + 1} of the reads is missing")
    assert read_log.last(vault).seq == 2 * ENTRIES


def test_an_older_copy_of_the_cube_that_went_on_is_found(vault: Vault, tmp_path: Path) -> None:
    fill(vault, 3)
    vault.conn.execute("VACUUM INTO ?", (str(tmp_path / "older.db"),))
    fill(vault, 2)
    vault.close()
    for beside in ("-wal", "-shm"):
        vault.path.with_name(f"{vault.path.name}{beside}").unlink(missing_ok=True)
    vault.path.write_bytes((tmp_path / "older.db").read_bytes())
    with Vault(vault.folder, "cube") as again:
        assert faults(again) == ["entry 4 of the reads is missing: the record ends before entry 5, which was there"]
        read_log.record(again, EVE, "show", IDS)
        assert faults(again) == ["entry 4 of the reads is missing, and all up to 5"]


def test_entries_of_another_cube_are_no_entries_of_this_one(vault: Vault, tmp_path: Path) -> None:
    Vault.create(tmp_path / "other", owner="sam", millis=1_772_452_800_000)
    with Vault(tmp_path / "other", "other") as other:
        fill(other)
        fill(vault)
        vault.conn.execute("DELETE FROM reads")
        vault.conn.executemany(_INSERT, rows(other))
    assert faults(vault)[0] == "entry 1 of the reads is not the one that was recorded"


WORDS = st.text(st.characters(exclude_categories=("C",)), max_size=12)
RECORDED = st.tuples(WORDS, WORDS, WORDS, st.one_of(st.none(), st.lists(st.sampled_from(IDS), max_size=3)), st.booleans())


@settings(max_examples=60)
@given(st.lists(RECORDED, min_size=1, max_size=8), st.data())
def test_whatever_is_recorded_is_sound_and_one_change_is_found(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, str, str, list[str] | None, bool]], data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("any") / "cube"
    Vault.create(place, owner="sam", millis=1_772_452_800_000)
    with Vault(place, "cube") as vault:
        for principal, command, action, ids, own in told:
            read_log.record(vault, Getting(AT.format(1), principal, command, own), action, ids)
        assert faults(vault) == []
        assert [entry.principal for entry in read_log.entries(vault)] == [one[0] for one in reversed(told)]
        before = rows(vault)
        n, column = data.draw(st.integers(1, len(before))), data.draw(st.sampled_from(COLUMNS))
        value = data.draw(st.one_of(WORDS, st.integers(-9, 9), st.binary(max_size=3)))
        vault.conn.execute(f"UPDATE OR IGNORE reads SET {column} = ? WHERE n = ?", (value, n))  # noqa: S608 -- our own names
        if rows(vault) != before:
            assert faults(vault)[0].startswith(f"entry {n} of the reads is not")


# -- recording


def test_who_waits_for_the_lock_is_told_and_nothing_is_recorded(vault: Vault) -> None:
    with locked(vault.path), pytest.raises(CubeLocked):
        read_log.record(vault, EVE, "show", IDS)
    assert rows(vault) == []


def test_what_the_owner_gets_waits_for_nobody(vault: Vault) -> None:
    sam, memory = Getting(AT.format(1), "sam", "show", own=True), Memory(IDS[0], "x", cube="cube")
    start = time.perf_counter()
    with locked(vault.path):
        read_log.give(vault, sam, "show", [memory], set())
    assert time.perf_counter() - start < 1
    assert rows(vault) == []
    read_log.give(vault, sam, "show", [memory], set())
    assert len(rows(vault)) == 1
    assert vault.conn.execute("PRAGMA synchronous").fetchone() == (2,)


def test_the_error_of_what_cannot_be_recorded_says_so(vault: Vault) -> None:
    memory = Memory(IDS[0], "x", cube="cube")
    with locked(vault.path), pytest.raises(CubeLocked, match="what eve is given of cube cube has to be recorded first"):
        read_log.give(vault, EVE, "show", {"found": (memory,)}, set())
    vault.conn.execute("PRAGMA query_only = ON")
    with pytest.raises(NotWritable, match="has to be recorded first"):
        read_log.give(vault, EVE, "show", [memory], set())


def test_a_memory_of_another_cube_or_one_that_was_recorded_is_not_recorded(vault: Vault) -> None:
    known = {IDS[0]}
    read_log.give(vault, EVE, "show", [Memory(IDS[0], "x", cube="cube"), Memory(IDS[1], "x", cube="other")], known)
    assert rows(vault) == []
    read_log.give(vault, EVE, "show", [Memory(one, "x", cube="cube") for one in (*IDS, IDS[1])], known)
    assert [entry.memories for entry in read_log.entries(vault)] == [(IDS[1],)]


_LOOP = """
import sys
from pathlib import Path
from memos_cli.infra.governance import read_log
from memos_cli.infra.vault.vault import Vault
name, count = sys.argv[2], int(sys.argv[3])
with Vault(Path(sys.argv[1]), "cube", lock_timeout=60) as vault:
    for number in range(count):
        who = read_log.Getting(f"2026-03-02T12:00:00.{number % 1000:03d}Z", name, "show")
        read_log.record(vault, who, "show", ["k3f9" * 5])
        print(number, flush=True)
"""


def recorder(folder: Path, name: str, count: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _LOOP, str(folder), name, str(count)], stdout=subprocess.PIPE)


def test_processes_that_record_at_once_keep_one_chain(vault: Vault) -> None:
    running = [recorder(vault.folder, name, 40) for name in ("eve", "helper")]
    for process in running:
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert faults(vault) == []
    found = list(read_log.entries(vault))
    assert [sum(entry.principal == name for entry in found) for name in ("eve", "helper")] == [40, 40]


@pytest.mark.parametrize("lines", [1, 7, 23])
def test_a_kill_at_any_point_leaves_a_sound_record_with_all_that_was_acknowledged(vault: Vault, lines: int) -> None:
    process = recorder(vault.folder, "eve", 10_000)
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert faults(vault) == []
    assert read_log.size(vault) >= lines
    fill(vault)
    assert faults(vault) == []


def test_the_file_of_heads_stays_short(vault: Vault) -> None:
    fill(vault, 300)
    known, _ = Heads(vault.folder, vault.meta["id"], read_log.FILE).read()
    assert known == {read_log.MARK: read_log.last(vault)}
    assert (vault.folder / read_log.FILE).stat().st_size < 6_000


def test_ten_thousand_entries_are_filtered_and_verified_in_time(vault: Vault) -> None:
    with vault.derive():
        previous = ""
        for n in range(1, 10_001):
            entry = (AT.format(1), "eve" if n % 100 else "helper", "show", "", "show", 0, f'["{n:020d}"]', 1)
            previous = read_log._hash(vault.meta["id"], previous, n, *entry)
            vault.conn.execute(_INSERT, (n, bytes.fromhex(previous), *entry))
    start = time.process_time()
    assert len(list(read_log.entries(vault, Asked(principal="helper")))) == 100
    assert len(list(read_log.entries(vault, Asked(memory=f"{77:020d}")))) == 1
    assert time.process_time() - start < 0.5
    start = time.process_time()
    assert faults(vault) == []
    assert time.process_time() - start < 2
    start = time.process_time()
    for _ in range(20):
        read_log.record(vault, EVE, "show", IDS)
    assert time.process_time() - start < 20 * 0.1


def test_a_cube_of_before_gets_the_table_and_keeps_what_it_has(folder: Path) -> None:
    conn = sqlite3.connect(folder / "cube.db")
    conn.executescript("DROP TABLE reads; DELETE FROM _sqlite_migrations WHERE name = 'm009_reads'; PRAGMA user_version = 8;")
    conn.close()
    with Vault(folder, "cube") as vault:
        assert vault.conn.execute("PRAGMA user_version").fetchone() == (9,)
        fill(vault)
        assert faults(vault) == []
