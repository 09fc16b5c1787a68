"""What of a cube fits this machine: whose it is, whose vectors, slots and adapters it has, and what came in from elsewhere."""

import shlex
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError, ModelUnavailable
from memos_cli.infra import adapters
from memos_cli.infra.dumper import MAKER
from memos_cli.infra.vault import log, queries
from memos_cli.model import Adapter, Signer
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS


class Vectors(NamedTuple):
    """How many memories have vectors of an embedder, and whether that is the one that this machine searches with.

    Those of another one are no use here: `memos doctor --embed` makes new ones. `fits` is `None` where there is no model.
    """

    embedder: str
    memories: int
    fits: bool | None


class Promoted(NamedTuple):
    """A promoted generation: whether it is for the model chosen here (`None` where none is), and whether chat uses it.

    If not, `why` says why, and `next` is the command that changes it.
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
    """How many slots with memories of the cube are of a model (SHA-256), whether that is the chosen one, else what to do."""

    model: str
    slots: int
    fits: bool | None
    next: str | None


class Arrived(NamedTuple):
    """An import or a merge: when, of how many operations, of which cube or file, and who had signed that."""

    at: str
    operations: int
    cube: str
    file: str | None
    signers: tuple[Signer, ...]


class Fitting(NamedTuple):
    """What `memos cube info` tells of where a cube is from.

    Attributes:
        maker: whose it was where it was made.
        strangers: how many memories came from elsewhere and were not used here yet, so that they are trusted less.
        foreign_policy: whether a policy that came in with a merge stands in the log and does not rule.
        chat_model: the SHA-256 of the model that is chosen here; `None` where none is, or none of one's own.
        adapters: the promoted ones.
        slots: by the model that they are of.
    """

    maker: str
    vectors: tuple[Vectors, ...]
    arrived: tuple[Arrived, ...]
    strangers: int
    foreign_policy: bool
    adapters: tuple[Promoted, ...] = ()
    slots: tuple[States, ...] = ()
    chat_model: str | None = None


def fitting(mos: "MOS", vault: "Vault") -> Fitting:
    """What of a cube fits this machine."""
    model = mos.slots.model().get("model")
    return Fitting(
        vault.mark(MAKER) or vault.meta["owner"],
        tuple(_vectors(mos, vault)),
        tuple(arrived(mos, vault)),
        queries.strangers(vault.conn),
        vault.policy != vault.merged_policy,
        tuple(_learnt(mos, vault, model)),
        tuple(_states(mos, vault, model)),
        model,
    )


def _learnt(mos: "MOS", vault: "Vault", model: str | None) -> "Iterator[Promoted]":
    if not vault.records(adapters.NOUN):
        return
    from memos_cli.interface import generating
    from memos_cli.operation import generations

    known = generating.of(vault)
    used = False
    for base in sorted({one.base for one in known}, key=lambda base: (base != model, base)):
        for one in generations.promoted(known, base):  # of several the newest that may be is used
            fits = one.base == model if model else None
            why, command = _hindrance(mos, vault, one, fits=fits)
            if why is None and used:
                why = "a newer one is used"
            used = used or why is None
            yield Promoted(one.id, one.number, one.model, len(one.covers), fits, why is None, why, command)


def _hindrance(mos: "MOS", vault: "Vault", one: Adapter, *, fits: bool | None) -> tuple[str | None, str | None]:
    """Why chat does not use a generation, and what to do about it."""
    from memos_cli.interface import arriving, generating

    memos = "memos" if vault.name == mos.cube_names[0] else f"memos --cube {shlex.quote(vault.name)}"
    if why := generating.detached(vault, one, mos.now):
        return why, f"{memos} consolidate run"
    if not fits:
        why = "no model is chosen" if fits is None else "it is for another model than the one chosen"
        return why, f"memos model use {shlex.quote(one.model)}"
    if arriving.foreign(vault, one):
        return adapters.FOREIGN, f"{memos} consolidate promote {one.number}"
    if why := adapters.fault(vault, one):
        return why, f"{memos} consolidate run --again"
    return None, None


def _states(mos: "MOS", vault: "Vault", model: str | None) -> "Iterator[States]":
    from memos_cli.interface.slots import store

    identity = vault.meta["id"]
    try:
        held = [slot for slot in store(mos).all() if any(part.cube == identity for part in slot.parts)]
    except MemosError:  # only a cache, and `memos slot list` says what is wrong with it
        return
    for name, count in sorted(Counter(slot.identity.get("model", "") for slot in held).items()):
        fits = name == model if model else None
        yield States(name, count, fits, None if fits else "memos slot build" if model else "memos model use")


def _vectors(mos: "MOS", vault: "Vault") -> list[Vectors]:
    found = queries.embedded(vault.conn)
    known = None
    if found:
        try:
            known = mos.embeddings.weights.fingerprint if mos.embeddings.weights is not None else None
        except ModelUnavailable:
            known = None
    return [Vectors(name, count, name == known if known else None) for name, count in found]


def strange(mos: "MOS", verifier: str) -> list[str]:
    """The cubes of a home in which something is trusted less that may have come with what a key has signed."""
    found = []
    for name in mos.shelf.names():
        with suppress(MemosError):
            vault = mos.vault(name)
            signed = any(one.key == verifier for came in arrived(mos, vault) for one in came.signers)
            if signed and (
                queries.strangers(vault.conn) or any(adapters.strange(vault, one) for one in adapters.folders(vault))
            ):
                found.append(name)
    return found


def arrived(mos: "MOS", vault: "Vault") -> list[Arrived]:
    """What came into a cube, as the receipts tell that were written in it."""
    found = [(one, one.change or {}) for one in vault.receipts()]
    names = mos.keys.known() if any(told.get("signers") for _, told in found) else {}
    return [
        Arrived(
            from_millis(log.millis_of(one.clock)),
            told.get("operations", 0),
            told.get("cube", ""),
            told.get("file"),
            tuple(Signer(key, names.get(key), key in names) for key in told.get("signers", ())),
        )
        for one, told in found
    ]
