"""What tells two memories apart, and what becomes of all that comes with a text that is known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import Refused
from memos_cli.infra.names import compared, first_written
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.check import check
from memos_cli.model import Draft, Filter, Kind, LinkType, Memory, Source, State
from tests.conftest import Clock
from tests.trials import trials


def sound(mos: MOS) -> None:
    assert [fault for one in check(mos.writable()) for fault in one.faults] == []


def hot(mos: MOS) -> Sequence[Memory]:
    return mos.list(order="oldest")


def zoned(home: Any, clock: Clock, zone: str) -> MOS:
    chosen = Settings(
        {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_TIMEZONE": zone}, paths({"MEMOS_HOME": str(home)})
    )
    return MOS(home, settings=chosen, clock=clock)


# -- days


def test_an_event_without_a_date_counts_for_the_day_on_which_it_is_told(mos: MOS, clock: Clock) -> None:
    outcomes = []
    for hours in (0, 3, 24, 1, 24):
        clock.forward(hours=hours)
        added = mos.add("Took my pill", kind=Kind.EVENT)
        outcomes.append((added.added, added.duplicates))
    assert outcomes == [(1, 0), (0, 1), (1, 0), (0, 1), (1, 0)]
    assert len(hot(mos)) == 3
    sound(mos)


def test_a_tick_leaves_what_was_told_of_several_days_and_times_as_it_is(home: Any, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)  # 23:00 of the 20th in Los Angeles
    with zoned(home, clock, "America/Los_Angeles") as mos:
        mos.add("Took my pill", kind=Kind.EVENT)
        clock.forward(hours=9)  # the next morning there, and the same day in UTC
        mos.add("Took my pill", kind=Kind.EVENT)
        mos.add(drafts=[Draft("Fed the cat", Kind.EVENT, occurred_at=f"2026-03-01T{hour}:00:00.000Z") for hour in ("17", "23")])
        mos.lifecycle.tick()
        assert len(hot(mos)) == 4


def test_the_day_is_the_one_of_the_persons_zone(home: Any, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # the evening of the 20th in Los Angeles
    with zoned(home, clock, "America/Los_Angeles") as mos:
        assert mos.add("Took my pill", kind=Kind.EVENT).added == 1
        clock.forward(hours=3)  # 23:00 there
        assert mos.add("Took my pill", kind=Kind.EVENT).duplicates == 1
        clock.forward(hours=2)  # 1:00 there
        assert mos.add("Took my pill", kind=Kind.EVENT).added == 1


def test_a_day_that_is_later_than_clocks_can_be_is_a_day(mos: MOS) -> None:
    for day in ("6429-10-16", "6429-10-17", "9999-12-30", "9999-12-31"):  # the second one ends behind SQLite's greatest integer
        for outcome in ((1, 0), (0, 1)):
            added = mos.add("The lease of the castle ends", kind=Kind.EVENT, occurred_at=day)
            assert (added.added, added.duplicates) == outcome, day
    assert [one.occurred_at for one in hot(mos) if one.occurred_at is None] == []
    sound(mos)


@pytest.mark.parametrize(
    "text", ["Took my pill today", "I always take my pill this morning", "Please remember to call Ana today"]
)
def test_words_that_name_a_day_relative_to_now_count_for_it_whatever_kind_is_guessed(mos: MOS, clock: Clock, text: str) -> None:
    for _ in range(3):
        assert mos.add(text).added == 1
        assert mos.add(text).duplicates == 1
        clock.forward(days=1)
    assert len(hot(mos)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "I live in Leeds",
        "I love carrots",
        "Always answer in English",
        "The key is under the pot",
        "My birthday is on 14 March 1988",
    ],
)
def test_facts_preferences_rules_and_notes_are_known_whatever_the_day(mos: MOS, clock: Clock, text: str) -> None:
    assert mos.add(text).added == 1
    clock.forward(days=40)
    assert mos.add(text).duplicates == 1


def test_another_day_is_another_memory_of_whatever_kind(mos: MOS) -> None:
    for kind in (Kind.NOTE, Kind.FACT, Kind.EVENT):
        days = [Draft(f"Paid rent {kind}", kind, occurred_at=f"2026-0{month}-01T00:00:00.000Z") for month in (1, 2, 1)]
        assert (mos.add(drafts=days).added, len(hot(mos))) == (2, 2)
        mos.delete([memory.id for memory in hot(mos)])


def test_two_times_of_a_day_are_two_events_and_a_date_alone_is_either(mos: MOS) -> None:
    at = "2026-03-01T{}:00:00.000Z".format
    first, second = (mos.add(drafts=[Draft("Took my pill", Kind.EVENT, occurred_at=at(hour))]).ids[0] for hour in ("08", "20"))
    assert first != second
    again = mos.add(drafts=[Draft("Took my pill", Kind.EVENT, occurred_at="2026-03-01T00:00:00.000Z")])
    assert (again.duplicates, again.ids) == (1, (first,))


def test_the_hour_of_an_event_that_had_a_date_alone_is_applied(mos: MOS) -> None:
    (known,) = mos.add("Dentist", kind=Kind.EVENT, occurred_at="2026-03-09T00:00:00.000Z").ids
    again = mos.add("Dentist", kind=Kind.EVENT, occurred_at="2026-03-09T09:40:00.000Z")
    assert (again.ids, again.applied) == ((known,), ((known, ("occurred_at",)),))
    assert mos.get(known).occurred_at == "2026-03-09T09:40:00.000Z"


def test_a_turn_of_another_conversation_is_another_memory(mos: MOS) -> None:
    turns = [Draft("ok", Kind.EPISODE, source=Source(conversation=name, turn=1)) for name in ("a", "b", "a")]
    assert mos.add(drafts=turns).added == 2


def test_another_external_id_or_task_tells_apart(mos: MOS) -> None:
    ids = [mos.add("Standup", external_id=name).ids[0] for name in ("cal-1", "cal-2", "CAL-1")]
    assert ids[0] == ids[2] != ids[1]
    tasks = [mos.add("Buy paint", task=name).ids[0] for name in ("kitchen", "bath", "Kitchen")]
    assert tasks[0] == tasks[2] != tasks[1]


def test_what_has_ended_is_said_anew_and_a_log_that_is_read_twice_doubles_nothing(mos: MOS, clock: Clock) -> None:
    spans = [
        Draft("I live in Leeds", Kind.FACT, key="home", valid_from="2020-01-01T00:00:00.000Z"),
        Draft("I live in York", Kind.FACT, key="home", valid_from="2024-01-01T00:00:00.000Z"),
    ]
    assert mos.add(drafts=spans).added == 2
    assert mos.add(drafts=spans).duplicates == 2
    clock.forward(days=1)
    back = mos.add("I live in Leeds", key="home")
    assert (back.added, len(back.superseded)) == (1, 1)
    sound(mos)


# -- what comes with a text that is known

OPTIONS: dict[str, Any] = {
    "pinned": True, "expires_at": "2027-01-01T00:00:00.000Z", "tags": ("b",), "title": "T", "priority": 9,
    "kind": Kind.PROCEDURE, "occurred_at": "2026-01-01T00:00:00.000Z", "valid_from": "2026-01-01T00:00:00.000Z", "key": "k",
    "labels": ("private",), "valid_to": "2029-01-01T00:00:00.000Z", "metadata": {"a": 1}, "task": "kitchen",
    "external_id": "x-1",
}  # fmt: skip


@pytest.mark.parametrize("name", list(OPTIONS))
def test_what_comes_with_a_known_text_is_an_edit_with_a_version_and_one_step_of_undo(mos: MOS, name: str) -> None:
    (known,) = mos.add("alpha beta gamma").ids
    before = mos.get(known)
    again = mos.add("alpha  beta gamma", **{name: OPTIONS[name]})
    assert (again.added, again.edited, again.duplicates, again.ids) == (0, 1, 0, (known,))
    ((changed, fields),) = again.applied
    assert (changed, len(fields)) == (known, 1)
    assert getattr(mos.get(known), name) == OPTIONS[name]
    assert mos.get(known).version == 2
    assert mos.undo().reverted == again.txn
    assert getattr(mos.get(known), name) == getattr(before, name)
    assert mos.provenance(known).sightings == ()
    sound(mos)


def test_what_was_only_guessed_goes_before_nothing_that_is_there(mos: MOS) -> None:
    (known,) = mos.add("I love carrots").ids
    mos.edit(known, {"kind": Kind.FACT.value, "title": "Vegetables"})
    assert mos.add("I love carrots").duplicates == 1
    assert mos.get(known).kind is Kind.FACT


def test_an_external_id_with_the_same_content_is_kept_in_step(mos: MOS) -> None:
    (known,) = mos.add("Standup", external_id="cal-1", occurred_at="2026-01-05T00:00:00.000Z").ids
    day = Draft("Standup", external_id="CAL-1", occurred_at="2026-01-06T00:00:00.000Z", tags=("b",), pinned=True)
    again = mos.add(drafts=[day])
    assert (again.edited, again.ids) == (1, (known,))
    memory = mos.get(known)
    assert (memory.occurred_at, memory.tags, memory.pinned, memory.external_id) == (day.occurred_at, ("b",), True, "cal-1")
    assert mos.add(drafts=[day]).duplicates == 1
    assert mos.provenance(known).sightings == ()  # the record was read again, and nobody told it
    assert mos.add(drafts=[day._replace(pinned=False, given=frozenset({"pinned"}))]).edited == 1
    assert not mos.get(known).pinned


def test_a_frozen_memory_refuses_what_comes_with_its_text_and_nothing_is_written(mos: MOS) -> None:
    (known,) = mos.add("alpha beta gamma", external_id="x").ids
    mos.switch([known], "freeze", {"frozen": True})
    for one in ({"pinned": True}, {"external_id": "x", "title": "T"}):
        with pytest.raises(Refused, match="is frozen"):
            mos.add("alpha beta gamma", **one)
    with pytest.raises(Refused, match="is frozen"):
        mos.add("alpha beta delta", external_id="x")
    assert mos.add("alpha beta gamma").duplicates == 1
    assert mos.get(known).version == 2


def test_an_external_id_of_somebody_else_is_not_edited(mos: MOS) -> None:
    first = mos.add("Standup", external_id="cal-1").ids
    own = mos.add("Standup is off", external_id="cal-1", user_id="bob")
    assert (own.added, own.edited) == (1, 0)
    assert own.ids != first
    assert {memory.content for memory in hot(mos)} == {"Standup is off", "Standup"}
    again = mos.add("Standup is at ten", external_id="cal-1", user_id="bob")
    assert (again.edited, again.ids) == (1, own.ids), "an external id is its owner's own"
    assert mos.get("cal-1").content == "Standup"
    assert mos.get("cal-1", "bob").content == "Standup is at ten"


def test_an_older_memory_of_somebody_else_takes_no_external_id(mos: MOS, clock: Clock) -> None:
    (theirs,) = mos.add("Bob's standup", user_id="bob").ids
    clock.forward(days=1)
    (own,) = mos.add("Standup", external_id="cal-1").ids
    mos.edit(theirs, {"external_id": "cal-1"}, user_id="bob")
    assert mos.get("cal-1").id == own
    assert mos.get("cal-1", "bob").id == theirs
    mos.add("Standup is at ten", external_id="cal-1")
    assert (mos.get(own).content, mos.get(theirs).content) == ("Standup is at ten", "Bob's standup")


def test_a_key_that_comes_later_supersedes_from_then_on(mos: MOS, clock: Clock) -> None:
    (first,) = mos.add("I am vegan").ids
    clock.forward(days=1)
    (second,) = mos.add("I eat fish", key="diet").ids
    clock.forward(days=1)
    again = mos.add("I am vegan", key="Diet")
    assert (again.ids, again.superseded) == ((first,), (second,))
    assert [memory.id for memory in mos.list(Filter(at=mos.now, key="DIET"))] == [first]
    assert mos.get(first).key == "diet"


# -- sightings


def test_a_second_sighting_is_recorded_with_when_and_where(mos: MOS, clock: Clock) -> None:
    (known,) = mos.add("The gate code is new").ids
    clock.forward(hours=1)
    mos.add(drafts=[Draft("The gate code is new", source=Source(conversation="talk"))])
    clock.forward(hours=1)
    mos.add(drafts=mos.pipeline.read(b"The gate code is new", name="gate.txt"))
    first, second = mos.provenance(known).sightings
    assert (first.place.conversation, second.place.file, second.at) == ("talk", "gate.txt", mos.now)
    assert (second.principal, second.command) == ("sam", "add")
    mos.add(drafts=mos.pipeline.read(b"The gate code is new", name="gate.txt"))
    assert len(mos.provenance(known).sightings) == 2  # the same file, read once more
    mos.undo()
    assert [one.place.conversation for one in mos.provenance(known).sightings] == ["talk"]
    assert (mos.get(known).version, len(mos.history(known)[1])) == (1, 1)
    sound(mos)


def test_a_sighting_makes_no_version_and_stops_no_undo_and_no_rollback(mos: MOS) -> None:
    (known,) = mos.add("alpha beta gamma").ids
    pin = mos.add("alpha beta gamma", pinned=True)
    mos.add("alpha beta gamma")
    assert mos.rollback(known, 1).ids == (known,)
    assert not mos.get(known).pinned
    mos.undo()
    mos.undo(pin.txn)
    assert not mos.get(known).pinned
    assert len(mos.provenance(known).sightings) == 1


def test_a_purge_takes_the_sightings_along(mos: MOS) -> None:
    (known,) = mos.add("The gate code is 4471").ids
    other = mos.add(drafts=mos.pipeline.read(b"# Gate\n\n- The gate code is 4471\n- The path is long\n", name="gate.md"))
    assert known in other.ids
    mos.purge([known])
    folder = mos.writable().folder
    assert not [file for file in folder.rglob("*") if file.is_file() and b"4471" in file.read_bytes()]
    sound(mos)


def test_sightings_are_merged(mos: MOS, clock: Clock, tmp_path: Any) -> None:
    (known,) = mos.add("The gate code is new").ids
    with zoned(tmp_path / "other", clock, "UTC") as other:
        other.create_cube("default")
        other.cube_merge.merge(str(mos.writable().folder), take=True)
        mos.add("The gate code is new")
        clock.forward(hours=1)
        mos.add("The gate code is new")
        other.cube_merge.merge(str(mos.writable().folder), take=True)
        assert len(other.provenance(known).sightings) == 2
        assert other.get(known).version == 1
        sound(other)


# -- names


def test_case_blanks_and_form_make_no_other_name() -> None:
    assert len({compared(name) for name in ("Café  au lait", "cafe\u0301 au LAIT", " CAFÉ au\tlait ")}) == 1
    assert compared("Straße") == compared("STRASSE") != compared("strase")
    assert first_written(("b", "a", "B ")) == ("b", "a")


@given(st.text())
def test_the_form_of_a_name_is_its_own(name: str) -> None:
    assert compared(compared(name)) == compared(name)
    assert compared(name.upper().lower()) == compared(name.upper())


def test_names_are_compared_wherever_they_are_asked_for(mos: MOS) -> None:
    (known,) = mos.add("Espresso", tags=("café",), key="Coffee  order", task="Küche", external_id="É-1").ids
    mos.add("Milk", tags=("CAFÉ",), task="KU\u0308CHE")
    for wanted in ({"tags": ("cafe\u0301",)}, {"task": "ku\u0308che"}):
        assert len(mos.list(Filter(at=mos.now, **wanted))) == 2
    assert len(mos.list(Filter(at=mos.now, key="coffee order"))) == 1
    assert mos.list(Filter(at=mos.now, without=("CAFE\u0301",))) == ()
    assert {memory.tags for memory in hot(mos)} == {("café",)}  # as it was first written
    assert mos.get("e\u0301-1").id == known
    assert [task.name for task in mos.tasks.list()] == ["Küche"]
    mos.switch([known], "tag", {"tag:Cafe\u0301": False})
    assert mos.get(known).tags == ()
    assert mos.add("Tea", key="COFFEE ORDER").superseded == (known,)
    sound(mos)


def test_keys_set_by_edit_restore_and_merge_supersede_at_once(mos: MOS, clock: Clock, tmp_path: Any) -> None:
    (first,) = mos.add("I am vegan", key="diet").ids
    clock.forward(days=1)
    (second,) = mos.add("I eat fish").ids
    done = mos.edit(second, {"key": "Diet"})
    assert (done.superseded, mos.get(first).valid_to) == ((first,), mos.get(second).created_at)
    assert mos.undo().command == "edit"
    assert (mos.get(first).valid_to, mos.get(second).key) == (None, None)
    mos.delete([first])
    mos.edit(second, {"key": "diet"})
    assert mos.restore([first]).superseded == (first,)
    clock.forward(days=1)
    with zoned(tmp_path / "other", clock, "UTC") as other:
        other.add("I eat anything", key="DIET")
        mos.cube_merge.merge(str(other.writable().folder), take=True)
    assert [memory.content for memory in mos.list(Filter(at=mos.now, key="diet"))] == ["I eat anything"]
    mos.undo()
    assert [memory.content for memory in mos.list(Filter(at=mos.now, key="diet"))] == ["I eat fish"]
    sound(mos)


def test_a_link_that_supersedes_ends_the_other_at_once(mos: MOS, clock: Clock) -> None:
    (old,) = mos.add("The meeting is at 9").ids
    clock.forward(days=1)
    (new,) = mos.add("The meeting is at 10").ids
    done = mos.link(new, LinkType.SUPERSEDES, old)
    assert (done.superseded, [memory.id for memory in hot(mos)]) == ((old,), [new])
    mos.undo()
    assert len(hot(mos)) == 2
    mos.switch([old], "freeze", {"frozen": True})
    with pytest.raises(Refused, match="is frozen"):
        mos.link(new, LinkType.SUPERSEDES, old)


# -- files that are read again

BEDS = "# Beds\n\n- The north bed has carrots.\n- The south bed has beans.\n\n## Water\n\nWater on Mondays.\n\nNever at noon.\n"


def read(mos: MOS, text: str, name: str = "beds.md", **fields: Any) -> Any:
    drafts = mos.pipeline.read(text.encode(), name=name)
    return mos.add(drafts=[one._replace(**fields) for one in drafts] if fields else drafts)


def test_a_changed_paragraph_is_an_edit_and_nothing_is_doubled(mos: MOS) -> None:
    first = read(mos, BEDS)
    again = read(mos, BEDS.replace("carrots", "parsnips"))
    assert (again.added, again.edited, again.duplicates) == (0, 1, 2)
    assert set(again.ids) == set(first.ids)
    assert min(memory.content for memory in hot(mos)) == "The north bed has parsnips."
    assert mos.provenance(again.applied[0][0]).verbatim == "- The north bed has parsnips."
    assert read(mos, BEDS.replace("carrots", "parsnips")).duplicates == 3
    mos.undo(again.txn)
    assert min(memory.content for memory in hot(mos)) == "The north bed has carrots."
    sound(mos)


def test_a_new_paragraph_is_added_and_one_of_another_heading_or_file_is_none_of_its_edits(mos: MOS) -> None:
    read(mos, BEDS)
    assert read(mos, BEDS.replace("beans.\n", "beans.\n- The east bed has nothing at all.\n")).added == 1
    other = "# Sheds\n\n- The north bed has leeks.\n"
    assert read(mos, other).added == 1
    assert read(mos, BEDS.replace("carrots", "parsnips"), name="other.md").added == 1


def test_an_edit_by_hand_stays_when_the_file_is_read_again(mos: MOS) -> None:
    first = read(mos, BEDS)
    mos.edit(first.ids[0], {"content": "The north bed has carrots and peas."})
    again = read(mos, BEDS)
    assert (again.added, again.edited, again.ids) == (0, 0, first.ids)
    assert mos.get(first.ids[0]).content == "The north bed has carrots and peas."


def test_a_tag_given_with_a_file_reaches_what_is_there(mos: MOS) -> None:
    first = read(mos, BEDS)
    again = read(mos, BEDS, tags=("garden",))
    assert (again.added, again.edited, again.ids) == (0, 3, first.ids)
    assert all(memory.tags == ("garden",) for memory in hot(mos))


def test_the_same_under_two_dated_headings_is_two(mos: MOS) -> None:
    drafts = [
        Draft("Ran 5 km.", title=day, occurred_at=f"{day}T00:00:00.000Z", source=Source(file="runs.md"))
        for day in ("2026-11-01", "2026-11-02")
    ]
    assert mos.add(drafts=drafts).added == 2


# -- the property: no success that changed nothing

_WORDS = st.sampled_from(("alpha beta", "Alpha beta", "alpha  beta", "gamma delta"))
_DAYS = st.sampled_from(("2026-01-01T00:00:00.000Z", "2026-01-01T09:30:00.000Z", "2026-01-02T00:00:00.000Z"))
_LATER = st.sampled_from(("2027-01-01T00:00:00.000Z", "2028-01-01T00:00:00.000Z"))
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from([Kind.FACT, Kind.EVENT, Kind.NOTE, Kind.RULE, Kind.PROCEDURE]),
    "external_id": st.sampled_from(("x-1", "X-1", "x-2")),
    "title": st.sampled_from(("T", "U")),
    "key": st.sampled_from(("diet", "Diet", "job")),
    "tags": st.lists(st.sampled_from(("a", "A", "b")), min_size=1, max_size=2).map(tuple),
    "labels": st.just(("private",)),
    "occurred_at": _DAYS,
    "valid_from": _DAYS,
    "valid_to": _LATER,
    "expires_at": _LATER,
    "pinned": st.booleans(),
    "priority": st.sampled_from((0, 3, 9)),
    "task": st.sampled_from(("kitchen", "Kitchen", "bath")),
    "metadata": st.sampled_from(({"a": 1}, {"a": 2}, {"b": 1})),
}
_ONE = st.tuples(_WORDS, st.fixed_dictionaries({}, optional=_FIELDS), st.sampled_from(("", "freeze", "forget")))


def _holds(memory: Memory, name: str, value: Any) -> bool:
    has = getattr(memory, name)
    if name == "tags":
        return {compared(one) for one in value} <= {compared(one) for one in has}
    if name == "labels":
        return set(value) <= set(has)
    if name == "metadata":
        return value.items() <= has.items()
    if name in {"key", "task", "external_id"}:
        return has is not None and compared(has) == compared(value)
    if name == "occurred_at" and value.endswith("T00:00:00.000Z"):  # a day, of which an hour may be known
        return has is not None and has[:10] == value[:10]
    return bool(has == value)


@settings(max_examples=trials(12, 40))
@given(st.lists(_ONE, min_size=2, max_size=6))
def test_whatever_is_given_is_in_the_cube_afterwards_or_was_refused(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, dict[str, Any], str]]
) -> None:
    clock = Clock()
    with zoned(tmp_path_factory.mktemp("home"), clock, "UTC") as mos:
        for content, fields, then in told:
            assume(fields.get("valid_from", "") < fields.get("valid_to", "9"))
            clock.forward(hours=1)
            before = {memory.id: memory for memory in mos.list(Filter(at=mos.now, everything=True))}
            try:
                added = mos.add(content, **fields)
            except Refused:
                assert {memory.id: memory for memory in mos.list(Filter(at=mos.now, everything=True))} == before
                continue
            memory = mos.get(added.ids[0])
            assert memory.state in {State.GENERATED, State.ACTIVATED}
            assert " ".join(memory.content.split()) == " ".join(content.split())
            for name, value in fields.items():
                assert _holds(memory, name, value), (name, value, memory)
            was = before.get(memory.id)
            if was is not None:
                differs = was._replace(access_count=0, last_access_at=None, state=memory.state) != memory._replace(
                    access_count=0, last_access_at=None
                )
                assert differs == bool(added.applied), (was, memory)
                seen = [op for op in mos.writable().operations("memory", memory.id) if op.txn == added.txn]
                assert seen or fields.get("external_id"), "a success that is nowhere recorded"
            if then == "freeze":
                mos.switch([memory.id], "freeze", {"frozen": True})
            elif then == "forget" and not memory.frozen:
                mos.delete([memory.id])
        sound(mos)
    assert fold.SEEN == "seen"


# -- values of one attribute that are told at once


@settings(max_examples=trials(15, 60), deadline=None)
@given(st.lists(st.integers(0, 999), min_size=2, max_size=7))
def test_of_values_told_by_processes_that_began_a_little_apart_the_last_written_is_current(
    tmp_path_factory: pytest.TempPathFactory, late: list[int]
) -> None:
    clock = Clock()
    with zoned(tmp_path_factory.mktemp("home"), clock, "UTC") as mos:
        began = clock.now
        for number, milliseconds in enumerate(late):
            clock.now = began + timedelta(milliseconds=milliseconds)
            mos.add(f"I eat diet {number}", key="diet")
        clock.now = began + timedelta(seconds=5)
        (now,) = mos.list(Filter(at=mos.now, key="diet"))
        assert now.content == f"I eat diet {len(late) - 1}"
        assert len(mos.list(Filter(at=mos.now, key="diet", everything=True))) == len(late)
        sound(mos)


def test_a_value_whose_date_was_told_later_closes_no_circle(mos: MOS) -> None:
    mos.add("the rose", key="city")
    mos.add("the red rose", key="city")
    mos.add(drafts=[Draft("the red rose", occurred_at="2026-02-01T00:00:00.000Z")])
    mos.add(drafts=[Draft("the rose", key="city", occurred_at="2026-02-01T00:00:00.000Z")])
    assert mos.list(Filter(at=mos.now, key="city"))[0].content == "the red rose"
    sound(mos)
