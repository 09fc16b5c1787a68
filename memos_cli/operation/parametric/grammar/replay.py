"""Exercises: a few memories as chat lays them out, and questions of all the kinds that people ask about them. Pure.

The way in which a model uses memories in its prompt has to stay as it is while it learns other memories. So a data set has
exercises (replay), and the gate asks others without and with the adapter. Most are about invented people; some state this
person's own facts, or contradict the learnt ones. The kinds of questions are

    value      a fact of a family of `wordings`, or of any noun      check    whether a statement is true
    list       several values, in one line or several                who      about whom it is true
    changed    a value that a later line changes                     event    what was done: by whom, to what, with whom, where
    habit      what is done on which day, liked or not               when     its day, from the sentence or its line's date
    thing      an attribute of a thing                               refuse   what no line says

The gate's exercises share nothing with those of replay: a part of all families, verbs and nouns is kept for the gate (`kept`),
so that it measures how the model answers, not how well it learnt replay.
"""

import random
import re
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from memos_cli.operation.parametric.grammar import clauses, english, strangers, wordings
from memos_cli.operation.parametric.grammar.clauses import Fact, Family
from memos_cli.operation.parametric.grammar.events import DAY, Asked, Telling, event, habit, thing

Shown = tuple[tuple[str, str | None], ...]


class Exercise(NamedTuple):
    """Memories as a prompt shows them, questions about them, and the ids of this person's own memories among them."""

    shown: Shown
    asked: tuple[Asked, ...]
    memories: tuple[str, ...] = ()


class OwnFact(NamedTuple):
    """A fact of this person, the sentence that states it, and its memory's id."""

    fact: Fact
    text: str
    memory: str


KEPT = 4
"""One in `KEPT` families, verbs and nouns is kept for the gate."""


def kept(name: str, seed: int) -> bool:
    """Whether a family, verb or noun is kept for the gate."""
    return zlib.crc32(f"{seed} kept {name}".encode()) % KEPT == 0


class Scenes:
    """Draws exercises.

    Args:
        own: facts of this person.
        known: pairs of a family and a person with a known fact, which no question may treat as unknown.
        stranger: draws a person whom no memory mentions.
        form: returns the form and the words of a question about a fact that replay may ask.
        seed: the seed of what is kept for the gate.
    """

    def __init__(
        self,
        own: Sequence[OwnFact],
        known: set[tuple[str, str]],
        stranger: Callable[[random.Random], str],
        form: Callable[[Fact, random.Random], tuple[str, str]],
        seed: int = 0,
    ) -> None:
        self.own, self.known, self.stranger, self.form, self.seed = own, known, stranger, form, seed

    def draw(self, rng: random.Random, *, exam: bool = False, own: float = 0.0) -> Exercise:
        """Draw one exercise.

        Args:
            rng: the source of all random choices.
            exam: draw for the gate, only from what is kept for it.
            own: the share of exercises that have facts of this person.
        """
        drawing = _Drawing(self, rng, exam=exam)
        units = drawing.units(rng.choice((1, 2, 3, 4, 5, 6, 7)), rng.random() < own)
        return drawing.laid(units)


