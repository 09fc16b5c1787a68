"""Whether the embedder in use can read what it is asked for and what there is, and what to do where it cannot.

The English embedder takes a Dutch sentence apart into fragments and does not know most Chinese characters: the vector of such a
text says nothing, and search goes by words alone there.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from memos_cli.errors import ModelUnavailable
from memos_cli.ports import Embedder

READ = 0.5
"""The share of a text, as `Embedder.reads` gives it, from which its vector says what the text says."""
REMEDY = "memos model pull multilingual"
_WORDS = 3
"""A name or a rare word is in fragments in its own language too, so a text in the Latin alphabet has to have so many words."""
_LATIN_END = "\u0250"
_LOOKED_AT = 10
"""Hits that are looked at: 0.1 ms each."""
_SHARE = 0.2
"""The share of a cube's memories from which `memos doctor` tells of them."""


class Sample(NamedTuple):
    """Texts that were looked at, and how many of them the embedder cannot read."""

    unread: int
    texts: int

    @property
    def is_much(self) -> bool:
        """Whether there are so many that a person has to know."""
        return self.unread > _SHARE * self.texts

    def words(self) -> str:
        """The finding, and what to do about it, on one line."""
        return (
            f"the embedder in use cannot read the language of {self.unread:,} of {self.texts:,} memories looked at, so "
            f"words alone find them; for some 100 languages: {REMEDY}"
        )


def notices(embedder: Embedder, query: str, found: Sequence[str], others: Callable[[], Sequence[str]]) -> list[str]:
    """What there is to tell of a search: one line, or none.

    Args:
        embedder: the one that the search used.
        query: what was searched for.
        found: the contents of the hits.
        others: returns the contents of some other memories that could have been found; asked where nothing was.
    """
    try:
        if sample(embedder, [query]).unread:
            what = "the query is"
        else:
            hits = sample(embedder, (found or others())[:_LOOKED_AT])
            if 2 * hits.unread <= hits.texts:
                return []
            what = "most of what was found is" if found else "what there is to find is mostly"
    except ModelUnavailable:  # the search told of it already
        return []
    return [
        f"{what} in a language that the embedder in use cannot read, so words alone count; for some 100 languages: {REMEDY}"
    ]


def sample(embedder: Embedder, texts: Iterable[str]) -> Sample:
    """How many of some texts the embedder cannot read; those that are too short to tell are not counted.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    telling = [text for text in texts if _tells(text)]
    return Sample(sum(embedder.reads(text) < READ for text in telling), len(telling))


def _tells(text: str) -> bool:
    """Whether a text is long enough, or in another alphabet, so that it shows what can be read of it."""
    letters = [word for word in text[:1000].split() if any(map(str.isalpha, word))]
    return len(letters) >= _WORDS or any(char >= _LATIN_END and char.isalpha() for word in letters for char in word)
