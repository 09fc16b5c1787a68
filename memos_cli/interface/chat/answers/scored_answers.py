"""Answers in other words than their memory, judged by signs that were weighed on scenes written by hand. Pure.

The trees say how likely it is. What would be dangerous to get wrong is asked by rule beside: every word and number of the
answer stands in the memory, which is neither over nor denied nor doubtful and of nobody else, and no later one says otherwise.
"""

from collections.abc import Sequence

from memos_cli.interface.chat.answer_scores import forests
from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, MODALS, NOBODY, Clause, turns
from memos_cli.interface.chat.answers.answer_signs import Signs
from memos_cli.interface.chat.answers.answer_words import Word, as_set, content, is_mark, is_past, tongue
from memos_cli.interface.chat.answers.closed_signs import closed_signs
from memos_cli.interface.chat.answers.grounded_answers import Grounded
from memos_cli.interface.chat.answers.readings import NO_FIGURE, NOT_OF_WHOM, NOT_SAID, OUTDATED, UNCERTAIN, Reading, beside
from memos_cli.interface.chat.answers.told_memories import CHANGES, Told, match, related

LEAST = -2.0
"""Log-odds from which a value stands that no rule bears out."""
LEAST_SURE = -1.0
"""Log-odds from which an answer stands although its clause turns something around, or begins with somebody else."""
LEAST_OF_RULES = -2.9
"""Log-odds below which a value does not stand although rules bear it out."""
LEAST_CLOSED = -1.0
"""Log-odds from which a memory says yes, or no."""

DOUBTFUL = UNCERTAIN | as_set(
    "might may think thinks thought believe believes believed guess hope hopes wonder wonders said says say claims seem seems"
    " seemed supposedly allegedly according want wants wanted plan plans planning would could should almost nearly sometimes"
    " except dream dreamt dreamed pretend pretends joke joked wish wishes"
)
"""Words beside which a memory says neither yes nor no for certain."""

AGAINST = as_set(
    "except without instead but sold gave left quit stopped failed lost off only until broke broken cancelled negative finished"
    " wants would will than too badly nearly almost hardly far anything everything everyone nobody"
    " nothing returned sent withdrawn"
)
"""Words beside which what is asked may not be so."""

_ENDS = as_set(
    "raise retired done over finished released recovered back lost withdrawn may passed allowed taught learnt learned"
)
"""Words of a memory that may say that something is no longer so, beside `CHANGES`."""
GONE = as_set("left quit sold gave stopped closed moved retired died cancelled dropped fired formerly longer instead from was")
"""Words beside which a value is one that was."""
_PAST = as_set("before earlier once first former formerly previous previously originally used ever then old last ago")
"""Words of a question about what was so before."""
_FRESH = as_set("now switched moved changed anymore longer instead")
"""Words by which a memory without another date than an older one says that it is the later."""
_PRONOUNS = as_set("he she they him them his their")
_ANY = as_set("favourite favorite best new old first last next")
"""Words of questions that tell nothing of what is asked for: a favourite singer is no favourite colour."""
_BREAKS = as_set(", ; : but")
_MAY = as_set("can could may must should allowed")
DUE = as_set("have has had need needs needed going forgot forget wants want plans ought supposed")
STOPS = as_set("quit stopped gave given sold left lost dropped retired finished cancelled withdrawn")
"""Words by which somebody does no longer do or have what is named beside them."""
_HAVING = as_set("has have had got own owns keep keeps with no")
_SAME = 0.7
"""How sure it has to be that a word of a memory is the one that is asked for."""
_LIKE = 0.4
"""How much of an older memory a later one has to speak of, to be about the same."""


