"""The differences of two texts, by the sorts of their words: another number, name, negation, and so on.

A word in place of another can be a matter of style, or turn what is said into something else. The sorts tell which.
"""

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, NamedTuple

from memos_cli.operation.operator.dedupe.normal_form import (
    FUNCTION_WORDS,
    MODALS,
    NEGATIONS,
    QUANTITIES,
    TENSES,
    NormalForm,
)

UNITS = frozenset(
    """mg kg g ml cl l km cm mm mb gb tb kb ms mcg µg °c °f % € £ $ seconds minutes hours days weeks months years metres meters
    miles inches euros euro dollars pounds pence stone lb lbs oz""".split()  # noqa: SIM905 -- reads better as prose
)
_OPPOSITES = """
    on off; in out; inside outside; before after; up down; left right; open closed; opens closes; opened closed; enabled
    disabled; enable disable; allow forbid; allowed forbidden; like hate; likes hates; like dislike; likes dislikes; love
    hate; loves hates; true false; yes no; more less; above below; over under; with without; always never; morning
    evening; day night; first last; minimum maximum; min max; increase decrease; everyone nobody; everything nothing;
    positive negative; high low; higher lower; start end; starts ends; public private; required optional; hot cold; am pm;
    married divorced; alive dead; accept reject; full empty; safe unsafe; possible impossible; able unable; locked
    unlocked; early late; earlier later; all none; left-handed right-handed; single married; and or; to from; win lose;
    won lost; pass fail; passed failed; passes fails; starts stops; started stopped; add remove; buy sell; bought sold;
    may must; include exclude; daytime nighttime; import export; north south; east west
"""
_PAIRS = [tuple(words.split()) for words in _OPPOSITES.split(";")]
OPPOSITES = frozenset(_PAIRS) | {pair[::-1] for pair in _PAIRS}


class Differences(NamedTuple):
    """The differences of two texts.

    Attributes:
        kinds: the sorts of words that differ: those of `HARD`, and `case`, `function` and `word`.
        slots: the places that differ, each as the words of the one text and those of the other.
    """

    kinds: frozenset[str]
    slots: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


HARD = frozenset(
    ("number", "date", "time", "code", "name", "negation", "quantity", "modal", "tense", "unit", "opposite", "order")
)
"""The differences that forbid a fusion, whoever proposes it."""


def sort_of(word: str) -> str:
    """The sort of a word: one of `HARD`, or `word`."""
    if re.fullmatch(r"t\d\d:\d\d|\d{1,2}:\d\d", word):
        return "time"
    if re.fullmatch(r"(?:\d{4}|-)-\d\d-\d\d|(?:mon|tues|wednes|thurs|fri|satur|sun)days?", word):
        return "date"
    if re.fullmatch(r"[+-]?[\d.,]*\d(?:st|nd|rd|th)?", word):
        return "number"
    if word.startswith(("`", "-")) or re.search(r"[\d_@/\\#=<>&|{}$^~]|\w\.\w|\w:\w", word):
        return "code"
    for kind, words in _LISTED.items():
        if word.casefold() in words:
            return kind
    return "name" if word[:1] != word[:1].lower() else "word"


