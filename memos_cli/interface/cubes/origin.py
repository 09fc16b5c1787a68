"""What of a cube fits this machine: its maker, its vectors, slots and adapters, and what it received from elsewhere."""

import shlex
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError, ModelUnavailable
from memos_cli.hybrid_clock import time_of
from memos_cli.infra import counts
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer.dumper import MAKER
from memos_cli.infra.vault import past, search
from memos_cli.model import Adapter
from memos_cli.operation import models
from memos_cli.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.cubes.keys import Keys
    from memos_cli.session import Session


class Vectors(NamedTuple):
    """How many memories have vectors of an embedder, and whether this machine searches with that embedder.

    Vectors of another embedder are useless here: `memos doctor --embed` makes new ones. `fits` is `None` where there is no
    model.
    """

    embedder: str
    memories: int
    fits: bool | None


class Promoted(NamedTuple):
    """A promoted generation: whether it is for the model chosen here (`None` where none is), and whether chat uses it.

    If chat does not, `why` is the reason, and `next` is the command that changes it.
    """

    id: str
    generation: int
    model: str
    memories: int
    fits: bool | None
    used: bool
    why: str | None
    next: str | None


class States(NamedTuple):
    """How many slots hold memories of the cube for one model (SHA-256), whether that is the chosen one, else what to do."""

    model: str
    slots: int
    fits: bool | None
    next: str | None


class Arrival(NamedTuple):
    """An import or a merge: when, how many operations, from which cube or file, and who had signed it."""

    at: str
    operations: int
    cube: str
    file: str | None
    signers: tuple[Signer, ...]


class Fitting(NamedTuple):
    """What `memos cube info` says about the origin of a cube.

    Attributes:
        maker: the owner where the cube was made.
        untrusted: how many memories are untrusted: they came from elsewhere and were not used here yet.
        foreign_policy: whether the log has a policy from a merge that does not rule here.
        maker_unverified: whether no trusted key signed the file that the cube was made of, so that the maker is only claimed.
        accepted: whether the cube is one's own, or trusted, or was accepted.
        chat_model: SHA-256 of the model that is chosen here; `None` where none is, or where it is no file on this machine.
        adapters: the promoted ones.
        slots: by the model that they are of.
    """

    maker: str
    vectors: tuple[Vectors, ...]
    arrived: tuple[Arrival, ...]
    untrusted: int
    foreign_policy: bool
    adapters: tuple[Promoted, ...] = ()
    slots: tuple[States, ...] = ()
    chat_model: str | None = None
    maker_unverified: bool = False
    accepted: bool = True


def fitting(session: "Session", keys: "Keys", vault: "Vault") -> Fitting:
    """What of a cube fits this machine; what came in, adapters and slots of others are told to the cube's owner alone."""
    model = models.identity(session.settings, session.paths).get("model")
    mine = session.owns(vault)
    arrived = tuple(arrivals(keys, vault)) if mine else ()
    return Fitting(
        vault.mark(MAKER) or vault.meta["owner"],
        tuple(_vectors(session, vault)),
        arrived,
        counts.untrusted_count(vault),
        vault.policy != vault.merged_policy,
        tuple(_learnt(session, vault, model)) if mine else (),
        tuple(_states(session, vault, model)),
        model,
        mine and bool(vault.mark(MAKER)) and not any(one.trusted for came in arrived[:1] for one in came.signers),
        vault.is_accepted,
    )


def _learnt(session: "Session", vault: "Vault", model: str | None) -> "Iterator[Promoted]":
    if not vault.records(adapters.NOUN):
        return
    from memos_cli.operation.parametric import generations

    known = generations.of(vault)
    used = False
    for base in sorted({one.base for one in known}, key=lambda base: (base != model, base)):
        for one in generations.promoted(known, base):  # chat uses the newest usable one
            fits = one.base == model if model else None
            why, command = _hindrance(session, vault, one, model, fits=fits)
            if why is None and used:
                why = "a newer one is used"
            used = used or why is None
            yield Promoted(one.id, one.number, one.model, len(one.covers), fits, why is None, why, command)


def _of_another(one: Adapter, model: str) -> tuple[str, str]:
    """Why a generation does not go with the model that is chosen, and what to do about it."""
    if one.base.partition("+")[0] != model.partition("+")[0]:
        return "it is for another model than the one chosen", f"memos model use {shlex.quote(one.model)}"
    from memos_cli.operation.parametric import base_model

    why, command = base_model.misfit(model, one)
    return f"it {why}", command


def _hindrance(
    session: "Session", vault: "Vault", one: Adapter, model: str | None, *, fits: bool | None
) -> tuple[str | None, str | None]:
    """Why chat does not use a generation, and what to do about it."""
    from memos_cli.operation.parametric import foreign_adapters, generations

    memos = "memos" if vault.name == session.cube_names[0] else f"memos --cube {shlex.quote(vault.name)}"
    if why := generations.detached(vault, one, session.now):
        return why, f"{memos} consolidate run"
    if fits is None:
        return "no model is chosen", f"memos model use {shlex.quote(one.model)}"
    if not fits:
        return _of_another(one, model or "")
    if foreign_adapters.is_untrusted(vault, one):
        return adapters.FOREIGN, f"{memos} consolidate promote {one.number}"
    if why := adapters.fault(vault, one):
        return why, f"{memos} consolidate run --again"
    return None, None


def _states(session: "Session", vault: "Vault", model: str | None) -> "Iterator[States]":
    from memos_cli.operation.activation.slots import store

    identity = vault.meta["id"]
    try:
        own = session.owns(vault)
        there = (slot for slot in store(session).all() if own or slot.principal == session.principal)
        held = [slot for slot in there if any(part.cube == identity for part in slot.parts)]
    except MemosError:  # slots are only a cache, and `memos slot list` reports the fault
        return
    for name, count in sorted(Counter(slot.identity.get("model", "") for slot in held).items()):
        fits = name == model if model else None
        yield States(name, count, fits, None if fits else "memos slot build" if model else "memos model use")


def _vectors(session: "Session", vault: "Vault") -> list[Vectors]:
    found = search.embedded(vault)
    known = None
    if found:
        try:
            known = session.embeddings.weights.fingerprint if session.embeddings.weights is not None else None
        except ModelUnavailable:
            known = None
    return [Vectors(name, count, name == known if known else None) for name, count in found]


def with_untrusted(session: "Session", keys: "Keys", verifier: str) -> list[str]:
    """The cubes of a home with untrusted memories or adapters that may have come in a file that this key signed."""
    found = []
    for name in session.shelf.names():
        with suppress(MemosError):
            vault = session.vault(name)
            signed = any(one.key == verifier for came in arrivals(keys, vault) for one in came.signers)
            if signed and (
                counts.untrusted_count(vault) or any(adapters.untrusted(vault, one) for one in adapters.folders(vault))
            ):
                found.append(name)
    return found


def arrivals(keys: "Keys", vault: "Vault") -> list[Arrival]:
    """What a cube received from elsewhere, as the receipts in its log record it."""
    found = [(one, one.change or {}) for one in past.receipts(vault)]
    names = keys.known() if any(told.get("signers") for _, told in found) else {}
    return [
        Arrival(
            time_of(one),
            told.get("operations", 0),
            told.get("cube", ""),
            told.get("file"),
            tuple(Signer(key, names.get(key), key in names) for key in told.get("signers", ())),
        )
        for one, told in found
    ]
