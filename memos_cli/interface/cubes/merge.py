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
from memos_cli.model import Filter, Memory, Signer, State
from memos_cli.operation.activation import travel
from memos_cli.operation.history import cube_diff
from memos_cli.operation.parametric import foreign_adapters

if TYPE_CHECKING:
    from memos_cli.infra.transfer.dumper import Progress
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
        unfinished: what of an arrived purge could not be wiped yet, a line each.
        untrusted: whether what came in is trusted less until it is used.
        txn: what takes it back; `None` where nothing came.
        signers: whose signatures the file has; none for a cube.
        foreign_policy: whether a policy came in that does not rule here.
        adapters: those that came in, or would.
        slots: what became of slots that came in, or would.
        now_trusted: how many memories were here untrusted, and are trusted now.
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
    """The cube that is read, whether it counts as one's own, and what is known of the file that it came in."""

    vault: Vault
    trusted: bool
    origin: dict[str, Any] = {}  # noqa: RUF012 -- never changed
    signers: tuple[Signer, ...] = ()
    slots: tuple[Travelling, ...] = ()


class Split(NamedTuple):
    """What a split moved: the ids, the new cube, and what takes the forgetting back in the old one."""

    cube: str
    new: str
    path: str
    ids: tuple[str, ...]
    kept: bool
    txn: str | None
    dry_run: bool = False


Agree = Callable[[Sequence[str]], None]
"""Asked before a stranger's purges erase memories here, with their ids; raises `Refused` for a no."""


def _disagree(ids: Sequence[str]) -> None:
    raise Refused(
        f"{len(ids)} memories of this cube were purged there, by nobody whom you trust: {_some([one[:8] for one in ids])}",
        hint="see them with --dry-run; to erase them here for good, too: --yes",
    )


class CubeMerge:
    """Cubes put together, taken apart and compared.

    Args:
        session: who acts, in which home, on which cubes.
        transfer: receives cube files.
        erasure: knows what may hold the texts of what the other side has purged.
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
            CubeNotFound: one is not there. UsageError: a cube and itself.
            IntegrityError: the other is damaged, or both went on as one; nothing is changed.
            Refused: the principal does not own them, or `agree` says no.
        """
        vault, author = self._target(into)
        source = self._session.vault(other)
        if source.folder.resolve() == vault.folder.resolve():
            raise UsageError(f"{other} is the cube that it would be merged into", hint="see the cubes: memos cube list")
        self._require_reader(author, source)
        # What lies among the cubes is one's own, but for what is being made there.
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
        """The same with the cube in a file, which is verified whole before anything is changed.

        Args:
            stream: the file, decrypted.
            other: what it is called, for messages.
            require_signed: refuse what nobody has signed whose key is trusted here.
            agree: see `Agree`.
            tell: told how many operations were read, of how many.

        Raises:
            CubeNotFound: the one to write to is not there.
            IntegrityError: the file is no sound one, a signature is forged, or both cubes went on as one.
            AccessDenied: a signature is required, and there is none that counts.
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
        """The merge; without anybody to ask, what it would bring."""
        said: dict[str, Any] = {"untrusted": not source.trusted, "signers": source.signers}
        asked = agree is not None and not source.trusted and merge_plan.may_erase(source.vault)
        if agree and asked and (doomed := merge_plan.plan(vault, source.vault).erased):
            agree(doomed)  # before the transaction: nobody is kept waiting by a question
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
        """What becomes of adapters and slots: what goes along with the log, and is told by `Merged`."""
        terms: dict[str, Any] = {"trusted": source.trusted, "dry_run": dry_run}
        came = foreign_adapters.take_over(vault, source.vault, signed=bool(source.origin), **terms)
        return {"adapters": came, "slots": travel.keep_slots(self._session, vault, source.slots, after=source.vault, **terms)}

    def _require_reader(self, author: "Author", source: Vault) -> None:
        if (
            author.principal != self._session.person
        ):  # whoever can open the folder can read it; one that acts for somebody cannot
            governance.require_owner(author.principal, source.meta, "merge it into another cube")

    def _fingerprint(self, source: Vault) -> str | None:
        """The embedder of this home, where the other cube has vectors at all."""
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

        In the old cube they are forgotten, in one transaction, and can be restored. The new cube is there before that, whole:
        a kill in between leaves both.

        Args:
            new: the new cube's name or path.
            name: the cube that is split; `None` for the first one in use.
            keep: leave them in the old cube too.

        Raises:
            Refused: there is such a cube; one of the memories is frozen; the principal does not own the cube.
        """
        vault = self._session.vault(name) if name is not None else self._session.vaults()[0]
        author = self._session.author("split")
        governance.require_owner(author.principal, vault.meta, "split it")
        place = self._session.shelf.place(new)
        if place.exists():
            raise Refused(f"there is {place} already", hint="choose another name")
        narrowed = self._session.sight(vault, wanted)
        memories = past.seen(vault, narrowed).find(narrowed, "oldest")
        if not keep:
            _refuse_frozen(memories)
        ids = tuple(memory.id for memory in memories)
        if not ids:
            raise UsageError(
                "no memory is so, and an empty cube is made with memos cube create", hint="memos list, with the same options"
            )
        if dry_run:
            return Split(vault.name, new, str(place), ids, keep, None, dry_run=True)
        self._copy(vault, place, ids, author)
        txn = None if keep else _let_go(vault, ids, author, place.name)
        return Split(vault.name, place.name, str(place), ids, keep, txn)

    def _copy(self, vault: Vault, place: Path, ids: tuple[str, ...], author: "Author") -> None:
        """Make the new cube beside its place, and move it there when it is whole."""
        half = place.with_name(f".{place.name}.{os.urandom(6).hex()}")
        try:
            Vault.create(half, owner=vault.meta["owner"], millis=author.millis)
            known = self._fingerprint(vault)
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
        """What two cubes hold differently; of memories, those that the principal may see in both.

        Raises:
            CubeNotFound: one is not there.
        """
        principal = user_id or self._session.principal
        one, other = self._session.vault(first), self._session.vault(second)
        found = cube_diff.compare(one, other, lambda memory, vault: governance.may_see(memory, principal, vault.meta))
        return found._replace(first=first, second=second)

    def confirm(self, memory: Memory) -> None:
        """Note that somebody looked at a memory from elsewhere on purpose; best effort, as all noting of use."""
        if self._session.settings.get("use.record"):
            for vault in self._session.vaults():
                if vault.name == memory.cube:
                    vault.confirm([memory.id])


def _refuse_frozen(memories: "list[Memory]") -> None:
    frozen = [memory.id[:8] for memory in memories if memory.frozen]
    if frozen:
        ids = " ".join(frozen[:_NAMED])
        raise Refused(f"frozen, so they stay: {_some(frozen)}", hint=f"--keep leaves all in both; or: memos unfreeze {ids}")


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return " ".join(ids[:_NAMED]) + more


def _let_go(vault: Vault, ids: tuple[str, ...], author: "Author", new: str) -> str | None:
    gone: dict[str, Any] = {"state": State.EXPIRED.value, "since": author.at, "reason": f"split into {new}"}
    with author.write(vault) as unit:
        for identity in ids:
            if vault.get(identity).state not in {State.EXPIRED, State.PURGED}:
                unit.change("memory", identity, gone)
        return unit.log.txn if unit.log.count else None
