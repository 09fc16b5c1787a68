"""The words of what may be seen, while others write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.vault.lexical import weights
from memos_cli.infra.vault.sight import seen_words
from memos_cli.model import Filter, Visibility
from tests.conftest import Clock


@pytest.fixture
def eve(mos: MOS, home: Path, clock: Clock) -> Iterator[MOS]:
    """The home as somebody sees it who is not the owner of its cube."""
    with MOS(home, settings=mos.settings, clock=clock, principal="eve") as opened:
        yield opened


def test_who_writes_in_the_middle_of_a_search_neither_breaks_nor_changes_it(
    mos: MOS, eve: MOS, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        mos.add(f"the lantern by the harbour {number}", visibility=Visibility.PUBLIC)
    before = {hit.memory.id for hit in eve.search("lantern", lexical=True).hits}
    totals = weights.totals
    written: list[int] = []

    def between(*arguments: object) -> list[int]:
        """The sizes of the index, as they are before forty memories more have the word that is looked for."""
        found = totals(*arguments)  # type: ignore[arg-type]
        if not written:
            written.append(1)
            for number in range(40):
                mos.add(f"another lantern by the river {number}", visibility=Visibility.PUBLIC)
        return found

    monkeypatch.setattr(seen_words.weights, "totals", between)
    during = {hit.memory.id for hit in eve.search("lantern", lexical=True).hits}
    assert written
    assert during == before
    assert len(eve.search("lantern", lexical=True).hits) > len(before)


def test_a_block_of_reads_sees_one_state_and_one_set_of_rules(mos: MOS, eve: MOS) -> None:
    shown = mos.add("the lantern is lit", visibility=Visibility.PUBLIC).ids[0]
    vault, wanted = eve.vault("default"), Filter(at=mos.now)
    with vault.reading():
        assert vault.count(wanted) == 1
        mos.edit(shown, {"visibility": Visibility.PRIVATE})
        mos.add("the harbour is closed", visibility=Visibility.PUBLIC)
        with vault.reading():
            assert [one.id for one in vault.find(wanted)] == [shown]
        assert vault.count(wanted) == 1
    assert [one.content for one in vault.find(wanted)] == ["the harbour is closed"]
