import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.importers.llm import LlmImporter
from memos_cli.errors import UsageError
from memos_cli.import_port import ImportOptions, Skipped
from memos_cli.model import Draft
from memos_cli.times import Zone
from tests.contracts.importer import ImporterContract

HOW = ImportOptions(Zone("UTC"))
FIRST = """
CREATE TABLE "conversations" ("id" TEXT PRIMARY KEY, "name" TEXT, "model" TEXT);
CREATE TABLE "responses" (
  "id" TEXT PRIMARY KEY, "model" TEXT, "prompt" TEXT, "system" TEXT, "prompt_json" TEXT, "options_json" TEXT, "response" TEXT,
  "response_json" TEXT, "conversation_id" TEXT REFERENCES "conversations"("id"), "duration_ms" INTEGER, "datetime_utc" TEXT
);
CREATE TABLE "prompt_attachments" ("response_id" TEXT, "attachment_id" TEXT, "order" INTEGER);
CREATE TABLE "tool_calls" ("id" INTEGER PRIMARY KEY, "response_id" TEXT, "name" TEXT, "arguments" TEXT);
INSERT INTO conversations VALUES ('c1', 'The leak', 'gpt-4o');
INSERT INTO responses (id, model, prompt, system, response, conversation_id, datetime_utc) VALUES
  ('01a', 'gpt-4o', 'Which valve leaks?', 'Be brief.', 'The left one.', 'c1', '2024-05-06T07:08:09.123456'),
  ('01b', 'gpt-4o', 'And the tap?', NULL, '', 'c1', '2024-05-06T07:09:00+00:00');
INSERT INTO prompt_attachments VALUES ('01b', 'x', 0);
INSERT INTO tool_calls VALUES (1, '01b', 'clock', '{}');
"""
SECOND = """
CREATE TABLE "fragments" ("id" INTEGER PRIMARY KEY, "hash" TEXT, "content" TEXT);
CREATE TABLE "messages" ("hash" TEXT PRIMARY KEY, "parent_hash" TEXT, "role" TEXT, "provider_metadata" TEXT);
CREATE TABLE "parts" (
  "id" INTEGER PRIMARY KEY, "message_hash" TEXT, "position" INTEGER, "type" TEXT, "tool_name" TEXT, "text" TEXT, "payload" TEXT
);
CREATE UNIQUE INDEX "idx_parts" ON "parts" ("message_hash", "position");
CREATE TABLE "threads" ("id" TEXT PRIMARY KEY, "name" TEXT, "tip_message_hash" TEXT, "forked_from" TEXT, "datetime_utc" TEXT);
CREATE TABLE "turns" (
  "id" TEXT PRIMARY KEY, "thread_id" TEXT, "parent_message_hash" TEXT, "tip_message_hash" TEXT, "model" TEXT, "datetime_utc" TEXT
);
INSERT INTO threads VALUES ('t1', 'Pumps', 'm5', NULL, ''), ('t2', 'A fork', 'm6', 't1', '');
INSERT INTO messages VALUES ('m0', NULL, 'system', NULL), ('m1', 'm0', 'user', NULL), ('m2', 'm1', 'assistant', NULL),
  ('m3', 'm2', 'tool', NULL), ('m4', 'm3', 'assistant', NULL), ('m5', 'm4', 'user', NULL), ('m6', 'm4', 'user', NULL),
  ('m7', NULL, 'user', NULL);
INSERT INTO parts (message_hash, position, type, text, payload) VALUES ('m0', 0, 'text', 'Be brief.', NULL),
  ('m1', 0, 'text', NULL, '{"text_ref": [{"fragment": 1}, {"literal": "\\nSum it up"}]}'), ('m1', 1, 'attachment', NULL, '{}'),
  ('m2', 0, 'tool_call', NULL, '{"name": "clock"}'), ('m3', 0, 'tool_result', NULL, '{"output": "12"}'),
  ('m4', 0, 'reasoning', 'Hm.', NULL), ('m4', 1, 'text', 'It is short.', NULL),
  ('m5', 0, 'text', NULL, '{"text_ref": [{"fragment": 1}]}'), ('m6', 0, 'text', 'Another way.', NULL);
INSERT INTO turns VALUES ('u1', 't1', 'm1', 'm2', 'gpt-5', '2026-07-01T10:00:00+00:00'),
  ('u2', 't1', 'm3', 'm4', 'gpt-5', '2026-07-01T10:00:05+00:00'), ('u3', 't1', 'm5', NULL, 'gpt-5', '2026-07-01T11:00:00+00:00'),
  ('u4', 't2', 'm6', NULL, 'gpt-5', '2026-07-02T10:00:00+00:00');
"""


