"""The whole way of a measurement: learnt, asked, purged, asked again; the training itself is put in place by a quick one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS, plugins
from memos_cli.bench.consolidation import consolidation, lives
from memos_cli.bench.consolidation.consolidation import Wanted
from memos_cli.config import Settings, paths
from memos_cli.errors import Refused
from memos_cli.operation.parametric import evaluation, gate
from memos_cli.operation.parametric.training import TrainingOptions
from memos_cli.ports.trainer import Lesson
from tests.learnt import SCORES
from tests.operation.parametric.test_training import Quick

pytest.importorskip("llama_cpp")
pytest.importorskip("peft")
ASKED: list[list[list[Lesson]]] = []


def relearnt(_base: Path, facts: Sequence[Sequence[Lesson]], weights: Path, *_: Any) -> list[int | None]:
    """As `relearner.steps`: a number for each fact."""
    assert weights.is_file()
    ASKED.append([list(each) for each in facts])
    return [number + 3 for number in range(len(facts))]


@pytest.fixture
def mos(home: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(plugins._BUILT_IN, "trainer.lora", "tests.operation.parametric.test_training:Quick")
    monkeypatch.setitem(plugins._BUILT_IN, "trainer.relearning", "tests.bench.consolidation.test_consolidation:relearnt")
    monkeypatch.setattr(Quick, "calls", [])
    monkeypatch.setattr(Quick, "fault", None)
    found = gate.Scores(**SCORES)
    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **__: found)
    ASKED.clear()
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    with MOS(home, settings=Settings(environ, paths({"MEMOS_HOME": str(home)}))) as opened:
        opened.create_cube("bench")
        yield opened


def life() -> lives.Biography:
    texts = ("I live in Oslo.", "My dog is called Rex.", "I work as a baker.", "My favourite colour is teal.", "Blue maybe?")
    asked = (
        lives.Asked("Which town is mine?", lives.TOLD, ("Oslo",), (), (0,)),
        lives.Asked("Maybe what?", lives.TOLD, ("Tuesday",), (), (4,)),
        lives.Asked("Who is my boss?", lives.ABSENT, (), (), ()),
    )
    return lives.Biography(texts, asked)


def test_what_is_learnt_asked_purged_and_learnt_anew(mos: MOS) -> None:
    phases = []
    report = consolidation.run(mos, life(), Wanted(2, TrainingOptions()), lambda step: phases.append(step.phase))
    assert (report["facts"], report["learnt"], report["passed"], report["closed_book"]) == (5, 4, True, 1.0)
    assert report["asked"]["told"]["asked"] == 1, "what was not learnt is not asked"
    assert report["asked"]["absent"] == {"asked": 1, "right": 0, "refused": 0, "wrong": 1, "right_base": 0}
    assert set(phases) == {"preparing", "training"}
    purge = report["purge"]
    assert (purge["facts"], purge["passed"]) == (2, True)
    assert purge["probes"] > 10
    assert purge["probes_right"] == 0
    (groups,) = ASKED
    assert len(groups) == 4
    assert purge["purged_steps"] == [3, 5]
    assert purge["new_steps"] == [4, 6]
    for old, new in zip(groups[::2], groups[1::2], strict=True):
        assert [one.request for one in old] == [one.request for one in new]
        assert not {one.answer for one in old} & {one.answer for one in new}
        assert any(one.watched for one in old)
        assert not all(one.watched for one in old)
    left = {memory.content for memory in mos.list()}
    assert len(left) == 3
    (vault,) = mos.vaults()
    texts = [path.read_bytes() for path in vault.folder.rglob("examples.jsonl")]
    gone = next(text for text in life().memories if text not in left)
    assert texts
    assert not any(gone.encode() in text for text in texts)


def test_without_a_purge_one_generation_is_made(mos: MOS) -> None:
    report = consolidation.run(mos, life(), Wanted(0, TrainingOptions()))
    assert "purge" not in report
    assert len(Quick.calls) == 1
    assert not ASKED


def test_facts_that_nothing_can_be_made_of_are_refused(mos: MOS) -> None:
    with pytest.raises(Refused, match="no question can be made"):
        consolidation.run(mos, lives.Biography(("Blue Tuesday maybe?",)), Wanted(0, TrainingOptions()))


def test_a_mean_only_where_all_were_learnt() -> None:
    assert consolidation.mean([2, 4]) == 3
    assert consolidation.mean([2, None]) is None
    assert consolidation.mean([]) is None
