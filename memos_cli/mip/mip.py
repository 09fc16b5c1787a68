"""MIP, the memory interchange document: memories as JSON Lines that any program can write and read; `man/memos-mip.5`.

A line is a memory by itself, so that documents can be cut, joined and filtered by the line. `read` checks a line as the schema
in `memos_cli/data/mip-1.schema.json` does, and `written` is the one form in which memos writes it. What a row is for a memory
says `mip.rows`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import IO, Any

from memos_cli.errors import UsageError
from memos_cli.model import Kind, LinkType, Origin, State, Visibility
from memos_cli.records import NamedTuple
from memos_cli.times import parse_iso

VERSION = 1
SCHEMA = "mip-1.schema.json"
LONGEST_LINE = 16 << 20
"""Bytes of a line. A memory has at most a million characters, and its metadata 8 MiB."""
TOO_LONG = f"longer than {LONGEST_LINE:,} bytes"
LONGEST_ID = 200
LONGEST_NAME = 1000
MOST_CHARACTERS = 1_000_000
MOST_DEPTH = 100
MOST_MEMBERS = 100_000
_BIG, _COUNT = 2**31, 2**53
_TIME = (
    r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_CONTROL = "[\x00-\x1f\ud800-\udfff]"
TIMES = ("created_at", "updated_at", "occurred_at", "valid_from", "valid_to", "expires_at", "since")


class Read(NamedTuple):
    """A line of a document: its number, from 1 on, and its row, or what is wrong with it. `size` is its length in bytes."""

    number: int
    row: dict[str, Any] | None
    fault: str
    size: int


# -- lines


def raw(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None, int]]:
    """The lines of a stream: the number of each, its bytes, and how many those are.

    What is longer than `LONGEST_LINE` is passed over in pieces; its bytes are `None`.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        size = len(line)
        if size <= LONGEST_LINE:
            yield number, line, size
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE)
            size += len(line)
        yield number, None, size


def lines(stream: IO[bytes]) -> Iterator[Read]:
    """The lines of a document, each read and checked; those that are blank are left out."""
    for number, line, size in raw(stream):
        if line is None:
            yield Read(number, None, TOO_LONG, size)
        elif line.strip():
            try:
                yield Read(number, read(line, first=number == 1), "", size)
            except UsageError as error:
                yield Read(number, None, error.message, size)


def read(line: bytes, *, first: bool = False) -> dict[str, Any]:
    """The row of a line.

    Args:
        line: with or without its end.
        first: whether a byte order mark may stand before it.

    Raises:
        UsageError: it is none; the message says why.
    """
    row = parsed(line, first=first)
    if why := fault(row):
        raise UsageError(why)
    assert isinstance(row, dict)  # noqa: S101 -- `fault` looked
    return row


def parsed(line: bytes, *, first: bool = False) -> Any:  # noqa: ANN401 -- any JSON
    """The JSON of a line; `first` as for `read`.

    Raises:
        UsageError: it is not JSON, or has what two programs may read differently: a name twice, half a surrogate pair, a number
            beyond all range.
    """
    try:
        text = line.decode("utf-8-sig" if first else "utf-8")
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise UsageError("nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"not JSON that all read alike: {error}") from None
    if b"\\u" in line:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise UsageError("half a surrogate pair, which is no character") from None
        except RecursionError:
            raise UsageError("nested too deeply") from None
    return value


def written(row: Mapping[str, Any]) -> bytes:
    """The line of a row, as memos writes it: fields in the order of `FIELDS`, metadata sorted, and no white space."""
    told = {name: row[name] for name in FIELDS if name in row}
    if "metadata" in told:
        told["metadata"] = json.loads(json.dumps(told["metadata"], sort_keys=True))
    return _encode(told).encode() + b"\n"


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is larger than any number here")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(name for name, other in pairwise(names) if name == other)
        raise ValueError(f"{twice[:40]!r} stands there twice")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)


# -- what a row has to be like


