"""The door before what is served, without a server: which heads come in, and with what the others are turned away."""

import asyncio
from typing import Any

import pytest

from memos_cli.agents import door
from memos_cli.errors import UsageError

GOOD = (("host", "127.0.0.1:80"), ("authorization", "Bearer right"))


def answered(*headers: tuple[str, str], kind: str = "http") -> int | str:
    """The status of an answer; the words of the application where the request came in."""
    sent: list[Any] = []

    async def inner(_: Any, __: Any, send: Any) -> None:
        await send("came in")

    async def knows(token: str) -> bool:
        return token == "right"  # noqa: S105 -- of this test

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing of a body is read at the door")

    made = door.Door(inner, knows, door.names(80), lambda status, words: f"{status} {words}".encode())
    scope = {"type": kind, "headers": [(name.encode(), value.encode()) for name, value in headers]}
    asyncio.run(made(scope, receive, send))
    if sent == ["came in"]:
        return "in"
    assert sent[1]["body"].startswith(str(sent[0]["status"]).encode())
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (GOOD, "in"),
        ((*GOOD, ("origin", "http://127.0.0.1:80")), "in"),
        ((("host", "localhost:80"), GOOD[1]), "in"),
        ((GOOD[0], ("authorization", "bearer right")), "in"),
        ((), 421),
        (GOOD[1:], 421),
        ((("host", "127.0.0.1"), GOOD[1]), 421),
        ((("host", "127.0.0.1:81"), GOOD[1]), 421),
        ((("host", "evil.example:80"), GOOD[1]), 421),
        ((*GOOD, ("host", "evil.example")), 421),
        ((*GOOD, ("origin", "https://127.0.0.1:80")), 403),
        ((*GOOD, ("origin", "null")), 403),
        ((*GOOD, ("origin", "http://127.0.0.1:80"), ("origin", "http://evil.example")), 403),
        (GOOD[:1], 401),
        ((GOOD[0], ("authorization", "right")), 401),
        ((GOOD[0], ("authorization", "Basic right")), 401),
        ((GOOD[0], ("authorization", "Bearer wrong")), 401),
        ((*GOOD, ("authorization", "Bearer wrong")), 401),
    ],
)
def test_a_head_is_let_in_or_turned_away(headers: tuple[tuple[str, str], ...], expected: int | str) -> None:
    assert answered(*headers) == expected


def test_what_is_no_request_is_the_applications_own() -> None:
    assert answered(kind="lifespan") == "in"


def test_a_port_is_taken_once() -> None:
    with door.listening(0) as first:
        port = first.getsockname()[1]
        assert port > 0
        with pytest.raises(UsageError, match="cannot be used"), door.listening(port):
            pass
