"""Snapshots: names for positions in a cube's log, comparing them, and going back to one.

Nothing is copied. What the cube was at a position is folded from the log; going back appends what makes it so again, in one
transaction that can be undone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemoryNotFound, NotFound, Refused
from memos_cli.infra.governance import governance
from memos_cli.infra.vault import fold, log
from memos_cli.infra.vault.vault import SNAPSHOT, Vault
from memos_cli.model import Memory, State
from memos_cli.operation.changes import checked_name
from memos_cli.operation.history.differences import Change, Difference, between

if TYPE_CHECKING:
    from memos_cli.session import Session


_NAMED = 5
"""How many ids a refusal lists."""


class Snapshot(NamedTuple):
    """A named position in the log of a cube.

    Attributes:
        at: when it was made, fixed-width UTC text.
        position: for each replica the number of its last operation that belongs to it; see `infra.vault.log.Position`.
        changes: how many operations came after it.
    """

    name: str
    cube: str
    at: str
    note: str | None
    position: dict[str, Any]
    changes: int


class Compared(NamedTuple):
    """What differs between a snapshot and now, or another snapshot.

    Attributes:
        other: the other snapshot; `None` for now.
    """

    name: str
    at: str
    other: str | None
    other_at: str
    differences: "tuple[Difference, ...]"


class Restored(NamedTuple):
    """What making a cube again what it was at a snapshot took back.

    Attributes:
        differences: what had changed since, and is as it was; but what was purged stays so.
    """

    name: str
    at: str
    differences: "tuple[Difference, ...]"
    txn: str | None
    dry_run: bool = False


class Snapshots:
    """The snapshots of the cubes in use; what changes one is done in the first cube."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def create(self, name: str, note: str | None = None) -> Snapshot:
        """Name the present end of the log.

        Raises:
            UsageError: no such name can be.
            Refused: there is a snapshot of that name.
        """
        name = checked_name(name, "the name")
        vault, author = self._session.writable(), self._session.author(SNAPSHOT)
        with author.write(vault) as unit:
            if name in vault.records(SNAPSHOT):
                raise Refused(f"there is a snapshot {name!r} already", hint=f"remove it first: memos snapshot rm {name}")
            unit.change(SNAPSHOT, name, {"position": vault.position(), "at": author.at, "note": note or None})
        return _made(vault, name, vault.snapshot(name))

    def list(self) -> tuple[Snapshot, ...]:
        """All of them, oldest first."""
        found = [
            _made(vault, name, fields) for vault in self._session.vaults() for name, fields in vault.records(SNAPSHOT).items()
        ]
        return tuple(sorted(found, key=lambda one: (one.at, one.name)))

    def diff(self, name: str, other: str | None = None, *, user_id: str | None = None) -> Compared:
        """What differs from a snapshot to another one, or to now; of memories, those that the principal may see.

        Raises:
            NotFound: no such snapshot.
        """
        vault, principal = self._vault(name), user_id or self._session.principal
        first, second = vault.snapshot(name), vault.snapshot(other) if other is not None else None
        differences = tuple(
            one
            for one in between(vault, first["position"], second["position"] if second else None)
            if one.memory is None or governance.may_see(one.memory, principal, vault.meta)
        )
        return Compared(name, first["at"], other, second["at"] if second else self._session.now, differences)

    def look(self, texts: Sequence[str], name: str, user_id: str | None = None) -> tuple[Memory, ...]:
        """Memories as they were, by id, prefix or external id, folded one by one: the rest of the cube is not looked at.

        How often they were used is not in the log, and so not known of then.

        Raises:
            NotFound: no such snapshot.
            MemoryNotFound: one was not there, or the principal could not see it.
        """
        return tuple(self._look(text, name, user_id or self._session.principal) for text in texts)

    def _look(self, text: str, name: str, principal: str) -> Memory:
        vault, identity = self._session.locate(text, principal)
        place = vault.snapshot(name)["position"]
        operations = [one for one in vault.operations("memory", identity) if log.within(one, place)]
        memory = fold.memory(identity, operations)[0]._replace(cube=vault.name) if operations else None
        if memory is None or not governance.may_see(memory, principal, vault.meta):
            hint = f"see what there was: memos list --snapshot {name}"
            raise MemoryNotFound(f"no memory {text[:40]!r} in snapshot {name} of cube {vault.name}", hint=hint)
        return memory

    def restore(self, name: str, *, dry_run: bool = False) -> Restored:
        """Make the cube again what it was: memories, links, views and all else but the snapshots.

        What was added since expires, and can be restored; what was purged since stays so.

        Raises:
            NotFound: no such snapshot.
            Refused: a frozen memory is not what it was; or the cube is somebody else's. Nothing is changed then.
        """
        vault, author = self._vault(name), self._session.author("snapshot restore")
        governance.require_owner(author.principal, vault.meta, "restore a snapshot")
        then = vault.snapshot(name)
        with author.write(vault) as unit:
            differences = tuple(between(vault, then["position"]))
            _refuse_frozen(differences)
            for one in differences:
                if change := _change_back(one, author.at):
                    unit.change(one.noun, one.subject, change)
            txn = unit.log.txn if unit.log.count and not dry_run else None
            if dry_run:
                unit.take_back()
        return Restored(name, then["at"], differences, txn, dry_run)

    def remove(self, name: str, *, dry_run: bool = False) -> Snapshot:
        """Remove a name; the log stays as it is.

        Raises:
            NotFound: no such snapshot.
        """
        vault = self._vault(name)
        fields = vault.snapshot(name)
        removed = _made(vault, name, fields)
        if not dry_run:
            with self._session.author(SNAPSHOT).write(vault) as unit:
                unit.change(SNAPSHOT, name, dict.fromkeys(fields))
        return removed

    def _vault(self, name: str) -> Vault:
        vaults = self._session.vaults()
        if not vaults:
            raise NotFound(f"no snapshot {name[:40]!r}: there is nothing here yet", hint='memos add "I am vegan now"')
        return vaults[0]


def _made(vault: Vault, name: str, fields: dict[str, Any]) -> Snapshot:
    place = fields["position"]
    return Snapshot(name, vault.name, fields["at"], fields.get("note"), place, vault.changes_since(place))


def _change_back(one: Difference, at: str) -> dict[str, Any]:
    """What makes a thing what it was: a memory that was not there is forgotten, one that was purged stays purged."""
    if one.change is Change.PURGED:
        return {}
    if one.noun == "memory" and not one.then:
        return {"state": State.EXPIRED.value, "since": at}
    return one.back


def _refuse_frozen(differences: tuple[Difference, ...]) -> None:
    frozen = [one.subject[:8] for one in differences if one.now.get("frozen")]
    if frozen:
        ids = " ".join(frozen[:_NAMED])
        more = f" and {len(frozen) - _NAMED} more" if len(frozen) > _NAMED else ""
        raise Refused(f"frozen, and not what it was: {ids}{more}", hint=f"thaw it first: memos unfreeze {ids}")
