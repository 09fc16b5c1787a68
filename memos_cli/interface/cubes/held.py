"""Questions about strangers' files: what they change of what is familiar is listed, looked at, taken over or left."""

from typing import TYPE_CHECKING

from memos_cli.errors import AmbiguousId, NotFound
from memos_cli.infra.governance import governance
from memos_cli.infra.transfer import held_changes
from memos_cli.infra.transfer.held_changes import HeldChanges
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.cubes.merge import CubeMerge, Merged, differing

if TYPE_CHECKING:
    from memos_cli.operation.history.cube_diff import Comparison
    from memos_cli.session import Session


class Held:
    """What strangers' files change in the cubes in use, held until their owner decides.

    Args:
        session: who decides, on which cubes.
        cube_merge: takes it over.
    """

    def __init__(self, session: "Session", cube_merge: CubeMerge) -> None:
        self._session = session
        self._merge = cube_merge

    def list(self) -> tuple[HeldChanges, ...]:
        """The open questions, one a file, the oldest first; only a cube's owner is asked."""
        mine = (one for one in self._session.vaults() if governance.asking(self._session.principal, one.meta) is None)
        return tuple(held for vault in mine for held in held_changes.held(vault))

    def question(self, prefix: str) -> HeldChanges:
        """The question whose id begins with a prefix.

        Raises:
            NotFound: there is none. AmbiguousId: several begin so.
        """
        found = [one for one in self.list() if prefix.strip() and one.id.startswith(prefix.strip().lower())]
        if not found:
            raise NotFound(f"no question {prefix[:40]!r}", hint="see what is open with: memos review")
        if len(found) > 1:
            raise AmbiguousId(
                f"{prefix} is the beginning of several questions: {' '.join(one.id for one in found[:10])}",
                hint="write one more letter or two",
            )
        return found[0]

    def look(self, held: HeldChanges) -> "Comparison":
        """The differences that it is about: as it is here, and as it is there."""
        pairs = {*(("memory", one) for one in held.memories), *held.records}
        with Vault(held.path, held.other) as small:
            return differing(self._session.vault(held.cube), small, pairs)

    def take(self, held: HeldChanges) -> Merged:
        """Take all of it over, as one command that `undo` takes back.

        Raises:
            Refused: the principal does not own the cube.
        """
        return self._merge.take(held)

    def leave(self, held: HeldChanges) -> None:
        """Leave it for good: the same changes are never asked about again."""
        vault = self._session.vault(held.cube)
        self._session.require("review held", vault)
        held_changes.leave(vault, held.id, held.path)
