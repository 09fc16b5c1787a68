"""Whether the embedder in use can read what it is asked for and what there is, and what to do where it cannot.

The English embedder takes a Dutch sentence apart into fragments and does not know most Chinese characters: the vector of such a
text says nothing, and search goes by words alone there.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from memos_cli.errors import ModelUnavailable
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.ports.ports import Embedder

READ = 0.5
"""The share of a text, as `Embedder.reads` gives it, from which its vector says what the text says."""
REMEDY = "memos model pull multilingual"
_WORDS = 3
"""Words that a text in the Latin alphabet has to have. A name or a rare word is in fragments in its own language too, and so
are commands and code; a sentence in another language has one of these words, which English has not."""
_SMALL_WORDS = """
    de het een en van ik mijn niet dat te met voor er wat waar wie naar bij uit ook maar wij ze heeft ben zij
    der das und ich nicht ist ein eine mein meine zu den dem mit für auf von es im bin sie wir wo hat
    le la les un une des et je mon ma est ne pas que qui dans pour sur avec nous il elle du au où mes
    el los las una mi por para yo se su dónde qué lo gli mio mia di che è sono ho dove non
    os um uma meu minha não em com eu na z w nie się jest mój moja jak gdzie
    och jag är det ett på inte som för med og jeg ikke ve bir bu için benim değil ja ei minun että
    jsem je v si și este nu în és az egy nem yang saya dan tôi là không của
"""
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


def notices(embedder: "Embedder", query: str, found: Sequence[str], others: Callable[[], Sequence[str]]) -> list[str]:
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


def sample(embedder: "Embedder", texts: Iterable[str]) -> Sample:
    """How many of some texts the embedder cannot read.

    Raises:
        ModelUnavailable: the model cannot be loaded.
    """
    looked_at = tuple(texts)
    return Sample(sum(_tells(text) and embedder.reads(text) < READ for text in looked_at), len(looked_at))


def _tells(text: str) -> bool:
    """Whether a text is in another alphabet, or has enough words, and one of another language among them."""
    words = re.findall(r"[^\W\d_]+", text[:1000].lower())
    if any(char >= _LATIN_END for word in words for char in word):
        return True
    return len(words) >= _WORDS and not set(_SMALL_WORDS.split()).isdisjoint(words)
