"""What may be completed of a home beside its memories: models, keys, slots, jobs, generations, values."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.local import states
from memos_cli.interface.cubes import completion
from memos_cli.interface.cubes.completion import Completion
from memos_cli.operation import model_files
from tests.conftest import Run


@pytest.fixture
def asked(tmp_path: Path) -> Completion:
    return Completion(os.environ, tmp_path)


def test_the_model_that_ships_is_called_as_elsewhere() -> None:
    assert completion.MINI == model_files.MINI


def test_models_are_those_that_ship_and_those_that_were_pulled(asked: Completion) -> None:
    assert [one.name for one in asked.models("")] == ["memos-mini", "smollm2"]
    folder = asked.paths.models / "somebody" / "some-model"
    folder.mkdir(parents=True)
    (folder / "some-model-q4.gguf").touch()
    (asked.paths.models / "all-minilm-l6-v2.gguf").touch()
    assert [one.name for one in asked.models("some")] == ["some-model-q4"]
    assert "minilm" not in {one.name for one in asked.models("")}
    assert {one.name for one in asked.models("", pulled=True)} == {"minilm", "some-model-q4"}
    assert {one.name for one in asked.pullable("m")} == {"minilm", "multilingual"}


def test_keys_are_one_s_own_and_trusted_ones(asked: Completion, memos: Run) -> None:
    memos("key", "new", "laptop")
    line = memos("key", "show", "laptop").out.splitlines()[0]
    assert [one.name for one in asked.keys("")] == ["laptop"]
    (asked.paths.keys / "trusted.json").write_text(json.dumps({"keys": [{"name": "ana"}]}), encoding="utf-8")
    assert [(one.name, one.said) for one in asked.keys("")] == [("laptop", "your own"), ("ana", "trusted")]
    assert [one.name for one in asked.keys("", trusted=False)] == ["laptop"]
    (asked.paths.keys / "trusted.json").write_text("nothing", encoding="utf-8")
    assert [one.name for one in asked.keys("l")] == ["laptop"]
    assert line


def test_slots_are_those_of_the_principal(asked: Completion) -> None:
    assert asked.slots("") == []
    folder = asked.paths.cache / "slots"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / states.INDEX) as conn:
        conn.executescript(states._SCHEMA)
        row = "INSERT INTO slots VALUES (?, ?, 'topics', 'work', 'f', '{}', x'', 'd', 1, '2026', ?, 1, 's')"
        conn.executemany(row, [("aa11", "sam", "1"), ("aa22", "sam", "2"), ("bb33", "ana", "3")])
    assert [(one.name, one.said) for one in asked.slots("")] == [("aa22", "topics work"), ("aa11", "topics work")]
    assert [one.name for one in asked.slots("aa1")] == ["aa11"]
    assert [one.name for one in Completion(os.environ, Path(), principal="ana").slots("")] == ["bb33"]


def test_jobs_are_those_of_the_principal(asked: Completion) -> None:
    folder = asked.paths.data / "jobs"
    folder.mkdir(parents=True)
    for name, principal in (("k1", "sam"), ("k2", "ana")):
        (folder / f"{name}.json").write_text(json.dumps({"principal": principal, "state": "done"}), encoding="utf-8")
    (folder / "k3.json").write_text("damaged", encoding="utf-8")
    assert [(one.name, one.said) for one in asked.jobs("k")] == [("k1", "done")]


def test_generations_are_told_by_their_numbers_to_the_owner(asked: Completion, mos: MOS, home: Path) -> None:
    mos.add("I am vegan")
    mos.close()
    with sqlite3.connect(home / "cubes" / "default" / "cube.db") as conn:
        for identity, number, model, status in (
            ("aaaa", 1, "mini", "removed"), ("bbbb", 2, "mini", "retired"), ("cccc", 3, "mini", "promoted"),
            ("dddd", 3, "other", "evaluated"),
        ):  # fmt: skip
            fields = json.dumps({"number": number, "model": model, "status": status})
            conn.execute("INSERT INTO records VALUES ('adapter', ?, ?)", (identity, fields))
    told = {one.name: one.said for one in asked.adapters("")}
    assert told == {"2": "mini retired", "cccc": "mini promoted", "dddd": "other evaluated"}
    assert [one.name for one in asked.adapters("b")] == ["bbbb"]
    assert Completion(os.environ, Path(), principal="ana").adapters("") == []


def test_a_value_is_one_that_the_setting_takes(asked: Completion, memos: Run) -> None:
    assert [(one.name, one.said) for one in asked.values("llm.kv", "")] == [("f16", "the default"), ("q8_0", "")]
    assert [one.name for one in asked.values("llm.wait", "")] == ["30"]
    memos("config", "set", "llm.wait", "90")
    assert [one.name for one in asked.values("llm.wait", "")] == ["90", "30"]
    memos("config", "set", "llm.endpoint", "http://me:hunter2@localhost:8080/v1")
    assert asked.values("llm.endpoint", "") == []
    assert [one.name for one in asked.values("embedder", "m")] == ["minilm", "multilingual"]
    assert [(one.name, one.said) for one in asked.rule_values("fuse.propose", "")] == [("true", ""), ("false", "the default")]
    assert asked.rule_values("nonsense", "") == []
