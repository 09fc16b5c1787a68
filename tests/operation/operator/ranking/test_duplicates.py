import pytest

from memos_cli import MOS
from memos_cli.model import Kind, Source
from memos_cli.operation.operator.ranking.duplicates import Utterance, grouped

LONG = "On Sunday we walked along the river to the old mill, had coffee in the garden and came home before the rain began"

HILLS = "over the {} hills of our whole county and of its quiet valleys"


def groups(*texts: str, k: int = 10) -> list[list[int]]:
    return [[one.best, *one.others] for one in grouped([Utterance(text, ()) for text in texts], k)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I am vegan now", "I am vegan now."),
        ("I am vegan now", "  i AM  vegan now!"),
        ("I'm allergic to peanuts", "I am allergic to peanuts"),
        ("I don\u2019t eat meat", "I do not eat meat"),
        ("I can't swim", "I cannot swim"),
        ("I really like the sea", "I like the sea very"),
        ("\u6211\u4f4f\u5728\u5317\u4eac\u3002", "\u6211\u4f4f\u5728\u5317\u4eac"),
        ("cafe\u0301 at noon", "caf\u00e9 at noon"),
        ("\U0001f600\U0001f600", "\U0001f600\U0001f600"),
        (f"{LONG} {HILLS.format('lovely green')}", f"{LONG} {HILLS.format('green')}"),
    ],
)  # fmt: skip
def test_what_says_the_same_shares_a_place(one: str, other: str) -> None:
    assert groups(one, "something else", other) == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My PIN for the bike is 1234", "My PIN for the bike is 1243"),
        ("I am allergic to peanuts", "I am not allergic to peanuts"),
        ("I am allergic to peanuts", "I'm no longer allergic to peanuts"),
        ("Anna owes me five euros", "Anne owes me five euros"),
        ("Sam owes Anna money", "Anna owes Sam money"),
        ("The dentist is on 3 May", "The dentist is on 4 May"),
        ("The dentist is on Monday", "The dentist is on Tuesday"),
        ("I have a little money", "I have little money"),
        ("I eat meat", "I never eat meat"),
        ("\u6211\u4f4f\u5728\u5317\u4eac", "\u6211\u4f4f\u5728\u4e1c\u4eac"),
        ("\U0001f600", "\U0001f622"),
        ("Rent: 900", "Rent: -"),
        *((f"{LONG} {word}", LONG) for word in ("not", "twice", "2", "Anna", "yesterday", "perhaps7", "never")),
        (LONG, f"{LONG} lazily"),
    ],
)  # fmt: skip
def test_what_differs_in_what_matters_does_not(one: str, other: str) -> None:
    assert groups(one, other) == [[0], [1]]


def test_the_places_that_are_freed_go_to_the_next_hits() -> None:
    assert groups(*["the same"] * 40, "b", "c", "d", k=3) == [[*range(40)], [40], [41]]
    assert groups(*"abcd", k=2) == [[0], [1]]
    assert groups(*"abc", "A", k=2) == [[0, 3], [1]], "of a short list what stands behind it is looked at, too"
    assert groups("a", k=0) == []


def test_no_more_hits_are_asked_for_than_are_looked_at() -> None:
    asked = []

    def said(number: int) -> Utterance:
        asked.append(number)
        return Utterance(f"text {number}", ())

    assert len(grouped((said(number) for number in range(10_000)), 20)) == 20
    assert len(asked) < 50


def test_circumstances_and_days_keep_the_same_words_apart() -> None:
    def count(*said: Utterance) -> int:
        return len(grouped(said, 10))

    assert count(Utterance("Thanks!", ("anna",)), Utterance("Thanks!", ("bob",))) == 2
    assert count(Utterance("I ran 5 km yesterday", (), day=1), Utterance("I ran 5 km yesterday", (), day=2)) == 2
    assert count(Utterance("I run every morning", (), day=1), Utterance("I run every morning", (), day=2)) == 1
    said = "I ran this morning, as every Monday"
    assert count(Utterance(said, (), day=1), Utterance(said, (), day=2)) == 2
    assert count(Utterance("Run", (), day=1, event=True), Utterance("Run", (), day=2, event=True)) == 2
    assert count(Utterance("Run", (), event=True), Utterance("Run", ())) == 2


def test_each_by_itself_where_that_is_asked_for() -> None:
    assert [one.others for one in grouped([Utterance("a", ()), Utterance("a", ())], 10, apart=True)] == [[], []]


def test_a_search_shows_the_best_and_counts_its_use_alone(mos: MOS) -> None:
    first, second, third = (
        mos.add(text).ids[0] for text in ("I'm allergic to peanuts", "I am allergic to peanuts.", "I eat peanuts")
    )
    found = mos.search("allergic to peanuts", lexical=True)
    shown = {hit.memory.id: hit.alike for hit in found.hits}
    assert len(shown) == 2
    best = found.hits[0].memory.id
    assert shown == {best: tuple({first, second} - {best}), third: ()}
    assert {mos.get(one).access_count for one in shown[best]} == {0}
    assert mos.get(best).access_count == 1
    assert {hit.memory.id for hit in mos.search("allergic to peanuts", lexical=True, apart=True).hits} == {first, second, third}


def test_two_speakers_are_never_one(mos: MOS) -> None:
    for turn, name in enumerate(("Anna", "Bob")):
        mos.add("I love the sea", kind=Kind.EPISODE, source=Source(conversation="c", turn=turn, speaker=name))
    assert [hit.alike for hit in mos.search("who loves the sea", lexical=True).hits] == [(), ()]


def test_thousands_of_hits_take_time_by_their_number_alone() -> None:
    from time import process_time

    said = [Utterance(f"the meeting of room {number:06} is about the budget of that room", ()) for number in range(3_000)]
    start = process_time()
    assert len(grouped(said, 10_000)) == 3_000
    assert process_time() - start < 4
