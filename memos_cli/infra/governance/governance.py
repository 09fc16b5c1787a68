"""Who may do what with a memory: the checks, and the words for what is refused. What somebody may do is `access`'s business.

What is done to a whole cube has a table of its own, `acts`.
"""

from _thread import get_ident
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from memos_cli.errors import AccessDenied, MemoryNotFound, NotFound, Refused, UsageError
from memos_cli.infra.limits import is_name
from memos_cli.model import Memory, Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from memos_cli.infra.governance.access import Access, Right
    from memos_cli.infra.governance.read_log import Recorded

    class SeenCube(Recorded, Protocol):
        """An open cube as somebody sees it; a `Vault` is one."""

        @property
        def seer(self) -> str:
            """Who sees it so."""

        @property
        def policy(self) -> Mapping[str, Any]:
            """The values of its policy that were set."""


def principal(name: str) -> str:
    """The name of a principal, as the log may have it.

    Raises:
        UsageError: it is too long, or has control characters: no cube file could hold its operations.
    """
    if not is_name(name):
        raise UsageError(f"a principal cannot be called {name[:40]!r}", hint="up to 1,000 characters, none a control character")
    return name


def asking(principal: str, cube: Mapping[str, str]) -> str | None:
    """The principal whose view narrows a filter; `None` for the cube's owner, who sees all."""
    return None if principal == cube.get("owner") else principal


class RuledSight(Protocol):
    """What somebody who does not own a cube sees of it."""

    @property
    def access(self) -> "Access":
        """What the rules let whom it was opened for do."""
        ...


class RuledCube(Protocol):
    """A cube that was opened for somebody."""

    @property
    def sight(self) -> RuledSight | None:
        """What that one sees; `None` for the cube's owner."""
        ...


Name = Literal["read", "write", "share", "erase"]
"""The name of a `Right`, for whom the rules are not imported: the cube's owner, who may do everything."""


def may(vault: RuledCube, right: Name, memory: Memory) -> bool:
    """Whether whom a cube was opened for may do that with a memory, as it is or as it was."""
    if vault.sight is None:
        return True
    from memos_cli.infra.governance.rule import Right

    return vault.sight.access.may(Right(right), memory)


def demand(vault: RuledCube, right: Name, memory: Memory) -> None:
    """Let through only what the principal whom a cube was opened for may do with a memory; see `require`."""
    if vault.sight is None:
        return
    from memos_cli.infra.governance.rule import Right

    require(vault.sight.access, Right(right), memory)


def demand_some(vault: RuledCube, memory: Memory) -> None:
    """Let through who may change a memory in any way: which right a change needs is asked when it is made.

    Raises:
        MemoryNotFound: whom the cube was opened for may not read it. Refused: the principal may read it, and no more.
    """
    if vault.sight is None:
        return
    from memos_cli.infra.governance.rule import Right

    if not any(vault.sight.access.may(right, memory) for right in (Right.WRITE, Right.SHARE, Right.ERASE)):
        require(vault.sight.access, Right.WRITE, memory)


_DONE = {"read": "read", "write": "change", "share": "share", "erase": "erase", "reveal": "see the secrets of"}
"""What each right lets somebody do, as a verb."""


def require(access: "Access", right: "Right", memory: Memory, asked: str | None = None) -> None:
    """Let through only what a principal may do with a memory.

    Args:
        access: what the principal may do.
        right: what is to be done.
        memory: the memory as it is.
        asked: what the principal called it.

    Raises:
        MemoryNotFound: the principal may not read it either, so that it does not exist, in the words of an unknown id.
        Refused: the principal may read it, and no more.
    """
    if access.may(right, memory):
        return
    if not _sees(access, memory):
        missing(asked or memory.id, memory.cube)
    owner = f"{memory.owner} (unverified)" if memory.unverified else memory.owner
    what = f"{access.principal} may not {_DONE[right]} {memory.id[:8]}"
    if right == "write" and memory.visibility is Visibility.READ_ONLY:
        raise Refused(
            f"{what}: it is read-only", hint=f"its owner makes it so: memos edit {memory.id[:8]} --visibility private"
        )
    grant = f"memos grant {access.principal} {right.value} {memory.id[:8]}"
    raise Refused(f"{what}: it belongs to {owner}", hint=f"ask the cube's owner for it: {grant}")


def missing(asked: str, cube: str) -> "NoReturn":
    """Say that there is no such memory: of what may not be seen as of what there is not.

    Raises:
        MemoryNotFound: always.
    """
    raise MemoryNotFound(f"no memory {asked[:40]!r} in cube {cube}", hint="see what there is with: memos list")


def require_reveal(
    memories: Iterable[Memory], who: str, person: str, owners: Mapping[str, str], access: "Callable[[str], Access]"
) -> None:
    """Let the secrets of memories be shown to those alone who may see them: this is the one place that decides it.

    Whoever owns a memory or its cube may; others need a rule of the right `reveal`. What is not labelled secret needs none.

    Args:
        memories: what is to be shown.
        who: who asks.
        person: whose home it is, who alone looks into a file that is no cube of it.
        owners: of the open cubes, by the cube's name.
        access: what `who` may do in one of these cubes.

    Raises:
        Refused: they may read one of the memories, but not its secrets. MemoryNotFound: they may not even read it.
    """
    for memory in memories:
        if "secret" not in memory.labels or who == owners.get(memory.cube, person):
            continue
        if memory.cube not in owners:
            raise Refused(f"{who} may not see the secrets of what is not in this home", hint=f"ask {person}")
        from memos_cli.infra.governance.access import Right

        require(access(memory.cube), Right.REVEAL, memory)


