import json
import random
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.importers import transcript_lines
from memos_cli.backends.importers.claude_code import OWN_PROMPTS, REPEAT, ClaudeCodeImporter
from memos_cli.errors import UsageError
from memos_cli.import_port import OLDER, ImportOptions, Skipped
from memos_cli.interface.reader import notes
from memos_cli.model import Draft
from memos_cli.operation.prompt.layout import SYSTEM
from memos_cli.times import Zone
from tests.contracts.importer import ImporterContract, retyped

HOW = ImportOptions(Zone("UTC"))
SESSION = "5d0f1c9e-8f1b-4a52-9d3e-0b6a4be0a001"


def row(kind: str, uuid: str, content: Any, **fields: Any) -> dict[str, Any]:
    """A record of a message, as Claude Code 2.1 writes it."""
    message: dict[str, Any] = {"role": kind, "content": content}
    if kind == "assistant":
        message |= {"model": "claude-opus-4-8", "id": f"msg_{uuid}", "type": "message", "usage": {"input_tokens": 3}}
    return {
        "parentUuid": None, "isSidechain": False, "userType": "external", "cwd": "/home/ines/garden", "sessionId": SESSION,
        "version": "2.1.280", "gitBranch": "main", "type": kind, "message": message, "uuid": uuid,
        "timestamp": "2026-09-20T08:00:00.000Z", "entrypoint": "cli", **fields,
    }  # fmt: skip


def lines(*records: Any) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in records)


TALK: tuple[dict[str, Any], ...] = (
    {"type": "file-history-snapshot", "messageId": "m", "snapshot": {"messageId": "m"}, "isSnapshotUpdate": False},
    {"type": "mode", "mode": "normal", "sessionId": SESSION},
    {"type": "summary", "summary": "Pump repaired", "leafUuid": "u-old"},
    row("user", "u1", "Use the stop cock in the cellar.<system-reminder>Be brief.</system-reminder>"),
    row("assistant", "a1", [{"type": "thinking", "thinking": "hm", "signature": "x"}], timestamp="2026-09-20T08:00:01.000Z"),
    row("assistant", "a2", [{"type": "text", "text": "I will."}], timestamp="2026-09-20T08:00:02.000Z"),
    row("assistant", "a3", [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}]),
    row("user", "u2", [{"type": "tool_result", "tool_use_id": "t1", "content": "a b c"}], toolUseResult={"stdout": "a b c"}),
    row("user", "u3", [{"type": "image", "source": {"type": "base64", "data": "aaaa"}}, {"type": "text", "text": "See this."}]),
    row("user", "u4", [{"type": "image", "source": {"type": "base64", "data": "aaaa"}}]),
    row("user", "u5", "<command-name>/clear</command-name>\n<command-args></command-args>"),
    row("user", "u6", "<local-command-stdout>done</local-command-stdout>"),
    row("user", "u7", "Caveat: note", isMeta=True),
    row("user", "u8", "find the bug", isSidechain=True, agentId="a1b2"),
    row("user", "u9", "This session is being continued from a previous conversation that ran out.", isCompactSummary=True),
    row("user", "u10", "[Request interrupted by user]"),
    row("user", "u11", "<user-prompt-submit-hook>lint ok</user-prompt-submit-hook>"),
    row("user", "u12", "<system-reminder>Only this.</system-reminder>"),
    row("user", "u13", "<task-notification>done</task-notification>", origin={"kind": "task-notification"}),
    row("assistant", "a4", [{"type": "text", "text": "API Error: 529"}], isApiErrorMessage=True),
    {"type": "attachment", "uuid": "q1", "sessionId": SESSION, "timestamp": "2026-09-20T08:05:00.000Z", "cwd": "/home/ines/garden",
     "attachment": {"type": "queued_command", "commandMode": "prompt", "origin": {"kind": "human"}, "prompt": "And the tap."}},
    {"type": "attachment", "uuid": "q2", "sessionId": SESSION, "attachment": {"type": "todo", "items": []}},
    {"type": "system", "subtype": "compact_boundary", "uuid": "s1", "sessionId": SESSION},
    {"type": "ai-title", "aiTitle": "The cellar", "sessionId": SESSION},
    {"type": "continued-in", "sessionId": SESSION, "continuedInSessionId": "next"},
)  # fmt: skip
SAID = ["Use the stop cock in the cellar.", "I will.", "See this.", "And the tap."]


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(source: Path, how: ImportOptions = HOW) -> tuple[list[Draft], dict[str, int]]:
    drafts, skipped = [], dict[str, int]()
    for one in ClaudeCodeImporter().read(source, how):
        if isinstance(one, Skipped):
            skipped[one.why] = skipped.get(one.why, 0) + one.count
        else:
            drafts.append(one)
    return drafts, skipped


