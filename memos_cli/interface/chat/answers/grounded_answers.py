"""Values that a memory holds in other words than the question's: it is about what is asked, and of nobody else. Pure.

A question rarely has the words of its memory ("Who looks after the plants?" of "Gerda waters the plants when we are away").
What is checked here is that one memory has the answer's words and something of what is asked, that it says them of the one who
is asked about, and that they are neither denied, doubtful, nor over.
"""

from collections.abc import Sequence

from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, MODALS, NOBODY, Clause, Path, turns
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_words import alike, as_set, content, implied
from memos_cli.interface.chat.answers.readings import UNCERTAIN, Evidence, Reading, beside, figures_of, is_in, support, words_of

_OVER = as_set("left retired quit resigned stopped cancelled ended died former previous previously ex")
"""Words beside which a value is one that held before."""
_ANY = as_set("favourite favorite name number best new old first last next many much kind day date time")
"""Words of questions that tell nothing of what is asked for: a favourite singer is no favourite colour."""
_PRONOUNS = as_set("he she they him them his their")


class Grounded:
    """The check of one answer by the memory that has its words.

    Args:
        answer: the answer, without numbers that name memories.
    """

    def __init__(self, reading: Reading, answer: str) -> None:
        self._reading = reading
        self._said = answer_words.words(answer)
        self._own = reading.own(self._said)
        self._figures = beside(answer_figures.read(answer), reading.said)
        self._asked = [word for word in content(reading.said) if word.low not in _ANY]
        self._words = {
            source.place: frozenset(word for clause in source.clauses for word in words_of(clause))
            for source in reading.sources
        }

    def judge(self) -> list[int]:
        """The line that bears it out, the latest of several; none where no line does."""
        if not self._own and not bool(self._figures):
            return []
        # What one can, may or should do follows from no memory by its words: "What can I give her?" of an allergy.
        if self._reading.path == NOBODY or turns(self._said) % 2 or MODALS & {word.low for word in self._reading.said}:
            return []
        having = [
            source for source in self._reading.sources if source.ground.fits and self._shared(source) and self._has(source)
        ]
        resting = [source for source in having if not source.ground.ended and self._is_said(source)]
        if not resting:
            return []
        latest = max(resting, key=lambda source: (source.since[:10], source.place))
        return [] if self._is_outdated(latest) else [latest.place]

    def _has(self, source: Evidence) -> bool:
        """Whether a memory has all words and numbers of the answer."""
        words = self._words[source.place] | self._reading.called()
        if not all(is_in(word, words) for word in self._own):
            return False
        told = figures_of([support(source, clause) for clause in source.clauses], dated=False)
        if self._reading.question.when and not told.days:  # a memory that names no day tells of its own
            told = figures_of([support(source, clause) for clause in source.clauses], dated=True)
        return answer_figures.borne_out(self._figures, told)

    def _shared(self, source: Evidence) -> int:
        """How many of the words that are asked for a memory has, or one that tells it."""
        words = self._words[source.place]
        return sum(is_in(word, words) or bool(implied().get(word.stem, frozenset()) & words) for word in self._asked)

    def _is_said(self, source: Evidence) -> bool:
        """Whether a memory says the answer, for certain, of the one who is asked about."""
        holding = [clause for clause in source.clauses if self._holds(clause)]
        # A day that the memory is from stands in none of its clauses: all of it is about that day.
        return all(map(self._is_certain, holding)) and self._is_of_whom(source, holding or source.clauses)

    def _holds(self, clause: Clause) -> bool:
        words = words_of(clause)
        if any(is_in(word, words) for word in self._own):
            return True
        told = answer_figures.read(" ".join(word.said for word in clause.words + clause.tail))
        return _shared_figure(self._figures, told)

    def _is_certain(self, clause: Clause) -> bool:
        asked = {word.low for word in self._reading.said}
        over = frozenset() if self._reading.question.once else _OVER
        doubtful = {word.low for word in (*clause.words, *clause.tail)} & (UNCERTAIN | over)
        return not (doubtful - asked) and turns(clause.words) % 2 == self._reading.question.turned % 2

    def _is_of_whom(self, source: Evidence, holding: Sequence[Clause]) -> bool:
        asked, path = self._reading.question, self._reading.path
        told = [one for clause in source.clauses for one in _people(clause)]
        if not all(self._is_among(self._reading.same(other), told, source) for other in asked.others):
            return False
        if path is not None and path != ME and not self._is_among(path, told, source):
            return False
        return not any(self.is_of_another(clause) for clause in holding)

    def _is_among(self, path: Path, told: Sequence[Path], source: Evidence) -> bool:
        if self._reading.is_one_of(path, told):
            return True
        if len(path) > 1 or path == ME:
            return path == ME
        if self._reading.is_of_somebody(path, source):
            return False
        return all(
            any(alike(part, word.low) for clause in source.clauses for word in clause.words) for part in path[-1].split()
        )

    def is_of_another(self, clause: Clause) -> bool:
        """Whether a clause speaks of somebody who is neither asked about nor the answer, or may do so."""
        path = self._reading.path
        others = [self._reading.same(one) for one in self._reading.question.others]
        own = {word.low for word in self._own} | {word.stem for word in self._own}
        told = [self._reading.same(one) for one in clause.subjects if one != NOBODY and not set(one[-1].split()) & own]
        if path is not None and self._reading.is_one_of(path, told):
            return False
        if path not in {None, ME} and any(word.low in _PRONOUNS for word in clause.words):
            return not self._reading.is_one_of(path or NOBODY, _people(clause))
        if path is None:
            return clause.owned and any(one != ME and not self._reading.is_one_of(one, others) for one in told)
        # "Jonas owes me 35" is not what I owe Jonas; "Tom's sister Ann works there" is of Ann.
        if path == ME:
            return bool(told)
        return bool(told) and not (told == [ME] and self._reading.is_one_of(path, _people(clause)))

    def _is_outdated(self, source: Evidence) -> bool:
        """Whether a later memory gives another value of its attribute, or of what is asked."""
        key, shared = source.ground.key, self._shared(source)
        return any(
            (key is not None and other.ground.key == key)
            or (other.ground.fits and self._shared(other) >= shared and not self._has(other) and self._is_of_whom(other, ()))
            for other in self._reading.sources
            if other.since[:10] > source.since[:10] and source.since
        )


def _people(clause: Clause) -> tuple[Path, ...]:
    return (*clause.subjects, *clause.mentions, *clause.had)


def _shared_figure(one: Figures, other: Figures) -> bool:
    """Whether two texts have a figure in common."""
    names = ("numbers", "loose", "days", "times", "runs")
    return any(set(getattr(one, name)) & set(getattr(other, name)) for name in names)
