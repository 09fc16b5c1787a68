"""Merge: one transaction that takes over what another cube has and this one lacks.

A cube is the set of its operations, and its state is their fold; so the merge of two cubes is the union of two sets, whichever
takes over from which, in whatever order and however often. An operation is absent, present, or erased, and moves only in that
direction: a tombstone erases what it purged in every cube that it reaches, and a repair what it mended (`repair_record`).
Vectors and files follow the memories that need them.

The other cube is any open `Vault`: another cube of this machine, or one that was unpacked from a file. It is only read. What
a merge would bring is worked out by `merge_plan`.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from memos_cli.errors import IntegrityError, Refused
from memos_cli.infra import limits
from memos_cli.infra.marks import mark, mark_unwiped, set_mark
from memos_cli.infra.repair import repair_record
from memos_cli.infra.transfer import familiarity
from memos_cli.infra.transfer.familiarity import NOTHING, Touched
from memos_cli.infra.transfer.merge_plan import CHECK, LogUnion, Plan, Subject, compare, ends_of, plan_of, state_of, still
from memos_cli.infra.vault import connection, fold, links, log, purge, rebuild, rows, search
from memos_cli.infra.vault.blobs import ABSENT, Blobs
from memos_cli.infra.vault.units import POLICY, Unit, new_id, registers_of
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Link, Operation

_CHUNK = 500
_BYTES = 2
"""Of a number in a vector, as `infra.local.vector_matrix.encode` writes it."""
_STEERING = ("content", "title", "kind", "pinned", "visibility")
"""Fields by which a memory steers answers: after a foreign change to one of them a memory is untrusted, like a new one."""


class Terms(NamedTuple):
    """How a merge treats the other cube's operations.

    Attributes:
        trusted: whether they count as this machine's own; otherwise their memories are untrusted until somebody here uses them.
        fingerprint: an embedder whose vectors are taken over besides those of embedders that the cube knows already.
        only: ids of the memories to take over, and no records; `None` for everything.
        note: what else the receipt records: the digest of a file, who signed it.
        hold: take over nothing by which a stranger changes what is familiar here, and return it as `touched`.
        accepted: whether a person accepts what is taken over, so that it may change what is familiar.
        subjects: the memories and records to take over; `None` for what `only` says.
        name: what messages call the other cube; empty for its own name.
    """

    trusted: bool = False
    fingerprint: str | None = None
    only: Collection[str] | None = None
    note: dict[str, Any] = {}  # noqa: RUF012 -- never changed
    hold: bool = False
    accepted: bool = False
    subjects: Collection[Subject] | None = None
    name: str = ""

    @property
    def scope(self) -> Collection[Subject] | None:
        """The subjects to take over; `None` for everything."""
        if self.only is None:
            return self.subjects
        return {("memory", identity) for identity in self.only}


class Merged(NamedTuple):
    """What a merge did.

    Attributes:
        texts: texts of memories that a tombstone erased, for `purge.wipe` after the commit; never stored. `None` where a repair
            erased something, of which no texts are known.
        now_trusted: how many memories were untrusted here, and are trusted now.
        opened: links that were taken out, since they closed a circle with links of the other cube.
        touched: what was not taken over, since it would change what is familiar.
    """

    plan: Plan
    texts: tuple[str, ...] | None = ()
    now_trusted: int = 0
    opened: tuple[Link, ...] = ()
    touched: Touched = NOTHING


def merge(vault: Vault, unit: Unit, other: Vault, terms: Terms | None = None) -> Merged:
    """Take over, in the caller's transaction, what the other cube has and this one lacks.

    A receipt is appended: one operation of the noun `import` that records what was taken over. Where there is nothing to take
    over, nothing is written. `purge.wipe` has to follow the commit with the texts of the result.

    Raises:
        IntegrityError: two copies of a folder went on writing as one replica; or the other cube is damaged.
        Refused: a stranger's cube goes on in this one's own name, and nobody accepts that; see `Terms.hold`.
    """
    terms = terms or Terms()
    with still(other), _readable(other):
        union, touched = _union(vault, other, terms)
        planned = plan_of(vault, other, union, terms.scope)
        known = now_trusted(vault, other) if terms.trusted else []
        verified = familiarity.verified(vault, other) if terms.trusted else []
        texts = _take(vault, unit, other, terms, union, planned) if union.rows else ()
        opened = _open_circles(vault, unit, [subject for noun, subject in union.incoming if noun == "memory"])
        vault.conn.executemany("DELETE FROM arrivals WHERE id = ?", [(identity,) for identity in known])
        vault.conn.executemany("DELETE FROM strangers WHERE noun = ? AND id = ?", verified)
        return Merged(planned, texts, len(known), tuple(opened), touched)


def look(vault: Vault, other: Vault, terms: Terms) -> tuple[Plan, Touched]:
    """What a merge on these terms would bring, and what it would not, since that changes what is familiar.

    Raises:
        IntegrityError: as `merge`, as far as it shows without looking into the operations. Refused: as `merge`.
    """
    with still(other), _readable(other):
        union, touched = _union(vault, other, terms)
        return plan_of(vault, other, union, terms.scope), touched


def asks(vault: Vault, other: Vault, terms: Terms) -> Touched:
    """What a merge on these terms would not bring; without the plan of all else, which takes as long as the merge.

    Raises:
        IntegrityError, Refused: as `look`.
    """
    with still(other), _readable(other):
        return _union(vault, other, terms)[1]


def _union(vault: Vault, other: Vault, terms: Terms) -> tuple[LogUnion, Touched]:
    union = compare(vault.conn, other.conn, terms.scope)
    if not terms.hold:
        return union, NOTHING
    if not terms.trusted and vault.meta["replica"] in union.replicas:
        raise Refused(
            f"{terms.name or other.name} goes on in the name of this very copy of cube {vault.name}, and nobody whom you trust "
            "has signed it",
            hint="nothing was taken over: it is forged, or a copied folder or a backup of yours; to take all of it: --yes",
        )
    if not (without := familiarity.touching(vault, other, union, trusted=terms.trusted)):
        return union, NOTHING
    union = compare(vault.conn, other.conn, terms.scope, without)
    return union, familiarity.told(vault, other, union)


@contextmanager
def _readable(other: Vault) -> Iterator[None]:
    try:
        yield
    except log.UNREADABLE as error:
        raise IntegrityError(f"cube {other.name} holds what no memory can be: {error!r}", hint=CHECK) from None


def _take(vault: Vault, unit: Unit, other: Vault, terms: Terms, union: LogUnion, planned: Plan) -> tuple[str, ...] | None:
    memories = [subject for noun, subject in union.incoming if noun == "memory"]
    # What was purged on either side, with the operations that the other side still has: their texts and their places.
    gone = [vault.operations("memory", one) for one in planned.erased]
    gone += [other.operations("memory", one) for one in planned.withheld]
    before = {identity: _steering(vault, identity) for identity in memories}
    new = [pair for pair in union.incoming if pair[0] != log.IMPORT and not familiarity.is_known(vault, *pair)]
    ruled, policy = vault.policy, vault.merged_policy
    replicas, repairs = _insert(vault.conn, other, union.rows)
    mended = _repair(vault, repairs, union, trusted=terms.trusted)
    _hold(vault, other, replicas)
    unit.log.become(vault.meta["replica"])
    unit.came_in = True
    _receipt(vault, unit, other, terms, len(union.rows))
    # Records first: a policy says when a memory is due.
    for noun, subject in sorted(union.incoming, key=lambda pair: pair[0] == "memory"):
        if known := vault.operations(noun, subject):
            unit.store(noun, subject, known)
        else:  # all that was said of it was written again of another name
            rebuild.rebuild(vault.conn, vault.due)
    _keep_policy(unit, vault.conn, ruled, policy, trusted=terms.trusted and not other.mark(POLICY))
    _copy_files(vault, other, memories)
    texts = purge.follow(vault, unit, gone) if gone else ()
    _adopt_vectors(vault, other, memories, terms.fingerprint)
    if terms.accepted:  # of what was here already a person knows that it changes
        before = {identity: was for identity, was in before.items() if was is None}
    _mark_arrivals(vault, other, before, trusted=terms.trusted)
    familiarity.mark(vault, other, new, trusted=terms.trusted, accepted=terms.accepted)
    for pair in union.incoming if terms.accepted else ():
        unit.accept(*pair)
    return None if mended else texts


def _repair(vault: Vault, repairs: Iterable[Operation], union: LogUnion, *, trusted: bool) -> bool:
    """Do here what repairs did to the other log; whether anything was erased."""
    done = repair_record.carry_out(vault.conn, repairs, trusted=trusted)
    union.incoming.update(dict.fromkeys(sorted(done.subjects)))
    vault.meta["replica"] = mark(vault.conn, "replica")
    if done.subjects:
        vault.heads.forget()
    if done.erased:
        mark_unwiped(vault.conn)
    return done.erased


def _open_circles(vault: Vault, unit: Unit, memories: Iterable[str]) -> list[Link]:
    """Take out of each circle, each part of it from another machine, the link that was set last: no cube file carries circles.

    Every machine with the same operations takes out the same link, so that what they have stays the same.
    """
    conn = vault.conn
    came = [link for identity in memories for link in vault.links(identity)[0] if link.type in links.ACYCLIC]
    taken: list[Link] = []
    for kind in sorted({link.type for link in came if links.leads(conn, link.target, link.type, link.source)}):
        while last := links.to_open(conn, kind):
            taken.append(last)
            unit.change("memory", last.source, {fold.link_register(kind, last.target): None})
    return taken


def _steering(vault: Vault, identity: str) -> tuple[Any, ...] | None:
    if state_of(vault.conn, identity) is None:
        return None
    memory = vault.get(identity)
    return tuple(getattr(memory, field) for field in _STEERING)


def _insert(conn: sqlite3.Connection, other: Vault, places: Sequence[int]) -> tuple[set[str], list[Operation]]:
    """Copy operations, each verified and within the limits of operations; their replicas, and the repairs among them.

    Payloads of what was purged on either side, or mended, are not copied. A missing payload needs a tombstone or a repair that
    explains it.
    """
    tombs = {subject for one in (conn, other.conn) for subject in log.purged(one)}
    erased = {identity for one in (conn, other.conn) for identity in log.repaired(one).erased}
    replicas: set[str] = set()
    repairs: list[Operation] = []
    for start in range(0, len(places), _CHUNK):
        found = log.copied(other.conn, places[start : start + _CHUNK])
        for row in found:
            op = log.verified(row)
            why = limits.fault(op, row[-1])
            gone = (op.noun == "memory" and op.subject in tombs) or (why and op.id in erased)
            if why and (limits.fault_of_header(op) or not gone):
                hint = f"nothing was taken over; mend that cube: memos --cube {other.name} doctor --repair"
                raise IntegrityError(f"operation {op.seq} of replica {op.replica}: {why}", hint=hint)
            if op.change is None and not gone and op.id not in erased:
                raise IntegrityError(f"operation {op.seq} of replica {op.replica}: its change is missing", hint=CHECK)
            log.insert(conn, log.without_payload(row) if gone else row)
            replicas.add(op.replica)
            repairs += [op] * (op.noun == log.REPAIR)
    return replicas, repairs


def _hold(vault: Vault, other: Vault, replicas: set[str]) -> None:
    """Check that no operation of this cube's own replica is missing, and record how many of other replicas are here."""
    own = vault.meta["replica"]
    log.came_in(vault.conn, replicas - {own})
    count, last = vault.conn.execute("SELECT count(*), max(seq) FROM ops WHERE replica = ?", (own,)).fetchone()
    if own in replicas and count != last:
        raise IntegrityError(
            f"cube {other.name} has operations that cube {vault.name} once wrote and lost, and not all of them",
            hint="merge the whole cube that has them, not a selection",
        )


