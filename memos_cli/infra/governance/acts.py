"""Acts on a whole cube or home, and what each needs of whoever asks: one table, which `Session.require` asks before all else.

What is done to a single memory is not here: that is checked for the memory, where it is read and where it is written.
"""

from collections.abc import Mapping
from enum import StrEnum

from memos_cli.errors import Refused
from memos_cli.infra.governance.governance import asking
from memos_cli.records import NamedTuple


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
    "task end": Act(Need.CUBE, "end a task of others"),
    "view rm": Act(Need.CUBE, "remove a view"),
    "view save": Act(Need.CUBE, "save a view"),
}
"""By the words of the command; an option that needs something else of its own is a word more."""


def require(act: str, principal: str, cube: Mapping[str, str], name: str, *, writes_cube: bool = False) -> None:
    """Let a principal do something to a whole cube, or not.

    Args:
        act: a key of `ACTS` that needs the owner or the cube.
        principal: who asks.
        cube: the cube's own facts, its owner among them.
        name: the cube's name.
        writes_cube: whether a rule lets this principal write the whole cube.

    Raises:
        Refused: the principal may not; the hint says whom to ask for what.
    """
    need, does = ACTS[act]
    if asking(principal, cube) is None or (need is Need.CUBE and writes_cube):
        return
    owner = cube.get("owner", "")
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
