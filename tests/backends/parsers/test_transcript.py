import pytest

from memos_cli.backends.parsers.stamps import header
from memos_cli.backends.parsers.transcript import TranscriptParser
from memos_cli.model import Draft, Kind, Origin
from memos_cli.times import Zone
from tests.contracts.parser import ParserContract

ISO = "[2024-03-05 09:12] Ann: hi\n[2024-03-05 09:13] Bob: hello\nsecond line\n\nthird\n[2024-03-06T10:00:00Z] Ann: Bob: no\n"
WHATSAPP = (
    "05/03/2024, 09:00 - Messages and calls are end-to-end encrypted.\n"
    "05/03/2024, 09:12 - Cy Ng: olá\nand more\n"
    "13/03/2024, 09:13 - +44 7700 900123: see https://example.org: ok\n"
)
IPHONE = "\u200e[3/5/24, 9:12:07\u202fPM] Dee: one\n[3/15/24, 12:05:00\u202fAM] Eve: two\n"
SLACK = "Ann Lee  9:12 AM\nfirst\nmore\nBob  13:05\nsecond\n"
IRC = "--- Tuesday 5 March 2024 ---\n[09:12] <nick> hi\n09:13 <other_> yo\n09:14 * nick waves\n"
DATED = """\
--- Monday 2 March 2026, 08:10 ---
Ines: morning
Assistant: good morning
- one: 1
Note: two

Ines: thanks
=== Session 2 (2026-03-03) ===
Bruno: hi
Ines: hi: there
Bruno: bye
"""
ROLES = "User: what goes in?\nAssistant: These.\n\nIngredients: flour\nStep 1: mix\n\n**Human:** ok"


def parsed(text: str) -> list[Draft]:
    return list(TranscriptParser().parse(text))


def said(text: str) -> list[tuple[str | None, str]]:
    return [(draft.source.speaker, draft.content) for draft in parsed(text)]


class TestTranscript(ParserContract):
    name = "transcript"
    samples = (ISO, WHATSAPP, IPHONE, SLACK, IRC, DATED, ROLES, "Ann: a\nBob: b\nAnn: c", DATED.replace("\n", "\r"))

    def is_structure(self, line: str, drafts: list[Draft]) -> bool:  # noqa: ARG002
        return header(line) is not None


def test_iso_stamps() -> None:
    first, second, third = parsed(ISO)
    assert (first.kind, first.origin) == (Kind.EPISODE, Origin.CONVERSATION)
    assert (first.source.turn, first.source.session) == (0, "2024-03-05")
    assert first.occurred_at == "2024-03-05T09:12:00.000Z"
    assert (second.source.speaker, second.content) == ("Bob", "hello\nsecond line\n\nthird")
    assert (third.source.session, third.content) == ("2024-03-06", "Bob: no")
    span = ISO.encode()[second.source.start : second.source.end].decode()
    assert span == "[2024-03-05 09:13] Bob: hello\nsecond line\n\nthird"


def test_whatsapp_day_first_with_a_notice_that_nobody_said() -> None:
    assert said(WHATSAPP) == [
        (None, "Messages and calls are end-to-end encrypted."),
        ("Cy Ng", "olá\nand more"),
        ("+44 7700 900123", "see https://example.org: ok"),
    ]
    assert [draft.occurred_at for draft in parsed(WHATSAPP)][1:] == ["2024-03-05T09:12:00.000Z", "2024-03-13T09:13:00.000Z"]


def test_whatsapp_month_first_on_a_phone_in_english() -> None:
    assert said(IPHONE) == [("Dee", "one"), ("Eve", "two")]
    assert [draft.occurred_at for draft in parsed(IPHONE)] == ["2024-03-05T21:12:07.000Z", "2024-03-15T00:05:00.000Z"]


def test_the_order_of_messages_tells_day_from_month() -> None:
    text = "01/02/2024, 09:00 - A: x\n02/02/2024, 09:00 - B: y\n01/03/2024, 09:00 - A: z\n"
    assert [draft.occurred_at[:10] for draft in parsed(text) if draft.occurred_at] == ["2024-02-01", "2024-02-02", "2024-03-01"]
    text = "1/2/2024, 09:00 - A: x\n1/3/2024, 09:00 - B: y\n2/1/2024, 09:00 - A: z\n"
    assert [draft.occurred_at[:10] for draft in parsed(text) if draft.occurred_at] == ["2024-01-02", "2024-01-03", "2024-02-01"]


def test_slack_and_irc() -> None:
    assert said(SLACK) == [("Ann Lee", "first\nmore"), ("Bob", "second")]
    assert parsed(SLACK)[0].occurred_at is None, "a clock time without a day is no instant"
    assert said(IRC) == [("nick", "hi"), ("other_", "yo"), ("nick", "nick waves")]
    assert parsed(IRC)[1].occurred_at == "2024-03-05T09:13:00.000Z"


