"""XLM-R's tokenizer (a SentencePiece unigram model) over a vocabulary that is mapped and not read.

llama.cpp has one too, but it makes a map and a tree of the 250,002 pieces before the first token: loading the model then takes
660 ms, and without the pieces 5. So a GGUF that memos writes keeps them in one string (`pack`), sorted, in which a query's
pieces are found by bisection; for many texts they are put into a dictionary after all (`many`).

As in the reference (`tokenizer.json` of intfloat/multilingual-e5-small) characters are normalized by SentencePiece's nmt_nfkc,
the text is split at white space, each word is spelled by the pieces whose log probabilities have the greatest sum, and unknown
characters in a row are one token.
"""

import struct
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

KEY = "memos.unigram"
"""The GGUF key of a vocabulary as `pack` makes it."""
WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""What stands before a piece that begins a word."""
_KEPT_WORDS = 50_000
_UNKNOWN_PENALTY = 10.0
"""How much less probable an unknown character is than the least probable piece (`kUnkPenalty` in SentencePiece)."""
_SPACES = "\t\n\f\r\u1680\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd"
_NOTHING = (
    "\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\x8f\x9f"
)
_RULES = str.maketrans({**dict.fromkeys(_SPACES, " "), **dict.fromkeys(_NOTHING, "")})
_KEPT = "\uff5e"
"""The one usual character that nmt_nfkc leaves alone and NFKC does not."""
_MAGIC = b"unigram vocabulary as memos packs it, form 1    "
"""Plain text, and longer than the 40 bytes of a value that llama.cpp logs: another program's callback may read it as UTF-8."""
_HEADER = struct.Struct(f"<{len(_MAGIC)}s5If")


class Specials(NamedTuple):
    """The ids of the tokens that stand for no text."""

    begin: int
    end: int
    unknown: int


class Unigram:
    """A tokenizer.

    Args:
        packed: what `pack` made: bytes, or a view of a file that is mapped.

    Raises:
        ValueError: it is cut short, or something else.
    """

    def __init__(self, packed: "bytes | memoryview") -> None:
        view = memoryview(packed)
        if len(view) < _HEADER.size:
            raise ValueError("cut short")
        magic, count, longest, *specials, unknown = _HEADER.unpack_from(view, 0)
        if magic != _MAGIC:
            raise ValueError("no vocabulary")
        self.specials = Specials(*specials)
        self._count: int = count
        self._longest: int = longest
        self._unknown_score: float = unknown
        numbers, at = 4 * self._count, _HEADER.size
        if len(view) < at + 3 * numbers + 4:
            raise ValueError("cut short")
        self._offsets = view[at : at + numbers + 4].cast("I")
        self._ids = view[at + numbers + 4 : at + 2 * numbers + 4].cast("I")
        self._scores = view[at + 2 * numbers + 4 : at + 3 * numbers + 4].cast("f")
        self._text = view[at + 3 * numbers + 4 :]
        if self._offsets[self._count] > len(self._text):
            raise ValueError("cut short")
        self._whole: dict[str, tuple[float, int]] | None = None
        self._words: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> bytes:
        """A piece, by its place in the order of the pieces' bytes."""
        if place >= self._count:
            raise IndexError
        return bytes(self._text[self._offsets[place] : self._offsets[place + 1]])

    def many(self) -> None:
        """Get ready for many texts: 0.2 s, after which a piece is found 50 times as fast."""
        if self._whole is None:
            text, offsets = bytes(self._text), self._offsets.tolist()
            pieces = (text[start:end].decode("utf-8", "replace") for start, end in pairwise(offsets))
            self._whole = dict(zip(pieces, zip(self._scores.tolist(), self._ids.tolist(), strict=True), strict=True))

    def encode(self, text: str) -> list[int]:
        """The token ids of a text, without those that begin and end it."""
        ids: list[int] = []
        for word in normalize(text).split():
            found = self._words.get(word)
            if found is None:
                found = self._spell(WORD_START + word)
                if len(self._words) < _KEPT_WORDS:
                    self._words[word] = found
            ids += found
        return ids

    def _spell(self, word: str) -> list[int]:
        """The best way to write a word with the pieces (Viterbi)."""
        size = len(word)
        best = [0.0] + [float("-inf")] * size
        came = [(0, self.specials.unknown)] * (size + 1)
        for start in range(size):
            for end, score, identifier in self._pieces_from(word, start):
                if best[start] + score > best[end]:
                    best[end], came[end] = best[start] + score, (start, identifier)
            if best[start] + self._unknown_score > best[start + 1]:
                best[start + 1], came[start + 1] = best[start] + self._unknown_score, (start, self.specials.unknown)
        ids: list[int] = []
        at = size
        while at:
            at, identifier = came[at]
            if identifier != self.specials.unknown or not ids or ids[-1] != identifier:
                ids.append(identifier)
        return ids[::-1]

    def _pieces_from(self, word: str, start: int) -> list[tuple[int, float, int]]:
        """The pieces that the word continues with: where each ends, its score, its id."""
        last = min(len(word), start + self._longest)
        if self._whole is not None:
            get = self._whole.get
            known = ((end, get(word[start:end])) for end in range(start + 1, last + 1))
            return [(end, *piece) for end, piece in known if piece is not None]
        found, low = [], 0
        for end in range(start + 1, last + 1):
            wanted = word[start:end].encode("utf-8", "replace")
            low = bisect_left(self, wanted, low)
            piece = self[low] if low < self._count else b""
            if not piece.startswith(wanted):
                break
            if piece == wanted:
                found.append((end, self._scores[low], self._ids[low]))
        return found


def normalize(text: str) -> str:
    """The text by SentencePiece's rules nmt_nfkc: compatible forms made one, no control characters, other spaces as a space."""
    if text.isascii():
        return text.translate(_RULES)
    return _KEPT.join(unicodedata.normalize("NFKC", part) for part in text.translate(_RULES).split(_KEPT))


def pack(pieces: Sequence[bytes], scores: Sequence[float], specials: Specials, others: Sequence[int] = ()) -> bytes:
    """A vocabulary as `Unigram` reads it: counts, and three tables and the text in the order of the pieces' bytes.

    Args:
        pieces: the pieces' text in UTF-8, by their ids.
        scores: their log probabilities.
        specials: tokens that stand for no text; no text is read as one of them.
        others: more such tokens.
    """
    written = set(range(len(pieces))) - {*specials, *others}
    order = sorted(written, key=lambda identifier: pieces[identifier])
    text = b"".join(pieces[identifier] for identifier in order)
    offsets = [0]
    for identifier in order:
        offsets.append(offsets[-1] + len(pieces[identifier]))
    longest = max((len(pieces[identifier].decode("utf-8", "replace")) for identifier in order), default=0)
    # Over all scores, those of the special tokens included, as SentencePiece has it.
    unknown = min(scores, default=0.0) - _UNKNOWN_PENALTY
    return b"".join(
        (
            _HEADER.pack(_MAGIC, len(order), longest, *specials, unknown),
            struct.pack(f"<{len(offsets)}I", *offsets),
            struct.pack(f"<{len(order)}I", *order),
            struct.pack(f"<{len(order)}f", *(scores[identifier] for identifier in order)),
            text,
        )
    )
