"""Random principals do random things under random rules, against a plain model that says who may do what."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemoryNotFound, MemosError, Refused
from memos_cli.interface.cubes.completion import Completion
from memos_cli.model import Filter, Kind, Visibility
from tests.conftest import Clock
from tests.trials import trials

STEPS = int(os.environ.get("MEMOS_TEST_GOVERNANCE_STEPS", trials(800, 2000)))
"""How many operations in all. 100,000 take a quarter of an hour of a processor."""
OWNER = "root"
PEOPLE = ("root", "maren", "iris", "eve", "bot")
AGENTS = frozenset({"bot"})
GROUPS = ("family", "work")
TAGS = ("red", "blue", "green")
KINDS = ("note", "fact")
VISIBILITIES = ("private", "shared", "public", "read-only")
RIGHTS = ("read", "write", "share", "erase")
NOBODY_S = "zzzzzzzzzzzzzzzzzzzz"


class State(NamedTuple):
    """What a memory is at one of its versions."""

    content: str
    owner: str
    visibility: str = "private"
    tags: frozenset[str] = frozenset()
    kind: str = "note"
    forgotten: bool = False


class Given(NamedTuple):
    """A rule of the model."""

    to: str
    right: str
    sort: str
    name: str
    deny: bool


class World:
    """The plain model: memories as lists of versions, groups as sets, rules as a set."""

    def __init__(self) -> None:
        self.memories: dict[str, list[State]] = {}
        self.groups: dict[str, set[str]] = {name: set() for name in GROUPS}
        self.rules: dict[str, Given] = {}

    def names(self, who: str) -> set[str]:
        return {who, *(group for group, members in self.groups.items() if who in members)}

    def ruled(self, who: str, right: str, identity: str, state: State, *, deny: bool) -> bool:
        def covers(one: Given) -> bool:
            return {
                "cube": True,
                "tag": one.name in state.tags,
                "kind": one.name == state.kind,
                "memory": one.name == identity,
            }[one.sort]

        return any(
            one.to in self.names(who) and one.right == right and one.deny is deny and covers(one) for one in self.rules.values()
        )

    def may(self, who: str, right: str, identity: str, state: State | None = None) -> bool:
        now = state or self.memories[identity][-1]
        if who == OWNER:
            return True
        if right == "write" and now.visibility == "read-only":
            return False
        if self.ruled(who, right, identity, now, deny=True):
            return False
        if now.owner == who or self.ruled(who, right, identity, now, deny=False):
            return True
        if right != "read" or who in AGENTS:
            return False
        together = any({who, now.owner} <= members for members in self.groups.values())
        return now.visibility in ("public", "read-only") or (now.visibility == "shared" and together)

    def gains(self, who: str, identity: str, new: State) -> bool:
        """Whether a change gives whoever makes it a right over the memory, or opens what is somebody else's and read-only."""
        now = self.memories[identity][-1]
        if now.owner == who:
            now = now._replace(visibility=new.visibility)
        if now.visibility == "read-only" != new.visibility and who not in {OWNER, now.owner}:
            return True
        return any(self.may(who, right, identity, new) and not self.may(who, right, identity, now) for right in RIGHTS)

    def seen(self, who: str) -> set[str]:
        return {one for one in self.memories if self.may(who, "read", one)}

    def versions(self, who: str, identity: str) -> int:
        """How many of the last versions are seen: those from the first on from which all are."""
        count = 0
        for state in reversed(self.memories[identity]):
            if not self.may(who, "read", identity, state):
                break
            count += 1
        return count


