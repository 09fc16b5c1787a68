"""Exports of Slack: channels, threads, names in the place of ids, and what people did not write."""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.model import Kind
from tests.chat_exports import foldered, zipped
from tests.conftest import Run
from tests.contracts.importer import ImporterContract
from tests.contracts.mutations import retyped

USERS = [
    {"id": "U1", "name": "ada", "real_name": "Ada L", "profile": {"real_name": "Ada Lovelace", "display_name": "ada"}},
    {"id": "U2", "name": "bob", "profile": {"real_name": "", "display_name": "Bob"}},
    {"id": "U3", "name": "buildbot", "is_bot": True, "profile": {"real_name": "Build"}},
]
CHANNELS = [{"id": "C1", "name": "general", "members": ["U1", "U2"]}]
DMS = [{"id": "D1", "members": ["U1", "U2"]}]


def said(ts: str, user: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": ts, **more}


FIRST = [
    said("1700000000.000100", "U1", "The server moves on Friday, <@U2>; see <https://x.example/plan|the plan> &amp; ask"),
    said("1700000001.000100", "U2", "<@U2> has joined the channel", subtype="channel_join"),
    said("1700000002.000100", "U3", "build 7 failed"),
    said("1700000003.000100", "U1", "a feed", subtype="bot_message", bot_id="B1"),
    said("1700000004.000200", "U2", "Which cable?", thread_ts="1700000004.000200", edited={"user": "U2", "ts": "1700000900.0"}),
    said("1700000005.000100", "U1", "<!here> lunch at <mailto:a@b.example|a@b.example> &lt;noon&gt;"),
    said("1700000006.000100", "U1", "", files=[{"name": "cable list.pdf", "mimetype": "application/pdf"}]),
    said("1700000007.000100", "U1", "This message was deleted.", subtype="tombstone", hidden=True),
    said("1700000008.000100", "U1", " "),
]  # fmt: skip
SECOND = [
    said("1700090000.000100", "U1", "The grey one, in <#C1|general>.", thread_ts="1700000004.000200", parent_user_id="U2")
]
LINK = {"type": "link", "url": "https://y.e", "text": "tea"}
SECTION = {
    "type": "rich_text_section",
    "elements": [{"type": "text", "text": "Bring "}, {"type": "user", "user_id": "U1"}, LINK],
}
BLOCKS = [{"type": "rich_text", "elements": [SECTION]}]
FILES: dict[str, Any] = {
    "users.json": USERS, "channels.json": CHANNELS, "dms.json": DMS, "integration_logs.json": [],
    "general/2023-11-14.json": FIRST, "general/2023-11-15.json": SECOND,
    "D1/2023-11-16.json": [said("1700150000.000100", "U2", "", blocks=BLOCKS)],
}  # fmt: skip


class TestSlackImporter(ImporterContract):
    name = "slack"

    def sample(self, folder: Path) -> Path:
        return zipped(folder / "Team Slack export.zip", FILES)

    def foreign(self, folder: Path) -> Iterable[Path]:
        yield zipped(folder / "claude.zip", {"conversations.json": [], "users.json": [{"uuid": "x"}]})
        yield zipped(folder / "days.zip", {"log/2023-11-14.json": [{"level": "info"}]})

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        changed = [*FIRST[:4], retyped(json.loads(json.dumps(FIRST[4])), chance), *FIRST[5:]]
        return zipped(folder / "Team Slack export.zip", FILES | {"general/2023-11-14.json": changed})

    def test_gives_what_people_said_with_their_names(self, tmp_path: Path) -> None:
        found = {one.external_id: one for one in self.drafts(self.sample(tmp_path))}
        assert {name: (one.source.speaker, one.content) for name, one in found.items()} == {
            "slack:C1:1700000000.000100": (
                "Ada Lovelace", "The server moves on Friday, @Bob; see the plan (https://x.example/plan) & ask",
            ),
            "slack:C1:1700000004.000200": ("Bob", "Which cable?"),
            "slack:C1:1700000005.000100": ("Ada Lovelace", "@here lunch at a@b.example <noon>"),
            "slack:C1:1700000006.000100": ("Ada Lovelace", "file: cable list.pdf"),
            "slack:C1:1700090000.000100": ("Ada Lovelace", "The grey one, in #general."),
            "slack:D1:1700150000.000100": ("Bob", "Bring @Ada Lovelacetea (https://y.e)"),
        }  # fmt: skip
        first = found["slack:C1:1700000000.000100"]
        assert (first.kind, first.title, first.occurred_at) == (Kind.EPISODE, "#general", "2023-11-14T22:13:20.000Z")
        assert found["slack:D1:1700150000.000100"].title == "Ada Lovelace, Bob"
        assert found["slack:C1:1700000004.000200"].metadata == {"edited_at": "2023-11-14T22:28:20.000Z"}

    def test_a_channel_has_a_session_a_day_and_a_thread_is_a_talk(self, tmp_path: Path) -> None:
        found = [(one.source.conversation, one.source.session, one.source.turn) for one in self.drafts(self.sample(tmp_path))]
        assert found == [
            ("D1", "2023-11-16", 0),
            ("C1", "2023-11-14", 0), ("C1/1700000004.000200", None, 0), ("C1", "2023-11-14", 1), ("C1", "2023-11-14", 2),
            ("C1/1700000004.000200", None, 1),
        ]  # fmt: skip

    def test_counts_what_nobody_wrote(self, tmp_path: Path) -> None:
        assert self.skipped(self.sample(tmp_path)) == {
            "a notice of the channel": 1, "a bot's message": 2, "a deleted message": 1, "a message without a text": 1,
            "a file about the account": 1,
        }  # fmt: skip

    def test_a_folder_and_a_folder_in_a_zip_say_the_same(self, tmp_path: Path) -> None:
        whole = self._names(self.sample(tmp_path))
        (tmp_path / "x").mkdir()
        assert self._names(foldered(tmp_path / "x" / "export", FILES)) == whole
        assert self._names(zipped(tmp_path / "in.zip", {f"export/{name}": held for name, held in FILES.items()})) == whole

    def test_a_block_whose_type_is_no_word_still_tells_its_words(self, tmp_path: Path) -> None:
        odd = said("1700000000.0001", "U1", "", blocks=[{"type": {"x": 1}, "elements": [{"type": [], "text": "tea at four"}]}])
        source = foldered(tmp_path / "general", {"2023-11-14.json": [odd]})
        assert [one.content for one in self.drafts(source)] == ["tea at four"]

    def test_one_channel_alone_is_read(self, tmp_path: Path) -> None:
        source = foldered(tmp_path / "general", {"2023-11-14.json": FIRST})
        assert self.importer().matches(source)
        first = self.drafts(source)[0]
        assert (first.external_id, first.source.speaker) == ("slack:general:1700000000.000100", "U1")

    def _names(self, source: Path) -> set[str | None]:
        return {one.external_id for one in self.drafts(source)}

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("<@U9>", "@U9"), ("<@U9|cy>", "@cy"), ("<!subteam^S1|@ops> hi", "@ops hi"), ("<https://a.example>", "https://a.example"),
            ("<!date^1700000000^{date}|14 Nov>", "14 Nov"), ("<tel:+31|call me>", "call me"), ("a < b > c", "a < b > c"),
            ("<http://a.example|a.example>", "http://a.example"), ("&amp;lt;", "&lt;"), ("<>", "<>"),
        ],
    )  # fmt: skip
    def test_marks_are_read(self, text: str, plain: str, tmp_path: Path) -> None:
        files = {
            "users.json": USERS,
            "channels.json": CHANNELS,
            "general/2023-11-14.json": [said("1700000000.0001", "U1", text)],
        }
        assert [one.content for one in self.drafts(zipped(tmp_path / "x.zip", files))] == [plain]


def test_imported_twice_it_is_there_once_an_edit_is_one_and_undo_takes_all_back(memos: Run, tmp_path: Path) -> None:
    source = zipped(tmp_path / "slack.zip", FILES)
    first = memos("import", str(source), "--no-facts", "--json").data
    assert (first["sources"][0]["kind"], first["taken"], first["skipped"], first["found"]) == ("slack", 6, 6, 12)
    changed = [FIRST[0] | {"text": "The server moves on Monday", "edited": {"ts": "1700001000.0"}}, *FIRST[1:]]
    again = memos(
        "import", str(zipped(tmp_path / "slack.zip", FILES | {"general/2023-11-14.json": changed})), "--no-facts", "--json"
    )
    assert (again.data["taken"], again.data["edited"], again.data["known"]) == (0, 1, 5)
    memos("undo", "-n", "2")
    assert memos("list", "--json").data["memories"] == []
