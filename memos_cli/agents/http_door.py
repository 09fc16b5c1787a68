"""The MCP server over HTTP, behind the `door`."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from memos_cli.agents import connection, door
from memos_cli.agents.mcp_server import Desk, server

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos

LONGEST_BODY = 1 << 20
"""Bytes of a request: a memory has at most a million characters, and an agent tells one statement at a time."""


def application(open_mos: "OpenMos", port: int) -> tuple[door.Door, Desk]:
    """The application behind its door, and the desk to be closed after it."""
    desk = Desk(open_mos, by_token=door.by_token(open_mos))
    at_the_door = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    inner = server(desk).streamable_http_app(host=door.HOST, transport_security=at_the_door, max_request_body_size=LONGEST_BODY)
    return door.Door(inner, desk.knows, door.names(port), lambda _, words: json.dumps({"error": words}).encode()), desk


def serve(open_mos: "OpenMos", port: int, tell: Callable[[str], None]) -> None:
    """Serve agents until the process is told to end; answers under way are finished.

    Raises:
        UsageError: another program has the port.
    """
    with door.listening(port) as listening:
        tell(f"http://{door.HOST}:{port}/mcp")
        made, desk = application(open_mos, port)
        try:
            config = uvicorn.Config(
                made,
                log_level="error",
                lifespan="on",
                timeout_graceful_shutdown=5,
                http=connection.Connection,
                limit_concurrency=connection.MOST,
            )
            uvicorn.Server(config).run([listening])
        finally:
            desk.close()
