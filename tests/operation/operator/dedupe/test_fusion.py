"""Fusions, supersessions and questions in a cube: what is found, what is written, and that nothing is done twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra.local.vector_matrix import Matrix
from memos_cli.infra.vault import log, rebuild
from memos_cli.model import Draft, Filter, Kind, LinkType, Origin, Source, State, Visibility
from memos_cli.operation.operator.dedupe import fusion, sweep_plan
from memos_cli.operation.operator.dedupe.fusion import Act
from memos_cli.times import shown
from tests.conftest import Clock
from tests.infra.vault.helpers import dump
from tests.operation.helpers import current, proposals, say, tick


@pytest.fixture
def ana(home: Path, mos: MOS) -> Iterator[MOS]:
    """Another principal of the same cube."""
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=chosen, principal="ana", clock=mos._clock) as opened:
        yield opened


def test_the_vegan_example_by_key(mos: MOS, clock: Clock) -> None:
    meat = say(mos, "I eat meat", key="diet")
    clock.forward(days=1)
    vegan = say(mos, "I am vegan now", key="diet")
    assert current(mos) == ["I am vegan now"]
    assert tick(mos) == []
    assert mos.get(meat).valid_to == mos.get(vegan).created_at


@pytest.mark.usefixtures("unsettled")
def test_the_vegan_example_without_a_key(mos: MOS, clock: Clock) -> None:
    meat = say(mos, "I eat meat")
    clock.forward(days=1)
    vegan = say(mos, "I am vegan now")
    clock.forward(days=1)
    (done,) = tick(mos)
    assert (done.act, set(done.changed)) == (Act.SUPERSEDE, {meat, vegan})
    assert current(mos) == ["I am vegan now"]
    old, new = mos.get(meat), mos.get(vegan)
    assert (old.state, old.valid_to) == (State.GENERATED, new.created_at)
    assert [(link.type, link.target) for link in mos.writable().links(vegan)[0]] == [(LinkType.SUPERSEDES, meat)]
    before = Filter(at=old.created_at, past=True)
    assert [one.content for one in mos.list(before)] == ["I eat meat"]
    mos.undo()
    assert current(mos) == ["I am vegan now", "I eat meat"]
    assert tick(mos) == [fusion.Applied(Act.REVIEW, (), fusion.pair_id(meat, vegan))], "taken back: then it is only asked"


@pytest.mark.usefixtures("unsettled")
def test_each_home_ends_where_the_next_begins(mos: MOS, clock: Clock) -> None:
    ids = []
    for city in ("Leeds", "Madrid", "Porto"):
        ids.append(say(mos, f"I live in {city} now"))
        clock.forward(days=30)
    assert [one.act for one in tick(mos)] == [Act.SUPERSEDE, Act.SUPERSEDE]
    assert current(mos) == ["I live in Porto now"]
    ends = [mos.get(one).valid_to for one in ids]
    assert ends == [mos.get(ids[1]).created_at, mos.get(ids[2]).created_at, None]


@pytest.mark.usefixtures("unsettled")
def test_back_home_is_no_duplicate_of_the_first_time(mos: MOS, clock: Clock) -> None:
    ids = []
    for text in ("I live in Leeds", "I live in Porto now", "I live in Leeds now"):
        ids.append(say(mos, text))
        clock.forward(days=30)
    assert [one.act for one in tick(mos)] == [Act.SUPERSEDE, Act.SUPERSEDE]
    assert current(mos) == ["I live in Leeds now"]
    assert mos.get(ids[0]).valid_to == mos.get(ids[1]).created_at
    assert tick(mos) == []


@pytest.mark.usefixtures("unsettled")
def test_what_was_said_again_since_is_not_superseded_by_an_old_diary(mos: MOS, clock: Clock) -> None:
    say(mos, "I live in Leeds")
    clock.forward(days=60)
    say(mos, "I live in Leeds now")
    assert [one.act for one in tick(mos)] == [Act.FUSE]
    old = say(mos, "I live in Porto now", occurred_at="2026-04-01T00:00:00.000Z")
    assert [one.act for one in tick(mos, [old])] == [Act.REVIEW]
    assert current(mos) == ["I live in Leeds now", "I live in Porto now"]


def test_a_fusion(mos: MOS, clock: Clock) -> None:
    one = say(mos, "I am allergic to peanuts", kind=Kind.FACT, tags=("health",), labels=("medical",), metadata={"by": "Eva"})
    mos.writable()
    clock.forward(days=1)
    two = say(
        mos, "I'm allergic to peanuts", tags=("food",), key="allergy", priority=3, source=Source(conversation="c", turn=1)
    )
    mos.edit(two, {"confidence": 0.5})
    clock.forward(days=1)
    (done,) = tick(mos, [two])
    assert (done.act, set(done.changed)) == (Act.FUSE, {one, two})
    made = mos.get(done.made or "")
    assert (made.content, made.state, made.kind) == ("I am allergic to peanuts", State.MERGED, Kind.FACT)
    assert (made.tags, made.labels, made.key, made.priority) == (("food", "health"), ("medical",), "allergy", 3)
    assert (made.origin, made.confidence, made.metadata, made.version) == (Origin.CONSOLIDATION, 1.0, {"by": "Eva"}, 1)
    assert made.occurred_at == mos.get(one).created_at
    links = mos.writable().links(made.id)
    assert {(link.type, link.target) for link in links[0]} == {(LinkType.DERIVED_FROM, one), (LinkType.DERIVED_FROM, two)}
    assert {(link.type, link.source) for link in links[1]} == {(LinkType.MERGED_INTO, one), (LinkType.MERGED_INTO, two)}
    for source in (one, two):
        assert mos.get(source).state is State.ARCHIVED
        change = mos.writable().operations("memory", source)[-1].change or {}
        assert change["since"] == mos.now
    assert current(mos) == ["I am allergic to peanuts"]
    assert len(mos.search("peanuts", lexical=True).hits) == 1


def test_a_fusion_is_undone_as_one_and_not_insisted_on(mos: MOS) -> None:
    texts = ["I'm vegan", "I am vegan", "I am vegan."]
    ids = [say(mos, text) for text in texts]
    before = dump(mos.writable().conn)
    (done,) = tick(mos)
    assert len(done.changed) == 3
    mos.undo()
    assert current(mos) == sorted(texts)
    assert mos.get(done.made or "").state is State.EXPIRED
    assert [row for row in dump(mos.writable().conn)["links"] if done.made not in row] == before["links"]
    assert tick(mos) == []
    assert tick(mos, ids) == []


@pytest.mark.usefixtures("unsettled")
def test_a_second_run_does_nothing(mos: MOS, clock: Clock) -> None:
    for text in ("I'm vegan", "I am vegan", "I live in Leeds", "The key is under the mat", "The key is not under the mat"):
        say(mos, text)
        clock.forward(hours=1)
    say(mos, "I live in Porto now")
    assert {one.act for one in tick(mos)} == set(Act)
    count = mos.memories.stats()["default"]["operations"]
    assert tick(mos) == []
    assert mos.memories.stats()["default"]["operations"] == count


def test_many_questions_about_one_memory_stop(mos: MOS, clock: Clock) -> None:
    for number in range(12):
        say(mos, f"The shed code is {number * 37 + 1000}")
        clock.forward(hours=1)
    new = say(mos, "The shed code is 7777")
    assert len(tick(mos, [new])) == sweep_plan.ASKED
    assert tick(mos, [new]) == []


def test_a_proposal_that_no_longer_holds_is_passed_over(mos: MOS, clock: Clock) -> None:
    one = say(mos, "I'm vegan")
    say(mos, "I am vegan")
    (found,) = proposals(mos)
    mos.edit(one, {"content": "I'm vegetarian"})
    vault = mos.writable()
    with mos.author("tick").write(vault) as unit:
        assert fusion.apply(unit, vault, found, mos.now) is None
        assert unit.log.count == 0
    clock.forward(days=1)
    assert mos.get(one).content == "I'm vegetarian"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": Kind.EPISODE},
        {"kind": Kind.DOCUMENT},
        {"kind": Kind.RULE},
        {"task": "move"},
        {"title": "Diet"},
        {"pinned": True},
        {"valid_from": "2026-01-01T00:00:00.000Z"},
        {"expires_at": "2030-01-01T00:00:00.000Z"},
        {"metadata": {"by": "Ben"}},
    ],
    ids=str,
)
def test_what_is_kept_apart(mos: MOS, fields: dict[str, object]) -> None:
    say(mos, "I'm vegan", metadata={"by": "Ana"})
    say(mos, "I am vegan", **fields)
    assert [one for one in tick(mos) if one.act is Act.FUSE] == []


@pytest.mark.parametrize("command", ["freeze", "forget"])
def test_frozen_and_forgotten_memories_are_left_alone(mos: MOS, command: str) -> None:
    one = say(mos, "I'm vegan")
    say(mos, "I am vegan")
    if command == "freeze":
        mos.switch([one], "freeze", {"frozen": True})
    else:
        mos.delete(one)
    assert tick(mos) == []


def test_nobody_elses_memories_and_no_other_visibility(mos: MOS, ana: MOS) -> None:
    say(mos, "I'm vegan")
    say(ana, "I am vegan")
    assert tick(mos) == []
    mine = say(mos, "I am vegan.")
    mos.edit(mine, {"visibility": Visibility.PUBLIC.value})
    assert tick(mos) == []


@pytest.mark.usefixtures("unsettled")
def test_a_frozen_memory_is_not_superseded_but_asked_about(mos: MOS, clock: Clock) -> None:
    old = say(mos, "I eat meat")
    mos.switch([old], "freeze", {"frozen": True})
    clock.forward(days=1)
    new = say(mos, "I am vegan now")
    assert tick(mos) == [fusion.Applied(Act.REVIEW, (), fusion.pair_id(old, new))]
    assert mos.get(old).valid_to is None


def test_episodes_are_never_superseded(mos: MOS, clock: Clock) -> None:
    say(mos, "I eat meat", kind=Kind.EPISODE)
    clock.forward(days=1)
    say(mos, "I am vegan now")
    assert tick(mos) == []


def test_a_key_given_later_supersedes_by_time(mos: MOS, clock: Clock) -> None:
    old = say(mos, "Black coffee in the morning", key="drink")
    clock.forward(days=1)
    new = say(mos, "Matcha, whatever the hour")
    with mos.author("edit").write(mos.writable()) as unit:  # as an older memos did, which left it to the tick
        unit.change("memory", new, {"key": "drink"})
    (done,) = tick(mos, [new])
    assert (done.act, mos.get(old).valid_to) == (Act.SUPERSEDE, mos.get(new).created_at)


@pytest.mark.usefixtures("unsettled")
def test_said_in_one_breath_nobody_knows_which_holds(mos: MOS) -> None:
    mos.add(drafts=[Draft("I eat meat"), Draft("I am vegan now")])
    assert [one.act for one in tick(mos)] == [Act.REVIEW]


def test_the_fuller_text_stays_word_for_word(mos: MOS, clock: Clock) -> None:
    say(mos, "Remember that the bins go out every Tuesday")
    clock.forward(hours=1)
    say(mos, "The bins go out each Tuesday")
    tick(mos)
    assert current(mos) == ["Remember that the bins go out every Tuesday"]


def test_what_was_absorbed_can_still_be_edited_from_outside(mos: MOS) -> None:
    say(mos, "Port 8080 is open", external_id="doc-1")
    say(mos, "Port 8080 is open.", external_id="doc-2")
    assert [one.act for one in tick(mos)] == [Act.FUSE]
    again = mos.add(drafts=[Draft("Port 8080 is open", external_id="doc-1")])
    assert (again.duplicates, len(mos.list())) == (1, 1)
    news = mos.add(drafts=[Draft("Port 9090 is open", external_id="doc-1")])
    assert news.edited == 1
    assert current(mos)[1:] == ["Port 9090 is open"]


def test_a_product_meets_a_third_that_says_the_same(mos: MOS) -> None:
    say(mos, "I'm vegan")
    say(mos, "I am vegan")
    (first,) = tick(mos)
    third = say(mos, "I am vegan.")
    (second,) = tick(mos, [third])
    assert set(second.changed) == {first.made, third}
    assert len(mos.list()) == 1


def test_text_without_spaces(mos: MOS) -> None:
    say(mos, "明日は東京へ行きます")
    say(mos, "明日は東京へ行きます。")
    say(mos, "明日は東京へ行きません")
    assert [len(one.changed) for one in tick(mos)] == [2]
    assert len(mos.list()) == 2


def test_each_part_can_be_switched_off(mos: MOS, clock: Clock) -> None:
    for text in ("I'm vegan", "I am vegan", "I live in Leeds", "The key is under the mat", "The key is not under the mat"):
        say(mos, text)
        clock.forward(hours=1)
    say(mos, "I live in Porto now")
    assert proposals(mos, fuse=False, supersede=False, review=False) == []
    assert {one.act for one in proposals(mos, supersede=False)} == {Act.FUSE, Act.REVIEW}


def test_use_has_no_part_in_it(mos: MOS) -> None:
    say(mos, "I'm vegan")
    say(mos, "I am vegan")
    found = proposals(mos)
    mos.search("vegan", lexical=True)
    assert [fusion.product(one.memories) for one in proposals(mos)] == [fusion.product(one.memories) for one in found]


def test_near_in_meaning_is_asked(mos: MOS) -> None:
    numpy = pytest.importorskip("numpy")
    one = say(mos, "The boiler makes strange noises at night")
    two = say(mos, "Odd sounds come out of the heating after dark")
    say(mos, "Ana likes green tea")
    vectors = numpy.array([[1, 0, 0], [0.95, 0.3122, 0], [0, 0, 1]], "float32")
    matrix = Matrix(numpy.array([1, 2, 3]), vectors)
    assert proposals(mos) == []
    (found,) = proposals(mos, matrix=matrix)
    assert (found.act, set(found.ids), found.suggested) == (Act.REVIEW, {one, two}, "fuse")
    assert proposals(mos, matrix=matrix, alike=0.96) == []


class Judge:
    """A model that always says the same."""

    def __init__(self, opinion: str | None) -> None:
        self.opinion = opinion
        self.asked: list[tuple[str, str]] = []

    def __call__(self, one: str, other: str) -> str | None:
        self.asked.append((one, other))
        return self.opinion


SOFT = ("Leo really prefers quiet music in the car", "Leo prefers quiet music in the car")
OPEN = ("Leo prefers quiet music in the car", "Leo prefers loud music in the car")
HARD = ("Leo prefers 5 songs in the car", "Leo prefers 50 songs in the car, mostly")


def test_a_model_proposes_and_a_person_decides(mos: MOS) -> None:
    for text in OPEN:
        say(mos, text)
    judge = Judge("conflict")
    (found,) = proposals(mos, judge=judge)
    assert (found.act, found.by, found.suggested) == (Act.REVIEW, "model", "supersede")
    assert len(judge.asked) == 1
    assert [one.act for one in tick(mos, judge=Judge("same"), trust_model=True)] == [Act.REVIEW]
    assert proposals(mos, judge=Judge("same")) == [], "asked once"


def test_no_model_overrules_the_guards(mos: MOS) -> None:
    for text in HARD:
        say(mos, text)
    assert proposals(mos, judge=Judge("same"), trust_model=True) == []


def test_a_trusted_model_may_fuse_what_the_guards_let_through(mos: MOS) -> None:
    for text in SOFT:
        say(mos, text)
    (found,) = proposals(mos, judge=Judge("same"))
    assert found.act is Act.REVIEW
    (fused,) = proposals(mos, judge=Judge("same"), trust_model=True)
    assert (fused.act, fused.by) == (Act.FUSE, "model")
    assert proposals(mos, judge=Judge("same"), judged=0)[0:1] in ([], [found])


def test_a_model_without_an_opinion_changes_nothing(mos: MOS) -> None:
    for text in OPEN:
        say(mos, text)
    assert proposals(mos, judge=Judge(None)) == []
    assert proposals(mos, judge=Judge("different")) == []


def test_the_log_says_why(mos: MOS) -> None:
    say(mos, "I'm vegan")
    say(mos, "I am vegan")
    (done,) = tick(mos)
    _, versions = mos.history(done.made or "")
    assert (versions[0].operation.change or {})["reason"] == "the same words but for how they are written"
    assert shown(versions[0].at) is not None


def test_state_follows_from_the_log(mos: MOS, clock: Clock) -> None:
    for text in ("I'm vegan", "I am vegan", "The key is under the mat", "The key is not under the mat"):
        say(mos, text)
        clock.forward(hours=1)
    assert len(tick(mos)) == 2
    assert rebuild.differences(mos.writable().conn) == []
    assert list(log.faults(mos.writable().conn)) == []


def test_nearness_is_measured_from_where_the_embedder_puts_unrelated_texts(mos: MOS) -> None:
    """Of one that puts them at 0.72 a cosine of 0.9 says as little as one of 0.66 of MiniLM."""
    numpy = pytest.importorskip("numpy")
    say(mos, "The boiler makes strange noises at night")
    say(mos, "Odd sounds come out of the heating after dark")
    vectors = numpy.array([[1.0, 0.0], [0.9, 0.436]], numpy.float32)
    matrix = Matrix(numpy.array([1, 2]), vectors)
    (found,) = proposals(mos, matrix=matrix)
    assert found.act is Act.REVIEW
    assert proposals(mos, matrix=matrix, background=0.72) == []
    nearer = Matrix(numpy.array([1, 2]), numpy.array([[1.0, 0.0], [0.98, 0.199]], numpy.float32))
    assert len(proposals(mos, matrix=nearer, background=0.72)) == 1
