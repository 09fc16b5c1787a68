"""What the network reads of a candidate: always numbers within bounds, whatever the pool."""

import math

from hypothesis import given, settings

from memos_cli.infra.vault.pool.occurrences import Statistics
from memos_cli.infra.words.words import query_words
from memos_cli.operation.operator.ranking.features import FEATURES, PARTS, Evidence, Words, features, is_named
from tests.operation.operator.ranking.pools import pool_of, pools, row

MOST = 4.0
"""No feature is greater: a network that was trained on numbers about 1 makes nothing of others."""


def read(query: str, pool: Evidence) -> list[dict[str, float]]:
    found = features(query, query_words(query), pool)
    return [dict(zip(FEATURES, numbers, strict=True)) for numbers in found.values()]


@given(pools())
@settings(max_examples=60)
def test_the_features_are_finite_and_bounded_whatever_the_pool(asked: tuple[str, Evidence]) -> None:
    query, pool = asked
    found = features(query, query_words(query), pool)
    assert list(found) == list(pool.rows)
    for numbers in found.values():
        assert len(numbers) == len(FEATURES)
        assert all(math.isfinite(number) and abs(number) <= MOST for number in numbers), dict(
            zip(FEATURES, numbers, strict=True)
        )


def test_each_feature_belongs_to_one_part() -> None:
    assert len(set(FEATURES)) == len(FEATURES) == sum(map(len, PARTS.values()))


def test_nothing_is_read_of_no_candidates() -> None:
    assert features("heron", ["heron"], pool_of("heron", [])) == {}
    assert features("heron", ["heron"], Evidence({}, {}, {}, {}, {}, None, [], [], {})) == {}


def test_without_vectors_a_candidate_has_no_meaning() -> None:
    (found,) = read("heron", pool_of("heron", [row(1, "The heron nests")]))
    assert [found[name] for name in PARTS["meaning"]] == [0.0] * len(PARTS["meaning"])
    near, far = read("heron", pool_of("heron", [row(1, "A bird"), row(2, "A bank")], {1: 0.7}))
    assert near["has vector"] == near["cosine rank"] == 1.0
    assert near["nearness"] > 1.0
    assert [far[name] for name in PARTS["meaning"]] == [0.0] * len(PARTS["meaning"])


def test_an_embedder_that_cannot_read_it_counts_for_nothing() -> None:
    pool = pool_of("heron", [row(1, "A bird"), row(2, "A bank")], {1: 0.7, 2: 0.1})
    for found in read("heron", pool._replace(reads={(0, 1): 0.0, (0, 2): 0.0})):
        assert [found[name] for name in PARTS["meaning"]] == [0.0] * len(PARTS["meaning"])
    whole, half = (read("heron", one)[0] for one in (pool, pool._replace(reads={(0, 1): 0.5})))
    assert half["has vector"] == 0.5 == half["nearness"] / whole["nearness"]


def test_words_that_stand_together_in_the_query_count_where_they_stand_together() -> None:
    together, apart = read("grey heron", pool_of("grey heron", [row(1, "A grey heron"), row(2, "A heron, as I said, is grey")]))
    assert (together["phrase"], apart["phrase"]) == (1.0, 0.0)
    assert together["all words"] == apart["all words"] == 1.0


def test_a_word_that_most_memories_have_weighs_less_and_never_below_nothing() -> None:
    words = Words.of([Statistics(10, 6.0, (9, 1, 0))])
    assert 0 < words.weights[0] < words.weights[1] < words.weights[2]
    assert Words.of([Statistics(2, 6.0, (20_000,))]).weights[0] > 0, "counted in cold storage, too"


def test_the_turns_beside_a_turn_are_its_context() -> None:
    talk = [row(n, content, "Ann", n) for n, content in enumerate(["Hello", "Where does the heron nest?", "By the weir"])]
    found = read("heron", pool_of("heron", talk))
    assert found[2]["bm25 -1"] == 1.0
    assert found[0]["bm25 +1"] == 1.0
    assert found[1]["bm25 -1"] == found[1]["bm25 +1"] == 0.0


def test_who_is_named_and_who_is_spoken_to() -> None:
    talk = [row(1, "I moved to Ghent", "Ann Lee", 1), row(2, "Did you?", "Bo", 2), row(3, "Bo is a name")]
    ann, bo, note = read("Where did Ann's move go?", pool_of("Where did Ann's move go?", talk))
    assert (ann["spoken by named"], ann["spoken to named"]) == (1.0, 0.0)
    assert (bo["spoken by named"], bo["spoken to named"]) == (0.0, 1.0)
    assert (note["spoken by named"], note["spoken to named"]) == (0.0, 0.0)
    assert is_named("ann lee", frozenset({"lee"}))
    assert not is_named("ann lee", frozenset({"le"}))


def test_what_happened_at_the_time_that_is_asked_for_is_told_apart() -> None:
    rows = [row(1, "Ferry", occurred_at="2023-05-12T00:00:00.000Z"), row(2, "Train", occurred_at="2023-06-01T00:00:00.000Z")]
    may, june = read("What was in May 2023?", pool_of("What was in May 2023?", rows))
    assert (may["in time"], may["out of time"]) == (1.0, 0.0)
    assert (june["in time"], june["out of time"]) == (0.0, 1.0)
