"""`memos export`: its formats."""

from tests.conftest import Run


def test_its_formats_are_listed(memos: Run) -> None:
    told = memos("export", "--help").out
    assert "jsonl" in told
    assert "ics" in told
    ran = memos("export", "jsn")
    assert ran.status == 2
    assert "jsonl" in ran.err
