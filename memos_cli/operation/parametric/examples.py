"""The data set that a model learns memories from, written by grammar from their sentences alone. Pure.

It is the same for the same memories and seed. It has

    fact        several questions a fact, in chat's prompt without any memory, and the answer that the memory gives
    reverse     a question from the value back to the person
    dated       a question for the day of the fact, where one is known
    statement   the fact in other words, as plain text
    negative    neighbouring questions that no memory answers: about another person, or another attribute
    behaviour   what a rule asks for, shown by the model's own answers with the rule in its prompt
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
from memos_cli.operation.parametric.eligibility import BEHAVIOUR, Chosen, many
from memos_cli.operation.parametric.grammar import clauses, english, strangers, wordings
from memos_cli.operation.parametric.grammar.clauses import Fact
from memos_cli.operation.parametric.grammar.replay import Exercise, OwnFact, Scenes
from memos_cli.operation.prompt import attribution
from memos_cli.times import Zone

REFUSAL = "I don't know that yet."
"""The answer when no memory says it; the same words as in chat."""
TRAIN, WATCH, GATE = "train", "watch", "gate"


class Example(NamedTuple):
    """One line of a data set.

    Attributes:
        question: the question; empty for a statement as plain text.
        answer: the wanted answer; empty where the model, with the rules in its prompt, has yet to give it.
        form: the name of the question's form.
        split: `train`, `watch` or `gate`.
        memories: the ids of the memories that the example rests on.
        facts: the memories in the teacher's prompt, each a text and its day: the one that answers, and others like it.
        shown: the memories in the learner's own prompt; for replay alone.
        rules: the rules in the teacher's prompt.
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
        """The example as a line of JSON Lines; empty fields are left out."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._asdict().items() if value}

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "Example":
        """The example that `to_json` wrote.

        Raises:
            ValueError: the line is none of a data set.
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
    """The shares of the kinds in a data set. `backends/trainers/lora.py` says what led to the defaults.

    Attributes:
        forms: training questions a fact: all its forms, repeated in other spoken wordings where they are fewer.
        negatives: negatives for each training question of a fact.
        replay: replays for each training question of a fact: several times as many as an epoch has, so that few are seen twice.
        least_negatives: the least negatives, however few facts there are: what is unknown takes as much learning.
        least_replay: the least replays.
        own: the share of replays that have memories of this person in their prompt.
        statements: the most plain sentences a fact.
        drift: questions to memories of invented people that the gate asks with and without the adapter.
    """

    forms: int = 18
    negatives: float = 0.4
    replay: float = 5.0
    least_negatives: int = 500
    least_replay: int = 600
    own: float = 0.3
    statements: int = 0
    drift: int = 400


def examples(
    chosen: Sequence[Chosen],
    others: Sequence[Memory] = (),
    *,
    seed: int = 0,
    shares: Shares = Shares(),  # noqa: B008 -- a frozen tuple
    zone: Zone | None = None,
) -> list[Example]:
    """The data set of the chosen memories.

    Args:
        chosen: the memories that are learnt.
        others: the other memories of the cube: no question that they answer is taught to be refused.
        seed: the seed of all random choices.
        shares: the shares of the kinds.
        zone: whose days are taught; `None` for UTC.
    """
    writer = _Writer(chosen, others, seed, shares, zone)
    made = [*writer.facts(), *writer.behaviour(), *writer.negatives(), *writer.replay()]
    trained = {one.question for one in made if one.split == TRAIN and not one.shown}  # two families may ask in the same words
    held = {one.question for one in made if one.split != TRAIN and not one.shown} - trained
    return [one for one in made if one.question not in (held if one.split == TRAIN else () if one.shown else trained)]


def split_of(form: str, forms: Sequence[str], seed: int) -> str:
    """The split of a form (trained, watched or examined), which is the same for all facts of a family.

    Of ten forms or more two are examined and one is watched, of five or more one each, of fewer one is examined.
    """
    ordered = sorted(forms, key=lambda name: zlib.crc32(f"{seed} {name}".encode()))
    place = ordered.index(form)
    examined = 2 if len(forms) >= 10 else 1
    if place < examined:
        return GATE if len(forms) > 1 else TRAIN
    return WATCH if place == examined and len(forms) >= 5 else TRAIN


