"""The timeline: versions of a memory, rollback to one of them, undo of a command, and the provenance of a memory.

No history is stored apart from the log. A version is a prefix of a memory's operations; rollback and undo append to the log.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from memos_cli.errors import IntegrityError, MemoryNotFound, NotFound, Refused, UsageError
from memos_cli.hybrid_clock import time_of
from memos_cli.infra.governance import governance
from memos_cli.infra.vault import connection, fold, log, past, queries
from memos_cli.infra.vault.blobs import Blobs
from memos_cli.infra.vault.bulk import births
from memos_cli.infra.vault.rules import rules
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Memory, Operation, Source, State
from memos_cli.operation.changes import change_each
from memos_cli.operation.history import evidence
from memos_cli.operation.history.versions import versions
from memos_cli.operation.results import Changed, Provenance, Sighting, TakenBack, Undone, Version, masked
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.session import Session

_FIRST_WORDS = 200
"""Characters of what a command changed, for a list of commands."""
_MANY = 100
"""New memories from which on they are taken back in lots."""
_OTHERS = "take back another command by its name: memos undo --list"


def roll_back(vault: Vault, identity: str, author: "Author", version: int) -> Changed:
    """Append the change that makes a memory what it was at a version.

    Raises:
        UsageError: the memory has no such version.
    """

    def back(_: Memory) -> dict[str, Any]:
        # Read within the transaction: another process may have written since this one looked.
        operations = fold.versions(vault.operations("memory", identity))
        if not 1 <= version <= len(operations):
            raise UsageError(
                f"{identity[:8]} has versions 1 to {len(operations)}, not {version}",
                hint=f"see them: memos history {identity[:8]}",
            )
        now, then = fold.fold(operations), fold.fold(fold.as_known(operations[:version], operations))
        then |= _present_source(vault, then, now)
        names = {*now, *then} - {fold.SEEN}
        return {name: then.get(name) for name in names if now.get(name) != then.get(name)}

    return change_each(vault, [identity], author, back)


def _present_source(vault: Vault, then: fold.Registers, now: fold.Registers) -> fold.Registers:
    """An earlier version's source where a purge erased its file: the blanked file, or no file if the place is another one."""
    source, present = then.get("source") or {}, now.get("source") or {}
    if not source.get("digest") or source["digest"] in Blobs(vault.folder / connection.BLOBS):
        return {}
    if {**source, "digest": None} == {**present, "digest": None}:
        return {"source": present}
    return {"source": {name: value for name, value in source.items() if name not in {"digest", "start", "end"}} or None}


def undoable(vault: Vault, by: str | None = None) -> str | None:
    """The newest transaction of this replica that is no undo and was not taken back; a tick's purges are passed over.

    Args:
        vault: the cube.
        by: whose commands are taken back; `None` for those of everybody, as the cube's owner may.
    """
    taken_back: set[str] = set()
    for txn, reverts, mine in past.transactions_backwards(vault, by):
        if mine and not reverts and txn not in taken_back and not past.purged_by_tick(vault, txn):
            return txn
        if txn not in taken_back:
            taken_back.update(reverts)
    return None


def undo(vault: Vault, author: "Author", name: str | None, *, count: int = 1, dry_run: bool = False) -> Undone:
    """Append the inverse of a transaction. Undoing an undo makes the transaction's changes again.

    The cube's owner may take back everybody's commands, all others only their own.

    Args:
        name: the transaction or the beginning of its name; `None` for the newest one that can be taken back.
        count: how many of the newest are taken back, all in one transaction, where none is named.

    Raises:
        NotFound: there is no such transaction, or there are not so many.
        Refused: what the transaction changed was changed again since, or was purged; or it is not this author's to change.
    """
    if dry_run and count == 1 and vault.sight is None:  # for anybody else each change has to be asked for
        going = _takes_back(vault, author, name)
        born = chain.from_iterable(births.lots(vault, going.txn)) if going.born else ()
        read = going.subjects if going.subjects is not None else (one for (_, one), _ in going.inverses)
        return _undone(None, [(going, [*read, *born])], dry_run=True)
    # Chosen and read within the transaction: of two processes that undo at once each takes back a step of its own. Each of
    # several is read when those after it are taken back already, as if they were undone one by one.
    with author.write(vault) as unit:
        done: list[tuple[_TakesBack, Sequence[str]]] = []
        for number in range(count):
            going = _takes_back(vault, author, name, before=number)
            subjects = list(going.subjects or ())
            if going.born:
                ending = births.EndingUnit.of(unit)
                for lot in births.lots(vault, going.txn):
                    ending.expire_all(lot, author.at, going.txn)
                    subjects += lot
            for (noun, subject), change in going.inverses:
                unit.change(noun, subject, change, reverts=going.txn)
                subjects += [subject] if going.subjects is None else []
            unit.take_back_tick(going.txn)
            done.append((going, subjects))
        if dry_run:
            unit.take_back()
        return _undone(None if dry_run else unit.log.txn, done, dry_run=dry_run)


