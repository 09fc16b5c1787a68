"""Prediction: probabilities that are some, formulas as they are cited, and habits that it finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.bench import predict
from memos_cli.operation.predictor import Predictor, Recall, learned

HOUR = 3_600_000
MONDAY = 1_767_571_200_000
SCENES = ("work", "diet", "garden", "Oslo")
WORDS = {"work": {"standup": 3, "report": 1}, "diet": {"tofu": 2, "report": 1}, "garden": {"roses": 5}}
recalls = st.lists(
    st.tuples(st.integers(0, 10**9), st.lists(st.sampled_from([*SCENES, "nobody knows"]), max_size=3)), max_size=25
).map(lambda found: [Recall(at, tuple(sets)) for at, sets in sorted(found)])


@settings(max_examples=60)
@given(
    recalls,
    st.integers(0, 2 * 10**9),
    st.lists(st.sampled_from(["tofu", "report", "nothing"]), max_size=3),
    st.none() | st.integers(1, 4),
)
def test_probabilities_sum_to_one(seen: list[Recall], at: int, cue: list[str], told: int | None) -> None:
    made = learned(SCENES, seen, WORDS)
    found = made.foresee(at, cue, told)
    assert set(found) == set(SCENES[:told])
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) > 0
    assert sum(made.weights.values()) == pytest.approx(1)


@settings(max_examples=30)
@given(recalls, st.integers(0, 10**9))
def test_each_expert_gives_probabilities_or_abstains(seen: list[Recall], at: int) -> None:
    for expert in learned(SCENES, seen, WORDS).experts.values():
        found = expert.foresee(at, ["tofu"])
        assert found is None or sum(found.values()) == pytest.approx(1)


@settings(max_examples=20)
@given(recalls)
def test_the_same_recalls_teach_the_same(seen: list[Recall]) -> None:
    assert learned(SCENES, seen, WORDS).foresee(0) == learned(SCENES, seen, WORDS).foresee(0)


def test_without_sets_there_is_nothing_to_foresee() -> None:
    made = Predictor(())
    made.learn(Recall(0, ("work",)))
    assert made.foresee(0) == {}
    assert made.likeliest(0, 3) == []


def test_before_anything_was_recalled_all_are_as_likely() -> None:
    assert set(Predictor(SCENES).foresee(0).values()) == {0.25}
    assert [name for name, _ in Predictor(SCENES).likeliest(0, 2)] == ["Oslo", "garden"], "of equals the one told last"


def test_contexts_are_blended_by_method_c() -> None:
    made = Predictor(("a", "b"))
    for number, name in enumerate("aab"):
        made.learn(Recall(number * 10 * HOUR, (name,)))  # each a sitting of its own, and at another hour
    # After no context: c = 3, t = 2, so P(a) = (2 + 2 * 1/2) / (3 + 2). After the beginning of a sitting the same is counted
    # once more: P(a) = (2 + 2 * 3/5) / (3 + 2).
    found = made.experts["sequence"].foresee(100 * HOUR, ())
    assert found == pytest.approx({"a": 16 / 25, "b": 9 / 25})


def test_uses_fade_by_half_lives() -> None:
    made = Predictor(("a", "b"))
    made.learn(Recall(0, ("a",)))
    made.learn(Recall(1, ("b",)))
    assert made.experts["recent"].foresee(2, ()) == pytest.approx({"a": 0.2, "b": 0.8})
    assert made.experts["often"].foresee(2, ()) == pytest.approx({"a": 0.5, "b": 0.5}, abs=1e-6)


def test_a_fading_expert_survives_very_many_recalls() -> None:
    made = Predictor(("a", "b"))
    for number in range(1000):
        made.experts["recent"].learn(Recall(number, ("ab"[number % 2],)))
    found = made.experts["recent"].foresee(1000, ())
    assert found is not None
    assert found["b"] == pytest.approx(0.8)


def first(made: Predictor, at: int, cue: tuple[str, ...] = ()) -> str:
    return made.likeliest(at, 1, cue)[0][0]


def test_a_sequence_is_foreseen() -> None:
    made = learned(SCENES, [Recall(MONDAY + n * 60_000, (SCENES[(0, 2, 1)[n % 3]],)) for n in range(60)])
    assert [first(made, MONDAY + 61 * 60_000)] == ["work"]


def test_a_routine_is_foreseen() -> None:
    seen = [
        Recall(MONDAY + day * 24 * HOUR + hour * HOUR, (name,))
        for day in range(21)
        for hour, name in ((8, "garden" if day % 7 == 6 else "work"), (19, "diet"))
    ]
    made = learned(SCENES, seen)
    assert first(made, MONDAY + 21 * 24 * HOUR + 8 * HOUR) == "work"
    assert first(made, MONDAY + 21 * 24 * HOUR + 19 * HOUR) == "diet"
    assert first(made, MONDAY + 27 * 24 * HOUR + 8 * HOUR) == "garden"


def test_words_at_the_end_of_the_conversation_count() -> None:
    made = learned(SCENES, [Recall(n * 60_000, (name,)) for n, name in enumerate(("work", "garden") * 3)], WORDS)
    plain, said = made.foresee(400_000), made.foresee(400_000, ["tofu"])
    assert said["diet"] > 2 * plain["diet"]


def test_an_expert_without_an_opinion_keeps_its_weight() -> None:
    made = learned(SCENES, [Recall(0, ("work",))], WORDS)
    before = made.weights["words"]
    made.learn(Recall(1, ("work",)))
    even = 1 / len(made.weights)
    assert made.weights["words"] == pytest.approx(0.95 * before + 0.05 * even)


def test_it_beats_lru_and_lfu_on_persons_that_it_was_not_tuned_on() -> None:
    found = predict.together(predict.run(predict.of_habits(40, seed)) for seed in (501, 502, 503))
    for index in range(3):
        assert found.rates["predictor"][index] > max(found.rates["LRU"][index], found.rates["LFU"][index])
        assert found.rates["oracle"][index] >= found.rates["predictor"][index]
    assert found.rates["predictor"][1] > found.rates["LRU"][1] + 0.1
