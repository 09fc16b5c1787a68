"""Agents that call by the SDK's own client, each in a session of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from mcp import Client
from mcp.server.mcpserver import Context
from mcp.types import Implementation

from memos_cli.agents.mcp_server import Desk, server

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import AgentMemory, OpenMos

T = TypeVar("T")


class Exchange(Desk):
    """One server for one home after the other: to make a server takes longer than an attack."""

    def __init__(self) -> None:
        self._current: Desk | None = None
        self._server = server(self)

    async def ask(self, ctx: Context, what: "Callable[[AgentMemory], T]") -> T:
        """Let the desk of the present home do it."""
        if self._current is None:
            raise RuntimeError("nobody is served")
        return await self._current.ask(ctx, what)

    @asynccontextmanager
    async def client(self, open_mos: "OpenMos", name: str) -> AsyncIterator[Client]:
        """A client of this name, in a session with a home."""
        self._current = Desk(open_mos)
        try:
            async with Client(self._server, client_info=Implementation(name=name, version="1")) as client:
                yield client
        finally:
            self._current.close()
            self._current = None
