"""A policy is TOML, every key is explained, and no value gets in that a tick could stumble over."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli import values
from memos_cli.errors import UsageError
from memos_cli.model import Kind
from memos_cli.operation import policy
from memos_cli.operation.policy import KEYS, Policy


def test_what_is_shown_can_be_read_again() -> None:
    changed = Policy({"archive.idle_days.note": 12.5, "hooks.archived": "tell-me", "steps.fuse": False})
    assert policy.read(policy.to_toml(changed)) == {name: changed.get(name) for name in KEYS}


def test_every_key_is_explained_in_the_file() -> None:
    shown = policy.to_toml(Policy())
    assert all(f"# {key.help}\n" in shown for key in KEYS.values())
    assert set(dict(values.flat(tomllib.loads(shown)))) == set(KEYS)


def test_the_defaults_pass_their_own_checks() -> None:
    for name, key in KEYS.items():
        assert policy.checked(name, key.default) == key.default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("archive.decay", 1), ("archive.decay", "x"), ("archive.idle_days.note", -1), ("archive.idle_days.note", float("nan")),
        ("archive.superseded_days", 1e12), ("brake.share", 1.5), ("brake.from", 2.5), ("steps.fuse", "perhaps"),
        ("hooks.archived", "../evil"), ("hooks.archived", ".hidden"), ("hooks.archived", "a b"), ("hooks.seconds", 0),
        ("task.ending", "burn"), ("archive.decay", [1]), ("purge.grace_days", True),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=name):
        policy.checked(name, value)


def test_a_misspelt_key_is_put_right() -> None:
    with pytest.raises(UsageError) as caught:
        policy.read("[archive]\nsuperseeded_days = 3\n")
    assert "archive.superseded_days" in (caught.value.hint or "")


def test_a_file_that_is_no_toml() -> None:
    with pytest.raises(UsageError, match="TOML"):
        policy.read("archive = [")


@given(st.sampled_from(list(Kind)), st.integers(-1000, 1000))
def test_priority_makes_memories_last(kind: Kind, priority: int) -> None:
    plain = Policy()
    assert plain.idle_days(kind, priority) <= plain.idle_days(kind, priority + 1) <= 1_000_000
    assert (plain.idle_days(kind, priority) == 0) == (kind is Kind.RULE)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Health,diary", "diary, health"),
        (["finance", "secret"], "finance, secret"),
        ("", "none"),
        ("none", "none"),
        ([], "none"),
    ],
)
def test_labels_are_listed_with_commas(given: object, stored: str) -> None:
    assert policy.checked("labels.prompt", given) == stored
    assert policy.read(policy.to_toml(Policy({"labels.prompt": stored})))["labels.prompt"] == stored


@pytest.mark.parametrize("wrong", [1, True, None, ["a", 1], "a\x00b", "x" * 1001])
def test_a_list_of_labels_that_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(UsageError, match=r"labels\.prompt"):
        policy.checked("labels.prompt", wrong)
