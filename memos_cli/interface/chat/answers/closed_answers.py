"""Answers of yes or no: they stand by one memory that has the subject, the predicate and the polarity. Pure."""

import re
from collections.abc import Iterator, Sequence

from memos_cli.interface.chat.answer_scores import forests
from memos_cli.interface.chat.answers import answer_clauses, answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import AUXILIARIES, ME, MODALS, NOBODY, Clause, Path, turns
from memos_cli.interface.chat.answers.answer_signs import Signs
from memos_cli.interface.chat.answers.answer_words import Word, alike, as_set, content, is_mark, is_past, stem, tongue
from memos_cli.interface.chat.answers.closed_signs import closed_signs
from memos_cli.interface.chat.answers.readings import (
    IN_DOUBT,
    NO_FIGURE,
    NOT_SAID,
    OUTDATED,
    Reading,
    beside,
    figures_of,
    is_in,
    support,
)
from memos_cli.interface.chat.answers.scored_answers import AGAINST, DOUBTFUL, DUE, STOPS, is_superseded, may_be_now, superseded
from memos_cli.interface.chat.answers.told_memories import Told, match

HEAD = re.compile(r"^\W*([^\W\d_]+)\b(?![-'\u2019])")
_NO_NUMBER = re.compile(r"(?i)^\W*no\.? \d")
LEAST_CLOSED = -1.0
"""Log-odds from which a memory says yes, or no."""
_BREAKS = as_set(", ; : but")
_HAVING = as_set("has have had got own owns keep keeps with no")
_SAME = 0.7
"""How sure it has to be that a word of a memory is the one that is asked for."""
_DIRECTIONS = as_set("from to before after until since off out against over under behind into")


def says(answer: str) -> bool | None:
    """Whether an answer begins with a yes or a no, in any language that is known; `None` where with neither."""
    head = HEAD.match(answer)
    word = head[1].casefold() if head else ""
    if word in answer_words.said_as_yes():
        return True
    return False if word in answer_words.said_as_no() and not _NO_NUMBER.match(answer) else None


def yes_or_no(reading: Reading, answer: str, *, yes: bool) -> list[int] | str:
    """The lines that bear out a yes or a no, or why it does not stand.

    Args:
        answer: all of it; it may go on behind the yes or no.
    """
    tail = behind(answer)
    check = _Closed(reading)
    found = check.judge(tail, yes=yes)
    if found in (IN_DOUBT, NOT_SAID):
        found = check.in_other_words(tail, yes=yes) or found
    if isinstance(found, str):
        return found
    signs = Signs(reading)
    others = any(told.source.place in found and signs.is_told_of_another(told) for told in signs.told)
    return IN_DOUBT if others else found


def behind(answer: str) -> str:
    """What an answer says behind its yes or no."""
    return HEAD.sub("", answer, count=1) if says(answer) is not None else ""


