"""A process that merges one cube into another and says so.

    python merger.py HOME INTO OTHER [STEP]

`try` goes out before the merge, `ack OPERATIONS STEPS` after it. A step is whatever it does to a file or a folder of an adapter
of INTO, just before it is done; at the one that is given, the process kills itself.
"""

import os
import signal
import sys
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths

STEPS = frozenset({"open", "os.rename", "os.mkdir", "os.remove"})
"""The audit events (PEP 578) that count."""


class Steps:
    """Counts the steps that are taken below a folder, and lets the process die at one of them."""

    def __init__(self, folder: Path, last: int) -> None:
        self.count, self._folder, self._last = 0, str(folder), last
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in STEPS and str(arguments[0]).startswith(self._folder):
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60"}, paths({"MEMOS_HOME": sys.argv[1]}))
    with MOS(Path(sys.argv[1]), principal="sam", settings=chosen) as mos:
        print("try", flush=True)  # noqa: T201
        steps = Steps(mos.vault(sys.argv[2]).folder / "adapters", int(sys.argv[4]) if len(sys.argv) > 4 else 0)
        merged = mos.cube_merge.merge(sys.argv[3], sys.argv[2])
        print("ack", merged.plan.operations, steps.count, flush=True)  # noqa: T201
