"""The endpoint in this process, on a port of its own, for tests that ask it as clients do."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvicorn

from memos_cli.agents import door
from memos_cli.agents.serve.application import Endpoint, Served, application
from memos_cli.config import paths
from memos_cli.operation import models
from tests.agents.homes import opener, settings_of
from tests.conftest import NOON, Clock
from tests.patience import PATIENCE


class Server:
    """A running endpoint.

    Args:
        port: where.
        model: what it serves.
    """

    def __init__(self, port: int, model: str) -> None:
        self.port, self.model = port, model
        self.url = f"http://127.0.0.1:{port}/v1"

    def send(
        self, method: str, path: str, body: Any = None, token: str = "", headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[HTTPConnection, HTTPResponse]:
        """A request, and the answer as far as its head."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        given = {"Authorization": f"Bearer {token}"} if token else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, {**given, **headers})
        return connection, connection.getresponse()

    def ask(
        self, method: str, path: str, body: Any = None, token: str = "", headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, Any]:
        """The status and the body of an answer."""
        connection, response = self.send(method, path, body, token, headers)
        try:
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def complete(self, said: str | Sequence[Mapping[str, str]], token: str, *, off: bool = False, **more: Any) -> Any:
        """The answer to a message, or to messages."""
        messages = [{"role": "user", "content": said}] if isinstance(said, str) else list(said)
        headers = {"X-Memos-Memory": "off"} if off else {}
        body = {"model": self.model, "messages": messages, **more}
        status, answer = self.ask("POST", "/v1/chat/completions", body, token, headers)
        assert status == 200, answer
        return answer

    def streamed(self, said: str, token: str, **more: Any) -> list[Any]:
        """The events of an answer that is streamed; the last one is `[DONE]`."""
        body = {"model": self.model, "messages": [{"role": "user", "content": said}], "stream": True, **more}
        connection, response = self.send("POST", "/v1/chat/completions", body, token)
        lines = [line for line in response.read().decode().split("\n\n") if line]
        connection.close()
        assert all(line.startswith("data: ") for line in lines)
        return [line if line == "data: [DONE]" else json.loads(line[6:]) for line in lines]


@contextmanager
def serving(home: Path, model: Path, clock: Clock | None = None, **served: Any) -> Iterator[Server]:
    """An endpoint over a model file; `settings` are variables of the environment, the rest is of `Served`."""
    given = {"MEMOS_LLM_MODEL": str(model), "MEMOS_LLM_ADAPTER": "none", **served.pop("settings", {})}
    chosen, folders = settings_of(home, given), paths({"MEMOS_HOME": str(home)})

    def made() -> Any:
        return models.chosen(chosen, folders)

    known = {"name": model.stem, "llm": made, "cubes": (chosen.get("cube"),), **served}
    endpoint = Endpoint(opener(home, clock or Clock(NOON), served.get("cubes", ()), given), Served(**known))
    with door.listening(0) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(application(endpoint, door.names(port)), log_level="critical", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        try:
            yield Server(port, str(known["name"]))
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            endpoint.close()
