"""Moves cubes between machines: a cube to a file, a file to a new cube, and a report of what is in a file.

`mos.transfer.export(…)`, `receive`, `verify`. A file is verified whole before anything is changed, in a staged cube that no
nothing else knows of (`infra.transfer.loader`).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import gettempdir
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from memos_cli.errors import MemosError, Refused, UsageError
from memos_cli.infra import counts
from memos_cli.infra.crypto.watermark import Giving, Mark
from memos_cli.infra.cubefile import SUFFIX, Sign
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer import dumper, familiarity, loader, traces
from memos_cli.infra.transfer.dumper import WHOLE, Dumped, Progress
from memos_cli.infra.transfer.verifier import verified
from memos_cli.infra.vault.vault import Vault
from memos_cli.interface.cubes.elsewhere import require_elsewhere
from memos_cli.interface.cubes.recipients import HomeRecipients, Staying, staying_of, without
from memos_cli.interface.cubes.target import written
from memos_cli.model import Filter
from memos_cli.operation import policy
from memos_cli.operation.activation import travel
from memos_cli.operation.parametric import foreign_adapters
from memos_cli.signer import Signature, Signer

if TYPE_CHECKING:
    from memos_cli.infra.transfer.loader import Staged
    from memos_cli.interface.cubes.keys import Keys
    from memos_cli.session import Session

Extent = dumper.Extent
"""How much of a cube an export takes along."""
Traces = traces.Traces
"""The recipients whose marks are in a file or a cube."""
Layer = Callable[[BinaryIO, Path], AbstractContextManager[BinaryIO]]
"""Puts encryption around a stream that is written to; what has to be kept meanwhile lies in the folder."""


class Exported(NamedTuple):
    """What an export wrote, and where.

    Attributes:
        path: `None` for standard output.
        left_out: how many memories their labels kept out; `notices` is the line about them.
        to: who is given it.
    """

    cube: str
    path: Path | None
    dumped: Dumped
    redacted: bool
    left_out: int = 0
    notices: tuple[str, ...] = ()
    to: str | None = None


class Contents(NamedTuple):
    """What is in a cube file.

    Attributes:
        manifest: the manifest of the file.
        digest: SHA-256 of the file before encryption, in hexadecimal.
        signatures: those in the seal, all of them valid.
        signers: who made them, in the same order.
        states: how many memories are in each state.
        vectors: how many memories have a vector in the file.
        absent: how many source files of memories are missing from the file.
        adapters: the adapters in the file.
        models: how many slots the file has, by model (SHA-256).
        traces: the recipients whose marks are in the file, if they were looked for.
    """

    manifest: Mapping[str, Any]
    digest: str
    signatures: tuple[Signature, ...]
    signers: tuple[Signer, ...]
    states: Mapping[str, int]
    vectors: int
    absent: int
    adapters: tuple[foreign_adapters.Came, ...] = ()
    models: Mapping[str, int] = {}
    traces: Traces = Traces()

    @property
    def trusted(self) -> bool:
        """Whether a key that is trusted here has signed it."""
        return any(one.trusted for one in self.signers)


class Received(NamedTuple):
    """What an import made, or would make: all of it is new.

    Attributes:
        txn: the transaction that `undo` takes back.
        accepted: whether a trusted key has signed it, or the person accepts it.
        purged_here: ids of its memories that were purged in a cube of this home, and are here again.
    """

    cube: str
    contents: Contents
    dry_run: bool
    txn: str | None = None
    slots: travel.Taken = travel.Taken()
    accepted: bool = True
    purged_here: tuple[str, ...] = ()


Agree = Callable[[Mapping[str, str]], None]
"""Called with the memories of a file that were purged here, each with the cube that purged it, before they come back; raises
`Refused` for a no."""


def _disagree(gone: Mapping[str, str]) -> None:
    raise Refused(f"{len(gone)} memories of the file were purged in this home", hint="import them all the same: --yes")


class Transfer:
    """Cube files of one home."""

    def __init__(self, session: "Session", keys: "Keys") -> None:
        self._session = session
        self._keys = keys
        self._recipients = HomeRecipients(session)

    def export(
        self,
        name: str | None = None,
        target: "Path | BinaryIO | None" = None,
        extent: Extent = WHOLE,
        *,
        slots: bool = False,
        force: bool = False,
        sign: Sign | None = None,
        seal: Layer | None = None,
        tell: Progress = lambda *_: None,
    ) -> Exported:
        """Write a cube file, whole or not at all.

        Args:
            name: the cube; `None` for the one in use.
            target: a path or a stream; `None` for a file of the cube's name in the working folder.
            extent: what of it; a redacted one is a publication in place of a copy, see `infra.transfer.redaction`. One with a
                recipient carries their mark, and is on the list of what was given away.
            slots: include one's slots that hold memories of this cube alone; only for a whole cube.
            force: replace an existing file.
            sign: makes the signatures.
            seal: encrypts the file.
            tell: called with how many operations are done, of how many.

        Raises:
            CubeNotFound: there is no such cube.
            Refused: the cube is somebody else's; or there is such a file, or it would lie among those of a home or a cube; or
                there is nothing to export.
            IntegrityError: the cube is damaged, or what was written could not be imported or is not what the disk kept.
        """
        vault = self._session.vault(name or self._session.cube_names[0])
        self._session.require("cube export", vault)
        path = target if isinstance(target, Path) else Path(f"{vault.name}{SUFFIX}") if target is None else None
        if path:
            require_elsewhere(self._session.paths, path)
        self._record(vault, extent)
        # Beside the target, not in the home: an export is what saves a home whose disk is full or can only be read.
        regular = path is not None and (path.is_file() or not path.exists())
        scratch = path.absolute().parent if path and regular else Path(gettempdir())
        opened = written(path, force=force) if path else nullcontext(target)
        with (
            self._recipients.giving(vault, extent) as mark,
            self._source(vault, extent, scratch, mark) as (source, left_out),
            opened as stream,
            (seal or _plainly)(cast("BinaryIO", stream), scratch) as sealed,
            verified(sealed, scratch, _fault_of_record) as out,
        ):
            extent = extent._replace(wanted=None, vectors=False) if extent.redacted else without(extent, left_out, vault)
            states = travel.outgoing_slots(self._session, vault) if slots and extent.whole else ()
            dumped = dumper.dump(source, out, scratch, extent, slots=states, sign=sign, mark=mark, tell=tell)
        what, way = ("unpublished", Whither.EXPORT) if extent.redacted else ("out of it", Whither.SYNC)
        notices = (policy.line_of(left_out, way, what),) if left_out else ()
        return Exported(vault.name, path, dumped, extent.redacted, len(left_out), notices, extent.to)

    def given(self) -> tuple[Giving, ...]:
        """What this home gave to whom, in the order of time; see `HomeRecipients.given`."""
        return self._recipients.given()

    def traces(self, vault: Vault) -> Traces:
        """The recipients of this home whose marks are in a cube that came of something they were given.

        Raises:
            IntegrityError: the list of recipients is damaged, or the secret of this home is gone.
        """
        return traces.traces(vault, self._recipients.marks())

    def _record(self, vault: Vault, extent: Extent) -> None:
        """Record what is about to leave, where that is recorded: the ids of a selection, or that it is the whole cube."""
        wanted = extent.wanted or (Filter(at=self._session.now) if extent.redacted else None)
        leaving = None if wanted is None else lambda: vault.find(wanted)
        self._session.given("export", leaving, cube=vault.name, called="export", purpose="export")

    @contextmanager
    def _source(self, vault: Vault, extent: Extent, scratch: Path, mark: Mark | None) -> Iterator[tuple[Vault, Staying]]:
        """The cube to write, this one or what may be published of it; and which memories are left out, by which labels."""
        if not extent.redacted:
            yield vault, {} if extent.to is None else staying_of(vault, extent)
            return
        from memos_cli.infra.transfer import redaction

        wanted = extent.wanted or Filter(at=self._session.now)
        with redaction.published(vault, wanted, scratch, mark) as (published, left_out):
            yield published, left_out

    def receive(
        self,
        stream: "BinaryIO | IO[bytes]",
        name: str,
        *,
        dry_run: bool = False,
        require_signed: bool = False,
        accept: bool = False,
        agree: Agree = _disagree,
        look: Callable[[Contents], None] = lambda _: None,
        tell: Progress = lambda *_: None,
    ) -> Received:
        """Make a new cube of a file; `undo` in that cube takes it back.

        The memories of a file without a signature by a trusted key are untrusted until they are used, and its policy does not
        rule until somebody accepts the cube.

        Args:
            stream: the file, decrypted.
            name: what the cube is to be called here.
            dry_run: verify everything and make nothing.
            require_signed: refuse a file without a signature by a key that is trusted here.
            accept: accept the cube, whoever has signed it.
            agree: see `Agree`.
            look: called with the contents once all of the file is verified; an exception from it stops the import.
            tell: called with how many operations are done, of how many.

        Raises:
            Refused: a cube of that name exists, or `agree` says no.
            IntegrityError: the file is damaged, or a signature is forged. Nothing is changed then.
            AccessDenied: a signature is required, and no trusted key made one.
        """
        target = self._session.shelf.place(name)
        refuse_known(target)
        with self.staged(stream, target.name, folder=target.parent, require_signed=require_signed, tell=tell) as staged:
            found = contents(staged)
            look(found)
            gone, accepted = self._purged_here(staged.vault), accept or staged.trusted
            if dry_run:
                return Received(target.name, found, dry_run, accepted=accepted, purged_here=tuple(gone))
            if gone:
                agree(gone)
            with self._session.author("import").write(staged.vault) as unit:
                staged.receive(unit, accepted=accepted)
            staged.adopt(target)
            slots = travel.Taken()
            if staged.slots:
                with Vault(target, target.name) as made:
                    slots = travel.keep_slots(self._session, made, staged.slots, trusted=staged.trusted)
        return Received(target.name, found, dry_run, unit.log.txn, slots, accepted, tuple(gone))

    def _purged_here(self, other: Vault) -> dict[str, str]:
        """The memories of another cube that were purged in one of this home, each with the name of that one."""
        gone: dict[str, str] = {}
        for name in self._session.shelf.names():
            with suppress(MemosError):  # a damaged cube keeps no file out
                gone |= dict.fromkeys(familiarity.purged_in(self._session.vault(name), other), name)
        return gone

    def accept(self, name: str) -> bool:
        """Accept an imported cube: its policy rules, its memories count as one's own; `False` if nothing was to be accepted.

        Raises:
            CubeNotFound: there is no such cube. Refused: the principal does not own it.
        """
        vault = self._session.vault(name)
        self._session.require("cube accept", vault)
        return familiarity.accept_cube(vault)

    def verify(
        self, stream: "BinaryIO | IO[bytes]", *, require_signed: bool = False, tell: Progress = lambda *_: None
    ) -> Contents:
        """Verify a file to its last byte; what is in it, and to whom this home gave it.

        Raises:
            IntegrityError: the file is damaged, or a signature is forged; or the list of recipients is damaged.
            AccessDenied: a signature is required, and no trusted key made one.
        """
        with self.staged(stream, "verified", require_signed=require_signed, tell=tell) as staged:
            found = traces.traces(staged.vault, self._recipients.marks(), staged.manifest)
            return contents(staged)._replace(traces=found)

    @contextmanager
    def staged(
        self,
        stream: "BinaryIO | IO[bytes]",
        name: str,
        *,
        folder: Path | None = None,
        require_signed: bool = False,
        tell: Progress = lambda *_: None,
    ) -> "Iterator[Staged]":
        """A file as a verified cube, to be looked into, compared or merged: in no list, and removed when the block ends."""
        place = folder or self._session.paths.cubes
        self._session.shelf.sweep_old(self._session.now)
        with loader.stage(
            stream, place, name, due=self._session.shelf.due, check=_fault_of_record, owner=self._session.principal,
            millis=self._session.millis, tell=tell,
        ) as staged:  # fmt: skip
            digest = bytes.fromhex(staged.digest)
            yield staged._replace(signers=self._keys.verify(digest, staged.signatures, required=require_signed))


def refuse_known(target: Path) -> None:
    """Check that a cube can be made here.

    Raises:
        Refused: a cube, or something else, is there already.
    """
    if target.exists():
        raise Refused(
            f"there is a cube {target.name!r} already",
            hint=f"put the two together: memos cube merge {target.name} FILE; or import it as another one: --name NAME",
        )


def contents(staged: "Staged") -> Contents:
    """What a staged cube contains."""
    states = counts.schedule(staged.vault, "")[0]
    signed = staged.signatures, staged.signers
    known, came = staged.vault.records(adapters.NOUN), dict.fromkeys(staged.adapters, staged.trusted)
    learnt = foreign_adapters.told(known, came, staged.vault.name)
    models = Counter(one.identity.get("model", "") for one in staged.slots)
    return Contents(staged.manifest, staged.digest, *signed, states, staged.vectors, staged.absent, learnt, models)


def opened(path: Path) -> BinaryIO:
    """A cube file, opened for reading.

    Raises:
        MemosError: it cannot be opened.
    """
    return loader.opened(path)


def proposed_name(file: str) -> str | None:
    """The name of a cube as the name of a file suggests it; `None` for standard input."""
    if file == "-":
        return None
    return Path(file).name.removesuffix(".age").removesuffix(SUFFIX)


def _fault_of_record(noun: str, registers: Mapping[str, Any]) -> str:
    """What is wrong with a policy from elsewhere; empty for nothing."""
    if noun == policy.NOUN:
        try:
            for name in set(registers) & set(policy.KEYS):
                policy.checked(name, registers[name])
        except UsageError as error:
            return error.message
    return ""


@contextmanager
def _plainly(stream: BinaryIO, _: Path) -> Iterator[BinaryIO]:
    """No encryption."""
    yield stream
