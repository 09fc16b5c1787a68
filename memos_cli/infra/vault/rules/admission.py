"""Who acts by a token: the agent whose token it is, as each cube says that is opened with it; nobody else can be named then."""

from typing import TYPE_CHECKING, NoReturn

from memos_cli.errors import AccessDenied, CubeNotFound
from memos_cli.infra.governance import tokens
from memos_cli.infra.vault.rules import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from memos_cli.infra.vault.vault import Vault


class Admission:
    """The agent that acts by a token.

    Args:
        token: the token.
        named: who is said to act; `None` where nobody is named.

    Attributes:
        bearer: the agent whose token it is; `None` until a cube has been opened.
    """

    def __init__(self, token: str, named: str | None) -> None:
        self._token, self._named = token, named
        self._known: dict[str, object] = {}
        self.bearer: str | None = None

    def admit(self, name: str, opened: "dict[tuple[str, str], Vault]", open_cube: "Callable[[str], Vault]") -> None:
        """Let the agent into a cube; asked again when its records may have changed, so that a token can be taken away.

        Args:
            name: the cube's name or path.
            opened: the open cubes by name and principal; one that no longer knows the token is closed and taken out.
            open_cube: opens one.

        Raises:
            AccessDenied: there is no such cube, or none that knows the token, or it is that of somebody else than was named.
        """
        place = next((one for one in opened if one[0] == name), None)
        try:
            vault = opened[place] if place else open_cube(name)
        except CubeNotFound:
            self.refuse(name)
        try:
            self._check(name, vault)
        except AccessDenied:
            if place:
                opened.pop(place).close()
            raise
        finally:
            if place is None:
                vault.close()

    def _check(self, name: str, vault: "Vault") -> None:
        if self._known.get(name) == (known := rules.state(vault)):
            return
        found = tokens.holder(self._token, rules.ruling_in(vault, "principal"), vault.meta["owner"])
        if found is None:
            self.refuse(vault.name)
        wanted = self.bearer or self._named or found
        if found != wanted:
            told = f"MEMOS_TOKEN is not the token of {wanted[:40]} in cube {vault.name}"
            raise AccessDenied(told, hint="leave out --as: the token says who acts")
        self.bearer = found
        self._known[name] = known

    def refuse(self, cube: str) -> NoReturn:
        """Say that no cube of this name knows the token.

        Raises:
            AccessDenied: always.
        """
        hint = "ask the cube's owner for a token: memos principal token NAME"
        raise AccessDenied(f"no cube {cube} knows this MEMOS_TOKEN", hint=hint)
