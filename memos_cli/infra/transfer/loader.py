"""MemLoader: a cube file, verified from its first byte to its last, as a staged cube in a folder that no list contains.

A file may be hostile until all of it was read, so the home stays unchanged. The staged cube lies beside the others under a name
that no cube can have, and is removed on every way out; after a kill it is swept with other half-made cubes (`infra.shelf`). A
new cube is the staged one, renamed once. An existing cube is merged with it.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from memos_cli import hybrid_clock, modes
from memos_cli.errors import MemosError, Refused
from memos_cli.infra import cubefile, limits
from memos_cli.infra.cubefile import Incoming, Member, Reader, unsound
from memos_cli.infra.files import sync_folder
from memos_cli.infra.local import adapters
from memos_cli.infra.marks import set_mark
from memos_cli.infra.transfer import dumper, members, operation_lines, vector_file
from memos_cli.infra.transfer.dumper import Progress, State, Subjects
from memos_cli.infra.transfer.slot_record import Travelling
from memos_cli.infra.vault import connection, links, log, rebuild, rows, schema
from memos_cli.infra.vault.blobs import ABSENT, Blobs
from memos_cli.infra.vault.units import Unit, new_id
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import COLD_STATES, Operation
from memos_cli.signer import Signature, Signer
from memos_cli.times import to_millis

_EVERY = 1000
Check = Callable[[str, Mapping[str, Any]], str]
"""Given the noun and the registers of a record, returns what is wrong with it, or nothing."""


class Staged(NamedTuple):
    """A verified cube that is not in use yet.

    Attributes:
        vault: the cube, open; its replica is new, its id and owner are those of the file.
        manifest: of the file.
        signatures: those in the seal, not verified here.
        digest: of the file, in hexadecimal; the signatures are over it.
        vectors: how many memories have a vector in the file.
        absent: how many source files of memories are missing from the file.
        signers: who made the signatures, once a caller with the keys has verified them.
        adapters: the ids of the generations with an adapter in the file.
        slots: the slots in the file; their states lie beside the staged cube, and vanish with it.
    """

    vault: Vault
    manifest: dict[str, Any]
    signatures: tuple[Signature, ...]
    digest: str
    vectors: int
    absent: int
    signers: tuple[Signer, ...] = ()
    adapters: tuple[str, ...] = ()
    slots: tuple[Travelling, ...] = ()

    @property
    def gaps(self) -> dict[str, int]:
        """The replicas with missing operations, and how many of each are in the file."""
        return {name: head["count"] for name, head in self.manifest["heads"].items() if head["count"] < head["seq"]}

    @property
    def trusted(self) -> bool:
        """Whether a key that is trusted here has signed the file."""
        return any(one.trusted for one in self.signers)

    @property
    def origin(self) -> dict[str, Any]:
        """What a receipt records of the file: its digest, and the keys that signed it."""
        return {"file": self.digest, "signers": [one.key for one in self.signers]}

    def receive(self, unit: Unit, *, accepted: bool = False) -> None:
        """Before adoption, write the receipt that `undo` follows, and mark the untrusted memories.

        Args:
            accepted: whether the person accepts the cube, whoever has signed it.
        """
        heads = {name: head["seq"] for name, head in self.manifest["heads"].items()}
        told = {"cube": self.manifest["cube"], "operations": self.manifest["counts"]["operations"], "heads": heads}
        unit.log.append(log.IMPORT, new_id(), {**told, **self.origin})
        if self.trusted:
            adapters.vouch_for(self.vault, self.adapters)
        else:
            unit.keep_all_strange(accepted=accepted)

    def adopt(self, target: Path) -> None:
        """Make it the cube at `target`; it is on disk when this returns.

        Raises:
            Refused: something is there already.
        """
        self.vault.close()
        _settle(self.vault.path)
        for folder in {path.parent for path in self.vault.folder.rglob("*")}:
            sync_folder(folder)
        try:
            if target.exists():
                raise FileExistsError
            self.vault.folder.rename(target)
        except OSError:
            if target.exists():
                raise Refused(f"there is a cube {target.name!r} already", hint="import it under another one: --name") from None
            raise
        sync_folder(target.parent)


@contextmanager
def stage(
    stream: "BinaryIO | IO[bytes]",
    folder: Path,
    name: str = "import",
    *,
    due: rows.Due = rows.no_later_than_expiry,
    check: Check = lambda *_: "",
    owner: str | None = None,
    millis: int | None = None,
    tell: Progress = lambda *_: None,
) -> Iterator[Staged]:
    """Verify a cube file and hand it out as a staged cube, which is removed when the block ends unless it was adopted.

    Args:
        stream: the file, decrypted.
        folder: where the staged cube lies: the folder of the cubes, so that it can be renamed into its place.
        name: the name of the cube to make.
        due: says when the lifecycle has to look at a memory again.
        check: checks records that only upper layers understand.
        owner: the cube's owner here, who sees all that is in it; `None` for the one that the file names.
        millis: the time, in milliseconds since 1970; `None` takes operations of any clock.
        tell: called with how many operations were read, and how many there are.

    Raises:
        AccessDenied: the file is encrypted.
        IntegrityError: it is damaged, hostile, no cube file, or of a newer memos; or over a day ahead of this machine's clock.
    """
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    modes.make_folder(folder)
    half, states = (folder / f".{name}.{os.urandom(6).hex()}" for _ in range(2))
    vault: Vault | None = None
    try:
        modes.make_folder(half / connection.BLOBS)
        with connection.translated(half / connection.FILE):
            staging = Staging(stream, (half, states), due, check, owner, tell, millis=millis)
            staging.run()
        vault = Vault(half, name)
        reader, came = staging.reader, staging.arrivals
        found = Staged(vault, reader.manifest, reader.signatures, reader.digest.hex(), staging.vectors, staging.absent)
        yield found._replace(adapters=tuple(came.adapters), slots=tuple(came.slots))
    except sqlite3.IntegrityError as error:
        raise unsound(f"two things in it exclude each other ({error})") from None
    finally:
        if vault is not None:
            vault.close()
        for path in (half, states):
            if path.exists():
                _remove(path)
        with suppress(OSError):  # it may have content by now
            for one in made:
                one.rmdir()


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _settle(path: Path) -> None:
    """Bring a cube's file to disk, in the journal mode in which cubes are written."""
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        conn.execute("PRAGMA journal_mode = WAL")
    finally:
        conn.close()
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Digest:
    """Takes lines and computes the entry of the manifest for them."""

    def __init__(self, name: str) -> None:
        from hashlib import sha256

        self._name, self._hash, self._size = name, sha256(), 0

    def write(self, content: bytes) -> None:
        self._hash.update(content)
        self._size += len(content)

    @property
    def member(self) -> Member:
        return Member(self._name, self._size, self._hash.hexdigest())


