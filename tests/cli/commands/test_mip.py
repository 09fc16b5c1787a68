"""`memos mip`: documents that are right and wrong."""

import json
from pathlib import Path

from tests.conftest import Run

GOOD = '{"mip":1,"id":"a","content":"Tea"}\n'


def test_a_document_is_checked(memos: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(GOOD * 2)
    assert memos("mip", "check", str(file)).out == "2 memories, sound (MIP 1)\n"
    assert memos("mip", "check", "-", stdin=GOOD).status == 0
    assert memos("mip", "check", str(file), "--json").data == {"sound": True, "memories": 2, "version": 1}


def test_faults_have_their_lines(memos: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(GOOD + '{"mip":1,"id":"b"}\n' + GOOD + "x\n" * 30)
    ran = memos("mip", "check", str(file))
    assert ran.status == 13
    assert ran.out.startswith("line 2: content is missing\nline 4: not JSON")
    assert "and 11 lines more" in ran.out
    assert "31 of 33 lines are no memories" in ran.err
    assert memos("mip", "check", str(file), "--json").error["exit_status"] == 13


def test_a_document_without_a_memory_is_none(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert memos("mip", "check", str(tmp_path / "empty")).status == 13
    assert memos("mip", "check", str(tmp_path / "nosuch")).status == 2


def test_the_schema_is_printed(memos: Run) -> None:
    assert json.loads(memos("mip", "schema").out)["required"] == ["mip", "id", "content"]
