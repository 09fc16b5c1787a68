"""`llm`, the command by Simon Willison: the database `logs.db` in which it keeps what was asked and answered.

Until version 0.32 each call was a row of `responses`, in a conversation. Since then messages are kept once, each with the one
before it, and a turn names the message that was asked and the last one of its answer. A database that has grown has both.
The database is only read, column by column, and nothing in it is run: no view, no trigger, no generated column.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from memos_cli.backends.importers.agents import transcript_lines
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import ImportOptions, Skipped
from memos_cli.records import NamedTuple

NAME = "logs.db"
_MAGIC = b"SQLite format 3\x00"
_LOGS = ("-wal", "-journal")
"""What the names of the files beside a database end in while it is in use, or was when its program ended."""
_MOST = 4_000_000
"""Most characters of a text that is read."""
_MOST_PARTS = 500
"""Most parts of a message."""
_CALLS = ("id", "model", "prompt", "response", "conversation_id", "datetime_utc")
_MESSAGES, _PARTS = ("hash", "parent_hash", "role"), ("message_hash", "position", "type", "text", "payload")
_TURNS = ("id", "thread_id", "parent_message_hash", "tip_message_hash", "model", "datetime_utc")
_ASIDE = {
    "prompt_attachments": "an attachment", "part_attachments": "an attachment", "tool_calls": "a call of a tool",
    "tool_results": "a tool's result",
}  # fmt: skip
"""Tables whose rows are no messages, and what these are."""
_ROLES = {"system": "a system prompt", "tool": "a tool's result"}
_TYPES = {
    "tool_call": "a call of a tool",
    "tool_result": "a tool's result",
    "reasoning": "thinking",
    "attachment": "an attachment",
}
_NO_TEXT, _DOCUMENT = "a message without text", "a document that was sent along"


class _LoggedTurn(NamedTuple):
    """A call of a model: its id, its talk with its title, the model, and when it was."""

    id: str
    conversation: str
    title: str | None
    model: str | None
    at: str | None


class LlmImporter:
    """The database, or the folder that it is in."""

    def matches(self, source: Path) -> bool:
        """Whether it is a database with the tables of `llm`."""
        head = transcript_lines.head(_database(source))
        return head.startswith(_MAGIC) and (
            (b"responses" in head and b"conversation_id" in head) or (b"turns" in head and b"tip_message_hash" in head)
        )

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """What was asked and answered.

        Raises:
            UsageError: it is no database of `llm`, or cannot be read.
        """
        path = _database(source)
        if not transcript_lines.head(path).startswith(_MAGIC):
            raise UsageError(f"{source} is no database of llm", hint="give it the file that is told by: llm logs path")
        any_yet = False
        try:
            with _opened(path) as database:
                for one in _LogReader(database, how, path.stat().st_size).entries():
                    any_yet = True
                    yield one
        except (sqlite3.Error, OSError, MemoryError, OverflowError, ValueError) as error:  # the last: its words are no UTF-8
            said = "".join(char if char.isprintable() else "?" for char in str(error))[:200]
            if not any_yet:
                raise UsageError(f"{source} cannot be read: {said}") from None
            yield Skipped("what SQLite could not read", said, damaged=True)


def _database(source: Path) -> Path:
    with suppress(OSError, ValueError):
        return source / NAME if source.is_dir() else source
    return source


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database for reading: as it lies there, or, where it may be in use, a copy of it."""
    uri = path.absolute().as_uri()
    if not any(Path(f"{path}{ending}").exists() for ending in _LOGS):
        with closing(_hardened(sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True))) as database:
            yield database
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, NAME)
        try:
            with closing(sqlite3.connect(f"{uri}?mode=ro", uri=True)) as live, closing(sqlite3.connect(copy)) as made:
                live.backup(made)
        except sqlite3.OperationalError:  # as in a folder where nothing may be written; so nobody else writes there
            for ending in ("", *_LOGS):
                with suppress(FileNotFoundError):
                    shutil.copyfile(f"{path}{ending}", f"{copy}{ending}")
        with closing(_hardened(sqlite3.connect(f"{copy.as_uri()}", uri=True))) as database:
            yield database


