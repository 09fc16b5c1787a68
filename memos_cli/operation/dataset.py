"""The data set that memories are learnt from, written by grammar from their sentences alone. Pure.

It is the same for the same memories and seed. It has

    fact        several questions a fact, in the prompt of chat without any memory, and the answer that the memory gives
    reverse     the question from the value back
    dated       the question for its day, where one is known
    statement   the fact in other words, as plain text
    negative    neighbouring questions that no memory answers: another person's, another attribute's
    behaviour   what a rule asks for, shown by what the model does with the rule before it
    replay      memories of invented people and of this one in the prompt, as chat lays them out, and questions to them

Whole forms of a question are held out: `watch` ends the training in time, `gate` is what the adapter is judged by, and
neither is ever trained on. Every example names the memories that it rests on, so that a purge finds it.
"""

# ruff: noqa: S311, E501 -- nothing here is a secret; the open questions read better in long lines

import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from memos_cli.model import Memory
from memos_cli.operation import clauses, english, invented, wordings
from memos_cli.operation.clauses import Fact
from memos_cli.operation.consolidation import BEHAVIOUR, Chosen, many

REFUSAL = "I don't know that yet."
"""What is answered when nothing says it; the same words as chat's own."""
TRAIN, WATCH, GATE = "train", "watch", "gate"


class Example(NamedTuple):
    """One line of a data set.

    Attributes:
        question: what is asked; empty for a statement as plain text.
        answer: what is to be answered; empty where the model with the rules before it is to say it.
        form: the name of the question's form.
        split: `train`, `watch` or `gate`.
        memories: the ids of the memories that it rests on.
        facts: the memories that a teacher has in its prompt, each a text and its day: those that answer, others among them.
        shown: the memories in the prompt itself: of replay alone.
        rules: rules that the teacher has before it.
    """

    question: str
    answer: str
    kind: str
    form: str
    split: str
    memories: tuple[str, ...] = ()
    facts: tuple[tuple[str, str | None], ...] = ()
    shown: tuple[tuple[str, str | None], ...] = ()
    rules: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a line of JSON Lines has it; empty fields are left out."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._asdict().items() if value}

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "Example":
        """What `to_json` gave.

        Raises:
            ValueError: it is no line of a data set.
        """
        if not line.get("kind") or line.get("split") not in {TRAIN, WATCH, GATE}:
            raise ValueError("not a line of a data set")
        question, answer, kind, form, split = (str(line.get(name, "")) for name in cls._fields[:5])
        memories, rules = (tuple(str(one) for one in line.get(name, ())) for name in ("memories", "rules"))
        facts, shown = (
            tuple((str(text), None if day is None else str(day)) for text, day in line.get(name, ()))
            for name in ("facts", "shown")
        )
        return cls(question, answer, kind, form, split, memories, facts, shown, rules)


class Shares(NamedTuple):
    """How a data set is made up. What led to the defaults stands in `backends/trainers/lora.py`.

    Attributes:
        forms: training questions a fact: all its forms, asked again in other dress where they are fewer.
        negatives: for each training question of a fact.
        replay: questions to memories in the prompt, for each training question of a fact.
        least_negatives: however few facts there are: what they are not is as much to learn.
        least_replay: the same of replay.
        own: the share of replay that has memories of this person in its prompt.
        statements: plain sentences a fact, at most.
        drift: questions to memories of invented people that the gate asks before and after.
    """

    forms: int = 18
    negatives: float = 0.4
    replay: float = 1.0
    least_negatives: int = 500
    least_replay: int = 600
    own: float = 0.3
    statements: int = 0
    drift: int = 200


def examples(
    chosen: Sequence[Chosen],
    others: Sequence[Memory] = (),
    *,
    seed: int = 0,
    shares: Shares = Shares(),  # noqa: B008 -- a frozen tuple
) -> list[Example]:
    """The data set of the chosen memories.

    Args:
        chosen: what is learnt.
        others: the other memories of the cube: what they answer is not taught to be unknown.
        seed: of all chance.
        shares: how it is made up.
    """
    writer = _Writer(chosen, others, seed, shares)
    made = [*writer.facts(), *writer.behaviour(), *writer.negatives(), *writer.replay()]
    trained = {one.question for one in made if one.split == TRAIN and not one.shown}  # two families may ask in the same words
    return [one for one in made if one.split == TRAIN or one.shown or one.question not in trained]


def split_of(form: str, forms: Sequence[str], seed: int) -> str:
    """Whether a form is trained, watched or examined: the same for all facts of its family.

    Of ten forms or more two are examined and one is watched, of five or more one each, of fewer one is examined.
    """
    ordered = sorted(forms, key=lambda name: zlib.crc32(f"{seed} {name}".encode()))
    place = ordered.index(form)
    examined = 2 if len(forms) >= 10 else 1
    if place < examined:
        return GATE if len(forms) > 1 else TRAIN
    return WATCH if place == examined and len(forms) >= 5 else TRAIN


