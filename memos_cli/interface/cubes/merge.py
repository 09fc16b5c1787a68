"""Cubes put together, taken apart and compared: `memos cube merge`, `split`, `diff`."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple

from memos_cli.errors import MemosError, ModelUnavailable, Refused, UsageError
from memos_cli.infra.files import sync_folder
from memos_cli.infra.governance import governance
from memos_cli.infra.transfer import merge, merge_plan
from memos_cli.infra.transfer.slot_record import Travelling
from memos_cli.infra.vault import check, connection, past, purge, search
from memos_cli.infra.vault.units import POLICY
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Memory, State
from memos_cli.operation.activation import travel
from memos_cli.operation.history import cube_diff
from memos_cli.operation.parametric import foreign_adapters
from memos_cli.signer import Signer

if TYPE_CHECKING:
    from memos_cli.infra.transfer.dumper import Progress
    from memos_cli.infra.vault.units import Unit
    from memos_cli.interface.cubes.transfer import Transfer
    from memos_cli.operation.lifecycle.erasure import Erasure
    from memos_cli.session import Author, Session

_NAMED = 5
"""How many ids a refusal lists."""


Plan = merge_plan.Plan
"""What a merge brings."""


class Merged(NamedTuple):
    """What a merge brought, or would bring.

    Attributes:
        unfinished: what texts of a purge from the other cube could not be wiped yet, a line each.
        untrusted: whether the memories from the other cube are untrusted here.
        txn: the transaction that `undo` takes back; `None` where nothing was new.
        signers: who signed the file; none for a cube.
        foreign_policy: whether the other cube brought a policy that does not rule here.
        adapters: the adapters that the other cube brought, or would bring.
        slots: what became of its slots, or would.
        now_trusted: how many memories were untrusted here, and are trusted now.
    """

    cube: str
    other: str
    plan: Plan
    txn: str | None
    untrusted: bool
    dry_run: bool = False
    unfinished: tuple[str, ...] = ()
    signers: tuple[Signer, ...] = ()
    foreign_policy: bool = False
    adapters: tuple[foreign_adapters.Came, ...] = ()
    slots: travel.Taken = travel.Taken()
    now_trusted: int = 0


class _Source(NamedTuple):
    """The cube that is read, whether it counts as one's own, and what is known of the file that it was in."""

    vault: Vault
    trusted: bool
    origin: dict[str, Any] = {}  # noqa: RUF012 -- never changed
    signers: tuple[Signer, ...] = ()
    slots: tuple[Travelling, ...] = ()


class Split(NamedTuple):
    """What a split moved: the ids, the new cube, and the transaction that forgot the memories in the old one."""

    cube: str
    new: str
    path: str
    ids: tuple[str, ...]
    kept: bool
    txn: str | None
    dry_run: bool = False


Agree = Callable[[Sequence[str]], None]
"""Called with the ids that an untrusted cube's purges would erase here, before they do; raises `Refused` for a no."""


def _disagree(ids: Sequence[str]) -> None:
    raise Refused(
        f"{len(ids)} memories of this cube were purged there, by nobody whom you trust: {_some([one[:8] for one in ids])}",
        hint="see them with --dry-run; to erase them here for good, too: --yes",
    )


