"""The door of what is served on this machine: loopback alone, `Host` and `Origin` checked, the token of an agent.

A page in a browser can send requests to 127.0.0.1 under another name, and other users of the machine can reach the port; so a
request without the token of an agent is turned away before anything of it is read.
"""

import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memos_cli.errors import MemosError, UsageError

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos
    from memos_cli.interface.api import MOS

HOST = "127.0.0.1"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Inner = Callable[[Scope, Receive, Send], Awaitable[None]]
Said = Callable[[int, str], bytes]
"""Makes the JSON body of an answer from its status and its words."""
UNKNOWN = "no agent has this token: send Authorization: Bearer TOKEN, as made by memos principal add NAME --agent"


class Door:
    """Lets requests through that name this server, come from no page of another, and bear the token of an agent.

    Args:
        inner: the application behind the door.
        knows: whether a token is that of an agent.
        names: what a request may call the server, with its port.
        said: the body of a refusal.
    """

    def __init__(self, inner: Inner, knows: Callable[[str], Awaitable[bool]], names: Sequence[str], said: Said) -> None:
        self._inner, self._knows, self._said = inner, knows, said
        self._names = frozenset(names)
        self._origins = frozenset(f"http://{name}" for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401, 403 or 421."""
        if scope["type"] == "http" and (refused := await self._refused(scope)):
            status, words = refused
            head = [(b"content-type", b"application/json")] + ([(b"www-authenticate", b"Bearer")] if status == 401 else [])
            await send({"type": "http.response.start", "status": status, "headers": head})
            await send({"type": "http.response.body", "body": self._said(status, words)})
            return
        await self._inner(scope, receive, send)

    async def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request is turned away, with the status of the answer."""
        hosts, origins = (_all(scope, name) for name in (b"host", b"origin"))
        if len(hosts) != 1 or hosts[0] not in self._names:
            return 421, f"this server is called {' or '.join(sorted(self._names))}"
        if any(origin not in self._origins for origin in origins):
            return 403, "pages of another origin are not answered"
        if not await self._knows(token_of(scope)):
            return 401, UNKNOWN
        return None


def _all(scope: Scope, name: bytes) -> list[str]:
    """All values of a header: a second one that is read elsewhere must not differ from the one that is checked here."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key.lower() == name]


def token_of(scope: Scope) -> str:
    """The token that a request bears; empty where it bears none, or several."""
    given = _all(scope, b"authorization")
    return bearer(given[0]) if len(given) == 1 else ""


def bearer(authorization: str) -> str:
    """The token in a header `Authorization`; empty where it has none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def names(port: int) -> list[str]:
    """What a request may call a server on this port."""
    return [f"{host}:{port}" for host in (HOST, "localhost")]


def by_token(open_mos: "OpenMos") -> Callable[[str], "OpenMos"]:
    """Makes of a token what opens the home for its bearer, and for nobody else."""

    def holding(token: str) -> "OpenMos":
        def opened(principal: str | None, cubes: Sequence[str] = (), token: str | None = token) -> "MOS":  # noqa: ARG001
            return open_mos(None, cubes, token)

        return opened

    return holding


def is_known(opened: "OpenMos") -> bool:
    """Whether the token that a home is opened by is that of an agent, in the cubes in use."""
    with opened(None) as mos:
        try:
            return bool(mos.principal)
        except MemosError:
            return False


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket on a port of this machine; 0 for any that is free.

    Raises:
        UsageError: another program has the port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, port))
            made.listen()  # from now on clients wait, and are not refused
        except OSError as error:
            raise UsageError(
                f"port {port} of {HOST} cannot be used: {error.strerror}", hint="choose another with --port"
            ) from None
        yield made
