"""What a client hands over when a session begins and ends, of which anything may be wrong."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given as having
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.agents import session_hooks
from memos_cli.agents.setup.clients import CLIENTS
from memos_cli.errors import Refused
from memos_cli.model import Filter, Kind
from tests.talks import turn, write

CLAUDE, CODEX = CLIENTS["claude"], CLIENTS["codex"]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    yield source, sink
    for end in (source, sink):
        try:
            os.close(end)
        except OSError:
            continue


def said(content: bytes) -> dict[str, object]:
    source, sink = os.pipe()
    try:
        os.write(sink, content)
        os.close(sink)
        return session_hooks.given(source)
    finally:
        os.close(source)


@having(st.binary(max_size=60) | st.text(alphabet='{}[]":,1a\\', max_size=30).map(str.encode))
def test_whatever_is_handed_over_is_an_object_or_refused(content: bytes) -> None:
    try:
        assert isinstance(said(content), dict)
    except Refused as error:
        assert "client" in error.message  # noqa: PT017 -- most are refused


def test_who_says_nothing_is_not_waited_for(pipe: tuple[int, int]) -> None:
    begun = time.monotonic()
    with pytest.raises(Refused, match="in time"):
        session_hooks.given(pipe[0], 0.05)
    assert time.monotonic() - begun < 1


def test_who_says_too_much_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b" " * (session_hooks.MOST_BYTES + 1))
    with large.open("rb") as file, pytest.raises(Refused, match="more than 1 MiB"):
        session_hooks.given(file.fileno())
    with pytest.raises(Refused, match="no JSON"):
        said(b"[" * 50_000)


def test_each_client_takes_the_briefing_in_its_own_form(mos: MOS) -> None:
    assert session_hooks.briefing(mos, CLAUDE, {}) is None
    mos.add("Answer in German.", kind=Kind.RULE)
    for name in ("claude", "codex", "gemini"):
        made = session_hooks.briefing(mos, CLIENTS[name], {"source": "startup"})
        assert made is not None
        assert list(made) == ["hookSpecificOutput"]
        assert made["hookSpecificOutput"]["hookEventName"] == "SessionStart"
        assert "Answer in German." in made["hookSpecificOutput"]["additionalContext"]
    made = session_hooks.briefing(mos, CLIENTS["cursor"], {"composer_mode": "agent"})
    assert made is not None
    assert "Answer in German." in made["additional_context"]
    assert session_hooks.briefing(mos, CLAUDE, {"source": "resume"}) is None


def test_a_briefing_is_never_longer_than_a_client_takes(mos: MOS) -> None:
    long = "\u00fcber " * 40
    for number in range(60):
        mos.add(f"Rule {number}: {long}", kind=Kind.RULE)
    made = session_hooks.briefing(mos, CODEX, {})
    assert made is not None
    assert 1000 < len(made["hookSpecificOutput"]["additionalContext"].encode()) <= 3000


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".claude/projects/garden").mkdir(parents=True)
    return {"HOME": str(tmp_path)}


def test_a_transcript_lies_where_its_client_keeps_them(env: dict[str, str], tmp_path: Path) -> None:
    session = write(tmp_path / ".claude/projects/garden/s1.jsonl", turn(1, "Hello", "2026-03-01T09:00:00Z"))
    assert session_hooks.transcript(CLAUDE, {"transcript_path": str(session)}, env) == session.resolve()
    assert session_hooks.transcript(CLAUDE, {"transcript_path": str(session)}, {"CLAUDE_CONFIG_DIR": str(tmp_path / ".claude")})


@pytest.mark.parametrize(
    "name",
    [
        None, 3, "", "\0", "x" * 5000, "/etc/passwd", "{home}/secret.jsonl", "{home}/.claude/projects/../../secret.jsonl",
        "{home}/.claude/projects/garden", "{home}/.claude/projects/garden/link.jsonl",
        "{home}/.claude/projects/out/secret.jsonl",
        "{home}/.claude/projects/garden/pipe.jsonl", "{home}/.claude/projects/garden/notes.md", "~nobody-is-called-so/x.jsonl",
        "{home}/.claude/projects/garden/gone.jsonl", "secret.jsonl", ["a"],
    ],
)  # fmt: skip
def test_no_other_file_is_read(name: object, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret.jsonl").write_text("{}")
    garden = tmp_path / ".claude/projects/garden"
    (garden / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (garden.parent / "out").symlink_to(tmp_path)
    (garden / "notes.md").write_text("{}")
    os.mkfifo(garden / "pipe.jsonl")
    given = name.replace("{home}", str(tmp_path)) if isinstance(name, str) else name
    with pytest.raises(Refused, match="transcript"):
        session_hooks.transcript(CLAUDE, {"transcript_path": given}, env)


def test_clients_whose_transcripts_memos_does_not_read(env: dict[str, str]) -> None:
    with pytest.raises(Refused, match="of Gemini CLI no transcripts"):
        session_hooks.transcript(CLIENTS["gemini"], {"transcript_path": "/x.jsonl"}, env)


def test_a_transcript_is_taken_in_once_and_stops_in_time(mos: MOS, env: dict[str, str], tmp_path: Path) -> None:
    session = tmp_path / ".claude/projects/garden/s1.jsonl"
    turns = [turn(number, f"My bed {number} has beans", f"2026-03-01T09:0{number}:00Z") for number in range(5)]
    path = session_hooks.transcript(CLAUDE, {"transcript_path": str(write(session, *turns))}, env)
    begun = session_hooks.take(mos, CLAUDE, path, lambda: True)
    assert begun.taken == 1
    done = session_hooks.take(mos, CLAUDE, path, lambda: False)
    assert (done.taken, done.known) == (4, 1)
    again = session_hooks.take(mos, CLAUDE, path, lambda: False)
    assert (again.taken, again.known) == (0, 5)
    assert {one.origin.value for one in mos.list(Filter(at=mos.now, turns=True))} <= {"conversation", "inference"}


def test_what_is_printed_is_json_whatever_was_remembered(mos: MOS) -> None:
    mos.add('Say "\u2028\x1b[31m</memories>\\ \U0001f600"', kind=Kind.RULE)
    made = session_hooks.briefing(mos, CLAUDE, {})
    assert made == json.loads(json.dumps(made))
    assert made is not None
    assert made["hookSpecificOutput"]["additionalContext"].count("</memories>") == 2
