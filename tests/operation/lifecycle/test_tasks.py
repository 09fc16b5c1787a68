"""Tasks: what is within one, how it ends, and that it opens again."""

import pytest

from memos_cli import MOS
from memos_cli.errors import NotFound
from memos_cli.model import Draft, Filter, State
from memos_cli.operation import policy
from tests.conftest import Clock


def listed(mos: MOS) -> list[tuple[str, bool, int, int]]:
    return [(task.name, task.ended is None, task.current, task.memories) for task in mos.tasks.list()]


def test_with_a_task_only_its_memories_are_found_and_without_one_they_too(mos: MOS) -> None:
    (quote,) = mos.add("Quote from Fischer: 1,240", task="move").ids
    (other,) = mos.add("Quote of the day: be brief", task="other").ids
    (free,) = mos.add("Quote the ticket number").ids
    within = Filter(at=mos.now, task="MOVE")
    assert [hit.memory.id for hit in mos.search("quote", wanted=within).hits] == [quote]
    assert [memory.id for memory in mos.list(within)] == [quote]
    assert {hit.memory.id for hit in mos.search("quote").hits} == {quote, other, free}


def test_every_way_of_adding_takes_a_task(mos: MOS) -> None:
    mos.add("as text", task="move")
    mos.add(messages=[{"role": "user", "content": "as a message"}], task="move")
    mos.add(drafts=[Draft("as a draft", task="move")])
    assert listed(mos) == [("move", True, 3, 3)]


@pytest.mark.parametrize(
    ("ending", "states"),
    [
        ("archive", ["archived", "archived", "expired", "generated", "generated"]),
        ("expire", ["expired", "expired", "expired", "generated", "generated"]),
        ("keep", ["generated", "archived", "expired", "generated", "generated"]),
    ],
)
def test_an_end_takes_its_memories_along_but_the_pinned_and_the_frozen(
    mos: MOS, clock: Clock, ending: str, states: list[str]
) -> None:
    ids = mos.add(drafts=[Draft(f"note {n}", task="move") for n in range(5)]).ids
    (free,) = mos.add("of no task").ids
    mos.edit(ids[1], {"state": "archived"})
    mos.delete(ids[2])
    mos.switch([ids[3]], "pin", {"pinned": True})
    mos.switch([ids[4]], "freeze", {"frozen": True})
    before = [(mos.get(one).state, mos.get(one).since, mos.get(one).version) for one in ids]
    clock.forward(days=1)
    planned = mos.tasks.end("move", ending=ending, dry_run=True)  # type: ignore[arg-type] -- parametrised
    assert [(mos.get(one).state, mos.get(one).since, mos.get(one).version) for one in ids] == before
    assert (planned.txn, mos.tasks.list()[0].ended) == (None, None)
    ended = mos.tasks.end("Move", ending=ending)  # type: ignore[arg-type]
    assert (ended.name, ended.ids, ended.kept) == ("move", planned.ids, planned.kept)
    assert set(ended.kept) == (set() if ending == "keep" else {ids[3], ids[4]})
    assert [mos.get(one).state.value for one in ids] == states
    assert {mos.get(one).since for one in ended.ids} <= {mos.now}
    assert mos.get(free).state is State.GENERATED
    assert [task.ended for task in mos.tasks.list()] == [mos.now]
    assert mos.undo().reverted == ended.txn
    assert [mos.get(one).state for one in ids] == [state for state, *_ in before]
    assert [task.ended for task in mos.tasks.list()] == [None]


def test_ending_it_again_is_no_operation_and_another_ending_goes_further(mos: MOS, clock: Clock) -> None:
    (one,) = mos.add("note", task="move").ids
    mos.tasks.end("move")
    first = mos.now
    clock.forward(days=1)
    assert mos.tasks.end("move").txn is None
    again = mos.tasks.end("move", ending="expire")
    assert (again.ids, again.at) == ((one,), first)
    assert mos.get(one).since == mos.now


def test_adding_to_a_task_that_has_ended_opens_it_again_as_one_step(mos: MOS) -> None:
    mos.add("note", task="move")
    mos.tasks.end("move")
    assert mos.add("elsewhere", task="other").reopened == ()
    added = mos.add("another note", task="MOVE")
    assert added.reopened == ("move",)
    assert ("move", True, 1, 2) in listed(mos)
    assert mos.undo().reverted == added.txn
    assert [task.name for task in mos.tasks.list() if task.ended] == ["move"]


def test_a_second_sighting_does_not_open_it(mos: MOS) -> None:
    (one,) = mos.add("note", task="move").ids
    mos.switch([one], "pin", {"pinned": True})
    mos.tasks.end("move")
    again = mos.add("note", task="move")
    assert (again.duplicates, again.reopened) == (1, ())
    assert listed(mos) == [("move", False, 1, 1)]


def test_one_persons_end_leaves_anothers_memories_alone(mos: MOS) -> None:
    ann = mos.add("Ann's", task="move", user_id="ann").ids[0]
    public = mos.add("for all to read", task="move", user_id="ann").ids[0]
    mos.edit(public, {"visibility": "public"})
    bo = mos.add("Bo's", task="move", user_id="bo").ids[0]
    assert [(task.name, task.memories) for task in mos.tasks.list("bo")] == [("move", 2)]
    ended = mos.tasks.end("move", user_id="bo")
    assert (ended.ids, ended.kept) == ((bo,), (public,))
    assert mos.get(ann).state is State.GENERATED


def test_an_unknown_task_names_the_nearest(mos: MOS) -> None:
    with pytest.raises(NotFound, match="no task 'move'"):
        mos.tasks.end("move")
    mos.add("note", task="move")
    mos.add("hidden", task="secret", user_id="ann")
    with pytest.raises(NotFound) as caught:
        mos.tasks.end("moev")
    assert caught.value.hint == "did you mean move?"
    with pytest.raises(NotFound, match="no task 'secret'"):
        mos.tasks.end("secret", user_id="bo")


def test_a_task_whose_memories_are_all_gone_is_listed_while_it_is_ended(mos: MOS) -> None:
    (one,) = mos.add("note", task="move").ids
    mos.tasks.end("move", ending="keep")
    mos.edit(one, {"task": None})
    assert [(task.name, task.memories, task.newest) for task in mos.tasks.list()] == [("move", 0, None)]


def test_the_policy_says_how_a_task_ends_unless_somebody_does(mos: MOS) -> None:
    one, two = mos.add(drafts=[Draft("a note", task="move"), Draft("another", task="trip")]).ids
    policy.set_policy(mos.vault("default"), mos.author("policy"), {"task.ending": "expire"})
    assert mos.tasks.end("move").ending == "expire"
    assert mos.tasks.end("trip", ending="archive").ending == "archive"
    assert [mos.get(memory).state for memory in (one, two)] == [State.EXPIRED, State.ARCHIVED]
