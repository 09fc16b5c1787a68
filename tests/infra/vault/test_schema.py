import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database, Migrations

from memos_cli import MOS
from memos_cli.errors import IntegrityError
from memos_cli.infra import places
from memos_cli.infra.vault import connection, rebuild, rows, schema
from memos_cli.infra.vault.check import check
from memos_cli.model import Draft, Filter


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    return sqlite3.connect(tmp_path / "cube.db", isolation_level=None)


def shape(conn: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """The columns of every table and the names of every index."""
    names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    columns = {name: [row[1:] for row in conn.execute(f"PRAGMA table_info('{name}')")] for name in names}
    indexes = conn.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' ORDER BY 1, 2").fetchall()
    return {**columns, "indexes": indexes}


def test_a_new_cube_is_what_the_library_s_migrations_make(conn: sqlite3.Connection, tmp_path: Path) -> None:
    schema.create(conn)
    other = sqlite3.connect(tmp_path / "other.db", isolation_level=None)
    schema.migrate(other)
    assert shape(conn) == shape(other)
    assert conn.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)


def test_the_library_takes_a_new_cube_for_up_to_date(conn: sqlite3.Connection) -> None:
    schema.create(conn)
    migrations = Migrations("memos")
    for function in schema.MIGRATIONS:
        migrations(name=function.__name__)(function)
    assert migrations.pending(Database(conn)) == []
    schema.migrate(conn)
    assert len(migrations.applied(Database(conn))) == len(schema.MIGRATIONS) == schema.SCHEMA_VERSION


def test_a_newer_schema_and_a_foreign_file_are_refused(conn: sqlite3.Connection, tmp_path: Path) -> None:
    schema.create(conn)
    with places.opening(tmp_path / "cube.db"):
        pass
    places.closed(connection.identity(tmp_path / "cube.db"))
    conn.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    with pytest.raises(IntegrityError, match="newer"):
        schema.check_version(conn, tmp_path / "cube.db")
    conn.execute("PRAGMA application_id = 7")
    with pytest.raises(IntegrityError, match="another program"), places.opening(tmp_path / "cube.db"):
        pytest.fail("it was opened")


TEXTS = ("Termine beim Zahnarzt in der Hauptstraße", "我昨天把iPhone15摔坏了", "Ёлка стоит в углу", "The dentist is on Friday")
ASKED = {"hauptstrasse": 0, "坏": 1, "елка": 2, "dentists": 3, "Welcher Termin ist beim Zahnarzt?": 0}
_INDEX_OF_BEFORE = {
    True: "INSERT INTO fts (rowid, body, names, grams) VALUES (?, ?, '', '')",
    False: "INSERT INTO cold_fts (rowid, body, names, grams) VALUES (?, ?, '', '')",
}


def as_before_words(path: Path) -> None:
    """Take the eighth migration back: an index of the texts as they stand, without what is added to them."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("INSERT INTO fts (fts) VALUES ('delete-all')")
    conn.execute("INSERT INTO cold_fts (cold_fts) VALUES ('delete-all')")
    sql = "SELECT m.n, m.content, c.body FROM memories m LEFT JOIN cold c ON c.n = m.n"
    for n, content, body in conn.execute(sql).fetchall():
        text = content if body is None else rows.unpacked(body)
        conn.execute(_INDEX_OF_BEFORE[body is None], (n, text))
    conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm008_words'")
    conn.execute("PRAGMA user_version = 7")
    conn.close()


@pytest.fixture
def older(mos: MOS) -> Path:
    """The file of a cube of the seventh schema, half of it in cold storage."""
    mos.add(
        drafts=[
            Draft(text, external_id=f"text-{place}", title="Überschrift", tags=("b", "a")) for place, text in enumerate(TEXTS)
        ]
    )
    mos.delete(["text-1", "text-2"])
    folder = mos.vault("default").folder
    mos.close()
    as_before_words(folder / "cube.db")
    return folder / "cube.db"


def found(mos: MOS, query: str) -> str | None:
    hits = mos.search(query, wanted=Filter(at=mos.now, everything=True), lexical=True).hits
    return hits[0].memory.content if hits else None


@pytest.mark.usefixtures("older")
def test_an_older_cube_s_indexes_are_made_anew(mos: MOS) -> None:
    assert {query: found(mos, query) for query in ASKED} == {query: TEXTS[place] for query, place in ASKED.items()}
    vault = mos.vault("default")
    assert rebuild.differences(vault.conn) == []
    mos.edit("text-0", {"content": "nothing of the kind"})
    assert rebuild.differences(vault.conn) == [], "what was indexed anew can be taken out again"


def test_a_migration_that_is_killed_leaves_the_cube_as_it_was(mos: MOS, older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = rows.index_text

    def fails(content: str, *more: Any) -> tuple[str, str, str]:
        if content == TEXTS[3]:
            raise KeyboardInterrupt
        return real(content, *more)

    monkeypatch.setattr(rows, "index_text", fails)
    with pytest.raises(KeyboardInterrupt):
        mos.list()
    monkeypatch.undo()
    conn = sqlite3.connect(older)
    assert conn.execute("PRAGMA user_version").fetchone() == (7,)
    assert conn.execute("SELECT count(*) FROM fts_docsize").fetchone() == (2,)
    assert conn.execute("SELECT count(*) FROM fts WHERE fts MATCH 'dentist'").fetchone() == (1,)
    conn.close()
    assert found(mos, "hauptstrasse") == TEXTS[0]
    assert rebuild.differences(mos.vault("default").conn) == []


def test_an_older_cube_that_can_only_be_read_is_searched_as_it_is(
    mos: MOS, older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = older.read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(mos, "dentists") == TEXTS[3]
    assert found(mos, "Zahnarzt") == TEXTS[0]
    assert not any(one.faults for one in check(mos.vault("default")))
    assert older.read_bytes() == before
