"""One tick of one cube: it makes the transitions that are due, embeds memories, fuses duplicates, and makes slots ready.

A tick is one command in the log, taken back by one `undo`, though it writes in many small transactions: it can be stopped
between any two of them, and the next tick goes on. It finds due memories by an index and reads no others. It knows nothing
of where models, hooks, slots and sources come from: `lifecycle` hands them in.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemosError
from memos_cli.infra import counts, files
from memos_cli.infra.governance import acts
from memos_cli.infra.marks import TICKED
from memos_cli.infra.vault import purge, queries
from memos_cli.infra.vault.purge import TextHolder
from memos_cli.model import HOT_STATES, State
from memos_cli.operation import policy
from memos_cli.operation.lifecycle import tick_clock, transitions
from memos_cli.operation.lifecycle.source_records import SourceTaken
from memos_cli.operation.lifecycle.transitions import Transition, Uses
from memos_cli.operation.operator.dedupe import sweep
from memos_cli.operation.operator.dedupe.sweep import Swept
from memos_cli.operation.policy import Policy
from memos_cli.times import to_millis

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.local.vector_matrix import Matrix
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.operator.dedupe.sweep_plan import Judge
    from memos_cli.operation.scheduler.reports import Prepared

LOCK = "tick.lock"
READ, _WRITTEN = 1000, 200
"""Memories read at once, and changed in one transaction: few, so that a kill or a waiting writer loses little."""
_ORDER = (State.EXPIRED, State.PURGED, State.ARCHIVED, State.ACTIVATED)
"""The order in which a tick makes transitions, by the new state."""


class Limits(NamedTuple):
    """How far a tick may go.

    Attributes:
        seconds: after this time the tick stops before the next transaction; `None` for no limit.
        transitions: the most transitions that it makes; `None` for all that are due.
        mass: whether it may retire a large share of the cube for idleness at once.
        dry: change nothing, and return what would be done.
        all: compare every memory with the others, not only new ones.
        purge_ahead: whether a tick for an instant later than the clock may purge.
    """

    seconds: float | None = None
    transitions: int | None = None
    mass: bool = False
    dry: bool = False
    all: bool = False
    purge_ahead: bool = False


class Move(NamedTuple):
    """One transition of one memory."""

    id: str
    way: Transition


class Ticked(NamedTuple):
    """What a tick did to one cube.

    Attributes:
        now: the instant that decisions were made for.
        due: how many memories were read.
        transitions: how many memories went into each state.
        seconds: how long the tick took.
        moves: each transition, in order; for a dry run those that would be made.
        braked: how many memories were not retired for idleness, since they are too large a share of the cube.
        embedded: how many waiting memories got their vector.
        unfinished: whether a limit ended the tick before everything was done.
        notes: what went wrong and did no harm.
        command_id: the transaction that `undo` takes back; `None` if nothing was written.
        superseded: how many memories were superseded by one that certainly contradicts them.
        asked: how many questions were added to the list of `memos review`.
        slots_built: for how many scenes, including the core, a slot was made.
        slots_dropped: of how many scenes the slot was removed.
        held: how many memories were not purged yet, since no tick had run for long.
        purges_from: from when on a tick purges those.
        consolidation: which job was begun, or why none was, where a model is to learn something.
        sources: the standing sources that had changed, or could not be read.
    """

    cube: str
    now: str
    due: int
    transitions: dict[str, int]
    seconds: float
    moves: tuple[Move, ...] = ()
    braked: int = 0
    embedded: int = 0
    unfinished: bool = False
    notes: tuple[str, ...] = ()
    command_id: str | None = None
    dry_run: bool = False
    superseded: int = 0
    asked: int = 0
    slots_built: int = 0
    slots_dropped: int = 0
    held: int = 0
    purges_from: str | None = None
    consolidation: str | None = None
    sources: tuple[SourceTaken, ...] = ()


def uses_of(due: queries.Due) -> Uses:
    """The uses of a memory for the state machine.

    The source of a fusion counts as unused, so that a look at it in the archive does not bring it back: its product is current.
    """
    if due.absorbed:
        return transitions.UNUSED
    return Uses(due.memory.access_count, tuple(map(to_millis, due.recent)))


class Means(NamedTuple):
    """What a tick needs besides the cube.

    Attributes:
        embed: embeds memories that wait for their vectors until it is told that the time is over; returns how many those were.
        hook: runs a hook by name with an event, and returns what went wrong, if anything did.
        tell: called with the number of transitions made so far, and of all.
        places: the places besides the cube's file that may hold purged texts.
        matrix: returns the cube's vectors, for finding near duplicates, with the background of the embedder that made them.
        judge: asks a model about near duplicates.
        prepare: makes slots ready within so many seconds.
        bring_in: brings the standing sources in step within so many seconds; each is a step of undo of its own.
    """

    embed: Callable[[Callable[[], bool]], int] = lambda _: 0
    hook: Callable[[str, dict[str, Any], float], str | None] = lambda *_: None
    tell: Callable[[int, int], None] = lambda *_: None
    places: Sequence[TextHolder] = ()
    matrix: "Callable[[], tuple[Matrix, float] | None]" = lambda: None
    judge: "Judge | None" = None
    prepare: "Callable[[float | None], Prepared] | None" = None
    bring_in: Callable[[float], Sequence[SourceTaken]] = lambda _: ()


class Tick:
    """One tick of one cube.

    Args:
        vault: the cube.
        author: who ticks; the log has the author's time, but decisions are made for `now`.
        now: the instant that decisions are made for, as fixed-width text; `None` for the author's time.
        limits: how far the tick may go.
        means: what it needs besides the cube.
    """

    def __init__(self, vault: "Vault", author: "Author", now: str | None, limits: Limits, means: Means | None = None) -> None:
        self._vault, self._author, self._now, self._limits = vault, author, now or author.at, limits
        self._means = means or Means()
        self._texts: list[str] = []
        self._swept = Swept()
        self._sources: tuple[SourceTaken, ...] = ()
        self._prepared: Prepared | None = None
        self._policy = Policy(vault.policy)
        self._started = time.monotonic()
        self._due = self._braked = self._embedded = self._held = 0
        self._purges_from: str | None = None
        self._last = ""
        self._moves: list[Move] = []
        self._notes: list[str] = []
        self._unfinished = False
        self._txn: str | None = None

    def run(self) -> Ticked:
        """Do what is due.

        Raises:
            Busy: another tick of this cube is running.
            Refused: the principal is not the cube's owner; or the tick is for an instant later than the clock and would purge.
        """
        acts.require("lifecycle tick", self._author.principal, self._vault.meta, self._vault.name)
        with files.only_one(self._vault.folder / LOCK, f"a tick of cube {self._vault.name}"):
            self._last = self._vault.mark(TICKED)
            if self._is_its_turn():
                self._refuse_to_purge_ahead()
                self._purges_from = tick_clock.waits(self._vault, self._now, self._last, self._author.at, dry=self._limits.dry)
                said = len(self._notes)
                if not self._limits.dry:
                    self._vault.set_mark(TICKED, self._now)
                    self._wipe()
                known = len(self._notes) == said
                self._move()
                if not self._limits.dry:
                    self._wipe(self._texts if known else None)
                    self._bring_in()
                    self._embed_pending()
                if self._fuses() and not self._is_late():
                    self._fuse()
                if not self._limits.dry:
                    self._prepare()
        self._run_hooks()
        return self._report()

    # -- the clock

    def _is_its_turn(self) -> bool:
        turn, said = tick_clock.turn(self._now, self._last, self._author.at)
        self._notes += [said] if said else []
        return turn

    def _refuse_to_purge_ahead(self) -> None:
        if self._now > self._author.at and not (self._limits.dry or self._limits.purge_ahead):
            found = [move.id for move in self._look(dry=True) if move.way.to is State.PURGED]
            self._due = 0
            tick_clock.refuse_ahead(self._vault.name, self._now, found)

    # -- transitions

    def _move(self) -> None:
        planned = self._braked_for_idleness(sorted(self._look(), key=lambda move: (_ORDER.index(move.way.to), move.way.at)))
        if self._purges_from is not None:
            planned, found = [move for move in planned if move.way.to is not State.PURGED], planned
            self._held = len(found) - len(planned)
            if self._held:
                self._notes.append(tick_clock.told(self._held, self._purges_from))
        most = self._limits.transitions
        if most is not None and len(planned) > most:
            planned, self._unfinished = planned[:most], True
        if self._limits.dry:
            self._moves = planned
            return
        for alike in [list(moves) for _, moves in groupby(planned, key=lambda move: move.way.to is State.PURGED)]:
            for start in range(0, len(alike), _WRITTEN):
                if self._is_late():
                    return
                self._carry_out(alike[start : start + _WRITTEN])
                self._means.tell(len(self._moves), len(planned))

    def _is_late(self) -> bool:
        seconds = self._limits.seconds
        late = seconds is not None and time.monotonic() - self._started >= seconds
        self._unfinished = self._unfinished or late
        return late

    def _look(self, *, dry: bool = False) -> Iterator[Move]:
        """The transitions that are due; a memory that is not due after all gets a new instant to be looked at, unless `dry`."""
        millis = to_millis(self._now)
        place = ("", 0)
        while found := self._vault.due_by(self._now, place, READ):
            later: list[tuple[int, str, str | None, int]] = []
            for due in found:
                uses = uses_of(due)
                way = transitions.transition(due.memory, uses, self._policy, millis)
                if way is None:
                    when = transitions.due_at(due.memory, uses, self._policy)
                    later.append((due.n, due.at, when, due.memory.access_count))
                else:
                    yield Move(due.memory.id, way)
            self._due += len(found)
            place = (found[-1].at, found[-1].n)
            if later and not (dry or self._limits.dry):
                self._vault.put_off(later, self._policy.fields)
            if self._is_late():
                return

    def _braked_for_idleness(self, planned: list[Move]) -> list[Move]:
        """The planned moves, without those for idleness where these are too large a share of the cube."""
        idle = sum(move.way.idle for move in planned)
        share, least = self._policy.get("brake.share"), self._policy.get("brake.from")
        if not idle or self._limits.mass:
            return planned
        enough = math.ceil(idle / share) if share else None
        alive = (*HOT_STATES, State.ARCHIVED)
        there = counts.count_up_to(self._vault, alive, max(enough or 0, least + 1))
        if there <= least or (enough is not None and there >= enough):
            return planned
        self._braked = idle
        return [move for move in planned if not move.way.idle]

    def _carry_out(self, batch: Sequence[Move]) -> None:
        """Make transitions in one transaction; each is decided anew there, since other processes write meanwhile.

        Purges have a transaction with a name of its own, since `undo` does not take them back.
        """
        millis = to_millis(self._now)
        purges = batch[0].way.to is State.PURGED
        gone: list[str] = []
        with self._author.write(self._vault, None if purges else self._txn) as unit:
            rules = Policy(self._vault.policy)
            for move in batch:
                due = queries.one_due(self._vault, move.id)
                way = transitions.transition(due.memory, uses_of(due), rules, millis) if due else None
                if way is not None and way.to is move.way.to:
                    if purges:
                        gone.append(move.id)
                    else:
                        self._change(unit, move.id, way)
                    self._moves.append(Move(move.id, way))
            if gone:
                self._texts += purge.purge(self._vault, unit, gone, self._means.places).all_texts
        if unit.log.count and not gone:
            self._wrote(unit.log.txn)

    def _wrote(self, txn: str | None) -> None:
        """Note the name of what the tick writes, at its first write, so that `undo` can take its mark back, too."""
        if txn is not None and self._txn is None:
            self._vault.note_tick(txn, self._last, self._now)
        self._txn = txn

    def _change(self, unit: "Unit", identity: str, way: Transition) -> None:
        unit.change("memory", identity, {"state": way.to.value, "since": self._now, "reason": way.reason})

    def _wipe(self, texts: Sequence[str] | None = None) -> None:
        self._notes += [f"a purge is not finished: {line}" for line in purge.wipe(self._vault, self._means.places, texts)]

    # -- sources, vectors, duplicates, slots, hooks

    def _bring_in(self) -> None:
        if not self._policy.get("steps.sources") or self._is_late():
            return
        most, left = self._policy.get("sources.seconds"), self._left()
        share = self._policy.get("sources.share")
        self._sources = tuple(self._means.bring_in(most if left is None else min(most, left * share)))
        self._notes += [f"the source {one.path} was not read: {one.fault}" for one in self._sources if one.is_news]
        self._unfinished = self._unfinished or any(one.unfinished for one in self._sources)

    def _left(self) -> float | None:
        """The seconds that are left; `None` for no limit."""
        seconds = self._limits.seconds
        return None if seconds is None else max(0.0, seconds - (time.monotonic() - self._started))

    def _embed_pending(self) -> None:
        if self._policy.get("steps.embed") and not self._is_late():
            try:
                self._embedded = self._means.embed(self._is_late)
            except MemosError as error:
                self._notes.append(f"nothing was embedded: {error.message}")

    def _fuses(self) -> bool:
        return any(self._policy.get(f"steps.{step}") for step in ("fuse", "supersede", "review"))

    def _fuse(self) -> None:
        reach = sweep.Reach() if self._limits.all else sweep.reach_of(self._vault, self._policy)
        self._swept = sweep.sweep(
            self._vault, self._author, self._now, reach,
            lambda: sweep.options_of(self._policy, self._means.matrix(), self._means.judge),
            late=self._is_late, txn=self._txn, dry=self._limits.dry,
        )  # fmt: skip
        self._wrote(self._swept.txn)
        fused = Transition(to_millis(self._now), State.ARCHIVED, "fused")
        self._moves += [Move(source, fused) for source in self._swept.sources]

    def _prepare(self) -> None:
        """Make slots ready for the scenes likely to come, in the time that is left."""
        if self._means.prepare is None or not self._policy.get("steps.slots") or self._is_late():
            return
        self._prepared = self._means.prepare(self._left())
        self._notes += self._prepared.notes

    def _run_hooks(self) -> None:
        if self._limits.dry:
            return
        moved = {state: [move.id for move in self._moves if move.way.to is state] for state in _ORDER}
        for state, ids in {**moved, State.MERGED: list(self._swept.products)}.items():
            name = self._policy.get(f"hooks.{state}") if ids and f"hooks.{state}" in policy.KEYS else ""
            if name:
                event = {"event": state.value, "cube": self._vault.name, "now": self._now, "ids": ids}
                if wrong := self._means.hook(name, event, self._policy.get("hooks.seconds")):
                    self._notes.append(wrong)

    def _report(self) -> Ticked:
        counts = Counter(move.way.to for move in self._moves)
        return Ticked(
            self._vault.name,
            self._now,
            self._due,
            {**{state.value: counts[state] for state in _ORDER}, State.MERGED.value: len(self._swept.products)},
            time.monotonic() - self._started,
            moves=tuple(self._moves),
            braked=self._braked,
            embedded=self._embedded,
            unfinished=self._unfinished,
            notes=tuple(self._notes),
            command_id=self._txn,
            dry_run=self._limits.dry,
            superseded=self._swept.superseded,
            asked=self._swept.asked,
            slots_built=len(self._prepared.built) if self._prepared else 0,
            slots_dropped=len(self._prepared.dropped) if self._prepared else 0,
            held=self._held,
            purges_from=self._purges_from if self._held else None,
            sources=self._sources,
        )
