"""The child process of `memos bench search`: times searches in one process, whose peak of memory is measured.

It gets a task as JSON, and prints a JSON object on each line: the progress, then what was measured.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from memos_cli.bench import child
from memos_cli.bench.search.given_vectors import GivenVectors
from memos_cli.bench.search.vocabulary import Vocabulary
from memos_cli.config import Settings, paths
from memos_cli.infra.local.embeddings import Embeddings
from memos_cli.interface.api import MOS

_UNTIMED = 3
"""Searches of each sort before the first that counts: they fill the caches."""


class Given(Embeddings):
    """The vectors of a home whose embedder is given."""

    def __init__(self, embedder: GivenVectors, folder: Path) -> None:
        super().__init__("none", folder, folder / "cache")
        self._vectors_given = embedder

    def embedder(self, texts: int = 1) -> GivenVectors:  # noqa: ARG002 -- as it is called
        """The given embedder, however many texts there are."""
        return self._vectors_given


class Task(NamedTuple):
    """What is to be measured.

    Attributes:
        folder: the home.
        cube: the cube.
        clusters: of the vectors.
        seed: of the cube; the queries are drawn by the next one.
        repeat: how many searches of each sort.
        rules: how many rules let `ruled.READER` see all of the cube.
    """

    folder: str
    cube: str
    clusters: int
    seed: int
    repeat: int
    rules: int = 0


def opened(task: Task, principal: str | None = None) -> MOS:
    """The home of a task, with its vectors, for a principal; `None` for the cube's owner."""
    folder = Path(task.folder)
    settings = Settings({"MEMOS_EMBEDDER": "none"}, paths({"MEMOS_HOME": task.folder})).given({"use.record": False})
    given = Given(GivenVectors(task.clusters, task.seed), folder)
    return MOS(folder, task.cube, settings=settings, embeddings=given, principal=principal)


def measure(task: Task, tell: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Time searches of each sort, and after each added memory; `tell` is called with how many are done.

    Returns:
        `searches`: for each sort the median and the 90th percentile, in seconds; `after_add`: the same for searches right after
        a memory was added, and the ratio of their median to that of `hybrid`; `peak_bytes`: of this process, or None.
    """
    said = Vocabulary(task.seed)
    asked = {
        "lexical_rare": (said.rare, True),
        "lexical_frequent": (said.frequent, True),
        "meaning": (said.unknown, False),
        "hybrid": (said.mixed, False),
    }
    done = 0
    with opened(task) as mos:
        searches: dict[str, Any] = {}
        for sort, (make, lexical) in asked.items():
            times = []
            for query in [make() for _ in range(_UNTIMED + task.repeat)]:
                times.append(_time(mos, query, lexical=lexical))
                done += 1
                tell(done)
            searches[sort] = _told(times[_UNTIMED:])
        after, plain = [], []
        for text, query in [(next(said.texts(1)), said.mixed()) for _ in range(task.repeat)]:
            mos.search(query, record=False)  # the same search before and after, and what it reads was read
            plain.append(_time(mos, query))
            mos.add(text)
            mos.embed()
            after.append(_time(mos, query))
            done += 2
            tell(done)
        ratio = round(median(after) / median(plain), 3)
    return {"searches": searches, "after_add": {**_told(after), "ratio": ratio}, "peak_bytes": peak()}


def count(repeat: int) -> int:
    """How many searches `measure` makes."""
    return 4 * (_UNTIMED + repeat) + 2 * repeat


def _time(mos: MOS, query: str, *, lexical: bool = False) -> float:
    start = time.perf_counter()
    mos.search(query, lexical=lexical, record=False)
    return time.perf_counter() - start


def _told(times: list[float]) -> dict[str, float]:
    tenth = quantiles(times, n=10, method="inclusive")[-1] if len(times) > 1 else times[0]
    return {"median_s": round(median(times), 6), "p90_s": round(tenth, 6)}


def peak() -> int | None:
    """The most memory that this process had, in bytes, mapped files included; `None` where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


if __name__ == "__main__":
    sys.exit(child.run(lambda task: child.say(**measure(Task(**task), lambda done: child.say(done=done)))))
