"""What a talk says of other days than its own: events with their own days, drawn from the turns."""

from pathlib import Path

import pytest

from memos_cli.interface.api import MOS
from memos_cli.interface.reader import extraction
from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Draft, Filter, Kind, LinkType, Source
from memos_cli.times import Zone
from tests.conftest import Run

TALK = """\
[2026-03-08 19:01] Ana: the party is in three weeks
[2026-03-08 19:02] Ben: great, see you there. Is Noor coming tomorrow?
[2026-03-08 19:03] Ana: From 1 April we live in Ghent. I ran today.
[2026-03-09 08:00] Assistant: Your dentist is on 12 March.
[2026-03-09 08:01] Ben: hi
"""


def test_a_turn_keeps_its_time_and_an_event_has_its_own() -> None:
    reader = Reader(Zone("Europe/Amsterdam"))
    turns = reader.read_text(TALK, name="talk.txt", now="2026-11-29T20:30:00.000Z")
    assert [turn.occurred_at for turn in turns][:2] == ["2026-03-08T18:01:00.000Z", "2026-03-08T18:02:00.000Z"]
    found = extraction.events(turns, reader)
    assert [(place, draft.content) for place, draft in found] == [
        (0, "the party is in three weeks"),
        (2, "From 1 April we live in Ghent."),
    ]
    party, move = (draft for _, draft in found)
    assert (party.kind, party.occurred_at, party.source.speaker) == (Kind.EVENT, "2026-03-28T23:00:00.000Z", "Ana")
    assert (move.occurred_at, move.valid_from) == (None, "2026-03-31T22:00:00.000Z")


@pytest.mark.parametrize(
    "turn",
    [
        Draft("the party is in three weeks", Kind.EPISODE, source=Source(speaker="Ana")),
        Draft("the party is in three weeks", Kind.NOTE, occurred_at="2026-03-08T18:01:00.000Z"),
        Draft("is the party in three weeks?", Kind.EPISODE, occurred_at="2026-03-08T18:01:00.000Z"),
        Draft("it rains today", Kind.EPISODE, occurred_at="2026-03-08T18:01:00.000Z"),
    ],
)
def test_nothing_is_drawn_without_a_sure_other_day(turn: Draft) -> None:
    assert extraction.events([turn], Reader(Zone("UTC"))) == ()


def test_a_talk_that_is_brought_in_gives_events_that_a_list_finds(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(TALK)
    told = memos("add", "--file", str(tmp_path / "talk.txt"), "--json").data
    assert (told["added"], len(told["extracted"])) == (5, 2)
    listed = memos("list", "--since", "2026-03-20", "--until", "2026-04-10", "--json").data["memories"]
    (party,) = (memory for memory in listed if memory["occurred_at"])
    assert (party["content"], party["occurred_at"]) == ("the party is in three weeks", "2026-03-29T00:00:00Z")
    (link,) = memos("why", party["id"], "--json").data["links"]
    assert (link["type"], link["source"], link["target"]) == (LinkType.DERIVED_FROM.value, party["id"], told["ids"][0])
    again = memos("add", "--file", str(tmp_path / "talk.txt"), "--json").data
    assert (again["added"], again["extracted"]) == (0, [])


def test_messages_that_a_program_brings_in_give_them_too(mos: MOS) -> None:
    added = mos.add(
        messages=[{"role": "user", "content": "the party is in three weeks", "occurred_at": "2026-03-08T18:01:00.000Z"}]
    )
    assert len(added.extracted) == 1
    (party,) = mos.list(Filter(at=mos.now, since="2026-03-20T00:00:00.000Z"))
    assert party.occurred_at == "2026-03-29T00:00:00.000Z"


def test_what_is_told_in_chat_gives_an_event_too(memos: Run) -> None:
    memos("chat", "-m", "the party is in three weeks", env={"MEMOS_TIMEZONE": "Pacific/Kiritimati"})
    kept = [memory for memory in memos("list", "--json").data["memories"] if memory["kind"] == "event"]
    zone = Zone("Pacific/Kiritimati")
    assert [memory["content"] for memory in kept] == ["the party is in three weeks"]
    days = zone.day(kept[0]["occurred_at"]) - zone.day(kept[0]["created_at"])
    assert (days.days, zone.local(kept[0]["occurred_at"]).hour) == (21, 0)
