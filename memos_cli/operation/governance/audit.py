"""The audit of the cubes in use: who read and who wrote what, whether the records of both are whole, and what left.

What was written is read from the log, and what was read from the record of reads; neither is kept a second time.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from memos_cli.errors import MemoryNotFound, UsageError
from memos_cli.infra.governance import governance, read_log
from memos_cli.infra.limits import is_hash
from memos_cli.infra.vault import check, past, queries
from memos_cli.infra.vault.rules import rules
from memos_cli.model import Filter, Memory
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session

LEAVING = ("export", "prompt", "adapter", "slot", "sync")
"""The actions by which what a cube holds leaves it: into a file, for a model, into its weights or its states."""
WRITE = "write"
_SHOWN = 20
"""The most memories that are named as the most read ones."""


class AuditEntry(NamedTuple):
    """What somebody read, was denied, or wrote.

    Attributes:
        at: when, fixed-width UTC text.
        principal: who.
        command: by which command; for a program the method that it called.
        action: `write`, or for another thing than memories what it was (`rule`, `policy`, …); of what was read `search`,
            `show`, `list`, `history`, `prompt`, `export`, …; `denied` for an attempt.
        purpose: what it was for; empty for a look.
        denied: whether it was refused.
        memories: the ids of the memories that may be named to whoever asks; `None` for all of the cube.
        size: how many memories, or other things, those were.
        first: the first of these memories that whoever asks may see.
        what: what was changed that is no memory; `None` for memories and for what was read.
        entry: the number in the record of reads; `None` for what is in the log.
        txn: the command in the log; `None` for what was read.
    """

    at: str
    cube: str
    principal: str
    command: str
    action: str
    purpose: str
    denied: bool
    memories: tuple[str, ...] | None
    size: int
    first: Memory | None = None
    what: str | None = None
    entry: int | None = None
    txn: str | None = None


class AuditEnd(NamedTuple):
    """The last entry of a chain, to be noted elsewhere: of the log for each copy of the cube that wrote, or of the reads."""

    chain: str
    number: int
    head: str


class AuditVerified(NamedTuple):
    """Whether the records of a cube are whole.

    Attributes:
        operations: how many there are in the log; `reads` in the record of reads.
        ends: the last entry of each chain.
        faults: what is wrong, a line each, the first bad entry of each chain first.
        held: how many noted heads were found.
    """

    cube: str
    operations: int
    reads: int
    ends: tuple[AuditEnd, ...]
    faults: tuple[str, ...]
    held: int


class AuditReader(NamedTuple):
    """What a principal read.

    Attributes:
        reads: how often; `denied` how often in vain.
        memories: how many memories those were.
        actions: how often by each action.
    """

    principal: str
    reads: int
    denied: int
    memories: int
    actions: dict[str, int]
    first: str
    last: str


class AuditRead(NamedTuple):
    """A memory that was read: how often, and by whom."""

    memory: str
    times: int
    principals: tuple[str, ...]
    first: Memory | None


class AuditReport(NamedTuple):
    """Who saw what of a cube, what changed of the rights, and what left.

    Attributes:
        own: whether what the owner reads is recorded, too.
        rights: the commands that changed rules, principals, the policy, an owner or a visibility.
        left: what left by an export, a prompt, an adapter or a slot; by an adapter whoever had it trained.
    """

    cube: str
    owner: str
    own: bool
    since: str | None
    until: str | None
    readers: tuple[AuditReader, ...]
    most_read: tuple[AuditRead, ...]
    rights: tuple[AuditEntry, ...]
    left: tuple[AuditEntry, ...]


class Audit:
    """The audit of the cubes in use.

    Args:
        session: who asks, of which cubes. The owner of a cube is told all; others what they did themselves, and what was done
            with memories of their own.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def log(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        principal: str | None = None,
        memory: str | None = None,
        action: str | None = None,
        denied: bool = False,
        limit: int | None = None,
        user_id: str | None = None,
    ) -> tuple[AuditEntry, ...]:
        """What was read and written, the newest first.

        Args:
            since: the earliest time, fixed-width UTC text; `until` likewise, exclusive.
            until: see `since`.
            principal: only what this one did.
            memory: only what was done with this memory: its id, the beginning of that, or its external id.
            action: only this action, or this command.
            denied: only attempts that were refused.
            limit: how many entries.
            user_id: who asks.

        Raises:
            MemoryNotFound: there is no such memory. AmbiguousId: there are several.
        """
        asked = read_log.Asked(since, until, principal, None, None, denied)
        places = (
            self._places(memory, user_id) if memory is not None else [(vault, None) for vault in self._session.vaults(user_id)]
        )
        each = [self._of(vault, asked._replace(memory=identity), action, user_id) for vault, identity in places]
        return tuple(islice(merge(*each, key=lambda entry: entry.at, reverse=True), limit))

    def _places(self, memory: str, user_id: str | None) -> "list[tuple[Vault, str | None]]":
        """The cube that knows a memory, and its id. Who owns the cube may ask about a memory that was purged, too."""
        try:
            return [self._session.locate(memory, user_id)]
        except MemoryNotFound:
            for vault in self._session.vaults(user_id):
                known = past.memory_ever(vault, memory) if self._owns(vault, user_id) else None
                if known is not None:
                    return [(vault, known)]
            raise

    def _owns(self, vault: "Vault", user_id: str | None) -> bool:
        return governance.asking(user_id or self._session.principal, vault.meta) is None

    def _of(self, vault: "Vault", asked: read_log.Asked, action: str | None, user_id: str | None) -> Iterator[AuditEntry]:
        """The entries of one cube that whoever asks may see, the newest first, each with the words that they may see."""
        who, owns = user_id or self._session.principal, self._owns(vault, user_id)
        reads = (_read(vault, one) for one in read_log.entries(vault, asked))
        writes: Iterator[AuditEntry] = iter(())
        if not asked.denied:
            since, until, principal, memory, *_ = asked
            found = past.written(vault, since=since, until=until, principal=principal, memory=memory)
            writes = (_wrote(vault, one) for one in found)
        for entry in merge(reads, writes, key=lambda entry: entry.at, reverse=True):
            if action is None or action in {entry.action, entry.command}:
                seen = entry if owns else _narrowed(vault, entry, who, self._sight(vault, user_id))
                if seen is not None:
                    yield self._with_words(vault, seen, user_id, asked.memory)

    def _sight(self, vault: "Vault", user_id: str | None) -> queries.Condition:
        return queries.by_id(self._session.sight(vault, Filter(at=self._session.now, everything=True), user_id))

    def _with_words(self, vault: "Vault", entry: AuditEntry, user_id: str | None, memory: str | None) -> AuditEntry:
        """An entry with the first of its memories that may be shown: the one that was asked about, if it was one."""
        ids = [memory] if memory is not None else list(entry.memories or ())[:_SHOWN]
        found = queries.visible(vault, ids, self._sight(vault, user_id)) if ids else {}
        return entry._replace(first=next((found[one] for one in ids if one in found), None))

    # -- whether it is whole

    def verify(self, heads: Sequence[str] = (), *, user_id: str | None = None) -> tuple[AuditVerified, ...]:
        """Whether the log and the record of reads of each cube are whole: nothing changed, removed, repeated or put elsewhere.

        Args:
            heads: ids that were noted of `AuditVerified.ends`: each has to be in one of the cubes yet.
            user_id: who asks.

        Raises:
            UsageError: a head is not 64 hexadecimal digits. Refused: somebody else owns a cube.
        """
        noted = [head.strip().lower() for head in heads]
        if wrong := next((head for head in noted if not is_hash(head)), None):
            raise UsageError(f"{wrong[:40]!r} is no head: that is 64 hexadecimal digits", hint="see them: memos audit verify")
        vaults = self._session.vaults(user_id)
        for vault in vaults:
            self._require_owner(vault, user_id, "verify its audit")
        found = [self._verified(vault, noted) for vault in vaults]
        lost = [head for head in noted if not any(check.has_head(vault, head) for vault in vaults)]
        if lost and found:
            old = any(map(read_log.is_cut, vaults))
            why = "what it ended with was cut off" + (", or is older than audit.keep_days" if old else "")
            faults = tuple(f"the noted head {head[:16]} is in no chain here: {why}" for head in lost)
            found[0] = found[0]._replace(faults=(*found[0].faults, *faults))
        return tuple(found)

    def _verified(self, vault: "Vault", noted: Sequence[str]) -> AuditVerified:
        faults = tuple(fault for one in check.chains(vault) for fault in one.faults)
        ends = tuple(AuditEnd(*end) for end in check.ends(vault))
        held = sum(check.has_head(vault, head) for head in noted)
        return AuditVerified(vault.name, vault.info().operations, read_log.size(vault), ends, faults, held)

    def _require_owner(self, vault: "Vault", user_id: str | None, what: str) -> None:
        governance.require_owner(user_id or self._session.principal, vault.meta, what)

    # -- the report

    def report(
        self, *, since: str | None = None, until: str | None = None, user_id: str | None = None
    ) -> tuple[AuditReport, ...]:
        """Who saw what of each cube, what changed of the rights, and what left.

        Raises:
            Refused: somebody else owns a cube.
        """
        vaults = self._session.vaults(user_id)
        for vault in vaults:
            self._require_owner(vault, user_id, "read its audit report")
        return tuple(self._report(vault, since, until, user_id) for vault in vaults)

    def _report(self, vault: "Vault", since: str | None, until: str | None, user_id: str | None) -> AuditReport:
        tallies: dict[str, _Tally] = {}
        read: dict[str, dict[str, int]] = {}
        left: list[AuditEntry] = []
        for one in read_log.entries(vault, read_log.Asked(since, until)):
            if one.action == read_log.CUT:
                continue
            tallies.setdefault(one.principal, _Tally(one.at)).add(one)
            for identity in () if one.denied else one.memories or ():
                by = read.setdefault(identity, {})
                by[one.principal] = by.get(one.principal, 0) + 1
            if one.action in LEAVING:
                left.append(_read(vault, one))
        trained = (_wrote(vault, one) for one in past.written(vault, since=since, until=until, noun="adapter"))
        left = sorted([*left, *(one._replace(action="adapter") for one in trained)], key=lambda one: one.at, reverse=True)
        rights = [_wrote(vault, one) for one in past.written(vault, since=since, until=until, rights=True)]
        most = sorted(read.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))[:_SHOWN]
        seen = queries.visible(vault, [identity for identity, _ in most], self._sight(vault, user_id))
        return AuditReport(
            vault.name, vault.meta["owner"], bool(vault.policy.get("audit.own")), since, until,
            tuple(tallies[name].told(name) for name in sorted(tallies)),
            tuple(AuditRead(one, sum(by.values()), tuple(sorted(by)), seen.get(one)) for one, by in most),
            tuple(self._with_words(vault, one, user_id, None) for one in rights), tuple(left),
        )  # fmt: skip


