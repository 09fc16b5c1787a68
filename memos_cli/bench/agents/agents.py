"""`memos bench agents`: what `memos mcp` costs a client, beside any other server of the protocol that is named.

All servers are measured in turns, in one run, so that what else the machine does slows all of them, and beside an interpreter
that imports the protocol's SDK and ends: what any server that is built on it pays. Each has a folder of its own as its home.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli import modes
from memos_cli.bench.agents.client import Client, Failed
from memos_cli.bench.startup.startup import Timing, timed
from memos_cli.errors import MemosError, ModelUnavailable
from memos_cli.records import NamedTuple

OURS = "memos"
BASE = "import mcp.server"
BYTES_OF_A_TOKEN = 3
"""Bytes of JSON in a token, or more: so what is told of tokens is never too little."""
_TOPICS = ("build", "garden", "dentist", "car", "kitchen", "server", "holiday", "piano")
_SETTLED = 0.5
"""Seconds from the list of tools until a server counts as idle."""
_PLACES = 4


class Call(NamedTuple):
    """A tool and its arguments; `{text}` in them becomes a sentence that was not told before."""

    tool: str
    arguments: Mapping[str, Any]

    def at(self, number: int) -> dict[str, Any]:
        """The arguments of a certain call."""
        text = f"The {_TOPICS[number % len(_TOPICS)]} number {number} is due on day {number * 7 % 365}."
        filled: dict[str, Any] = json.loads(json.dumps(dict(self.arguments)).replace("{text}", text))  # at any depth
        return filled


class Server(NamedTuple):
    """A server that is measured: its name in the table, what starts it, and what it is asked in turns."""

    name: str
    command: Sequence[str]
    calls: Sequence[Call] = ()


class Load(NamedTuple):
    """How much is asked: `repeat` starts, `calls` calls of one client, `clients` at once, `patience` seconds for an answer."""

    repeat: int
    calls: int
    clients: int
    patience: float


def ours() -> Server:
    """`memos mcp` of this program."""
    calls = Call("remember", {"text": "{text}"}), Call("recall", {"query": "{text}"})
    return Server(OURS, [sys.executable, "-P", "-m", "memos_cli", "mcp"], calls)


def run(
    peers: Sequence[Server], load: Load, environ: Mapping[str, str], tell: Callable[[int, int], None] = lambda *_: None
) -> dict[str, Any]:
    """Measure memos and its peers.

    Args:
        peers: the other servers.
        load: how much is asked of each.
        environ: the environment, of which the variables of memos are left out.
        tell: called with how many steps are done, and of how many.

    Returns:
        The report, with a row for each server; one that failed has what failed, and what was measured before.

    Raises:
        ModelUnavailable: the SDK is not installed, so that memos has no server.
    """
    servers = [ours(), *peers]
    before = _load_average()
    rows: dict[str, dict[str, Any]] = {one.name: {"server": one.name, "failed": None} for one in servers}
    starts: dict[str, list[Timing]] = {one.name: [] for one in servers}
    base: list[Timing] = []
    done, steps = 0, len(servers) * (load.repeat + 3)
    with TemporaryDirectory(prefix="memos-bench-", ignore_cleanup_errors=True) as folder:
        rooms = {one.name: _environment(environ, Path(folder, str(place))) for place, one in enumerate(servers)}

        def measure(one: Server, what: Callable[[Server, Mapping[str, str], Load], Mapping[str, Any]]) -> None:
            nonlocal done
            row = rows[one.name]
            try:
                row |= {} if row["failed"] else what(one, rooms[one.name], load)
            except Failed as error:
                row["failed"] = error.message
            done += 1
            tell(done, steps)

        def start(one: Server, room: Mapping[str, str], load: Load) -> Mapping[str, Any]:
            starts[one.name].append(_start(one, room, load))
            return {}

        for _ in range(load.repeat + 1):
            base.append(_base(rooms[OURS]))
            for one in servers:
                measure(one, start)
        for one in servers:
            measure(one, _one_client)
            measure(one, _at_once)
    for name, (_, *taken) in ((name, taken) for name, taken in starts.items() if taken):  # the first one fills the caches
        rows[name] |= _medians(taken, base[1:])
    told = {"load_average": [before, _load_average()], "base_s": round(median(one.wall for one in base[1:]), _PLACES)}
    return {**load._asdict(), **told, "servers": list(rows.values())}


def _environment(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a server: a home of its own, no model, and none of the variables of memos."""
    modes.make_folder(home)
    left_out = {"PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in environ.items() if not name.startswith("MEMOS_") and name not in left_out}
    return {**kept, "HOME": str(home), "MEMOS_HOME": str(home / "memos"), "MEMOS_EMBEDDER": "none"}


def _base(env: Mapping[str, str]) -> Timing:
    """What an interpreter that imports the SDK takes.

    Raises:
        ModelUnavailable: it is not installed.
    """
    try:
        return timed(("-c", BASE), env)
    except MemosError:
        raise ModelUnavailable("the MCP SDK is missing", hint="pip install 'memos-memcube[mcp]'") from None


def _start(one: Server, env: Mapping[str, str], load: Load) -> Timing:
    """What a server takes from its start to its answer to `initialize`."""
    begun = time.perf_counter()
    with Client(one.command, env, load.patience) as client:
        client.initialize()
        return Timing(time.perf_counter() - begun, client.used()[1])


def _medians(taken: Sequence[Timing], base: Sequence[Timing]) -> dict[str, Any]:
    """Seconds until `initialize` is answered, by the clock and the processor, and their ratios to importing the SDK."""
    row: dict[str, Any] = {}
    for name, suffix in (("wall", ""), ("cpu", "_cpu")) if taken else ():
        middle, least = median(getattr(one, name) for one in taken), median(getattr(one, name) for one in base)
        row |= {f"initialize{suffix}_s": round(middle, _PLACES), f"initialize{suffix}_ratio": round(middle / least, _PLACES)}
    return row


def _one_client(one: Server, env: Mapping[str, str], load: Load) -> dict[str, Any]:
    """What one client meets: the tools, the memory of the idle server, and its calls."""
    with Client(one.command, env, load.patience) as client:
        client.initialize()
        tools = client.tools()
        time.sleep(_SETTLED)
        size = len(json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode())
        row: dict[str, Any] = {
            "tools": len(tools), "schema_bytes": size, "schema_tokens": ceil(size / BYTES_OF_A_TOKEN),
            "idle_mib": round(client.used()[0], 1),
        }  # fmt: skip
        taken, failed = _ask(client, one, load.calls)
        if taken:
            taken.sort()
            row |= {
                "called_mib": round(client.used()[0], 1), "call_s": round(median(taken), _PLACES),
                "call_p90_s": round(taken[ceil(0.9 * len(taken)) - 1], _PLACES), "failed_calls": failed,
            }  # fmt: skip
        return row


def _ask(client: Client, one: Server, count: int, first: int = 0) -> tuple[list[float], int]:
    """Seconds of each of so many calls, and how many failed."""
    taken, failed = [], 0
    for number in range(first, first + count) if one.calls else ():
        call = one.calls[number % len(one.calls)]
        begun = time.perf_counter()
        failed += not client.call(call.tool, call.at(number))
        taken.append(time.perf_counter() - begun)
    return taken, failed


def _at_once(one: Server, env: Mapping[str, str], load: Load) -> dict[str, Any]:
    """What clients meet that come at the same time: each starts a server, and all have the same home."""
    each = ceil(load.calls / load.clients)

    def work(place: int) -> tuple[float, int]:
        client = clients[place]
        client.initialize()
        answered = time.perf_counter() - begun
        return answered, _ask(client, one, each, (place + 1) * 10_000)[1]

    with ExitStack() as ended:
        begun = time.perf_counter()
        clients = [ended.enter_context(Client(one.command, env, load.patience)) for _ in range(load.clients)]
        with ThreadPoolExecutor(load.clients) as pool:
            told = list(pool.map(work, range(load.clients)))
        took = time.perf_counter() - begun
        return {
            "at_once_initialize_s": round(max(answered for answered, _ in told), _PLACES), "at_once_s": round(took, _PLACES),
            "at_once_failed_calls": sum(failed for _, failed in told) if one.calls else None,
            "at_once_mib": round(sum(client.used()[0] for client in clients), 1),
        }  # fmt: skip


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
