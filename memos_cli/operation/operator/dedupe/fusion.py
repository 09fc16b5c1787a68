"""Carries out proposals about near duplicates and conflicts: memories are fused, superseded, or put up for review.

Proposals come from `sweep_plan`, for the tick, and from a person who answers a question. In both cases `apply` first checks
within the transaction that the proposal still holds.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from memos_cli.infra.limits import ALPHABET, ID_LENGTH
from memos_cli.infra.vault import fold, queries
from memos_cli.infra.vault.units import Unit, new_id
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import HOT_STATES, NEVER_SUPERSEDED, Draft, Kind, LinkType, Memory, Origin, State, starts
from memos_cli.operation.operator.dedupe.arrivals import is_told
from memos_cli.operation.operator.dedupe.verdicts import in_line

NOUN = "review"
"""The noun in the log of a question to a person about two memories."""
BROUGHT = "an import brought the later one, and you told the earlier one"
"""Why a person has to say so before what they told is superseded."""


class Act(StrEnum):
    """What a proposal asks for."""

    FUSE = "fuse"
    SUPERSEDE = "supersede"
    REVIEW = "review"


class Proposal(NamedTuple):
    """A proposal what to do about two or more memories.

    Attributes:
        memories: the memories as they were found, the earlier first; a fusion may have more than two.
        reasons: a few words each; they quote no memory.
        suggested: for a review, the likeliest answer: `fuse`, `supersede` or `keep`.
        by: who proposes: `rules` or `model`.
    """

    act: Act
    memories: tuple[Memory, ...]
    reasons: tuple[str, ...]
    suggested: str | None = None
    by: str = "rules"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the memories, in the same order."""
        return tuple(memory.id for memory in self.memories)


class Applied(NamedTuple):
    """What `apply` did: the memories that it changed, and the id of the product or question that it made, if any."""

    act: Act
    changed: tuple[str, ...]
    made: str | None = None


def pair_id(one: str, other: str) -> str:
    """The id of the question about these two memories; the same in either order, and on every machine."""
    from hashlib import sha256

    digest = sha256("\x00".join(sorted((one, other))).encode()).digest()
    return "".join(ALPHABET[byte % 32] for byte in digest[:ID_LENGTH])


_LOOSE = frozenset((Kind.FACT, Kind.PREFERENCE, Kind.NOTE))


def may_fuse(one: Memory, other: Memory, *, pinned: bool = False) -> str | None:
    """Why the headers of two memories forbid their fusion; `None` where they allow it.

    Args:
        pinned: whether pinned memories, and a stranger's with a familiar one, may be fused, too: a person may fuse them, a tick
            may not.
    """
    shared = one.metadata.keys() & other.metadata.keys()
    against = {
        "one of them is frozen": one.frozen or other.frozen,
        "one of them is pinned": (one.pinned or other.pinned) and not pinned,
        "one of them is a stranger's": one.unaccepted != other.unaccepted and not pinned,
        "of different kinds": one.kind is not other.kind and not {one.kind, other.kind} <= _LOOSE,
        "of different keys": one.key is not None and other.key is not None and one.key != other.key,
        "other metadata": any(one.metadata[name] != other.metadata[name] for name in shared),
    }
    for field in ("title", "valid_from", "valid_to", "expires_at", "owner", "visibility", "task"):
        against[f"another {field.replace('_', ' ')}"] = getattr(one, field) != getattr(other, field)
    return next((reason for reason, holds in against.items() if holds), None)


def overruled(earlier: Memory, later: Memory) -> str | None:
    """Why the later memory supersedes the earlier one only by a person's yes; `None` where it may without.

    It is a stranger's that nobody accepted, or a file brought it, and the person told the earlier one.
    """
    if later.unaccepted and not earlier.unaccepted:
        return "the later one came from elsewhere, signed by nobody whom you trust"
    if later.origin is Origin.IMPORT and is_told(earlier):
        return BROUGHT
    return None


def was_asked(vault: Vault, pair: str) -> bool:
    """Whether a person was asked the question with this id before, answered or not."""
    return queries.has_operations(vault, NOUN, pair)


def product(memories: Sequence[Memory]) -> Draft:
    """The draft that a fusion makes of memories: the fullest text (of equals the latest), united headers, the earliest time."""
    line = sorted(memories, key=in_line)
    chosen = max(line, key=lambda one: (len(one.content.split()), len(one.content), starts(one), one.id))
    kinds = [one.kind for one in line if one.kind is not Kind.NOTE]
    source = chosen.source._replace(conversation=None, session=None, turn=None)
    metadata: dict[str, Any] = {name: value for one in line for name, value in one.metadata.items()}
    return Draft(
        chosen.content,
        kinds[-1] if kinds else Kind.NOTE,
        title=chosen.title,
        key=next((one.key for one in line if one.key is not None), None),
        tags=tuple(sorted({tag for one in line for tag in one.tags})),
        labels=tuple(sorted({label for one in line for label in one.labels})),
        occurred_at=min(one.occurred_at or one.created_at for one in line),
        valid_from=chosen.valid_from,
        valid_to=chosen.valid_to,
        expires_at=chosen.expires_at,
        pinned=any(one.pinned for one in line),
        priority=max(one.priority for one in line),
        task=chosen.task,
        origin=Origin.CONSOLIDATION,
        source=source,
        metadata=metadata,
    )


