"""Who may do what with a memory: the checks, and the words for what is refused. What somebody may do is `access`'s business.

What is done to a whole cube has a table of its own, `acts`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from memos_cli.errors import MemoryNotFound, Refused, UsageError
from memos_cli.infra.limits import is_name
from memos_cli.model import Memory, Visibility

if TYPE_CHECKING:
    from typing import NoReturn

    from memos_cli.infra.governance.access import Access, Right


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
