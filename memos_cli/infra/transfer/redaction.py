"""A publication of a cube: what its memories say now, under other ids and without their history.

Nothing in it leads back to the source: the ids of the cube, of the replica and of the memories are digests of the source's. So
publishing the same state again gives the same file, and the publication can never be merged over the originals, whose purges it
could not follow.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from memos_cli import hybrid_clock, modes
from memos_cli.errors import Refused
from memos_cli.infra.crypto.watermark import SALT, Mark, salted
from memos_cli.infra.governance import header_secrets, labels, secrets
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.limits import ALPHABET, ID_LENGTH
from memos_cli.infra.transfer.traces import PUBLISH
from memos_cli.infra.vault import connection, fold, log, queries, rebuild, rows, schema
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Link, Memory, Operation, State
from memos_cli.times import to_millis

_BATCH = 500
"""Memories that are read at once."""


@contextmanager
def published(
    vault: Vault, wanted: Filter, folder: Path, mark: Mark | None = None
) -> Iterator[tuple[Vault, dict[str, list[str]]]]:
    """A cube with the publishable part of another one; removed when the block ends.

    Beside it come the memories that were left out, each with the labels that keep it, by the policy of the cube.

    Args:
        vault: the source.
        wanted: the memories to publish.
        folder: where the cube lies meanwhile; after a kill it is swept there like other half-made cubes.
        mark: of the recipient, for the salts and for the names of the cube and of its replica.

    Raises:
        Refused: nothing is left to publish.
    """
    half = folder / f".published.{os.urandom(6).hex()}"
    try:
        modes.make_folder(half / connection.BLOBS)
        maker = _Publisher(vault, half, mark)
        left_out = maker.run(wanted)
        with Vault(half, vault.name) as other:
            yield other, left_out
    finally:
        import shutil

        shutil.rmtree(half, ignore_errors=True)


class _Publisher:
    def __init__(self, vault: Vault, half: Path, mark: Mark | None) -> None:
        self._vault, self._mark = vault, mark
        heads = sorted(vault.position().items())
        self._secret = sha256(repr((vault.meta["id"], heads)).encode()).digest()
        self._replica = self._name("replica")[:16]
        meta = {
            "id": self._name("cube"), "replica": os.urandom(8).hex(), "created": vault.meta["created"],
            "owner": vault.meta["owner"],
        }  # fmt: skip
        connection.fill(half / connection.FILE, {**meta, "digest": schema.identity_digest(meta)}, lasting=False)
        self._path = half / connection.FILE
        self._seq, self._previous = 0, ""

    def _digest(self, what: str) -> bytes:
        return sha256(self._secret + what.encode()).digest()

    def _name(self, what: str) -> str:
        """A name of the publication; those of two recipients differ, so that their copies can be merged."""
        name = self._digest(what).hex()[:32]
        return self._mark.name(name) if self._mark else name

    def _id(self, identity: str) -> str:
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in self._digest(identity)[:ID_LENGTH])

    def run(self, wanted: Filter) -> dict[str, list[str]]:
        """Write the memories in the order in which they were created; those that were left out, with the labels why."""
        conn = connection.connect(self._path)
        clause, values = queries.condition(wanted)
        source = f"SELECT m.n FROM memories m WHERE {clause} ORDER BY m.created, m.id"  # noqa: S608
        numbers = [n for (n,) in self._vault.conn.execute(source, values)]
        left_out: dict[str, list[str]] = {}
        policy = self._vault.policy
        try:
            conn.execute("PRAGMA synchronous = OFF")
            conn.execute("BEGIN")
            store = rebuild.deriver(conn, rows.no_later_than_expiry)
            for start in range(0, len(numbers), _BATCH):
                batch = numbers[start : start + _BATCH]
                found = queries.by_rows(self._vault, batch)
                for memory in (found[n] for n in batch):
                    if staying := withheld(memory, policy):
                        left_out[memory.id] = staying
                        continue
                    registers = covered(memory)
                    op = self._operation(memory, registers)
                    log.insert(conn, log.row_of(op, log.encoded(op.change or {})))
                    store.store("memory", op.subject, [op])
            conn.execute("COMMIT")
        finally:
            conn.close()
        if not self._seq:
            raise Refused("there is nothing to publish: no memory passes the filter, or all are withheld")
        return left_out

    def _operation(self, memory: Memory, registers: dict[str, Any]) -> Operation:
        """The one operation of a memory; links to unpublished memories are left out, the others get the new ids."""
        links: list[Link] = self._vault.links(memory.id)[0]
        change = registers | {fold.link_register(link.type, self._id(link.target)): True for link in links}
        # A memory of before 1970, by the clock of its machine, has a clock of 0 as in a log, and carries its time.
        millis = to_millis(memory.created_at)
        clock = max(millis, 0) << 16
        change = hybrid_clock.put_in(change, hybrid_clock.apart(clock, millis))
        subject, text = self._id(memory.id), log.encoded(change)
        salt = self._mark.salt(salted("memory", subject, text)) if self._mark else self._digest(f"salt {memory.id}")[:SALT]
        self._seq += 1
        op = Operation(
            id="",
            replica=self._replica,
            seq=self._seq,
            clock=clock,
            previous=self._previous,
            parents=(),
            principal=self._vault.meta["owner"],
            command=PUBLISH,
            txn=self._digest("txn").hex()[:16],
            reverts=None,
            noun="memory",
            subject=subject,
            digest=log.change_digest(salt, text),
            salt=salt,
            change=change,
        )
        op = op._replace(id=log.header_hash(op))
        self._previous = op.id
        return op


def withheld(memory: Memory, policy: Mapping[str, Any]) -> list[str]:
    """The labels that keep a memory out of a publication.

    Among them is `secret` where nothing secret is found in it: a person knew better, and there is nothing to mask.
    """
    staying = labels.staying(memory.labels, Whither.EXPORT, policy)
    if (
        not staying
        and secrets.SECRET in memory.labels
        and not (secrets.find(memory.content) or header_secrets.holds_secret(memory))
    ):
        return [secrets.SECRET]
    return staying


def covered(memory: Memory) -> dict[str, Any]:
    """The registers of a memory as it is published.

    Secrets are masked in content, title, key and tags. Its labels, its source, and what programs noted beside it are left out.
    """
    found = secrets.find(memory.content)

    def masked(text: str | None) -> str | None:
        return None if text is None else secrets.mask(text, secrets.find(text))

    told: dict[str, Any] = {
        "content": secrets.mask(memory.content, found),
        "title": masked(memory.title),
        "key": masked(memory.key),
        "kind": memory.kind.value,
        "state": State.ARCHIVED.value if memory.state is State.ARCHIVED else State.GENERATED.value,
        "origin": memory.origin.value,
        "occurred_at": memory.occurred_at,
        "valid_from": memory.valid_from,
        "valid_to": memory.valid_to,
        "expires_at": memory.expires_at,
    }
    return {name: value for name, value in told.items() if value is not None} | {
        f"tag:{masked(tag)}": True for tag in memory.tags
    }
