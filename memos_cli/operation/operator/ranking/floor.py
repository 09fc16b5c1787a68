"""The floor: whether anything among the hits of a query answers it, and which hits fit it by themselves. Pure.

The floor decides a query, not a hit: a question to which nothing here is an answer has hits, too, since some memory is always
the nearest. It decides from the best hits together.
"""

import math
from collections.abc import Sequence
from operator import mul

from memos_cli.infra.vault.pool.occurrences import Occurrences, Statistics
from memos_cli.operation.operator.ranking import question
from memos_cli.operation.operator.ranking.features import FEATURES, Evidence, Place
from memos_cli.operation.operator.ranking.network import Network, probability
from memos_cli.operation.operator.ranking.rarity import rarity
from memos_cli.records import NamedTuple

SIGNS = (
    "best", "second", "third", "tenth", "telling of the best", "most telling", "all words", "phrase", "nearness of the best",
    "nearest", "asked", "asks", "vectors", "size", "telling and near", "known", "names known", "named", "any", "own", "little",
)  # fmt: skip
"""What the floor reads of the best hits and of the query, in the order of its weights."""
SIGNS_OF_NOTES = ("best", "second", "third", *(name for name in FEATURES if name != "size"), "question", "long")
"""What the floor of notes reads where there are vectors: three scores, the features of the best hit, and the form of the query.

The size of the cube is left out: a floor that was trained on cubes of up to a thousand notes knows nothing of larger ones.
"""
CLIPPED = 4.0
"""What log-odds are divided by, to be as large as the other signs."""
_BEST = 5
"""How many of the best hits are read."""
_AT = {name: place for place, name in enumerate(FEATURES)}
ANSWERS = 0.5
"""The probability that anything here answers, below which nothing is shown."""
FITS = 0.12
"""The probability that a memory answers, from which it is used, put into a prompt or taken by a chain."""
_KEYWORDS = 2
"""Words up to which a query of nothing but function words is taken at its word: "door" is one in Dutch."""
_LITTLE, _NEAR = 0.3, 0.4
"""Nothing answers where no hit has as much of the query's words, by their rarity in the language, or is as near in meaning (in
units of five standard deviations): of "which month was the castle built in" the month alone is little."""
_NAMED = 0.9
"""The rarity in the language from which a word with a capital is a name, and not the beginning of a title."""
_LONG = 20
"""The words of a query that is long."""
_READ = 0.5
"""The share of a text and its query from which the embedder reads them, so that their vectors tell something."""
_FREQUENT = 0.05
"""The share of a cube's memories up to which a name tells something: that of a speaker stands in half of them."""


class Judged(NamedTuple):
    """A candidate with the log-odds that it answers, and its features."""

    place: Place
    log_odds: float
    features: Sequence[float]


class Known(NamedTuple):
    """What the cubes know of a query's words, whatever was found.

    Attributes:
        documents: how many memories were searched.
        words: the share of its words, weighed by their rarity in the language, that any memory has; `names` that of its names.
        named: whether it has names; `own` whether it is about the person who asks.
    """

    documents: int
    words: float = 1.0
    names: float = 1.0
    named: bool = False
    own: bool = False


def known(query: str, words: Sequence[str], statistics: Sequence[Statistics]) -> Known:
    """What the cubes know of the words of a query."""
    asked = question.read(query)
    having = [sum(one.having[place] for one in statistics) > 0 for place in range(len(words))]
    weights = [rarity(word) for word in words]
    named = [there for there, word in zip(having, words, strict=True) if word in asked.names]
    return Known(
        sum(one.documents for one in statistics),
        sum(weight for weight, there in zip(weights, having, strict=True) if there) / (sum(weights) or 1.0),
        sum(named) / len(named) if named else 1.0,
        bool(named),
        asked.own,
    )


