"""mem0: what its `get_all` returns, kept as JSON, and the history that it keeps on this machine, which is only read.

A page of answers has its memories under `results`; older versions returned the list by itself, and programs keep several pages
in one file. The history has every change of each memory: the last one is the memory, unless it says that it was deleted. The
vectors beside it (a Qdrant folder) have nothing more that anybody wrote.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from memos_cli.backends.importers.fields import HEAD, Rows, beginning, fault_of, instant, name_of, tags_of
from memos_cli.backends.importers.json_stream import Broken, JsonReader
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped

KIND = "mem0"
_UNDER = ("results", "memories", "data")
_HISTORY = "history.db"
_SQLITE = b"SQLite format 3\x00"
_OURS = rb'"(?:user_id|agent_id|run_id|app_id|hash)"\s*:'
_TEXTS = ("memory", "text", "data")
_MOST_STEPS = 2_000_000_000
"""Steps of SQLite's machine for one statement: more than any history takes, and less than a view made to never end."""
_DROPPED = frozenset({"score", "hash", "embedding", "vector"})
"""What mem0 computes of a memory."""


class Mem0Importer:
    """Reads memories of mem0."""

    def matches(self, source: Path) -> bool:
        """By the names in the answer; of a folder, whether it has a history."""
        is_folder = (head := beginning(source)) is None
        if head is None and (head := beginning(source / _HISTORY)) is None:
            return False
        if head.startswith(_SQLITE):
            return is_folder or source.name == _HISTORY
        return (
            _begins_as_json(head) and re.search(rb'"memory"\s*:\s*"', head) is not None and re.search(_OURS, head) is not None
        )

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The memories of an answer, or of a history.

        Raises:
            UsageError: it cannot be read, or is neither.
        """
        try:
            if source.is_dir():
                yield from _others(source)
                source /= _HISTORY
            with source.open("rb") as stream:
                is_history = stream.read(len(_SQLITE)) == _SQLITE
            with closing(Rows(KIND, how)) as rows:
                yield from _history(source, how) if is_history else _answers(source, rows, how)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from None


def _others(folder: Path) -> Iterator[Skipped]:
    """What else lies in the folder of mem0."""
    for one in sorted(folder.iterdir()):
        if one.is_dir():
            yield Skipped("vectors of mem0, which hold no more than its memories", one.name)
        elif one.name != _HISTORY and not one.name.startswith(_HISTORY):
            yield Skipped("settings of mem0", one.name)


# -- answers


def _answers(source: Path, rows: Rows, how: ImportOptions) -> Iterator[Draft | Skipped]:
    total, place = source.stat().st_size, 0
    with source.open("rb") as stream:
        for place, value in enumerate(JsonReader(stream, _UNDER), start=1):
            how.tell(min(stream.tell(), total), total)
            where = f"entry {place}"
            if isinstance(value, Broken):
                if place == 1 and total < HEAD and not _begins_as_json(beginning(source) or b""):
                    raise UsageError(f"{source} is no answer of mem0")
                yield Skipped(value.why, where, damaged=True)
            elif isinstance(value, dict) and _is_rest(value):
                if relations := value.get("relations"):
                    yield Skipped("relations in a graph", where, len(relations) if isinstance(relations, list) else 1)
            else:
                yield _memory(value, rows, how, where)
    if not place:
        raise UsageError(f"{source} is no answer of mem0: it is empty")


def _begins_as_json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"[", b"{"}


def _is_rest(value: Mapping[str, Any]) -> bool:
    """Whether this is what stands around a page of memories."""
    return not (value.keys() & {*_TEXTS, "id", "metadata"})


def _memory(value: object, rows: Rows, how: ImportOptions, where: str) -> Draft | Skipped:
    if not isinstance(value, dict):
        return Skipped("no memory", where, damaged=True)
    text = next((value[name] for name in _TEXTS if value.get(name) is not None), None)
    if not isinstance(text, str) or (why := fault_of(value)):
        return Skipped("its text is no text" if not isinstance(text, str) else why, where, damaged=True)
    if not text.strip():
        return Skipped("no text in it", where)
    at = instant(value.get("created_at"), how.zone)
    ends = instant(value.get("expiration_date"), how.zone)
    tags = tags_of(value.get("categories"))
    speaker = value.get("actor_id") or value.get("role")
    source = Source(
        session=_name(value.get("run_id")), speaker=_name(speaker), model=None,
        conversation=_name(value.get("run_id")) if value.get("role") else None,
    )  # fmt: skip
    used = {*_TEXTS, *_DROPPED, "run_id", "id", *(["created_at"] if at else ()), *(["categories"] if tags else ())}
    rest = {name: one for name, one in value.items() if name not in used and one not in (None, "", [], {})}
    name = name_of(value.get("id"))
    given = {"content", *(["occurred_at"] if at else ()), *(["tags"] if tags else ()), *(["expires_at"] if ends else ())}
    return Draft(
        text, Kind.FACT, f"{KIND}:{name}" if name else rows.named(value), tags=tags, occurred_at=at, expires_at=ends,
        origin=Origin.IMPORT, source=source, metadata=rest, given=frozenset(given | ({"metadata"} if rest else set())),
    )  # fmt: skip


def _name(value: object) -> str | None:
    return name_of(value) or None


# -- the history


@contextmanager
def _opened(source: Path) -> Iterator[sqlite3.Connection]:
    """The history, only to be read. What was not yet written into it lies beside it: then both are read as a copy."""
    beside = source.with_name(f"{source.name}-wal")
    with TemporaryDirectory(prefix="memos-") as folder:
        path, only = source, "immutable=1"
        if beside.is_file() and beside.stat().st_size:
            path, only = Path(folder) / _HISTORY, ""
            shutil.copyfile(source, path)
            shutil.copyfile(beside, path.with_name(beside.name))
        name = path.absolute().as_uri()
        with closing(sqlite3.connect(f"{name}?mode={'ro' if only else 'rw'}&{only}", uri=True)) as conn:
            conn.execute("PRAGMA trusted_schema = OFF")
            conn.text_factory = lambda text: text.decode("utf-8", "replace")
            left = [_MOST_STEPS // 100_000]

            def spent() -> int:
                left[0] -= 1
                return int(left[0] < 0)

            conn.set_progress_handler(spent, 100_000)
            yield conn


def _history(source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
    total = source.stat().st_size
    try:
        with _opened(source) as conn:
            names = _columns(conn)
            last = "SELECT max(rowid) AS n, count(*) AS versions FROM history GROUP BY memory_id"
            sql = f"SELECT h.*, l.versions AS _versions FROM ({last}) l JOIN history h ON h.rowid = l.n ORDER BY l.n"  # noqa: S608
            cursor = conn.execute(sql)
            columns = [one[0] for one in cursor.description]
            for row in cursor:
                yield from _last(dict(zip(columns, row, strict=True)), names, how)
    except sqlite3.Error as error:
        yield Skipped("a history that is damaged", str(error)[:200], damaged=True)
    how.tell(total, total)


def _columns(conn: sqlite3.Connection) -> tuple[str, str]:
    """The names of the columns with the text and with the time, which older versions called otherwise.

    Raises:
        UsageError: it is no history of mem0.
    """
    kinds = dict(conn.execute("SELECT name, type FROM sqlite_master WHERE name = 'history'").fetchall())
    there = {row[1] for row in conn.execute("PRAGMA table_info(history)")}
    text = next((name for name in ("new_memory", "new_value") if name in there), "")
    if kinds.get("history") != "table" or "memory_id" not in there or not text:
        raise UsageError("it is no history of mem0: it has no table of that kind")
    return text, next((name for name in ("created_at", "timestamp") if name in there), "created_at")


def _last(row: Mapping[str, Any], names: tuple[str, str], how: ImportOptions) -> Iterator[Draft | Skipped]:
    text, at = row.get(names[0]), instant(row.get(names[1]), how.zone)
    name, where = name_of(row.get("memory_id")), f"memory {str(row.get('memory_id'))[:60]}"
    if row["_versions"] > 1:
        yield Skipped("an earlier version", where, row["_versions"] - 1)
    if str(row.get("event")).upper() == "DELETE" or row.get("is_deleted") not in (None, 0, "0"):
        yield Skipped("deleted there", where)
    elif not isinstance(text, str) or not name:
        yield Skipped("its text is no text", where, damaged=True)
    elif not text.strip():
        yield Skipped("no text in it", where)
    else:
        rest = {one: str(value) for one in ("event", "updated_at", "role", "actor_id") if (value := row.get(one))}
        given = frozenset({"content", "metadata"} | ({"occurred_at"} if at else set()))
        yield Draft(
            text, Kind.FACT, f"{KIND}:{name}", occurred_at=at, origin=Origin.IMPORT, metadata=rest, given=given
        )  # fmt: skip
