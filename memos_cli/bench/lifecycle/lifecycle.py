"""`bench lifecycle`: a generated year, day by day under the real policy, compared with other strategies.

The policy is not simulated. Memories are added to a cube; a need is a search, narrowed to that memory by its tag, that counts
as its use; and a tick runs each night. Only the check is simulated: beside the cube, the pure state machine goes through the
same year from the added and needed memories alone, and every night the two must agree about every memory. The tick then runs
once more for the same instant, and must leave the log unchanged. Otherwise the benchmark ends with an error.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.bench.lifecycle import strategies
from memos_cli.bench.lifecycle.sentences import DOMAINS
from memos_cli.bench.lifecycle.strategies import Course
from memos_cli.bench.lifecycle.year import START, Habit, Told, Year, night
from memos_cli.errors import MemosError
from memos_cli.infra.uses import RECENT
from memos_cli.infra.vault import past
from memos_cli.model import HOT_STATES, Draft, Filter, Memory, State
from memos_cli.operation import policy
from memos_cli.operation.lifecycle import transitions
from memos_cli.operation.lifecycle.tick import Limits, Ticked
from memos_cli.operation.lifecycle.transitions import UNUSED, Transition, Uses
from memos_cli.operation.policy import Policy
from memos_cli.times import to_millis, to_text

if TYPE_CHECKING:
    from memos_cli.bench.homes import Home
    from memos_cli.interface.api import MOS

GIVEN: Mapping[str, Any] = {"embedder": "none", "use.record": True}
"""Settings of the home of a year: search by words alone, and every hit counts as used."""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def set(self, at: int) -> None:
        """Set it to milliseconds since the year began."""
        self.now = START + timedelta(milliseconds=at)


class Lived(NamedTuple):
    """What the policy made of a year.

    Attributes:
        lost: how many of the misses were of expired memories, which the archive did not have either.
        states: the state of each memory, by its number, after the last night.
        checked: how often the state of a memory was compared with that of the state machine.
    """

    course: Course
    lost: int
    states: tuple[State, ...]
    checked: int


class Expected:
    """The pure state machine's state of each memory, derived from additions, needs and ticks alone.

    Args:
        policy: that of the cube.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._memories: dict[str, Memory] = {}
        self._uses: dict[str, Uses] = {}
        self._ways: dict[str, list[Transition]] = {}

    def tell(self, identity: str, draft: Draft, at: str) -> None:
        """Count an added memory."""
        self._set(Memory(identity, draft.content, draft.kind, created_at=at, updated_at=at, expires_at=draft.expires_at))

    def use(self, identity: str, at: str) -> None:
        """Count a found memory: a generated one becomes activated; an archived one waits for the tick."""
        uses = self._uses.get(identity, UNUSED)
        self._uses[identity] = Uses(uses.times + 1, (*uses.recent, to_millis(at))[-RECENT:])
        memory = self._memories[identity]
        self._set(memory._replace(state=State.ACTIVATED) if memory.state is State.GENERATED else memory)

    def _set(self, memory: Memory) -> None:
        """Store a memory, with its next due time, which holds until it changes or is used; finding it takes a bisection."""
        self._memories[memory.id] = memory
        self._ways[memory.id] = transitions.ways(memory, self._uses.get(memory.id, UNUSED), self._policy)

    def tick(self, now: str) -> None:
        """Count a tick; it takes each memory that is due one step further."""
        millis = to_millis(now)
        for identity, memory in tuple(self._memories.items()):
            way = next((way for way in self._ways[identity] if way.at <= millis), None)
            if way is not None:
                self._set(memory._replace(state=way.to, since=now))

    def states(self) -> dict[str, State]:
        """The state of each memory by its id."""
        return {identity: memory.state for identity, memory in self._memories.items()}

    def state(self, identity: str) -> State:
        """The state of one memory."""
        return self._memories[identity].state


