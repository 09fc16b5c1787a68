"""A process that changes one memory in many ways, and says on stdout what it was told is stored.

    python storm.py HOME ID NAME COUNT

Each change is one of: append a line, undo, roll back to the first version, set a tag, supersede by a key. For each that is
acknowledged a line goes out: `append TXN LINE`, `undo TXN`, `rollback TXN`, `tag TXN TAG`, `supersede TXN NEW-ID`; for one that
is refused, as an undo of what was changed since, or that had nothing to change, a line `refused` or `nothing`.
"""

import random
import sys
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import NotFound, Refused


def change(mos: MOS, identity: str, what: str, name: str) -> tuple[str | None, str]:
    """Make a change; the transaction, and what it said."""
    if what == "append":
        return mos.update(identity, f"line {name}", mode="append").txn, f"line {name}"
    if what == "undo":
        return mos.undo().txn, ""
    if what == "rollback":
        return mos.rollback(identity, 1).txn, ""
    if what == "tag":
        return mos.switch([identity], "tag", {f"tag:{name}": True}).txn, name
    added = mos.add(f"the value is {name}", key="value")
    return added.txn, added.ids[0]


def storm(home: Path, identity: str, name: str, count: int) -> None:
    """Change the memory `count` times."""
    chance = random.Random(name)
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_LOCK_TIMEOUT": "600"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, principal="sam", settings=chosen) as mos:
        for number in range(count):
            what = chance.choice(("append", "append", "undo", "rollback", "tag", "supersede"))
            try:
                txn, said = change(mos, identity, what, f"{name}-{number}")
            except (NotFound, Refused):
                txn, what, said = "", "refused", ""
            sys.stdout.write(f"{what if txn or what == 'refused' else 'nothing'} {txn or ''} {said}".rstrip() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    storm(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
