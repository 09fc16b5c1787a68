"""Whether anything answers a query, and what fits it by itself."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking import floor
from memos_cli.operation.operator.ranking.features import FEATURES, Evidence
from memos_cli.operation.operator.ranking.floor import Judged, Known
from memos_cli.operation.operator.ranking.network import network, probability
from tests.operation.operator.ranking.pools import pool_of, pools, ranked, row

NOTES = (
    "I am vegan now", "My bank is Novabanka", "The heron nests by the weir", "My shoe size is 43", "Rent is 900 a month",
    "Ann Lee moved to Ghent last year", "The ticket E-1042 is open", "I have time on Friday", "Bread, milk and eggs",
    "We live in a house with a garden", "苍鹭在河边筑巢", "Meine Straße ist die Lindenstraße",
)  # fmt: skip


def passing(query: str, contents: Sequence[str] = NOTES, documents: int = 0) -> set[int]:
    found = ranked(query, pool_of(query, [row(n, one) for n, one in enumerate(contents)], documents=documents))
    assert found.passing is not None
    return {n for _, n in found.passing}


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("heron", {2}),
        ("where is the heron at the weir", {2}),
        ("what is my shoe size", {3}),
        ("Where does Ann live?", {5}),
        ("Where did Ghent come up?", {5}),
        ("what became of ticket E-1042", {6}),
        ("43", {3}),
        ("900 what", {4}),
        ("苍鹭", {10}),
        ("Lindenstraße", {11}),
    ],
)
def test_a_hit_passes_with_every_content_word_or_the_name_number_or_code(query: str, passes: set[int]) -> None:
    assert passing(query) == passes


@pytest.mark.parametrize(
    "query",
    [
        "what time does the train to Lisbon leave",
        "who has a house in Portugal",
        "which year was the castle built",
        "open heart surgery",
        "time for a holiday",
        "is it the last train",
    ],
)
def test_one_common_word_in_common_does_not_pass(query: str) -> None:
    assert passing(query) == set()


def test_a_common_word_is_one_in_a_cube_that_has_it_once_too() -> None:
    assert passing("time for a holiday", ["I have time on Friday"]) == set()
    assert passing("time", ["I have time on Friday"]) == {0}, "it is every content word of the query"
    assert passing("time on Friday", ["I have time on Friday"]) == {0}


def test_the_name_of_a_speaker_does_not_pass() -> None:
    talk = [f"Hello, Ann, this is number {number} I tell" for number in range(60)]
    assert passing("Does our Ann play chess?", talk) == set()
    assert passing("Does our Ann play chess?", [*NOTES, *talk[:1]], documents=60) != set()


@given(pools(), st.lists(st.sampled_from(["heron", "Ann", "43", "E-1042", "苍鹭", "straße", "the", "?"]), max_size=5))
@settings(max_examples=40)
def test_what_has_every_content_word_passes_whatever_its_score(asked: tuple[str, Evidence], words: list[str]) -> None:
    pool, query = asked[1], " ".join(["flumph grobnick", *words])
    wanted = row(500, f"wibble {query} wobble " + "and so on " * 300, untrusted=True, state="archived")
    found = ranked(query, pool_of(query, [*pool.rows.values(), wanted]))
    assert found.passing is not None
    assert (0, 500) in found.passing
    assert found.answers == 1.0
    (judged,) = (one for one in found.judged if one.place == (0, 500))
    assert floor.fits(judged, found.passing)


def judged(log_odds: float) -> Judged:
    return Judged((0, 1), log_odds, [0.0] * len(FEATURES))


def test_a_hit_fits_by_its_probability_or_because_it_passes() -> None:
    assert not floor.fits(judged(-9.0), set())
    assert floor.fits(judged(-9.0), {(0, 1)})
    assert floor.fits(judged(9.0), set())
    assert floor.fits(judged(0.0), set()) is (probability(0.0) >= floor.FITS)


def test_nothing_answers_where_there_is_nothing() -> None:
    assert floor.answered(network(), [], Known(100), "door") == 0.0


def hit(**features: float) -> Judged:
    """A hit with these features, spaces as underscores; others are 0."""
    given_ = {name.replace("_", " "): value for name, value in features.items()}
    return Judged((0, 1), 0.0, [given_.get(name, 0.0) for name in FEATURES])


@pytest.mark.parametrize(
    ("features", "floor_of"),
    [
        ({"has_vector": 1.0}, "notes"),
        ({"has_vector": 0.2}, "words"),
        ({}, "words"),
        ({"has_vector": 1.0, "in_talk": 1.0}, "talk"),
    ],
)
def test_each_kind_of_hit_has_a_floor_of_its_own(features: dict[str, float], floor_of: str) -> None:
    def always(signs: int, *, answers: bool) -> tuple[float, ...]:
        return (*[0.0] * signs, 9.0 if answers else -9.0)

    made = network()._replace(
        floor=always(len(floor.SIGNS), answers=floor_of == "words"),
        floor_in_talk=always(len(floor.SIGNS), answers=floor_of == "talk"),
        floor_of_notes=always(len(floor.SIGNS_OF_NOTES), answers=floor_of == "notes"),
    )
    assert floor.answered(made, [hit(**features)], Known(10), "door?") > 0.99


def test_the_floor_of_notes_reads_the_best_hit_and_the_form_of_the_query() -> None:
    found = dict(zip(floor.SIGNS_OF_NOTES, floor.signs_of_notes([hit(cosine=0.5, size=0.7)], "Where is it?  "), strict=True))
    assert found["cosine"] == 0.5
    assert found["second"] == -2.0, "there is none"
    assert (found["question"], found["long"]) == (1.0, 3 / 20)
    assert "size" not in found
    assert floor.signs_of_notes([hit()], "\u95e8\uff1f")[-2:] == [1.0, 1 / 20]
    assert floor.signs_of_notes([hit()], "door " * 90)[-2:] == [0.0, 1.0]


shares = st.floats(0, 1)


@given(
    st.lists(st.floats(-1e6, 1e6), max_size=12),
    st.builds(Known, st.integers(0, 10**9), shares, shares, st.booleans(), st.booleans()),
)
def test_the_floor_reads_as_many_signs_of_any_hits(odds: list[float], known: Known) -> None:
    found = floor.signs([judged(one) for one in sorted(odds, reverse=True)], known)
    assert len(found) == len(floor.SIGNS)
    assert all(abs(sign) <= 4 for sign in found)


@pytest.mark.parametrize(
    "query",
    [
        "colourless green ideas sleep furiously", "flumph grobnick", "quantum chromodynamics lattice gauge", "wibble wobble",
        "medieval siege engines", "asdf qwer zxcv", "who won the 1966 world cup", "a recipe for beef stroganoff",
    ],
)  # fmt: skip
def test_nonsense_and_what_nobody_told_find_nothing(query: str) -> None:
    found = ranked(query, pool_of(query, [row(n, one) for n, one in enumerate(NOTES)]))
    assert found.answers < floor.ANSWERS
    assert not found.passing


@pytest.mark.parametrize(
    ("query", "expected"),
    [("who nests by the weir", 2), ("what is my shoe size", 3), ("which bank is mine", 1), ("where did Ann Lee move", 5)],
)
def test_what_was_told_is_found(query: str, expected: int) -> None:
    found = ranked(query, pool_of(query, [row(n, one) for n, one in enumerate(NOTES)]))
    assert found.answers >= floor.ANSWERS
    assert found.judged[0].place == (0, expected)
