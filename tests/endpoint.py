"""An endpoint of OpenAI's protocol on loopback, for tests."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.conftest import ANSWER


class Endpoint:
    """A server that answers what `says` makes of a request, in the way that `how` says."""

    def __init__(self, says: Callable[[dict[str, Any]], str] = lambda _: " ".join(ANSWER)) -> None:
        self.says = says
        self.how = "stream"
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def _handler(endpoint) -> type[BaseHTTPRequestHandler]:  # noqa: N805 -- `self` is the handler's below
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append({"path": self.path, **body})
                endpoint.headers.append(dict(self.headers))
                endpoint.answer(self, body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        status = {"refuse": 404, "redirect": 302}.get(self.how, 200)
        form = body.get("response_format", {}).get("type")
        refused = {"no schemas": ("json_schema",), "no json": ("json_schema", "json_object")}.get(self.how, ())
        if (self.how == "old" and "logprobs" in body) or form in refused:
            status = 400
        handler.send_response(status)
        if self.how == "redirect":
            handler.send_header("Location", self.url + "/elsewhere")
        kind = "application/json" if self.how in {"whole", "refuse", "odd"} or status != 200 else "text/event-stream"
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        handler.wfile.write(self._body(body, status).encode())

    def _body(self, body: dict[str, Any], status: int) -> str:
        text = self.says(body)
        for stop in body.get("stop", ()):
            text = text.partition(stop)[0]
        words = [(" " if number else "") + word for number, word in enumerate(text.split())][: body["max_tokens"]]
        if status != 200:
            return json.dumps({"error": {"message": "no such\nmodel"}})
        if self.how == "odd":
            return "[1, 2]"
        if self.how == "whole":
            return json.dumps({"choices": [{"message": {"content": text}}]})
        events = [{"choices": [{"delta": {"role": "assistant"}}]}, {"choices": []}]
        events += [{"choices": [{"delta": {"content": word}, "logprobs": {"content": [{"logprob": -0.1}]}}]} for word in words]
        if self.how == "broken":
            events.insert(4, {"error": {"message": "out of memory"}})
        lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return f": comment\n\n{lines}data: [DONE]\n\n"


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    """The endpoint, answering until the block ends."""
    thread = Thread(target=endpoint.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.server.shutdown()
        endpoint.server.server_close()
        thread.join()