class _Writer:
    def __init__(self, chosen: Sequence[Chosen], others: Sequence[Memory], seed: int, shares: Shares) -> None:
        self.chosen, self.seed, self.shares = chosen, seed, shares
        self.told = [(one.memory, fact) for one in chosen for fact in one.facts]
        everything = [fact for memory in others for fact in clauses.facts(memory.content)]
        self.known = {(fact.family, fact.who) for fact in [*everything, *(fact for _, fact in self.told)]}
        self.words = " ".join([one.memory.content for one in chosen] + [memory.content for memory in others]).casefold()
        self.people = {fact.who for _, fact in self.told} | {fact.who for fact in everything}
        self.trained = 0
        values: dict[str, set[str]] = {}
        for _, fact in self.told:
            for _, asked in fact.questions:
                values.setdefault(asked, set()).add(fact.value)
        self.answers = values
        """What is asked of the facts, with all that answers it: `what do I play` may be a cello and tennis."""

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    # -- facts

    def facts(self) -> list[Example]:
        """Questions, reverse and dated questions and statements of every fact."""
        found: list[Example] = []
        for memory, fact in self.told:
            rng = self._rng(f"fact {memory.id} {fact.family}")
            context = self._context(memory)
            ids = self._ids(memory, fact)
            made = [*self._questions(fact, rng), *self._other(memory, fact, rng)]
            found += [Example(asked, said, kind, form, split, ids, context) for asked, said, kind, form, split in made]
            for number, said in enumerate(fact.statements[: self.shares.statements]):
                found.append(Example("", _sentence(said), "statement", f"statement {number}", TRAIN, ids))
        self.trained = sum(one.kind == "fact" and one.split == TRAIN for one in found)
        return found

    def _questions(self, fact: Fact, rng: random.Random) -> list[tuple[str, str, str, str, str]]:
        forms = [form for form, _ in fact.questions]
        splits = {form: split_of(form, forms, self.seed) for form in forms}
        clear = [(form, asked) for form, asked in fact.questions if len(self.answers[asked]) == 1]
        made = [(english.spoken(asked), fact.value, "fact", form, splits[form]) for form, asked in clear]
        train = [(form, asked) for form, asked in clear if splits[form] == TRAIN]
        dressed = {asked for asked, *_ in made}
        for number in range(4 * self.shares.forms if train else 0):
            form, asked = train[number % len(train)]
            said = english.spoken(asked, rng)
            if said not in dressed and sum(split == TRAIN for *_, split in made) < self.shares.forms:
                dressed.add(said)
                made.append((said, fact.value, "fact", form, TRAIN))
        return made

    def _other(self, memory: Memory, fact: Fact, rng: random.Random) -> Iterable[tuple[str, str, str, str, str]]:
        if fact.reverse and not self._shared(fact):
            yield (english.spoken(fact.reverse[0], rng), fact.reverse[1], "reverse", "reverse", TRAIN)
        day = (memory.occurred_at or memory.valid_from or "")[:10]
        plain = next((asked for form, asked in fact.questions if form == "clause/what" and asked.startswith("what did ")), None)
        if day and plain:
            yield (english.spoken(plain.replace("what did ", "when did ", 1) + f" {fact.value}"), day, "dated", "dated", TRAIN)

    def _shared(self, fact: Fact) -> bool:
        """Whether somebody else has the same value, so that who has it has two answers."""
        return sum(other.family == fact.family and other.value == fact.value for _, other in self.told) > 1

    def _ids(self, memory: Memory, fact: Fact) -> tuple[str, ...]:
        same = [
            one.id for one, other in self.told if (other.family, other.who) == (fact.family, fact.who) and one.id != memory.id
        ]
        return (memory.id, *same)

    def _context(self, memory: Memory) -> tuple[tuple[str, str | None], ...]:
        """The memory, and others that answer the same questions, in the order in which they were told."""
        asked = {(fact.family, fact.who) for one, fact in self.told if one is memory}
        among = {one.id: one for one, fact in self.told if (fact.family, fact.who) in asked}
        return _lines(sorted(among.values(), key=lambda one: (one.created_at, one.id)))

    # -- behaviour

    def behaviour(self) -> list[Example]:
        """What a rule is to change in answers to anything; what is answered, the model says with the rules before it."""
        rules = [one.memory for one in self.chosen if one.memory.kind in BEHAVIOUR]
        if not rules:
            return []
        rng = self._rng("behaviour")
        texts = tuple(rule.content for rule in rules)
        ids = tuple(rule.id for rule in rules)
        asked = rng.sample(OPEN_QUESTIONS, len(OPEN_QUESTIONS))
        return [
            Example(question, "", "behaviour", "open", (GATE, WATCH, TRAIN, TRAIN, TRAIN, TRAIN)[number % 6], ids, rules=texts)
            for number, question in enumerate(asked)
        ]

    # -- what is not known

    def negatives(self) -> list[Example]:
        """Neighbouring questions: the same of somebody else, and something else of the same person."""
        rng = self._rng("negatives")
        wanted = max(self.shares.least_negatives, round(self.trained * self.shares.negatives)) if self.told else 0
        found: dict[str, Example] = {}
        for _ in range(40 * wanted):
            if len(found) >= wanted:
                break
            fact = self._neighbour(rng)
            if fact is None or (fact.family, fact.who) in self.known:
                continue
            forms = [form for form, _ in fact.questions]
            form, asked = rng.choice(fact.questions)
            if asked in self.answers:
                continue
            split = split_of(form, forms, self.seed)
            question = english.spoken(asked, rng if split == TRAIN else None)
            found.setdefault(question, Example(question, REFUSAL, "negative", form, split))
        return list(found.values())

    def _neighbour(self, rng: random.Random) -> Fact | None:
        """A fact that nobody told: what is told, but of somebody else; of somebody told of, something else; or neither."""
        pick = rng.random()
        if self.told and pick < 0.45:
            _, fact = rng.choice(self.told)
            family = clauses.families().get(fact.family.split(" ", 1)[0])
            if family is not None and not fact.who.startswith("the "):
                return clauses.fact(family, self._stranger(rng), "", noun=fact.noun)
        people = sorted({"I"} | {who for who in self.people if who and not who.startswith("the ")})
        who = self._stranger(rng) if pick > 0.8 else rng.choice(people) if rng.random() < 0.3 else "I"
        if rng.random() < 0.5:
            return clauses.fact(rng.choice([one for one in clauses.families().values() if not one.open]), who, "")
        name = rng.choice(sorted(wordings.ASKED))
        noun = rng.choice(" ".join(wordings.ASKED[name].split()).split(", "))
        if any(
            fact.who == who and set(noun.split()) <= set(asked.split()) for _, fact in self.told for _, asked in fact.questions
        ):
            return None  # it may be another word for what was told
        return None if noun in self.words else clauses.fact(clauses.families()[name], who, "", noun=noun)

    def _stranger(self, rng: random.Random) -> str:
        """Somebody of whom no memory speaks."""
        while True:
            who = invented.who(rng)
            if who.rsplit(" ", 1)[-1].casefold() not in self.words:
                return who

    # -- replay

    def replay(self) -> list[Example]:
        """Questions to memories in the prompt, some with no answer there: what the model does already, and is to keep."""
        rng = self._rng("replay")
        wanted = max(self.shares.least_replay, round(self.trained * self.shares.replay)) if self.chosen else 0
        found: list[Example] = []
        while len(found) < wanted:
            found += self._scene(rng, WATCH if rng.random() < 0.06 else TRAIN, self.shares.own)
        asked: list[Example] = []
        rng = self._rng("drift")
        while len(asked) < (self.shares.drift if self.chosen else 0):
            asked += self._scene(rng, GATE, 0.0)
        return [*found[:wanted], *asked[: self.shares.drift]]

    def _scene(self, rng: random.Random, split: str, own: float) -> list[Example]:
        facts, ids = self._cast(rng, own)
        lines = [(fact, _sentence(said)) for fact, said in facts]
        dated = rng.random() < 0.5
        if dated and rng.random() < 0.5:
            lines = self._changed(lines, rng)
        days = sorted(invented.day(rng) for _ in lines)
        shown = tuple((text, day if dated else None) for (_, text), day in zip(lines, days, strict=True))
        asked: list[tuple[str, str, str]] = []
        for fact, _ in rng.sample(facts, min(len(facts), 4)):
            form, question = self._open_form(fact, rng)
            asked.append((form, question, fact.value))
            if fact.reverse and rng.random() < 0.3 and sum(other.value == fact.value for other, _ in lines) == 1:
                asked.append(("reverse", *fact.reverse))
            if rng.random() < 0.3:
                asked += self._checked(fact, rng)
        asked += self._missing([fact for fact, _ in facts], rng)
        return [
            Example(english.spoken(question, rng), said, "replay", form, split, ids, shown=shown)
            for form, question, said in asked
        ]

    def _changed(self, lines: list[tuple[Fact, str]], rng: random.Random) -> list[tuple[Fact, str]]:
        """With one more line, before the one that says otherwise now."""
        place = rng.randrange(len(lines))
        fact, _ = lines[place]
        family = clauses.families().get(fact.family)
        if family is None or family.many or not family.plain:
            return lines
        before = clauses.fact(family, fact.who, invented.value(family.kind, rng))
        if before.value == fact.value:
            return lines
        early = rng.randint(0, place)
        return [*lines[:early], (before, _sentence(rng.choice(before.statements))), *lines[early:]]

    def _checked(self, fact: Fact, rng: random.Random) -> list[tuple[str, str, str]]:
        """Whether it is so, with the value told or with another."""
        family = clauses.families().get(fact.family)
        checks = clauses.checks(family, fact.who) if family else []
        if family is None or family.many or not checks:
            return []
        other = invented.value(family.kind, rng)
        so = rng.random() < 0.5 or other == fact.value
        return [("check", f"{rng.choice(checks)} {fact.value if so else other}", "Yes." if so else "No.")]

    def _missing(self, facts: Sequence[Fact], rng: random.Random) -> list[tuple[str, str, str]]:
        """Questions that the lines leave open: something else of these people, or the same of somebody else."""
        there = {(fact.family, fact.who) for fact in facts} | self.known
        found = []
        for _ in range(rng.choice((0, 1, 1, 2))):
            fact = rng.choice(facts)
            family = clauses.families().get(fact.family)
            who = fact.who if rng.random() < 0.6 and not fact.who.startswith("the ") else self._stranger(rng)
            if family is None or family.open or who == fact.who:
                family = rng.choice([one for one in clauses.families().values() if not one.open])
            if (family.name, who) not in there:
                form, question = self._open_form(clauses.fact(family, who, ""), rng)
                if question not in {asked for one in facts for _, asked in one.questions}:
                    found.append((form, question, REFUSAL))
        return found

    def _open_form(self, fact: Fact, rng: random.Random) -> tuple[str, str]:
        """A form of its questions that may be trained on: what is held out is not met in a prompt either."""
        forms = [form for form, _ in fact.questions]
        return rng.choice([one for one in fact.questions if split_of(one[0], forms, self.seed) == TRAIN])

    def _invented(self, rng: random.Random, closed: Sequence[clauses.Family], who: str) -> Fact | None:
        """Something of a stranger: of a family, of any thing of theirs, or what they did with one."""
        pick = rng.random()
        if pick < 0.6 or who == "I":
            family = rng.choice(closed)
            return clauses.fact(family, who, invented.value(family.kind, rng))
        said = invented.sentence(rng, who)
        found = clauses.facts(said)
        return found[0]._replace(statements=(said.rstrip("."),)) if len(found) == 1 else None

    def _cast(self, rng: random.Random, own: float) -> tuple[list[tuple[Fact, str]], tuple[str, ...]]:
        """A few facts with the sentences that state them, no two of one family and person: of strangers, and of this person."""
        closed = [family for family in clauses.families().values() if not family.open and family.plain]
        people = [self._stranger(rng) for _ in range(rng.randint(1, 3))] + ["I"] * rng.randint(0, 2)
        made: dict[tuple[str, str], tuple[Fact, str]] = {}
        ids: list[str] = []
        for _ in range(rng.randint(1, 8)):
            fact = self._invented(rng, closed, rng.choice(people))
            if fact is not None:
                made[fact.family, fact.who] = (fact, rng.choice(fact.statements) if fact.statements else "")
        if self.told and rng.random() < own:
            for memory, fact in rng.sample(self.told, min(len(self.told), rng.randint(1, 3))):
                if len(clauses.facts(memory.content)) == 1 and not many(fact):
                    made[fact.family, fact.who] = (fact, memory.content)
                    ids.append(memory.id)
        facts = list(made.values())
        rng.shuffle(facts)
        return facts, tuple(ids)


OPEN_QUESTIONS = (
    "What should I have for dinner tonight?", "Tell me something about the sea.", "How do I boil an egg?", "What is a good book?",
    "Can you help me to plan my week?", "Why is the sky blue?", "What can I do on a rainy day?", "How does a bicycle work?",
    "Give me an idea for a present.", "What is the capital of France?", "How do I get better at chess?", "Tell me a short story.",
    "What should I pack for a hike?", "How can I sleep better?", "What is an umbrella for?", "Explain what a mortgage is.",
    "How do I write a good letter?", "What is the difference between a lake and a pond?", "Recommend something to watch.",
    "What do bees do in winter?", "How do I clean a wool jumper?", "What is photosynthesis?", "Hello, how are you?", "Who are you?",
)  # fmt: skip


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:] + ("" if said[-1:] in ".!?" else ".")


def _lines(memories: Iterable[Memory]) -> tuple[tuple[str, str | None], ...]:
    return tuple((one.content, (one.valid_from or one.occurred_at or one.created_at)[:10] or None) for one in memories)
