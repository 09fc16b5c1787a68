"""Comparing an answer with the expected ones. Pure functions."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

from memos_cli.operation.prompt.model_request import UNKNOWN

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_NOT_KNOWN = re.compile(
    r"\b(?:(?:do not|does not|did not|don't|doesn't|didn't|can't|cannot|can not) (?:know|say|mention|tell|answer)\b"
    r"|(?:not|never|isn't|wasn't) (?:known|mentioned|specified|stated|said|provided)\b|no (?:information|mention|record)\b"
    r"|cannot be answered|unanswerable|unknown)"
)


def words(text: str) -> list[str]:
    """The words that are compared: lower case, without punctuation and without the articles a, an, the.

    This is the normalisation of SQuAD (Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250, the script `evaluate-v1.1.py`),
    with the punctuation of all scripts, while SQuAD's is that of ASCII. LoCoMo (Maharana et al. 2024,
    https://arxiv.org/abs/2402.17753) also drops "and" and cuts words to their stems, so figures by its own script are somewhat
    higher than these.
    """
    kept = "".join(character for character in text.lower() if not _is_punctuation(character))
    return _ARTICLE.sub(" ", kept).split()


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def f1(answer: str, expected: str) -> float:
    """The harmonic mean of precision and recall over the words of two texts, each word as often as it occurs; 0 to 1.

    Where one text has no words, it is 1 if the other has none either (as in SQuAD 2.0), else 0.
    """
    ours, theirs = words(answer), words(expected)
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (Counter(ours) & Counter(theirs)).total()
    return 2 * shared / (len(ours) + len(theirs))


def exact(answer: str, expected: str) -> bool:
    """Whether two texts have the same words in the same order."""
    return words(answer) == words(expected)


def holds(answer: str, expected: str) -> bool:
    """Whether all words of the expected answer stand in the answer, each as often as it is expected, in any order."""
    wanted = Counter(words(expected))
    return bool(wanted) and wanted <= Counter(words(answer))


def best_f1(answer: str, expected: Sequence[str]) -> float:
    """The highest F1 with one of several accepted answers."""
    return max(f1(answer, one) for one in expected)


def abstains(answer: str, *, generated: bool) -> bool:
    """Whether an answer says that it is not known.

    Args:
        generated: a model wrote it, in words of its own; otherwise only memos' own words count, since a memory shown word for
            word may well contain "I don't know".
    """
    said = answer.strip().replace("\u2019", "'")
    return said.startswith(UNKNOWN.rstrip(".")) or (generated and bool(_NOT_KNOWN.search(said.lower())))