class Life:
    """A year in progress.

    Args:
        mos: a home with one empty cube.
        clock: that of the home.
        fields: keys of the policy that differ from their defaults.
    """

    def __init__(self, mos: "MOS", clock: Clock, fields: Mapping[str, Any]) -> None:
        self._mos, self._clock = mos, clock
        self._vault = mos.writable()
        self._expected = Expected(policy.set_policy(self._vault, mos.author("policy"), dict(fields), replace=True))
        self.ids: dict[int, str] = {}
        self.missed: list[int] = []
        self.hot: list[int] = []
        self.lost = self.checked = 0

    def tell(self, told: Told) -> None:
        """Add a memory.

        Raises:
            MemosError: it was taken for a memory that is there already.
        """
        self._clock.set(told.at)
        expires = None if told.expires is None else to_text(START + timedelta(milliseconds=told.expires))
        draft = Draft(told.sentence.text, told.sentence.kind, tags=(_tag(told.number),), expires_at=expires)
        added = self._mos.add(drafts=[draft])
        if added.added != 1 or added.superseded:
            raise MemosError(f"{told.sentence.text!r} was not told before, and was not added as something new")
        self.ids[told.number] = added.ids[0]
        self._expected.tell(added.ids[0], draft, self._mos.now)

    def need(self, told: Told, at: int) -> None:
        """Search for a memory; in the archive, too, if it is not hot.

        Raises:
            MemosError: the state machine expected the other outcome.
        """
        self._clock.set(at)
        identity = self.ids[told.number]
        state = self._expected.state(identity)
        found = self._finds(told)
        if found != (state in HOT_STATES):
            raise _disagreement(identity, state, "was found" if found else "was not found", self._mos.now)
        if not found:
            self.missed.append(told.number)
            found = self._finds(told, archived=True)
            if found != (state is State.ARCHIVED):
                raise _disagreement(identity, state, f"was {'' if found else 'not '}found in the archive", self._mos.now)
            self.lost += not found
        if found:
            self._expected.use(identity, self._mos.now)

    def _finds(self, told: Told, *, archived: bool = False) -> bool:
        wanted = Filter(at=self._mos.now, tags=(_tag(told.number),), archived=archived)
        hits = self._mos.search(told.sentence.cue, k=1, wanted=wanted, lexical=True).hits
        return [hit.memory.id for hit in hits] == [self.ids[told.number]]

    def close_day(self, day: int) -> None:
        """Run the tick of a night, check what it did, and run it again.

        Raises:
            MemosError: a memory has an unexpected state, or the second tick changed something.
        """
        self._clock.set(night(day))
        now = self._mos.now
        # The brake asks a person before many memories fade; nobody is there to ask, so it is off.
        self._mos.lifecycle.tick(limits=Limits(mass=True))
        self._expected.tick(now)
        states = self.check()
        before = self._newest()
        (again,) = self._mos.lifecycle.tick(limits=Limits(mass=True))
        if self._newest() != before or again.moves:
            raise MemosError(f"a second tick for {now} changed something: {_moves(again)}")
        self.hot.append(sum(state in HOT_STATES for state in states.values()))

    def check(self) -> dict[str, State]:
        """Compare the state of each memory in the cube with the state machine's.

        Returns:
            The states by id.

        Raises:
            MemosError: one of them differs.
        """
        expected = self._expected.states()
        there = {memory.id: memory.state for memory in self._mos.list(Filter(at=self._mos.now, everything=True))}
        # No list contains purged memories.
        there |= {identity: self._vault.get(identity).state for identity in expected.keys() - there.keys()}
        for identity, state in there.items():
            if expected.get(identity) is not state:
                raise _disagreement(identity, expected.get(identity), f"is {state}", self._mos.now)
        self.checked += len(there)
        return there

    def _newest(self) -> str | None:
        """The newest transaction in the log."""
        return next((name for name, *_ in past.transactions_backwards(self._vault)), None)

    def lived(self) -> Lived:
        """The outcome."""
        states = self._expected.states()
        in_order = tuple(states[self.ids[number]] for number in sorted(self.ids))
        return Lived(Course(tuple(self.hot), tuple(self.missed)), self.lost, in_order, self.checked)


