"""How much of a text a model can read, told by what its tokenizer makes of the text.

A WordPiece vocabulary of some 30,000 pieces has the usual words of its language whole. Of another language it has fragments:
MiniLM's, which is English, takes "tandarts" as "tan", "##dar", "##ts" and Russian letter by letter, and most of what is
written in Chinese it does not know at all. Such tokens have vectors, but these say nothing.

Share of the letters that stand in whole words, counted as below, 5th, 50th and 95th percentile (MiniLM's vocabulary; queries
and turns of LoCoMo and BEAM, and 400 messages of Debian's programs in each other language, of 15 to 150 characters):

    LoCoMo, queries 0.71 0.98 0.98    turns 0.83 0.98 0.99    BEAM, queries 0.79 0.98 0.99    turns 0.64 0.84 0.98
    Dutch           0.12 0.24 0.47    German 0.13 0.23 0.49   French        0.15 0.40 0.82    Spanish 0.15 0.27 0.55
"""

from collections.abc import Iterable
from typing import NamedTuple

from memos_cli.backends.embedders.wordpiece import WORD_START

LOOKED_AT = 400
"""Characters of a text that are looked at: its language shows by then."""
LARGE = 60_000
"""Pieces from which a vocabulary is taken to be made for many languages: bert-base-uncased, from which MiniLM's is, has
30,522, bert-base-multilingual 119,547, XLM-R 250,002. Its pieces may be short in any language, so they say nothing here."""
_NONE, _ALL = 0.42, 0.65
"""The share of letters in whole words at which nothing is read, and at which all is."""
_SHORT = 2
"""Letters of a word in the Latin alphabet that don't count: any two letters are a word of the vocabulary."""
_PRIOR_LETTERS, _PRIOR_SHARE = 6, 0.88
"""A few words say little: "vegan" is not a word of MiniLM's vocabulary either. So many letters of usual English are counted
in, as far as the text is written in the Latin alphabet."""
_LATIN_END = "\u0250"
_HAN_START, _HAN_END = "\u2e80", "\uac00"


class Piece(NamedTuple):
    """What of a token of a WordPiece vocabulary matters here.

    Attributes:
        starts: whether it begins a word.
        letters: how many letters it has.
        latin: whether they are of the Latin alphabet.
        whole: whether it is a word if nothing follows it.
    """

    starts: bool
    letters: int
    latin: bool = False
    whole: bool = False


_UNKNOWN = Piece(starts=True, letters=4)  # as a word of a usual length
_END = Piece(starts=True, letters=0)


def piece(text: str) -> Piece:
    """A token, as a GGUF vocabulary writes it: with `WORD_START` before what begins a word."""
    if text == "[UNK]":
        return _UNKNOWN
    if text in {"[PAD]", "[CLS]", "[SEP]", "[MASK]"}:
        return _END
    starts, body = text.startswith(WORD_START), text.removeprefix(WORD_START)
    # A character of a script without spaces is a word in this tokenizer, but hardly one in its language.
    is_fragment = len(body) == 1 and _HAN_START <= body < _HAN_END
    return Piece(starts, sum(map(str.isalpha, body)), max(body, default="") < _LATIN_END, starts and not is_fragment)


def of_words(pieces: Iterable[Piece]) -> float:
    """The share of a text that a small WordPiece vocabulary can read, by the text's tokens."""
    letters = whole = latin = word = 0
    is_latin = is_whole = False
    for starts, count, in_latin, stands_alone in (*pieces, _END):
        if not starts:
            word, is_latin, is_whole = word + count, is_latin and in_latin, False
            continue
        weight = max(0, word - _SHORT) if is_latin else word
        letters += weight
        whole += weight * is_whole
        latin += weight * is_latin
        word, is_latin, is_whole = count, in_latin, stands_alone
    if not letters:
        return 1.0
    prior = _PRIOR_LETTERS * latin / letters
    share = (whole + prior * _PRIOR_SHARE) / (letters + prior)
    return min(1.0, max(0.0, (share - _NONE) / (_ALL - _NONE)))


def of_pieces(unknown: int, tokens: int, characters: int) -> float:
    """The share of a text that a vocabulary of another kind can read: less where a character takes several tokens.

    Args:
        unknown: how many tokens stand for something that the vocabulary does not have, or for a single byte.
        tokens: how many there are.
        characters: how long the text is.
    """
    if not tokens:
        return 1.0
    return (1 - unknown / tokens) * min(1.0, (characters + 2) / tokens)
