"""A process that merges one cube into another and says so.

    python merger.py HOME INTO OTHER

`try` goes out before the merge, `ack OPERATIONS` after it.
"""

import sys
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths

if __name__ == "__main__":
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60"}, paths({"MEMOS_HOME": sys.argv[1]}))
    with MOS(Path(sys.argv[1]), principal="sam", settings=chosen) as mos:
        print("try", flush=True)  # noqa: T201
        merged = mos.merging.merge(sys.argv[3], sys.argv[2])
        print("ack", merged.plan.operations, flush=True)  # noqa: T201