class _Closed:
    """The check of one yes or no."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def judge(self, tail: str, *, yes: bool) -> list[int] | str:  # noqa: PLR0911 -- a row of cases
        """The lines that bear it out; what stands behind the yes or no is `tail`."""
        asked = self._reading.question
        named = self._reading.names.get(asked.path, frozenset()) if asked.path else frozenset()
        if asked.denied or self._reading.path == NOBODY or len(named) > 1:
            return IN_DOUBT
        held = [
            (source, clause, holds)
            for source in self._reading.sources
            if source.ground.fits and not source.ground.ended
            for clause in source.clauses
            if (holds := self._holds(clause)) is not None
        ]
        if not held:
            return IN_DOUBT
        latest = max(source.since[:10] for source, _, _ in held)
        if any(
            source.since[:10] >= latest and self._may_say(clause)
            for source in self._reading.sources
            for clause in source.clauses
        ):
            return IN_DOUBT
        last = [one for one in held if one[0].since[:10] == latest]
        if any(holds is not yes for _, _, holds in last):
            return OUTDATED if any(holds is yes for _, _, holds in held) else IN_DOUBT
        rest = answer_words.words(tail)
        turned = bool(turns(rest))
        if (yes and turned and not asked.turned) or (not yes and len(content(rest)) > 1 and not turned and not asked.turned):
            return IN_DOUBT
        own = self._reading.own(rest)
        told = [support(source, clause) for source, clause, _ in last]
        words = frozenset(word for one in told for word in one.words) | self._reading.called()
        if any(not is_in(word, words) for word in own):
            return NOT_SAID
        if not answer_figures.borne_out(beside(answer_figures.read(tail), self._reading.said), figures_of(told, dated=True)):
            return NO_FIGURE
        resting = [source.place for source, _, _ in last[-1:]]
        return OUTDATED if resting and superseded(self._reading, resting[0], yes=yes) else resting

    def in_other_words(self, tail: str, *, yes: bool) -> list[int]:
        """The line that says it in words that are not the question's; none where none does for certain."""
        asked = self._reading.question
        named = self._reading.names.get(asked.path, frozenset()) if asked.path else frozenset()
        if asked.denied or self._reading.path == NOBODY or len(named) > 1:
            return []
        place = said_in_other_words(self._reading, yes=yes)
        if place is None:
            return []
        told = [
            support(source, clause) for source in self._reading.sources if source.place == place for clause in source.clauses
        ]
        words = frozenset(word for one in told for word in one.words) | self._reading.called()
        if any(not is_in(word, words) for word in self._reading.own(answer_words.words(tail))):
            return []
        figures = beside(answer_figures.read(tail), self._reading.said)
        return [place] if answer_figures.borne_out(figures, figures_of(told, dated=True)) else []

    def _holds(self, clause: Clause) -> bool | None:
        """Whether a clause says that what is asked is so, or that it is not; `None` where it says neither for certain."""
        asked = self._reading.question
        wanted = self._wanted()
        place = self._begins(clause, wanted)
        if not wanted or place is None:
            return None
        last = _run(clause, place, wanted)
        if last is None:
            return None
        before = clause.words[: last + 1]
        if not {word.low for word in self._reading.said} >= {word.low for word in before} & tongue("en").doubt:
            return None
        if not all(
            self._reading.is_one_of(self._reading.same(other), clause.mentions + clause.subjects) for other in asked.others
        ):
            return None
        if not self._in_tense(clause, last) or not _same_directions(self._reading.said, clause.words[place : last + 1]):
            return None
        holds = (turns(before) - asked.turned) % 2 == 0
        # Who has a cat allergy has no cat.
        had = asked.light is not None and asked.light.stem == stem("have") and asked.opener in {"do", "does", "did"}
        behind = [word for word in content(list(clause.words[last + 1 : last + 2])) if word.stem != "nam"]
        return None if holds and had and behind else holds

    def _may_say(self, clause: Clause) -> bool:
        """Whether a clause has all that is asked, of the one who is asked about, and yet is not certain."""
        stems = {word.stem for word in clause.words}
        about = self._reading.path is None or self._reading.is_one_of(self._reading.path, clause.subjects)
        return about and all(word.stem in stems for word in self._wanted()) and self._holds(clause) is None

    def _wanted(self) -> list[Word]:
        """The words that a memory has to have behind its subject."""
        asked = self._reading.question
        rest = [word for word in asked.asked if word is not asked.light]
        named = {part for path in asked.others for element in path for part in element.split()}
        others = [
            word for word in self._reading.said if (word.low in named or word.stem in named) and word.low not in tongue("en").me
        ]
        own = {part for element in asked.path or () for part in element.split()}
        others = [word for word in others if word.low not in own and word.stem not in own and word.low not in {"?", "'s"}]
        if asked.light is not None and asked.opener not in tongue("en").be:
            light = asked.light
            if light.stem == "get" and asked.opener in {"has", "have"}:
                light = light._replace(low="have", stem=stem("have"))
            rest.append(light)
        return [*rest, *others]

    def _begins(self, clause: Clause, wanted: Sequence[Word]) -> int | None:  # noqa: PLR0911 -- a row of cases
        """Where what a clause says of its subject begins; `None` where it is about another one, or does not say `is`."""
        asked = self._reading.question
        joins = asked.opener in tongue("en").be
        place = clause.end
        if self._reading.path is not None:
            if not self._reading.is_one_of(self._reading.path, clause.subjects) or clause.owned != asked.owned:
                return None
        elif any(path != ME for path in clause.subjects) and not _named_in(clause.subjects, wanted):
            return None
        else:
            place = 0
        if not joins:
            return place
        at = next((at for at in range(place, len(clause.words)) if clause.words[at].low in tongue("en").be), None)
        if at is None:
            return None
        between = content(list(clause.words[place:at]))
        if any(not any(alike(word.stem, one.stem) for one in wanted) for word in between):
            return None
        if asked.path is None or asked.owned:
            return place if between or asked.path is None else None
        return at if not between else None

    def _in_tense(self, clause: Clause, last: int) -> bool:  # noqa: PLR0911 -- a row of cases
        """Whether a clause speaks of the time that is asked about, and has the modal verb that is asked."""
        opener = self._reading.question.opener
        low = [word.low for word in clause.words[: last + 1]]
        said = {word.low for word in self._reading.said}
        if set(low) & answer_clauses.MODALS - said or ("to" in low and low[low.index("to") - 1] in DUE - said):
            return False  # who has to pay has not paid
        if opener in answer_clauses.MODALS and opener not in {"will", "would"}:
            return opener in low or (opener in {"can", "could"} and bool({"can", "could"} & set(low)))
        if opener in {"did", "was", "were", "had", "will", "would", ""}:
            return opener not in {"will", "would"} or opener in low
        if opener in tongue("en").be and {"was", "were"} & set(low):
            return False
        if "will" in low or "would" in low:
            return False
        verb = self._reading.question.verb or self._reading.question.light
        for place, word in enumerate(clause.words[: last + 1]):
            helped = place > 0 and (stem(low[place - 1]) in {"be", stem("have")} or low[max(0, place - 2)] in {"have", "has"})
            if verb is not None and alike(word.stem, verb.stem) and is_past(word.low) and word.low != verb.low and not helped:
                return False
        return True


