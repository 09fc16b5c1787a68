"""A temporary home: a benchmark's conversations never touch the memories of a person."""

import shutil
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
from memos_cli.operation import model_files

_UNMEASURED = {"use.record": False}
"""The results of one question must not change those of the next, unless that is what is measured."""
_KNOWN = (model_files.RECORDS, "exams")
"""The folders, among the data of a home, with what was found out about its models, in small files."""


class Home:
    """A home in a temporary folder, for as long as a benchmark runs.

    What is known of models in the person's home holds here too: which embedder there is, what was pulled, what runs on this
    machine, and what an exam found. So a model answers here as it does in chat.

    Args:
        folder: the temporary folder.
        settings: the person's settings.
        paths: of the person's home; its models are read, and nothing else.
        given: settings that differ from the person's.
        clock: returns the time.
    """

    def __init__(
        self, folder: Path, settings: Settings, paths: Paths, given: Mapping[str, Any], clock: Callable[[], datetime]
    ) -> None:
        self.settings = settings.given({**_UNMEASURED, **given})
        self._folder = folder
        self._clock = clock
        take_along(paths, folder)
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


def take_along(paths: Paths, folder: Path) -> None:
    """Let the temporary home know what the person's home knows of models; weights are not copied."""
    for name in _KNOWN:
        if (paths.data / name).is_dir():
            shutil.copytree(paths.data / name, folder / name)
    if paths.models.is_dir():
        (folder / paths.models.name).symlink_to(paths.models)


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
