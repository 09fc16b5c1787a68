"""mem0: its answers in their shapes, and its history."""

import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.ports.importer import Skipped
from tests.contracts.importer import ImporterContract, retyped

MEMORIES: list[dict[str, Any]] = [
    {
        "id": "f38b689d-6b24-45b7-bced-17fbb4d8bac7",
        "memory": "Travelling to Paris",
        "hash": "62bc",
        "user_id": "alex",
        "metadata": {"trip": "spring"},
        "created_at": "2023-02-25T23:57:00.108347-07:00",
        "updated_at": None,
        "score": 0.9,
    },
    {"id": "b", "memory": "Likes tea", "user_id": "alex", "categories": ["food"], "created_at": None, "metadata": None},
    {
        "id": "c",
        "memory": "Uses Vim",
        "user_id": "alex",
        "agent_id": "coder",
        "run_id": "r1",
        "created_at": "2024-01-01T00:00:00Z",
    },
]
SHAPES = {
    "results": {"results": MEMORIES, "relations": []},
    "list": MEMORIES,
    "pages": {"count": 3, "next": None, "previous": None, "results": MEMORIES},
    "memories": {"memories": MEMORIES},
}


def answer(folder: Path, value: object) -> Path:
    path = folder / "mem0.json"
    path.write_text(json.dumps(value))
    return path


class TestMem0(ImporterContract):
    name = "mem0"

    def sample(self, folder: Path) -> Path:
        return answer(folder, SHAPES["results"])

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        rows = json.loads(json.dumps(MEMORIES))
        place = chance.randrange(len(rows))
        rows[place] = retyped(rows[place], chance)
        return answer(folder, {"results": rows, "relations": []})

    @pytest.mark.parametrize("shape", SHAPES)
    def test_every_shape_has_the_same_memories(self, shape: str, tmp_path: Path) -> None:
        path = answer(tmp_path, SHAPES[shape])
        assert self.importer().matches(path)
        paris, tea, vim = self.drafts(path)
        assert (paris.external_id, paris.content) == ("mem0:f38b689d-6b24-45b7-bced-17fbb4d8bac7", "Travelling to Paris")
        assert paris.occurred_at == "2023-02-26T06:57:00.108Z"
        assert paris.metadata == {"user_id": "alex", "metadata": {"trip": "spring"}}
        assert (tea.tags, tea.occurred_at) == (("food",), None)
        assert (vim.source.session, vim.metadata["agent_id"]) == ("r1", "coder")

    def test_relations_are_counted(self, tmp_path: Path) -> None:
        path = answer(tmp_path, {"results": MEMORIES, "relations": [{"source": "alex", "target": "tea"}] * 4})
        assert self.skipped(path) == {"relations in a graph": 4}

    def test_a_memory_without_a_text_is_named(self, tmp_path: Path) -> None:
        path = answer(tmp_path, [{"id": "x", "memory": None, "hash": ""}, {"id": "y", "memory": " "}, 7, *MEMORIES])
        assert self.skipped(path) == {"its text is no text": 1, "no text in it": 1, "no memory": 1}

    def test_an_answer_that_was_cut_off_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "cut.json"
        path.write_text(json.dumps(SHAPES["results"]).partition("Uses Vim")[0])
        assert [one.damaged for one in self.read(path) if isinstance(one, Skipped)] == [True]
        assert len(self.drafts(path)) == 2


def history(folder: Path, *, journal: str = "delete", old: bool = False) -> Path:
    path = folder / "history.db"
    conn = sqlite3.connect(path)
    conn.execute(f"PRAGMA journal_mode = {journal}")
    names = ("prev_value", "new_value", "timestamp") if old else ("old_memory", "new_memory", "created_at")
    conn.execute(
        f"CREATE TABLE history (id TEXT PRIMARY KEY, memory_id TEXT, {names[0]} TEXT, {names[1]} TEXT, event TEXT, "
        f"{names[2]} DATETIME, is_deleted INTEGER)"
    )
    changes = [
        ("1", "m1", None, "Likes coffee", "ADD", "2024-01-01T10:00:00-08:00", 0),
        ("2", "m2", None, "Has a cat", "ADD", "2024-01-02T10:00:00-08:00", 0),
        ("3", "m1", "Likes coffee", "Likes tea", "UPDATE", "2024-02-01T10:00:00-08:00", 0),
        ("4", "m2", "Has a cat", None, "DELETE", "2024-02-02T10:00:00-08:00", 1),
        ("5", "m3", None, "Runs on Sundays", "ADD", "2024-02-03T10:00:00-08:00", None),
    ]
    conn.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?)", changes)
    conn.commit()
    if journal == "wal":
        return conn  # type: ignore[return-value]  # open, so that what was written stays beside it
    conn.close()
    return path


class TestHistory(ImporterContract):
    name = "mem0"

    def sample(self, folder: Path) -> Path:
        return history(folder)

    @pytest.mark.parametrize("old", [False, True])
    def test_the_last_version_counts(self, old: bool, tmp_path: Path) -> None:  # noqa: FBT001
        path = history(tmp_path, old=old)
        before = path.read_bytes()
        tea, runs = self.drafts(path)
        assert (tea.content, tea.external_id, tea.occurred_at) == ("Likes tea", "mem0:m1", "2024-02-01T18:00:00.000Z")
        assert runs.content == "Runs on Sundays"
        assert self.skipped(path) == {"an earlier version": 2, "deleted there": 1}
        assert path.read_bytes() == before
        assert [one.name for one in tmp_path.iterdir()] == ["history.db"]

    def test_what_lies_beside_it_is_read_too(self, tmp_path: Path) -> None:
        conn = history(tmp_path, journal="wal")
        before = {one.name: one.read_bytes() for one in tmp_path.iterdir() if not one.name.endswith("-shm")}
        assert [one.content for one in self.drafts(tmp_path / "history.db")] == ["Likes tea", "Runs on Sundays"]
        assert {one.name: one.read_bytes() for one in tmp_path.iterdir() if not one.name.endswith("-shm")} == before
        conn.close()  # type: ignore[attr-defined]

    def test_its_folder_is_known(self, tmp_path: Path) -> None:
        folder = tmp_path / "mem0"
        (folder / "migrations_qdrant").mkdir(parents=True)
        history(folder)
        assert self.importer().matches(folder)
        assert self.skipped(folder)["vectors of mem0, which hold no more than its memories"] == 1

    def test_a_table_that_is_none_is_refused(self, tmp_path: Path) -> None:
        conn = sqlite3.connect(tmp_path / "history.db")
        conn.execute(
            "CREATE VIEW history AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
            "SELECT n AS id, n AS memory_id, n AS new_memory, n AS rowid FROM c"
        )
        conn.close()
        with pytest.raises(UsageError, match="no table of that kind"):
            self.read(tmp_path / "history.db")
