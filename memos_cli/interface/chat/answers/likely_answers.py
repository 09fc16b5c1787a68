"""Answers of yes or no that no rule bears out and that are likely all the same, where the model's certainty is known. Pure.

The trees tell how likely a memory says yes or no, and the model tells how sure it is. Both together are right far more often
than each alone, but the same words mislead both: "Anna is married to Tom, who is allergic to nuts". So only a memory counts
that speaks of nobody but the one who is asked about, and that has no word of doubt, of a condition or of another time.
"""

from collections.abc import Sequence
from typing import NamedTuple

from memos_cli.interface.chat.answer_scores import chances, forests
from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, MODALS, NOBODY, Path, turns
from memos_cli.interface.chat.answers.answer_signs import Signs
from memos_cli.interface.chat.answers.answer_words import Word, as_set, tongue
from memos_cli.interface.chat.answers.closed_signs import closed_signs
from memos_cli.interface.chat.answers.readings import Reading, beside, is_in
from memos_cli.interface.chat.answers.scored_answers import (
    AGAINST,
    DOUBTFUL,
    DUE,
    GONE,
    STOPS,
    is_superseded,
    may_be_now,
)
from memos_cli.interface.chat.answers.told_memories import CHANGES, Told
from memos_cli.interface.chat.asked_again import Again

NONE = -9.0
"""Log-odds where no memory is of the one who is asked about."""
_LEAST = -0.5
"""Log-odds from which a memory may say yes, or no, beside the model's certainty."""
_LEAST_NO = -1.5
"""The same for a no of which the model was asked again."""
_OTHERS = as_set("he she him her his hers they them their theirs")
"""Words that may mean somebody else than the one who is asked about."""
_WHO = as_set("who whom whose which")
_PAST = as_set("used was were formerly")
_MOVED = as_set("moved switched changed postponed rescheduled delayed replaced dropped handed cancelled instead")
"""Words of a memory that says of a value that it was another one."""
_EXCEPT = as_set("but except")
_HAPPENED = as_set("did was were has have had")
"""Openers of questions about what was."""


class _Weighed(NamedTuple):
    told: Told
    signs: dict[str, float]
    odds: float
    other: float


