"""How the standing sources of a cube stood when this machine last looked: a small file in the home, not beside the cube.

That a source stands in this file is the consent of whoever uses the home: a record in a log alone makes nobody read a file. So
the file is no cache, while what it says beyond that is: without it a source is read once more, and nothing is taken twice.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from memos_cli import modes
from memos_cli.errors import Busy
from memos_cli.infra import files
from memos_cli.records import NamedTuple

FOLDER = "sources"
_PATIENCE = 5.0


class SourceState(NamedTuple):
    """How a source stood.

    Attributes:
        seen: the digest of its names, sizes and times when it was last read to its end; empty before.
        read_at: when that was begun, fixed-width UTC text.
        whole_at: when a reading of all of it was begun last, and not only of what is recent.
        tried_at: when it was last opened, read to its end or not.
        taken: how many memories were made of it; `edited` how many of them it changed since.
        unfinished: whether the time was over before its end.
        fault: why it could not be read.
    """

    seen: str = ""
    read_at: str | None = None
    whole_at: str | None = None
    tried_at: str | None = None
    taken: int = 0
    edited: int = 0
    unfinished: bool = False
    fault: str = ""


class SourceStates:
    """The states of one cube's sources in this home.

    Args:
        data: the folder of the home's data.
        cube: the cube's id.
    """

    def __init__(self, data: Path, cube: str) -> None:
        self._path = data / FOLDER / f"{cube}.json"

    def all(self) -> dict[str, SourceState]:
        """The states by the absolute paths of the sources; empty where there is no file that can be read."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return {path: _state(one) for path, one in found.items() if isinstance(one, dict)} if isinstance(found, dict) else {}

    def set(self, path: str, state: SourceState) -> None:
        """Keep a source's state, whole or not at all; the states of others are those that were set last.

        Raises:
            Busy: another process keeps the file.
            OSError: the file cannot be written.
        """
        modes.make_folder(self._path.parent)
        with files.only_one(self._path.with_suffix(".lock"), "a change of the sources", timeout=_PATIENCE):
            files.write(self._path, json.dumps(self._told({**self.all(), path: state}), indent=1).encode())

    def note(self, path: str, state: SourceState) -> None:
        """The same, as best it can be done: what is lost makes one more reading."""
        with suppress(OSError, Busy):
            self.set(path, state)

    def _told(self, states: dict[str, SourceState]) -> dict[str, Any]:
        return {path: state._asdict() for path, state in sorted(states.items())}


def _state(fields: dict[str, Any]) -> SourceState:
    """A state, with its default for what is of another type: anybody may have edited the file."""
    default = SourceState()
    sound: dict[str, Any] = {
        name: value
        for name, value in fields.items()
        if name in SourceState._fields and isinstance(value, str if name.endswith("_at") else type(getattr(default, name)))
    }
    return default._replace(**sound)
