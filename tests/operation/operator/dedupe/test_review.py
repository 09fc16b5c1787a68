"""Questions about two memories: who sees them, what each answer does, and that undo takes it back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import AmbiguousId, NotFound, Refused, UsageError
from memos_cli.model import Draft, LinkType, State, Visibility
from memos_cli.operation.operator.dedupe import fusion, review
from tests.conftest import Clock
from tests.infra.vault.helpers import dump
from tests.operation.helpers import current, say, tick

As = Callable[[str], MOS]


@pytest.fixture
def acting(home: Path, mos: MOS) -> Iterator[As]:
    """The same cube as somebody else."""
    opened: list[MOS] = []

    def make(name: str) -> MOS:
        chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
        opened.append(MOS(home, settings=chosen, principal=name, clock=mos._clock))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def asked(mos: MOS, clock: Clock, earlier: str, later: str) -> review.Item:
    say(mos, earlier)
    clock.forward(days=1)
    say(mos, later)
    clock.forward(days=1)
    tick(mos)
    (item,) = mos.review.list()
    return item


MAT = ("The spare key is under the mat", "The spare key is not under the mat")
POT = ("The spare key is under the blue pot", "Spare key is under the blue pot")


def test_a_question(mos: MOS, clock: Clock) -> None:
    item = asked(mos, clock, *MAT)
    assert (item.earlier.content, item.later.content) == MAT
    assert (item.suggested, item.by, item.decision) == ("supersede", "rules", None)
    assert item.reasons == ("a negation in one of them",)
    assert item.id == fusion.pair_id(item.later.id, item.earlier.id)
    assert mos.review.question(item.id[:5]) == item


@pytest.mark.parametrize(("decision", "left"), [("keep", sorted(MAT)), ("supersede", [MAT[1]]), ("older", [MAT[0]])], ids=str)
def test_a_decision_and_its_undo(mos: MOS, clock: Clock, decision: str, left: list[str]) -> None:
    item = asked(mos, clock, *MAT)
    before = dump(mos.writable().conn)
    mos.review.decide(item.id, decision)
    assert current(mos) == left
    assert mos.review.list() == ()
    assert [(one.decision, one.decided_at) for one in mos.review.list(decided=True)] == [(decision, mos.now)]
    assert tick(mos) == [], "a pair is asked about once"
    with pytest.raises(Refused, match="decided already"):
        mos.review.decide(item.id, "keep")
    mos.undo()
    assert [row[:3] for row in dump(mos.writable().conn)["records"]] == [row[:3] for row in before["records"]]
    assert dump(mos.writable().conn)["links"] == before["links"]
    assert mos.review.list() == (item._replace(earlier=mos.get(item.earlier.id), later=mos.get(item.later.id)),)
    assert tick(mos) == []


def test_what_was_never_right_ends_where_it_begins(mos: MOS, clock: Clock) -> None:
    item = asked(mos, clock, *MAT)
    mos.review.decide(item.id, "older")
    assert mos.get(item.later.id).valid_to == item.later.created_at
    links = mos.writable().links(item.earlier.id)[0]
    assert [(link.type, link.target) for link in links] == [(LinkType.SUPERSEDES, item.later.id)]


def test_fusing_by_hand(mos: MOS, clock: Clock) -> None:
    item = asked(mos, clock, *POT)
    assert item.suggested == "fuse"
    mos.switch([item.earlier.id], "pin", {"pinned": True})
    done = mos.review.decide(item.id, "fuse")
    assert done.product is not None
    assert (done.product.state, done.product.content, done.product.pinned) == (State.MERGED, POT[0], True)
    assert [one.state for one in done.memories] == [State.ARCHIVED, State.ARCHIVED]
    mos.undo(done.txn)
    assert current(mos) == sorted(POT)
    assert [one.id for one in mos.review.list()] == [item.id]


def test_a_person_fuses_no_numbers_names_dates_or_negations_either(mos: MOS, clock: Clock) -> None:
    item = asked(mos, clock, *MAT)
    before = mos.memories.stats()
    with pytest.raises(Refused, match="negation"):
        mos.review.decide(item.id, "fuse")
    assert mos.memories.stats() == before


@pytest.mark.usefixtures("unsettled")
def test_a_conflict_with_a_frozen_memory_appears_and_waits_for_the_thaw(mos: MOS, clock: Clock) -> None:
    old = say(mos, "I eat meat", key="diet")
    mos.switch([old], "freeze", {"frozen": True})
    clock.forward(days=1)
    added = mos.add(drafts=[Draft("I am vegan now", key="diet")])
    assert added.conflicts == (old,)
    (item,) = mos.review.list()
    assert (item.by, item.earlier.id, item.later.id) == ("link", old, added.ids[0])
    assert "one of them is frozen" in item.reasons
    with pytest.raises(Refused, match="frozen"):
        mos.review.decide(item.id, "supersede")
    mos.switch([old], "unfreeze", {"frozen": False})
    mos.review.decide(item.id, "supersede")
    assert current(mos) == ["I am vegan now"]
    mos.undo()
    assert [one.id for one in mos.review.list()] == [item.id]
    mos.review.decide(item.id, "keep")
    assert mos.review.list() == ()
    assert tick(mos) == []


def test_a_question_settles_itself_when_a_memory_goes(mos: MOS, clock: Clock) -> None:
    item = asked(mos, clock, *MAT)
    mos.delete(item.earlier.id)
    assert mos.review.list() == ()
    with pytest.raises(Refused, match="no longer current"):
        mos.review.decide(item.id, "keep")
    mos.undo()
    assert [one.id for one in mos.review.list()] == [item.id]


def test_nobody_sees_a_question_about_what_they_may_not_see(mos: MOS, clock: Clock, acting: As) -> None:
    item = asked(mos, clock, *MAT)
    ana = acting("ana")
    assert ana.review.list() == ()
    with pytest.raises(NotFound):
        ana.review.decide(item.id, "keep")
    mos.edit(item.earlier.id, {"visibility": Visibility.PUBLIC.value})
    assert ana.review.list() == (), "both have to be seen"
    mos.edit(item.later.id, {"visibility": Visibility.PUBLIC.value})
    assert [one.id for one in ana.review.list()] == [item.id]
    with pytest.raises(Refused, match="may not change"):
        ana.review.decide(item.id, "supersede")


def test_wrong_questions_and_answers(mos: MOS, clock: Clock) -> None:
    with pytest.raises(NotFound):
        mos.review.question("zzz")
    item = asked(mos, clock, *MAT)
    with pytest.raises(UsageError, match="no decision"):
        mos.review.decide(item.id, "perhaps")
    with pytest.raises(NotFound):
        mos.review.question("")
    texts = [f"The shed code is {n}" for n in range(1000, 1040)]
    mos.add(drafts=[Draft(text) for text in texts])
    tick(mos)
    firsts = [one.id[0] for one in mos.review.list()]
    twice = next(letter for letter in firsts if firsts.count(letter) > 1)
    with pytest.raises(AmbiguousId):
        mos.review.question(twice)


def test_the_log_holds_no_text_of_a_question(mos: MOS, clock: Clock) -> None:
    """A purge of the memories has nothing to look for there."""
    for earlier, later in (MAT, POT, ("My PIN is 4711", "My PIN is 4712")):
        say(mos, earlier)
        clock.forward(hours=1)
        say(mos, later)
    tick(mos)
    fields = str([mos.writable().records("review")])
    assert len(mos.review.list()) == 3
    for word in ("spare", "mat", "pot", "4711", "4712", "PIN"):
        assert word not in fields