def test_session_headers_date_what_follows_and_turns_run_on() -> None:
    drafts = parsed(DATED)
    assert [draft.source.turn for draft in drafts] == [0, 1, 2, 3, 4, 5]
    assert drafts[0].occurred_at == "2026-03-02T08:10:00.000Z"
    assert drafts[0].source.session == "2026-03-02 08:10"
    assert drafts[1].content == "good morning\n- one: 1\nNote: two"
    assert drafts[3].occurred_at == "2026-03-03T00:00:00.000Z"
    assert drafts[4].content == "hi: there"


def test_two_sessions_of_one_day_are_told_apart() -> None:
    text = "2026-03-02\nA: x\nB: y\n2026-03-02\nA: z\n"
    assert [draft.source.session for draft in parsed(text)] == ["2026-03-02", "2026-03-02", "2026-03-02 (2)"]


def test_labels_in_an_answer_are_no_speakers() -> None:
    assert said(ROLES) == [
        ("User", "what goes in?"),
        ("Assistant", "These.\n\nIngredients: flour\nStep 1: mix"),
        ("Human", "ok"),
    ]


def test_other_scripts() -> None:
    text = "田中：こんにちは\n鈴木：はい\n田中：では"  # noqa: RUF001 -- the colon of that script
    assert said(text) == [("田中", "こんにちは"), ("鈴木", "はい"), ("田中", "では")]


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("--- Monday 3 March 2025 ---", "2025-03-03"),
        ("Monday, March 3rd, 2025", "2025-03-03"),
        ("2025-03-03", "2025-03-03"),
        ("## 2025-03-03", "2025-03-03"),
        ("Session 3 (3 of March, 2025)", "2025-03-03"),
        ("1:56 pm on 8 May, 2023", "2023-05-08"),
        ("*** 2025/03/03 kick-off ***", "2025-03-03"),
        ("=== Session 2 ===", None),
    ],
)
def test_headers(line: str, day: str | None) -> None:
    found = header(line)
    assert found is not None
    assert (found.day and found.day.isoformat()) == day


@pytest.mark.parametrize(
    "line",
    [
        "I was born on 3 March 2025",
        "2025-13-45",
        "---",
        "| 2025-03-03 |x|",
        "--- a/file.txt 1",
        "Session 2",
        "3 March",
        "## Plan 2",
    ],
)
def test_lines_that_are_no_headers(line: str) -> None:
    assert header(line) is None


@pytest.mark.parametrize(
    "text",
    [
        "One note.\n\nAnother: with a colon.",
        "Name: Bob\nAge: 3\n\nName: Al\nAge: 5\n",
        "name: ci\non: push\njobs: x\nname: y\n",
        "2024-03-05 09:12:33 ERROR: disk full\n2024-03-05 09:12:34 INFO: retry\n",
        "Note: buy milk\nNote: buy eggs\nTODO: call\n",
        "# Title\n\nUser: one\n",
        "12:30 lunch\n13:30 meeting\n",
        "https://a.example\nhttps://b.example\n",
        "Dear Ann,\nThe plan: leave early.\nBest: Bob\n",
    ],
)
def test_what_is_no_transcript(text: str) -> None:
    assert not TranscriptParser().matches(text, None)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("3/8/26, 7:01 PM - Ana: hi\n3/8/26, 7:02 PM - Ben: hi\n", ["2026-03-08", "2026-03-08"]),
        ("3/8/26, 7:01 PM - Ana: hi\n3/9/26, 7:02 PM - Ben: hi\n", ["2026-03-08", "2026-03-09"]),
        ("3/8/26, 19:01 - Ana: hi\n3/8/26, 19:02 - Ben: hi\n", ["2026-08-03", "2026-08-03"]),
        ("30/8/26, 7:01 PM - Ana: hi\n1/9/26, 7:02 PM - Ben: hi\n", ["2026-08-30", "2026-09-01"]),
        ("5/8/26, 7:01 pm - Ana: hi\n1/9/26, 7:02 pm - Ben: hi\n", ["2026-08-05", "2026-09-01"]),
        ("03.08.26, 7:01 PM - Ana: hi\n03.08.26, 7:02 PM - Ben: hi\n", ["2026-08-03", "2026-08-03"]),
    ],
)
def test_a_clock_of_am_and_pm_tells_the_month_first_unless_the_dates_say_otherwise(text: str, days: list[str]) -> None:
    assert [draft.occurred_at[:10] for draft in parsed(text) if draft.occurred_at] == days


def test_a_stamp_without_an_offset_is_of_a_clock_where_the_person_is() -> None:
    parser = TranscriptParser()
    parser.zone = Zone("America/Los_Angeles")
    text = "[2026-03-07 19:00] Ann: hi\n[2026-03-08T19:00:00Z] Bob: hi\n[2026-03-08 19:00] Ann: hi\n"
    told = [draft.occurred_at for draft in parser.parse(text)]
    assert told == ["2026-03-08T03:00:00.000Z", "2026-03-08T19:00:00.000Z", "2026-03-09T02:00:00.000Z"]
