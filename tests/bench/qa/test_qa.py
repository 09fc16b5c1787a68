"""The flow of `bench qa` against a scripted model: what is counted, what is scored, what is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from memos_cli import config
from memos_cli.bench import homes
from memos_cli.bench.qa import qa, sets
from memos_cli.bench.qa.judge import LENIENT, STRICT, Judge
from memos_cli.bench.qa.qa import Outcome
from memos_cli.config import Settings
from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import guards
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import Line, Prompt
from memos_cli.ports.ports import LLM
from tests.conftest import Clock
from tests.fakes import Scripted

_COST: dict[str, Any] = {"prompt_tokens": 10, "full_tokens": 100, "seconds": 1.0}
_COSTS_MORE: dict[str, Any] = {"prompt_tokens": 20, "full_tokens": 300, "seconds": 2.0}
_EVIDENT: dict[str, Any] = {"verdicts": {}, "recall": 1.0, "answered": "itself", "cited": ()}
DATA = Path(__file__).parents[2] / "data" / "qa"
BOAT = sets.read(DATA)[1]


def run(
    home: Path, llm: LLM | None = None, judge: Judge | None = None, k: int = 8, asked: sets.Conversation = BOAT
) -> list[Outcome]:
    paths = config.paths({"MEMOS_HOME": str(home)})
    settings = Settings({"MEMOS_EMBEDDER": "none"}, paths)
    with homes.thrown_away(settings, paths, Clock(), {"chat.memories": k}) as thrown:
        return qa.run(thrown, [asked], llm, judge)


@pytest.fixture(autouse=True)
def _no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is scored is looked at here, and not what stands by the memories."""
    monkeypatch.setattr(guards, "judge", lambda *_, **__: guards.Verdict(stands=True))


def test_answers_of_a_model_are_scored_and_its_tokens_counted(home: Path) -> None:
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
    judge = Judge(Scripted("yes", "no", "perhaps", "yes"), (STRICT,))
    outcomes = run(home, Scripted("Howth", "Howth", "Howth", "Howth"), judge)
    assert [one.judged for one in outcomes] == [True, False, None, True]
    total = qa.summary(outcomes)
    assert (total["judged"], total["judged_questions"]) == (pytest.approx(2 / 3), 3)


def test_what_is_neither_yes_nor_no_is_counted_and_never_as_right(home: Path) -> None:
    llm = Scripted("yes", "yes", "no", "yes", "perhaps", "no", "yes and no", "perhaps")
    outcomes = run(home, Scripted("Howth", "Howth", "Howth", "Howth"), Judge(llm))
    assert [dict(one.verdicts) for one in outcomes] == [
        {"strict": True, "lenient": True},
        {"strict": False, "lenient": True},
        {"strict": None, "lenient": False},
        {"strict": None, "lenient": None},
    ]
    total = qa.summary(outcomes)
    assert (total["strict"], total["unreadable_strict"]) == (1 / 4, 2)
    assert (total["lenient"], total["unreadable_lenient"]) == (2 / 4, 1)
    assert (total["judged"], total["judged_questions"]) == (1 / 2, 2), "that of the strictest, over what it graded"
    alone = qa.summary(run(home, Scripted(*4 * ["Howth"]), Judge(Scripted(*4 * ["yes"]), (LENIENT,))))
    assert (alone["strict"], alone["unreadable_strict"], alone["missed_strict"]) == (None, None, None)
    assert (alone["lenient"], alone["judged"], alone["judged_questions"]) == (1.0, 1.0, 4)


def test_who_answered_is_told(home: Path) -> None:
    outcomes = run(home, Scripted("Howth", "I don't know that yet.", "Two seals", "It is not mentioned."))
    assert [one.answered for one in outcomes] == ["itself", "refused", "itself", "refused"]
    unsure = run(home, Scripted(*4 * ["Howth"], logprob=-9.0))
    assert {one.mode for one in unsure} == {"extractive"}
    assert [one.answered for one in unsure] == ["cited" if one.cited else "refused" for one in unsure]
    assert unsure[2].answered == "cited"
    asked = BOAT._replace(questions=(sets.Question("Which flute does the plumber zigzag?", ("an oboe",)),))
    (alone,) = run(home, asked=asked)
    assert (alone.answer, alone.answered) == ("I don't know that yet.", "refused")


