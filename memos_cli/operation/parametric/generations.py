"""Generations of adapters: reading them from the log, which may be used, which was used before, and promoting one.

The log has events: a generation was begun, failed, was measured, was promoted, was retired. Whether a promoted one may still be
used is no event but follows from its memories as they are now, so it is never written down. A change that forgets, edits,
supersedes or labels one of its memories detaches it at once, whoever made the change (a command, a tick, a merge), and an undo
of that change attaches it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from memos_cli.errors import MemoryNotFound, NotFound, Refused
from memos_cli.infra import counts
from memos_cli.infra.governance.labels import Whither, may_go
from memos_cli.infra.local import adapters
from memos_cli.model import Adapter, Filter, Memory, State
from memos_cli.operation.parametric import eligibility
from memos_cli.operation.parametric.eligibility import Criteria, Selection

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session


class Status(StrEnum):
    """The status of a generation in the log."""

    TRAINING = "training"
    FAILED = "failed"
    EVALUATED = "evaluated"
    PROMOTED = "promoted"
    RETIRED = "retired"
    REMOVED = "removed"


def from_registers(identity: str, registers: Mapping[str, Any], cube: str) -> Adapter | None:
    """A generation from its registers; `None` where they do not make one: a log from elsewhere may hold anything."""
    try:
        return Adapter(
            identity, int(registers["number"]), str(registers["model"]), str(registers["base"]),
            {str(one): int(version) for one, version in registers["covers"].items()}, Status(registers["status"]),
            str(registers["created_at"]), _table(registers, "settings"), _table(registers, "trained"),
            _table(registers, "scores"), tuple(str(line) for line in registers.get("failures") or ()),
            _table(registers, "gone"), _table(registers, "files"), registers.get("why"), registers.get("promoted_at"), cube,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _table(registers: Mapping[str, Any], name: str) -> dict[str, Any]:
    return dict(registers.get(name) or {})


def lost(memory: Memory, then: Memory | None, now: str, policy: Mapping[str, Any] | None = None) -> str | None:
    """Why an adapter may not answer with what it learnt of a memory any more; `None` where it may.

    A memory that was archived for idleness is as true as it was, so that is no reason.

    Args:
        memory: the memory as it is now.
        then: the memory as it was learnt; `None` where that is unknown.
        now: the time, fixed-width UTC text.
        policy: the registers of the cube's policy; `None` for the defaults.
    """
    if memory.state is State.PURGED:
        return "was purged"
    if memory.state is State.EXPIRED:
        return "was forgotten, or expired"
    if then is None or (memory.content, memory.kind) != (then.content, then.kind):
        return "says something else now"
    # A memory too new, too short-lived or too uncertain to be learnt now need not be taken back.
    told = memory._replace(state=State.ACTIVATED, confidence=1.0, trust=1.0, task=None)
    reason = eligibility.why_not(told, now, Criteria(settled_days=-36_500.0, lasting_days=0.0, policy=policy or {}))
    return reason and reason.removeprefix("it ").replace("is not true any more", "is superseded, or no longer true")


def before(generations: Iterable[Adapter], current: Adapter) -> Adapter | None:
    """The generation that was used before this one, for the same model."""
    earlier = [
        one
        for one in generations
        if one.base == current.base
        and one.status == Status.RETIRED
        and one.promoted_at
        and (one.number, one.created_at) < (current.number, current.created_at)
    ]
    return max(earlier, key=lambda one: (one.number, one.created_at), default=None)


def promoted(generations: Iterable[Adapter], base: str) -> list[Adapter]:
    """The promoted generations for a model, the newest first: one, or several after a merge."""
    found = [one for one in generations if one.base == base and one.status == Status.PROMOTED]
    return sorted(found, key=lambda one: (one.promoted_at or "", one.number, one.id), reverse=True)


def seconds(tokens: int, parameters: int, earlier: Sequence[Adapter]) -> float:
    """The most seconds that a training will take: at the pace of the last one here, otherwise by its number of operations.

    A token, forward and backward, takes six operations a parameter (Kaplan et al. 2020, "Scaling laws for neural language
    models", section 2.1); two cores did 2e10 of them a second with memos-mini, including teacher and evaluation.
    """
    for one in sorted(earlier, key=lambda one: one.created_at, reverse=True):
        took, trained = one.trained.get("seconds"), one.trained.get("tokens")
        if took and trained:
            return float(tokens * took / trained)
    return 6.0 * parameters * tokens / 2e10


def quiet(local: datetime, start: int, end: int) -> bool:
    """Whether it is a quiet hour: from `start` on and before `end`, also over midnight; always if both are the same."""
    if start == end:
        return True
    hour = local.hour
    return start <= hour < end if start < end else hour >= start or hour < end


# -- the generations of a cube


def of(vault: "Vault") -> list[Adapter]:
    """The generations of a cube, the oldest first; records that are no generation are left out."""
    return from_records(adapters.records(vault), vault.name)


def from_records(records: "Mapping[str, Mapping[str, Any]]", cube: str) -> list[Adapter]:
    """Generations from their registers, the oldest first."""
    found = (from_registers(identity, fields, cube) for identity, fields in records.items())
    return sorted((one for one in found if one), key=lambda one: (one.created_at, one.number, one.id))


def detached(vault: "Vault", one: Adapter, now: str) -> str | None:
    """Why a generation may not be used with its memories as they are now; `None` where it may."""
    fine = vault.versions(list(one.covers), Filter(at=now))
    labelled, rules = counts.labels_of(vault, fine), vault.policy
    for identity, version in one.covers.items():
        if fine.get(identity) == version and may_go(labelled.get(identity, ()), Whither.ADAPTER, rules):
            continue
        try:
            memory = vault.get(identity)
        except MemoryNotFound:
            return f"memory {identity[:8]} is not in this cube"
        if reason := lost(memory, adapters.then(vault, identity, version), now, rules):
            return f"memory {identity[:8]} {reason}"
    return None


def known_already(vault: "Vault", used: Adapter, selection: Selection, now: str) -> bool:
    """Whether the promoted generation knows exactly what would be learnt now, and may be used."""
    chosen = {one.memory.id for one in selection.chosen}
    usable = detached(vault, used, now) is None and adapters.fault(vault, used) is None
    return usable and chosen == set(used.covers)


# -- which generation is used


def promote(session: "Session", vault: "Vault", one: Adapter, retire: "Iterable[Adapter]" = ()) -> Adapter:
    """Let chat use a generation from now on, and earlier ones no longer, in one transaction that `undo` takes back.

    Raises:
        Refused: a memory that it knows was forgotten or changed since.
        NotFound: its files are gone, or are not those that were measured.
    """
    require_usable(vault, one, session.now)
    with session.author("consolidate").write(vault) as unit:
        _require_attached(vault, one, session.now)
        before = {other.id for other in (*promoted(of(vault), one.base), *retire)} - {one.id}
        for identity in sorted(before):
            unit.change(adapters.NOUN, identity, {"status": Status.RETIRED.value})
        unit.change(adapters.NOUN, one.id, {"status": Status.PROMOTED.value, "promoted_at": session.now})
    return next(known for known in of(vault) if known.id == one.id)


def require_usable(vault: "Vault", one: Adapter, now: str) -> None:
    """Check that a generation may be used.

    Raises:
        Refused: a memory that it knows was forgotten or changed since.
        NotFound: its files are gone, or are not those that were measured.
    """
    _require_attached(vault, one, now)
    if wrong := adapters.fault(vault, one):
        raise NotFound(f"generation {one.number} cannot be used: {wrong}", hint="make a new one: memos consolidate run --again")


def _require_attached(vault: "Vault", one: Adapter, now: str) -> None:
    if why := detached(vault, one, now):
        raise Refused(f"generation {one.number} may not be used any more: {why}", hint="make a new one: memos consolidate run")
