"""Prediction: probabilities that are some, formulas as they are cited, and habits that it finds."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.bench.predict import predict
from memos_cli.operation.scheduler.predictor import Predictor, SceneRecall, learned

HOUR = 3_600_000
MONDAY = 1_767_571_200_000
SCENES = ("work", "diet", "garden", "Oslo")
WORDS = {"work": {"standup": 3, "report": 1}, "diet": {"tofu": 2, "report": 1}, "garden": {"roses": 5}}
recalls = st.lists(
    st.tuples(st.integers(0, 10**9), st.lists(st.sampled_from([*SCENES, "nobody knows"]), max_size=3)), max_size=25
).map(lambda found: [SceneRecall(at, tuple(sets)) for at, sets in sorted(found)])


@settings(max_examples=60)
@given(
    recalls,
    st.integers(0, 2 * 10**9),
    st.lists(st.sampled_from(["tofu", "report", "nothing"]), max_size=3),
    st.none() | st.integers(1, 4),
)
def test_probabilities_sum_to_one(seen: list[SceneRecall], at: int, cue: list[str], told: int | None) -> None:
    made = learned(SCENES, seen, WORDS)
    found = made.foresee(at, cue, told)
    assert set(found) == set(SCENES[:told])
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) > 0
    assert sum(made.weights.values()) == pytest.approx(1)


@settings(max_examples=30)
@given(recalls, st.integers(0, 10**9), st.integers(1, 4))
def test_each_expert_gives_probabilities_or_abstains(seen: list[SceneRecall], at: int, told: int) -> None:
    made = learned(SCENES, seen, WORDS)
    for expert in made.experts.values():
        found = expert.foresee(at, ["tofu"], told)
        assert found is None or (len(found) == told and sum(found) == pytest.approx(1) and min(found) >= 0)
    for opinion in made.opinions(at, ["tofu"], told).values():
        assert sum(opinion) == pytest.approx(1)
        assert min(opinion) > 0


@settings(max_examples=40)
@given(recalls.filter(lambda seen: any(set(one.sets) & set(SCENES) for one in seen)), st.sampled_from([None, WORDS]))
def test_the_mixture_is_hardly_worse_than_any_expert(seen: list[SceneRecall], words: dict[str, dict[str, int]] | None) -> None:
    made = Predictor(SCENES, words)
    first = dict(made.weights)
    excess = dict.fromkeys(first, 0.0)
    count = 0
    for number, recall in enumerate(seen):
        cue = (["tofu"], ["nothing"])[number % 2]
        needed = [SCENES.index(one) for one in dict.fromkeys(recall.sets) if one in SCENES]
        if not needed:
            continue
        count += 1
        mixed = list(made.foresee(recall.at, cue).values())
        for name, opinion in made.opinions(recall.at, cue).items():
            excess[name] += math.log(sum(opinion[one] for one in needed) / sum(mixed[one] for one in needed))
        made.learn(recall, cue)
    for name, weight in first.items():
        assert excess[name] <= (-math.log(weight) - count * math.log(1 - 0.005)) / 0.25 + 1e-9, name


def test_the_mixture_follows_whichever_expert_is_right() -> None:
    draw = Random(5)
    seen = [SceneRecall(MONDAY + n * 60_000, (draw.choice("aab") if n % 40 else "c",)) for n in range(400)]
    made, losses = Predictor(("a", "b", "c", "d")), dict.fromkeys(("mixed", "often", "recent"), 0.0)
    for recall in seen:
        place = "abcd".index(recall.sets[0])
        losses["mixed"] -= math.log(made.foresee(recall.at)[recall.sets[0]])
        said = made.opinions(recall.at)
        for name in ("often", "recent"):
            losses[name] -= math.log(said[name][place] if name in said else 0.25)
        made.learn(recall)
    assert losses["mixed"] < losses["often"] + 10
    assert losses["often"] < losses["recent"] - 100, "there is no order in what comes"


@settings(max_examples=30)
@given(recalls, st.permutations(["m", "B", "10", "zeta"]), st.integers(0, 10**9))
def test_what_a_set_is_called_does_not_matter(seen: list[SceneRecall], names: list[str], at: int) -> None:
    called = dict(zip(SCENES, names, strict=True))
    renamed = [SceneRecall(one.at, tuple(called.get(name, name) for name in one.sets)) for one in seen]
    words = {called[name]: dict(reversed(counts.items())) for name, counts in reversed(WORDS.items())}
    made, other = learned(SCENES, seen, WORDS), learned(names, renamed, words)
    assert [*made.foresee(at, ["tofu", "report"]).values()] == pytest.approx([*other.foresee(at, ["report", "tofu"]).values()])


@settings(max_examples=20)
@given(recalls, st.integers(0, 10**9))
def test_to_ask_changes_nothing(seen: list[SceneRecall], at: int) -> None:
    asked = Predictor(SCENES, WORDS)
    for recall in seen:
        asked.likeliest(at, 2, ["tofu"])
        asked.foresee(recall.at)
        asked.learn(recall)
    assert asked.foresee(at, ["tofu"]) == learned(SCENES, seen, WORDS).foresee(at, ["tofu"])


@settings(max_examples=20)
@given(recalls)
def test_the_same_recalls_teach_the_same(seen: list[SceneRecall]) -> None:
    assert learned(SCENES, seen, WORDS).foresee(0) == learned(SCENES, seen, WORDS).foresee(0)


def test_without_sets_there_is_nothing_to_foresee() -> None:
    made = Predictor(())
    assert made.opinions(0) == {}
    made.learn(SceneRecall(0, ("work",)))
    assert made.foresee(0) == {}
    assert made.likeliest(0, 3) == []


def test_before_anything_was_recalled_all_are_as_likely() -> None:
    assert [*Predictor(SCENES).foresee(0).values()] == pytest.approx([0.25] * 4)
    assert [name for name, _ in Predictor(SCENES).likeliest(0, 2)] == ["Oslo", "garden"], "of equals the one told last"


def test_contexts_are_blended_by_method_c() -> None:
    made = Predictor(("a", "b"))
    for number, name in enumerate("aab"):
        made.learn(SceneRecall(number * 10 * HOUR, (name,)))  # each a sitting of its own, and at another hour
    # After no context: c = 3, t = 2, so P(a) = (2 + 2 * 1/2) / (3 + 2). After the beginning of a sitting the same is counted
    # once more: P(a) = (2 + 2 * 3/5) / (3 + 2).
    found = made.experts["sequence"].foresee(100 * HOUR, (), 2)
    assert found == pytest.approx([16 / 25, 9 / 25])


def test_uses_fade_by_half_lives() -> None:
    made = Predictor(("a", "b"))
    made.learn(SceneRecall(0, ("a",)))
    made.learn(SceneRecall(1, ("b",)))
    assert made.experts["recent"].foresee(2, (), 2) == pytest.approx([0.2, 0.8])
    assert made.experts["often"].foresee(2, (), 2) == pytest.approx([0.5, 0.5], abs=1e-6)


def test_a_fading_expert_survives_very_many_recalls() -> None:
    made = Predictor(("a", "b"))
    for number in range(1000):
        made.experts["recent"].learn(number, [number % 2])
    assert made.experts["recent"].foresee(1000, (), 2) == pytest.approx([0.2, 0.8])


def first(made: Predictor, at: int, cue: tuple[str, ...] = ()) -> str:
    return made.likeliest(at, 1, cue)[0][0]


def test_a_sequence_is_foreseen() -> None:
    made = learned(SCENES, [SceneRecall(MONDAY + n * 60_000, (SCENES[(0, 2, 1)[n % 3]],)) for n in range(60)])
    assert [first(made, MONDAY + 61 * 60_000)] == ["work"]


def test_a_routine_is_foreseen() -> None:
    seen = [
        SceneRecall(MONDAY + day * 24 * HOUR + hour * HOUR, (name,))
        for day in range(21)
        for hour, name in ((8, "garden" if day % 7 == 6 else "work"), (19, "diet"))
    ]
    made = learned(SCENES, seen)
    assert first(made, MONDAY + 21 * 24 * HOUR + 8 * HOUR) == "work"
    assert first(made, MONDAY + 21 * 24 * HOUR + 19 * HOUR) == "diet"
    assert first(made, MONDAY + 27 * 24 * HOUR + 8 * HOUR) == "garden"


def test_words_at_the_end_of_the_conversation_count() -> None:
    made = learned(SCENES, [SceneRecall(n * 60_000, (name,)) for n, name in enumerate(("work", "garden") * 3)], WORDS)
    plain, said = made.foresee(400_000), made.foresee(400_000, ["tofu"])
    assert said["diet"] > 2 * plain["diet"]


def test_an_expert_without_an_opinion_keeps_its_weight() -> None:
    made = learned(SCENES, [SceneRecall(0, ("work",))], WORDS)
    before = made.weights["words"]
    made.learn(SceneRecall(1, ("work",)))
    even = 1 / len(made.weights)
    assert made.weights["words"] == pytest.approx(0.995 * before + 0.005 * even)


def test_it_beats_lru_and_lfu_on_persons_that_it_was_not_tuned_on() -> None:
    found = predict.together(predict.run(predict.of_habits(40, seed)) for seed in (501, 502, 503))
    for index in range(3):
        assert found.rates["predictor"][index] > max(found.rates["LRU"][index], found.rates["LFU"][index])
        assert found.rates["oracle"][index] >= found.rates["predictor"][index]
    assert found.rates["predictor"][1] > found.rates["LRU"][1] + 0.1
