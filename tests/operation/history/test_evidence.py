"""The chain of evidence that `why` shows: from link to link, with who set each, and when."""

import pytest

from memos_cli import MOS
from memos_cli.model import LinkType, Visibility
from memos_cli.operation.results import ProvenanceStep
from tests.conftest import Clock


@pytest.fixture
def ids(mos: MOS, clock: Clock) -> list[str]:
    """A fact, what it was derived from, what that was derived from, and a memory that mentions the fact."""
    made = [mos.add(text).ids[0] for text in ("a fact", "its source", "the source of that", "a mention")]
    for source, kind, target in ((0, LinkType.DERIVED_FROM, 1), (1, LinkType.DERIVED_FROM, 2), (3, LinkType.MENTIONS, 0)):
        clock.forward(minutes=1)
        mos.link(made[source], kind, made[target])
    return made


def told(steps: tuple[ProvenanceStep, ...], ids: list[str]) -> list[tuple[int, int, str, int, str | None, str | None]]:
    return [
        (one.depth, ids.index(one.link.source), one.link.type.value, ids.index(one.link.target), one.principal, one.command)
        for one in steps
    ]


def test_each_link_of_the_chain_says_who_set_it_and_when(mos: MOS, ids: list[str]) -> None:
    steps = mos.provenance(ids[0]).evidence
    assert told(steps, ids) == [
        (1, 0, "derived_from", 1, "sam", "link"), (1, 3, "mentions", 0, "sam", "link"),
        (2, 1, "derived_from", 2, "sam", "link"),
    ]  # fmt: skip
    assert [one.at for one in steps] == [f"2026-03-02T12:0{minute}:00.000Z" for minute in (1, 3, 2)]
    assert [one.other and one.other.content for one in steps] == ["its source", "a mention", "the source of that"]


def test_a_link_that_was_set_again_counts_from_then_on(mos: MOS, clock: Clock, ids: list[str]) -> None:
    mos.link(ids[0], LinkType.DERIVED_FROM, ids[1], on=False)
    clock.forward(minutes=5)
    mos.link(ids[0], LinkType.DERIVED_FROM, ids[1])
    step = next(one for one in mos.provenance(ids[0]).evidence if one.link.target == ids[1])
    assert step.at == mos.now


def test_what_was_merged_into_a_memory_is_followed_and_what_only_relates_is_not(mos: MOS, ids: list[str]) -> None:
    mos.link(ids[1], LinkType.RELATES, ids[3])
    other = mos.add("told otherwise").ids[0]
    mos.link(other, LinkType.MERGED_INTO, ids[1])
    found = told(mos.provenance(ids[0]).evidence, [*ids, other])
    assert (2, 4, "merged_into", 1, "sam", "link") in found
    assert not [one for one in found if one[2] == "relates"]


def test_a_ring_of_other_links_comes_to_an_end(mos: MOS, ids: list[str]) -> None:
    mos.link(ids[0], LinkType.RELATES, ids[3])
    mos.link(ids[3], LinkType.RELATES, ids[0])
    assert len(mos.provenance(ids[0]).evidence) == 5


def test_somebody_else_is_told_of_what_they_may_see(mos: MOS, ids: list[str]) -> None:
    mos.edit(ids[0], {"visibility": Visibility.PUBLIC.value})
    with MOS(mos.paths.data, settings=mos.settings, principal="eve") as eve:
        assert eve.provenance(ids[0]).evidence == ()
        mos.edit(ids[1], {"visibility": Visibility.PUBLIC.value})
        assert [one.other and one.other.content for one in eve.provenance(ids[0]).evidence] == ["its source"]
