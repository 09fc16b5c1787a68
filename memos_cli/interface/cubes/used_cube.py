"""Cubes of the home renamed and removed, and which cube is used from then on when none is named."""

from typing import TYPE_CHECKING, NamedTuple

from memos_cli import config

if TYPE_CHECKING:
    from pathlib import Path

    from memos_cli.session import Session

DEFAULT: str = config.SETTINGS["cube"].default


class CubeNamed(NamedTuple):
    """Who names a cube as the one to use.

    Attributes:
        stored: whether it is the user's file, or nobody and it is the default one; this memos can change.
        elsewhere: the variable or the project's file that names it; empty where none does.
    """

    stored: bool
    elsewhere: str

    def settle(self, session: "Session", new: str = DEFAULT, *, dry_run: bool = False) -> str:
        """Make the settings name another cube, if they named the one that is gone; the cube that is used from now on."""
        if not self.stored:
            return str(session.settings.get("cube"))
        if not dry_run:
            session.use_cube(new)
        return new


def who_names(session: "Session", cube: str) -> CubeNamed:
    """Who names this cube, given by name or path, as the one to use."""
    shelf, settings = session.shelf, session.settings
    stored = config.Settings({}, session.paths).get("cube")
    now = settings.origin("cube")
    gone = shelf.place(cube)
    by_hand = now.origin not in {"default", str(session.paths.user_file)}
    where = config.variable("cube") if now.origin == "environment" else now.origin
    return CubeNamed(shelf.place(stored) == gone, where if by_hand and shelf.place(now.value) == gone else "")


def rename(session: "Session", old: str, new: str) -> "Path":
    """Give a cube another name; its folder.

    Raises:
        CubeNotFound: there is none. Refused: the new name is taken, or the principal does not own the cube.
    """
    session.require("cube rename", session.vault(old))
    return session.shelf.rename(old, new)


def remove(session: "Session", name: str) -> str:
    """Remove a cube for good; its identity.

    Raises:
        CubeNotFound: there is none. Refused: the principal does not own it.
    """
    vault = session.vault(name)
    session.require("cube rm", vault)
    session.close()
    session.shelf.remove(name)
    return vault.meta["id"]