def test_a_reader_misses_what_was_in_the_prompt_and_nothing_else(home: Path) -> None:
    island = BOAT.questions[2]
    both = sets.Question("What about the cylinder head?", ("1,450 euros",), ("B5", "B6"))
    absent = sets.Question("Remember the trip round Lambay Island: whom did they meet?", (), ("B10",))
    asked = BOAT._replace(questions=(BOAT.questions[0], island, island, both, absent))
    said = ("Skerries", "two seals or three", "two porpoises", "9 dollars", "Petra")
    graded = ("no", "no", "no", "perhaps", "yes", "yes", "no", "yes", "no", "no")
    wide = run(home, Scripted(*said), Judge(Scripted(*graded)), asked=asked)
    assert [one.recall for one in wide] == [0, 1, 1, 1, 1]
    assert [one.evidence for one in wide] == [False, True, True, True, None], "where there is no answer, none can be missed"
    assert [one.missed("f1") for one in wide] == [None, True, False, True, None]
    assert [one.missed("strict") for one in wide] == [None, True, False, True, None]
    assert [one.missed("lenient") for one in wide] == [None, True, False, False, None], "an unreadable verdict is no right"
    total = qa.summary(wide)
    assert (total["evidence_questions"], total["evidence_in_prompt"]) == (4, 3)
    assert (total["missed_f1"], total["missed_strict"], total["missed_lenient"]) == (2, 2, 1)
    narrow = qa.summary(run(home, Scripted(*said), k=1, asked=asked))
    assert (narrow["evidence_questions"], narrow["evidence_in_prompt"], narrow["missed_f1"]) == (4, 2, 1)


def test_half_of_the_words_in_common_are_enough_without_a_judge() -> None:
    outcome = Outcome("one", sets.Question("a", ("x y",), ("1",)), "x", "generated", 0.5, exact=False, **_EVIDENT, **_COST)
    assert outcome.missed("f1") is False
    assert outcome._replace(f1=0.4999).missed("f1") is True


def test_a_citation_holds_the_answer_or_does_not(home: Path) -> None:
    sure = sets.Question("Remember the trip round Lambay Island: what animals did they see?", ("porpoises, two", "seals"))
    wrong = sure._replace(answers=("three porpoises",))
    outcomes = run(home, asked=BOAT._replace(questions=(sure, wrong, sure._replace(answers=()))))
    assert [(one.answered, one.holds) for one in outcomes] == [("cited", True), ("cited", False), ("cited", False)]
    assert qa.summary(outcomes)["holding"] == 1
    (own,) = run(home, Scripted("two porpoises"), asked=BOAT._replace(questions=(sure,)))
    assert own.holds
    assert qa.summary([own])["holding"] == 0, "only citations are counted"


def test_a_summary_is_of_means_and_a_share_of_sums() -> None:
    known, unknown = sets.Question("a", ("x",), category="1"), sets.Question("b")
    half: dict[str, Any] = {"verdicts": {}, "recall": 0.5, "answered": "itself", "cited": ()}
    none: dict[str, Any] = {"verdicts": {}, "recall": None, "answered": "refused", "cited": ()}
    outcomes = [
        Outcome("one", known, "x", "generated", 1.0, exact=True, **half, **_COST),
        Outcome("two", unknown, "y", "extractive", 0.0, exact=False, **none, **_COSTS_MORE),
    ]
    assert qa.summary(outcomes) == {
        "questions": 2, "unanswerable": 1, "generated": 1, "f1": 0.5, "exact": 0.5, "judged": None, "judged_questions": 0,
        "recall": 0.5, "prompt_tokens": 15, "full_tokens": 200, "share": 30 / 400, "seconds": 1.5,
        "itself": 1, "cited": 0, "refused": 1, "holding": 0, "evidence_questions": 1, "evidence_in_prompt": 0,
        "strict": None, "lenient": None, "unreadable_strict": None, "unreadable_lenient": None,
        "missed_f1": 0, "missed_strict": None, "missed_lenient": None,
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
