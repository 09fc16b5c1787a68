"""The schema of a cube's SQLite file, as migrations from the first on.

`cube` and `ops` are the truth. `uses`, `reads`, `replicas`, `arrivals` and `strangers` hold what only this machine knows and no
log records: how often a memory was read, and by whom, how many operations of other machines the log has, which memories are
untrusted, and what came in unsigned. All other tables are derived: `doctor --rebuild` drops them and folds them from `ops`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from memos_cli.errors import IntegrityError
from memos_cli.infra import places, vector_changes
from memos_cli.infra.marks import set_mark
from memos_cli.model import COLD_STATES, HOT_STATES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

SCHEMA_VERSION = 9
"""The number of migrations; a cube's `PRAGMA user_version` says how many it has had."""
READABLE = 3
"""The oldest schema that can be read where nothing can be written: see `stand_in` for what it lacks."""
DERIVED = ("memories", "cold", "tags", "labels", "names", "links", "records", "clashes", "rivals")
"""The tables that are folded from `ops`, in the order in which they are emptied."""


class _Executes(Protocol):
    def execute(self, sql: str, parameters: Any = ..., /) -> Any: ...  # noqa: ANN401 -- sqlite3's and sqlite_utils' own


def m001_log_and_fold(db: _Executes) -> None:
    """The log, the state folded from it, the index, vectors and uses."""
    for statement in _FIRST:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {places.APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")


def m002_lifecycle(db: _Executes) -> None:
    """The time since which a memory is in its state, cold storage, and a digest of what the cube is.

    Every memory is due at once, and the next tick computes when it really is. Forgotten memories move to cold storage.
    """
    for statement in _SECOND:
        db.execute(statement)
    _move_to_cold(db)
    meta = dict(db.execute("SELECT key, value FROM cube").fetchall())
    if meta:  # a new cube writes its own
        db.execute("INSERT INTO cube VALUES ('digest', ?)", (identity_digest(meta),))
    db.execute("PRAGMA user_version = 2")


def _move_to_cold(db: _Executes) -> None:
    """Move contents and vectors; the eighth migration makes the indexes."""
    from memos_cli.infra.vault import rows

    sql = f"SELECT n, content FROM memories WHERE state IN ({', '.join('?' * len(COLD_STATES))})"
    for n, content in db.execute(sql, tuple(COLD_STATES)).fetchall():
        db.execute("INSERT INTO cold VALUES (?, ?, ?)", (n, len(content), rows.packed(content)))
        db.execute("UPDATE memories SET content = '' WHERE n = ?", (n,))
        db.execute("INSERT INTO cold_vectors SELECT * FROM vectors WHERE n = ?", (n,))
        db.execute("DELETE FROM vectors WHERE n = ?", (n,))


def m003_merge(db: _Executes) -> None:
    """What is known of other machines, and what two machines may say differently: see `infra.transfer.merge`."""
    for statement in _THIRD:
        db.execute(statement)
    db.execute("PRAGMA user_version = 3")


def m004_strangers(db: _Executes) -> None:
    """What came in without a signature by a trusted key, and whether somebody here accepted it.

    In an older cube this is taken to be what is untrusted and was never changed here.
    """
    for statement in _FOURTH:
        db.execute(statement)
    db.execute("PRAGMA user_version = 4")


def m005_newest_first(db: _Executes) -> None:
    """An index by the time of creation: a list of the newest memories reads those, and not all."""
    db.execute("CREATE INDEX memories_created ON memories (created)")
    db.execute("PRAGMA user_version = 5")


def m006_names(db: _Executes) -> None:
    """Names in the form in which they are compared, and an index that finds what was told of a day."""
    for statement in _SIXTH:
        db.execute(statement)
    _fill_names(db)
    db.execute("PRAGMA user_version = 6")


def _fill_names(db: _Executes) -> None:
    from memos_cli.infra.names import compared

    for sort, table, column in NAMED:
        found = db.execute(f"SELECT n, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
        for n, name in found:
            db.execute("INSERT OR IGNORE INTO names VALUES (?, ?, ?)", (n, sort, compared(name)))


def m007_vector_changes(db: _Executes) -> None:
    """The last changes of vectors, by which a cached matrix is kept in step: see `infra.vector_changes`."""
    for statement in vector_changes.STATEMENTS:
        db.execute(statement)
    db.execute("PRAGMA user_version = 7")


def m008_words(db: _Executes) -> None:
    """Both full-text indexes made anew, of the words as `infra.words` cuts, folds and stems them."""
    _fill_indexes(db)
    db.execute("PRAGMA user_version = 8")


def _fill_indexes(db: _Executes) -> None:
    from memos_cli.infra.vault import rows

    for index, states in (("fts", HOT_STATES), ("cold_fts", COLD_STATES)):
        db.execute(f"INSERT INTO {index} ({index}) VALUES ('delete-all')")
        found = db.execute(
            f"""SELECT m.n, m.content, c.body, m.title, m.speaker, m.key,
                       (SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE n = m.n ORDER BY tag))
                FROM memories m LEFT JOIN cold c ON c.n = m.n WHERE m.state IN ({", ".join("?" * len(states))}) ORDER BY m.n""",
            tuple(states),
        )
        for n, content, body, title, speaker, key, tags in found:
            said = content if body is None else rows.unpacked(body)
            text = rows.index_text(said, title, speaker, key, tuple(json.loads(tags)))
            db.execute(f"INSERT INTO {index} (rowid, body, names, grams) VALUES (?, ?, ?, ?)", (n, *text))


def m009_reads(db: _Executes) -> None:
    """What principals were given to read, as a chain of hashes: see `infra.governance.read_log`."""
    from memos_cli.infra.governance.read_log import TABLE

    db.execute(TABLE)
    db.execute("PRAGMA user_version = 9")


NAMED = (
    ("external_id", "memories", "external_id"),
    ("key", "memories", "key"),
    ("task", "memories", "task"),
    ("tag", "tags", "tag"),
)
"""The sorts of names that are compared in the form of `names.compared`, each with the table and the column of its spelling."""
IDENTITY = ("id", "replica", "created", "owner")
"""What identifies a cube, in the table `cube`: it is in no log, so a digest beside it protects it."""


def identity_digest(meta: "Mapping[str, str]") -> str:
    """SHA-256 of `IDENTITY`, in hexadecimal."""
    from hashlib import sha256

    return sha256("\n".join(f"{name} {meta.get(name, '')}" for name in IDENTITY).encode()).hexdigest()


FORMER = "former"
"""The mark, in the table `cube`, with the names of the replicas as which this copy of the cube wrote before, as a list."""


def own_replicas(conn: "sqlite3.Connection") -> frozenset[str]:
    """The replicas as which this copy of the cube writes, and has written."""
    meta = dict(conn.execute("SELECT key, value FROM cube WHERE key IN ('replica', ?)", (FORMER,)))
    return frozenset((meta["replica"], *json.loads(meta.get(FORMER, "[]"))))


def go_on_as(conn: "sqlite3.Connection", replica: str) -> None:
    """Let this copy of the cube write as another replica from now on, in the caller's transaction."""
    set_mark(conn, FORMER, json.dumps(sorted(own_replicas(conn))))
    rename_replica(conn, replica)


def rename_replica(conn: "sqlite3.Connection", replica: str) -> None:
    """Let this copy of the cube write as another replica, in the caller's transaction, and not know the old one as its own."""
    set_mark(conn, "replica", replica)
    set_mark(conn, "digest", identity_digest(dict(conn.execute("SELECT key, value FROM cube"))))


MIGRATIONS = (
    m001_log_and_fold, m002_lifecycle, m003_merge, m004_strangers, m005_newest_first, m006_names, m007_vector_changes,
    m008_words, m009_reads,
)  # fmt: skip
_SET = "memos"
_MIGRATIONS_TABLE = (
    "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)",
    "CREATE UNIQUE INDEX idx__sqlite_migrations_migration_set_name ON _sqlite_migrations (migration_set, name)",
)

_SIXTH = (
    # The external id, the key, the task and the tags of each memory, by the sort of the name, as `infra.names` compares them.
    """CREATE TABLE names (
           n INTEGER NOT NULL, sort TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (n, sort, name)) WITHOUT ROWID""",
    "CREATE INDEX names_name ON names (sort, name)",
    "DROP INDEX memories_digest",
    "CREATE INDEX memories_told ON memories (digest, occurred_at, created)",
    """CREATE INDEX memories_file ON memories (json_extract(source, '$.file'))
       WHERE json_extract(source, '$.file') IS NOT NULL""",
)

_FOURTH = (
    # Memories and other records by noun and id; `accepted` is 0 or 1.
    """CREATE TABLE strangers (
           noun TEXT NOT NULL, id TEXT NOT NULL, accepted INTEGER NOT NULL, PRIMARY KEY (noun, id)) WITHOUT ROWID""",
    """INSERT INTO strangers SELECT 'memory', id, 0 FROM arrivals a WHERE NOT EXISTS (
           SELECT 1 FROM ops WHERE subject = a.id AND noun = 'memory'
           AND replica = (SELECT value FROM cube WHERE key = 'replica'))""",
)

_THIRD = (
    # How many operations of another replica were merged in: its log may have gaps, which must not grow.
    "CREATE TABLE replicas (replica TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE arrivals (id TEXT PRIMARY KEY) WITHOUT ROWID",
    # Registers that two machines set differently, neither having seen the other's operation.
    "CREATE TABLE clashes (id TEXT NOT NULL, register TEXT NOT NULL, PRIMARY KEY (id, register)) WITHOUT ROWID",
    # Memories whose external id another one keeps.
    "CREATE TABLE rivals (external_id TEXT NOT NULL, id TEXT NOT NULL UNIQUE, PRIMARY KEY (external_id, id)) WITHOUT ROWID",
)

_SECOND = (
    "ALTER TABLE memories ADD COLUMN since TEXT",
    "UPDATE memories SET next_due_at = ''",
    # Covers what every search reads of the hot memories, so that it reads nothing of the cold ones.
    "CREATE INDEX memories_state ON memories (state, valid_from, valid_to, expires_at)",
    """CREATE INDEX memories_blob ON memories (json_extract(source, '$.digest'))
       WHERE json_extract(source, '$.digest') IS NOT NULL""",
    "CREATE TABLE cold (n INTEGER PRIMARY KEY, characters INTEGER NOT NULL, body BLOB NOT NULL)",
    """CREATE VIRTUAL TABLE cold_fts USING fts5(
        body, names, grams, content='', tokenize="porter unicode61 remove_diacritics 2"
    )""",
    """CREATE TABLE cold_vectors (
        n INTEGER PRIMARY KEY, embedder INTEGER NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL
    )""",
)

_FIRST = (
    "CREATE TABLE cube (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE ops (
        n INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        replica TEXT NOT NULL,
        seq INTEGER NOT NULL,
        clock INTEGER NOT NULL,
        previous BLOB NOT NULL,
        parents TEXT NOT NULL,
        principal TEXT NOT NULL,
        command TEXT NOT NULL,
        txn TEXT NOT NULL,
        reverts TEXT,
        noun TEXT NOT NULL,
        subject TEXT NOT NULL,
        digest BLOB NOT NULL,
        salt BLOB,
        change TEXT,
        UNIQUE (replica, seq)
    )""",
    "CREATE INDEX ops_subject ON ops (subject, noun)",
    "CREATE INDEX ops_clock ON ops (clock)",
    "CREATE INDEX ops_txn ON ops (txn)",
    "CREATE INDEX ops_reverts ON ops (reverts) WHERE reverts IS NOT NULL",
    """CREATE TABLE memories (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        external_id TEXT,
        content TEXT NOT NULL,
        title TEXT,
        kind TEXT NOT NULL,
        form TEXT NOT NULL,
        state TEXT NOT NULL,
        key TEXT,
        origin TEXT NOT NULL,
        conversation TEXT,
        session TEXT,
        turn INTEGER,
        speaker TEXT,
        source TEXT NOT NULL,
        metadata TEXT NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        occurred_at TEXT,
        valid_from TEXT,
        valid_to TEXT,
        expires_at TEXT,
        owner TEXT,
        visibility TEXT NOT NULL,
        task TEXT,
        priority INTEGER NOT NULL,
        pinned INTEGER NOT NULL,
        frozen INTEGER NOT NULL,
        confidence REAL NOT NULL,
        trust REAL NOT NULL,
        next_due_at TEXT,
        version INTEGER NOT NULL,
        digest BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX memories_external ON memories (external_id) WHERE external_id IS NOT NULL",
    "CREATE INDEX memories_digest ON memories (digest)",
    "CREATE INDEX memories_key ON memories (key) WHERE key IS NOT NULL",
    "CREATE INDEX memories_task ON memories (task) WHERE task IS NOT NULL",
    "CREATE INDEX memories_place ON memories (conversation, session, turn) WHERE conversation IS NOT NULL",
    "CREATE INDEX memories_due ON memories (next_due_at) WHERE next_due_at IS NOT NULL",
    "CREATE TABLE tags (n INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (n, tag)) WITHOUT ROWID",
    "CREATE INDEX tags_tag ON tags (tag)",
    "CREATE TABLE labels (n INTEGER NOT NULL, label TEXT NOT NULL, PRIMARY KEY (n, label)) WITHOUT ROWID",
    """CREATE TABLE links (
        source TEXT NOT NULL, type TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (source, type, target)
    ) WITHOUT ROWID""",
    "CREATE INDEX links_target ON links (target)",
    "CREATE TABLE records (noun TEXT NOT NULL, id TEXT NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (noun, id)) WITHOUT ROWID",
    """CREATE VIRTUAL TABLE fts USING fts5(
        body, names, grams, content='', tokenize="porter unicode61 remove_diacritics 2"
    )""",
    "CREATE TABLE embedders (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, dimensions INTEGER NOT NULL)",
    """CREATE TABLE vectors (
        n INTEGER PRIMARY KEY, embedder INTEGER NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL
    )""",
    "CREATE TABLE pending (n INTEGER PRIMARY KEY)",
    """CREATE TABLE uses (
        id TEXT PRIMARY KEY, count INTEGER NOT NULL, last TEXT NOT NULL, recent TEXT NOT NULL
    ) WITHOUT ROWID""",
)


def check_version(conn: "sqlite3.Connection", path: Path) -> int:
    """How many migrations the cube has had.

    Raises:
        IntegrityError: more than this program knows.
    """
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise IntegrityError(
            f"the cube at {path.parent} was written by a newer memos (schema {version}, this one knows {SCHEMA_VERSION})",
            hint="upgrade memos; the cube was left as it is",
        )
    return version


def create(conn: "sqlite3.Connection") -> None:
    """The newest schema in an empty file, recorded as `migrate` records it, without importing sqlite_utils: 150 ms.

    A test compares the result with the library's.
    """
    conn.execute("BEGIN IMMEDIATE")
    create_in_memory(conn)
    for statement in _MIGRATIONS_TABLE:
        conn.execute(statement)
    conn.executemany(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, datetime('now'))",
        [(_SET, function.__name__) for function in MIGRATIONS],
    )
    conn.execute("COMMIT")


def migrate(conn: "sqlite3.Connection") -> None:
    """Bring the schema up to date; each migration is recorded in its own transaction."""
    from sqlite_utils import Database, Migrations

    migrations = Migrations(_SET)
    for function in MIGRATIONS:
        migrations(name=function.__name__)(function)
    migrations.apply(Database(conn))


def stand_in(conn: "sqlite3.Connection", version: int) -> None:
    """Make the tables that a cube of this version lacks, for one connection alone, where the cube itself cannot be written."""
    if version < 4:
        for statement in _FOURTH:
            conn.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))
    if version < 6:
        conn.execute(_SIXTH[0].replace("CREATE TABLE", "CREATE TEMP TABLE"))
        conn.execute("CREATE INDEX temp.names_name ON names (sort, name)")
        _fill_names(conn)
    if version < 7:
        for statement in vector_changes.TABLE:
            conn.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))
    from memos_cli.infra.governance.read_log import TABLE

    conn.execute(TABLE.replace("CREATE TABLE", "CREATE TEMP TABLE"))


def create_in_memory(conn: "sqlite3.Connection", version: int = SCHEMA_VERSION) -> None:
    """The schema of a version in a fresh connection, for the views of the past that are folded in memory."""
    for function in MIGRATIONS[:version]:
        function(conn)
