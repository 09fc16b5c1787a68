"""`memos bench startup`: what a command costs from its start to its end, beside an interpreter that only imports click.

Each repetition runs the processes one after the other, so that what else the machine does slows all of them. What memos adds is
the ratio of the medians, which says the same on a busy machine; the processor's time says it even better.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli.errors import MemosError
from memos_cli.records import NamedTuple

MEMORIES = (
    "I am vegan now.",
    "I live in Porto.",
    "My sister is called Ana.",
    "The dentist is on 12 May at 9:30.",
    "I like black coffee.",
)
_MEMOS = ("-P", "-m", "memos_cli")
BASE = "import click"
PROGRAMS: dict[str, tuple[str, ...]] = {
    BASE: ("-c", BASE),
    "--help": (*_MEMOS, "--help"),
    "search --lexical": (*_MEMOS, "search", "--lexical", "vegan"),
    "list": (*_MEMOS, "list"),
    "add": (*_MEMOS, "add", "I planted a lemon tree."),
    "completion of an id": _MEMOS,
}
"""The processes that are measured, by what a person calls them; each has the arguments of the interpreter."""
_VARIABLES: dict[str, dict[str, str]] = {
    "completion of an id": {"_MEMOS_COMPLETE": "bash_complete", "COMP_WORDS": "memos show ", "COMP_CWORD": "2"},
}
"""What the environment of a process has besides; these are how bash asks."""
_WARM = 1
"""Rounds before the first that counts: they compile the modules, and fill the system's cache of files."""
_PLACES = 6


class Timing(NamedTuple):
    """What a process took.

    Attributes:
        wall: seconds from its start to its end.
        cpu: seconds that processors computed for it, in the system too.
    """

    wall: float
    cpu: float


def run(repeat: int, environ: Mapping[str, str], tell: Callable[[int, int], None] = lambda *_: None) -> dict[str, Any]:
    """Measure the commands in a temporary home with a few memories and no model.

    Args:
        repeat: how often each process is timed.
        environ: the environment, of which the variables of memos are left out.
        tell: called with how many processes have ended, and of how many.

    Returns:
        The report; times in seconds. Ratios are those of the medians, to an interpreter that imports click and ends.

    Raises:
        MemosError: a process failed.
    """
    load = _load_average()
    with TemporaryDirectory(prefix="memos-bench-") as folder:
        left_out = {"PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"}
        kept = {name: value for name, value in environ.items() if not name.startswith("MEMOS_") and name not in left_out}
        env = {**kept, "MEMOS_HOME": folder, "MEMOS_EMBEDDER": "none", "PYTHONPYCACHEPREFIX": str(Path(folder, "compiled"))}
        for memory in MEMORIES:
            timed((*_MEMOS, "add", memory), env)
        runs: dict[str, list[Timing]] = {name: [] for name in PROGRAMS}
        for number in range(-_WARM, repeat):
            for place, (name, arguments) in enumerate(PROGRAMS.items(), start=1):
                one = timed(arguments, {**env, **_VARIABLES.get(name, {})})
                if number >= 0:
                    runs[name].append(one)
                    tell(number * len(PROGRAMS) + place, repeat * len(PROGRAMS))
    return {"repeat": repeat, "load_average": [load, _load_average()], "programs": figures(runs)}


def timed(arguments: Sequence[str], env: Mapping[str, str]) -> Timing:
    """Run the interpreter once, and wait for its end.

    Raises:
        MemosError: it failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
    )
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MemosError(f"python {' '.join(arguments)} failed, with status {process.returncode}", hint="memos doctor")
    return Timing(wall, used.ru_utime + used.ru_stime)


def figures(runs: Mapping[str, Sequence[Timing]]) -> list[dict[str, Any]]:
    """Of each program the median and the 90th percentile, by the clock and by the processor, and the ratios of its medians."""
    base = {name: median(getattr(one, name) for one in runs[BASE]) for name in Timing._fields}
    rows: list[dict[str, Any]] = []
    for program, taken in runs.items():
        row: dict[str, Any] = {"program": program}
        for name in Timing._fields:
            times = sorted(getattr(one, name) for one in taken)
            row[f"{name}_s"] = round(median(times), _PLACES)
            row[f"{name}_p90_s"] = round(times[ceil(0.9 * len(times)) - 1], _PLACES)
            row[f"{name}_ratio"] = round(median(times) / base[name], _PLACES)
        rows.append(row)
    return rows


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