def _undone(txn: str | None, done: "list[tuple[_TakesBack, Sequence[str]]]", *, dry_run: bool) -> Undone:
    newest = done[0][0]
    alone = newest.born and len(done) == 1  # of a million there is no dict beside them
    subjects = tuple(done[0][1] if alone else dict.fromkeys(chain.from_iterable(changed for _, changed in done)))
    each = tuple(TakenBack(going.txn, going.command, len(changed)) for going, changed in done)
    return Undone(txn, newest.txn, newest.command, subjects, dry_run, each)


class _TakesBack(NamedTuple):
    """What an undo is going to do: the transaction, its command, the inverse of each subject's change, and the subjects.

    `subjects` is `None` for a merge, which may have brought a million: they are known once the inverses were read. `born` tells
    that inverses and subjects are without the memories that were made and left alone since: these expire in lots.
    """

    txn: str
    command: str
    inverses: Iterator[tuple[tuple[str, str], dict[str, Any]]]
    subjects: tuple[str, ...] | None
    born: bool = False


def _takes_back(vault: Vault, author: "Author", name: str | None, *, before: int = 0) -> _TakesBack:
    """What an undo is going to do, once it has taken back so many commands before."""
    by = governance.asking(author.principal, vault.meta)
    txn = past.transaction_named(vault, name, by) if name else undoable(vault, by)
    if txn is None and before:
        few, hint = f"only {before} command{'s' * (before > 1)}", f"take back what there is: memos undo -n {before}"
        raise NotFound(f"{few} can be taken back in cube {vault.name}", hint=hint)
    if txn is None:
        raise NotFound(f"nothing to undo in cube {vault.name}")
    if vault.sight is not None and not past.is_seen_whole(vault, txn):
        raise Refused(f"{txn} changed something that is not yours to see any more", hint=_OTHERS)
    written = past.scope(vault, txn)
    if written.is_repair:
        raise Refused(f"{txn} repaired the log, and what it erased is gone", hint=_OTHERS)
    if written.receipt is not None:
        return _TakesBack(txn, written.command, _inverses_of_import(vault, written.receipt, author.at), None)
    born = vault.sight is None and births.are_there(vault, txn, _MANY)
    others = births.others(vault, txn) if born else past.subjects(vault, txn)
    inverses = _inverses(vault, txn, others, author.at, alone=not born)
    told = [one for noun, one in others if noun != past.FILE] or [one for _, one in others if not born]
    return _TakesBack(txn, written.command, iter(inverses.items()), tuple(dict.fromkeys(told)), born)


def _inverses(
    vault: Vault, txn: str, written: Sequence[tuple[str, str]], at: str, *, alone: bool = True
) -> dict[tuple[str, str], dict[str, Any]]:
    """For each subject that a transaction wrote to the change that takes it back, newest subject first.

    Operations of other commands may lie between those of this one in the log. So each register gets the value that it would
    have now had this command not been run, which keeps what the other commands wrote.

    Raises:
        Refused: as in `undo`; or the whole transaction was taken back already.
    """
    inverses: dict[tuple[str, str], dict[str, Any]] = {}
    undone = ""
    for noun, subject in reversed(written):
        history = vault.operations(noun, subject)
        mine = [index for index, operation in enumerate(history) if operation.txn == txn]
        # Behind what the command wrote itself there may be what a repair wrote in place of it.
        end = max((index for index in mine if history[index].command != log.DOCTOR), default=mine[-1])
        changed: dict[str, Any] = {}
        for index in mine:
            changed |= history[index].change or {}
        mended = (one for one in history[mine[-1] + 1 :] if one.command == log.DOCTOR)
        for name in {name for one in mended for name in one.change or ()}:
            changed.pop(name, None)  # no cube file could carry what it was, so it stays as it was mended
        before = fold.fold(operation for operation in history[: mine[-1]] if operation.txn != txn)
        if by := _taken_back_by(history[end + 1 :], txn):
            undone = by
            continue
        _refuse_if_changed_since(history, mine[-1], changed)
        # A memory that this transaction added has no state before it: it expires, and can be restored.
        born = noun == "memory" and mine[0] == 0
        inverses[noun, subject] = {"state": State.EXPIRED.value, "since": at} if born else fold.inverse(before, changed)
        if "source" in inverses[noun, subject]:
            inverses[noun, subject] |= _present_source(vault, before, fold.fold(history))
    if alone and not inverses:
        raise Refused(f"{txn} was taken back already", hint=f"do it again with: memos undo {undone}")
    return inverses


