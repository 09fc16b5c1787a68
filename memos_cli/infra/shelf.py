"""The cubes of a home: finding, making, renaming and removing them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memos_cli import hybrid_clock
from memos_cli.errors import CubeLocked, CubeNotFound, MemosError, Refused, did_you_mean
from memos_cli.infra import places
from memos_cli.infra.vault import connection
from memos_cli.infra.vault.rows import Due, no_later_than_expiry
from memos_cli.infra.vault.vault import Changed, Scheduler, Vault
from memos_cli.times import to_millis

_LONG = 3600
"""Seconds after which no process is still working on a half-made cube."""
_HALF = r"\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.[0-9a-f]{12}"
"""The name of a cube that is being made, or removed."""


class Shelf:
    """All cubes under one folder.

    Args:
        folder: the folder of the cubes, a folder for each.
        lock_timeout: seconds that a write waits for other writers.
        scheduler: see `Vault`, as for `changed`.
    """

    def __init__(
        self, folder: Path, *, lock_timeout: float, scheduler: Scheduler | None = None, changed: Changed | None = None
    ) -> None:
        self._folder = folder
        self._changed = changed
        self._scheduler = scheduler
        self._lock_timeout = lock_timeout

    def names(self) -> list[str]:
        """The names of the cubes, sorted."""
        return places.names(self._folder)

    def place(self, cube: str) -> Path:
        """The folder of a cube that is given by name, or by a path (anything with a separator in it).

        Raises:
            UsageError: neither a valid name nor a path.
        """
        return places.place(self._folder, cube)

    def open(self, cube: str) -> Vault:
        """Open a cube.

        Raises:
            CubeNotFound: there is none; the message names the nearest name.
            IntegrityError: it is not a cube that this program can read.
            MemosError: its folder cannot be looked into.
        """
        folder = self.place(cube)
        try:
            there = (folder / connection.FILE).exists()
        except OSError as error:
            raise MemosError(f"cannot read {folder}: {error.strerror}") from None
        if not there:
            places.require_linked(folder)
            raise CubeNotFound(f"no cube {cube!r}", hint=self._nearest(cube))
        return Vault(folder, folder.name, lock_timeout=self._lock_timeout, scheduler=self._scheduler, changed=self._changed)

    def _nearest(self, cube: str) -> str | None:
        if Path(cube).is_file():
            return f"that is a file; what is in it tells: memos cube verify {cube}"
        return did_you_mean(cube, self.names(), f"make it with: memos cube create {cube}")

    def create(self, cube: str, *, owner: str, millis: int) -> bool:
        """Make an empty cube; `False` if there was one already."""
        folder = self.place(cube)
        hybrid_clock.check_wall(millis)
        self.sweep(millis / 1000 - _LONG)
        if folder.exists() and not (folder / connection.FILE).exists():
            raise Refused(f"{folder} is there and is not a cube", hint="choose another name, or move the folder away")
        return not folder.exists() and Vault.create(folder, owner=owner, millis=millis)

    def rename(self, old: str, new: str) -> Path:
        """Give a cube another name.

        Raises:
            Refused: the new name is taken.
            CubeLocked: somebody writes to the cube, and does not come to an end.
        """
        source, target = self.place(old), self.place(new)
        if not (source / connection.FILE).exists():
            raise CubeNotFound(f"no cube {old!r}", hint=self._nearest(old))
        with self._still(source):
            if target.exists():
                raise Refused(f"there is a cube {new!r} already", hint="remove it first, or choose another name")
            source.rename(target)
        return target

    @contextmanager
    def _still(self, folder: Path) -> Iterator[None]:
        """The write lock of a cube whose folder is about to move: who writes now comes to an end first, and nobody begins.

        Who waits for the lock meanwhile sees that the file is gone (see `connection.require_in_place`).

        Raises:
            CubeLocked: somebody wrote for longer than the lock timeout.
        """
        vault = None if os.name == "nt" else self._locked(folder)  # nothing is renamed there that anybody has open
        try:
            yield
        finally:
            if vault is not None:
                vault.close()

    def _locked(self, folder: Path) -> Vault | None:
        """The cube in a folder, with its write lock until it is closed; `None` for one that nobody can write to."""
        vault = None
        try:
            vault = Vault(folder, folder.name)
            with connection.translated(vault.path):
                connection.begin(vault.conn, vault.path, self._lock_timeout)
        except MemosError as error:
            if vault is not None:
                vault.close()
            if isinstance(error, CubeLocked):
                raise
            return None
        return vault

    def remove(self, cube: str) -> Path:
        """Delete a cube with all that is in it.

        It is renamed first, so that an interrupted removal leaves no half cube under its name.

        Raises:
            CubeLocked: somebody writes to the cube, and does not come to an end.
        """
        import shutil

        folder = self.place(cube)
        if not (folder / connection.FILE).exists():
            raise CubeNotFound(f"no cube {cube!r}", hint=self._nearest(cube))
        doomed = folder.with_name(f".{folder.name}.{os.urandom(6).hex()}")
        with self._still(folder):
            folder.rename(doomed)
        os.utime(doomed)  # as old as this removal, so that `sweep` leaves it alone meanwhile
        shutil.rmtree(doomed)
        return folder

    @property
    def due(self) -> Due:
        """When the lifecycle has to look at a memory, in a cube without a policy of its own."""
        return self._scheduler({}) if self._scheduler else no_later_than_expiry

    def sweep_old(self, now: str) -> int:
        """Remove half-made cubes that no process is working on any more; how many."""
        return self.sweep(to_millis(now) / 1000 - _LONG)

    def sweep(self, before: float) -> int:
        """Remove folders of killed creations and removals from before a time (seconds since 1970); how many."""
        import shutil

        found = [path for path in self._folder.glob(".*") if re.fullmatch(_HALF, path.name) and path.is_dir()]
        old = [path for path in found if path.stat().st_mtime < before]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        return len(old)
