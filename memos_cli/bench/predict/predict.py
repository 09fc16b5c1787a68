"""`bench predict`: how often the scenes that were ready ahead were recalled, compared with LRU, LFU and the oracle.

A log is a sequence of recalls, each of one or several scenes. Before each recall, every strategy names the scenes that it would
have ready; the recall counts by the share of its scenes among them. Then every strategy sees the recall. Four kinds of log:

    questions      the questions of a retrieval set, in their order: the sets are those of `operation.scheduler.scenes`
                   (sessions, long ones in parts), a recall is of the sets that hold the evidence; the end of the conversation
                   so far is the question before. They have no times, so they are taken to come a minute apart
    turns          the turns of the same conversations: each turn recalls the scene with the best hit of a search for its
                   words, by words alone, among the sessions before. The end of the conversation is the turns just before.
                   Nobody has checked this evidence, but memos itself would recall it
    habits         generated persons, see `bench.predict.habits`
    rosters        generated persons of another kind, see `bench.predict.rosters`

A strategy that has seen fewer scenes than it may have ready adds the newest ones. The oracle knows what comes next.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.bench.predict import habits, rosters
from memos_cli.interface.reader import intake
from memos_cli.model import Draft, Filter, Memory
from memos_cli.operation.results import Query
from memos_cli.operation.scheduler import scenes as sets
from memos_cli.operation.scheduler.predictor import Predictor, SceneRecall

if TYPE_CHECKING:
    from memos_cli.bench.homes import Home
    from memos_cli.bench.qa.sets import Conversation

READY = (1, 3, 5)
"""How many scenes are ready ahead."""
STRATEGIES = ("predictor", "LRU", "LFU", "oracle")
_START, _BETWEEN = 1_700_000_000_000, 60_000
"""For a log without times: an instant, and milliseconds between recalls."""


_LOOKED_AT = 30
"""The hits of a search among which one of an earlier session is sought."""
_SAID = 2
"""Turns that count as the end of the conversation."""


class Log(NamedTuple):
    """Recalls in the order of time.

    Attributes:
        scenes: the scenes, in the order of their creation.
        cues: for each recall the words at the end of the conversation before it.
        words: for each scene how often each word occurs in it.
        told: for each recall how many of the scenes existed before it; empty where all did.
    """

    name: str
    kind: str
    scenes: tuple[str, ...]
    recalls: tuple[SceneRecall, ...]
    cues: tuple[tuple[str, ...], ...] = ()
    words: dict[str, dict[str, int]] | None = None
    told: tuple[int, ...] = ()


class Rates(NamedTuple):
    """Hit rates of a log: for each strategy with 1, 3 and 5 scenes ready."""

    log: str
    kind: str
    recalls: int
    scenes: int
    rates: dict[str, tuple[float, ...]]


def of_habits(days: int, seed: int) -> Log:
    """The log of a generated person."""
    made = habits.make(days, seed)
    return Log(f"seed {seed}", "habits", made.scenes, made.recalls)


def of_rosters(days: int, seed: int) -> Log:
    """The log of a generated person who works shifts."""
    made = rosters.make(days, seed)
    return Log(f"seed {seed}", "rosters", made.scenes, made.recalls)


def of_conversation(conversation: "Conversation", now: str, *, shuffle: int | None = None) -> Log:
    """The log of a conversation's questions; those without known evidence are left out.

    Args:
        now: the assumed time of memories without a time of their own.
        shuffle: the seed of a random order of the questions; `None` for their own.

    Raises:
        UsageError: a line is no memory; file and line are named.
    """
    with conversation.memories.open("rb") as file:
        drafts = list(intake.from_lines(file, now, {}, _refusal(str(conversation.memories))))
    memories = [_memory(draft, number) for number, draft in enumerate(drafts)]
    found = sets.scenes(memories)
    places = sets.place(found)
    of_evidence = {memory.external_id: places.get(memory.id) for memory in memories}
    asked = list(conversation.questions)
    if shuffle is not None:
        Random(shuffle).shuffle(asked)  # noqa: S311 -- an order that can be repeated
    recalls: list[SceneRecall] = []
    cues: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    for question in asked:
        needed = tuple(dict.fromkeys(filter(None, (of_evidence.get(one) for one in question.relevant))))
        if needed:
            recalls.append(SceneRecall(_START + _BETWEEN * len(recalls), needed))
            cues.append(before)
        before = tuple(dict.fromkeys(sets.meaningful(question.text)))
    words = {name: dict(counts) for name, counts in sets.vocabulary(memories, places).items()}
    kind = "questions" if shuffle is None else "shuffled"
    return Log(conversation.name, kind, tuple(one.name for one in found), tuple(recalls), tuple(cues), words)


def of_turns(conversation: "Conversation", home: "Home") -> Log:
    """The log of a conversation's turns.

    Args:
        home: where the conversation is loaded for searching.

    Raises:
        UsageError: a line is no memory; file and line are named.
    """
    with home.loaded(conversation.memories) as mos:
        told = mos.list(Filter(at=mos.now, everything=True), order="occurred")
        answers = mos.search_many([Query(memory.content) for memory in told], k=_LOOKED_AT, lexical=True)
    found = sets.scenes(told)
    places = sets.place(found)
    talks = {memory.id: memory.source.session for memory in told}
    begun: dict[str | None, int] = {}
    for number, memory in enumerate(told):
        begun.setdefault(memory.source.session, number)
    order = {memory.id: number for number, memory in enumerate(told)}
    firsts = [order[scene.ids[0]] for scene in found]
    known: list[int] = []
    recalls: list[SceneRecall] = []
    cues: list[tuple[str, ...]] = []
    for number, (memory, answer) in enumerate(zip(told, answers, strict=True)):
        before = (hit.memory.id for hit in answer.hits if begun[talks[hit.memory.id]] < begun[memory.source.session])
        needed = places.get(next(before, ""))
        if needed:
            recalls.append(SceneRecall(_START + _BETWEEN * number, (needed,)))
            known.append(sum(first < begun[memory.source.session] for first in firsts))
            said = " ".join(one.content for one in told[max(0, number - _SAID) : number])
            cues.append(tuple(dict.fromkeys(sets.meaningful(said))))
    words = {name: dict(counts) for name, counts in sets.vocabulary(told, places).items()}
    names = tuple(one.name for one in found)
    return Log(conversation.name, "turns", names, tuple(recalls), tuple(cues), words, tuple(known))


def _memory(draft: Draft, number: int) -> Memory:
    return Memory(
        f"{number:08}", draft.content, draft.kind, external_id=draft.external_id, task=draft.task,
        tags=draft.tags, key=draft.key, pinned=draft.pinned,
        occurred_at=draft.occurred_at, source=draft.source,
    )  # fmt: skip


def _refusal(name: str) -> Callable[[int, str], None]:
    from memos_cli.errors import UsageError

    def refuse(number: int, reason: str) -> None:
        raise UsageError(f"{name}, line {number}: {reason}")

    return refuse


class _Last:
    """LRU, or with `counting` LFU: the scenes used most often, among equals those used last."""

    def __init__(self, scenes: Sequence[str], *, counting: bool) -> None:
        self._places = {scene: place for place, scene in enumerate(scenes)}
        self._times = dict.fromkeys(scenes, 0)
        self._last = dict.fromkeys(scenes, (-1, 0))
        self._counting = counting
        self._clock = 0

    def ready(self, most: int, told: int | None) -> list[str]:
        def rank(scene: str) -> tuple[int, tuple[int, int], int]:
            return (self._times[scene] if self._counting else 0, self._last[scene], self._places[scene])

        return sorted(list(self._places)[:told], key=rank, reverse=True)[:most]

    def learn(self, needed: Sequence[str]) -> None:
        self._clock += 1
        for place, scene in enumerate(needed):
            self._times[scene] += 1
            self._last[scene] = (self._clock, -place)


def run(log: Log) -> Rates:
    """Go through a log once."""
    predictor = Predictor(log.scenes, log.words)
    others = {"LRU": _Last(log.scenes, counting=False), "LFU": _Last(log.scenes, counting=True)}
    hits = {name: [0.0] * len(READY) for name in STRATEGIES}
    for number, recall in enumerate(log.recalls):
        cue = log.cues[number] if log.cues else ()
        told = log.told[number] if log.told else None
        named = {name: strategy.ready(READY[-1], told) for name, strategy in others.items()}
        named["predictor"] = [scene for scene, _ in predictor.likeliest(recall.at, READY[-1], cue, told)]
        named["oracle"] = list(recall.sets)
        for name, ready in named.items():
            for index, most in enumerate(READY):
                hits[name][index] += len(set(ready[:most]) & set(recall.sets)) / len(recall.sets)
        predictor.learn(recall, cue, told)
        for strategy in others.values():
            strategy.learn(recall.sets)
    count = max(1, len(log.recalls))
    rates = {name: tuple(one / count for one in found) for name, found in hits.items()}
    return Rates(log.name, log.kind, len(log.recalls), len(log.scenes), rates)


def together(found: Iterable[Rates], name: str = "all") -> Rates:
    """The rates of several logs, each recall counting the same.

    Raises:
        ValueError: `found` is empty.
    """
    logs = list(found)
    if not logs:
        raise ValueError("no logs")
    total = sum(one.recalls for one in logs)
    rates = {
        strategy: tuple(
            sum(one.rates[strategy][index] * one.recalls for one in logs) / max(1, total) for index in range(len(READY))
        )
        for strategy in STRATEGIES
    }
    return Rates(name, logs[0].kind, total, sum(one.scenes for one in logs), rates)