class _Writer:
    def __init__(
        self, chosen: Sequence[Chosen], others: Sequence[Memory], seed: int, shares: Shares, zone: Zone | None
    ) -> None:
        self.chosen, self.seed, self.shares, self.zone = chosen, seed, shares, zone
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
        """Each question about the facts with all its answers: `what do I play` may have `cello` and `tennis`."""

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self.seed} {name}")

    # -- facts

    def facts(self) -> list[Example]:
        """The questions, reverse questions, dated questions and statements of every fact."""
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
        at = memory.occurred_at or memory.valid_from
        day = _day(memory, at, self.zone) if at else ""
        plain = next((asked for form, asked in fact.questions if form == "clause/what" and asked.startswith("what did ")), None)
        if day and plain:
            yield (english.spoken(plain.replace("what did ", "when did ", 1) + f" {fact.value}"), day, "dated", "dated", TRAIN)

    def _shared(self, fact: Fact) -> bool:
        """Whether somebody else has the same value, so that the reverse question has two answers."""
        return sum(other.family == fact.family and other.value == fact.value for _, other in self.told) > 1

    def _ids(self, memory: Memory, fact: Fact) -> tuple[str, ...]:
        same = [
            one.id for one, other in self.told if (other.family, other.who) == (fact.family, fact.who) and one.id != memory.id
        ]
        return (memory.id, *same)

    def _context(self, memory: Memory) -> tuple[tuple[str, str | None], ...]:
        """The memory, and others that answer the same questions, oldest first."""
        asked = {(fact.family, fact.who) for one, fact in self.told if one is memory}
        among = {one.id: one for one, fact in self.told if (fact.family, fact.who) in asked}
        return _lines(sorted(among.values(), key=lambda one: (one.created_at, one.id)), self.zone)

    # -- behaviour

    def behaviour(self) -> list[Example]:
        """Open questions that a rule changes the answers to; the model gives the answers with the rules in its prompt."""
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

    # -- negatives

    def negatives(self) -> list[Example]:
        """Neighbouring questions: the same about somebody else, and something else about the same person."""
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
        """A fact that no memory states: a known attribute of a stranger, another one of a known person, or neither known."""
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
        name = rng.choice(sorted(wordings.nouns()))
        noun = rng.choice(wordings.nouns()[name])
        if any(
            fact.who == who and set(noun.split()) <= set(asked.split()) for _, fact in self.told for _, asked in fact.questions
        ):
            return None  # the noun may be another word for a known attribute
        return None if noun in self.words else clauses.fact(clauses.families()[name], who, "", noun=noun)

    def _stranger(self, rng: random.Random) -> str:
        """Somebody of whom no memory speaks."""
        while True:
            who = strangers.who(rng)
            if who.rsplit(" ", 1)[-1].casefold() not in self.words:
                return who

    # -- replay

    def replay(self) -> list[Example]:
        """Questions to memories in the prompt, some without an answer there: the model can answer them, and is to stay so."""
        own = [OwnFact(fact, memory.content, memory.id) for memory, fact in self.told if self._plain(memory, fact)]
        scenes = Scenes(own, self.known, self._stranger, self._open_form, self.seed)
        rng = self._rng("replay")
        wanted = max(self.shares.least_replay, round(self.trained * self.shares.replay)) if self.chosen else 0
        found: list[Example] = []
        while len(found) < wanted:
            found += _asked(scenes.draw(rng, own=self.shares.own), WATCH if rng.random() < 0.06 else TRAIN, rng)
        asked: list[Example] = []
        rng = self._rng("drift")
        while len(asked) < (self.shares.drift if self.chosen else 0):
            asked += _asked(scenes.draw(rng, exam=True), GATE, rng)
        return [*found[:wanted], *asked[: self.shares.drift]]

    @staticmethod
    def _plain(memory: Memory, fact: Fact) -> bool:
        """Whether the memory states this fact and nothing else."""
        return len(clauses.facts(memory.content)) == 1 and not many(fact)

    def _open_form(self, fact: Fact, rng: random.Random) -> tuple[str, str]:
        """A form of the fact's questions that may be trained on: held-out forms do not occur in replay either."""
        forms = [form for form, _ in fact.questions]
        return rng.choice([one for one in fact.questions if split_of(one[0], forms, self.seed) == TRAIN])


def _asked(scene: Exercise, split: str, rng: random.Random) -> list[Example]:
    return [
        Example(
            english.spoken(one.question, rng),
            REFUSAL if one.answer is None else one.answer,
            "replay",
            f"{one.kind} {one.form}",
            split,
            scene.memories,
            shown=scene.shown,
        )
        for one in scene.asked
    ]


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


def _lines(memories: Iterable[Memory], zone: Zone | None) -> tuple[tuple[str, str | None], ...]:
    return tuple((one.content, _day(one, one.valid_from or one.occurred_at or one.created_at, zone)) for one in memories)


def _day(memory: Memory, at: str, zone: Zone | None) -> str:
    """The day of a time of a memory, as prompts have it."""
    return attribution.day(memory, at, zone) if zone else at[:10]
