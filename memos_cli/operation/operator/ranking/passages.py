"""The passage of a long text that answers a query best, by its words; and how much of a query one window of a text has. Pure.

A vector stands for the first 256 tokens of a memory alone, and BM25 for all of it, so neither tells where in a long text the
answer is. Only the hits that are shown are looked through, and nothing is embedded for it: a text of 4,000 characters takes
about 1 ms.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from memos_cli.infra.words import words
from memos_cli.operation.operator.ranking.rarity import rarity
from memos_cli.operation.results import Passage

LONG = 800
"""Characters of the shortest text that a passage is looked for in."""
MOST = 280
"""Characters of a passage, more or less: it begins and ends with a sentence, unless a sentence is longer than that."""
WINDOW = 60
"""Words of a window that ranking looks for the words of a query in."""
_LOOKED_AT = 200_000
"""Characters that are looked through of a text: a passage behind them is not found."""
_END = re.compile("[.!?\u2026]+[)\"'\u201d\u2019\\]]*\\s+|[\u3002\uff01\uff1f]+|\n+")
_WORD = re.compile(r"\w+")
_STEM = re.compile(r"(?:'s|ies|ied|ings?|edly|ed|es|ly|s|e|y)$")
_SHORTEST_STEM = 3
_AGAIN = 0.1
"""What a word counts that a passage has once more, beside what it counts the first time."""
_AT_ONCE = 0.3
"""What a word counts in addition that is in the first sentence of a passage: it begins with the one that answers."""


def passage(query: str, text: str, *, most: int = MOST) -> Passage | None:
    """The passage of a text that has most of the words of a query, the rare ones before the others; of equals the first.

    Args:
        query: as it was asked.
        text: what is shown of a memory: with the secrets in it hidden, where they are to be.
        most: characters of a passage, more or less.

    Returns:
        `None` of a text that is not long, and where no word of the query is in it.
    """
    if len(text) < max(LONG, most):
        return None
    weights = _weights(query)
    found = sorted(_occurrences(text[:_LOOKED_AT], weights)) if weights else []
    if not found:
        return None
    weights = _by_text(weights, found)
    best, start, end = 0.0, 0, 0
    for begins, sentence, ends in _windows(text[:_LOOKED_AT], most):
        first, second, last = (bisect_left(found, (edge, "")) for edge in (begins, sentence, ends))
        if first == second:
            continue  # a passage begins with a sentence that has a word of the query
        inside = [word for _, word in found[first:last]]
        score = sum(weights[word] for word in set(inside)) + _AGAIN * sum(weights[word] for word in inside)
        score += _AT_ONCE * sum(weights[word] for word in set(inside[: second - first]))
        if score > best + 1e-9:
            best, start, end = score, begins, ends
    said = text[start:end]
    start += len(said) - len(said.lstrip())
    said = said.strip()
    return Passage(start, start + len(said), said)


@lru_cache(maxsize=16)
def _weights(query: str) -> Mapping[str, float]:
    """The stems of the words of a query, and what each counts: its rarity in the language."""
    return {_stem(word): max(0.05, rarity(word)) for word in words.query_words(query)}


def _stem(word: str) -> str:
    """A word without its ending, roughly: an index's own stems are in an index alone."""
    if not word.isascii() or len(word) <= _SHORTEST_STEM:
        return word
    stem = _STEM.sub("", word)
    stem = stem if len(stem) >= _SHORTEST_STEM else word
    return stem[:-1] if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2] else stem


def _occurrences(text: str, stems: Mapping[str, float]) -> Iterator[tuple[int, str]]:
    """The places of these stems in a text, in characters, and which it is."""
    low = text.lower()
    if len(low) != len(text):  # of a few letters the small form is two
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    # The longest first: an alternative that matches ends the search.
    known = "|".join(re.escape(stem) for stem in sorted(stems, key=len, reverse=True))
    for match in re.finditer(rf"(?<!\w)(?:{known})\w*", low):
        stem = _stem(match.group())
        if stem in stems:
            yield match.start(), stem
    for stem in stems:
        if not stem.isascii():  # a pair of characters of a script without spaces stands within a run of them
            yield from ((match.start(), stem) for match in re.finditer(re.escape(stem), low))


def _by_text(weights: Mapping[str, float], found: Sequence[tuple[int, str]]) -> dict[str, float]:
    """What each stem counts in this text: a word that it says again and again tells little of a place in it."""
    often: dict[str, int] = {}
    for _, stem in found:
        often[stem] = often.get(stem, 0) + 1
    return {stem: weights[stem] / count**0.5 for stem, count in often.items()}


def _windows(text: str, most: int) -> Iterator[tuple[int, int, int]]:
    """The windows of whole sentences, from each sentence on as many as `most` characters hold.

    Yields:
        Where the window starts, where its first sentence ends, and where it ends, in characters.
    """
    cuts = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    pieces = [piece for start, end in pairwise(cuts) for piece in _pieces(text, start, end, most)]
    last = 0
    for first, (start, end) in enumerate(pieces):
        last = max(last, first)
        while last + 1 < len(pieces) and pieces[last + 1][1] - start <= most:
            last += 1
        yield start, end, pieces[last][1]


def _pieces(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """A sentence, or the parts of one that is too long, cut between words where there are any."""
    while end - start > most:
        cut = text.rfind(" ", start + most // 2, start + most) + 1 or start + most
        yield start, cut
        start = cut
    if end > start:
        yield start, end


def window(offsets: Sequence[Sequence[int]], weights: Sequence[float], span: int = WINDOW) -> float:
    """How much of a query the best window of a text has: the share of the weights of its words, from 0 to 1.

    Args:
        offsets: for each word of the query its places in the text, counted in words, in any order (`Occurrences.body`).
        weights: how much each word counts, not below 0.
        span: words of a window.
    """
    whole = sum(weights)
    if whole <= 0:
        return 0.0
    places = sorted((at, word) for word, found in enumerate(offsets) for at in found)
    inside = [0] * len(weights)
    best = held = 0.0
    first = 0
    for at, word in places:
        held += weights[word] * (inside[word] == 0)
        inside[word] += 1
        while places[first][0] <= at - span:
            left = places[first][1]
            inside[left] -= 1
            held -= weights[left] * (inside[left] == 0)
            first += 1
        best = max(best, held)
    return min(1.0, best / whole)
