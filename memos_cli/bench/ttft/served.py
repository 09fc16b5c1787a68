"""`memos bench ttft --serve`: how soon `memos serve` answers a long prompt that it had before, beside a server without slots.

The other server is llama-cpp-python's own, over the same library, model and context, with no cache. A long text is asked about
once, another conversation follows, and then another question about the text: that one is timed, from the request to the first
word. memos serve is timed once more after it was started again. Both servers are asked by turns, in one run, and what the
processor did for each is told beside the time, since that says the same on a busy machine.
"""

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from memos_cli.bench.ttft.one_shot import MEMORIES
from memos_cli.bench.ttft.ttft import Subject, Tell, failed, load_average, rounded
from memos_cli.config import variable
from memos_cli.errors import ModelUnavailable
from memos_cli.operation import model_files

CONTEXTS = (1024, 4096)
_PLACE = "ttft-serve-"
_PEER = ("fastapi", "uvicorn", "pydantic_settings", "starlette_context", "sse_starlette")
_PATIENCE = 3600.0
"""Seconds that a server may take to start, or an answer to begin, on a busy machine."""
ROOM = 512
"""Tokens of the context beside the long text: the questions, the memories, the template."""
_WORDS = ("river", "garden", "window", "letter", "morning", "bridge", "winter", "market", "paper", "stone", "music", "yellow")
_ASKED = ("What is this text about? Answer briefly.", "What is my dog's name, and does the text mention it?")
_BETWEEN = "Tell me in one sentence what a slot is."
_SPINS = "1000"
"""Rounds that a thread of OpenMP waits before it sleeps, as memos sets it for itself: for the other server, too, which on busy
cores would take several times as long otherwise, with slots or without."""
_STEPS = 5
"""Timed or preparing requests for each text."""


class First(NamedTuple):
    """A first word.

    Attributes:
        seconds: until it came.
        cpu: processor seconds of the server meanwhile.
        tokens: of the prompt.
        cached: how many of them were not evaluated, as the server tells.
    """

    seconds: float
    cpu: float
    tokens: int
    cached: int


