"""The client that measures, with servers of which anything may be wrong."""

import os
import sys
from pathlib import Path

import pytest

from memos_cli.bench.agents import client as module
from memos_cli.bench.agents.client import Client, Failed
from tests.patience import PATIENCE

SERVED = str(Path(__file__).with_name("served.py"))


def begun(*ways: str, patience: float = PATIENCE) -> Client:
    return Client([sys.executable, SERVED, *ways], os.environ, patience)


@pytest.mark.parametrize("way", ["", "talks"])
def test_a_session_whatever_the_server_says_besides(way: str) -> None:
    with begun(way) as client:
        assert client.initialize() == {"serverInfo": {"name": "small"}}
        assert [one["name"] for one in client.tools()] == ["first", "second"]
        assert client.call("first", {"text": "number 1"}) is True
        assert client.call("first", {"text": "one"}) is False


@pytest.mark.parametrize(
    ("way", "patience", "said"),
    [
        ("dies", PATIENCE, "status 1: no key was given"),
        ("errs", PATIENCE, "initialize: .*out of order"),
        ("silent", 0.5, "no answer in 0.5 s"),
    ],
)
def test_what_fails_is_told(way: str, patience: float, said: str) -> None:
    with begun(way, patience=patience) as client, pytest.raises(Failed, match=said):
        client.initialize()


def test_a_flood_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 1 << 16)
    with begun("floods") as client, pytest.raises(Failed, match="more than"):
        client.initialize()


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(Failed, match="no-such-program cannot be started"):
        Client(["no-such-program"], os.environ, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_memory_and_processor_are_those_of_all_that_was_started() -> None:
    with begun() as alone:
        alone.initialize()
        one, _ = alone.used()
    shell = f"{sys.executable} {SERVED}; true"
    with Client(["sh", "-c", shell], os.environ, PATIENCE) as below:
        below.initialize()
        memory, computed = below.used()
    assert memory > one > 1
    assert computed > 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes")
def test_nothing_is_left_of_a_server_that_does_not_end() -> None:
    with begun("silent", patience=0.3) as client:
        with pytest.raises(Failed):
            client.initialize()
        number = client._process.pid
    assert not Path(f"/proc/{number}").exists()
