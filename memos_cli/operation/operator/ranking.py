"""Ranking: fuses the scores of the word search and of the vector search into one order. Pure: numbers in, numbers out.

Scores are fused, not ranks: on conversations reciprocal rank fusion fell below BM25 alone (recall@10 0.579 against 0.605 on
LoCoMo), since ranks do not say by how much the first hit leads.

A turn of a conversation may mean little without its neighbours ("Yes, in May"), so a turn gets a share of their scores: a
large share if it is short, a small one if it is long. Measured on five LoCoMo conversations and five BEAM chats, recall@10:
BM25 0.615 and 0.493, MiniLM 0.512 and 0.571, their fusion 0.685 and 0.549, with neighbours and speakers 0.747 and 0.606.
`SURE` and the square of the meaning cost 0.012 on LoCoMo and gain 0.008 on BEAM. They keep chance from ruling a small cube:
of twenty notes one will share a word with any question.
"""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple

from memos_cli.operation.results import Parts

WORDS = 0.5
MEANING = 0.5
"""The shares of the two searches in a score."""
FLOOR = 0.15
"""A cosine of MiniLM between unrelated sentences: only what exceeds it counts as similarity."""
SURE = 9.0
"""A BM25 score that means something by itself: below it even the best hit by words does not count in full."""
BEFORE = 0.3
AFTER = 0.2
"""Shares of the scores of the turn before and the turn after."""
FADE = 1000.0
"""Characters of a turn's content over which both shares fall to 1/e: a long turn needs its neighbours less."""
SPEAKER = 0.15
"""Added to the score of a turn whose speaker the query names."""
UNTRUSTED = 0.9
"""The share of its score that an untrusted memory keeps: it ranks behind its equals and ahead of what fits less."""
Place = tuple[int, int]
"""A memory's place: the index of its cube, and its row there."""


class Context(NamedTuple):
    """What ranking knows of a memory besides its scores.

    Attributes:
        turn: cube, conversation, session and turn; `None` outside of conversations.
        length: characters of its content.
        untrusted: whether it came from elsewhere and nobody here has vouched for it yet.
    """

    turn: tuple[int, str, str | None, int] | None
    length: int
    speaker: str | None
    untrusted: bool = False


def base(lexical: Mapping[Place, float], cosines: Mapping[Place, float]) -> dict[Place, Parts]:
    """The score of each candidate without its context."""
    top = max(lexical.values(), default=0.0)
    span = max(cosines.values(), default=0.0) - FLOOR
    found = {}
    for place in {*lexical, *cosines}:
        bm25, cosine = lexical.get(place, 0.0), cosines.get(place)
        words = bm25 / (max(top, SURE) if cosines else top) if top > 0 else 0.0
        meaning = max(0.0, (cosine - FLOOR) / span) ** 2 if cosine is not None and span > 0 else 0.0
        total = WORDS * words + MEANING * meaning if cosines else words
        found[place] = Parts(total, words, meaning, 0.0, 0.0, bm25, cosine)
    return found


def in_context(
    candidates: Mapping[Place, Parts], contexts: Mapping[Place, Context], names: Collection[str]
) -> list[tuple[Place, Parts]]:
    """The candidates and their neighbours, best first; of equal scores the earlier row is first, so the order is repeatable.

    Args:
        candidates: what `base` returned.
        contexts: the contexts of the candidates and of their neighbours.
        names: the words of the query in lower case; a speaker among them is named.
    """
    nothing = Parts(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None)
    at = {context.turn: place for place, context in contexts.items() if context.turn is not None}

    def score(turn: tuple[int, str, str | None, int], step: int) -> float:
        neighbour = at.get((*turn[:3], turn[3] + step))
        return candidates.get(neighbour, nothing).total if neighbour is not None else 0.0

    ranked = []
    for place in {*candidates, *contexts}:
        parts, context = candidates.get(place, nothing), contexts.get(place)
        if context is not None and context.turn is not None:
            share = math.exp(-context.length / FADE)
            given = share * (BEFORE * score(context.turn, -1) + AFTER * score(context.turn, 1))
            named = SPEAKER if context.speaker and context.speaker.lower() in names else 0.0
            parts = parts._replace(total=parts.total + given + named, context=given, speaker=named)
        if context is not None and context.untrusted:
            parts = parts._replace(total=UNTRUSTED * parts.total)
        ranked.append((place, parts))
    return sorted(ranked, key=lambda pair: (-pair[1].total, pair[0]))
