"""How the answers of an exam are graded, which bar they are held to, and whether the model is worth asking. Pure functions.

A grade is of the model's own sentence:

    right    it holds one of the accepted answers, and none of the wrong ones; where the memories do not say, it is a refusal
    refused  a refusal although the memories say it
    wrong    anything else: another value, a `yes` or `no` about somebody whom the memories do not tell it of, no answer at all,
             and a text that had to be cut off at the limit of tokens

Chat cites memories where an answer is below the bar, so such an answer is neither right nor wrong but `unsure`.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple

from memos_cli.operation.exam.questions import ExamQuestion

Mark = Literal["right", "wrong", "refused"]

MOST_WRONG = 0.03
"""The share of all questions that may be answered wrongly over the bar. Of 48 that is one: with none allowed, one odd question
would set the bar alone; three of a hundred is what a person can be expected to notice and correct."""
LEAST_RIGHT = 0.25
"""The share of all questions that has to be answered rightly over the bar: whoever waits for a model at every question, and
gets citations after three in four of them, is better off without the wait."""
WRONG_COSTS = 2.0
"""What a wrong answer takes away, where a right one gives 1: it is believed, so it does more harm than its absence."""
ENOUGH = 0.5
"""The share of the examining questions that has to be answered in time for a verdict. With fewer, no wrong one would be allowed
(3 % of 24 is less than one), and a bar would rest on a handful of answers."""

_WORD = re.compile(r"\w+(?:[.,:']\w+)*")
_REFUSALS = re.compile(
    r"\b(?:(?:do|does|did)(?:n't| not) (?:know|say|tell|mention|specify|state|contain|include)|not (?:sure|known|mentioned"
    r"|stated|specified|provided|given|in the (?:notes|memories))|no (?:information|mention|idea)|unknown"
    r"|cannot (?:tell|say|answer)|can't (?:tell|say|answer)|is(?:n't| not) (?:said|clear))\b"
)
_POLAR = ("yes", "no")


class Sat(NamedTuple):
    """A model's answer to a question of the exam.

    Attributes:
        number: the question's place among those that were given, from 0.
        layout: the name of the layout.
        text: what it said.
        least: the probability of its least likely token; `None` where the model tells none.
        whole: whether it ended by itself.
        first: seconds until it began.
        seconds: until it ended.
        tokens: how many it has.
        stands: whether chat lets it stand whatever its probability, which it does not where there is no text.
    """

    number: int
    layout: str
    text: str
    least: float | None
    whole: bool
    first: float
    seconds: float
    tokens: int
    stands: bool = True


class Score(NamedTuple):
    """What became of a number of questions; see `cards.Card` for the names."""

    right: int = 0
    wrong: int = 0
    refused: int = 0
    unsure: int = 0

    @property
    def asked(self) -> int:
        """How many there were."""
        return sum(self)


class ExamVerdict(NamedTuple):
    """Whether a model is worth asking, and from which bar.

    Attributes:
        score: with that bar.
        value: what its answers are worth a question, with citations below the bar; at most 1.
        citing: what citing alone is worth on the same questions.
        why: the verdict in a sentence.
    """

    bar: float
    score: Score
    value: float
    citing: float
    trusted: bool
    why: str


def mark(question: ExamQuestion, text: str, *, whole: bool = True) -> Mark:
    """The grade of an answer.

    Args:
        question: what was asked.
        text: the answer.
        whole: whether it ended by itself.
    """
    if not whole:
        return "wrong"
    said = normal(text)
    if refusal(said):
        return "refused" if question.answers else "right"
    if any(_holds(said, one) for one in question.wrong):
        return "wrong"
    return "right" if any(_holds(said, one) for one in question.answers) else "wrong"


def refusal(said: str) -> bool:
    """Whether a normalised answer says that the memories do not say it."""
    return _REFUSALS.search(said) is not None


def normal(text: str) -> str:
    """Text in small letters, without punctuation around words and with single blanks."""
    folded = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return " ".join(_WORD.findall(folded))


def _holds(said: str, wanted: str) -> bool:
    """Whether a normalised answer holds a text as whole words; `yes` and `no` only as its first word."""
    sought = normal(wanted)
    if sought in _POLAR:
        return said.split(" ", 1)[0] == sought
    return f" {sought} " in f" {said} "


def cited_value(question: ExamQuestion) -> float:
    """What citing is worth on a question: 1/n for n memories of which the reader has to pick the one that says it; else 0.

    Where the memories do not say, it is worth 1 if nothing is cited, and 0 otherwise: the reader reads something else.
    """
    if not question.answers:
        return 0.0 if question.cited else 1.0
    return 1 / len(question.cited) if set(question.evidence) <= set(question.cited) else 0.0


def score(marks: Sequence[tuple[Mark, Sat]], bar: float) -> Score:
    """How many answers are right, wrong and refused over a bar, and how many are below it."""
    over = [found for found, sat in marks if _over(sat, bar)]
    return Score(over.count("right"), over.count("wrong"), over.count("refused"), len(marks) - len(over))


def bar(marks: Sequence[tuple[Mark, Sat]]) -> float:
    """The lowest bar over which at most `MOST_WRONG` of all answers are wrong.

    It lies half-way between the wrong answer that has to stay below it and the next right one above. 1 where no bar does it, as
    for a model that tells no probabilities and is wrong too often.
    """
    allowed = int(MOST_WRONG * len(marks))
    wrong = sorted((_certain(sat) for found, sat in marks if found == "wrong" and sat.stands), reverse=True)
    if len(wrong) <= allowed:
        return 0.0
    first = wrong[allowed]
    above = [_certain(sat) for found, sat in marks if found == "right" and sat.stands and _certain(sat) > first]
    return (first + min(above)) / 2 if above else 1.0


def verdict(questions: Sequence[ExamQuestion], marks: Sequence[tuple[Mark, Sat]]) -> ExamVerdict:
    """Whether a model is worth asking, by its answers to the questions that examine it.

    A question is worth 1 where its answer is right, nothing where it is refused though the memories say it, minus `WRONG_COSTS`
    where it is wrong, and what citing is worth (`cited_value`) where it is below the bar. The model is trusted if with the bar
    of `bar`

    - at most `MOST_WRONG` of all answers are wrong,
    - at least `LEAST_RIGHT` of them are right, and
    - the questions are worth more than by citing alone.

    Args:
        questions: all of them; `Sat.number` is a place among them.
        marks: the answers with their grades.
    """
    limit = bar(marks)
    found, count = score(marks, limit), max(1, len(marks))
    worth = {"right": 1.0, "refused": 0.0, "wrong": -WRONG_COSTS}
    citing = sum(cited_value(questions[sat.number]) for _, sat in marks) / count
    value = sum(worth[one] if _over(sat, limit) else cited_value(questions[sat.number]) for one, sat in marks) / count
    numbers = f"{found.right} of {count} right and {found.wrong} wrong where it is sure"
    if found.wrong > MOST_WRONG * count:
        trusted, why = False, f"it is wrong too often, however sure it is: {numbers}"
    elif found.right < LEAST_RIGHT * count:
        trusted, why = False, f"it is seldom right where it is sure enough: {numbers}"
    elif value <= citing:
        trusted, why = False, f"it does no better than citing your memories: {numbers}"
    else:
        trusted, why = True, f"it does better than citing your memories: {numbers}"
    return ExamVerdict(limit, found, value, citing, trusted, why)


def _certain(sat: Sat) -> float:
    return 1.0 if sat.least is None else sat.least


def _over(sat: Sat, bar: float) -> bool:
    return sat.stands and _certain(sat) >= bar
