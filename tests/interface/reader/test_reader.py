import subprocess
import sys
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.errors import UsageError
from memos_cli.interface.reader.dates import mentions
from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Draft, Kind, Origin

NOW = "2026-03-11T10:00:00.000Z"
"""A Wednesday."""

# What is said, and the day it means, on that Wednesday.
MEANT = [
    ("we ate out yesterday", "2026-03-10"),
    ("Dinner tomorrow at Noor's", "2026-03-12"),
    ("the day before yesterday it snowed", "2026-03-09"),
    ("I ran 8 km this morning", "2026-03-11"),
    ("saw the film last Friday", "2026-03-06"),
    ("last Wednesday we met", "2026-03-04"),
    ("next Monday is free", "2026-03-16"),
    ("call Ana this Sunday", "2026-03-15"),
    ("Dentist on Friday", "2026-03-13"),
    ("we met on Friday", "2026-03-06"),
    ("pay by Thursday", "2026-03-12"),
    ("in two weeks we fly", "2026-03-25"),
    ("the boiler man comes in 3 days", "2026-03-14"),
    ("in a fortnight's time", "2026-03-25"),
    ("two weeks ago the roof leaked", "2026-02-25"),
    ("ten days ago", "2026-03-01"),
    ("on 3 March", "2026-03-03"),
    ("Dentist on 3rd of April", "2026-04-03"),
    ("party on December 20", "2025-12-20"),
    ("the lease starts on 3 January", "2027-01-03"),
    ("They moved me. It's on 20 March now", "2026-03-20"),
    ("to be told on Monday 16 March", "2026-03-16"),
    ("it was signed on Sunday, April 20", "2025-04-20"),
    ("Six in June. We got her from a shelter", "2026-06-01"),
    ("the feed ends on 31 March.", "2026-03-31"),
    ("May 5 is her birthday", "2026-05-05"),
    ("on march 20 we move", "2026-03-20"),
    ("Born 14 July 1961", "1961-07-14"),
    ("warranty until March 3, 2028", "2028-03-03"),
    ("12 Dec 2025", "2025-12-12"),
    ("next month", "2026-04-01"),
    ("last month it rained", "2026-02-01"),
    ("last week", "2026-03-02"),
    ("next year", "2027-01-01"),
    ("we go in May", "2026-05-01"),
    ("we went last May", "2025-05-01"),
    ("in March 2024 she left", "2024-03-01"),
    ("lives here since 2019", "2019-01-01"),
    ("13/05/2024", "2024-05-13"),
    ("5/13/2024", "2024-05-13"),
    ("5.3.2024", "2024-03-05"),
    ("seen on 2026-03-05.", "2026-03-05"),
    ("at 2026-03-05T10:00:00Z", "2026-03-05"),
    ("昨日ラーメンを食べた", "2026-03-10"),
    ("3月5日に会う", "2026-03-05"),
    ("gestern war es kalt", "2026-03-10"),
]
NOT_MEANT = [
    "I may go",
    "March on!",
    "2 eggs",
    "version 3.11",
    "phone 555-1234",
    "I may 3 times",
    "March 2 miles north",
    "Jan 2 cookies",
    "I met June 4 times",
    "June said hi",
    "may 5 people come?",
    "on a bus, on and on, a second later",
    "in 5 minutes",
    "read it in two weeks",
    "she wrote the book in a year",
    "twice in a month",
    "next Friday",
    "on Fridays I run",
    "every Monday",
    "on Monday evenings",
    "05/03/2024",
    "32/13/2024",
    "31 April",
    "it was signed on 20 April",
    "we went in May",
    "remind me of the letter of 4 March",
    "on Tuesday 16 March",
    "2026-02-30",
    "2026-13-01",
    "192.168.2.2024",
    "Python 3.11.2024",
    "version 1.2.2024",
    "report-2024-03-05-v2",
    "/logs/2024/03/05/x",
    "in 2048 pieces",
    "since 1200 words",
    "the last week of term",
    "over the next year or so",
    "now and then",
    "a week of rain",
    "sun, 3 of us",
    "room 12, row 3, seat 2025",
    "add 3 dec. of milk to 20 mar-quise",
]


