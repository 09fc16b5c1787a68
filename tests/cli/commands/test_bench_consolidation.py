"""`memos bench consolidation` as it is run: what cannot be measured is said at once, what is measured is a table or JSON."""

import importlib.util
import json
from pathlib import Path

import pytest

from memos_cli.operation import model_files
from tests import few_lessons
from tests.conftest import Run
from tests.patience import PATIENCE

pytest.importorskip("llama_cpp")
pytestmark = pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="needs the extra `lora`")


def test_what_cannot_be_measured_is_said_before_anything_is_trained(memos: Run, tmp_path: Path) -> None:
    done = memos("bench", "consolidation", env={"MEMOS_LLM_MODEL": "none"})
    assert (done.status, done.out) == (14, "")
    assert "no model is chosen" in done.err
    assert "memos bench consolidation --model" in done.err
    assert memos("bench", "consolidation", "--model", "nothing-of-that-name").status == 14
    few = memos("bench", "consolidation", "--facts", "4", "--purge", "4", "--model", "memos-mini")
    assert (few.status, few.out) == (2, "")
    assert "at least one fact has to stay" in few.err
    (tmp_path / "life.json").write_text("[]")
    bad = memos("bench", "consolidation", str(tmp_path / "life.json"), "--model", "memos-mini")
    assert bad.status == 2
    assert "no file of memories and questions" in bad.err
    assert memos("bench", "consolidation", str(tmp_path / "none.json"), "--model", "memos-mini").status == 2
    endpoint = {"MEMOS_LLM_MODEL": "some", "MEMOS_LLM_ENDPOINT": "http://127.0.0.1:9/v1"}
    assert memos("bench", "consolidation", env=endpoint).status == 14


@pytest.mark.slow
@pytest.mark.model
def test_a_life_of_few_facts_with_the_model_that_ships(memos: Run, tmp_path: Path) -> None:
    if model_files.mini() is None:
        pytest.skip("memos-mini is not part of this build")
    texts = ("I live in Lisbon.", "My dog is called Brixo.", "My favourite colour is teal.", "I work for Quandar.")
    count = 4 if few_lessons.ALL else 2
    told = {
        "memories": [{"text": text} for text in texts[:count]],
        "questions": [{"q": "Where do I live?", "kind": "value", "answers": ["Lisbon"], "from": [0]}],
    }
    (tmp_path / "life.json").write_text(json.dumps(told))
    asked = (
        "bench",
        "consolidation",
        str(tmp_path / "life.json"),
        "--facts",
        str(count),
        "--model",
        "memos-mini",
        "--max-seconds",
        "60",  # all of it is used; on a busy machine 45 s were too few to learn four facts
    )
    lessons = few_lessons.environment()
    done = memos("--json", *asked, env=lessons, timeout=3 * PATIENCE)
    assert done.status == 0, done.err
    assert done.data["closed_book"] > done.data["base"] == 0.0
    assert done.data["asked"]["told"]["right"] == 1
    assert done.data["asked"]["told"]["right_base"] == 0
    purge = done.data["purge"]
    assert purge["probes_right"] <= purge["probes"] // 20
    assert len(purge["purged_steps"]) == len(purge["new_steps"]) == 1
    table = memos(*asked, "--purge", "0", env=few_lessons.environment(epochs=1), timeout=3 * PATIENCE)
    assert table.status == 0
    assert f"{count} of {count} facts learnt" in table.out
    assert "peak of memory" in table.err
    assert all(len(line) <= 80 for line in table.out.splitlines())
    assert memos("list", "--json").data["memories"] == []
