"""MOS as a Python program uses it; the command line's tests cover the rest."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import AmbiguousId, MemoryNotFound, Refused, UsageError
from memos_cli.model import Draft, Filter, Kind, LinkType, Source, State
from memos_cli.operation.results import Query
from tests.conftest import Clock


def contents(mos: MOS, **narrow: object) -> list[str]:
    return [memory.content for memory in mos.list(Filter(at=mos.now, **narrow))]  # type: ignore[arg-type]


def test_the_papers_example(mos: MOS) -> None:
    mos.add(messages=[{"role": "user", "content": "I love hiking"}, {"role": "assistant", "content": "Where?"}], user_id="ann")
    found = mos.search(query="hiking", user_id="ann")
    assert found.hits[0].memory.content == "I love hiking"
    assert {memory.kind for memory in mos.get_all(user_id="ann")} == {Kind.EPISODE, Kind.PREFERENCE}
    assert {memory.source.speaker for memory in mos.get_all(user_id="ann")} == {"user", "assistant", None}


def test_a_conversation_is_kept_with_what_the_user_told_in_it(mos: MOS) -> None:
    def told(text: str, **more: str) -> list[str]:
        answer = {"role": "assistant", "content": "I live in a computer"}
        return list(mos.add(messages=[{"role": "user", "content": text, **more}, answer]).extracted)

    (green,) = told("My favourite colour is green")
    (blue,) = told("My favourite colour is blue", occurred_at="2020-01-01")
    assert [(mos.get(one).kind, mos.get(one).source.speaker) for one in (green, blue)] == [(Kind.PREFERENCE, None)] * 2
    assert [link.type for link, _ in mos.provenance(green).outgoing] == [LinkType.DERIVED_FROM]
    assert mos.get(green).valid_from is None
    assert (mos.get(blue).key, mos.get(blue).valid_from) == (None, "2020-01-01T00:00:00.000Z")
    assert told("What is my favourite colour?") == []
    assert [mos.get(one).occurred_at for one in told("I moved to Rome", occurred_at="2020-01-01")] == [
        "2020-01-01T00:00:00.000Z"
    ]


def test_one_person_does_not_find_anothers_memories(mos: MOS) -> None:
    ann = mos.add("I love hiking in the Alps", user_id="ann").ids[0]
    assert not mos.search("hiking", user_id="bo").hits
    with pytest.raises(MemoryNotFound):
        mos.get(ann, user_id="bo")
    with pytest.raises(MemoryNotFound):
        mos.delete(ann, user_id="bo")
    assert mos.search("hiking").hits, "the cube's owner sees all"


def test_what_is_public_is_seen_and_changed_by_its_owner_alone(mos: MOS) -> None:
    for visibility in ("read-only", "public"):
        identity = mos.add(f"the {visibility} recipe", user_id="ann").ids[0]
        mos.edit(identity, {"visibility": visibility})
        assert mos.search("recipe", user_id="bo").hits
        for change in (lambda one: mos.update(one, "mine now", user_id="bo"), lambda one: mos.delete(one, user_id="bo"),
                       lambda one: mos.edit(one, {"visibility": "private"}, user_id="bo"),
                       lambda one: mos.purge(one, user_id="bo")):  # fmt: skip
            with pytest.raises(Refused):
                change(identity)
        assert mos.get(identity).content == f"the {visibility} recipe"


def test_what_is_public_is_seen_and_what_is_shared_within_a_group_and_neither_is_changed(mos: MOS) -> None:
    for visibility in ("shared", "public", "read-only"):
        identity = mos.add(f"the {visibility} recipe", user_id="ann").ids[0]
        mos.edit(identity, {"visibility": visibility})
        assert bool(mos.search(f"{visibility} recipe", user_id="bo").hits) is (visibility != "shared")
        with mos.author("principal").write(mos.vault("default")) as unit:
            for name in ("ann", "bo"):
                unit.change("principal", name, {"kind": "person", "in:cooks": True})
        assert mos.get(identity, "bo").content == f"the {visibility} recipe"
        with pytest.raises(Refused):
            mos.update(identity, "mine now", user_id="bo")
        with mos.author("principal").write(mos.vault("default")) as unit:
            unit.change("principal", "bo", {"in:cooks": None})


def test_a_key_supersedes_by_time_also_when_the_older_value_comes_later(mos: MOS, clock: Clock) -> None:
    mos.add("I am vegan now", key="diet", valid_from="2026-03-01T00:00:00.000Z")
    mos.add("I eat meat", key="diet", valid_from="2025-01-01T00:00:00.000Z")
    assert contents(mos, key="diet") == ["I am vegan now"]
    assert contents(mos, key="diet", everything=True) == ["I eat meat", "I am vegan now"]
    clock.forward(days=30)
    mos.add("I eat fish again", key="diet")
    assert contents(mos, key="diet") == ["I eat fish again"]
    old = next(memory for memory in mos.list(Filter(at=mos.now, everything=True)) if memory.content == "I am vegan now")
    incoming = mos.provenance(old.id).incoming
    assert [(link.type, other.content) for link, other in incoming if other] == [(LinkType.SUPERSEDES, "I eat fish again")]


def test_keys_of_two_people_do_not_supersede_each_other(mos: MOS) -> None:
    mos.add("I eat meat", key="diet", user_id="ann")
    mos.add("I am vegan", key="diet", user_id="bo")
    assert len(mos.list()) == 2


def test_a_frozen_value_is_left_as_it_is_and_said_to_contradict(mos: MOS) -> None:
    old = mos.add("My blood type is A", key="blood").ids[0]
    mos.switch([old], "freeze", {"frozen": True})
    result = mos.add("My blood type is B", key="blood")
    assert result.conflicts == (old,)
    assert len(contents(mos, key="blood")) == 2


def test_the_same_content_is_a_duplicate_and_a_confirmation(mos: MOS) -> None:
    first = mos.add("The key is under the pot")
    second = mos.add("The  key is under\nthe pot ")
    assert (second.added, second.duplicates, second.ids) == (0, 1, first.ids)
    assert mos.get(first.ids[0]).state is State.ACTIVATED
    for other in ("the key is under the pot", "The key is under the pot 2", "The key is not under the pot"):
        assert mos.add(other).added == 1


def test_the_same_words_on_two_occasions_are_two_episodes(mos: MOS) -> None:
    for turn in (0, 1, 1):
        mos.add(drafts=[Draft("Yes.", Kind.EPISODE, source=Source(conversation="c", turn=turn))])
    assert len(mos.list()) == 2


def test_what_was_superseded_can_become_current_again(mos: MOS, clock: Clock) -> None:
    for content in ("I am vegan", "I eat meat", "I am vegan"):
        clock.forward(days=1)
        assert mos.add(content, key="diet").added == 1
    assert contents(mos, key="diet") == ["I am vegan"]


def test_an_external_id_names_one_memory_for_good(mos: MOS) -> None:
    first = mos.add("Call at 9", external_id="cal-1")
    assert mos.add("Call at 9", external_id="cal-1").duplicates == 1
    assert mos.add("Call at 10", external_id="cal-1").edited == 1
    mos.delete("cal-1")
    assert mos.add("Call at 10", external_id="cal-1").edited == 1
    assert mos.get("cal-1").id == first.ids[0]
    assert contents(mos) == ["Call at 10"]


def test_update_appends_merges_and_overwrites(mos: MOS) -> None:
    identity = mos.add("Bring bread").ids[0]
    mos.update(identity, "and cheese", mode="append")
    mos.update(identity, "bread", mode="merge")
    assert mos.get(identity).content == "Bring bread\nand cheese"
    mos.update(identity, "Bring wine")
    assert mos.get(identity).content == "Bring wine"
    assert not mos.update(identity, "Bring wine").ids, "an edit of nothing is none"
    with pytest.raises(UsageError):
        mos.update(identity, "x", mode="prepend")


def test_what_expires_is_not_found_afterwards(mos: MOS, clock: Clock) -> None:
    mos.add("The door code is 7713 today", expires_at="2026-03-03T00:00:00.000Z")
    assert mos.search("door").hits
    clock.forward(days=1)
    assert not mos.search("door").hits


def test_as_of_answers_from_what_was_known_and_true(mos: MOS, clock: Clock) -> None:
    identity = mos.add("My desk is by the window").ids[0]
    clock.forward(days=10)
    then = mos.now
    clock.forward(days=10)
    mos.update(identity, "My desk is by the door")
    (found,) = mos.search_many([Query("desk", then)])
    assert [hit.memory.content for hit in found.hits] == ["My desk is by the window"]
    (before,) = mos.search_many([Query("desk", "2026-01-01T00:00:00.000Z")])
    assert not before.hits
    mos.delete(identity)
    assert not mos.search("desk").hits
    (found,) = mos.search_many([Query("desk", then)])
    assert found.hits


def test_a_diary_imported_today_answers_for_its_own_days(mos: MOS) -> None:
    mos.add(drafts=[Draft("We planted the oak", Kind.EVENT, occurred_at="2020-05-01T00:00:00.000Z")])
    (after,) = mos.search_many([Query("oak", "2020-06-01T00:00:00.000Z")])
    (before,) = mos.search_many([Query("oak", "2020-04-01T00:00:00.000Z")])
    assert (len(after.hits), len(before.hits)) == (1, 0)


def test_scripts_without_spaces_are_found_by_pairs_of_characters(mos: MOS) -> None:
    for content in ("我喜欢吃素食", "明日は歯医者に行きます", "ฉันชอบกาแฟ", "나는 커피를 좋아한다"):
        mos.add(content)
    for query, start in (("素食", "我"), ("歯医者", "明日"), ("กาแฟ", "ฉัน"), ("커피", "나는")):
        assert mos.search(query).hits[0].memory.content.startswith(start)


def test_words_are_found_by_their_stem_and_without_accents(mos: MOS) -> None:
    mos.add("She was running in Malmö")
    assert mos.search("runs malmo").hits


@pytest.mark.parametrize("query", ['"', "AND", "a* OR (b", "NEAR(x)", "content:", "'; DROP TABLE ops; --", "\x00", "(", "🙂"])
def test_a_query_is_words_and_never_syntax(mos: MOS, query: str) -> None:
    mos.add("nothing of the kind")
    mos.search(query)


def test_several_cubes_are_searched_together(mos: MOS, clock: Clock) -> None:
    mos.create_cube("work")
    mos.add("The server is called heron")
    with MOS(mos.paths.data, ["work"], settings=mos.settings, clock=clock) as work:
        work.add("The printer is called heron too")
    with MOS(mos.paths.data, ["default", "work"], settings=mos.settings) as both:
        assert {hit.memory.cube for hit in both.search("heron").hits} == {"default", "work"}


def test_use_is_recorded_for_what_is_shown_and_not_in_a_batch(mos: MOS) -> None:
    identity = mos.add("The boiler wants 1.5 bar").ids[0]
    mos.search_many([Query("boiler")])
    mos.search("boiler", record=False)
    assert mos.get(identity).access_count == 0
    mos.search("boiler")
    memory = mos.get(identity)
    assert (memory.access_count, memory.state, memory.version) == (1, State.ACTIVATED, 1)


def test_a_prefix_of_several_ids_is_refused_and_they_are_listed(mos: MOS) -> None:
    ids = mos.add(drafts=[Draft(f"note {number}") for number in range(200)]).ids
    first = next(identity[0] for identity in ids if sum(other[0] == identity[0] for other in ids) > 1)
    with pytest.raises(AmbiguousId):
        mos.get(first)


def test_links_are_between_two_memories_of_one_cube(mos: MOS) -> None:
    one, two = mos.add("first").ids[0], mos.add("second").ids[0]
    mos.link(one, LinkType.RELATES, two)
    assert [link.target for link, _ in mos.provenance(one).outgoing] == [two]
    mos.link(one, LinkType.RELATES, two, on=False)
    assert mos.provenance(one).outgoing == ()
    with pytest.raises(UsageError):
        mos.link(one, LinkType.RELATES, one)


def test_times_that_a_program_writes_are_those_of_the_zone(home: Path, clock: Clock) -> None:
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_TIMEZONE": "Europe/Amsterdam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=chosen, clock=clock) as mos:
        (tea,) = mos.add("Tea", occurred_at="2026-11-20 09:00", valid_to="tomorrow 9am").ids
        assert (mos.get(tea).occurred_at, mos.get(tea).valid_to) == ("2026-11-20T08:00:00.000Z", "2026-03-03T08:00:00.000Z")
        mos.edit(tea, {"occurred_at": "2026-07-20 09:00", "valid_to": None})
        assert (mos.get(tea).occurred_at, mos.get(tea).valid_to) == ("2026-07-20T07:00:00.000Z", None)
        (turn,) = mos.add(messages=[{"role": "user", "content": "Milk", "occurred_at": "2026-01-02 03:04"}]).ids
        assert mos.get(turn).occurred_at == "2026-01-02T02:04:00.000Z"
        assert mos.get(mos.add("Soup", occurred_at="2026-01-02T00:00:00.000Z").ids[0]).occurred_at == "2026-01-02T00:00:00.000Z"
        for wrong in ("01/02/2026", "friday", "no time"):
            with pytest.raises(UsageError):
                mos.add("Bread", occurred_at=wrong)


def test_a_program_writes_kinds_and_names_as_it_likes(mos: MOS) -> None:
    memory = mos.get(mos.add("tea at four", kind="event", visibility="public", tags="food", labels=["own"]).ids[0])
    assert (memory.kind.value, memory.visibility.value, memory.tags, memory.labels) == ("event", "public", ("food",), ("own",))
    with pytest.raises(UsageError, match="drink"):
        mos.add("tea", kind="drink")


def test_a_conversation_may_be_the_first_argument(mos: MOS) -> None:
    assert mos.add([{"role": "user", "content": "I love hiking"}, {"role": "assistant", "content": "Where?"}]).added == 2
    assert mos.add({"role": "user", "content": "In the Alps"}).added == 1


def test_the_names_of_other_programs_work(mos: MOS) -> None:
    one = mos.add("I am vegan now", user_id="ann").ids[0]
    mos.add("I like tea", user_id="ann")
    assert {memory.content for memory in mos.get_all(user_id="ann")} == {"I am vegan now", "I like tea"}
    assert len(mos.get_all(user_id="ann", limit=1)) == 1
    assert [hit.memory.id for hit in mos.search("vegan", user_id="ann", limit=1).hits] == [one]
