"""A temporary home: a benchmark's conversations never touch the memories of a person."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli.config import Paths, Settings, embedding
from memos_cli.errors import UsageError
from memos_cli.infra.local.embeddings import Embeddings
from memos_cli.interface.api import MOS
from memos_cli.interface.reader import intake

_UNMEASURED = {"use.record": False}
"""The results of one question must not change those of the next, unless that is what is measured."""


class Home:
    """A home in a temporary folder, for as long as a benchmark runs. It uses the embedder of the person's home.

    Args:
        folder: the temporary folder.
        settings: the person's settings.
        paths: of the person's home; only its embedder is used.
        given: settings that differ from the person's.
        clock: returns the time.
    """

    def __init__(
        self, folder: Path, settings: Settings, paths: Paths, given: Mapping[str, Any], clock: Callable[[], datetime]
    ) -> None:
        self.settings = settings.given({**_UNMEASURED, **given})
        self._folder = folder
        self._clock = clock
        given = embedding(self.settings)
        self._embeddings = Embeddings(self.settings.get("embedder"), paths.data, folder / "cache", given=given)

    @contextmanager
    def loaded(self, memories: Path) -> Iterator[MOS]:
        """The memories of a file in a cube of their own, embedded; the cube is removed afterwards.

        Raises:
            UsageError: a line is no memory; file and line are named.
            ModelUnavailable: there is an embedder, and it cannot be run.
        """
        with self.empty() as mos:
            with memories.open("rb") as file:
                mos.add(drafts=intake.from_lines(file, mos.now, {}, _refusal(memories)))
            mos.embed()
            yield mos

    @contextmanager
    def empty(self) -> Iterator[MOS]:
        """An empty cube; it is removed afterwards."""
        name = "bench"
        with MOS(self._folder, name, settings=self.settings, clock=self._clock, embeddings=self._embeddings) as mos:
            mos.create_cube(name)
            yield mos
        mos.shelf.remove(name)


@contextmanager
def thrown_away(settings: Settings, paths: Paths, clock: Callable[[], datetime], given: Mapping[str, Any]) -> Iterator[Home]:
    """A home that is removed when the block ends, also after Ctrl-C."""
    with TemporaryDirectory(prefix="memos-bench-") as folder:
        yield Home(Path(folder), settings, paths, given, clock)


def check(memories: Path, now: str) -> None:
    """Read a file of memories without keeping any of it.

    Raises:
        UsageError: a line is no memory, or there is none; file and line are named.
    """
    with memories.open("rb") as file:
        if not sum(1 for _ in intake.from_lines(file, now, {}, _refusal(memories))):
            raise UsageError(f"{memories} holds no memory")


def _refusal(path: Path) -> Callable[[int, str], None]:
    def refuse(number: int, reason: str) -> None:
        raise UsageError(f"{path}, line {number}: {reason}")

    return refuse