class Process:
    """A server in a process of its own.

    Args:
        process: the process.
        port: where it listens.
        model: what requests call the model.
        token: what they bear.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, model: str, token: str) -> None:
        self._process, self._port, self._model, self._token = process, port, model, token

    def first(self, messages: Sequence[Mapping[str, str]], *, memory: bool = False) -> First:
        """Ask, and read until the answer's first word and then to its end.

        Raises:
            ModelUnavailable: the server answers otherwise.
        """
        body = {"model": self._model, "messages": messages, "max_tokens": 2, "temperature": 0, "stream": True}
        body["stream_options"] = {"include_usage": True}
        head = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        begun, before, said, usage = time.perf_counter(), self._cpu(), None, dict[str, Any]()
        try:
            connection.request(
                "POST", "/v1/chat/completions", json.dumps(body), {**head, "X-Memos-Memory": "on" if memory else "off"}
            )
            response = connection.getresponse()
            if response.status != 200:
                raise failed(f"a server answers {response.status}: {response.read(300).decode('utf-8', 'replace')}")
            for line in response:
                if line.startswith(b"data: {"):
                    event = json.loads(line[6:])
                    usage = event.get("usage") or usage
                    if said is None and any(map(_is_word, event["choices"])):
                        said = time.perf_counter() - begun, self._cpu() - before
        except (OSError, HTTPException) as error:
            raise failed(f"a server broke off: {error}") from None
        finally:
            connection.close()
        if said is None:
            raise failed("a server said nothing")
        return First(*said, usage.get("prompt_tokens", 0), (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0))

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            ModelUnavailable: it ends instead, or takes too long.
        """
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            made = HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
            with closing(made) as connection, suppress(OSError, HTTPException):
                connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {self._token}"})
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise failed("a server does not start")

    def _cpu(self) -> float:
        """Processor seconds of the process so far; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2]
        except OSError:
            return 0.0
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def run(
    subject: Subject,
    contexts: Sequence[int],
    repeat: int,
    folder: Path,
    environ: Mapping[str, str],
    tell: Tell = lambda *_: None,
) -> dict[str, Any]:
    """Measure both servers.

    Args:
        subject: the model.
        contexts: how many tokens long the texts are, about.
        repeat: how many texts of each length; medians are reported.
        folder: where the home lies meanwhile.
        environ: the environment, of which variables of memos other than those of this measurement are left out.
        tell: called with how many requests are answered, and of how many.

    Returns:
        The report; times in seconds until the first word. `peer_s` is the other server, `slot_s` memos serve with the slot on
        disk, `restart_s` the same after it was started anew, `memory_s` with memories recalled, too. `…_cpu_s` is what the
        processor did, and `ratio` and `cpu_ratio` are those of `peer` to `slot`.

    Raises:
        ModelUnavailable: a server cannot be started, or fails.
    """
    if any(find_spec(name) is None for name in _PEER):
        raise ModelUnavailable("the server to compare with is missing", hint="pip install 'llama-cpp-python[server]'")
    report: dict[str, Any] = {"model": subject.name, "repeat": repeat, "rows": [], "load_average": [load_average()]}
    done, total = 0, _STEPS * repeat * len(contexts)

    def told() -> None:
        nonlocal done
        done += 1
        tell(min(done, total), total)

    with TemporaryDirectory(prefix=_PLACE, dir=folder) as home, ExitStack() as stack:
        length = max(contexts) + ROOM
        env = _environment(home, subject, length, environ)
        token = _token(env)
        peer = stack.enter_context(_peer(subject, length, env))
        for context in contexts:
            figures = [_one(context, number, env, token, peer, told) for number in range(repeat)]
            report["rows"].append(rounded(_row(context, figures)))
    report["load_average"].append(load_average())
    return report


def _one(
    context: int, number: int, env: Mapping[str, str], token: str, peer: Process, told: Callable[[], None]
) -> dict[str, First]:
    text = _text(context, number)
    asked, other = ([{"role": "user", "content": f"{text}\n\n{question}"}] for question in _ASKED)
    between = [{"role": "user", "content": f"{number}. {_BETWEEN}"}]
    found: dict[str, First] = {}
    with _memos(env, token) as server:
        server.first(asked)
        told()
        server.first(between)
        found["slot"] = server.first(other)
        told()
    peer.first(between)
    found["peer"] = peer.first(other)
    told()
    with _memos(env, token) as server:
        found["restart"] = server.first(other)
        told()
        server.first(between)
        found["memory"] = server.first(other, memory=True)
        told()
    return found


def _is_word(choice: Mapping[str, Any]) -> bool:
    """Whether a choice of a chunk says something, or that the answer has ended without a word."""
    return bool(choice["delta"].get("content") or choice.get("finish_reason"))


def _row(context: int, figures: Sequence[Mapping[str, First]]) -> dict[str, Any]:
    row: dict[str, Any] = {"context": context, "tokens": figures[0]["slot"].tokens, "cached": figures[0]["slot"].cached}
    for name in ("peer", "slot", "restart", "memory"):
        row[f"{name}_s"] = median(one[name].seconds for one in figures)
        row[f"{name}_cpu_s"] = median(one[name].cpu for one in figures)
    row["ratio"] = round(row["peer_s"] / row["slot_s"], 2)
    row["cpu_ratio"] = round(row["peer_cpu_s"] / row["slot_cpu_s"], 2) if row["slot_cpu_s"] else None
    return row


def _text(tokens: int, number: int) -> str:
    """A text of about so many tokens, mostly of words that are one token each; another one for each number."""
    generator = random.Random(f"{tokens} {number}")  # noqa: S311 -- a text to read
    return f"Text {number}. " + " ".join(generator.choice(_WORDS) for _ in range(tokens))


def _environment(home: str, subject: Subject, length: int, environ: Mapping[str, str]) -> dict[str, str]:
    given = {
        "llm.model": str(subject.path), "llm.context": length, "llm.threads": subject.threads, "llm.kv": subject.kv,
        "llm.flash": subject.flash,
    }  # fmt: skip
    kept = {name: value for name, value in environ.items() if not name.startswith("MEMOS_")}
    kept.setdefault("GOMP_SPINCOUNT", _SPINS)
    return {**kept, "MEMOS_HOME": home, **{variable(name): str(value) for name, value in given.items()}}


def _token(env: Mapping[str, str]) -> str:
    """The token of an agent that may read the memories of the home, which are told first."""
    for memory in MEMORIES:
        _ran(env, "add", memory)
    made = _ran(env, "principal", "add", "client", "--agent")
    _ran(env, "grant", "client", "read", "--all")
    return str(made["token"])


def _ran(env: Mapping[str, str], *arguments: str) -> Any:  # noqa: ANN401 -- JSON
    command = [sys.executable, "-P", "-m", "memos_cli", "--json", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise failed(done.stderr.decode("utf-8", "replace").strip()[:300])
    return json.loads(done.stdout)["data"]


@contextmanager
def _memos(env: Mapping[str, str], token: str) -> Iterator[Process]:
    port = _free()
    command = [sys.executable, "-P", "-m", "memos_cli", "-q", "serve", "--port", str(port), "--load"]
    name = model_files.shown(Path(env[variable("llm.model")]))
    with _running(command, env, port, name, token) as server:
        yield server


@contextmanager
def _peer(subject: Subject, length: int, env: Mapping[str, str]) -> Iterator[Process]:
    port = _free()
    how = {
        "model": str(subject.path),
        "model_alias": "peer",
        "n_ctx": length,
        "host": "127.0.0.1",
        "port": port,
        "cache": False,
    }
    if subject.threads:
        how |= {"n_threads": subject.threads, "n_threads_batch": subject.threads}
    options = [part for name, value in how.items() for part in (f"--{name}", str(value))]
    with _running([sys.executable, "-P", "-m", "llama_cpp.server", *options], env, port, "peer", "none") as server:
        yield server


@contextmanager
def _running(command: Sequence[str], env: Mapping[str, str], port: int, name: str, token: str) -> Iterator[Process]:
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, env=env, stdin=nothing, stdout=nothing, stderr=nothing) as process:
        try:
            server = Process(process, port, name, token)
            server.wait()
            yield server
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            process.kill()


def _free() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        number: int = made.getsockname()[1]
        return number
