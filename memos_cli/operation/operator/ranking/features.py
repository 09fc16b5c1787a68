"""What the network reads of each candidate: words and meaning of a memory, and of what stands around it, as numbers. Pure."""

import math
from collections.abc import Mapping, Sequence

from memos_cli.infra.vault.pool.occurrences import Occurrences, Statistics
from memos_cli.infra.vault.pool.pool import Row
from memos_cli.operation.operator.ranking import question
from memos_cli.operation.operator.ranking.question import Question
from memos_cli.operation.operator.ranking.rarity import rarity
from memos_cli.records import NamedTuple

Place = tuple[int, int]
"""A memory's place: the index of its cube, and its row there."""

REACH = 2
"""How many turns before and after a turn are read."""
STEPS = (-1, 1, -2, 2)
ASSISTANTS = frozenset({"assistant", "ai", "bot", "model", "chatgpt", "claude"})
_K1, _B = 1.2, 0.75
"""BM25's constants, as FTS5 has them."""
_CHARACTERS = 5.7
"""Characters of a word with the space behind it, in English prose."""
_NAMES = 0.5
"""The weight of a word among the names, beside one in the content, as in the candidates' own search."""
_FULL = 15.0
"""A BM25 score that counts as one: it takes two or three words of a query that are rare."""
_FAR = 5.0
"""Standard deviations above an unrelated text that count as one."""
_DIGITS = 9
"""Digits of scores that tell them apart: numpy adds up the same vector in another order in another row."""

PARTS = {
    "words": (
        "bm25", "bm25 share", "bm25 rank", "coverage", "rare", "all words", "matched", "phrase", "in names", "lexical lead",
        "telling", "telling missed", "asked",
    ),
    "meaning": (
        "nearness", "cosine", "cosine share", "cosine rank", "cosine lead", "around", "around share", "has vector",
    ),
    "context": tuple(f"{what} {step:+}" for step in STEPS for what in ("bm25", "cosine")),
    "speaker": ("spoken by named", "spoken to named", "own and user", "assistant", "user", "name told"),
    "form": ("length", "short", "asks", "in talk", "fact", "event", "size"),
    "answer": ("when", "count", "person", "in time", "out of time"),
}  # fmt: skip
"""The features by the part of a score that they belong to."""
FEATURES = tuple(name for names in PARTS.values() for name in names)


class Evidence(NamedTuple):
    """The candidates of a query and what stands around them.

    Attributes:
        rows: the candidates.
        beside: the places of turns: by cube and turn.
        lexical: BM25 scores as the candidates' own search gave them, neighbours among them.
        cosines: of candidates and of neighbours, as far as there are vectors.
        around: cosines of the query with the candidates' turns and the turns beside them taken together.
        spread: mean and standard deviation of the cosines of the query with all memories; `None` in a lexical search.
        occurrences: where the query's words are, by cube.
        statistics: of each cube's index.
        reads: the share of the query and of a candidate that the embedder can read; of what is not in it, all.
    """

    rows: Mapping[Place, Row]
    beside: Mapping[tuple[int, tuple[str, str | None, int]], Place]
    lexical: Mapping[Place, float]
    cosines: Mapping[Place, float]
    around: Mapping[Place, float]
    spread: tuple[float, float] | None
    occurrences: Sequence[Occurrences]
    statistics: Sequence[Statistics]
    reads: Mapping[Place, float]


class Words(NamedTuple):
    """How the words of a query weigh: the inverse document frequency of each, over all cubes together."""

    weights: tuple[float, ...]
    length: float

    @classmethod
    def of(cls, statistics: Sequence[Statistics]) -> "Words":
        """The weights of the words that these statistics count."""
        documents = sum(one.documents for one in statistics)
        having = [sum(counts) for counts in zip(*(one.having for one in statistics), strict=True)]
        # As Lucene's: never below zero, so that in a small cube a word that half of the memories have still counts a little.
        weights = tuple(math.log(1 + (max(documents, most) - most + 0.5) / (most + 0.5)) for most in having)
        words = sum(one.words * one.documents for one in statistics) / documents if documents else 0.0
        return cls(weights, max(1.0, _CHARACTERS * words))


def bm25(pool: Evidence, words: Words) -> dict[Place, float]:
    """The BM25 score of each candidate, by all words of the query."""
    found = dict.fromkeys(pool.rows, 0.0)
    for cube, at in enumerate(pool.occurrences):
        norms = {n: _K1 * (1 - _B + _B * length / words.length) for n, length in at.lengths.items()}
        for weight, body, names in zip(words.weights, at.body, at.names, strict=True):
            for n in body.keys() | names:
                often = (max(1, len(body[n])) if n in body else 0) + _NAMES * (n in names)
                found[cube, n] += weight * often * (_K1 + 1) / (often + norms[n])
    return found


