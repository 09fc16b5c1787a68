"""The words of a text: as the index has them and as a query asks for them. One set of rules for both. Pure.

What FTS5 does by itself (its tokenizer `porter unicode61 remove_diacritics 2`) is enough for English. For all other text the
rules here come before it, in the index and in queries alike.

A contentless FTS5 table takes a text out again only by the very words that went in. So all here depends on the text alone, and
not on the version of Python's Unicode tables either: those of Unicode 3.2 are used, which every Python carries unchanged.
Whoever changes a rule makes all indexes anew with a migration (see `infra.vault.schema`); a test fails that says so.
"""

import re
from functools import cache, lru_cache

from memos_cli.infra.words.languages import STOP_WORDS, language

SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u3096\u3099\u309a\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""The characters of scripts that put no spaces between words, or, as Korean, join particles to them: a range of a pattern."""
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff"
)
"""Characters that nobody sees: soft hyphens, joiners, marks of direction, variation selectors."""
_MARKS = (
    "\u0300-\u0305\u0307-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Accents and vowel points, which some write and some do not; not those that make another letter, as in Korean or Hindi."""
_LEFT_OUT = re.compile(f"[{_INVISIBLE}{_MARKS}]|(?<![\u0418\u0438])\u0306")
"""What is taken off a text: the above, and the breve, except that of the Cyrillic short i."""
_PILED = re.compile(r"([^\w\s]{32})[^\w\s]+")
"""A run of signs that are no letters: the rest says nothing, and to sort marks takes their number squared."""
_COMPOSED = re.compile("[\u0306\u1100-\u11ff\u3099\u309a]")
_WRITTEN_OUT = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ŋ": "n", "\u0131": "i",
    "\u03c2": "\u03c3", "\u02bc": "'",
}  # fmt: skip
"""Letters that have no accent to take off: ligatures, the sharp s, the dotless i, the final sigma, an apostrophe."""
_LETTERS = re.compile(f"[{''.join(_WRITTEN_OUT)}]")
_OTHER = "\u0370-\u1dff\u1f00-\u1fff"
_NOT_LATIN = re.compile(f"[{_OTHER}{SPACELESS}]")
_LATIN = "a-zA-Z\u00aa-\u024f\u1e00-\u1eff"
_BORDER = re.compile(
    f"(?<=[{SPACELESS}])(?=[^\\W{SPACELESS}])|(?<=[^\\W{SPACELESS}])(?=[{SPACELESS}])|"
    f"(?<=[{_LATIN}])(?=[{_OTHER}])|(?<=[{_OTHER}])(?=[{_LATIN}])"
)
"""Where one script ends and another begins."""
_WORD = re.compile("[\\w\u0900-\u0963\u0966-\u0dff\u0e00-\u109f\u1780-\u17d3\u3099\u309a]+")
_RUN = re.compile(f"[{SPACELESS}]+")
_NO_LETTERS = re.compile(f"[\\d_{SPACELESS}]")
_EDGE = "\ue000"
"""Stands before and after a word that is cut into fours: a letter of private use, which FTS5 takes into words."""
_SPELT_OUT = 48
"""The most letters of a word that are cut into fours: what is longer is no word."""
_MOST_CUT = 60
"""The most words of a query that are cut into fours."""


def folded(text: str) -> str:
    """A text as it is compared: compatible forms and ligatures as plain letters, no accents, no invisible characters.

    Where one script ends and another begins is a space. What is not ASCII is in lower case; FTS5 itself does that to ASCII.
    Folding what is folded changes nothing. It takes time in proportion to the text.
    """
    if text.isascii():
        return text
    from unicodedata import ucd_3_2_0

    text = _PILED.sub(r"\1 ", text).replace("\u2122", "")  # the sign of a trademark would become letters of its word
    text = ucd_3_2_0.normalize("NFKD", text)
    text = _LEFT_OUT.sub("", text).lower()
    text = _LETTERS.sub(lambda found: _WRITTEN_OUT[found[0]], text)
    if _COMPOSED.search(text):
        text = ucd_3_2_0.normalize("NFC", text)
    return _BORDER.sub(" ", text) if _NOT_LATIN.search(text) else text


