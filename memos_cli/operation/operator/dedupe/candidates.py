"""Candidates: the memories that a new one is compared with, found by rare words, by the same attribute, and by meaning.

Comparing a memory with all others would mean reading the whole cube at every tick, so only candidates are compared.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from memos_cli.infra.vault import queries, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.infra.words.words import grams_expression, is_spaceless, pairs, terms, words
from memos_cli.model import NEVER_SUPERSEDED, Filter, Memory
from memos_cli.operation.operator.dedupe import change
from memos_cli.operation.operator.dedupe.attributes import cues
from memos_cli.operation.operator.dedupe.normal_form import MOST_CHARACTERS, as_written, read

if TYPE_CHECKING:
    from memos_cli.infra.local.vector_matrix import Matrix

RAREST = 4
"""How many of a memory's rarest words that others have, too, are searched for; all of them but one have to occur together."""
RARE = 20
"""A word that at most so many memories have is searched for by itself."""
COUNTED = 20_000
"""The memories that have a word are counted up to this number; beyond it, which of two words is rarer does not matter."""
FOUND = 24
NEAREST = 8
MOST_STATING = 60
"""The most memories that are looked at for each group of words that a change in words may end."""
"""The most candidates of a memory: `FOUND` by words and `NEAREST` by meaning."""

USUAL = 0.063
"""The mean cosine of unrelated texts by MiniLM (`Embedder.background`)."""


class Candidates:
    """Finds the candidates of one cube's memories; counts of words and vectors are shared by all of them.

    Args:
        vault: the cube.
        current: the filter that a candidate has to pass.
        matrix: the cube's vectors, where there are any; without them candidates are found by words.
        least: the least cosine of a candidate by meaning.
        background: the mean cosine of unrelated texts by the embedder that made the vectors.
    """

    def __init__(self, vault: Vault, current: Filter, matrix: "Matrix | None", least: float, background: float = USUAL) -> None:
        self._vault = vault
        self._current = current
        self._counts: dict[str, int] = {}
        self._nearby = _Nearby(vault, current, matrix, least, background) if matrix is not None else None

    def of(self, memory: Memory, row: int) -> list[tuple[Memory, float | None]]:
        """Memories that share rare words, state the same attribute, or are near in meaning, each with its cosine if known.

        Args:
            row: the memory's row in the cube.
        """
        clause, values = queries.condition(self._current)
        mine = (
            f"{clause} AND m.n <> ? AND m.owner IS ? AND m.visibility = ? AND m.task IS ? AND m.kind NOT IN (?, ?)",
            [*values, row, memory.owner, memory.visibility.value, memory.task, *NEVER_SUPERSEDED],
        )
        rows: dict[int, float | None] = {}
        expression = self._expression(memory)
        if expression is not None:
            rows = dict.fromkeys(n for n, _ in search.ranked(self._vault, expression, mine, FOUND))
        if memory.key is not None:
            rows |= dict.fromkeys(search.rows_with_key(self._vault, memory.key, mine))
        if self._nearby is not None:
            near = self._nearby.to(row, rows)
            rows |= dict.fromkeys(search.rows_that(self._vault, [n for n in near if n not in rows], mine))
            rows = {n: near.get(n) for n in rows}
        found = queries.by_rows(self._vault, rows)
        return [(found[n], cosine) for n, cosine in rows.items() if n in found]

    def _expression(self, memory: Memory) -> str | None:
        """The search for all but one of the rarest words, a rare word by itself, or another value of the same attribute."""
        reading = read(memory.content)  # its words count, too: "peanut allergy" reads "allergic to peanuts"
        own = terms(memory.content[:MOST_CHARACTERS])
        rare = [word for word in own if self._count(word) > 1]
        rare += [word for word in terms(reading.text[:MOST_CHARACTERS]) if word not in own and self._count(word)]
        rare = sorted(rare, key=lambda word: (self._count(word), word))[:RAREST]
        left_out: Sequence[int] = range(len(rare)) if len(rare) > 2 else (-1,)
        parts = []
        if rare:
            for gone in left_out:
                kept = [f'"{word}"' for place, word in enumerate(rare) if place != gone]
                parts.append(f"({{body}} : ({' AND '.join(kept)}))")
            parts += [f'({{body}} : "{word}")' for word in rare if self._count(word) <= RARE]
        parts += [f'({{body}} : "{quoted}")' for cue in cues(reading) if (quoted := _quotable(cue))]
        for group in change.cues(reading):
            if kept := [f'"{quoted}"' for cue in group if (quoted := _quotable(cue))]:
                parts.append(f"({{body}} : ({' AND '.join(kept)}))")
        grams = grams_expression(memory.content)
        return " OR ".join([*parts, *([grams] if grams else [])]) or None

    def _count(self, word: str) -> int:
        if word not in self._counts:
            self._counts[word] = search.count_with(self._vault, word, COUNTED)
        return self._counts[word]