def _is_name(value: object, most: int = LONGEST_NAME) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and (value.isprintable() or not re.search(_CONTROL, value))


def _is_content(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS and "\0" not in value and bool(re.search(_INK, value))


_INK = "[^ \t\n\r]"
"""What a content has to have: a character that JSON does not call white space."""


def is_time(value: object) -> bool:
    """Whether this is a time of RFC 3339, in the years 1 to 9999 in UTC."""
    if not isinstance(value, str) or re.fullmatch(_TIME, value, re.ASCII) is None:
        return False
    try:
        parse_iso(value)
    except UsageError:
        return False
    return True


def _is_whole(value: object, least: int, end: int) -> bool:
    whole = type(value) is int or (isinstance(value, float) and value.is_integer())
    return whole and least <= value < end  # type: ignore[operator]


def _is_share(value: object) -> bool:
    return type(value) in {int, float} and 0 <= value <= 1  # type: ignore[operator]


def _are_names(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_MEMBERS and all(map(_is_name, value))


def _one_of(words: Iterable[str]) -> "Check":
    known = frozenset(str(word) for word in words)
    return lambda value: isinstance(value, str) and value in known


def _is_link(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"type", "target"} and all(_LINK[name](value[name]) for name in _LINK)


def _are_links(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_MEMBERS and all(map(_is_link, value))


def is_source(value: object) -> bool:
    """Whether this says where something was said or written, in the parts that a source has."""
    return isinstance(value, dict) and all(name in _SOURCE and _SOURCE[name](one) for name, one in value.items())


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and _is_shallow(value)


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        parts = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [one for part in parts for one in part]
        if not level:
            return True
    return False


Check = Callable[[Any], bool]
_LINK: dict[str, Check] = {"type": _one_of(LinkType), "target": lambda value: _is_name(value, LONGEST_ID)}
_SOURCE: dict[str, Check] = {
    **dict.fromkeys(("conversation", "session"), _is_name),
    "turn": lambda value: _is_whole(value, -_BIG, _BIG + 1),
    **dict.fromkeys(("speaker", "model", "file"), _is_name),
    "digest": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
    **dict.fromkeys(("start", "end"), lambda value: _is_whole(value, 0, _COUNT)),
}
FIELDS: Mapping[str, Check] = {
    "mip": lambda value: type(value) in {int, float} and value == VERSION,
    "id": lambda value: _is_name(value, LONGEST_ID),
    "content": _is_content,
    "kind": _one_of(Kind),
    "title": _is_name,
    "key": _is_name,
    "tags": _are_names,
    "labels": _are_names,
    **dict.fromkeys(TIMES[:-1], is_time),
    "state": _one_of(one for one in State if one is not State.PURGED),
    "since": is_time,
    "task": _is_name,
    "priority": lambda value: _is_whole(value, -_BIG, _BIG + 1),
    "pinned": lambda value: isinstance(value, bool),
    "frozen": lambda value: isinstance(value, bool),
    "visibility": _one_of(Visibility),
    "confidence": _is_share,
    "trust": _is_share,
    "owner": _is_name,
    "origin": _one_of(Origin),
    "external_id": _is_name,
    "source": is_source,
    "links": _are_links,
    "metadata": _is_metadata,
}
"""The fields of a line in the order in which memos writes them, each with the check of its value."""
_REQUIRED = ("mip", "id", "content")


def fault(row: object) -> str:
    """What is wrong with the row of a line; empty for nothing."""
    if not isinstance(row, dict):
        return "not a JSON object"
    if missing := next((name for name in _REQUIRED if name not in row), None):
        return f"{missing} is missing"
    if not FIELDS["mip"](row["mip"]):
        return f"of MIP version {str(row['mip'])[:20]}, and this program reads version {VERSION}"
    for name, value in row.items():
        if name not in FIELDS:
            return f"unknown field {name[:40]!r}; what has no field of its own goes into metadata"
        if not FIELDS[name](value):
            return f"{name} cannot be so: {str(value)[:60]!r}"
    return ""
