"""WordPiece as BERT's own tokenizer does it, for the texts on which llama.cpp's differs.

llama.cpp drops every combining mark (Unicode class M) where BERT drops only those without width (Mn), doesn't take Hangul
apart, has no limit on a word's length and doesn't see `[SEP]` written in a text. On Hindi or Korean that is another
sentence: the cosine with sentence-transformers was 0.97 and 0.19 there, and 0.99999 everywhere else (llama.cpp of
llama-cpp-python 0.3.36, all-MiniLM-L6-v2). So plain text goes through llama.cpp's tokenizer, which is native, and the
rest through this module. It agrees with Hugging Face's tokenizer on every character of Unicode but some 500 marks and
punctuation signs, younger than the Unicode table in there; `tests/backends/embedders/test_wordpiece.py` compares both.

Not the package `tokenizers`: a cold search would pay for it before its first text. Measured on two cores: to import it and give
it this vocabulary takes 48 ms, to import this module and give it the same 5 ms; a text of 112 characters takes 0.2 and 0.3 ms.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

LONGEST_WORD = 100
"""Characters; a longer word is one unknown token (`max_input_chars_per_word` in tokenizer.json)."""

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""What a GGUF vocabulary puts before a piece that begins a word, where BERT's puts `##` before one that does not."""

_SPECIAL = re.compile(r"(\[(?:PAD|UNK|CLS|SEP|MASK)\])")
_NOT_PLAIN = re.compile(
    r"[^\t\n\r -~\u00a0-\u0487\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u3001-\u302d\u3041-\u30ff\u4e00-\u9fff"
    r"\U0001f300-\U0001faff]|\[(?:PAD|UNK|CLS|SEP|MASK)\]|\S{101}"
)
"""What needs this module: a character outside the ranges where both tokenizers agree, a special token, a long word."""

_DROPPED = {"Cc", "Cf", "Co", "Cs"}
_HAN = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def is_plain(text: str) -> bool:
    """Whether llama.cpp's tokenizer gives BERT's tokens for this text, so that its own (faster) one can be used."""
    return _NOT_PLAIN.search(text) is None


class WordPiece:
    """An uncased WordPiece tokenizer over a GGUF vocabulary.

    Args:
        pieces: token text as the GGUF has it to token id.
        unknown: id of the token for a word that the pieces cannot spell.
    """

    def __init__(self, pieces: Mapping[str, int], unknown: int) -> None:
        self._pieces = pieces
        self._unknown = unknown
        self._longest = max(map(len, pieces), default=0)

    def encode(self, text: str) -> list[int]:
        """The token ids of a text, without the `[CLS]` and `[SEP]` around it."""
        ids: list[int] = []
        for part in _SPECIAL.split(text):
            if _SPECIAL.fullmatch(part) and part in self._pieces:
                ids.append(self._pieces[part])
                continue
            for word in _words(_normalize(part)):
                ids.extend(self._spell(word))
        return ids

    def _spell(self, word: str) -> list[int]:
        """The longest piece that fits, again and again; unknown as a whole where that ends before the word does."""
        if len(word) > LONGEST_WORD or WORD_START in word:
            return [self._unknown]
        ids: list[int] = []
        start = 0
        while start < len(word):
            prefix = "" if start else WORD_START
            for end in range(min(len(word), start + self._longest), start, -1):
                piece = self._pieces.get(prefix + word[start:end])
                if piece is not None:
                    break
            else:
                return [self._unknown]
            ids.append(piece)
            start = end
        return ids


def _normalize(text: str) -> str:
    """Control characters out, a space on each side of a Han character, accents off, lower case: BERT's order."""
    cleaned = "".join(map(_clean, text))
    decomposed = unicodedata.normalize("NFD", cleaned)
    # One character at a time: over a whole word, Python would write the final sigma, which BERT's normalizer does not.
    return "".join(char.lower() for char in decomposed if unicodedata.category(char) != "Mn")


def _clean(char: str) -> str:
    if char in "\t\n\r":
        return " "
    if char in "\0\ufffd" or unicodedata.category(char) in _DROPPED:
        return ""
    if char.isspace():
        return " "
    code = ord(char)
    if any(first <= code <= last for first, last in _HAN):
        return f" {char} "
    return char


def _words(text: str) -> Iterator[str]:
    """The words of normalized text; each punctuation character is a word."""
    for chunk in text.split():
        start = 0
        for at, char in enumerate(chunk):
            if _is_punctuation(char):
                if at > start:
                    yield chunk[start:at]
                yield char
                start = at + 1
        if start < len(chunk):
            yield chunk[start:]


def _is_punctuation(char: str) -> bool:
    """As BERT has it: all of ASCII that is neither letter, digit nor space, and Unicode's class P."""
    if char.isascii():
        return not char.isalnum() and not char.isspace()
    return unicodedata.category(char)[0] == "P"
