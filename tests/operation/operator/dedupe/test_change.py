"""Changes told in words: the hand-written tables of what is known, what is told next, and what is right."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.model import Draft, Filter, Kind
from memos_cli.operation.operator.dedupe import change, verdicts
from memos_cli.operation.operator.dedupe.normal_form import read
from memos_cli.operation.operator.dedupe.verdicts import Verdict
from tests.conftest import Clock
from tests.operation.helpers import memory

HERE = Path(__file__).parent
TABLE: list[dict[str, Any]] = [json.loads(line) for line in (HERE / "changes.jsonl").read_text("utf-8").splitlines()]
"""Written before the rules."""
HELD_OUT: list[dict[str, Any]] = [
    json.loads(line) for line in (HERE / "changes_held_out.jsonl").read_text("utf-8").splitlines()
]
"""Written before the rules too, and looked at when they were done; of these 57 of 64 were right at the first look."""
AGAINST: list[dict[str, Any]] = [json.loads(line) for line in (HERE / "changes_against.jsonl").read_text("utf-8").splitlines()]
"""Written after the rules, to break them: at the first look 6 of 108 were wrong."""
NOTICED: list[dict[str, Any]] = [json.loads(line) for line in (HERE / "changes_noticed.jsonl").read_text("utf-8").splitlines()]
"""Everyday changes, written without a look at the rules: at the first look 64 of 106 were missed or asked needlessly as they
were told, and of the next 79, after the rules had grown, 28."""
EARLIER, LATER = "2026-03-02T12:00:00.000Z", "2026-03-02T14:00:00.000Z"
_OUTCOMES = {Verdict.CONFLICT_CERTAIN: "superseded", Verdict.CONFLICT_POSSIBLE: "asked"}


def outcome(known: str, told: str) -> str:
    found = verdicts.compare(memory(known, EARLIER, id="a"), memory(told, LATER, id="b"))
    return _OUTCOMES.get(found.verdict, "kept")


@pytest.mark.parametrize(
    ("rows", "right", "asked", "missed"), [(TABLE, 248, 13, 2), (HELD_OUT, 53, 10, 1)], ids=["table", "held out"]
)
def test_no_change_is_wrong(rows: list[dict[str, Any]], right: int, asked: int, missed: int, record_property: Any) -> None:
    """Wrong supersessions and needless questions: none. The other numbers were measured; a change may only better them."""
    found: Counter[str] = Counter()
    for row in rows:
        got = outcome(row["known"], row["told"])
        assert got != "superseded" or row["right"] == "superseded", row
        assert got != "asked" or row["right"] != "kept", row
        found["right" if got == row["right"] else "asked" if got == "asked" else "missed"] += 1
    record_property("outcomes", dict(found))
    assert found["right"] >= right, found
    assert found["right"] + found["asked"] >= right + asked, found
    assert found["missed"] <= missed, found


def test_what_was_written_to_break_the_rules() -> None:
    for row in AGAINST:
        got = outcome(row["known"], row["told"])
        assert (got == "superseded") <= (row["right"] == "superseded"), row
        assert row["right"] == "not superseded" or got != "kept", row


def test_everyday_changes_are_noticed(mos: MOS, clock: Clock, home: Path) -> None:
    """As they are told, not only by a later sweep: the known one is ended, or a question is put up."""
    wrong = []
    for number, row in enumerate(NOTICED):
        with MOS(home / str(number), settings=mos.settings, clock=clock) as own:
            own.add(row["known"])
            clock.forward(hours=1)
            added = own.add(row["told"])
        if bool(added.superseded or added.questions) != (row["right"] == "noticed"):
            wrong.append(row)
    assert not [row for row in wrong if row["right"] == "kept"]
    assert len(wrong) <= 32, wrong


def test_a_text_ends_nothing_that_another_row_of_the_tables_knows() -> None:
    """Every text that was told, against every known one: of 50,000 pairs 139 are certain, 340 asked; all looked at."""
    rows = [*TABLE, *HELD_OUT, *AGAINST]
    known = {row["known"]: read(row["known"]) for row in rows}
    told = {row["told"]: read(row["told"]) for row in rows if change.is_told(read(row["told"]))}
    own = {(row["known"], row["told"]) for row in rows}
    pairs = ((one, other) for other in told for one in known if (one, other) not in own and one != other)
    found = [(change.between(known[one], told[other]), one, other) for one, other in pairs]
    certain = {(one, other) for conflict, one, other in found if conflict and conflict.certain}
    assert 60 < len(certain) <= 139
    for one, other in certain:
        whose = {word for text in (one, other) for word in text.split()} & {
            "Ana",
            "Tom",
            "Lena",
            "aunt",
            "uncle",
            "They",
            "She",
        }
        named = "boss is" in one and "boss is" in other  # the names are the values
        assert named or all(name in one and name in other for name in whose), (one, other)
    assert sum(conflict is not None and not conflict.certain for conflict, _, _ in found) < 345


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("I have a friend called Rex", "My neighbour's dog died"),
        ("I use vim", "We use Rust now"),
        ("I live in Leeds", "I moved to Linux"),
        ("My wife is pregnant", "Tom and I split up the work"),
        ("I have a bike", "Our dog died"),
        ("We have a Netflix subscription", "We cancelled the newspaper subscription"),
        ("My dentist is Dr. Okafor", "Bob is my neighbour now"),
        ("I have a dog called Rex", "My cat died"),
        ("The boiler is broken", "The car works again"),
    ],
)
def test_what_only_resembles_a_change_asks_nothing(known: str, told: str) -> None:
    assert outcome(known, told) == "kept"


def test_of_many_that_may_be_meant_one_is_asked_about(mos: MOS, clock: Clock) -> None:
    for text in ("I use vim", "I drink coffee", "I study law", "I drive a Skoda", "I eat fish"):
        mos.add(text)
        clock.forward(hours=1)
    assert len(mos.add("I switched to tea").questions) == 1


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ("I live in Leeds", "I moved to Linux"),
        ("I live in Leeds", "I moved to Marketing"),
        ("I have a bike", "I sold a bike to Tom"),
        ("Yoga is on Mondays", "Yoga is cancelled"),
        ("I drink coffee", "No more coffee for me"),
        ("I work at Acme", "I left Acme"),
        ("I live in Leeds. I drive a Skoda", "I sold the Skoda"),
        ("The meeting is at 9", "The meeting was moved to 10 today"),
        ("My dentist is Dr. Okafor", "The dentist is Dr. Visser now"),
    ],
)
def test_what_is_not_certain_is_never_superseded(known: str, told: str) -> None:
    assert outcome(known, told) != "superseded"


def test_several_statements_are_asked_about_as_a_whole() -> None:
    assert outcome("I live in Leeds. I drive a Skoda", "I sold the Skoda") == "asked"


@pytest.mark.parametrize("text", ["I used to live in York", "I no longer smoke", "Ich rauche nicht mehr", "Ya no fumo"])
def test_what_is_over(text: str) -> None:
    assert change.is_over(read(text))


@pytest.mark.parametrize(
    "text",
    [
        "I live in York",
        "I no longer live in Leeds, I live in York",
        "The key is used to open the shed door?",
        "I moved to York",
    ],
)
def test_what_is_not_over(text: str) -> None:
    assert not change.is_over(read(text))


@pytest.mark.parametrize(
    ("known", "told", "others"),
    [
        ("I live in Leeds", "I moved to York", "Person {n} lives in Leeds"),
        ("Ana lives in Leeds", "Ana moved to York", "I live in Leeds on day {n}"),
        ("I drive a red Skoda", "I sold the Skoda", "Person {n} drives a Skoda"),
        ("I am vegan", "I am no longer vegan", "Person {n} is vegan"),
        ("The garden meeting is at 9", "The garden meeting moved to 10", "The meeting number {n} is at 9"),
    ],
)
def test_a_change_among_many(mos: MOS, clock: Clock, known: str, told: str, others: str) -> None:
    """What a text ends is found by the index among memories that share its words."""
    mos.add(known)
    mos.add(drafts=[Draft(others.format(n=n), Kind.FACT) for n in range(300)])
    clock.forward(hours=1)
    added = mos.add(told)
    assert [mos.get(one).content for one in added.superseded] == [known]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (("My sister Anna lives in Antwerp", "My colleague Anna lives in Leeds"), "Anna moved to Ghent"),
        (("We have a red car", "We have a blue car"), "We sold the car"),
    ],
)
def test_of_two_that_may_be_meant_none_is_ended(mos: MOS, clock: Clock, known: tuple[str, ...], told: str) -> None:
    for text in known:
        mos.add(text)
    clock.forward(hours=1)
    added = mos.add(told)
    assert (added.superseded, len(added.questions)) == ((), 2)
    mos.lifecycle.tick()
    assert {memory.content for memory in mos.list(Filter(at=mos.now))} >= set(known), "nor by the sweep"


def test_two_ways_to_say_the_same_are_both_ended(mos: MOS, clock: Clock) -> None:
    known = [mos.add(text).ids[0] for text in ("I have a Skoda", "We have a Skoda")]
    clock.forward(hours=1)
    assert set(mos.add("We sold the Skoda").superseded) <= set(known)
    known = [mos.add(text).ids[0] for text in ("My sister Anna lives in Antwerp", "Anna lives in Antwerp")]
    clock.forward(hours=1)
    assert set(mos.add("Anna moved to Ghent").superseded) == set(known)


def test_a_stranger_or_a_frozen_memory_is_asked_about(mos: MOS, clock: Clock) -> None:
    known = mos.add("I drive a Skoda").ids[0]
    mos.switch([known], "freeze", {"frozen": True})
    clock.forward(hours=1)
    added = mos.add("I sold the Skoda")
    assert (added.superseded, len(added.questions)) == ((), 1)
    (item,) = mos.review.list()
    assert item.id == added.questions[0]
    assert "the earlier one is frozen" in item.reasons


def test_the_policy_decides(mos: MOS, clock: Clock) -> None:
    from memos_cli.operation import policy

    vault = mos.writable()
    policy.set_policy(vault, mos.author("policy"), {"steps.supersede": False})
    mos.add("I drive a Skoda")
    clock.forward(hours=1)
    added = mos.add("I sold the Skoda")
    assert (added.superseded, len(added.questions)) == ((), 1)
