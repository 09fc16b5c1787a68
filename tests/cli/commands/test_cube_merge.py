"""`memos cube merge`, `split` and `diff`, as a person and a script meet them."""

import json
import os
import shutil
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.model import Kind
from tests.cli.helpers import operations
from tests.conftest import Clock, Run
from tests.learnt import grow


@pytest.fixture
def laptop(memos: Run, tmp_path: Path) -> Path:
    """The cube of another home, beside one with a memory of its own."""
    memos("add", "The rake is at Yuki's")
    elsewhere = {"MEMOS_HOME": str(tmp_path / "laptop")}
    assert memos("add", "The server is called heron", "--pin", env=elsewhere).status == 0
    return tmp_path / "laptop" / "cubes" / "default"


def test_a_merge_tells_what_came_and_undo_takes_it_back(memos: Run, laptop: Path) -> None:
    planned = memos("cube", "merge", str(laptop), "--dry-run")
    assert (planned.status, planned.out) == (0, f"       1  new\nwould merge {laptop} into default: 1 operations\n")
    done = memos("cube", "merge", str(laptop), "--json").data
    assert done["counts"] == {"new": 1, "newer": 0, "older": 0, "conflicting": 0, "same": 0, "erased": 0, "withheld": 0}
    assert (done["operations"], done["from_elsewhere"], done["dry_run"]) == (1, True, False)
    again = memos("cube", "merge", str(laptop))
    assert "nothing to take over" in again.out
    assert memos("undo", "--json").data["reverted"] == done["command_id"]
    assert len(memos("list", "--json").data["memories"]) == 1


