"""Cold storage: out of the index that every search looks at, whole when it comes back, and found when it is asked for."""

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.infra.vault import rebuild, schema, search
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, Memory, State
from tests.conftest import Clock, Run
from tests.infra.vault.helpers import Embedder, move, purge
from tests.infra.vault.test_vault import EVER, opened, sound
from tests.trials import trials

LONG = "The cellar has two rooms, and the second room of the cellar has the wine, the wine of the cellar. " * 5 + "End"


def counted(vault: Vault, table: str) -> int:
    return int(vault.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 -- a name from this file


@pytest.fixture
def wise(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> MOS:
    """A home with an embedder that never fails."""
    embedder = Embedder()
    monkeypatch.setattr(mos.embeddings, "embedder", lambda texts=1: embedder)  # noqa: ARG005 -- as it is called
    return mos


def found(mos: MOS, query: str, **fields: Any) -> list[str]:
    return [hit.memory.id for hit in mos.search(query, wanted=Filter(at=mos.now, **fields), record=False).hits]


class TestWhereItLies:
    """Row, words and vector of a memory that is archived, forgotten, restored."""

    def test_it_is_out_of_the_hot_index_and_comes_back_as_it_was(self, wise: MOS) -> None:
        (one,) = wise.add(LONG, title="cellar", tags=("home",)).ids
        vault = wise.vault("default")
        wise.embed()
        before = vault.get(one), vault.conn.execute("SELECT * FROM vectors").fetchall()
        for state in (State.ARCHIVED, State.EXPIRED):
            move(wise, one, state)
            assert [counted(vault, table) for table in ("fts_docsize", "vectors", "cold_fts_docsize", "cold_vectors")] == [
                0, 0, 1, 1,
            ]  # fmt: skip
            content, body = vault.conn.execute("SELECT m.content, c.body FROM memories m JOIN cold c ON c.n = m.n").fetchone()
            assert content == ""
            assert len(body) < len(LONG) / 4
            assert vault.get(one).content == before[0].content
            assert not [fault for one in check(vault) for fault in one.faults]
        wise.restore([one])
        assert [counted(vault, table) for table in ("cold", "cold_fts_docsize", "cold_vectors", "pending")] == [0, 0, 0, 0]
        assert vault.conn.execute("SELECT * FROM vectors").fetchall() == before[1], "without a model's help"
        assert vault.get(one).content == before[0].content
        sound(vault)

    def test_a_text_that_was_edited_while_it_was_cold_waits_for_its_vector(self, wise: MOS) -> None:
        (one,) = wise.add("the wine is in the cellar").ids
        wise.embed()
        move(wise, one, State.ARCHIVED)
        wise.edit(one, {"content": "the wine is in the attic"})
        vault = wise.vault("default")
        assert (counted(vault, "cold_vectors"), counted(vault, "pending")) == (0, 1)
        assert wise.embed() == 1
        assert (counted(vault, "cold_vectors"), counted(vault, "vectors")) == (1, 0)
        assert found(wise, "attic", archived=True) == [one]
        assert found(wise, "cellar", archived=True, kinds=("rule",)) == []
        sound(vault)

    def test_damage_to_what_is_compressed_is_told(self, mos: MOS, memos: Run) -> None:
        (one,) = mos.add(LONG).ids
        move(mos, one, State.ARCHIVED)
        mos.vault("default").conn.execute("UPDATE cold SET body = substr(body, 1, length(body) - 9)")
        ran = memos("show", one)
        assert (ran.status, ran.err.count("\n")) == (13, 2)
        assert memos("doctor").status == 13
        assert memos("doctor", "--rebuild").status == 0
        assert mos.get(one).content == LONG


class TestFinding:
    """`--archived`: by words and by meaning, in one ranking with what is hot."""

    def test_only_who_asks_finds_it(self, wise: MOS) -> None:
        hot, archived, gone = (wise.add(f"the wine of the {place}").ids[0] for place in ("cellar", "attic", "barn"))
        wise.embed()
        move(wise, archived, State.ARCHIVED)
        move(wise, gone, State.EXPIRED)
        assert found(wise, "wine") == [hot]
        assert set(found(wise, "wine", archived=True)) == {hot, archived}
        assert set(found(wise, "wine", everything=True)) == {hot, archived, gone}
        assert found(wise, "wine", states=("archived",)) == [archived]
        assert [memory.id for memory in wise.list(Filter(at=wise.now, archived=True))] == [archived, hot]
        assert wise.search("attic", wanted=Filter(at=wise.now, archived=True), lexical=True).hits[0].memory.id == archived
        scores = {hit.memory.id: hit.score for hit in wise.search("attic", wanted=Filter(at=wise.now, archived=True)).hits}
        assert scores[archived] > scores[hot]

    def test_words_weigh_what_they_weigh_in_both_indexes_together(self, mos: MOS) -> None:
        """With texts of one length, an archive gives the scores of BM25 that one index would."""
        chance = random.Random(3)
        vocabulary = [f"word{letter}" for letter in "abcdefghijkl"]
        ids = [mos.add(" ".join(chance.choices(vocabulary, weights=range(1, 13), k=9))).ids[0] for _ in range(60)]
        vault = mos.vault("default")
        query = "worda wordf wordl"

        def scores() -> dict[str, float]:
            hits = search.lexical(vault, query, ("1", []), 60, cold=True)
            names = dict(vault.conn.execute("SELECT n, id FROM memories").fetchall())
            assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
            return {names[n]: score for n, score in hits}

        one_index = scores()
        for identity in (ids[0], *chance.sample(ids[1:], 20)):
            move(mos, identity, State.ARCHIVED)
        two_indexes = scores()
        assert two_indexes.keys() == one_index.keys()
        assert all(two_indexes[identity] == pytest.approx(one_index[identity], rel=1e-6) for identity in one_index)

    def test_the_only_archived_memory_is_found_before_worse_hot_ones(self, mos: MOS) -> None:
        (one,) = mos.add("the marmalade is in the pantry").ids
        for number in range(20):
            mos.add(f"note {number} about the pantry")
        move(mos, one, State.ARCHIVED)
        assert found(mos, "marmalade pantry", archived=True)[0] == one

    def test_a_second_sighting_of_what_is_archived_is_a_memory_of_its_own(self, mos: MOS) -> None:
        (one,) = mos.add("the wine is in the cellar").ids
        move(mos, one, State.ARCHIVED)
        again = mos.add("the wine is in the cellar")
        assert (again.added, again.duplicates) == (1, 0)
        assert mos.add("x", external_id="e").added == 1

    def test_the_past_finds_what_is_cold_today(self, wise: MOS, clock: Clock) -> None:
        (one,) = wise.add("the wine is in the cellar").ids
        wise.embed()
        then = wise.now
        clock.forward(days=1)
        move(wise, one, State.ARCHIVED)
        clock.forward(days=1)
        assert found(wise, "wine") == []
        assert found(wise, "wine", past=True) == []
        hits = wise.search("wine", wanted=Filter(at=then, past=True)).hits
        assert [hit.memory.state for hit in hits] == [State.GENERATED]


class TestUse:
    """Use restores: what was shown although it is archived is due at once."""

    def test_what_was_shown_is_due_from_then_on_and_stays_due_when_the_state_is_derived_anew(
        self, mos: MOS, clock: Clock
    ) -> None:
        one, other = (mos.add(text).ids[0] for text in ("the wine is in the cellar", "the oil is in the barn"))
        for identity in (one, other):
            move(mos, identity, State.ARCHIVED)
        vault = mos.vault("default")
        clock.forward(days=1)
        before = due(vault)
        mos.search("wine", wanted=Filter(at=mos.now, archived=True))
        assert due(vault) == before | {one: mos.now}
        clock.forward(days=1)
        mos.search("oil")
        with vault.derive() as conn:
            rebuild.rebuild(conn, vault.due)
        assert due(vault)[one] < mos.now
        assert due(vault)[other] == before[other]


def due(vault: Vault) -> dict[str, str | None]:
    return dict(vault.conn.execute("SELECT id, next_due_at FROM memories"))


TEXTS = ("I eat no meat", "the wine is in the cellar", LONG, "昨日は雨だった", "", "a\ud800b")
DOING = st.lists(
    st.tuples(
        st.sampled_from(("add", "archive", "archive", "restore", "forget", "edit", "tag", "purge", "embed", "undo")),
        st.integers(0, 4),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=16,
)


@settings(max_examples=trials(12, 40))
@given(todo=DOING)
def test_whatever_is_archived_restored_edited_and_purged_state_and_log_agree(
    tmp_path_factory: pytest.TempPathFactory, todo: Sequence[tuple[str, int, int]]
) -> None:
    embedder = Embedder()
    with opened(tmp_path_factory.mktemp("cold"), Clock()) as mos:
        mos.embeddings.embedder = lambda texts=1: embedder  # type: ignore[method-assign, assignment] # noqa: ARG005
        vault = mos.vault("default")
        contents: dict[str, str] = {}
        for number, (what, which, value) in enumerate(todo):
            there = list(contents)
            one = there[which % len(there)] if there else None
            if what == "embed":
                mos.embed()
            elif what == "add" or one is None:
                text = f"{TEXTS[value]} {number}"
                contents[mos.add(text).ids[0]] = text
            elif what == "undo":
                undoable(mos, contents)
            elif what == "purge":
                purge(mos, one)
                del contents[one]
            elif what == "edit":
                contents[one] = f"{TEXTS[value]} {number}"
                mos.edit(one, {"content": contents[one]})
            elif what == "tag":
                mos.switch([one], "tag", {f"tag:t{value % 2}": True})
            elif what == "restore":
                mos.restore([one])
            else:
                move(mos, one, State.ARCHIVED if what == "archive" else State.EXPIRED)
            assert {memory.id: memory.content for memory in mos.list(EVER)} == contents
            assert rebuild.differences(vault.conn) == []
        sound(vault)


def undoable(mos: MOS, contents: dict[str, str]) -> None:
    """Take something back, and the dictionary with it."""
    from memos_cli.errors import NotFound, Refused

    try:
        mos.undo()
    except (NotFound, Refused):
        return
    contents.update({memory.id: memory.content for memory in mos.list(EVER)})


def test_a_cube_of_the_first_schema_gets_its_forgotten_memories_into_cold_storage(tmp_path: Path) -> None:
    """As a cube looked before there was cold storage, with vectors."""
    with opened(tmp_path / "new", Clock()) as mos:
        ids = [mos.add(drafts=[Draft(text, tags=("a", "b"))]).ids[0] for text in ("one hot", LONG, "never again")]
        with mos.author("forget").write(mos.vault("default")) as unit:
            unit.change("memory", ids[1], {"state": "expired"})
        memories = mos.list(EVER)
        rows = mos.vault("default").conn.execute("SELECT * FROM ops ORDER BY n").fetchall()
        meta = mos.vault("default").meta
    path = tmp_path / "old/cubes/default/cube.db"
    path.parent.mkdir(parents=True)
    old = sqlite3.connect(path, isolation_level=None)
    old.execute("PRAGMA journal_mode = WAL")
    schema.m001_log_and_fold(old)
    for statement in schema._MIGRATIONS_TABLE:
        old.execute(statement)
    old.execute("INSERT INTO _sqlite_migrations VALUES (1, 'memos', 'm001_log_and_fold', '2026-01-01')")
    old.executemany(f"INSERT INTO ops VALUES ({', '.join('?' * 16)})", rows)  # noqa: S608
    old.executemany("INSERT INTO cube VALUES (?, ?)", [(name, meta[name]) for name in schema.IDENTITY])
    _as_it_was(old, memories)
    old.close()
    with opened(tmp_path / "old", Clock()) as mos:
        vault = mos.vault("default")
        assert {memory.id: (memory.content, memory.state, memory.tags) for memory in mos.list(EVER)} == {
            memory.id: (memory.content, memory.state, memory.tags) for memory in memories
        }
        assert [counted(vault, table) for table in ("fts_docsize", "cold_fts_docsize", "vectors", "cold_vectors")] == [
            2,
            1,
            2,
            1,
        ]
        assert not [fault for one in check(vault) for fault in one.faults]
        assert rebuild.differences(vault.conn) == []


def _as_it_was(old: sqlite3.Connection, memories: Sequence[Memory]) -> None:
    """The derived tables as the first schema had them: all in one index."""
    from memos_cli.infra.vault import fold, log
    from memos_cli.infra.vault import rows as rows_

    columns = [column for column in rows_.COLUMNS if column != "since"]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    for n, memory in enumerate(memories, 1):
        operations = log.of_subject(old, "memory", memory.id)
        folded, _ = fold.memory(memory.id, operations)
        row = rows_.row_of(folded, operations[0].clock, operations[-1].clock, None)[:-1]
        old.execute(f"INSERT INTO memories (n, {names}) VALUES (?, {marks})", (n, *row))  # noqa: S608
        old.execute("UPDATE memories SET content = ? WHERE n = ?", (memory.content, n))
        old.executemany("INSERT INTO tags VALUES (?, ?)", [(n, tag) for tag in memory.tags])
        text = rows_.index_text(memory.content, None, None, memory.key, memory.tags)
        old.execute("INSERT INTO fts (rowid, body, names, grams) VALUES (?, ?, ?, ?)", (n, *text))
        old.execute("INSERT INTO vectors VALUES (?, 1, ?, zeroblob(64))", (n, rows_.text_digest(memory.content)))
