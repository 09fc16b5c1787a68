import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin
from memos_cli.ports.importer import Skipped
from tests.chat_exports import ROOT, as_bytes, chain, chat, foldered, said, talk, wrote, zipped
from tests.contracts.importer import HOW, ImporterContract
from tests.contracts.mutations import retyped

AT = "2025-05-01T08:00:00.123Z"
PLAIN = {"uuid": "m1", "text": "I live in York.", "sender": "human", "created_at": "2025-05-01T10:00:00.123456+02:00"}
NOTES = {"file_name": "notes.txt", "file_size": 9, "file_type": "text/plain", "extracted_content": "Buy milk."}
THOUGHT = {"type": "thinking", "thinking": "Hm."}
CALL = {"type": "tool_use", "name": "web_search", "input": {"query": "York"}}
RESULT = {"type": "tool_result", "name": "web_search", "content": [{"type": "text", "text": "a page"}]}
PROJECT = {
    "uuid": "p1", "name": "House", "description": "Our house.", "prompt_template": "Be brief.", "is_starter_project": False,
    "created_at": "2025-01-01T00:00:00Z", "creator": {"uuid": "person"},
    "docs": [{"uuid": "d1", "filename": "boiler.md", "content": "Serviced in May.", "created_at": "2025-02-01T00:00:00+00:00"}],
}  # fmt: skip
MEMORY = {"conversations_memory": "Ada likes tea.", "project_memories": {"p1": "The boiler is old."}, "account_uuid": "person"}
USERS = [{"uuid": "person", "full_name": "Ada", "email_address": "ada@example.org"}]
FILES: dict[str, Any] = {
    "conversations.json": [
        chat("c1", PLAIN, wrote("m2", "assistant", "Noted.", [THOUGHT, {"type": "text", "text": "Noted."}])),
        chat("c2", wrote("m3", "human", "Read this", attachments=[NOTES])),
    ],
    "projects.json": [PROJECT], "memories.json": [MEMORY], "users.json": USERS,
}  # fmt: skip


