"""Records of what was found out about a file, so that the next start need not hash 45 MB or try the file in a child process.

A record is a JSON file in the data folder, named by the file's path and bound to its size, its modification time and its inode,
since a file moved into another's place brings its own time along. An unreadable or outdated record counts as missing.
"""

import json
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from memos_cli import modes


def recall(path: Path, folder: Path) -> dict[str, Any] | None:
    """The record for a file as it is now, or None."""
    try:
        record = json.loads(_place(path, folder).read_text(encoding="utf-8"))
        state = path.stat()
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get("path") != str(path.absolute()):
        return None
    if record.get("stamp") != _stamp(state):
        return None
    facts = record.get("facts")
    return facts if isinstance(facts, dict) else None


def remember(path: Path, folder: Path, facts: dict[str, Any]) -> None:
    """Write a record; best effort, since without it the next start is only slower."""
    place = _place(path, folder)
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        state = path.stat()
        modes.make_folder(place.parent)
        text = json.dumps({"stamp": _stamp(state), "path": str(path.absolute()), "facts": facts})
        modes.make_file(temporary)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(place)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def noted(path: Path, folder: Path) -> str:
    """SHA-256 of a file, which is read only if it is new here or has changed.

    It is noted as `digest`, since `sha256` in the record of a model says that the model passed its trial, too.

    Args:
        path: the file.
        folder: the folder of the records.

    Raises:
        OSError: the file cannot be read.
    """
    known = recall(path, folder) or {}
    found = known.get("sha256") or known.get("digest")
    if not isinstance(found, str):
        found = digest(path)
        remember(path, folder, {**known, "digest": found})
    return found


def tried(path: Path, folder: Path) -> str | None:
    """SHA-256 of a model file that passed its trial and is unchanged since; `None` for any other."""
    found = (recall(path, folder) or {}).get("sha256")
    return found if isinstance(found, str) else None


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; 0.1 s for 90 MB."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(state: os.stat_result) -> list[int]:
    return [state.st_size, state.st_mtime_ns, state.st_ino]


def _place(path: Path, folder: Path) -> Path:
    # A checksum as the name, since hashlib takes 5 ms to import; the path in the record distinguishes two with one name.
    return folder / "known" / f"{path.name}.{zlib.crc32(os.fsencode(path.absolute())):08x}.json"
