"""Logs and strategies: made up the same for the same seed, and counted as they are said to be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli.bench.predict import habits, predict, rosters
from memos_cli.bench.predict.habits import Habits
from memos_cli.bench.predict.predict import Log
from memos_cli.bench.qa import sets
from memos_cli.errors import UsageError
from memos_cli.operation.scheduler.predictor import SceneRecall
from tests.conftest import Run

NOW = "2026-03-02T12:00:00.000Z"


def log(*needed: str, scenes: str = "abcdef") -> Log:
    recalls = tuple(SceneRecall(1000 * n, tuple(one)) for n, one in enumerate(needed))
    return Log("by hand", "habits", tuple(scenes), recalls)


def rate(found: predict.Rates, strategy: str) -> list[float]:
    return [round(one, 3) for one in found.rates[strategy]]


def test_lru_lfu_and_the_oracle_are_what_they_are_called() -> None:
    found = predict.run(log("a", "a", "b", "a", "b", "b"))
    # Before the first recall those told last are ready, f e d c b; then a and four of them, so that b is missed once.
    assert rate(found, "LRU") == [round(2 / 6, 3), round(4 / 6, 3), round(4 / 6, 3)], "first is a, a, b, a, b"
    assert rate(found, "LFU") == [round(2 / 6, 3), round(4 / 6, 3), round(4 / 6, 3)], "first is a all the time"
    ended = predict.run(log("a", "a", "a", "b", "b"))
    assert (rate(ended, "LRU")[0], rate(ended, "LFU")[0]) == (0.6, 0.4)
    assert rate(found, "oracle") == [1, 1, 1]


def test_a_recall_counts_by_the_share_of_its_sets() -> None:
    found = predict.run(log("ab", "ab"))
    assert rate(found, "oracle") == [0.5, 1, 1]
    assert rate(found, "LRU") == [0.25, 0.5, 0.75]


def test_what_was_not_told_yet_is_never_ready() -> None:
    made = log("a", "b", "c")._replace(told=(1, 2, 3))
    found = predict.run(made)
    assert rate(found, "LRU") == [round(1 / 3, 3), 1, 1]
    assert rate(found, "predictor")[1:] == [1, 1]


@pytest.mark.parametrize("make", [habits.make, rosters.make])
def test_a_person_is_the_same_for_the_same_seed(make: Callable[[int, int], Habits]) -> None:
    made = make(30, 3)
    assert made == make(30, 3)
    assert made != make(30, 4)
    assert len(set(made.scenes)) == len(made.scenes)
    assert [one.at for one in made.recalls] == sorted(one.at for one in made.recalls)
    assert {scene for one in made.recalls for scene in one.sets} <= set(made.scenes)
    assert len(made.recalls) > 100


def test_rates_are_put_together_recall_by_recall() -> None:
    one, two = predict.run(log("a")), predict.run(log("f", "f", "f"))
    assert rate(predict.together([one, two]), "LRU") == [0.75, 0.75, 0.75]
    with pytest.raises(ValueError, match="no logs"):
        predict.together([])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    turns = [
        {"content": f"{words} x{session}{n}", "external_id": f"{session}:{n}", "kind": "episode",
         "occurred_at": f"2023-05-0{session}T10:0{n}:00Z",
         "source": {"conversation": "c", "session": str(session), "turn": n, "speaker": "sam"}}
        for session, words in ((1, "roses in the garden"), (2, "trains to Oslo"), (3, "roses and trains"))
        for n in range(3)
    ]  # fmt: skip
    asked = [
        {"query": "roses?", "answer": "yes", "relevant": ["1:0", "1:2"]}, {"query": "trains?", "relevant": "2:1"},
        {"query": "both?", "answer": "yes", "relevant": ["3:1", "1:1"]}, {"query": "neither?", "relevant": ["9:9"]},
    ]  # fmt: skip
    made = tmp_path / "set"
    made.mkdir()
    (made / "memories.jsonl").write_text("".join(json.dumps(one) + "\n" for one in turns))
    (made / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    return made


def test_questions_recall_the_sets_of_their_evidence(folder: Path) -> None:
    (conversation,) = sets.read(folder)
    made = predict.of_conversation(conversation, NOW)
    days = {n: f"talk of {n} May 2023, session {n}" for n in (1, 2, 3)}
    assert made.scenes == tuple(days.values())
    assert [one.sets for one in made.recalls] == [(days[1],), (days[2],), (days[3], days[1])]
    assert made.cues == ((), ("roses",), ("trains",))
    assert made.words is not None
    assert made.words[days[1]]["roses"] == 3
    other = predict.of_conversation(conversation, NOW, shuffle=3)
    assert sorted(one.sets for one in other.recalls) == sorted(one.sets for one in made.recalls)


def test_the_program_shows_the_rates(memos: Run, folder: Path) -> None:
    found = memos("bench", "predict", str(folder), "--persons", "1", "--days", "10", "--json").data
    assert {one["kind"] for one in found["rows"]} == {"questions", "turns", "habits", "rosters"}
    turns = next(one for one in found["rows"] if one["kind"] == "turns")
    assert turns["recalls"] == 3, "the last session alone speaks of what was told before it"
    assert turns["rates"]["oracle"] == {"at_1": 1.0, "at_3": 1.0, "at_5": 1.0}
    assert [one["kind"] for one in found["total"]] == ["questions", "turns", "habits", "rosters"]
    for one in found["rows"]:
        assert set(one["rates"]) == {"predictor", "LRU", "LFU", "oracle"}
        assert all(0 <= share <= 1 for rates in one["rates"].values() for share in rates.values())
    shown = memos("bench", "predict", str(folder), "--persons", "1", "--days", "10", "--shuffle")
    assert shown.status == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "shuffled" in shown.out


def test_what_cannot_be_predicted_is_refused(memos: Run, folder: Path) -> None:
    assert memos("bench", "predict", "--persons", "0").status == 2
    assert memos("bench", "predict", "nowhere").status == 2
    (folder / "memories.jsonl").write_text('{"content": 1}\n')
    ran = memos("bench", "predict", str(folder), "--persons", "0")
    assert ran.status == 2
    assert "line 1" in ran.err
    with pytest.raises(UsageError):
        predict.of_conversation(sets.read(folder)[0], NOW)
