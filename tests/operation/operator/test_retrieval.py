"""Searches while others write: what was ranked and is gone is not shown, and nothing fails."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.operation.operator.ranking import ranking
from tests.conftest import Clock


@pytest.fixture
def other(mos: MOS, home: Path, clock: Clock) -> Iterator[MOS]:
    """The same home, opened by another process of the person's."""
    with MOS(home, settings=mos.settings, clock=clock) as opened:
        yield opened


@pytest.mark.parametrize("k", [1, 3, 10])
def test_a_memory_that_is_purged_after_it_was_ranked_is_no_hit(
    mos: MOS, other: MOS, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    ids = [mos.add(f"the lantern by the {place} is lit").ids[0] for place in ("harbour", "river", "meadow", "cedar", "mill")]
    rank: Callable[..., Any] = ranking.rank
    best: list[str] = []

    def then_purged(*arguments: Any, **named: Any) -> Any:
        ranked = rank(*arguments, **named)
        first = arguments[3].rows[ranked.judged[0].place]
        best.append(next(one.id for one in mos.list() if one.content == first.text.content))
        other.purge(best[0])
        return ranked

    monkeypatch.setattr(ranking, "rank", then_purged)
    found = [hit.memory.id for hit in mos.search("lantern lit", k=k, lexical=True).hits]
    assert best[0] not in found
    assert len(found) == min(k, len(ids) - 1)
    assert set(found) < set(ids)
