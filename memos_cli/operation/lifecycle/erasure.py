"""Erasure: purging memories, and the places outside of a cube's file that may hold the text of a memory.

Code that keeps text, or something made from text, in the home registers here: `Erasure.places` lists all such places, and a
purge wipes each of them (see `infra.vault.purge.TextHolder`).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.author import Author
from memos_cli.errors import Busy, CubeLocked, IntegrityError
from memos_cli.infra import files, holders
from memos_cli.infra.governance import governance
from memos_cli.infra.local import adapters
from memos_cli.infra.local.recalls import Recalls
from memos_cli.infra.local.states import Store
from memos_cli.infra.transfer.held_changes import HeldTexts
from memos_cli.infra.vault import purge as cube_purge
from memos_cli.infra.vault.purge import Purged, TextHolder
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Memory, Slot
from memos_cli.operation.results import Receipt

if TYPE_CHECKING:
    from memos_cli.session import Session


HISTORY = "chat-history"
"""The file in the cache folder with the lines typed in `memos chat`, for the arrow keys."""
_SHORTEST = 4
"""The least characters of a text that is looked for in another."""


class Matrices:
    """The cached vectors of a cube: the vector of an unusual sentence gives away a good part of it.

    Args:
        paths: the cached files.
    """

    name = "cached vectors"

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:  # noqa: ARG002 -- the files are removed whatever is purged
        """Remove the files; the next search makes them anew."""
        found = self._files()
        if not dry_run:
            self.sweep()
        return len(found)

    def sweep(self) -> None:
        """Remove the files. A process that is writing one finds that it is gone, and keeps its vectors in memory."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """The files, and the halves of such that a process was writing, perhaps when it was killed."""
        halves = {half for path in self._paths for half in path.parent.glob(f".{path.name}.*")}
        return [*(path for path in self._paths if path.exists()), *sorted(halves)]


class Recollections:
    """The times and forms in which memories were recalled: only ids stand there, and a purge removes those, too.

    Args:
        folder: the cube's folder.
    """

    name = "recalls"

    def __init__(self, folder: Path) -> None:
        self._recalls = Recalls(folder)

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove the lines that name a purged memory."""
        return self._recalls.forget(purged.all_ids, dry_run=dry_run)

    def sweep(self) -> None:
        """Do nothing: lines written since hold an id, which the log keeps as well."""


class TypedLines:
    """The messages typed in conversations: a purge removes those that contain a purged text, or are a part of one.

    Args:
        path: the file, in the form of prompt_toolkit's `FileHistory`: a comment with the time, then lines that begin with `+`.
    """

    name = "chat history"

    def __init__(self, path: Path) -> None:
        self._path = path

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove the messages."""
        if not self._path.exists():
            return 0
        entries = _entries(self._path.read_bytes().decode("utf-8", "surrogateescape"))
        texts = [text for text in map(_folded, purged.all_texts) if len(text) >= _SHORTEST]
        kept = [entry for entry in entries if not _shared(_folded(_typed(entry)), texts)]
        if len(kept) < len(entries) and not dry_run:
            with files.replaced(self._path) as half:
                half.write_bytes("".join(kept).encode("utf-8", "surrogateescape"))
        return len(entries) - len(kept)

    def sweep(self) -> None:
        """Do nothing: the lines cannot be found without the texts, and `wipe` runs before the commit."""


class SavedStates:
    """The slots: a purge removes those that hold a purged memory, and all of conversations, whose turns may repeat its text.

    Args:
        store: the slots.
        vault: the cube whose memories are purged.
    """

    name = "slots"

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove the slots; they are made anew when they are needed."""
        gone = set(purged.all_ids)
        return self._remove(lambda slot: any(part.memory in gone for part in slot.parts), dry_run=dry_run)

    def sweep(self) -> None:
        """Remove slots written since: those of conversations, and those that hold a memory purged by now."""
        everything = Filter(at="", everything=True)

        def doomed(slot: Slot) -> bool:
            mine = [part.memory for part in slot.parts if part.cube == self._vault.meta["id"]]
            return len(self._vault.versions(mine, everything)) < len(set(mine))

        self._remove(doomed)

    def _remove(self, doomed: Callable[[Slot], bool], *, dry_run: bool = False) -> int:
        try:
            found = [slot.id for slot in self._store.all() if slot.covers == "conversation" or doomed(slot)]
            return len(found) if dry_run else self._store.remove(found, erase=True)
        except IntegrityError:  # nobody can know what the slots hold
            if not dry_run:
                self._store.clear()
            return 1
        except Busy as error:  # the purge reports that it is unfinished, and a later command finishes it
            raise CubeLocked(error.message, hint=error.hint) from None


def _entries(text: str) -> list[str]:
    """The messages, each with the comment and the blank line before it."""
    entries: list[str] = []
    typed = True
    for line in text.splitlines(keepends=True):
        if typed and not line.startswith("+"):
            entries.append("")
        typed = line.startswith("+")
        entries = entries or [""]
        entries[-1] += line
    return entries


def _typed(entry: str) -> str:
    return "\n".join(line[1:] for line in entry.splitlines() if line.startswith("+"))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _shared(typed: str, texts: Sequence[str]) -> bool:
    return any(text in typed or (len(typed) >= _SHORTEST and typed in text) for text in texts)


