"""MemOperator's placing of a draft: what the draft means for the memories of the cube.

The same content is a duplicate, the same external id is an edit, the same key supersedes by time.
"""

from typing import Any, NamedTuple

from memos_cli.infra.vault import fold, rows
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import HOT_STATES, NEVER_SUPERSEDED, Draft, LinkType, Memory, State, starts


class Placed(NamedTuple):
    """What became of one draft: `added`, `edited` or `duplicate`, and the memories that it supersedes or contradicts."""

    id: str
    outcome: str
    superseded: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def place(vault: Vault, unit: Unit, draft: Draft, owner: str, at: str) -> Placed:
    """Store a draft as a memory, unless there is such a memory already."""
    if draft.external_id is not None:
        known = vault.by_external_id(draft.external_id)
        if known is not None:
            return _again(unit, known, draft)
    else:
        digest = rows.digest(draft.kind, draft.content, draft.source, draft.occurred_at)
        twin = vault.duplicate_of(digest, owner, at)
        known = None if twin is None else vault.get(twin)
        if known is not None and _says_as_much(known, draft):
            if draft.confidence > known.confidence and not known.frozen:  # said now, but only inferred before
                unit.change("memory", known.id, {"confidence": draft.confidence})
            return Placed(known.id, "duplicate")
    if draft.key is None or draft.kind in NEVER_SUPERSEDED:
        return Placed(unit.add(draft, owner), "added")
    return _place_by_key(vault, unit, draft, owner, at)


def _says_as_much(known: Memory, draft: Draft) -> bool:
    """Whether a memory with the draft's content has the draft's key, task and tags, too."""
    scope = (known.key, known.task) if draft.key or draft.task else (draft.key, draft.task)
    return scope == (draft.key, draft.task) and set(draft.tags) <= set(known.tags)


def _again(unit: Unit, known: Memory, draft: Draft) -> Placed:
    """Place a draft whose external id is known: a duplicate if it says the same, otherwise an edit.

    A forgotten memory comes back. An archived memory comes back if its content is new: it was archived for its old content.
    """
    same = known.content == draft.content
    gone = known.state not in HOT_STATES and not (same and known.state is State.ARCHIVED)
    if same and not gone:
        return Placed(known.id, "duplicate")
    change = fold.change_of(draft, known.owner or "")
    change.pop("owner")
    if not gone:
        change.pop("state")
    unit.change("memory", known.id, change)
    return Placed(known.id, "edited")


def _place_by_key(vault: Vault, unit: Unit, draft: Draft, owner: str, at: str) -> Placed:
    """Put a draft into its attribute's timeline: the value before ends where it begins, and it ends where the next begins."""
    start = draft.valid_from or draft.occurred_at or at
    line = vault.with_key(draft.key or "", owner)
    before = [memory for memory in line if starts(memory) <= start]
    # A stranger that nobody accepted ends nothing that is said here; a tick asks about the two.
    after = [memory for memory in line if starts(memory) > start and not memory.unaccepted]
    if after and draft.valid_to is None:
        draft = draft._replace(valid_to=starts(after[0]))
    identity = unit.add(draft, owner)
    if after:
        unit.change("memory", after[0].id, {fold.link_register(LinkType.SUPERSEDES, identity): True})
    ended = [memory for memory in before if memory.valid_to is None or memory.valid_to > start]
    conflicts = tuple(memory.id for memory in ended if memory.frozen)
    superseded = tuple(memory.id for memory in ended if not memory.frozen)
    for memory_id in superseded:
        unit.change("memory", memory_id, {"valid_to": start})
    marks: dict[str, Any] = {fold.link_register(LinkType.SUPERSEDES, memory_id): True for memory_id in superseded}
    marks |= {fold.link_register(LinkType.CONTRADICTS, memory_id): True for memory_id in conflicts}
    if marks:
        unit.change("memory", identity, marks)
    return Placed(identity, "added", superseded, conflicts)
