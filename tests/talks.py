"""Sessions of Claude Code for tests: a line a turn, as its version 2.1 writes them."""

import json
import os
from pathlib import Path
from typing import Any


def turn(number: int, text: str, at: str, session: str = "s1") -> dict[str, Any]:
    """A turn of the person."""
    return {
        "parentUuid": None, "isSidechain": False, "userType": "external", "cwd": "/home/ines/garden", "sessionId": session,
        "version": "2.1.280", "type": "user", "message": {"role": "user", "content": text}, "uuid": f"{session}-{number}",
        "timestamp": at, "entrypoint": "cli",
    }  # fmt: skip


def write(path: Path, *turns: dict[str, Any], torn: str = "", age: float = 60.0) -> Path:
    """Add turns to a session's file, as if that was done some seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(one)}\n" for one in turns)
        file.write(torn)
    found = path.stat()
    os.utime(path, (found.st_atime, found.st_mtime - age))
    return path
