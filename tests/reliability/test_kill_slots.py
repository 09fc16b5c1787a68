"""`memos chat` killed while it writes slots: no half slot is ever used, answers stay what they are, the quota holds."""

import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Run, start
from tests.trials import trials

pytestmark = [pytest.mark.usefixtures("mini_answers"), pytest.mark.model, pytest.mark.slow]
KILLS = trials(5, 20)
QUOTA = 700_000
"""Bytes: room for the core's slot and one or two of conversations."""
FACTS = ("I am allergic to peanuts.", "My sister is called Lena.", "I live in Porto.", "My dog is called Biscuit.")
ASKED = ("What am I allergic to?", "What is my sister's name?", "Where do I live?", "What is my dog called?")


def kept(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.state"))


def answers(memos: Run, **given: object) -> list[object]:
    return [memos("--json", "chat", "-m", asked, "--no-save", **given).data["answer"] for asked in ASKED]


def test_a_chat_that_is_killed_leaves_no_slot_that_lies(memos: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    monkeypatch.setenv("MEMOS_LLM_MODEL", "memos-mini")
    monkeypatch.setenv("MEMOS_SLOTS_BYTES", str(QUOTA))
    for fact in FACTS:
        memos("add", fact, "--pin")
    wanted = answers(memos, env={"MEMOS_SLOTS_BYTES": "0"})
    folder, chance, killed = home / "cache" / "slots", random.Random(5), 0
    for number in range(KILLS):
        # Conversations of some length, a new one now and then: each answer is followed by the writing of slots.
        going_on = ("--continue",) if number % 5 else ()
        process = start(
            ["chat", *going_on, "-m", ASKED[number % len(ASKED)]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert process.stdout is not None
        with process, process.stdout as said:
            said.readline()
            time.sleep(chance.random() * (0.02, 0.1)[number % 2])
            killed += process.poll() is None
            process.kill()
        assert kept(folder) <= QUOTA
    assert killed > KILLS / 2
    assert memos("slot", "verify").status == 0
    assert answers(memos) == wanted
    for asked in ASKED:
        assert memos("chat", "--continue", "-m", asked).status == 0
    assert memos("slot", "verify").status == 0
    assert answers(memos) == wanted
    assert kept(folder) <= QUOTA
    assert list(folder.glob(".*")) == [], "the next one that wrote swept up"
    assert memos("doctor").status == 0