class TestClaudeImporter(ImporterContract):
    name = "claude"

    def sample(self, folder: Path) -> Path:
        return zipped(folder / "data-2025.zip", FILES)

    def foreign(self, folder: Path) -> Iterable[Path]:
        yield zipped(folder / "chatgpt.zip", {"conversations.json": [talk("a", chain(said("user", "hi")))], "user.json": {}})
        for name, content in (("chat.json", {"messages": []}), ("list.json", [{"uuid": "x", "name": "y"}])):
            (folder / name).write_text(json.dumps(content))
            yield folder / name

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        changed = retyped(dict(PLAIN), chance)
        talks = [chat("c1", changed, FILES["conversations.json"][0]["chat_messages"][1]), FILES["conversations.json"][1]]
        return zipped(folder / "data-2025.zip", FILES | {"conversations.json": talks})

    def test_gives_talks_attachments_projects_and_memories(self, tmp_path: Path) -> None:
        found = self.drafts(self.sample(tmp_path))
        assert [(one.external_id, one.kind.value, one.title, one.content) for one in found] == [
            ("claude:c1:m1", "episode", "Chat c1", "I live in York."),
            ("claude:c1:m2", "episode", "Chat c1", "Noted."),
            ("claude:c2:m3", "episode", "Chat c2", "Read this"),
            ("claude:c2:m3:attachment:0", "document", "notes.txt", "Buy milk."),
            ("claude:memory:person", "note", "Memory of Claude.ai", "Ada likes tea."),
            ("claude:memory:person:project:p1", "note", "Memory of Claude.ai, of a project", "The boiler is old."),
            ("claude:project:p1:instructions", "note", "Instructions of House", "Be brief."),
            ("claude:project:p1:description", "note", "About House", "Our house."),
            ("claude:project:p1:d1", "document", "boiler.md", "Serviced in May."),
        ]
        first, attached, doc = found[0], found[3], found[8]
        assert (first.source.speaker, first.source.turn, first.occurred_at) == ("user", 0, AT)
        assert found[1].source.speaker == "assistant"
        assert (attached.origin, attached.source.conversation, attached.source.turn) == (Origin.IMPORT, "c2", 0)
        assert (attached.source.file, attached.metadata["talk"]) == ("notes.txt", "Chat c2")
        assert (doc.occurred_at, doc.metadata["project"]) == ("2025-02-01T00:00:00.000Z", "House")
        assert self.skipped(tmp_path / "data-2025.zip") == {"reasoning": 1, "a file about the account": 1}

    def of(self, folder: Path, *messages: Any, **more: Any) -> tuple[list[str], dict[str, int]]:
        """The texts of a talk with these messages, and what is left out of it."""
        source = folder / "conversations.json"
        source.write_text(json.dumps([chat("t", *messages, **more)]))
        return [one.content for one in self.drafts(source)], self.skipped(source)

    def test_the_same_in_folders_and_in_the_several_zips_of_newer_exports(self, tmp_path: Path) -> None:
        ids = sorted(one.external_id or "" for one in self.drafts(self.sample(tmp_path)))
        newer = {
            "manifest-1.json": {"data_files": []},
            "conversations-000.zip": as_bytes(b""), "projects/p1.json": PROJECT, "memories/person.json": MEMORY,
        }  # fmt: skip
        folder = foldered(tmp_path / "newer", newer)
        zipped(folder / "conversations-000.zip", {"conversations.json": FILES["conversations.json"]})
        for source in (foldered(tmp_path / "old", FILES), folder):
            assert self.importer().matches(source)
            assert sorted(one.external_id or "" for one in self.drafts(source)) == ids
        for name in ("projects.json", "memories.json", "conversations.json"):
            (tmp_path / f"my {name}").write_bytes(as_bytes(FILES[name]))
            assert self.importer().matches(tmp_path / f"my {name}")
            assert self.drafts(tmp_path / f"my {name}")

    def test_takes_texts_from_blocks_where_the_text_is_empty(self, tmp_path: Path) -> None:
        blocks = [
            THOUGHT,
            {"type": "text", "text": "One."},
            CALL,
            RESULT,
            {"type": "text", "text": "Two."},
            {"type": "flag"},
            7,
        ]
        texts, skipped = self.of(tmp_path, wrote("a", "assistant", "", blocks))
        assert texts == ["One.\n\nTwo."]
        assert skipped == {
            "reasoning": 1, "a tool call": 1, "a result of a tool": 1, "a note of the tools": 1, "a part of another kind": 1,
        }  # fmt: skip

    def test_takes_the_text_where_there_are_no_blocks(self, tmp_path: Path) -> None:
        plain = {
            name: value for name, value in wrote("a", "human", "hi").items() if name not in {"content", "files", "attachments"}
        }
        assert self.of(tmp_path, plain, wrote("b", "human", "ho", [])) == (["hi", "ho"], {})

    def test_counts_what_says_nothing(self, tmp_path: Path) -> None:
        texts, skipped = self.of(
            tmp_path, wrote("a", "human"), wrote("b", "assistant", "", [THOUGHT]), wrote("c", "nobody", "x"), None, 3,
            wrote("d", "human", "x", attachments=[{"file_name": "a.pdf", "extracted_content": ""}, None],
                  files=[{"file_name": "a.png", "file_uuid": "1"}], files_v2=[{"file_uuid": "1"}]),
        )  # fmt: skip
        assert texts == ["x"]
        assert skipped == {
            "an empty message": 1, "reasoning": 1, "a message of nobody known": 1, "a message of a wrong type": 2,
            "an attachment without its text": 2, "a file that the export has not": 1,
        }  # fmt: skip
        assert self.of(tmp_path) == ([], {"a talk without messages": 1})

    def test_takes_the_newest_branch(self, tmp_path: Path) -> None:
        later = {"created_at": "2025-05-01T11:00:00Z"}
        messages = (
            wrote("a", "human", "Which tea?", after=ROOT), wrote("b", "assistant", "Green.", after="a"),
            wrote("c", "assistant", "Black.", after="a", **later), wrote("d", "human", "Thanks.", after="b"),
        )  # fmt: skip
        assert self.of(tmp_path, *messages) == (["Which tea?", "Black."], {"another branch": 2})
        assert self.of(tmp_path, *messages, current_leaf_message_uuid="d")[0] == ["Which tea?", "Green.", "Thanks."]
        circle = (wrote("a", "human", "one", after="b"), wrote("b", "assistant", "two", after="a"))
        assert sorted(self.of(tmp_path, *circle)[0]) == ["one", "two"]

    def test_takes_an_artifact_as_it_was_created(self, tmp_path: Path) -> None:
        made = {"command": "create", "id": "letter", "title": "Letter", "content": "Dear Bo."}
        blocks = [
            {"type": "text", "text": "Here."}, {"type": "tool_use", "name": "artifacts", "input": made},
            {"type": "tool_use", "name": "artifacts", "input": {"command": "update", "id": "letter"}},
        ]  # fmt: skip
        source = tmp_path / "conversations.json"
        source.write_text(json.dumps([chat("t", wrote("a", "assistant", "", blocks))]))
        found = self.drafts(source)
        assert [(one.external_id, one.kind, one.title) for one in found[1:]] == [
            ("claude:t:a:artifact:letter", Kind.DOCUMENT, "Letter")
        ]
        assert self.skipped(source) == {"a tool call": 1}

    def test_takes_talks_about_designs(self, tmp_path: Path) -> None:
        attached = [{"name": "x", "content": "y"}]
        content = {
            "contentBlocks": [{"type": "text", "text": "A page."}, {"type": "tool_call"}],
            "timestamp": "2026-01-01T00:00:00Z",
        }
        design = {"uuid": "d", "title": "Site", "messages": [
            {"uuid": "a", "role": "user", "content": {"content": "A page, please", "attachments": attached}},
            {"uuid": "b", "role": "assistant", "content": content}, None,
        ]}  # fmt: skip
        source = foldered(tmp_path / "export", {"conversations.json": [], "design_chats/d.json": design})
        assert [(one.source.speaker, one.content) for one in self.drafts(source)] == [
            ("user", "A page, please"), (None, "y"), ("assistant", "A page."),
        ]  # fmt: skip
        assert self.skipped(source) == {"a tool call": 1, "a message of a wrong type": 1}

    def test_leaves_out_example_projects_and_what_has_no_text(self, tmp_path: Path) -> None:
        projects = [
            PROJECT | {"is_starter_project": True}, {"uuid": "p", "name": "Empty", "docs": [], "prompt_template": ""},
            {"uuid": "q", "docs": [{"filename": "a.pdf"}, None], "prompt_template": None}, "x",
        ]  # fmt: skip
        source = tmp_path / "projects.json"
        source.write_text(json.dumps(projects))
        assert self.drafts(source) == []
        assert self.skipped(source) == {
            "an example project by Claude.ai": 1, "a project without texts": 1, "a document of a project without its text": 2,
            "an entry of another shape": 1,
        }  # fmt: skip

    def test_takes_files_of_memory(self, tmp_path: Path) -> None:
        source = tmp_path / "memories.json"
        source.write_text(json.dumps({"account_uuid": "p", "conversations_memory": "", "memory_files": [
            {"path": "/people.md", "content": "Bo is a friend."}, None,
        ]}))  # fmt: skip
        assert [(one.external_id, one.content) for one in self.drafts(source)] == [
            ("claude:memory:p:file:/people.md", "Bo is a friend.")
        ]
        assert self.skipped(source) == {"a memory without a text": 2}

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_two_copies_takes_the_newer_one(self, tmp_path: Path, order: tuple[int, int]) -> None:
        copies = (
            chat("c", wrote("a", "human", "one")),
            chat("c", wrote("a", "human", "one"), wrote("b", "assistant", "two"), updated_at="2025-05-02T00:00:00+00:00"),
        )
        files = {f"conversations-{number}.json": [copies[place]] for number, place in enumerate(order)}
        source = zipped(tmp_path / "export.zip", files)
        assert [one.content for one in self.drafts(source)] == ["one", "two"]
        assert self.skipped(source) == {"an older copy of the same talk": 1}

    def test_gives_what_comes_before_a_cut(self, tmp_path: Path) -> None:
        whole = json.dumps([chat(f"c{number}", wrote("m", "human", f"text {number} " + "é" * 500)) for number in range(30)])
        source = tmp_path / "conversations.json"
        source.write_text(whole[: whole.index('"text 20')])
        found = self.read(source)
        assert len([one for one in found if isinstance(one, Draft)]) == 20
        assert found[-1] == Skipped("cut off before its end", "conversations.json", damaged=True)

    def test_refuses_what_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "text.json").write_text("no json at all")
        for source in (tmp_path / "text.json", tmp_path / "none", zipped(tmp_path / "a.zip", {"x.txt": "x"})):
            with pytest.raises(UsageError):
                list(self.importer().read(source, HOW))
