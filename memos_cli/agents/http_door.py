"""The MCP server over HTTP: loopback alone, a token for each request, `Host` and `Origin` checked.

A page in a browser can send requests to 127.0.0.1 under another name, and other users of the machine can reach the port; so a
request without the token of an agent is turned away before anything of it is read.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from memos_cli.agents.mcp_server import Desk, bearer, server
from memos_cli.errors import UsageError

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos
    from memos_cli.interface.api import MOS

HOST = "127.0.0.1"
LONGEST_BODY = 1 << 20
"""Bytes of a request: a memory has at most a million characters, and an agent tells one statement at a time."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_UNKNOWN = (
    b'{"error": "no agent has this token: send Authorization: Bearer TOKEN, as made by memos principal add NAME --agent"}'
)


class BearerDoor:
    """Lets requests through whose bearer token is that of an agent.

    Args:
        inner: the application behind the door.
        desk: knows the tokens.
    """

    def __init__(self, inner: Callable[[Scope, Receive, Send], Awaitable[None]], desk: Desk) -> None:
        self._inner, self._desk = inner, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        if scope["type"] == "http" and not await self._desk.knows(_bearer(scope)):
            head = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": head})
            await send({"type": "http.response.body", "body": _UNKNOWN})
            return
        await self._inner(scope, receive, send)


def _bearer(scope: Scope) -> str:
    return bearer(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"))


def application(open_mos: "OpenMos", port: int) -> tuple[BearerDoor, Desk]:
    """The application behind its door, and the desk to be closed after it."""

    def by_token(token: str) -> "OpenMos":
        def opened(principal: str | None, cubes: Sequence[str] = (), token: str | None = token) -> "MOS":  # noqa: ARG001
            return open_mos(None, cubes, token)

        return opened

    desk = Desk(open_mos, by_token=by_token)
    names = [f"{host}:{port}" for host in (HOST, "localhost")]
    guard = TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
    )
    inner = server(desk).streamable_http_app(host=HOST, transport_security=guard, max_request_body_size=LONGEST_BODY)
    return BearerDoor(inner, desk), desk


def serve(open_mos: "OpenMos", port: int, tell: Callable[[str], None]) -> None:
    """Serve agents until the process is told to end; answers under way are finished.

    Raises:
        UsageError: another program has the port.
    """
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()  # before it is told: who reads the address may come at once, and waits then
        except OSError as error:
            raise UsageError(
                f"port {port} of {HOST} cannot be used: {error.strerror}", hint="choose another with --port"
            ) from None
        tell(f"http://{HOST}:{port}/mcp")
        door, desk = application(open_mos, port)
        try:
            uvicorn.Server(uvicorn.Config(door, log_level="error", lifespan="on", timeout_graceful_shutdown=5)).run([listening])
        finally:
            desk.close()
