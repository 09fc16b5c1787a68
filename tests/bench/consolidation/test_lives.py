"""Lives to learn: from a file, made up, and how answers about them are judged."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli.bench.consolidation import lives
from memos_cli.bench.consolidation.lives import ABSENT, REFUSED, RIGHT, TOLD, TWO, WRONG, Asked
from memos_cli.errors import UsageError
from memos_cli.model import Kind, Memory
from memos_cli.operation.parametric.eligibility import select

NOW, OLD = "2026-03-01T12:00:00.000Z", "2026-01-01T12:00:00.000Z"


def written(path: Path, **other: Any) -> Path:
    told = {
        "memories": [{"text": "I live in Oslo."}, {"text": "My dog is called Rex."}, {"text": "I work as a baker."}],
        "questions": [
            {"q": "Which town is mine?", "kind": "value", "answers": ["Oslo"], "from": [0], "never": ["Rex"]},
            {"q": "Where does Rex live?", "kind": "two", "answers": ["Oslo"], "from": [0, 1]},
            {"q": "What do I bake?", "kind": "value", "answers": ["bread"], "from": [2]},
            {"q": "Who is my boss?", "kind": "absent", "answers": [], "from": []},
        ],
        **other,
    }
    path.write_text(json.dumps(told))
    return path


def test_of_a_file_the_first_facts_and_what_they_answer(tmp_path: Path) -> None:
    life = lives.read(written(tmp_path / "life.json"), 2)
    assert life.memories == ("I live in Oslo.", "My dog is called Rex.")
    assert [(one.kind, one.sources) for one in life.asked] == [(TOLD, (0,)), (TWO, (0, 1)), (ABSENT, ())]


@pytest.mark.parametrize(
    "other",
    [
        {"memories": [{}]},
        {"questions": [{"q": "Why?", "kind": "value", "answers": [], "from": [0]}]},
        {"questions": [{"q": "Why?", "kind": "value", "answers": ["x"], "from": "somewhere"}]},
        {"questions": None},
    ],
)
def test_what_is_no_such_file_is_said(tmp_path: Path, other: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no file of memories and questions"):
        lives.read(written(tmp_path / "life.json", **other), 1)


def test_too_few_facts_and_a_missing_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has 3 memories, and 4"):
        lives.read(written(tmp_path / "life.json"), 4)
    with pytest.raises(UsageError, match="cannot read"):
        lives.read(tmp_path / "none.json", 1)


@pytest.mark.parametrize("count", [2, 30, 100])
def test_a_made_up_life_can_be_learnt_whole(count: int) -> None:
    life = lives.made_up(count, 3)
    memories = [Memory(f"id {text}", text, Kind.FACT, created_at=OLD, updated_at=OLD) for text in life.memories]
    found = select(memories, NOW)
    assert len(life.memories) == count
    assert [one.reason for one in found.left] == []
    assert lives.made_up(count, 3) == life
    assert lives.made_up(count, 4) != life


def test_another_value_of_the_same_kind() -> None:
    other = lives.rival("I live in Oslo.", 1)
    assert other not in {None, "Oslo"}
    assert lives.rival("I live in Oslo.", 1) == other
    assert lives.rival("I broke my collarbone in 2017.", 1) is None


@pytest.mark.parametrize(
    ("kind", "said", "found"),
    [
        (TOLD, "In Oslo.", RIGHT),
        (TOLD, "oslo", RIGHT),
        (TOLD, "Oslofjord", WRONG),
        (TOLD, "Oslo, with Rex", WRONG),
        (TOLD, "I don't know that yet.", REFUSED),
        (TOLD, "", REFUSED),
        (ABSENT, "Oslo", WRONG),
        (ABSENT, "I don't know that yet.", REFUSED),
    ],
)
def test_an_answer_is_right_with_the_value_and_no_other(kind: str, said: str, found: str) -> None:
    assert lives.verdict(Asked("?", kind, ("Oslo",), ("Rex",), (0,)), said) == found
