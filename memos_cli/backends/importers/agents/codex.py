"""Codex: the sessions that it keeps below `~/.codex/sessions`, a file of JSON Lines each.

Each line is one entry, `{timestamp, type, payload}`. What was said stands there up to three times: as an item of the exchange
with the model (`response_item`), as an event, and as a completed item. So a turn is named by its session, its speaker, its
text, and how many of the same came before it in the same one of these streams: whichever of them comes first is taken, and the
others are its repeats. Codex takes over the sessions of Claude Code; what it took over is skipped.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from memos_cli.backends.importers.agents import transcript_lines
from memos_cli.backends.importers.agents.transcript_lines import (
    SkippedLines,
    TranscriptFile,
    TranscriptProgress,
)
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.importer import OLDER, ImportOptions, Skipped
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis

REPEAT = "an event that repeats a message"
TAKEN_OVER = "a session that Codex took over from Claude Code"
_LEDGER, _INDEX = "external_agent_session_imports.json", "session_index.jsonl"
_PLACES = tuple(
    f"{place}rollout-*.jsonl"
    for place in ("", "sessions/*/*/*/", "archived_sessions/", "[0-9]*/", "[0-9]*/[0-9]*/", "[0-9]*/[0-9]*/[0-9]*/")
)
"""Where sessions lie in `.codex`, in `sessions`, and in a folder of a year, a month or a day."""
_MOST_LEDGER = 16 << 20
_GRACE = 120_000
"""Milliseconds after a session was taken over until which its lines count as taken over."""
_OTHER, _NOISE, _TOOL = "a record without a message", "a text of the program", "a call of a tool"
_INSERTED = (
    "<environment_context>", "<user_instructions>", "# AGENTS.md instructions", "<INSTRUCTIONS>", "<permissions instructions>",
    "<turn_aborted>", "<user_shell_command>", "<skill>", "<skills_instructions>", "<subagent_notification>", "<model_switch>",
    "<collaboration_mode>", "<codex_internal_context", "<apps_instructions>", "<plugins_instructions>", "<personality_spec>",
)  # fmt: skip
"""How texts begin that Codex puts into the mouth of its user."""
_REQUEST = "## My request for Codex:"
"""What stands between the context that an editor puts in and the words of the person."""
_ITEMS = {
    "function_call": _TOOL, "custom_tool_call": _TOOL, "local_shell_call": _TOOL, "web_search_call": _TOOL,
    "function_call_output": "a tool's result", "custom_tool_call_output": "a tool's result",
    "reasoning": "thinking", "agent_reasoning": "thinking", "agent_reasoning_raw_content": "thinking",
}  # fmt: skip
_ROLES = {"developer": _NOISE, "system": _NOISE, "tool": "a tool's result"}
_EVENTS = {"user_message": "user", "agent_message": "assistant", "UserMessage": "user", "AgentMessage": "assistant"}


class _CodexHome(NamedTuple):
    """What the folder above the sessions tells of them, by their ids: titles, and until when each was taken over."""

    titles: Mapping[str, str] = {}
    taken_over: Mapping[str, int | None] = {}


class _RolloutFacts(NamedTuple):
    """What of a session is known only once all of it was looked at."""

    id: str
    project: str | None
    why: str | None


class CodexImporter:
    """A session, a folder of them, or the folder `.codex` that they are in."""

    def matches(self, source: Path) -> bool:
        """Whether the first session there begins as one."""
        with suppress(OSError, ValueError):
            if not source.is_dir():
                return source.suffix == ".jsonl" and _is_rollout(source)
            for part in _PLACES:
                if first := next(iter(source.glob(part)), None):
                    return _is_rollout(first)
        return False

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The turns of all sessions.

        Raises:
            UsageError: there is no session.
        """
        found: list[TranscriptFile] = []
        with suppress(OSError, ValueError):
            found = [
                file for file in transcript_lines.files(source) if file.path == source or file.path.name.startswith("rollout-")
            ]
        if not any(_is_rollout(file.path) for file in found):
            raise UsageError(f"{source} holds no session of Codex", hint="give it ~/.codex, or a file rollout-….jsonl")
        progress, home = TranscriptProgress(how, found), _home(source)
        for file in found:
            why, count = OLDER, 1
            if not transcript_lines.is_before(file, how.since):
                facts = _facts(file)
                if facts.why is None:
                    yield from _RolloutReader(file, facts, home).turns(progress)
                    continue
                why, count = facts.why, transcript_lines.counted(file.path)
            progress.read(file.size)
            if count:
                yield Skipped(why, file.name, count)