class TestClaudeCode(ImporterContract):
    name = "claude-code"

    def sample(self, folder: Path) -> Path:
        home = folder / ".claude"
        project = home / "projects" / "-home-ines-garden"
        written(project / f"{SESSION}.jsonl", lines(*TALK))
        resumed = [one | {"sessionId": "later"} for one in TALK[3:9]]
        written(project / "later.jsonl", lines(*resumed, row("user", "u20", "One thing more.", sessionId="later")))
        written(project / SESSION / "subagents" / "agent-a1b2.jsonl", lines(row("user", "u8", "find the bug", isSidechain=True)))
        written(home / "history.jsonl", lines({"display": "hello", "project": "/home/ines/garden", "timestamp": 1}))
        return home

    def mistyped(self, folder: Path, chance: random.Random) -> Path | None:
        home = self.sample(folder)
        path = chance.choice(sorted((home / "projects").rglob("*.jsonl")))
        records = [json.loads(one) for one in path.read_text(encoding="utf-8").splitlines()]
        place = chance.randrange(len(records))
        records[place] = retyped(records[place], chance)
        written(path, lines(*records))
        return home


def test_what_was_said_is_taken_and_all_else_is_named(tmp_path: Path) -> None:
    drafts, skipped = read(written(tmp_path / "s.jsonl", lines(*TALK)))
    assert [draft.content for draft in drafts] == SAID
    assert [draft.source.speaker for draft in drafts] == ["user", "assistant", "user", "user"]
    assert [draft.source.turn for draft in drafts] == [0, 1, 2, 3]
    assert {draft.source.conversation for draft in drafts} == {SESSION}
    assert [draft.external_id for draft in drafts] == [f"claude-code:{name}" for name in ("u1", "a2", "u3", "q1")]
    assert {draft.title for draft in drafts} == {"The cellar"}
    assert drafts[0].occurred_at == "2026-09-20T08:00:00.000Z"
    assert drafts[0].metadata == {"project": "/home/ines/garden", "branch": "main"}
    assert drafts[1].source.model == "claude-opus-4-8"
    assert skipped == {
        "a record without a message": 2, "a summary": 1, "thinking": 1, "a call of a tool": 1, "a tool's result": 1, "an image": 1,
        "a command of the program": 2, "a notice of the program": 4, "another agent's talk": 1, "a summary of what went before": 1,
        "the output of a hook": 1, "a system reminder": 1, "an attachment": 1, "a message of the program": 1, "a title": 1,
        "a note that the talk goes on elsewhere": 1,
    }  # fmt: skip
    assert len(drafts) + sum(skipped.values()) == len(TALK)


def test_a_resumed_session_repeats_what_was_before_and_is_taken_once(tmp_path: Path) -> None:
    old = [row("user", "u1", "First."), row("assistant", "a1", [{"type": "text", "text": "Yes."}], timestamp="2026-09-20T08:00:01Z")]
    same = [one | {"sessionId": "b"} for one in old]  # with the uuids of before
    other = [one | {"sessionId": "c", "uuid": f"new-{one['uuid']}"} for one in old]  # with new ones, and the times of before
    forked = [
        one | {"sessionId": "d", "uuid": f"fork-{one['uuid']}", "timestamp": "2026-09-21T10:00:00Z",
               "forkedFrom": {"sessionId": SESSION, "messageUuid": one["uuid"]}}
        for one in old
    ]  # fmt: skip
    for name, records in (("a", old), ("b", same), ("c", other), ("d", forked)):
        written(tmp_path / f"{name}.jsonl", lines(*records, row("user", f"own-{name}", f"Only {name}.", sessionId=name)))
    drafts, skipped = read(tmp_path)
    assert sorted(draft.content for draft in drafts) == ["First.", "Only a.", "Only b.", "Only c.", "Only d.", "Yes."]
    assert skipped == {REPEAT: 6}
    assert next(draft.source.turn for draft in drafts if draft.content == "Only b.") == 2, "its place in the talk, repeats counted"


