"""Connections to what is served on this machine, which have to say in time what they want.

The server ends connections that idle between two requests, and waits without end for the first one and for one that was begun.
Whoever can reach the port can open connections, without a token; some hundred that say nothing would keep all others out.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256
"""Connections at once; what waits for the model is limited by itself, and far lower."""
LONGEST_HEAD = 10.0
"""Seconds in which the head of a request has to arrive."""


class Connection(H11Protocol):
    """A connection that is closed where the head of a request doesn't come, or the rest of one that was answered already."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is whole now is waited for no longer."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._waits:
            self._unwatch()
        elif self._limit is None:
            self._limit = self.loop.call_later(LONGEST_HEAD, self._end)

    def _unwatch(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    @property
    def _waits(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _end(self) -> None:
        self._limit = None
        if self._waits and not self.transport.is_closing():
            self.transport.close()
