"""Decisions: no budget is ever exceeded, nothing is left out for the sake of a slot, and each has its reason."""

from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.model import Form
from memos_cli.operation.scheduler import decision
from memos_cli.operation.scheduler.decision import Budgets, Candidate, Costs, Do, Hot, Plan, Slotted, Why

FREE = Costs(prefill=0.01, kv=100, restore=1e-9, overhead=0.0)
WIDE = Budgets(tokens=1000, kv_bytes=10**6, adapters=1)
SETS = ("core", "work", "diet")


def slot(tokens: int, size: int, *ids: str) -> Slotted:
    return Slotted(tokens, size, frozenset(ids))


def whys(plan: Plan) -> dict[str, str]:
    return {one.id: one.why.value for one in plan.decisions}


def test_without_slots_all_is_text() -> None:
    made = decision.decide([Candidate("a", 10, "work"), Candidate("b", 20)], {}, WIDE, FREE)
    assert [one.form for one in made.decisions] == [Form.PLAINTEXT] * 2
    assert whys(made) == {"a": "no slot", "b": "alone"}
    assert (made.tokens, made.slot, made.saved) == (30, None, 0.0)


def test_the_slot_that_saves_most_begins_the_prompt() -> None:
    wanted = [Candidate("a", 10, "work"), Candidate("b", 50, "diet")]
    made = decision.decide(wanted, {"work": slot(40, 4000, "a"), "diet": slot(60, 6000, "b")}, WIDE, FREE)
    assert made.slot == "diet"
    assert whys(made) == {"a": "other", "b": "ready"}
    assert made.tokens == 60 + 10
    assert made.decisions[1].reason == "the slot of diet is ready"


def test_a_set_that_has_less_than_half_of_what_is_needed_is_not_taken() -> None:
    wanted = [Candidate("a", 10, "work"), Candidate("b", 50, "diet"), Candidate("c", 5, "work")]
    made = decision.decide(wanted, {"diet": slot(60, 6000, "b")}, WIDE, FREE)
    assert (made.slot, whys(made)["b"]) == (None, "few")


def test_a_set_of_which_more_than_half_is_not_needed_is_not_taken() -> None:
    core = Candidate("c", 10, "core", core=True)
    set_of = {needed: [core, *(Candidate(f"m{n}", 30, "diet") for n in range(needed))] for needed in (1, 2, 3)}
    ready = {"diet": slot(200, 2000, "c", "m0", "m1", "m2", "m3", "m4")}
    assert {needed: decision.decide(wanted, ready, WIDE, FREE).slot for needed, wanted in set_of.items()} == {
        1: None, 2: None, 3: "diet"
    }  # fmt: skip
    assert whys(decision.decide(set_of[2], ready, WIDE, FREE))["m0"] == "wide"


def test_what_was_told_since_the_slot_was_made_goes_as_text() -> None:
    wanted = [Candidate("a", 50, "work"), Candidate("new", 5, "work")]
    made = decision.decide(wanted, {"work": slot(60, 6000, "a")}, WIDE, FREE)
    assert [one.form for one in made.decisions] == [Form.ACTIVATION, Form.PLAINTEXT]


def test_a_slot_never_pushes_a_memory_out() -> None:
    wanted = [Candidate("a", 50, "work"), Candidate("b", 60)]
    made = decision.decide(wanted, {"work": slot(90, 9000, "a")}, Budgets(120, 10**6), FREE)
    assert (made.slot, whys(made)["a"]) == (None, "crowded")


def test_a_slot_that_loads_longer_than_it_saves_is_not_taken() -> None:
    slow = FREE._replace(overhead=1.0)
    made = decision.decide([Candidate("a", 50, "work")], {"work": slot(60, 6000, "a")}, WIDE, slow)
    assert (made.slot, whys(made)) == (None, {"a": "small"})


def test_a_slot_over_the_budget_of_kv_is_not_taken() -> None:
    made = decision.decide([Candidate("a", 50, "work")], {"work": slot(60, 6000, "a")}, Budgets(1000, 5999), FREE)
    assert (made.slot, whys(made)) == (None, {"a": "over"})


def test_a_secret_is_in_no_slot() -> None:
    wanted = [Candidate("a", 50, "work"), Candidate("s", 50, "work", secret=True)]
    made = decision.decide(wanted, {"work": slot(110, 11000, "a", "s")}, WIDE, FREE)
    assert [one.form for one in made.decisions] == [Form.ACTIVATION, Form.PLAINTEXT]
    assert made.decisions[1].why is Why.SECRET


def test_what_an_adapter_knows_takes_no_room() -> None:
    wanted = [
        Candidate("a", 90, adapter="small"), Candidate("b", 80, adapter="large"), Candidate("c", 80, adapter="large"),
    ]  # fmt: skip
    made = decision.decide(wanted, {}, Budgets(100, 0, 1), FREE)
    assert made.adapters == ("large",), "it knows more of what is needed"
    assert [one.form for one in made.decisions] == [Form.PLAINTEXT, Form.PARAMETRIC, Form.PARAMETRIC]
    assert made.decisions[1].reason == "the adapter large knows it, so it takes no room"
    assert decision.decide(wanted, {}, Budgets(100, 0, 0), FREE).adapters == ()


def test_what_fits_best_goes_first() -> None:
    made = decision.decide([Candidate("a", 60), Candidate("b", 60), Candidate("c", 30)], {}, Budgets(100, 0), FREE)
    assert [one.form for one in made.decisions] == [Form.PLAINTEXT, None, Form.PLAINTEXT]
    assert made.decisions[1].reason == "no room is left in the context"