class Scored:
    """The check of one answer by its signs.

    Args:
        answer: the answer, without numbers that name memories.
    """

    def __init__(self, reading: Reading, answer: str) -> None:
        self._reading = reading
        self._answer = answer
        self._said = answer_words.words(answer)
        self._own = reading.own(self._said)
        if reading.question.choice and not self._own:
            self._own = [word for word in content(self._said) if not word.said[0].isdigit()]
        self._figures = beside(answer_figures.read(answer), reading.said)
        self._all: Signs
        self._found: dict[str, float] = {}

    def signs(self, ruled: Sequence[int] | str, grounded: Sequence[int]) -> tuple[dict[str, float], Told] | None:
        """The signs of the answer, and the memory that it most likely rests on; `None` where no memory has its words.

        Args:
            ruled: what the rules for predicates found; `grounded` what those for other words did.
        """
        if not self._own and not bool(self._figures):
            return None
        self._all = Signs(self._reading)
        got = self._all.of(self._answer, self._own, self._figures, self._said)
        if got is None:
            return None
        found, told = got
        place = told.source.place
        found["r said"] = float(not isinstance(ruled, str))
        for name, reason in (("whom", NOT_OF_WHOM), ("figure", NO_FIGURE), ("unsaid", NOT_SAID), ("old", OUTDATED)):
            found[f"r {name}"] = float(ruled == reason)
        found["r grounded"] = float(bool(grounded))
        found["r same"] = float((not isinstance(ruled, str) and place in ruled) or place in grounded)
        self._found = found
        return found, told

    def odds(self, ruled: Sequence[int] | str, grounded: Sequence[int]) -> tuple[float, Told] | None:
        """The log-odds that this is the answer, and the memory that it rests on; `None` where none has all of its words."""
        got = self.signs(ruled, grounded)
        if got is None or got[0]["covered"] < 1:
            return None
        return forests()["value"].log_odds(got[0]), got[1]

    def is_of_another_sort(self, told: Told) -> bool:
        """Whether the answer is of no sort that the question word asks for: a day for "where", a number for "who"."""
        names = {word.low for word in told.words if word.said[0].isupper()}
        names |= set((told.source.line.speaker or "").casefold().split())
        named = bool(self._own) and all(word.low in names and word.said[0].isupper() for word in self._own)
        return bool(self._found["m where"] or (self._found["m who"] and not named))

    def may_rest_on(self, odds: float, told: Told, *, weighed: bool = False) -> bool:  # noqa: PLR0911 -- a row of cases
        """Whether an answer that no rule bears out may rest on a memory: it is of now, affirmed and certain.

        Args:
            odds: how likely it is the answer, as log-odds.
            told: the memory that has its words.
            weighed: the model's certainty is asked for beside; then less is asked of the memory.
        """
        reading = self._reading
        if told.source.ground.ended or reading.path == NOBODY:
            return False
        found = self._found
        mismatch = self.is_of_another_sort(told) if weighed else found["mismatch"]
        if mismatch or not (self._is_touched(told) or (weighed and self._is_named(told))):
            return False  # of another sort than what is asked, or of a memory that says nothing of it
        asked = {word.low for word in reading.said}
        if MODALS & asked - {word.low for word in told.words}:
            return False  # what one can, may or should do follows from no memory by its words
        holding = [
            clause
            for clause in told.source.clauses
            if any(word.stem in {one.stem for one in self._own} for word in clause.words)
        ]
        if not (self._is_there(told) or (weighed and self._is_of_theirs(told))) or found["turned part"]:
            return False
        grounded = Grounded(reading, self._answer)
        alone = weighed and not found["others in part"]
        if odds < LEAST_SURE and not alone and any(grounded.is_of_another(clause) for clause in holding):
            return False
        if (reading.path == ME or not alone) and any(self._is_elsewhere(clause) for clause in holding):
            return False
        return not any(
            {word.low for word in clause.words} & UNCERTAIN - asked - {word.low for word in self._said}
            for clause in holding or told.source.clauses
        )

    def _is_touched(self, told: Told) -> bool:
        """Whether a memory has, or tells, one of the words that say what is asked."""
        asked = self._all.asked
        plain = [at for at, word in enumerate(asked.words) if not asked.names[at] and word.low not in _ANY]
        stems = [word.stem for word in told.words]
        return not plain or any(told.hits[at] or any(related(asked.words[at].stem, one) for one in stems) for at in plain)

    def _is_named(self, told: Told) -> bool:
        """Whether a memory has a name that the question has."""
        asked = self._all.asked
        return any(name and own for name, own in zip(asked.names, told.hits, strict=True))

    def _is_of_theirs(self, told: Told) -> bool:
        """Whether a memory names each part of who is asked about: Zoé and a teacher, for Zoé's teacher."""
        path = self._reading.path or ()
        words = {word.low for word in told.words} | {word.stem for word in told.words}
        return len(path) > 1 and all(element == ME[0] or bool(set(element.split()) & words) for element in path)

    def _is_elsewhere(self, clause: Clause) -> bool:
        """Whether a clause has a subject that is not the one who is asked about, for certain."""
        reading, path = self._reading, self._reading.path
        low = {word.low for word in clause.words}
        others = set(clause.subjects) - {ME}
        if path == ME:
            if any(reading.is_one_of(reading.same(one), list(others)) for one in reading.question.others):
                return True  # what Jonas owes me is not what I owe Jonas
            told = {part for one in others for element in one for part in element.split()}
            known = {word.low for word in (*reading.said, *self._own)} | {word.stem for word in reading.said}
            return bool(others) and not low & tongue("en").me and not told & known
        if path is None or not low & _PRONOUNS:
            return False
        return not reading.is_one_of(path, [*clause.subjects, *clause.mentions])

    def _is_there(self, told: Told) -> bool:
        """Whether a memory names the one who is asked about, and not only somebody of theirs: Nadia, not Nadia's mother."""
        path = self._reading.path
        if path is None or path == ME:
            return True
        if self._reading.is_one_of(path, [who for _, _, who in told.people]):
            return True
        names = set(path[-1].split()) - {"dr", "mr", "mrs", "ms"}
        return len(path) == 1 and any(
            (word.low in names or word.stem in names) and (at + 1 == len(told.words) or told.words[at + 1].low != "'s")
            for at, word in enumerate(told.words)
        )

    def is_of_another(self, told: Told) -> bool:
        """Whether the memory says it of another one of several."""
        return self._all.is_of_another(told, self._own, self._figures)

    def is_outdated(self, told: Told, *, ruled: bool = False) -> bool:
        """Whether a later memory gives another value; `ruled` where rules bear the answer out."""
        source = told.source
        if not self._reading.question.once and self._all.was(told, self._own, self._figures):
            return True
        if not (ruled and self._reading.question.once) and is_superseded(self._all, told, yes=True, own=self._own):
            return True
        return (
            not self._reading.question.once
            and source.ground.key is not None
            and any(
                other.ground.key == source.ground.key and other.since[:10] > source.since[:10]
                for other in self._reading.sources
            )
        )


