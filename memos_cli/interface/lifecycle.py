"""The lifecycle of the cubes in use: their policy, the tick that carries out what is due, the plan of what comes.

How one cube is ticked stands in `ticking`; here each cube's tick gets what it needs from the rest of the home.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemosError, UsageError
from memos_cli.infra import governance
from memos_cli.infra.vault import queries, search
from memos_cli.interface import fusion
from memos_cli.interface.ticking import READ, TICKED, Limits, Means, Tick, Ticked, uses_of
from memos_cli.model import Memory, State
from memos_cli.operation import lifecycle, policy
from memos_cli.operation.policy import Policy
from memos_cli.times import from_millis, to_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.infra.vectors import Matrix
    from memos_cli.interface.api import MOS
    from memos_cli.interface.pipeline import Author


def policy_of(vault: "Vault") -> Policy:
    """The policy that rules in a cube."""
    return Policy(vault.policy)


def set_policy(vault: "Vault", author: "Author", fields: dict[str, Any], *, replace: bool = False) -> Policy:
    """Set keys of the policy; a value that is the default is taken out again.

    Args:
        replace: whether keys that are not named go back to their defaults.

    Raises:
        UsageError: an unknown key or a value that it cannot have. Refused: not the cube's owner.
    """
    governance.require_owner(author.principal, vault.meta, "change the policy")
    known = vault.policy
    wanted = {name: policy.checked(name, value) for name, value in fields.items()}
    if replace:
        wanted = dict.fromkeys(known) | wanted
    defaults = {name: key.default for name, key in policy.KEYS.items()}
    stored = {name: None if value == defaults[name] else value for name, value in wanted.items() if name in defaults}
    change = {name: value for name, value in stored.items() if known.get(name) != value}
    if change:
        with author.write(vault) as unit:
            unit.change(policy.NOUN, policy.NAME, change)
    return policy_of(vault)


def tick(
    mos: "MOS", now: str | None = None, limits: Limits | None = None, tell: Callable[[int, int], None] = lambda *_: None
) -> list[Ticked]:
    """Carry out what is due in the cubes in use.

    Args:
        now: the instant for which to decide; `None` for the present.
        limits: how far to go; the seconds are for all cubes together.
        tell: called with how many transitions were made, of how many.

    Raises:
        Busy: another tick is under way. Refused: not the owner.
    """
    clock = _Clock(limits or Limits())
    return [_tick(mos, vault, now or mos.now, clock.left(), tell) for vault in mos.vaults()]


def tick_all(
    mos: "MOS", now: str | None = None, limits: Limits | None = None, tell: Callable[[int, int], None] = lambda *_: None
) -> tuple[list[Ticked], dict[str, MemosError]]:
    """Carry out what is due in every cube of the home that is the principal's own; see `tick`.

    What is wrong with one keeps no other from its tick. The one that was ticked longest ago comes first, so that a budget of
    seconds reaches all of them in turn.

    Returns:
        What was done, and by the cube's name what kept it from being done.
    """
    clock = _Clock(limits or Limits())
    done: list[Ticked] = []
    failed: dict[str, MemosError] = {}
    mine: list[tuple[str, str]] = []
    for name in mos.shelf.names():
        try:
            vault = mos.vault(name)
            if governance.asking(mos.principal, vault.meta) is None:
                mine.append((vault.mark(TICKED) or "", name))
        except MemosError as error:
            failed[name] = error
    for _, name in sorted(mine):
        try:
            done.append(_tick(mos, mos.vault(name), now or mos.now, clock.left(), tell))
        except MemosError as error:
            failed[name] = error
    return done, failed


class _Clock:
    """Deals out the seconds of a run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._started = time.monotonic()

    def left(self) -> Limits:
        """The limits, with what is left of their seconds."""
        seconds = self._limits.seconds
        if seconds is None:
            return self._limits
        return self._limits._replace(seconds=max(0.0, seconds - (time.monotonic() - self._started)))


