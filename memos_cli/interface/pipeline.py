"""Memory Pipeline: the flows that write, each one transaction: all of it, or nothing.

`add`, `edit`, `forget`, `restore`, `link` and the switches on a memory. The write transaction is opened here and in the
flows beside it (`timeline`, `snapshots`, `tasks`), and nowhere else.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.errors import Refused, UsageError
from memos_cli.infra import governance
from memos_cli.infra.vault import fold, search
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.results import Added, Changed, Receipt
from memos_cli.model import HOT_STATES, Draft, Filter, Kind, LinkType, Memory, State
from memos_cli.operation import operator, scopes
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from memos_cli.infra.purge import Place

_PROMOTED = (Kind.RULE, Kind.PREFERENCE)
MOST_CHARACTERS = 1_000_000
"""The longest content of one memory. Longer text is a document: `--file` takes it apart."""


class Author:
    """Who writes, when, and by which command.

    Args:
        principal: the person or agent.
        millis: the time, in milliseconds since 1970.
        command: the command's name, as the log keeps it.
    """

    def __init__(self, principal: str, millis: int, command: str) -> None:
        self.principal = principal
        self.millis = millis
        self.command = command

    @property
    def at(self) -> str:
        """The time as fixed-width text."""
        return from_millis(self.millis)

    def write(self, vault: Vault, txn: str | None = None) -> Any:  # noqa: ANN401 -- a context manager of Unit
        """The write transaction of this author on a cube; `txn` is that of a command that goes on."""
        return vault.write(self.command, self.principal, self.millis, txn)


def check_content(text: str) -> str:
    """The content as it is stored, or the reason why it cannot be.

    Raises:
        UsageError: empty, too long, or not text.
    """
    if not text.strip():
        raise UsageError("there is nothing to remember: the content is empty", hint='memos add "I am vegan now"')
    if len(text) > MOST_CHARACTERS:
        raise UsageError(
            f"content of {len(text):,} characters is too long for one memory (at most {MOST_CHARACTERS:,})",
            hint="save it to a file and add that with --file: it is taken apart",
        )
    if "\x00" in text:
        raise UsageError("the content holds a NUL character, so it is not text")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError("the content holds half a surrogate pair, which is no character") from None
    return text


def ingest(
    vault: Vault,
    drafts: Iterable[Draft],
    author: Author,
    tell: Callable[[int], None] = lambda _: None,
    *,
    derived: Sequence[tuple[int, Draft]] = (),
) -> Added:
    """Store drafts in one transaction; duplicates are found, edits made, older values superseded.

    Args:
        tell: called with the number of drafts done, now and then.
        derived: what was extracted from a draft, with that draft's place among `drafts`; linked to it where it is new.
    """
    counts = {"added": 0, "edited": 0, "duplicate": 0}
    ids: list[str] = []
    superseded: list[str] = []
    conflicts: list[str] = []
    confirmed: list[str] = []
    secrets = 0
    tasks: set[str] = set()
    with author.write(vault) as unit:
        for draft in drafts:
            placed = operator.place(vault, unit, draft, author.principal, author.at)
            counts[placed.outcome] += 1
            ids.append(placed.id)
            superseded += placed.superseded
            conflicts += placed.conflicts
            secrets += bool(draft.labels)
            if placed.outcome == "duplicate":
                confirmed.append(placed.id)
                if draft.kind in _PROMOTED:
                    _promote(vault, unit, placed.id)
            elif draft.task is not None:
                tasks.add(draft.task)
            if len(ids) % 1000 == 0:
                tell(len(ids))
        extracted = []
        for place, draft in derived:
            placed = operator.place(vault, unit, draft, author.principal, author.at)
            superseded += placed.superseded
            conflicts += placed.conflicts
            if placed.outcome == "added":
                unit.change("memory", placed.id, {f"{fold.LINK}{LinkType.DERIVED_FROM}:{ids[place]}": True})
                extracted.append(placed.id)
            elif placed.outcome == "duplicate":
                confirmed.append(placed.id)
        reopened = scopes.reopen(vault, unit, tasks)
        txn = unit.log.txn if unit.log.count else None
    if confirmed:
        vault.record_uses(confirmed, author.at)
        vault.confirm(confirmed)
    return Added(
        counts["added"], counts["edited"], counts["duplicate"], tuple(ids), (), tuple(superseded), tuple(conflicts), txn,
        memory=vault.get(ids[0]) if len(ids) == 1 else None, secrets=secrets, pending=search.pending_count(vault.conn),
        extracted=tuple(extracted),
        reopened=reopened,
    )  # fmt: skip


def _promote(vault: Vault, unit: Unit, identity: str) -> None:
    """Make a rule that is told again part of the core: it becomes one, where it was a preference, and goes before others."""
    memory = vault.get(identity)
    if memory.frozen or memory.kind not in _PROMOTED:
        return
    from memos_cli.interface.reader import is_rule

    if memory.kind is Kind.RULE or is_rule(memory.content):
        fields = {"kind": Kind.RULE.value, "priority": max(1, memory.priority)}
        if change := {name: value for name, value in fields.items() if getattr(memory, name) != value}:
            unit.change("memory", identity, change)


def change_each(
    vault: Vault,
    ids: Sequence[str],
    author: Author,
    change: Callable[[Memory], dict[str, Any]],
    *,
    thawed: bool = True,
    dry_run: bool = False,
) -> Changed:
    """Append to each memory the change that `change` names for it, in one transaction; an empty change is none.

    Args:
        thawed: refuse frozen memories.
        dry_run: do all of it, then take it back.

    Raises:
        Refused: frozen, or not the principal's to change. Nothing is written then.
    """
    with author.write(vault) as unit:
        touched = [one for one in dict.fromkeys(ids) if _change_one(vault, unit, one, author, change, thawed=thawed)]
        txn = unit.log.txn if touched and not dry_run else None
        if dry_run:
            unit.take_back()
    return Changed(author.command, tuple(touched), txn, tuple(vault.get(identity) for identity in dict.fromkeys(ids)), dry_run)


def _change_one(
    vault: Vault,
    unit: Unit,
    identity: str,
    author: Author,
    change: Callable[[Memory], dict[str, Any]],
    *,
    thawed: bool,
) -> bool:
    memory = vault.get(identity)
    governance.require_change(memory, author.principal, vault.meta)
    fields = change(memory)
    if not fields:
        return False
    if thawed:
        governance.require_thaw(memory)
    unit.change("memory", identity, fields)
    return True


def forget(vault: Vault, ids: Sequence[str], author: Author, *, thaw: bool, dry_run: bool) -> Changed:
    """Let memories expire: out of every answer at once, and restorable.

    Args:
        thaw: also frozen ones; the person was asked.
    """

    def expire(memory: Memory) -> dict[str, Any]:
        return {} if memory.state is State.EXPIRED else {"state": State.EXPIRED.value, "since": author.at}

    return change_each(vault, ids, author, expire, thawed=not thaw, dry_run=dry_run)


def purge(vault: Vault, ids: Sequence[str], author: Author, places: "Sequence[Place]", *, thaw: bool, dry_run: bool) -> Receipt:
    """Let nothing be left of memories but their ids; there is no way back.

    Args:
        places: what besides the cube's file may hold the texts.
        thaw: also frozen ones; the person was asked.

    Raises:
        Refused: frozen, or not the principal's to change. Nothing is written then.
    """
    from memos_cli.infra import purge as purging  # here, since every add and edit would import it for nothing

    asking = governance.asking(author.principal, vault.meta)
    left = not dry_run and bool(purging.wipe(vault, places))
    with author.write(vault) as unit:
        for memory in map(vault.get, ids):
            governance.require_change(memory, author.principal, vault.meta)
            if not thaw:
                governance.require_thaw(memory)
        purged = purging.purge(vault, unit, ids, places, dry_run=dry_run)
        txn = unit.log.txn if purged.ids and not dry_run else None
        if dry_run:
            unit.take_back()
    unfinished = () if dry_run else tuple(purging.wipe(vault, places, None if left else purged.texts))
    found = purging.holders(vault, purged)
    sight = Filter(at="", everything=True, principal=asking)
    seen = tuple(one for one in found if one.noun != "memory" or vault.can_see(one.id, sight))
    return Receipt(purged.ids, purged.removed, seen, len(found) - len(seen), unfinished, txn, dry_run)


def restore(vault: Vault, ids: Sequence[str], author: Author) -> Changed:
    """Bring forgotten or archived memories back.

    Raises:
        Refused: one was purged, so there is nothing to bring back.
    """

    def revive(memory: Memory) -> dict[str, Any]:
        if memory.state is State.PURGED:
            raise Refused(f"{memory.id[:8]} was purged: nothing of it is left to restore")
        if memory.state in HOT_STATES:
            return {}
        fields: dict[str, Any] = {"state": State.ACTIVATED.value, "since": author.at}
        if memory.expires_at is not None and memory.expires_at <= author.at:
            fields["expires_at"] = None
        return fields

    return change_each(vault, ids, author, revive, thawed=False)


def edit(vault: Vault, identity: str, author: Author, fields: dict[str, Any]) -> Changed:
    """Set fields of a memory; fields that have their value already are left out, and an edit of nothing is none."""

    def differing(memory: Memory) -> dict[str, Any]:
        registers = fold.fold(vault.operations("memory", memory.id))
        return {name: value for name, value in fields.items() if registers.get(name) != value}

    if "content" in fields:
        check_content(fields["content"])
    return change_each(vault, [identity], author, differing)


def switch_many(vault: Vault, ids: Sequence[str], author: Author, registers: dict[str, bool]) -> Changed:
    """Turn several registers of memories on or off in one transaction."""
    # The freeze itself is no change that a freeze stands against: otherwise nothing could ever be thawed.
    thawed = "frozen" not in registers
    return change_each(vault, ids, author, lambda memory: _turned(vault, memory, registers), thawed=thawed)


def _turned(vault: Vault, memory: Memory, registers: dict[str, bool]) -> dict[str, Any]:
    now = fold.fold(vault.operations("memory", memory.id))
    return {name: True if on else None for name, on in registers.items() if bool(now.get(name)) != on}


def link(vault: Vault, source: str, kind: LinkType, target: str, author: Author, *, on: bool) -> Changed:
    """Set or remove a typed link between two memories.

    Raises:
        UsageError: it leads to the memory itself, or would close a circle of links that have to come to an end.
    """
    from memos_cli.infra import circles

    if source == target:
        raise UsageError("a memory is not linked to itself")

    def turn(memory: Memory) -> dict[str, Any]:
        # Within the transaction: else two processes that link two memories one way each would both find the way free.
        if on and kind in circles.ACYCLIC and circles.leads(vault.conn, target, kind, source):
            raise UsageError(
                f"links of type {kind} lead from {target[:8]} to {source[:8]} already: this one would close a circle"
            )
        return _turned(vault, memory, {f"{fold.LINK}{kind}:{target}": on})

    return change_each(vault, [source], author, turn)
