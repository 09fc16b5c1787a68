"""Cubes put together, taken apart and compared: `memos cube merge`, `split`, `diff`."""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple

from memos_cli import hybrid_clock
from memos_cli.errors import UsageError
from memos_cli.infra.governance import governance
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer import familiarity, held_changes, merge, merge_plan
from memos_cli.infra.transfer.familiarity import NOTHING
from memos_cli.infra.transfer.merge import Terms
from memos_cli.infra.transfer.slot_record import Travelling
from memos_cli.infra.vault import check, past, purge, search
from memos_cli.infra.vault.units import POLICY
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.cubes.split import Split, fingerprint, split
from memos_cli.model import Filter, Link, Memory
from memos_cli.operation.activation import travel
from memos_cli.operation.history import cube_diff
from memos_cli.operation.operator import placement
from memos_cli.operation.parametric import foreign_adapters
from memos_cli.signer import Signer

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.transfer.dumper import Progress
    from memos_cli.interface.cubes.transfer import Transfer
    from memos_cli.operation.lifecycle.erasure import Erasure
    from memos_cli.session import Session

Plan = merge_plan.Plan
Touched = familiarity.Touched
"""What a merge does not bring unasked."""
HeldChanges = held_changes.HeldChanges
"""The same, as a question that waits."""


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
        opened: links that were taken out, since they closed a circle with links of the other cube.
        touched: what was not taken over, since a stranger changes by it what is familiar here.
        held: the question about that; `None` where there is none, or where it was left.
        accepted: whether somebody accepted all of it.
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
    opened: tuple[Link, ...] = ()
    touched: Touched = NOTHING
    held: HeldChanges | None = None
    accepted: bool = False


class Answer(StrEnum):
    """What becomes of the changes of a stranger to what is familiar: they are taken over, held for later, or left for good."""

    TAKE = "take"
    HOLD = "hold"
    LEAVE = "leave"


class Asked(NamedTuple):
    """The question about the changes of one file: what they are, who signed it, and a function that compares both cubes."""

    touched: Touched
    signers: tuple[Signer, ...]
    look: Callable[[], cube_diff.Comparison]


Ask = Callable[[Asked], Answer]
"""Asks a person before the merge, outside of its transaction, so that the question blocks no other writer."""


