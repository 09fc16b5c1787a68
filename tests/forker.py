"""Runs the program in processes that are forked from one which has imported it already: a fifth of the time of a new one.

A forked process is a process of its own, as a new one is: its own environment, folder, streams, memory, locks and signals. It
differs in what is imported before it begins, so what a test says about imports, locales and Python's own options needs a
new process (`Forker.fits`), and so does everything on systems where a fork of an interpreter is not safe.
"""

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

_LENGTH, _STATUS = struct.Struct("<Q"), struct.Struct("<q")
_PLACES = ("memos_cli.cli", "memos_cli.interface", "memos_cli.operation", "memos_cli.infra")
"""What a process may have imported when it begins; backends and benchmarks are imported by few commands, and are heavy."""
_STARTUP = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")
"""The beginnings of the names of variables that count when an interpreter starts, and never again."""


class Forker:
    """A process that forks; made at its first use, and ended with its owner."""

    def __init__(self) -> None:
        mine, theirs = socket.socketpair()
        self._startup = startup(os.environ)
        self._socket = mine
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether a forked process is the same as a new one with this environment."""
        return startup(env) == self._startup and self._process.poll() is None

    def run(
        self, arguments: Sequence[str], given: bytes | None, env: Mapping[str, str], timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Exit status, standard output and standard error of one run.

        Raises:
            subprocess.TimeoutExpired: it did not end; it is killed.
        """
        umask = os.umask(0)
        os.umask(umask)
        request = json.dumps({"arguments": arguments, "env": dict(env), "folder": str(Path.cwd()), "umask": umask}).encode()
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        socket.send_fds(self._socket, [_LENGTH.pack(len(request))], theirs)
        for handle in theirs:
            os.close(handle)
        self._socket.sendall(request)
        (pid,) = _LENGTH.unpack(_exactly(self._socket))
        try:
            out, err = _communicate(ours, given or b"", time.monotonic() + timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            _exactly(self._socket)
            raise subprocess.TimeoutExpired(["memos", *arguments], timeout) from None
        (status,) = _STATUS.unpack(_exactly(self._socket))
        return status, out, err

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait(10)


def startup(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that count when an interpreter starts: with others than these a forked process is none like a new one."""
    return {name: value for name, value in env.items() if name.startswith(_STARTUP)}


def _exactly(stream: socket.socket, size: int = _LENGTH.size) -> bytes:
    data = b""
    while len(data) < size:
        piece = stream.recv(size - len(data))
        if not piece:
            raise EOFError("the other side has ended")
        data += piece
    return data


def _communicate(handles: Sequence[int], given: bytes, ends: float) -> tuple[bytes, bytes]:
    """Write what a process reads, and read what it writes, until it closes both streams; the handles are closed then.

    Raises:
        TimeoutError: it is over; the handles are closed.
    """
    target, *sources = handles
    said: dict[int, bytearray] = {source: bytearray() for source in sources}
    with selectors.DefaultSelector() as selector:
        for handle in handles:
            os.set_blocking(handle, False)
        for source in sources:
            selector.register(source, selectors.EVENT_READ)
        if given:
            selector.register(target, selectors.EVENT_WRITE)
        else:
            os.close(target)
        left = memoryview(given)
        try:
            while selector.get_map():
                ready = selector.select(max(0.0, ends - time.monotonic()))
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    if key.fd == target:
                        left = _written(target, left)
                        done = not left
                    else:
                        piece = os.read(key.fd, 1 << 16)
                        said[key.fd] += piece
                        done = not piece
                    if done:
                        selector.unregister(key.fd)
                        os.close(key.fd)
        finally:
            for handle in [key.fd for key in selector.get_map().values()]:
                os.close(handle)
    return bytes(said[sources[0]]), bytes(said[sources[1]])


def _written(handle: int, left: memoryview) -> memoryview:
    """What is left after a write; nothing where nobody reads any more."""
    try:
        return left[os.write(handle, left[: 1 << 16]) :]
    except BrokenPipeError:
        return left[:0]


# -- the process that forks


def main(number: int) -> None:
    """Fork for every request until the other side ends."""
    for place in _PLACES:
        package = importlib.import_module(place)
        for found in pkgutil.walk_packages(package.__path__, f"{place}."):
            importlib.import_module(found.name)
    _look_up()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from a terminal it comes to all processes, and the owner ends this one
    gc.collect()
    gc.freeze()
    own = socket.socket(fileno=number)
    while True:
        head, handles, _, _ = socket.recv_fds(own, _LENGTH.size, 3)
        if not head:
            return
        head += _exactly(own, _LENGTH.size - len(head)) if len(head) < _LENGTH.size else b""
        request = json.loads(_exactly(own, _LENGTH.unpack(head)[0]))
        pid = os.fork()
        if pid == 0:
            own.close()
            _be(request, handles)
        for handle in handles:
            os.close(handle)
        own.sendall(_LENGTH.pack(pid))
        _, status = os.waitpid(pid, 0)
        own.sendall(_STATUS.pack(os.waitstatus_to_exitcode(status)))


def _look_up() -> None:
    """Store, find and be told something once, so that patterns and lists of words are there, as modules are.

    Without that each process compiled and read them anew, 15 of the 40 ms of `memos add`. They are the same for every home.
    """
    from memos_cli import MOS
    from memos_cli.config import Settings, paths

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": folder}))
        with MOS(Path(folder), settings=settings) as mos:
            for text in ("I live in Porto.", "I moved to Lisbon on 2 March 2026."):
                mos.add(text)
            mos.search("Where do I live?")
            mos.chat("Where do I live?")
    tempfile.tempdir = None  # a program looks for its folder itself, by the TMPDIR that it is given


def _be(request: dict[str, Any], handles: Sequence[int]) -> None:
    """Be a new process of the program."""
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        errors = "backslashreplace" if name == "stderr" else getattr(sys, name).errors
        stream: IO[str] = io.open(number, mode, encoding=getattr(sys, name).encoding, errors=errors, closefd=False)  # noqa: UP020, SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    from memos_cli import __main__ as program

    sys.argv = [str(program.__file__), *request["arguments"]]
    _end(program.main)


def _end(program: Callable[[], None]) -> NoReturn:
    """Run the program and leave as an interpreter does, but for taking down every module that was imported.

    That writes to each page that the process shares with the one it was forked from: 110 ms of a processor for a command,
    four fifths of all that it takes.
    """
    status = 1
    try:
        program()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            sys.stderr.write(f"{error.code}\n")
    except BaseException:  # noqa: BLE001 -- this is the end of the process
        sys.excepthook(*sys.exc_info())
    threading._shutdown()  # type: ignore[attr-defined] -- waits for threads, and is called nowhere else
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = status or 120  # the interpreter's status for what could not be written
    os._exit(status & 0xFF)


if __name__ == "__main__":
    main(int(sys.argv[1]))