class _Drawing:
    """One exercise while it is drawn."""

    def __init__(self, scenes: Scenes, rng: random.Random, *, exam: bool) -> None:
        self.scenes, self.rng, self.exam = scenes, rng, exam
        self.people = [scenes.stranger(rng) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        if not self.people or rng.random() < 0.7:
            self.people.append("I")

    def _fit(self, name: str) -> bool:
        """Whether the family, verb or noun of this name may occur in this exercise."""
        return kept(name, self.scenes.seed) == self.exam

    def _one(self, listed: Sequence[str]) -> str:
        return self.rng.choice([one for one in listed if self._fit(one)] or listed)

    def units(self, count: int, own: bool) -> list[Telling]:  # noqa: FBT001
        """So many tellings, no two of which could be confused with each other."""
        rng, found = self.rng, dict[tuple[str, str], Telling]()
        taken = self.scenes.known if self.exam else set()  # learnt facts are examined apart
        for one in rng.sample(self.scenes.own, min(len(self.scenes.own), rng.randint(1, 3))) if own else ():
            found[one.fact.family, one.fact.who] = self._told(one) if rng.random() < 0.7 else self._otherwise(one)
        makers = (
            self._family,
            self._many,
            self._changed,
            self._noun,
            partial(event, rng, self._one),
            partial(habit, rng, self._one),
            partial(thing, rng, self._one),
        )
        while len(found) < count:
            unit = rng.choices(makers, (34, 8, 12, 10, 18, 8, 16))[0](rng.choice(self.people))
            if unit is not None and not any(_alike(unit.key, key) for key in (*found, *taken)):
                found[unit.key] = unit
        return list(found.values())

    # -- facts of families

    @staticmethod
    @lru_cache(maxsize=8)
    def _families(seed: int, exam: bool) -> list[Family]:  # noqa: FBT001
        return [one for one in clauses.families().values() if not one.open and one.plain and kept(one.name, seed) == exam]

    def _ask(self, fact: Fact, kind: str, answer: str | None) -> Asked:
        """A question for a fact; a person with two names is called by both or by the last one."""
        if not self.exam:
            form, question = self.scenes.form(fact, self.rng)
        else:
            form, question = self.rng.choice(fact.questions)
        return Asked(kind, form, self._called(question, fact.who), answer)

    def _called(self, question: str, who: str) -> str:
        """The question with `my cousin Otis` shortened to `Otis` at times."""
        name = who.rsplit(maxsplit=1)[-1]
        return question.replace(who, name) if len(who.split()) > 2 and self.rng.random() < 0.4 else question

    def _family(self, who: str) -> Telling | None:
        family = self.rng.choice(self._families(self.scenes.seed, self.exam))
        fact = clauses.fact(family, who, strangers.value(family.kind, self.rng))
        asked = [self._ask(fact, "value", fact.value)]
        if fact.reverse and self.rng.random() < 0.5:
            asked.append(Asked("who", "reverse", *fact.reverse))
        asked += self._checks(family, who, fact.value, fact.value)
        return Telling((family.name, who), (self.rng.choice(fact.statements),), tuple(asked))

    def _checks(self, family: Family, who: str, value: str, *listed: str) -> list[Asked]:
        """A question for yes or no, with the right value or with another."""
        checks = clauses.checks(family, who)
        if not checks or self.rng.random() < 0.5:
            return []
        said = value if self.rng.random() < 0.5 else strangers.value(family.kind, self.rng)
        if family.many and said not in listed:
            return []
        return [Asked("check", "check", f"{self.rng.choice(checks)} {said}", "Yes." if said == value else "No.")]

    def _many(self, who: str) -> Telling | None:
        """Several values of one attribute, in one line or each in its own."""
        family = self.rng.choice([one for one in self._families(self.scenes.seed, self.exam) if one.many] or [None])
        if family is None:
            return None
        values = list(dict.fromkeys(strangers.value(family.kind, self.rng) for _ in range(self.rng.randint(2, 3))))
        together = english.joined(values)
        facts = [clauses.fact(family, who, value) for value in ([together] if self.rng.random() < 0.4 else values)]
        texts = tuple(self.rng.choice(fact.statements) for fact in facts)
        return Telling((family.name, who), texts, (self._ask(facts[0], "list", together),))

    def _changed(self, who: str) -> Telling | None:
        """An attribute with two values, of which the later one counts."""
        family = self.rng.choice([one for one in self._families(self.scenes.seed, self.exam) if not one.many])
        before, now = (strangers.value(family.kind, self.rng) for _ in range(2))
        if before == now:
            return None
        facts = [clauses.fact(family, who, value) for value in (before, now)]
        asked = [self._ask(facts[1], "changed", now), *self._checks(family, who, now)]
        return Telling((family.name, who), tuple(self.rng.choice(fact.statements) for fact in facts), tuple(asked), dated=True)

    def _noun(self, who: str) -> Telling | None:
        """A fact of any noun: what a person's thing is, where or when it is, or what it is called."""
        name = self.rng.choice(sorted(wordings.nouns()))
        family, noun = clauses.families()[name], self._one(wordings.nouns()[name])
        if self.rng.random() < 0.4 and name != "called":
            noun = self._one(strangers.THINGS)
        kind = (
            self.rng.choice(("code", "word", "number", "money", "colour", "person", "size", "title"))
            if family.kind == "word"
            else family.kind
        )
        fact = clauses.fact(family, who, strangers.value(kind, self.rng), noun=noun)
        says = fact.statements or (f"{english.possessive(who)} {noun} is {'on ' if name == 'date' else ''}{fact.value}",)
        return Telling((noun, who), (self.rng.choice(says),), (self._ask(fact, "value", fact.value),))

    # -- this person's own

    def _told(self, one: OwnFact) -> Telling:
        return Telling((one.fact.family, one.fact.who), (one.text,), (self._ask(one.fact, "own", one.fact.value),), one.memory)

    def _otherwise(self, one: OwnFact) -> Telling:
        """A learnt fact with another value in the prompt: the value in the prompt is the right answer."""
        family = clauses.families().get(one.fact.family)
        value = strangers.value(family.kind, self.rng) if family and family.plain else one.fact.value
        if family is None or not family.plain or family.open or value == one.fact.value:
            return self._told(one)
        fact = clauses.fact(family, one.fact.who, value)
        return Telling((family.name, fact.who), (self.rng.choice(fact.statements),), (self._ask(fact, "otherwise", value),))

    # -- laying out

    def laid(self, units: Sequence[Telling]) -> Exercise:
        """The exercise: lines in a random order that keeps each telling's own, their days, and the questions."""
        rng = self.rng
        turns = [number for number, unit in enumerate(units) for _ in unit.texts]
        rng.shuffle(turns)
        left = [list(unit.texts) for unit in units]
        lines = [(number, self._sentence(left[number].pop(0))) for number in turns]
        style = rng.random()
        days = sorted(strangers.day(rng) for _ in lines)
        dated = [style < 0.45 or units[number].dated or (style < 0.6 and rng.random() < 0.5) for number, _ in lines]
        shown = [(text, day if on else None) for (_, text), day, on in zip(lines, days, dated, strict=True)]
        if rng.random() < 0.2:
            shown = self._merged(shown, [units[number] for number, _ in lines])
        asked = [self._settled(one, unit, shown) for unit in units for one in rng.sample(unit.asked, min(len(unit.asked), 2))]
        asked += self._missing(units)
        rng.shuffle(asked)
        return Exercise(tuple(shown), tuple(asked), tuple(unit.memory for unit in units if unit.memory))

    def _settled(self, one: Asked, unit: Telling, shown: Sequence[tuple[str, str | None]]) -> Asked:
        if one.answer != DAY:
            return one
        said = unit.texts[0][1:]
        return one._replace(answer=next((day for text, day in shown if said in text), None))

    def _sentence(self, said: str) -> str:
        """A sentence as a person writes it: with a capital and a mark at its end, and sometimes an introduction."""
        pick = self.rng.random()
        if pick < 0.1 and re.match(r"(?:I|my) |[A-Z]", said):
            return f"{self.rng.choice(strangers.LEADS)} {said}."
        return said[:1].upper() + said[1:].rstrip(".") + ("" if pick > 0.95 else "!" if pick > 0.92 else ".")

    def _merged(self, shown: Sequence[tuple[str, str | None]], units: Sequence[Telling]) -> list[tuple[str, str | None]]:
        """The lines, with some neighbouring lines about one person joined into one."""
        made, last = [shown[0]], units[0]
        for line, unit in zip(shown[1:], units[1:], strict=True):
            (before, day), fits = made[-1], unit.key[1] == last.key[1] and unit is not last and not (unit.dated or last.dated)
            if fits and not (unit.memory or last.memory) and line[1] is None and day is None and before[-1:] == ".":
                made[-1] = (f"{before} {line[0]}" if self.rng.random() < 0.6 else f"{before[:-1]}; {line[0]}", None)
            else:
                made.append(line)
            last = unit
        return made

    def _missing(self, units: Sequence[Telling]) -> list[Asked]:
        """Questions that no line answers: something else about these people, or the same about somebody else."""
        rng, there = self.rng, {unit.key for unit in units} | self.scenes.known
        families, found = self._families(self.scenes.seed, self.exam), list[Asked]()
        for _ in range(rng.choice((0, 1, 1, 2))):
            names = [unit.key[0] for unit in units if unit.key[0] in {one.name for one in families}]
            family = clauses.families()[rng.choice(names)] if names and rng.random() < 0.5 else rng.choice(families)
            who = rng.choice(self.people) if rng.random() < 0.7 else self.scenes.stranger(rng)
            asked = self._ask(clauses.fact(family, who, ""), "refuse", None)
            if not any(_alike((family.name, who), key) for key in there) and asked.question not in {
                one.question for unit in units for one in unit.asked
            }:
                found.append(asked)
        return found


def _alike(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether questions about two keys could be confused: they are about one person, and share their words."""
    return one[1] == other[1] and (one[0] == other[0] or one[0] in _neighbours().get(other[0], frozenset()))


@lru_cache(maxsize=1)
def _neighbours() -> dict[str, frozenset[str]]:
    """For each family those that share a question: `what do I play` asks for a sport and for an instrument."""
    asks: dict[str, set[str]] = {}
    for family in clauses.families().values():
        for asked in family.asks:
            asks.setdefault(re.sub(r"\[([^|]*)\|[^\]]*\]", r"\1", asked), set()).add(family.name)
    found: dict[str, set[str]] = {}
    for names in asks.values():
        for name in names:
            found.setdefault(name, set()).update(names - {name})
    return {name: frozenset(names | set(_NEAR.get(name, "").split())) for name, names in found.items()}


_NEAR: dict[str, str] = {
    name: " ".join(one for one in group.split() if one != name)
    for group in (
        "home birthplace origin street weddingplace trip visited",
        "name nickname surname username",
        "spouse friend boss teacher landlord neighbour",
        "salary rent budget debt",
        "food dish dislike quit allergy diet",
        "drink coffee",
        "birthday birthyear age wedding",
        "band singer",
        "job employer dream study school project team_role",
        "number room locker lucky phone",
        "height weight shoe",
        "car parking plate bike",
        "hobby sport instrument game run",
        "hair eyes colour",
    )
    for name in group.split()
}
"""Families so near to each other that a model which confuses them may be right."""
