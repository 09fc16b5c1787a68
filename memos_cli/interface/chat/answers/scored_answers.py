"""Answers in other words than their memory, judged by signs that were weighed on scenes written by hand. Pure.

The trees say how likely it is. What would be dangerous to get wrong is asked by rule beside: every word and number of the
answer stands in the memory, which is neither over nor denied nor doubtful and of nobody else, and no later one says otherwise.
"""

from collections.abc import Sequence

from memos_cli.interface.chat.answer_scores import forests
from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, MODALS, NOBODY, Clause, Path
from memos_cli.interface.chat.answers.answer_signs import Signs
from memos_cli.interface.chat.answers.answer_words import Word, as_set, content, is_past, tongue
from memos_cli.interface.chat.answers.grounded_answers import Grounded
from memos_cli.interface.chat.answers.readings import NO_FIGURE, NOT_OF_WHOM, NOT_SAID, OUTDATED, UNCERTAIN, Reading, beside
from memos_cli.interface.chat.answers.told_memories import CHANGES, Told, digits_of, match, related

LEAST = -2.0
"""Log-odds from which a value stands that no rule bears out."""
LEAST_SURE = -1.0
"""Log-odds from which an answer stands although its clause turns something around, or begins with somebody else."""
LEAST_OF_RULES = -2.9
"""Log-odds below which a value does not stand although rules bear it out."""

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
_MAY = as_set("can could may must should allowed")
DUE = as_set("have has had need needs needed going forgot forget wants want plans ought supposed")
STOPS = as_set("quit stopped gave given sold left lost dropped retired finished cancelled withdrawn")
"""Words by which somebody does no longer do or have what is named beside them."""
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
        holding = [clause for clause in told.source.clauses if self._has_some(clause)]
        if not (self._is_there(told) or (weighed and self._is_of_theirs(told))) or found["turned part"]:
            return False
        if not all(self._is_beside(other, told) for other in reading.question.others):
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

    def _has_some(self, clause: Clause) -> bool:
        """Whether a clause has a word or a number of the answer."""
        digits = self._figures.loose | self._figures.numbers
        stems = {one.stem for one in self._own}
        return any(word.stem in stems or (digits and digits_of(word) & digits) for word in clause.words)

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

    def _is_beside(self, other: Path, told: Told) -> bool:
        """Whether a memory names somebody else whom the question names, as Tom for the key to his house, or nobody instead."""
        words = {word.low for word in told.words} | {word.stem for word in told.words}
        reading, own = self._reading, {word.low for word in self._own} | {word.stem for word in self._own}
        people = [(start, who) for start, _, who in told.people if start >= 0 and NOBODY[0] not in who]
        if NOBODY[0] in other or reading.is_one_of(reading.same(other), [who for _, who in people]):
            return True
        if other != ME and set(other[-1].split()) & words:
            return True
        mine = tongue("en").my
        instead = [who for start, who in people if who != ME or (told.words[start].low in mine and other != ME)]
        return not any(not set(who[-1].split()) & own and who != reading.path for who in instead)

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
        if self._reading.is_of_somebody(path, told.source):
            return False
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
