"""What of a stranger's cube would change what is familiar here; see the glossary in `model` for these words.

Trust is read here, before a merge, and never by the fold: what a stranger says of familiar memories and records stays out of
the log until somebody accepts it, and is then merged as it is. A subject comes in with all of its new operations, or with none.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from memos_cli.infra.transfer.merge_plan import LogUnion, Subject, state_of
from memos_cli.infra.vault import log
from memos_cli.infra.vault.units import POLICY, UNACCEPTED
from memos_cli.infra.vault.vault import Vault

_CHUNK = 500
REVIEW = "review"
"""The noun of a question about two memories (`operation.operator.dedupe.fusion`)."""
RULING = frozenset(("principal", "rule"))
"""The nouns of records that say who may do what (`operation.governance`)."""
_UNACCEPTED = "SELECT 1 FROM strangers WHERE noun = ? AND id = ? AND accepted = 0"
_EXTERNAL = """SELECT external_id FROM memories WHERE id = ?1 AND external_id IS NOT NULL
               UNION SELECT external_id FROM rivals WHERE id = ?1"""


class Touched(NamedTuple):
    """What was left out of a merge, since a stranger says it of what is familiar.

    Attributes:
        subjects: the memories and records that it is about.
        changes: how many operations it is.
        replicas: who made them.
        erased: ids of the memories here that would be purged.
        digest: SHA-256 of the ids of the operations, in hexadecimal: the same changes have the same, whatever brings them.
    """

    subjects: tuple[Subject, ...] = ()
    changes: int = 0
    replicas: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    digest: str = ""


NOTHING = Touched()


def unaccepted(vault: Vault, noun: str) -> set[str]:
    """The names of the records of a noun that strangers brought and nobody accepted."""
    found = vault.conn.execute("SELECT id FROM strangers WHERE noun = ? AND accepted = 0", (noun,))
    return {name for (name,) in found}


def is_known(vault: Vault, noun: str, subject: str) -> bool:
    """Whether the cube has this memory or record, in whatever state."""
    if noun == "memory":
        return state_of(vault.conn, subject) is not None
    sql = "SELECT 1 FROM records WHERE noun = ? AND id = ?"
    return vault.conn.execute(sql, (noun, subject)).fetchone() is not None


def is_familiar(vault: Vault, noun: str, subject: str) -> bool:
    """Whether the cube has this memory or record, and it is no stranger: of a purged memory nothing is left to be changed."""
    if not is_known(vault, noun, subject) or (noun == "memory" and state_of(vault.conn, subject) == "purged"):
        return False
    if vault.conn.execute(_UNACCEPTED, (noun, subject)).fetchone() is None:
        return True
    return noun == "memory" and not vault.arrivals([subject])  # somebody used it


def touching(vault: Vault, other: Vault, union: LogUnion, *, trusted: bool) -> frozenset[Subject]:
    """The subjects of which nothing may be taken over unasked.

    They are what is familiar here; memories there that are linked to it, or claim its external id; decisions about it; all that
    a purge there would erase here; and who may do what, new or not, as nobody else than the cube's owner decides about that.

    Args:
        trusted: whether the other cube is trusted; then only what is a stranger there is looked at, and the rules of a cube
            that belongs to somebody else.
    """
    ours = trusted and other.meta["owner"] == vault.meta["owner"]
    wary = not trusted or other.conn.execute("SELECT 1 FROM strangers WHERE accepted = 0 LIMIT 1").fetchone() is not None
    if ours and not wary:
        return frozenset()
    return frozenset(
        pair
        for pair in union.incoming
        if (pair[0] in RULING and not ours)
        or (wary and not (trusted and other.conn.execute(_UNACCEPTED, pair).fetchone() is None))
        if (_touches(vault, other, pair[1]) if pair[0] == "memory" else _decides(vault, other, *pair))
    )


def _touches(vault: Vault, other: Vault, identity: str) -> bool:
    here = state_of(vault.conn, identity)
    if here == "purged":
        return False
    if here is not None and (is_familiar(vault, "memory", identity) or state_of(other.conn, identity) == "purged"):
        return True
    linked = other.conn.execute("SELECT target FROM links WHERE source = ?", (identity,))
    return any(is_familiar(vault, "memory", one) for (one,) in linked.fetchall()) or _claims(vault, other, identity)


def _claims(vault: Vault, other: Vault, identity: str) -> bool:
    """Whether a memory has the external id of a familiar one, which it may take from that."""
    for (external_id,) in other.conn.execute(_EXTERNAL, (identity,)).fetchall():
        holder = vault.conn.execute("SELECT id FROM memories WHERE external_id = ?", (external_id,)).fetchone()
        if holder and holder[0] != identity and is_familiar(vault, "memory", holder[0]):
            return True
    return False


def _decides(vault: Vault, other: Vault, noun: str, name: str) -> bool:
    """Whether a record is familiar here, or answers a question about what is; a policy rules nothing unless it is set here."""
    if noun in {log.IMPORT, POLICY}:
        return False
    if noun in RULING:
        return True
    if is_familiar(vault, noun, name):
        return True
    if noun != REVIEW:
        return False
    row = other.conn.execute("SELECT fields FROM records WHERE noun = ? AND id = ?", (noun, name)).fetchone()
    asked = json.loads(row[0]).get("memories") if row else None
    return isinstance(asked, list) and any(isinstance(one, str) and is_familiar(vault, "memory", one) for one in asked)


def told(vault: Vault, other: Vault, union: LogUnion) -> Touched:
    """What a union leaves out, for those who are asked about it."""
    from hashlib import sha256

    found: list[tuple[bytes, str]] = []
    sql = "SELECT id, replica FROM ops WHERE n IN (SELECT value FROM json_each(?))"
    for start in range(0, len(union.left), _CHUNK):
        found += other.conn.execute(sql, (json.dumps(union.left[start : start + _CHUNK].tolist()),)).fetchall()
    subjects = tuple(sorted(union.without))
    erased = [
        subject
        for noun, subject in subjects
        if noun == "memory" and state_of(vault.conn, subject) is not None and state_of(other.conn, subject) == "purged"
    ]
    digest = sha256(b"".join(sorted(identity for identity, _ in found))).hexdigest()
    replicas = tuple(sorted({replica for _, replica in found}))
    return Touched(subjects, len(found), replicas, tuple(erased), digest)


def mark(vault: Vault, other: Vault, new: Iterable[Subject], *, trusted: bool, accepted: bool) -> None:
    """Mark what came in as a stranger: all of it from an untrusted cube, and from a trusted one what is a stranger there."""
    known = dict.fromkeys(new, int(accepted))
    if trusted:
        found = other.conn.execute("SELECT noun, id, accepted FROM strangers").fetchall()
        known = {(noun, subject): was for noun, subject, was in found if (noun, subject) in known}
    vault.conn.executemany(
        "INSERT OR IGNORE INTO strangers VALUES (?, ?, ?)",
        [(noun, subject, was) for (noun, subject), was in known.items() if noun != "memory" or not _is_gone(vault, subject)],
    )


def _is_gone(vault: Vault, identity: str) -> bool:
    return state_of(vault.conn, identity) in {None, "purged"}


def verified(vault: Vault, other: Vault) -> list[Subject]:
    """The strangers of which a trusted cube has every operation and does not call them strangers."""
    ours, theirs = (side.conn.execute("SELECT noun, id FROM strangers").fetchall() for side in (vault, other))
    return [pair for pair in sorted({*ours} - {*theirs}) if _has_all(vault, other, pair)]


def _has_all(vault: Vault, other: Vault, pair: Subject) -> bool:
    of = "SELECT id FROM ops WHERE noun = ? AND subject = ?"
    ours, theirs = ({one for (one,) in side.conn.execute(of, pair)} for side in (vault, other))
    return ours <= theirs


def accept_import(vault: Vault, txn: str) -> None:
    """Inside a write transaction, accept all that one command brought in."""
    sql = "SELECT n, change FROM ops WHERE txn = ? AND noun = ? AND replica = ?"
    for row, change in vault.conn.execute(sql, (txn, log.IMPORT, vault.meta["replica"])).fetchall():
        first = row - int(json.loads(change).get("operations", 0))
        vault.conn.execute(
            "UPDATE strangers SET accepted = 1 WHERE (noun, id) IN (SELECT noun, subject FROM ops WHERE n >= ? AND n < ?)",
            (first, row),
        )


def accept_cube(vault: Vault) -> bool:
    """Accept all of an imported cube, so that its policy rules; `False` if nothing was left to be accepted."""
    txn = vault.mark(UNACCEPTED)
    if not txn:
        return False
    with vault.derive() as conn:
        ruling = vault.mark(POLICY)
        if ruling and json.loads(ruling)["txn"] == txn:  # since the import nobody has set another one, here or elsewhere
            conn.execute("DELETE FROM cube WHERE key = ?", (POLICY,))
        conn.execute("DELETE FROM cube WHERE key = ?", (UNACCEPTED,))
        conn.execute("DELETE FROM arrivals")
        conn.execute("UPDATE strangers SET accepted = 1")
        # The next tick computes by the new policy when they really are due.
        conn.execute("UPDATE memories SET next_due_at = ''")
    return True


def purged_in(vault: Vault, other: Vault) -> list[str]:
    """The memories that this cube has purged and the other one has."""
    sql = "SELECT 1 FROM memories WHERE id = ? AND state <> 'purged'"
    return [one for one in sorted(log.purged(vault.conn)) if other.conn.execute(sql, (one,)).fetchone()]
