"""Numbers and files beyond all bounds: refused in one line, and nothing is stored that no cube file could take."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run

HUGE = "9" * 24
LATE = "9999-12-31T23:59:59Z"


@pytest.fixture
def diet(memos: Run) -> str:
    identity: str = memos("--json", "add", "I am vegan now", "--key", "diet").data["ids"][0]
    return identity


@pytest.mark.parametrize("option", ["--since", "--until", "--as-of"])
def test_the_last_instant_of_all_is_a_time_like_any_other(memos: Run, diet: str, option: str) -> None:
    for command in (("list",), ("search", "diet"), ("forget", "--dry-run")):
        ran = memos("--json", *command, option, LATE)
        none = option == "--since"
        assert ran.status == (4 if none and command[0] == "forget" else 0), ran.err
        assert (diet in ran.out) is not none


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "x", "--priority", HUGE),
        ("add", "x", f"--priority=-{2**31 + 1}"),
        ("edit", "diet", "--priority", str(2**31 + 1)),
        ("list", "-n", HUGE),
        ("undo", "--list", "-n", HUGE),
        ("lifecycle", "plan", "--days", "nan"),
        ("lifecycle", "plan", "--days", "inf"),
        ("lifecycle", "plan", "--days", "1e300"),
        ("lifecycle", "tick", "--max-seconds", "nan"),
        ("consolidate", "run", "--queue", "--max-seconds", "nan"),
        ("lifecycle", "policy", "set", "grace_days", "nan"),
        ("lifecycle", "policy", "set", "grace_days", "inf"),
    ],
)
def test_a_number_out_of_bounds_is_a_usage_error(memos: Run, diet: str, arguments: tuple[str, ...]) -> None:
    ran = memos("--json", *(diet if word == "diet" else word for word in arguments))
    assert (ran.status, ran.error["code"], ran.out) == (2, "usage", ""), ran.err
    assert memos("cube", "export", "-o", "cube.memcube").status == 0


@pytest.mark.parametrize(
    "line", ['{"content": "x", "metadata": {"a": 1e999}}', '{"content": "x", "metadata": {"a": [-1e999]}}']
)
def test_an_infinite_number_is_no_json_and_is_not_stored(memos: Run, line: str) -> None:
    ran = memos("add", "--jsonl", "-", stdin=line + "\n")
    assert ran.status == 2
    assert "line 1" in ran.err
    assert memos("--json", "list").data["memories"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("lifecycle", "policy", "check"),
        ("lifecycle", "policy", "set", "--file"),
        ("lifecycle", "run"),
        ("bench", "lifecycle", "--policy"),
    ],
)
def test_what_is_no_text_is_named(memos: Run, diet: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:  # noqa: ARG001
    binary = tmp_path / "binary"
    binary.write_bytes(b"[a]\n\xff\xfe")
    for path, words in (
        (str(binary), "not UTF-8 (byte 5)"),
        ("/dev/zero", "larger than a megabyte"),
        (str(tmp_path), "Is a dir"),
    ):
        ran = memos("--json", *arguments, path)
        assert (ran.status, ran.error["code"]) == (2, "usage"), ran.err
        assert words in ran.error["message"]
    assert json.loads(memos("--json", "list").out)["data"]["memories"]


@pytest.mark.parametrize(
    "command",
    [
        ("cube", "export", "-o", ""),
        ("cube", "verify", " "),
        ("cube", "import", "", "--dry-run"),
        ("cube", "import", "a.memcube", "--name", ""),
        ("consolidate", "jobs", "--stop", ""),
    ],
)
def test_an_empty_name_stands_for_nothing(memos: Run, command: tuple[str, ...]) -> None:
    memos("add", "tea")
    ran = memos(*command)
    assert (ran.status, ran.out) == (2, "")
    assert "it is empty" in ran.err
