"""`memos bench search`: what a search costs in a cube of any size.

A made-up cube is written to a temporary home, its vectors given, and measured in processes of their own: warm searches in one
process, and commands as a person types them, each beside the same in a cube of `SMALL` memories; and where rules of access are
asked for, the searches of the owner beside those of a principal whom they let see all.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli.bench import child
from memos_cli.bench.search import ruled, warm
from memos_cli.bench.search.vocabulary import Vocabulary
from memos_cli.bench.search.warm import Task
from memos_cli.errors import MemosError, StorageFull, UsageError
from memos_cli.model import Draft

SMALL = 100
"""Memories of the cube beside which commands are measured."""
_LOT = 100_000
"""Memories that are added in one transaction."""
_STEP = 1_000
"""Memories that count as much as one search in what is done."""
_BYTES = 4_000
"""Bytes of disk that a memory takes at most: its row, its operation, its vector there and in the file of vectors."""
_PER_CLUSTER = 200
"""Memories of one cluster of vectors, where there are many."""
_COLD = 7
"""How often a command is run: medians count."""
_CUBE = "bench"

Tell = Callable[[int, int], None]


def run(memories: int, seed: int, repeat: int, tell: Tell = lambda *_: None, *, rules: int = 0) -> dict[str, Any]:
    """Make the cube and measure it.

    Args:
        memories: how many the cube has.
        seed: another one makes up another cube.
        repeat: how many searches of each sort are timed.
        tell: called with how much is done, and of how much.
        rules: how many rules let a principal see all of the cube; with none its searches are not measured.

    Returns:
        The report; times in seconds.

    Raises:
        UsageError: numpy is not installed.
        StorageFull: the temporary folder has no room for the cube.
    """
    _require_numpy()
    with TemporaryDirectory(prefix="memos-bench-") as place:
        if shutil.disk_usage(place).free < _BYTES * memories:
            raise StorageFull(
                f"a cube of {memories:,} memories takes up to {_BYTES * memories / 1e9:.1f} GB, more than {place} has room for",
                hint="set TMPDIR to a folder on a larger disk, or measure fewer: --memories 100000",
            )
        searches, commands = warm.count(repeat), 4 * _COLD
        more = 2 * ruled.count(repeat) + 2 * _COLD if rules else 0
        total = memories + SMALL + _STEP * (searches + commands + more)

        def step(done: int) -> None:
            tell(memories + SMALL + _STEP * done, total)

        task = Task(str(Path(place) / "large"), _CUBE, max(8, memories // _PER_CLUSTER), seed, repeat, rules)
        small = task._replace(folder=str(Path(place) / "small"), rules=0)
        written = write(task, memories, lambda done: tell(done, total))
        write(small, SMALL)
        measured: dict[str, Any] = {}
        for line in child.objects("memos_cli.bench.search.warm", task._asdict(), _failed):
            step(line.pop("done", searches))
            measured.update(line)
        cold = _cold(task, small, lambda done: step(searches + done))
        compared = _ruled(task, lambda done: step(searches + commands + done)) if rules else None
    return {
        "memories": memories, "seed": seed, "repeat": repeat, "written": written, **measured, "cold": cold, "ruled": compared,
        "load": _load(),
    }  # fmt: skip


def _require_numpy() -> None:
    try:
        import numpy  # noqa: ICN001, F401 -- only whether it is there
    except ImportError:
        raise UsageError("the vectors of the cube need numpy, which is not installed", hint="pip install numpy") from None


def write(task: Task, memories: int, tell: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Write the cube of a task, its vectors given; how many memories a second that was, and how long it took."""
    texts = Vocabulary(task.seed).texts(memories)
    done, seconds = 0, 0.0
    with warm.opened(task) as mos:
        mos.create_cube(task.cube)
        number, kinds = 0, ruled.tags(task.rules)
        while lot := [Draft(text) for text in islice(texts, _LOT)]:  # what is made up is no part of the time
            if task.rules:
                lot = [draft._replace(tags=(ruled.tag((number + place) % kinds),)) for place, draft in enumerate(lot)]
                number += len(lot)
            start = time.perf_counter()
            mos.add(drafts=iter(lot), tell=lambda some, done=done: tell(done + some))  # type: ignore[misc]
            mos.embed()
            seconds += time.perf_counter() - start
            done += len(lot)
            tell(done)
        start = time.perf_counter()
        mos.search("", record=False)  # makes the file of vectors
        index = time.perf_counter() - start
        size = mos.vault(task.cube).info().bytes or 0
        if task.rules:
            ruled.grant(mos, task.rules)
    return {
        "seconds": round(seconds, 3), "per_second": round(done / seconds, 1), "index_s": round(index, 3), "bytes": size,
    }  # fmt: skip


def _failed(said: str) -> MemosError:
    return MemosError(said, hint="measure fewer memories: --memories 100000")


def _cold(large: Task, small: Task, tell: Callable[[int], None]) -> dict[str, Any]:
    """For each command its median in both cubes, run by turns, and their ratio."""
    said = Vocabulary(large.seed)
    commands = {"search_lexical": ("search", "--lexical"), "list": ("list", "-n", "5")}
    found: dict[str, Any] = {}
    done = 0
    for name, words in commands.items():
        times: dict[str, list[float]] = {large.folder: [], small.folder: []}
        for _ in range(_COLD):
            more = said.mixed().split() if name.startswith("search") else []
            for folder, taken in times.items():
                taken.append(_command(folder, [*words, *more]))
                done += 1
                tell(done)
        slow, quick = median(times[large.folder]), median(times[small.folder])
        found[name] = {"median_s": round(slow, 4), "small_s": round(quick, 4), "ratio": round(slow / quick, 3)}
    return found


def _ruled(task: Task, tell: Callable[[int], None]) -> dict[str, Any]:
    """The searches of the owner and of the principal by turns, in one process, and each in processes of their own."""
    measured: dict[str, Any] = {}
    for line in child.objects("memos_cli.bench.search.ruled", task._asdict(), _failed):
        tell(2 * line.pop("done", ruled.count(task.repeat)))
        measured.update(line)
    said = Vocabulary(task.seed + 2)
    pairs = []
    for turn in range(_COLD):
        words = ["search", "--lexical", *said.mixed().split()]
        pairs.append([_command(task.folder, [*who, *words]) for who in ([], ["--as", ruled.READER])])
        tell(2 * (ruled.count(task.repeat) + turn + 1))
    return {"rules": task.rules, **measured, "cold": ruled.told(pairs)}


def _command(folder: str, words: list[str]) -> float:
    """Seconds of a command in a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MEMOS_")}
    environ |= {"MEMOS_HOME": folder, "MEMOS_EMBEDDER": "none", "MEMOS_CUBE": _CUBE}
    command = [sys.executable, "-P", "-m", "memos_cli", *words]
    start = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environ)
    taken = time.perf_counter() - start
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[:1]
        raise MemosError(f"memos {' '.join(words[:2])} failed: {(said or ['it said nothing'])[0]}")
    return taken


def _load() -> float | None:
    """The system's load at the end, for readers of the times."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
