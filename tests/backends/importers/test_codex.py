import json
import random
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.importers.codex import REPEAT, TAKEN_OVER, CodexImporter
from memos_cli.errors import UsageError
from memos_cli.import_port import OLDER, ImportOptions, Skipped
from memos_cli.model import Draft
from memos_cli.times import Zone
from tests.contracts.importer import ImporterContract, retyped

HOW = ImportOptions(Zone("UTC"))
THREAD = "019a2d7a-41c4-78b1-b7cc-a45d62a89cd5"


def line(sort: str, at: str = "2026-09-20T08:00:00.000Z", /, **payload: Any) -> dict[str, Any]:
    return {"timestamp": at, "type": sort, "payload": payload}


def meta(thread: str = THREAD, **more: Any) -> dict[str, Any]:
    return line("session_meta", **({"id": thread, "cwd": "/home/ines/pump", "originator": "codex_cli_rs", "source": "cli"} | more))


def item(role: str, *texts: str, at: str = "2026-09-20T08:00:00.000Z") -> dict[str, Any]:
    part = "output_text" if role == "assistant" else "input_text"
    content = [{"type": part, "text": text} for text in texts]
    return line("response_item", at, type="message", role=role, content=content)


def typed(text: str) -> dict[str, Any]:
    return line("event_msg", type="user_message", message=text, kind="plain")


def answered(text: str) -> dict[str, Any]:
    return line("event_msg", type="agent_message", message=text)


def completed(kind: str, text: str) -> dict[str, Any]:
    return line("event_msg", type="item_completed", item={"type": kind, "content": [{"type": "text", "text": text}]})


TALK: tuple[dict[str, Any], ...] = (
    meta(),
    item("developer", "<permissions instructions>Ask.</permissions instructions>"),
    item("user", "# AGENTS.md instructions for /home/ines/pump\n\n<INSTRUCTIONS>Be brief.</INSTRUCTIONS>"),
    item("user", "<environment_context>\n<cwd>/home/ines/pump</cwd>\n</environment_context>"),
    line("turn_context", cwd="/home/ines/pump", model="gpt-5.6", approval_policy="never"),
    item("user", "Which valve leaks?"),
    typed("Which valve leaks?"),
    line("event_msg", type="agent_reasoning", text="**Looking**"),
    line("response_item", type="reasoning", summary=[], encrypted_content="xx"),
    line("response_item", type="function_call", name="shell", arguments="{}", call_id="c"),
    line("response_item", type="function_call_output", call_id="c", output="ok"),
    answered("The left one."),
    item("assistant", "The left one."),
    line("event_msg", type="token_count", info={}),
    item("user", "# Context from my IDE setup:\n\n## Open tabs:\n- a.py\n\n## My request for Codex:\nGo on."),
    completed("UserMessage", "Go on."),
    item("user", "Go on."),
    line("event_msg", type="user_message", message="Go on."),
    line("compacted", message="They spoke of valves."),
    line("response_item", type="message", role="user", content=[{"type": "input_image", "image_url": "data:xx"}]),
)  # fmt: skip