def _hardened(database: sqlite3.Connection) -> sqlite3.Connection:
    for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0"):
        database.execute(f"PRAGMA {pragma}")
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database


class _LogReader:
    """Reads a database."""

    def __init__(self, database: sqlite3.Connection, how: ImportOptions, size: int) -> None:
        self._database, self._how, self._size = database, how, size
        self._done = self._rows = 0
        self._known: set[int] = set()
        self._said: set[int] = set()
        self._skipped: dict[str, int] = {}
        self._turns: dict[str, int] = {}

    def entries(self) -> Iterator[Draft | Skipped]:
        calls, turns = self._has("responses", _CALLS), self._has("turns", _TURNS)
        turns = turns and self._has("messages", _MESSAGES) and self._has("parts", _PARTS)
        if not calls and not turns:
            raise UsageError(
                "the database has none of the tables of llm", hint="give it the file that is told by: llm logs path"
            )
        self._rows = sum(self._counted(table) for table, there in (("responses", calls), ("turns", turns)) if there)
        if calls:
            yield from self._calls()
        if turns:
            yield from self._messages()
        for table, why in _ASIDE.items():
            if self._has(table, ()) and (count := self._counted(table)):
                self._skip(why, count)
        if self._has("responses", ("system",)) and (
            count := self._one("SELECT count(*) FROM responses WHERE typeof(system) = 'text' AND system != ''")
        ):
            self._skip(_ROLES["system"], count)
        for why, count in self._skipped.items():
            yield Skipped(why, count=count)

    def _has(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether there is a table, not a view and not a virtual one, with these columns, none of them generated."""
        row = self._database.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        if row is None or row[0] != "table" or not str(row[1]).lstrip().upper().startswith("CREATE TABLE"):
            return False
        found = {name: hidden for _, name, *_, hidden in self._database.execute(f"PRAGMA table_xinfo({table})")}
        return all(found.get(name) == 0 for name in columns)

    def _counted(self, table: str) -> int:
        return self._one(f"SELECT count(*) FROM {table}")  # noqa: S608 -- one of the names above

    def _one(self, query: str) -> int:
        return int(self._database.execute(query).fetchone()[0])

    def _select(self, table: str, columns: tuple[str, ...], rest: str = "", *values: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        """The texts and numbers of named columns; of what is no text or too long, its type."""
        texts = ", ".join(f"CASE WHEN typeof({one}) = 'text' AND length({one}) <= {_MOST} THEN {one} END" for one in columns)
        types = ", ".join(f"typeof({one})" for one in columns)
        for row in self._database.execute(f"SELECT {texts}, {types} FROM {table} {rest}", values):  # noqa: S608 -- the names above
            read = dict(zip(columns, row, strict=False))
            yield {"": dict(zip(columns, row[len(columns) :], strict=True)), **read}

    def _skip(self, why: str, count: int = 1) -> None:
        self._skipped[why] = self._skipped.get(why, 0) + count

    def _step(self) -> None:
        self._done += 1
        self._how.tell(self._size * min(self._done, self._rows) // max(self._rows, 1), self._size)

    def _calls(self) -> Iterator[Draft | Skipped]:
        """What the first generation keeps: of each row the question and the answer."""
        names = self._names("conversations")
        for row in self._select("responses", _CALLS, "ORDER BY id"):
            self._step()
            turn = _turn(row, row["conversation_id"], names)
            for field, speaker in (("prompt", "user"), ("response", "assistant")):
                if not turn.id or row[""][field] not in {"text", "null"} or (row[field] is None and row[""][field] == "text"):
                    yield Skipped(transcript_lines.WRONG, f"call {turn.id or '?'}", damaged=True)
                elif text := transcript_lines.text(row[field]):
                    self._said.add(transcript_lines.mark(turn.conversation, speaker, text.strip()))
                    yield self._draft(turn, f"{turn.id}:{field}", speaker, text)
                else:
                    self._skip(_NO_TEXT)

    def _names(self, table: str) -> Mapping[str, str]:
        if not self._has(table, ("id", "name")):
            return {}
        return {
            row["id"]: name
            for row in self._select(table, ("id", "name"))
            if row["id"] and (name := transcript_lines.text(row["name"]))
        }

    def _messages(self) -> Iterator[Draft | Skipped]:
        """What the second generation keeps: the messages of each turn that no earlier turn had."""
        names = self._names("threads")
        seen = 0
        for row in self._select("turns", _TURNS, "ORDER BY id"):
            self._step()
            turn = _turn(row, row["thread_id"], names)
            for message in reversed(list(self._chain(row["tip_message_hash"] or row["parent_message_hash"]))):
                seen += 1
                if found := self._message(turn, message):
                    yield found
        if (rest := self._counted("messages") - seen) > 0:
            self._skip("a message of no turn", rest)

    def _chain(self, name: str | None) -> Iterator[Mapping[str, Any]]:
        """A message and those before it, up to one that was there already."""
        while name:
            if (key := transcript_lines.mark(name)) in self._known:
                return
            row = next(self._select("messages", _MESSAGES, "WHERE hash = ?", name), None)
            if row is None or row["hash"] is None:
                return
            self._known.add(key)
            yield row
            name = row["parent_hash"]

    def _message(self, turn: _LoggedTurn, message: Mapping[str, Any]) -> Draft | Skipped | None:
        role, name = message["role"], message["hash"]
        if not transcript_lines.text(role) or not transcript_lines.text(name):
            return Skipped(transcript_lines.WRONG, f"message {name}"[:100], damaged=True)
        if role not in {"user", "assistant"}:
            self._skip(_ROLES.get(role, "a message of the program"))
            return None
        parts = self._select("parts", _PARTS, f"WHERE message_hash = ? ORDER BY position LIMIT {_MOST_PARTS}", name)
        texts, why = _texts(parts)
        if not texts:
            if why == transcript_lines.WRONG:
                return Skipped(why, f"message {name}"[:100], damaged=True)
            self._skip(why)
            return None
        text = "\n\n".join(texts)
        if transcript_lines.mark(turn.conversation, role, text.strip()) in self._said:
            self._skip("a repeat of an earlier log")
            return None
        return self._draft(turn, name, role, text)

    def _draft(self, turn: _LoggedTurn, name: str, speaker: str, text: str) -> Draft:
        number = self._turns[turn.conversation] = self._turns.get(turn.conversation, -1) + 1
        source = Source(
            conversation=turn.conversation, turn=number, speaker=speaker, model=turn.model if speaker == "assistant" else None
        )  # fmt: skip
        return Draft(
            text.strip(), kind=Kind.EPISODE, external_id=f"llm:{name}", title=turn.title, occurred_at=turn.at,
            origin=Origin.CONVERSATION, source=source, given=transcript_lines.stated(turn.at, turn.title),
        )  # fmt: skip


def _turn(row: Mapping[str, Any], talk: str | None, titles: Mapping[str, str]) -> _LoggedTurn:
    """The call that a row is, of whichever generation; one without a talk is a talk by itself, and one without an id has ""."""
    name, talk = transcript_lines.text(row["id"]) or "", transcript_lines.text(talk) or ""
    at = transcript_lines.moment(row["datetime_utc"])
    return _LoggedTurn(name, talk or name or "?", titles.get(talk), row["model"], at)


def _texts(parts: Iterator[Mapping[str, Any]]) -> tuple[list[str], str]:
    """The texts of a message as they were typed or answered; and where there are none, what there is instead."""
    texts: list[str] = []
    why = _NO_TEXT
    for part in parts:
        kind = part["type"]
        if kind != "text":
            why = _TYPES.get(kind, "content of another kind") if kind else transcript_lines.WRONG
            continue
        text = part["text"] if part["text"] is not None else _literals(part["payload"])
        if transcript_lines.text(text):
            texts.append(str(text).strip())
        elif text is None:
            why = _DOCUMENT if part["payload"] is not None else transcript_lines.WRONG
    return texts, why


def _literals(payload: str | None) -> str | None:
    """What was typed of a text that has documents in it."""
    value = transcript_lines.parsed(payload.encode("utf-8", "replace")) if payload else None
    pieces = value.get("text_ref") if isinstance(value, dict) else None
    if not isinstance(pieces, list):
        return None
    found = (piece.get("literal") for piece in pieces if isinstance(piece, dict))
    return "".join(one for one in found if isinstance(one, str)) or None
