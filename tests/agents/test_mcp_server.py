import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.model import Filter, Kind
from memos_cli.operation.governance.rules import Object
from tests.agents.homes import opener
from tests.conftest import ROOT, Clock
from tests.patience import PATIENCE
from tests.trials import trials

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, ElicitResult, Implementation

from memos_cli.agents.agent_memory import AgentMemory
from memos_cli.agents.mcp_server import Desk, server

MODES = ("legacy", "auto")
"""The handshake of protocols up to 2025-11-25, and what the client finds best."""
KILLS = trials(3, 100)
MOST_IDLE, MOST_AFTER = 120.0, 200.0
"""MiB that a server without an embedder may hold: most of it is the SDK's."""


@pytest.fixture
def desk(home: Path, clock: Clock) -> Iterator[Desk]:
    made = Desk(opener(home, clock))
    yield made
    made.close()


Work = Callable[[Client], Coroutine[Any, Any, None]]


def talk(desk: Desk, work: Work, *, mode: Any = "auto", name: str = "Claude Code", answer: bool | None = None) -> list[str]:
    """Let a client of the SDK do something; the questions that it was asked, each answered with `answer`."""
    asked: list[str] = []

    async def elicited(_: object, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"agree": bool(answer)})

    async def run() -> None:
        asking: dict[str, Any] = {} if answer is None else {"elicitation_callback": elicited}
        who = Implementation(name=name, version="1")
        async with Client(server(desk), mode=mode, client_info=who, **asking) as client:
            await work(client)

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    return asked


def text(result: CallToolResult) -> str:
    (block,) = result.content
    assert block.type == "text"
    return block.text