class Staging:
    """Reads one file into a folder, and the states of slots into another one; `outlined`, without indexes."""

    def __init__(
        self,
        stream: "BinaryIO | IO[bytes]",
        folders: tuple[Path, Path],
        due: rows.Due,
        check: Check,
        owner: str | None,
        tell: Progress,
        *,
        millis: int | None,
        outlined: bool = False,
    ) -> None:
        (half, states), self._due, self._check, self._tell = folders, due, check, tell
        self._millis, self._outlined = millis, outlined
        self._half = half
        self.reader = Reader(stream)
        self.vectors = self.absent = 0
        self._blobs = Blobs(half / connection.BLOBS)
        told = self.reader.manifest
        meta = {
            "id": told["cube"], "replica": os.urandom(8).hex(), "created": str(to_millis(told["created"])),
            "owner": owner or told["owner"],
        }  # fmt: skip
        path = half / connection.FILE
        connection.fill(path, {**meta, "digest": schema.identity_digest(meta), dumper.MAKER: told["owner"]}, lasting=False)
        self.conn = sqlite3.connect(path, isolation_level=None)
        self.arrivals = members.Arrivals(self.conn, half / adapters.FOLDER, states)
        # Nobody else has this file, and a failure throws all of it away: no journal, and to disk once, at the end.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536", "locking_mode = EXCLUSIVE"):
            self.conn.execute(f"PRAGMA {pragma}")

        connection.listen(self.conn)

    def run(self) -> None:
        """Read all of it, and close the cube's file.

        Raises:
            IntegrityError: it is not sound; or two things in it exclude each other.
        """
        try:
            self._read()
        except sqlite3.IntegrityError as error:
            raise unsound(f"two things in it exclude each other ({error})") from None
        finally:
            self.conn.close()

    def _read(self) -> None:
        self.conn.execute("BEGIN")
        self._subjects = Subjects(self.conn)
        for incoming in self.reader:
            self._take(incoming)
        self.reader.finish()
        self.absent = sum(digest not in self._blobs for digest in self._subjects.files())
        if self.absent:
            set_mark(self.conn, ABSENT, str(self.absent))
        log.came_in(self.conn, self.reader.manifest["heads"])
        self.conn.execute("COMMIT")

    def _take(self, incoming: Incoming) -> None:
        if incoming.name == cubefile.OPS:
            self._take_operations(incoming)
            self._fold()
        elif incoming.name.startswith(cubefile.BLOBS):
            self._take_blob(incoming)
        elif incoming.name.startswith(cubefile.VECTORS):
            self._take_vectors(incoming)
        elif incoming.name.startswith(cubefile.ADAPTERS):
            self.arrivals.take_adapter(incoming)
        elif incoming.name.startswith(cubefile.SLOTS):
            self.arrivals.take_slot(incoming)
        else:
            for _ in incoming.chunks():  # its digest shows that it is the fold of the log
                pass

    def _take_operations(self, incoming: Incoming) -> None:
        lines = operation_lines.OperationReader()
        heads: dict[str, dict[str, Any]] = {}
        total, count = self.reader.manifest["counts"]["operations"], 0
        for line in incoming.lines():
            op, text = lines.operation(line)
            if self._millis is not None:
                hybrid_clock.check_ahead(op, self._millis)
            log.insert(self.conn, log.row_of(op, text))
            self._subjects.note(op)
            head = heads.setdefault(op.replica, {"count": 0})
            head |= {"count": head["count"] + 1, "id": op.id, "seq": op.seq}
            count += 1
            if count % _EVERY == 0:
                self._tell(count, total)
        if heads != self.reader.manifest["heads"]:
            raise unsound("the log does not end where the manifest says")
        if count != total:
            raise unsound("the manifest counts other operations")

    def _fold(self) -> None:
        sinks = [_Digest(name) for name in (cubefile.MEMORIES, cubefile.LINKS, cubefile.RULES)]
        state = State(*sinks)
        store = rebuild.outliner(self.conn) if self._outlined else rebuild.deriver(self.conn, self._due)
        self._repaired = self._named_by_repairs()
        for noun, subject in self._subjects:
            operations = log.of_subject(self.conn, noun, subject)
            registers = state.add(noun, subject, operations)
            if why := limits.fault_of_state(registers):
                raise unsound(f"{noun} {subject[:40]!r}: {why}")
            self._look(noun, subject, operations, registers)
            store.store(noun, subject, operations)
        told = self.reader.manifest
        if {**state.counts, "operations": told["counts"]["operations"]} != told["counts"]:
            raise unsound("the manifest counts other memories, links or rules than the log amounts to")
        for sink in sinks:
            if sink.member not in self.reader.members:
                raise unsound(f"{sink.member.name} is not what the log amounts to")
        for kind in links.ACYCLIC:
            if links.circle(self.conn, kind):
                raise unsound(f"links of type {kind} lead in a circle")

    def _named_by_repairs(self) -> set[str]:
        """The operations whose change a repair erased.

        Raises:
            IntegrityError: a repair names an operation that the file does not have.
        """
        erased, moved = log.repaired(self.conn)
        for identity in {*erased, *moved.values()} - moved.keys():
            if self.conn.execute("SELECT 1 FROM ops WHERE id = ?", (bytes.fromhex(identity),)).fetchone() is None:
                raise unsound(f"a repair names operation {identity[:8]}, which is not in it")
        return erased

    def _look(self, noun: str, subject: str, operations: list[Operation], registers: Mapping[str, Any]) -> None:
        """Refuse purged text that is still there, text missing without a purge or a repair, and a wrong record."""
        purged = noun == "memory" and any((op.change or {}).get("purged") for op in operations)
        for op in operations:
            missing = op.change is None and (purged or op.id not in self._repaired)
            if missing != (purged and not (op.change or {}).get("purged")):
                raise unsound(
                    f"{noun} {subject[:8]}: " + ("what was purged is still there" if purged else "a change is missing")
                )
        if noun != "memory" and (why := self._check(noun, registers)):
            raise unsound(f"{noun} {subject[:40]!r}: {why}")

    def _take_blob(self, incoming: Incoming) -> None:
        digest = incoming.name.removeprefix(cubefile.BLOBS)
        if not self._subjects.names(digest):
            raise unsound(f"no memory was read from {incoming.name}")
        path = self._blobs.path(digest)
        modes.make_folder(path.parent)
        with members.new(path) as file:  # its name is its digest, which the reader compares
            for chunk in incoming.chunks():
                file.write(chunk)

    def _take_vectors(self, incoming: Incoming) -> None:
        import tempfile

        found = vector_file.Vectors(incoming)
        known = self.conn.execute("SELECT coalesce(max(fingerprint), '') FROM embedders").fetchone()[0]
        if not found.count or found.fingerprint <= known:
            raise unsound(f"{incoming.name} is empty, or not in order")
        sql = "INSERT INTO embedders (fingerprint, dimensions) VALUES (?, ?)"
        embedder = self.conn.execute(sql, (found.fingerprint, found.dimensions)).lastrowid
        kept = """SELECT m.n, m.state, m.content, m.title, m.speaker, c.body FROM memories m LEFT JOIN cold c ON c.n = m.n
                  WHERE m.id = ? AND m.state <> 'purged'"""
        with tempfile.TemporaryFile(dir=self._half) as spool:
            for identity, vector in found.rows(spool):
                row = self.conn.execute(kept, (identity,)).fetchone()
                if row is None:
                    raise unsound(f"{incoming.name} has a vector of a memory that is not there")
                n, state, content, title, speaker, body = row
                text = rows.embedded_text(content if body is None else rows.unpacked(body), title, speaker)
                table = "cold_vectors" if state in COLD_STATES else "vectors"
                values = (n, embedder, rows.text_digest(text), vector)
                self.conn.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", values)  # noqa: S608 -- one of two names
                self.conn.execute("DELETE FROM pending WHERE n = ?", (n,))
                self.vectors += 1


def opened(path: Path) -> "BinaryIO":
    """A cube file, opened for reading.

    Raises:
        MemosError: it cannot be opened.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise MemosError(f"cannot read {path}: {error.strerror}") from None
