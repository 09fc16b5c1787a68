"""Taking back a command that wrote in several transactions under one name, with other writers in between."""

import os

import pytest

from memos_cli import MOS
from memos_cli.errors import Refused
from memos_cli.infra.vault.units import Unit
from memos_cli.model import Draft, State


class Tick:
    """A command that commits now and then, and is one step all the same."""

    def __init__(self, mos: MOS) -> None:
        self._mos = mos
        self.txn = os.urandom(8).hex()

    def archive(self, *ids: str, **more: object) -> None:
        vault = self._mos.vault("default")
        author = self._mos.author("tick")
        with vault.write("tick", author.principal, author.millis, self.txn) as unit:
            self._change(unit, ids, {"state": State.ARCHIVED.value, **more})

    def _change(self, unit: Unit, ids: tuple[str, ...], change: dict[str, object]) -> None:
        for identity in ids:
            unit.change("memory", identity, change)


def states(mos: MOS, *ids: str) -> list[str]:
    return [mos.get(identity).state.value for identity in ids]


def test_batches_under_one_name_are_listed_and_taken_back_as_one_step(mos: MOS) -> None:
    one, two, three = mos.add(drafts=[Draft(f"note {n}") for n in range(3)]).ids
    tick = Tick(mos)
    tick.archive(one)
    tagged = mos.switch([three], "tag", {"tag:work": True})
    tick.archive(two)
    assert [(row["txn"], row["command"], row["operations"]) for row in mos.timeline.commands(10)][:2] == [
        (tick.txn, "tick", 2), (tagged.txn, "tag", 1),
    ]  # fmt: skip
    assert len(mos.timeline.commands(10)) == 3
    undone = mos.undo()
    assert (undone.reverted, undone.command, set(undone.subjects)) == (tick.txn, "tick", {one, two})
    assert states(mos, one, two, three) == ["generated"] * 3
    assert mos.get(three).tags == ("work",), "what another wrote in between stays"
    mos.undo(undone.txn)
    assert states(mos, one, two, three) == ["archived", "archived", "generated"]
    assert mos.undo().reverted == tick.txn
    assert mos.undo().reverted == tagged.txn
    assert mos.get(three).tags == ()


def test_what_another_wrote_to_the_same_memory_in_between_stays(mos: MOS) -> None:
    (one,) = mos.add("I eat no meat").ids
    tick = Tick(mos)
    tick.archive(one, content="I eat no meat, it says")
    mos.edit(one, {"content": "I eat no fish", "title": "Diet"})
    tick.archive(one, priority=3)
    mos.undo(tick.txn)
    memory = mos.get(one)
    assert (memory.content, memory.title, memory.priority, memory.state) == ("I eat no fish", "Diet", 0, State.GENERATED)


def test_an_undo_between_two_batches_is_counted_in(mos: MOS) -> None:
    """Somebody takes a tick back while it is still at work: the next undo takes back the rest."""
    one, two = mos.add(drafts=[Draft("first"), Draft("second")]).ids
    tick = Tick(mos)
    tick.archive(one)
    first = mos.undo()
    tick.archive(two)
    assert states(mos, one, two) == ["generated", "archived"]
    assert mos.undo().reverted == tick.txn
    assert states(mos, one, two) == ["generated", "generated"]
    with pytest.raises(Refused, match="taken back already"):
        mos.undo(tick.txn)
    mos.undo(first.txn)
    assert states(mos, one, two) == ["archived", "generated"]


def test_what_was_taken_back_is_not_taken_back_twice(mos: MOS) -> None:
    (one,) = mos.add("I eat no meat").ids
    edited = mos.edit(one, {"content": "I eat no fish"})
    undone = mos.undo()
    versions = mos.get(one).version
    with pytest.raises(Refused) as caught:
        mos.undo(edited.txn)
    assert undone.txn in (caught.value.hint or "")
    assert mos.get(one).version == versions


def test_a_memory_that_began_in_one_batch_and_was_edited_since_is_refused_whole(mos: MOS) -> None:
    tick = Tick(mos)
    vault = mos.vault(mos.writable().name)
    author = mos.author("tick")
    with vault.write("tick", author.principal, author.millis, tick.txn) as unit:
        made = unit.add(Draft("a summary"), "sam")
    (other,) = mos.add("another").ids
    tick.archive(other)
    mos.delete(other)
    with pytest.raises(Refused, match="changed again since: state by forget"):
        mos.undo(tick.txn)
    assert states(mos, made, other) == ["generated", "expired"]
