"""Held changes: what strangers say of what is familiar, kept beside the cube until a person takes or leaves it.

Each question is a small cube in the folder `held` of the cube, with the subjects that it is about and nothing else, so that it
is merged like any other cube. It is named after the digest of its operations. The file `left` has the digests of those that
were left: the same changes are never asked about again.
"""

import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import modes
from memos_cli.errors import MemosError
from memos_cli.infra import files
from memos_cli.infra.files import sync_folder
from memos_cli.infra.marks import mark, set_mark
from memos_cli.infra.vault import connection, log, purge
from memos_cli.infra.vault.purge import Purged
from memos_cli.infra.vault.vault import Vault

if TYPE_CHECKING:
    from memos_cli.infra.transfer.familiarity import Touched

FOLDER = "held"
LEFT = "left"
"""The file with the digests of what was left, a line each."""
_MARK = "held"
"""The mark of a held cube that tells of it."""
_ID = 20
"""Letters of a digest that name a question."""


class HeldChanges(NamedTuple):
    """A question about the changes of one file, or of one cube.

    Attributes:
        id: the beginning of the digest of the operations.
        cube: the cube here that they would change.
        path: the folder of the small cube that holds them.
        other: what the file was called.
        at: when it was merged but for these.
        changes: how many operations they are.
        memories: ids of the memories that they are about; `records` are noun and name of what else.
        erased: ids of memories here that they purge.
        replicas: who made them.
        file: SHA-256 of the file; `None` for a cube.
        signers: the keys that signed it.
        txn: the command that merged the rest; `None` where there was nothing else.
    """

    id: str
    cube: str
    path: Path
    other: str
    at: str
    changes: int
    memories: tuple[str, ...]
    records: tuple[tuple[str, str], ...]
    erased: tuple[str, ...]
    replicas: tuple[str, ...]
    file: str | None
    signers: tuple[str, ...]
    txn: str | None


def held(vault: Vault) -> list[HeldChanges]:
    """The questions of a cube, the oldest first."""
    found = []
    for folder in _folders(vault):
        with suppress(MemosError, *log.UNREADABLE), Vault(folder, vault.name) as small:
            found.append(_read(vault, folder, json.loads(mark(small.conn, _MARK))))
    return sorted(found, key=lambda one: (one.at, one.id))


def count(vault: Vault) -> int:
    """How many questions of a cube wait."""
    return len(_folders(vault))


def _folders(vault: Vault) -> list[Path]:
    folder = vault.folder / FOLDER
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if not one.name.startswith(".") and (one / connection.FILE).is_file())


def _read(vault: Vault, folder: Path, told: dict[str, Any]) -> HeldChanges:
    pairs = [(str(noun), str(name)) for noun, name in told["subjects"]]
    return HeldChanges(
        folder.name, vault.name, folder, told["other"], told["at"], told["changes"],
        tuple(name for noun, name in pairs if noun == "memory"), tuple(pair for pair in pairs if pair[0] != "memory"),
        tuple(told["erased"]), tuple(told["replicas"]), told["file"], tuple(told["signers"]), told["txn"],
    )  # fmt: skip


def keep(
    vault: Vault, other: Vault, touched: "Touched", *, name: str, at: str, millis: int, txn: str | None, origin: dict[str, Any]
) -> HeldChanges:
    """Keep what was left out of a merge, in place of earlier questions that it includes.

    Args:
        vault: the cube that it would change.
        other: the cube that it is read from.
        touched: what it is.
        name: what the file is called.
        at: the time, as text; `millis` is the same in milliseconds since 1970.
        txn: the command that merged the rest.
        origin: what is known of the file, see `loader.Staged.origin`.
    """
    folder = vault.folder / FOLDER
    told = {
        "other": name, "at": at, "txn": txn, "file": origin.get("file"), "signers": origin.get("signers", []),
        "changes": touched.changes, "subjects": touched.subjects, "replicas": touched.replicas, "erased": touched.erased,
    }  # fmt: skip
    place = folder / touched.digest[:_ID]
    if not place.exists():
        half = folder / f".{place.name}.{os.urandom(6).hex()}"
        try:
            _make(half, vault, other, touched, told, millis)
            half.rename(place)
            sync_folder(folder)
        except OSError as error:
            raise MemosError(f"cannot keep what {name} changes: {error.strerror or error}") from None
        finally:
            drop(half)
    _drop_included(vault, place)
    with Vault(place, vault.name) as small:
        return _read(vault, place, json.loads(mark(small.conn, _MARK)))


