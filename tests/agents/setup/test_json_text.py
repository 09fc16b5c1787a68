"""Entries put into random JSON texts: all else keeps its bytes, and taking them out gives the very text."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.agents.setup.json_text import Place, has, put, take
from memos_cli.errors import Refused
from tests.trials import trials

OURS = {"command": "memos", "args": ["--as", "claude", "mcp"]}
HOOK = {"hooks": [{"type": "command", "command": "memos hook"}]}
SERVER = Place(("mcpServers", "memos"), lambda there: isinstance(there, dict) and there.get("command") == "memos")
START = Place(
    ("hooks", "SessionStart"), lambda there: isinstance(there, dict) and "memos" in str(there.get("hooks")), is_element=True
)
KEYS = st.sampled_from(["a", "b", "mcpServers", "hooks", "SessionStart", "other", '\u00fc"\\'])
PLAIN = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "// no remark", "x,}", "\n\u2028\U0001f600"])
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
GROUPS = st.lists(st.fixed_dictionaries({"hooks": st.lists(st.fixed_dictionaries({"command": st.just("theirs")}), max_size=2)}))
ROOTS = st.builds(
    lambda rest, servers, hooks: {**rest, **servers, **hooks},
    st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3),
    st.just({}) | st.fixed_dictionaries({"mcpServers": st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2)}),
    st.just({}) | st.fixed_dictionaries({"hooks": st.dictionaries(st.sampled_from(["SessionStart", "Stop"]), GROUPS)}),
)
GAPS = ("", " ", "\n", "\n  ", "\r\n\t", " // a, remark }\n", "/* { */", " /**/ \n ")


def spelled(value: Any, draw: Any) -> str:
    """A value with random blanks and remarks, and a comma at the end at times."""
    gap = lambda: draw(st.sampled_from(GAPS))  # noqa: E731
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=draw(st.booleans()))
    keyed = [f"{json.dumps(key)}{gap()}:{gap()}" for key in value] if isinstance(value, dict) else [""] * len(value)
    inner = value.values() if isinstance(value, dict) else value
    parts = [f"{gap()}{key}{spelled(one, draw)}{gap()}" for key, one in zip(keyed, inner, strict=True)]
    last = f",{gap()}" if parts and draw(st.integers(0, 4)) == 0 else "" if parts else gap()
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}{','.join(parts)}{last}{closing}"


def meant(text: str) -> Any:
    """What a text says: remarks and last commas are cut out by a pattern, and the rest is read by Python."""
    string = r'("(?:[^"\\]|\\.)*")'
    bare = re.sub(string + r"|//[^\n]*|/\*.*?\*/", lambda found: found[1] or " ", text, flags=re.DOTALL)
    bare = re.sub(string + r"|,(?=\s*[}\]])", lambda found: found[1] or " ", bare)
    return json.loads(bare)


def expected(root: dict[str, Any]) -> dict[str, Any]:
    made = json.loads(json.dumps(root))
    made.setdefault("mcpServers", {})["memos"] = OURS
    made.setdefault("hooks", {}).setdefault("SessionStart", []).append(HOOK)
    return made  # type: ignore[no-any-return]


@settings(max_examples=trials(25, 3000))
@given(ROOTS, st.data())
def test_a_text_gets_two_entries_and_is_itself_again_without_them(root: dict[str, Any], data: st.DataObject) -> None:
    text = (
        data.draw(st.sampled_from(["", "\ufeff", "// head\n", "\n"]))
        + spelled(root, data.draw)
        + data.draw(st.sampled_from(GAPS))
    )
    with_server = put(text, SERVER, OURS, "f")
    both = put(with_server, START, HOOK, "f")
    assert meant(both.lstrip("\ufeff")) == expected(root)
    assert put(put(both, SERVER, OURS, "f"), START, HOOK, "f") == both
    assert (has(both, SERVER, "f"), has(both, START, "f")) == (OURS, HOOK)
    changed = put(both, SERVER, {**OURS, "args": ["mcp"]}, "f")
    assert meant(changed.lstrip("\ufeff"))["mcpServers"]["memos"]["args"] == ["mcp"]
    for one in (both, changed):
        without = take(one, START, "f")
        assert without is not None
        assert take(without, SERVER, "f") == text
    without = take(both, SERVER, "f")
    assert without is not None
    assert meant((take(without, START, "f") or "").lstrip("\ufeff")) in (
        root,
        {**root, "mcpServers": {}},
        {**root, "hooks": {}},
    )


@settings(max_examples=trials(30, 1000))
@given(ROOTS, st.sampled_from([None, 2, 4, "\t"]), st.sampled_from(["", "\n"]), st.booleans())
def test_what_programs_write_keeps_its_indentation(
    root: dict[str, Any], indent: int | str | None, end: str, windows: object
) -> None:
    text = json.dumps(root, indent=indent) + end
    text = text.replace("\n", "\r\n") if windows else text
    both = put(put(text, SERVER, OURS, "f"), START, HOOK, "f")
    assert json.loads(both) == expected(root)
    if indent and root.get("mcpServers") and root.get("hooks", {}).get("SessionStart"):
        whole = json.dumps(expected(root), indent=indent) + end
        assert both == (whole.replace("\n", "\r\n") if windows else whole)
    without = take(both, START, "f")
    assert without is not None
    assert take(without, SERVER, "f") == text


@pytest.mark.parametrize("text", [None, "", " \n", "\ufeff"])
def test_a_file_that_is_made_for_it_goes_with_it(text: str | None) -> None:
    made = put(text, SERVER, OURS, "f")
    assert json.loads(made.lstrip("\ufeff")) == {"mcpServers": {"memos": OURS}}
    assert take(made, SERVER, "f") == text


def test_what_a_new_file_needs_beside_it_goes_with_it_and_no_other_s_does() -> None:
    place = Place(("hooks", "sessionStart"), START.is_ours, is_element=True, beside=(("version", 1),))
    made = put(None, place, HOOK, "f")
    assert json.loads(made) == {"hooks": {"sessionStart": [HOOK]}, "version": 1}
    assert take(made, place, "f") is None
    theirs = '{\n  "version": 1\n}\n'
    assert take(put(theirs, place, HOOK, "f"), place, "f") == theirs


def test_what_others_put_behind_it_stays() -> None:
    both = put('{\n  "a": 1\n}', SERVER, OURS, "f")
    further = both.replace('"mcp"\n      ]\n    }', '"mcp"\n      ]\n    },\n    "x": {}')
    assert json.loads(further)["mcpServers"] == {"memos": OURS, "x": {}}
    assert json.loads(take(further, SERVER, "f") or "") == {"a": 1, "mcpServers": {"x": {}}}


def test_another_s_entry_is_neither_overwritten_nor_taken() -> None:
    theirs = '{"mcpServers": {"memos": {"command": "other"}}}'
    with pytest.raises(Refused, match=r"mcpServers\.memos runs something else"):
        put(theirs, SERVER, OURS, "f")
    assert take(theirs, SERVER, "f") == theirs
    for text in ("[]", '{"mcpServers": 1}', '{"mcpServers": []}', '{"hooks": {"SessionStart": {}}}', "3"):
        with pytest.raises(Refused, match="is not what the client documents"):
            put(put(text, SERVER, OURS, "f"), START, HOOK, "f")