def _ranks(scores: Mapping[Place, float]) -> dict[Place, float]:
    """What the rank of each score above zero counts for; equal scores share a rank, so that equals stay equal."""
    rounded = {place: round(score, _DIGITS) for place, score in scores.items() if score > 0}
    first: dict[float, float] = {}
    for rank, score in enumerate(sorted(rounded.values(), reverse=True)):
        first.setdefault(score, 1 / (1 + rank / 5))
    return {place: first[score] for place, score in rounded.items()}


def _tenth(scores: Sequence[float]) -> float:
    return sorted(scores, reverse=True)[min(len(scores), 10) - 1] if scores else 0.0


def features(query: str, asked_words: Sequence[str], pool: Evidence) -> dict[Place, list[float]]:
    """The features of each candidate, in the order of `FEATURES`.

    Args:
        query: the query as it was asked.
        asked_words: its words, those that `pool` counts.
        pool: its candidates.
    """
    asked = question.read(query)
    words = Words.of(pool.statistics)
    scores = bm25(pool, words)
    size = math.log1p(sum(one.documents for one in pool.statistics)) / 10
    return {
        place: [
            *by_words,
            *by_meaning,
            *context,
            *_speaker(asked, row, people),
            *_form(row),
            size,
            *_answer(asked, row),
        ]
        for (place, row), by_words, by_meaning, context, people in zip(
            pool.rows.items(),
            _words(pool, words, scores, [rarity(word) for word in asked_words]),
            _meaning(pool),
            _context(pool, scores),
            _people(pool, query),
            strict=True,
        )
    }


class _Held:
    """What the words of the query that one memory has come to: sums over these words."""

    __slots__ = ("coverage", "matched", "near", "rare", "spoken", "telling")

    def __init__(self) -> None:
        self.coverage = self.rare = self.telling = self.spoken = 0.0
        self.matched = self.near = 0


_NOTHING_HELD = _Held()


def _held(pool: Evidence, weights: Sequence[float], rarities: Sequence[float], rarest: Sequence[int]) -> dict[Place, _Held]:
    """The sums of every candidate that has a word of the query."""
    found: dict[Place, _Held] = {}
    for cube, at in enumerate(pool.occurrences):
        for index, (weight, body, names) in enumerate(zip(weights, at.body, at.names, strict=True)):
            for n in body.keys() | names:
                held = found.get((cube, n)) or found.setdefault((cube, n), _Held())
                held.coverage += weight
                held.telling += rarities[index]
                held.matched += 1
                if index in rarest:
                    held.rare += weight
                if n in names:
                    held.spoken += weight
            if index:
                before = at.body[index - 1]
                for n in body.keys() & before.keys():
                    found[cube, n].near += _adjacent(before[n], body[n])
    return found


def _words(pool: Evidence, words: Words, scores: Mapping[Place, float], rarities: Sequence[float]) -> list[tuple[float, ...]]:
    top, ranks, tenth = max(scores.values(), default=0.0) or 1.0, _ranks(scores), _tenth(list(scores.values()))
    weights, count = words.weights, len(words.weights)
    total = sum(weights) or 1.0
    rarest = sorted(range(count), key=lambda place: -weights[place])[:2]
    most_rare = sum(weights[place] for place in rarest) or 1.0
    telling, asked = sum(rarities) or 1.0, math.log1p(sum(rarities)) / 2
    everyone = _held(pool, weights, rarities, rarest)
    found: list[tuple[float, ...]] = []
    for place in pool.rows:
        score, held = scores[place], everyone.get(place, _NOTHING_HELD)
        found.append(
            (
                min(2.0, score / _FULL),
                score / top,
                ranks.get(place, 0.0),
                held.coverage / total,
                held.rare / most_rare,
                float(0 < count == held.matched),
                math.log1p(held.matched) / 2,
                held.near / max(1, count - 1),
                held.spoken / total,
                max(-1.0, min(1.0, (score - tenth) / _FULL)),
                held.telling / telling,
                math.log1p(max(0.0, telling - held.telling)) / 2,
                asked,
            )
        )
    return found


def _adjacent(first: Sequence[int], second: Sequence[int]) -> bool:
    behind = set(second)
    return any(offset + 1 in behind or offset + 2 in behind for offset in first)


