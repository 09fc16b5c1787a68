import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from memos_cli.agents import connection, door
from memos_cli.agents.door import Receive, Scope, Send
from tests.patience import PATIENCE

LIMIT = 0.3
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Turns away at once whoever asks for /no; else reads the body and answers after twice the limit of a head."""
    if scope["path"] != "/no":
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(2 * LIMIT)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connection, "LONGEST_HEAD", LIMIT)
    with door.listening(0) as listening:
        config = uvicorn.Config(app, log_level="critical", lifespan="off", http=connection.Connection, limit_concurrency=4)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(PATIENCE)


def opened(port: int, said: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    made.sendall(said)
    return made


def ended(one: socket.socket, trickle: bytes = b"") -> bool:
    """Whether the server ends a connection, on which something is sent all the while."""
    until = time.monotonic() + PATIENCE
    one.settimeout(LIMIT / 10)
    while time.monotonic() < until:
        try:
            if trickle:
                one.sendall(trickle)
            if one.recv(65536) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    ("said", "trickle"),
    [(b"", b""), (HEAD, b""), (HEAD, b"a: b\r\n"), (b"POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n", b"x")],
    ids=["nothing", "half a head", "a head without end", "a body that nobody reads"],
)
def test_who_does_not_say_what_it_wants_is_not_waited_for(port: int, said: bytes, trickle: bytes) -> None:
    with opened(port, said) as one:
        assert ended(one, trickle)


def test_idle_connections_keep_nobody_out_for_long(port: int) -> None:
    idle = [opened(port) for _ in range(8)]
    until, answer = time.monotonic() + PATIENCE, b""
    while not answer.startswith(b"HTTP/1.1 200") and time.monotonic() < until:
        with opened(port, b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n") as one:
            answer = one.recv(65536)
    for one in idle:
        one.close()
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_request_that_is_under_way_has_its_time(port: int) -> None:
    with opened(port, HEAD + b"Content-Length: 6\r\n\r\n") as one:
        for _ in range(6):
            time.sleep(LIMIT / 3)
            one.sendall(b"x")
        assert one.recv(65536).startswith(b"HTTP/1.1 200")
        one.sendall(b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in one.recv(65536)
