"""llama.cpp's bindings: loaded once, also by two threads at once, and with threads that soon sleep where they wait."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

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
def test_the_library_of_the_threads_reads_it() -> None:
    program = "from memos_cli.backends.llama.bindings import bindings; bindings()"
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