def _meaning(pool: Evidence) -> list[tuple[float, ...]]:
    nothing = (0.0,) * len(PARTS["meaning"])
    if pool.spread is None:
        return [nothing] * len(pool.rows)
    mean, deviation = pool.spread
    mine = {place: pool.cosines[place] for place in pool.rows if place in pool.cosines}
    top, ranks = max(mine.values(), default=0.0), _ranks({place: cosine + 2 for place, cosine in mine.items()})
    tenth = _tenth(list(mine.values()))
    widest = max((pool.around.get(place, cosine) for place, cosine in mine.items()), default=0.0)
    found = []
    for place in pool.rows:
        cosine = mine.get(place)
        if cosine is None:
            found.append(nothing)
            continue
        wide, reads = pool.around.get(place, cosine), pool.reads.get(place, 1.0)
        found.append(
            (
                reads * _normal(cosine, pool.spread),
                reads * cosine,
                reads * max(-1.0, (cosine - mean) / max(top - mean, 1e-6)),
                reads * ranks[place],
                reads * max(-1.0, min(1.0, (cosine - tenth) / deviation / _FAR)),
                reads * _normal(wide, pool.spread),
                reads * max(-1.0, (wide - mean) / max(widest - mean, 1e-6)),
                reads,
            )
        )
    return found


def _normal(cosine: float, spread: tuple[float, float]) -> float:
    return max(-1.0, min(2.0, (cosine - spread[0]) / spread[1] / _FAR))


def _context(pool: Evidence, scores: Mapping[Place, float]) -> list[list[float]]:
    top = max(max(scores.values(), default=0.0), max(pool.lexical.values(), default=0.0)) or 1.0
    found = []
    for (cube, n), row in pool.rows.items():
        mine: list[float] = []
        reads = pool.reads.get((cube, n), 1.0)
        for step in STEPS:
            beside = None
            if row.turn is not None:
                talk, session, number = row.turn
                beside = pool.beside.get((cube, (talk, session, number + step)))
            score = 0.0 if beside is None else scores.get(beside, pool.lexical.get(beside, 0.0))
            cosine = None if beside is None or pool.spread is None else pool.cosines.get(beside)
            mine += [score / top, reads * _normal(cosine, pool.spread) if cosine is not None and pool.spread else 0.0]
        found.append(mine)
    return found


class _People(NamedTuple):
    """Who is named: the words of the query, and whether somebody else of the same conversation is named by them."""

    words: frozenset[str]
    others: frozenset[str]


def _people(pool: Evidence, query: str) -> list[_People]:
    words = frozenset(query.lower().replace("'s", " ").replace("\u2019s", " ").replace("?", " ").replace(",", " ").split())
    speakers: dict[tuple[int, str], set[str]] = {}
    for (cube, _), row in pool.rows.items():
        if row.turn is not None and row.text.speaker:
            speakers.setdefault((cube, row.turn[0]), set()).add(row.text.speaker.lower())
    return [
        _People(
            words,
            frozenset(name for name in speakers.get((cube, row.turn[0]), ()) if is_named(name, words))
            if row.turn
            else frozenset(),
        )
        for (cube, _), row in pool.rows.items()
    ]


def is_named(speaker: str, words: frozenset[str]) -> bool:
    """Whether a speaker is named by these words: by any part of the name."""
    return any(part in words for part in speaker.split())


def _speaker(asked: Question, row: Row, people: _People) -> tuple[float, ...]:
    speaker = (row.text.speaker or "").lower()
    named = bool(speaker) and is_named(speaker, people.words)
    assistant = speaker in ASSISTANTS
    told = row.text.content.lower()
    names = asked.names - {speaker}
    return (
        float(named),
        float(bool(people.others) and not named),
        float(asked.own and speaker == "user"),
        float(assistant),
        float(speaker == "user"),
        sum(name in told for name in names) / len(names) if names else 0.0,
    )


def _form(row: Row) -> tuple[float, ...]:
    length = len(row.text.content)
    return (
        math.log1p(length) / 7,
        math.exp(-length / 100),
        float(row.text.content.rstrip().endswith(("?", "\uff1f"))),
        float(row.turn is not None),
        float(row.kind in {"fact", "preference", "rule"}),
        float(row.kind == "event"),
    )


def _answer(asked: Question, row: Row) -> tuple[float, ...]:
    said = row.text.content[:2000]
    happened = bool(asked.times) and question.matches(asked.times, row.occurred_at)
    return (
        float(asked.when and question.tells_time(said)),
        float(asked.number and question.tells_number(said)),
        float(asked.person and any(part[:1].isupper() for part in said.split()[1:])),
        float(happened),
        float(bool(asked.times) and not happened),
    )
