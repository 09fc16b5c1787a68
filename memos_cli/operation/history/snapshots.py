"""Snapshots: names for positions in a cube's log, which can be compared, and restored.

Nothing is copied. The state of the cube at a position is folded from the log; restoring a snapshot appends the changes that
lead back to it, in one transaction that can be undone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemoryNotFound, NotFound, Refused
from memos_cli.infra.governance import governance
from memos_cli.infra.vault import fold, log, past
from memos_cli.infra.vault.past import SNAPSHOT
from memos_cli.infra.vault.vault import Vault
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
        at: when the snapshot was made, fixed-width UTC text.
        position: for each replica the number of its last operation in the snapshot; see `infra.vault.log.Position`.
        changes: how many operations followed the snapshot.
    """

    name: str
    cube: str
    at: str
    note: str | None
    position: dict[str, Any]
    changes: int


class Compared(NamedTuple):
    """The differences between a snapshot and now, or another snapshot.

    Attributes:
        other: the other snapshot; `None` for now.
    """

    name: str
    at: str
    other: str | None
    other_at: str
    differences: "tuple[Difference, ...]"


class Restored(NamedTuple):
    """What restoring a snapshot took back.

    Attributes:
        differences: what had changed since, and is now as it was; a purged memory stays purged.
    """

    name: str
    at: str
    differences: "tuple[Difference, ...]"
    txn: str | None
    dry_run: bool = False


class Snapshots:
    """The snapshots of the cubes in use; only those of the first cube are made, restored and removed."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def create(self, name: str, note: str | None = None) -> Snapshot:
        """Name the present end of the log.

        Raises:
            UsageError: a snapshot cannot have that name.
            Refused: there is a snapshot of that name.
        """
        name = checked_name(name, "the name")
        vault, author = self._session.writable(), self._session.author(SNAPSHOT)
        with author.write(vault) as unit:
            if name in vault.records(SNAPSHOT):
                raise Refused(f"there is a snapshot {name!r} already", hint=f"remove it first: memos snapshot rm {name}")
            unit.change(SNAPSHOT, name, {"position": vault.position(), "at": author.at, "note": note or None})
        return _made(vault, name, past.snapshot(vault, name))

    def list(self) -> tuple[Snapshot, ...]:
        """All snapshots, oldest first."""
        found = [
            _made(vault, name, fields) for vault in self._session.vaults() for name, fields in vault.records(SNAPSHOT).items()
        ]
        return tuple(sorted(found, key=lambda one: (one.at, one.name)))

    def diff(self, name: str, other: str | None = None, *, user_id: str | None = None) -> Compared:
        """The differences from a snapshot to another one, or to now, without memories that the principal may not see.

        Raises:
            NotFound: there is no such snapshot.
        """
        vault, principal = self._vault(name, user_id), user_id or self._session.principal
        first, second = past.snapshot(vault, name), past.snapshot(vault, other) if other is not None else None
        differences = tuple(
            one
            for one in between(vault, first["position"], second["position"] if second else None)
            if one.memory is None or governance.may_see(one.memory, principal, vault.meta)
        )
        return Compared(name, first["at"], other, second["at"] if second else self._session.now, differences)

    def look(self, texts: Sequence[str], name: str, user_id: str | None = None) -> tuple[Memory, ...]:
        """Memories as they were, by id, prefix or external id, folded one by one without reading the rest of the cube.

        The counts of their uses are empty, since uses are not in the log.

        Raises:
            NotFound: there is no such snapshot.
            MemoryNotFound: a memory was not there, or the principal could not see it.
        """
        return tuple(self._look(text, name, user_id or self._session.principal) for text in texts)

    def _look(self, text: str, name: str, principal: str) -> Memory:
        vault, identity = self._session.locate(text, principal)
        place = past.snapshot(vault, name)["position"]
        history = vault.operations("memory", identity)
        operations = fold.as_known([one for one in history if log.within(one, place)], history)
        memory = fold.memory(identity, operations)[0]._replace(cube=vault.name) if operations else None
        if memory is None or not governance.may_see(memory, principal, vault.meta):
            hint = f"see what there was: memos list --snapshot {name}"
            raise MemoryNotFound(f"no memory {text[:40]!r} in snapshot {name} of cube {vault.name}", hint=hint)
        return memory

    def restore(self, name: str, *, dry_run: bool = False) -> Restored:
        """Restore the cube as it was: memories, links, views and all other records but the snapshots.

        A memory added since expires, and can be restored; a memory purged since stays purged.

        Raises:
            NotFound: there is no such snapshot.
            Refused: a frozen memory has changed since, or the cube is somebody else's. Then nothing is changed.
        """
        vault, author = self._vault(name), self._session.author("snapshot restore")
        governance.require_owner(author.principal, vault.meta, "restore a snapshot")
        with author.write(vault) as unit:
            then = past.snapshot(vault, name)
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
        """Remove a snapshot's name; the log stays as it is.

        Raises:
            NotFound: there is no such snapshot.
        """
        vault = self._vault(name)
        if dry_run:
            return _made(vault, name, past.snapshot(vault, name))
        with self._session.author(SNAPSHOT).write(vault) as unit:
            fields = past.snapshot(vault, name)
            removed = _made(vault, name, fields)
            unit.change(SNAPSHOT, name, dict.fromkeys(fields))
        return removed

    def _vault(self, name: str, user_id: str | None = None) -> Vault:
        vaults = self._session.vaults(user_id)
        if not vaults:
            raise NotFound(f"no snapshot {name[:40]!r}: there is nothing here yet", hint='memos add "I am vegan now"')
        return vaults[0]


def _made(vault: Vault, name: str, fields: dict[str, Any]) -> Snapshot:
    place = fields["position"]
    return Snapshot(name, vault.name, fields["at"], fields.get("note"), place, past.changes_since(vault, place))


def _change_back(one: Difference, at: str) -> dict[str, Any]:
    """The change that takes a difference back: a memory that was not there is forgotten, a purged one stays purged."""
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
