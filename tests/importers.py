"""An importer for tests: a script of lines, each a JSON object with what becomes of it. It reads `*.script` files.

{"id": "1", "text": "I live in York.", "at": "2023-05-01T10:00:00.000Z", "talk": "t", "turn": 0, "speaker": "user"}
{"skip": "a system message", "count": 2}
{"skip": "a damaged entry", "damaged": true}
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from memos_cli import plugins
from memos_cli.errors import UsageError
from memos_cli.infra import limits
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped

KIND = "llm"
"""The kind whose place it takes: one of those that `memos import` asks."""


class ScriptedImporter:
    """Hands over what a script says."""

    def matches(self, source: Path) -> bool:
        """By the ending of its name."""
        try:
            return source.suffix == ".script" and source.is_file()
        except (OSError, ValueError):
            return False

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """A draft or what is skipped for each line."""
        try:
            size, file = source.stat().st_size, source.open("rb")
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read it: {error}") from None
        with file:
            done = 0
            for number, line in enumerate(file, 1):
                done += len(line)
                how.tell(done, size)
                yield _of_line(line, number)


def _of_line(line: bytes, number: int) -> Draft | Skipped:
    where = f"line {number}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Skipped("not JSON", where, damaged=True)
    if not isinstance(row, dict):
        return Skipped("no object", where, damaged=True)
    if "skip" in row:
        return Skipped(str(row["skip"])[:100] or "?", where, _count(row.get("count")), row.get("damaged") is True)
    text, name, at = row.get("text"), row.get("id"), row.get("at")
    if not isinstance(text, str) or not text.strip() or not isinstance(name, str) or not name:
        return Skipped("without a text or an id", where, damaged=True)
    return _drafted(row, text, f"{KIND}:{name}", at if limits.is_time(at) else None)


def _drafted(row: dict[str, Any], text: str, name: str, at: str | None) -> Draft:
    given = frozenset({"occurred_at"} if at else ())
    if isinstance(row.get("talk"), str) and row["talk"]:
        speaker = row["speaker"] if isinstance(row.get("speaker"), str) else None
        turn = row["turn"] if type(row.get("turn")) is int else 0
        source = Source(conversation=row["talk"], turn=turn, speaker=speaker)
        return Draft(
            text, Kind.EPISODE, name, title=row["talk"], occurred_at=at, origin=Origin.CONVERSATION, source=source, given=given
        )
    title = row["title"] if isinstance(row.get("title"), str) else None
    key = row["key"] if isinstance(row.get("key"), str) else None
    return Draft(text, Kind.NOTE, name, title, key, occurred_at=at, origin=Origin.IMPORT, given=given)


def _count(given: object) -> int:
    return given if type(given) is int and 0 < given < 10**9 else 1


def script(path: Path, *rows: dict[str, Any]) -> Path:
    """Write a script."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def turn(name: str, text: str, at: str | None = "2023-05-01T10:00:00.000Z", speaker: str = "user") -> dict[str, Any]:
    """A line with a turn of a talk."""
    return {"id": name, "text": text, "at": at, "talk": "talk", "turn": len(name), "speaker": speaker}


def note(name: str, text: str, at: str | None = "2023-05-01T10:00:00.000Z", **more: Any) -> dict[str, Any]:
    """A line with something else than a turn."""
    return {"id": name, "text": text, "at": at, **more}


@contextmanager
def registered(kind: str = KIND) -> Iterator[str]:
    """It stands in the place of a kind while the block runs."""
    with patch.dict(plugins._BUILT_IN, {f"importer.{kind}": "tests.importers:ScriptedImporter"}):
        yield kind


@pytest.fixture
def scripted() -> Iterator[str]:
    """The name of the kind whose place the importer takes."""
    with registered() as kind:
        yield kind
