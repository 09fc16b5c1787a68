import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.infra.vault import queries, schema
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, State

_INDEX = "memories_created"


def plan(mos: MOS, wanted: Filter, order: str, limit: int | None) -> list[str]:
    """How SQLite reads what a list shows: the steps of its plan."""
    conn = mos.vault("default").conn
    asked: list[str] = []
    conn.set_trace_callback(asked.append)
    mos.list(wanted, order=order, limit=limit)
    conn.set_trace_callback(None)
    (sql,) = (one for one in asked if "FROM memories m" in one)
    return [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("narrowed", [{}, {"tags": ("garden",)}, {"everything": True}, {"archived": True}, {"pinned": True}])
def test_a_list_by_creation_sorts_only_what_it_shows(mos: MOS, order: str, narrowed: dict[str, Any]) -> None:
    mos.add(drafts=[Draft(f"note {number}", tags=("garden",)) for number in range(50)])
    steps = plan(mos, Filter(at=mos.now, **narrowed), order, 20)
    assert f"SCAN m USING INDEX {_INDEX}" in steps
    assert sum("TEMP B-TREE" in step for step in steps) <= 1, "the rows that are shown, not those that they are chosen from"
    chosen = steps[steps.index(f"SCAN m USING INDEX {_INDEX}") :]
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in chosen[:-1])


def test_a_list_of_what_has_a_rare_tag_reads_nothing_else(mos: MOS) -> None:
    mos.add(drafts=[Draft(f"note {n}", tags=("rare", "odd")[: 1 + n % 2] if n < 4 else ("odd",)) for n in range(400)])
    for order in ("newest", "oldest", "updated", "priority"):
        for tags in (("rare",), ("RARE", "odd")):
            wanted = Filter(at=mos.now, tags=tags)
            steps = plan(mos, wanted, order, 20)
            assert not any(step.startswith("SCAN m") for step in steps), (order, tags, steps)
            whole = [memory for memory in mos.list(order=order) if {tag.lower() for tag in tags} <= set(memory.tags)]
            assert list(mos.list(wanted, order=order, limit=3)) == whole[:3]
            assert 1 < len(whole) < 5


@pytest.mark.parametrize("narrow", [{"tags": ("rare",)}, {"task": "move"}, {"key": "city"}, {"tags": ("a",), "key": "city"}])
def test_a_scan_for_a_name_begins_with_the_index_of_names(mos: MOS, narrow: dict[str, Any]) -> None:
    mos.add("one")
    clause, values = queries.condition(Filter(at=mos.now, **narrow), scan=True)
    sql = f"EXPLAIN QUERY PLAN SELECT m.n FROM memories m WHERE {clause}"  # noqa: S608 -- the program's own
    steps = [row[3] for row in mos.vault("default").conn.execute(sql, values)]
    assert "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)" in steps, steps


def test_a_list_of_everything_in_order_sorts_nothing(mos: MOS) -> None:
    mos.add("one")
    steps = plan(mos, Filter(at=mos.now), "newest", None)
    assert f"SCAN m USING INDEX {_INDEX}" in steps
    assert not any("TEMP B-TREE" in step for step in steps)


def test_a_rare_state_is_found_by_its_index(mos: MOS) -> None:
    mos.add("one")
    steps = plan(mos, Filter(at=mos.now, states=(State.EXPIRED,)), "newest", 20)
    assert any("memories_state" in step for step in steps)


@pytest.mark.parametrize("order", ["newest", "oldest", "updated", "occurred", "used", "priority"])
def test_a_limit_takes_the_first_of_all(mos: MOS, order: str) -> None:
    days = [f"2026-0{1 + number % 9}-01T00:00:00.000Z" for number in range(30)]
    mos.add(drafts=[Draft(f"note {n}", priority=n % 5, occurred_at=days[n], tags=("odd",) * (n % 2)) for n in range(30)])
    mos.record_uses(mos.list()[3:9])
    for wanted in (None, Filter(at=mos.now, tags=("odd",))):
        whole = mos.list(wanted, order=order)
        assert mos.list(wanted, order=order, limit=7) == whole[:7]
        assert mos.list(wanted, order=order, limit=0) == ()


def without_names(conn: sqlite3.Connection) -> None:
    """Take the sixth migration back."""
    conn.execute("DROP TABLE names")
    for index in ("memories_told", "memories_file"):
        conn.execute(f"DROP INDEX {index}")
    conn.execute("CREATE INDEX memories_digest ON memories (digest)")
    conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm006_names'")


@pytest.fixture
def older(mos: MOS) -> Path:
    """The folder of a cube as it was before the index."""
    mos.add("one")
    folder = mos.vault("default").folder
    mos.close()
    conn = sqlite3.connect(folder / "cube.db", isolation_level=None)
    without_names(conn)
    conn.execute(f"DROP INDEX {_INDEX}")
    for table in ("vectors", "cold_vectors"):
        for event in ("insert", "update", "delete"):
            conn.execute(f"DROP TRIGGER {table}_{event}")
    for table in ("vector_changes", "reads"):
        conn.execute(f"DROP TABLE {table}")
    gone = ("m005_newest_first", "m006_names", "m007_vector_changes", "m008_words", "m009_reads")
    conn.execute(f"DELETE FROM _sqlite_migrations WHERE name IN ({', '.join('?' * len(gone))})", gone)  # noqa: S608
    conn.execute("PRAGMA user_version = 4")
    conn.close()
    return folder


def test_an_older_cube_gets_the_index_when_it_is_opened(mos: MOS, older: Path) -> None:
    with Vault(older, "default") as vault:
        assert vault.conn.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
        assert not any(one.faults for one in check(vault))
    assert f"SCAN m USING INDEX {_INDEX}" in plan(mos, Filter(at=mos.now), "newest", 20)


def test_a_cube_of_before_strangers_can_only_be_read_and_is_read(
    mos: MOS, older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn = sqlite3.connect(older / "cube.db", isolation_level=None)
    conn.execute("DROP TABLE strangers")
    conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_strangers'")
    conn.execute("PRAGMA user_version = 3")
    conn.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    (memory,) = mos.list(limit=20)
    assert (memory.content, memory.unaccepted) == ("one", False)
    assert [hit.memory.content for hit in mos.search("one").hits] == ["one"]


def test_an_older_cube_that_can_only_be_read_is_read_without_it(mos: MOS, older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (older / "cube.db").read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert [memory.content for memory in mos.list(limit=20)] == ["one"]
    assert not any(one.faults for one in check(mos.vault("default")))
    assert (older / "cube.db").read_bytes() == before
