"""Exports of the memories that somebody may see: `mos.exports.jsonl(…)`, `ics`. Labels and rights decide what leaves.

What is written is a stream: a cube of a million memories needs no more memory than one of a thousand.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from heapq import merge
from typing import IO, TYPE_CHECKING

from memos_cli.infra import pages
from memos_cli.infra.governance import labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.transfer.redaction import withheld
from memos_cli.infra.vault import past
from memos_cli.interface.exports.tally import ExportReport, ExportTally
from memos_cli.mip import mip, rows
from memos_cli.model import Filter, Memory
from memos_cli.operation.results import covered

if TYPE_CHECKING:
    from memos_cli.infra.pages import Leaf
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session

Tell = Callable[[int, int], None]
Fits = Callable[[Memory], bool] | None
"""What a format is for; `None` for all memories."""


class Exports:
    """The exports of a home.

    Args:
        session: who asks, in which home, of which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def jsonl(
        self,
        stream: IO[bytes],
        wanted: Filter | None = None,
        *,
        reveal: bool = False,
        user_id: str | None = None,
        tell: Tell = lambda *_: None,
    ) -> ExportReport:
        """Write memories as JSON Lines: an interchange document (`man memos-mip`).

        Args:
            stream: where to.
            wanted: which of them.
            reveal: leave secrets unmasked, for whom may see them.
            user_id: who asks.
            tell: called now and then with how many are written, of how many.

        Raises:
            Refused: secrets are to be shown to somebody who may not see them.
        """
        tally, reader = ExportTally(), self._session.acting(user_id)
        with closing(self.leaving(wanted, tally, reveal=reveal, user_id=user_id, tell=tell)) as leaves:
            for leaf in leaves:
                tally.bytes += stream.write(mip.written(rows.row_of(leaf.memory, leaf.links, reader)))
        return tally.told()

    def ics(
        self,
        stream: IO[bytes],
        wanted: Filter | None = None,
        *,
        reveal: bool = False,
        user_id: str | None = None,
        tell: Tell = lambda *_: None,
    ) -> ExportReport:
        """Write what has a date as a calendar: events, or the kinds that the filter names; the arguments are those of `jsonl`.

        Raises:
            Refused: as for `jsonl`.
        """
        from memos_cli.interface.exports.ics import Calendar

        tally, calendar = ExportTally(), Calendar(self._session.zone)
        fits = None if wanted and wanted.kinds else calendar.fits
        with closing(self.leaving(wanted, tally, fits=fits, reveal=reveal, user_id=user_id, tell=tell)) as leaves:
            for part in calendar.parts((leaf.memory for leaf in leaves), tally):
                tally.bytes += stream.write(part)
        return tally.told()

    def leaving(
        self,
        wanted: Filter | None,
        tally: ExportTally,
        *,
        fits: Fits = None,
        reveal: bool = False,
        user_id: str | None = None,
        tell: Tell = lambda *_: None,
    ) -> "Generator[Leaf]":
        """The memories that leave, in order, as they are to be read; each format goes through them once.

        What somebody is given is recorded before the first of them leaves. `tally` counts those that stay, and why; what does
        not fit the format (`fits`) counts as nothing.
        """
        session = self._session
        with ExitStack() as opened, session.reading_for("export"):
            seen: list[tuple[Vault, Vault, Filter]] = []
            for vault in session.vaults(user_id):
                narrowed = session.sight(vault, wanted, user_id)
                self._record(vault, narrowed, user_id)
                opened.enter_context(vault.reading())
                seen.append((vault, past.seen(vault, narrowed), narrowed))
            for vault, cube, narrowed in seen if reveal else ():
                if not session.owns(vault, user_id):  # nothing leaves before it is sure that all of it may
                    told = (leaf.memory for leaf in pages.leaves(cube, narrowed))
                    session.require_reveal((one for one in told if labels.SECRET in one.labels), user_id)
            most = sum(cube.count(narrowed) for _, cube, narrowed in seen)
            going = [
                self._going(vault, _fitting(pages.leaves(cube, narrowed), fits), tally, reveal=reveal)
                for vault, cube, narrowed in seen
            ]
            for leaf in going[0] if len(going) == 1 else merge(*going, key=lambda leaf: leaf.place):
                tally.memories += 1
                if tally.memories % 500 == 0:
                    tell(tally.memories + tally.left_out, most)
                yield leaf

    def _record(self, vault: "Vault", wanted: Filter, user_id: str | None) -> None:
        """Record what is about to leave, where that is recorded."""

        def leaving() -> list[Memory]:
            found = past.seen(vault, wanted).find(wanted)
            return [one for one in found if not withheld(one, vault.policy)]

        self._session.given("export", leaving, cube=vault.name, called="export", purpose="export", user_id=user_id)

    def _going(self, vault: "Vault", leaves: "Iterator[Leaf]", tally: ExportTally, *, reveal: bool) -> "Iterator[Leaf]":
        policy = vault.policy
        for leaf in leaves:
            memory = leaf.memory
            staying = labels.staying(memory.labels, Whither.EXPORT, policy) if reveal else withheld(memory, policy)
            if staying:
                tally.left_out += 1
                tally.labels.update(staying)
                continue
            if labels.SECRET in memory.labels:
                memory = memory if reveal else covered(memory)
                tally.masked += not reveal
            yield leaf._replace(memory=memory)


def _fitting(leaves: "Iterator[Leaf]", fits: Fits) -> "Iterator[Leaf]":
    return leaves if fits is None else (leaf for leaf in leaves if fits(leaf.memory))
