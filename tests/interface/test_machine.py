"""Everything that changes a cube, in any order, against a model of a few dictionaries; and the cube stays sound throughout."""

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemoryNotFound, NotFound, Refused
from memos_cli.infra.vault.check import check
from memos_cli.model import Filter, Kind
from memos_cli.operation import policy
from memos_cli.operation.history.snapshots import Snapshots
from memos_cli.times import from_text, to_text
from tests.conftest import Clock
from tests.trials import trials

Registers = dict[str, Any]
EVERYTHING = Filter(at="9999-01-01T00:00:00.000Z", everything=True)
FADES, KEPT, GRACE = timedelta(days=90), timedelta(days=365), timedelta(days=30)
PAUSE = timedelta(days=31)
WORDS = ("tea", "the red bicycle", "a dentist on Monday", "not before nine", "room 12")
HOT = {"generated", "activated", "merged"}


class Command(NamedTuple):
    """A command that wrote: what the memories that it touched were before (`None`: nothing yet), and the snapshot it made.

    For a tick also when the one before it was, and when it was.
    """

    before: dict[str, Registers | None]
    snapshot: str | None = None
    ticks: tuple[datetime | None, datetime] | None = None


class Cube(RuleBasedStateMachine):
    """A memory in the model is the list of its versions, each the registers as they were then; no versions: it was purged."""

    ids: Bundle[str] = Bundle("ids")
    names: Bundle[str] = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory(prefix="memos-", dir=os.environ.get("TMPDIR"))
        home = Path(self.folder.name)
        chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
        self.mos = MOS(home, settings=chosen, clock=self.clock)
        self.memories: dict[str, list[Registers]] = {}
        self.commands: list[Command] = []
        self.undone: set[int] = set()
        self.made = 0
        self.snapshots: dict[str, dict[str, Registers]] = {}
        self.ticked: datetime | None = None
        self.purges_from: datetime | None = None

    def teardown(self) -> None:
        assert [fault for one in check(self.mos.vaults()[0]) for fault in one.faults] == []
        self.mos.close()
        self.folder.cleanup()

    # -- the model

    def now(self, identity: str) -> Registers:
        return self.memories[identity][-1]

    def wrote(self, changes: dict[str, Registers]) -> None:
        """One command made these the registers of these memories."""
        changed = {one: new for one, new in changes.items() if not self.memories.get(one) or self.now(one) != new}
        if changed:
            self.commands.append(Command({one: dict(self.now(one)) if self.memories.get(one) else None for one in changed}))
            for one, new in changed.items():
                self.memories.setdefault(one, []).append(new)

    def purged(self, ids: list[str]) -> None:
        if ids:
            self.commands.append(Command(dict.fromkeys(ids)))
        for one in ids:
            self.memories[one] = []

    def gone(self, identity: str) -> bool:
        if self.memories[identity]:
            return False
        try:
            self.mos.get(identity)
        except MemoryNotFound:
            return True
        raise AssertionError("a purged memory was found")

    # -- the commands

    @initialize()
    def begin(self) -> None:
        self.mos.add("the first one makes the cube")
        policy.set_policy(self.mos.writable(), self.mos.author("policy"), {"steps.fuse": False, "brake.share": 1})
        first = self.mos.list()[0]
        self.memories[first.id] = [{"content": first.content, "state": "generated", "kind": first.kind, "told": self.mos.now}]
        self.commands = [Command({first.id: None}), Command({})]

    @rule(target=ids, word=st.sampled_from(WORDS), ttl=st.none() | st.integers(1, 200))
    def add(self, word: str, ttl: int | None) -> str:
        expires = to_text(self.clock() + timedelta(days=ttl)) if ttl else None
        text = f"{word} ({len(self.memories)})"
        (identity,) = self.mos.add(text, kind=Kind.NOTE, expires_at=expires).ids
        told = {"content": text, "state": "generated", "kind": Kind.NOTE, "told": self.mos.now}
        self.wrote({identity: told | ({"expires_at": expires} if expires else {})})
        return identity

    @rule(one=ids, word=st.sampled_from(WORDS))
    def edit(self, one: str, word: str) -> None:
        if not self.gone(one):
            self.mos.edit(one, {"content": word})
            self.wrote({one: self.now(one) | {"content": word}})

    @rule(one=ids)
    def pin(self, one: str) -> None:
        if not self.gone(one):
            self.mos.switch([one], "pin", {"pinned": True})
            self.wrote({one: self.now(one) | {"pinned": True}})

    @rule(one=ids)
    def forget(self, one: str) -> None:
        if not self.gone(one):
            self.mos.delete(one)
            if self.now(one)["state"] != "expired":
                self.wrote({one: self.now(one) | {"state": "expired", "since": self.mos.now}})

    @rule(one=ids)
    def restore(self, one: str) -> None:
        if self.gone(one):
            return
        self.mos.restore([one])
        now = self.now(one)
        if now["state"] not in HOT:
            back = now | {"state": "activated", "since": self.mos.now}
            if back.get("expires_at", "9999") <= self.mos.now:
                del back["expires_at"]
            self.wrote({one: back})

    @rule(one=ids, version=st.integers(0, 9))
    def rollback(self, one: str, version: int) -> None:
        if not self.gone(one):
            versions = self.memories[one]
            number = version % len(versions) + 1
            self.mos.rollback(one, number)
            self.wrote({one: dict(versions[number - 1])})

    @rule(one=ids)
    def purge(self, one: str) -> None:
        if not self.gone(one):
            self.mos.purge(one)
            self.purged([one])

    @rule()
    def undo(self) -> None:
        left = [number for number in range(2, len(self.commands)) if number not in self.undone]
        if not left:
            return
        before, snapshot, ticks = self.commands[left[-1]]
        if any(not self.memories[one] for one in before):
            with pytest.raises(Refused):
                self.mos.undo()
            return
        self.mos.undo()
        self.undone.add(left[-1])
        if ticks is not None and ticks[1] == self.ticked:
            self.ticked = ticks[0]
        self.snapshots.pop(snapshot or "", None)
        for one, registers in before.items():
            new = registers if registers is not None else self.now(one) | {"state": "expired", "since": self.mos.now}
            self.memories[one].append(dict(new))

    @rule(days=st.integers(1, 200))
    def tick(self, days: int) -> None:
        self.clock.forward(days=days)
        now = self.clock()
        gone, moved = [], {}
        for one in [one for one, versions in self.memories.items() if versions]:
            state = self._due(self.now(one), now)
            if state == "purged":
                gone.append(one)
            elif state:
                moved[one] = self.now(one) | {"state": state, "since": self.mos.now}
        before, self.ticked = self.ticked, now
        if before is not None and now - before > PAUSE:
            self.purges_from = now + timedelta(days=1)
        held = gone if self.purges_from is not None and now < self.purges_from else []
        gone = [one for one in gone if one not in held]
        (done,) = self.mos.lifecycle.tick()
        assert (done.held, bool(done.notes)) == (len(held), bool(held))
        assert (done.transitions["purged"], sum(done.transitions.values())) == (len(gone), len(gone) + len(moved))
        if moved:  # what it purged is a transaction of its own, which undo passes over
            self.commands.append(Command({one: dict(self.now(one)) for one in moved}, ticks=(before, now)))
        for one, new in moved.items():
            self.memories[one].append(new)
        for one in gone:
            self.memories[one] = []
        (again,) = self.mos.lifecycle.tick()
        assert sum(again.transitions.values()) == 0

    @staticmethod
    def _due(memory: Registers, now: Any) -> str | None:
        since = from_text(memory["since"]) if "since" in memory else None
        told = max(filter(None, (from_text(memory["told"]) if "told" in memory else None, since)), default=None)
        if memory["state"] == "expired":
            return "purged" if since and since + GRACE <= now else None
        if memory.get("expires_at") and from_text(memory["expires_at"]) <= now:
            return "expired"
        if memory.get("pinned") or memory["kind"] is not Kind.NOTE or told is None:
            return None
        if memory["state"] == "archived":
            return "expired" if since and since + KEPT <= now else None
        return "archived" if told + FADES <= now else None

    # -- the time machine

    @rule(target=names)
    def snapshot(self) -> str:
        name = f"s{self.made}"
        self.made += 1
        Snapshots(self.mos).create(name)
        self.snapshots[name] = {one: dict(versions[-1]) for one, versions in self.memories.items() if versions}
        self.commands.append(Command({}, name))
        return name

    @rule(name=names)
    def go_back(self, name: str) -> None:
        if name not in self.snapshots:
            with pytest.raises(NotFound):
                Snapshots(self.mos).restore(name)
            return
        Snapshots(self.mos).restore(name)
        then, at = self.snapshots[name], self.mos.now
        changes: dict[str, Registers] = {}
        for one, versions in self.memories.items():
            if versions and one in then:
                changes[one] = dict(then[one])
            elif versions and versions[-1]["state"] != "expired":
                changes[one] = versions[-1] | {"state": "expired", "since": at}
        self.wrote(changes)

    @invariant()
    def agrees(self) -> None:
        if not self.mos.vaults():
            return
        found = {
            memory.id: (memory.content, memory.state.value, memory.pinned, memory.expires_at)
            for memory in self.mos.vaults()[0].find(EVERYTHING)
        }
        wanted = {
            one: (now["content"], now["state"], now.get("pinned", False), now.get("expires_at"))
            for one, versions in self.memories.items()
            if versions
            for now in versions[-1:]
        }
        assert found == wanted


TestCube = Cube.TestCase
TestCube.settings = settings(max_examples=trials(15, 60), stateful_step_count=30, deadline=None)
TestCube = pytest.mark.slow(TestCube)


def test_undo_passes_over_the_tick_that_purged_what_was_undone() -> None:
    """Found by the machine: what the model took for a refusal took back the command before."""
    cube = Cube()
    cube.begin()
    cube.snapshot()
    cube.add("tea", None)
    cube.undo()
    cube.tick(31)
    cube.undo()
    assert cube.snapshots == {}
    cube.agrees()
    cube.teardown()


def test_undo_takes_back_what_a_tick_moved_beside_what_it_purged() -> None:
    cube = Cube()
    cube.begin()
    cube.forget(cube.add("tea", None))
    cube.tick(90)
    cube.undo()
    cube.agrees()
    cube.teardown()
