"""A measuring process: what it prints reaches the benchmark as objects, and it ends when the benchmark ends."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from tempfile import TemporaryFile
from typing import Any

from memos_cli.errors import MemosError


def objects(module: str, task: Mapping[str, Any], failed: Callable[[str], MemosError]) -> Iterator[dict[str, Any]]:
    """The objects that a measuring process prints, one by one; it is ended when this ends, however it ends.

    Args:
        module: what the process runs; it calls `run`.
        task: what is to be measured.
        failed: makes the error that is raised where the process fails, of one line that says why.
    """
    command = [sys.executable, "-P", "-m", module, json.dumps(task)]
    with TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield from map(json.loads, process.stdout or ())
            status = process.wait()
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        if status:
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            ended = [f"the process that measured it was ended by signal {-status}"] if status < 0 else said
            raise failed((ended or ["the measuring failed"])[0])


def run(measure: Callable[[dict[str, Any]], None]) -> int:
    """Measure the task in the only argument of this process; its exit status, with what failed on standard error."""
    try:
        measure(json.loads(sys.argv[1]))
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_status
    return 0


def say(**line: object) -> None:
    """Print an object for `objects` to read."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
