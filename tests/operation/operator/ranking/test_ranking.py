"""The order of a pool: every candidate once, with a probability, and the same order each time."""

import sys

import pytest
from hypothesis import given, settings

from memos_cli.infra.vault.pool.occurrences import Text
from memos_cli.operation.operator.ranking import ranking
from memos_cli.operation.operator.ranking.features import PARTS, Evidence
from memos_cli.operation.operator.ranking.network import network, probability
from tests.operation.operator.ranking.pools import order, pool_of, pools, ranked, row

TOLD = ("I am vegan now", "My bank is Novabanka", "The heron nests by the weir", "My shoe size is 43", "Rent is 900 a month")


@pytest.mark.parametrize(
    ("query", "first"), [("who nests by the weir", 2), ("Novabanka", 1), ("what size are my shoes", 3), ("the rent", 4)]
)
def test_the_memory_that_answers_is_first(query: str, first: int) -> None:
    assert order(query, TOLD)[0] == first


def test_an_attribute_asked_for_by_name_is_first_and_at_evens_or_better() -> None:
    keyed = row(9, "I am vegan now", text=Text("I am vegan now", None, None, "diet", ()))
    turn = row(8, "Well, yes", text=Text("Well, yes", None, "Diet", None, ()), turn=1)
    found = ranked("diet", pool_of("diet", [*(row(n, one) for n, one in enumerate(TOLD[1:])), turn, keyed])).judged
    assert found[0].place == (0, 9)
    assert probability(found[0].log_odds) >= 0.5
    assert all(probability(one.log_odds) < 0.5 for one in found[1:])


def test_meaning_finds_what_no_word_does() -> None:
    assert order("bird", TOLD, cosines={0: 0.1, 1: 0.05, 2: 0.5, 3: 0.02, 4: 0.0})[0] == 2


@given(pools())
@settings(max_examples=60)
def test_every_candidate_is_ranked_once_and_has_a_probability(asked: tuple[str, Evidence]) -> None:
    query, pool = asked
    found = ranked(query, pool)
    assert sorted(one.place for one in found.judged) == sorted(pool.rows)
    scores = [probability(one.log_odds) for one in found.judged]
    assert scores == pytest.approx(sorted(scores, reverse=True))
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert 0.0 <= found.answers <= 1.0
    assert found.passing is not None
    assert found.passing <= pool.rows.keys()


@given(pools())
@settings(max_examples=40)
def test_the_order_does_not_depend_on_the_order_of_the_input(asked: tuple[str, Evidence]) -> None:
    query, pool = asked
    again, turned = ranked(query, pool), ranked(query, pool._replace(rows=dict(reversed(pool.rows.items()))))
    assert again == ranked(query, pool)
    assert [one.place for one in turned.judged] == [one.place for one in again.judged]


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize("count", [2, 7, 31, 100])
def test_of_equals_the_earlier_is_first(monkeypatch: pytest.MonkeyPatch, count: int, *, numpy: bool) -> None:
    if numpy:
        pytest.importorskip("numpy")
    else:
        monkeypatch.delitem(sys.modules, "numpy", raising=False)
    assert order("heron", ["The heron nests by the weir"] * count, cosines=dict.fromkeys(range(count), 0.4)) == list(
        range(count)
    )


def test_the_header_decides_between_equals() -> None:
    said = "The heron nests by the weir"
    rows = [
        row(1, said, state="archived"), row(2, said, untrusted=True), row(3, said, priority=-1), row(4, said),
        row(5, said, priority=1), row(6, said, pinned=True, priority=1),
    ]  # fmt: skip
    assert [one.place[1] for one in ranked("heron", pool_of("heron", rows)).judged] == [6, 5, 4, 3, 1, 2]


def test_the_header_does_not_lift_what_does_not_fit() -> None:
    pool = pool_of("heron", [row(1, "My bank is Novabanka", pinned=True, priority=1), row(2, "A heron", untrusted=True)])
    assert [one.place[1] for one in ranked("heron", pool).judged] == [2, 1]