def database(path: Path, *scripts: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA synchronous=OFF")
        for script in scripts:
            made.executescript(script)
    return path


def read(source: Path) -> tuple[list[Draft], dict[str, int]]:
    drafts, skipped = [], dict[str, int]()
    for one in LlmImporter().read(source, HOW):
        if isinstance(one, Skipped):
            skipped[one.why] = skipped.get(one.why, 0) + one.count
        else:
            drafts.append(one)
    return drafts, skipped


class TestLlm(ImporterContract):
    name = "llm"

    def sample(self, folder: Path) -> Path:
        return database(folder / "logs.db", FIRST, SECOND)

    def foreign(self, folder: Path) -> list[Path]:
        return [database(folder / "history.db", "CREATE TABLE history (id TEXT, memory TEXT)")]

    def mistyped(self, folder: Path, chance: random.Random) -> Path | None:
        path = self.sample(folder)
        columns = (
            ("responses", "id"), ("responses", "prompt"), ("responses", "response"), ("responses", "datetime_utc"),
            ("responses", "conversation_id"), ("responses", "model"), ("messages", "role"), ("messages", "parent_hash"),
            ("messages", "hash"), ("parts", "type"), ("parts", "text"), ("parts", "payload"), ("turns", "tip_message_hash"),
            ("turns", "thread_id"), ("turns", "datetime_utc"), ("threads", "name"),
        )  # fmt: skip
        table, column = chance.choice(columns)
        values: tuple[Any, ...] = (None, 7, 1.5, b"\xff\x00", "", "x", "[1", "\x00", "9" * 400)
        with closing(sqlite3.connect(path)) as made:
            made.execute("PRAGMA synchronous=OFF")
            rows = [row for (row,) in made.execute(f"SELECT rowid FROM {table}")]
            made.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (chance.choice(values), chance.choice(rows)))
            made.commit()
        return path


def test_the_first_generation(tmp_path: Path) -> None:
    drafts, skipped = read(database(tmp_path / "logs.db", FIRST))
    assert [(draft.external_id, draft.source.speaker, draft.content) for draft in drafts] == [
        ("llm:01a:prompt", "user", "Which valve leaks?"), ("llm:01a:response", "assistant", "The left one."),
        ("llm:01b:prompt", "user", "And the tap?"),
    ]  # fmt: skip
    assert {(draft.source.conversation, draft.title) for draft in drafts} == {("c1", "The leak")}
    assert [draft.source.turn for draft in drafts] == [0, 1, 2]
    assert [draft.occurred_at for draft in drafts[1:]] == ["2024-05-06T07:08:09.123Z", "2024-05-06T07:09:00.000Z"]
    assert [draft.source.model for draft in drafts] == [None, "gpt-4o", None]
    assert skipped == {"a message without text": 1, "an attachment": 1, "a call of a tool": 1, "a system prompt": 1}


def test_the_second_generation(tmp_path: Path) -> None:
    drafts, skipped = read(database(tmp_path / "logs.db", SECOND))
    assert [(draft.external_id, draft.source.speaker, draft.content) for draft in drafts] == [
        ("llm:m1", "user", "Sum it up"), ("llm:m4", "assistant", "It is short."), ("llm:m6", "user", "Another way."),
    ]  # fmt: skip
    assert [(draft.source.conversation, draft.source.turn, draft.title) for draft in drafts] == [
        ("t1", 0, "Pumps"), ("t1", 1, "Pumps"), ("t2", 0, "A fork"),
    ]  # fmt: skip
    assert drafts[1].occurred_at == "2026-07-01T10:00:05.000Z"
    assert skipped == {
        "a system prompt": 1, "a call of a tool": 1, "a tool's result": 1, "a document that was sent along": 1, "a message of no turn": 1,
    }  # fmt: skip