def test_a_copy_of_a_message_has_the_name_of_its_original(tmp_path: Path) -> None:
    fork = row("user", "x", "First.", forkedFrom={"sessionId": "gone", "messageUuid": "u1"})
    drafts, _ = read(written(tmp_path / "s.jsonl", lines(fork)))
    assert [draft.external_id for draft in drafts] == ["claude-code:u1"]


def test_calls_by_programs_are_left_out_and_their_talks_are_not(tmp_path: Path) -> None:
    def session(name: str, *typed: str, **fields: Any) -> None:
        rows = [row("user", f"{name}{n}", text, sessionId=name, **fields) for n, text in enumerate(typed)]
        written(tmp_path / f"{name}.jsonl", lines(*rows, row("assistant", f"{name}a", [{"type": "text", "text": name}])))

    session("once", "Summarise this.", entrypoint="sdk-cli")
    session("twice", "Plan it.", "Go on.", entrypoint="sdk-cli")
    session("person", "A single question.")
    session("own", f"{SYSTEM}\n<memories>\n</memories>")
    drafts, skipped = read(tmp_path)
    assert {draft.source.conversation for draft in drafts if draft.source.speaker == "user"} == {"twice", "person"}
    assert skipped == {"a program's call of the model": 2, "a call of memos itself": 2}


def test_requests_of_memos_are_known_by_how_they_begin() -> None:
    said = notes.Said("I keep bees.", "2026-09-20T08:00:00.000Z")
    assert SYSTEM.startswith(OWN_PROMPTS)
    assert notes.request(said, local=True).messages[0][1].startswith(OWN_PROMPTS)


def test_the_last_line_is_not_yet_there_while_it_is_written(tmp_path: Path) -> None:
    text = lines(row("user", "u1", "First."), row("user", "u2", "Second."))
    torn = written(tmp_path / "torn.jsonl", text[:-20])
    drafts, skipped = read(torn)
    assert [draft.content for draft in drafts] == ["First."]
    assert skipped == {"a line that is being written": 1}
    whole = written(tmp_path / "whole.jsonl", text[:-1])
    assert [draft.content for draft in read(whole)[0]] == ["First.", "Second."]


def test_a_damaged_line_is_named_by_its_number(tmp_path: Path) -> None:
    source = written(tmp_path / "s.jsonl", lines(row("user", "u1", "First.")) + '{"type":\n\n[1]\n' + lines(row("user", "u2", 7)))
    found = [one for one in ClaudeCodeImporter().read(source, HOW) if isinstance(one, Skipped)]
    assert [(one.where, one.damaged) for one in found] == [(f"s.jsonl, line {number}", True) for number in (2, 4, 5)]


def test_reminders_are_cut_out_however_many_there_are(tmp_path: Path) -> None:
    many = "<system-reminder>x</system-reminder>" * 3 + "Kept." + "<system-reminder>" * 20_000
    drafts, _ = read(written(tmp_path / "s.jsonl", lines(row("user", "u1", many))))
    assert drafts[0].content.startswith("Kept.<system-reminder>"), "what is not closed was typed"


def test_a_longer_line_than_is_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript_lines, "LONGEST", 2000)
    source = written(tmp_path / "s.jsonl", lines(row("user", "u1", "y" * 5000), row("user", "u2", "After it.")))
    drafts, skipped = read(source)
    assert [draft.content for draft in drafts] == ["After it."]
    assert sum(skipped.values()) == 1


def test_a_session_older_than_since_is_left_out_whole(tmp_path: Path) -> None:
    written(tmp_path / "s.jsonl", lines(*TALK))
    drafts, skipped = read(tmp_path, HOW._replace(since="9998-01-01T00:00:00.000Z"))
    assert (drafts, skipped) == ([], {OLDER: 1})


def test_the_kinds_of_places(tmp_path: Path) -> None:
    project = tmp_path / ".claude" / "projects" / "-home"
    written(project / "s.jsonl", lines(*TALK))
    importer = ClaudeCodeImporter()
    for place in (tmp_path / ".claude", tmp_path / ".claude" / "projects", project, project / "s.jsonl"):
        assert importer.matches(place)
        assert len(read(place)[0]) == len(SAID)
    other = written(tmp_path / "other" / "x.jsonl", lines({"content": "I keep bees.", "kind": "fact"}))
    assert not importer.matches(other)
    with pytest.raises(UsageError):
        list(importer.read(other, HOW))