def _receipt(vault: Vault, unit: Unit, other: Vault, terms: Terms, count: int) -> None:
    here = log.ends(vault.conn)
    heads = {replica: here[replica] for replica in ends_of(other.conn) if replica in here}
    change = {"cube": other.meta["id"], "name": other.name, "operations": count, "heads": heads, **terms.note}
    unit.log.append(log.IMPORT, new_id(), change)


def _keep_policy(unit: Unit, conn: sqlite3.Connection, ruled: dict[str, Any], before: dict[str, Any], *, trusted: bool) -> None:
    """Keep the policy that rules here, whatever the log says now, unless a trusted cube changed it.

    Args:
        ruled: what ruled until now; `before` what the log said then.
        trusted: whether the other cube is trusted, so that its changes to the policy rule here.
    """
    now = registers_of(conn, POLICY, POLICY)
    moved = {name for name in {*before, *now} if before.get(name) != now.get(name)}
    if not moved or (trusted and not mark(conn, POLICY)):
        return
    if trusted:
        ruled = {name: now.get(name) if name in moved else ruled.get(name) for name in {*ruled, *moved}}
    rules = {name: value for name, value in ruled.items() if value is not None}
    set_mark(conn, POLICY, log.encoded({"rules": rules, "txn": unit.log.txn}))


