"""The scheduler at work on cubes: what it notes, what it foresees, what a tick makes ready, and what is never in the way."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import ModelUnavailable
from memos_cli.infra.local.recalls import FILE, Recalls
from memos_cli.infra.local.speeds import Speed, Speeds, name_of
from memos_cli.model import Form, Kind, Memory
from memos_cli.operation import policy
from memos_cli.operation.lifecycle.tick import Limits, Means, Tick
from memos_cli.operation.scheduler.decision import Costs
from memos_cli.operation.scheduler.scenes import CORE, Scene
from memos_cli.operation.scheduler.scheduler import Kept, MemScheduler
from tests.conftest import Clock


class Shelf:
    """Keeps slots in memory, as the home's own does on the disk."""

    def __init__(self, quota: int = 10**7, *, broken: bool = False) -> None:
        self.quota = self.limit = quota
        self.slots: dict[str, Kept] = {}
        self.broken = broken

    def kept(self) -> Sequence[Kept]:
        return tuple(self.slots.values())

    def build(self, wanted: Sequence[Scene], seconds: float | None) -> Sequence[tuple[str, str | None]]:
        if self.broken:
            raise ModelUnavailable("the model cannot be run")
        for scene in wanted if seconds is None or seconds > 0 else ():
            core = self.slots.get(CORE, Kept("", "", 0, 0, ()))
            tokens, ids = core.tokens + scene.tokens, (*core.ids, *scene.ids)
            self.slots[scene.name] = Kept(scene.name, scene.name, tokens, 1000 * tokens, ids)
        return [(scene.name, None if scene.name in self.slots else "there was no time left") for scene in wanted]

    def remove(self, slots: Sequence[str]) -> None:
        for slot in slots:
            self.slots.pop(slot, None)


@pytest.fixture
def told(mos: MOS) -> MOS:
    """A rule, and two sets of two."""
    mos.add("Always answer in metric units", kind=Kind.RULE)
    for tag, *texts in (
        ("diet", "I like tofu", "I cannot stand celery"),
        ("work", "the standup is at nine", "Ada leads the team"),
    ):
        for text in texts:
            mos.add(text, tags=(tag,), kind=Kind.FACT)
    policy.set_policy(mos.writable(), mos.author("policy"), {"slots.ahead": 3})
    return mos


def by_text(mos: MOS, text: str) -> Memory:
    return next(memory for memory in mos.list() if memory.content == text)


def ready(mos: MOS) -> Shelf:
    """A shelf with the slot of each set."""
    shelf = Shelf()
    shelf.build(mos.scheduler.picture().scenes, None)
    return shelf


def lived(mos: MOS, clock: Clock, days: int = 10) -> None:
    """Breakfast with tofu at eight, then work at nine."""
    for _ in range(days):
        mos.search("tofu")
        clock.forward(minutes=20)
        mos.search("standup")
        clock.forward(minutes=24 * 60 - 20)


def test_a_search_is_noted_as_a_recall_and_a_batch_is_not(told: MOS) -> None:
    store = Recalls(told.vaults()[0].folder)
    told.search("tofu")
    assert [one.ids for one in store.since()] == [(by_text(told, "I like tofu").id,)]
    assert store.since()[0].at == told.now
    told.search("standup", record=False)
    assert len(store.since()) == 1
    told.settings = told.settings.given({"use.record": False})
    told.search("standup")
    assert len(store.since()) == 1


def test_the_file_holds_no_text(told: MOS) -> None:
    told.search("tofu")
    MemScheduler(told, told.memories, ready(told)).topics(
        [by_text(told, "Always answer in metric units")], [by_text(told, "I like tofu")]
    )
    content = (told.vaults()[0].folder / FILE).read_bytes()
    assert len(Recalls(told.vaults()[0].folder).decisions()) == 1
    for word in (b"tofu", b"diet", b"metric", b"core"):
        assert word not in content.replace(b'"core"', b""), word


def test_a_purge_takes_recalls_along(told: MOS) -> None:
    tofu = by_text(told, "I like tofu")
    told.search("tofu")
    told.search("standup")
    MemScheduler(told, told.memories, ready(told)).topics([], [tofu])
    receipt = told.purge(tofu.id)
    assert receipt.removed["recalls"] == 2
    folder = told.vaults()[0].folder
    assert tofu.id.encode() not in (folder / FILE).read_bytes()
    assert len(Recalls(folder).since()) == 1
    assert told.scheduler.last() is None


