"""Split: memories move to a new cube of their own, with all of their history, and are forgotten in the old one."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemosError, ModelUnavailable, Refused, UsageError
from memos_cli.infra.files import sync_folder
from memos_cli.infra.transfer import merge
from memos_cli.infra.transfer.merge import Terms
from memos_cli.infra.vault import connection, past, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Memory, State

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.vault.units import Unit
    from memos_cli.session import Session

_NAMED = 5


class Split(NamedTuple):
    """What a split moved: the ids, the new cube, and the transaction that forgot the memories in the old one."""

    cube: str
    new: str
    path: str
    ids: tuple[str, ...]
    kept: bool
    txn: str | None
    dry_run: bool = False


def split(
    session: "Session",
    new: str,
    name: str | None = None,
    wanted: Filter | None = None,
    *,
    keep: bool = False,
    dry_run: bool = False,
) -> Split:
    """Move the memories that a filter lets through to a new cube, with all of their history.

    In the old cube they are forgotten, in one transaction, and can be restored. The new cube is complete before that: a
    kill in between leaves the memories in both.

    Args:
        session: who splits it.
        new: the new cube's name or path.
        name: the cube that is split; `None` for the first one in use.
        keep: leave the memories in the old cube too.

    Raises:
        Refused: the new cube exists; one of the memories is frozen; the principal does not own the cube.
    """
    vault = session.vault(name) if name is not None else session.vaults()[0]
    author = session.author("split")
    session.require("cube split", vault)
    place = session.shelf.place(new)
    if place.exists():
        raise Refused(f"there is {place} already", hint="choose another name")
    narrowed = session.sight(vault, wanted)
    ids = _splitting(vault, narrowed, keep=keep)
    if dry_run:
        return Split(vault.name, new, str(place), ids, keep, None, dry_run=True)
    known = fingerprint(session, vault)  # before the transaction, since it may load a model
    if keep:
        _copy(vault, place, ids, author, known)
        return Split(vault.name, place.name, str(place), ids, keep, None)
    with author.write(vault) as unit:  # or what another process wrote between copying and forgetting would not go along
        ids = _splitting(vault, narrowed, keep=keep)
        _copy(vault, place, ids, author, known)
        _let_go(vault, unit, ids, author, place.name)
        txn = unit.log.txn if unit.log.count else None
    return Split(vault.name, place.name, str(place), ids, keep, txn)


def _copy(vault: Vault, place: Path, ids: tuple[str, ...], author: "Author", known: str | None) -> None:
    """Make the new cube beside its place, and move it there when it is complete."""
    half = place.with_name(f".{place.name}.{os.urandom(6).hex()}")
    try:
        Vault.create(half, owner=vault.meta["owner"], millis=author.millis)
        with Vault(half, place.name) as made:
            with author.write(made) as unit:
                merge.merge(made, unit, vault, Terms(trusted=True, fingerprint=known, only=frozenset(ids)))
            connection.checkpoint(made)
        half.rename(place)
        sync_folder(place.parent)
    except OSError as error:
        raise MemosError(f"cannot make a cube at {place}: {error.strerror or error}") from None
    finally:
        if half.exists():
            import shutil

            shutil.rmtree(half, ignore_errors=True)


def fingerprint(session: "Session", source: Vault) -> str | None:
    """The fingerprint of this home's embedder, if the other cube has vectors at all."""
    if not search.has_vectors(source):
        return None
    try:
        embedder = session.embeddings.embedder()
    except ModelUnavailable:
        return None
    return embedder.fingerprint if embedder is not None else None


def _splitting(vault: Vault, wanted: Filter, *, keep: bool) -> tuple[str, ...]:
    """The memories that go into the new cube."""
    memories = past.seen(vault, wanted).find(wanted, "oldest")
    if not keep:
        _refuse_frozen(memories)
    if not memories:
        raise UsageError(
            "no memory is so, and an empty cube is made with memos cube create", hint="memos list, with the same options"
        )
    return tuple(memory.id for memory in memories)


def _refuse_frozen(memories: "list[Memory]") -> None:
    frozen = [memory.id[:8] for memory in memories if memory.frozen]
    if frozen:
        ids = " ".join(frozen[:_NAMED])
        raise Refused(f"frozen, so they stay: {_some(frozen)}", hint=f"--keep leaves all in both; or: memos unfreeze {ids}")


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return " ".join(ids[:_NAMED]) + more


def _let_go(vault: Vault, unit: "Unit", ids: tuple[str, ...], author: "Author", new: str) -> None:
    gone: dict[str, Any] = {"state": State.EXPIRED.value, "since": author.at, "reason": f"split into {new}"}
    for identity in ids:
        if vault.get(identity).state not in {State.EXPIRED, State.PURGED}:
            unit.change("memory", identity, gone)
