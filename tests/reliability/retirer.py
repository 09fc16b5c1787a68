"""A process that archives, forgets, restores and purges memories through `MOS`, and says on stdout what is done.

    python retirer.py HOME NAME

After each commit it says `have ID WORD` of a memory that is there and says WORD, or `gone ID WORD` of one that was purged;
before a purge `going ID WORD`.
"""

import itertools
import os
import random
import sys
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.model import State
from tests.infra.vault.helpers import move


def say(word: str, identity: str, content: str) -> None:
    sys.stdout.write(f"{word} {identity} {content}\n")
    sys.stdout.flush()


def retire(home: Path, name: str) -> None:
    """Go on for ever."""
    chance = random.Random(name)
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "60"}, paths({"MEMOS_HOME": str(home)}))
    mine: dict[str, str] = {}
    with MOS(home, principal="sam", settings=chosen) as mos:
        for number in itertools.count():
            what = chance.choice(("add", "file", "archive", "forget", "restore", "purge", "purge"))
            word = f"q{os.urandom(8).hex()}"
            if what in {"add", "file"} or len(mine) < 3:
                text = f"writer {name} number {number} says {word} {'again ' * chance.randrange(80)}"
                if what == "file":
                    notes = f"# One\n\n{text}\n\n# Two\n\nThe roses are red, {number}.\n"
                    (identity, *_) = mos.add(drafts=mos.pipeline.read(notes.encode(), name=f"{name} {number}.md")).ids
                else:
                    (identity,) = mos.add(text).ids
                mine[identity] = word
                say("have", identity, word)
                continue
            identity = chance.choice(list(mine))
            if what == "purge":
                say("going", identity, mine[identity])
                mos.purge(identity)
                say("gone", identity, mine.pop(identity))
            elif what == "restore":
                mos.restore([identity])
            else:
                move(mos, identity, State.ARCHIVED if what == "archive" else State.EXPIRED)


if __name__ == "__main__":
    retire(Path(sys.argv[1]), sys.argv[2])