def written(path: Path, *records: Any, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or "".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    return path


def rollout(home: Path, *records: Any, thread: str = THREAD) -> Path:
    return written(home / "sessions" / "2026" / "09" / "20" / f"rollout-2026-09-20T08-00-00-{thread}.jsonl", *records)


def read(source: Path, how: ImportOptions = HOW) -> tuple[list[Draft], dict[str, int]]:
    drafts, skipped = [], dict[str, int]()
    for one in CodexImporter().read(source, how):
        if isinstance(one, Skipped):
            skipped[one.why] = skipped.get(one.why, 0) + one.count
        else:
            drafts.append(one)
    return drafts, skipped


class TestCodex(ImporterContract):
    name = "codex"

    def sample(self, folder: Path) -> Path:
        home = folder / ".codex"
        rollout(home, *TALK)
        rollout(home, meta("child", source={"subagent": {"other": "guardian"}}), item("user", "Assess it."), thread="child")
        written(home / "archived_sessions" / "rollout-2026-01-01T08-00-00-old.jsonl", meta("old"), item("user", "An old one."))
        written(home / "session_index.jsonl", {"id": THREAD, "thread_name": "The valve"})
        written(home / "external_agent_session_imports.json", {"records": [{"imported_thread_id": "elsewhere"}]})
        return home

    def foreign(self, folder: Path) -> list[Path]:
        session = {"type": "user", "uuid": "u", "sessionId": "s", "parentUuid": None, "message": {"content": "Hello."}}
        return [written(folder / "claude.jsonl", session), written(folder / "rows.jsonl", {"content": "I keep bees."})]

    def mistyped(self, folder: Path, chance: random.Random) -> Path | None:
        home = self.sample(folder)
        path = chance.choice(sorted(home.rglob("rollout-*.jsonl")))
        records = [json.loads(one) for one in path.read_text(encoding="utf-8").splitlines()]
        place = chance.randrange(len(records))
        records[place] = retyped(records[place], chance)
        written(path, *records)
        return home


def test_what_was_said_is_taken_once_and_all_else_is_named(tmp_path: Path) -> None:
    drafts, skipped = read(rollout(tmp_path, *TALK))
    assert [(draft.source.speaker, draft.content) for draft in drafts] == [
        ("user", "Which valve leaks?"), ("assistant", "The left one."), ("user", "Go on."), ("user", "Go on."),
    ]  # fmt: skip
    assert [draft.source.turn for draft in drafts] == [0, 1, 2, 3]
    assert {draft.source.conversation for draft in drafts} == {THREAD}
    assert drafts[1].source.model == "gpt-5.6"
    assert drafts[0].metadata == {"project": "/home/ines/pump"}
    assert drafts[0].occurred_at == "2026-09-20T08:00:00.000Z"
    assert skipped == {
        "a record without a message": 2, "a text of the program": 3, REPEAT: 4, "thinking": 2, "a call of a tool": 1,
        "a tool's result": 1, "an event": 1, "a summary of what went before": 1, "an image": 1,
    }  # fmt: skip
    assert len(drafts) + sum(skipped.values()) == len(TALK)


@pytest.mark.parametrize(
    "records",
    [
        (item("user", "Hi."), typed("Hi."), answered("Yes."), item("assistant", "Yes.")),
        (typed("Hi."), item("user", "Hi."), item("assistant", "Yes."), answered("Yes.")),
        (typed("Hi."), answered("Yes.")),
        (completed("UserMessage", "Hi."), typed("Hi."), completed("AgentMessage", "Yes.")),
        ({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}, answered("Yes.")),
    ],
)
def test_a_turn_has_one_name_in_whatever_form_it_comes_first(tmp_path: Path, records: tuple[Any, ...]) -> None:
    usual = read(rollout(tmp_path / "usual", meta(), item("user", "Hi."), item("assistant", "Yes.")))[0]
    drafts, _ = read(rollout(tmp_path / "other", meta(), *records))
    assert [(draft.content, draft.external_id) for draft in drafts] == [(draft.content, draft.external_id) for draft in usual]


def test_names_stay_as_the_file_grows(tmp_path: Path) -> None:
    for length in range(len(TALK)):
        part = read(rollout(tmp_path / "part", *TALK[: length + 1]))[0]
        whole = read(rollout(tmp_path / "whole", *TALK))[0]
        assert [draft.external_id for draft in part] == [draft.external_id for draft in whole[: len(part)]]


def test_what_codex_took_over_from_claude_code_is_left_out_and_what_came_after_is_not(tmp_path: Path) -> None:
    rollout(tmp_path, meta(), item("user", "Of Claude."), item("user", "Later.", at="2026-09-21T08:00:00Z"))
    rollout(tmp_path, meta("b"), item("user", "Of Claude, too."), thread="b")
    rows = [{"imported_thread_id": THREAD, "imported_at": 1_789_891_300}, {"imported_thread_id": "b"}, {"imported_thread_id": 7}, 3]
    written(tmp_path / "external_agent_session_imports.json", {"records": rows})
    for source in (tmp_path, tmp_path / "sessions"):
        drafts, skipped = read(source)
        assert [draft.content for draft in drafts] == ["Later."]
        assert skipped[TAKEN_OVER] == 2


def test_titles_and_archived_sessions(tmp_path: Path) -> None:
    source = TestCodex().sample(tmp_path)
    drafts, skipped = read(source)
    assert {draft.title for draft in drafts} == {"The valve", None}
    assert "An old one." in {draft.content for draft in drafts}
    assert skipped["another agent's talk"] == 2


def test_a_call_by_a_program_is_left_out(tmp_path: Path) -> None:
    rollout(tmp_path, meta("once", originator="codex_exec"), item("user", "Sum it up."), typed("Sum it up."), thread="once")
    rollout(tmp_path, meta("twice", source="exec"), item("user", "One."), item("user", "Two."), thread="twice")
    drafts, skipped = read(tmp_path)
    assert [draft.content for draft in drafts] == ["One.", "Two."]
    assert skipped["a program's call of the model"] == 3


def test_damage_and_a_last_line_that_is_being_written(tmp_path: Path) -> None:
    text = "".join(f"{json.dumps(one)}\n" for one in (meta(), item("user", "Hi.")))
    source = written(tmp_path / "rollout-x.jsonl", text=f'{text}{{"a"\n{text[:-9]}')
    found = list(CodexImporter().read(source, HOW))
    assert [(one.where, one.damaged) for one in found if isinstance(one, Skipped) and one.damaged] == [("rollout-x.jsonl, line 3", True)]
    assert [one.why for one in found if isinstance(one, Skipped) and not one.damaged] == [
        "a record without a message", "a line that is being written",
    ]  # fmt: skip


def test_older_sessions_and_other_files(tmp_path: Path) -> None:
    rollout(tmp_path, *TALK)
    assert read(tmp_path, HOW._replace(since="9998-01-01T00:00:00.000Z")) == ([], {OLDER: 1})
    with pytest.raises(UsageError):
        read(written(tmp_path / "x.jsonl", {"content": "I keep bees."}))
