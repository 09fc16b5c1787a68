"""The gate before an adapter is promoted: its scores, and whether they are enough. Pure."""

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple


class Scores(NamedTuple):
    """The scores of an adapter, as shares of 1; `None` where there was nothing to ask.

    Attributes:
        facts: how many facts were asked for, in `questions` questions of forms that training never saw.
        closed_book: answered right with the adapter and no memory in the prompt.
        base: the same without the adapter: the model knew the answer anyway, or guessed.
        rag: answered right without the adapter and with the memory in the prompt.
        both: answered right with the adapter and with the memory in the prompt.
        negatives_refused: the share of `negatives` unanswerable questions refused with the adapter; `…_base`: without it.
        in_context: questions to other memories in the prompt, answered right with the adapter; `…_base`: without it.
        drift: the share of questions answered right only without the adapter, less the share right only with it; at least 0.
        text_drift: how much less likely unrelated text is with the adapter, in nats a token; `None`, too, where the model
            guesses blindly at such text.
        in_context_asked: how many questions `in_context` is a share of.
        drift_error: the standard error of the drift, over questions that were asked twice.
        unchanged: the share of questions to other memories in the prompt whose answer is the same with the adapter. Where the
            model answers few of them right, in whatever words, the drift says little, and this says more.
    """

    facts: int
    questions: int
    closed_book: float | None
    base: float | None
    rag: float | None
    both: float | None
    negatives: int
    negatives_refused: float | None
    negatives_refused_base: float | None
    in_context: float | None
    in_context_base: float | None
    drift: float | None
    text_drift: float | None = None
    in_context_asked: int = 0
    drift_error: float | None = None
    unchanged: float | None = None


class Bars(NamedTuple):
    """The scores that an adapter has to reach before chat uses it."""

    closed_book: float = 0.8
    negatives_refused: float = 0.9
    drift: float = 0.02
    text_drift: float = 0.5
    both: float = 0.03
    """How much worse the adapter may answer its own facts when they stand in the prompt; one question may always be lost."""
    gain: float = 0.3
    """How much more it has to answer than the model without it: a model that guesses well has learnt nothing."""


def failures(scores: Scores, bars: Bars = Bars()) -> tuple[str, ...]:  # noqa: B008 -- a frozen tuple
    """Why an adapter is not promoted, a line for each reason; empty where it passes."""
    found = []
    if scores.closed_book is None or scores.closed_book < bars.closed_book:
        answered, asked = _percent(scores.closed_book), _percent(bars.closed_book)
        found.append(f"it answers {answered} of the held-out questions, {asked} are asked")
    elif scores.closed_book - (scores.base or 0.0) < bars.gain:
        found.append(f"the model without it answers {_percent(scores.base)} already")
    if scores.negatives_refused is not None and scores.negatives_refused < bars.negatives_refused:
        refused, asked = _percent(scores.negatives_refused), _percent(bars.negatives_refused)
        found.append(f"it refuses {refused} of what it cannot know, {asked} are asked")
    if scores.drift is not None and scores.drift > bars.drift:
        found.append(f"it answers {_percent(scores.drift)} fewer of other questions right, {_percent(bars.drift)} are allowed")
    if scores.text_drift is not None and scores.text_drift > bars.text_drift:
        found.append(f"unrelated text is {scores.text_drift:.2f} nats a token less likely, {bars.text_drift:.2f} are allowed")
    spared = max(bars.both, 1.01 / max(1, scores.questions))  # a hundredth more, since shares are rounded
    if scores.both is not None and scores.rag is not None and scores.rag - scores.both > spared:
        found.append("it answers its own facts worse when they stand in the prompt")
    return tuple(found)


class Lost(NamedTuple):
    """The share answered right only before, less the share answered right only after, and the standard error of this."""

    share: float
    error: float


def lost(before: Sequence[bool], after: Sequence[bool]) -> Lost | None:
    """Compare the answers to the same questions in pairs: most pairs are equal, so few questions give a small error.

    Args:
        before, after: for each question, whether it was answered right.
    """
    if not before:
        return None
    each = [int(one) - int(other) for one, other in zip(before, after, strict=True)]
    mean = sum(each) / len(each)
    return Lost(mean, math.sqrt(sum((one - mean) ** 2 for one in each)) / len(each))


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"


def same(given: str, wanted: str) -> bool:
    """Whether an answer is the wanted one: case, articles, and marks around it do not count."""
    return _bare(given) == _bare(wanted)


def _bare(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().strip(" .,!?\"'\u2018\u2019\u201c\u201d\n")
    text = re.sub(r"^(?:on|in|at|to)\s+", "", text)
    return re.sub(r"\s+", " ", re.sub(r"^(?:the|a|an)\s+", "", text))