def _copy_files(vault: Vault, other: Vault, memories: Iterable[str]) -> None:
    """Copy source files of memories; they are there before the transaction that names them is committed."""
    ours, theirs = (Blobs(one.folder / connection.BLOBS) for one in (vault, other))
    sql = "SELECT json_extract(source, '$.digest') FROM memories WHERE id = ? AND state <> 'purged'"
    for identity in memories:
        row = vault.conn.execute(sql, (identity,)).fetchone()
        if not row or not row[0] or row[0] in ours:
            continue
        if row[0] in theirs or not (absent := other.mark(ABSENT)):
            ours.put(theirs.get(row[0]))
        else:
            set_mark(vault.conn, ABSENT, absent)


def _adopt_vectors(vault: Vault, other: Vault, memories: Iterable[str], fingerprint: str | None) -> None:
    """Take over vectors of embedders known here where they are of the present text; other memories wait for a model."""
    known = {name for (name,) in vault.conn.execute("SELECT fingerprint FROM embedders")} | {fingerprint}
    theirs = other.conn.execute("SELECT fingerprint, dimensions FROM embedders")
    sizes = {name: size for name, size in theirs if name in known}
    found: dict[str, list[tuple[int, str, bytes]]] = {name: [] for name in sizes}
    for identity in memories if sizes else ():
        kept, waiting = search.vector_of(other, identity), search.waiting_text(vault, identity)
        if kept is None or waiting is None or kept.fingerprint not in sizes:
            continue
        if kept.digest == rows.text_digest(waiting[1]) and len(kept.vector) == _BYTES * sizes[kept.fingerprint]:
            found[kept.fingerprint].append((*waiting, kept.vector))
    for name, embedded in found.items():
        if embedded:
            search.store_vectors(vault, name, sizes[name], embedded)


