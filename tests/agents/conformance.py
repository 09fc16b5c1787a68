"""Runs the protocol's conformance suite against `memos mcp --http`, as far as its scenarios apply.

    python -m tests.agents.conformance npx @modelcontextprotocol/conformance

The suite is a program of the protocol's makers for node 22, which this project does not install. It sends no token, so a relay
on another port of the loopback adds it, and passes everything else on. It ends with 1 where a scenario fails that applies, or
where one passes that is said not to.
"""

import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from memos_cli import MOS
from memos_cli.config import Settings, paths


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number


PORT, RELAY = free_port(), free_port()
EXAMPLE = "asks for a tool, resource or prompt of the suite's own example server by its name"
ABSENT = "an optional capability that memos does not declare; the request is refused as the protocol asks, with -32601"
NOT_OURS = {
    "logging-set-level": ABSENT,
    "completion-complete": ABSENT,
    "resources-subscribe": ABSENT,
    "resources-unsubscribe": ABSENT,
    **dict.fromkeys(
        (
            "tools-call-image", "tools-call-audio", "tools-call-embedded-resource", "tools-call-mixed-content",
            "tools-call-with-logging", "tools-call-with-progress", "tools-call-sampling", "tools-call-elicitation",
            "json-schema-2020-12", "elicitation-sep1034-defaults", "server-sse-polling", "elicitation-sep1330-enums",
            "resources-read-text", "resources-read-binary", "resources-templates-read", "prompts-get-simple",
            "prompts-get-with-args", "prompts-get-embedded-resource", "prompts-get-with-image",
        ),
        EXAMPLE,
    ),
}  # fmt: skip
"""Scenarios that do not apply, and why."""


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
    """Pass one request on with the token, and its answer back."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        length, lines = 0, [head[0]]
        for line in head[1:]:
            name, _, value = line.partition(b":")
            if name.lower() in {b"host", b"origin"}:
                value = value.replace(str(RELAY).encode(), str(PORT).encode())
            length = int(value) if name.lower() == b"content-length" else length
            lines += [] if name.lower() == b"connection" else [name + b":" + value]
        lines += [f"Authorization: Bearer {token}".encode(), b"Connection: close"]
        answer, out = await asyncio.open_connection("127.0.0.1", PORT)
        out.write(b"\r\n".join(lines) + b"\r\n\r\n" + await reader.readexactly(length))
        while some := await answer.read(1 << 16):
            writer.write(some)
            await writer.drain()
        out.close()
    except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):  # its client has left
        pass
    finally:
        writer.close()


async def suite(command: list[str], token: str) -> str:
    """What the suite prints of all its scenarios."""
    server = await asyncio.start_server(lambda reader, writer: relay(reader, writer, token), "127.0.0.1", RELAY)
    async with server:
        given = ["server", "--url", f"http://localhost:{RELAY}/mcp", "--suite", "all"]
        process = await asyncio.create_subprocess_exec(*command, *given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = await process.communicate()
        return said.decode("utf-8", "replace")


def main(command: list[str]) -> int:
    """Run the suite, and tell of each scenario whether it did what was expected."""
    with TemporaryDirectory() as folder:
        os.environ |= {"MEMOS_HOME": folder, "MEMOS_EMBEDDER": "none"}
        with MOS(Path(folder), settings=Settings(os.environ, paths(os.environ))) as mos:
            mos.add("I am allergic to peanuts")
            token = mos.governance.add("suite", kind="agent").token or ""
        served = [sys.executable, "-m", "memos_cli", "mcp", "--http", "--port", str(PORT)]
        with subprocess.Popen(served, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            sys.stderr.write(process.stderr.readline())  # it says where it listens
            said = asyncio.run(suite(command, token))
            process.terminate()
    found = re.findall(r"^([✓✗]) (\S+): ", said, re.MULTILINE)
    wrong = [name for mark, name in found if (mark == "✓") == (name in NOT_OURS)]
    for mark, name in found:
        sys.stdout.write(f"{mark} {name}{': ' + NOT_OURS[name] if name in NOT_OURS else ''}\n")
    passed = sum(mark == "✓" for mark, _ in found)
    sys.stdout.write(f"{passed} passed, {len(NOT_OURS)} do not apply, unexpected: {', '.join(wrong) or 'none'}\n")
    return 0 if found and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
