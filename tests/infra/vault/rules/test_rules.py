import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.infra.governance import access
from memos_cli.infra.governance.access import Access, Context, Right
from memos_cli.infra.governance.rule import PURPOSES, SORTS
from memos_cli.infra.vault import queries
from memos_cli.infra.vault.rules import rules, views
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, Kind, Memory, Source, State, Visibility
from tests.conftest import Clock
from tests.trials import trials

PEOPLE = ("sam", "eve", "maren", "bot")
GROUPS = ("home", "work")
TAGS, KEYS, TASKS = ("a", "B", "caf\u00e9"), ("diet", "City"), ("move", "Trip")
VIEWS: dict[str, dict[str, Any]] = {
    "tagged": {"tags": ["b"]},
    "said": {"speaker": "Ann"},
    "now": {"kinds": ["fact", "note"]},
    "ever": {"everything": True, "since": "2026-01-01T00:00:00.000Z"},
    "before": {"as_of": "2026-03-02T12:00:00.000Z", "task": "move"},
    "odd": {"mood": "blue"},
    "cold": {"states": ["archived", "generated"]},
    "late": {"until": "2026-03-02T12:00:00.000Z", "archived": True, "turns": True, "key": "CITY", "labels": ["health"]},
}
_days = st.sampled_from([None, "2025-06-01T00:00:00.000Z", "2026-03-02T12:00:00.000Z", "2027-01-01T00:00:00.000Z"])
drafts = st.fixed_dictionaries(
    {
        "content": st.sampled_from(["one", "two", "three"]),
        "kind": st.sampled_from(list(Kind)),
        "tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=2).map(tuple),
        "labels": st.sampled_from([(), ("health",)]),
        "key": st.sampled_from([None, *KEYS]),
        "task": st.sampled_from([None, *TASKS]),
        "occurred_at": _days,
        "valid_from": _days,
        "valid_to": _days,
        "expires_at": _days,
        "visibility": st.sampled_from(list(Visibility)),
        "source": st.sampled_from([None, "ann", "Bob"]).map(lambda speaker: Source(speaker=speaker)),
        "metadata": st.sampled_from([{}, {"told_validity": True}]),
    }
).map(lambda fields: Draft(**fields))
_named = {
    "cube": st.just(""),
    "tag": st.sampled_from(["a", "b", "caf\u00e9", "none"]),
    "kind": st.sampled_from(list(Kind)).map(str),
    "key": st.sampled_from(["diet", "city", "none"]),
    "task": st.sampled_from(["move", "trip"]),
    "view": st.sampled_from([*VIEWS, "lost"]),
}


_named["memory"] = st.integers(0, 99).map(str)
about = st.sampled_from(SORTS).flatmap(lambda sort: st.tuples(st.just(sort), _named[sort]))
any_rules = st.builds(
    lambda about, **fields: {"sort": about[0], "name": about[1], **fields},
    about,
    to=st.sampled_from([*PEOPLE, *GROUPS]),
    group=st.sampled_from([None, True, False]),
    right=st.sampled_from([right.value for right in Right]),
    deny=st.integers(0, 3).map(lambda n: n == 0),
    commands=st.sampled_from([None, None, None, ["search"], ["cube"]]),
    purposes=st.sampled_from([None, None, None, ["prompt"], ["export", "sync"]]),
    hours=st.sampled_from([None, None, None, "09:00-17:00", "22:00-06:00"]),
    until=st.sampled_from([None, None, "2026-03-02T12:00:00.000Z", "2027-01-01T00:00:00.000Z"]),
    ended=st.integers(0, 5).map(lambda n: n == 0),
    bars=st.integers(0, 5).map(lambda n: n == 0),
)
"""The fields of a rule; memories are named by their numbers."""
people = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries(
            {"kind": st.sampled_from(["person", "agent"])},
            optional={"in:home": st.booleans(), "in:work": st.booleans(), "gone": st.booleans()},
        )
        for name in PEOPLE
    },
)
contexts = st.builds(
    Context,
    st.sampled_from(["", "search", "cube export"]),
    st.sampled_from(["", *PURPOSES]),
    st.sampled_from(["2026-03-02T12:00:00.000Z", "2026-03-02T23:30:00.000Z"]),
    st.sampled_from([0, -60, 120]),
)


def made(vault: Vault, who: str, records: Mapping[str, Mapping[str, Any]], context: Context) -> Access:
    def read(noun: str) -> Any:
        return records.get(noun, {})

    return access.of(who, vault.meta, read, context, views.finder(read, context.at))


def everything(vault: Vault) -> list[Memory]:
    """Every memory, purged ones too, in the order in which they were made."""
    return list(queries.by_rows(vault, [n for (n,) in vault.conn.execute("SELECT n FROM memories ORDER BY n")]).values())


def of_these(listed: list[dict[str, Any]], memories: list[Memory]) -> dict[str, dict[str, Any]]:
    """Rules by their ids, with the ids of memories in place of their numbers."""
    ids = [memory.id for memory in memories] or ["none"]
    named = [one | {"name": ids[int(one["name"]) % len(ids)]} if one["sort"] == "memory" else one for one in listed]
    return {f"{number:020}": one for number, one in enumerate(named)}


def agree(vault: Vault, who: Access, memories: list[Memory]) -> None:
    """The condition lets the very memories through of which Python says the same."""
    for right in Right:
        clause, *values = who.sight(right)
        seen = {identity for (identity,) in vault.conn.execute(f"SELECT m.id FROM memories m WHERE {clause}", values)}  # noqa: S608
        assert seen == {memory.id for memory in memories if who.may(right, memory)}, (right, clause, values)