def said_in_other_words(reading: Reading, *, yes: bool) -> int | None:
    """The line that says yes, or no, to what is asked of the one who is asked about; `None` where none does for certain."""
    signs = Signs(reading)
    every = []
    for told in signs.told:
        found, of_whom = closed_signs(signs, told)
        odds = {True: forests()["yes"].log_odds(found), False: forests()["no"].log_odds(found)}
        every.append((told, odds, of_whom))
    every = [one for one in every if one[2] and not one[0].source.ground.ended and _says(signs, one[0], yes=yes)]
    if not every:
        return None
    told, odds, _ = max(every, key=lambda one: one[1][yes])
    if odds[yes] < LEAST_CLOSED:
        return None
    if is_superseded(signs, told, yes=yes):
        return None
    return told.source.place


def _says(signs: Signs, told: Told, *, yes: bool) -> bool:
    """Whether one clause about the one who is asked about has every word that is asked for, and the polarity."""
    return any(_clause_says(signs, clause, yes=yes) for clause in told.source.clauses if _is_of(signs.reading, clause))


def _is_of(reading: Reading, clause: Clause) -> bool:
    path = reading.path
    if path is None:
        return not any(one != ME for one in clause.subjects)
    if path != ME:
        return clause.owned == reading.question.owned and reading.is_one_of(path, clause.subjects)
    if clause.subjects:
        return clause.owned == reading.question.owned and all(one == ME for one in clause.subjects)
    # "passed the exam!", "offer accepted": a note without a subject is the person's own.
    first = next((word for word in clause.words if not is_mark(word) and word.low not in tongue("en").small), None)
    if first is None:
        return False
    told = any(match(word.stem, first.stem) >= _SAME for word in content(list(reading.said)))
    return told or (not reading.question.owned and (is_past(first.low) or first.low in {"not", "no", "never"}))


