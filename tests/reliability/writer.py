"""A process that writes one memory after another through `MOS`, and says on stdout what it was told is stored.

    python writer.py HOME NAME COUNT

Before each write a line `try ID CONTENT` goes out (`-` for an id that is not known yet), after each commit `ack ID CONTENT`.
Every third write edits a memory of this writer's own.
"""

import itertools
import random
import sys
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths


def say(word: str, identity: str, content: str) -> None:
    sys.stdout.write(f"{word} {identity} {content}\n")
    sys.stdout.flush()


def write(home: Path, name: str, count: int) -> None:
    """Write `count` times, or for ever where it is zero."""
    chance = random.Random(name)
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60"}, paths({"MEMOS_HOME": str(home)}))
    mine: list[str] = []
    with MOS(home, principal="sam", settings=chosen) as mos:
        for number in itertools.count() if count == 0 else range(count):
            content = f"writer {name} number {number} {'x' * chance.randrange(1, 400)}"
            if count == 0 and mine and number % 3 == 2:
                identity = chance.choice(mine)
                say("try", identity, content)
                mos.edit(identity, {"content": content})
            else:
                say("try", "-", content)
                (identity,) = mos.add(content).ids
                mine.append(identity)
            say("ack", identity, content)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
