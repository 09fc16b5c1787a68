"""What a folder of conversations and questions may look like, and how what is wrong with one is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli.bench.qa.sets import Question, draw, holds_questions_alone, read
from memos_cli.errors import UsageError

DATA = Path(__file__).parents[2] / "data" / "qa"


def questions(folder: Path, *lines: dict[str, Any] | str) -> tuple[Question, ...]:
    (folder / "memories.jsonl").write_text('{"content": "I live in Porto"}\n', encoding="utf-8")
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    (folder / "queries.jsonl").write_text(text, encoding="utf-8")
    (one,) = read(folder)
    assert one.name == folder.name
    return one.questions


def test_a_set_of_several_conversations() -> None:
    found = read(DATA)
    assert [(one.name, len(one.questions)) for one in found] == [("allotment", 5), ("boat", 4)]
    assert found[0].questions[0] == Question(
        "What is the number of the allotment plot that Ines got?", ("47",), ("A1",), "single"
    )
    assert found[1].questions[0] == Question("Where is the boat Kittiwake moored?", ("Howth",), ("B3",), "1")


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        ({"answer": "Porto"}, ("Porto",)),
        ({"answer": 7}, ("7",)),
        ({"answer": 7.0}, ("7",)),
        ({"answer": 7.25}, ("7.25",)),
        ({"answer": ["Porto", 7]}, ("Porto", "7")),
        ({}, ()),
        ({"answer": None}, ()),
        ({"answer": " "}, ()),
        ({"answer": []}, ()),
        ({"answer": "Leeds", "answerable": False}, ()),
        ({"answer": "Leeds", "unanswerable": True}, ()),
        ({"adversarial_answer": "Leeds", "adversarial": True}, ()),
        ({"answer": "Porto", "answerable": True, "adversarial": False}, ("Porto",)),
    ],
)
def test_answers(tmp_path: Path, fields: dict[str, Any], answers: tuple[str, ...]) -> None:
    (found,) = questions(tmp_path, {"query": "Where?", "odd": 1, **fields})
    assert found.answers == answers


def test_other_names_and_forms_of_the_evidence(tmp_path: Path) -> None:
    found = questions(tmp_path, {"question": "Where?", "evidence": "D1:3"}, "", {"query": "Who?", "relevant": [3, "D1:4"]})
    assert [one.relevant for one in found] == [("D1:3",), ("3", "D1:4")]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "not JSON"),
        ('{"query": "Where?", "answer": NaN}', "not JSON"),
        ("[]", "not a JSON object"),
        ({"answer": "Porto"}, "query"),
        ({"query": " ", "answer": "Porto"}, "query"),
        ({"query": 3}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"query": "Where?", "answer": True}, "answer"),
        ({"query": "Where?", "answer": {"city": "Porto"}}, "answer"),
        ({"query": "Where?", "answer": [["Porto"]]}, "answer"),
        ({"query": "Where?", "relevant": {"id": 3}}, "relevant"),
        ({"query": "Where?", "category": ["x"]}, "category"),
        ({"query": "Where?", "answerable": "no"}, "answerable"),
        ('{"query": "Where?", "answer": "\\ud800"}', "surrogate"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path, line: dict[str, Any] | str, word: str) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        questions(tmp_path, {"query": "Where?", "answer": "Porto"}, line)
    assert f"{tmp_path / 'queries.jsonl'}, line 2: " in caught.value.message


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no conversations"):
        read(tmp_path)
    (tmp_path / "one.memories.jsonl").touch()
    with pytest.raises(UsageError, match=r"no one\.queries\.jsonl"):
        read(tmp_path)
    (tmp_path / "one.queries.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no question"):
        read(tmp_path)


def test_conversations_may_lie_in_another_folder(tmp_path: Path) -> None:
    answers, said = tmp_path / "answers", tmp_path / "said"
    for folder, kind in ((answers, "queries"), (said, "memories")):
        folder.mkdir()
        for path in DATA.glob(f"*.{kind}.jsonl"):
            (folder / path.name).write_bytes(path.read_bytes())
    assert holds_questions_alone(answers)
    assert not holds_questions_alone(said)
    assert not holds_questions_alone(DATA)
    found = read(answers, said)
    assert [one.questions for one in found] == [one.questions for one in read(DATA)]
    assert [one.memories.parent for one in found] == [said, said]
    (answers / "allotment.queries.jsonl").unlink()
    assert [one.name for one in read(answers, said)] == ["boat"], "one that nothing is asked about is passed over"
    (said / "boat.memories.jsonl").unlink()
    with pytest.raises(UsageError, match=r"boat\.queries\.jsonl has no conversation"):
        read(answers, said)
    with pytest.raises(UsageError, match="no folder"):
        read(answers, tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no questions"):
        read(said, said)


def test_a_draw_is_of_all_questions_in_their_order_and_can_be_repeated() -> None:
    conversations = read(DATA)
    everything = [question for one in conversations for question in one.questions]
    assert draw(conversations, None, 0) == draw(conversations, 9, 0) == draw(conversations, 100, 1) == conversations
    draws = [draw(conversations, 3, seed) for seed in range(12)]
    assert draws == [draw(conversations, 3, seed) for seed in range(12)]
    asked = [[question for one in drawn for question in one.questions] for drawn in draws]
    assert all(sorted(these, key=everything.index) == these and len(these) == 3 for these in asked)
    assert {question for these in asked for question in these} == set(everything)
    assert all(one.questions for drawn in draws for one in drawn), "a conversation without a question need not be loaded"
