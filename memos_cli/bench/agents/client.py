"""A client of the Model Context Protocol over the standard streams of a server, of few lines, so that the server is measured.

What a server says is bounded in bytes and time; what it asks of the client is answered, and its remarks are passed over.
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self, cast

from memos_cli.errors import MemosError

PROTOCOL = "2025-06-18"
"""The version that is asked for, which servers of 2025 and 2026 speak."""
LONGEST = 64 << 20
"""Bytes of one answer."""
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_PROC = Path("/proc")


class Failed(MemosError):
    """A server could not be started, ended, said what is no answer, or said nothing in time."""


class Client:
    """A server that was started, and the only one who speaks to it. Leaving the block ends it and what it started.

    Args:
        command: starts the server.
        env: its environment.
        patience: seconds that each answer may take.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], patience: float) -> None:
        self._patience = patience
        self._asked = 0
        self._read = bytearray()
        self._errors = TemporaryFile()  # noqa: SIM115 -- closed when the block is left
        try:
            self._process = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=dict(env),
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._errors.close()
            raise Failed(f"{command[0]} cannot be started: {error.strerror}") from None
        self._input, self._output = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the server: its input ends, as when a client leaves, and what is left is killed."""
        with suppress(OSError):
            self._input.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0 if error else 5)
        with suppress(OSError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        self._output.close()
        self._errors.close()

    def initialize(self) -> dict[str, Any]:
        """Begin the session; what the server says of itself.

        Raises:
            Failed: it did not answer.
        """
        who = {"name": "memos-bench", "version": "1"}
        said = self.ask("initialize", protocolVersion=PROTOCOL, capabilities={}, clientInfo=who)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return said

    def tools(self) -> list[dict[str, Any]]:
        """The tools as their client gets them, all pages.

        Raises:
            Failed: it did not answer.
        """
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            said = self.ask("tools/list", **more)
            found += said.get("tools", ())
            if not (cursor := said.get("nextCursor")):
                return found
            more = {"cursor": cursor}

    def call(self, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Call a tool; whether it did what it was asked.

        Raises:
            Failed: the server did not answer.
        """
        return not self.ask("tools/call", name=tool, arguments=dict(arguments)).get("isError")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
        """The result of a request.

        Raises:
            Failed: there is none in time, or it is an error.
        """
        self._asked += 1
        self._send({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params})
        until = time.monotonic() + self._patience
        while True:
            said = self._line(until)
            if said.get("id") is not None and "method" in said:
                self._reply(said)
            elif said.get("id") == self._asked:
                if isinstance(result := said.get("result"), dict):
                    return result
                raise Failed(f"{method}: {json.dumps(said.get('error'))[:200]}")

    def _reply(self, said: Mapping[str, Any]) -> None:
        """Answer what the server asks: it is heard, and nothing else is offered here."""
        refused = {"error": {"code": -32601, "message": "Method not found"}}
        self._send({"jsonrpc": "2.0", "id": said["id"], **({"result": {}} if said["method"] == "ping" else refused)})

    def _send(self, said: Mapping[str, Any]) -> None:
        try:
            self._input.write(json.dumps(said).encode() + b"\n")
            self._input.flush()
        except OSError:
            raise Failed(self._end()) from None

    def _line(self, until: float) -> dict[str, Any]:
        """The next object that the server says; what is none is passed over, as a remark of the program."""
        pipe = self._output.fileno()
        while True:
            end = self._read.find(b"\n")
            if end >= 0:
                line = bytes(self._read[:end])
                del self._read[: end + 1]
                with suppress(ValueError, RecursionError):
                    if isinstance(said := json.loads(line), dict):
                        return said
                continue
            left = until - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise Failed(f"no answer in {self._patience:g} s")
            some = os.read(pipe, 1 << 16)
            if not some:
                raise Failed(self._end())
            self._read += some
            if len(self._read) > LONGEST:
                raise Failed(f"an answer of more than {LONGEST >> 20} MiB")

    def _end(self) -> str:
        """How the server ended, in the last words of its own."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._errors.seek(0)
        said = self._errors.read()[-4096:].decode("utf-8", "replace").strip().splitlines()
        return f"the server ended, with status {self._process.poll()}" + (f": {said[-1][:200]}" if said else "")

    def used(self) -> tuple[float, float]:
        """Resident MiB of the server and all that it started, and the seconds that processors computed for them so far.

        Raises:
            Failed: this is not Linux.
        """
        if not _PROC.is_dir():
            raise Failed("the memory of a process is asked of Linux")
        memory = computed = 0.0
        for one in _family(self._process.pid):
            with suppress(OSError, ValueError, IndexError):
                fields = (_PROC / str(one) / "stat").read_text().rpartition(")")[2].split()
                computed += sum(map(int, fields[11:15])) / _TICKS  # its own, and of what it waited for
                memory += int(fields[21]) * _PAGE / (1 << 20)
        return memory, computed


def _family(first: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(folder.name))
    found = [first]
    for one in found:
        found += parents.get(one, ())
    return found