def stating(vault: Vault, memory: Memory, row: int, current: Filter) -> list[Memory]:
    """The memories told before that a memory may end, as its words say: found by the index, none of them scored.

    Args:
        row: the memory's row in the cube.
    """
    reading = read(memory.content)
    groups = [*change.cues(reading), *(tuple(cue.split()) for cue in cues(reading))]
    clause, values = queries.condition(current)
    mine = (
        f"{clause} AND m.n < ? AND m.owner IS ? AND m.visibility = ? AND m.task IS ? AND m.kind NOT IN (?, ?)",
        [*values, row, memory.owner, memory.visibility.value, memory.task, *NEVER_SUPERSEDED],
    )
    rows: dict[int, None] = {}
    for cue in dict.fromkeys(tuple(map(_quotable, group)) for group in groups):
        kept = [word for word in cue if word]
        if not kept:
            continue
        if grams := [f'grams : "{part}"{"" if len(part) > 1 else " *"}' for word in kept for part in _pairs(word)]:
            rows |= dict.fromkeys(search.newest(vault, " AND ".join(grams), mine, MOST_STATING))
            continue
        wanted = " AND ".join(f"({' OR '.join(map(_quoted, as_written(word)))})" for word in kept)
        found = search.newest(vault, f"{{body}} : ({wanted})", mine, MOST_STATING)
        if len(found) == MOST_STATING:  # of so many, those that begin with these words
            found += search.newest(vault, f"{{body}} : ^ {_quoted(' '.join(kept))}", mine, MOST_STATING)
        rows |= dict.fromkeys(found)
    return list(queries.by_rows(vault, rows).values())


def _pairs(word: str) -> Sequence[str]:
    """The pairs of characters by which a word of a script without spaces is found, or its only one; none of another word."""
    return pairs(word) if is_spaceless(word) else ()


def _quoted(words: str) -> str:
    return f'"{words}"'


class _Nearby:
    """Nearness in meaning within one cube.

    Embedders differ in how near they put unrelated texts, so cosines are stretched to the scale of MiniLM, which the
    thresholds of a sweep were found with.
    """

    def __init__(self, vault: Vault, current: Filter, matrix: "Matrix", least: float, background: float) -> None:
        import numpy as np

        self._background, self._stretch = background, (1 - USUAL) / max(1 - background, 0.01)
        self._matrix = matrix
        self._least = least
        self._places = {int(key): place for place, key in enumerate(matrix.keys)}
        self._allowed = np.isin(matrix.keys, search.visible_rows(vault, queries.condition(current, scan=True)))

    def to(self, row: int, rows: Iterable[int]) -> dict[int, float]:
        """The cosines of the nearest rows, and of `rows`."""
        import numpy as np

        place = self._places.get(row)
        if place is None:
            return {}
        vector = self._matrix.vectors[place].astype(np.float32)
        hits = self._matrix.top(vector, NEAREST, self._allowed)
        near = zip(hits.keys.tolist(), map(self._scaled, hits.scores.tolist()), strict=True)
        found = {n: score for n, score in near if n != row and score >= self._least}
        for n in rows:
            if n not in found and n in self._places:
                found[n] = self._scaled(float(self._matrix.vectors[self._places[n]].astype(np.float32) @ vector))
        return found

    def _scaled(self, cosine: float) -> float:
        return USUAL + (cosine - self._background) * self._stretch


def _quotable(phrase: str) -> str:
    """The words of a phrase for an FTS5 string."""
    return " ".join(words(phrase))
