"""JSON Lines: interchange documents, and objects with a text by any usual name."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.model import Kind
from memos_cli.ports.importer import Skipped
from tests.contracts.importer import HOW, ImporterContract, retyped

ROWS: list[dict[str, Any]] = [
    {"mip": 1, "id": "abc", "content": "I am vegan", "kind": "preference", "key": "diet", "created_at": "2025-03-01T10:00:00Z"},
    {
        "mip": 1,
        "id": "def",
        "content": "Dentist",
        "kind": "event",
        "occurred_at": "2025-03-04T09:40:00+01:00",
        "tags": ["health"],
    },
    {"text": "A note with a date", "date": "2024-05-06", "id": 17, "colour": "blue"},
    {"content": "As add takes it", "source": {"conversation": "c", "turn": 3}, "metadata": {"a": [1]}, "external_id": "mine"},
    {"note": "The same"},
    {"note": "The same"},
]


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=True).encode() + b"\n" for row in rows)


def jsonl(folder: Path, *rows: object) -> Path:
    path = folder / "memories.jsonl"
    path.write_bytes(lines(*rows))
    return path


class TestJsonLines(ImporterContract):
    name = "jsonl"

    def sample(self, folder: Path) -> Path:
        return jsonl(folder, *ROWS)

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        place = chance.randrange(len(ROWS))
        rows = json.loads(json.dumps(ROWS))
        rows[place] = retyped(rows[place], chance)
        return jsonl(folder, *rows)

    def test_a_line_of_mip_keeps_what_it_says(self, tmp_path: Path) -> None:
        vegan, dentist, *_ = self.drafts(self.sample(tmp_path))
        assert (vegan.external_id, vegan.kind, vegan.key) == ("jsonl:abc", Kind.PREFERENCE, "diet")
        assert vegan.valid_from == "2025-03-01T10:00:00.000Z", "it began when it was recorded, not at the import"
        assert dentist.occurred_at == "2025-03-04T08:40:00.000Z"
        assert dentist.tags == ("health",)

    def test_any_object_with_a_text_is_read_by_its_names(self, tmp_path: Path) -> None:
        *_, note, added, one, other = self.drafts(self.sample(tmp_path))
        assert (note.content, note.external_id, note.occurred_at) == (
            "A note with a date",
            "jsonl:17",
            "2024-05-06T00:00:00.000Z",
        )
        assert note.metadata == {"colour": "blue"}
        assert (added.external_id, added.source.conversation, added.metadata) == ("jsonl:mine", "c", {"a": [1], "turn": 3})
        assert one.external_id != other.external_id
        assert one.content == other.content == "The same"

    def test_columns_say_what_names_do_not(self, tmp_path: Path) -> None:
        how = HOW._replace(columns={"what": "content", "on": "occurred_at"})
        (draft,) = self.drafts(jsonl(tmp_path, {"what": "Snow", "on": "2020-01-02", "text": "other"}), how)
        assert (draft.content, draft.occurred_at, draft.metadata) == ("Snow", "2020-01-02T00:00:00.000Z", {"text": "other"})

    def test_a_bad_line_is_named_and_the_others_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "x.jsonl"
        path.write_bytes(
            lines(ROWS[0])
            + b'{"mip": 1, "id": "x"}\n{"a\n[1]\nnull\n\n{"text": ""}\n{"mip": 2, "id": "y", "content": "z"}\n'
            + b"\xff\n"
        )
        found = [one for one in self.read(path) if isinstance(one, Skipped)]
        assert [(one.why, one.where.split(":")[0], one.damaged) for one in found] == [
            ("a line that is no memory of MIP", "line 2", True),
            ("a line that is no JSON", "line 3", True),
            ("a line that is no object", "line 4", True),
            ("a line that is no object", "line 5", True),
            ("no text in it", "line 7", False),
            ("a line that is no memory of MIP", "line 8", True),
            ("a line that is no JSON", "line 9", True),
        ]

    def test_a_line_of_150_mb_is_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / "long.jsonl"
        with path.open("wb") as stream:
            stream.write(lines(ROWS[0]) + b'{"text": "')
            for _ in range(150):
                stream.write(b"x" * (1 << 20))
            stream.write(b'"}\n' + lines(ROWS[4]))
        assert len(self.drafts(path)) == 2
        assert sum(self.skipped(path).values()) == 1

    def test_what_has_no_line_of_it_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "words.jsonl"
        path.write_text("once upon\na time\n")
        with pytest.raises(UsageError, match="no line of it is a memory"):
            self.read(path)

    def test_transcripts_of_agents_are_of_other_kinds(self, tmp_path: Path) -> None:
        path = jsonl(
            tmp_path, {"type": "user", "message": {"role": "user", "content": "hi"}}, {"type": "assistant", "message": {}}
        )
        assert not self.importer().matches(path)
