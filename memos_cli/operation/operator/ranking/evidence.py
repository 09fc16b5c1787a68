"""Gathers what ranking reads of a query's candidates: their rows, the turns beside them, where words occur, vectors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.infra.vault.pool import pool as rows
from memos_cli.infra.vault.pool.occurrences import occurrences, statistics
from memos_cli.infra.words.words import query_fours
from memos_cli.operation.operator.ranking.features import REACH, Evidence, Place
from memos_cli.operation.operator.ranking.fusion import fused
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.operation.operator.finder import Finder
    from memos_cli.ports.ports import Embedder

READ = 80
"""How many of the strongest candidates are read."""
ADJOINED = 30
"""How many of the strongest bring the turns before and after them among the candidates: of the others it seldom pays."""
_SAMPLE = 512
"""Vectors whose cosines with the query tell what an unrelated text has."""
_READ_OF = 200
"""Characters of a candidate that are looked at for whether the embedder can read them."""
_PRIOR = 20
"""How many texts the embedder's own mean and deviation count for, beside those of the cube: a cube may have five."""


class Inquiry(NamedTuple):
    """A query.

    Attributes:
        words: the words that are counted.
        vector: its unit vector, float32, shape (dimensions,); `None` in a lexical search.
        embedder: made the vector.
    """

    text: str
    words: tuple[str, ...]
    vector: Any = None
    embedder: "Embedder | None" = None


def gather(
    finders: "Sequence[Finder]", asked: Inquiry, lexical: Mapping[Place, float], cosines: Mapping[Place, float]
) -> tuple[Evidence, list[Place]]:
    """The pool of a query's candidates, and the other candidates, best first.

    Args:
        finders: the cubes.
        asked: the query.
        lexical: the candidates by words.
        cosines: the candidates by meaning.
    """
    scores = fused(lexical, cosines)
    ordered = sorted(scores, key=lambda place: (-scores[place], place))
    strongest, rest = ordered[:READ], ordered[READ:]
    found = _rows(finders, strongest)
    turns: dict[tuple[int, rows.Turn], Place] = {(cube, row.turn): (cube, n) for (cube, n), row in found.items() if row.turn}
    for cube, finder in enumerate(finders):
        mine = [row.turn for (index, _), row in found.items() if index == cube and row.turn]
        turns |= {(cube, turn): (cube, n) for turn, n in finder.beside(mine, REACH).items()} if mine else {}
    adjoined = {
        beside
        for cube, n in strongest[:ADJOINED]
        if (row := found.get((cube, n))) and row.turn
        for step in (-1, 1)
        if (beside := turns.get((cube, (*row.turn[:2], row.turn[2] + step)))) and beside not in found
    }
    found |= _rows(finders, sorted(adjoined))
    fours = query_fours(asked.text, asked.words)
    near = set(found) | set(turns.values())
    known, around, spread = _meaning(finders, found, turns, near, cosines, asked)
    return (
        Evidence(
            found,
            turns,
            lexical,
            known,
            around,
            spread,
            [
                occurrences(asked.words, {n: row.text for (index, n), row in found.items() if index == cube}, fours)
                for cube in range(len(finders))
            ],
            [statistics(finder.vault, asked.words) for finder in finders],
            _readable(asked, found),
        ),
        [place for place in rest if place not in found],
    )


def _rows(finders: "Sequence[Finder]", places: Iterable[Place]) -> dict[Place, rows.Row]:
    wanted = list(places)
    found: dict[Place, rows.Row] = {}
    for cube, finder in enumerate(finders):
        mine = [n for index, n in wanted if index == cube]
        if mine:
            found |= {(cube, n): row for n, row in rows.rows_of(finder.vault, mine).items()}
    return found


def _meaning(
    finders: "Sequence[Finder]",
    found: Mapping[Place, rows.Row],
    turns: Mapping[tuple[int, rows.Turn], Place],
    near: Iterable[Place],
    cosines: Mapping[Place, float],
    asked: Inquiry,
) -> tuple[dict[Place, float], dict[Place, float], tuple[float, float] | None]:
    """Cosines of the candidates and the turns beside them, cosines of turns taken with those beside them, and the spread."""
    vector = asked.vector
    if vector is None or asked.embedder is None:
        return {}, {}, None
    import numpy as np

    vectors: dict[Place, Any] = {}
    samples = []
    for cube, finder in enumerate(finders):
        mine = sorted(n for index, n in near if index == cube)
        vectors |= {(cube, n): one for n, one in finder.vectors(mine).items()}
        samples += [matrix.sample(_SAMPLE) @ vector for matrix in finder.matrices()]
    places = list(vectors)
    known = dict(zip(places, (np.stack([vectors[p] for p in places]) @ vector).tolist(), strict=True)) if places else {}
    around = {}
    for (cube, n), row in found.items():
        if row.turn is None or (cube, n) not in vectors:
            continue
        wide = 2.0 * vectors[cube, n]
        for step in (-1, 1):
            beside = turns.get((cube, (*row.turn[:2], row.turn[2] + step)))
            if beside in vectors:
                wide = wide + vectors[beside]
        around[cube, n] = float(wide @ vector / max(float(np.linalg.norm(wide)), 1e-6))
    return {**cosines, **known}, around, _spread(np.concatenate(samples) if samples else np.zeros(0), asked.embedder.background)


def _readable(asked: Inquiry, found: Mapping[Place, rows.Row]) -> dict[Place, float]:
    """The share of the query and of each candidate that the embedder can read, multiplied.

    A candidate in Latin letters is taken to be readable: to look at each would take longer than to rank them.
    """
    if asked.vector is None or asked.embedder is None:
        return {}
    share = asked.embedder.reads(asked.text)
    beginnings = {place: row.text.content[:_READ_OF] for place, row in found.items()}
    return {place: share if _latin(text) else share * asked.embedder.reads(text) for place, text in beginnings.items()}


def _latin(text: str) -> bool:
    return text.isascii() or all(letter < "\u0250" or "\u1fff" < letter < "\u2e80" for letter in text)


def _spread(cosines: Any, background: tuple[float, float]) -> tuple[float, float]:  # noqa: ANN401 -- numpy
    """Mean and deviation of these cosines, drawn towards those of the embedder where there are few."""
    mean, deviation = background
    weight = len(cosines) / (len(cosines) + _PRIOR)
    if not len(cosines):
        return background
    middle = weight * float(cosines.mean()) + (1 - weight) * mean
    variance = weight * float(((cosines - middle) ** 2).mean()) + (1 - weight) * deviation**2
    return middle, max(variance**0.5, 1e-3)
