"""`memos bench retrieval` as it is run: its figures, its errors, and that nothing is left or touched."""

import json
import shutil
from pathlib import Path

import pytest

from memos_cli.operation.operator.ranking.features import PARTS
from tests.conftest import ROOT, Run

DATA = ROOT / "tests" / "data" / "qa"
FIGURES = {"queries", "answerable", "recall_1", "recall_5", "recall_10", "recall_20", "hit_10", "mrr_20"}


pytestmark = pytest.mark.usefixtures("temporary")


def test_the_figures_of_a_set(memos: Run, home: Path) -> None:
    done = memos("--json", "bench", "retrieval", str(DATA))
    assert done.status == 0, done.err
    assert not home.exists()
    data = done.data
    assert list(data) == ["folder", "mode", "rows", "categories", "total", "floor", "calibration", "parts"]
    assert [row["set"] for row in data["rows"]] == ["allotment", "boat"]
    assert all(set(row) - {"set", "category"} == FIGURES for row in (*data["rows"], *data["categories"], data["total"]))
    assert (data["mode"], data["parts"], data["total"]["queries"]) == ("lexical", None, 9)
    total = data["total"]
    assert 0.5 < total["recall_1"] <= total["recall_5"] <= total["recall_10"] <= total["recall_20"] <= 1
    assert data["floor"]["unanswerable"] == 9 - total["answerable"] == 2
    assert 0 <= data["floor"]["recall_10"] <= total["recall_10"]
    bins = data["calibration"]["bins"]
    assert [one["low"] for one in bins] == [place / 10 for place in range(10)]
    assert sum(one["hits"] for one in bins) == data["calibration"]["hits"] > 0
    assert 0 <= data["calibration"]["error"] <= 1


def test_the_table_and_what_each_part_earns(memos: Run) -> None:
    done = memos("bench", "retrieval", str(DATA), "--ablate", "--lexical")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].split() == ["set", "n", "R@1", "R@5", "R@10", "R@20", "hit@10", "MRR@20"]
    assert any(line.startswith("total ") for line in lines)
    assert any(line.startswith("answered ") for line in lines)
    assert "without an answer here: 2; found nothing" in done.out
    assert "expected calibration error 0." in done.out
    assert [line.split()[0] for line in lines[-len(PARTS) :]] == list(PARTS)
    assert "meaning" in lines[-len(PARTS) + 1]
    assert lines[-len(PARTS) + 1].endswith("+0.000"), "there are no vectors to leave out"
    told = memos("--json", "bench", "retrieval", str(DATA), "--ablate").data["parts"]
    assert [set(one) for one in told] == [{"part", "recall_10", "earns"}] * len(PARTS)


def test_a_set_without_any_answer_tells_how_often_nothing_is_found(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "memories.jsonl").write_text('{"content": "The heron nests by the weir", "external_id": "a"}\n')
    (tmp_path / "queries.jsonl").write_text('{"query": "flumph"}\n{"query": "wibble wobble", "relevant": []}\n')
    data = memos("--json", "bench", "retrieval", str(tmp_path)).data
    assert data["floor"] == {"answered": None, "recall_10": None, "lost": None, "unanswerable": 2, "abstained": 1.0}
    assert data["calibration"]["error"] is None
    done = memos("bench", "retrieval", str(tmp_path))
    assert "without an answer here: 2; found nothing 100" in done.out
    assert (done.status, "calibration" in done.out) == (0, False)


def test_what_cannot_be_asked_is_said_before_anything_is(memos: Run, tmp_path: Path) -> None:
    def refused(*arguments: str, status: int = 2, **options: dict[str, str]) -> str:
        done = memos("bench", "retrieval", *arguments, **options)
        assert (done.status, done.out) == (status, "")
        return done.err

    assert "no conversations" in refused(str(tmp_path))
    assert "no folder" in refused(str(tmp_path / "nowhere"))
    refused()
    shutil.copy(DATA / "boat.memories.jsonl", tmp_path / "boat.memories.jsonl")
    assert "no boat.queries.jsonl" in refused(str(tmp_path))
    (tmp_path / "boat.queries.jsonl").write_text(json.dumps({"query": "Where?", "relevant": ["B3"]}) + '\n{"query": 1}\n')
    assert "boat.queries.jsonl, line 2: " in refused(str(tmp_path))
    (tmp_path / "boat.queries.jsonl").write_text(json.dumps({"query": "Where?", "relevant": ["B3"]}) + "\n")
    assert "no embedding model" in refused(str(tmp_path), status=14, env={"MEMOS_EMBEDDER": str(tmp_path / "nowhere.gguf")})
    with (tmp_path / "boat.memories.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"content": ""}\n')
    assert "boat.memories.jsonl, line 11: " in refused(str(tmp_path))
