"""How a program behind a URL is asked, and what is said where it does not answer as it should."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from memos_cli.backends.endpoint.bounds import Limits
from memos_cli.backends.endpoint.endpoint import Endpoint, one_line, pieces
from memos_cli.errors import ModelUnavailable, UsageError


def endpoint(url: str, key: str | None = None) -> Endpoint:
    return Endpoint("llm.endpoint", url, like="http://localhost:1/v1", key=key, silence=5, slow="wait longer")


@pytest.mark.parametrize("url", ["ftp://host/v1", "http://", "http://me@host/v1", "http://host/v1?key=1", "host"])
def test_a_url_that_is_none_is_told_with_one_that_is(url: str) -> None:
    with pytest.raises(UsageError, match=r"llm\.endpoint cannot be") as raised:
        endpoint(url)
    assert raised.value.hint == "memos config set llm.endpoint http://localhost:1/v1"


def test_a_port_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="no such port"), endpoint("http://host:99999/v1").connected(Limits().budget(1)):
        pass


def test_a_key_that_no_header_can_carry_is_told() -> None:
    with pytest.raises(UsageError, match=r"key for llm\.endpoint"):
        endpoint("http://host/v1", key="schlüssel")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"error": {"message": "no such model"}}', "no such model"),
        ('{"error": "overloaded"}', "overloaded"),
        ('{"detail": "not allowed"}', "not allowed"),
        ('{"other": 1}', '{"other": 1}'),
        ("gone\x1b[31m away", "gone\ufffd[31m away"),
        ("", "Service Unavailable"),
    ],
)
def test_a_refusal_says_what_the_server_said(body: str, told: str) -> None:
    heard = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(503)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.handle_request, daemon=True).start()
        asked = endpoint(f"http://127.0.0.1:{server.server_port}/v1/", key="k ")
        with asked.connected(Limits().budget(1)) as connection:
            response = asked.post(connection, f"{asked.path}/ask", {"a": 1})
            refused = asked.refusal(response, " when asked")
    assert refused.message == f"{asked.host} answered 503 when asked: {told}"
    assert heard == [("/v1/ask", "Bearer k", b'{"a": 1}')]


def test_where_nobody_listens_it_is_said() -> None:
    asked = endpoint("http://127.0.0.1:9/v1")
    told = r"cannot talk to 127\.0\.0\.1:9: "
    with pytest.raises(ModelUnavailable, match=told), asked.connected(Limits().budget(1)) as connection:
        b"".join(pieces(asked.post(connection, "/v1", {})))


def test_what_a_server_says_fits_a_line() -> None:
    assert one_line("a\nb\t c" + "x" * 500) == "a b c" + "x" * 195
