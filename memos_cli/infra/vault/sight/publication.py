"""Since when a memory of somebody else may be seen: from the first version on from which all, as they stood, may be.

What a memory said while it was private stays private when it is made public later.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from memos_cli.infra.vault import fold, log
from memos_cli.model import Memory, Operation

_NEVER = "~"
"""Sorts behind every place in the log."""


def place(operation: Operation) -> str:
    """Where an operation stands in folding order, as text that sorts so."""
    return f"{operation.clock:020d} {operation.replica} {operation.seq:012d}"


class Published(NamedTuple):
    """What may be seen of a memory's history.

    Attributes:
        start: the place of the first operation that may be seen; empty for the first of all.
        before: how many versions there are before it.
        operations: those from there on. The first tells the whole state then, as if the memory had been made with it.
    """

    start: str
    before: int
    operations: tuple[Operation, ...]


class Publications:
    """The publications of the memories of a cube, each computed when it is asked for.

    Args:
        conn: the cube.
        may_see: whether a memory as it is, or was, may be seen.
    """

    def __init__(self, conn: sqlite3.Connection, may_see: Callable[[Memory], bool]) -> None:
        self._conn = conn
        self._may_see = may_see
        self._known: dict[str, Published] = {}

    def forget(self) -> None:
        """Compute all anew: something was written, or the rules are others."""
        self._known.clear()

    def of(self, identity: str) -> Published:
        """What may be seen of the history of a memory."""
        if identity not in self._known:
            self._known[identity] = self._computed(identity)
        return self._known[identity]

    def start(self, identity: str) -> str:
        """The place of the first operation on a memory that may be seen."""
        return self.of(identity).start

    def version(self, identity: str, version: int) -> int:
        """The number of a version of a memory, counted from its publication."""
        return max(1, version - self.of(identity).before)

    def _computed(self, identity: str) -> Published:
        operations = log.of_subject(self._conn, "memory", identity)
        first = len(operations)
        while first and self._may_see(fold.memory(identity, operations[:first])[0]):
            first -= 1
        shown = operations[first:]
        if not shown or not first:
            return Published("" if shown else _NEVER, 0, tuple(shown))
        there = {operation.id for operation in shown}
        stood = shown[0]._replace(change=dict(fold.fold(operations[: first + 1])), parents=())
        cut = [one._replace(parents=tuple(parent for parent in one.parents if parent in there)) for one in shown[1:]]
        return Published(place(shown[0]), len(fold.versions(operations[:first])), (stood, *cut))
