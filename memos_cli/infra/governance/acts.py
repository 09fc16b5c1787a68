"""Acts on a whole cube or home, and what each needs of whoever asks: one table, which `Session.require` asks before all else.

What is done to a single memory is not here: that is checked for the memory, where it is read and where it is written.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from memos_cli.errors import Refused
from memos_cli.model import Kind, Memory
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.governance.access import Access


class Need(StrEnum):
    """What an act needs: the cube's owner; or besides, whom a rule lets write the whole cube; or the person of the home."""

    OWNER = "owner"
    CUBE = "cube"
    HOME = "home"


class Act(NamedTuple):
    """An act: what it needs, and what it does, as in "eve may not …"."""

    need: Need
    does: str


ACTS: Mapping[str, Act] = {
    "cube accept": Act(Need.OWNER, "accept it"),
    "cube export": Act(Need.OWNER, "export the cube"),
    "cube merge": Act(Need.OWNER, "merge into it"),
    "cube merge from": Act(Need.OWNER, "merge it into another cube"),
    "cube rename": Act(Need.OWNER, "rename it"),
    "cube rm": Act(Need.OWNER, "remove it"),
    "cube split": Act(Need.OWNER, "split it"),
    "cube use": Act(Need.HOME, "choose the cube that is used"),
    "config set": Act(Need.HOME, "change the settings"),
    "consolidate": Act(Need.OWNER, "let a model learn it"),
    "doctor": Act(Need.OWNER, "look it over"),
    "doctor accept-loss": Act(Need.OWNER, "let it go on without what was lost"),
    "doctor rebuild": Act(Need.OWNER, "rebuild it"),
    "doctor reembed": Act(Need.OWNER, "embed it anew"),
    "doctor repair": Act(Need.OWNER, "repair it"),
    "key new": Act(Need.HOME, "make keys"),
    "key rm": Act(Need.HOME, "remove keys"),
    "key trust": Act(Need.HOME, "say whose keys are trusted"),
    "lifecycle policy set": Act(Need.OWNER, "change the policy"),
    "lifecycle run": Act(Need.OWNER, "run a chain on it"),
    "lifecycle tick": Act(Need.OWNER, "run the lifecycle"),
    "model pull": Act(Need.HOME, "pull models"),
    "model rm": Act(Need.HOME, "remove models"),
    "model use": Act(Need.HOME, "choose the model"),
    "review held": Act(Need.OWNER, "decide what it takes over"),
    "snapshot create": Act(Need.CUBE, "name a state of it"),
    "snapshot restore": Act(Need.OWNER, "restore a snapshot"),
    "snapshot rm": Act(Need.OWNER, "remove a snapshot"),
    "source add": Act(Need.OWNER, "let files be read for it"),
    "source rm": Act(Need.OWNER, "say what is read for it"),
    "task end": Act(Need.CUBE, "end a task of others"),
    "view rm": Act(Need.CUBE, "remove a view"),
    "view save": Act(Need.CUBE, "save a view"),
}
"""By the words of the command; an option that needs something else of its own is a word more."""


_OTHER = Act(Need.OWNER, "change it so")
"""An act that is not in the table."""


def writes_all(access: "Access", owner: str) -> bool:
    """Whether a rule lets a principal write in the whole cube: private memories of its owner, of every kind."""
    from memos_cli.infra.governance.rule import Right

    return all(access.may(Right.WRITE, Memory("", "", kind=kind, owner=owner)) for kind in Kind)


def require(act: str, principal: str, cube: Mapping[str, str], name: str, access: "Callable[[], Access] | None" = None) -> None:
    """Let a principal do something to a whole cube, or not.

    Args:
        act: a key of `ACTS` that needs the owner or the cube; any other one needs the owner.
        principal: who asks.
        cube: the cube's own facts, its owner among them.
        name: the cube's name.
        access: returns what the rules let this principal do; `None` where none can help.

    Raises:
        Refused: the principal may not; the hint says whom to ask for what.
    """
    need, does = ACTS.get(act, _OTHER)
    owner = cube.get("owner", "")
    if principal == owner or (need is Need.CUBE and access is not None and writes_all(access(), owner)):
        return
    grant = f": memos grant {principal} write --cube {name}" if need is Need.CUBE else ", who alone may do it"
    raise Refused(f"{principal} may not {does}: the cube belongs to {owner}", hint=f"ask {owner}{grant}")


def require_home(act: str, principal: str, person: str) -> None:
    """Let only the person of the home change what is not of a cube: settings, keys and models.

    Raises:
        Refused: somebody acts for another.
    """
    if principal != person:
        raise Refused(
            f"{principal} may not {ACTS[act].does}: the home belongs to {person}", hint=f"ask {person}, or leave out --as"
        )
