"""llama.cpp's bindings: loaded once, also by two threads at once, and with threads that soon sleep where they wait."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from memos_cli.backends.llama import bindings

pytest.importorskip("llama_cpp")


def test_two_threads_get_the_same_bindings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "_loaded", [])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: bindings.bindings(), range(8)))
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_threads_that_wait_soon_sleep_unless_a_person_chose(
    given: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    seen: list[str | None] = []
    load = bindings._load
    monkeypatch.setattr(bindings, "_loaded", [])
    monkeypatch.setattr(bindings, "_load", lambda: (seen.append(os.environ.get("GOMP_SPINCOUNT")), load())[1])
    bindings.bindings()
    assert seen == [expected]
    assert os.environ.get("GOMP_SPINCOUNT") == given.get("GOMP_SPINCOUNT")  # no child process inherits it


@pytest.mark.skipif(sys.platform != "linux", reason="the GNU library of OpenMP is that of Linux")
@pytest.mark.parametrize(
    ("program", "package"),
    [
        ("from memos_cli.backends.llama.bindings import bindings; bindings()", "llama_cpp"),
        # What loads PyTorch first brings the library that llama.cpp computes with from then on.
        ("from memos_cli.backends.trainers.base import torch_module; torch_module()", "peft"),
        ("from memos_cli.backends.embedders.sentence import quiet\nwith quiet(): import torch", "torch"),
    ],
)
def test_the_library_of_the_threads_reads_it(program: str, package: str) -> None:
    if find_spec(package) is None:
        pytest.skip(f"not installed: {package}")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "OMP_DISPLAY_ENV": "VERBOSE"},
        capture_output=True,
        text=True,
        check=True,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("this llama.cpp was built with other threads")
    assert "GOMP_SPINCOUNT = '1000'" in done.stderr
