"""The ranking that ships: small, made for the features that memos has, and right about small cubes that it never saw."""

import json
from pathlib import Path

import pytest

import memos_cli
from memos_cli import MOS
from memos_cli.model import Kind
from memos_cli.operation.operator.ranking.features import FEATURES
from tests.ranker import talks

DATA = Path(memos_cli.__file__).parent / "data"
HERE = Path(__file__).parent


def test_it_is_small_and_for_these_features() -> None:
    told = json.loads((DATA / "ranker.json").read_text("utf-8"))
    assert tuple(told["features"]) == FEATURES
    weights = sum(map(len, told["hidden"])) + len(told["biases"]) + len(told["output"]) + 1
    assert weights <= 2_000


@pytest.mark.parametrize("path", sorted(HERE.glob("*/*.txt")), ids=lambda path: path.stem)
def test_what_it_was_trained_and_measured_with_can_be_read(path: Path) -> None:
    told = talks.read(path)
    assert len(told.memories) >= 5
    assert sum(bool(one.relevant) for one in told.asked) >= 4


@pytest.mark.parametrize("name", ["test03", "test11", "test20", "test30"])
def test_small_cubes_by_words_alone(name: str, mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a telling word of its question is found, and what means nothing finds nothing."""
    monkeypatch.setenv("MEMOS_EMBEDDER", "none")
    told = talks.read(HERE / "cubes" / f"{name}.txt")
    for one in told.memories:
        mos.add(one["content"], kind=Kind(one["kind"]), external_id=one["external_id"])
    found = lost = 0
    for asked in told.asked:
        if asked.relevant:
            near = mos.search(asked.query, lexical=True, all_hits=True, record=False).hits
            shown = mos.search(asked.query, lexical=True, record=False).hits
            among = {hit.memory.external_id for hit in near} & set(asked.relevant)
            found += bool(among)
            lost += bool(among) and not {hit.memory.external_id for hit in shown} & set(asked.relevant)
    nonsense = (HERE / "nonsense.txt").read_text("utf-8").splitlines()[:40]
    answered = [query for query in nonsense if mos.search(query, lexical=True, record=False).hits]
    assert found >= 3
    assert lost <= 1 + found // 5
    assert len(answered) <= 8  # one shared word may be enough: 5 to 7 when the weights were made