def test_six_tools_say_what_they_do_in_few_words(desk: Desk) -> None:
    async def work(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert sorted(tool.name for tool in tools) == ["brief", "forget", "recall", "remember", "revise", "why"]
        for tool in tools:
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is (tool.name in {"recall", "brief", "why"})
            assert tool.annotations.destructive_hint is (tool.name in {"revise", "forget"})
            assert tool.annotations.idempotent_hint is True
        schemas = json.dumps([tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools])
        assert len(schemas) / 3 < 1200  # a token has 3 characters of JSON, or more
        assert '"consent"' not in schemas

    talk(desk, work)


@pytest.mark.parametrize("mode", MODES)
def test_a_session_of_an_agent(desk: Desk, mos: MOS, mode: str) -> None:
    mos.add("I am allergic to peanuts")

    async def work(client: Client) -> None:
        told = await client.call_tool("remember", {"text": "The build needs make 4.4", "kind": "fact"})
        assert told.structured_content is not None
        assert told.structured_content["confirmed"] is False
        found = await client.call_tool("recall", {"query": "what does the build need?"})
        assert "The build needs make 4.4" in text(found)
        assert "peanuts" not in text(await client.call_tool("recall", {"query": "peanuts"}))
        identity = told.structured_content["id"]
        revised = await client.call_tool("revise", {"id": identity, "text": "The build needs make 4.5"})
        assert "4.5" in text(revised)
        assert "claude-code" in text(await client.call_tool("why", {"id": identity}))
        read = await client.read_resource(f"memos://memory/{identity}")
        assert "4.5" in str(read.contents)
        assert "1 memories" in str((await client.read_resource("memos://cube/default")).contents)
        assert (await client.call_tool("forget", {"id": identity})).is_error is False
        assert [one.uri_template for one in (await client.list_resource_templates()).resource_templates] == [
            "memos://memory/{id}", "memos://cube/{name}",
        ]  # fmt: skip

    assert talk(desk, work, mode=mode, answer=True) == []
    assert [one.content for one in mos.list()] == ["I am allergic to peanuts"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("answer", "left"), [(True, []), (False, ["I am allergic to peanuts"]), (None, ["I am allergic to peanuts"])]
)
def test_what_is_the_person_s_is_changed_after_a_yes_alone(
    desk: Desk,
    mos: MOS,
    mode: str,
    answer: bool | None,  # noqa: FBT001 -- a case of the table
    left: list[str],
) -> None:
    mine = mos.add("I am allergic to peanuts").ids[0]
    mos.governance.add("claude-code", kind="agent")
    mos.governance.rules.grant("claude-code", "read", [Object("cube")])

    async def work(client: Client) -> None:
        done = await client.call_tool("forget", {"id": mine[:8]})
        assert done.is_error is False
        assert done.structured_content is not None
        assert done.structured_content["status"] == {True: "forgotten", False: "declined", None: "asked"}[answer]

    asked = talk(desk, work, mode=mode, answer=answer)
    assert [one.content for one in mos.list()] == left
    assert ["peanuts" in one for one in asked] == ([] if answer is None else [True])
    assert len(mos.requests.list()) == (answer is None)


@pytest.mark.parametrize("mode", MODES)
def test_a_yes_is_to_what_the_person_was_shown(home: Path, clock: Clock, desk: Desk, mos: MOS, mode: str) -> None:
    mine = mos.add("The rent is due on Monday").ids[0]
    mos.governance.add("claude-code", kind="agent")
    mos.governance.rules.grant("claude-code", "read", [Object("cube")])

    async def elicited(_: object, __: object) -> ElicitResult:
        with opener(home, clock)(None) as elsewhere:  # the person changes it at a terminal while the question waits
            elsewhere.edit(mine, {"content": "The rent is paid"})
        return ElicitResult(action="accept", content={"agree": True})

    async def run() -> Any:
        who = Implementation(name="Claude Code", version="1")
        async with Client(server(desk), mode=mode, client_info=who, elicitation_callback=elicited) as client:
            return (await client.call_tool("revise", {"id": mine, "text": "The rent is due on Friday"})).structured_content

    done = asyncio.run(asyncio.wait_for(run(), PATIENCE)) or {}
    assert mos.get(mine).content == "The rent is paid"
    assert mode != "legacy" or done["status"] == "asked"


@pytest.mark.parametrize("mode", MODES)
def test_a_question_says_how_much_of_a_text_it_does_not_show(desk: Desk, mos: MOS, mode: str) -> None:
    mine = mos.add("I pay rent to Ravi").ids[0]
    mos.governance.add("claude-code", kind="agent")
    mos.governance.rules.grant("claude-code", "read", [Object("cube")])

    async def work(client: Client) -> None:
        await client.call_tool("revise", {"id": mine, "text": f"I pay rent to Ravi{' ' * 400}and all else to Mallory"})
        await client.call_tool("revise", {"id": mine, "text": f"I pay rent to Ravi{'.' * 400}and all else to Mallory"})

    blank, dots = talk(desk, work, mode=mode, answer=False)
    assert "Mallory" in blank or "more characters)" in blank
    assert dots.endswith("\u201d (and 41 more characters)")


def test_errors_are_the_words_of_the_command_line(desk: Desk) -> None:
    async def work(client: Client) -> None:
        for name, given in (
            ("why", {"id": "zzzz"}),
            ("remember", {"text": " "}),
            ("recall", {"query": "x", "limit": 999}),
            ("recall", {}),
        ):
            failed = await client.call_tool(name, given)
            assert failed.is_error is True
            assert "Traceback" not in text(failed)
        assert (await client.call_tool("burn", {})).is_error is True
        with pytest.raises(MCPError):
            await client.read_resource("memos://memory/zzzz")

    talk(desk, work)


def test_a_cube_that_fails_is_told_as_on_the_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    async def work(client: Client) -> None:
        monkeypatch.setattr(AgentMemory, "recall", locked)
        failed = await client.call_tool("recall", {"query": "x"})
        assert failed.is_error is True
        assert "in use by another process" in text(failed)

    talk(desk, work)


def test_a_prompt_that_is_not_there_is_a_wrong_parameter(desk: Desk) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt("burn")
        assert (caught.value.code, caught.value.message) == (INVALID_PARAMS, "Unknown prompt: burn")

    talk(desk, work)


def test_several_clients_at_once(desk: Desk, mos: MOS) -> None:
    async def one(number: int) -> None:
        async with Client(server(desk), client_info=Implementation(name=f"agent{number}", version="1")) as client:
            for line in range(5):
                told = await client.call_tool("remember", {"text": f"agent {number} says {line}"})
                assert told.is_error is False

    async def run() -> None:
        await asyncio.gather(*(one(number) for number in range(16)))

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert len(mos.list()) == 80
    assert len({one.owner for one in mos.list()}) == 16


# -- as a client starts it


def command(*more: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-m", "memos_cli", *more, "mcp"], env={**os.environ}, cwd=str(ROOT)
    )


def test_a_client_that_starts_it_and_one_that_is_named(mos: MOS) -> None:
    async def run() -> None:
        async with Client(command("--as", "robot")) as client:
            assert client.instructions
            told = await client.call_tool("remember", {"text": "The build needs make 4.4"})
            assert told.is_error is False

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert [one.owner for one in mos.list()] == ["robot"]


def frames(*lines: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "memos_cli", "mcp"], input=b"".join(line + b"\n" for line in lines), capture_output=True,
        cwd=ROOT, timeout=PATIENCE, check=False,
    )  # fmt: skip


def request(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


HELLO = request(1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "x", "version": "1"})
READY = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()


def test_malformed_frames_end_nothing() -> None:
    broken = [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc":"2.0","id":{},"method":1}',
    ]
    done = frames(*broken, HELLO, *broken, READY, *broken, request(2, "tools/list"))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {2} <= {one.get("id") for one in answers if "result" in one}
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_nothing_is_opened_before_a_tool_asks_for_it(home: Path) -> None:
    done = frames(HELLO, READY, request(2, "tools/list"))
    assert done.returncode == 0
    assert not home.exists() or not any(home.iterdir())


def remember(number: int) -> bytes:
    return request(number, "tools/call", name="remember", arguments={"text": f"told {number}"})


