"""An endpoint of OpenAI's protocol on loopback, for tests."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from threading import Event, Thread
from typing import Any

from tests.conftest import ANSWER

_OK = b"HTTP/1.1 200 OK\r\n"
STREAM = _OK + b"Content-Type: text/event-stream\r\n\r\n"
CHUNKED = _OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = _OK + b"Content-Type: application/json\r\n\r\n"


def said(content: str, logprob: str = "-0.1") -> bytes:
    """An event with these pieces of JSON in it."""
    told = f'"logprobs": {{"content": [{{"logprob": {logprob}}}]}}'
    return f'data: {{"choices": [{{"delta": {{"content": {content}}}, {told}}}]}}\n\n'.encode()


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _letters(text: bytes) -> Iterable[bytes]:
    return (bytes([letter]) for letter in text)


_MANY = b"x" * 65536
LIES: dict[str, tuple[bytes, Iterable[bytes], float]] = {
    # name: the head, what follows it, and the seconds between two parts
    "tokens for ever": (STREAM, repeat(said('" word"') * 100), 0),
    "a token a while": (STREAM, repeat(said('" word"')), 0.05),
    "pings for ever": (STREAM, repeat(b": ping\n\n" * 1000), 0),
    "a ping a while": (STREAM, repeat(b": ping\n\n"), 0.05),
    "empty texts for ever": (STREAM, repeat(said('""') * 100), 0),
    "an empty text a while": (STREAM, repeat(said('""')), 0.05),
    "no choices for ever": (STREAM, repeat(b'data: {"choices": []}\n\n' * 100), 0),
    "blank lines for ever": (STREAM, repeat(b"\n" * 65536), 0),
    "a line without end": (STREAM, repeat(_MANY), 0),
    "a letter a while": (STREAM, repeat(b"x"), 0.05),
    "an event in letters": (STREAM, _letters(said('" word"') * 1000), 0.05),
    "nothing behind the head": (STREAM, [b""] * 1000, 0.05),
    "a text without end": (STREAM, chain([b'data: {"choices": [{"delta": {"content": "'], repeat(_MANY)), 0),
    "long texts": (STREAM, repeat(said('"' + "x" * 60000 + '"')), 0),
    "a body without end": (WHOLE, chain([b'{"choices": [{"message": {"content": "'], repeat(_MANY)), 0),
    "a body of blanks": (WHOLE, repeat(b" " * 65536), 0),
    "a body in letters": (WHOLE, repeat(b" "), 0.05),
    "a body of brackets": (WHOLE, [b"[" * 500_000], 0),
    "an event of brackets": (STREAM, [b"data: " + b'{"a":' * 100_000 + b"\n\n"], 0),
    "chunks for ever": (CHUNKED, repeat(_chunk(said('" word"') * 100)), 0),
    "chunks of one byte": (CHUNKED, repeat(_chunk(b"\n") * 1000), 0),
    "a chunk's length in letters": (CHUNKED, repeat(b"0"), 0.05),
    "a chunk of no length": (CHUNKED, [b"zz\r\nabc"], 0),
    "a chunk of endless length": (CHUNKED, chain([b"f" * 60000 + b"\r\n"], repeat(_MANY)), 0),
    "a chunk of negative length": (CHUNKED, chain([b"-5\r\n"], repeat(_MANY)), 0),
    "a length of a terabyte": (_OK + b"Content-Length: 1099511627776\r\n\r\n", repeat(_MANY), 0),
    "a length of no number": (_OK + b"Content-Length: many\r\n\r\n", [b"{}"], 0),
    "a refusal of a terabyte": (b"HTTP/1.1 400 No\r\nContent-Length: 1099511627776\r\n\r\n", repeat(_MANY), 0),
    "a refusal in letters": (b"HTTP/1.1 400 No\r\n\r\n", repeat(b" "), 0.05),
    "a refusal of brackets": (b"HTTP/1.1 500 No\r\nContent-Length: 2000\r\n\r\n", [b"[" * 2000], 0),
    "a refusal of controls": (b"HTTP/1.1 500 \x1b[2J\r\n\r\n", [b'{"error": "\\u001b[2J\\u0000\\ud800"}'], 0),
    "heads for ever": (_OK, repeat(b"X-A: b\r\n" * 100), 0),
    "a head without end": (_OK, chain([b"X-A: "], repeat(_MANY)), 0),
    "a head in letters": (_OK, repeat(b"x"), 0.05),
    "a status in letters": (b"HTTP/1.1 200 ", repeat(b"x"), 0.05),
    "wait for ever": (b"", repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), 0),
    "no HTTP": (b"\x00\x1b[2J\r\n" * 3, [], 0),
    "nothing at all": (b"", [], 0),
    "an error of controls": (STREAM, [b'data: {"error": {"message": "\\u001b[2J\\ud800\\u0000 out of it"}}\n\n'], 0),
    "an error without end": (STREAM, [b'data: {"error": "' + b"x" * 500_000 + b'"}\n\n'], 0),
    "a text that is a number": (STREAM, [said("5")], 0),
    "a text that is a list": (STREAM, [said('["a"]')], 0),
    "choices that are a text": (STREAM, [b'data: {"choices": "abc"}\n\n'], 0),
    "no JSON": (STREAM, [b"data: {\n\n"], 0),
    "a packed body": (_OK + b"Content-Encoding: gzip\r\n\r\n", repeat(b"\x1f\x8b\x08\x00" + _MANY), 0),
    "two lengths": (_OK + b"Content-Length: 5\r\nContent-Length: 1099511627776\r\n\r\n", repeat(_MANY), 0),
    "a length and chunks": (_OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", repeat(b"1\r\nx\r\n" * 1000), 0),
    "a chunk's extension without end": (CHUNKED, chain([b"5;a="], repeat(_MANY)), 0),
    "trailers for ever": (CHUNKED, chain([b"0\r\n"], repeat(b"X-A: b\r\n" * 1000)), 0),
    "another protocol": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", repeat(_MANY), 0),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", repeat(_MANY), 0),
    "a redirect without end": (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/", repeat(_MANY), 0),
    "a status beyond all": (b"HTTP/1.1 99999 Yes\r\n\r\n", repeat(_MANY), 0),
    "a version beyond all": (b"HTTP/9.9 200 OK\r\n\r\n", repeat(_MANY), 0),
    "one event for ever": (STREAM, repeat(b"data: {\n" * 1000), 0),
    "carriage returns for ever": (STREAM, repeat(b"\r" * 65536), 0),
    "bytes that are no text": (STREAM, [b"data: \xff\xfe\x80\n\n"], 0),
    "digits without end": (STREAM, chain([b'data: {"choices": [{"delta": {"content": '], repeat(b"1" * 65536)), 0),
    "a text that is nothing but marks": (STREAM, repeat(said('"' + "\\u0000" * 9000 + '"')), 0),
    "many choices": (STREAM, [b'data: {"choices": [' + b"1," * 200_000 + b"1]}\n\n"], 0),
    "a choice that is no choice": (STREAM, [b'data: {"choices": [null]}\n\n'], 0),
    "the same key for ever": (STREAM, chain([b"data: {"], repeat(b'"choices": [], ' * 1000)), 0),
}
"""Replies of a server that is broken, or means ill; each ends with an error, or does not end at all."""


class Endpoint:
    """A server that answers what `says` makes of a request, in the way that `how` says."""

    def __init__(self, says: Callable[[dict[str, Any]], str] = lambda _: " ".join(ANSWER)) -> None:
        self.says = says
        self.how = "stream"
        self.stopping = Event()
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
        if self.how in LIES:
            self._lie(handler, *LIES[self.how])
            return
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

    def _lie(self, handler: BaseHTTPRequestHandler, head: bytes, parts: Iterable[bytes], pause: float) -> None:
        """Write a reply as it stands, part by part, until it ends, the other side goes, or the server is to stop."""
        handler.close_connection = True
        try:
            for part in chain([head], parts):
                handler.wfile.write(part)
                if self.stopping.wait(pause) if pause else self.stopping.is_set():
                    return
        except OSError:
            pass

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
        endpoint.stopping.set()
        endpoint.server.shutdown()
        endpoint.server.server_close()
        thread.join()