@pytest.mark.parametrize(("text", "day"), MEANT)
def test_times_that_are_meant(text: str, day: str) -> None:
    assert [str(found.day) for found in mentions(text, datetime.fromisoformat(NOW))] == [day]


@pytest.mark.parametrize("text", NOT_MEANT)
def test_what_is_no_time_or_has_two_readings(text: str) -> None:
    assert mentions(text, datetime.fromisoformat(NOW)) == []


def test_times_count_from_the_utterance() -> None:
    (found,) = mentions("I saw her last Friday", datetime.fromisoformat("2023-05-08T13:56:00Z"))
    assert str(found.day) == "2023-05-05"


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([text for text, _ in MEANT] + NOT_MEANT), max_size=4).map(" ".join) | st.text(max_size=80))
def test_any_text_at_the_ends_of_the_calendar(text: str) -> None:
    for year in (1, 2026, 9999):
        for found in mentions(text, datetime(year, 1, 1)):  # noqa: DTZ001
            assert found.text in text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Always answer me in metric units", Kind.RULE),
        ("please never suggest pork", Kind.RULE),
        ("Call me Ines, not Inês", Kind.RULE),
        ("When I ask for a recipe, give grams", Kind.RULE),
        ("How to bleed a radiator: open the valve", Kind.PROCEDURE),
        ("1. Turn it off\n2. Wait", Kind.PROCEDURE),
        ("First soak the beans, then boil them", Kind.PROCEDURE),
        ("I am vegan now", Kind.PREFERENCE),
        ("I\u2019m a vegetarian", Kind.PREFERENCE),
        ("I really love rain", Kind.PREFERENCE),
        ("I don't eat meat", Kind.PREFERENCE),
        ("Bruno prefers tea", Kind.PREFERENCE),
        ("My favourite colour is green", Kind.PREFERENCE),
        ("Dentist on 3 March", Kind.EVENT),
        ("I met Ana at the market", Kind.EVENT),
        ("First we ate, then we left yesterday", Kind.EVENT),
        ("My sister lives in Porto", Kind.FACT),
        ("The landlord's name is Mr Okafor", Kind.FACT),
        ("Ines is allergic to walnuts", Kind.FACT),
        ("milk, eggs, bread", Kind.NOTE),
        ("I would like to know more", Kind.NOTE),
    ],
)
def test_kinds(text: str, kind: Kind) -> None:
    assert Reader().read_one(text, now=NOW).kind is kind


def test_one_memory_keeps_its_words() -> None:
    draft = Reader().read_one("  Lunch with Ana\n\nUser: hi\n on 3 March  ", now=NOW)
    assert draft.content == "Lunch with Ana\n\nUser: hi\n on 3 March"
    assert draft.origin is Origin.USER
    assert draft.occurred_at == "2026-03-03T00:00:00.000Z"
    assert draft.metadata == {"times": [{"text": "3 March", "at": "2026-03-03", "unit": "day"}]}


def test_what_is_given_is_taken() -> None:
    draft = Reader().read_one("We met yesterday", now=NOW, kind=Kind.NOTE, occurred_at="2023-05-08T13:56:00.000Z")
    assert (draft.kind, draft.occurred_at) == (Kind.NOTE, "2023-05-08T13:56:00.000Z")
    assert draft.metadata["times"] == [{"text": "yesterday", "at": "2023-05-07", "unit": "day"}]


def test_only_events_take_their_time_from_words() -> None:
    draft = Reader().read_one("I prefer the trains since 2019", now=NOW)
    assert (draft.kind, draft.occurred_at) == (Kind.PREFERENCE, None)
    assert draft.metadata["times"][0]["at"] == "2019-01-01"


def test_secrets_are_labelled() -> None:
    assert Reader().read_one("the wifi password is hunter2-sunflower", now=NOW).labels == ("secret",)
    assert Reader().read_one("the wifi password is stored at home", now=NOW).labels == ()


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        Reader().read_one(text, now=NOW)


def test_broken_unicode_is_refused() -> None:
    with pytest.raises(UsageError, match="not valid Unicode at character 3"):
        Reader().read_one("ab\udcff", now=NOW)
    with pytest.raises(UsageError, match="not valid Unicode"):
        Reader().read_text("ab\udcff", name=None, now=NOW)


