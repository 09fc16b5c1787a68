"""Flips bits of a cube's file, one at a time, and runs commands on each damaged copy: a JSON line a flip on stdout.

    python flipper.py GOOD-HOME WORK-HOME SEED COUNT

The commands run inside this process, through the same `run` that `memos` calls, since a process of its own for each would take
minutes; should SQLite ever crash on a damaged page, this process dies, and the test with it.
"""

import contextlib
import io
import json
import random
import shutil
import sys
from pathlib import Path

from memos_cli.cli.main import run

READS = (
    ["list", "--all", "--json"],
    ["search", "peanuts allergy garden", "--json"],
    ["stats", "--json"],
    ["undo", "--list", "--json"],
    ["history", "anchor", "--json"],
    ["why", "anchor", "--json"],
    ["view", "list", "--json"],
    ["cube", "info", "--json"],
)
WRITES = (["add", "one more"], ["edit", "anchor", "changed"], ["undo"], ["forget", "anchor"])


def ran(arguments: list[str]) -> dict[str, object]:
    """Status and output of one command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(arguments)
    return {"command": arguments, "status": status, "out": out.getvalue(), "err": err.getvalue()}


def flip(good: Path, work: Path, seed: int, count: int) -> None:
    """Run the commands on `count` damaged copies."""
    chance = random.Random(seed)
    whole = (good / "cubes/default/cube.db").read_bytes()
    for _ in range(count):
        shutil.rmtree(work / "cubes", ignore_errors=True)
        shutil.copytree(good / "cubes", work / "cubes")
        path = work / "cubes/default/cube.db"
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        reads = [ran(arguments) for arguments in READS]
        checked = ran(["doctor", "--json"])
        untouched = path.read_bytes() == damaged
        writes = [ran(arguments) for arguments in WRITES]
        report = {"place": place, "bit": bit, "reads": reads, "doctor": checked, "untouched": untouched, "writes": writes}
        sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    flip(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
