"""Session: who acts, in which home, on which cubes, at what time. Every service takes one in place of the façade.

A session owns the settings, the paths, the clock, the open cubes and the embedder. It decides nothing, and writes nothing
but a new cube at its first write: the flows write, as the author that it names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from memos_cli import config
from memos_cli.errors import AccessDenied, CubeNotFound, MemoryNotFound, UsageError
from memos_cli.infra.governance import governance
from memos_cli.infra.limits import is_time
from memos_cli.infra.local.embeddings import Embeddings
from memos_cli.infra.shelf import Shelf
from memos_cli.infra.vault import past
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Memory
from memos_cli.records import NamedTuple
from memos_cli.times import Zone, to_text

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.infra.governance.access import Access, Context
    from memos_cli.infra.vault.rules.admission import Admission


def wall_clock() -> datetime:
    """The time of day, for programs that have no clock of their own to hand in."""
    return datetime.now(UTC)


class Listeners(NamedTuple):
    """What upper layers hand in for the cubes that a session opens.

    Attributes:
        due: makes of a cube's policy a function that says when the lifecycle has to look at a memory next.
        changed: called after a write with the session and the ids of the memories that changed.
    """

    due: Callable[[Mapping[str, Any]], Callable[[Memory], str | None]] | None = None
    changed: Callable[["Session", Iterable[str]], None] | None = None


NOBODY = Listeners()
_TIMES = {"occurred_at", "valid_from", "valid_to", "expires_at"}
"""The times of a memory that are given from outside."""


class Session(governance.Recorder):
    """Who acts, in which home, on which cubes, at what time.

    Args:
        paths: the folders of the home.
        settings: the settings of this invocation.
        cubes: names or paths of the cubes to use; empty for the one that the settings name. Writes go to the first.
        principal: who is acting; `None` for the setting, else the login name.
        clock: returns the time.
        embeddings: makes the vectors; `None` for the embedder of this home.
        listeners: the callbacks of upper layers.
        token: the token of an agent, by which every cube that is opened knows who acts; nobody else can be named then.
    """

    def __init__(
        self,
        paths: config.Paths,
        settings: config.Settings,
        *,
        cubes: Sequence[str] = (),
        principal: str | None = None,
        clock: Callable[[], datetime] = wall_clock,
        embeddings: Embeddings | None = None,
        listeners: Listeners = NOBODY,
        token: str | None = None,
    ) -> None:
        super().__init__()
        self.paths, self.settings = paths, settings
        self.person: str = governance.principal(settings.get("principal") or config.login())
        self._principal = governance.principal(principal or self.person)
        self._token = token
        self._admission: Admission | None = None
        if token is not None:
            from memos_cli.infra.vault.rules import admission

            self._admission = admission.Admission(token, principal)
        self.shelf = Shelf(
            paths.cubes, lock_timeout=settings.get("lock_timeout"), scheduler=listeners.due, changed=self._tell_changed
        )
        self.embeddings = embeddings or Embeddings(
            settings.get("embedder"), paths.data, paths.cache, given=config.embedding(settings)
        )
        self._listeners = listeners
        self._clock = clock
        self._names = list(cubes)
        self._open: dict[tuple[str, str], Vault] = {}
        self.command = self.purpose = ""
        """The command that runs, and what memories are read for (`access.PURPOSES`): rules of access may depend on both."""
        self._accesses: dict[tuple[str, str], tuple[object, Access]] = {}
        self.last_write: tuple[int, int] | None = None
        """The log's clock at the last write through this session, and the time then in milliseconds since 1970."""

    def close(self) -> None:
        """Close every cube and model."""
        for vault in self._open.values():
            vault.close()
        self._open.clear()
        self.embeddings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def twin(self, *, cubes: Sequence[str], principal: str, settings: config.Settings) -> "Session":
        """A session in the same home, with the same clock and listeners but its own cubes; the caller closes it."""
        listeners = self._listeners
        return Session(
            self.paths, settings, cubes=cubes, principal=principal, clock=self._clock, listeners=listeners, token=self._token
        )

    def _tell_changed(self, changed: Iterable[str]) -> None:
        if self._listeners.changed is not None:
            self._listeners.changed(self, changed)

    # -- when

    @property
    def now(self) -> str:
        """The time, as fixed-width text."""
        return to_text(self._clock())

    @property
    def millis(self) -> int:
        """The time, in milliseconds since 1970."""
        return round(self._clock().timestamp() * 1000)

    @property
    def zone(self) -> Zone:
        """The time zone in which times are understood and shown."""
        return Zone(self.settings.get("timezone"))

    def timed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of a memory with instants for the times that a program wrote as a person does (`periods.read`).

        Raises:
            UsageError: one of them has no sure meaning.
        """
        found = dict(fields)
        for name in _TIMES & fields.keys():
            if isinstance(found[name], str) and not is_time(found[name]):
                from memos_cli import periods

                found[name] = periods.read(found[name], self.now, self.zone, look="either").starts
        return found

    # -- which cubes

    @property
    def cube_names(self) -> list[str]:
        """The cubes in use."""
        return self._names or [self.settings.get("cube")]

    def vault(self, name: str, user_id: str | None = None) -> Vault:
        """An open cube, by name or path, of which the principal sees what the rules let through, and nothing else.

        Raises:
            CubeNotFound: there is none. AccessDenied: an agent acts by a token, and the cube does not know it.
        """
        if self._admission is not None:
            self._admission.admit(name, self._open, self.shelf.open)
        who = self.acting(user_id)
        if (name, who) not in self._open:
            self._open[name, who] = self._looked_at(self.shelf.open(name), who)
        return self._open[name, who]

    def _looked_at(self, vault: Vault, who: str) -> Vault:
        """A cube as somebody sees it."""
        if vault.meta["owner"] != who:
            from memos_cli.infra.vault.rules.rules import Asking

            vault.look_as(Asking(vault.meta, who, lambda: self.context, lambda: (self.command, self.purpose, self.now)))
        return vault

    @property
    def opened(self) -> tuple[Vault, ...]:
        """The cubes that were opened so far."""
        return tuple(vault for (_, who), vault in self._open.items() if who)

    def vaults(self, user_id: str | None = None) -> list[Vault]:
        """The cubes in use, each open as the principal sees it.

        Raises:
            CubeNotFound: a named cube does not exist. A home without any cube is no error, nor is one without the default
                cube, which the first write makes: it has no memories yet.
        """
        if not self._names and (not self.shelf.names() or self._default_to_come()):
            if self._admission is not None:
                self._admission.refuse(self.cube_names[0])
            return []
        return [self.vault(name, user_id) for name in self.cube_names]

    def writable(self, user_id: str | None = None) -> Vault:
        """The cube that writes go to; the first `add` in a new home makes it."""
        name = self.cube_names[0]
        try:
            return self.vault(name, user_id)
        except CubeNotFound:
            if self._names or (name != config.SETTINGS["cube"].default and self.shelf.names()):
                raise
            self.create_cube(name)
            return self.vault(name, user_id)

    def _default_to_come(self) -> bool:
        """Whether the cube in use is the default one, and is not there."""
        (name,) = self.cube_names
        return bool(name == config.SETTINGS["cube"].default) and name not in self.shelf.names()

    def create_cube(self, name: str) -> bool:
        """Make an empty cube, owned by the principal; `False` if there was one already.

        Raises:
            AccessDenied: an agent acts by its token, which no new cube can know.
        """
        if self._admission is not None:
            self._admission.refuse(name)
        return self.shelf.create(name, owner=self.principal, millis=self.millis)

    def use_cube(self, name: str) -> None:
        """Make this the cube of the commands that name none."""
        place = self.shelf.place(name)
        config.store(self.paths, "cube", name if place.parent == self.paths.cubes else str(place))

    # -- who, and what they may do and see

    def require(self, act: str, vault: Vault | None = None, user_id: str | None = None) -> None:
        """Let the principal do something to a whole cube, or to the home: the one gate of what is done to more than memories.

        Args:
            act: a key of `acts.ACTS`.
            vault: the cube; `None` for what belongs to the home.
            user_id: who asks; `None` for the principal of the session.

        Raises:
            Refused: the act is somebody else's to do. Nothing was counted or named before.
        """
        from memos_cli.infra.governance import acts  # here, since a search does nothing to a whole cube

        principal = self.acting(user_id)
        if vault is None:
            acts.require_home(act, principal, self.person)
        else:
            acts.require(act, principal, vault.meta, vault.name, lambda: self.access(vault, user_id))

    @property
    def principal(self) -> str:
        """Who acts: the one that was named, or with a token the agent that the cubes in use know by it.

        Raises:
            AccessDenied: no cube knows the token, or it is not that of the one that was named.
        """
        if self._admission is None:
            return self._principal
        if self._admission.bearer is None:
            self.vaults()
        return self._admission.bearer or self._principal

    def acting(self, user_id: str | None = None) -> str:
        """Who acts where a program names somebody; with a token nobody but its agent can be named.

        Raises:
            AccessDenied: the token is another's.
        """
        if user_id is None or self._admission is None or user_id == self.principal:
            return governance.principal(user_id or self.principal)
        raise AccessDenied(f"MEMOS_TOKEN is not the token of {user_id[:40]}", hint="name nobody: the token says who acts")

    def author(self, command: str, user_id: str | None = None) -> "Author":
        """The author of what is written now."""
        from memos_cli.author import Author  # here, since a search writes nothing

        return Author(self.acting(user_id), self.millis, command, self._note_write, zone=self.zone)

    def _note_write(self, clock: int, millis: int) -> None:
        self.last_write = clock, millis

    def owns(self, vault: Vault, user_id: str | None = None) -> bool:
        """Whether the principal owns a cube, and so may see and do everything there."""
        return governance.asking(self.acting(user_id), vault.meta) is None

    @property
    def context(self) -> "Context":
        """Under what circumstances this session acts now."""
        from memos_cli.infra.governance.access import Context

        ahead = self.zone.local(self.now).utcoffset()
        return Context(self.command, self.purpose, self.now, round(ahead.total_seconds() / 60) if ahead is not None else 0)

    @contextmanager
    def reading_for(self, purpose: str) -> Iterator[None]:
        """Read memories for a purpose, one of `access.PURPOSES`, until the block ends."""
        before, self.purpose = self.purpose, purpose
        try:
            yield
        finally:
            self.purpose = before

    def access(self, vault: Vault, user_id: str | None = None) -> "Access":
        """What the principal may do in a cube now; the rules are read again after each write to the cube, whoever wrote."""
        from memos_cli.infra.vault.rules import rules

        principal = self.acting(user_id)
        if vault.sight is not None and vault.seer == principal:
            return vault.sight.present()
        known = rules.state(vault), self.command, self.purpose
        before, found = self._accesses.get((vault.name, principal), (None, None))
        if found is None or before != known or (found.changes_at is not None and found.changes_at <= self.now):
            found = rules.access_of(vault, vault.meta, principal, self.context)
            self._accesses[vault.name, principal] = known, found
        return found

    def require_reveal(self, memories: Iterable[Memory], user_id: str | None = None) -> None:
        """Let secrets be shown to those alone who may see them; see `governance.require_reveal`."""
        cubes = {vault.name: vault for vault in self.opened}
        owners = {name: vault.meta["owner"] for name, vault in cubes.items()}
        who = self.acting(user_id)
        governance.require_reveal(memories, who, self.person, owners, lambda name: self.access(cubes[name], user_id))

    def sight(self, vault: Vault, wanted: Filter | None = None, user_id: str | None = None) -> Filter:
        """A filter as this cube is asked with it, which was opened for the principal: it lets nothing else through."""
        wanted = wanted or Filter(at=self.now)
        if vault.seer != (who := self.acting(user_id)):
            raise ValueError(f"a cube that was opened for {vault.seer} is asked for {who}")
        if wanted.snapshot is not None:
            wanted = wanted._replace(at=past.snapshot(vault, wanted.snapshot)["at"])
        return wanted

    def locate(self, text: str, user_id: str | None = None) -> tuple[Vault, str]:
        """The cube and the full id that a prefix or an external id means, in the first cube that knows it.

        Raises:
            MemoryNotFound: no cube knows it. AmbiguousId: the prefix fits several memories.
        """
        missing: MemoryNotFound | None = None
        for vault in self.vaults(user_id):
            try:
                return vault, vault.resolve(text)
            except MemoryNotFound as error:
                missing = missing or error
        raise missing or MemoryNotFound(
            f"no memory {text[:40]!r}: there is nothing here yet", hint='memos add "I am vegan now"'
        )

    def locate_all(self, texts: Sequence[str], user_id: str | None = None) -> tuple[Vault, list[str]]:
        """The one cube that holds all of these memories, and their full ids.

        Raises:
            UsageError: they lie in several cubes, while a change is one transaction in one cube.
        """
        places = [self.locate(text, user_id) for text in texts]
        if len({vault.name for vault, _ in places}) > 1:
            raise UsageError("these memories are in several cubes", hint="name one with --cube")
        return places[0][0], [identity for _, identity in places]
