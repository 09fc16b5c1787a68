"""Answers that give a value: memories about the one who was asked about say it, and say what was asked. Pure."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from memos_cli.interface.chat.answer_scores import chances
from memos_cli.interface.chat.answers import answer_clauses, answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, NOBODY, Clause, is_relation, turns
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_questions import Question
from memos_cli.interface.chat.answers.answer_words import Word, alike, as_set, content, implied, stem
from memos_cli.interface.chat.answers.closed_answers import yes_or_no
from memos_cli.interface.chat.answers.grounded_answers import Grounded
from memos_cli.interface.chat.answers.readings import (
    NO_FIGURE,
    NOT_OF_WHOM,
    NOT_SAID,
    OUTDATED,
    UNCERTAIN,
    Evidence,
    Reading,
    Support,
    beside,
    figures_of,
    is_in,
    support,
    words_of,
)
from memos_cli.interface.chat.answers.scored_answers import LEAST, LEAST_OF_RULES, LEAST_SURE, Scored
from memos_cli.interface.chat.asked_again import Again
from memos_cli.operation.operator.ranking.question import tells_time

if TYPE_CHECKING:
    from memos_cli.interface.chat.answers.told_memories import Told

_YOU = ((re.compile(r"(?i)\byou\b"), "I"), (re.compile(r"(?i)\byours?\b"), "my"))
_PLACES = as_set("in at on to near behind under by into inside")
_PERHAPS = UNCERTAIN | as_set("plan plans planning")


class Value:
    """The check of one answer that gives a value.

    Args:
        answer: the answer, without numbers that name memories.
        closed: the question wants a yes or no, which the answer does not begin with.
        least: the probability of the answer's least likely token; `None` where it is not known.

    Attributes:
        chance: how likely the answer is right, from `judge` on; `None` where that is not known.
        likely: the log-odds of the memory that most likely has the answer, and the memory, from `judge` on.
    """

    def __init__(self, reading: Reading, answer: str, *, closed: bool, least: float | None = None) -> None:
        self._reading = reading
        self._answer = answer
        self._closed = closed
        self._least = least
        self.chance: float | None = None
        self.likely: tuple[float, Told] | None = None

    def judge(self) -> list[int] | str:  # noqa: PLR0911 -- a row of cases
        """The lines that bear it out, or why it does not stand."""
        if self._closed:
            return self._by_predicate()
        (found, grounded), scored = self.ruled, self._scored
        likely = self.likely = scored.odds(found, grounded)
        weighed = self._least is not None
        if self._least is not None:
            self.chance = chances()["value"].chance({"least": self._least, "odds": likely[0] if likely else LEAST_SURE})
        if likely is not None and scored.is_of_another(likely[1]):
            return NOT_OF_WHOM
        if not isinstance(found, str) or grounded:
            if likely is not None and (likely[0] < LEAST_OF_RULES or scored.is_of_another_sort(likely[1])):
                return NOT_SAID
            if likely is not None and scored.is_outdated(likely[1], ruled=True):
                return OUTDATED
            return grounded or found
        if (
            found != OUTDATED
            and (weighed or self._is_of_sort(answer_figures.read(self._answer)))
            and likely is not None
            and likely[0] >= LEAST
            and scored.may_rest_on(*likely, weighed=weighed)
        ):
            if scored.is_outdated(likely[1]):
                return OUTDATED
            return [likely[1].source.place]
        return found

    def again(self, least: float, again: Again) -> tuple[float, list[int]]:
        """How likely the answer is right where the model was asked again, after `judge`, and the memory that it may rest on.

        That is none where no memory has all of the answer, and where what it says is over or somebody else's.
        """
        if self.likely is None:
            return 0.0, []
        odds, told = self.likely
        chance = chances()["value again"].chance(again.of_value(least, odds))
        if odds < LEAST_OF_RULES:
            return chance, []
        (found, grounded), scored = self.ruled, self._scored
        if found == OUTDATED or scored.is_of_another(told):
            return chance, []
        borne_out = bool(grounded) or not isinstance(found, str)
        may = not scored.is_of_another_sort(told) if borne_out else scored.may_rest_on(odds, told, weighed=True)
        if not may or scored.is_outdated(told, ruled=borne_out):
            return chance, []
        return chance, grounded or ([told.source.place] if isinstance(found, str) else found)

    @cached_property
    def _scored(self) -> Scored:
        return Scored(self._reading, self._answer)

    @cached_property
    def ruled(self) -> tuple[list[int] | str, list[int]]:
        """The lines that bear it out by rule, or why none does; and those that do so in words that are not the question's."""
        found = self._by_predicate()
        if isinstance(found, str) and found != OUTDATED and self._is_of_sort(answer_figures.read(self._answer)):
            return found, Grounded(self._reading, self._answer).judge()
        return found, []

    def _by_predicate(self) -> list[int] | str:  # noqa: C901, PLR0911 -- a row of cases
        """As `judge`, by clauses that say what is asked in the words of the question."""
        closed = self._closed
        asked = self._reading.question
        found = answer_words.words(self._answer)
        figures = answer_figures.read(self._answer)
        own = self._reading.own(found)
        asked_figures = beside(figures, self._reading.said)
        if closed and not own and not asked_figures:
            return yes_or_no(self._reading, self._answer, yes=(turns(found) - asked.turned) % 2 == 0)
        if asked.choice and not own:
            own = [word for word in content(found) if not word.said[0].isdigit()]
        about = [
            support(source, clause)
            for source in self._reading.sources
            if source.ground.fits
            for clause in source.clauses
            if self._is_about(clause, found) or self._is_short(source, clause)
        ]
        if (not own and not bool(figures)) or not self._is_of_sort(figures):
            return NOT_SAID
        if not about:
            return NOT_OF_WHOM
        dated = asked.when or closed
        called = self._reading.called()
        if asked.who and asked.path is None:
            about = [one for one in about if any(is_in(word, _doers(one.clause)) for word in own)]
        missing = [word for word in own if not is_in(word, called) and not any(is_in(word, one.words) for one in about)]
        if missing:
            return NOT_SAID
        if not answer_figures.borne_out(asked_figures, figures_of(about, dated=dated)):
            return NO_FIGURE
        if not self._of_same(about):
            return NOT_OF_WHOM
        resting = _covering(about, own, figures, dated=dated)
        if not resting:
            return NOT_SAID
        if not (asked.once or asked.when) and self._is_outdated(resting, about, own, figures):
            return OUTDATED
        return [one.source.place for one in resting]

    def _is_of_sort(self, figures: Figures) -> bool:
        return is_of_sort(self._reading.question, self._answer, figures)

    def _is_about(self, clause: Clause, answer: Sequence[Word]) -> bool:
        """Whether a clause says what is asked, of the one who is asked about."""
        asked = self._reading.question
        if not self._is_of_whom(clause):
            return False
        if not all(
            self._reading.is_one_of(self._reading.same(other), clause.mentions + clause.subjects) for other in asked.others
        ):
            return False
        last = self._predicate(clause)
        if last is None:
            return False
        before = clause.words[: last + 1]
        low = {word.low for word in before} & _PERHAPS
        if (
            low
            - {word.low for word in self._reading.said}
            - {word.low for word in answer}
            - ({"formerly"} if asked.once else set())
        ):
            return False
        turned, said = turns(before) % 2, turns(answer) % 2
        spoken = asked.verb is not None and any(alike(asked.verb.stem, word.stem) for word in answer)
        return turned == (said if spoken or said else asked.turned % 2)

    def _is_short(self, source: Evidence, clause: Clause) -> bool:
        """Whether a clause is the short answer of a speaker, as "In the old harbour": recall alone tells what it belongs to.

        It answers only what is asked about a thing: whom such a clause is about is not known.
        """
        asked = self._reading.question
        spoken = bool(clause.subjects) and clause.end < len(clause.words)
        whole = spoken or any(answer_clauses.is_verb(word) for word in clause.words)
        return bool(source.line.speaker) and not whole and asked.path is None

    def _is_of_whom(self, clause: Clause) -> bool:  # noqa: PLR0911 -- a row of cases
        asked, path = self._reading.question, self._reading.path
        if path is None:
            others = [self._reading.same(one) for one in clause.subjects if one != ME]
            if not asked.verb and not asked.light and clause.owned and others:
                return all(
                    self._reading.is_one_of(other, [self._reading.same(one) for one in asked.others]) for other in others
                )
            return True
        if NOBODY[0] in path:
            return False
        if self._reading.is_one_of(path, clause.subjects):
            return True
        if not asked.owned and self._reading.is_one_of(path, clause.had):
            return True
        named = self._reading.is_one_of(path, clause.mentions)
        if asked.identity:
            return named
        # A thing may be the subject: "green tea is what I have for breakfast", "the spare fuse is in the drawer".
        return not clause.subjects and (named or (path == ME and not clause.mentions))

    def _predicate(self, clause: Clause) -> int | None:
        """The place of the last word of a clause that is asked for; `None` where it does not say what is asked."""
        asked = self._reading.question
        stems = [word.stem for word in clause.words]
        if asked.identity:
            joined = [place for place, one in enumerate(stems) if one in {"be", "nam"}]
            return joined[-1] if joined else (clause.end - 1 if self._reading.path and self._namedbeside(clause) else None)
        wanted = [word for word in asked.asked if not (word.stem == "number" and len(asked.asked) > 1)]
        places = {word: _found_at(word, stems) for word in wanted}
        shared = [place for place in places.values() if place is not None]
        if [word.stem for word in wanted] == ["nam"] and self._namedbeside(clause) and self._gives_name():
            return clause.end - 1
        if wanted:
            verb = asked.verb
            if verb is not None:
                enough = places.get(verb, _found_at(verb, stems)) is not None and 2 * len(shared) >= len(wanted)
            else:
                enough = len(shared) == len(wanted) if asked.light is None else 2 * len(shared) >= len(wanted)
            return max(shared) if enough and shared else None
        if asked.light is not None and asked.light.stem not in {"be", "do"}:
            told = [_found_at(word, stems) for word in (asked.light, *asked.sort)]
            if asked.when and asked.others:
                told.append(clause.end - 1)
            return next((place for place in told if place is not None), None)
        if asked.where:
            lives = {stem("live"), stem("move"), stem("stay")}
            near = [place for place, word in enumerate(clause.words) if word.stem in lives or word.low in _PLACES]
            return near[0] if near and lives.union({"be"}) & set(stems) else None
        return max(0, clause.end - 1) if self._reading.path is not None else None

    def _namedbeside(self, clause: Clause) -> bool:
        """Whether a clause puts a name beside the kinship that is asked about: `my daughter Nora`."""
        path = self._reading.question.path
        return path is not None and path in self._reading.names and path in clause.subjects + clause.mentions

    def _gives_name(self) -> bool:
        """Whether an answer is the name of the one who is asked about, or has it."""
        path = self._reading.question.path
        named = {part for name in self._reading.names.get(path or NOBODY, frozenset()) for part in name.split()}
        own = self._reading.own(answer_words.words(self._answer))
        return bool(own) and all(word.low in named for word in own)

    def _of_same(self, about: Sequence[Support]) -> bool:
        """Whether an answer that is a sentence is about one whom the memories that bear it out are about."""
        text = self._answer
        for pattern, written in _YOU:
            text = pattern.sub(written, text)
        said = answer_clauses.clauses(text)[:1]
        if not said or not said[0].subjects or (self._reading.path is None and not self._reading.question.others):
            return True
        clause = said[0]
        verb = clause.words[clause.end] if clause.end < len(clause.words) else None
        if verb is None or not (answer_clauses.is_verb(verb) or ME in clause.subjects):
            return True
        known = [path for one in about for path in (*one.clause.subjects, *one.clause.mentions)]
        known += [self._reading.path] if self._reading.path else []
        every = {
            self._reading.same(path)
            for source in self._reading.sources
            for one in source.clauses
            for path in (*one.subjects, *one.mentions)
        }
        if not any(path == ME or is_relation(path) or self._reading.same(path) in every for path in clause.subjects):
            return True  # a word that only begins the answer, and so has a capital
        return any(self._reading.is_one_of(self._reading.same(path), known) for path in clause.subjects)

    def _is_outdated(self, rests: Sequence[Support], about: Sequence[Support], own: Sequence[Word], figures: Figures) -> bool:
        """Whether a later memory says another value than those that an answer rests on."""
        latest = max(one.source.since[:10] for one in rests)
        resting = {one.source.place for one in rests}
        if any(one.source.ground.ended for one in rests):
            return True
        for one in rests:
            for source in self._reading.sources:
                rival = source.ground.key is not None and source.ground.key == one.source.ground.key
                if rival and source.since > one.source.since and _of_one(source, one.clause) and source.place not in resting:
                    return True
        lead = _lead(rests[0], own, figures)
        return any(
            one.source.since[:10] > latest
            and one.source.place not in resting
            and not (
                all(is_in(word, one.words) for word in own) and answer_figures.borne_out(figures, figures_of([one], dated=True))
            )
            and (lead is None or lead in {_led(word) for word in one.clause.words})
            for one in about
            if latest
        )


