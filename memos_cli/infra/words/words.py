"""The words of a text: as the index has them and as a query asks for them. One set of rules for both. Pure.

What FTS5 does by itself (its tokenizer `porter unicode61 remove_diacritics 2`) is enough for English. For all other text the
rules here come before it, in the index and in queries alike.

A contentless FTS5 table takes a text out again only by the very words that went in. So all here depends on the text alone, and
not on the version of Python's Unicode tables either: those of Unicode 3.2 are used, which every Python carries unchanged.
Whoever changes a rule makes all indexes anew with a migration (see `infra.vault.schema`); a test fails that says so.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

from memos_cli.infra.words.languages import STOP_WORDS, guess, language

# Characters are told apart by tables that fill as they are asked: to compile a pattern of all these ranges takes as long as a
# search. The patterns below are compiled by those who need them, which a search for English words does not.
_Ranges = tuple[tuple[int, int], ...]
_SPACELESS: _Ranges = (
    (0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029),
    (0x3041, 0x3096), (0x3099, 0x309A), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x3105, 0x312F),
    (0x3131, 0x318E), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97F),
    (0xAC00, 0xD7FF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
"""The characters of scripts that put no spaces between words, or, as Korean, join particles to them."""
_OTHER: _Ranges = ((0x370, 0x1DFF), (0x1F00, 0x1FFF))
"""Those of the scripts that are neither these nor Latin."""
_JOINED: _Ranges = ((0x900, 0x963), (0x966, 0xDFF), (0xF00, 0xFFF))
"""Blocks of scripts of India and Tibet, whose vowels are marks on letters and part of the word."""
_UNSEEN: _Ranges = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180E), (0x200B, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Characters that nobody sees: soft hyphens, joiners, marks of direction, variation selectors."""
_MARKS: _Ranges = (
    (0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x5C7, 0x5C7),
    (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6DC), (0x6DF, 0x6E4), (0x6E7, 0x6E8),
    (0x6EA, 0x6ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
)  # fmt: skip
"""Accents and vowel points, which some write and some do not; not those that make another letter, as in Korean or Hindi."""
_WRITTEN_OUT = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŋ": "n", "\u0131": "i",
    "\u03c2": "\u03c3", "\u02bc": "'",
}  # fmt: skip
"""Letters that have no accent to take off: ligatures, the sharp s, the dotless i, the final sigma, an apostrophe."""
_SHORT_I = ("\u0438\u0306", "\u0439")
"""The Cyrillic short i, a letter of its own, taken apart and as one."""
_PILED = r"([^\w\s]{32})[^\w\s]+"
"""A run of signs that are no letters: the rest says nothing, and to sort marks takes their number squared."""
_BORDER = "(?<=s)(?=[lod])|(?<=[lod])(?=s)|(?<=l)(?=o)|(?<=o)(?=l)"
"""Where one script ends and another begins, in the kinds of characters that `_Kinds` has."""
_WORD = re.compile(r"\w+")
_NUMBER = r"[\d_]"
_EDGE = "\ue000"
"""Stands before and after a word that is cut into fours: a letter of private use, which FTS5 takes into words."""
_SPELT_OUT = 48
"""The most letters of a word that are cut into fours: what is longer is no word."""
_MOST_CUT = 60
"""The most words of a query that are cut into fours."""


class _Seen(dict[int, int | str | None]):
    """For each character what stands for it once a text is decomposed and in lower case; `None` for nothing."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = None if _within(code, _UNSEEN) or _within(code, _MARKS) else _WRITTEN_OUT.get(chr(code), code)
        return self[code]


class _Kinds(dict[int, str]):
    """For each character `s` for a script without spaces, `o` for another script, `l` for Latin, `d` for digits, or a blank."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        if _within(code, _SPACELESS):
            kind = "s"
        elif not (sign.isalnum() or sign == "_" or _within(code, _JOINED)):
            kind = " "
        elif _within(code, _OTHER):
            kind = "o"
        else:
            kind = "l" if sign.isalpha() else "d"
        self[code] = kind
        return kind


class _OfKind(dict[int, int | str]):
    """For each character itself, or a blank where it is of another kind than these."""

    def __init__(self, kinds: str) -> None:
        super().__init__()
        self._kinds = kinds

    def __missing__(self, code: int) -> int | str:
        self[code] = code if _kinds[code] in self._kinds else " "
        return self[code]


_seen, _kinds = _Seen(), _Kinds()
_in_words, _in_runs = _OfKind("slod"), _OfKind("s")


def _within(code: int, ranges: _Ranges) -> bool:
    place = bisect(ranges, (code, 0x110000)) - 1
    return place >= 0 and code <= ranges[place][1]


def folded(text: str) -> str:
    """A text as it is compared: compatible forms and ligatures as plain letters, no accents, no invisible characters.

    Where one script ends and another begins is a space. What is not ASCII is in lower case; FTS5 itself does that to ASCII.
    Folding what is folded changes nothing. It takes time in proportion to the text.
    """
    if text.isascii():
        return text
    from unicodedata import ucd_3_2_0

    text = re.sub(_PILED, r"\1 ", text).replace("\u2122", "")  # the sign of a trademark would become letters of its word
    text = ucd_3_2_0.normalize("NFKD", text).lower().replace(*_SHORT_I).translate(_seen)
    if max(text, default="") < "\u0370":
        return text
    if max(text) >= "\u1100":
        text = ucd_3_2_0.normalize("NFC", text)  # Korean and Japanese signs are one again
    kinds = text.translate(_kinds)
    places = [0, *(found.start() for found in re.finditer(_BORDER, kinds)), len(text)]
    return " ".join([text[start:end] for start, end in pairwise(places)])


