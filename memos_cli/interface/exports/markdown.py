"""A folder of Markdown that a person can read and edit, and bring back: `mos.notes.write("notes/")`.

A memory is a note: its fields in front matter, its words below, unchanged. A note lies in the folder of its kind and of the
month in which it was recorded, unless a person moved it within the folder: then it stays where it is. Its name ends with the
beginning of the memory's id, so that two notes never have one name, on any system. Obsidian opens the folder, and shows the
links.

No file is overwritten that memos did not write, or that was edited since, unless that is forced; nothing is removed.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.errors import MemosError, Refused, UsageError
from memos_cli.interface.exports import note_text, returned
from memos_cli.interface.exports.exports import Exports, Tell
from memos_cli.interface.exports.tally import ExportTally
from memos_cli.model import Filter, Kind
from memos_cli.operation.operator.notebook import exported
from memos_cli.operation.operator.notebook.exported import Stamp
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.pages import Leaf
    from memos_cli.session import Session

_LARGEST = 16 << 20
"""Bytes of a file that is looked at as an older version of a note."""
_FOLDERS = {Kind.PREFERENCE: "preferences", Kind.PROCEDURE: "procedures"}


class Noted(NamedTuple):
    """What became of an export of notes.

    Attributes:
        memories: how many memories have their notes in the folder as they are now.
        written: how many notes were written; the others said so already.
        masked, left_out, labels: as of any export.
        turns: how many turns of talks were left out.
        kept: files that were not overwritten, and why; below the folder.
        unwritable: memories that cannot be told as a note without a loss, and why.
        older: notes in the folder of memories that are not among those that were exported.
    """

    memories: int = 0
    written: int = 0
    masked: int = 0
    left_out: int = 0
    labels: tuple[tuple[str, int], ...] = ()
    turns: int = 0
    kept: tuple[tuple[str, str], ...] = ()
    unwritable: tuple[tuple[str, str], ...] = ()
    older: int = 0
    dry_run: bool = False


class Notes:
    """The notes of a home.

    Args:
        session: who asks, in which home, of which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def write(
        self,
        folder: str | Path,
        wanted: Filter | None = None,
        *,
        talks: bool = False,
        force: bool = False,
        dry_run: bool = False,
        user_id: str | None = None,
        tell: Tell = lambda *_: None,
    ) -> Noted:
        """Write memories as notes.

        Args:
            folder: where to; it is made if it is missing.
            wanted: which of them.
            talks: also the turns of talks, a note each.
            force: overwrite files that memos did not write, or that were edited since.
            dry_run: write nothing, and tell what would be.
            user_id: who asks.
            tell: called now and then with how many are written, of how many.

        Raises:
            UsageError: there is a file of that name.
            Refused: a note leads out of the folder, by a link in it.
        """
        root = Path(folder)
        if root.exists() and not root.is_dir():
            raise UsageError(f"{folder} is no folder", hint="memos export markdown notes/")
        cubes = {vault.name: str(vault.meta["id"]) for vault in self._session.vaults(user_id)}
        tally = ExportTally()
        leaves = [*Exports(self._session).leaving(wanted, tally, user_id=user_id, tell=tell)]
        chosen = [leaf for leaf in leaves if talks or not _is_turn(leaf)]
        writer = _Writer(self._session, root, cubes, chosen, force=force, dry_run=dry_run)
        for count, leaf in enumerate(chosen):
            writer.write(leaf)
            if count % 200 == 0:
                tell(count, len(chosen))
        told = tally.told()
        return Noted(
            writer.done, writer.written, told.masked, told.left_out, told.labels, len(leaves) - len(chosen), tuple(writer.kept),
            tuple(writer.unwritable), len(writer.there.keys() - {writer.key(leaf) for leaf in chosen}), dry_run,
        )  # fmt: skip


def _is_turn(leaf: "Leaf") -> bool:
    return leaf.memory.kind is Kind.EPISODE and leaf.memory.source.conversation is not None