class LearntAdapters:
    """The generations of a cube: a purge removes those that learnt a purged memory, or whose data sets name what it names.

    Args:
        session: the home in which jobs may be running.
        vault: the cube.
    """

    name = "adapters"

    def __init__(self, session: "Session", vault: "Vault") -> None:
        self._session, self._vault = session, vault

    def wipe(self, purged: "Purged", *, dry_run: bool) -> int:
        """Remove the generations' folders; a running job is stopped and begun anew, since it may have read a purged memory."""
        if not adapters.exist(self._vault) and not self._working():
            return 0
        if not dry_run:
            self._halt()
        doomed = adapters.holding(self._vault, purged.all_ids, purged.texts)
        if not dry_run:
            for identity in doomed:
                adapters.remove(self._vault, identity)
        return len(doomed)

    def sweep(self) -> None:
        """Remove the folders of generations that learnt a memory purged by now."""
        if not adapters.exist(self._vault):
            return
        from memos_cli.operation.parametric import generations

        everything = Filter(at="", everything=True)
        known = generations.of(self._vault)
        there = set(adapters.folders(self._vault))
        for one in known:
            if one.id in there and len(self._vault.versions(list(one.covers), everything)) < len(one.covers):
                adapters.remove(self._vault, one.id)

    def _working(self) -> bool:
        from memos_cli.infra.local.jobs import FOLDER

        return (self._session.paths.data / FOLDER).is_dir()

    def _halt(self) -> None:
        from memos_cli.operation.parametric import job_runner

        try:
            stopped = job_runner.halt(job_runner.jobs_of(self._session), self._vault.meta["id"])
        except Busy as error:
            raise CubeLocked(error.message, hint=error.hint) from None
        for job in stopped:
            job_runner.jobs_of(self._session).queue(
                job._replace(state="queued", attempts=0, message=None, pid=None, begun=None)
            )


class Erasure:
    """Purges memories, so that nothing is left of them in any place.

    Args:
        session: who acts, in which home, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def places(self, vault: Vault) -> tuple[TextHolder, ...]:
        """The places besides a cube's file that may hold texts of its memories. Every new place has to be added here."""
        from memos_cli.operation.activation import slots

        session = self._session
        return (
            TypedLines(session.paths.cache / HISTORY),
            Matrices(session.embeddings.cached(vault)),
            SavedStates(slots.store(session), vault),
            Recollections(vault.folder),
            LearntAdapters(session, vault),
            HeldTexts(vault),
        )

    def purge(
        self,
        texts: "str | Sequence[str]",
        *,
        derived: bool = False,
        thaw: bool = False,
        dry_run: bool = False,
        user_id: str | None = None,
    ) -> Receipt:
        """Purge memories; nothing can bring them back.

        Args:
            texts: ids, prefixes of ids, or external ids.
            derived: purge also the memories derived from them, and those that they were derived from.
            thaw: purge also frozen memories.
            dry_run: change nothing, and return what would be done.
            user_id: who purges.

        Raises:
            Refused: a memory is frozen and `thaw` was not given, or the principal may not change it.
        """
        vault, ids = self._session.locate_all([texts] if isinstance(texts, str) else texts, user_id)
        author = self._session.author("forget", user_id)
        return purge(vault, ids, author, self.places(vault), derived=derived, thaw=thaw, dry_run=dry_run)

    def kin(self, texts: "str | Sequence[str]", user_id: str | None = None) -> tuple[Memory, ...]:
        """These memories, those made from them (derived, merged), and those that they were made from."""
        vault, ids = self._session.locate_all([texts] if isinstance(texts, str) else texts, user_id)
        return tuple(map(vault.get, cube_purge.kin(vault, ids)))

    def finish(self, vault: Vault) -> tuple[str, ...]:
        """Wipe what an interrupted purge left behind; returns a line for each thing that could not be wiped now."""
        return tuple(cube_purge.wipe(vault, self.places(vault)))


def purge(
    vault: Vault,
    ids: Sequence[str],
    author: Author,
    places: Sequence[TextHolder],
    *,
    derived: bool = False,
    thaw: bool,
    dry_run: bool,
) -> Receipt:
    """Purge memories, so that nothing but their ids is left; nothing can bring them back.

    Args:
        places: the places besides the cube's file that may hold the texts.
        derived: purge also the memories derived from them, and those that they were derived from.
        thaw: purge also frozen memories; the person was asked.

    Raises:
        Refused: a memory is frozen, or the principal may not change it. Then nothing is written.
    """

    def may_purge(turn: Memory) -> bool:
        return governance.may(vault, "erase", turn)

    left = not dry_run and bool(cube_purge.wipe(vault, places))
    with author.write(vault) as unit:
        ids = cube_purge.kin(vault, ids) if derived else ids
        for memory in map(vault.get, ids):
            governance.demand(vault, "erase", memory)
            if not thaw:
                governance.require_thaw(memory)
        purged = cube_purge.purge(vault, unit, ids, places, dry_run=dry_run, may=may_purge)
        txn = unit.log.txn if purged.ids and not dry_run else None
        if dry_run:
            unit.take_back()
    unfinished = () if dry_run else tuple(cube_purge.wipe(vault, places, None if left else purged.all_texts))
    found = holders.holders(vault, purged)
    sight = Filter(at="", everything=True)
    asking = governance.asking(author.principal, vault.meta)
    seen = tuple(one for one in found if (one.noun != "memory" and asking is None) or vault.can_see(one.id, sight))
    removed = purged.removed
    if asking is not None:  # what the home keeps beside the cube may be of memories of others
        outside = {place.name for place in places}
        removed, unfinished = {name: count for name, count in removed.items() if name not in outside}, ()
    return Receipt(purged.ids, removed, seen, 0, unfinished, txn, dry_run)