def test_the_core_lies_in_its_slot() -> None:
    made = decision.decide([Candidate("a", 60, "core", core=True)], {"core": slot(70, 7000, "a")}, WIDE, FREE)
    assert (made.slot, whys(made)) == ("core", {"a": "core"})


candidates = st.lists(
    st.builds(
        Candidate, st.just(""), st.integers(0, 80), st.sampled_from([None, *SETS]), st.booleans(), st.booleans(),
        st.sampled_from([None, "one", "two"]),
    ),
    max_size=12,
).map(lambda made: [one._replace(id=f"m{n}") for n, one in enumerate(made)])  # fmt: skip
slots = st.dictionaries(
    st.sampled_from(SETS),
    st.builds(
        Slotted, st.integers(0, 300), st.integers(0, 30_000), st.frozensets(st.sampled_from([f"m{n}" for n in range(12)]))
    ),
)
budgets = st.builds(Budgets, st.integers(0, 400), st.integers(0, 30_000), st.integers(0, 2))


@settings(max_examples=200)
@given(candidates, slots, budgets)
def test_no_budget_is_exceeded(wanted: list[Candidate], ready: dict[str, Slotted], given_: Budgets) -> None:
    made = decision.decide(wanted, ready, given_, FREE)
    assert made == decision.decide(wanted, dict(reversed(ready.items())), given_, FREE)
    assert [one.id for one in made.decisions] == [one.id for one in wanted]
    brought = ready[made.slot].tokens if made.slot else 0
    assert made.tokens == brought + sum(one.tokens for one in made.decisions) <= given_.tokens
    assert made.kv_bytes == (ready[made.slot].bytes if made.slot else 0) <= given_.kv_bytes
    used = {one.adapter for one in made.decisions if one.form is Form.PARAMETRIC}
    assert used == set(made.adapters)
    assert len(used) <= given_.adapters
    assert made.saved >= 0
    left = sum(one.form is None for one in made.decisions)
    assert left <= sum(one.form is None for one in decision.decide(wanted, {}, given_, FREE).decisions)
    for need, one in zip(wanted, made.decisions, strict=True):
        assert one.reason
        assert "None" not in one.reason
        assert not (one.form is Form.ACTIVATION and need.secret)
        assert one.form is not Form.ACTIVATION or (made.slot is not None and one.id in ready[made.slot].ids)


# -- ahead of requests


def steps(*sets: Hot, kv_bytes: int = 10**6, most: int = 3) -> dict[str, str]:
    return {step.name: step.do.value for step in decision.ahead(sets, Budgets(1000, kv_bytes), most, FREE)}


def test_hot_sets_get_slots_and_cold_ones_lose_theirs() -> None:
    found = steps(
        Hot("hot", 100, 5), Hot("cold", 100, 1 / 15, bytes=10_000), Hot("kept", 100, 2, bytes=10_000), Hot("new", 50, 0)
    )
    assert found == {"hot": "build", "kept": "keep", "cold": "drop", "new": "leave"}


def test_a_set_that_changes_as_often_as_it_is_recalled_stays_text() -> None:
    (step,) = decision.ahead([Hot("news", 100, 3, changes=4)], WIDE, 3, FREE)
    assert (step.do, step.reason) == (Do.LEAVE, "it changes as often as it is recalled")


def test_what_no_request_can_use_or_nobody_would_notice_stays_text() -> None:
    sets = [Hot("large", 400, 5.0, memories=17), Hot("fits", 300, 5.0, memories=16), Hot("short", 4, 5.0, memories=1)]
    found = {one.name: one for one in decision.ahead(sets, Budgets(1000, 10**6), 3, FREE, 8)}
    assert {name: one.do for name, one in found.items()} == {"large": Do.LEAVE, "fits": Do.BUILD, "short": Do.LEAVE}
    assert "half of its 17" in found["large"].reason
    assert "hardly" in found["short"].reason


def test_the_budget_goes_to_what_saves_most_for_a_byte() -> None:
    assert steps(Hot("a", 100, 1), Hot("b", 100, 3), kv_bytes=10_000) == {"b": "build", "a": "leave"}
    assert steps(Hot("a", 100, 1), Hot("b", 100, 3), Hot("c", 100, 2), most=2)["a"] == "leave"


def test_what_is_there_stays_where_another_is_hardly_better() -> None:
    there = Hot("there", 100, 10, bytes=10_000)
    assert steps(there, Hot("new", 100, 11), kv_bytes=10_000) == {"there": "keep", "new": "leave"}
    assert steps(there, Hot("new", 100, 20), kv_bytes=10_000) == {"new": "build", "there": "drop"}


hots = st.lists(
    st.builds(Hot, st.just(""), st.integers(0, 2000), st.floats(0, 50), st.floats(0, 50), st.none() | st.integers(0, 100_000)),
    max_size=10,
).map(lambda made: [one._replace(name=f"s{n}") for n, one in enumerate(made)])


@settings(max_examples=100)
@given(hots, budgets, st.integers(0, 5))
def test_slots_ahead_fit_the_budget(sets: list[Hot], given_: Budgets, most: int) -> None:
    found = decision.ahead(sets, given_, most, FREE)
    assert found == decision.ahead(sets[::-1], given_, most, FREE)
    assert sorted(step.name for step in found) == sorted(one.name for one in sets)
    taken = [step for step in found if step.do in {Do.BUILD, Do.KEEP}]
    assert len(taken) <= most
    assert sum(step.bytes for step in taken) <= given_.kv_bytes
    ready = {one.name for one in sets if one.bytes is not None}
    assert all((step.do in {Do.KEEP, Do.DROP}) == (step.name in ready) for step in found)
    assert all(step.saved > 0 for step in taken)
