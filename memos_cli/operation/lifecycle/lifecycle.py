"""MemLifecycle: ticks the cubes of a home, plans the coming transitions, and reports how each cube's lifecycle stands.

The tick of one cube is in `tick`; this module hands it what it needs from the rest of the home.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemosError, UsageError
from memos_cli.infra import counts
from memos_cli.infra.governance import governance
from memos_cli.infra.marks import TICKED
from memos_cli.infra.transfer import held_changes
from memos_cli.infra.vault import search
from memos_cli.model import Memory, State
from memos_cli.operation.lifecycle import transitions
from memos_cli.operation.lifecycle.source_records import NOUN
from memos_cli.operation.lifecycle.tick import READ, Limits, Means, Tick, Ticked, uses_of
from memos_cli.operation.operator.dedupe import sweep
from memos_cli.operation.policy import policy_of
from memos_cli.times import from_millis, to_millis

if TYPE_CHECKING:
    from memos_cli.infra.local.vector_matrix import Matrix
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.lifecycle.erasure import Erasure
    from memos_cli.operation.lifecycle.source_records import SourceTaken
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.operation.scheduler.scheduler import MemScheduler
    from memos_cli.session import Session


class _Clock:
    """Counts down the seconds of a run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._started = time.monotonic()

    def left(self) -> Limits:
        """The limits with the seconds that are left."""
        seconds = self._limits.seconds
        if seconds is None:
            return self._limits
        return self._limits._replace(seconds=max(0.0, seconds - (time.monotonic() - self._started)))


class MemLifecycle:
    """The lifecycle of the cubes of a home.

    Args:
        session: who ticks, in which home, on which cubes.
        memories: embeds memories that wait for their vectors.
        scheduler: makes slots ahead of requests.
        erasure: knows the places that may hold purged texts.
        bring_in: brings the standing sources of a cube in step within so many seconds.
    """

    def __init__(
        self,
        session: "Session",
        memories: "MemOperator",
        scheduler: "MemScheduler",
        erasure: "Erasure",
        bring_in: "Callable[[Vault, float], Sequence[SourceTaken]]" = lambda *_: (),
    ) -> None:
        self._session = session
        self._memories = memories
        self._scheduler = scheduler
        self._erasure = erasure
        self._bring_in = bring_in

    def tick(
        self, now: str | None = None, limits: Limits | None = None, tell: Callable[[int, int], None] = lambda *_: None
    ) -> list[Ticked]:
        """Carry out what is due in the cubes in use.

        Args:
            now: the instant that decisions are made for; `None` for the present.
            limits: how far a tick may go; the seconds are for all cubes together.
            tell: called with the number of transitions made so far, and of all.

        Raises:
            Busy: another tick is running. Refused: the principal is not the owner, or `now` is later than the clock, the tick
                would purge, and the limits do not let it.
        """
        clock = _Clock(limits or Limits())
        return [self._tick(vault, now, clock.left(), tell) for vault in self._session.vaults()]

    def tick_all(
        self, now: str | None = None, limits: Limits | None = None, tell: Callable[[int, int], None] = lambda *_: None
    ) -> tuple[list[Ticked], dict[str, MemosError]]:
        """Carry out what is due in every cube of the home that the principal owns; see `tick`.

        A cube that fails keeps no other from its tick. The cube ticked longest ago comes first, so that a budget of seconds
        reaches all cubes in turn. Cubes that were imported and not accepted are left alone, see `unaccepted`.

        Returns:
            What was done, and the errors by the name of the cube that failed.
        """
        clock = _Clock(limits or Limits())
        done: list[Ticked] = []
        failed: dict[str, MemosError] = {}
        mine: list[tuple[str, str]] = []
        for name in self._session.shelf.names():
            try:
                vault = self._session.vault(name)
                if governance.asking(self._session.principal, vault.meta) is None and vault.is_accepted:
                    mine.append((vault.mark(TICKED) or "", name))
            except MemosError as error:
                failed[name] = error
        for _, name in sorted(mine):
            try:
                done.append(self._tick(self._session.vault(name), now, clock.left(), tell))
            except MemosError as error:
                failed[name] = error
        return done, failed

    def of_moves(self, ticked: Ticked, most: int) -> list[Memory]:
        """The memories of the first moves of a tick that only said what it would do."""
        vault = self._session.vault(ticked.cube)
        return [vault.get(move.id) for move in ticked.moves[:most]]

    def plan(self, now: str, days: float) -> "list[Ahead]":
        """The transitions that lie ahead in the cubes in use, within so many days from `now`; see the function `plan`."""
        return [one for vault in self._session.vaults() for one in plan(vault, now, days)]

    def unaccepted(self) -> list[str]:
        """The cubes of the home that were imported without a trusted signature, and that nobody has accepted."""
        found = []
        for name in self._session.shelf.names():
            with suppress(MemosError):  # what is wrong with a cube is told by its tick
                if not self._session.vault(name).is_accepted:
                    found.append(name)
        return found

    def _tick(self, vault: "Vault", now: str | None, limits: Limits, tell: Callable[[int, int], None]) -> Ticked:
        with self._means(vault, tell) as means:
            done = Tick(vault, self._session.author("tick"), now, limits, means).run()
        if not limits.dry and (said := self._consolidate(vault, done.now)):
            return done._replace(consolidation=said)
        return done

    def _consolidate(self, vault: "Vault", now: str) -> str | None:
        """Queue or start a job if one is due; where nobody asked for consolidation, nothing is imported for it."""
        rules = policy_of(vault)
        if not rules.get("steps.consolidate") or not (
            rules.get("consolidate.facts") or (self._session.paths.data / "jobs").is_dir()
        ):
            return None
        from memos_cli.operation.parametric import job_runner

        return job_runner.due(self._session, vault, now)

    @contextmanager
    def _means(self, vault: "Vault", tell: Callable[[int, int], None]) -> Iterator[Means]:
        """What a tick of this cube needs; a model for opinions on near duplicates is closed afterwards."""
        from memos_cli.infra.local import hooks
        from memos_cli.operation import models

        def run_hook(name: str, event: dict[str, Any], seconds: float) -> str | None:
            return hooks.run(self._session.paths.config / hooks.FOLDER, name, event, seconds)

        def matrix() -> "tuple[Matrix, float] | None":
            embedder = self._session.embeddings.embedder()
            found = None if embedder is None else self._session.embeddings.matrix(vault, embedder)
            return None if embedder is None or found is None else (found, embedder.background[0])

        # A slot is made of all cubes in use together, so only the first cube's tick makes slots.
        prepare = self._scheduler.prepare if vault.folder == self._session.shelf.place(self._session.cube_names[0]) else None
        llm = models.chosen(self._session.settings, self._session.paths) if policy_of(vault).get("fuse.propose") else None
        try:
            judge = sweep.judge(llm) if llm is not None else None
            yield Means(
                lambda late: self._memories.embed(vault, late=late),
                run_hook,
                tell,
                self._erasure.places(vault),
                matrix,
                judge,
                prepare,
                lambda seconds: self._bring_in(vault, seconds) if vault.records(NOUN) else (),
            )
        finally:
            if llm is not None:
                llm.close()


