"""The fields of a memory as JSON has them, and as a person writes them: each checked, or refused by name."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from memos_cli.errors import UsageError
from memos_cli.infra.limits import MOST_DEPTH, is_shallow
from memos_cli.model import Source
from memos_cli.operation.changes import checked_name
from memos_cli.times import Zone, parse_iso

E = TypeVar("E", bound=StrEnum)
SOURCE_PARTS = ("conversation", "session", "speaker", "model", "file", "turn")
_SOURCE_TEXTS = SOURCE_PARTS[:-1]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is larger than any number here")
    return number


# Made once: `json.loads` with an argument makes a new decoder for each line.
DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def text_of(row: Mapping[str, Any], name: str) -> str:
    """A field that has to be text.

    Raises:
        UsageError: it is none.
    """
    value = row.get(name)
    if not isinstance(value, str):
        raise UsageError(f"{name} is missing" if value is None else f"{name} has to be text")
    return value


def name_of(row: Mapping[str, Any], name: str) -> str | None:
    """A name, or `None`.

    Raises:
        UsageError: it is none.
    """
    return None if row.get(name) is None else checked_name(text_of(row, name), name)


def names_of(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of names, each once.

    Raises:
        UsageError: it is none.
    """
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"{name} has to be a list of texts")
    return tuple(dict.fromkeys(checked_name(item, f"one of {name}") for item in value))


def one_of(choices: type[E], value: object) -> E:
    """One of the words that a field may have.

    Raises:
        UsageError: it is none.
    """
    try:
        return choices(str(value))
    except ValueError:
        what = choices.__name__.lower()
        raise UsageError(f"unknown {what} {str(value)[:40]!r}; there are: {', '.join(choices)}") from None


def share_of(row: Mapping[str, Any], name: str) -> float:
    """A number from 0 to 1.

    Raises:
        UsageError: it is none.
    """
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"{name} has to be a number from 0 to 1")
    return float(value)


def time_of(row: Mapping[str, Any], name: str, zone: Zone | None) -> str:
    """An instant as `times` writes it; without an offset it is in this zone.

    Raises:
        UsageError: it is none.
    """
    try:
        return parse_iso(text_of(row, name), zone)
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}") from None


def flag_of(row: Mapping[str, Any], name: str) -> bool:
    """A switch; off where it is not there.

    Raises:
        UsageError: it is none.
    """
    value = row.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name} has to be true or false")
    return value


def number_of(row: Mapping[str, Any], name: str) -> int | None:
    """A whole number, or `None`.

    Raises:
        UsageError: it is none.
    """
    value = row.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31):
        raise UsageError(f"{name} has to be a whole number")
    return value


def source_of(value: object) -> Source:
    """Where a memory comes from.

    Raises:
        UsageError: it is none.
    """
    if value is None:
        return Source()
    if not isinstance(value, dict):
        raise UsageError("source has to be an object")
    if unknown := sorted(set(value) - {*SOURCE_PARTS}):
        raise UsageError(f"source has no field {unknown[0]!r}")
    texts: dict[str, Any] = {
        name: checked_name(str(value[name]), f"source.{name}") for name in _SOURCE_TEXTS if value.get(name) is not None
    }
    return Source(turn=number_of(value, "turn"), **texts)


def source_parts(told: Sequence[str]) -> dict[str, Any]:
    """The parts of a source that a person wrote as `speaker=Ana`; of one without a value `None`.

    Raises:
        UsageError: no such part, or a value that it cannot have.
    """
    parts: dict[str, Any] = {}
    for one in told:
        name, sign, value = (part.strip() for part in one.partition("="))
        if not sign or name not in {*SOURCE_PARTS}:
            known = ", ".join(SOURCE_PARTS)
            raise UsageError(f"--source has no part {name[:40]!r}", hint=f"--source speaker=Ana; there are: {known}")
        if name == "turn" and value and not (value.isascii() and value.isdigit()):
            raise UsageError("the turn of a source has to be a whole number", hint="--source turn=3")
        parts[name] = None if not value else int(value) if name == "turn" else checked_name(value, f"source.{name}")
    number_of(parts, "turn")
    return parts


def metadata_of(text: str) -> dict[str, Any]:
    """Metadata that a person wrote as JSON.

    Raises:
        UsageError: it is no JSON, or no object, or one that no memory can hold.
    """
    example = """--metadata '{"colour": "blue"}'"""
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"the metadata is not JSON: {error.msg} (column {error.colno})", hint=example) from None
    except RecursionError:
        raise UsageError("metadata is nested too deeply", hint=example) from None
    except ValueError as error:
        raise UsageError(f"the metadata is not JSON: {error}", hint=example) from None
    if not isinstance(value, dict):
        raise UsageError("metadata has to be a JSON object", hint=example)
    return checked_metadata(value)


def checked_metadata(value: object) -> dict[str, Any]:
    """Metadata that a memory can hold.

    Raises:
        UsageError: it is none.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError("metadata has to be an object")
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError("metadata holds half a surrogate pair, which is no character") from None
    if not is_shallow(value):
        raise UsageError(f"metadata is nested too deeply (at most {MOST_DEPTH} levels)")
    return value
