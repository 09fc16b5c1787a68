"""Chains of steps: checked as a whole, run as a whole, taken back as a whole."""

import pytest

from memos_cli import MOS
from memos_cli.errors import Refused, UsageError
from memos_cli.interface.pipeline import chains
from memos_cli.model import Filter, State
from tests.conftest import Clock

TIDY = """
[[step]]
do = "retrieve"
tags = ["shopping"]
[[step]]
do = "filter"
older = "30d"
without = ["keep"]
[[step]]
do = "augment"
tags = ["old"]
[[step]]
do = "update"
append = "(bought)"
priority = -1
[[step]]
do = "archive"
"""
STRANGER = (
    "I am allergic to penicillin", "The boiler was serviced in March; code F28 means no gas",
    "My passport number is 5544 and it expires in 2031", "The spare key is with Truus at number 9",
)  # fmt: skip


@pytest.fixture
def shop(mos: MOS, clock: Clock) -> MOS:
    mos.add("milk", tags=("shopping",))
    mos.add("a fridge", tags=("shopping", "keep"))
    clock.forward(days=40)
    mos.add("bread", tags=("shopping",))
    mos.add("the dentist is on Monday")
    return mos


def test_a_chain_does_all_its_steps_as_one_command(shop: MOS) -> None:
    before = shop.list(Filter(at=shop.now, everything=True))
    done = chains.run(shop, shop.memories, chains.read(TIDY))
    assert [step["memories"] for step in done.steps] == [3, 1, 1, 1, 1]
    (changed,) = [shop.get(one) for one in done.changed]
    assert (changed.content, changed.state, changed.tags) == ("milk\n(bought)", State.ARCHIVED, ("old", "shopping"))
    assert changed.priority == -1
    shop.undo()
    after = shop.list(Filter(at=shop.now, everything=True))
    shown = lambda found: [(one.id, one.content, one.state, one.tags, one.priority) for one in found]  # noqa: E731
    assert shown(after) == shown(before)


def test_a_dry_run_changes_nothing(shop: MOS) -> None:
    before = shop.list(Filter(at=shop.now, everything=True))
    done = chains.run(shop, shop.memories, chains.read(TIDY), dry_run=True)
    assert (len(done.changed), done.command_id) == (1, None)
    (touched,) = done.touched
    assert (touched.memory.content, touched.memory.state) == ("milk", State.GENERATED)
    assert touched.becomes == ("tagged old", "priority set", "appended to", "archived")
    assert shop.list(Filter(at=shop.now, everything=True)) == before


def test_a_second_run_finds_nothing_to_do(shop: MOS) -> None:
    steps = chains.read(TIDY.replace('append = "(bought)"\n', ""))
    assert len(chains.run(shop, shop.memories, steps).changed) == 1
    assert chains.run(shop, shop.memories, steps).command_id is None


def test_one_frozen_memory_stops_it_all(shop: MOS) -> None:
    shop.add("eggs", tags=("shopping",))
    (milk,) = [one.id for one in shop.list() if one.content == "milk"]
    shop.switch([milk], "freeze", {"frozen": True})
    with pytest.raises(Refused, match="frozen"):
        chains.run(shop, shop.memories, chains.read(TIDY.replace('older = "30d"\n', "")))
    assert all(one.state is not State.ARCHIVED for one in shop.list(Filter(at=shop.now, everything=True)))


def test_links_and_queries(shop: MOS) -> None:
    text = '[[step]]\ndo = "retrieve"\nquery = "milk bread"\n[[step]]\ndo = "augment"\nlink = "relates"\n'
    done = chains.run(shop, shop.memories, chains.read(text))
    assert len(done.changed) == 1
    out, into = shop.vaults()[0].links(done.changed[0])
    assert (len(out), len(into)) == (1, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no steps"), ("step = 1", "no steps"), ("[[step", "TOML"), ('[[step]]\ndo = "archive"', "first step"),
        ('[[step]]\ndo = "fly"', "no step"), ('[[step]]\ndo = "retrieve"\ncolour = "red"', "no field"),
        ('[[step]]\ndo = "retrieve"\nk = "many"', "k has to be"), ('[[step]]\ndo = "retrieve"\nsince = "soon"', "ISO"),
        ('[[step]]\ndo = "retrieve"\n[[step]]\ndo = "filter"\nmatching = "("', "step 2"),
        ('[[step]]\ndo = "retrieve"\nkinds = ["poem"]', "poem"), ('[[step]]\ndo = "retrieve"\ntags = [1]', "texts"),
    ],
)  # fmt: skip
def test_what_is_no_chain(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chains.read(text)


def test_a_chain_takes_each_memory_that_says_the_same(mos: MOS) -> None:
    both = {mos.add(text).ids[0] for text in ("I'm learning to sail", "I am learning to sail.")}
    assert len(mos.search("learning to sail", lexical=True).hits) == 1
    done = chains.run(
        mos, mos.memories, chains.read('[[step]]\ndo = "retrieve"\nquery = "learning to sail"\n[[step]]\ndo = "archive"')
    )
    assert set(done.changed) == both


@pytest.mark.parametrize("do", ["retrieve", "filter"])
def test_labels_narrow_a_chain_however_they_are_spelled(mos: MOS, do: str) -> None:
    (allergy,) = mos.add("I am allergic to penicillin", labels=("health",)).ids
    (pay,) = mos.add("My pay is 3,000", labels=("finance", "own")).ids
    (milk,) = mos.add("Shopping list: milk").ids

    def taken(fields: str) -> set[str]:
        first = '[[step]]\ndo = "retrieve"\n' if do == "filter" else ""
        steps = chains.read(f'{first}[[step]]\ndo = "{do}"\n{fields}\n[[step]]\ndo = "archive"')
        return set(chains.run(mos, mos.memories, steps, dry_run=True).changed)

    assert taken('labels = ["Health"]') == {allergy}
    assert taken('labels = ["finance", "OWN"]') == {pay}
    assert taken('labels = ["finance", "health"]') == set()
    if do == "filter":
        assert taken('without_labels = ["Health", "finance"]') == {milk}
        assert taken('without_labels = ["nosuch"]') == {allergy, pay, milk}
    with pytest.raises(UsageError, match="texts"):
        chains.read('[[step]]\ndo = "retrieve"\nlabels = [1]')


@pytest.mark.parametrize("query", ["shopping list", "old receipts", "what can be thrown away"])
def test_what_does_not_fit_a_query_is_not_taken(mos: MOS, query: str) -> None:
    for text in STRANGER:
        mos.add(text)
    steps = chains.read(f'[[step]]\ndo = "retrieve"\nquery = "{query}"\nk = 50\n[[step]]\ndo = "archive"')
    assert chains.run(mos, mos.memories, steps, dry_run=True).changed == ()
    (milk,) = mos.add("Shopping list: milk, bread").ids
    (receipts,) = mos.add("Old receipts are in the blue box, and can be thrown away").ids
    fits = {hit.memory.id for hit in mos.search(query, k=50).hits if hit.fits}
    assert set(chains.run(mos, mos.memories, steps, dry_run=True).changed) == fits <= {milk, receipts}
