"""What a model learnt, as a purge wipes it: data sets, checkpoints, adapters (see `infra.purge.Place`)."""

from typing import TYPE_CHECKING

from memos_cli.errors import Busy, CubeLocked
from memos_cli.infra import adapters
from memos_cli.model import Filter

if TYPE_CHECKING:
    from memos_cli.infra.purge import Purged
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.api import MOS


class Learnt:
    """The generations of adapters of a cube: those that learnt a purged memory, or whose data sets name what it names.

    Args:
        mos: the memory.
        vault: the cube.
    """

    name = "adapters"

    def __init__(self, mos: "MOS", vault: "Vault") -> None:
        self._mos, self._vault = mos, vault

    def wipe(self, purged: "Purged", *, dry_run: bool) -> int:
        """Remove their folders; what is being made is stopped, since it may have read what is purged, and is begun anew."""
        if not adapters.exist(self._vault) and not self._working():
            return 0
        if not dry_run:
            self._halt()
        doomed = adapters.holding(self._vault, purged.ids, purged.texts)
        if not dry_run:
            for identity in doomed:
                adapters.remove(self._vault, identity)
        return len(doomed)

    def sweep(self) -> None:
        """Remove the folders of those that learnt a memory which is purged by now."""
        if not adapters.exist(self._vault):
            return
        from memos_cli.interface import generating

        everything = Filter(at="", everything=True)
        known = generating.of(self._vault)
        there = set(adapters.folders(self._vault))
        for one in known:
            if one.id in there and len(self._vault.versions(list(one.covers), everything)) < len(one.covers):
                adapters.remove(self._vault, one.id)

    def _working(self) -> bool:
        from memos_cli.infra.jobs import FOLDER

        return (self._mos.paths.data / FOLDER).is_dir()

    def _halt(self) -> None:
        from memos_cli.interface import working

        try:
            stopped = working.halt(working.jobs_of(self._mos), self._vault.meta["id"])
        except Busy as error:
            raise CubeLocked(error.message, hint=error.hint) from None
        for job in stopped:
            working.jobs_of(self._mos).queue(job._replace(state="queued", attempts=0, message=None, pid=None, begun=None))
