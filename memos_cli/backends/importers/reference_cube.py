"""Cubes of the reference implementation of MemOS: a folder with settings and texts. Its pickles are never opened.

The texts are a list of memories, or a graph of nodes and edges; each has its words under `memory`, and what is known of it
under `metadata`. Which file they lie in says the cube's `config.json`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from memos_cli.backends.importers.fields import HEAD, Rows, fault_of, instant, name_of, tags_of
from memos_cli.backends.importers.json_stream import Broken, JsonReader
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped

KIND = "memos-reference"
_CONFIG, _TEXTS = "config.json", "textual_memory.json"
_MOST_CONFIG = 1 << 20
_UNDER = ("nodes", "edges", "memories")
_PICKLES = {".pickle", ".pkl", ".pt", ".bin"}
_KINDS = {"fact": Kind.FACT, "event": Kind.EVENT, "procedure": Kind.PROCEDURE, "opinion": Kind.PREFERENCE}
_DROPPED = frozenset({"embedding", "confidence", "tags", "type", "memory_time", "session_id", "key"})
"""What the reference computes, or what becomes a field of a memory. Visibility does not: who reads it here says its person."""


class ReferenceImporter:
    """Reads cubes of the reference implementation."""

    def matches(self, source: Path) -> bool:
        """Whether a folder has the texts, or settings that say they are those of a cube; or a file is called as the texts."""
        try:
            if not source.is_dir():
                return source.name == _TEXTS and source.is_file() and _begins(source)
            if (source / _TEXTS).is_file():
                return _begins(source / _TEXTS)
            with (source / _CONFIG).open("rb") as stream:
                return b"MemCubeConfig" in stream.read(HEAD)
        except (OSError, ValueError):
            return False

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The texts of the cube; what else lies in it is named as skipped.

        Raises:
            UsageError: it cannot be read, or is no such cube.
        """
        try:
            texts = _texts_of(source) if source.is_dir() else source
            if source.is_dir():
                yield from _others(source, texts)
            with closing(Rows(KIND, how)) as rows:
                yield from _entries(texts, rows, how)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from None


def _begins(texts: Path) -> bool:
    with texts.open("rb") as stream:
        return re.match(rb"(?:\xef\xbb\xbf)?\s*[\[{]", stream.read(HEAD)) is not None


def _texts_of(folder: Path) -> Path:
    """The file with the texts, by the settings of the cube; never one that lies elsewhere.

    Raises:
        UsageError: there is none.
    """
    named = _TEXTS
    config = folder / _CONFIG
    if config.is_file() and config.stat().st_size <= _MOST_CONFIG:
        try:
            found: Any = json.loads(config.read_bytes())
            for part in ("text_mem", "config", "memory_filename"):
                found = found.get(part) if isinstance(found, dict) else None
            named = found if isinstance(found, str) and Path(found).name == found and found.endswith(".json") else named
        except (ValueError, RecursionError):
            pass
    for texts in (folder / named, folder / _TEXTS):
        if texts.is_file() and texts.name != _CONFIG:
            return texts
    raise UsageError(f"{folder} is no cube of the reference implementation, or has no texts: there is no {_TEXTS}")


def _others(folder: Path, texts: Path) -> Iterator[Skipped]:
    for one in sorted(folder.iterdir()):
        if one.suffix.lower() in _PICKLES:
            yield Skipped("a pickle, which is never opened", one.name)
        elif one.name not in {_CONFIG, texts.name}:
            yield Skipped("no texts", one.name)


def _entries(texts: Path, rows: Rows, how: ImportOptions) -> Iterator[Draft | Skipped]:
    total, place = texts.stat().st_size, 0
    if not texts.is_file() or not _begins(texts):
        raise UsageError(f"{texts} has no texts of a cube")
    with texts.open("rb") as stream:
        for place, value in enumerate(JsonReader(stream, _UNDER), start=1):
            how.tell(min(stream.tell(), total), total)
            where = f"entry {place}"
            if isinstance(value, Broken):
                yield Skipped(value.why, where, damaged=True)
            elif isinstance(value, dict) and "source" in value and "target" in value and "memory" not in value:
                yield Skipped("a relation between two texts", where)
            elif isinstance(value, dict) and not value.keys() & {"memory", "id", "metadata"}:
                yield Skipped("settings beside the texts", where)
            else:
                yield _memory(value, rows, how, where)


def _memory(value: object, rows: Rows, how: ImportOptions, where: str) -> Draft | Skipped:
    if not isinstance(value, dict):
        return Skipped("no memory", where, damaged=True)
    text = value.get("memory")
    told = value.get("metadata")
    told = told if isinstance(told, dict) else {} if told is None else {"metadata": told}
    if not isinstance(text, str) or (why := fault_of(value)):
        return Skipped("its text is no text" if not isinstance(text, str) else why, where, damaged=True)
    if told.get("status") == "deleted":
        return Skipped("deleted there", where)
    if not text.strip():
        return Skipped("no text in it", where)
    return _draft(value, told, text, rows, how)


def _draft(value: Mapping[str, Any], told: Mapping[str, Any], text: str, rows: Rows, how: ImportOptions) -> Draft:
    at = instant(told.get("memory_time"), how.zone)
    kind = _KINDS.get(str(told.get("type")), Kind.NOTE)
    tags = tags_of(told.get("tags"))
    sure, title, session = told.get("confidence"), name_of(told.get("key")), name_of(told.get("session_id"))
    changes: dict[str, Any] = {"kind": kind} if kind is not Kind.NOTE else {}
    if isinstance(sure, int | float) and not isinstance(sure, bool) and 0 <= sure <= 100:
        changes["confidence"] = sure / 100 if sure > 1 else float(sure)
    changes |= {name: one for name, one in (("tags", tags), ("occurred_at", at), ("title", title)) if one}
    rest = {name: one for name, one in told.items() if name not in _DROPPED and one not in (None, "", [], {})}
    rest |= {name: told[name] for name in ("memory_time", "confidence") if told.get(name) and not changes.get(_field(name))}
    name = name_of(value.get("id"))
    given = frozenset({"content", *changes, *(["metadata"] if rest else ())})
    identity = f"{KIND}:{name}" if name else rows.named(value)
    where = Source(session=session or None)
    return Draft(text, external_id=identity, origin=Origin.IMPORT, source=where, metadata=rest, given=given, **changes)


def _field(name: str) -> str:
    return "occurred_at" if name == "memory_time" else name
