import json
import random
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin
from memos_cli.ports.importer import Skipped
from tests.chat_exports import START, Tree, chain, chat, foldered, said, talk, wrote, zipped
from tests.contracts.importer import HOW, ImporterContract
from tests.contracts.mutations import retyped

AT = "2023-11-14T22:13:20.250Z"
TALK = talk("c1", chain(said("system", "", at=None), said("user", "I live in York."), said("assistant", "Noted!", at=None)))
IMAGE = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1", "width": 1, "height": 1}
SEEN = said("user", "See this", IMAGE, type="multimodal_text")
PROFILE = {"content_type": "user_editable_context", "user_profile": "Told:\n```I am Ada.```", "user_instructions": "Be brief."}
BRANCHED: Tree = {
    "r": {"id": "r", "message": None, "parent": None},
    "q": {"id": "q", "message": said("user", "Which tea?"), "parent": "r"},
    "old": {"id": "old", "message": said("assistant", "Green.", at=START + 1), "parent": "q"},
    "new": {"id": "new", "message": said("assistant", "Black.", at=START + 2), "parent": "q"},
    "more": {"id": "more", "message": said("user", "Thanks.", at=START + 3), "parent": "old"},
}


class TestChatGptImporter(ImporterContract):
    name = "chatgpt"

    def sample(self, folder: Path) -> Path:
        return zipped(
            folder / "export.zip",
            {
                "chat.html": "<html>" + "x" * 1000, "conversations-000.json": [TALK, talk("c2", BRANCHED, current_node="new")],
                "conversations-001.json": [talk("c3", chain(SEEN, said("assistant", "é 😀 ünï")))],
                "file-1.png": b"\x89PNG", "user.json": {"id": "user-1", "email": "a@example.org"},
            },
        )  # fmt: skip

    def foreign(self, folder: Path) -> Iterable[Path]:
        yield zipped(folder / "claude.zip", {"conversations.json": [chat("a", wrote("m", "human", "hi"))], "users.json": []})
        for name, content in (("map.json", {"mapping": {"a": "b"}}), ("list.json", [{"title": "x", "create_time": 1}])):
            (folder / name).write_text(json.dumps(content))
            yield folder / name

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        tree = json.loads(json.dumps(TALK["mapping"]))
        node = chance.choice(("n2", "n3"))
        tree[node]["message"] = retyped(tree[node]["message"], chance)
        shards = {"conversations-000.json": [TALK | {"mapping": tree}, talk("c2", BRANCHED, current_node="new")]}
        rest = {
            "conversations-001.json": [
                talk("c3", chain(said("user", "See this", IMAGE, type="multimodal_text"), said("assistant", "é")))
            ]
        }
        return zipped(folder / "export.zip", {"chat.html": "x", **shards, **rest, "file-1.png": b"", "user.json": {}})

    def test_gives_the_turns_of_the_branch_that_was_seen(self, tmp_path: Path) -> None:
        found = self.drafts(self.sample(tmp_path))
        assert [(one.source.conversation, one.source.turn, one.source.speaker, one.content) for one in found] == [
            ("c1", 0, "user", "I live in York."), ("c1", 1, "assistant", "Noted!"), ("c2", 0, "user", "Which tea?"),
            ("c2", 1, "assistant", "Black."), ("c3", 0, "user", "See this"), ("c3", 1, "assistant", "é 😀 ünï"),
        ]  # fmt: skip
        first = found[0]
        assert (first.external_id, first.title, first.occurred_at) == ("chatgpt:c1:n2", "Talk c1", AT)
        assert (first.kind, first.origin) == (Kind.EPISODE, Origin.CONVERSATION)
        assert self.skipped(tmp_path / "export.zip") == {
            "a system message": 1, "another branch": 2, "an image": 1, "a web page of the same talks": 1, "an image file": 1,
            "a file about the account": 1,
        }  # fmt: skip

    def in_one(self, folder: Path, *talks: Any) -> tuple[list[Draft], dict[str, int]]:
        """What a file with these conversations gives."""
        source = folder / "conversations.json"
        source.write_text(json.dumps(list(talks)))
        return self.drafts(source), self.skipped(source)

    def of(self, folder: Path, *messages: Any, **more: Any) -> tuple[list[str], dict[str, int]]:
        """The texts of a talk with these messages, and what is left out of it."""
        drafts, skipped = self.in_one(folder, talk("t", chain(*messages), **more))
        return [one.content for one in drafts], skipped

    def test_the_same_as_a_folder_a_file_and_one_with_the_old_name(self, tmp_path: Path) -> None:
        files = {
            "export/conversations-000.json": [TALK],
            "export/user.json": {},
            "__MACOSX/export/._conversations-000.json": "x",
        }
        ids = ["chatgpt:c1:n2", "chatgpt:c1:n3"]
        for source in (foldered(tmp_path / "folder", files), zipped(tmp_path / "export.zip", files)):
            assert self.importer().matches(source)
            assert [one.external_id for one in self.drafts(source)] == ids
            assert self.skipped(source)["a file of the system"] == 1
        (tmp_path / "renamed.json").write_text(json.dumps([TALK]))
        assert self.importer().matches(tmp_path / "renamed.json")
        assert [one.external_id for one in self.drafts(tmp_path / "renamed.json")] == ids
        for name, content in (("one.json", TALK), ("wrapped.json", {"account": {}, "conversations": [TALK]})):
            (tmp_path / name).write_text(json.dumps(content))
            assert [one.external_id for one in self.drafts(tmp_path / name)] == ids

    def test_needs_no_children(self, tmp_path: Path) -> None:
        tree = chain(said("user", "one"), said("assistant", "two"), children=False)
        assert [one.content for one in self.in_one(tmp_path, talk("t", tree))[0]] == ["one", "two"]

    def test_goes_by_children_where_a_parent_is_missing(self, tmp_path: Path) -> None:
        tree = chain(said("user", "one"), said("assistant", "two"))
        del tree["n2"]["parent"]
        assert [one.content for one in self.in_one(tmp_path, talk("t", tree))[0]] == ["one", "two"]

    @pytest.mark.parametrize("leaf", [None, "gone", 7, ""])
    def test_takes_the_newest_branch_where_none_is_named(self, tmp_path: Path, leaf: Any) -> None:
        drafts, skipped = self.in_one(tmp_path, talk("t", BRANCHED, current_node=leaf))
        assert [one.content for one in drafts] == ["Which tea?", "Green.", "Thanks."]
        assert skipped == {"another branch": 1}

    def test_ends_where_parents_go_in_a_circle(self, tmp_path: Path) -> None:
        tree = chain(said("user", "one"), said("assistant", "two"), said("user", "three"))
        tree["n1"]["parent"] = "n3"
        drafts, skipped = self.in_one(tmp_path, talk("t", tree))
        assert sorted(one.content for one in drafts) == ["one", "three", "two"]
        assert skipped == {}

    def test_takes_no_present_for_a_time_that_is_missing(self, tmp_path: Path) -> None:
        tree = chain(said("user", "a", at=None), said("assistant", "b", at=START + 60), said("user", "c", at=None))
        drafts, _ = self.in_one(tmp_path, talk("t", tree), talk("u", chain(said("user", "d", at=None)), create_time=None))
        assert [one.occurred_at for one in drafts] == [
            "2023-11-14T22:13:10.250Z", "2023-11-14T22:14:20.250Z", "2023-11-14T22:14:20.250Z", None,
        ]  # fmt: skip
        assert [("occurred_at" in (one.given or ())) for one in drafts] == [True, True, True, False]

    @pytest.mark.parametrize("at", [True, "x", [], -1, 1e300, float("nan"), 0])
    def test_a_time_that_is_none_counts_as_missing(self, tmp_path: Path, at: Any) -> None:
        drafts, _ = self.in_one(tmp_path, talk("t", chain(said("user", "a", at=at)), create_time=at))
        assert [one.occurred_at for one in drafts] == [None]

    def test_needs_no_metadata(self, tmp_path: Path) -> None:
        message = said("user", "one")
        del message["metadata"], message["recipient"], message["channel"]
        assert self.of(tmp_path, message, said("assistant", "two", metadata=None)) == (["one", "two"], {})

    def test_leaves_out_what_nobody_said(self, tmp_path: Path) -> None:
        texts, skipped = self.of(
            tmp_path,
            said("user", "What is 6 times 7?"),
            said("system", "You are ChatGPT"),
            said("assistant", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
            said("assistant", type="thoughts", content={"thoughts": [{"summary": "s", "content": "c"}], "parts": None}),
            said("assistant", type="reasoning_recap", content={"content": "Thought for 3 s"}),
            said("assistant", "so the person wants", channel="analysis"),
            said("assistant", type="code", recipient="python", content={"language": "python", "text": "6*7"}),
            said("assistant", '{"query": "x"}', recipient="web"),
            said("tool", type="execution_output", name="python", content={"text": "42"}),
            said("tool", type="tether_quote", name="browser", content={"text": "page", "url": "https://example.org"}),
            said("tool", type="tether_browsing_display", content={"result": "L0: x"}),
            said("tool", IMAGE, type="multimodal_text", name="dalle.text2im"),
            said("assistant", type="model_editable_context", content={"model_set_context": "1. x"}),
            said("assistant", ""),
            said("assistant", "42."),
        )
        assert texts == ["What is 6 times 7?", "42."]
        assert skipped == {
            "a system message": 1, "a hidden message": 1, "reasoning": 3, "a tool call": 2,
            "an output of the code interpreter": 1, "a result of browsing": 2, "a result of a tool": 1,
            "what ChatGPT was told beforehand": 1, "an empty message": 1,
        }  # fmt: skip

    def test_takes_custom_instructions_once(self, tmp_path: Path) -> None:
        told = said(
            "user", content=PROFILE, type="user_editable_context", metadata={"is_visually_hidden_from_conversation": True}
        )
        drafts, skipped = self.in_one(tmp_path, *(talk(name, chain(told, said("user", name))) for name in "abc"))
        assert [one.content for one in drafts] == ["I am Ada.", "Be brief.", "a", "b", "c"]
        assert (drafts[0].origin, drafts[0].kind, drafts[0].occurred_at) == (Origin.IMPORT, Kind.NOTE, None)
        assert [one.source.turn for one in drafts[2:]] == [0, 0, 0]
        assert skipped == {"custom instructions that were taken already, or are empty": 2}

    def test_takes_what_it_saved_about_the_person(self, tmp_path: Path) -> None:
        drafts, _ = self.in_one(tmp_path, talk("t", chain(said("assistant", "User has a cat.", recipient="bio"))))
        assert [(one.content, one.origin, one.occurred_at) for one in drafts] == [("User has a cat.", Origin.IMPORT, AT)]

    def test_takes_a_canvas_as_it_was_created_or_as_it_lies_beside(self, tmp_path: Path) -> None:
        made = json.dumps({"name": "Letter", "type": "document", "content": "Dear Bo,\nhello."})
        talked = talk("t", chain(
            said("user", "A letter, please"), said("assistant", made, recipient="canmore.create_textdoc"),
            said("assistant", '{"updates": []}', recipient="canmore.update_textdoc"),
        ))  # fmt: skip
        drafts, skipped = self.in_one(tmp_path, talked)
        assert [(one.kind, one.title, one.content, one.source.conversation, one.source.turn) for one in drafts[1:]] == [
            (Kind.DOCUMENT, "Letter", "Dear Bo,\nhello.", "t", 0)
        ]
        assert skipped == {"a change to a canvas, or one told elsewhere": 1}
        beside = {"textdocs/d.json": {"id": "d", "title": "Letter", "content": "Final.", "created_at": "2024-01-01T00:00:00Z"}}
        source = zipped(tmp_path / "export.zip", {"conversations.json": [talked], **beside})
        assert [one.content for one in self.drafts(source)] == ["A letter, please", "Final."]

    def test_keeps_the_words_of_voices_and_beside_images(self, tmp_path: Path) -> None:
        voice = [
            {"content_type": "audio_transcription", "text": "Hello?", "direction": "in"},
            {"content_type": "audio_asset_pointer"},
        ]
        texts, skipped = self.of(
            tmp_path, said("user", *voice, type="multimodal_text"), said("user", IMAGE, IMAGE, type="multimodal_text"),
            said("user", IMAGE, "What is it?", type="multimodal_text", metadata={"attachments": [{"name": "cat.png"}, 7]}),
        )  # fmt: skip
        assert texts == ["Hello?", "What is it?"]
        assert skipped == {"a recording": 1, "an image": 2}

    def test_takes_the_marks_of_citations_out(self, tmp_path: Path) -> None:
        text = 'In \ue200entity\ue202["city","York","x"]\ue201 it rains.\ue200cite\ue202turn0search0\ue201 So.【4†source】'
        assert self.of(tmp_path, said("assistant", text))[0] == ["In York it rains. So."]

    def test_names_the_model_and_the_state_of_a_talk(self, tmp_path: Path) -> None:
        tree = chain(said("assistant", "hi", metadata={"model_slug": "gpt-5-thinking", "attachments": [{"name": "a.pdf"}]}))
        draft = self.in_one(tmp_path, talk("t", tree, is_archived=True, gizmo_id="g-1"))[0][0]
        assert draft.source.model == "gpt-5-thinking"
        assert dict(draft.metadata) == {"archived": True, "gpt": "g-1", "attachments": ["a.pdf"]}

    def test_names_the_people_of_a_talk_of_several(self, tmp_path: Path) -> None:
        drafts, _ = self.in_one(tmp_path, talk("t", chain(said("user", "hi", name="Bo"), said("user", "ho"))))
        assert [one.source.speaker for one in drafts] == ["Bo", "user"]

    def test_counts_deleted_and_group_chats(self, tmp_path: Path) -> None:
        gone = talk("d", chain(said("user", "x"), said("assistant", "y")), is_deleted=True)
        groups = {"chats": [{"id": "g", "title": "Family", "participants": ["a"]}, {"id": "h", "title": "Work"}]}
        source = zipped(tmp_path / "export.zip", {"conversations.json": [gone], "group_chats.json": groups})
        assert self.drafts(source) == []
        assert self.skipped(source) == {"a deleted talk": 2, "a group chat, of which exports have no messages": 2}

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_two_copies_takes_the_newer_one(self, tmp_path: Path, order: tuple[int, int]) -> None:
        old = talk("c1", chain(said("user", "one")), update_time=START)
        new = talk("c1", chain(said("user", "one"), said("assistant", "two")), update_time=START + 9)
        other = talk("c2", chain(said("user", "else")))
        for keys in (("conversation_id",), ("id",)):  # old exports have only one of them
            copies = [{name: value for name, value in one.items() if name not in keys} for one in (old, new)]
            shards = {
                f"conversations-00{number}.json": [copies[place], other][: 2 - number] for number, place in enumerate(order)
            }
            source = zipped(tmp_path / f"{keys[0]}.zip", shards)
            assert sorted(one.content for one in self.drafts(source)) == ["else", "one", "two"]
            assert self.skipped(source) == {"an older copy of the same talk": 1}

    def test_tells_what_is_broken_and_reads_on(self, tmp_path: Path) -> None:
        text = json.dumps([TALK, talk("x", chain(said("user", "lost"))), talk("c2", BRANCHED, current_node="new"), 7, None, []])
        source = tmp_path / "conversations.json"
        source.write_text(text.replace('"lost"', "lost"))
        found = self.read(source)
        assert [one.content for one in found if isinstance(one, Draft)] == ["I live in York.", "Noted!", "Which tea?", "Black."]
        damaged = [one for one in found if isinstance(one, Skipped) and one.damaged]
        assert sorted(one.why for one in damaged) == ["a talk without a tree of messages"] * 3 + ["a value that is no JSON"]

    def test_gives_what_comes_before_a_cut(self, tmp_path: Path) -> None:
        talks = [talk(f"c{number}", chain(said("user", f"text {number} " + "x" * 500))) for number in range(40)]
        whole = json.dumps(talks).encode()
        source = tmp_path / "conversations.json"
        source.write_bytes(whole[: whole.index(b"text 25")])
        found = self.read(source)
        assert len([one for one in found if isinstance(one, Draft)]) == 25
        assert [one for one in found if isinstance(one, Skipped)] == [
            Skipped("cut off before its end", "conversations.json", damaged=True)
        ]

    def test_gives_what_a_cut_zip_still_has(self, tmp_path: Path) -> None:
        shards = {
            f"conversations-00{number}.json": [talk(f"c{number}", chain(said("user", f"text {number}")))] for number in range(4)
        }
        source = zipped(tmp_path / "export.zip", {"file-1.png": random.Random(1).randbytes(5000), **shards})
        data = source.read_bytes()
        source.write_bytes(data[: data.index(b"conversations-003.json") + 200])
        assert self.importer().matches(source)
        found = self.read(source)
        assert [one.content for one in found if isinstance(one, Draft)] == ["text 0", "text 1", "text 2"]
        why = {one.why: one.damaged for one in found if isinstance(one, Skipped)}
        assert why["a zip without its directory: cut off, or damaged"]
        assert why["cut off before its end"]

    def test_gives_the_talks_of_a_shard_up_to_its_cut(self, tmp_path: Path) -> None:
        chance = random.Random(4)
        shard = [talk(f"c{number}", chain(said("user", chance.randbytes(400).hex()))) for number in range(300)]
        source = zipped(tmp_path / "export.zip", {"conversations.json": shard})
        data = source.read_bytes()[:100_000]
        source.write_bytes(data)
        there = zlib.decompressobj(-15).decompress(data[30 + len("conversations.json") :]).decode()
        whole = len(re.findall(r'"id": "c\d+"}', there))
        assert whole > 100
        assert [one.external_id for one in self.drafts(source)] == [f"chatgpt:c{number}:n1" for number in range(whole)]

    def test_refuses_what_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "text.json").write_text("no json at all")
        for source in (tmp_path / "text.json", tmp_path / "none", zipped(tmp_path / "a.zip", {"x.txt": "x"})):
            with pytest.raises(UsageError):
                list(self.importer().read(source, HOW))

    def test_a_text_of_any_length_is_kept_whole(self, tmp_path: Path) -> None:
        drafts, _ = self.in_one(tmp_path, talk("t", chain(said("user", "y" * 2_500_000))))
        assert "".join(one.content for one in drafts) == "y" * 2_500_000
        assert [one.external_id for one in drafts] == ["chatgpt:t:n1", "chatgpt:t:n1#2", "chatgpt:t:n1#3"]
