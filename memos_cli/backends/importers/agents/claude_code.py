"""Claude Code: the sessions that it keeps below `~/.claude/projects` for 30 days, a file of JSON Lines each.

Each line is one entry. What a person typed and what the model answered become turns; a line with nothing but calls of tools,
their results, thoughts or what the program itself put in is skipped by name. A session that was resumed repeats the lines of
the one before: of several lines with one uuid, or with one time and one text, the first is taken.
"""

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

_SPEAKERS = frozenset({"user", "assistant"})
_PROGRAMS = ("sdk-cli", "sdk-py", "sdk-ts")
"""Entry points of `claude -p` and of programs that call it."""
OWN_PROMPTS = ("You answer a person's questions from what they asked", "You note what is worth remembering for years about")
"""How requests of memos itself begin."""
REPEAT = "a repeat of a resumed session"
_TYPES = {
    "summary": "a summary", "system": "a message of the program", "ai-title": "a title", "custom-title": "a title",
    "continued-in": "a note that the talk goes on elsewhere", "attachment": "an attachment",
}  # fmt: skip
_OTHER, _NOTICE, _COMMAND = "a record without a message", "a notice of the program", "a command of the program"
_OTHERS, _BEFORE = "another agent's talk", "a summary of what went before"
_REMINDER = ("<system-reminder>", "</system-reminder>")
_INSERTED = {
    "<command-": _COMMAND, "<local-command-": _COMMAND, "<bash-": _COMMAND, "<task-notification": _NOTICE,
    "[Request interrupted by user": _NOTICE, "Caveat: The messages below were generated": _NOTICE,
    "<user-prompt-submit-hook>": "the output of a hook", "<teammate-message": _OTHERS, "<cross-session-message": _OTHERS,
    "This session is being continued from a previous conversation": _BEFORE,
}  # fmt: skip
"""How texts begin that nobody typed, and what they are."""
_BLOCKS = {
    "tool_result": "a tool's result", "tool_use": "a call of a tool", "server_tool_use": "a call of a tool",
    "thinking": "thinking", "redacted_thinking": "thinking", "image": "an image", "document": "a document",
}  # fmt: skip


class _SessionFacts(NamedTuple):
    """What of a session is known only once all of it was looked at."""

    title: str | None
    why: str | None
    """Why none of it is taken."""


class ClaudeCodeImporter:
    """A session, a project's folder, all projects, or the folder `.claude` that they are in."""

    def matches(self, source: Path) -> bool:
        """Whether the first session there has the fields of one."""
        try:
            if not source.is_dir():
                return source.suffix == ".jsonl" and _is_session(source)
            folder = _projects(source)
            found = next((path for part in ("*.jsonl", "*/*.jsonl") for path in sorted(folder.glob(part))[:1]), None)
        except (OSError, ValueError):
            return False
        return found is not None and _is_session(found)

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """The turns of all sessions.

        Raises:
            UsageError: there is no session.
        """
        found: list[TranscriptFile] = []
        with suppress(OSError, ValueError):
            found = transcript_lines.files(_projects(source))
        if not any(_is_session(file.path) for file in found):
            raise UsageError(
                f"{source} holds no session of Claude Code", hint="give it ~/.claude/projects, or a file of a session"
            )
        progress, known = TranscriptProgress(how, found), set[int]()
        for file in found:
            why, count = OLDER, 1
            if not transcript_lines.is_before(file, how.since):
                facts = _facts(file)
                if facts.why is None:
                    yield from _SessionReader(file, facts.title, known).turns(progress)
                    continue
                why, count = facts.why, transcript_lines.counted(file.path)
            progress.read(file.size)
            if count:
                yield Skipped(why, file.name, count)


def _projects(source: Path) -> Path:
    return source / "projects" if source.is_dir() and (source / "projects").is_dir() else source


def _is_session(path: Path) -> bool:
    """Whether one of the first records is a message of a session, or says of which session it is."""
    fields = (
        "parentUuid",
        "leafUuid",
        "uuid",
        "messageId",
        "aiTitle",
        "operation",
        "mode",
        "permissionMode",
        "continuedInSessionId",
    )
    known = ("sessionId", "leafUuid", "snapshot")
    for one in transcript_lines.first_objects(path):
        if isinstance(one.get("type"), str) and any(name in one for name in known) and any(name in one for name in fields):
            return True
    start = transcript_lines.head(path)[:4096]  # a first line that is longer than what is looked at
    return b'"parentUuid"' in start and b'"sessionId"' in transcript_lines.head(path)


def _facts(file: TranscriptFile) -> _SessionFacts:
    """Look a session over: its title, and whether it is a talk at all."""
    if file.path.name.startswith("agent-"):
        return _SessionFacts(None, _OTHERS)
    titles: dict[str, str] = {}
    typed: list[str] = []
    by_program = False
    for line in transcript_lines.lines(file.path):
        record = line.value or {}
        for name in ("customTitle", "aiTitle"):
            if record.get("type") in ("ai-title", "custom-title") and (title := transcript_lines.text(record.get(name))):
                titles[name] = title
        by_program = by_program or record.get("entrypoint") in _PROGRAMS
        if record.get("type") == "user" and len(typed) < 2 and (words := _words(record)[0]):
            typed.append(words)
    if typed and typed[0].startswith(OWN_PROMPTS):
        return _SessionFacts(None, "a call of memos itself")
    if by_program and len(typed) < 2:
        return _SessionFacts(None, "a program's call of the model")
    return _SessionFacts(titles.get("customTitle") or titles.get("aiTitle"), None)


