"""Imports a script in small lots, and tells how far it is.

python -m tests.reliability.importing HOME SCRIPT LOT
"""

import sys
from pathlib import Path
from unittest.mock import patch

from memos_cli import MOS
from memos_cli.interface.imports import lots
from memos_cli.interface.imports.imports import Taking
from tests.importers import registered
from tests.reliability.writer import settings


def said(done: int, _: int) -> None:
    """Tell how many bytes were read."""
    sys.stdout.write(f"{done}\n")
    sys.stdout.flush()


def run(home: Path, script: str, lot: int) -> None:
    """Import it."""
    with registered(), patch.object(lots, "LOT", lot), MOS(home, principal="sam", settings=settings(home)) as mos:
        mos.imports.take(script, Taking(tell=said))


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
