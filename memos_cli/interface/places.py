"""The places outside of a cube's file that may hold what a memory said, as a purge wipes them (see `infra.purge.Place`).

A room that keeps text, or something made from text, under the home registers here: `MOS.places` asks for all of them.
"""

from collections.abc import Sequence
from pathlib import Path

from memos_cli.infra import files
from memos_cli.infra.purge import Purged

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