def _tick(mos: "MOS", vault: "Vault", now: str, limits: Limits, tell: Callable[[int, int], None]) -> Ticked:
    with _means(mos, vault, tell) as means:
        done = Tick(vault, mos.author("tick"), now, limits, means).run()
    if not limits.dry and (said := _consolidate(mos, vault, now)):
        return done._replace(consolidation=said)
    return done


def _consolidate(mos: "MOS", vault: "Vault", now: str) -> str | None:
    """Queue what a model is to learn, or start it; nothing is imported for that where nobody asked for it."""
    rules = policy_of(vault)
    if not rules.get("steps.consolidate") or not (rules.get("consolidate.facts") or (mos.paths.data / "jobs").is_dir()):
        return None
    from memos_cli.interface import working

    return working.due(mos, vault, now)


@contextmanager
def _means(mos: "MOS", vault: "Vault", tell: Callable[[int, int], None]) -> Iterator[Means]:
    """What a tick of this cube needs; the model that the policy wants to be asked is put away afterwards."""
    from memos_cli.infra import hooks
    from memos_cli.interface import models

    def run_hook(name: str, event: dict[str, Any], seconds: float) -> str | None:
        return hooks.run(mos.paths.config / "hooks", name, event, seconds)

    def matrix() -> "Matrix | None":
        embedder = mos.embeddings.embedder()
        return None if embedder is None else mos.embeddings.matrix(vault, embedder)

    # Slots are made of all cubes in use together: the first one's tick does it.
    prepare = mos.scheduler.prepare if vault.folder == mos.shelf.place(mos.cube_names[0]) else None
    llm = models.chosen(mos.settings, mos.paths) if policy_of(vault).get("fuse.propose") else None
    try:
        judge = fusion.judge(llm) if llm is not None else None
        yield Means(lambda: mos.embed(vault), run_hook, tell, mos.places(vault), matrix, judge, prepare)
    finally:
        if llm is not None:
            llm.close()


# -- what lies ahead, and how things stand


class Ahead(NamedTuple):
    """A transition that will come: of which memory, when, whereto and why."""

    memory: Memory
    at: str
    to: State
    reason: str


def plan(vault: "Vault", now: str, days: float) -> list[Ahead]:
    """What ticks will do within some days if nothing is used or told meanwhile, in order of time."""
    rules, until = policy_of(vault), to_millis(now) + round(days * lifecycle.DAY)
    if until > lifecycle.NEVER:
        raise UsageError(f"{days:g} days reach beyond all time")
    found: list[Ahead] = []
    place = ("", 0)
    while batch := vault.due_by(from_millis(until), place, READ):
        for due in batch:
            coming = lifecycle.ahead(due.memory, uses_of(due), rules, until)
            found += [Ahead(due.memory, max(from_millis(way.at), now), way.to, way.reason) for way in coming]
        place = (batch[-1].at, batch[-1].n)
    return sorted(found, key=attrgetter("at"))


class Standing(NamedTuple):
    """How a cube's lifecycle stands: states, the last tick, what is due now, when something is due next, what waits."""

    cube: str
    states: dict[str, int]
    ticked: str | None
    due: int
    next: str | None
    pending: int
    questions: int
    policy: dict[str, Any]


def standing(vault: "Vault", now: str, principal: str | None = None) -> Standing:
    """How things stand; the questions are those that `principal` (`None`: the cube's owner) may see."""
    from memos_cli.interface import reviewing

    states, due, later = queries.schedule(vault.conn, now)
    counts = {state.value: states.get(state.value, 0) for state in State}
    ticked, waiting = vault.mark(TICKED) or None, search.pending_count(vault.conn)
    asking = governance.asking(principal, vault.meta) if principal else None
    questions = len(reviewing.items(vault, asking, now))
    return Standing(vault.name, counts, ticked, due, later, waiting, questions, dict(policy_of(vault).fields))