def test_a_cube_that_cannot_be_written_is_searched_and_explained_all_the_same(told: MOS) -> None:
    told.search("tofu")
    path = told.vaults()[0].folder / FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("BEGIN EXCLUSIVE")
        assert told.search("tofu").hits
        assert told.scheduler.explain("tofu").plan.decisions
        assert told.scheduler.standing()
    path.unlink()
    path.mkdir()
    assert told.search("tofu").hits
    assert told.scheduler.explain("tofu").plan.decisions
    assert told.scheduler.hit_rates()["recalls"] == 0


def test_what_comes_next_is_learned_from_recalls(told: MOS, clock: Clock) -> None:
    lived(told, clock)
    (first, *_) = told.scheduler.likeliest(2)
    assert first.scene.name == "diet", "at the time of breakfast"
    assert set(first.scene.ids) == {by_text(told, text).id for text in ("I like tofu", "I cannot stand celery")}
    told.search("tofu")
    clock.forward(minutes=20)
    assert told.scheduler.likeliest(1)[0].scene.name == "work"
    assert sum(one.probability for one in told.scheduler.likeliest(5)) == pytest.approx(1)


def test_words_of_the_conversation_make_a_set_likelier(told: MOS, clock: Clock) -> None:
    lived(told, clock, days=2)
    plain = {one.scene.name: one.probability for one in told.scheduler.likeliest(5)}
    said = {one.scene.name: one.probability for one in told.scheduler.likeliest(5, "how is Ada and her team?")}
    assert said["work"] > plain["work"]


def test_without_any_cube_there_is_nothing(mos: MOS) -> None:
    assert mos.scheduler.standing() == ()
    assert mos.scheduler.likeliest(3) == ()
    assert mos.scheduler.last() is None
    assert mos.scheduler.prepare().built == ()
    assert mos.scheduler.explain("tofu").plan.decisions == ()


def test_a_tick_makes_hot_sets_ready_and_lets_cold_ones_go(told: MOS, clock: Clock) -> None:
    shelf = Shelf()
    run = MemScheduler(told, told.memories, shelf)
    lived(told, clock)
    assert run.prepare().built == (CORE, "diet", "work")
    assert run.prepare() == ((), (), ())
    for _ in range(60):
        told.search("standup")
        clock.forward(days=1)
    done = run.prepare()
    assert (done.built, done.dropped) == ((), ("diet",))
    assert set(shelf.slots) == {CORE, "work"}


def test_a_slot_that_was_made_lately_stays_for_a_week(told: MOS, clock: Clock) -> None:
    shelf = ready(told)
    for name, slot in shelf.slots.items():
        shelf.slots[name] = slot._replace(last=told.now)
    run = MemScheduler(told, told.memories, shelf)
    assert run.prepare().dropped == ()
    clock.forward(days=6)
    assert run.prepare().dropped == ()
    clock.forward(days=2)
    assert set(run.prepare().dropped) == {"diet", "work"}


def test_a_set_that_grew_is_made_anew(told: MOS, clock: Clock) -> None:
    run = MemScheduler(told, told.memories, Shelf())
    lived(told, clock)
    run.prepare()
    told.add("lunch is at noon", tags=("diet",), kind=Kind.FACT)
    assert run.prepare().built == ("diet",)


def test_without_the_policy_slots_of_sets_are_left_alone(told: MOS, clock: Clock) -> None:
    shelf = Shelf()
    run = MemScheduler(told, told.memories, shelf)
    policy.set_policy(told.writable(), told.author("policy"), {"slots.ahead": 0})
    lived(told, clock)
    assert run.prepare().built == (CORE,)
    shelf.build([scene for scene in run.picture().scenes if scene.name == "diet"], None)
    clock.forward(days=300)
    assert run.prepare() == ((), (), ())
    assert set(shelf.slots) == {CORE, "diet"}
    assert "slots.ahead is 0" in run.steps()[0].reason


def test_a_model_that_cannot_be_run_is_a_note(told: MOS, clock: Clock) -> None:
    lived(told, clock)
    done = MemScheduler(told, told.memories, Shelf(broken=True)).prepare()
    assert done.notes == ("not all slots were made: the model cannot be run",)