def apply(unit: Unit, vault: Vault, proposal: Proposal, now: str) -> Applied | None:
    """Carry out a proposal within a transaction; `None` if it no longer holds, and then nothing is written.

    A fusion adds its product and archives the sources: each source is linked to the product (`merged_into`), the product to
    the sources (`derived_from`). A supersession ends the earlier memory where the later begins. A review is a record of the
    noun `review`.

    Args:
        now: fixed-width UTC text, which becomes the register `since` of the states that change.
    """
    memories = [vault.get(identity) for identity in proposal.ids]
    if any(_has_changed(was, now_) for was, now_ in zip(proposal.memories, memories, strict=True)):
        return None
    if proposal.act is Act.FUSE:
        return fuse(unit, vault, memories, proposal.reasons, now)
    earlier, later = memories
    if proposal.act is Act.SUPERSEDE:
        return None if overruled(earlier, later) else supersede(unit, earlier, later)
    return _ask(unit, vault, proposal, now)


_LOOKED_AT = (
    "content", "kind", "key", "title", "valid_from", "valid_to", "expires_at", "frozen", "pinned", "visibility", "task",
    "owner",
)  # fmt: skip


def _has_changed(was: Memory, now: Memory) -> bool:
    """Whether a memory has changed since the proposal was made."""
    return now.state not in HOT_STATES or any(getattr(was, field) != getattr(now, field) for field in _LOOKED_AT)


def fuse(
    unit: Unit, vault: Vault, memories: Sequence[Memory], reasons: Sequence[str], now: str, *, pinned: bool = False
) -> Applied | None:
    """Add one memory in place of several, and archive those; `None` where their headers forbid it."""
    if any(may_fuse(memories[0], other, pinned=pinned) is not None for other in memories[1:]):
        return None
    identity = new_id()
    change = fold.change_of(product(memories), memories[0].owner or "") | {
        "state": State.MERGED.value,
        "since": now,
        "reason": "; ".join(reasons),
        "visibility": memories[0].visibility.value,
        "confidence": max(one.confidence for one in memories),
        "trust": max(1.0 if one.untrusted else one.trust for one in memories),
    }
    ids = {one.id for one in memories}
    for one in memories:
        change[fold.link_register(LinkType.DERIVED_FROM, one.id)] = True
        for link in vault.links(one.id)[0]:
            if link.type in {LinkType.SUPERSEDES, LinkType.CONTRADICTS} and link.target not in ids:
                change[fold.link_register(link.type, link.target)] = True
    operation = unit.log.append("memory", identity, change)
    unit.store("memory", identity, [operation])
    if all(one.untrusted for one in memories):
        unit.keep_strange(identity, unaccepted=all(one.unaccepted for one in memories))
    for one in memories:
        archived = {
            "state": State.ARCHIVED.value,
            "since": now,
            "reason": "fused",
            fold.link_register(LinkType.MERGED_INTO, identity): True,
        }
        unit.change("memory", one.id, archived)
    return Applied(Act.FUSE, tuple(one.id for one in memories), identity)


def supersede(unit: Unit, earlier: Memory, later: Memory, end: str | None = None) -> Applied | None:
    """End the earlier memory where the later begins (or at `end`), as `add --key` does; `None` if it is frozen or has ended."""
    end = end or starts(later)
    if earlier.frozen or NEVER_SUPERSEDED.count(earlier.kind) or (earlier.valid_to is not None and earlier.valid_to <= end):
        return None
    unit.change("memory", earlier.id, {"valid_to": end})
    unit.change("memory", later.id, {fold.link_register(LinkType.SUPERSEDES, earlier.id): True})
    return Applied(Act.SUPERSEDE, (earlier.id, later.id))


def _ask(unit: Unit, vault: Vault, proposal: Proposal, now: str) -> Applied | None:
    pair = pair_id(*proposal.ids)
    if was_asked(vault, pair):
        return None
    fields = {"memories": list(proposal.ids), "reasons": list(proposal.reasons), "suggested": proposal.suggested}
    unit.change(NOUN, pair, {**fields, "by": proposal.by, "at": now})
    return Applied(Act.REVIEW, (), pair)