class _Tally:
    """What one principal read, counted from the newest entry back."""

    def __init__(self, last: str) -> None:
        self._first = self._last = last
        self._denied = 0
        self._actions: dict[str, int] = {}
        self._memories: set[str] = set()

    def add(self, entry: read_log.ReadEntry) -> None:
        self._first = entry.at
        if entry.denied:
            self._denied += 1
            return
        self._actions[entry.action] = self._actions.get(entry.action, 0) + 1
        self._memories.update(entry.memories or ())

    def told(self, name: str) -> AuditReader:
        actions = dict(sorted(self._actions.items()))
        return AuditReader(name, sum(actions.values()), self._denied, len(self._memories), actions, self._first, self._last)


def _read(vault: "Vault", one: read_log.ReadEntry) -> AuditEntry:
    return AuditEntry(
        one.at, vault.name, one.principal, one.command, one.action, one.purpose, one.denied, one.memories, one.size, entry=one.n
    )


def _wrote(vault: "Vault", one: past.Written) -> AuditEntry:
    action = WRITE if "memory" in one.nouns else next(iter(one.nouns), WRITE)
    return AuditEntry(
        one.at,
        vault.name,
        one.principal,
        one.command,
        action,
        "",
        denied=False,
        memories=one.memories,
        size=one.size,
        what=_what(vault, one),
        txn=one.txn,
    )


def _what(vault: "Vault", one: past.Written) -> str | None:
    first = None if "memory" in one.nouns else past.first_changed(vault, one.txn)
    return None if first is None else rules.changed(vault, first)


def _narrowed(vault: "Vault", entry: AuditEntry, who: str, sight: queries.Condition) -> AuditEntry | None:
    """What somebody else than the cube's owner is told of an entry; `None` for nothing.

    What they did themselves names what they still see, and an attempt that was refused names nothing: it would tell whether
    there is such a memory. What others did is told where it was done with memories that are their own.
    """
    if entry.principal == who and entry.denied:
        return entry._replace(memories=(), size=0)
    seen = queries.visible(vault, entry.memories or (), sight)
    if entry.principal == who:
        ids = tuple(one for one in entry.memories or () if one in seen)
        return entry if entry.memories == () else entry._replace(memories=ids, size=len(ids))
    if entry.denied:
        return None
    ids = tuple(one for one in entry.memories or () if one in seen and seen[one].owner == who)
    return entry._replace(memories=ids, size=len(ids)) if ids else None
