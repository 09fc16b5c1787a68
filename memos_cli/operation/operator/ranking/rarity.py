"""How rare a word is in the language, not in a cube: in a cube of ten notes every word is rare."""

from functools import cache, lru_cache

_COMMON, _RARE = 6.5, 3.5
"""Frequencies on the Zipf scale (the base-10 logarithm of occurrences in a billion words) at which a word tells nothing, and
at which it tells all that a word can."""


@lru_cache(maxsize=1024)
def rarity(word: str) -> float:
    """From 0, for a word such as "the", to 1, for one that is not among the 8,000 frequent ones that memos knows."""
    if not word.isalpha():
        return 1.0
    marked = f" {word} "
    for frequency, words in _bands():
        if marked in words:
            return min(1.0, max(0.0, (_COMMON - frequency) / (_COMMON - _RARE)))
    return 1.0


@cache
def _bands() -> tuple[tuple[float, str], ...]:
    from pathlib import Path

    text = (Path(__file__).parents[3] / "data" / "frequent_words.txt").read_text("utf-8")
    lines = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return tuple((float(frequency), f" {words}") for frequency, _, words in lines)
