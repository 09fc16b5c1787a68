"""What the tests of reliability are given."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.helpers import can_mount


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    if not can_mount():
        pytest.skip("only root on Linux can mount a tmpfs")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
