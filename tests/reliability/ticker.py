"""A process that ticks a home through the coming years, and says on stdout when it begins each tick.

    python ticker.py HOME

The days are those of `DAYS`, counted from the real present, so that a memory told just now fades, expires and is erased.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.operation.lifecycle.tick import Limits
from memos_cli.times import to_text

DAYS = (1, 40, 100, 300, 480, 800)


def opened(home: Path) -> MOS:
    """The home, with no embedder."""
    chosen = Settings(
        {"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)})
    )
    return MOS(home, settings=chosen)


def tick_on(home: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """All ticks that are left."""
    with opened(home) as mos:
        made = mos.vaults()[0].meta["created"]
        start = datetime.fromtimestamp(int(made) / 1000, UTC)
        for day in DAYS:
            say(f"tick {day}\n")
            mos.lifecycle.tick(to_text(start + timedelta(days=day)), Limits(mass=True, purge_ahead=True))


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    tick_on(Path(sys.argv[1]), _say)
