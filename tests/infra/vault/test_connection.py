"""What SQLite's errors mean, and who is heard while it works."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memos_cli.infra.vault import connection
from tests.patience import PATIENCE

ENDLESS = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
COMMAND = f"""
import sqlite3, sys
from pathlib import Path
import memos_cli.cli.main as main
from memos_cli.infra.vault import connection

def work(*_):
    conn = sqlite3.connect(":memory:")
    connection.listen(conn)
    print("at work", flush=True)
    with connection.translated(Path("cube.db")):
        conn.execute({ENDLESS!r})

main._invoke = work
sys.exit(main.run([]))
"""


class Alarm(Exception):
    """What a signal's handler raises."""


def test_a_signal_ends_a_statement_that_would_not_end(tmp_path: Path) -> None:
    def ring(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    conn = sqlite3.connect(tmp_path / "cube.db")
    connection.listen(conn)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises((KeyboardInterrupt, Alarm)), connection.translated(tmp_path / "cube.db"):
            conn.execute(ENDLESS).fetchall()
    finally:
        signal.signal(signal.SIGALRM, before)
        conn.close()


@pytest.mark.parametrize(("number", "status", "said"), [
    (signal.SIGTERM, 143, b"memos: terminated\n"), (signal.SIGINT, 130, b"memos: interrupted\n"),
])  # fmt: skip
def test_a_command_in_a_long_statement_ends_at_a_signal_as_any_other(number: int, status: int, said: bytes) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"at work\n"
    time.sleep(0.2)
    process.send_signal(number)
    try:
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, err) == (status, said)
