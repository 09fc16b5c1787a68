"""Rows of any table as drafts: a column is a field of a memory by its name, and what is no field goes into metadata."""

import math
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.times import Zone, parse_iso, to_text

HEAD = 64 << 10
"""Bytes of a file that are looked at to recognise it."""
NAMES: Mapping[str, tuple[str, ...]] = {
    "content": ("content", "text", "memory", "body", "note", "fact", "message", "description", "value", "quote"),
    "external_id": ("external_id", "id", "uuid", "guid", "uid", "_id"),
    "occurred_at": (
        "occurred_at",
        "date",
        "datetime",
        "time",
        "timestamp",
        "when",
        "created_at",
        "created",
        "created at",
        "ts",
    ),
    "title": ("title", "subject", "heading", "name", "summary"),
    "tags": ("tags", "tag", "categories", "category", "keywords"),
    "kind": ("kind",),
    "key": ("key",),
    "task": ("task",),
    "valid_from": ("valid_from",),
    "valid_to": ("valid_to",),
    "conversation": ("conversation", "thread", "channel"),
    "speaker": ("speaker", "author", "role", "sender", "from"),
}
"""The fields that a column may be, each with the names by which it is taken for that, the surest first."""
_TIMES = ("occurred_at", "valid_from", "valid_to")
_LONGEST_ID = 900
_SECONDS = 100_000_000_000
"""A number of seconds since 1970 is smaller, which is the year 5138; a number of milliseconds is greater, from 1973 on."""
EMPTY = "no text in it"


def beginning(source: Path) -> bytes | None:
    """The first bytes of a file; `None` where there is no file, or none that can be read."""
    try:
        if not source.is_file():
            return None
        with source.open("rb") as stream:
            return stream.read(HEAD)
    except (OSError, ValueError):
        return None


