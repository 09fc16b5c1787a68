"""What a trial has to hold: a module for a child process that does what its first argument says."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from memos_cli.errors import ModelUnavailable


def main(arguments: Sequence[str]) -> int:
    """Do it."""
    what, *given = arguments
    if given:
        Path(given[0]).write_text(str(os.getpid()))
    if what == "refuse":
        raise ModelUnavailable("it is \x1b[2J no model")
    if what == "crash":
        os.abort()
    if what == "sleep":
        time.sleep(600)
    if what == "hang":
        sum(range(10**12))  # C code that holds the interpreter's lock
    if what == "take":
        bytearray(3 << 30)
    if what == "take slowly":
        held = []
        while True:
            held.append(bytes(range(256)) * 4096)
    if what == "say":
        sys.stderr.write("much\n" * 100_000 + "x" * 100_000)
        return 1
    return 0