class Governed(RuleBasedStateMachine):
    """Each operation is asked of memos and of the model; what both say must be the same."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory(prefix="memos-", dir=os.environ.get("TMPDIR"))
        home = self.home = Path(self.folder.name)
        chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": OWNER}, paths({"MEMOS_HOME": str(home)}))
        self.sessions = {who: MOS(home, settings=chosen, clock=self.clock, principal=who) for who in PEOPLE}
        self.world = World()
        self.made = 0

    def teardown(self) -> None:
        for session in self.sessions.values():
            session.close()
        self.folder.cleanup()

    # -- the rules, which the owner sets

    def record(self, noun: str, subject: str, change: dict[str, object]) -> None:
        owner = self.sessions[OWNER]
        with owner.author("grant").write(owner.writable()) as unit:
            unit.change(noun, subject, change)

    @initialize()
    def begin(self) -> None:
        self.sessions[OWNER].create_cube("default")
        for who in AGENTS:
            self.record("principal", who, {"kind": "agent"})

    @rule(who=st.sampled_from(PEOPLE), group=st.sampled_from(GROUPS), joins=st.booleans())
    def join_or_leave(self, who: str, group: str, *, joins: bool) -> None:
        self.record("principal", who, {f"in:{group}": joins or None})
        (self.world.groups[group].add if joins else self.world.groups[group].discard)(who)

    @rule(
        to=st.sampled_from((*PEOPLE[1:], *GROUPS)),
        right=st.sampled_from(RIGHTS),
        about=st.one_of(
            st.just(("cube", "")),
            st.sampled_from(TAGS).map(lambda tag: ("tag", tag)),
            st.sampled_from(KINDS).map(lambda kind: ("kind", kind)),
            st.integers(0, 99).map(lambda place: ("memory", str(place))),
        ),
        deny=st.sampled_from((False, False, True)),
    )
    def set_rule(self, to: str, right: str, about: tuple[str, str], *, deny: bool) -> None:
        sort, name = about
        if sort == "memory":
            if not self.world.memories:
                return
            name = self.some(int(name))
        identity = f"rule{self.made:016}"
        self.made += 1
        told = {"to": to, "group": to in GROUPS, "right": right, "deny": deny, "sort": sort, "name": name}
        self.record("rule", identity, told)
        self.world.rules[identity] = Given(to, right, sort, name, deny)

    @rule(place=st.integers(0, 99))
    def end_rule(self, place: int) -> None:
        if self.world.rules:
            identity = list(self.world.rules)[place % len(self.world.rules)]
            self.record("rule", identity, {"ended": True})
            del self.world.rules[identity]

    # -- what principals do

    def some(self, place: int) -> str:
        known = list(self.world.memories)
        return known[place % len(known)] if known else NOBODY_S

    def outcome(self, who: str, right: str, identity: str, *, same: bool = False) -> str:
        """What the model says of an attempt."""
        if identity == NOBODY_S or not self.world.may(who, "read", identity):
            return "not found"
        rights = RIGHTS[1:] if same else (right,)  # what changes nothing needs any right to change something
        return "done" if any(self.world.may(who, one, identity) for one in rights) else "refused"

    def attempt(self, who: str, identity: str, expected: str, act: Callable[[], object]) -> None:
        """Do something, and compare what comes of it: an answer, a refusal, or the words for a made-up id."""
        raised: MemosError | None = None
        try:
            act()
        except (MemoryNotFound, Refused) as error:
            raised = error
        status = None if raised is None else raised.exit_status
        assert status == {"done": None, "refused": 3, "not found": 10}[expected]
        if isinstance(raised, MemoryNotFound):
            with pytest.raises(MemoryNotFound) as made_up:
                self.sessions[who].get(NOBODY_S)
            assert str(raised).replace(identity, NOBODY_S) == str(made_up.value)

    @rule(
        who=st.sampled_from(PEOPLE),
        visibility=st.sampled_from(VISIBILITIES),
        tags=st.frozensets(st.sampled_from(TAGS), max_size=2),
        kind=st.sampled_from(KINDS),
    )
    def add(self, who: str, visibility: str, tags: frozenset[str], kind: str) -> None:
        self.made += 1
        state = State(f"Number {self.made} is w{self.made}x", who, visibility, tags, kind)
        denied = who != OWNER and self.world.ruled(who, "write", "", state, deny=True)
        try:
            told = self.sessions[who].add(state.content, visibility=Visibility(visibility), tags=sorted(tags), kind=Kind(kind))
        except Refused:
            assert denied
        else:
            assert not denied
            self.world.memories[told.ids[0]] = [state]

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99))
    def edit(self, who: str, place: int) -> None:
        self.made += 1
        self.change(who, self.some(place), "write", content=f"Number {self.made} was w{self.made}x")

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99), visibility=st.sampled_from(VISIBILITIES))
    def publish(self, who: str, place: int, visibility: str) -> None:
        self.change(who, self.some(place), "share", visibility=visibility)

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99), tag=st.sampled_from(TAGS))
    def tag(self, who: str, place: int, tag: str) -> None:
        identity = self.some(place)
        if identity in self.world.memories:
            self.change(who, identity, "write", tags=self.world.memories[identity][-1].tags | {tag})

    def change(self, who: str, identity: str, right: str, **fields: object) -> None:
        now = self.world.memories[identity][-1] if identity in self.world.memories else None
        expected = self.outcome(who, right, identity, same=now is not None and now._replace(**fields) == now)
        new = now and now._replace(**fields)
        if expected == "done" and new and self.world.gains(who, identity, new):
            expected = "refused"
        given = dict(fields)
        if "tags" in given:
            given["tags"] = sorted(given["tags"])
        if "visibility" in given:
            given["visibility"] = Visibility(given["visibility"])
        self.attempt(who, identity, expected, lambda: self.sessions[who].edit(identity, given))
        if expected == "done":
            versions = self.world.memories[identity]
            if new and new != versions[-1]:
                versions.append(new)

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99))
    def forget(self, who: str, place: int) -> None:
        identity = self.some(place)
        gone = identity in self.world.memories and self.world.memories[identity][-1].forgotten
        expected = self.outcome(who, "erase", identity, same=gone)
        self.attempt(who, identity, expected, lambda: self.sessions[who].delete(identity))
        if expected == "done":
            versions = self.world.memories[identity]
            if not versions[-1].forgotten:
                versions.append(versions[-1]._replace(forgotten=True))

    # -- what principals see

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99))
    def get(self, who: str, place: int) -> None:
        identity = self.some(place)
        self.attempt(who, identity, self.outcome(who, "read", identity), lambda: self.sessions[who].get(identity))

    @rule(who=st.sampled_from(PEOPLE))
    def list_and_count(self, who: str) -> None:
        session, seen = self.sessions[who], self.world.seen(who)
        everything = Filter(at=session.now, everything=True)
        assert {one.id for one in session.list(everything)} == seen
        assert {one.id for one in session.list()} == {one for one in seen if not self.world.memories[one][-1].forgotten}
        assert session.memories.stats()["default"]["memories"] == len(seen)

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99))
    def complete_and_suggest(self, who: str, place: int) -> None:
        identity, seen = self.some(place), self.world.seen(who)
        shell = Completion({"MEMOS_HOME": str(self.home)}, self.home, principal=who)
        begun = {one.name for one in shell.looked(lambda look: look.ids(identity[:2]))}
        assert begun == {one[:8] for one in seen if one.startswith(identity[:2])}
        tags = {tag for one in seen for tag in self.world.memories[one][-1].tags}
        assert {one.name for one in shell.looked(lambda look: look.names("tag", ""))} == tags
        with pytest.raises(MemoryNotFound) as missing:
            self.sessions[who].get(identity[:6] + NOBODY_S[:6])
        named = (missing.value.hint or "").removeprefix("nearest: ").split()
        assert {one for one in named if len(one) == 8 and one.isalnum()} <= {one[:8] for one in seen}

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99))
    def look_back(self, who: str, place: int) -> None:
        identity = self.some(place)
        session, expected = self.sessions[who], self.outcome(who, "read", identity)
        self.attempt(who, identity, expected, lambda: session.history(identity))
        if expected == "done":
            assert len(session.history(identity)[1]) == self.world.versions(who, identity)

    @rule(who=st.sampled_from(PEOPLE), place=st.integers(0, 99))
    def search(self, who: str, place: int) -> None:
        identity = self.some(place)
        if identity in self.world.memories:
            state = self.world.memories[identity][-1]
            word = state.content.split()[-1]
            found = {hit.memory.id for hit in self.sessions[who].search(word, k=100, apart=True).hits}
            assert (identity in found) == (identity in self.world.seen(who) and not state.forgotten)
            assert found <= self.world.seen(who)


TestGoverned = Governed.TestCase
TestGoverned.settings = settings(
    max_examples=max(STEPS // 100, 1), stateful_step_count=100, deadline=None, suppress_health_check=list(HealthCheck)
)
TestGoverned = pytest.mark.slow(TestGoverned)