def closed(reading: Reading, *, yes: bool) -> int | None:
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


def may_be_now(reading: Reading, low: Sequence[str]) -> bool:
    """Whether a clause may speak of the time that is asked about, with the modal verb that is asked."""
    opener = reading.question.opener
    if opener in MODALS - {"will", "would"}:
        return bool(set(low) & _MAY)
    if opener not in tongue("en").be | {"do", "does", "can"} or opener in {"was", "were"}:
        return True
    for place, word in enumerate(low):
        helped = place > 0 and bool({*low[max(0, place - 3) : place]} & (tongue("en").be | {"has", "have"} - {"was", "were"}))
        if word in {"was", "were"} or (is_past(word) and not helped):
            return False
    return True


def is_superseded(  # noqa: C901 -- a row of cases
    signs: Signs, told: Told, *, yes: bool, own: Sequence[Word] = ()
) -> bool:
    """Whether a later memory tells a change that may have ended what a memory says."""
    reading = signs.reading
    once = reading.question.once
    if once and (not own or _PAST & set(signs.low) or any(map(str.isdigit, "".join(signs.low)))):
        return False
    still = "still" in signs.low
    share = signs.share(told)
    other_person = reading.path not in {None, ME}
    for other in signs.told:
        if not _is_later(other, told):
            continue
        low = {word.low for word in other.words}
        if own and all(any(match(word.stem, one.stem) for one in other.words) for word in own):
            if _is_over(signs, other, own):
                return True
            continue
        of_whom = not other_person or any(reading.is_one_of(reading.path or ME, [who]) for _, _, who in other.people)
        if not of_whom:
            continue
        if still and yes and other_person:
            return True
        its, like = signs.share(other), signs.likeness(told, other, own)
        changed = bool(low & (CHANGES | tongue("en").against | _ENDS))
        if once:  # "Where did we leave the key?" asks for where it is
            if changed and its >= share > 0:
                return True
        elif (changed and (its >= 0.5 * share or like >= _LIKE)) or (its >= share > 0 and like >= _LIKE):
            return True
    return False


def _is_over(signs: Signs, other: Told, own: Sequence[Word]) -> bool:
    """Whether a memory says of a value that it was one: "Madam Boateng left"."""
    parts = {
        part for word, part in zip(other.words, other.parts, strict=True) if any(match(one.stem, word.stem) for one in own)
    }
    beside = {word.low for word, part in zip(other.words, other.parts, strict=True) if part in parts}
    return bool(beside & (GONE | tongue("en").against) - set(signs.low))


def _is_later(one: Told, other: Told) -> bool:
    mine, its = one.source.since[:10], other.source.since[:10]
    return (
        mine > its
        if mine and its and mine != its
        else one.source.place > other.source.place and bool(_FRESH & {w.low for w in one.words})
    )


def superseded(reading: Reading, place: int, *, yes: bool) -> bool:
    """Whether a later memory tells a change that may have ended what the memory at a place says."""
    signs = Signs(reading)
    told = next((one for one in signs.told if one.source.place == place), None)
    return told is not None and is_superseded(signs, told, yes=yes)
