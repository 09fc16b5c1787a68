"""`memos bench ttft` as it is run: figures, tables, what cannot be measured, and that nothing is left."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import Run, start
from tests.patience import PATIENCE

pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")
FIELDS = {
    "context_tokens", "question_tokens", "full_s", "restore_s", "saved_share", "ceiling", "slot_bytes", "max_logit_diff",
    "whole_logit_diff", "digest_s", "read_s", "load_s", "question_s", "save_s", "peak_bytes",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_left(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither states nor weights nor temporary files outlive a run."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield
    assert list(folder.iterdir()) == []
    assert {path.name for path in home.rglob("*") if path.is_file()} <= {"ttft.lock", "config.toml"} | {
        path.name for path in home.rglob("known/*")
    }


def test_a_shape_is_measured(memos: Run) -> None:
    done = memos("--json", "bench", "ttft", "--shape", "tiny", "--context", "300", "--context", "100", "--question", "16")
    assert done.status == 0, done.err
    assert [(row["context_tokens"], row["question_tokens"]) for row in done.data["rows"]] == [(100, 16), (300, 16)]
    for row in done.data["rows"]:
        assert set(row) >= FIELDS
        assert row["max_logit_diff"] == 0
        assert row["ceiling"] == pytest.approx(row["context_tokens"] / (row["context_tokens"] + 16), abs=1e-6)
        assert row["saved_share"] == pytest.approx(1 - row["restore_s"] / row["full_s"], abs=0.01)
    assert (done.data["kv"], done.data["repeat"], done.data["left_out"]) == ("f16", 3, [])
    assert done.data["facts"]["threads"] == "1/1"


def test_the_model_of_the_settings_with_smaller_keys_and_values(memos: Run) -> None:
    env = {"MEMOS_LLM_MODEL": "memos-mini", "MEMOS_LLM_KV": "q8_0"}
    asked = ("--context", "256", "--context", "4096", "--question", "16", "--repeat", "1")
    done = memos("--json", "bench", "ttft", *asked, env=env)
    assert done.status == 0, done.err
    (row,) = done.data["rows"]
    assert row["max_logit_diff"] == 0
    assert 0.5 < row["slot_bytes"] / row["f16_slot_bytes"] < 0.6
    assert 0 < row["divergence"] < 0.1
    assert abs(row["likeliest_logprob_diff"]) < 0.5
    assert done.data["left_out"] == [4096]
    table = memos("bench", "ttft", *asked, "--plot", env=env)
    assert table.status == 0, table.err
    assert all(len(line) <= 80 for line in table.out.splitlines())
    assert "saves" in table.out
    assert "left out" in table.err
    assert memos("bench", "ttft", "--context", "4096", env=env).status == 2


def test_flash_attention_is_compared_in_one_run(memos: Run) -> None:
    asked = ("--model", "memos-mini", "--context", "256", "--question", "16", "--repeat", "1", "--flash")
    done = memos("--json", "bench", "ttft", *asked, "both")
    assert done.status == 0, done.err
    assert [(row["flash"], row["context_tokens"], row["max_logit_diff"]) for row in done.data["rows"]] == [
        ("off", 256, 0),
        ("on", 256, 0),
    ]
    assert memos("--json", "bench", "ttft", *asked, "on").data["rows"][0]["flash"] == "on"
    assert memos("--json", "bench", "ttft", *asked, "auto").data["rows"][0]["flash"] == "off"
    table = memos("bench", "ttft", *asked, "both")
    assert ("flash attention off" in table.out, "flash attention on" in table.out) == (True, True)


def test_the_command_is_timed_beside_loading_the_model(memos: Run) -> None:
    done = memos("--json", "bench", "ttft", "--model", "memos-mini", "--chat", "--repeat", "1")
    assert done.status == 0, done.err
    found = done.data
    assert 0 < found["first_s"] < found["all_s"]
    assert found["first_ratio"] == pytest.approx(found["first_s"] / found["load_s"], abs=1e-4)
    assert found["all_ratio"] == pytest.approx(found["all_s"] / found["load_s"], abs=1e-4)
    assert found["cpu_s"] > 0 < found["load_cpu_s"]
    assert (found["answer"], found["tokens"]["evaluated"] > 0) == ("Biscuit", True)
    table = memos("bench", "ttft", "--model", "memos-mini", "--chat", "--repeat", "1")
    assert all(len(line) <= 80 for line in table.out.splitlines())


@pytest.mark.parametrize(
    "wrong",
    [
        ("--shape", "tiny", "--model", "memos-mini"), ("--shape", "tiny", "--chat"), ("--chat", "--context", "256"),
        ("--chat", "--question", "16"), ("--chat", "--flash", "both"),
    ],
)  # fmt: skip
def test_what_excludes_each_other_is_said(memos: Run, wrong: tuple[str, ...]) -> None:
    assert memos("bench", "ttft", *wrong).status == 2


def test_without_a_model_that_keeps_a_state_there_is_nothing_to_measure(memos: Run) -> None:
    done = memos("--json", "bench", "ttft")
    assert (done.status, done.error["code"]) == (14, "model_unavailable")
    assert "--shape" in done.error["hint"]
    done = memos("bench", "ttft", env={"MEMOS_LLM_MODEL": "x", "MEMOS_LLM_ENDPOINT": "http://127.0.0.1:9"})
    assert done.status == 14


def test_two_at_once_would_disturb_each_other(memos: Run, home: Path) -> None:
    folder = home / "cache" / "bench"
    folder.mkdir(parents=True)
    with FileLock(folder / "ttft.lock"):
        assert memos("bench", "ttft", "--shape", "tiny").status == 75


def test_what_a_killed_run_left_is_swept_up_by_the_next(memos: Run, home: Path) -> None:
    process = start(["bench", "ttft", "--shape", "tiny", "--context", "4096", "--question", "16", "--repeat", "100"])
    folder = home / "cache" / "bench"
    end = time.monotonic() + PATIENCE
    while not list(folder.glob("ttft-*/*.state")):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.wait()
    (folder / ".1.5B-q8_0.1.gguf.0123456789ab").write_bytes(b"half")
    assert list(folder.glob("*.gguf"))
    assert memos("bench", "ttft", "--shape", "tiny", "--context", "64", "--question", "16", "--repeat", "1").status == 0


def test_stopped_in_the_middle_it_leaves_nothing(home: Path) -> None:
    process = start(["bench", "ttft", "--shape", "tiny", "--context", "4096", "--question", "16", "--repeat", "100"])
    folder = home / "cache" / "bench"
    end = time.monotonic() + PATIENCE
    while not list(folder.glob("ttft-*/*.state")):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
