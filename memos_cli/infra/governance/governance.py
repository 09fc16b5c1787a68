"""Who may see and who may change a memory: one check, before anything is ranked or written.

So far the rules follow a memory's own fields: it belongs to its owner; other principals see what is shared, public or
read-only, and change only what is shared. The cube's owner sees and changes all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from memos_cli.errors import MemoryNotFound, Refused, UsageError
from memos_cli.infra.limits import is_name
from memos_cli.model import Memory, Visibility

if TYPE_CHECKING:
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


_OPEN = (Visibility.SHARED, Visibility.PUBLIC, Visibility.READ_ONLY)


def sight(principal: str | None) -> tuple[str, ...]:
    """The SQL condition on `memories m` for what this principal may see, with its parameters; `None` sees all."""
    if principal is None:
        return ("1",)
    return f"(m.owner = ? OR m.visibility IN ({', '.join('?' * len(_OPEN))}))", principal, *_OPEN


def may_see(memory: Memory, principal: str, cube: Mapping[str, str]) -> bool:
    """Whether this principal may read the memory; a search asks the same with the filter's SQL."""
    return asking(principal, cube) is None or memory.owner == principal or memory.visibility is not Visibility.PRIVATE


def may_change(memory: Memory, principal: str, cube: Mapping[str, str]) -> bool:
    """Whether this principal may change the memory."""
    return asking(principal, cube) is None or memory.owner == principal or memory.visibility is Visibility.SHARED


def require_change(memory: Memory, principal: str, cube: Mapping[str, str]) -> None:
    """Refuse a change that this principal may not make.

    Raises:
        Refused: this principal may read the memory, but not change it.
    """
    if not may_change(memory, principal, cube):
        owner = f"{memory.owner} (unverified)" if memory.unverified else memory.owner
        raise Refused(f"{principal} may not change {memory.id[:8]}: it belongs to {owner}", hint="ask its owner")


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
        name = asked or memory.id
        raise MemoryNotFound(f"no memory {name[:40]!r} in cube {memory.cube}", hint="see what there is with: memos list")
    owner = f"{memory.owner} (unverified)" if memory.unverified else memory.owner
    what = f"{access.principal} may not {_DONE[right]} {memory.id[:8]}"
    if right == "write" and memory.visibility is Visibility.READ_ONLY:
        raise Refused(
            f"{what}: it is read-only", hint=f"its owner makes it so: memos edit {memory.id[:8]} --visibility private"
        )
    raise Refused(f"{what}: it belongs to {owner}", hint="ask the cube's owner for: memos grant")


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
    """Let only the cube's owner do what affects everybody's memories.

    Raises:
        Refused: somebody else asked.
    """
    if asking(principal, cube) is not None:
        raise Refused(f"{principal} may not {what}: the cube belongs to {cube.get('owner')}", hint="ask its owner")


def require_thaw(memory: Memory) -> None:
    """Let an edit through only if the memory is not frozen.

    Raises:
        Refused: it is frozen.
    """
    if memory.frozen:
        raise Refused(f"{memory.id[:8]} is frozen", hint=f"thaw it first: memos unfreeze {memory.id[:8]}")
