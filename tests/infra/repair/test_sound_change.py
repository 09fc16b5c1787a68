"""Changes that no cube file could carry, made sound: whatever they hold, what comes of them is right, and keeps what is."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from memos_cli.infra import limits
from memos_cli.infra.repair.sound_change import sound
from memos_cli.infra.vault import log

MEMORY = "a" * 20
_TEXT = st.text(st.characters(codec=None), max_size=12)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT, lambda one: st.lists(one) | st.dictionaries(_TEXT, one)
)
_NAMES = (
    _TEXT
    | _TEXT.map("tag:{}".format)
    | _TEXT.map("link:part_of:{}".format)
    | st.sampled_from([*limits.REGISTERS, "tags", "position"])
)


def is_sound(noun: str, subject: str, change: dict[str, Any]) -> bool:
    why = limits.fault_of_change(noun, subject, change) or limits.fault_of_text(log.encoded(change))
    return not why and limits.is_shallow(change)


@given(st.sampled_from(["memory", "view", "snapshot", "review", "task", "policy", "other"]), st.dictionaries(_NAMES, _VALUE))
def test_what_comes_of_a_change_is_sound_and_keeps_what_was(noun: str, change: dict[str, Any]) -> None:
    found = sound(noun, MEMORY, change)
    assert is_sound(noun, MEMORY, found.change)
    assert set(found.change) == set(found.names.values())
    assert found.names.keys() | set(found.dropped) == change.keys()
    if is_sound(noun, MEMORY, change):
        assert log.encoded(found.change) == log.encoded(change)


def test_the_largest_registers_go_where_a_change_is_too_long() -> None:
    change = {"content": "\x01" * 1_000_000, "metadata": {"a": "x" * 3_000_000}, "title": "short"}
    found = sound("memory", MEMORY, change)
    assert (found.change.keys(), found.dropped) == ({"content", "title"}, ("metadata",))


def test_what_is_nested_too_deeply_is_cut_there() -> None:
    deep = json.loads("[" * 150 + "]" * 150)
    assert is_sound("memory", MEMORY, sound("memory", MEMORY, {"metadata": {"a": deep, "b": 1}}).change)


def test_a_link_to_a_memory_with_a_new_id_leads_there() -> None:
    found = sound("memory", MEMORY, {"link:part_of:bad\x07": True, "link:part_of:": True}, {"bad\x07": "b" * 20})
    assert (found.change, found.dropped) == ({f"link:part_of:{'b' * 20}": True}, ("link:part_of:",))


def test_a_purge_stays_a_purge() -> None:
    assert sound("memory", MEMORY, {"purged": 1, "content": "x"}).change == {"purged": True}
    assert sound("memory", MEMORY, ["no", "object"]) == ({}, {}, ("all of it",))
