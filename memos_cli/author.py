"""Author: who writes, when, and with which command. A write transaction begins with one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memos_cli.times import Zone, from_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault


class Author:
    """Who writes, when, and with which command.

    Args:
        principal: the person or agent.
        millis: the time, in milliseconds since 1970.
        command: the command's name, as the log keeps it.
        wrote: called after a transaction that wrote, with its clock and the time.
        zone: the time zone in which a day is a day to the author.
    """

    def __init__(
        self,
        principal: str,
        millis: int,
        command: str,
        wrote: Callable[[int, int], None] = lambda *_: None,
        *,
        zone: Zone | None = None,
    ) -> None:
        self.zone = zone or Zone()
        self.principal = principal
        self.millis = millis
        self.command = command
        self._wrote = wrote

    @property
    def at(self) -> str:
        """The time as fixed-width text."""
        return from_millis(self.millis)

    @contextmanager
    def write(self, vault: "Vault", txn: str | None = None) -> Iterator["Unit"]:
        """A write transaction of this author on a cube; `txn` continues the transaction of that name."""
        if vault.seer != self.principal:
            raise ValueError(f"{self.principal} writes to a cube that was opened for {vault.seer}")
        with vault.write(self.command, self.principal, self.millis, txn) as unit:
            yield unit
        if unit.log.count:
            self._wrote(unit.log.clock, self.millis)
