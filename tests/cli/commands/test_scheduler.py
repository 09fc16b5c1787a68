"""`memos scheduler`: its JSON, its tables, and that it never fails for want of something."""

import os

import pytest

from tests.cli.test_contract import TEXT, typed
from tests.conftest import Run

pytestmark = pytest.mark.usefixtures("mini_answers")

STATUS = {
    "budgets": {"tokens": int, "kv_bytes": int, "adapters": int},
    "costs": {"prefill": float, "kv": int, "restore": float, "overhead": float},
    "slots": {"ready": int, "bytes": int},
    "sets": [{"name": str, "rule": str, "memories": int, "tokens": int, "recalls": int, "last": TEXT, "probability": float}],
    "hit_rates": {"recalls": int},
}
EXPLAINED = {
    "request": TEXT, "at": str, "budgets": {"tokens": int, "kv_bytes": int, "adapters": int}, "slot": TEXT, "tokens": int,
    "kv_bytes": int, "adapters": [str], "saved": float,
    "decisions": [
        {"id": str, "form": TEXT, "why": str, "reason": str, "tokens": int, "set": TEXT, "adapter": TEXT}
    ],
}  # fmt: skip


@pytest.fixture
def told(memos: Run) -> Run:
    memos("add", "I like tofu", "--tag", "diet")
    memos("add", "the standup is at nine", "--tag", "a tag with a name that is much too long for a narrow column of a table")
    memos("add", "Always answer in metric units", "--kind", "rule")
    return memos


def test_status_tells_sets_and_what_is_likely(told: Run) -> None:
    told("search", "tofu")
    found = told("scheduler", "status", "--json").data
    typed(found, STATUS)
    sets = {one["name"]: one for one in found["sets"]}
    assert (sets["diet"]["recalls"], sets["diet"]["rule"]) == (1, "tag")
    assert sets["diet"]["last"] is not None
    assert sum(one["probability"] for one in found["sets"]) == pytest.approx(1, abs=1e-3)
    assert found["hit_rates"]["recalls"] == 1
    assert sets["diet"]["next"]["do"] == "leave", "no model is chosen, so there is no budget of KV"
    shown = told("scheduler", "status")
    assert shown.status == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "slots: none without a model" in shown.out
    core = next(line for line in shown.out.splitlines() if line.startswith("core"))
    assert "%" not in core, "it stands in every prompt, and is not foreseen"
    assert "foreseen" not in shown.out, "one recall says nothing of a share"
    for _ in range(4):
        told("search", "tofu")
    assert "foreseen of 5 recalls" in told("scheduler", "status").out


def test_explain_tells_form_and_reason_and_changes_nothing(told: Run) -> None:
    before = told("scheduler", "status", "--json").out
    found = told("scheduler", "explain", "do I like tofu?", "--json").data
    typed(found, EXPLAINED)
    assert found["request"] == "do I like tofu?"
    assert [(one["form"], one["set"]) for one in found["decisions"]] == [("plaintext", "core"), ("plaintext", "diet")]
    assert found["decisions"][1]["reason"] == "no slot of diet is ready"
    assert found["tokens"] == sum(one["tokens"] for one in found["decisions"])
    assert told("scheduler", "status", "--json").out == before
    shown = told("scheduler", "explain", "do I like tofu?").out
    assert max(map(len, shown.splitlines())) <= 80
    assert "I like tofu" in shown


def test_why_no_slot_is_made_is_told(told: Run) -> None:
    assert "memos model use" in told("scheduler", "explain", "tofu").err
    assert "without a model" in told("scheduler", "explain").err
    off = {"MEMOS_LLM_MODEL": "memos-mini", "MEMOS_SLOTS_BYTES": "0"}
    assert "slots: none, since slots.bytes is 0" in told("scheduler", "status", env=off).out
    away = {"MEMOS_LLM_ENDPOINT": "http://127.0.0.1:1/v1"}
    assert "slots: none, since a model elsewhere" in told("scheduler", "status", env=away).out
    on = {"MEMOS_LLM_MODEL": "memos-mini"}
    shown = told("scheduler", "status", env=on).out
    assert ", diet: it is hardly recalled" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "memos lifecycle tick" in told("scheduler", "explain", "tofu", env=on).err


def test_budgets_are_settings(told: Run) -> None:
    env = {"MEMOS_SCHEDULER_TOKENS": "20", "MEMOS_SCHEDULER_ADAPTERS": "0"}
    found = told("scheduler", "explain", "tofu", "--json", env=env).data
    assert found["budgets"] == {"tokens": 20, "kv_bytes": 0, "adapters": 0}
    assert found["tokens"] <= 20
    assert [one["form"] for one in found["decisions"]] == ["plaintext", None]
    assert told("scheduler", "status", env={"MEMOS_SCHEDULER_TOKENS": "many"}).status == 2


def test_with_nothing_there_it_says_so(memos: Run) -> None:
    for arguments in (("status",), ("explain",), ("explain", "tofu")):
        ran = memos("scheduler", *arguments)
        assert ran.status == 0, ran.err
        assert ran.err
        assert memos("scheduler", *arguments, "--json").status == 0
    assert memos("scheduler", "explain", "--json").data == {"request": None, "decisions": []}


def test_a_secret_is_masked(told: Run) -> None:
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zC9bD1fG3hJ5"
    told("add", f"the token for work is {token}")
    shown = told("scheduler", "explain", "token for work")
    assert shown.status == 0
    assert token[8:] not in shown.out + told("scheduler", "explain", "token for work", "--json").out


@pytest.mark.model
def test_a_tick_makes_a_slot_from_which_chat_begins(told: Run, models: os.PathLike[str]) -> None:
    env = {
        "MEMOS_LLM_MODEL": f"{models}/mini.gguf",
        "MEMOS_SLOTS_LEAST": "1",
        "MEMOS_LLM_CONTEXT": "2048",
    }
    told("search", "tofu")
    told("lifecycle", "policy", "set", "slots.ahead", "2")
    ticked = told("lifecycle", "tick", "--json", env=env)
    assert ticked.data["cubes"][0]["slots_built"] >= 2, ticked
    status = told("scheduler", "status", "--json", env=env).data
    assert status["slots"]["ready"] == ticked.data["cubes"][0]["slots_built"]
    assert 0 < status["slots"]["bytes"] <= status["budgets"]["kv_bytes"]
    assert told("scheduler", "explain", "do I like tofu?", "--json", env=env).data["slot"] == "diet"
    answered = told("chat", "-m", "do I like tofu?", "--json", env=env).data
    assert answered["tokens"]["slot"] > 0
    assert answered["tokens"]["evaluated"] < answered["tokens"]["prompt"]
    last = told("scheduler", "explain", "--json", env=env).data
    assert {one["form"] for one in last["decisions"]} == {"activation"}
    again = [told("lifecycle", "tick", "--json", env=env).data["cubes"][0]["slots_built"] for _ in range(2)]
    assert again[-1] == 0, "what the answer cited may make another scene likely, and then nothing changes any more"
