"""A table put into TOML texts: all else keeps its bytes, and taking it out gives the very text."""

import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memos_cli.agents.setup.toml_text import has, put, take
from memos_cli.errors import Refused

PATH = ("mcp_servers", "memos")
OURS = {"command": "memos", "args": ["--as", "codex", "mcp"]}
LINES = st.lists(
    st.sampled_from(
        [
            "# a remark",
            "",
            "[mcp_servers.other]",
            "[profiles.x]",
            'a = "b"',
            "c = [1,",
            "",
            'm = """',
            "[mcp_servers.x.env]",
            "  ",
        ]
    ),
    max_size=8,
)


def is_ours(there: Any) -> bool:
    return isinstance(there, dict) and there.get("command") == "memos"


@example(["[mcp_servers.other]", "[profiles.x]", "[mcp_servers.x.env]", "[mcp_servers.other]"], "\n", False)  # noqa: FBT003 -- hypothesis takes no names beside values
@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_text_gets_the_table_and_is_itself_again_without_it(lines: list[str], end: str, ended: object) -> None:
    text = end.join(lines) + (end if ended else "")
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(Refused, match="no valid TOML"):
            put(text, PATH, OURS, is_ours, "f")
        return
    made = put(text, PATH, OURS, is_ours, "f")
    assert made.startswith(text)
    before.setdefault("mcp_servers", {})["memos"] = OURS
    assert tomllib.loads(made) == before
    assert put(made, PATH, OURS, is_ours, "f") == made
    assert take(made, PATH, is_ours, "f") == text
    other = put(made, PATH, {**OURS, "args": ["mcp"]}, is_ours, "f")
    assert tomllib.loads(other)["mcp_servers"]["memos"]["args"] == ["mcp"]
    assert take(other, PATH, is_ours, "f") == text


def test_a_file_that_is_made_for_it_goes_with_it() -> None:
    made = put(None, PATH, OURS, is_ours, "f")
    assert made == '[mcp_servers.memos]\ncommand = "memos"\nargs = ["--as", "codex", "mcp"]\n'
    assert take(made, PATH, is_ours, "f") is None
    assert take(put("", PATH, OURS, is_ours, "f"), PATH, is_ours, "f") == ""


def test_any_name_is_written_so_that_it_is_read_again() -> None:
    value = {"command": 'C:\\m "x"\n', "args": ["\u00fc\U0001f600\x7f\x00"]}
    made = put("a = 1\n", PATH, value, is_ours, "f")
    assert tomllib.loads(made)["mcp_servers"]["memos"] == value


def test_what_the_client_adds_below_goes_and_what_follows_stays() -> None:
    made = put("a = 1\n", PATH, OURS, is_ours, "f")
    grown = made + "startup_timeout_sec = 5\n\n[mcp_servers.memos.tools.recall]\napproval = 'auto'\n\n# mine\n[z]\nq = 1\n"
    assert take(grown, PATH, is_ours, "f") == "a = 1\n\n# mine\n[z]\nq = 1\n"
    assert has(grown, PATH, "f")["startup_timeout_sec"] == 5
    assert put(grown, PATH, OURS, is_ours, "f") == grown


@pytest.mark.parametrize(
    "text", ["mcp_servers = {}\n", "mcp_servers = 1\n", 'mcp_servers.memos.command = "memos"\n', "[[mcp_servers]]\na = 1\n"]
)
def test_where_no_table_can_stand_it_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="leaves no room"):
        put(text, PATH, OURS, is_ours, "f")


def test_another_s_table_is_neither_overwritten_nor_taken() -> None:
    theirs = '[mcp_servers.memos]\ncommand = "other"\n'
    with pytest.raises(Refused, match="runs something else"):
        put(theirs, PATH, OURS, is_ours, "f")
    assert take(theirs, PATH, is_ours, "f") == theirs
    with pytest.raises(Refused, match="line 2"):
        put("a = 1\nb = \n", PATH, OURS, is_ours, "f")