def _clause_says(  # noqa: C901, PLR0911 -- a row of cases
    signs: Signs, clause: Clause, *, yes: bool
) -> bool:
    """Whether a clause has every word that is asked for, and the polarity."""
    reading = signs.reading
    question = reading.question
    asked = {word.low for word in reading.said} | {word.stem for word in reading.said}
    path = {part for element in (*(reading.path or ()), *(question.path or ())) for part in element.split()}
    wanted = [
        word
        for word in signs.asked.words
        if word.low not in path and word.stem not in path and word.low not in tongue("en").against
    ]
    if len(wanted) < 1 + (reading.path is None):
        return False
    begin = 0 if reading.path is None else clause.end
    found = [
        next((at for at in range(begin, len(clause.words)) if match(one.stem, clause.words[at].stem) >= _SAME), None)
        for one in wanted
    ]
    places = [place for place in found if place is not None]
    if not places:
        return False
    last = max(places)
    end = next((at for at in range(last, len(clause.words)) if clause.words[at].low in _BREAKS), len(clause.words))
    low = [word.low for word in clause.words[:end]]
    if any(word.low in DOUBTFUL and word.low not in asked and word.stem not in asked for word in clause.words[:end]):
        return False
    if {"who", "which", "whose"} & set(low[clause.end : last]):
        return False
    verb = question.verb or question.light
    left = [word for word, place in zip(wanted, found, strict=True) if place is None]
    if left:  # "Does he still work at the bakery?" of "He has quit the bakery"
        return not yes and "still" in asked and bool(set(low) & STOPS) and all(word is verb for word in left)
    if question.light is not None and question.light.stem == "have" and not set(low) & (_HAVING | STOPS):
        return False
    against = tongue("en").against
    for place in range(min(places), last):
        if low[place] in _BREAKS and (yes or not set(low[place + 1 : place + 3]) & against):
            return False
    if yes and (
        set(low) & MODALS - asked or any(one == "to" and low[at - 1] in DUE - asked for at, one in enumerate(low) if at)
    ):
        return False  # who has to pay has not paid
    turned = (turns(clause.words[: last + 1]) - question.turned) % 2 == 1
    if not yes and "still" in asked and set(low) & STOPS:
        return True
    if not may_be_now(reading, low):
        return False
    if turned:
        return not yes
    behind = [word for word in content(list(clause.words[last + 1 : last + 2])) if not word.low.endswith(("ed", "ing"))]
    return yes and not set(low) & AGAINST - asked and not turns(clause.words[:end]) % 2 and not behind


def _named_in(subjects: Sequence[Path], wanted: Sequence[Word]) -> bool:
    known = {word.low for word in wanted} | {word.stem for word in wanted}
    return all(set(path[-1].split()) <= known for path in subjects if path != ME)


def _run(clause: Clause, place: int, wanted: Sequence[Word]) -> int | None:
    """Where the words that are wanted end, if they follow each other with nothing but small words between them."""
    left = list(wanted)
    empty = answer_words.empty_stems()
    beside_it = tongue("en").against | AUXILIARIES | tongue("en").small
    digits = any(word.stem.isdigit() for word in wanted)
    for at in range(place, len(clause.words)):
        word = clause.words[at]
        hit = next((one for one in left if alike(one.stem, word.stem)), None)
        if hit is not None:
            left.remove(hit)
            if not left:
                return at
        elif not (any(alike(one.stem, word.stem) for one in wanted) or is_mark(word) or word.low in beside_it):
            number, adverb = word.stem.isdigit() and not digits, word.low.endswith("ly")
            if word.name or not (number or adverb or word.stem in empty or word.low in empty):
                return None
    return None


def _same_directions(question: Sequence[Word], part: Sequence[Word]) -> bool:
    """Whether the words of both stand behind the same prepositions: from Rome is not to Rome."""
    asked = dict(_led_by(question))
    return all(asked.get(word, lead) == lead for word, lead in _led_by(part))


def _led_by(found: Sequence[Word]) -> Iterator[tuple[str, str]]:
    for place, word in enumerate(found):
        for before in found[max(0, place - 2) : place]:
            if before.low in _DIRECTIONS and not is_mark(word):
                yield word.stem, before.low