class LikelyClosed:
    """The check of one yes or no beside the model's certainty.

    Args:
        tail: what the answer says behind its yes or no.
    """

    def __init__(self, reading: Reading, tail: str, *, yes: bool) -> None:
        self._reading = reading
        self._yes = yes
        self._tail = tail
        self._rest = answer_words.words(tail)
        self._asked = {word.low for word in reading.said} | {word.stem for word in reading.said}
        self._signs = Signs(reading)
        self._best = max(self._weighed(), key=lambda one: one.odds, default=None)

    def chance(self, least: float, *, stands: bool) -> float:
        """How likely the answer is right.

        Args:
            least: the probability of its least likely token.
            stands: rules bear it out.
        """
        return chances()["closed"].chance(self.weighed(least, stands=stands))

    def weighed(self, least: float, *, stands: bool) -> dict[str, float]:
        """What `chance` weighs."""
        odds, other = (self._best.odds, self._best.other) if self._best else (NONE, NONE)
        return {"least": least, "odds": odds, "other": other, "stands": float(stands)}

    def rests(self, odds: float = _LEAST) -> list[int]:
        """The memory that says it; none where none does for certain, nor with these log-odds."""
        reading, best = self._reading, self._best
        named = reading.names.get(reading.question.path, frozenset()) if reading.question.path else frozenset()
        if best is None or best.odds < odds or reading.path == NOBODY or len(named) > 1:
            return []
        if reading.question.denied or reading.question.turned or not self._is_clear(best) or not self._has_tail(best.told):
            return []
        if self._signs.is_told_of_another(best.told):
            return []
        over = not self._yes and "still" in self._asked  # then a later change bears it out
        if (not over and is_superseded(self._signs, best.told, yes=self._yes)) or self._is_followed(best.told):
            return []
        return [best.told.source.place]

    def again(self, least: float, again: Again, *, stands: bool) -> tuple[float, list[int]]:
        """How likely the answer is right where the model was asked again, and the memory that it may rest on.

        That is the same as without asking again, only that the trees need not be as certain of a no.
        """
        chance = chances()["closed again"].chance(again.of_closed(self.weighed(least, stands=stands)))
        return chance, self.rests(_LEAST if self._yes else _LEAST_NO)

    def _weighed(self) -> list[_Weighed]:
        """The memories of the one who is asked about."""
        found = []
        for told in self._signs.told:
            signs, is_of_whom = closed_signs(self._signs, told)
            if is_of_whom and not told.source.ground.ended:
                odds = forests()["yes"].log_odds(signs), forests()["no"].log_odds(signs)
                found.append(_Weighed(told, signs, *(odds if self._yes else odds[::-1])))
        return found

    def _is_clear(self, one: _Weighed) -> bool:
        """Whether a memory has no word that may turn what it says, and speaks of nobody else."""
        said, low = one.signs, {word.low for word in one.told.words}
        if said["names missing"] or said["number missing"] or said["day missing"] or low & DOUBTFUL - self._asked:
            return False
        if MODALS & self._asked - low or not self._is_alone(one.told) or not self._is_of(one.told):
            return False
        return self._is_affirmed(one, low) if self._yes else self._is_denied(one, low)

    def _is_affirmed(self, one: _Weighed, low: set[str]) -> bool:
        opener = self._reading.question.opener
        words = [word.low for word in one.told.words]
        against = AGAINST | MODALS | GONE | _MOVED | (frozenset() if opener in _HAPPENED else _PAST)
        if one.signs["words missing"] or low & against - self._asked or low & tongue("en").against or turns(one.told.words) % 2:
            return False
        if not self._is_together(one.told):
            return False
        if any(word == "to" and words[at - 1] in DUE - self._asked for at, word in enumerate(words) if at):
            return False  # who has to pay has not paid
        return may_be_now(self._reading, words)

    def _is_denied(self, one: _Weighed, low: set[str]) -> bool:
        told = bool(self._reading.own(self._rest)) or bool(beside(answer_figures.read(self._tail), self._reading.said))
        if low & _EXCEPT or one.signs["words missing"] > told:
            return False
        over = "still" in self._asked and bool(low & (STOPS | GONE | CHANGES) - self._asked)
        return told or over or self._is_together(one.told, tongue("en").against)

    def _is_together(self, told: Told, beside: frozenset[str] = frozenset()) -> bool:
        """Whether one part of a memory has all that is asked for, and one of some words.

        Args:
            beside: the words; none to ask for none.
        """
        having = [{told.parts[at] for at, _ in own} for own in told.hits if own]
        if beside:
            having.append({part for word, part in zip(told.words, told.parts, strict=True) if word.low in beside})
        return bool(having) and bool(set.intersection(*having))

    def _is_alone(self, told: Told) -> bool:
        """Whether a memory tells of nobody but those who are asked about, and, for a no, whom the answer names instead.

        For a no, names behind theirs do no harm where nobody else is the subject: "Ludwika speaks Polish".
        """
        reading = self._reading
        low = {word.low for word in told.words}
        if low & tongue("en").kin - self._asked or low & _WHO - self._asked:
            return False
        others = [at for at, who in enumerate(told.people) if not self._is_meant(who)]
        if low & _OTHERS - self._asked and (others or reading.path in {None, ME}):
            return False
        if self._yes or not others:
            return not others
        subjects = {reading.same(one) for clause in told.source.clauses for one in clause.subjects}
        return (
            reading.path not in {None, ME}
            and others[0] > 0
            and not any(told.people[at][2] == NOBODY or told.people[at][2] in subjects for at in others)
        )

    def _is_meant(self, named: tuple[int, int, Path]) -> bool:
        """Whether somebody who is named in a memory is asked about, or is whom the answer names instead."""
        reading = self._reading
        start, _, who = named
        if start < 0 or (who == ME and (not self._yes or reading.path in {None, ME})):
            return True
        parts = {part for element in who for part in element.split()}
        instead = set() if self._yes else {word.low for word in self._rest} | {word.stem for word in self._rest}
        meant = [reading.same(one) for one in (reading.path, *reading.question.others) if one]
        return who != NOBODY and (
            parts <= self._asked or parts <= instead or any(reading.is_one_of(one, [who]) for one in meant)
        )

    def _is_of(self, told: Told) -> bool:
        """Whether what a memory says is of the one who is asked about, and not of something of theirs: a sister's dog."""
        path = self._reading.path
        if path is None:
            return True
        own = [clause for clause in told.source.clauses if self._reading.is_one_of(path, clause.subjects)]
        return not own or any(clause.owned == self._reading.question.owned for clause in own)

    def _has_tail(self, told: Told) -> bool:
        """Whether what stands behind the yes or no is in the memory, or, behind a no, in another one about the same."""
        others = () if self._yes else (one for one in self._signs.told if any(one.hits) and self._is_alone(one))
        having = [told, *(one for one in others if one is not told)]
        words = self._reading.called().union(*(_words_of(one.words) for one in having))
        if any(not is_in(word, words) for word in self._reading.own(self._rest)):
            return False
        figures = beside(answer_figures.read(self._tail), self._reading.said)
        text = " ; ".join(one.source.line.text for one in having)
        return answer_figures.borne_out(figures, answer_figures.dated(text, None))

    def _is_followed(self, told: Told) -> bool:
        """Whether a later memory about the same tells a change."""
        if not self._yes and "still" in self._asked:
            return False
        share = self._signs.share(told)
        since = told.source.since[:10]
        return any(
            {word.low for word in other.words} & (CHANGES | GONE) and self._signs.share(other) >= share / 3
            for other in self._signs.told
            if other is not told
            and (
                other.source.since[:10] > since or (other.source.since[:10] == since and other.source.place > told.source.place)
            )
        )


def _words_of(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(word.stem for word in words) | frozenset(word.low for word in words)
