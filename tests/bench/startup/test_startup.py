"""The figures of `memos bench startup`."""

import os

import pytest

from memos_cli.bench.startup import startup
from memos_cli.bench.startup.startup import BASE, PROGRAMS, Timing
from memos_cli.errors import MemosError


def test_ratios_are_those_of_the_medians() -> None:
    runs = {
        BASE: [Timing(0.1, 0.05), Timing(0.3, 0.06), Timing(0.2, 0.04)],
        "list": [Timing(0.4, 0.1), Timing(0.5, 0.2), Timing(9.0, 0.15)],
    }
    base, row = startup.figures(runs)
    assert (base["wall_s"], base["wall_ratio"], base["cpu_ratio"]) == (0.2, 1.0, 1.0)
    assert (row["program"], row["wall_s"], row["wall_p90_s"], row["wall_ratio"]) == ("list", 0.5, 9.0, 2.5)
    assert (row["cpu_s"], row["cpu_p90_s"], row["cpu_ratio"]) == (0.15, 0.2, 3.0)


def test_the_90th_percentile_is_a_time_that_was_measured() -> None:
    runs = {BASE: [Timing(float(number), 1.0) for number in range(10, 0, -1)]}
    assert startup.figures(runs)[0]["wall_p90_s"] == 9.0


def test_a_process_that_fails_is_named() -> None:
    with pytest.raises(MemosError, match="status 3"):
        startup.timed(("-c", "raise SystemExit(3)"), os.environ)


def test_a_process_that_computes_shows_its_processor_time() -> None:
    waited = startup.timed(("-c", "import time; time.sleep(0.4)"), os.environ)
    assert waited.wall > 0.4
    assert 0 < waited.cpu < waited.wall


@pytest.mark.usefixtures("temporary")
def test_each_program_is_measured_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMOS_CUBE", "a-cube-that-is-not-there")
    told: list[tuple[int, int]] = []
    report = startup.run(1, os.environ, lambda done, of: told.append((done, of)))
    assert [row["program"] for row in report["programs"]] == list(PROGRAMS)
    assert all(row["cpu_s"] > 0 and row["wall_s"] > 0 for row in report["programs"])
    assert told[-1] == (len(PROGRAMS), len(PROGRAMS))