def test_a_talk_that_goes_on_in_the_second_generation_is_taken_once(tmp_path: Path) -> None:
    more = """
    INSERT INTO threads VALUES ('c1', 'The leak', 'k3', NULL, '');
    INSERT INTO messages VALUES ('k1', NULL, 'user', NULL), ('k2', 'k1', 'assistant', NULL), ('k3', 'k2', 'user', NULL);
    INSERT INTO parts (message_hash, position, type, text) VALUES ('k1', 0, 'text', 'Which valve leaks?'),
      ('k2', 0, 'text', 'The left one.'), ('k3', 0, 'text', 'Thanks.');
    INSERT INTO turns VALUES ('u9', 'c1', 'k3', NULL, 'gpt-5', '2026-08-01T10:00:00+00:00');
    """
    drafts, skipped = read(database(tmp_path / "logs.db", FIRST, SECOND, more))
    assert [draft.content for draft in drafts if draft.source.conversation == "c1"] == [
        "Which valve leaks?", "The left one.", "And the tap?", "Thanks.",
    ]  # fmt: skip
    assert skipped["a repeat of an earlier log"] == 2


def test_a_database_that_is_in_use_is_read_as_it_is_and_left_alone(tmp_path: Path) -> None:
    path = database(tmp_path / "logs.db", "PRAGMA journal_mode=WAL", FIRST)
    with closing(sqlite3.connect(path)) as live:
        live.execute("INSERT INTO responses (id, prompt, conversation_id) VALUES ('01c', 'Only in the log.', 'c1')")
        live.commit()
        before = {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file() and not one.name.endswith("-shm")}
        assert (tmp_path / "logs.db-wal").stat().st_size
        assert "Only in the log." in {draft.content for draft in read(path)[0]}
        assert before == {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file() and not one.name.endswith("-shm")}


def test_a_hostile_database(tmp_path: Path) -> None:
    view = "CREATE VIEW responses AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n;"
    with pytest.raises(UsageError):
        read(database(tmp_path / "view.db", view))
    generated = FIRST.replace('"model" TEXT, "prompt" TEXT,', '"model" TEXT, "prompt" TEXT AS (hex(zeroblob(900000000))),')
    with pytest.raises(UsageError):
        read(database(tmp_path / "generated.db", generated.split("INSERT INTO responses")[0]))
    circle = "UPDATE messages SET parent_hash = 'm4' WHERE hash = 'm0'; UPDATE messages SET parent_hash = 'm7' WHERE hash = 'm7';"
    drafts, skipped = read(database(tmp_path / "circle.db", SECOND, circle))
    assert (len(drafts), sum(skipped.values())) == (3, 5)
    huge = "UPDATE responses SET response = zeroblob(50000000) WHERE id = '01a'; UPDATE responses SET prompt = hex(zeroblob(3000000));"
    drafts, skipped = read(database(tmp_path / "huge.db", FIRST, huge))
    assert (drafts, skipped["a record with a value of a wrong type"]) == ([], 3)


def test_the_folder_that_it_is_in(tmp_path: Path) -> None:
    database(tmp_path / "io.datasette.llm" / "logs.db", FIRST)
    assert LlmImporter().matches(tmp_path / "io.datasette.llm")
    assert len(read(tmp_path / "io.datasette.llm")[0]) == 3


def test_what_llm_itself_wrote(tmp_path: Path) -> None:
    llm = pytest.importorskip("llm")
    sqlite_utils = pytest.importorskip("sqlite_utils")

    class Fake(llm.Model):  # type: ignore[name-defined, misc]
        model_id = "fake"
        attachment_types = frozenset({"image/png"})

        def execute(self, prompt: Any, *_: Any, **__: Any) -> Any:
            yield f"About {prompt.prompt.splitlines()[-1]}"


    path = tmp_path / "logs.db"
    made = sqlite_utils.Database(path)
    talk = Fake().conversation()
    for words, more in (("Which valve leaks?", {"system": "Be brief."}), ("And the tap?", {"fragments": ["A manual.\n" * 50]})):
        answer = talk.prompt(words, **more)
        answer.text()
        answer.log_to_db(made)
    made.conn.close()
    drafts, skipped = read(path)
    assert [(draft.source.speaker, draft.content) for draft in drafts] == [
        ("user", "Which valve leaks?"), ("assistant", "About Which valve leaks?"),
        ("user", "And the tap?"), ("assistant", "About And the tap?"),
    ]  # fmt: skip
    assert len({draft.source.conversation for draft in drafts}) == 1
    assert skipped.get("a system prompt") == 1