def begun() -> "subprocess.Popen[bytes]":
    """A server to which a client has said hello."""
    process = subprocess.Popen(
        [sys.executable, "-m", "memos_cli", "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=ROOT,
    )  # fmt: skip
    asked(process, HELLO + b"\n" + READY)
    return process


def test_what_is_cancelled_is_stored_whole_or_not_at_all_and_ends_nothing_else(mos: MOS) -> None:
    kept, lines = range(2, 42, 2), []
    for number in range(2, 42):
        lines.append(remember(number))
        gone = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number, "reason": "no"}}
        lines += [] if number in kept else [json.dumps(gone).encode()]
    with begun() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        unknown = json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 999}}).encode()
        process.stdin.write(b"\n".join([unknown, *lines, unknown]) + b"\n")
        process.stdin.flush()
        answered: set[int] = set()
        while not set(kept) <= answered:
            said = json.loads(process.stdout.readline())
            assert said["id"] not in kept or said["result"]["structuredContent"]["text"] == f"told {said['id']}"
            answered.add(said["id"])
        asked(process, request(100, "tools/call", name="recall", arguments={"query": "told 2"}))
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert b"Traceback" not in process.stderr.read()
    there = {one.content for one in mos.list(Filter(at=mos.now, everything=True))}
    assert {f"told {number}" for number in kept} <= there <= {f"told {number}" for number in range(2, 42)}


@pytest.mark.parametrize("waits", [0.0, 0.05, 0.3])
def test_a_client_that_vanishes_in_the_middle_of_a_call_leaves_nothing_behind(mos: MOS, waits: float) -> None:
    with begun() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"\n".join(map(remember, range(2, 12))) + b"\n")
        process.stdin.flush()
        time.sleep(waits)
        process.stdout.close()  # both ends at once, as when its process dies
        process.stdin.close()
        assert process.wait(PATIENCE) in {0, 1}
        assert b"Traceback" not in process.stderr.read()
    there = [one.content for one in mos.list(Filter(at=mos.now, everything=True))]
    assert len(there) == len(set(there))
    assert set(there) <= {f"told {number}" for number in range(2, 12)}
    assert mos.add("somebody else writes").ids


def test_what_was_said_to_be_stored_is_there_after_a_kill(mos: MOS) -> None:
    said: list[str] = []
    for trial in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-m", "memos_cli", "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            calls = [
                request(number, "tools/call", name="remember", arguments={"text": f"told {trial} {number}"})
                for number in range(2, 40)
            ]
            process.stdin.write(b"\n".join([HELLO, READY, *calls]) + b"\n")
            process.stdin.flush()
            for _ in range(2 + trial % 7):
                answer = json.loads(process.stdout.readline())
                if answer.get("id", 0) > 1 and not answer["result"].get("isError"):
                    said.append(answer["result"]["structuredContent"]["text"])
            process.send_signal(signal.SIGKILL)
    assert said
    there = {one.content for one in mos.list(Filter(at=mos.now, everything=True))}
    assert set(said) <= there


def test_the_briefing_is_a_tool_and_a_prompt_and_says_the_same(desk: Desk, mos: MOS) -> None:
    mos.add("Answer in German.", kind=Kind.RULE)

    async def work(client: Client) -> None:
        assert "nothing to tell" in text(await client.call_tool("brief", {}))
        await client.call_tool("remember", {"text": "The build needs make 4.4"})
        mos.governance.rules.grant("claude-code", "read", [Object("kind", "rule")])
        told = await client.call_tool("brief", {})
        assert "Answer in German." in text(told)
        assert "The build needs make 4.4" in text(told)
        assert (told.structured_content or {})["text"] == text(told)
        (message,) = (await client.get_prompt("brief")).messages
        assert message.content.type == "text"
        assert message.content.text == text(told)

    talk(desk, work)


def resident(process: int) -> float:
    """The memory of a process that is in use, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def asked(server: "subprocess.Popen[bytes]", line: bytes) -> None:
    """Ask a server something, and have its answer."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(line + b"\n")
    server.stdin.flush()
    assert "result" in json.loads(server.stdout.readline())


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_it_stays_small_idle_and_after_a_hundred_calls(home: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "memos_cli", "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=ROOT, env={**os.environ, "MEMOS_HOME": str(home), "MEMOS_EMBEDDER": "none"},
    )  # fmt: skip
    with started:
        idle = after = 0.0
        try:
            asked(started, HELLO)
            idle = resident(started.pid)
            for turn in range(2, 102, 2):
                told, query = {"text": f"The answer {turn} is {turn * 7}"}, {"query": f"what is answer {turn}?"}
                asked(started, request(turn, "tools/call", name="remember", arguments=told))
                asked(started, request(turn + 1, "tools/call", name="recall", arguments=query))
            after = resident(started.pid)
        finally:
            started.kill()
    print(f"\n{idle:.0f} MiB idle, {after:.0f} MiB after 100 calls")  # noqa: T201 -- with pytest -s
    assert 0 < idle < MOST_IDLE
    assert 0 < after < MOST_AFTER
