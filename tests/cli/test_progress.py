"""A progress bar on a terminal: what is said meanwhile stands above it, on lines of its own."""

import os
import pty
import re
import subprocess
import sys
import termios

import pytest

from tests.cli.helpers import written
from tests.patience import PATIENCE

PROGRAM = """
from memos_cli.cli.app import App
from memos_cli.cli.progress import progress

app = App()
with progress(app, "embedding") as tell:
    app.note("preparing the embedding model (once), which takes a while on a small machine and is done but once\u2026")
    tell(1, 1500)
    app.note("half of it is done")
    tell(750, 1500)
app.note("done")
"""
_CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


def screen(shown: str) -> list[str]:
    """The lines of a terminal after this was written to it, as far as a progress bar moves its cursor."""
    lines, row, column = [""], 0, 0
    place = 0
    while place < len(shown):
        control = _CONTROL.match(shown, place)
        if control:
            number = int(control[1]) if control[1].isdigit() else 1
            row -= number if control[2] == "A" else 0
            if control[2] == "K":
                lines[row] = ""
            place = control.end()
            continue
        one = shown[place]
        place += 1
        if one == "\r":
            column = 0
        elif one == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        else:
            lines[row] = lines[row][:column].ljust(column) + one + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines if line.strip()]


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_said_meanwhile_stands_above_the_bar(width: int) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, width))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    shown = b"".join(written(ours)).decode()
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    told = screen(shown)
    assert "embedding" not in [line.split()[0] for line in told], "the bar is taken away"
    assert " ".join(told) == (
        "preparing the embedding model (once), which takes a while on a small machine and is done but once\u2026"
        " half of it is done done"
    )
    assert all(len(line) <= width for line in told)
