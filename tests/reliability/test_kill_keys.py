"""Keys survive kill -9: one that was told is there and works, one that was not is no hindrance, and no half of one stays."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from memos_cli.infra.crypto.keys import Ring
from tests.patience import PATIENCE
from tests.trials import trials

KILLS = trials(6, 100)
_MAKER = """
import sys
from pathlib import Path
from memos_cli.infra.crypto.keys import Ring
ring = Ring(Path(sys.argv[1]), lock_timeout=5)
other = Ring(Path(sys.argv[1]) / "theirs", lock_timeout=5)
for number in range(10_000):
    print(ring.new(f"{sys.argv[2]}-{number}").name, flush=True)
    ring.trust(other.new(f"{sys.argv[2]}-friend-{number}"))
    print(f"{sys.argv[2]}-friend-{number}", flush=True)
"""


def test_keys_survive_being_killed_while_they_are_made(tmp_path: Path) -> None:
    folder, told = tmp_path / "keys", set()
    chance = random.Random(5)
    for turn in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", _MAKER, str(folder), f"k{turn}"], stdout=subprocess.PIPE, env={**os.environ}
        )
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(chance.randint(1, 4))]
        time.sleep(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().split(b"\n")[:-1]
        told |= {line.decode().strip() for line in lines}
        process.wait(PATIENCE)
        process.stdout.close()
    assert len(told) >= KILLS
    ring = Ring(folder, lock_timeout=5)
    ring.new("last")
    own, trusted = {one.name for one in ring.own()}, {one.name for one in ring.trusted()}
    assert told <= own | trusted
    assert len(own | trusted) <= len(told) + 1 + KILLS
    for name in own:
        ring.private(name)
    assert not [path for path in folder.iterdir() if path.name.startswith(".") and path.name != ".lock"]