class _Source(NamedTuple):
    """The cube that is read, whether it counts as one's own, and what is known of the file that it was in."""

    vault: Vault
    trusted: bool
    origin: dict[str, Any] = {}  # noqa: RUF012 -- never changed
    signers: tuple[Signer, ...] = ()
    slots: tuple[Travelling, ...] = ()


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

    def merge(
        self, other: str, into: str | None = None, *, dry_run: bool = False, take: bool = False, ask: Ask | None = None
    ) -> Merged:
        """Take over what another cube has and this one lacks, in one transaction that `undo` takes back.

        What a stranger changes of what is familiar here is held for `memos review`, and the rest is taken over.

        Args:
            other: a name or a path.
            into: the cube that is written to; `None` for the first one in use.
            take: take over all of it.
            ask: asks a person what to do with such changes; `None` to hold them.

        Raises:
            CubeNotFound: one of the cubes does not exist. UsageError: both are the same cube.
            IntegrityError: the other cube is damaged, or over a day ahead of this machine's clock, or two copies went on
                writing as one replica; nothing is changed.
            Refused: the principal does not own the cubes; or a stranger's cube goes on in the name of this one.
        """
        vault, author = self._target(into)
        source = self._source(author, other)
        if source.folder.resolve() == vault.folder.resolve():
            raise UsageError(f"{other} is the cube that it would be merged into", hint="see the cubes: memos cube list")
        # A cube in the home's own folder counts as one's own, but for what is a stranger there, unless it is still being made.
        near = source.folder.parent == self._session.paths.cubes and source.folder.name in self._session.shelf.names()
        if not near:
            check.require_sound(source)  # doctor looks at those of this home
        return self._merge(vault, _Source(source, near), author, other, dry_run=dry_run, take=take, ask=ask)

    def merge_file(
        self,
        stream: "BinaryIO | IO[bytes]",
        other: str,
        into: str | None = None,
        *,
        dry_run: bool = False,
        require_signed: bool = False,
        take: bool = False,
        ask: Ask | None = None,
        tell: "Progress" = lambda *_: None,
    ) -> Merged:
        """As `merge`, with the cube in a file, which is verified whole before anything is changed.

        Args:
            stream: the file, decrypted.
            other: what messages call it.
            into: see `merge`, as for `dry_run`, `take` and `ask`.
            require_signed: refuse a file without a signature by a key that is trusted here.
            tell: called with how many operations were read, of how many.

        Raises:
            CubeNotFound: the cube to write to does not exist.
            IntegrityError: the file is damaged, a signature is forged, or two copies went on writing as one replica.
            AccessDenied: a signature is required, and no trusted key made one.
            Refused: the principal does not own the cube; or a stranger's file goes on in the name of this cube.
        """
        vault, author = self._target(into)
        with self._transfer.staged(stream, "merged", require_signed=require_signed, tell=tell) as staged:
            source = _Source(staged.vault, staged.trusted, staged.origin, staged.signers, staged.slots)
            return self._merge(vault, source, author, other, dry_run=dry_run, take=take, ask=ask)

    def take(self, held: HeldChanges) -> Merged:
        """Take over what was held, as it is; all that came with it counts as accepted, too.

        Raises:
            Refused: the principal does not own the cube.
        """
        vault, author = self._target(held.cube)
        origin = {"file": held.file, "signers": list(held.signers)} if held.file else {}
        with Vault(held.path, held.other) as small:
            result = self._merge(vault, _Source(small, trusted=False, origin=origin), author, held.other, take=True, of=held)
        held_changes.drop(held.path)
        return result

    def _target(self, into: str | None) -> "tuple[Vault, Author]":
        vault = self._session.vault(into) if into is not None else self._session.writable()
        self._session.require("cube merge", vault)
        return vault, self._session.author("merge")

    def _merge(
        self,
        vault: Vault,
        source: _Source,
        author: "Author",
        other: str,
        *,
        dry_run: bool = False,
        take: bool = False,
        ask: Ask | None = None,
        of: HeldChanges | None = None,
    ) -> Merged:
        """The merge, or a report of what it would bring; `of` is the question that it answers."""
        # A staged file has shown this already. Before the transaction: who writes to a cube meanwhile has this clock, too.
        hybrid_clock.check_ahead(past.newest(source.vault), author.millis)
        said: dict[str, Any] = {"untrusted": not source.trusted, "signers": source.signers}
        terms = Terms(
            trusted=source.trusted, fingerprint=fingerprint(self._session, source.vault), note=source.origin, name=other
        )
        holding = terms._replace(hold=True)
        if dry_run:
            return self._planned(vault, source, other, terms if take else holding, said)
        answer = Answer.TAKE if take else Answer.HOLD if ask is None else self._answer(vault, source, holding, ask)
        terms = terms._replace(accepted=True) if answer is Answer.TAKE else holding
        places = self._erasure.places(vault)
        left = bool(purge.wipe(vault, places))
        with author.write(vault) as unit:
            merged = merge.merge(vault, unit, source.vault, terms)
            if of is not None and of.txn:
                familiarity.accept_import(vault, of.txn)
            for identity in search.keyed(vault, (*merged.plan.new, *merged.plan.newer)):
                placement.settle_key(vault, unit, identity)
            txn = unit.log.txn if unit.log.count else None
        said["unfinished"] = tuple(purge.wipe(vault, places, None if left else merged.texts))
        said |= {"now_trusted": merged.now_trusted, **({} if of is not None else self._learnt(vault, source, merged.touched))}
        said |= {"opened": merged.opened, "touched": merged.touched, "accepted": terms.accepted and not source.trusted}
        if answer is Answer.LEAVE:
            held_changes.leave(vault, merged.touched.digest)
        said["held"] = self._held(vault, source, author, other, merged.touched, txn)
        from_elsewhere = (POLICY, POLICY) in merged.plan.records and bool(vault.mark(POLICY))
        return Merged(vault.name, other, merged.plan, txn, foreign_policy=from_elsewhere, **said)

    def _planned(self, vault: Vault, source: _Source, other: str, terms: Terms, said: dict[str, Any]) -> Merged:
        planned, touched = merge.look(vault, source.vault, terms)
        said["now_trusted"] = len(merge.now_trusted(vault, source.vault)) if source.trusted else 0
        rules = source.trusted and not source.vault.mark(POLICY) and not vault.mark(POLICY)
        said["foreign_policy"] = (POLICY, POLICY) in planned.records and not rules
        said |= {"touched": touched, **self._learnt(vault, source, touched, dry_run=True)}
        return Merged(vault.name, other, planned, None, dry_run=True, **said)

    def _answer(self, vault: Vault, source: _Source, terms: Terms, ask: Ask) -> Answer:
        touched = merge.asks(vault, source.vault, terms)
        if not touched.changes:
            return Answer.HOLD
        if held_changes.was_left(vault, touched.digest):
            return Answer.LEAVE
        return ask(Asked(touched, source.signers, lambda: differing(vault, source.vault, touched.subjects)))

    def _held(
        self, vault: Vault, source: _Source, author: "Author", other: str, touched: Touched, txn: str | None
    ) -> HeldChanges | None:
        """Keep what was not taken over, unless it was left; the question about it."""
        if held_changes.count(vault):
            held_changes.tidy(vault)
        if not touched.changes or held_changes.was_left(vault, touched.digest):
            return None
        when: dict[str, Any] = {"at": author.at, "millis": author.millis, "txn": txn}
        return held_changes.keep(vault, source.vault, touched, name=other, origin=source.origin, **when)

    def _learnt(self, vault: Vault, source: _Source, touched: Touched, *, dry_run: bool = False) -> dict[str, Any]:
        """Take over adapters and slots, which travel beside the log; the result as fields of `Merged`."""
        terms: dict[str, Any] = {"trusted": source.trusted, "dry_run": dry_run}
        without = {name for noun, name in touched.subjects if noun == adapters.NOUN}
        came = foreign_adapters.take_over(vault, source.vault, signed=bool(source.origin), without=without, **terms)
        return {"adapters": came, "slots": travel.keep_slots(self._session, vault, source.slots, after=source.vault, **terms)}

    def _source(self, author: "Author", name: str) -> Vault:
        """The cube to merge, all of it: the person of the home can open the folder anyway, who acts for somebody may not."""
        source = self._session.vault(name)
        if author.principal == self._session.person:
            return self._session.vault(name, source.meta["owner"])
        self._session.require("cube merge from", source)
        return source

    def split(
        self, new: str, name: str | None = None, wanted: Filter | None = None, *, keep: bool = False, dry_run: bool = False
    ) -> Split:
        """Move memories to a new cube: see `split.split`."""
        return split(self._session, new, name, wanted, keep=keep, dry_run=dry_run)

    def diff(self, first: str, second: str, user_id: str | None = None) -> cube_diff.Comparison:
        """The differences of two cubes; of memories, only those that the principal may see in both.

        Raises:
            CubeNotFound: one of them does not exist.
        """
        one, other = self._session.vault(first, user_id), self._session.vault(second, user_id)
        found = cube_diff.compare(one, other, lambda memory, vault: governance.may(vault, "read", memory))
        return found._replace(first=first, second=second)

    def confirm(self, memory: Memory) -> None:
        """Record that somebody looked at an untrusted memory on purpose; best effort, like all recording of use."""
        if self._session.settings.get("use.record"):
            for vault in self._session.vaults():
                if vault.name == memory.cube:
                    vault.confirm([memory.id])


def differing(here: Vault, there: Vault, subjects: Collection[tuple[str, str]]) -> cube_diff.Comparison:
    """What two cubes hold differently of these memories and records."""
    found = cube_diff.compare(here, there, lambda memory, _: ("memory", memory.id) in subjects)
    return found._replace(records=tuple(one for one in found.records if one[:2] in subjects))