# -- coming transitions, and reports


class Ahead(NamedTuple):
    """A coming transition: the memory, when it changes its state, to which one, and why."""

    memory: Memory
    at: str
    to: State
    reason: str


def plan(vault: "Vault", now: str, days: float) -> list[Ahead]:
    """The transitions that ticks will make within some days if no memory is used or added meanwhile, in order of time."""
    rules, until = policy_of(vault), to_millis(now) + round(days * transitions.DAY)
    if until > transitions.NEVER:
        raise UsageError(f"{days:g} days reach beyond all time")
    found: list[Ahead] = []
    place = ("", 0)
    while batch := vault.due_by(from_millis(until), place, READ):
        for due in batch:
            coming = transitions.ahead(due.memory, uses_of(due), rules, until)
            found += [Ahead(due.memory, max(from_millis(way.at), now), way.to, way.reason) for way in coming]
        place = (batch[-1].at, batch[-1].n)
    return sorted(found, key=attrgetter("at"))


class LifecycleStanding(NamedTuple):
    """A cube's lifecycle: memories by state, the last tick, what is due now, when the next is due, what waits.

    `accepted` is false of a cube that was imported without a trusted signature, until somebody accepts it.
    """

    cube: str
    states: dict[str, int]
    ticked: str | None
    due: int
    next: str | None
    pending: int
    questions: int
    policy: dict[str, Any]
    accepted: bool = True


def standing(vault: "Vault", now: str, principal: str | None = None) -> LifecycleStanding:
    """How a cube's lifecycle stands; questions are counted that `principal` (`None`: the cube's owner) may see."""
    from memos_cli.operation.operator.dedupe import review

    states, due, later = counts.schedule(vault, now)
    in_state = {state.value: states.get(state.value, 0) for state in State}
    ticked, waiting = vault.mark(TICKED) or None, search.pending_count(vault)
    asking = governance.asking(principal, vault.meta) if principal else None
    questions = len(review.items(vault, now)) + (held_changes.count(vault) if asking is None else 0)
    rules = dict(policy_of(vault).fields)
    return LifecycleStanding(vault.name, in_state, ticked, due, later, waiting, questions, rules, vault.is_accepted)
