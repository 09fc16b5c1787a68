"""Serves the endpoint on a port of this machine until the process is told to end."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from memos_cli.agents import connection, door
from memos_cli.agents.serve.application import Endpoint, application
from memos_cli.agents.serve.application import Served as Served  # noqa: PLC0414 -- what `serve` is handed

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos

GRACE = 60
"""Seconds that answers under way have to end in, after the process was told to."""


def serve(open_mos: "OpenMos", served: Served, port: int, tell: Callable[[str], None], *, load: bool = False) -> None:
    """Serve clients.

    Args:
        open_mos: opens the home.
        served: what is served.
        port: on which; 0 for any that is free.
        tell: called with the address.
        load: load the model now, and not at the first request.

    Raises:
        UsageError: another program has the port.
        ModelUnavailable: the model was to be loaded, and cannot be.
    """
    with door.listening(port) as listening:
        taken = listening.getsockname()[1]
        endpoint = Endpoint(open_mos, served)
        config = uvicorn.Config(
            application(endpoint, door.names(taken)),
            log_level="error",
            lifespan="off",
            ws="none",
            http=connection.Connection,
            limit_concurrency=connection.MOST,
            timeout_graceful_shutdown=GRACE,
        )
        try:
            if load:
                endpoint.load()
            tell(f"http://{door.HOST}:{taken}/v1")
            uvicorn.Server(config).run([listening])
        finally:
            endpoint.close()