def test_time_is_kept(told: MOS, clock: Clock) -> None:
    lived(told, clock)
    done = MemScheduler(told, told.memories, Shelf()).prepare(0)
    assert done.built == ()
    assert done.notes[0] == "no slot of core was made: there was no time left"


@pytest.mark.parametrize(("on", "dry", "built"), [("on", "", 3), ("on", "dry", 0), ("off", "", 0)])
def test_the_tick_does_it_unless_it_is_switched_off(told: MOS, clock: Clock, on: str, dry: str, built: int) -> None:
    lived(told, clock)
    vault, author = told.vaults()[0], told.author("tick")
    policy.set_policy(vault, author, {"steps.slots": on, "slots.ahead": 3})
    means = Means(prepare=MemScheduler(told, told.memories, Shelf()).prepare)
    assert Tick(vault, author, told.now, Limits(dry=bool(dry)), means).run().slots_built == built
    assert Tick(vault, author, told.now, Limits(), means).run().slots_built == (3 if dry else 0), "idempotent"
    assert Tick(vault, author, "2020-01-01T00:00:00.000Z", Limits(), Means(prepare=lambda _: 1 / 0)).run().notes == ()  # type: ignore[arg-type, return-value]


def test_a_request_begins_with_the_set_that_it_is_about(told: MOS, clock: Clock) -> None:
    run = MemScheduler(told, told.memories, Shelf())
    lived(told, clock)
    run.prepare()
    core, tofu, nine = (
        by_text(told, one) for one in ("Always answer in metric units", "I like tofu", "the standup is at nine")
    )
    chosen = run.topics([core], [tofu])
    assert {told.get(one).content for one in chosen} == {"I like tofu", "I cannot stand celery"}
    noted = run.last()
    assert noted is not None
    assert noted.plan.slot == "diet"
    assert {one.id: one.form for one in noted.plan.decisions}[tofu.id] is Form.ACTIVATION
    assert run.explain("tofu").plan.slot == "diet"
    assert MemScheduler(told, told.memories, Shelf()).topics([core], [tofu, nine]) == (), "nothing is ready there"


def test_costs_are_what_answers_showed(told: MOS) -> None:
    identity = {"model": "ab" * 32, "kv": "f16", "template": "x"}
    assert told.scheduler.costs() == Costs()
    Speeds(told.paths.cache).add(name_of(identity), Speed(1000, 2.0))
    assert told.scheduler.costs((), identity) == Costs(prefill=0.002)
    Speeds(told.paths.cache).add(name_of(identity), Speed(0, 0, 10**6, 0.5))
    assert told.scheduler.costs((), identity) == Costs(prefill=0.002, restore=5e-7, overhead=0.0)
    assert told.scheduler.costs((), {"model": "cd" * 32, "kv": "f16"}) == Costs()


def test_an_adapter_takes_what_it_knows_off_the_prompt(told: MOS) -> None:
    tofu = by_text(told, "I like tofu")
    plan = MemScheduler(told, told.memories, Shelf(), {tofu.id: "diet-1"}).plan([], [tofu])
    assert [(one.form, one.adapter) for one in plan.decisions] == [(Form.PARAMETRIC, "diet-1")]
    assert plan.adapters == ("diet-1",)


def test_secrets_are_in_no_set(told: MOS) -> None:
    told.add("my token is ghp_abcdefghijklmnopqrstuvwxyz0123456789", tags=("work",), labels=("secret",))
    ids = {one for scene in told.scheduler.picture().scenes for one in scene.ids}
    assert len(ids) == 5
    found = told.scheduler.explain("token")
    assert "secret" in {one.why.value for one in found.plan.decisions}


@pytest.mark.usefixtures("told")
def test_nobody_sees_sets_of_what_they_may_not_see(home: object) -> None:
    folders = paths({"MEMOS_HOME": str(home)})
    with MOS(folders.data, settings=Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "eve"}, folders)) as other:
        assert other.scheduler.standing() == ()


def test_the_same_history_gives_the_same_picture(told: MOS, clock: Clock) -> None:
    lived(told, clock, days=3)
    assert told.scheduler.standing() == told.scheduler.standing()
