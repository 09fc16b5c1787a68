"""The gate before a model's answer is shown: it stands only where a memory bears it out, whatever the model. Pure.

    form      a line of the prompt, a role, a repetition, an answer without an end are none
    yes, no   one memory has the subject, the predicate and the polarity, and no later one has the other
    values    every word and number of the answer is in a memory about the one who was asked about that says what was asked
    age       of two memories that say it, the later counts
    whose     beside what the person told of it, what a file or a talk brought in answers nothing by itself
    chance    the model's certainty and what speaks for the answer in the memories, weighed together, make it likely enough;
              where they do not settle it, the model is asked again with only the memories that its answer rests on

What is not certain does not stand: the memories are cited then, word for word. A mistake about an allergy is worse than a
citation too many. English is read by clauses; of other languages a yes or no stands only where a memory has the question's very
words, and a value where its words do.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from memos_cli.interface.chat.answers import answer_clauses, answer_figures, answer_forms, answer_words, foreign_answers
from memos_cli.interface.chat.answers.answer_clauses import turns as turned
from memos_cli.interface.chat.answers.answer_names import truecased
from memos_cli.interface.chat.answers.answer_words import alike, as_set, content, stem, tongue
from memos_cli.interface.chat.answers.closed_answers import behind, says, yes_or_no
from memos_cli.interface.chat.answers.likely_answers import LikelyClosed
from memos_cli.interface.chat.answers.readings import IN_DOUBT, NOT_SAID, OUTDATED, Ground, Reading, beside
from memos_cli.interface.chat.answers.value_answers import Value
from memos_cli.interface.chat.asked_again import HOPELESS, SURE, Asking
from memos_cli.interface.chat.asked_again import LEAST as LEAST_AGAIN
from memos_cli.operation.prompt.layout import Line, Turn

LONGEST = 2_000
"""The most characters of a question whose answers are checked: what is longer asks more than one thing."""
TOO_LONG = "what was asked is too long to check an answer to it"

LEAST_CHANCE = 0.7
"""Below this chance of being right an answer does not stand. Chosen on 418 questions of scenes that nothing was trained on and
that are made to mislead: over it 3 % of them are answered wrongly by SmolLM2 with its adapter."""
LEAST_REFUSAL = 0.62
"""Below this probability of its least likely token a refusal does not stand: of 14 that SmolLM2 gave to these questions
although a memory answers them, 9 lie below it, and of 98 others 24."""
UNSURE = "it was unsure of its answer"
BROUGHT_IN = "it rests on what was brought in alone, and you told something that fits"

__all__ = ["Ground", "Verdict", "acknowledges", "judge"]

_MARKS = re.compile(r"[\[(](?:\d{1,2}(?:\s*,\s*\d{1,2})*)[\])]")


class Verdict(NamedTuple):
    """What the gate says of an answer.

    Attributes:
        stands: it may be shown.
        reason: why it does not stand; empty where it does.
        rests_on: the indexes of the lines that bear it out, the first one most; none for a refusal.
        chance: how likely it is right, by the model's certainty and by the memories; `None` where that is not known.
    """

    stands: bool
    reason: str = ""
    rests_on: tuple[int, ...] = ()
    chance: float | None = None


def judge(  # noqa: PLR0913 -- what is known of a prompt
    answer: str,
    question: str,
    lines: Sequence[Line],
    grounds: Sequence[Ground] = (),
    *,
    turns: Sequence[Turn] = (),
    person: str | None = None,
    cut: bool = False,
    system: Sequence[str] = (),
    recalled: bool = True,
    least: float | None = None,
    again: Asking | None = None,
) -> Verdict:
    """Whether an answer may be shown.

    With the model's certainty more stands: what the memories leave open to the rules is weighed together with it. What is said
    of somebody else, denied, doubtful or over stays out, however sure the model is.

    Args:
        lines: the memories of the prompt.
        grounds: what else is known of each line, in the same order; by default each fits, and has no key.
        turns: the conversation before the question: what the person said in it counts as older than any memory.
        person: the name of the one who asks, as it may stand before their own words.
        cut: the answer ran to the most tokens that it may have.
        system: system texts of the prompt, beside those of memos itself.
        recalled: memories were looked up; otherwise only the form of the answer is judged.
        least: the probability of the answer's least likely token; `None` for rules alone.
        again: asks the model once more, see `asked_again`; it is called at most once, and only where that may change something.
    """
    if (fault := answer_forms.fault(answer, question, lines, cut=cut, system=system)) is not None:
        return Verdict(stands=False, reason=fault)
    if answer_forms.is_refusal(answer) or not recalled:
        unsure = recalled and least is not None and least < LEAST_REFUSAL
        return Verdict(stands=False, reason=UNSURE) if unsure else Verdict(stands=True)
    if len(question) > LONGEST:
        return Verdict(stands=False, reason=TOO_LONG)
    grounds = [*grounds, *[Ground()] * (len(lines) - len(grounds))]
    said = [Line(turn.text) for turn in turns if turn.role == "user" and "?" not in turn.text]
    every = [*lines, *said]
    grounds += [Ground(since="0")] * len(said)
    plain = _MARKS.sub("", answer).strip()
    if answer_words.tongue_of(question) != "en":
        told = [line.text for line in every]
        question, told = truecased(question, told, [line.speaker for line in every], english=False)
        every = [replace(line, text=text) for line, text in zip(every, told, strict=True)]
        fitting = [line if ground.fits else None for line, ground in zip(every, grounds, strict=True)]
        return _own_first(_verdict(foreign_answers.judge(plain, question, fitting) or NOT_SAID, len(lines)), grounds)
    if _is_talk(question, plain, person or ""):
        return Verdict(stands=True)
    reading = Reading(question, every, grounds, turns, person)
    closed = reading.question.closed and not reading.question.choice
    if says(plain) is None:
        verdict = _of_value(reading, plain, closed=closed, least=least, again=again, count=len(lines))
    else:
        verdict = _of_closed(reading, plain, least, again, len(lines)) if closed else _verdict(IN_DOUBT, len(lines))
    return _own_first(verdict, grounds)


def _own_first(verdict: Verdict, grounds: Sequence[Ground]) -> Verdict:
    """The verdict; an answer that rests on what was brought in alone does not stand where the person told something that fits.

    Whether both say the same is not read well enough to let somebody else's words pass for the person's: both are cited.
    """
    beside = any(ground.told and ground.found and not ground.ended for ground in grounds)
    if not verdict.stands or not beside or not verdict.rests_on or any(grounds[index].told for index in verdict.rests_on):
        return verdict
    return verdict._replace(stands=False, reason=BROUGHT_IN, rests_on=())


def _of_value(reading: Reading, answer: str, *, closed: bool, least: float | None, again: Asking | None, count: int) -> Verdict:
    value = Value(reading, answer, closed=closed, least=least)
    verdict = _verdict(value.judge(), count, value.chance)
    if least is None or again is None or value.likely is None or _is_settled(verdict) or (value.chance or 0.0) < HOPELESS:
        return verdict
    second = again()
    return verdict if second is None else _second(verdict, *value.again(least, second), count)


def _of_closed(reading: Reading, answer: str, least: float | None, again: Asking | None, count: int) -> Verdict:
    yes = bool(says(answer))
    found = yes_or_no(reading, answer, yes=yes)
    if least is None:
        return _verdict(found, count)
    likely = LikelyClosed(reading, behind(answer), yes=yes)
    stands = not isinstance(found, str)
    rests = likely.rests() or found if found in (IN_DOUBT, NOT_SAID) else found
    verdict = _verdict(rests, count, likely.chance(least, stands=stands))
    if again is None or _is_settled(verdict) or found == OUTDATED or (second := again()) is None:
        return verdict
    return _second(verdict, *likely.again(least, second, stands=stands), count)


def _is_settled(verdict: Verdict) -> bool:
    return verdict.stands and verdict.chance is not None and verdict.chance >= SURE


def _second(first: Verdict, chance: float, rests: Sequence[int], count: int) -> Verdict:
    """The verdict where the model was asked again."""
    if chance < LEAST_AGAIN or not (rests or first.stands):
        return Verdict(stands=False, reason=first.reason or UNSURE, chance=chance)
    return first._replace(chance=chance) if first.stands else _verdict(rests, count, chance)


def _verdict(found: Sequence[int] | str, count: int, chance: float | None = None) -> Verdict:
    if isinstance(found, str):
        return Verdict(stands=False, reason=found)
    if chance is not None and chance < LEAST_CHANCE:
        return Verdict(stands=False, reason=UNSURE, chance=chance)
    return Verdict(stands=True, rests_on=tuple(index for index in dict.fromkeys(found) if index < count), chance=chance)


_ACKNOWLEDGED = as_set(
    "noted note ok okay thanks thank got understood remember remembered keep mind fine sure great good nice sorry hear glad"
    " know saved done let will enjoy wonderful lovely"
)


def acknowledges(answer: str, message: str) -> bool:
    """Whether an answer to a statement says nothing that the statement does not say: "Noted.", "Ok, you are vegan."."""
    if answer_forms.fault(answer, message, ()) is not None:
        return False
    told = {word.stem for word in answer_words.words(message)}
    known = told | {stem(word) for word in _ACKNOWLEDGED}
    found = answer_words.words(answer)
    denied = turned(found) - turned(answer_words.words(message)) > 0
    numbers = beside(answer_figures.read(answer), answer_words.words(message))
    return not denied and not bool(numbers) and all(any(alike(word.stem, one) for one in known) for word in content(found))


def _is_talk(message: str, answer: str, person: str) -> bool:
    """Whether a message asks for nothing that could be remembered, and its answer claims nothing: "Hello!", "How are you?"."""
    said = answer_words.words(message)
    asked = {word.low for word in content(said)} - {"hello", "hi", "hey", "thanks", "thank"}
    low = {word.low for word in said}
    # Without its mark it is a question all the same: "what do i take".
    question = "?" in low or bool(low & answer_clauses.WH) or any(word.low in answer_clauses.AUXILIARIES for word in said[:1])
    if asked or (question and ("you" not in low or low & (tongue("en").me | tongue("en").my))):
        return False
    found = answer_words.words(answer)
    names = {word.low for word in found if word.name and word.low not in tongue("en").me}
    return names <= {person.casefold()} and not answer_figures.read(answer) and says(answer) is None
