"""Kills a process that does anything to a cube at random instants, and tells what no longer agrees in it afterwards.

    python shuffler.py HOME SEED KILLS

The process adds, edits, forgets, restores, takes back, ticks, embeds, embeds anew with another embedder, and searches, by
chance, until it dies of SIGKILL; its matrix is cached in a file from three memories on, and grows by a block for two changes.
After each kill another process looks at the cube, and prints its faults as a JSON list on one line.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemosError
from memos_cli.infra.local import vector_index, vector_matrix
from memos_cli.infra.vault import search
from memos_cli.infra.vault.check import check
from memos_cli.model import Draft, Filter, State
from tests.infra.vault.helpers import Embedder, move
from tests.reliability.killer import drained, forked

WORDS = ("rose", "roof", "barn", "cellar", "walnut", "heron")


class Other(Embedder):
    """Another embedder, with other vectors."""

    fingerprint = "other words"

    def embed(self, texts: Any) -> Any:
        return super().embed([text[::-1] for text in texts])


def opened(home: Path, embedder: Embedder) -> MOS:
    given = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LOCK_TIMEOUT": "60"}
    mos = MOS(home, settings=Settings(given, paths({"MEMOS_HOME": str(home)})))
    mos.embeddings.embedder = lambda texts=1: embedder  # type: ignore[method-assign,assignment,return-value] # noqa: ARG005
    return mos


def text(chance: random.Random) -> str:
    return f"{' '.join(chance.choices(WORDS, k=3))} {chance.randrange(10**6)}"


ACTS: dict[str, Callable[[MOS, str, random.Random], object]] = {
    "add": lambda mos, _, chance: mos.add(text(chance)),
    "add many": lambda mos, _, chance: mos.add(drafts=[Draft(text(chance)) for _ in range(7)]),
    "edit": lambda mos, one, chance: mos.edit(one, {"content": text(chance)}),
    "forget": lambda mos, one, _: mos.delete(one),
    "restore": lambda mos, one, _: mos.restore([one]),
    "archive": lambda mos, one, _: move(mos, one, State.ARCHIVED),
    "undo": lambda mos, *_: mos.undo(),
    "tick": lambda mos, *_: mos.lifecycle.tick(),
    "embed": lambda mos, *_: mos.embed(),
    "search": lambda mos, _, chance: mos.search(text(chance), wanted=Filter(at=mos.now, archived=chance.random() < 0.5)),
    "compact": lambda mos, *_: mos.embeddings.matrix(mos.vault("default"), mos.embeddings.embedder()),  # type: ignore[arg-type]
}


def act(mos: MOS, chance: random.Random) -> None:
    """Do something by chance."""
    everything = mos.list(Filter(at=mos.now, everything=True))
    what = chance.choice([*ACTS, "add", "embed", "search"]) if everything else "add"
    ACTS[what](mos, chance.choice(everything).id if everything else "", chance)


def work(home: Path, seed: int) -> None:
    """Act for ever; now and then with another embedder, which embeds anew what the first one did."""
    chance = random.Random(seed)
    embedder = chance.choice((Embedder, Embedder, Other))()
    with opened(home, embedder) as mos:
        if chance.random() < 0.5:
            with mos.vault("default").derive():
                search.make_pending(mos.vault("default"), embedder.fingerprint)
        while True:
            with suppress(MemosError):
                act(mos, chance)


def faults(home: Path) -> None:
    """Print what does not agree: log, rows, words and vectors by the program's own check, and the matrix with the vectors."""
    found: list[str] = []
    for embedder in (Embedder(), Other()):
        with opened(home, embedder) as mos:
            vault = mos.vault("default")
            found += [fault for one in check(vault) for fault in one.faults]
            stored = vault.conn.execute(
                """SELECT m.content, v.digest FROM memories m JOIN vectors v ON v.n = m.n
                   WHERE m.title IS NULL AND m.speaker IS NULL"""
            )
            found += ["a vector of another text" for content, digest in stored if search.rows.text_digest(content) != digest]
            for cold in (False, True):
                rows, encoded = search.vectors(vault, embedder.fingerprint, cold=cold)
                index = mos.embeddings.index(vault, embedder, cold=cold)  # type: ignore[arg-type]
                if (0 if index is None else len(index)) != len(rows):
                    found.append(f"{len(rows)} vectors, {0 if index is None else len(index)} in the matrix")
                elif index is not None:
                    whole = vector_matrix.Matrix(rows, vector_matrix.decode(encoded, embedder.dimensions))
                    for query in embedder.embed(WORDS):
                        mine, right = (dict(zip(*map(list, one.top(query, 9_999)), strict=True)) for one in (index, whole))
                        if mine.keys() != right.keys() or any(abs(mine[n] - right[n]) > 1e-3 for n in right):
                            found.append("the matrix finds other rows than its vectors")
    sys.stdout.write(json.dumps(found))


def kill(home: Path, seed: int, kills: int) -> None:
    """Kill so often."""
    np.zeros(1)
    with opened(home, Embedder()) as mos:  # imports all that the others import
        mos.add(drafts=[Draft(f"the {word} stands there") for word in WORDS])
        mos.embed()
        mos.search("rose")
        mos.lifecycle.tick()
    if threading.active_count() != 1:
        raise SystemExit("a fork would take over half of a thread's state")
    chance = random.Random(seed)
    for number in range(kills):
        pid, pipe = forked(lambda number=number: work(home, seed + number))  # type: ignore[misc]
        time.sleep(chance.choice((0.02, 0.1, 0.3, 0.6)) * chance.random() + 0.01)
        os.kill(pid, signal.SIGKILL)
        drained(pipe)
        _, status = os.waitpid(pid, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            raise SystemExit(f"it ended by itself: {status}")
        pid, pipe = forked(lambda: faults(home))
        sys.stdout.write(drained(pipe).decode() + "\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        if status:
            raise SystemExit(f"the look at it failed: {status}")


if __name__ == "__main__":
    with mock.patch.object(vector_index, "CACHED_FROM", 3), mock.patch.object(vector_index, "PATCHED", 2):
        kill(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
