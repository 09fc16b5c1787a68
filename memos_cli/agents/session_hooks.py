"""What clients run when a session begins and ends: the briefing in the form that each takes, and the transcript brought in.

What a client hands over is text from outside, of which anything may be wrong: it is read up to a bound of bytes and seconds,
and names no file but a transcript where that client keeps its own.
"""

import json
import os
import select
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli.agents.setup.clients import CLIENTS, Client
from memos_cli.errors import Refused

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS
    from memos_cli.interface.imports.report import Imported

MOST_BYTES = 1024 * 1024
PATIENCE = 2.0
"""Seconds that a client may take to hand over what it has to say."""
BUDGET = 2.0
"""Seconds for a transcript while the client waits: Codex allows 3. What is left is brought in by the next end, or a tick."""
TOKENS = 1000
"""Of a briefing, which is at most 3,000 bytes then; Codex cuts what is longer than 10,000 letters."""
_PATH = 4096


def given(source: int, seconds: float = PATIENCE) -> dict[str, Any]:
    """What the client says on a stream.

    Raises:
        Refused: it is no JSON object, too long, or not all there in time.
    """
    try:
        found = json.loads(_read(source, time.monotonic() + seconds))
    except (ValueError, RecursionError):
        raise Refused("the client handed over no JSON") from None
    if not isinstance(found, dict):
        raise Refused("the client handed over no JSON object")
    return found


def _read(source: int, until: float) -> bytes:
    read = bytearray()
    while len(read) <= MOST_BYTES:
        left = until - time.monotonic()
        if left <= 0 or (os.name == "posix" and not select.select([source], [], [], left)[0]):
            raise Refused("the client did not say in time what it wants")
        some = os.read(source, 65536)
        if not some:
            return bytes(read)
        read += some
    raise Refused(f"the client handed over more than {MOST_BYTES >> 20} MiB")


def briefing(mos: "MOS", client: Client, said: Mapping[str, Any]) -> dict[str, Any] | None:
    """The briefing, in the form that the client adds to a session; `None` where there is none, or the session has it already.

    Args:
        mos: the home, as the agent.
        client: who asks.
        said: what it handed over.
    """
    if said.get("source") == "resume":
        return None
    text = mos.briefing.brief(tokens=TOKENS, own=True).text
    if not text:
        return None
    if client.name == "cursor":
        return {"additional_context": text}
    return {"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}


def transcript(client: Client, said: Mapping[str, Any], env: Mapping[str, str]) -> Path:
    """The file of the session that ended.

    Raises:
        Refused: the client names none, or one that is not among its transcripts.
    """
    if client.sessions is None or client.importer is None:
        raise Refused(f"of {client.title} no transcripts are read")
    name = said.get("transcript_path")
    if not isinstance(name, str) or not name or len(name) > _PATH or "\0" in name:
        raise Refused("the client names no transcript")
    try:
        path = Path(name).expanduser()
        real, folder = path.resolve(strict=True), client.sessions(env).resolve(strict=True)
        is_file = stat.S_ISREG(path.lstat().st_mode)
    except (OSError, RuntimeError):
        raise Refused("the transcript is not there") from None
    if not is_file or real.suffix != ".jsonl" or not real.is_relative_to(folder):
        raise Refused(f"the transcript does not lie where {client.title} keeps its own")
    return real


def take(mos: "MOS", client: Client, path: Path, late: Callable[[], bool]) -> "Imported":
    """Bring a transcript in, in the person's name; facts are found by rules, as no model is asked while a client waits.

    Raises:
        MemosError: it cannot be read, or the person may not write.
    """
    from memos_cli.interface.imports.imports import Taking

    return mos.imports.take(str(path), Taking(kind=client.importer, late=late))


def client_of(name: str) -> Client:
    """A client by its name."""
    return CLIENTS[name]