def _sees(access: "Access", memory: Memory) -> bool:
    from memos_cli.infra.governance.access import Right

    return access.may(Right.READ, memory)


def require_owner(principal: str, cube: Mapping[str, str], what: str) -> None:
    """Let only the cube's owner say who may do what there.

    Raises:
        Refused: somebody else asked.
    """
    if asking(principal, cube) is not None:
        owner = cube.get("owner")
        raise Refused(f"{principal} may not {what}: the cube belongs to {owner}", hint=f"ask {owner}, who alone may do it")


def require_thaw(memory: Memory) -> None:
    """Let an edit through only if the memory is not frozen.

    Raises:
        Refused: it is frozen.
    """
    if memory.frozen:
        raise Refused(f"{memory.id[:8]} is frozen", hint=f"thaw it first: memos unfreeze {memory.id[:8]}")


# -- what is given out


class Recorder:
    """Who acts, and records what they are given; a `session.Session` is one.

    Attributes:
        told: the memories that the call in progress has given out and recorded, by cube: none is recorded twice for a call.
        calls: the threads in which a call of a service is in progress.
    """

    command: str
    purpose: str

    def __init__(self) -> None:
        self.told: dict[str, set[str]] = {}
        self.calls: set[int] = set()

    @property
    def now(self) -> str:
        """The time, as fixed-width text."""
        raise NotImplementedError

    @property
    def principal(self) -> str:
        """Who acts."""
        raise NotImplementedError

    @property
    def opened(self) -> "Sequence[SeenCube]":
        """The cubes that were opened so far, each as somebody sees it."""
        raise NotImplementedError

    def given(self, action: str, value: object, *, called: str = "", user_id: str | None = None, **told: Any) -> None:  # noqa: ANN401 -- as `read_log.give` has them
        """Record the memories in a value, right before they are given out: to a person, to a model, into a file.

        What the cube's owner gets is recorded only where the policy says so (`audit.own`), and waits for nothing.

        Args:
            action: `search`, `show`, `prompt`, `export`, …; `denied` where nothing is given.
            value: memories, anything that holds some, or a function that returns it; `None` for all memories of the cube.
            called: the method that was called, where no command runs.
            user_id: who gets them.
            told: `purpose`, `texts`, `cube`.

        Raises:
            CubeLocked: what another principal gets cannot be recorded now. NotWritable, StorageFull: it cannot be at all.
        """
        who = user_id or self.principal
        for cube in [one for one in self.opened if one.seer == who]:
            own = asking(who, cube.meta) is None
            if not own or (action != "denied" and cube.policy.get("audit.own")):
                from memos_cli.infra.governance import read_log

                author = read_log.Getting(self.now, who, self.command or called, own)
                known = self.told.setdefault(cube.name, set())
                read_log.give(cube, author, action, value, known, **{"purpose": self.purpose, **told})


_ACTIONS = {
    "activation": "slot", "briefing": "prompt", "cube_merge": "compare", "get": "show", "held": "review", "look": "show",
    "parametric": "adapter", "pipeline": "change", "search_many": "search", "snapshots": "compare", "timeline": "history",
    "transfer": "export", "upcoming": "list",
}  # fmt: skip
"""What the record of reads calls a method, by its own name or by that of its service."""
_OWN = frozenset({"memories"})
"""The services whose methods are called by their own names there; of the others the service's name tells more."""
_NAMING = ("text", "texts", "source", "target", "memory")
"""The parameters that name memories."""


class Gate:
    """A service of the façade as it is asked from outside: what it answers is recorded before it is given out.

    A call may ask other services on its way, and what those answer is not given out by that. Only what goes to whoever made the
    call counts: not the candidates of a ranking, and not what a command looks at to write.
    """

    def __init__(self, session: Recorder, name: str, service: object, user_id: str | None = None) -> None:
        vars(self).update(_session=session, _name=name, _service=service, _user_id=user_id)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the service has
        found = getattr(self._service, name)
        return partial(self._asked, name, found) if isinstance(found, MethodType) and not name.startswith("_") else found

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._service, name, value)

    def _asked(self, name: str, method: MethodType, /, *values: Any, **named: Any) -> Any:  # noqa: ANN401 -- the service's own
        session, thread = self._session, get_ident()
        if thread in session.calls:
            return method(*values, **named)
        session.calls.add(thread)
        session.told.clear()
        code = method.__code__
        asked = {**dict(zip(code.co_varnames[1 : code.co_argcount], values, strict=False)), **named}
        who = asked.get("user_id") or self._user_id
        try:
            result = method(*values, **named)
            action = _ACTIONS.get(name) or (name if self._name in _OWN else _ACTIONS.get(self._name, self._name))
            # What a call itself has written is in the log. One that gives nothing may run in a thread that has no cube.
            if result is not None and not getattr(result, "txn", None):
                session.given(action, result, called=name, user_id=who)
        except (Refused, NotFound, AccessDenied) as error:
            if not error.recorded:
                error.recorded = True
                meant = (asked[one] for one in _NAMING if asked.get(one))
                texts = (one for some in meant for one in ([some] if isinstance(some, str) else some if _is_list(some) else ()))
                session.given("denied", (), texts=[one for one in texts if isinstance(one, str)], called=name, user_id=who)
            raise
        else:
            return result
        finally:
            session.calls.discard(thread)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
