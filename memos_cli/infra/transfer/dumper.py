"""MemDumper: a cube, or a part of it, as a cube file.

Everything is read in one transaction on a connection of its own, so that the file is one state of the cube even while others
write. The log and the state folded from it go to disk line by line; nothing that grows with the cube is held in memory.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, Protocol

from memos_cli.errors import Refused
from memos_cli.hybrid_clock import time_of
from memos_cli.infra import cubefile
from memos_cli.infra.crypto.watermark import Mark
from memos_cli.infra.cubefile import Member, Part, Sign, Spool, encoded
from memos_cli.infra.governance import labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.limits import is_hash
from memos_cli.infra.local import adapters
from memos_cli.infra.marks import mark as noted
from memos_cli.infra.transfer import members, operation_lines, vector_file
from memos_cli.infra.transfer.slot_record import Travelling
from memos_cli.infra.vault import blobs, connection, fold, links, log, queries, rows, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Operation
from memos_cli.times import from_millis

MAKER = "maker"
"""The mark, in the table `cube`, with the cube's owner where it was made, if the owner here is somebody else."""
_EVERY = 1000
Progress = Callable[[int, int], None]
"""Called with how much is done, of how much."""


class Dumped(NamedTuple):
    """What was written.

    Attributes:
        counts: how many operations, memories, links and rules.
        vectors: how many memories have a vector in the file.
        absent: how many source files of memories are not in the file: the cube lost them, or they contain what memories outside
            of the export say.
        digest: of the file, in hexadecimal.
        bytes: its size before any encryption.
        adapters: how many generations have their adapter in the file.
        kept: for promoted generations whose adapter is not in the file: the reason, by id.
        slots: how many slots are in the file.
    """

    cube: str
    counts: dict[str, int]
    vectors: int
    blobs: int
    absent: int
    digest: str
    bytes: int
    adapters: int = 0
    kept: dict[str, str] = {}  # noqa: RUF012 -- never changed
    slots: int = 0


class Extent(NamedTuple):
    """Which part of a cube is written.

    Attributes:
        wanted: only the memories that pass, with their whole history and nothing else; `None` for the whole cube.
        words: the filter in words, for the manifest.
        vectors: whether vectors are written too.
        redacted: whether this is a publication.
        adapters: whether adapters are written too: only of a whole cube, since an adapter contains what a selection leaves out.
        to: who is given it, and is named by marks in it; `None` for nobody in particular.
        whither: leave out the memories whose labels keep them from going there; `None` for none.
    """

    wanted: Filter | None = None
    words: str | None = None
    vectors: bool = True
    redacted: bool = False
    adapters: bool = True
    to: str | None = None
    whither: Whither | None = None

    @property
    def whole(self) -> bool:
        """Whether this is all of the cube, so that adapters and slots may be written too."""
        return self.wanted is None and not self.redacted


WHOLE = Extent()


class Sink(Protocol):
    """Takes lines: a spool, or a digest for comparison."""

    def write(self, content: bytes, /) -> object:
        """Take a line."""
        ...


class State:
    """Writes the state that the operations on each subject fold to, a line at a time, in the order of the subjects.

    Attributes:
        counts: how many lines of each member were written.
    """

    def __init__(self, memories: Sink, links: Sink, rules: Sink) -> None:
        self._memories, self._links, self._rules = memories, links, rules
        self.counts = {"memories": 0, "links": 0, "rules": 0}

    def add(self, noun: str, subject: str, operations: list[Operation]) -> fold.Registers:
        """Write the fold of the operations on one subject, given in folding order; its registers."""
        registers = fold.fold(operations)
        if noun == "memory":
            self._memories.write(_line(_memory(subject, operations, registers)))
            self.counts["memories"] += 1
            for link in sorted(fold.links(subject, registers)):
                self._links.write(encoded({"source": link.source, "target": link.target, "type": link.type.value}))
                self.counts["links"] += 1
        elif registers:
            self._rules.write(_line({"fields": registers, "id": subject, "noun": noun}))
            self.counts["rules"] += 1
        return registers


def _memory(identity: str, operations: list[Operation], registers: fold.Registers) -> dict[str, Any]:
    told = {name: value for name, value in registers.items() if not name.startswith((fold.TAG, fold.LABEL, fold.LINK))}
    purged = told.pop(fold.PURGED, None)
    told["state"] = "purged" if purged else told.get("state", "expired")
    for name, prefix in (("tags", fold.TAG), ("labels", fold.LABEL)):
        if members := fold.members(registers, prefix):
            told[name] = members
    first, last = time_of(operations[0]), time_of(operations[-1])
    return {**told, "id": identity, "created_at": first, "updated_at": last, "version": len(operations)}


def _line(fields: dict[str, Any]) -> bytes:
    try:
        return encoded(fields)
    except ValueError:  # NaN or an infinity: Python reads them, JSON has no form for them
        return encoded(_finite(fields))