def guess(columns: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The field of each column: as it was given, else by its name. What is the same field twice is the first one's.

    Raises:
        UsageError: a given column is not there, or a given field is none.
    """
    there = [one for one in columns if one]
    found: dict[str, str] = {}
    for column, field in given.items():
        if column not in there:
            raise UsageError(f"there is no column {column[:40]!r}", hint=f"there are: {', '.join(there)[:300]}")
        if field not in NAMES:
            raise UsageError(f"a memory has no field {field[:40]!r}", hint=f"there are: {', '.join(NAMES)}")
        found[column] = field
    for field, names in NAMES.items():
        if field in found.values():
            continue
        low = {one.strip().lower(): one for one in reversed(there) if one not in found}
        if column := next((low[name] for name in names if name in low), ""):
            found[column] = field
    return found


class Rows:
    """Makes drafts of the rows of one source.

    Args:
        kind: of the source.
        how: how it is read.
    """

    def __init__(self, kind: str, how: ImportOptions) -> None:
        self._kind, self._zone = kind, how.zone
        # On the disk once there are many: of a table without ids each row is named by what it says, and of equal ones by which.
        self._seen = sqlite3.connect("")
        self._seen.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID")

    def close(self) -> None:
        """Drop what was kept."""
        self._seen.close()

    def named(self, row: object) -> str:
        """The name of a row that has none: a digest of what it says, with its number among equals."""
        told = dumps(row, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
        digest = sha256(told).digest()[:16]
        sql = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
        ((number,),) = self._seen.execute(sql, (digest,)).fetchall()
        return f"{self._kind}:{digest.hex()}" + (f"-{number}" if number > 1 else "")

    def draft(self, row: Mapping[str, Any], fields: Mapping[str, str], where: str) -> Draft | Skipped:
        """The draft of a row.

        Args:
            row: the values by the names of their columns.
            fields: the field that a column is, where it is one.
            where: by what a person finds the row.
        """
        told = {field: row[column] for column, field in fields.items() if row.get(column) not in (None, "")}
        content = told.get("content")
        if content is None or (isinstance(content, str) and not content.strip()):
            return Skipped(EMPTY, where)
        if not isinstance(content, str):
            return Skipped("its text is no text", where, damaged=True)
        if fault := fault_of(row):
            return Skipped(fault, where, damaged=True)
        draft, taken = self._with_fields(Draft(content, origin=Origin.IMPORT, given=frozenset({"content"})), told)
        name = name_of(told.get("external_id"))
        rest = {str(column): value for column, value in row.items() if _is_said(value) and fields.get(column) not in taken}
        return draft._replace(
            external_id=f"{self._kind}:{name}" if name else self.named(row),
            metadata=rest,
            given=(draft.given or frozenset()) | ({"metadata"} if rest else set()),
        )

    def _with_fields(self, draft: Draft, told: Mapping[str, Any]) -> tuple[Draft, set[str]]:
        """The draft with the fields that can be so, and their names; what cannot goes into metadata as it stands."""
        changes: dict[str, Any] = {}
        for name in ("title", "key", "task"):
            if isinstance(value := told.get(name), str) and value.strip():
                changes[name] = value.strip()
        for name in _TIMES:
            if at := instant(told.get(name), self._zone):
                changes[name] = at
        if tags := tags_of(told.get("tags")):
            changes["tags"] = tags
        parts: dict[str, Any] = {
            name: value for name in ("conversation", "speaker") if isinstance(value := told.get(name), str)
        }
        kind = next((one for one in Kind if one == str(told.get("kind")).strip().lower()), None)
        if kind is not None and (kind is not Kind.EPISODE or "conversation" in parts):
            changes["kind"] = kind
        if kind is Kind.EPISODE and "conversation" in parts:
            changes["origin"] = Origin.CONVERSATION
        if changes.get("valid_to", "9") < changes.get("valid_from", "0"):
            del changes["valid_from"], changes["valid_to"]
        given = {*changes} - {"origin"} | ({"source"} if parts else set())
        done = {"content", *given, *parts} | ({"external_id"} if name_of(told.get("external_id")) else set())
        return draft._replace(source=Source(**parts), given=frozenset({"content", *given}), **changes), done


def _is_said(value: object) -> bool:
    return value not in (None, "", [], {})


def fault_of(row: Mapping[str, Any]) -> str:
    """What keeps a row from being stored; empty for nothing."""
    try:
        text = dumps(row, ensure_ascii=False, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        return "characters that are none"
    except RecursionError:
        return "nested too deeply"
    except (ValueError, TypeError):
        return "a number that is none"
    return ""


def name_of(value: object) -> str:
    """A name of an entry that a source gives: a text or a number, on one line; empty for what cannot be one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = " ".join(str(value).split()) if not isinstance(value, int) or abs(value) < 10**40 else ""
    return text if len(text) <= _LONGEST_ID and text.isprintable() else ""


def tags_of(value: object) -> tuple[str, ...]:
    """Tags of a list, or of a text with commas or semicolons between them."""
    parts = value if isinstance(value, list) else value.replace(";", ",").split(",") if isinstance(value, str) else []
    if not all(isinstance(one, str) for one in parts):
        return ()
    return tuple(dict.fromkeys(one.strip() for one in parts if one.strip()))


def instant(value: object, zone: Zone) -> str | None:
    """The instant that a value says, as fixed-width UTC text: ISO-8601, a date of a mail, or a number of seconds since 1970."""
    if (
        isinstance(value, str)
        and value.strip().lstrip("-").replace(".", "", 1).isdecimal()
        and len(value.strip()) in range(9, 18)
    ):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_number(float(value) if abs(value) < 10**18 else math.inf)
    if not isinstance(value, str) or not value.strip() or len(value) > 100:
        return None
    try:
        return parse_iso(value.strip(), zone)
    except UsageError:
        pass
    try:
        return to_text(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _of_number(seconds: float) -> str | None:
    try:
        return to_text(datetime.fromtimestamp(seconds / 1000 if abs(seconds) >= _SECONDS else seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None
