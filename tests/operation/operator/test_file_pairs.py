"""Which paragraph of a file is which paragraph of the file as it was."""

import random
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from memos_cli.model import Draft, Memory
from memos_cli.operation.operator.file_pairs import Former, paired

DAY, NEXT = "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"


def former(content: str, title: str | None = None, at: str | None = None) -> Former:
    return Former(Memory("m", content), {"content": content, "title": title, "occurred_at": at}, 1)


def draft(content: str, title: str | None = None, at: str | None = None, **metadata: Any) -> Draft:
    return Draft(content, title=title, occurred_at=at, metadata=metadata)


def pairs(before: list[str], now: list[str]) -> tuple[dict[int, int], dict[int, int]]:
    return paired([former(one) for one in before], [draft(one) for one in now])[:2]


ROSES, BEANS, RAKE = "The roses need water in May.", "Beans stand in the south bed.", "Buy a rake"


def test_what_says_the_same_is_the_same_wherever_it_stands() -> None:
    assert pairs([ROSES, BEANS, RAKE], [RAKE, ROSES + " ", "Beans stand  in the south bed."]) == ({0: 2, 1: 0, 2: 1}, {})


def test_of_several_that_say_the_same_those_of_one_day_belong_together() -> None:
    before = [former("Ran 5 km.", "1", DAY), former("Ran 5 km.", "2", NEXT)]
    assert paired(before, [draft("Ran 5 km.", "2", NEXT)]) == ({0: 1}, {}, {})
    assert paired(before, [draft("Ran 5 km.", "0", None), draft("Ran 5 km.", "1", DAY)]).same == {0: 1, 1: 0}


def test_a_changed_paragraph_is_found_by_its_words_and_by_its_place() -> None:
    assert pairs([ROSES, BEANS], [BEANS, ROSES.replace("May", "June")]) == ({0: 1}, {1: 0})
    assert pairs([RAKE, BEANS], ["Buy a hoe", BEANS]) == ({1: 1}, {0: 0})
    assert pairs([RAKE, BEANS], [RAKE + " for it", BEANS]) == ({1: 1}, {0: 0})
    new = "The roses want a lot of shade from June on."  # less alike, but alone at its place
    assert pairs([BEANS, ROSES, RAKE], [BEANS, new, RAKE]) == ({0: 0, 2: 2}, {1: 1})
    assert pairs([BEANS, ROSES, RAKE], [BEANS, RAKE, new]) == ({0: 0, 1: 2}, {})
    assert pairs([BEANS, ROSES], [BEANS, "Sam owes me twelve euros"]) == ({0: 0}, {})


def test_another_heading_of_another_day_makes_it_another_unless_its_own_words_tell_the_day() -> None:
    before = [former("Ran 5 km today.", "1 November", DAY)]
    assert paired(before, [draft("Ran 6 km today.", "2 November", NEXT)]).changed == {}
    assert paired(before, [draft("Ran 6 km today.", "1 November", DAY)]).changed == {0: 0}
    assert paired(before, [draft("Ran 6 km today.", "Runs", NEXT, times=[{}])]).changed == {0: 0}


_LINES = st.lists(st.sampled_from([ROSES, BEANS, RAKE, "", "Buy a hoe", ROSES + " Or June."]), max_size=8)


@given(_LINES, _LINES)
def test_each_paragraph_is_paired_at_most_once_and_all_of_the_same_words_are(before: list[str], now: list[str]) -> None:
    same, changed = pairs(before, now)
    assert len({*same.values(), *changed.values()}) == len(same) + len(changed)
    assert not same.keys() & changed.keys()
    assert all(before[old] == now[new] for new, old in same.items())
    assert len(same) == sum(min(before.count(one), now.count(one)) for one in {*before})


def test_a_long_file_of_which_all_was_changed_takes_no_long_time() -> None:
    chance = random.Random(20)
    text = [" ".join(chance.choices(("beds", "rake", "water", "seed", "shed", "path"), k=180)) for _ in range(100)]
    begun = time.process_time()
    _, changed = pairs(text, [one.replace("rake", "hoe", 3) for one in text])
    assert changed == {place: place for place in range(100)}
    pairs([f"number {one} of it" for one in range(5000)], [f"entry {one} of them" for one in range(5000)])
    assert time.process_time() - begun < 5