class _Writer:
    """Writes the notes of one export."""

    def __init__(
        self, session: "Session", root: Path, cubes: Mapping[str, str], leaves: "list[Leaf]", *, force: bool, dry_run: bool
    ) -> None:
        self._session, self._root, self._cubes, self._force, self._dry_run = session, root, cubes, force, dry_run
        self._real = os.path.realpath(root)
        self.done = self.written = 0
        self.kept: list[tuple[str, str]] = []
        self.unwritable: list[tuple[str, str]] = []
        self.there = dict(_stamped(root))
        self._names = self._chosen_names(leaves)

    def key(self, leaf: "Leaf") -> str:
        """What a note of a memory is known by: the cube and the memory in its stamp."""
        return f"{self._cubes.get(leaf.memory.cube, '')}/{leaf.memory.id}"

    def _chosen_names(self, leaves: "list[Leaf]") -> dict[str, str]:
        """The path of each memory's note below the folder: the one that it has, else one of its own."""
        names: dict[str, str] = {}
        taken = Counter(leaf.memory.id[:8] for leaf in leaves)
        for leaf in leaves:
            memory = leaf.memory
            there = self.there.get(self.key(leaf))
            if there is not None:
                names[memory.id] = there
                continue
            mark = memory.id if taken[memory.id[:8]] > 1 else memory.id[:8]
            stem = note_text.file_name(memory, mark, self._session.zone)
            names[memory.id] = f"{_FOLDERS.get(memory.kind, f'{memory.kind}s')}/{memory.created_at[:7]}/{stem}.md"
        return names

    def write(self, leaf: "Leaf") -> None:
        """Write a note, unless it is there already, or what is there is not to be overwritten."""
        memory = leaf.memory
        draft = exported.as_shown(memory)
        stamp = Stamp(self._cubes.get(memory.cube, ""), memory.id, exported.digest(draft))
        stems = {target: Path(self._names[target]).stem for _, target in leaf.links if target in self._names}
        text = note_text.note(
            memory, draft, stamp, [(kind, stems[to]) for kind, to in leaf.links if to in stems], self._session.zone
        )
        if why := self._loses(text, stamp):
            self.unwritable.append((memory.id, why))
            return
        name = self._names[memory.id]
        path = self._root / name
        if self._is_outside(path):
            raise Refused(f"{name} leads out of {self._root}, by a link", hint="export to another folder")
        content = text.encode()
        if (known := _content(path)) == content:
            self.done += 1
            return
        if known is not None and not self._force and (why := self._why_kept(known, self.key(leaf))):
            self.kept.append((name, why))
            return
        self.done += 1
        self.written += 1
        if not self._dry_run:
            _replace(path, content)

    def _loses(self, text: str, stamp: Stamp) -> str | None:
        """Why a note would not come back as what it was written from, if it would not."""
        try:
            found = returned.read(text, "note.md", self._session.zone)
        except MemosError as error:
            return error.message
        if found is None:
            return "its fields are too long for front matter"
        return None if exported.digest(found[0]) == stamp.digest else "a note cannot hold it without a loss"

    def _is_outside(self, path: Path) -> bool:
        """Whether links lead from the folder to elsewhere; the note itself may not be a link either."""
        real = os.path.realpath(path.parent)
        return path.is_symlink() or not (real == self._real or real.startswith(f"{self._real.rstrip(os.sep)}{os.sep}"))

    def _why_kept(self, known: bytes, key: str) -> str | None:
        """Why a file that is there is not overwritten, if it is not."""
        try:
            found = returned.read(known.decode(), "note.md", self._session.zone)
        except (MemosError, ValueError):
            return "edited since"
        if found is None or f"{found[1].cube}/{found[1].memory}" != key:
            return "not written by memos"
        return None if exported.digest(found[0]) == found[1].digest else "edited since"


def _stamped(root: Path) -> Iterator[tuple[str, str]]:
    """The notes that are in a folder: the cube and the memory of each, and its path below the folder."""
    for where, inner, files in os.walk(root):
        inner[:] = sorted(one for one in inner if not one.startswith("."))
        for name in sorted(files, reverse=True):
            path = Path(where, name)
            if not name.endswith(".md") or path.is_symlink():
                continue
            if (key := returned.key(_content(path, returned.HEAD) or b"")) is not None:
                yield key, path.relative_to(root).as_posix()


def _content(path: Path, most: int = _LARGEST) -> bytes | None:
    """What is in a file; `None` where there is none, and something that is no note where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def _replace(path: Path, content: bytes) -> None:
    """Put a note in its place, whole or not at all, as readable as what a person writes there."""
    half = path.with_name(f".{os.urandom(6).hex()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(content)
        half.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    finally:
        half.unlink(missing_ok=True)
