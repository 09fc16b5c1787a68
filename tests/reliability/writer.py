"""A process that writes one memory after another through `MOS`, and says on stdout what it was told is stored.

    python writer.py HOME NAME COUNT

Before each write a line `try ID CONTENT` goes out (`-` for an id that is not known yet), after each commit `ack ID CONTENT`.
A writer that goes on for ever edits, tags and links memories of its own, too, and adds several in one transaction.
"""

import itertools
import random
import sys
from collections.abc import Callable
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.model import Draft, LinkType
from tests.reliability.heard import BATCH

_MIXED = ("add", "add", "edit", "add", "batch", "edit", "mark")


def tell(word: str, identity: str, content: str) -> None:
    sys.stdout.write(f"{word} {identity} {content}\n")
    sys.stdout.flush()


def settings(home: Path) -> Settings:
    """No embedder, and patience with other writers."""
    return Settings({"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60"}, paths({"MEMOS_HOME": str(home)}))


def write(home: Path, name: str, count: int, *, mixed: bool = False, say: Callable[[str, str, str], None] = tell) -> None:
    """Write `count` times, or for ever where it is zero; `mixed`, or for ever, not additions alone."""
    chance = random.Random(name)
    mine: list[str] = []
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        for number in itertools.count() if count == 0 else range(count):
            content = f"writer {name} number {number} {'x' * chance.randrange(1, 400)}"
            what = (
                ("add", "add", "edit", "add", "batch", "edit", "mark")[number % 7] if (mixed or not count) and mine else "add"
            )
            if what == "edit":
                identity = chance.choice(mine)
                say("try", identity, content)
                mos.edit(identity, {"content": content})
                say("ack", identity, content)
            elif what == "mark":
                mos.switch([chance.choice(mine)], "tag", {f"tag:t{number}": True})
                mos.link(mine[0], LinkType.RELATES, mine[-1])
            else:
                texts = [content]
                if what == "batch":
                    texts = [f"writer {name} batch {number} part {part} {'y' * chance.randrange(99)}" for part in range(BATCH)]
                for text in texts:
                    say("try", "-", text)
                for identity, text in zip(mos.add(drafts=[Draft(text) for text in texts]).ids, texts, strict=True):
                    if what != "batch":  # its parts stay as they are, so that they can be counted
                        mine.append(identity)
                    say("ack", identity, text)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
