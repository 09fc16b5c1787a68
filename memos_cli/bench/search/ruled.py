"""What rules of access cost a search: the owner of a cube beside a principal who sees all of it by many rules.

The child process of `memos bench search --rules`: it gets a task as JSON, and prints a JSON object on each line.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from memos_cli.bench import child
from memos_cli.bench.search.vocabulary import FREQUENT, RARE, Vocabulary
from memos_cli.bench.search.warm import Task, opened
from memos_cli.interface.api import MOS
from memos_cli.model import Filter
from memos_cli.operation.governance.rules import Object

READER = "reader"
"""The principal."""
_UNTIMED = 3
"""Searches of each sort before the first that counts."""
_BETWEEN = 3
"""Words of a query of words that are neither rare nor frequent."""


def tags(rules: int) -> int:
    """How many of so many rules are about a tag; the others are about a memory each."""
    return max(1, rules * 7 // 10)


def tag(number: int) -> str:
    """The name of a tag."""
    return f"t{number}"


def grant(mos: MOS, rules: int) -> None:
    """Let the principal read all of the cube, whose memories have these tags, by so many rules."""
    some = mos.list(Filter(at=mos.now), limit=rules - tags(rules))
    objects = [Object("tag", tag(number)) for number in range(tags(rules))]
    mos.governance.rules.grant(READER, "read", [*objects, *(Object("memory", memory.id) for memory in some)])


def count(repeat: int) -> int:
    """How many pairs of searches `measure` makes."""
    return 3 * (_UNTIMED + repeat) + repeat


def measure(task: Task, tell: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Time the searches of both by turns, of the same words; `tell` is called with how many pairs are done.

    Returns:
        `searches`: for each sort the medians in seconds, and their ratio; `after_add`: the same right after the owner added a
        memory; `first`: the first search of each in the process.
    """
    said = Vocabulary(task.seed + 1)
    between = (said.words[rank] for rank in range(FREQUENT, RARE))
    asked = {
        "rare": said.rare,
        "medium": lambda: " ".join(next(between) for _ in range(_BETWEEN)),
        "frequent": said.frequent,
    }
    with opened(task) as owner, opened(task, READER) as reader:
        first = [_time(mos, said.mixed()) for mos in (owner, reader)]
        done = 0
        searches: dict[str, Any] = {}
        for sort, make in asked.items():
            pairs = []
            for query in [make() for _ in range(_UNTIMED + task.repeat)]:
                pairs.append([_time(mos, query) for mos in (owner, reader)])
                done += 1
                tell(done)
            searches[sort] = told(pairs[_UNTIMED:])
        pairs = []
        for text, query in [(next(said.texts(1)), said.mixed()) for _ in range(task.repeat)]:
            owner.add(text)
            pairs.append([_time(mos, query) for mos in (owner, reader)])
            done += 1
            tell(done)
    return {"first": told([first]), "searches": searches, "after_add": told(pairs)}


def told(pairs: list[list[float]]) -> dict[str, float]:
    """The medians of the owner's times and of the principal's, and their ratio."""
    owner, reader = (median(times) for times in zip(*pairs, strict=True))
    return {"owner_s": round(owner, 6), "principal_s": round(reader, 6), "ratio": round(reader / owner, 3)}


def _time(mos: MOS, query: str) -> float:
    start = time.perf_counter()
    mos.search(query, lexical=True, record=False)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(child.run(lambda task: child.say(**measure(Task(**task), lambda done: child.say(done=done)))))
