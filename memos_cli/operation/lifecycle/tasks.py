"""Tasks of the cubes in use: listing them, ending one with its memories in one transaction, and reopening an ended one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from memos_cli.errors import NotFound, Refused, did_you_mean
from memos_cli.infra.governance import governance
from memos_cli.infra.names import compared
from memos_cli.infra.vault import queries
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import HOT_STATES, Filter, Memory, State
from memos_cli.operation.policy import policy_of
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.session import Session


TASK = "task"
Ending = Literal["archive", "expire", "keep"]


class Task(NamedTuple):
    """A task as `task list` shows it.

    Attributes:
        ended: when it ended, fixed-width UTC text; `None` while it is open.
        current: how many of its memories are current.
        memories: how many it has in all, including archived and forgotten ones.
        newest: when its newest memory was recorded; `None` where it has none.
    """

    name: str
    cube: str
    ended: str | None
    current: int
    memories: int
    newest: str | None


class Ended(NamedTuple):
    """What the end of a task did.

    Attributes:
        ending: `archive`, `expire` or `keep`.
        ids: the memories that changed their state.
        kept: the memories that stayed as they were: pinned, frozen, or not this principal's to change.
    """

    name: str
    at: str
    ending: str
    ids: tuple[str, ...]
    kept: tuple[str, ...]
    txn: str | None
    dry_run: bool = False


_STATES = {"archive": State.ARCHIVED, "expire": State.EXPIRED}


def reopen(vault: Vault, unit: Unit, names: Iterable[str], principal: str) -> tuple[str, ...]:
    """Reopen the ended tasks among these, in the transaction that gives them new memories; returns the reopened ones.

    That a task has ended is said of the whole cube, so memories of others than its owner change nothing about it.
    """
    wanted = {compared(name) for name in names} if governance.asking(principal, vault.meta) is None else set()
    ended = {name: fields for name, fields in vault.records(TASK).items() if compared(name) in wanted} if wanted else {}
    for name, fields in ended.items():
        unit.change(TASK, name, dict.fromkeys(fields))
    return tuple(ended)


def ends(memory: Memory, ending: Ending, at: str) -> dict[str, Any]:
    """The change of a memory when its task ends; empty where the memory stays as it is.

    A current memory is archived or expires; an archived one can still expire.
    """
    state = _STATES.get(ending)
    leaving = (*HOT_STATES, State.ARCHIVED) if state is State.EXPIRED else HOT_STATES
    if state is None or memory.state not in leaving:
        return {}
    return {"state": state.value, "since": at}


class Tasks:
    """The tasks of the cubes in use; only those of the first cube can be ended."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def list(self, user_id: str | None = None) -> tuple[Task, ...]:
        """All tasks, by cube and name: those that memories name, and those that have ended."""
        return tuple(task for vault in self._session.vaults(user_id) for task in self._of(vault, user_id))

    def _of(self, vault: Vault, user_id: str | None) -> tuple[Task, ...]:
        sight = queries.condition(self._session.sight(vault, Filter(at="", everything=True), user_id))
        ended = vault.records(TASK)
        spelled = {compared(name): name for name in ended}
        found = {}
        for name, current, every, newest in queries.tasks(vault, sight):
            known = spelled.get(compared(name), name)
            found[known] = Task(known, vault.name, ended.get(known, {}).get("ended"), current, every, newest)
        for name, fields in ended.items():
            found.setdefault(name, Task(name, vault.name, fields.get("ended"), 0, 0, None))
        return tuple(sorted(found.values()))

    def end(self, name: str, *, ending: Ending | None = None, dry_run: bool = False, user_id: str | None = None) -> Ended:
        """End a task in one transaction: its memories are archived, expire or stay. A later `add` to the task reopens it.

        A memory that is pinned, frozen or not the principal's to change stays as it is. Only the cube's owner, and whom a rule
        lets write the whole cube, ends the task itself; for anybody else it ends with the memories of their own.

        Args:
            ending: `archive`, `expire` or `keep`; `None` for the ending of the cube's policy.

        Raises:
            NotFound: no memory that the principal may see belongs to such a task.
            Refused: all of them belong to others.
        """
        vault, task = self._named(name, user_id)
        author = self._session.author("task end", user_id)
        wanted = self._session.sight(vault, Filter(at="", everything=True, task=task.name), user_id)
        ids: list[str] = []
        kept: list[str] = []
        with author.write(vault) as unit:
            ending = ending or policy_of(vault).get("task.ending")
            known = vault.records(TASK).get(task.name, {})
            fields = {"ended": known.get("ended") or author.at, "ending": ending}
            for memory in vault.find(wanted, "oldest"):
                if change := ends(memory, ending, author.at):
                    stays = _stays(memory, ending, vault)
                    (kept if stays else ids).append(memory.id)
                    if not stays:
                        unit.change("memory", memory.id, change)
            whole = self._ends_whole(vault, user_id)
            if not whole and not ids:
                self._session.require("task end", vault, user_id)
            if known != fields and whole:
                unit.change(TASK, task.name, fields)
            txn = unit.log.txn if unit.log.count and not dry_run else None
            if dry_run:
                unit.take_back()
        return Ended(task.name, fields["ended"], ending, tuple(ids), tuple(kept), txn, dry_run)

    def _ends_whole(self, vault: Vault, user_id: str | None) -> bool:
        """Whether the principal may end the task for everybody."""
        try:
            self._session.require("task end", vault, user_id)
        except Refused:
            return False
        return True

    def _named(self, name: str, user_id: str | None) -> tuple[Vault, Task]:
        vaults = self._session.vaults(user_id)
        known = {compared(task.name): task for task in self._of(vaults[0], user_id)} if vaults else {}
        if compared(name) not in known:
            names = [task.name for task in known.values()]
            hint = did_you_mean(name, names, f'memories make a task: memos add "Ask for quotes" --task {name}')
            raise NotFound(f"no task {name[:40]!r}" + (f" in cube {vaults[0].name}" if vaults else ""), hint=hint)
        return vaults[0], known[compared(name)]


def _stays(memory: Memory, ending: Ending, vault: Vault) -> bool:
    right: governance.Name = "erase" if ending == "expire" else "write"
    return memory.pinned or memory.frozen or not governance.may(vault, right, memory)