def is_of_sort(asked: Question, answer: str, figures: Figures) -> bool:
    """Whether an answer tells a number, or a time, where that is asked for."""
    if asked.counts and not (figures.numbers or figures.loose):
        return False
    return not asked.when or bool(figures or tells_time(answer))


def _doers(clause: Clause) -> frozenset[str]:
    named = {part for path in clause.subjects for element in path for part in element.split()}
    if not named or {"be", "nam"} & {word.stem for word in clause.words}:
        return words_of(clause)
    return frozenset(named | {stem(part) for part in named})


def _found_at(word: Word, stems: Sequence[str]) -> int | None:
    """Where a clause has a word that is asked for, or one that tells it; the last such place."""
    places = [place for place, one in enumerate(stems) if alike(word.stem, one)]
    if places:
        return places[-1]
    told = implied().get(word.stem, frozenset())
    places = [place for place, one in enumerate(stems) if one in told]
    if word.stem == "old" and not places:
        places = [place for place, one in enumerate(stems) if one.isdigit() and place and stems[place - 1] in {"be", "turn"}]
    return places[-1] if places else None


def _covering(about: Sequence[Support], own: Sequence[Word], figures: Figures, *, dated: bool) -> list[Support]:
    """The clauses that an answer rests on: the one that has most of its words first, of two such the later, then the others."""
    left = list(own)
    numbers = figures

    def share(one: Support) -> tuple[int, str]:
        told = figures_of([one], dated=dated)
        return (
            2 * sum(is_in(word, one.words) for word in left) + answer_figures.borne_out(numbers, told) * bool(numbers),
            one.source.since[:10],
        )

    chosen: list[Support] = []
    open_figures = bool(numbers)
    while left or open_figures or not chosen:
        rest = [one for one in about if one not in chosen]
        best = max(rest, key=share, default=None)
        if best is None or (share(best)[0] == 0 and chosen):
            break
        if share(best)[0] == 0 and (left or open_figures):
            chosen.append(best)
            break
        chosen.append(best)
        left = [word for word in left if not is_in(word, best.words)]
        if open_figures and answer_figures.borne_out(numbers, figures_of(chosen, dated=dated)):
            open_figures = False
    return chosen


def _of_one(source: Evidence, clause: Clause) -> bool:
    return any(set(one.subjects) & set(clause.subjects) or one.subjects == clause.subjects for one in source.clauses)


def _led(word: Word) -> str:
    return "in" if word.low in _PLACES else word.stem


def _lead(resting: Support, own: Sequence[Word], figures: Figures) -> str | None:
    """The word before an answer in the memory that it rests on: what stands behind it in a later memory is another value."""
    found = resting.clause.words
    for place, word in enumerate(found):
        hit = any(alike(word.stem, one.stem) for one in own) or word.stem in figures.loose
        if hit:
            before = [one for one in found[:place] if one.low not in {"a", "an", "the", "my", "our", "his", "her", "their"}]
            return _led(before[-1]) if before else None
    return None
