"""`memos bench` as it is run: figures, files, judges, what is wrong with a set, and that nothing is left or touched."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from memos_cli.bench.qa.judge import LENIENT, RUBRICS
from tests.conftest import ROOT, Run, start
from tests.endpoint import Endpoint, serving
from tests.examined import trust_endpoint
from tests.patience import PATIENCE

DATA = ROOT / "tests" / "data" / "qa"
BERTHS = ("at Howth, beside the lifeboat", "in the old harbour of Skerries each summer")
MINI = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
FIGURES = {
    "questions", "unanswerable", "generated", "f1", "exact", "judged", "judged_questions", "recall", "prompt_tokens",
    "full_tokens", "share", "seconds", "itself", "cited", "refused", "holding", "evidence_questions", "evidence_in_prompt",
    "missed_f1", "missed_strict", "missed_lenient", "strict", "lenient", "unreadable_strict", "unreadable_lenient",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("temporary")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def answers(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_without_a_model_the_memories_answer(memos: Run, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    done = memos("--json", "bench", "qa", str(DATA), "--out", str(out))
    assert done.status == 0, done.err
    assert "no model is chosen" in done.err
    assert "by estimate" in done.err
    assert [row["conversation"] for row in done.data["rows"]] == ["allotment", "boat"]
    assert [row["category"] for row in done.data["categories"]] == ["1", "5", "absent", "multi", "single"]
    total = done.data["total"]
    assert all(set(row) - {"conversation", "category"} == FIGURES for row in (*done.data["rows"], total))
    assert (total["questions"], total["unanswerable"], total["generated"], total["judged"]) == (9, 2, 0, None)
    assert (done.data["model"], done.data["judge"], done.data["k"], done.data["tokens"]) == (None, None, 8, "estimate")
    assert (done.data["judge_prompts"], done.data["missed_by"], done.data["wrong_below"]) == ({}, "f1", 0.5)
    assert total["itself"] + total["cited"] + total["refused"] == 9
    assert (total["itself"], total["strict"], total["lenient"], total["missed_strict"]) == (0, None, None, None)
    assert 0 < total["missed_f1"] <= total["evidence_in_prompt"] <= total["evidence_questions"] == 7
    assert 0 < total["holding"] <= total["cited"]
    for name in ("evidence_questions", "evidence_in_prompt", "missed_f1", "itself", "cited", "refused", "holding"):
        assert sum(row[name] for row in done.data["rows"]) == total[name] == sum(row[name] for row in done.data["categories"])
    assert 0 < total["prompt_tokens"] < total["full_tokens"]
    lines = answers(out)
    assert sum(line["missed"] is True for line in lines) == total["missed_f1"]
    assert sum(line["answered"] == "cited" for line in lines) == total["cited"]
    assert total["f1"] == pytest.approx(sum(line["f1"] for line in lines) / 9, abs=1e-3)
    shed = next(line for line in lines if "shed" in line["question"])
    fields = ("expected", "answer", "mode", "judged", "recall", "cited", "answered", "strict", "evidence")
    assert {name: shed[name] for name in fields} == {
        "expected": ["Jonas", "her nephew Jonas"], "answer": "Ines: My nephew Jonas built me a shed from old doors.",
        "mode": "extractive", "judged": None, "recall": 1.0, "cited": ["A7"], "answered": "cited", "strict": None,
        "evidence": True,
    }  # fmt: skip
    assert shed["f1"] == pytest.approx(2 * 2 / (10 + 3), abs=1e-3)
    assert next(line for line in lines if "lawyer" in line["question"])["expected"] is None


def test_a_person_s_memories_are_neither_used_nor_touched(memos: Run, home: Path) -> None:
    memos("add", "The boat Kittiwake is moored in Genoa")
    before = contents(home)
    done = memos("bench", "qa", str(DATA), "--out", "-")
    assert done.status == 0, done.err
    assert "Genoa" not in done.out
    assert contents(home) == before


def test_a_new_home_is_not_even_made(memos: Run, home: Path) -> None:
    assert memos("bench", "qa", str(DATA)).status == 0
    assert not home.exists()


def test_limit_seed_and_k(memos: Run, tmp_path: Path) -> None:
    def drawn(*options: str, folder: Path = DATA) -> list[dict[str, Any]]:
        done = memos("bench", "qa", str(folder), "--out", "-", *options)
        assert done.status == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    first = [line["question"] for line in drawn("--limit", "3")]
    assert first == [line["question"] for line in drawn("--limit", "3", "--seed", "0")]
    assert len(first) == 3
    assert any([line["question"] for line in drawn("--limit", "3", "--seed", seed)] != first for seed in "1234")
    assert len(drawn("-k", "1")) == 9
    moored = [{"external_id": f"B{n}", "content": f"The boat Kittiwake is moored {at}"} for n, at in enumerate(BERTHS)]
    (tmp_path / "boat.memories.jsonl").write_text("".join(json.dumps(one) + "\n" for one in moored), encoding="utf-8")
    asked = {"query": "Where is the boat Kittiwake moored?", "relevant": ["B0", "B1"], "answer": "Howth", "category": "1"}
    (tmp_path / "boat.queries.jsonl").write_text(json.dumps(asked) + "\n", encoding="utf-8")
    few, many = drawn("-k", "1", folder=tmp_path), drawn("-k", "6", folder=tmp_path)
    assert few[0]["tokens"]["prompt"] < many[0]["tokens"]["prompt"]
    assert (few[0]["recall"], many[0]["recall"]) == (0.5, 1.0)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Model and judge in one: it is told apart what is asked by the model's name."""

    def says(body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        if body["model"] == "grader":
            if LENIENT.known in asked:
                return "Yes"
            return "Yes" if "Howth" in asked.partition("Given answer:")[2] else "No"
        return "Howth" if "moored?" in asked else "I don't know that yet."

    with serving(Endpoint(says)) as made:
        yield made


def test_a_model_and_a_judge_behind_endpoints(memos: Run, endpoint: Endpoint, tmp_path: Path, home: Path) -> None:
    trust_endpoint(home, endpoint.url, "talker")
    folder = tmp_path / "set"
    folder.mkdir()
    for kind in ("memories", "queries"):
        shutil.copy(DATA / f"boat.{kind}.jsonl", folder / f"a-conversation-with-a-long-name.{kind}.jsonl")
    model = {"MEMOS_LLM_MODEL": "talker", "MEMOS_LLM_ENDPOINT": endpoint.url, "MEMOS_LLM_KEY": "talkers"}
    done = memos("--json", "bench", "qa", str(folder), env=model)
    assert done.status == 0, done.err
    assert {asked["model"] for asked in endpoint.asked} == {"talker"}
    total = done.data["total"]
    assert (total["f1"], total["exact"], total["generated"], total["judged"]) == (0.25, 0.25, 3, None)
    assert done.data["tokens"] == "estimate"
    grader = {"MEMOS_BENCH_JUDGE_MODEL": "grader", "MEMOS_BENCH_JUDGE_ENDPOINT": endpoint.url}
    endpoint.headers.clear()
    done = memos("bench", "qa", str(folder), env={**model, **grader, "MEMOS_BENCH_JUDGE_KEY": "graders"})
    assert done.status == 0, done.err
    assert {headers["Authorization"] for headers in endpoint.headers} == {"Bearer talkers", "Bearer graders"}
    lines = done.out.splitlines()
    heading, row, *_ = lines
    assert heading.split() == ["conversation", "n", "F1", "exact", "strict", "lenient", "recall", "evidence", "missed"]
    assert row.split()[1:6] == ["4", "0.250", "0.250", "0.000", "0.750"]
    told = [line.split() for line in lines]
    assert told.count(heading.split()) == 1
    costs = told.index(["conversation", "itself", "cited", "holding", "refused", "prompt", "full", "share", "s"])
    assert told[costs + 1][1:5] == ["0", "1", "0", "3"]
    assert all(len(line) <= 80 for line in lines)
    for rubric in RUBRICS:
        assert f"judged 4 of 4 answers, {rubric.name} (prompt {rubric.digest})" in done.err


def test_one_of_the_judge_s_prompts_may_be_chosen(memos: Run, endpoint: Endpoint) -> None:
    grader = {"MEMOS_BENCH_JUDGE_MODEL": "grader", "MEMOS_BENCH_JUDGE_ENDPOINT": endpoint.url}
    for rubric, other in (RUBRICS, RUBRICS[::-1]):
        endpoint.asked.clear()
        done = memos("--json", "bench", "qa", str(DATA), "--judge", rubric.name, "--limit", "3", env=grader)
        assert done.status == 0, done.err
        prompts = [asked["messages"][-1]["content"] for asked in endpoint.asked]
        assert len(prompts) == 3
        assert all(rubric.known in prompt or rubric.unknown in prompt for prompt in prompts)
        assert (done.data["judge_prompts"], done.data["missed_by"]) == ({rubric.name: rubric.digest}, rubric.name)
        assert done.data["total"][rubric.name] is not None
        assert done.data["total"][other.name] is None
    endpoint.asked.clear()
    assert memos("bench", "qa", str(DATA), "--judge", "both", "--limit", "3", env=grader).status == 0
    assert len(endpoint.asked) == 6
    refused = memos("bench", "qa", str(DATA), "--judge", "strict")
    assert (refused.status, refused.out) == (2, "")
    assert "memos config set bench.judge.model" in refused.err


def test_the_help_says_what_a_judge_is_asked(memos: Run) -> None:
    said = " ".join(memos("bench", "qa", "--help").out.split())
    page = " ".join((ROOT / "man" / "memos-bench.1").read_text(encoding="utf-8").replace("\\-", "-").split())
    for rubric in RUBRICS:
        for asked in (rubric.known, rubric.unknown):
            assert f'"{asked}"' in said
            assert f'"{asked}"' in page


def test_a_judge_that_says_more_than_yes_or_no_is_told_of(memos: Run) -> None:
    def says(body: dict[str, Any]) -> str:
        return "Yes, it does." if LENIENT.known in body["messages"][-1]["content"] else "no"

    with serving(Endpoint(says)) as endpoint:
        grader = {"MEMOS_BENCH_JUDGE_MODEL": "grader", "MEMOS_BENCH_JUDGE_ENDPOINT": endpoint.url}
        done = memos("--json", "bench", "qa", str(DATA), env=grader)
    assert done.status == 0, done.err
    total = done.data["total"]
    assert (total["unreadable_strict"], total["unreadable_lenient"], total["lenient"]) == (0, 7, 0)
    assert "judged 2 of 9 answers, lenient" in done.err
    assert "7 times it said neither yes nor no, which counts as not right" in done.err


def test_questions_without_conversations_beside_them(memos: Run, tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    shutil.copy(DATA / "boat.queries.jsonl", folder)
    alone = memos("bench", "qa", str(folder))
    assert (alone.status, alone.out) == (2, "")
    assert "--memories FOLDER" in alone.err
    done = memos("--json", "bench", "qa", str(folder), "--memories", str(DATA))
    assert done.status == 0, done.err
    together = memos("--json", "bench", "qa", str(DATA))
    (boat,) = done.data["rows"]
    assert {**boat, "seconds": 0} == {**together.data["rows"][1], "seconds": 0}
    assert memos("bench", "qa", str(folder), "--memories", str(tmp_path)).status == 2


def test_a_key_of_the_model_is_not_sent_to_the_judge(memos: Run, endpoint: Endpoint) -> None:
    env = {"MEMOS_LLM_KEY": "mine", "MEMOS_BENCH_JUDGE_MODEL": "grader", "MEMOS_BENCH_JUDGE_ENDPOINT": endpoint.url}
    assert memos("bench", "qa", str(DATA), "--limit", "2", env=env).status == 0
    assert len(endpoint.asked) == 4, "each answer is graded by two prompts"
    assert not any("Authorization" in headers for headers in endpoint.headers)


def test_a_project_s_file_names_no_judge_s_endpoint(memos: Run, endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / ".memos.toml").write_text(f'[bench.judge]\nmodel = "grader"\nendpoint = "{endpoint.url}"\n', encoding="utf-8")
    done = memos("bench", "qa", str(DATA))
    assert (done.status, endpoint.asked) == (3, [])
    assert "bench.judge.endpoint" in done.err


@pytest.mark.model
@pytest.mark.usefixtures("mini_answers")
@pytest.mark.skipif(not MINI.exists(), reason="memos-mini is not built")
def test_memos_mini_answers_and_its_tokens_are_counted(memos: Run, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    facts = ("I am allergic to peanuts.", "My sister is called Lena.", "My dog is called Biscuit.")
    asked = {"What am I allergic to?": "peanuts", "What is my dog called?": "Biscuit", "What is my blood type?": ""}
    for name, rows in (
        ("memories", [{"content": fact, "external_id": str(number)} for number, fact in enumerate(facts)]),
        ("queries", [{"query": query, "answer": answer} for query, answer in asked.items()]),
    ):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    done = memos("--json", "bench", "qa", str(tmp_path), env={"MEMOS_LLM_MODEL": "memos-mini"})
    assert done.status == 0, done.err
    assert done.data["rows"][0]["conversation"] == tmp_path.name
    total = done.data["total"]
    assert (total["exact"], total["f1"], total["generated"]) == (1.0, 1.0, 3)
    assert (done.data["model"], done.data["tokens"]) == ("memos-mini", "model")
    assert 0 < total["prompt_tokens"] < total["full_tokens"]


def test_a_model_file_may_judge(memos: Run, models: Path) -> None:
    done = memos(
        "--json", "bench", "qa", str(DATA), "--limit", "2", env={"MEMOS_BENCH_JUDGE_MODEL": str(models / "plain.gguf")}
    )
    assert done.status == 0, done.err
    assert done.data["judge"] == "plain"
    assert (done.data["total"]["judged"], done.data["total"]["judged_questions"]) == (None, 0), "it says neither yes nor no"


def test_what_cannot_be_asked_is_said_before_anything_is(memos: Run, tmp_path: Path) -> None:
    def refused(*arguments: str, status: int = 2, **options: Any) -> str:
        done = memos("bench", "qa", *arguments, **options)
        assert (done.status, done.out) == (status, "")
        return done.err

    assert "no conversations" in refused(str(tmp_path))
    assert "no folder" in refused(str(tmp_path / "nowhere"))
    for kind in ("memories", "queries"):
        shutil.copy(DATA / f"boat.{kind}.jsonl", tmp_path / f"boat.{kind}.jsonl")
    assert "exclude each other" in refused(str(tmp_path), "--out", "-", "--json")
    assert "cannot write" in refused(str(tmp_path), "--out", str(tmp_path / "nowhere" / "x"))
    refused(str(tmp_path), "-k", "0")
    missing = {"MEMOS_LLM_MODEL": str(tmp_path / "nowhere.gguf")}
    assert "no model" in refused(str(tmp_path), status=14, env=missing)
    assert "no embedding model" in refused(str(tmp_path), status=14, env={"MEMOS_EMBEDDER": str(tmp_path / "nowhere.gguf")})
    with (tmp_path / "boat.memories.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"content": ""}\n')
    assert "boat.memories.jsonl, line 11: " in refused(str(tmp_path))
    (tmp_path / "boat.queries.jsonl").write_text('{"query": "Where?"}\n', encoding="utf-8")
    assert 'has an "answer"' in refused(str(tmp_path))
    (tmp_path / "boat.queries.jsonl").write_text('{"query": "Where?", "answer": "x"}\n{"query": 1}\n', encoding="utf-8")
    assert "boat.queries.jsonl, line 2: " in refused(str(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_stopped_leaves_its_answers_and_no_home(
    temporary: Path, tmp_path: Path, home: Path, number: signal.Signals
) -> None:
    go, out = Event(), tmp_path / "answers.jsonl"

    def says(body: dict[str, Any]) -> str:
        if "prize" in body["messages"][-1]["content"].rpartition("\n")[2]:
            go.wait(PATIENCE)
        return "Jonas"

    with serving(Endpoint(says)) as endpoint:
        trust_endpoint(home, endpoint.url, "slow")
        env = {**os.environ, "MEMOS_LLM_MODEL": "slow", "MEMOS_LLM_ENDPOINT": endpoint.url}
        process = start(["bench", "qa", str(DATA), "--out", str(out)], env=env, stderr=subprocess.PIPE)
        deadline = time.monotonic() + PATIENCE
        while len(endpoint.asked) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(list(temporary.iterdir())) == 1
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
        go.set()
    assert process.returncode == 128 + number
    assert b"Traceback" not in err
    assert len(answers(out)) == 2


# -- lifecycle


def test_forty_days_are_lived(memos: Run, home: Path) -> None:
    done = memos("--json", "bench", "lifecycle", "--days", "40", "--memories", "50", "--seed", "2")
    assert done.status == 0, done.err
    assert not home.exists()
    data = done.data
    assert (data["days"], data["memories"], data["seed"], data["policy"]) == (40, 50, 2, {})
    assert [row["name"] for row in data["strategies"]] == ["keep-all", "policy", "LRU", "TTL-only", "oracle"]
    for row in data["strategies"]:
        assert set(row) == {"name", "hot_mean", "hot_last", "misses", "miss_share", "hot"}
        assert (len(row["hot"]), row["hot"][-1]) == (40, row["hot_last"])
        assert row["miss_share"] == pytest.approx(row["misses"] / data["needs"], abs=1e-4)
    keep_all, policy, lru, _, oracle = data["strategies"]
    assert oracle["hot_mean"] < policy["hot_mean"] == lru["hot_mean"] < keep_all["hot_mean"]
    assert policy["misses"] == 0, "by the defaults nothing fades within 40 days"
    assert set(data["states"]) == {"weekly", "monthly", "once", "never", "seasonal", "ttl"}
    assert data["checked"] == sum(keep_all["hot"])


def test_a_policy_from_a_file_is_tried(memos: Run, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    idle = {"fact": 4, "preference": 4, "event": 4, "rule": 4, "procedure": 4, "note": 4, "episode": 4, "document": 4}
    policy.write_text("[archive.idle_days]\n" + "".join(f"{kind} = {days}\n" for kind, days in idle.items()), encoding="utf-8")
    options = ("--days", "40", "--memories", "50", "--policy", str(policy))
    done = memos("bench", "lifecycle", *options, "--plot", env={"COLUMNS": "80"})
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    misses = {cells[0]: int(cells[-2]) for cells in (line.split() for line in lines[1:6])}
    assert 0 == misses["keep-all"] == misses["oracle"] < misses["policy"]
    assert any("hot memories after each night" in line for line in lines)
    assert "\x1b" not in done.out
    assert "states were as the policy says, and no second tick changed anything" in done.err
    again = memos("bench", "lifecycle", *options)
    assert "hot memories after each night" not in again.out, "no terminal, no plot"
    assert again.out in done.out, "the same seed, the same figures"


def test_what_is_no_policy_is_said_at_once(memos: Run) -> None:
    done = memos("bench", "lifecycle", "--policy", "-", stdin="[archive]\ndecay = 2\n")
    assert done.status == 2
    assert "archive.decay cannot be '2'" in done.err
    assert memos("bench", "lifecycle", "--days", "0").status == 2