def signs(judged: Sequence[Judged], told: Known) -> list[float]:
    """What the floor reads of these hits, the best first.

    Args:
        judged: the candidates.
        told: what is known of the query's words.
    """
    odds = [_clipped(one.log_odds) for one in judged[:10]]
    odds += [-2.0] * (10 - len(odds))
    best = [one.features for one in judged[:_BEST]]

    def most(name: str) -> float:
        return max((row[_AT[name]] for row in best), default=0.0)

    def first(name: str) -> float:
        return best[0][_AT[name]] if best else 0.0

    return [
        odds[0], odds[1], odds[2], odds[9], first("telling"), most("telling"), most("all words"), most("phrase"),
        first("nearness"), most("nearness"), first("asked"), most("asks"), first("has vector"), math.log1p(told.documents) / 10,
        first("telling") * first("nearness"), told.words, told.names, float(told.named),
        _clipped(_any(judged[:10])), float(told.own),
        float(most("telling") < _LITTLE and most("nearness") < _NEAR),
    ]  # fmt: skip


def signs_of_notes(judged: Sequence[Judged], query: str) -> list[float]:
    """What the floor of notes reads of these hits, the best first, and of the query."""
    odds = [_clipped(one.log_odds) for one in judged[:3]]
    odds += [-2.0] * (3 - len(odds))
    best = [one for name, one in zip(FEATURES, judged[0].features, strict=True) if name != "size"]
    return [*odds, *best, float(query.rstrip().endswith(("?", "\uff1f"))), min(len(query.split()), _LONG) / _LONG]


def _clipped(log_odds: float) -> float:
    return max(-8.0, min(8.0, log_odds)) / CLIPPED


def _any(judged: Sequence[Judged]) -> float:
    """The log-odds that any of these hits answers, were they independent of each other."""
    none = sum(math.log(max(1e-9, 1 - probability(one.log_odds))) for one in judged)
    return math.log(max(1e-9, -math.expm1(none))) - none


def answered(network: Network, judged: Sequence[Judged], told: Known, query: str) -> float:
    """The probability that any of these candidates, the best first, answers the query."""
    if not judged:
        return 0.0
    best = judged[0].features
    if best[_AT["in talk"]]:
        (*weights, bias), found = network.floor_in_talk, signs(judged, told)
    elif best[_AT["has vector"]] >= _READ:
        (*weights, bias), found = network.floor_of_notes, signs_of_notes(judged, query)
    else:
        (*weights, bias), found = network.floor, signs(judged, told)
    return probability(sum(map(mul, weights, found)) + bias)


def certain(query: str, words: Sequence[str], content: frozenset[str], pool: Evidence) -> set[Place]:
    """The candidates that pass whatever their scores: with every content word of the query, or its name, number or code.

    Args:
        query: as it was asked.
        words: the words that `pool` counts.
        content: those among them that are no function words.
        pool: the candidates.
    """
    telling = [place for place, word in enumerate(words) if word in content]
    if not telling and len(words) <= _KEYWORDS:
        telling = list(range(len(words)))
    named = _names(query, words, pool)
    found = set()
    for cube, n in pool.rows:
        at = pool.occurrences[cube]
        if _has(at, telling, n) or (named and _has(at, named, n)):
            found.add((cube, n))
    return found


def called(words: Sequence[str], content: frozenset[str], pool: Evidence) -> set[Place]:
    """The candidates whose attribute or tags are what is asked for: all content words of the query are in them.

    A turn of a talk is none of them, since it is found so by who said it.
    """
    telling = [place for place, word in enumerate(words) if word in content]
    return {
        (cube, n)
        for (cube, n), row in pool.rows.items()
        if telling and row.turn is None and (row.text.key or row.text.tags)
        if all(n in pool.occurrences[cube].names[place] for place in telling)
    }


def _has(at: Occurrences, wanted: Sequence[int], n: int) -> bool:
    return bool(wanted) and all(n in at.body[place] or n in at.names[place] for place in wanted)


def _names(query: str, words: Sequence[str], pool: Evidence) -> list[int]:
    """The places of the names, numbers and codes among the words, as far as they tell something in these cubes."""
    names = question.read(query).names
    documents = sum(one.documents for one in pool.statistics)

    def tells(place: int) -> bool:
        having = sum(one.having[place] for one in pool.statistics)
        return having <= max(3, _FREQUENT * documents)

    codes = [place for place, word in enumerate(words) if any(char.isdigit() for char in word) and len(word) > 1]
    told = [place for place, word in enumerate(words) if word in names and rarity(word) >= _NAMED]
    return [place for place in codes + told if tells(place)]


def fits(judged: Judged, passing: set[Place]) -> bool:
    """Whether a hit fits the query by itself."""
    return judged.place in passing or probability(judged.log_odds) >= FITS
