"""Adapters and slots as members of a cube file: which of them are written, and which are accepted.

Of an adapter the file has what is needed to use it and to train it again, in `adapters/ID/`, and only of a promoted generation:
the log has the digest of each file. The adapter in llama.cpp's form is left out, since it follows from the others. A reader
accepts only members that match the log of the same file and have their one form (`adapter_files`, `slot_record`); callers that
know whom to trust decide whether they are ever used.
"""

import io
import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from memos_cli import modes
from memos_cli.errors import IntegrityError
from memos_cli.infra import cubefile, files
from memos_cli.infra.cubefile import Incoming, Member, Source, unsound
from memos_cli.infra.limits import is_id
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer import adapter_files, merge_plan, slot_record
from memos_cli.infra.transfer.slot_record import Travelling
from memos_cli.infra.vault import fold, log, purge, schema
from memos_cli.infra.vault.units import registers_of
from memos_cli.infra.vault.vault import Vault

_CHUNK = 1 << 18
Registers = Mapping[str, Any]


class Opened(Source):
    """A file on disk as a member; held open, so that removing it meanwhile does no harm.

    Args:
        name: of the member.
        file: the file.
        sha256: the digest that it must have.
    """

    def __init__(self, name: str, file: IO[bytes], sha256: str) -> None:
        self.name, self.sha256 = name, sha256
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        file.seek(0)

    def read(self, most: int) -> bytes:
        """The next `most` bytes, fewer at the end."""
        return self._file.read(most)

    @property
    def member(self) -> Member:
        """The member's entry in the manifest."""
        return Member(self.name, self.size, self.sha256)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes from the beginning."""
        self._file.seek(0)
        yield self._file


class _Copied(Source):
    """A member that is copied to a file and hashed while it is read."""

    def __init__(self, source: Source, file: IO[bytes] | None = None) -> None:
        from hashlib import sha256

        self.name, self.size = source.name, source.size
        self._source, self._file, self._hash = source, file, sha256()

    def read(self, most: int) -> bytes:
        chunk = self._source.read(most)
        self._hash.update(chunk)
        if self._file is not None:
            self._file.write(chunk)
        return chunk

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


# -- adapters


def why_not(conn: sqlite3.Connection, identity: str, registers: Registers) -> str | None:
    """Why a generation cannot be in a cube file, whatever its files are; `None` where it can."""
    covers, named = registers.get("covers"), registers.get("files")
    if not is_id(identity) or not isinstance(covers, dict) or not isinstance(named, dict):
        return "its record has another form"
    if registers.get("status") != adapters.PROMOTED:
        return "it is not promoted"
    sql = "SELECT 1 FROM memories WHERE state = 'purged' AND id IN (SELECT value FROM json_each(?))"
    if conn.execute(sql, (json.dumps(list(covers)),)).fetchone():
        return "it knows what was purged"
    return None


def opened(place: Path, identity: str, registers: Registers, stack: ExitStack) -> list[Opened]:
    """A generation's files for a cube file; each matches the log, and a reader would accept it.

    Raises:
        IntegrityError: a file does not match, or is missing.
    """
    found, rank = [], 0
    for name in cubefile.LEARNT:
        wanted = registers["files"].get(name)
        try:
            if not (place / name).is_file():  # reading a pipe would never end
                raise FileNotFoundError
            file = stack.enter_context((place / name).open("rb"))
        except OSError:
            raise IntegrityError(f"its {name} is gone") from None
        one = Opened(f"{cubefile.ADAPTERS}{identity}/{name}", file, str(wanted))
        seen = _Copied(one)
        rank = adapter_files.check(seen, rank)
        if seen.digest != wanted:
            raise IntegrityError(f"its {name} was changed")
        found.append(one)
    return found


def outgoing(
    vault: Vault, conn: sqlite3.Connection, generations: Mapping[str, Registers], stack: ExitStack, *, signed: bool
) -> tuple[list[Opened], dict[str, str]]:
    """The files of the promoted generations, and for those left out the reason.

    Args:
        vault: the cube.
        conn: a connection to the state that is exported.
        generations: their registers, by id.
        stack: closes the files.
        signed: whether the file will be signed: a signature vouches for its adapters, so untrusted ones are left out then.
    """
    parts: list[Opened] = []
    left: dict[str, str] = {}
    promoted = {one: fields for one, fields in sorted(generations.items()) if fields.get("status") == adapters.PROMOTED}
    for identity, registers in promoted.items():
        if why := why_not(conn, identity, registers):
            left[identity] = why
        elif signed and adapters.untrusted(vault, identity):
            left[identity] = "it came from elsewhere, and to sign it would be to stand for it"
        elif len(parts) >= cubefile.MOST_ADAPTERS * len(cubefile.LEARNT):
            left[identity] = "there are too many"
        else:
            try:
                parts += opened(adapters.folder(vault, identity), identity, registers, stack)
            except IntegrityError as error:
                left[identity] = error.message
    return parts, left


class Shared(NamedTuple):
    """A generation whose adapter two cubes share after a merge: its registers then, and whether its files are copied."""

    id: str
    registers: Registers
    comes: bool


def take_over(
    vault: Vault,
    other: Vault,
    *,
    stood_for: Callable[[str], bool] = lambda _: True,
    without: Collection[str] = (),
    dry_run: bool = False,
) -> list[Shared]:
    """Copy from another cube the adapters of promoted generations that this one lacks, once it has their operations.

    Every file is checked as in a cube file. An adapter is not copied if it was trained on a memory that was purged on either
    side, or contains its text. The copy can be cut short and repeated: each file is here whole or not at all, and an adapter is
    used only with all of its files. The choice is the same before and after the merge of the logs, since it depends on both
    logs together.

    Args:
        stood_for: whether the generation with this id may be used. Another one is not copied if its operations say that this
            very copy of the cube made it: anybody who knows this cube's log can append operations in its name, and the result
            would look like one's own.
        without: generations of which the merge took over no operation, since a stranger changes what is familiar.
        dry_run: only report what would be copied.

    Returns:
        The generations that are here now as they are there.
    """
    found = []
    for one, parts in _shared(vault, other, stood_for, without):
        if one.comes and not dry_run:
            _copy(parts, adapters.folder(vault, one.id))
        found.append(one)
    return found


def _shared(
    vault: Vault, other: Vault, stood_for: Callable[[str], bool], without: Collection[str]
) -> Iterator[tuple[Shared, list[Opened]]]:
    """The generations that `take_over` reports, with the files of each, which stay open until the next one."""
    telling: set[str] | None = None
    for identity in adapters.records(other) if adapters.exist(other) else ():
        if identity in without:
            continue
        operations = merge_plan.joined(vault, other, adapters.NOUN, identity)
        registers = fold.fold(operations)
        if any(why_not(one.conn, identity, registers) for one in (vault, other)):
            continue
        with ExitStack() as stack:
            try:
                parts = opened(adapters.folder(other, identity), identity, registers, stack)
            except IntegrityError:
                continue
            comes = _lacks(adapters.folder(vault, identity), parts)
            if comes and adapters.made_by(operations, schema.own_replicas(vault.conn)) and not stood_for(identity):
                continue
            if comes and telling is None:
                telling = set(adapters.holding(other, (), _unsaid(vault, other)))
            if not (comes and telling and identity in telling):
                yield Shared(identity, registers, comes), parts


def _lacks(place: Path, parts: Iterable[Opened]) -> bool:
    names = {part.name.rpartition("/")[2]: part.sha256 for part in parts}
    return any(not (place / name).is_file() or files.digest(place / name) != digest for name, digest in names.items())


def _copy(parts: Iterable[Opened], place: Path) -> None:
    modes.make_folder(place)
    for part in parts:
        with part.open() as source, files.replaced(place / part.name.rpartition("/")[2]) as half, half.open("wb") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)


def _unsaid(vault: Vault, other: Vault) -> list[str]:
    """Texts that were purged here and that the other cube still has."""
    return [text for subject in log.purged(vault.conn) for text in purge.said(other.operations("memory", subject))]


# -- slots


def stored(slots: Iterable[Travelling], stack: ExitStack) -> list[Opened]:
    """The members of slots; of two with the same state the one whose record sorts first."""
    chosen: dict[str, Travelling] = {}
    for one in sorted(slots, key=Travelling.record):
        chosen.setdefault(one.digest, one)
    parts = []
    for digest in sorted(chosen)[: cubefile.MOST_SLOTS]:
        record = chosen[digest].record()
        parts.append(Opened(f"{cubefile.SLOTS}{digest}{cubefile.RECORD}", io.BytesIO(record), files.digest_of(record)))
        state = stack.enter_context(chosen[digest].path.open("rb"))
        parts.append(Opened(f"{cubefile.SLOTS}{digest}{cubefile.STATE}", state, digest))
    return parts


# -- reading members


class Arrivals:
    """Accepts the adapters and slots of a cube file whose log was read and folded.

    Args:
        conn: the staged cube.
        adapters: the folder for adapters.
        slots: a folder for states; made if there are any.

    Attributes:
        adapters: the ids of the generations whose files were accepted.
        slots: the accepted slots.
    """

    def __init__(self, conn: sqlite3.Connection, adapters: Path, slots: Path) -> None:
        self._conn, self._adapters, self._slots = conn, adapters, slots
        self.adapters: list[str] = []
        self.slots: list[Travelling] = []
        self._rank = 0

    def take_adapter(self, incoming: Incoming) -> None:
        """Accept one file of an adapter.

        Raises:
            IntegrityError: no promoted generation of the log has it, or it is not in its one form.
        """
        identity, _, name = incoming.name.removeprefix(cubefile.ADAPTERS).partition("/")
        registers = registers_of(self._conn, adapters.NOUN, identity)
        if why := why_not(self._conn, identity, registers):
            raise unsound(f"{incoming.name} is of no generation that may travel: {why}")
        if registers["files"].get(name) != incoming.sha256:
            raise unsound(f"{incoming.name} is not what the log says")
        if name == cubefile.LEARNT[0]:
            self.adapters.append(identity)
        path = self._adapters / identity / name
        modes.make_folder(path.parent)
        with new(path) as file:
            self._rank = adapter_files.check(_Copied(incoming, file), self._rank)

    def take_slot(self, incoming: Incoming) -> None:
        """Accept the record of a slot, or its state.

        Raises:
            IntegrityError: it is malformed, or contains a memory in a version that the file does not have.
        """
        digest, _, _ = incoming.name.removeprefix(cubefile.SLOTS).partition(".")
        path = self._slots / digest
        if incoming.name.endswith(cubefile.RECORD):
            slot = slot_record.read(incoming, path)
            if self._versions(slot) != slot.memories:
                raise unsound(f"{incoming.name} holds memories that are not so in the log")
            self.slots.append(slot)
            return
        if not incoming.size:
            raise unsound(f"{incoming.name} is empty")
        modes.make_folder(path.parent)
        with new(path) as file:
            for chunk in incoming.chunks():
                file.write(chunk)

    def _versions(self, slot: Travelling) -> dict[str, int]:
        sql = "SELECT id, version FROM memories WHERE state <> 'purged' AND id IN (SELECT value FROM json_each(?))"
        return dict(self._conn.execute(sql, (json.dumps(list(slot.memories)),)).fetchall())


@contextmanager
def new(path: Path) -> Iterator[IO[bytes]]:
    """A file that nobody else may read; it is on disk when the block ends."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, modes.FILE), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
