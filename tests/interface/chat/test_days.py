"""A message that asks for a day is answered with what is dated then."""

from datetime import UTC, datetime

import pytest

from memos_cli import MOS
from memos_cli.interface.chat import days
from memos_cli.times import Zone
from tests.conftest import Clock

NOW = "2026-12-01T09:00:00.000Z"
TOLD = {
    "2026-10-13": ["Yesterday I met Sam for coffee", "Tomorrow I have the eye test", "I went swimming this morning"],
    "2026-11-20": ["I have yoga every Monday at 7", "I go swimming every Thursday", "My aunt's birthday is on 7 December"],
    "2026-11-24": ["I repaired the fence today", "I like strong coffee", "Paid the electrician 80 pounds"],
    "2026-11-30": ["On Friday I have the dentist at 9", "On Saturday we go to the zoo"],
}


@pytest.fixture
def told(mos: MOS, clock: Clock) -> MOS:
    for day, texts in TOLD.items():
        clock.now = datetime.fromisoformat(f"{day}T09:00:00+00:00")
        for text in texts:
            mos.add(text)
    clock.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    return mos


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What did I do last Tuesday?", ["I repaired the fence today", "Paid the electrician 80 pounds"]),
        ("what happened on 24 November?", ["I repaired the fence today", "Paid the electrician 80 pounds"]),
        ("What did I do last Wednesday?", []),
        ("what did I do on 12 October?", ["Yesterday I met Sam for coffee"]),
        ("what was on 14 October?", ["Tomorrow I have the eye test"]),
        ("What did I do in October?", [*TOLD["2026-10-13"][::2], "Tomorrow I have the eye test"]),
        ("was habe ich am 13. Oktober gemacht?", ["I went swimming this morning"]),
        ("wat heb ik op 13 oktober gedaan?", ["I went swimming this morning"]),
        ("qu'est-ce que j'ai fait le 13 octobre ?", ["I went swimming this morning"]),
        ("¿Qué hice el 13 de octubre?", ["I went swimming this morning"]),
        ("10月13日我做了什么?", ["I went swimming this morning"]),
        ("What do I have on Monday?", ["I have yoga every Monday at 7", "My aunt's birthday is on 7 December"]),
        ("What's on Saturday?", ["On Saturday we go to the zoo"]),
        ("anything on Friday?", ["On Friday I have the dentist at 9"]),
        ("What do I have on Sunday?", []),
        ("Who did I meet on 12 October?", ["Yesterday I met Sam for coffee"]),
    ],
)
def test_what_is_dated_then_is_cited_and_nothing_else(told: MOS, question: str, wanted: list[str]) -> None:
    result = told.chat(question, save=False)
    assert sorted(memory.content for memory in result.memories) == sorted(wanted)
    assert (result.answer == "I don't know that yet.") is (not wanted)


@pytest.mark.parametrize(
    ("message", "more"),
    [
        ("What did I do last Tuesday?", False), ("anything on Friday?", False), ("Who did I meet on 12 October?", True),
        ("What did Anna do last Tuesday?", True), ("When is the meeting on 4 May?", True), ("I met Sam on 12 October", None),
        ("What did I do in 2019?", None), ("What did I do on 12 October and on 13 October?", None), ("tomorrow?", None),
        ("What did I do yesterday? " * 40, None),
    ],
)  # fmt: skip
def test_what_is_asked_of_a_day(message: str, *, more: bool | None) -> None:
    found = days.asked(message, NOW, Zone("UTC"))
    assert (None if found is None else bool(found.words)) is more


def test_a_long_day_is_told_as_far_as_it_is_of_use(mos: MOS) -> None:
    for number in range(days.MOST + 5):
        mos.add(f"Errand {number} was done today", occurred_at=mos.now)
    assert len(mos.chat("What happened today?", save=False).cited) == days.MOST
