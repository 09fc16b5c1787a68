"""The flow of `bench qa` against a scripted model: what is counted, what is scored, what is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli import config
from memos_cli.bench import homes
from memos_cli.bench.qa import qa, sets
from memos_cli.bench.qa.qa import Outcome
from memos_cli.config import Settings
from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import guards
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import Line, Prompt
from memos_cli.ports import LLM
from tests.conftest import Clock
from tests.fakes import Scripted

_COST: dict[str, Any] = {"prompt_tokens": 10, "full_tokens": 100, "seconds": 1.0}
_COSTS_MORE: dict[str, Any] = {"prompt_tokens": 20, "full_tokens": 300, "seconds": 2.0}
DATA = Path(__file__).parents[2] / "data" / "qa"
BOAT = sets.read(DATA)[1]


def run(
    home: Path, llm: LLM | None = None, judge: LLM | None = None, k: int = 8, asked: sets.Conversation = BOAT
) -> list[Outcome]:
    paths = config.paths({"MEMOS_HOME": str(home)})
    settings = Settings({"MEMOS_EMBEDDER": "none"}, paths)
    with homes.thrown_away(settings, paths, Clock(), {"chat.memories": k}) as thrown:
        return qa.run(thrown, [asked], llm, judge)


def test_answers_of_a_model_are_scored_and_its_tokens_counted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is scored is looked at here, and not what stands by the memories.
    monkeypatch.setattr(guards, "judge", lambda *_, **__: guards.Verdict(stands=True))
    llm = Scripted("Howth", "1450 Euros", "Two seals", "It is not mentioned.")
    outcomes = run(home, llm, k=2)
    assert [one.mode for one in outcomes] == ["generated"] * 4
    assert [one.f1 for one in outcomes] == [1, 1, 0.5, 1]
    assert [one.exact for one in outcomes] == [True, True, False, True]
    assert [one.prompt_tokens for one in outcomes] == [llm.count(request) for request in llm.asked]
    assert all(request.messages[-1][1].endswith(one.question.text) for request, one in zip(llm.asked, outcomes, strict=True))
    rows = [json.loads(line) for line in BOAT.memories.read_text(encoding="utf-8").splitlines()]
    lines = tuple(Line(row["content"], row["occurred_at"], row["source"]["speaker"]) for row in rows)
    whole = [llm.count(model_request.request(Prompt(one.question.text, lines), None)) for one in outcomes]
    assert [one.full_tokens for one in outcomes] == whole
    assert all(one.prompt_tokens < one.full_tokens for one in outcomes)
    assert not home.exists()


def test_evidence_counts_where_it_is_in_the_prompt(home: Path) -> None:
    both = sets.Question("What about the cylinder head?", ("x",), ("B5", "B6"))
    asked = BOAT._replace(questions=(*BOAT.questions, both))
    wide = run(home, Scripted(*"?????"), k=8, asked=asked)
    assert [one.recall for one in wide] == [0, 0, 1, None, 1], "neither a boat nor a cylinder head alone tells what is asked"
    narrow = run(home, Scripted(*"?????"), k=1, asked=asked)
    assert [one.recall for one in narrow] == [0, 0, 1, None, 0.5]


def test_a_question_changes_nothing_for_the_next_one(home: Path) -> None:
    alone = [outcome for question in BOAT.questions for outcome in run(home, asked=BOAT._replace(questions=(question,)))]
    assert [one._replace(seconds=0) for one in alone] == [one._replace(seconds=0) for one in run(home)]


def test_a_judge_that_says_neither_is_not_counted(home: Path) -> None:
    outcomes = run(home, Scripted("Howth", "Howth", "Howth", "Howth"), Scripted("yes", "no", "perhaps", "yes"))
    assert [one.judged for one in outcomes] == [True, False, None, True]
    total = qa.summary(outcomes)
    assert (total["judged"], total["judged_questions"]) == (pytest.approx(2 / 3), 3)


def test_a_summary_is_of_means_and_a_share_of_sums() -> None:
    known, unknown = sets.Question("a", ("x",), category="1"), sets.Question("b")
    outcomes = [
        Outcome("one", known, "x", "generated", 1.0, exact=True, judged=None, recall=0.5, cited=(), **_COST),
        Outcome("two", unknown, "y", "extractive", 0.0, exact=False, judged=None, recall=None, cited=(), **_COSTS_MORE),
    ]
    assert qa.summary(outcomes) == {
        "questions": 2, "unanswerable": 1, "generated": 1, "f1": 0.5, "exact": 0.5, "judged": None, "judged_questions": 0,
        "recall": 0.5, "prompt_tokens": 15, "full_tokens": 200, "share": 30 / 400, "seconds": 1.5,
    }  # fmt: skip
    assert list(qa.grouped(outcomes, lambda one: one.conversation)) == ["one", "two"]
    assert list(qa.grouped(outcomes, lambda one: one.question.category)) == ["1"]


def test_a_failure_leaves_no_home_behind(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    llm = Scripted("in the old harbour")
    llm.fails = ModelUnavailable("gone")
    with pytest.raises(ModelUnavailable):
        run(home, llm)
    assert list(tmp_path.iterdir()) == []
