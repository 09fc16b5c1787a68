"""Words as the check of an answer compares them: written out, cut to a stem, and in which language. Pure.

The lists are in `memos_cli/data/answer_words.txt`, which explains their form at its head.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from memos_cli.infra.words.languages import STOP_WORDS, language
from memos_cli.interface.chat.answers import answer_figures


def as_set(words: str) -> frozenset[str]:
    """The words of a list that is written as prose."""
    return frozenset(words.split())


MOST = 12_000
"""The most characters of a text that are read: what stands behind them bears no answer out."""
_FILE = "answer_words.txt"
_TOKEN = re.compile(r"'s\b|(?<=s)'(?=\s)|[^\W_]+(?:(?:[-.,:/@]|'(?!s\b))[^\W_]+)*|[.,;:!?()\u2013\u2014\n]")
_TITLES = as_set("dr mr mrs ms prof st")
_LIGHT = as_set(
    "be have do get go come make take give put keep see use need let will can could would should shall must may might there"
    " here then than as so"
)
"""Verbs that say little of what is asked, beside function words."""
_AFTER_IS = (
    "an?|the|not|no|never|in|on|at|from|called|allergic|vegan|vegetarian|married|sick|ill|pregnant|out|off|over|away|still"
    "|already|now|back (?:at|in|on|from)|going|coming|getting|moving|leaving|living|allowed|scared|afraid|deaf|fine|due"
)
"""Words before which an "'s" is a verb and no owner."""
_WRITTEN = tuple(
    (re.compile(pattern, re.IGNORECASE), written)
    for pattern, written in (
        (r"\bcan't\b|\bcannot\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"n't\b", " not"),
        (r"\b(do|does|did|is|are|was|were|has|have|had|could|would|should)nt\b", r"\1 not"),
        (r"\bcant\b", "can not"),
        (r"\bwont\b", "will not"),
        (r"\b(i)m\b", r"\1 am"),
        (r"\b(i|you|we|they)ve\b", r"\1 have"),
        (r"\b(he|she|that|there|what|where|who|when)s\b", r"\1 is"),
        (r"\b(i)'m\b", r"\1 am"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
        (r"'d\b", " would"),
        (r"\b(he|she|it|that|there|what|here|who|where|when|how)'s\b", r"\1 is"),
        (rf"'s (?=(?:{_AFTER_IS})\b)", " is "),
        (r"\bno longer\b", "not"),
        (r"\bnot\b(.{1,60}?)\bany ?(?:more|longer)\b", r"not\1"),
        (r"\bnever left\b", "live in"),
        (r"\bgave up\b", "stopped"),
        (r"\bused to\b", "formerly"),
        (r"\bcan not (?:stand|bear)\b", "hates"),
        (r"\bcan not (\w{1,30}) (?:stand|bear)\b", r"does \1 hate"),
        (r"\b(do|does|did|doing) for a living\b", "have as job"),
        (r"\bgive back\b", "return"),
        ("\u20ac ?", " euro "),
        (r"\$ ?", " dollar "),
        ("\u00a3 ?", " pound "),
        (r"\bhas got\b", "has"),
        (r"\bhave got\b", "have"),
        (r"\b[Tt]he (\w{2,20}) of ((?:my|our|his|her|their|the) \w+|(?-i:[A-Z])\w+)", r"\2's \1"),
    )
)


class WordLists(NamedTuple):
    """The lists of a language, as the file names them."""

    name: str
    yes: frozenset[str]
    no: frozenset[str]
    me: frozenset[str]
    my: frozenset[str]
    be: frozenset[str]
    against: frozenset[str]
    doubt: frozenset[str]
    kin: frozenset[str]
    small: frozenset[str]
    empty: frozenset[str]


class Word(NamedTuple):
    """A word of a text.

    Attributes:
        said: as it is written.
        low: in lower case.
        stem: what it is compared by; of a number that is written out its digits.
        name: whether it may be a name: it has a capital, does not begin a sentence, and is no acronym such as PIN.
        first: whether it begins a sentence.
    """

    said: str
    low: str
    stem: str
    name: bool
    first: bool


@cache
def _blocks() -> dict[str, dict[str, str]]:
    from importlib.resources import files

    text = (files("memos_cli.data") / _FILE).read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}
    for block in text.split("\n# ")[1:]:
        head, _, rest = block.partition("\n")
        found[head.strip()] = dict(line.split(": ", 1) for line in rest.splitlines() if ": " in line)
    return found


@cache
def tongue(name: str) -> WordLists:
    """The lists of a language; those that it lacks are empty."""
    block = _blocks().get(name, {})

    def words(key: str) -> frozenset[str]:
        return frozenset(block.get(key, "").split())

    return WordLists(
        name, words("yes"), words("no"), words("me"), words("my"), words("be"), words("not"), words("doubt"), words("kin"),
        words("small"), frozenset(STOP_WORDS.get(name, "").split()),
    )  # fmt: skip


def _is_acronym(said: str) -> bool:
    """Whether a word of capitals alone names a thing: three letters and more, or one of the usual two (JJ may be somebody)."""
    return said.isupper() and (len(said) > 2 or said in {"GP", "ID", "TV", "PC", "UK", "US", "EU", "IT", "HR", "OK", "A4"})


@cache
def first_names() -> frozenset[str]:
    """First names in small letters."""
    from importlib.resources import files

    text = (files("memos_cli.data") / "first_names.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=64)
def tongue_of(text: str) -> str:
    """The language of a question: one that has lists, else `""`; English where its words tell nothing."""
    found = language(text)
    if found is None:
        return "en" if text.isascii() else ""
    return found if found in _blocks() else ""


@cache
def said_as_yes() -> frozenset[str]:
    """The words for yes in all languages that are known."""
    return frozenset(word for name in _blocks() for word in tongue(name).yes) | {"tak", "da", "sim", "s\u00ec"}


@cache
def said_as_no() -> frozenset[str]:
    """The words for no in all languages that are known."""
    return frozenset(word for name in _blocks() for word in tongue(name).no) | {"nie", "n\u00e3o", "net"}


@cache
def _pasts() -> dict[str, str]:
    words = _blocks()["en"]["past"].split()
    return dict(zip(words[::2], words[1::2], strict=True))


@cache
def _same() -> dict[str, str]:
    return {_cut(word): _cut(group.split("=")[0]) for group in _blocks()["en"]["same"].split() for word in group.split("=")}


@cache
def implied() -> dict[str, frozenset[str]]:
    """What tells that which is asked, by the stem of what is asked: kilograms tell a weight."""
    found: dict[str, frozenset[str]] = {}
    for pair in _blocks()["en"]["implied"].split():
        asked, tells = (stem(word) for word in pair.split(":"))
        found[asked] = found.get(asked, frozenset()) | {tells}
    return found


@cache
def opposites() -> dict[str, str]:
    """Opposites and the words that they are the opposites of."""
    return dict(pair.split(":") for pair in _blocks()["en"]["against"].split())


_UNITS = {
    "kilo": "kg", "kilos": "kg", "kilogram": "kg", "kilograms": "kg", "milligram": "mg", "milligrams": "mg", "euros": "euro",
    "\u20ac": "euro", "$": "dollar", "dollars": "dollar", "pounds": "pound", "\u00a3": "pound", "centimetres": "cm",
    "centimeters": "cm", "metres": "metre", "meters": "metre", "grams": "g", "am": "be", "is": "be", "are": "be", "was": "be",
    "were": "be", "been": "be", "being": "be", "has": "have", "does": "do", "goes": "go",
}  # fmt: skip


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """What a word in lower case is compared by: `lives`, `lived` and `living` are the same, and so are `eleven` and `11`."""
    if (digits := answer_figures.number(word)) is not None and word not in {"first", "second"}:
        return digits
    word = opposites().get(word, word)
    word = _UNITS.get(word, word)
    cut = _cut(_pasts().get(word, word))
    return _same().get(cut, cut)


def _cut(word: str) -> str:
    if len(word) < 4 or not word.isalpha():
        return word
    for ending in ("ings", "ing", "ied", "ies", "ed", "es", "s", "e"):
        if ending == "s" and word.endswith("ss"):
            break
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            cut = word[: -len(ending)]
            if ending in {"ing", "ed", "ings"} and cut[-1] == cut[-2] and cut[-1] not in "lsz":
                return cut[:-1]
            return cut + "i" if ending in {"ied", "ies"} else cut[:-1] + "i" if cut.endswith("y") else cut
    return word[:-1] + "i" if word.endswith("y") else word


def is_past(word: str) -> bool:
    """Whether an English verb in lower case may be a past form."""
    return (word in _pasts() and _pasts()[word] != word) or word.endswith("ed")


def written_out(text: str) -> str:
    """English text without contractions, and with the phrases in one form that the check looks at word by word."""
    text = text[:MOST].replace("\u2019", "'")
    for pattern, written in _WRITTEN:
        text = pattern.sub(written, text)
    return text


def words(text: str, *, english: bool = True) -> list[Word]:
    """The words and marks of a text in order."""
    return list(_words(text, english=english))


@lru_cache(maxsize=256)
def _words(text: str, *, english: bool) -> tuple[Word, ...]:
    text = written_out(text) if english else text[:MOST].replace("\u2019", "'")
    found: list[Word] = []
    first = True
    for match in _TOKEN.finditer(text):
        said = match[0]
        low = said.casefold()
        if said == "." and found and found[-1].low in _TITLES:
            continue
        letter = said[0].isalpha()
        name = letter and said[0].isupper() and not first and not _is_acronym(said)
        found.append(Word(said, low, stem(low) if english else low, name, first and letter))
        first = said in ".!?\n" if not letter else False
    return tuple(found)


def is_mark(word: Word) -> bool:
    """Whether this is a mark of punctuation, or the mark of a possessive."""
    return not word.said[0].isalnum()


@cache
def empty_stems() -> frozenset[str]:
    """The stems of English words that say nothing of what is asked."""
    lists = tongue("en")
    plain = lists.empty | lists.be | lists.me | lists.my | lists.small
    known = frozenset(stem(word) for word in plain) | plain | _LIGHT | {"not", "yes", "please", "mr", "mrs", "dr"}
    return known - {"may", "march", "will", "well"} | {"well"}


def content(found: list[Word]) -> list[Word]:
    """The words that say something: neither marks nor function words."""
    empty = empty_stems()
    return [word for word in found if not is_mark(word) and (word.name or (word.stem not in empty and word.low not in empty))]


def alike(one: str, other: str) -> bool:
    """Whether two stems are forms of one word: the same, or the same but for a short ending."""
    if one == other:
        return True
    if len(one) > len(other):
        one, other = other, one
    return len(one) >= 4 and other.startswith(one) and len(other) - len(one) <= 2 and one.isalpha()