class CubeMerge:
    """Merges, splits and compares cubes.

    Args:
        session: who acts, in which home, on which cubes.
        transfer: receives cube files.
        erasure: knows every place that may hold texts that the other cube has purged.
    """

    def __init__(self, session: "Session", transfer: "Transfer", erasure: "Erasure") -> None:
        self._session = session
        self._transfer = transfer
        self._erasure = erasure

    def merge(self, other: str, into: str | None = None, *, dry_run: bool = False, agree: Agree = _disagree) -> Merged:
        """Take over what another cube has and this one lacks, in one transaction that `undo` takes back.

        Args:
            other: a name or a path.
            into: the cube that is written to; `None` for the first one in use.
            agree: see `Agree`.

        Raises:
            CubeNotFound: one of the cubes does not exist. UsageError: both are the same cube.
            IntegrityError: the other cube is damaged, or two copies went on writing as one replica; nothing is changed.
            Refused: the principal does not own the cubes, or `agree` says no.
        """
        vault, author = self._target(into)
        source = self._session.vault(other)
        if source.folder.resolve() == vault.folder.resolve():
            raise UsageError(f"{other} is the cube that it would be merged into", hint="see the cubes: memos cube list")
        self._require_reader(author, source)
        # A cube in the home's own folder counts as one's own, unless it is still being made there.
        near = source.folder.parent == self._session.paths.cubes and source.folder.name in self._session.shelf.names()
        if not near:
            check.require_sound(source)  # doctor looks at those of this home
        return self._merge(vault, _Source(source, near), author, other, None if dry_run else agree)

    def merge_file(
        self,
        stream: "BinaryIO | IO[bytes]",
        other: str,
        into: str | None = None,
        *,
        dry_run: bool = False,
        require_signed: bool = False,
        agree: Agree = _disagree,
        tell: "Progress" = lambda *_: None,
    ) -> Merged:
        """As `merge`, with the cube in a file, which is verified whole before anything is changed.

        Args:
            stream: the file, decrypted.
            other: what messages call it.
            require_signed: refuse a file without a signature by a key that is trusted here.
            agree: see `Agree`.
            tell: called with how many operations were read, of how many.

        Raises:
            CubeNotFound: the cube to write to does not exist.
            IntegrityError: the file is damaged, a signature is forged, or two copies went on writing as one replica.
            AccessDenied: a signature is required, and no trusted key made one.
            Refused: the principal does not own the cube, or `agree` says no.
        """
        vault, author = self._target(into)
        with self._transfer.staged(stream, "merged", require_signed=require_signed, tell=tell) as staged:
            source = _Source(staged.vault, staged.trusted, staged.origin, staged.signers, staged.slots)
            return self._merge(vault, source, author, other, None if dry_run else agree)

    def _target(self, into: str | None) -> "tuple[Vault, Author]":
        vault = self._session.vault(into) if into is not None else self._session.writable()
        author = self._session.author("merge")
        governance.require_owner(author.principal, vault.meta, "merge into it")
        return vault, author

    def _merge(self, vault: Vault, source: _Source, author: "Author", other: str, agree: Agree | None) -> Merged:
        """The merge; without `agree`, a report of what it would bring."""
        said: dict[str, Any] = {"untrusted": not source.trusted, "signers": source.signers}
        asked = agree is not None and not source.trusted and merge_plan.may_erase(source.vault)
        if agree and asked and (doomed := merge_plan.plan(vault, source.vault).erased):
            agree(doomed)  # before the transaction, so that the question blocks no other writer
        if agree is None:
            planned = merge_plan.plan(vault, source.vault)
            said["now_trusted"] = len(merge.now_trusted(vault, source.vault)) if source.trusted else 0
            rules = source.trusted and not source.vault.mark(POLICY) and not vault.mark(POLICY)
            said["foreign_policy"] = (POLICY, POLICY) in planned.records and not rules
            return Merged(vault.name, other, planned, None, dry_run=True, **said, **self._learnt(vault, source, dry_run=True))
        places = self._erasure.places(vault)
        left = bool(purge.wipe(vault, places))
        terms = merge.Terms(trusted=source.trusted, fingerprint=self._fingerprint(source.vault), note=source.origin)
        with author.write(vault) as unit:
            merged = merge.merge(vault, unit, source.vault, terms)
            txn = unit.log.txn if unit.log.count else None
        said["unfinished"] = tuple(purge.wipe(vault, places, None if left else merged.texts))
        said |= {"now_trusted": merged.now_trusted, **self._learnt(vault, source)}
        from_elsewhere = (POLICY, POLICY) in merged.plan.records and bool(vault.mark(POLICY))
        return Merged(vault.name, other, merged.plan, txn, foreign_policy=from_elsewhere, **said)

    def _learnt(self, vault: Vault, source: _Source, *, dry_run: bool = False) -> dict[str, Any]:
        """Take over adapters and slots, which travel beside the log; the result as fields of `Merged`."""
        terms: dict[str, Any] = {"trusted": source.trusted, "dry_run": dry_run}
        came = foreign_adapters.take_over(vault, source.vault, signed=bool(source.origin), **terms)
        return {"adapters": came, "slots": travel.keep_slots(self._session, vault, source.slots, after=source.vault, **terms)}

    def _require_reader(self, author: "Author", source: Vault) -> None:
        if (
            author.principal != self._session.person
        ):  # the person can open the folder anyway; a principal acting for somebody may not
            governance.require_owner(author.principal, source.meta, "merge it into another cube")

    def _fingerprint(self, source: Vault) -> str | None:
        """The fingerprint of this home's embedder, if the other cube has vectors at all."""
        if not search.has_vectors(source):
            return None
        try:
            embedder = self._session.embeddings.embedder()
        except ModelUnavailable:
            return None
        return embedder.fingerprint if embedder is not None else None

    def split(
        self, new: str, name: str | None = None, wanted: Filter | None = None, *, keep: bool = False, dry_run: bool = False
    ) -> Split:
        """Move the memories that a filter lets through to a new cube, with all of their history.

        In the old cube they are forgotten, in one transaction, and can be restored. The new cube is complete before that: a
        kill in between leaves the memories in both.

        Args:
            new: the new cube's name or path.
            name: the cube that is split; `None` for the first one in use.
            keep: leave the memories in the old cube too.

        Raises:
            Refused: the new cube exists; one of the memories is frozen; the principal does not own the cube.
        """
        vault = self._session.vault(name) if name is not None else self._session.vaults()[0]
        author = self._session.author("split")
        governance.require_owner(author.principal, vault.meta, "split it")
        place = self._session.shelf.place(new)
        if place.exists():
            raise Refused(f"there is {place} already", hint="choose another name")
        narrowed = self._session.sight(vault, wanted)
        ids = _splitting(vault, narrowed, keep=keep)
        if dry_run:
            return Split(vault.name, new, str(place), ids, keep, None, dry_run=True)
        known = self._fingerprint(vault)  # before the transaction, since it may load a model
        if keep:
            self._copy(vault, place, ids, author, known)
            return Split(vault.name, place.name, str(place), ids, keep, None)
        with author.write(vault) as unit:  # or what another process wrote between copying and forgetting would not go along
            ids = _splitting(vault, narrowed, keep=keep)
            self._copy(vault, place, ids, author, known)
            _let_go(vault, unit, ids, author, place.name)
            txn = unit.log.txn if unit.log.count else None
        return Split(vault.name, place.name, str(place), ids, keep, txn)

    def _copy(self, vault: Vault, place: Path, ids: tuple[str, ...], author: "Author", known: str | None) -> None:
        """Make the new cube beside its place, and move it there when it is complete."""
        half = place.with_name(f".{place.name}.{os.urandom(6).hex()}")
        try:
            Vault.create(half, owner=vault.meta["owner"], millis=author.millis)
            with Vault(half, place.name) as made:
                with author.write(made) as unit:
                    merge.merge(made, unit, vault, merge.Terms(trusted=True, fingerprint=known, only=frozenset(ids)))
                connection.checkpoint(made)
            half.rename(place)
            sync_folder(place.parent)
        except OSError as error:
            raise MemosError(f"cannot make a cube at {place}: {error.strerror or error}") from None
        finally:
            if half.exists():
                import shutil

                shutil.rmtree(half, ignore_errors=True)

    def diff(self, first: str, second: str, user_id: str | None = None) -> cube_diff.Comparison:
        """The differences of two cubes; of memories, only those that the principal may see in both.

        Raises:
            CubeNotFound: one of them does not exist.
        """
        principal = user_id or self._session.principal
        one, other = self._session.vault(first), self._session.vault(second)
        found = cube_diff.compare(one, other, lambda memory, vault: governance.may_see(memory, principal, vault.meta))
        return found._replace(first=first, second=second)

    def confirm(self, memory: Memory) -> None:
        """Record that somebody looked at an untrusted memory on purpose; best effort, like all recording of use."""
        if self._session.settings.get("use.record"):
            for vault in self._session.vaults():
                if vault.name == memory.cube:
                    vault.confirm([memory.id])


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
