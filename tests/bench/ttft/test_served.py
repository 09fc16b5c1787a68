"""Timing the endpoint: figures of servers that really ran, and messages where one cannot."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from memos_cli.bench.ttft import served
from memos_cli.bench.ttft.ttft import Subject
from memos_cli.errors import ModelUnavailable
from tests.conftest import ROOT

pytest.importorskip("llama_cpp")
pytest.importorskip("uvicorn")

MINI = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
SUBJECT = Subject("a model", MINI, "0" * 64, 1024, 1, "f16")
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_without_the_other_server_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "_PEER", ("no_such_package",))
    with pytest.raises(ModelUnavailable) as told:
        served.run(SUBJECT, [64], 1, tmp_path, ENVIRON)
    assert told.value.hint == "pip install 'llama-cpp-python[server]'"


def test_a_long_text_is_not_evaluated_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other server is stood in for by one of memos that reuses nothing."""

    @contextmanager
    def peer(_: Subject, __: int, env: Mapping[str, str]) -> Iterator[served.Process]:
        with served._memos({**env, "MEMOS_SLOTS_BYTES": "0"}, tokens[0]) as process:
            yield process

    def token(env: Mapping[str, str]) -> str:
        tokens.append(made(env))
        return tokens[0]

    made, tokens = served._token, list[str]()
    monkeypatch.setattr(served, "_PEER", ())
    monkeypatch.setattr(served, "_peer", peer)
    monkeypatch.setattr(served, "_token", token)
    monkeypatch.setattr(served, "MEMORIES", served.MEMORIES[:2])
    steps: list[tuple[int, int]] = []
    report = served.run(SUBJECT, [128], 1, tmp_path, ENVIRON, lambda *step: steps.append(step))
    (row,) = report["rows"]
    assert row["cached"] > 100
    assert row["cached"] < row["tokens"]
    assert all(row[f"{name}_s"] > 0 for name in ("peer", "slot", "restart", "memory"))
    assert row["ratio"] == round(row["peer_s"] / row["slot_s"], 2)
    assert steps[-1] == (5, 5)
    assert list(tmp_path.iterdir()) == []
