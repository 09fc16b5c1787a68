"""The chains of a cube, its log and its record of reads: what was done to an entry of either is found."""

import sqlite3
from collections.abc import Callable

import pytest

from memos_cli import MOS
from memos_cli.infra.vault import check
from memos_cli.infra.vault.vault import Vault

OPERATIONS = 7
COLUMNS = (
    "id", "replica", "seq", "clock", "previous", "parents", "principal", "command", "txn", "reverts", "noun", "subject",
    "digest", "salt", "change",
)  # fmt: skip
_VALUES = {
    "id": "zeroblob(32)", "seq": "seq + 100", "clock": "clock + 1", "previous": "zeroblob(32)", "parents": "'[\"00\"]'",
    "reverts": "'4f1c'", "digest": "zeroblob(32)", "salt": "zeroblob(16)", "change": "json_set(change, '$.content', 'x')",
}  # fmt: skip


@pytest.fixture
def vault(mos: MOS) -> Vault:
    """A cube with a few operations of every sort, one of them purged, and a few reads."""
    first, second, third = (mos.add(text).ids[0] for text in ("I am vegan now", "I live in Porto", "the code is 4711"))
    mos.edit(first, {"visibility": "public"})
    mos.switch([second], "pin", {"pinned": True})
    mos.pipeline.save_record("view", "work", {"tags": ["work"]})
    mos.purge(third)
    mos.search("vegan", user_id="eve")
    vault = mos.writable()
    assert vault.info().operations == OPERATIONS
    assert faults(vault) == []
    return vault


def faults(vault: Vault) -> list[str]:
    return [fault for one in check.chains(vault) for fault in one.faults]


def changed(column: str) -> Callable[[sqlite3.Connection, int], None]:
    value = _VALUES.get(column, f"{column} || '.'")

    def damage(conn: sqlite3.Connection, seq: int) -> None:
        conn.execute(f"UPDATE ops SET {column} = {value} WHERE seq = ?", (seq,))  # noqa: S608 -- our own names

    return damage


def removed(conn: sqlite3.Connection, seq: int) -> None:
    conn.execute("DELETE FROM ops WHERE seq = ?", (seq,))


def swapped(conn: sqlite3.Connection, seq: int) -> None:
    other = seq % OPERATIONS + 1
    for old, new in ((seq, -1), (other, seq), (-1, other)):
        conn.execute("UPDATE ops SET seq = ? WHERE seq = ?", (new, old))


def repeated(conn: sqlite3.Connection, seq: int) -> None:
    # A second row with the same id or number cannot be; one that says the same under others can.
    conn.execute(
        """INSERT INTO ops
           SELECT (SELECT max(n) + 1 FROM ops), zeroblob(32), replica, (SELECT max(seq) + 1 FROM ops), clock,
                  previous, parents, principal, command, txn, reverts, noun, subject, digest, salt, change
           FROM ops WHERE seq = ?""",
        (seq,),
    )


DAMAGES = {
    **{f"changed {name}": changed(name) for name in COLUMNS},
    "removed": removed,
    "swapped": swapped,
    "repeated": repeated,
}


@pytest.mark.parametrize("seq", range(1, OPERATIONS + 1))
@pytest.mark.parametrize("damage", DAMAGES)
def test_every_operation_that_was_changed_removed_swapped_or_repeated_is_found(vault: Vault, damage: str, seq: int) -> None:
    before = vault.conn.execute("SELECT * FROM ops").fetchall()
    DAMAGES[damage](vault.conn, seq)
    if vault.conn.execute("SELECT * FROM ops").fetchall() != before:  # what was purged has no change to be changed
        assert faults(vault)


def test_an_operation_of_a_memory_cannot_be_repeated_as_it_is(vault: Vault) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        vault.conn.execute("INSERT INTO ops SELECT 99, * FROM (SELECT id, replica, seq, clock, previous, parents, principal, "
                           "command, txn, reverts, noun, subject, digest, salt, change FROM ops WHERE seq = 1)")  # fmt: skip


@pytest.mark.parametrize("after", range(OPERATIONS))
def test_a_cut_end_of_the_log_is_found_by_the_file_beside_it_and_by_a_noted_head(vault: Vault, after: int) -> None:
    noted = {chain: head for chain, _, head in check.ends(vault)}
    assert all(check.has_head(vault, head) for head in noted.values())
    assert list(noted)[-1] == "reads"
    vault.conn.execute("DELETE FROM ops WHERE seq > ?", (after,))
    assert any("the log ends before operation 7" in fault for fault in faults(vault))
    (vault.folder / "heads").unlink()
    assert [check.has_head(vault, head) for head in noted.values()] == [False, True]


def test_a_cut_end_of_the_reads_whose_marks_were_cut_as_well_is_found_by_a_noted_head(vault: Vault) -> None:
    noted = {chain: head for chain, _, head in check.ends(vault)}["reads"]
    vault.conn.execute("DELETE FROM reads")
    assert faults(vault) == ["entry 1 of the reads is missing: the record ends before entry 1, which was there"]
    vault.conn.execute("DELETE FROM cube WHERE key = 'reads'")
    (vault.folder / "read-heads").unlink()
    assert faults(vault) == []
    assert not check.has_head(vault, noted)
