"""What a query asks for, by its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking import question


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Where did Ann Lee move?", {"ann", "lee"}),
        ("where does the heron nest", set()),
        ("Heron nests", set()),
        ("What did Zoë tell Élodie?", {"zoë", "élodie"}),
        ("What does the EU say?", set()),
    ],
)
def test_names_are_written_with_a_capital_and_do_not_only_begin_the_query(query: str, names: set[str]) -> None:
    assert question.read(query).names == names


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("When is the dentist?", "when"),
        ("Wann ist der Termin?", "when"),
        ("什么时候开会", "when"),
        ("How many seals were there?", "number"),
        ("Combien de phoques ?", "number"),
        ("Who nests by the weir?", "person"),
        ("Wer nistet am Wehr?", "person"),
        ("What is my shoe size?", "own"),
        ("我的银行", "own"),
    ],
)
def test_the_kind_of_answer(query: str, asked: str) -> None:
    assert getattr(question.read(query), asked) is True


def test_a_query_without_any_of_it_asks_for_nothing() -> None:
    assert question.read("heron by the weir") == question.Question(
        frozenset(), when=False, number=False, person=False, own=False, times=()
    )


@pytest.mark.parametrize(
    ("query", "times"),
    [
        ("What happened in 2023?", ("2023",)),
        ("What happened in May 2023?", ("2023-05",)),
        ("What happened on 12 May 2023?", ("2023-05-12",)),
        ("What happened on May 2nd, 2023?", ("2023-05-02",)),
        ("What happened in June?", ("-06",)),
        ("What happened on 2023-05-12?", ("2023-05-12",)),
        ("What happened in 2023-05?", ("2023-05",)),
        ("What may I eat?", ()),
        ("May I eat it?", ()),
        ("Did they march to the weir?", ()),
        ("June or July?", ("-06", "-07")),
    ],
)
def test_the_times_that_are_asked_for(query: str, times: tuple[str, ...]) -> None:
    assert question.read(query).times == times


@pytest.mark.parametrize(
    ("times", "occurred_at", "matches"),
    [
        (("2023",), "2023-05-12T00:00:00.000Z", True),
        (("2023-05",), "2023-06-12T00:00:00.000Z", False),
        (("-05",), "2019-05-12T00:00:00.000Z", True),
        (("-05-12",), "2019-05-13T00:00:00.000Z", False),
        ((), "2019-05-13T00:00:00.000Z", False),
        (("2019",), None, False),
    ],
)
def test_what_happened_at_one_of_these_times(times: tuple[str, ...], occurred_at: str | None, matches: object) -> None:
    assert question.matches(times, occurred_at) is matches


@given(st.text(max_size=200))
def test_any_text_can_be_read(query: str) -> None:
    found = question.read(query)
    assert all(name == name.lower() for name in found.names)


@pytest.mark.parametrize(
    ("text", "time", "number"),
    [
        ("We met last Friday", True, False),
        ("It was on the 3rd", True, True),
        ("At 9:40", True, True),
        ("Twice", False, True),
        ("\u6628\u5929", True, False),
        ("The heron nests by the weir", False, False),
        ("A fortune", False, False),
        ("", False, False),
    ],
)
def test_what_tells_a_time_or_a_number(text: str, *, time: bool, number: bool) -> None:
    assert (question.tells_time(text), question.tells_number(text)) == (time, number)


def test_a_long_query_is_read_in_no_time() -> None:
    assert question.read("Where did Ann-Lee " * 5_000).names == {"ann-lee", "where"}
