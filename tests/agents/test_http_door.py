import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.operation.governance.rules import Object
from tests.conftest import ROOT, Run
from tests.patience import PATIENCE

pytest.importorskip("mcp")

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


@pytest.fixture
def port(mos: MOS) -> Iterator[int]:
    """A server on a free port."""
    mos.add("I am allergic to peanuts")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    command = [sys.executable, "-m", "memos_cli", "mcp", "--http", "--port", str(number)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", number), timeout=1):
                break
            time.sleep(0.05)
        yield number
        process.terminate()
        assert process.wait(PATIENCE) == 143


def post(port: int, **headers: str) -> int:
    answer = httpx2.post(f"http://127.0.0.1:{port}/mcp", content=b"{}", headers={"content-type": "application/json", **headers})
    return answer.status_code


async def told(port: int, token: str, name: str, given: dict[str, Any]) -> str:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE) as http,
        Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)) as client,
    ):
        return str((await client.call_tool(name, given)).content)


def test_only_the_bearer_of_a_token_comes_in(port: int, mos: MOS) -> None:
    bot = mos.governance.add("bot", kind="agent").token
    eve = mos.governance.add("eve", kind="agent").token
    assert bot is not None
    assert eve is not None
    mos.governance.rules.grant("bot", "read", [Object("cube")])
    assert post(port) == 401
    assert post(port, Authorization="Bearer memos_wrong") == 401
    assert post(port, Authorization=f"Basic {bot}") == 401
    assert post(port, Authorization=f"Bearer {bot}", Host="evil.example") in {400, 403, 421}
    assert post(port, Authorization=f"Bearer {bot}", Origin="http://evil.example") == 403
    assert "peanuts" in asyncio.run(told(port, bot, "recall", {"query": "peanuts"}))
    assert "peanuts" not in asyncio.run(told(port, eve, "recall", {"query": "peanuts"}))
    asyncio.run(told(port, eve, "remember", {"text": "x is y"}))
    assert {one.owner for one in mos.list()} == {"sam", "eve"}
    mos.governance.token("bot")
    assert post(port, Authorization=f"Bearer {bot}") == 401


def test_a_client_that_vanishes_in_the_middle_of_a_call_ends_nothing_for_others(port: int, mos: MOS) -> None:
    token = mos.governance.add("bot", kind="agent").token
    assert token is not None
    address = f"http://127.0.0.1:{port}/mcp"
    head = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    who = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    ask = partial(httpx2.post, address, timeout=PATIENCE)
    hello = ask(headers=head, json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": who})
    head["Mcp-Session-Id"] = hello.headers["mcp-session-id"]
    assert ask(headers=head, json={"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
    for number in range(2, 10):
        params = {"name": "remember", "arguments": {"text": f"told {number}"}}
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
        lines = [f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}", f"Content-Length: {len(body) + (number == 9)}"]
        lines += [f"{name}: {value}" for name, value in head.items()]
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())  # of the last one a byte is missing
            time.sleep(0.02 * (number % 3))
    assert "added" in asyncio.run(told(port, token, "remember", {"text": "x is y"}))
    there = {one.content for one in mos.list()}
    assert "x is y" in there
    assert there <= {"I am allergic to peanuts", "x is y", *(f"told {number}" for number in range(2, 9))}


def test_who_reads_the_address_may_come_at_once(mos: MOS) -> None:
    token = mos.governance.add("bot", kind="agent").token
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    command = [sys.executable, "-m", "memos_cli", "mcp", "--http", "--port", str(number)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"serving agents at" in process.stderr.readline()
        with socket.create_connection(("127.0.0.1", number), timeout=PATIENCE):
            pass
        assert token is not None
        assert httpx2.post(f"http://127.0.0.1:{number}/mcp", content=b"{}", timeout=PATIENCE).status_code == 401
        process.terminate()
        assert process.wait(PATIENCE) == 143


def test_a_port_that_is_taken_is_said(memos: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = memos("mcp", "--http", "--port", str(taken.getsockname()[1]))
    assert done.status == 2
    assert "cannot be used" in done.err
    assert "--port" in done.err
