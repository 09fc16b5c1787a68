"""Pools of candidates for the tests of ranking, as a search would gather them of these texts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from memos_cli.infra.vault.pool.occurrences import Statistics, Text, occurrences
from memos_cli.infra.vault.pool.pool import Row
from memos_cli.infra.words.words import left_out, query_words
from memos_cli.operation.operator.ranking import ranking
from memos_cli.operation.operator.ranking.features import Evidence, Place
from memos_cli.operation.operator.ranking.ranking import Ranked


def row(n: int, content: str, speaker: str | None = None, turn: int | None = None, **header: Any) -> Row:
    """The row of a memory; with a turn one of the conversation `talk`."""
    fields: dict[str, Any] = {
        "n": n, "turn": None if turn is None else ("talk", "1", turn), "text": Text(content, None, speaker, None, ()),
        "occurred_at": None, "kind": "note", "state": "active", "priority": 0, "pinned": False,
        "untrusted": False, "valid_from": None, "valid_to": None, "created": 0,
    }  # fmt: skip
    return Row(**(fields | header))


def pool_of(
    query: str,
    rows: Iterable[Row],
    cosines: Mapping[int, float] | None = None,
    spread: tuple[float, float] = (0.04, 0.09),
    documents: int = 0,
) -> Evidence:
    """The pool of these memories of one cube.

    Args:
        cosines: by number; `None` for a lexical search.
        spread: of the cosines of all memories.
        documents: how many memories the cube has, if more than these.
    """
    words, found = query_words(query), {(0, one.n): one for one in rows}
    at = occurrences(words, {n: one.text for (_, n), one in found.items()})
    having = tuple(len(body.keys() | names) for body, names in zip(at.body, at.names, strict=True))
    length = sum(len(one.text.content.split()) for one in found.values()) / max(1, len(found))
    known: dict[Place, float] = {(0, n): cosine for n, cosine in (cosines or {}).items() if (0, n) in found}
    beside = {(0, one.turn): place for place, one in found.items() if one.turn is not None}
    counted = Statistics(max(documents, len(found)), length, having)
    return Evidence(found, beside, {}, known, known, None if cosines is None else spread, [at], [counted], {})


def ranked(query: str, pool: Evidence) -> Ranked:
    """This pool as a search ranks it."""
    words = query_words(query)
    return ranking.rank(query, words, frozenset(words) - left_out(query), pool)


def order(query: str, contents: Sequence[str], **given: Any) -> list[int]:
    """The numbers of these memories, counted from 0, the best first."""
    pool = pool_of(query, [row(n, content) for n, content in enumerate(contents)], **given)
    return [one.place[1] for one in ranked(query, pool).judged]


_words = st.sampled_from(
    ["the", "heron", "Ann", "weir", "43", "E-1042", "苍鹭", "straße", "I", "?", "😀", "é", '"', "\x01", "and"]
)
texts = st.one_of(
    st.just(""),
    st.lists(_words, max_size=12).map(" ".join),
    st.text(max_size=40),
    st.tuples(_words, st.integers(1, 40_000)).map(lambda one: f"{one[0]} " * one[1]),
)
"""Contents: none at all, words that meet those of the queries, any characters, and far too much."""
queries = st.one_of(st.lists(_words, max_size=8).map(" ".join), st.text(max_size=60))
_numbers = st.floats(-1, 1, allow_nan=False)


@st.composite
def pools(draw: st.DrawFn) -> tuple[str, Evidence]:
    """A query and a pool of 0 to 100 candidates, with vectors or without, in a conversation or outside of one."""
    query = draw(queries)
    few = draw(st.lists(texts, max_size=8))
    count = draw(st.integers(0, 100)) if few else 0
    speakers = draw(st.lists(st.sampled_from([None, "", "Ann", "user", "assistant"]), min_size=1, max_size=4))
    in_talk = draw(st.booleans())
    occurred = draw(st.sampled_from([None, "2023-05-12T00:00:00.000Z", "0001-01-01T00:00:00.000Z", ""]))
    rows = [
        row(
            n, few[n % len(few)][: 200_000 if n < len(few) else 100], speakers[n % len(speakers)], n if in_talk else None,
            occurred_at=occurred, kind=("note", "fact", "event")[n % 3], untrusted=n % 5 == 0, pinned=n % 7 == 0,
            priority=n % 3 - 1, state="archived" if n % 11 == 0 else "active",
        )
        for n in range(count)
    ]  # fmt: skip
    cosines = None
    if draw(st.booleans()):
        drawn = draw(st.lists(_numbers, min_size=1, max_size=10))
        cosines = {n: drawn[n % len(drawn)] for n in range(count) if n % 4}
    spread = (draw(_numbers), draw(st.floats(1e-3, 1, allow_nan=False)))
    made = pool_of(query, rows, cosines, spread, draw(st.integers(0, 10**9)))
    share = draw(st.floats(0, 1, allow_nan=False))
    return query, made._replace(reads={place: share for place in made.rows if place[1] % 2})
