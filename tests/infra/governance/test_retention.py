"""How long the record of reads is kept: old entries are cut off, and every other change is found as before."""

import sqlite3

import pytest

from memos_cli import MOS
from memos_cli.errors import IntegrityError
from memos_cli.infra import marks
from memos_cli.infra.governance import read_log
from memos_cli.infra.vault import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Visibility
from memos_cli.operation.policy import set_policy
from tests.infra.transfer.merging import forward

DAYS = 9


@pytest.fixture
def vault(mos: MOS) -> Vault:
    """A cube of which eve reads something each day; it keeps what was read for four days."""
    for n in range(3):
        mos.add(f"the harbour opens at {n}", visibility=Visibility.PUBLIC)
    vault = mos.vault("default")
    set_policy(vault, mos.author("policy"), {"audit.keep_days": 4})
    for _ in range(DAYS):
        forward(mos, days=1)
        with MOS(mos.paths.data, principal="eve", settings=mos.settings, clock=mos._clock) as eve:
            eve.search("harbour")
    return vault


def entries(vault: Vault) -> list[tuple[int, str]]:
    return [(one.n, one.action) for one in read_log.entries(vault)][::-1]


def faults(vault: Vault) -> list[str]:
    return list(read_log.faults(vault))


def test_a_tick_cuts_off_what_is_older_than_the_policy_keeps(mos: MOS, vault: Vault) -> None:
    ends = check.ends(vault)
    mos.lifecycle.tick()
    assert entries(vault) == [*((n, "search") for n in range(5, DAYS + 1)), (DAYS + 1, "cut")]
    assert faults(vault) == []
    (verified,) = mos.audit.verify([head for _, _, head in ends])
    assert verified.faults == ()
    assert [end.number for end in verified.ends if end.chain == "reads cut off"] == [4]
    assert [fault for one in check.check(vault) for fault in one.faults] == []


def test_it_is_cut_again_and_no_day_without_a_read_makes_an_entry(mos: MOS, vault: Vault) -> None:
    mos.lifecycle.tick()
    forward(mos, days=2)
    mos.lifecycle.tick()
    assert [n for n, _ in entries(vault)] == [7, 8, 9, 10, 11]
    forward(mos, days=30)
    mos.lifecycle.tick()
    assert entries(vault) == [(12, "cut")]
    for _ in range(3):
        forward(mos, days=30)
        mos.lifecycle.tick()
    assert entries(vault) == [(12, "cut")]
    assert faults(vault) == []
    with MOS(mos.paths.data, principal="eve", settings=mos.settings, clock=mos._clock) as eve:
        eve.search("harbour")
    assert entries(vault) == [(12, "cut"), (13, "search")]
    assert faults(vault) == []


def test_without_a_policy_all_is_kept_and_a_dry_run_cuts_nothing(mos: MOS, vault: Vault) -> None:
    from memos_cli.operation.lifecycle.tick import Limits

    mos.lifecycle.tick(limits=Limits(dry=True))
    assert len(entries(vault)) == DAYS
    set_policy(vault, mos.author("policy"), {"audit.keep_days": 0})
    mos.lifecycle.tick()
    assert len(entries(vault)) == DAYS


def test_what_is_left_is_as_well_guarded_as_before(mos: MOS, vault: Vault) -> None:
    mos.lifecycle.tick()
    conn = sqlite3.connect(vault.path)
    rows = conn.execute("SELECT * FROM reads ORDER BY n").fetchall()
    for n, *_ in rows:
        for sql in (
            "UPDATE reads SET principal = 'bob' WHERE n = ?",
            "UPDATE reads SET at = '2020' WHERE n = ?",
            "DELETE FROM reads WHERE n = ?",
        ):
            conn.execute(sql, (n,))
            conn.commit()
            assert faults(vault), (n, sql)
            conn.execute("DELETE FROM reads")
            conn.executemany(f"INSERT INTO reads VALUES ({', '.join('?' * 10)})", rows)  # noqa: S608 -- ten marks
            conn.commit()
            assert not faults(vault)
    conn.close()


def test_nobody_cuts_without_an_entry_that_says_so(mos: MOS, vault: Vault) -> None:
    mos.lifecycle.tick()
    conn = sqlite3.connect(vault.path)
    n, identity = conn.execute("SELECT n, id FROM reads WHERE n = 6").fetchone()
    conn.execute("DELETE FROM reads WHERE n <= 6")
    conn.commit()
    assert faults(vault)[0] == "entry 5 of the reads is missing, and all up to 6"
    conn.execute("UPDATE cube SET value = ? WHERE key = 'reads_cut'", (f"{n} {identity.hex()}",))
    conn.commit()
    conn.close()
    assert faults(vault) == ["the reads up to entry 6 were cut off, and no entry says so"]
    found = {one.name: one.faults for one in check.check(vault)}
    assert found["reads"] == ("the reads up to entry 6 were cut off, and no entry says so",)


def test_a_crash_between_the_entry_and_the_cut_leaves_a_whole_record(
    mos: MOS, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = marks.set_mark

    def crash(conn: sqlite3.Connection, name: str, value: str) -> None:
        if name == read_log.ANCHOR:
            raise IntegrityError("crash")
        real(conn, name, value)

    monkeypatch.setattr(marks, "set_mark", crash)
    with pytest.raises(IntegrityError):
        mos.lifecycle.tick()
    assert len(entries(vault)) == DAYS + 1
    assert faults(vault) == []
    monkeypatch.undo()
    mos.lifecycle.tick()
    assert entries(vault)[0] == (5, "search")
    assert faults(vault) == []
