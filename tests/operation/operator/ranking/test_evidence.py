"""What ranking reads of a query's candidates, out of real cubes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.infra.words.words import query_words
from memos_cli.model import Draft, Filter, Source, Visibility
from memos_cli.operation.operator.ranking import evidence
from memos_cli.operation.operator.ranking.evidence import Inquiry, gather
from memos_cli.operation.operator.ranking.features import Evidence, Place
from memos_cli.operation.operator.retrieval import Finder


class Sayings:
    """An embedder as far as gathering asks it."""

    background = (0.0, 0.1)

    def reads(self, text: str) -> float:
        return 0.5 if text.isascii() else 0.2


class Vectors:
    """What a finder asks for the vectors of a cube: the same for every row, except where told otherwise."""

    def __init__(self, told: dict[int, list[float]]) -> None:
        import numpy as np

        self.told = {n: np.asarray(one, dtype=np.float32) for n, one in told.items()}

    def matrix(self, *_: object) -> Any:
        return self

    def sample(self, most: int) -> Any:
        import numpy as np

        return np.stack(list(self.told.values()))[:most]

    def rows(self, _vault: object, rows: Sequence[int], _cold: object) -> dict[int, Any]:
        return {n: self.told[n] for n in rows if n in self.told}


def finders(mos: MOS, who: str | None = None, vectors: Vectors | None = None) -> list[Finder]:
    matrix, rows = (vectors.matrix, vectors.rows) if vectors else (lambda *_: None, lambda *_: {})
    return [Finder(vault, mos.sight(vault, Filter(at=mos.now), who), matrix, rows) for vault in mos.vaults(who)]


def gathered(found: list[Finder], query: str, **asked: Any) -> tuple[Evidence, list[Place]]:
    lexical = {(cube, n): score for cube, one in enumerate(found) for n, score in one.by_words(query, 200).items()}
    return gather(found, Inquiry(query, query_words(query), **asked), lexical, {})


def say(mos: MOS, texts: Sequence[str], **fields: Any) -> None:
    mos.add(drafts=[Draft(text, source=Source(conversation="talk", turn=turn), **fields) for turn, text in enumerate(texts, 1)])


def contents(pool: Evidence) -> set[str]:
    return {row.text.content for row in pool.rows.values()}


TALK = ("Hello there", "Have you seen the heron?", "By the weir", "Where else?", "At the mill")


def test_the_turns_beside_a_candidate_are_candidates_too(mos: MOS) -> None:
    say(mos, TALK)
    pool, rest = gathered(finders(mos), "heron")
    assert contents(pool) == set(TALK[:3])
    assert rest == []
    assert pool.beside[0, ("talk", None, 4)] not in pool.rows, "two turns away is looked at, and no candidate"
    assert pool.spread is None
    assert pool.reads == {}


def test_turns_that_the_principal_may_not_see_are_neither_candidates_nor_looked_at(mos: MOS) -> None:
    say(mos, TALK)
    (heron,) = (one.id for one in mos.list() if "heron" in one.content)
    mos.edit(heron, {"visibility": Visibility.PUBLIC})
    pool, _ = gathered(finders(mos, "eve"), "heron")
    assert contents(pool) == {TALK[1]}
    assert set(pool.beside.values()) == set(pool.rows)


def test_forgotten_turns_are_not_looked_at(mos: MOS) -> None:
    say(mos, TALK)
    mos.delete([one.id for one in mos.list() if one.content in {TALK[0], TALK[2]}])
    assert contents(gathered(finders(mos), "heron")[0]) == {TALK[1]}


def test_only_the_strongest_are_read_and_the_rest_keep_their_order(mos: MOS) -> None:
    count = evidence.READ + 20
    mos.add(drafts=[Draft("heron " * (count - number) + f"number {number}") for number in range(count)])
    found = finders(mos)
    pool, rest = gathered(found, "heron")
    assert (len(pool.rows), len(rest)) == (evidence.READ, 20)
    assert not pool.rows.keys() & set(rest)
    scores = found[0].by_words("heron", 200)
    assert [scores[n] for _, n in rest] == sorted((scores[n] for _, n in rest), reverse=True)


def test_two_cubes_are_one_pool_and_their_rows_stay_apart(mos: MOS, home: Path) -> None:
    say(mos, TALK)
    mos.create_cube("other")
    with MOS(home, "other", settings=mos.settings) as other:
        say(other, ("A heron here too", "Is there?"))
        pool, _ = gathered([*finders(mos), *finders(other)], "heron")
    assert contents(pool) == {*TALK[:3], "A heron here too", "Is there?"}
    assert {cube for cube, _ in pool.rows} == {0, 1}
    assert [one.documents for one in pool.statistics] == [5, 2]


def test_cosines_are_of_candidates_and_of_the_turns_beside_them(mos: MOS) -> None:
    np = pytest.importorskip("numpy")
    say(mos, TALK)
    first = min(n for _, n in gathered(finders(mos), "heron")[0].rows)
    told = Vectors({first: [1.0, 0.0], first + 1: [0.0, 1.0], first + 3: [0.6, 0.8]})
    vector = np.asarray([1.0, 0.0], dtype=np.float32)
    pool, _ = gathered(finders(mos, vectors=told), "heron", vector=vector, embedder=Sayings())
    assert pool.cosines == pytest.approx({(0, first): 1.0, (0, first + 1): 0.0, (0, first + 3): 0.6})
    assert pool.around[0, first + 1] == pytest.approx(1 / 5**0.5), "twice its own vector, once that of the turn before"
    assert (0, first + 2) not in pool.around, "it has no vector"


def test_few_memories_do_not_tell_what_an_unrelated_text_has(mos: MOS) -> None:
    np = pytest.importorskip("numpy")
    say(mos, TALK)
    vector = np.asarray([1.0, 0.0], dtype=np.float32)

    def spread(count: int) -> tuple[float, float]:
        told = Vectors({n: [0.8, 0.6] for n in range(count)})
        found = gathered(finders(mos, vectors=told), "heron", vector=vector, embedder=Sayings())[0].spread
        assert found is not None
        return found

    few, many = spread(1), spread(500)
    assert few[0] < 0.1
    assert 0.7 < many[0] < 0.8
    assert few[1] > 0
    assert many[1] > 0


def test_what_the_embedder_cannot_read_is_told_of_query_and_candidate(mos: MOS) -> None:
    np = pytest.importorskip("numpy")
    mos.add("A heron by the weir")
    mos.add("\u0426\u0430\u043f\u043b\u044f heron")
    vector = np.asarray([1.0, 0.0], dtype=np.float32)
    told = Vectors({1: [0.8, 0.6]})
    pool, _ = gathered(finders(mos, vectors=told), "heron", vector=vector, embedder=Sayings())
    shares = {pool.rows[place].text.content[:1]: share for place, share in pool.reads.items()}
    assert shares == pytest.approx({"A": 0.5, "\u0426": 0.5 * 0.2})


def test_nothing_is_gathered_of_an_empty_cube(mos: MOS) -> None:
    mos.create_cube("default")
    pool, rest = gathered(finders(mos), "heron")
    assert (dict(pool.rows), rest) == ({}, [])
