"""A long talk about many facts, some of which are then forgotten, superseded or purged: what is said of them is gone as well.

For each fact that ended, everything that could still tell it is looked through: searches and lists that ask for turns,
exports, chat and its prompts, the scheduler's plans, slots, adapters, and for a purged one the bytes of every file.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.local import adapters
from memos_cli.infra.vault.check import check
from memos_cli.model import Draft, Filter, Kind
from memos_cli.operation.activation.slots import store
from memos_cli.operation.parametric import generations
from tests import learnt
from tests.conftest import Clock, Run
from tests.fakes import Scripted
from tests.infra.vault.test_purge import traces
from tests.trials import trials

ENDED = trials(6, 50)
"""How many facts end; a fifth as many stay."""
WAYS = ("forgotten", "superseded", "purged")
_BEGINNINGS = ("bra", "cro", "dri", "fla", "gru", "kle", "plo", "qui", "sta", "tro", "vla", "zwe")
_MIDDLES = ("bal", "dor", "fen", "gim", "kul", "len", "mor", "nap", "pir", "rus", "sok", "tam", "vin")
_ENDS = ("dax", "fisk", "gorn", "hult", "jeb", "lund", "morg", "nyst", "pold", "rask")


class Fact:
    """A fact that is named by a word that nothing else has, and how it ends."""

    def __init__(self, number: int, word: str, way: str | None) -> None:
        self.number, self.word, self.way = number, word, way
        self.attribute = f"thing {number}"
        self.text = f"My {self.attribute} is called {word}"
        self.told_in_chat = number % 2 == 1
        self.id = ""


def facts(chance: random.Random) -> list[Fact]:
    words = [f"{one}{two}{three}".capitalize() for one in _BEGINNINGS for two in _MIDDLES for three in _ENDS]
    ways = [WAYS[number % 3] for number in range(ENDED)] + [None] * max(2, ENDED // 5)
    chance.shuffle(words)
    return [Fact(number, word, way) for number, (word, way) in enumerate(zip(words, ways, strict=False))]


def exchanges(fact: Fact) -> Iterator[tuple[str, str]]:
    """What is asked of a fact, and what a model answers, in every way in which a talk repeats something."""
    ways = (
        (f"What is my {fact.attribute} called?", f"Your {fact.attribute} is called {fact.word}."),
        (f"Tell me, is my {fact.attribute} called {fact.word}, or is it not?", "Yes."),
        (f"What was the name of my {fact.attribute}?", f"It is {fact.word} [1]."),
        ("And once more, which was it?", f"As I said: {fact.word}!"),
        (f"Is it true that my {fact.attribute} is called {fact.word.lower()}?", "It is."),
    )
    # The first two are different of each fact, so that all five come up in a short talk as well.
    yield ways[fact.number % len(ways)]
    yield ways[(fact.number + 1 + fact.number // len(ways)) % len(ways)]


def hold(mos: MOS, told: list[Fact]) -> None:
    """The talk: each fact is told, in chat or before, and asked about twice."""
    talk = mos.conversation()
    for fact in told:
        if fact.told_in_chat:
            (fact.id,) = talk.ask(f"Please remember that {fact.text[0].lower()}{fact.text[1:]}").kept
        else:
            (fact.id,) = mos.add(drafts=[Draft(fact.text, Kind.FACT)]).ids
    for fact in told:
        for question, answer in exchanges(fact):
            model = Scripted(answer, "[]", "[]")
            mos.conversation(model, resume=True).ask(question)


def end(mos: MOS, told: list[Fact]) -> None:
    for fact in told:
        if fact.way == "forgotten":
            mos.delete(fact.id)
        elif fact.way == "purged":
            receipt = mos.purge(fact.id)
            assert (receipt.holders, receipt.hidden, receipt.unfinished) == ((), 0, ())
        elif fact.way == "superseded":
            other = mos.add(drafts=[Draft(f"My {fact.attribute} has no name now", Kind.FACT)]).ids[0]
            vault = mos.writable()
            with mos.author("add").write(vault) as unit:
                unit.change("memory", fact.id, {"valid_to": mos.now})
                unit.change("memory", other, {f"link:supersedes:{fact.id}": True})


def told_of(mos: MOS, fact: Fact) -> list[str]:
    """Where a fact can still be found."""
    found: list[str] = []
    everything = Filter(at=mos.now, turns=True, archived=True)
    for query in (fact.word, fact.text, f"What is my {fact.attribute} called?"):
        for wanted in (None, everything):
            found += [f"search: {hit.memory.content}" for hit in mos.search(query, wanted=wanted, record=False, k=50).hits]
    found += [f"list: {memory.content}" for memory in mos.list(everything)]
    answered = mos.conversation(save=False).ask(f"What is my {fact.attribute} called?").answer
    about = mos.conversation(save=False).ask(f"What do you know about {fact.word}?").answer
    resumed = Scripted("No.")
    mos.conversation(resumed, resume=True, save=False).ask(f"What is my {fact.attribute} called?")
    explained = mos.scheduler.explain(f"What is my {fact.attribute} called?")
    found += [f"chat: {answered}", f"chat: {about}", f"prompt: {resumed.prompt.replace(fact.attribute, '')}"]
    found += [f"scheduler: {memory.content}" for memory in explained.memories.values()]
    return [one for one in found if fact.word.lower() in one.lower()]


@pytest.mark.slow
def test_what_ended_is_told_nowhere(  # noqa: PLR0917 -- fixtures
    mos: MOS, memos: Run, home: Path, clock: Clock, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = facts(random.Random(20261129))
    hold(mos, told)
    turns = [one for one in mos.list(Filter(at=mos.now, turns=True)) if one.kind is Kind.EPISODE]
    assert len(turns) >= 4 * len(told)
    before = {fact.word: told_of(mos, fact) for fact in told}
    assert all(before.values()), "a fact is not found while it holds, so that nothing would be shown"

    # Slots: what tiny models said in a talk that goes on, with the core that every prompt has.
    monkeypatch.setenv("MEMOS_LLM_MODEL", str(models / "mini.gguf"))
    for fact in told[:6]:
        assert memos("chat", "--continue", "-m", f"What is my {fact.attribute} called?").status == 0
    kept = store(mos)
    assert any(slot.covers == "conversation" for slot in kept.all())
    (home / "cache").mkdir(exist_ok=True)
    typed = "".join(f"\n# 2026-03-02\n+{question}\n" for fact in told for question, _ in exchanges(fact))
    (home / "cache" / "chat-history").write_text(typed)
    generation = learnt.grow(mos, models / "mini.gguf")
    assert {fact.id for fact in told} <= set(generation.covers)

    clock.forward(hours=1)
    end(mos, told)
    clock.forward(hours=1)
    gone = [fact for fact in told if fact.way]
    left = {f"{fact.word} ({fact.way})": places for fact in gone if (places := told_of(mos, fact))}
    assert left == {}
    stay = [fact for fact in told if not fact.way]
    assert all(told_of(mos, fact) for fact in stay)

    ids = {fact.id for fact in gone}
    assert [slot.name for slot in kept.all() if not ids.isdisjoint(part.memory for part in slot.parts)] == []
    assert not any(slot.covers == "conversation" for slot in kept.all())
    vault = mos.vaults()[0]
    assert generations.detached(vault, generation, mos.now) is not None
    assert adapters.folders(vault) == [], "a purge takes the adapters that learnt the fact"

    purged = tuple(fact.word.lower() for fact in gone if fact.way == "purged")
    assert traces(home, purged) == []
    exported = {}
    for name, options in {"all": (), "turns": ("--turns",), "current": ("--kind", "fact")}.items():
        exported[name] = tmp_path / f"{name}.memcube"
        assert memos("cube", "export", *options, "-o", str(exported[name])).status == 0
    words = tuple(fact.word.lower() for fact in gone)
    assert traces(tmp_path, purged) == []
    assert [one for one in words if one.encode() in exported["turns"].read_bytes().lower()] == []
    assert [one for one in words if one.encode() in exported["current"].read_bytes().lower()] == []
    assert all(fact.word.encode() in exported["all"].read_bytes() for fact in stay)
    assert [fault for one in check(vault) for fault in one.faults] == []
    assert memos("doctor").status == 0
    print(f"{len(turns)} turns, {len(gone)} facts ended, 0 found")  # noqa: T201


def test_an_undo_brings_the_talk_back(mos: MOS) -> None:
    told = [Fact(number, word, "forgotten") for number, word in enumerate(("Brabaldax", "Crodorfisk"))]
    hold(mos, told)
    before = mos.list(Filter(at=mos.now, turns=True))
    mos.delete([fact.id for fact in told])
    assert mos.list(Filter(at=mos.now, turns=True)) == ()
    mos.undo()
    after = mos.list(Filter(at=mos.now, turns=True))
    assert {one.id: one.content for one in after} == {one.id: one.content for one in before}