_FOREIGN_NEGATIONS = frozenset(
    """nicht nichts kein keine keinen keinem keiner nie niemals niemand ohne weder niet niets geen nooit zonder non mai nessuno
    nessuna niente nulla senza pas jamais rien aucun aucune no nunca nadie nada ningún ninguna ninguno tampoco não nao ninguém
    ninguem nenhum nenhuma sem inte icke aldrig ingen inget inga utan ikke aldri uden uten nigdy nikt bez není nejsem nemám nem
    soha nincs nincsen не нет никогда никто ничего без нету немає ні δεν δε μην ποτέ χωρίς tidak bukan değil yok không नहीं
    मत""".split()  # noqa: SIM905 -- reads better as prose
)
"""Words that mean "not", "never", "nobody" or "without" in some language, and nothing else in the others."""
_PERHAPS_NEGATIONS = frozenset(
    """ne n ni sin sans plus più mais meer mehr noch kaum bijna en et ei emme ette eivät nu nic né neanche neppure guère
    personne jamás ikkje hiç tak tiada ليس لا لم لن بدون לא אין בלי""".split()  # noqa: SIM905 -- so
)
"""Words that negate in one language and mean something else in another: they only keep a fusion from being suggested."""
_NEGATING = re.compile(
    "[\u4e0d\u6ca1\u6c92\u65e0\u7121\u522b\u5225\u672a\u975e]|\u306a\u3044|\u307e\u305b\u3093|\u306a\u304b\u3063"
    "|\uc54a|\ubabb|\uc5c6|\uc544\ub2c8|(?<!\\w)\uc548 "
)
"""What negates within a word of Chinese, Japanese or Korean, which have no word of its own for it."""


def negations(reading: NormalForm) -> tuple[tuple[str, ...], int]:
    """What may negate in a text, in any of these languages: its words, sorted, and how often it is a part of a word."""
    words = (word.casefold() for word in reading.words)
    found = sorted(word for word in words if word in NEGATIONS | _FOREIGN_NEGATIONS | _PERHAPS_NEGATIONS)
    return tuple(found), len(_NEGATING.findall(reading.text))


_LISTED = {"negation": NEGATIONS | _FOREIGN_NEGATIONS, "quantity": QUANTITIES, "modal": MODALS, "tense": TENSES, "unit": UNITS}


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """The stem of an English word (Porter 2, by snowballstemmer)."""
    return str(_stemmer().stemWord(word.casefold()))


@lru_cache(maxsize=1)
def _stemmer() -> Any:  # noqa: ANN401 -- the library's own
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def differences(one: NormalForm, other: NormalForm) -> Differences:
    """The differences of two texts, by position and as a whole."""
    slots = []
    mine, theirs = one.loose, other.loose
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            slots.append((mine[a:b], theirs[c:d]))
    first, second = _counted(mine), _counted(theirs)
    known = {word.casefold() for word in (*mine, *theirs) if sort_of(word) == "word"}
    kinds = {_kind(word, known) for word, _ in first ^ second}
    words, others = {word for word, _ in first - second}, {word for word, _ in second - first}
    if any((a.casefold(), b.casefold()) in OPPOSITES for a in words for b in others):
        kinds.add("opposite")
    if not kinds & HARD and _weighty(mine, theirs) != _weighty(theirs, mine):
        kinds.add("order")
    return Differences(frozenset(kinds), tuple(slots))


def _counted(words: tuple[str, ...]) -> frozenset[tuple[str, int]]:
    """Each word with the number of its occurrence, so that a number said twice differs from one said once."""
    seen: dict[str, int] = {}
    found = []
    for word in words:
        seen[word] = seen.get(word, 0) + 1
        found.append((word, seen[word]))
    return frozenset(found)


def _kind(word: str, known: set[str]) -> str:
    """The sort of a word that only one text has; a capitalised word that `known` has in lower case is no name but `case`."""
    sort = sort_of(word)
    if sort == "name" and word.casefold() in known:
        return "case"
    return "function" if sort == "word" and word.casefold() in FUNCTION_WORDS else sort


def _weighty(words: tuple[str, ...], others: tuple[str, ...]) -> list[str]:
    """Names, numbers and the like in order: only the order says who owes whom. A name in `others` is a name here, too."""
    names = {word.casefold() for word in others if sort_of(word) == "name"}
    sorts = {"name", "number", "date", "time", "code"}
    return [word.casefold() for word in words if sort_of(word) in sorts or word.casefold() in names]


def content_stems(reading: NormalForm) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(stem(word) for word in reading.loose if sort_of(word) != "word" or word.casefold() not in FUNCTION_WORDS)
