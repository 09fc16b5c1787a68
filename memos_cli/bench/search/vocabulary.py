"""Texts of made-up words, as frequent as those of a language: where the first word comes r times, that of rank r comes once.

Zipf, Human Behavior and the Principle of Least Effort (1949).
"""

import itertools
import random
from collections.abc import Iterator

_CONSONANTS, _VOWELS = "bcdfghklmnprstvz", "aeiou"
SIZE = 50_000
"""Words of the vocabulary."""
FREQUENT = 50
"""The first so many words are the frequent ones: the first is in two of three memories, the last in one of fifty."""
RARE = 2_000
"""From this rank on words are rare: one of two thousand memories has the first of them."""
_SHORTEST, _LONGEST = 6, 18
"""Words of a text."""
_UNKNOWN = "qxq"
"""No word of the vocabulary has these letters."""


class Vocabulary:
    """A vocabulary, and what is made of it.

    Args:
        seed: another seed makes other words and other texts.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 -- no secret
        made: dict[str, None] = {}
        while len(made) < SIZE:
            syllables = self._chance.randint(2, 4)
            choose = self._chance.choice
            made["".join(choose(_CONSONANTS) + choose(_VOWELS) for _ in range(syllables))] = None
        self.words = list(made)
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, SIZE + 1)))

    def texts(self, count: int) -> Iterator[str]:
        """So many texts."""
        choices, randint = self._chance.choices, self._chance.randint
        for _ in range(count):
            yield " ".join(choices(self.words, cum_weights=self._weights, k=randint(_SHORTEST, _LONGEST)))

    def rare(self) -> str:
        """A query of rare words."""
        return " ".join(self._chance.sample(self.words[RARE:], self._chance.randint(2, 4)))

    def frequent(self) -> str:
        """A query of frequent words."""
        return " ".join(self._chance.sample(self.words[:FREQUENT], self._chance.randint(2, 4)))

    def mixed(self) -> str:
        """A query as people ask it: some frequent words, some rare ones, and one between."""
        between = self._chance.choice(self.words[FREQUENT:RARE])
        return " ".join((*self.frequent().split()[:2], between, *self.rare().split()[:2]))

    def unknown(self) -> str:
        """A query of words that no memory has: what is found for it is found by meaning alone."""
        return " ".join(f"{_UNKNOWN}{self._chance.randrange(10**6)}" for _ in range(3))
