"""Rows, words, vectors and the matrix agree, whatever is done to a cube and whenever the process that does it is killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.trials import trials

pytest.importorskip("numpy")
KILLS = trials(6, 300)


@pytest.mark.slow
def test_kill_9_at_any_step_leaves_rows_words_vectors_and_matrix_in_agreement(home: Path) -> None:
    shuffler = Path(__file__).with_name("shuffler.py")
    done = subprocess.run(
        [sys.executable, str(shuffler), str(home), "20261130", str(KILLS)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["[]"] * KILLS
