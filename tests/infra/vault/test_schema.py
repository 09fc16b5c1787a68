import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from memos_cli.errors import IntegrityError
from memos_cli.infra.vault import schema


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
    schema.check_header(tmp_path / "cube.db")
    conn.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    with pytest.raises(IntegrityError, match="newer"):
        schema.check_version(conn, tmp_path / "cube.db")
    conn.execute("PRAGMA application_id = 7")
    with pytest.raises(IntegrityError, match="another program"):
        schema.check_header(tmp_path / "cube.db")
