"""Travel of slots with a cube: which slots a cube file takes along, and which of a file's slots are kept on this machine.

A state can be checked only by computing it again. So a slot from elsewhere is kept only if somebody trusted signed it and it is
for the chosen model, and used only where everything that computed it is the same (`infra.local.states`).
"""

import shutil
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError
from memos_cli.infra.local import states
from memos_cli.infra.transfer import merge_plan
from memos_cli.infra.transfer.slot_record import LAYERS, Travelling
from memos_cli.model import Filter, Part
from memos_cli.operation import models

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session


_EVER = Filter(at="", everything=True)
_NO_ROOM = "slots.bytes leaves no room for them"


def outgoing_slots(session: "Session", vault: "Vault") -> list[Travelling]:
    """The person's undamaged slots that hold memories of this cube only, each as it is now."""
    from memos_cli.operation.activation.slots import store

    kept, identity = store(session), vault.meta["id"]
    found = []
    for slot in kept.all():
        held = {part.memory: part.version for part in slot.parts}
        mine = slot.principal == session.person and slot.covers in LAYERS and {part.cube for part in slot.parts} == {identity}
        if mine and vault.versions(list(held), _EVER) == held and kept.fault(slot) is None:
            name = "" if slot.covers == "core" else slot.name  # the core slot's name lists the cubes in use here
            path = kept.path(slot)
            found.append(Travelling(slot.covers, name, slot.identity, tuple(slot.ids), held, slot.digest, path))
    return found


class Taken(NamedTuple):
    """What became of the slots of a cube file: how many are kept, and why the others are not."""

    kept: int = 0
    dropped: int = 0
    why: str | None = None


def keep_slots(
    session: "Session",
    vault: "Vault",
    came: "Iterable[Travelling]",
    *,
    trusted: bool,
    after: "Vault | None" = None,
    dry_run: bool = False,
) -> Taken:
    """Keep the slots of a cube file that a trusted person signed and that were made for the model chosen here.

    Args:
        after: the cube of the file, where it is merged with the one here; the answer is the same before and after the merge.
        dry_run: keep nothing, and return what would be kept.
    """
    from memos_cli.operation.activation.slots import store

    wanted = list(came)
    if not wanted:
        return Taken()
    if not trusted:
        return Taken(0, len(wanted), "nobody whom you trust has signed them")
    model, kept, count, why = models.identity(session.settings, session.paths), store(session), 0, ""
    for one in wanted:
        if not model or any(one.identity.get(name) != value for name, value in model.items()):
            why = "they are of another model than the one chosen"
        elif _versions(vault, after or vault, one) != one.memories:
            why = "they are of memories that are not so here"
        elif not kept.has_room(one.path.stat().st_size):
            why = _NO_ROOM
        elif fault := None if dry_run else _keep(kept, session, vault, one):
            why = fault
        else:
            count += 1
    return Taken(count, len(wanted) - count, why or None)


def _versions(vault: "Vault", other: "Vault", one: Travelling) -> dict[str, int]:
    """The versions that a slot's memories have once the two cubes are merged."""
    return {memory: len(merge_plan.joined(vault, other, "memory", memory)) for memory in one.memories}


def _keep(kept: "states.Store", session: "Session", vault: "Vault", one: Travelling) -> str | None:
    """Keep a slot as one of this person's; returns why it cannot be kept, or `None`."""
    parts = tuple(Part(vault.meta["id"], memory, version) for memory, version in one.memories.items())
    label = states.Label(session.person, one.covers, one.name or vault.name, dict(one.identity), one.ids, parts)
    try:
        done = kept.keep(label, partial(_copied, one.path), session.now)
    except (MemosError, OSError) as error:
        return " ".join(str(error).split())
    return None if done else _NO_ROOM


def _copied(state: "Path", half: "Path") -> int:
    shutil.copyfile(state, half)
    return half.stat().st_size
