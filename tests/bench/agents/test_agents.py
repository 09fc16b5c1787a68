"""What `memos bench agents` measures of memos and of a peer."""

import os
import sys
from pathlib import Path

import pytest

from memos_cli.bench.agents import agents
from memos_cli.bench.agents.agents import OURS, Call, Load, Server
from memos_cli.bench.startup.startup import Timing
from tests.patience import PATIENCE

pytest.importorskip("mcp")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
SMALL = [sys.executable, str(Path(__file__).with_name("served.py"))]
LOAD = Load(repeat=1, calls=4, clients=2, patience=PATIENCE)


def test_a_sentence_is_put_in_at_any_depth_and_is_new_each_time() -> None:
    call = Call("create", {"entities": [{"name": "{text}", "seen": 3}], "as": "x {text}"})
    first, second = call.at(1), call.at(2)
    assert first["entities"][0]["name"] == first["as"][2:]
    assert "number 1 " in first["as"]
    assert first != second


def test_ratios_are_those_of_the_medians() -> None:
    row = agents._medians([Timing(3.0, 0.5), Timing(1.0, 0.4), Timing(2.0, 0.9)], [Timing(1.0, 1.0), Timing(1.6, 1.0)])
    assert row == {"initialize_s": 2.0, "initialize_ratio": 1.5385, "initialize_cpu_s": 0.5, "initialize_cpu_ratio": 0.5}
    assert agents._medians([], [Timing(1.0, 1.0)]) == {}


@pytest.mark.usefixtures("temporary")
def test_memos_is_measured_beside_peers_of_which_one_fails() -> None:
    told: list[tuple[int, int]] = []
    peers = [
        Server("small", SMALL, (Call("first", {"text": "{text}"}), Call("first", {"text": "refused"}))),
        Server("uncalled", SMALL),
        Server("broken", [*SMALL, "dies"]),
    ]
    report = agents.run(peers, LOAD, os.environ, lambda done, of: told.append((done, of)))
    ours, small, uncalled, broken = report["servers"]
    assert [ours["server"], small["server"]] == [OURS, "small"]
    assert (ours["failed"], ours["tools"], ours["failed_calls"], ours["at_once_failed_calls"]) == (None, 6, 0, 0)
    assert 0 < ours["schema_tokens"] <= 1200
    assert 0 < ours["idle_mib"] <= ours["called_mib"] < ours["at_once_mib"]
    assert min(ours["initialize_s"], ours["at_once_s"]) > 0
    assert (small["tools"], small["failed_calls"], small["at_once_failed_calls"]) == (2, 2, 2)
    assert uncalled["failed"] is None
    assert "call_s" not in uncalled
    assert uncalled["at_once_failed_calls"] is None
    assert "no key was given" in broken["failed"]
    assert told[-1] == (16, 16)