def words(text: str) -> list[str]:
    """The words of a text as the index has them, except that the index stems them: lower case, in order."""
    return _WORD.findall(folded(text.replace("'", " ").replace("\u2019", " ")).lower())


@cache
def stop_words(name: str | None) -> frozenset[str]:
    """The function words of a language, folded; of English where a language has no list of its own."""
    return frozenset(folded(word) for word in STOP_WORDS.get(name or "en", STOP_WORDS["en"]).split())


def terms(query: str) -> list[str]:
    """The words of a query that are worth looking for, each once."""
    found = list(dict.fromkeys(words(query)))
    left_out = stop_words(language(query))
    return [word for word in found if word not in left_out] or found


def left_out(query: str) -> frozenset[str]:
    """The function words of the language of a query."""
    return stop_words(language(query))


_MOST_WORDS = 400
"""The most words of a query that are looked for in the candidates."""


def query_words(query: str) -> list[str]:
    """What ranking looks for in the candidates: the words of a query, and the pairs of scripts without spaces, each once."""
    apart = [word for word in terms(query) if not is_spaceless(word)]
    return [*apart, *dict.fromkeys(pairs(folded(query)))][:_MOST_WORDS]


def is_spaceless(word: str) -> bool:
    """Whether a word is of a script without spaces, and so a run of characters or a pair of them."""
    return _RUN.fullmatch(word) is not None


def query_fours(query: str, words: list[str]) -> list[tuple[str, ...]]:
    """The groups of four letters of each of these words of a query (`fours`); none in English, whose words are not cut."""
    if language(query) == "en":
        return [()] * len(words)
    return [tuple(fours(word).split()) if place < _MOST_CUT else () for place, word in enumerate(words)]


def says_something(query: str) -> bool:
    """Whether a query has a word that is no function word."""
    left_out = stop_words(language(query))
    return any(word not in left_out for word in words(query))


def pairs(text: str) -> list[str]:
    """Overlapping pairs of characters in scripts that put no spaces between words; a lone character is returned itself."""
    found: list[str] = []
    for run in _RUN.findall(text):
        if len(run) < 3:
            found.append(run)
        else:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found


def _singles(text: str) -> list[str]:
    """The characters by themselves of each run of two and more in scripts without spaces."""
    return [sign for run in _RUN.findall(text) if len(run) > 1 for sign in run]


def columns(body: str, names: str) -> tuple[str, str, str]:
    """The columns of `fts`: a text, who and what it is about, and what the rules of its script and language add to both.

    The third has the pairs and the single characters of scripts without spaces, and the fours of other languages than English.
    """
    name = language(body)
    body, names = folded(body), folded(names)
    added: list[str] = []
    if not (body.isascii() and names.isascii()):
        for text in (body, names):
            added += pairs(text)
            added += _singles(text)
    if name != "en":
        left_out = stop_words(name)
        added += (fours(word) for word in dict.fromkeys(_WORD.findall(body.lower())) if word not in left_out)
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
    if len(word) < 3 or _NO_LETTERS.search(word):
        return ""
    edged = f"{_EDGE}{word[:_SPELT_OUT]}{_EDGE}"
    return " ".join(dict.fromkeys(edged[place : place + 4] for place in range(len(edged) - 3)))


def match_expressions(query: str) -> list[str]:
    """A query as FTS5 expressions: the words, and by what else the index has them (see `columns`)."""
    text = folded(query)
    found = terms(query)
    parts = [f'{{body names}} : "{word}"' for word in found]
    asked = [*pairs(text), *_singles(text)]
    if language(query) != "en":
        asked += " ".join(map(fours, found[:_MOST_CUT])).split()
    return parts + [f'grams : "{gram}"' for gram in dict.fromkeys(asked)]


def grams_expression(text: str, most: int = 8) -> str | None:
    """An FTS5 expression for text in scripts without spaces: the first character pairs, all required; `None` without any."""
    found = list(dict.fromkeys(pairs(folded(text))))[:most]
    return " AND ".join(f'grams : "{gram}"' for gram in found) if found else None
