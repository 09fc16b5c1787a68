"""Any text is read as TOML in bounded time, or refused with the reason."""

import time
from pathlib import Path

import pytest

from memos_cli import values
from tests.conftest import Run
from tests.patience import PATIENCE

DEEP = {
    "arrays": "a = " + "[" * 5000 + "]" * 5000,
    "tables": "a = " + "{a=" * 3000 + "1" + "}" * 3000,
    "a dotted key": "a" + ".a" * 50000 + " = 1",
    "a header": "[a" + " . 'a'" * 50000 + "]",
    "a dotted key in a table": "a = {b = 1, " + "a." * 50000 + "a = 1}",
    "a number": "k = " + "9" * 6000,
    "no TOML": "k = = 3",
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_too_deep_is_refused_soon(name: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ValueError, match=r"^(?!maximum recursion).+"):
        values.tables(DEEP[name])
    assert time.monotonic() - begun < PATIENCE


def test_texts_with_many_dots_are_texts() -> None:
    text = "1.3.6.1." * 40
    assert values.tables(f'a.b = "{text}"\nc = ["x", \'{text}\']\n') == {"a": {"b": text}, "c": ["x", text]}


@pytest.mark.parametrize("name", DEEP)
def test_every_file_of_the_kind_is_refused_in_one_line(memos: Run, tmp_path: Path, name: str) -> None:
    memos("add", "tea")
    place = tmp_path / "some.toml"
    place.write_text(DEEP[name], encoding="utf-8")
    for arguments in (("lifecycle", "policy", "check"), ("lifecycle", "policy", "set", "--file"), ("lifecycle", "run")):
        ran = memos("--json", *arguments, str(place))
        assert (ran.status, ran.error["code"]) == (2, "usage"), ran.err
    place.rename(place.with_name(".memos.toml"))
    ran = memos("--json", "list")
    assert (ran.status, ran.error["code"]) == (2, "usage"), ran.err
    assert ".memos.toml is not TOML" in ran.error["message"]


def test_a_project_s_file_has_a_bound(memos: Run, tmp_path: Path) -> None:
    (tmp_path / ".memos.toml").write_text(f"cube = '{'x' * 1_100_000}'\n", encoding="utf-8")
    ran = memos("--json", "list")
    assert (ran.status, ran.error["code"]) == (2, "usage"), ran.err
    assert "larger than a megabyte" in ran.error["message"]


def test_a_mark_of_the_byte_order_is_none_of_the_text() -> None:
    assert values.tables("\ufeffa = 1\n") == {"a": 1}
