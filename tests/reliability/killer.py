"""Kills writers at random instants, and tells what they said and what another process finds afterwards.

    python killer.py HOME SEED KILLS AT_ONCE

A server that has imported all of memos forks each writer, so that a kill does not cost the start of an interpreter. A writer is
a process of its own, opens the home after its fork, and dies of SIGKILL. When the AT_ONCE writers of a round are dead, one more
process looks at the cube. A round is one JSON line: `said`, all that each writer wrote to its pipe; `found`, the contents of
the memories that they were told to be stored.
"""

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from memos_cli import MOS
from memos_cli.errors import NotFound
from tests.reliability.writer import settings, write


def forked(work: Callable[[], None]) -> tuple[int, int]:
    """A process that does the work with its standard output on a pipe; its id, and our end of the pipe."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    status = 1
    try:
        os.dup2(theirs, 1)
        work()
        sys.stdout.flush()
        status = 0
    finally:
        os._exit(status)


def drained(pipe: int) -> bytes:
    """All that comes until the pipe ends."""
    with os.fdopen(pipe, "rb") as stream:
        return stream.read()


def contents(home: Path, ids: Collection[str]) -> None:
    """Id and content of those of these memories that are there, as JSON."""
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        found = {}
        for identity in ids:
            with suppress(NotFound):
                found[identity] = mos.vaults()[0].get(identity).content
        sys.stdout.write(json.dumps(found))


def round_of(home: Path, names: list[str], chance: random.Random) -> list[str]:
    """Start a writer a name, kill each at some instant, and give what they said."""
    running = [forked(lambda name=name: write(home, name, 0)) for name in names]  # type: ignore[misc]
    begun = []
    for _, pipe in running:
        wanted, said = chance.choice((0, 1, 1, 3, 5, 8, 20)), b""
        while said.count(b"\n") < wanted:  # none: it is killed while it opens the cube, which the last kill left torn
            said += os.read(pipe, 1)
        begun.append(said)
    for pid, _ in running:
        time.sleep(chance.choice((0.002, 0.01, 0.05)) * chance.random())
        os.kill(pid, signal.SIGKILL)
    told = []
    for (pid, pipe), said in zip(running, begun, strict=True):
        told.append((said + drained(pipe)).decode())
        _, status = os.waitpid(pid, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            raise SystemExit(f"a writer ended by itself: {status}")
    return told


def kill(home: Path, seed: int, kills: int, at_once: int) -> None:
    """Kill so many writers."""
    with tempfile.TemporaryDirectory() as scratch:  # imports all that a writer and a reader import
        write(Path(scratch), "warm", 40, mixed=True, say=lambda *_: None)
    if threading.active_count() != 1:
        raise SystemExit("a fork would take over half of a thread's state")
    chance = random.Random(seed)
    for first in range(0, kills, at_once):
        said = round_of(home, [f"{seed}.{first + number}" for number in range(min(at_once, kills - first))], chance)
        acknowledged = {line.split(" ", 2)[1] for one in said for line in one.split("\n")[:-1] if line.startswith("ack")}
        pid, pipe = forked(lambda ids=acknowledged: contents(home, ids))
        found = json.loads(drained(pipe))
        os.waitpid(pid, 0)
        sys.stdout.write(json.dumps({"said": said, "found": found}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    kill(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
