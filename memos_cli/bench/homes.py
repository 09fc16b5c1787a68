"""A home to throw away: a benchmark's conversations never come near the memories of a person."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli.config import Paths, Settings
from memos_cli.errors import UsageError
from memos_cli.infra.local.embeddings import Embeddings
from memos_cli.interface.api import MOS
from memos_cli.interface.reader import intake

_UNMEASURED = {"use.record": False}
"""What a question finds must not change what the next one finds, unless that is what is measured."""


class Home:
    """A home in a temporary folder, for as long as a benchmark runs. The embedder is the one of the person's home.

    Args:
        folder: the temporary folder.
        settings: those of the person.
        paths: of the person's home; nothing but its embedder is looked at.
        given: settings that are other than the person's.
        clock: tells the time.
    """

    def __init__(
        self, folder: Path, settings: Settings, paths: Paths, given: Mapping[str, Any], clock: Callable[[], datetime]
    ) -> None:
        self.settings = settings.given({**_UNMEASURED, **given})
        self._folder = folder
        self._clock = clock
        self._embeddings = Embeddings(self.settings.get("embedder"), paths.data, folder / "cache")

    @contextmanager
    def loaded(self, memories: Path) -> Iterator[MOS]:
        """The memories of a file in a cube of their own, embedded; the cube is gone afterwards.

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
        """A cube with nothing in it; it is gone afterwards."""
        name = "bench"
        with MOS(self._folder, name, settings=self.settings, clock=self._clock, embeddings=self._embeddings) as mos:
            mos.create_cube(name)
            yield mos
        mos.shelf.remove(name)


@contextmanager
def thrown_away(settings: Settings, paths: Paths, clock: Callable[[], datetime], given: Mapping[str, Any]) -> Iterator[Home]:
    """A home that is gone when the block ends, also where it is left by Ctrl-C."""
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
