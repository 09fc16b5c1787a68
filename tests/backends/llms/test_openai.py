"""An endpoint of OpenAI's protocol on loopback: what is sent to it, and what is made of what it answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from memos_cli.backends.llms.openai import RemoteModel
from memos_cli.errors import ModelUnavailable, UsageError
from tests.contracts.llm import ASKED, SAID, LLMContract


class Endpoint:
    """A server that answers `SAID`, in the way that `how` says."""

    def __init__(self) -> None:
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
        if self.how == "old" and "logprobs" in body:
            status = 400
        handler.send_response(status)
        if self.how == "redirect":
            handler.send_header("Location", self.url + "/elsewhere")
        kind = "application/json" if self.how in {"whole", "refuse", "odd"} or status != 200 else "text/event-stream"
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        handler.wfile.write(self._body(body, status).encode())

    def _body(self, body: dict[str, Any], status: int) -> str:
        text = SAID
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


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def llm(endpoint: Endpoint) -> RemoteModel:
    return RemoteModel(endpoint.url, "some-model")


class TestRemoteModel(LLMContract):
    pass


def test_what_is_sent(endpoint: Endpoint) -> None:
    list(RemoteModel(endpoint.url + "/", "m", key="s3cret").stream(ASKED, most=9, stop=["x"]))
    (asked,) = endpoint.asked
    assert asked["path"] == "/v1/chat/completions"
    assert asked["messages"] == [{"role": role, "content": text} for role, text in ASKED.messages]
    assert (asked["model"], asked["max_tokens"], asked["temperature"], asked["stop"]) == ("m", 9, 0, ["x"])
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"


def test_nothing_is_sent_before_it_is_asked_and_no_key_without_one(endpoint: Endpoint) -> None:
    model = RemoteModel(endpoint.url, "m")
    assert model.count(ASKED) > 0
    assert not model.local
    assert endpoint.asked == []
    list(model.stream(ASKED, most=9))
    assert "Authorization" not in endpoint.headers[0]


@pytest.mark.parametrize("how", ["whole", "old"])
def test_other_ways_to_answer(endpoint: Endpoint, how: str) -> None:
    endpoint.how = how
    assert "".join(token.text for token in RemoteModel(endpoint.url, "m").stream(ASKED, most=9)) == SAID


@pytest.mark.parametrize(
    ("how", "words"),
    [("refuse", "404: no such model"), ("redirect", "302"), ("odd", "protocol"), ("broken", "out of memory")],
)
def test_what_goes_wrong_is_one_line(endpoint: Endpoint, how: str, words: str) -> None:
    endpoint.how = how
    with pytest.raises(ModelUnavailable, match=words) as caught:
        list(RemoteModel(endpoint.url, "m", key="s3cret").stream(ASKED, most=9))
    assert "\n" not in caught.value.message
    assert len(endpoint.asked) == 1  # a redirect is not followed: the key would go with it


def test_nobody_there(endpoint: Endpoint) -> None:
    endpoint.server.server_close()
    with pytest.raises(ModelUnavailable, match="cannot talk"):
        list(RemoteModel(endpoint.url, "m").stream(ASKED, most=9))


@pytest.mark.parametrize("url", ["localhost:11434", "ftp://x/v1", "file:///etc/passwd", "http://", "http://me:pw@x/v1"])
def test_an_endpoint_that_is_none(url: str) -> None:
    with pytest.raises(UsageError):
        RemoteModel(url, "m")
