"""The day by which `yesterday` in a note is understood: its heading, front matter, mail, file name, or file."""

import os
from pathlib import Path

import pytest

from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Draft
from memos_cli.times import Zone
from tests.conftest import Run

NOW = "2026-11-29T20:30:00.000Z"
AMSTERDAM = Zone("Europe/Amsterdam")
SEAL = "Yesterday we saw a seal"
MAIL = "From: Ana <ana@example.org>\nTo: me@example.org\nSubject: party\nDate: {date}\n\nThe party is in three weeks.\n"


def read(text: str, name: str | None = None, **given: str) -> list[Draft]:
    return Reader(AMSTERDAM).read_text(text, name=name, now=NOW, **given)  # type: ignore[arg-type]


def day(draft: Draft) -> str:
    assert draft.occurred_at is not None
    return AMSTERDAM.local(draft.occurred_at).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "name", "right"),
    [
        (f"## 2026-11-12\n\n{SEAL}\n", "notes.md", "2026-11-11"),
        (f"# Thursday 12 November 2026\n\n- {SEAL}\n", "notes.md", "2026-11-11"),
        (f"# November 12, 2026\n\n- {SEAL}\n", "notes.md", "2026-11-11"),
        (f"# Journal\n\n## 2026-11-12\n\n### Trip\n\n- {SEAL}\n", "notes.md", "2026-11-11"),
        (f"---\ndate: 2026-11-12\n---\n\n{SEAL}\n", "notes.md", "2026-11-11"),
        (f"---\ndate: 2026-01-01\n---\n\n## 2026-11-12\n\n- {SEAL}\n", "notes.md", "2026-11-11"),
        (f"{SEAL}\n", "daily/2026-03-12.md", "2026-03-11"),
        (f"{SEAL}\n", "daily/20260312.md", "2026-03-11"),
        (f"{SEAL}\n", "journal/2026-03-12/notes.txt", "2026-03-11"),
        (f"## 2026-11-12\n\n- {SEAL}\n", "daily/2026-03-12.md", "2026-11-11"),
        (f"2026-11-12\n\n{SEAL}\n", "notes.txt", "2026-11-11"),
    ],
)
def test_a_note_counts_from_its_own_day(text: str, name: str, right: str) -> None:
    assert day(read(text, name)[-1]) == f"{right} 00:00"


@pytest.mark.parametrize("date", ["12 Nov 2026", "Thu, 12 Nov 2026 09:30:00 +0100", "Thu, 12 Nov 2026 23:30:00 GMT"])
def test_a_mail_counts_from_its_date(date: str) -> None:
    right = "2026-12-04" if "GMT" in date else "2026-12-03"  # half past midnight on the 13th here
    assert day(read(MAIL.format(date=date), "mail.txt")[-1]) == f"{right} 00:00"


def test_what_is_said_of_no_other_day_is_of_the_day_above_it() -> None:
    seal, calm = read("## 2026-11-12\n\n- we saw a seal\n\n## 2026-11-13\n\n- calm sea\n", "notes.md")
    assert (day(seal), day(calm)) == ("2026-11-12 00:00", "2026-11-13 00:00")


def test_a_file_that_tells_no_day_counts_from_when_it_was_written() -> None:
    (draft,) = read(f"{SEAL}\n", "notes.txt", written="2026-05-05T10:00:00.000Z")
    assert day(draft) == "2026-05-04 00:00"
    (plain,) = read("The sea was calm\n", "notes.txt", written="2026-05-05T10:00:00.000Z")
    assert plain.occurred_at is None
    (named,) = read(f"{SEAL}\n", "2026-03-12.txt", written="2026-05-05T10:00:00.000Z")
    assert day(named) == "2026-03-11 00:00"


@pytest.mark.parametrize("written", [None, "2027-05-05T10:00:00.000Z"])
def test_a_file_from_the_future_counts_from_now(written: str | None) -> None:
    (draft,) = read(f"{SEAL}\n", "notes.txt", **({"written": written} if written else {}))
    assert day(draft) == "2026-11-28 00:00"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("calm sea\n", "invoice-20261340.txt"),
        ("calm sea\n", "2026-03-12-to-2026-04-01.txt"),
        ("calm sea\n", "IMG_123420260312999.txt"),
        ("Date: soon\n\ncalm sea\n", "a.txt"),
        ("Note: x\nDate: 12 Nov 2026\n\ncalm sea\n", "a.txt"),
        ("## 2026-02-30\n\n- calm sea\n", "a.md"),
        ("## Version 2026-02-03 of it\n\n- calm sea\n", "a.md"),
    ],
)
def test_what_is_no_day_dates_nothing(text: str, name: str) -> None:
    assert {draft.occurred_at for draft in read(text, name) if "calm" in draft.content} == {None}


def test_a_commit_keeps_its_time() -> None:
    log = "commit abcdef1234\nAuthor: Ana <a@b.c>\nDate:   Thu Nov 12 10:00:00 2026 +0100\n\n    Fix what broke yesterday\n"
    assert read(log, "log.txt")[0].occurred_at == "2026-11-12T09:00:00.000Z"


def test_two_sentences_have_no_bound_and_no_rule_in_common() -> None:
    draft = Reader(AMSTERDAM).read_one("On leave until Monday. Bins go out on Tuesdays.", now=NOW)
    assert (draft.valid_to, draft.metadata.get("recurrence")) == (None, None)


def test_the_time_of_a_file_is_asked_of_the_file_system(memos: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(f"{SEAL}\n")
    os.utime(path, (1_778_000_000, 1_778_000_000))  # 5 May 2026
    memos("add", "--file", str(path))
    (memory,) = memos("list", "--json").data["memories"]
    assert memory["occurred_at"] == "2026-05-04T00:00:00Z"