def test_a_dry_run_tells_of_adapters_what_the_merge_then_does(memos: Run, home: Path, tmp_path: Path, models: Path) -> None:
    pytest.importorskip("safetensors")
    model = {"MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    with MOS(home, settings=Settings({**os.environ, **model}, paths({"MEMOS_HOME": str(home)})), clock=Clock()) as mos:
        mos.add("I live in Porto.", kind=Kind.FACT)
        learnt = grow(mos, models / "mini.gguf")
    line = memos("key", "new").out
    assert memos("cube", "export", "-o", "a.memcube", "--sign", "-q").status == 0
    unused = "and would not be used: memos --cube default consolidate promote 1 lets chat use it"
    for number, (source, trusted, said) in enumerate(
        (
            ("a.memcube", False, f", {unused}"),
            ("a.memcube", True, "; chat would use it with that model"),
            (str(home / "cubes" / "default"), False, f", {unused}"),
        )
    ):
        other = {**model, "MEMOS_HOME": str(tmp_path / f"other{number}")}
        assert memos("add", "The rake is at Yuki's", env=other).status == 0
        if trusted:
            assert memos("key", "trust", line, env=other).status == 0
        told = memos("cube", "merge", source, "--dry-run", env=other)
        assert f"generation 1 of mini would come along, which knows 1 memory{said}\n" in told.err
        planned = memos("cube", "merge", source, "--dry-run", "--json", env=other).data
        done = memos("cube", "merge", source, "--json", env=other).data
        assert [planned[name] for name in ("adapters", "slots_kept")] == [done[name] for name in ("adapters", "slots_kept")]
        assert [(one["id"], one["trusted"]) for one in done["adapters"]] == [(learnt.id, trusted)]
    shutil.rmtree(tmp_path / "other0" / "cubes" / "default" / "adapters")  # as a kill after the merge leaves it
    again = memos("cube", "merge", "a.memcube", env={"MEMOS_HOME": str(tmp_path / "other0")})
    assert "nothing else to take over: cube default has all that a.memcube has" in again.out
    assert "generation 1 of mini came along" in again.err


def test_what_came_from_elsewhere_is_shown_as_such_until_it_was_shown(memos: Run, laptop: Path) -> None:
    (new,) = memos("cube", "merge", str(laptop), "--json").data["ids"]["new"]
    assert "[from elsewhere]" in memos("list").out
    told = memos("show", new, "--json").data
    assert (told["trust"], told["arrived"]) == (0.5, True)
    assert "it came from elsewhere" in memos("show", new).out
    told = memos("show", new, "--json").data
    assert (told["trust"], told["arrived"]) == (1.0, False)


def test_what_both_set_differently_is_a_question_of_review(memos: Run, laptop: Path, tmp_path: Path) -> None:
    elsewhere = {"MEMOS_HOME": str(tmp_path / "laptop")}
    (shared,) = memos("cube", "merge", str(laptop), "--json").data["ids"]["new"]
    memos("edit", shared, "The server is called crane")
    memos("edit", shared, "The server is called stork", env=elsewhere)
    merged = memos("cube", "merge", str(laptop), "--yes")
    assert "1  set differently on both sides" in merged.out
    assert "memos review" in merged.err
    (item,) = memos("review", "--json").data["items"]
    assert (item["earlier"]["content"], item["later"]["content"], item["by"]) == (
        "The server is called crane", "The server is called stork", "merge",
    )  # fmt: skip
    assert memos("review", item["id"], "--decide", "fuse").status == 3
    decided = memos("review", item["id"], "--decide", "older", "--json").data
    assert [memory["content"] for memory in decided["memories"]][:1] == ["The server is called crane"]
    assert memos("review", "--json").data["open"] == 0


def test_what_cannot_be_merged(memos: Run, laptop: Path) -> None:
    assert memos("cube", "merge", "default").status == 2
    assert memos("cube", "merge", "play").status == 10
    assert memos("cube", "merge", "one", "two", "three").status == 2
    assert memos("cube", "merge", "play", str(laptop)).status == 10
    with MOS(laptop.parent.parent, principal="sam") as there:
        there.writable().conn.execute("UPDATE ops SET command = 'edit'")
    ran = memos("--json", "cube", "merge", str(laptop))
    assert (ran.status, ran.error["code"]) == (13, "integrity")


def test_a_split_moves_and_a_dry_run_does_not(memos: Run, home: Path) -> None:
    memos("add", "The rake is at Yuki's", "--tag", "garden")
    memos("add", "The server is called heron")
    planned = memos("cube", "split", "garden", "--tag", "garden", "--dry-run", "--json").data
    assert (len(planned["ids"]), planned["dry_run"], planned["command_id"]) == (1, True, None)
    assert not (home / "cubes" / "garden").exists()
    done = memos("cube", "split", "default", "garden", "--tag", "garden")
    assert done.out.startswith("moved 1 memory from cube default to garden")
    assert "rake" in memos("--cube", "garden", "list").out
    assert "rake" not in memos("list").out
    assert operations(home, "garden") == 2  # it, and the receipt
    assert memos("cube", "split", "garden", "--tag", "garden").status == 3
    assert memos("cube", "split", "other", "--tag", "garden").status == 2
    assert memos("doctor").status == 0
    assert memos("undo").status == 0
    assert "rake" in memos("list").out


def test_diff_ends_with_0_and_with_1_where_that_is_asked_for(memos: Run, laptop: Path) -> None:
    told = memos("cube", "diff", "default", str(laptop))
    assert told.status == 0
    assert sorted(line[0] for line in told.out.splitlines()) == ["+", "-"]
    assert memos("cube", "diff", "default", str(laptop), "--exit-code").status == 1
    found = memos("cube", "diff", "default", str(laptop), "--json").data
    assert (len(found["only_first"]), len(found["only_second"]), found["equal"]) == (1, 1, False)
    assert memos("cube", "diff", "default", "default", "--exit-code").status == 0
    assert memos("cube", "diff", "default", "play").status == 10


def test_diff_masks_secrets(memos: Run, laptop: Path) -> None:
    memos("add", "the key is AKIAIOSFODNN7EXAMPLE")
    told = memos("cube", "diff", "default", str(laptop), "--json")
    assert "AKIAIOSFODNN7EXAMPLE" not in told.out
    assert "AKIAIOSFODNN7EXAMPLE" in json.dumps(memos("cube", "diff", "default", str(laptop), "--json", "--reveal").data)
