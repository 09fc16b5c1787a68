"""Which label goes where: the one function, and the same as SQL."""

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.infra.governance.labels import (
    ALL,
    COMMON,
    DEFAULTS,
    SECRET,
    Whither,
    condition,
    key,
    listed,
    may_go,
    staying,
    written,
)

LABELS = (*COMMON, "diary")
DEFAULT = {
    Whither.PROMPT: set(LABELS), Whither.EXPORT: {SECRET}, Whither.SLOT: set(LABELS) - {SECRET}, Whither.ADAPTER: set(),
    Whither.AGENT: set(), Whither.SYNC: set(LABELS) - {SECRET},
}  # fmt: skip


@pytest.mark.parametrize("whither", Whither)
def test_what_goes_where_no_policy_says_otherwise(whither: Whither) -> None:
    assert {one for one in LABELS if may_go([one], whither, {})} == DEFAULT[whither]
    assert may_go([], whither, {})


@pytest.mark.parametrize("whither", Whither)
@pytest.mark.parametrize("label", LABELS)
def test_a_label_on_the_list_stays(whither: Whither, label: str) -> None:
    policy: dict[str, Any] = {key(whither): f"x, {label}"}
    assert not may_go([label], whither, policy)
    assert not may_go(["other", label], whither, policy)
    assert staying(["other", label], whither, policy) == [label]
    assert may_go(["other"], whither, policy)
    free = {key(whither): "none"}
    assert may_go([label], whither, free) == (label != SECRET or whither not in {Whither.SLOT, Whither.ADAPTER})


@pytest.mark.parametrize("wrong", [1, ["health"], {"health": True}, None, True])
def test_a_value_that_is_no_list_frees_nothing(wrong: object) -> None:
    for whither in Whither:
        for label in LABELS:
            assert may_go([label], whither, {key(whither): wrong}) == may_go([label], whither, {})


NAMES = st.sampled_from([*LABELS, ALL, "x"])


MEMORIES = st.lists(st.lists(NAMES.filter(lambda one: one != ALL), unique=True), max_size=5)


@given(st.sampled_from(Whither), MEMORIES, st.none() | st.lists(NAMES))
def test_the_condition_of_a_query_is_the_same(whither: Whither, memories: list[list[str]], names: list[str] | None) -> None:
    policy = {} if names is None else {key(whither): written(names)}
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE m (n)")
    conn.execute("CREATE TABLE labels (n, label)")
    for n, labels in enumerate(memories):
        conn.execute("INSERT INTO m VALUES (?)", (n,))
        conn.executemany("INSERT INTO labels VALUES (?, ?)", [(n, one) for one in labels])
    sql, *values = condition(whither, policy)
    found = [n for (n,) in conn.execute(f"SELECT n FROM m WHERE {sql} ORDER BY n", values)]  # noqa: S608
    conn.close()
    assert found == [n for n, labels in enumerate(memories) if may_go(labels, whither, policy)]


def test_every_way_has_a_default() -> None:
    assert set(DEFAULTS) == set(Whither)


@given(st.lists(NAMES))
def test_a_list_that_is_written_is_read_again(names: list[str]) -> None:
    assert listed(written(names)) == sorted(set(names))
    assert listed(" Health ,, DIARY,none") == ["diary", "health"]
    assert written([]) == "none"
