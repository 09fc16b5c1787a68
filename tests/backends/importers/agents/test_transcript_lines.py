from pathlib import Path

import pytest

from memos_cli.backends.importers.agents import transcript_lines
from memos_cli.errors import UsageError


def test_lines_are_numbered_and_blank_ones_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n  \n[1]\n{"b": "\xff"}\r\n{"c": ' + b"[" * 5000 + b"]" * 5000 + b'}\n{"d": 1}')
    sizes: list[int] = []
    found = list(transcript_lines.lines(path, sizes.append))
    assert [(one.number, one.value) for one in found] == [(1, {"a": 1}), (4, None), (5, None), (6, None), (7, {"d": 1})]
    assert sum(sizes) == path.stat().st_size
    assert transcript_lines.counted(path) == len(found)
    assert [one.torn for one in found] == [False] * 5


def test_a_line_beyond_the_longest_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript_lines, "LONGEST", 100)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * 5_000_000 + b'"}\n{"b": 1}\n{"c": ' + b"9" * 95)
    sizes: list[int] = []
    found = list(transcript_lines.lines(path, sizes.append))
    assert [one.value for one in found] == [None, {"b": 1}, None]
    assert sum(sizes) == path.stat().st_size


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        list(transcript_lines.lines(tmp_path / "missing"))
    assert transcript_lines.head(tmp_path / ("n" * 300)) == b""
    assert transcript_lines.counted(tmp_path / "missing") == 0


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("a<r>b</r>c", "ac"), ("<r>b</r>", ""), ("a<r>b", "a<r>b"), ("</r>a<r>", "</r>a<r>"), ("<r>a</r><r>b</r>c<r>", "c<r>"),
        ("a<r>b<r>c</r>d</r>", "ad</r>"), ("", ""),
    ],
)  # fmt: skip
def test_what_stands_between_marks_is_cut_out(words: str, kept: str) -> None:
    assert transcript_lines.without(words, "<r>", "</r>") == kept


def test_instants() -> None:
    assert transcript_lines.moment("2026-09-20T08:00:00.1234Z") == "2026-09-20T08:00:00.123Z"
    for value in ("", "yesterday", 7, None, [], "2026-13-01", "9" * 400, "\ud800"):
        assert transcript_lines.moment(value) is None
