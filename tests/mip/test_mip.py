"""MIP: our checker and the published schema agree, on documents that are right and on mutated ones; and lines have bounds."""

import copy
import io
import json
import random
from importlib import resources
from typing import Any

import pytest

from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.mip import mip
from memos_cli.times import parse_iso
from tests.trials import trials

FULL: dict[str, Any] = {
    "mip": 1,
    "id": "3xc6xebdmnresf6iwcaz",
    "content": "I am vegan",
    "kind": "preference",
    "title": "Food",
    "key": "diet",
    "tags": ["food", "\U0001f331"],
    "labels": ["health"],
    "created_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T10:00:00.123+02:00",
    "occurred_at": "0001-01-02T00:00:00Z",
    "valid_from": "2026-03-01T10:00:00Z",
    "valid_to": "9999-12-30T23:59:59Z",
    "expires_at": "2030-01-01T00:00:00Z",
    "state": "archived",
    "since": "2026-04-01T00:00:00Z",
    "task": "move",
    "priority": -3,
    "pinned": True,
    "frozen": False,
    "visibility": "read-only",
    "confidence": 0.5,
    "trust": 1,
    "owner": "kim",
    "origin": "user",
    "external_id": "mine:1",
    "source": {
        "conversation": "c",
        "session": "s",
        "turn": 3,
        "speaker": "user",
        "model": "m",
        "file": "a.md",
        "digest": "0" * 64,
        "start": 0,
        "end": 12,
    },
    "links": [{"type": "relates", "target": "abc"}],
    "metadata": {"a": [1, {"b": None}]},
}
OTHERS = (
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    1.0,
    1.5,
    2**31,
    2**53,
    -(2**40),
    "",
    " ",
    "x",
    "fact",
    "a\tb",
    "a\x00",
    "x" * 201,
    "x" * 1001,
    "2026-02-30T00:00:00Z",
    "2026-03-01",
    "2026-03-01T10:00:00",
    "2026-03-01T10:00:60Z",
    "2026-03-01t10:00:00z",
    "2026-03-01T10:00:00+24:00",
    "0000-01-01T00:00:00Z",
    "2026-03-01T10:00:00.1234567Z",
    "2026-03-01T10:00:00Z\n",
    [],
    {},
    [None],
    [""],
    ["a", "a"],
    [{"type": "relates"}],
    [{"type": "x", "target": "y"}],
    {"turn": 1.0},
    {"turn": "1"},
    {"start": -1},
    {"digest": "F" * 64},
    {"unknown": 1},
    {"conversation": ""},
)


def schema() -> dict[str, Any]:
    text = resources.files("memos_cli.data").joinpath(mip.SCHEMA).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def mutated(chance: random.Random) -> dict[str, Any]:
    row = copy.deepcopy(FULL)
    for name in chance.sample([name for name in row if name not in {"mip", "id", "content"}], chance.randrange(20)):
        del row[name]
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        act = chance.randrange(5)
        name = chance.choice(sorted(row)) if row else "mip"
        if act == 0:
            row.pop(name, None)
        elif act == 1:
            row[chance.choice(("colour", "Content", "x-own", "type"))] = chance.choice(OTHERS)
        elif act == 2 and isinstance(row.get("source"), dict):
            row["source"][chance.choice(sorted(FULL["source"]))] = chance.choice(OTHERS)
        else:
            row[name] = chance.choice(OTHERS)
    return row


def test_the_checker_and_the_schema_agree() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("date-time", raises=UsageError)(lambda value: not isinstance(value, str) or bool(parse_iso(value)))
    validator = jsonschema.Draft202012Validator(schema(), format_checker=formats)
    jsonschema.Draft202012Validator.check_schema(schema())
    verdicts = {True: 0, False: 0}
    for trial in range(trials(1500, 20_000)):
        row = mutated(random.Random(trial))
        right = validator.is_valid(row)
        verdicts[right] += 1
        assert (mip.fault(row) == "") is right, (trial, row, mip.fault(row))
    assert min(verdicts.values()) > 100


def test_the_schema_names_every_field_in_the_order_in_which_it_is_written() -> None:
    assert list(schema()["properties"]) == list(mip.FIELDS)
    assert mip.fault(FULL) == ""


def test_what_a_memory_can_hold_a_line_can() -> None:
    assert mip.MOST_CHARACTERS == limits.MOST_CHARACTERS
    assert mip.LONGEST_NAME == limits.LONGEST_NAME
    assert mip.MOST_DEPTH == limits.MOST_DEPTH
    assert mip.LONGEST_LINE > limits.MOST_LINE


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"mip": 1, "mip": 1, "id": "a", "content": "b"}', "'mip' stands there twice"),
        (b'{"mip": 1, "id": "a", "content": "\\ud800"}', "half a surrogate pair"),
        (b'{"mip": 1, "id": "a", "content": "b", "confidence": NaN}', "NaN is no JSON number"),
        (b'{"mip": 1, "id": "a", "content": "b", "metadata": {"n": 1e999}}', "larger than any number"),
        (
            b'{"mip": 1, "id": "a", "content": "b", "metadata": {"n": ' + b"[" * 150 + b"]" * 150 + b"}}",
            "metadata cannot be so",
        ),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"mip": 1, "id": "a", "content": "b", "priority": ' + b"9" * 5000 + b"}", "not JSON that all read alike"),
        (b'{"mip": 2, "id": "a", "content": "b"}', "of MIP version 2"),
        (b'{"mip": 1, "id": "a"}', "content is missing"),
        (b'{"mip": 1, "id": "a", "content": "b", "colour": 1}', "unknown field 'colour'"),
    ],
)
def test_a_line_that_is_no_memory_says_why(line: bytes, why: str) -> None:
    with pytest.raises(UsageError) as told:
        mip.read(line)
    assert why in told.value.message


def test_a_line_has_bounds_and_the_next_one_is_read() -> None:
    good = mip.written({"mip": 1, "id": "a", "content": "b"})
    found = list(mip.lines(io.BytesIO(b"\xef\xbb\xbf" + good + b"\n" + b"x" * (mip.LONGEST_LINE + 5) + b"\n" + good.rstrip())))
    assert [(one.number, one.fault) for one in found] == [(1, ""), (3, mip.TOO_LONG), (4, "")]
    assert sum(one.size for one in found) == 3 + 2 * len(good) - 1 + mip.LONGEST_LINE + 6


def test_it_is_written_in_one_form() -> None:
    shuffled = dict(random.Random(1).sample(sorted(FULL.items()), len(FULL)))
    shuffled["metadata"] = {"b": 1, "a": {"d": 1, "c": "é"}}
    line = mip.written(shuffled)
    assert line.startswith(b'{"mip":1,"id":"3xc6xebdmnresf6iwcaz","content":"I am vegan","kind":')
    assert line.endswith('"metadata":{"a":{"c":"é","d":1},"b":1}}\n'.encode())
