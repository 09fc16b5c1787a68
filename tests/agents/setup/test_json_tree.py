"""JSON with remarks, as clients read it: what is in it, and where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.agents.setup.json_tree import parsed
from memos_cli.errors import Refused

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_it_reads_what_json_writes(value: object, indent: int | str | None, ascii_: object) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=bool(ascii_))
    found = parsed(f"\ufeff \r\n{text}\n", "f")
    assert found is not None
    assert found.value == value
    assert json.loads(f"\ufeff \r\n{text}\n"[found.start : found.end]) == value


def test_remarks_and_a_last_comma_are_no_part_of_it() -> None:
    text = '// one\n{"a": [1, /* two, */ 2,], // three\n "b": "// no remark", }\n/* end */'
    found = parsed(text, "f")
    assert found is not None
    assert found.value == {"a": [1, 2], "b": "// no remark"}
    assert [text[one.start : one.node.end] for one in found.entries or ()] == ['"a": [1, /* two, */ 2,]', '"b": "// no remark"']


@pytest.mark.parametrize("text", ["", " \n", "\ufeff"])
def test_nothing_but_blanks_is_nothing(text: str) -> None:
    assert parsed(text, "f") is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": 1', "line 1, column 8"),
        ('{\n  "a" 1}', "line 2, column 7"),
        ('{"a": 1 "b": 2}', "line 1, column 9"),
        ("[1,,2]", "line 1, column 4"),
        ("{a: 1}", "line 1, column 2"),
        ('{"a": tru}', "line 1, column 7"),
        ('{"a": 01}', "line 1, column 8"),
        ('["a\nb"]', "line 1, column 2"),
        ("{} {}", "line 1, column 4"),
        ("// a remark alone", "line 1, column 18"),
        ('["\\x"]', "line 1, column 2"),
        ("[" * 5000, "nested too deep"),
        ("NaN", "line 1, column 1"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, where: str) -> None:
    with pytest.raises(Refused, match=where):
        parsed(text, "settings.json")


@given(VALUES, st.data())
def test_a_text_that_was_damaged_is_read_or_refused(value: object, data: st.DataObject) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text)))
    damaged = (
        text[:at] + data.draw(st.text(alphabet='{}[],:"\\/* \n1a', max_size=3)) + text[data.draw(st.integers(at, len(text))) :]
    )
    try:
        parsed(damaged, "f")
    except Refused as error:
        assert "line" in error.message  # noqa: PT017 -- most are read