def _tag(number: int) -> str:
    return f"bench-{number}"


def _disagreement(identity: str, state: State | None, fact: str, now: str) -> MemosError:
    return MemosError(f"memory {identity[:8]} {fact} at {now}, and by the policy it has to be {state or 'nowhere'}")


def _moves(ticked: Ticked) -> str:
    return ", ".join(f"{move.id[:8]} to {move.way.to}" for move in ticked.moves) or "the log"


def live(
    home: "Home", clock: Clock, year: Year, fields: Mapping[str, Any], tell: Callable[[int, int], None] = lambda *_: None
) -> Lived:
    """Run a year under a policy, in a cube of its own.

    Args:
        home: made with the settings `GIVEN` and with the clock.
        fields: keys of the policy that differ from their defaults.
        tell: called with how many days are over, of how many.

    Raises:
        MemosError: a memory had an unexpected state, or a second tick changed something.
    """
    clock.set(0)  # the log is new, and so is its year, whatever was lived under this clock before
    with home.empty() as mos:
        life = Life(mos, clock, fields)
        for day, happening in enumerate(strategies.by_day(year)):
            for at, told in happening:
                life.need(told, at) if told.number in life.ids else life.tell(told)
            life.close_day(day)
            tell(day + 1, year.days)
        return life.lived()


def compared(year: Year, lived: Lived) -> tuple[dict[str, Course], float]:
    """The courses of all strategies by name, the policy's included, and the age in days of the fixed-age strategy."""
    age, aged = strategies.fixed_age(year, lived.course.mean)
    courses = {
        "keep-all": strategies.keep_all(year),
        "policy": lived.course,
        "LRU": strategies.lru(year, lived.course.hot),
        "TTL-only": aged,
        "oracle": strategies.oracle(year),
    }
    return courses, age / transitions.DAY


def report(year: Year, lived: Lived) -> dict[str, Any]:
    """The figures as JSON: for each strategy, for each habit, for each domain."""
    courses, age = compared(year, lived)
    habits = _groups(year, lived, courses, lambda told: told.habit.value, [habit.value for habit in Habit])
    return {
        "days": year.days,
        "memories": len(year.memories),
        "needs": year.needs,
        "strategies": [_row(year, name, course) for name, course in courses.items()],
        "ttl_only_days": round(age, 2),
        "lost": lived.lost,
        "states": {name: group.pop("states") for name, group in habits.items()},
        "habits": habits,
        "domains": _groups(year, lived, courses, lambda told: told.domain, DOMAINS),
        "checked": lived.checked,
    }


def _row(year: Year, name: str, course: Course) -> dict[str, Any]:
    return {
        "name": name,
        "hot_mean": round(course.mean, 1),
        "hot_last": course.hot[-1],
        "misses": len(course.missed),
        "miss_share": round(len(course.missed) / year.needs, 4) if year.needs else None,
        "hot": list(course.hot),
    }


def _groups(
    year: Year, lived: Lived, courses: Mapping[str, Course], of: Callable[[Told], str], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Some figures of the memories of each group that has any."""
    groups: dict[str, dict[str, Any]] = {}
    for name in names:
        members = [told for told in year.memories if of(told) == name]
        states = Counter(lived.states[told.number].value for told in members)
        missed = {
            strategy: Counter(of(year.memories[number]) for number in course.missed) for strategy, course in courses.items()
        }
        if members:
            groups[name] = {
                "memories": len(members),
                "needs": sum(len(told.needs) for told in members),
                "misses": {strategy: counts[name] for strategy, counts in missed.items()},
                "states": {state.value: states[state.value] for state in State if state is not State.MERGED},
            }
    return groups
