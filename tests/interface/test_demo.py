import json
from importlib.resources import files
from typing import Any

import pytest

from memos_cli.backends.parsers.stamps import header
from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Draft, Kind

NOW = "2026-03-15T22:00:00.000Z"
FOLDER = files("memos_cli.data") / "demo"
QUESTIONS: list[dict[str, Any]] = json.loads((FOLDER / "questions.json").read_text(encoding="utf-8"))["questions"]


def read(name: str) -> list[Draft]:
    return Reader().read_text((FOLDER / name).read_text(encoding="utf-8"), name=name, now=NOW)


def test_the_transcript_reads_as_two_weeks_of_one_life() -> None:
    drafts = read("transcript.txt")
    assert 120 <= len(drafts) <= 200
    assert {draft.kind for draft in drafts} == {Kind.EPISODE}
    assert {draft.source.speaker for draft in drafts} == {"Maren", "Assistant", "Joris", "Yuki"}
    days = {(draft.occurred_at or "")[:10] for draft in drafts}
    assert days == {f"2026-03-{day:02}" for day in range(2, 16)}
    assert [draft.source.turn for draft in drafts] == list(range(len(drafts)))
    assert {draft.source.conversation for draft in drafts} == {"transcript"}


def test_the_weekdays_of_the_headers_are_right() -> None:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    lines = (FOLDER / "transcript.txt").read_text(encoding="utf-8").splitlines()
    headers = [(line, header(line)) for line in lines if line.startswith("---")]
    assert len(headers) > 14
    for line, found in headers:
        assert found is not None
        assert found.day is not None
        assert line.startswith(f"--- {names[found.day.weekday()]} ")


def test_only_the_secrets_are_labelled_secret() -> None:
    labelled = [draft.content for draft in read("transcript.txt") + read("notes.md") if "secret" in draft.labels]
    assert len(labelled) == 3
    assert any("marmalade-otter-58" in content for content in labelled)
    assert any("4417#" in content for content in labelled)
    assert any("wx_demo_" in content for content in labelled)


def test_the_notes_are_read_one_by_one() -> None:
    drafts = read("notes.md")
    assert 25 <= len(drafts) <= 40
    assert {draft.tags for draft in drafts} == {("demo", "notes")}
    assert all((draft.title or "").startswith("Maren's notes > ") for draft in drafts)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["query"])
def test_each_answer_stands_in_one_memory(question: dict[str, Any]) -> None:
    if question["expect"] is None:
        assert question["category"] == "negative"
        return
    name = {"transcript": "transcript.txt", "notes": "notes.md"}[question["source"]]
    holding = [draft for draft in read(name) if question["expect"] in draft.content]
    assert len(holding) == 1
