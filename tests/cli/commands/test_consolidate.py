"""`memos consolidate`, and what the rest of the command line does about what a model has learnt."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.local import adapters
from memos_cli.model import Adapter
from tests.conftest import ROOT, Run
from tests.learnt import grow

pytestmark = pytest.mark.usefixtures("mini_answers")

FACTS = ("I live in Porto.", "My dog is called Brixo.")


@pytest.fixture
def told(memos: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MEMOS_LLM_MODEL", str(models / "mini.gguf"))
    for fact, key in zip(FACTS, ("home", "dog"), strict=True):
        memos("add", fact, "--kind", "fact", "--key", key)
    return memos


def grown(home: Path, models: Path, **how: object) -> Adapter:
    with MOS(home) as mos:
        return grow(mos, models / "mini.gguf", **how)  # type: ignore[arg-type]


def states(memos: Run) -> list[str]:
    return [one["status"] for one in memos("consolidate", "show", "--json").data["generations"]]


def ids(memos: Run) -> dict[str, str]:
    return {one["content"]: one["id"] for one in memos("list", "--json").data["memories"]}


def test_the_plan_says_what_and_why_not(told: Run) -> None:
    plan = told("consolidate", "plan", "--json").data
    assert (plan["facts"], plan["new"], plan["model"]) == (0, 0, "mini")
    assert {one["reason"] for one in plan["left"]} == {"it is too new or changed lately"}
    told("lifecycle", "policy", "set", "consolidate.settled_days", "0")
    told("add", "My password is hunter2-Xk9!q", "--kind", "fact")
    plan = told("consolidate", "plan", "--json").data
    assert [one["content"] for one in plan["chosen"]] == list(FACTS)
    assert plan["tokens"] > 1000
    assert plan["seconds"] > 0
    assert [one["reason"].split(":")[0] for one in plan["left"]] == ["it is sensitive"]
    said = told("consolidate", "plan")
    assert max(map(len, said.out.splitlines())) <= 80
    assert "2 memories to learn, 2 of them new; 1 memory not" in said.out
    assert "hunter2" not in said.out
    without = told("consolidate", "plan", "--json", env={"MEMOS_LLM_MODEL": "none"})
    assert (without.status, without.data["facts"], without.data["tokens"]) == (0, 2, None)
    assert "memos model" not in without.err


def test_a_memory_that_is_taken_back_detaches_at_once_and_undo_attaches_again(told: Run, home: Path, models: Path) -> None:
    one = grown(home, models)
    known = ids(told)
    assert states(told) == ["promoted"]
    for change in (
        ("forget", known[FACTS[0]], "--yes"),
        ("add", "I live in Oslo.", "--kind", "fact", "--key", "home"),
        ("edit", known[FACTS[1]], "My dog is called Rex."),
    ):
        assert told(*change).status == 0
        assert states(told) == ["detached"]
        answered = told("--json", "chat", "-m", "Where do I live?", "--no-save")
        assert answered.status == 0
        assert f"generation {one.number} of what mini learnt is not used" in answered.err
        (job,) = told("consolidate", "jobs", "--json").data["jobs"]
        assert (job["state"], job["kind"]) == ("queued", "rebuild")
        assert told("undo").status == 0
        assert states(told) == ["promoted"]
        assert "not used" not in told("chat", "-m", "Where do I live?", "--no-save").err
    told("tag", known[FACTS[0]], "city")
    told("pin", known[FACTS[0]])
    assert states(told) == ["promoted"]


def test_promote_rollback_and_their_undo(told: Run, home: Path, models: Path) -> None:
    grown(home, models)
    assert told("consolidate", "rollback").status == 10
    second = grown(
        home, models, failures=("it answers 10.0% of the held-out questions, 80.0% are asked",), promoted=False, seed=2
    )
    refused = told("consolidate", "promote", "2", "--json")
    assert (refused.status, refused.error["exit_status"]) == (3, 3)
    assert "10.0% of the held-out" in refused.error["message"]
    assert "--yes" in refused.error["hint"]
    assert states(told) == ["promoted", "evaluated"]
    assert told("consolidate", "promote", second.id[:6], "--yes").status == 0
    assert states(told) == ["retired", "promoted"]
    assert told("undo").status == 0
    assert states(told) == ["promoted", "evaluated"]
    told("consolidate", "promote", "2", "--yes")
    assert told("consolidate", "rollback", "--dry-run").out == "chat would use generation 1 again, and 2 no longer\n"
    back = told("consolidate", "rollback", "--json").data
    assert (back["from"], back["to"]) == (2, 1)
    assert states(told) == ["promoted", "retired"]
    told("consolidate", "promote", "2", "--yes")
    told("forget", ids(told)[FACTS[0]], "--yes")
    for command in (("rollback",), ("promote", "1")):
        done = told("consolidate", *command)
        assert done.status == 3
        assert "was forgotten" in done.err
    assert told("consolidate", "promote", "77777777").status == 10  # a single 7 may be how an id begins


@pytest.mark.parametrize("damage", ["changed", "cut", "gone", "foreign"])
def test_a_damaged_adapter_is_never_loaded_and_never_ends_chat(told: Run, home: Path, models: Path, damage: str) -> None:
    one = grown(home, models)
    plain = told("--json", "chat", "-m", "Where do I live?", "--no-save").data["answer"]
    (path,) = home.rglob("adapter.gguf")
    content = bytearray(path.read_bytes())
    if damage == "changed":
        content[len(content) // 2] ^= 1
    path.write_bytes(content[:100] if damage == "cut" else content)
    if damage == "gone":
        path.unlink()
    if damage == "foreign":  # what another copy of this cube says of its files tells nothing of the ones here
        with MOS(home) as mos:
            vault = mos.vaults()[0]
            with vault.derive() as conn:
                conn.execute("UPDATE cube SET value = 'another' WHERE key = 'replica'")
    said = told("--json", "chat", "-m", "Where do I live?", "--no-save")
    assert (said.status, said.data["answer"]) == (0, plain)
    assert "is not used: it" in said.err
    (shown,) = told("consolidate", "show", "--json").data["generations"]
    assert shown["status"] == "detached"
    assert shown["id"] == one.id
    assert told("consolidate", "eval").status == 13
    assert told("consolidate", "promote", "1").status == (3 if damage == "foreign" else 13), "whose trust is asked for"


def test_an_adapter_that_does_not_fit_is_left_out(told: Run, home: Path, models: Path) -> None:
    grown(home, models, shapes={"blk.0.attn_q.weight": (8, 8)})
    said = told("--json", "chat", "-m", "Where do I live?", "--no-save")
    assert said.status == 0
    assert "generation 1 is not used" in said.err


def test_nobody_else_is_answered_with_it_and_a_setting_switches_it_off(told: Run, home: Path, models: Path) -> None:
    from memos_cli.operation.parametric import active_adapter

    grown(home, models)
    with MOS(home) as mos:
        chosen = active_adapter.chosen(mos)
        assert chosen.attached is not None
        assert set(active_adapter.covered(mos)) == set(ids(told).values())
        assert active_adapter.chosen(mos, "ana").attached is None
    with MOS(home, principal="ana") as mos:
        assert active_adapter.chosen(mos).attached is None
        assert active_adapter.covered(mos) == {}
    told("config", "set", "scheduler.adapters", "0")
    with MOS(home) as mos:
        assert active_adapter.chosen(mos).attached is None
    assert told("consolidate", "plan", "--as", "ana").status == 3


def test_a_purge_reaches_data_sets_and_adapters(told: Run, home: Path, models: Path) -> None:
    told("add", "My sister Zamirabel lives in Oslo.", "--kind", "fact")
    grown(home, models)
    told("add", "My neighbour Quexatol is loud.", "--kind", "note")
    plan = told("forget", ids(told)["My sister Zamirabel lives in Oslo."], "--purge", "--dry-run", "--json").data
    assert plan["removed"]["adapters"] == 1
    receipt = told("forget", ids(told)["My sister Zamirabel lives in Oslo."], "--purge", "--yes", "--json").data
    assert receipt["removed"]["adapters"] == 1
    for path in home.rglob("*"):
        assert not path.is_file() or b"zamirabel" not in path.read_bytes().lower(), path
    assert not list(home.rglob("adapter.gguf"))
    assert states(told) == ["detached"]
    assert told("chat", "-m", "Where do I live?", "--no-save").status == 0
    grown(home, models)  # a purge of what it neither knows nor names leaves it alone
    assert (
        "adapters"
        not in told("forget", ids(told)["My neighbour Quexatol is loud."], "--purge", "--yes", "--json").data["removed"]
    )
    assert states(told)[-1] == "promoted"


def test_rm_takes_the_files_and_leaves_the_record(told: Run, home: Path, models: Path) -> None:
    grown(home, models)
    assert told("consolidate", "rm").status == 2
    assert told("consolidate", "rm", "1").status == 3
    assert told("consolidate", "rm", "9", "--yes").status == 10
    assert told("consolidate", "rm", "1", "--dry-run").out.startswith("would remove 1 generation")
    assert states(told) == ["promoted"]
    done = told("consolidate", "rm", "--all", "--yes", "--json").data
    assert len(done["removed"]) == 1
    assert states(told) == ["removed"]
    assert not list((home / "cubes" / "default" / adapters.FOLDER).iterdir())
    assert told("chat", "-m", "Where do I live?", "--no-save").err.count("not used") == 0


def test_it_is_shown(told: Run, home: Path, models: Path) -> None:
    assert "no model has learnt" in told("consolidate", "show").err
    grown(home, models)
    listed = told("consolidate", "show")
    assert max(map(len, listed.out.splitlines())) <= 80
    one = told("consolidate", "show", "1")
    assert max(map(len, one.out.splitlines())) <= 80
    assert "nothing in the prompt" in one.out
    shown = told("consolidate", "show", "1", "--json").data
    assert {"facts", "closed_book", "base", "rag", "both", "negatives_refused", "drift", "promoted"} <= set(shown)
    assert (shown["closed_book"], shown["promoted"], shown["facts"]) == (1.0, True, 2)
    assert told("scheduler", "explain", "Where do I live?", "--json").status == 0
    explained = told("scheduler", "explain", "Where do I live?")
    assert "adapter" in explained.out


def test_without_torch_all_but_training_works(told: Run, home: Path, models: Path, tmp_path: Path) -> None:
    grown(home, models)
    block = tmp_path / "block"
    block.mkdir()
    (block / "sitecustomize.py").write_text(
        "import sys\nfor name in ('torch', 'peft', 'transformers'):\n    sys.modules[name] = None\n", encoding="utf-8"
    )
    env = {"PYTHONPATH": f"{block}:{ROOT}"}
    for command in (("run", "--now"), ("run",), ("run", "--queue")):
        done = told("consolidate", *command, env=env)
        assert done.status == 14
        assert "extra lora" in done.err
    for command in (("plan",), ("show",), ("jobs",)):
        assert told("consolidate", *command, env=env).status == 0
    answered = told("--json", "chat", "-m", "Where do I live?", "--no-save", env=env)
    assert (answered.status, "not used" in answered.err) == (0, False)


def test_what_cannot_be_is_told(told: Run, memos: Run) -> None:
    assert told("consolidate", "run", "--now", "--queue").status == 2
    assert told("consolidate", "run", "--now", env={"MEMOS_LLM_MODEL": "none"}).status == 14
    remote = {"MEMOS_LLM_MODEL": "x", "MEMOS_LLM_ENDPOINT": "http://localhost:9/v1"}
    assert told("consolidate", "run", "--now", env=remote).status == 14
    assert told("consolidate", "jobs", "--stop", "zz").status == 10
    assert told("consolidate", "show", "3").status == 10
    assert json.loads(memos("consolidate", "jobs", "--json").out)["data"] == {"jobs": []}


def test_nothing_to_learn_is_no_failure(told: Run) -> None:
    done = told("consolidate", "run", "--now", "--json")
    assert (done.status, done.data["promoted"], done.data["facts"]) == (0, False, 0)
    assert states(told) == []


def test_another_run_is_under_way(told: Run, home: Path) -> None:
    from memos_cli.infra.local.jobs import Jobs

    with Jobs(home).working():
        assert told("consolidate", "run", "--now").status == 75


def test_jobs_tell_steps_of_training_apart_from_the_phase(memos: Run, home: Path) -> None:
    from memos_cli.infra.local.jobs import Job, Jobs

    memos("add", "I live in Porto.")
    jobs = Jobs(home)
    row = Job("1a2b", str(home), "c", "run", "mini", "sam", "2026-03-02T12:00:00.000Z", "running", phase="preparing")
    with jobs.working():
        for now, shown in (
            (row, "running  preparing"),
            (row._replace(phase="training", step=3, steps=500, done=3, total=500, loss=0.5), "running  training  3/500  0.500"),
            (
                row._replace(phase="evaluating", step=500, steps=500, done=7, total=522, loss=0.1),
                "running  evaluating 7/522  500/500  0.100",
            ),
        ):
            jobs.save(now)
            assert " ".join(shown.split()) in " ".join(memos("consolidate", "jobs").out.split())
    told = memos("consolidate", "jobs", "--json").data["jobs"][0]
    assert {name: told[name] for name in ("step", "steps", "done", "total")} == {
        "step": 500, "steps": 500, "done": 7, "total": 522,
    }  # fmt: skip


def test_a_tick_starts_what_waits_in_a_quiet_hour_and_not_else(told: Run, home: Path) -> None:
    told("lifecycle", "policy", "set", "consolidate.facts", "2")
    told("lifecycle", "policy", "set", "consolidate.settled_days", "0")
    hour = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT12:00:00Z")
    env = {"TZ": "UTC"}
    assert told("lifecycle", "tick", "--now", hour, env=env).status == 0
    (job,) = told("consolidate", "jobs", "--json").data["jobs"]
    assert job["state"] == "queued"
    told("lifecycle", "policy", "set", "consolidate.to_hour", "1")
    from memos_cli.infra.local.jobs import Jobs

    with Jobs(home).working():  # so that the process that is started finds another one at work, and ends
        ticked = told("lifecycle", "tick", "--now", hour, "--json", env=env)
    assert ticked.status == 0
    assert told("consolidate", "jobs", "--stop", job["id"], "--json").data["jobs"][0]["state"] == "stopped"
    told("lifecycle", "policy", "set", "steps.consolidate", "false")
    assert told("lifecycle", "tick", "--now", hour, env=env).status == 0
    assert [one["state"] for one in told("consolidate", "jobs", "--json").data["jobs"]] == ["stopped"]
