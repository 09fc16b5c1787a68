"""Kills `memos mcp` while agents write, and tells what they were told and what another process finds afterwards.

    python agent_killer.py HOME SEED STRIKES AT_ONCE

A parent that has imported all of memos, and made the server that `memos mcp` runs, forks each server, so that a kill does not
cost the start of an interpreter. A server is a process of its own: it speaks the protocol on two pipes, opens the home after
its fork, and dies of SIGKILL. Each is stopped first, and Linux is asked whether it holds the write lock of the cube just then:
that is what `within` tells. It counts as struck where a call was left without an answer; the rounds go on until so many were.
When the servers of a round are dead, one more process looks at the cube. A round is one JSON line:

- `calls`: of each server the calls that were sent and their answers, `null` for the one that was left without;
- `within`: whether each held the write lock when it was killed;
- `found`: content and life of each memory that an answer named, by the beginning of its id.
"""

import fcntl
import functools
import json
import os
import random
import signal
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import MOS
from memos_cli.agents.agent_memory import AgentMemory
from memos_cli.agents.mcp_server import Desk, server
from memos_cli.errors import NotFound
from memos_cli.infra.vault.connection import FILE
from memos_cli.model import HOT_STATES
from tests.reliability.killer import drained, forked
from tests.reliability.writer import settings

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos

AGENTS = ("claude-code", "codex", "cursor", "gemini")
_LOCK = 120
"""The byte of a write-ahead log's shared memory by which SQLite keeps other writers out (wal.c, WAL_WRITE_LOCK)."""
_FLOCK = "hhqqi0q"
"""`struct flock` of 64-bit Linux."""
_LOOK = 0.0003
"""Seconds between two looks at a lock, which is held for milliseconds: the server needs the processor, too."""
_BURST = 6
"""Calls that an impatient client sends at once."""


class Call(NamedTuple):
    """A call of a tool, `id` and `text` where it has them."""

    tool: str
    id: str = ""
    text: str = ""
    key: str = ""

    @property
    def arguments(self) -> dict[str, str]:
        return {name: value for name, value in self._asdict().items() if value and name != "tool"}


def opener(home: Path) -> "OpenMos":
    """Opens a home as `memos mcp` does."""

    def opened(principal: str | None, cubes: Sequence[str] = (), token: str | None = None) -> MOS:
        mos = MOS(home, cubes, principal=principal, settings=settings(home).given({"principal": "sam"}), token=token)
        mos.command = "mcp"
        return mos

    return opened


def frame(number: int | None, method: str, **params: Any) -> bytes:
    """A request, or a notification, as a line."""
    asked = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
    return json.dumps(asked).encode() + b"\n"