class _SessionReader:
    """Reads the turns of one file; `known` has what was taken from it and from those before."""

    def __init__(self, file: TranscriptFile, title: str | None, known: set[int]) -> None:
        self._file, self._title, self._known = file, title, known
        self._skipped = SkippedLines(file.name)
        self._turn = 0

    def turns(self, progress: TranscriptProgress) -> Iterator[Draft | Skipped]:
        return transcript_lines.entries(self._file, progress, self._skipped, self._entry)

    def _entry(self, record: Mapping[str, Any], number: int) -> Draft | Skipped | None:
        words, why = _words(record)
        if why == transcript_lines.WRONG:
            return self._skipped.damaged(why, number)
        if not words:
            self._skipped.note(why, number)
            return None
        self._turn += 1
        name, marks = self._names(record, words)
        is_repeat = not self._known.isdisjoint(marks)
        self._known |= marks
        if is_repeat:
            self._skipped.note(REPEAT, number)
            return None
        return self._draft(record, words, name)

    def _names(self, record: Mapping[str, Any], words: str) -> tuple[str, set[int]]:
        """What names a turn, and by what its repeats are known: its uuid, that of which it is a copy, its time and text."""
        origin = record.get("forkedFrom")
        uuids = [record.get("uuid"), origin.get("messageUuid") if isinstance(origin, dict) else None]
        given = [uuid for uuid in uuids if isinstance(uuid, str) and uuid.isprintable() and uuid.strip()]
        at = transcript_lines.moment(record.get("timestamp"))
        marks = {transcript_lines.mark("uuid", uuid) for uuid in given}
        if at is not None:
            marks.add(transcript_lines.mark(at, str(record.get("type")), words))
        name = given[-1] if given else transcript_lines.digest(self._conversation(record), at or "", words)
        return name, marks or {transcript_lines.mark("name", name)}

    def _conversation(self, record: Mapping[str, Any]) -> str:
        return transcript_lines.text(record.get("sessionId")) or self._file.path.stem

    def _draft(self, record: Mapping[str, Any], words: str, name: str) -> Draft:
        message = record.get("message")
        model = transcript_lines.text(message.get("model")) if isinstance(message, dict) else None
        at = transcript_lines.moment(record.get("timestamp"))
        metadata = {
            key: value
            for key, field in (("project", "cwd"), ("branch", "gitBranch"))
            if (value := transcript_lines.text(record.get(field)))
        }
        source = Source(
            conversation=self._conversation(record), turn=self._turn - 1, speaker=_speaker(record), model=model
        )  # fmt: skip
        return Draft(
            words, kind=Kind.EPISODE, external_id=f"claude-code:{name}", title=self._title, occurred_at=at,
            origin=Origin.CONVERSATION, source=source, metadata=metadata, given=transcript_lines.stated(at, self._title),
        )  # fmt: skip


def _speaker(record: Mapping[str, Any]) -> str:
    return "assistant" if record.get("type") == "assistant" else "user"


def _words(record: Mapping[str, Any]) -> tuple[str, str]:
    """What a person or the model said in a record; and where that is nothing, what the record is instead."""
    kind = record.get("type")
    if not isinstance(kind, str):
        return "", transcript_lines.WRONG
    if kind == "attachment":
        return _queued(record.get("attachment"))
    if kind not in _SPEAKERS:
        return "", _TYPES.get(kind, _OTHER)
    if why := _aside(record):
        return "", why
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str | list):
        return "", transcript_lines.WRONG
    return _said([{"type": "text", "text": content}] if isinstance(content, str) else content)


def _queued(attachment: Any) -> tuple[str, str]:  # noqa: ANN401
    """What a person typed while the model was at work."""
    if not isinstance(attachment, dict):
        return "", transcript_lines.WRONG
    if attachment.get("type") != "queued_command" or attachment.get("commandMode") not in (None, "prompt"):
        return "", _TYPES["attachment"]
    if _is_injected(attachment) or attachment.get("isMeta") is True:
        return "", _NOTICE
    prompt = attachment.get("prompt")
    return _said([{"type": "text", "text": prompt}] if isinstance(prompt, str) else prompt if isinstance(prompt, list) else [])


def _aside(record: Mapping[str, Any]) -> str | None:
    """What a message is that is not part of the talk."""
    message = record.get("message")
    if record.get("isSidechain") is True or isinstance(record.get("agentId"), str):
        return _OTHERS
    if record.get("isCompactSummary") is True:
        return _BEFORE
    synthetic = isinstance(message, dict) and message.get("model") == "<synthetic>"
    if record.get("isMeta") is True or record.get("isApiErrorMessage") is True or synthetic or _is_injected(record):
        return _NOTICE
    return None


def _is_injected(record: Mapping[str, Any]) -> bool:
    origin = record.get("origin")
    return isinstance(origin, dict) and isinstance(origin.get("kind"), str) and origin["kind"] != "human"


def _said(blocks: list[Any]) -> tuple[str, str]:
    """The texts among the blocks of a message, without what the program put in."""
    texts: list[str] = []
    reasons: list[str] = []
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind != "text":
            reasons.append(_BLOCKS.get(kind, "content of another kind") if isinstance(kind, str) else transcript_lines.WRONG)
            continue
        text = block.get("text")
        if not isinstance(text, str):
            reasons.append(transcript_lines.WRONG)
            continue
        whole, text = text, transcript_lines.without(text, *_REMINDER).strip()
        inserted = next((why for start, why in _INSERTED.items() if text.startswith(start)), None)
        if text and not inserted:
            texts.append(text)
        else:
            reasons.append(inserted or ("a message without text" if not whole.strip() else "a system reminder"))
    # Of several things that are no text, the first that is not a value of a wrong type names it.
    why = next((one for one in reasons if one != transcript_lines.WRONG), reasons[0] if reasons else "a message without text")
    return "\n\n".join(texts), why