def _is_rollout(path: Path) -> bool:
    for one in transcript_lines.first_objects(path):
        if one.get("type") in ("session_meta", "response_item", "event_msg", "turn_context") and isinstance(
            one.get("payload"), dict
        ):
            return True
    # What the first line begins with, where it is longer than what is looked at; the first versions had no `payload`.
    start = transcript_lines.head(path)[:400]
    return b'"session_meta"' in start or (path.name.startswith("rollout-") and b'"instructions"' in start and b'"id"' in start)


def _home(source: Path) -> _CodexHome:
    """What Codex keeps of its sessions beside them."""
    for folder in (source, *list(source.absolute().parents)[:5]):
        with suppress(OSError, ValueError):
            if (folder / _LEDGER).is_file() or (folder / _INDEX).is_file():
                return _CodexHome(_titles(folder / _INDEX), _taken_over(folder / _LEDGER))
    return _CodexHome()


def _titles(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    rows = (line.value for line in transcript_lines.lines(path) if line.value)
    return {
        row["id"]: name
        for row in rows
        if isinstance(row.get("id"), str) and (name := transcript_lines.text(row.get("thread_name")))
    }


def _taken_over(path: Path) -> dict[str, int | None]:
    """The sessions that Codex took over, each with the time in milliseconds until which it did, where that is told."""
    if not path.is_file() or path.stat().st_size > _MOST_LEDGER:
        return {}
    value = transcript_lines.parsed(path.read_bytes())
    rows = value.get("records") if isinstance(value, dict) else value
    made: dict[str, int | None] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(thread := row.get("imported_thread_id"), str):
            at = row.get("imported_at")
            made[thread] = at * 1000 + _GRACE if type(at) is int and 0 < at < 2**33 else None
    return made


def _facts(file: TranscriptFile) -> _RolloutFacts:
    """Look a session over: its id, where it was held, and whether it is a talk at all. The first head of several is its own."""
    head: Mapping[str, Any] = {}
    typed: set[str] = set()
    for line in transcript_lines.lines(file.path):
        record = line.value or {}
        payload = record.get("payload")
        if not head and isinstance(payload, dict) and record.get("type") == "session_meta":
            head = payload
        elif not head and isinstance(record.get("id"), str) and "instructions" in record:
            head = record
        if len(typed) < 2 and (said := _said(record)) and said.speaker == "user":
            typed.add(said.words)
    source = head.get("source")
    name = transcript_lines.text(head.get("id")) or file.path.stem[-36:]
    why = None
    if (isinstance(source, dict) and "subagent" in source) or head.get("thread_source") == "subagent":
        why = "another agent's talk"
    elif (source == "exec" or head.get("originator") == "codex_exec") and len(typed) < 2:
        why = "a program's call of the model"
    return _RolloutFacts(name, transcript_lines.text(head.get("cwd")), why)


class _SpokenLine(NamedTuple):
    """What a line says, who says it, and in which of the streams; without words, what the line is instead."""

    words: str
    speaker: str
    stream: str
    why: str = ""


class _RolloutReader:
    """Reads the turns of one file."""

    def __init__(self, file: TranscriptFile, facts: _RolloutFacts, home: _CodexHome) -> None:
        self._file, self._facts = file, facts
        self._title = home.titles.get(facts.id)
        self._is_taken_over, self._until = facts.id in home.taken_over, home.taken_over.get(facts.id)
        self._skipped = SkippedLines(file.name)
        self._counts: Counter[tuple[str, int]] = Counter()
        self._known: set[int] = set()
        self._model: str | None = None

    def turns(self, progress: TranscriptProgress) -> Iterator[Draft | Skipped]:
        return transcript_lines.entries(self._file, progress, self._skipped, self._entry)

    def _entry(self, record: Mapping[str, Any], number: int) -> Draft | Skipped | None:
        said = _said(record)
        if said.why == transcript_lines.WRONG:
            return self._skipped.damaged(said.why, number)
        if not said.words:
            self._skipped.note(said.why, number)
            self._model = _model(record) or self._model
            return None
        at = transcript_lines.moment(record.get("timestamp"))
        if self._is_taken_over and (self._until is None or at is None or at <= from_millis(self._until)):
            self._skipped.note(TAKEN_OVER, number)
            return None
        return self._turn(said, at, number)

    def _turn(self, said: _SpokenLine, at: str | None, number: int) -> Draft | None:
        text = "".join(said.words.split())
        spoken = transcript_lines.mark(said.speaker, text)
        self._counts[said.stream, spoken] += 1
        nth = self._counts[said.stream, spoken]
        key = transcript_lines.mark(str(spoken), str(nth))
        if key in self._known:
            self._skipped.note(REPEAT, number)
            return None
        self._known.add(key)
        name = transcript_lines.digest(said.speaker, text, str(nth))
        source = Source(
            conversation=self._facts.id, turn=len(self._known) - 1, speaker=said.speaker,
            model=self._model if said.speaker == "assistant" else None,
        )  # fmt: skip
        return Draft(
            said.words, kind=Kind.EPISODE, external_id=f"codex:{self._facts.id}:{name}", title=self._title, occurred_at=at,
            origin=Origin.CONVERSATION, source=source, metadata={"project": self._facts.project} if self._facts.project else {},
            given=transcript_lines.stated(at, self._title),
        )  # fmt: skip


def _model(record: Mapping[str, Any]) -> str | None:
    payload = record.get("payload")
    if record.get("type") != "turn_context" or not isinstance(payload, dict):
        return None
    return transcript_lines.text(payload.get("model"))


def _said(record: Mapping[str, Any]) -> _SpokenLine:
    """What a line says."""
    kind, payload = record.get("type"), record.get("payload")
    if payload is None and "content" in record and "role" in record:  # as the first versions wrote it
        kind, payload = "response_item", record
    if not isinstance(kind, str):
        return _nothing(transcript_lines.WRONG if "type" in record or not record else _OTHER)
    if kind not in {"response_item", "event_msg"}:
        return _nothing("a summary of what went before" if kind == "compacted" else _ITEMS.get(kind, _OTHER))
    if not isinstance(payload, dict) or not isinstance(part := payload.get("type"), str):
        return _nothing(transcript_lines.WRONG)
    return _item(payload, part) if kind == "response_item" else _event(payload, part)


def _event(payload: Mapping[str, Any], part: str) -> _SpokenLine:
    if part in _EVENTS:
        return _spoken([{"text": payload.get("message")}], _EVENTS[part], "event")
    item = payload.get("item")
    if part == "item_completed" and isinstance(item, dict) and isinstance(one := item.get("type"), str) and one in _EVENTS:
        return _spoken(item.get("content"), _EVENTS[one], "completed")
    return _nothing(_ITEMS.get(part, "an event"))


def _item(payload: Mapping[str, Any], part: str) -> _SpokenLine:
    role = payload.get("role")
    if part != "message":
        return _nothing(_ITEMS.get(part, _OTHER))
    if not isinstance(role, str):
        return _nothing(transcript_lines.WRONG)
    if role in {"user", "assistant"}:
        return _spoken(payload.get("content"), role, "item")
    return _nothing(_ROLES.get(role, _NOISE))


def _nothing(why: str) -> _SpokenLine:
    return _SpokenLine("", "", "", why)


def _spoken(content: Any, speaker: str, stream: str) -> _SpokenLine:  # noqa: ANN401
    """The texts of a message, without what Codex put in."""
    if not isinstance(content, list):
        return _nothing(transcript_lines.WRONG)
    texts: list[str] = []
    why = "a message without text"
    for block in content:
        text = block.get("text") if isinstance(block, dict) else None
        if not isinstance(text, str):
            image = isinstance(block, dict) and isinstance(block.get("type"), str) and "text" not in block
            why = "an image" if image else transcript_lines.WRONG
            continue
        text = text.strip()
        if speaker == "user" and _REQUEST in text:
            text = text.partition(_REQUEST)[2].strip()
        if text and not (speaker == "user" and text.startswith(_INSERTED)):
            texts.append(text)
        elif text:
            why = _NOISE
    return _SpokenLine("\n\n".join(texts), speaker, stream, "" if texts else why)