@pytest.fixture
def cube(mos: MOS, clock: Clock) -> Vault:
    """A cube of many memories of several owners, in all states."""
    chance = random.Random(7)

    def one_of(*given: Any) -> Any:
        return chance.choice(given)

    for who in PEOPLE:
        mos.add(
            drafts=[
                Draft(
                    f"{who} says {number}", kind=one_of(*Kind), tags=tuple(chance.sample(TAGS, one_of(0, 1, 2))),
                    key=one_of(None, None, *KEYS), task=one_of(None, *TASKS), visibility=one_of(*Visibility),
                    occurred_at=one_of(None, "2025-06-01T00:00:00.000Z"), labels=one_of((), ("health",)),
                    source=Source(speaker=one_of(None, "ann", "Bob")),
                )
                for number in range(20)
            ],
            user_id=who,
        )  # fmt: skip
    ids = [identity for (identity,) in mos.vault("default").conn.execute("SELECT id FROM memories ORDER BY n")]
    mos.delete(ids[::7])
    mos.purge(ids[3::11])
    for identity in ids[5::9]:
        mos.edit(identity, {"state": State.ARCHIVED.value}) if mos.vault("default").get(
            identity
        ).state is State.GENERATED else None
    mos.record_uses([mos.vault("default").get(identity) for identity in ids[1::8]])
    clock.now = clock.now.replace(hour=13)
    return mos.vault("default")


@settings(max_examples=trials(50, 200))
@given(listed=st.lists(any_rules, max_size=12), principals=people, context=contexts, who=st.sampled_from([*PEOPLE, "home"]))
def test_sql_and_python_agree_who_may_do_what(
    cube: Vault, listed: list[dict[str, Any]], principals: dict[str, Any], context: Context, who: str
) -> None:
    memories = everything(cube)
    records = {"principal": principals, "rule": of_these(listed, memories), "view": VIEWS}
    agree(cube, made(cube, who, records, context), memories)


@settings(max_examples=trials(10, 30))
@given(
    given_=st.lists(st.tuples(st.sampled_from(PEOPLE), drafts), max_size=8), listed=st.lists(any_rules, max_size=6),
    principals=people, context=contexts, who=st.sampled_from(PEOPLE),
)  # fmt: skip
def test_they_agree_about_any_memories(
    mos: MOS, given_: list[tuple[str, Draft]], listed: list[dict[str, Any]], principals: dict[str, Any], context: Context,
    who: str,
) -> None:  # fmt: skip
    vault = mos.writable()
    with vault.write("add", "sam", mos.millis) as unit:
        for owner, draft in given_:
            unit.add(draft, owner)
    memories = everything(vault)
    records = {"principal": principals, "rule": of_these(listed, memories), "view": VIEWS}
    agree(vault, made(vault, who, records, context), memories)


def test_records_of_strangers_rule_nothing(cube: Vault) -> None:
    with cube.write("grant", "sam", 0) as unit:
        unit.change("rule", "r" * 20, {"to": "eve", "right": "read", "sort": "cube", "name": ""})
    before = rules.state(cube)
    assert list(rules.ruling(cube.conn, "rule")) == ["r" * 20]
    assert rules.access_of(cube, cube.meta, "eve", Context()).may(Right.READ, Memory("x", "", owner="sam"))
    with cube.derive() as conn:
        conn.execute("INSERT INTO strangers VALUES ('rule', ?, 0)", ("r" * 20,))
    assert rules.state(cube) != before
    assert rules.ruling(cube.conn, "rule") == {}
    assert not rules.access_of(cube, cube.meta, "eve", Context()).may(Right.READ, Memory("x", "", owner="sam"))


def test_a_session_reads_the_rules_again_when_they_have_changed(mos: MOS, clock: Clock) -> None:
    memory = mos.get(mos.add("root's").ids[0])
    vault = mos.vault("default")
    assert mos.access(vault).owns
    eve = mos.access(vault, "eve")
    assert mos.access(vault, "eve") is eve, "nothing has changed"
    assert not eve.may(Right.READ, memory)
    grant = {
        "to": "eve",
        "right": "read",
        "sort": "cube",
        "name": "",
        "until": "2026-03-02T14:00:00.000Z",
        "purposes": ["prompt"],
    }
    with MOS() as other, other.vault("default").write("grant", "sam", mos.millis) as unit:
        unit.change("rule", "r" * 20, grant)
    assert not mos.access(vault, "eve").may(Right.READ, memory)
    with mos.reading_for("prompt"):
        assert mos.access(vault, "eve").may(Right.READ, memory)
        clock.now = clock.now.replace(hour=15)
        assert not mos.access(vault, "eve").may(Right.READ, memory)
    assert mos.purpose == ""


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_says_of_a_memory_what_its_condition_says_of_the_row(cube: Vault, name: str) -> None:
    wanted = views.filter_of(VIEWS[name], "2026-03-02T13:00:00.000Z")
    if wanted is None:
        assert name == "odd"
        return
    clause, *values = views.condition_of(wanted)
    assert "main." in clause or "FROM" not in clause
    listed = cube.conn.execute(f"SELECT m.id FROM memories m WHERE {clause}", values).fetchall()  # noqa: S608
    assert {identity for (identity,) in listed} == {memory.id for memory in everything(cube) if views.passes(wanted, memory)}


def test_a_filter_of_a_newer_memos_is_no_filter() -> None:
    assert views.filter_of({"tags": "one"}, "") is None
    assert views.filter_of({"pinned": "yes"}, "") is None
    assert views.filter_of({"since": 5}, "") is None
    assert views.filter_of({"tags": ["one"], "key": None}, "2026") == Filter(at="2026", tags=("one",))
