"""An English question and the memories of its prompt, read for checking one answer. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from memos_cli.interface.chat.answers import answer_clauses, answer_figures, answer_questions, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, NOBODY, Clause, Path, is_relation
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_names import truecased
from memos_cli.interface.chat.answers.answer_words import Word, alike, as_set, content, stem
from memos_cli.operation.prompt.layout import Line, Turn

NOT_SAID = "no memory that fits says so"
NOT_OF_WHOM = "no memory says so of the one who was asked about"
NO_FIGURE = "a number or date in it is in no memory that fits"
OUTDATED = "a later memory says otherwise"
IN_DOUBT = "no memory says yes or no to that for certain"

UNCERTAIN = as_set("might maybe perhaps possibly probably if whether unless formerly almost hope hopes")
"""Words behind which a value is none that holds."""
_SUFFIXED = re.compile(r"^\d[\d.,:/-]*(?:st|nd|rd|th|am|pm|h|kg|mg|g|km|cm|mm|m|ml|l|k|s|min|%)?$")


class Ground(NamedTuple):
    """What is known of a memory beside its line in the prompt.

    Attributes:
        fits: recall put it among the relevant ones, or it is part of the core.
        key: the attribute with a single value that it states.
        since: when the value began, ISO; by default the day of the line.
        ended: its value is over.
        told: the person told it to memos; a file or a talk brought in the others.
        found: it was looked up for the question.
    """

    fits: bool = True
    key: str | None = None
    since: str | None = None
    ended: bool = False
    told: bool = True
    found: bool = False


class Evidence(NamedTuple):
    """A line of the prompt with its clauses."""

    place: int
    line: Line
    ground: Ground
    clauses: tuple[Clause, ...]

    @property
    def since(self) -> str:
        """When its value began; empty where that is not known."""
        return self.ground.since or self.line.date or ""


class Support(NamedTuple):
    """A clause that says what is asked."""

    source: Evidence
    clause: Clause
    words: frozenset[str]


class Reading:
    """What an English answer is held against.

    Attributes:
        question: what is asked.
        said: the words of the question.
        path: about whom it is asked, by the name that the memories give them.
        names: the names that the memories give to people who are told by their kinship.
        sources: the memories.
    """

    def __init__(
        self, question: str, lines: Sequence[Line], grounds: Sequence[Ground], turns: Sequence[Turn], person: str | None
    ) -> None:
        self._person = (person or "").casefold()
        said, speakers = [line.text for line in lines], [line.speaker for line in lines]
        question, texts = truecased(answer_questions.bare(question), said, speakers)
        question = answer_questions.bare(question)  # anew, with the names: "I forgot where anna works"
        lines = [replace(line, text=text) for line, text in zip(lines, texts, strict=True)]
        self.said = answer_words.words(question)
        self.sources = [
            Evidence(place, line, ground, tuple(answer_clauses.clauses(line.text, self.speaker(line))))
            for place, (line, ground) in enumerate(zip(lines, grounds, strict=True))
        ]
        self.names = answer_clauses.names([clause for source in self.sources for clause in source.clauses])
        self.question = answer_questions.read(question, _spoken_of(turns))
        self.path = self.same(self.question.path) if self.question.path else None

    def speaker(self, line: Line) -> Path:
        """Whom "I" means in a memory."""
        name = (line.speaker or "").casefold()
        return ME if name in {"", "user", "me", self._person} else (name,)

    def same(self, path: Path) -> Path:
        """The path by names, as far as the memories tell them."""
        if self._person and path == (self._person,):
            return ME
        for size in range(len(path), 0, -1):
            named = self.names.get(path[:size], frozenset())
            if len(named) == 1 and (min(named),) != path[:1]:
                return (min(named), *path[size:])
        return path

    def is_one_of(self, path: Path, others: Sequence[Path]) -> bool:
        """Whether somebody is among others, by a name or by kinship."""
        asked = self.question.path if path == self.path else None
        return any(_is_same(path, self.same(other)) or (asked and _is_same(asked, other)) for other in others)

    def is_of_somebody(self, path: Path, source: Evidence) -> bool:
        """Whether a kinship that is the person's own is told as somebody else's alone: "Tom's mother" for "my mother"."""
        told = [who for clause in source.clauses for who in (*clause.subjects, *clause.mentions, *clause.had)]
        others = any(len(who) > 1 and who[-1].split()[-1] == path[-1].split()[-1] for who in told)
        return len(path) == 1 and is_relation(path) and others and not self.is_one_of(path, told)

    # -- yes and no

    def own(self, found: Sequence[Word]) -> list[Word]:
        """The words of an answer that it does not have from the question, without numbers."""
        asked = {word.stem for word in self.said}
        months = bool(answer_figures.read(" ".join(word.said for word in found)).days)
        return [
            word
            for word in content(list(found))
            if not any(alike(word.stem, one) for one in asked)
            and word.stem not in _glue()
            and not _SUFFIXED.match(word.low)
            and not (months and word.low[:3] in answer_figures.MONTHS)
        ]

    def called(self) -> frozenset[str]:
        """The names of the one who is asked about, in words."""
        path = self.question.path
        if path is None:
            return frozenset()
        named = {part for element in self.path or () for part in element.split()}
        return frozenset(named | {stem(part) for part in named})


@cache
def _glue() -> frozenset[str]:
    words = "called named located according memory memories note notes based mentioned told aged old year years clock name"
    return frozenset(stem(word) for word in words.split())


def _is_same(one: Path, other: Path) -> bool:
    if len(one) != len(other):
        return False
    for mine, its in zip(one, other, strict=True):
        if {"mr"} & set(mine.split()) ^ {"mr"} & set(its.split()) and {"mrs", "ms"} & {*mine.split(), *its.split()}:
            return False  # Mr Olsen is not Mrs Olsen
        first, second = set(mine.split()) - {"dr", "mr", "mrs", "ms"}, set(its.split()) - {"dr", "mr", "mrs", "ms"}
        if not first or not second:
            return mine == its
        kin = is_relation((mine,))
        if not (first <= second or (second <= first and not kin and not is_relation((its,)))):
            return False
    return True


def support(source: Evidence, clause: Clause) -> Support:
    """A clause with its words, to bear an answer out."""
    return Support(source, clause, words_of(clause))


def words_of(clause: Clause) -> frozenset[str]:
    """The words of a clause, with the names of whom it is about."""
    found = clause.words + clause.tail
    stems = {word.stem for word in found} | {word.low for word in found}
    named = {part for path in clause.subjects for element in path for part in element.split() if path not in {ME, NOBODY}}
    return frozenset(stems | named)


def is_in(word: Word, known: frozenset[str]) -> bool:
    """Whether a word is among the words of a memory."""
    if word.stem in known or word.low in known:
        return True
    # What is written with a digit, as a code, has to be the same to the letter.
    return word.low.isalpha() and any(alike(word.stem, one) for one in known)


def figures_of(about: Sequence[Support], *, dated: bool) -> Figures:
    """The figures of clauses; with `dated` also the days that their memories are from."""
    found = Figures()
    for one in about:
        text = " ".join(word.said for word in one.clause.words + one.clause.tail)
        found = found.with_those_of(answer_figures.dated(text, one.source.line.date if dated else None))
    return found


def beside(figures: Figures, question: Sequence[Word]) -> Figures:
    """The figures of an answer without those that its question has."""
    asked = answer_figures.read(" ".join(word.said for word in question))
    return Figures(
        figures.numbers - asked.loose, figures.loose - asked.loose, figures.days - asked.days, figures.times - asked.times,
        tuple(run for run in figures.runs if run not in asked.runs),
    )  # fmt: skip


def _spoken_of(turns: Sequence[Turn]) -> Path | None:
    """Who was spoken of last in a conversation, if that is one person."""
    for turn in reversed(turns):
        found = {path for clause in answer_clauses.clauses(turn.text) for path in clause.mentions if path not in {ME, NOBODY}}
        if turn.role == "user" and (asked := answer_questions.read(turn.text).path) and asked not in {ME, NOBODY}:
            return asked
        if found:
            return min(found) if len(found) == 1 else None
    return None
