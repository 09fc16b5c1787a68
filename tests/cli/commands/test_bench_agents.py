"""`memos bench agents` as it is run: its figures, its table, and what is refused."""

import shlex
import sys
from pathlib import Path

import pytest

from memos_cli.cli.commands.bench_agents import servers
from tests.bench.agents import served
from tests.conftest import Run

pytest.importorskip("mcp")
pytestmark = [
    pytest.mark.usefixtures("temporary"),
    pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process"),
]
SMALL = shlex.join([sys.executable, served.__file__])
FEW = ("bench", "agents", "--repeat", "1", "--count", "2", "--clients", "1")


def test_a_peer_is_measured_beside_memos_and_the_home_is_left_alone(memos: Run, home: Path) -> None:
    done = memos(
        "--json", *FEW, "--peer", f"small={SMALL}", "--call", 'small=first {"text": "{text}"}', "--call", "small=second"
    )
    assert done.status == 0, done.err
    assert [(one["server"], one["failed"]) for one in done.data["servers"]] == [("memos", None), ("small", None)]
    assert [one["failed_calls"] for one in done.data["servers"]] == [0, 0]
    assert not (home / "cubes").exists()


def test_a_peer_that_fails_is_told_after_the_table(memos: Run) -> None:
    done = memos(*FEW, "--peer", f"broken={SMALL} dies")
    assert done.status == 1
    assert {"memos", "broken"} <= {line.split()[0] for line in done.out.splitlines() if line.split()}
    assert max(map(len, done.out.splitlines())) <= 80
    assert "broken failed" in done.err
    assert "no key was given" in done.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--peer", "name"), "no NAME=COMMAND"),
        (("--peer", "a="), "no NAME=COMMAND"),
        (("--peer", "a='x"), "quotation"),
        (("--peer", "memos=x"), "two of this name"),
        (("--peer", "a=x", "--peer", "a=y"), "two of this name"),
        (("--call", "a=tool"), "no --peer has this name"),
        (("--peer", "a=x", "--call", "a=tool [1]"), "no NAME=TOOL JSON"),
        (("--peer", "a=x", "--call", "a=tool {"), "no NAME=TOOL JSON"),
        (("--clients", "0"), "--clients"),
    ],
)
def test_what_is_no_peer_is_refused_before_anything_runs(memos: Run, given: tuple[str, ...], said: str) -> None:
    done = memos("bench", "agents", *given)
    assert done.status == 2
    assert said in done.err


def test_calls_go_to_the_peer_of_their_name() -> None:
    one, two = servers(["a=x 'y z'", "b=w"], ['b=put {"text": "{text}"}', "b=get"])
    assert (one.command, one.calls) == (["x", "y z"], ())
    assert [call.tool for call in two.calls] == ["put", "get"]
