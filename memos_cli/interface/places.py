"""The places outside of a cube's file that may hold what a memory said, as a purge wipes them (see `infra.purge.Place`).

A room that keeps text, or something made from text, under the home registers here: `MOS.places` asks for all of them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from memos_cli.errors import Busy, CubeLocked, IntegrityError
from memos_cli.infra import files
from memos_cli.infra.purge import Purged
from memos_cli.infra.recalls import Recalls
from memos_cli.infra.slots import Store
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Slot

HISTORY = "chat-history"
"""The file in the cache folder that keeps what was typed in `memos chat`, for the arrow keys."""
_SHORTEST = 4
"""Characters that two texts have to share to be taken for the same."""


class Matrices:
    """The vectors of a cube as searches scan them: of an unusual sentence, they tell a good part of it.

    Args:
        paths: the cached files.
    """

    name = "cached vectors"

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:  # noqa: ARG002 -- whose vectors they are does not matter
        """Remove them; the next search makes them anew."""
        found = [path for path in self._paths if path.exists()]
        if not dry_run:
            self.sweep()
        return len(found)

    def sweep(self) -> None:
        """Remove them."""
        for path in self._paths:
            path.unlink(missing_ok=True)


class Recollections:
    """When a memory was recalled, and in which form: its id alone is there, and that goes too.

    Args:
        folder: the cube's.
    """

    name = "recalls"

    def __init__(self, folder: Path) -> None:
        self._recalls = Recalls(folder)

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Take out the lines that name one of them."""
        return self._recalls.forget(purged.ids, dry_run=dry_run)

    def sweep(self) -> None:
        """Nothing: what was noted since is an id, which the log keeps as well."""


class TypedLines:
    """What was typed in conversations: messages that hold a purged text, or are a part of one.

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
        texts = [text for text in map(_folded, purged.texts) if len(text) >= _SHORTEST]
        kept = [entry for entry in entries if not _shared(_folded(_typed(entry)), texts)]
        if len(kept) < len(entries) and not dry_run:
            with files.replaced(self._path) as half:
                half.touch(mode=0o600)
                half.write_bytes("".join(kept).encode("utf-8", "surrogateescape"))
        return len(entries) - len(kept)

    def sweep(self) -> None:
        """Nothing: without the texts nobody knows which lines are meant, and `wipe` comes before the commit."""


class SavedStates:
    """Slots: those with a purged memory in them, and all of conversations, since turns may say what a memory said.

    Args:
        store: the slots.
        vault: whose memories are purged.
    """

    name = "slots"

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove them; they are made anew when they are needed."""
        gone = set(purged.ids)
        return self._remove(lambda slot: any(part.memory in gone for part in slot.parts), dry_run=dry_run)

    def sweep(self) -> None:
        """Remove what was kept since: of conversations, and with a memory that is purged by now."""
        everything = Filter(at="", everything=True)

        def doomed(slot: Slot) -> bool:
            mine = [part.memory for part in slot.parts if part.cube == self._vault.meta["id"]]
            return len(self._vault.versions(mine, everything)) < len(set(mine))

        self._remove(doomed)

    def _remove(self, doomed: Callable[[Slot], bool], *, dry_run: bool = False) -> int:
        try:
            found = [slot.id for slot in self._store.all() if slot.covers == "conversation" or doomed(slot)]
            return len(found) if dry_run else self._store.remove(found, erase=True)
        except IntegrityError:  # what is in them nobody can tell any more
            if not dry_run:
                self._store.clear()
            return 1
        except Busy as error:  # a purge that cannot be finished now says so, and is gone on with later
            raise CubeLocked(error.message, hint=error.hint) from None


def _entries(text: str) -> list[str]:
    """The messages with the comment and the blank line ahead of each."""
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
