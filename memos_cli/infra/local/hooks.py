"""Hooks: programs on this machine that are run when the lifecycle changes memories.

A policy names a hook, and a policy may come with a cube from elsewhere; so only a file of that name in the hooks folder of this
home is run, and nothing else.
"""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

_SHOWN = 200


FOLDER = "hooks"
"""In the folder of the settings: programs that a policy may name."""


def run(folder: Path, name: str, event: dict[str, Any], seconds: float) -> str | None:
    """Run a hook with the event as JSON on its standard input; what went wrong, or `None`.

    Args:
        folder: the hooks folder.
        name: the file's name in it.
        event: what happened.
        seconds: the time limit; after it the hook and all that it started are ended.
    """
    path = folder / name
    if not path.is_file():
        return f"hook {name}: there is no {path}"
    try:
        process = subprocess.Popen(
            [str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return f"hook {name}: {error.strerror} ({path})"
    try:
        _, said = process.communicate(json.dumps(event, ensure_ascii=False).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"hook {name}: not done after {seconds:g} s, so it was ended"
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        return f"hook {name}: exit status {process.returncode}" + (f", {last[0][:_SHOWN]}" if last else "")
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program and all of its session, and wait until it is gone."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