def _inverses_of_import(vault: Vault, receipt: Operation, at: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """For each subject the change that takes a merge back, one by one, as the caller asks for them.

    Merged operations lie between the cube's own, in the order of their clocks. So each register gets the value that the cube's
    own operations fold to. A purge on either side stays. An import may have brought a million operations, so only one subject
    is held at a time; the caller rolls its transaction back when this raises.

    Raises:
        Refused: another machine made the merge; or what it changed was changed again since; or it was taken back already.
    """
    if receipt not in past.receipts(vault):
        raise Refused(f"{receipt.txn} was a merge on another machine", hint="take it back there, and merge again")
    first, row = past.came_with(vault, receipt)
    undone, count = "", 0
    for noun, subject in chain(past.subjects_behind(vault, receipt, first, row), past.subjects_between(vault, first, row)):
        history, places = vault.operations(noun, subject), past.rows_of(vault, noun, subject)
        later = [one for one in sorted(history, key=lambda one: places[one.id]) if places[one.id] > row]
        later = [one for one in later if one.txn != receipt.txn]
        if by := _taken_back_by(later, receipt.txn):
            undone = by
            continue
        since = {operation.id for operation in later}
        # What the merge wrote of a memory behind its receipt followed from what came in, and goes with it.
        stays = {one.id for one in history if noun != "memory" and places[one.id] > row} - since
        was = fold.fold(one for one in history if places[one.id] < first or one.id in stays)
        merged, now = fold.fold(one for one in history if one.id not in since), fold.fold(history)
        if now.get(fold.PURGED):
            continue
        changed = {name for name in {*was, *merged} if was.get(name) != merged.get(name)}
        lost = {name for name in changed if merged.get(name) != now.get(name)} - {fold.SEEN}
        _refuse_if_clash(later, sorted(lost))
        if noun == "memory" and not was:
            changed, was = {"state", "since"}, {"state": State.EXPIRED.value, "since": at}
        inverse = {name: was.get(name) for name in changed}
        if "source" in changed:
            inverse |= _present_source(vault, was, now)
        if inverse:
            count += 1
            yield (noun, subject), inverse
    if not count:
        undone = undone and f"do it again with: memos undo {undone}"
        raise Refused(f"{receipt.txn} was taken back already, or only purged", hint=undone or None)


def _refuse_if_clash(later: list[Operation], clash: list[str]) -> None:
    culprit = next((operation for operation in reversed(later) if set(clash) & set(operation.change or {})), None)
    if culprit is not None:
        raise Refused(
            f"{culprit.subject[:8]} was changed again since: {', '.join(clash)} by {culprit.command}",
            hint=f"take that back first: memos undo {culprit.txn}",
        )


def _taken_back_by(later: list[Operation], txn: str) -> str | None:
    """The undo, among later operations on a subject, that still takes the transaction back; `None` where no undo does."""
    taken: dict[str, str] = {}
    for operation in reversed(later):
        if operation.reverts is not None and operation.txn not in taken:
            taken[operation.reverts] = operation.txn
    return taken.get(txn)


def _refuse_if_changed_since(history: list[Operation], last: int, changed: Iterable[str]) -> None:
    """Refuse to undo a register that has changed since the transaction: its present value would be lost silently.

    Args:
        last: the index of the transaction's last operation in the history.
        changed: the registers that the transaction changed.
    """
    then, now = fold.fold(history[: last + 1]), fold.fold(history)
    if now.get(fold.PURGED):
        raise Refused(f"{history[0].subject[:8]} was purged; a purge cannot be undone", hint=_OTHERS)
    # That a text was told again since takes nothing back.
    lost = {name for name in changed if then.get(name) != now.get(name)} - {fold.SEEN}
    _refuse_if_clash(history, sorted(lost))


def explain(vault: Vault, identity: str) -> Provenance:
    """The provenance of one memory."""
    memory = vault.get(identity)
    outgoing, incoming = vault.links(identity)
    verbatim, note = _verbatim(vault, memory)
    return Provenance(
        memory,
        tuple(versions(vault, identity)),
        tuple((link, _maybe(vault, link.target)) for link in outgoing),
        tuple((link, _maybe(vault, link.source)) for link in incoming),
        verbatim,
        note,
        tuple(_told_again(one) for one in fold.sightings(vault.operations("memory", identity))),
        evidence.chain(vault, identity),
    )


def _told_again(operation: Operation) -> Sighting:
    told: dict[str, Any] = (operation.change or {})[fold.SEEN]
    place = Source(**{name: value for name, value in told.items() if name in Source._fields})
    return Sighting(time_of(operation), operation.principal, operation.command, place)


def _maybe(vault: Vault, identity: str) -> Memory | None:
    try:
        return vault.get(identity)
    except MemoryNotFound:
        return None


def _verbatim(vault: Vault, memory: Memory) -> tuple[str | None, str | None]:
    """The span of the file that the memory was read from, or the reason why it cannot be shown."""
    source = memory.source
    if source.digest is None or source.start is None or source.end is None:
        return None, None
    try:
        content = Blobs(vault.folder / connection.BLOBS).get(source.digest)
    except IntegrityError as error:
        return None, error.message
    return content[source.start : source.end].decode("utf-8", "replace"), None


class Timeline:
    """The history of the cubes in use: versions, commands, undo, rollback and provenance.

    Args:
        session: who asks, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def undo(self, name: str | None = None, *, count: int = 1, dry_run: bool = False, cube: str | None = None) -> Undone:
        """Take the last command that wrote back, or the named one, or the last few as one step.

        Args:
            name: the transaction, or the beginning of its name.
            count: how many commands, where none is named.
            dry_run: change nothing, and return what would be taken back.
            cube: the name of one of the cubes in use; `None` for the first one.
        """
        vaults = [vault for vault in self._session.vaults() if cube in {None, vault.name}]
        if not vaults:
            raise NotFound("nothing to undo: there is nothing here yet")
        return undo(vaults[0], self._session.author("undo"), name, count=count, dry_run=dry_run)

    def commands(self, limit: int) -> tuple[dict[str, Any], ...]:
        """The last commands that wrote, newest first; `what` has the first words of what each changed.

        The cube's owner sees everybody's, all others their own: only those are theirs to take back.
        """
        found: list[dict[str, Any]] = []
        told: list[Memory] = []
        for vault in self._session.vaults():
            backwards = past.transactions_backwards(vault, governance.asking(self._session.principal, vault.meta))
            names = [name for (name, *_), _ in zip(backwards, range(limit), strict=False)]
            rows = past.transaction_summaries(vault, names)
            found += [{**row, "what": self._what(vault, row["txn"], told)} for row in rows]
        self._session.given("history", told, called="commands")
        return tuple(found)

    def _what(self, vault: Vault, txn: str, told: list[Memory]) -> str | None:
        """The first words of what a command changed: as it wrote them, secrets hidden; `None` for what nobody here may see.

        The memory whose words those are is appended to `told`.
        """
        first = past.first_changed(vault, txn)
        if first is None:
            return None
        if first.noun != "memory":
            return rules.changed(vault, first)
        sight = self._session.sight(vault, Filter(at=self._session.now, everything=True))
        memory = queries.visible(vault, [first.subject], queries.by_id(sight)).get(first.subject)
        if memory is None:
            return None
        told.append(memory)
        written = (first.change or {}).get("content", memory.content)
        if written == memory.content:
            return masked(memory)[:_FIRST_WORDS]
        return str((Version(0, first, "", {}).masked or {})["content"])[:_FIRST_WORDS]

    def history(self, text: str) -> tuple[Memory, tuple[Version, ...]]:
        """A memory and its versions, oldest first."""
        vault, identity = self._session.locate(text)
        return vault.get(identity), tuple(versions(vault, identity))

    def rollback(self, text: str, version: int) -> Changed:
        """Set a memory back to what it was at a version."""
        vault, identity = self._session.locate(text)
        return roll_back(vault, identity, self._session.author("rollback"), version)

    def provenance(self, text: str) -> Provenance:
        """Where a memory comes from, its versions, and its links."""
        vault, identity = self._session.locate(text)
        return explain(vault, identity)