def test_parts_tell_what_moved_a_score() -> None:
    rows = [row(1, "The heron nests by the weir", pinned=True), row(2, "I am vegan"), row(3, "My bank is Novabanka")]
    pool = pool_of("heron", rows, {1: 0.5, 3: 0.02})
    scores = ranking.lexical_scores(pool)
    told = {one.place[1]: ranking.parts(one, pool, scores) for one in ranked("heron", pool).judged}
    first, second, third = (told[n] for n in (1, 2, 3))
    assert first._fields[1:-3] == (*PARTS, "header", "others")
    assert first.total == probability(ranked("heron", pool).judged[0].log_odds)
    assert first.header == pytest.approx(ranking.RAISED)
    assert first.others == 0.0, "these are no turns"
    assert (first.bm25, first.cosine) == (scores[0, 1], 0.5)
    assert first.words > 0
    assert first.meaning > third.meaning
    assert second.meaning == 0.0, "it has no vector"
    assert (second.bm25, second.cosine, second.context) == (0.0, None, 0.0)


def test_a_part_is_what_a_score_is_without_it_less() -> None:
    pool = pool_of("heron", [row(1, "The heron nests by the weir")])
    (one,) = ranked("heron", pool).judged
    names = [name for part in PARTS.values() for name in part]
    bare = [0.0 if name in PARTS["form"] else value for name, value in zip(names, one.features, strict=True)]
    whole, without = network().log_odds([list(one.features), bare])
    assert ranking.parts(one, pool, ranking.lexical_scores(pool)).form == pytest.approx(whole - without)


def test_nothing_is_ranked_of_nothing() -> None:
    assert ranked("heron", pool_of("heron", [])) == ranking.Ranked([], 0.0, set())


def crowd(count: int, *, turns: bool) -> ranking.Ranked:
    said = "The heron nests by the weir again"
    rows = [row(n, f"{said} {n}", turn=2 * n if turns else None) for n in range(count)]
    return ranked("where does the heron nest", pool_of("where does the heron nest", rows, dict.fromkeys(range(count), 0.7)))


def test_the_turns_of_a_talk_do_not_all_answer() -> None:
    found = crowd(30, turns=True)
    alone, together = (sum(probability(one.log_odds + others) for one in found.judged) for others in (0.0, found.others))
    assert alone > ranking.TOGETHER + 1
    assert together == pytest.approx(ranking.TOGETHER, rel=0.01)
    assert found.others < 0


def test_one_turn_loses_nothing_to_others_and_notes_neither() -> None:
    assert crowd(1, turns=True).others == -network().in_talk > 0
    assert crowd(30, turns=False).others == 0.0
    assert ranking.beside_others([], network().in_talk) == 0.0


@given(pools())
@settings(max_examples=40)
def test_what_turns_lose_to_others_leaves_them_no_more_than_they_may_have(asked: tuple[str, Evidence]) -> None:
    found = ranked(*asked)
    together = sum(probability(one.log_odds + found.others) for one in found.judged)
    if found.others not in {0.0, -network().in_talk}:
        assert together == pytest.approx(ranking.TOGETHER, rel=0.02)
        assert ranking.parts(found.judged[0], asked[1], ranking.lexical_scores(asked[1]), found.others).others == found.others
    elif found.others:
        assert together <= 1.01 * ranking.TOGETHER


def test_what_strangers_wrote_leaves_room_for_what_is_trusted_and_fits() -> None:
    strange = [row(n, f"Rent is {n} a month", untrusted=True) for n in range(1, 20)]
    pool = pool_of(
        "the rent", [*strange, row(50, "Rent is 900 a month, says the contract of the flat that I rent"), row(60, "")]
    )
    found = ranked("the rent", pool)
    shown = ranking.shared(found.judged, pool.rows, found.passing, 8)
    assert sorted(shown) == sorted(found.judged)
    assert [one.place for one in shown[:5] if one.place == (0, 50)]
    assert sum(pool.rows[one.place].untrusted for one in shown[:8]) == 7  # nothing else that is trusted fits
    assert ranking.shared(found.judged, pool.rows, None, 8) == found.judged
    assert ranking.shared(found.judged[:3], pool.rows, found.passing, 8) == found.judged[:3]
