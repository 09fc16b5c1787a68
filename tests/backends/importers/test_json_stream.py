import io
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.backends.importers import json_stream
from memos_cli.backends.importers.json_stream import CUT, DEEP, LONG, WRONG, Broken, JsonReader

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


class Drops:
    """A stream that gives little at a time, whatever it is asked for."""

    def __init__(self, data: bytes, most: int, fault: str = "") -> None:
        self._inner, self._most, self._fault = io.BytesIO(data), most, fault

    def read(self, size: int, /) -> bytes:
        data = self._inner.read(min(size, self._most))
        if not data and self._fault:
            raise OSError(self._fault)
        return data


def values(text: str | bytes, *under: str, most: int = 1 << 20, fault: str = "") -> list[Any]:
    return list(JsonReader(Drops(text.encode() if isinstance(text, str) else text, most, fault), under))


@settings(deadline=None)
@given(
    st.lists(VALUES, max_size=6), st.integers(1, 50), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), st.booleans()
)
def test_gives_what_the_whole_holds_however_it_comes(held: list[Any], most: int, encoding: str, ascii_: bool) -> None:  # noqa: FBT001
    text = json.dumps(held, ensure_ascii=ascii_).encode(encoding, "replace")
    assert values(text, most=most) == json.loads(text.decode(encoding))


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=5), st.data())
def test_a_cut_takes_no_value_before_it(held: list[Any], data: st.DataObject) -> None:
    text = json.dumps(held)
    at = data.draw(st.integers(1, len(text) - 1))
    ends = [len(json.dumps(held[:count])) - 1 for count in range(len(held) + 1)]
    whole = max(count for count, end in enumerate(ends) if end <= at and (count == 0 or text[end] in ",]"))
    found = values(text[:at], most=7)
    sure = whole - 1 if whole and ends[whole] == at else whole  # a number may go on behind the cut
    assert found[:sure] == held[:sure]
    assert sum(isinstance(one, Broken) for one in found) == 1
    assert found[-1] == Broken(CUT)


def test_reads_lines_lists_behind_each_other_and_members_of_an_object() -> None:
    assert values('{"a": 1}\n{"a": 2}\n[3, 4][5]') == [{"a": 1}, {"a": 2}, 3, 4, 5]
    assert values('{"user": {"x": []}, "list": [1, {"list": [2]}], "end": 0}', "list") == [
        1,
        {"list": [2]},
        {"user": {"x": []}, "end": 0},
    ]
    assert values('{"a": 1}', "list") == [{"a": 1}]
    assert values("") == values(" \n") == values("[]") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[1, {"a": x, "b": [1, 2]}, 3]', [1, Broken(WRONG), 3]),
        ("[1, [}], 3]", [1, Broken(WRONG), 3, Broken(WRONG)]),
        ('[1, {"a" "b"}, {"c": "]"}]', [1, Broken(WRONG), {"c": "]"}]),
        ('[{"a": "\\x", "b": "}\\"}"}, 2]', [Broken(WRONG), 2]),
        ("[1 2,,3,]", [1, 2, 3]),
        ("[nul, 2]", [Broken(WRONG), 2]),
        ('["a\nb", NaN]', ["a\nb", pytest.approx(float("nan"), nan_ok=True)]),
        (f"[{'9' * 5000}, 2]", [float("inf"), 2]),
        (f"[{'[' * 5000}{']' * 5000}, 2]", [Broken(DEEP), 2]),
        ("]}1", [Broken(WRONG), Broken(WRONG), 1]),
    ],
)  # fmt: skip
def test_reads_on_behind_what_is_wrong(text: str, found: list[Any]) -> None:
    for most in (1 << 20, 3):
        assert values(text, most=most) == found


@pytest.mark.parametrize("text", ["{]", '{"a"]', '{"a": ]}', '{"list": [1}', '{"list": ', '{"a": {"b', "{,}", "{1: 2}"])
def test_an_object_of_any_shape_comes_to_an_end(text: str) -> None:
    assert any(isinstance(one, Broken) for one in values(text, "list", most=2)) or text == "{,}"


def test_tells_why_the_stream_ended() -> None:
    assert values("[1, 2", most=3, fault="the disk is gone") == [1, 2, Broken("the disk is gone")]
    assert values("[1, 2]", most=3, fault="damaged") == [1, 2, Broken("damaged")]


def test_passes_over_a_value_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_HELD", 50_000)
    monkeypatch.setattr(json_stream, "_LEAST", 1000)
    long = '{"text": "' + 'x\\\\\\"]' * 100_000 + '"}'
    assert values(f"[1, {long}, 2]", most=999) == [1, Broken(LONG), 2]
    members = ", ".join(f'"m{number}": "{"y" * 900}"' for number in range(200))
    assert Broken(LONG) in values(f'{{{members}, "list": [1, 2]}}', "list")
    assert sum(one in (1, 2) for one in values(f'{{{members}, "list": [1, 2]}}', "list")) == 2


def test_noise_ends_soon() -> None:
    chance = random.Random(1)
    start = time.monotonic()
    for text in (
        chance.randbytes(200_000),
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'["\\' * 100_000,
        b"x," * 100_000,
        b'"' * 100_001,
        b"[{" * 99_999,
    ):
        assert values(text, "a")
    assert time.monotonic() - start < 20