def _make(half: Path, vault: Vault, other: Vault, touched: "Touched", told: dict[str, Any], millis: int) -> None:
    from memos_cli.infra.transfer import merge  # here, since a purge, which looks for what is held, does not need it

    modes.make_folder(half.parent)
    Vault.create(half, owner=vault.meta["owner"], millis=millis)
    with Vault(half, vault.name) as small:
        with small.write("merge", vault.meta["owner"], millis) as unit:
            merge.merge(small, unit, other, merge.Terms(subjects=frozenset(touched.subjects)))
            set_mark(small.conn, _MARK, log.encoded(told))
        connection.checkpoint(small)


def _drop_included(vault: Vault, place: Path) -> None:
    """Drop the earlier questions of which every change is in this one too, or in the cube by now."""
    new = _operations(place, vault.name)
    for folder in _folders(vault):
        if folder != place and not _lacking(vault, folder) - new:
            drop(folder)


def _operations(folder: Path, name: str) -> set[bytes]:
    with Vault(folder, name) as small:
        return {one for (one,) in small.conn.execute("SELECT id FROM ops WHERE noun <> ?", (log.IMPORT,))}


def _lacking(vault: Vault, folder: Path) -> set[bytes]:
    """The operations held in a folder that the cube lacks."""
    sql = "SELECT 1 FROM ops WHERE id = ?"
    return {one for one in _operations(folder, vault.name) if vault.conn.execute(sql, (one,)).fetchone() is None}


def tidy(vault: Vault) -> None:
    """Drop the questions whose changes are all in the cube by now: a trusted file brought them, or somebody took them."""
    for folder in _folders(vault):
        with suppress(MemosError):
            if not _lacking(vault, folder):
                drop(folder)


def drop(folder: Path) -> None:
    """Remove what is held there."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def leave(vault: Vault, digest: str, folder: Path | None = None) -> None:
    """Record that changes were left, and remove what is held of them.

    Args:
        digest: that of the operations, or the beginning of it that names a question.
        folder: where they are held, if they are.
    """
    path = vault.folder / FOLDER / LEFT
    kept = dict.fromkeys([*_left(vault), digest[:_ID]])
    files.write(path, "".join(f"{one}\n" for one in kept).encode())
    if folder is not None:
        drop(folder)


def was_left(vault: Vault, digest: str) -> bool:
    """Whether somebody left just these changes before."""
    return digest[:_ID] in _left(vault)


def _left(vault: Vault) -> list[str]:
    path = vault.folder / FOLDER / LEFT
    return path.read_text(encoding="ascii", errors="replace").split() if path.is_file() else []


class HeldTexts:
    """What is held of a cube's memories: a purge drops the questions that name a purged memory, or say what it said.

    Args:
        vault: the cube.
    """

    name = "held changes"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove the questions; the file that they came in asks again when it is merged again."""
        texts = [_folded(text) for text in purged.texts if len(text) >= purge.SHORTEST]
        found = [folder for folder in _folders(self._vault) if self._tells_of(folder, set(purged.ids), texts)]
        for folder in () if dry_run else found:
            drop(folder)
        return len(found)

    def sweep(self) -> None:
        """Remove the questions about memories that are purged by now, and halves that a kill left."""
        gone = log.purged(self._vault.conn)
        for folder in _folders(self._vault):
            if self._tells_of(folder, gone, ()):
                drop(folder)
        with suppress(OSError):
            for half in (self._vault.folder / FOLDER).glob(".*"):
                drop(half)

    def _tells_of(self, folder: Path, ids: Collection[str], texts: Sequence[str]) -> bool:
        try:
            with Vault(folder, self._vault.name) as small:
                return any(
                    subject in ids or any(text in _folded(said) for said in spoken for text in texts)
                    for subject, spoken in _spoken(small)
                )
        except MemosError:  # nobody can know what it holds
            return True


def _spoken(small: Vault) -> Iterator[tuple[str, list[str]]]:
    """Of each operation with a payload its subject, and the texts that it gives."""
    for one in log.operations(small.conn, "WHERE noun = 'memory' AND change IS NOT NULL AND change <> ?", (log.TOMBSTONE,)):
        yield one.subject, list(purge.said([one]))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