def test_a_transcript_is_known_by_itself_and_its_times_count_from_each_turn() -> None:
    text = "[2023-05-08 13:56] Ann: I saw it last Friday\n[2023-05-09 08:00] Bob: my PIN is 4921\n"
    first, second = Reader().read_text(text, name="chats/trip.txt", now=NOW)
    assert (first.kind, first.origin, first.occurred_at) == (Kind.EPISODE, Origin.CONVERSATION, "2023-05-08T13:56:00.000Z")
    assert (first.source.conversation, first.source.file) == ("trip", "chats/trip.txt")
    assert first.metadata["times"] == [{"text": "last Friday", "at": "2023-05-05", "unit": "day"}]
    assert second.labels == ("secret",)


def test_conversations_without_a_name_are_told_apart() -> None:
    names = {Reader().read_text(f"Ann: {i}\nBob: b\nAnn: c", name=None, now=NOW)[0].source.conversation for i in range(3)}
    assert len(names) == 3


def test_formats_are_tried_in_order_or_taken_as_told() -> None:
    reader = Reader()
    markdown = "# Car\n\n- oil in May\n- tyres\n"
    assert [draft.title for draft in reader.read_text(markdown, name="car.md", now=NOW)] == ["Car", "Car"]
    assert len(reader.read_text(markdown, name=None, now=NOW, format="prose")) == 2
    assert reader.read_text("One.\n\nTwo.", name="a.txt", now=NOW)[0].origin is Origin.FILE
    assert reader.read_text("One.\n\nTwo.", name=None, now=NOW)[0].origin is Origin.USER
    assert reader.read_text("- a\n- b", name=None, now=NOW)[0].origin is Origin.USER
    assert reader.read_text(" \n", name=None, now=NOW) == []
    with pytest.raises(UsageError, match="no parser called"):
        reader.read_text("x", name=None, now=NOW, format="pdf")  # type: ignore[arg-type]


def test_a_given_time_is_for_drafts_that_have_none() -> None:
    (draft,) = Reader().read_text("It rained yesterday.", name="a.txt", now=NOW, occurred_at="2020-02-02T00:00:00.000Z")
    assert draft.occurred_at == "2020-02-02T00:00:00.000Z"
    assert draft.metadata["times"][0]["at"] == "2020-02-01"


def test_a_plain_memory_loads_no_heavy_library() -> None:
    code = (
        "import sys; from memos_cli.interface.reader.reader import Reader;"
        f"Reader().read_one('Lunch with Ana today, she may come on Friday; 2 eggs', now='{NOW}');"
        "print([m for m in ('dateutil', 'detect_secrets', 'markdown_it', 'requests', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


class TestCompleted:
    """Drafts that an importer made."""

    NOW = "2026-03-02T12:00:00.000Z"

    def completed(self, text: str, at: str | None, kind: Kind = Kind.NOTE) -> Draft:
        draft = Draft(text, kind, "x:1", "Title", occurred_at=at, origin=Origin.IMPORT, given=frozenset())
        (made,) = Reader().completed([draft], self.NOW)
        assert made._replace(occurred_at=at, valid_from=None, valid_to=None, metadata={}, labels=()) == draft._replace(
            metadata={}
        )
        return made

    def test_what_is_relative_counts_from_the_time_of_the_draft(self) -> None:
        made = self.completed("The plumber comes tomorrow", "2023-05-01T10:00:00.000Z")
        assert made.metadata["times"][0]["at"] == "2023-05-02"
        assert made.occurred_at == "2023-05-01T10:00:00.000Z"

    def test_without_a_time_it_means_nothing(self) -> None:
        assert self.completed("The plumber comes tomorrow", None).metadata == {}
        assert self.completed("The plumber comes on 3 May 2024", None).metadata["times"][0]["at"] == "2024-05-03"

    def test_secrets_are_labelled_whatever_the_time(self) -> None:
        for at in (None, "2023-05-01T10:00:00.000Z"):
            assert self.completed("Tomorrow AKIAIOSFODNN7EXAMPLE ends", at).labels == ("secret",)

    def test_a_turn_keeps_its_time(self) -> None:
        made = self.completed("Yesterday I met Tom", "2023-05-01T10:00:00.000Z", Kind.EPISODE)
        assert (made.occurred_at, made.valid_from) == ("2023-05-01T10:00:00.000Z", None)