def now_trusted(vault: Vault, other: Vault) -> list[str]:
    """The untrusted memories of which a trusted cube has every operation and does not call them untrusted.

    That cube's own view counts. A receipt in the log here does not, though it names who signed: it covers too many operations,
    and anybody who knows the log can append operations in this cube's name.
    """
    found = []
    of = "SELECT id FROM ops WHERE noun = 'memory' AND subject = ?"
    for (identity,) in vault.conn.execute("SELECT id FROM arrivals ORDER BY id").fetchall():
        ours, theirs = ({one for (one,) in side.conn.execute(of, (identity,))} for side in (vault, other))
        if ours <= theirs and not other.arrivals([identity]):
            found.append(identity)
    return found


def _mark_arrivals(vault: Vault, other: Vault, before: dict[str, tuple[Any, ...] | None], *, trusted: bool) -> None:
    """Mark the memories that are untrusted here: new ones, and those whose steering fields changed."""
    is_untrusted: Callable[[str], bool] = lambda _: True  # noqa: E731 -- one of two
    if trusted:  # memories untrusted there are untrusted here
        is_untrusted = other.arrivals(before).__contains__
    changed = [one for one, was in before.items() if is_untrusted(one) and was != _steering(vault, one)]
    vault.conn.executemany(
        "INSERT OR IGNORE INTO arrivals SELECT id FROM memories WHERE id = ? AND state <> 'purged'", [(one,) for one in changed]
    )