def words(text: str) -> list[str]:
    """The words of a text as the index has them, except that the index stems them: lower case, in order."""
    return _words(folded(text.replace("'", " ").replace("\u2019", " ")).lower())


def _words(text: str) -> list[str]:
    """The words of a folded text."""
    return _WORD.findall(text) if text.isascii() else text.translate(_in_words).split()


@cache
def stop_words(name: str | None) -> frozenset[str]:
    """The function words of a language, folded; of English where a language has no list of its own."""
    return frozenset(folded(word) for word in STOP_WORDS.get(name or "en", STOP_WORDS["en"]).split())


_language = lru_cache(maxsize=16)(language)
"""The language of a query, which a search asks for five times; that of a text to index is `languages.language`."""


def left_out(query: str) -> frozenset[str]:
    """The function words of the language of a query."""
    return stop_words(_language(query))


def terms(query: str) -> list[str]:
    """The words of a query that are worth looking for, each once."""
    found = list(dict.fromkeys(words(query)))
    empty = left_out(query)
    return [word for word in found if word not in empty] or found


_MOST_WORDS = 400
"""The most words of a query that are looked for in the candidates."""


@lru_cache(maxsize=16)
def query_words(query: str) -> tuple[str, ...]:
    """What ranking looks for in the candidates: the words of a query, and the pairs of scripts without spaces, each once."""
    apart = [word for word in terms(query) if not is_spaceless(word)]
    return (*apart, *dict.fromkeys(pairs(folded(query))))[:_MOST_WORDS]


def is_spaceless(word: str) -> bool:
    """Whether a word is of a script without spaces, and so a run of characters or a pair of them."""
    return all(_kinds[ord(sign)] == "s" for sign in word)


def query_fours(query: str, words: Sequence[str]) -> list[tuple[str, ...]]:
    """The groups of four letters of each of these words of a query (`fours`); none in English, whose words are not cut."""
    if _language(query) == "en":
        return [()] * len(words)
    return [tuple(fours(word).split()) if place < _MOST_CUT else () for place, word in enumerate(words)]


def says_something(query: str) -> bool:
    """Whether a query has a word that is no function word."""
    empty = left_out(query)
    return any(word not in empty for word in words(query))


def pairs(text: str) -> list[str]:
    """Overlapping pairs of characters in scripts that put no spaces between words; a lone character is returned itself."""
    return [pair for run in _runs(text) for pair in _paired(run)]


def _runs(text: str) -> list[str]:
    return [] if text.isascii() else text.translate(_in_runs).split()


def _paired(run: str) -> list[str]:
    return [run] if len(run) < 3 else [run[place : place + 2] for place in range(len(run) - 1)]


def _grams(text: str) -> list[str]:
    """The pairs of a folded text, and the characters by themselves of each run of two and more."""
    found: list[str] = []
    for run in _runs(text):
        found += _paired(run)
        if len(run) > 1:
            found += run
    return found


def columns(body: str, names: str) -> tuple[str, str, str]:
    """The columns of `fts`: a text, who and what it is about, and what the rules of its script and language add to both.

    The third has the pairs and the single characters of scripts without spaces, and the fours of other languages than English.
    """
    name, foreign = guess(body)
    body, names = folded(body), folded(names)
    added = [*_grams(body), *_grams(names)]
    if foreign:
        left_out = stop_words(name)
        added += (fours(word) for word in dict.fromkeys(_words(body.lower())) if word not in left_out)
    return body, names, " ".join(filter(None, added))


@lru_cache(maxsize=65536)
def fours(word: str) -> str:
    """The overlapping groups of four letters of a word and its edges, each once, with blanks between them.

    By them the forms of a word find each other, and a word finds what it is put together with, in any language that has
    letters: `termin` and `zahnarzttermine` share `term`, `ermi` and `rmin`. Empty for numbers, and for scripts without spaces.

    On a hundred notes and forty questions in each of German, Dutch, French and Spanish recall@5 was 0.52 with words alone, 0.54
    with Savoy's light stemmers, 0.69 with groups of five letters, 0.71 with four and 0.73 with three, whose groups are so
    common that a large index takes long to look them up.
    """
    if len(word) < 3 or re.search(_NUMBER, word) or _within(ord(word[0]), _SPACELESS):
        return ""
    edged = f"{_EDGE}{word[:_SPELT_OUT]}{_EDGE}"
    return " ".join(dict.fromkeys(edged[place : place + 4] for place in range(len(edged) - 3)))


def edged(text: str) -> str:
    """The words of a folded text with a mark at each border: it has every group of letters (`fours`) that a word of it has."""
    return f"{_EDGE}{_EDGE.join(_words(text.lower()))}{_EDGE}"


def match_expressions(query: str) -> list[str]:
    """A query as FTS5 expressions: the words, and by what else the index has them (see `columns`)."""
    found = terms(query)
    parts = [f'{{body names}} : "{word}"' for word in found]
    asked = _grams(folded(query))
    if _language(query) != "en":
        asked += " ".join(map(fours, found[:_MOST_CUT])).split()
    return parts + [f'grams : "{gram}"' for gram in dict.fromkeys(asked)]


def grams_expression(text: str, most: int = 8) -> str | None:
    """An FTS5 expression for text in scripts without spaces: the first character pairs, all required; `None` without any."""
    found = list(dict.fromkeys(pairs(folded(text))))[:most]
    return " AND ".join(f'grams : "{gram}"' for gram in found) if found else None