class Server:
    """A forked server, and what its client did with it.

    Args:
        run: serves on standard input and output.
        name: what the client calls itself.
    """

    def __init__(self, run: Callable[[], None], name: str) -> None:
        theirs, self._input = os.pipe()

        def work() -> None:
            os.dup2(theirs, 0)
            os.close(self._input)
            run()

        self.pid, pipe = forked(work)
        os.close(theirs)
        self._output = os.fdopen(pipe, "rb", buffering=0)
        self._buffer = bytearray()
        self.calls: list[Call] = []
        self.answers: dict[int, dict[str, Any]] = {}
        self.took = 0.01
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": name, "version": "1"}}
        os.write(self._input, frame(0, "initialize", **hello) + frame(None, "notifications/initialized"))

    def send(self, *calls: Call) -> None:
        """Ask for something, and do not wait."""
        first = len(self.calls) + 1
        self.calls += calls
        lines = [
            frame(number, "tools/call", name=one.tool, arguments=one.arguments) for number, one in enumerate(calls, start=first)
        ]
        os.write(self._input, b"".join(lines))

    def hear(self, count: int) -> None:
        """Wait for so many answers.

        Raises:
            SystemExit: the server ended by itself.
        """
        begun = time.monotonic()
        while len(self.answers) < count:
            some = os.read(self._output.fileno(), 65536)
            if not some:
                raise SystemExit("a server ended by itself")
            self._take(some)
        self.took = time.monotonic() - begun

    def _take(self, some: bytes) -> None:
        self._buffer += some
        while (end := self._buffer.find(b"\n")) >= 0:
            said = json.loads(self._buffer[:end])
            del self._buffer[: end + 1]
            if said.get("id"):
                self.answers[said["id"]] = said

    def kill(self, cube: Path) -> bool:
        """Stop it, look whether it holds the write lock, and kill it; what it had said is read to the end."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)
        within = holder(cube) == self.pid
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            raise SystemExit(f"a server ended by itself: {status}")
        os.close(self._input)
        with self._output:
            while some := os.read(self._output.fileno(), 65536):
                self._take(some)
        return within

    def told(self) -> list[tuple[Call, dict[str, Any] | None]]:
        """Each call with what the answer to it said."""
        return [(call, result(self.answers.get(number))) for number, call in enumerate(self.calls, start=1)]


def result(answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """What an answer says to a program.

    Raises:
        SystemExit: it is an error, which no call here may meet.
    """
    if answer is None:
        return None
    if "result" not in answer or answer["result"].get("isError"):
        raise SystemExit(f"a call failed: {json.dumps(answer)[:400]}")
    said: dict[str, Any] = answer["result"]["structuredContent"]
    return said


def holder(cube: Path) -> int:
    """The process that holds the write lock of a cube; 0 for nobody. Nothing is locked for the look."""
    try:
        shared = os.open(f"{cube}-shm", os.O_RDWR)
    except FileNotFoundError:  # nobody has the cube open
        return 0
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _LOCK, 1, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(shared, fcntl.F_GETLK, asked))
    finally:
        os.close(shared)
    return 0 if kind == fcntl.F_UNLCK else pid


class Agent:
    """What one client wants, a call at a time, from server to server; it knows the memories that it was told are its own."""

    def __init__(self, name: str, chance: random.Random, theirs: str) -> None:
        self.name, self._chance, self._theirs = name, chance, theirs
        self._number = 0
        self._mine: list[str] = []

    def new(self) -> Call:
        """Something to remember."""
        self._number += 1
        return Call("remember", text=f"{self.name} tells {self._number} {'x' * self._chance.randrange(1, 300)}")

    def next(self) -> Call:
        """Any call that writes."""
        what = self._chance.choice(("new", "new", "keyed", "revise", "revise", "forget", "theirs"))
        if what == "theirs":
            return Call("revise", id=self._theirs, text=self.new().text)
        if what == "keyed":
            return self.new()._replace(key=f"k{self._chance.randrange(3)}")
        if what == "new" or not self._mine:
            return self.new()
        identity = self._chance.choice(self._mine)
        if what == "revise":
            return Call("revise", id=identity, text=self.new().text)
        self._mine.remove(identity)
        return Call("forget", id=identity)

    def heard(self, call: Call, said: dict[str, Any]) -> None:
        """Take in what was told; what has a key ends with the next value of it, and is left alone."""
        if call.tool == "remember" and not call.key:
            self._mine.append(said["id"])


def play(one: Server, agent: Agent, chance: random.Random) -> None:
    """Let a client work for a while; its last call, or calls, are under way when this ends."""
    for _ in range(chance.choice((0, 1, 1, 2))):
        one.send(agent.next())
        one.hear(len(one.calls))
        call, said = one.told()[-1]
        agent.heard(call, said or {})
    if chance.random() < 0.2:
        one.send(*(agent.new() for _ in range(_BURST)))
        one.hear(len(one.calls) - chance.randrange(1, _BURST))
    else:
        one.send(agent.next())


def wait(one: Server, chance: random.Random, cube: Path) -> None:
    """Choose the instant: any within a call, or soon after it takes the write lock."""
    if chance.random() < 0.2:
        time.sleep(one.took * chance.random())
        return
    until, skipped = time.monotonic() + 2 * one.took, chance.choice((0, 0, 1))  # of a call's transactions
    while time.monotonic() < until:
        if holder(cube) == one.pid:
            if not skipped:
                return
            while holder(cube) == one.pid:
                time.sleep(_LOOK)
            skipped -= 1
        time.sleep(_LOOK)


def found(home: Path, ids: Iterable[str]) -> None:
    """Content and life of memories, as JSON; those that are nowhere are left out."""
    there: dict[str, tuple[str, bool]] = {}
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        for identity in ids:
            with suppress(NotFound):
                memory = mos.get(identity)
                there[identity] = memory.content, memory.state in HOT_STATES
    sys.stdout.write(json.dumps(there))


def kill(home: Path, seed: int, strikes: int, at_once: int) -> None:
    """Kill servers until so many were struck."""
    warm()
    with MOS(home, principal="sam", settings=settings(home)) as mos:
        theirs, cube = mos.list()[0].id[:8], mos.shelf.place(mos.vaults()[0].name) / FILE
    made = server(Desk(opener(home)))  # no thread runs in it yet
    if threading.active_count() != 1:
        raise SystemExit("a fork would take over half of a thread's state")
    chance, struck = random.Random(seed), 0
    agents = [Agent(name, chance, theirs) for name in AGENTS[:at_once]]
    while struck < strikes:
        running = [(Server(functools.partial(made.run, "stdio"), agent.name), agent) for agent in agents]
        within = []
        for one, agent in running:
            play(one, agent, chance)
            wait(one, chance, cube)
            within.append(one.kill(cube))
        told = [one.told() for one, _ in running]
        struck += sum(any(said is None for _, said in calls) for calls in told)
        ids = {said["id"] for calls in told for _, said in calls if said} | {
            call.id for calls in told for call, _ in calls if call.id
        }
        pid, pipe = forked(functools.partial(found, home, ids))
        there = json.loads(drained(pipe))
        os.waitpid(pid, 0)
        line = [[[call._asdict(), said] for call, said in calls] for calls in told]
        sys.stdout.write(json.dumps({"calls": line, "within": within, "found": there}) + "\n")
        sys.stdout.flush()


def warm() -> None:
    """Import and compile all that a server and a reader need, in a home of its own and without a thread."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        with MOS(home, principal="sam", settings=settings(home)) as mos:
            mos.add("I eat no meat")
        agent = AgentMemory(opener(home), AGENTS[0], "warm")
        said = agent.remember("The build needs make 4.4", key="make").data["id"]
        agent.revise(said, "The build needs make 4.5")
        agent.forget(said)
        agent.close()


if __name__ == "__main__":
    kill(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
