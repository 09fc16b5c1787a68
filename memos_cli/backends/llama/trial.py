"""A module run in a child process with so much time and memory, which ends when this process does.

What came with a model (its file, which llama.cpp reads; its chat template, which is a program) may crash, hang or take all
memory, so it is tried in a child first. The child

- limits its own memory (`RLIMIT_DATA` on Linux: what it writes, and not the model's file, which is mapped) and processor time;
- is ended by this process when its time is over;
- ends by itself when this process does, however that ends: the kernel tells it on Linux (`PR_SET_PDEATHSIG`), and elsewhere a
  thread waits for the end of its standard input, a pipe whose other end only this process holds.

Windows has none of these limits; there only the time and the pipe hold.
"""

import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from memos_cli.errors import MemosError

MEBIBYTE = 1 << 20
FAILED, NO_MEMORY = 1, 99
"""Exit statuses of a child; that of a `MemosError` is its own."""
_PDEATHSIG = 1
"""`PR_SET_PDEATHSIG` of prctl(2)."""
_SHOWN = 300
_SAID = 4096


class Failure(NamedTuple):
    """What went wrong, on one line, and whether that may come of one of its limits: C++ without memory ends by a signal."""

    reason: str
    limited: bool = False


class Allowance(NamedTuple):
    """How long a trial may take, in seconds, and how many bytes of memory it may have of its own."""

    seconds: float
    memory: int


def run(module: str, arguments: Sequence[str], allowed: Allowance) -> Failure | None:
    """Run `main(arguments)` of a module in a child process; what went wrong, or `None`.

    Raises:
        OSError: no process can be started.
    """
    given = (str(os.getpid()), repr(allowed.seconds), str(allowed.memory), module, *arguments)
    ending, held = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, *given], stdin=ending, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    except OSError:
        os.close(held)
        raise
    finally:
        os.close(ending)
    try:
        _, said = process.communicate(timeout=allowed.seconds)
    except subprocess.TimeoutExpired:
        return Failure(f"it was not done after {allowed.seconds:,.0f} seconds", limited=True)
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()  # its end is not waited for: what the child started may hold it open
        os.close(held)
    return _reason(process.returncode, said, allowed)


def _reason(status: int, said: bytes, allowed: Allowance) -> Failure | None:
    if status == 0:
        return None
    if status < 0:
        return Failure(f"the trial was ended by signal {-status}", limited=True)
    if status == NO_MEMORY:
        return Failure(f"it wants more than {allowed.memory // MEBIBYTE:,} MiB of memory", limited=True)
    last = said[-_SAID:].decode("utf-8", "replace").strip().splitlines()[-1:] or ["the trial failed"]
    return Failure("".join(char if char.isprintable() else " " for char in last[0][:_SHOWN]))


def main(arguments: Sequence[str]) -> int:
    """The child's entry point: the parent's process id, the limits, the module, and what that is given."""
    parent, seconds, memory, module, *given = arguments
    end_with(int(parent))
    _limit(Allowance(float(seconds), int(memory)))
    try:
        return int(importlib.import_module(module).main(given))
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        return FAILED
    except MemoryError:
        return NO_MEMORY


def end_with(parent: int) -> None:
    """End this process when its parent ends, whose id is given; standard input has to be a pipe that only the parent holds."""
    if sys.platform == "linux":
        import ctypes
        import signal

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    # It may have ended before that, and this process is another's child by now.
    if os.name == "posix" and os.getppid() != parent:
        os._exit(FAILED)
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    with suppress(OSError):
        os.read(0, 1)
    os._exit(FAILED)


def _limit(allowed: Allowance) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    kinds = {"RLIMIT_CORE": 0, "RLIMIT_DATA": allowed.memory, "RLIMIT_CPU": int(allowed.seconds * (os.cpu_count() or 1)) + 1}
    for name, most in kinds.items():
        with suppress(AttributeError, ValueError, OSError):
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