def _finite(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and value - value != 0 else value


class Subjects:
    """The subjects of operations in the order of their first operation, kept in a temporary table.

    Args:
        conn: a connection; the table is its own.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        for sql in (
            "CREATE TEMP TABLE seen (n INTEGER PRIMARY KEY, noun TEXT, subject TEXT, UNIQUE (subject, noun))",
            "CREATE TEMP TABLE named (digest TEXT PRIMARY KEY) WITHOUT ROWID",
        ):
            conn.execute(sql)

    def note(self, op: Operation) -> None:
        """Note the subject of an operation, and the file that it names."""
        self._conn.execute("INSERT OR IGNORE INTO temp.seen (noun, subject) VALUES (?, ?)", (op.noun, op.subject))
        source = (op.change or {}).get("source") if op.noun == "memory" else None
        if isinstance(source, dict) and is_hash(source.get("digest")):
            self._conn.execute("INSERT OR IGNORE INTO temp.named VALUES (?)", (source["digest"],))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Noun and subject."""
        return iter(self._conn.execute("SELECT noun, subject FROM temp.seen ORDER BY n"))

    def files(self) -> Iterator[str]:
        """The digests of the files that were named, sorted."""
        return (digest for (digest,) in self._conn.execute("SELECT digest FROM temp.named ORDER BY digest"))

    def names(self, digest: str) -> bool:
        """Whether an operation names this file."""
        return self._conn.execute("SELECT 1 FROM temp.named WHERE digest = ?", (digest,)).fetchone() is not None


class _Blob(NamedTuple):
    """A source file of memories, as a part of the cube file."""

    path: Path
    digest: str

    @property
    def member(self) -> Member:
        return Member(cubefile.BLOBS + self.digest, self.path.stat().st_size, self.digest)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb") as file:
            yield file


def dump(
    vault: Vault,
    target: "BinaryIO | IO[bytes]",
    folder: Path,
    extent: Extent = WHOLE,
    *,
    slots: Iterable[Travelling] = (),
    sign: Sign | None = None,
    mark: Mark | None = None,
    tell: Progress = lambda *_: None,
) -> Dumped:
    """Write a cube to a stream.

    Args:
        vault: the cube.
        target: the stream to write to; it may encrypt.
        folder: where the members are put together, in files without names.
        extent: which part of the cube.
        slots: the slots to include, with a whole cube.
        sign: makes the signatures.
        mark: of the recipient, for the manifest.
        tell: called with how many operations are done, and how many there are.

    Raises:
        IntegrityError: the cube is damaged. Refused: there is nothing to export, or it is too large.
    """
    with ExitStack() as stack:
        conn = connection.connect(vault.path)
        stack.callback(conn.close)
        stack.enter_context(connection.translated(vault.path))
        conn.execute("BEGIN")
        return _Dump(vault, conn, folder, stack, extent, tell).write(target, slots, sign, mark)


class _Dump:
    """An export in progress."""

    def __init__(
        self, vault: Vault, conn: sqlite3.Connection, folder: Path, stack: ExitStack, extent: Extent, tell: Progress
    ) -> None:
        self._vault, self._conn, self._folder, self._stack, self._tell = vault, conn, folder, stack, tell
        self._subjects = Subjects(conn)
        self._ends = _ends(conn)
        self._heads: dict[str, dict[str, Any]] = {}
        self._generations: dict[str, fold.Registers] = {}
        self._extent, self._chosen = extent, extent.wanted is not None
        if extent.wanted is not None:
            clause, values = queries.condition(extent.wanted)
            going, *names = labels.condition(extent.whither, vault.policy) if extent.whither else ("1",)
            conn.execute("CREATE TEMP TABLE chosen (id TEXT PRIMARY KEY) WITHOUT ROWID")
            conn.execute(f"INSERT INTO temp.chosen SELECT m.id FROM memories m WHERE {clause} AND {going}", (*values, *names))  # noqa: S608
        self._total = int(conn.execute("SELECT count(*) FROM ops").fetchone()[0])

    def write(
        self, target: "BinaryIO | IO[bytes]", slots: Iterable[Travelling], sign: Sign | None, mark: Mark | None
    ) -> Dumped:
        self._refuse_circles()
        ops, memories, links, rules = (
            self._spool(name) for name in (cubefile.OPS, cubefile.MEMORIES, cubefile.LINKS, cubefile.RULES)
        )
        count = self._write_ops(ops)
        if self._chosen and not count:
            raise Refused("there is nothing to export: no memory passes the filter", hint="see what does with: memos list")
        state = State(memories, links, rules)
        for noun, subject in self._subjects:
            found = [op for op in log.of_subject(self._conn, noun, subject) if log.within(op, self._ends)]
            registers = state.add(noun, subject, found)
            if noun == adapters.NOUN:
                self._generations[subject] = registers
        files, absent = self._files()
        tensors = list(self._vectors()) if self._extent.vectors else []
        learnt, kept = self._adapters(signed=sign is not None)
        states = members.stored(slots, self._stack) if self._extent.whole else []
        counts = {"operations": count, **state.counts}
        head = {
            "counts": counts,
            "created": from_millis(int(self._vault.meta["created"])),
            "cube": self._vault.meta["id"],
            "heads": self._heads,
            "owner": noted(self._conn, MAKER) or self._vault.meta["owner"],
            "redacted": self._extent.redacted,
            "selection": self._extent.words,
        }
        parts: list[Part] = [ops, memories, links, rules, *files, *(spool for spool, _ in tensors), *learnt, *states]
        written = 0

        def told(size: int) -> None:
            nonlocal written
            written = size

        digest = cubefile.write(target, head, parts, sign, told, mark.of_manifest if mark else None)
        embedded = sum(number for _, number in tensors)
        done = Dumped(self._vault.meta["id"], counts, embedded, len(files), absent, digest, written)
        return done._replace(adapters=len(learnt) // len(cubefile.LEARNT), kept=kept, slots=len(states) // 2)

    def _adapters(self, *, signed: bool) -> tuple[list[members.Opened], dict[str, str]]:
        """The members of adapters, and why other adapters are left out."""
        if not (self._extent.whole and self._extent.adapters):
            return [], {}
        return members.outgoing(self._vault, self._conn, self._generations, self._stack, signed=signed)

    def _refuse_circles(self) -> None:
        """Refuse links in a circle, as a reader does: after a merge there can be one, each half from another machine."""
        among = "source IN (SELECT id FROM temp.chosen)" if self._chosen else "1"
        for kind in links.ACYCLIC:
            if found := links.circle(self._conn, kind, among):
                source, target = (identity[:8] for identity in found[0])
                raise Refused(
                    f"links of type {kind} lead in a circle through {source} and {target}",
                    hint=f"take one out: memos link {source} {kind} {target} --remove",
                )

    def _spool(self, name: str) -> Spool:
        spool = Spool(name, self._folder)
        self._stack.callback(spool.close)
        return spool

    def _write_ops(self, spool: Spool) -> int:
        writer, count = operation_lines.OperationWriter(), 0
        # A repair of a memory has its id; it says why a change is missing.
        only = " AND noun IN ('memory', 'repair') AND subject IN (SELECT id FROM temp.chosen)" if self._chosen else ""
        for replica, end in sorted(self._ends.items()):
            last, here = None, 0
            for row in log.raw_rows(self._conn, f"WHERE replica = ? AND seq <= ?{only} ORDER BY seq", (replica, end)):
                last = log.from_row(row)
                spool.write(writer.line(last, row[-1]))
                self._subjects.note(last)
                here += 1
                if (count + here) % _EVERY == 0:
                    self._tell(count + here, self._total)
            if last is not None:
                self._heads[replica] = {"count": here, "id": last.id, "seq": last.seq}
                count += here
        self._tell(count, self._total)
        return count

    def _files(self) -> tuple[list[_Blob], int]:
        """The source files to include, and how many are left out."""
        kept = blobs.Blobs(self._vault.folder / connection.BLOBS)
        named = list(self._subjects.files())
        files = [_Blob(kept.path(digest), digest) for digest in named if digest in kept and self._may_go(digest)]
        return files, len(named) - len(files)

    def _may_go(self, digest: str) -> bool:
        """Whether all memories that were read from a file are exported: the file has the texts of the others, too."""
        if not self._chosen:
            return True
        sql = """SELECT 1 FROM memories WHERE json_extract(source, '$.digest') = ? AND state <> 'purged'
                 AND id NOT IN (SELECT id FROM temp.chosen)"""
        return self._conn.execute(sql, (digest,)).fetchone() is None

    def _vectors(self) -> Iterator[tuple[Spool, int]]:
        """A file of vectors for each embedder, with their number; only vectors of the present texts."""
        embedders = self._conn.execute("SELECT id, fingerprint, dimensions FROM embedders ORDER BY fingerprint").fetchall()
        number = 0
        for embedder, fingerprint, dimensions in embedders:
            ids, matrix = self._spool("ids"), self._spool("vectors")
            for identity, text, digest, vector in search.stored_vectors(self._conn, embedder):
                fits = len(vector) == 2 * dimensions and digest == rows.text_digest(text) and vector_file.is_unit(vector)
                if fits and self._is_chosen(identity):
                    ids.write(identity.encode())
                    matrix.write(vector)
            if not ids.lines:
                continue
            whole = self._spool(f"{cubefile.VECTORS}{number}.safetensors")
            whole.write(vector_file.header(fingerprint, ids.lines, dimensions))
            for part in (ids, matrix):
                with part.open() as source:
                    while chunk := source.read(1 << 18):
                        whole.write(chunk)
                part.close()
            number += 1
            yield whole, ids.lines

    def _is_chosen(self, identity: str) -> bool:
        sql = "SELECT 1 FROM temp.chosen WHERE id = ?"
        return not self._chosen or self._conn.execute(sql, (identity,)).fetchone() is not None


def _ends(conn: sqlite3.Connection) -> dict[str, int]:
    """The last exported operation of each replica: receipts at the end of its chain are left out."""
    sql = "SELECT seq FROM ops WHERE replica = ? AND noun <> ? ORDER BY seq DESC LIMIT 1"
    found = {replica: conn.execute(sql, (replica, log.IMPORT)).fetchone() for replica in log.position(conn)}
    return {replica: row[0] for replica, row in found.items() if row is not None}
