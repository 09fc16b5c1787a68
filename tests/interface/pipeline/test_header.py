"""The registers that an edit of the header sets."""

import pytest

from memos_cli import MOS
from memos_cli.errors import UsageError
from memos_cli.model import Visibility


def test_labels_and_tags_are_put_on_beside_those_that_are_there_and_taken_off_all_at_once(mos: MOS) -> None:
    (one,) = mos.add("Tea at four", tags=("home",), labels=("Medical",)).ids
    changed = mos.edit(one, {"tags": ("Home", "tea"), "labels": ("MEDICAL", "money")})
    assert changed.memories[0].tags == ("home", "tea")
    assert changed.memories[0].labels == ("medical", "money")
    assert mos.edit(one, {"tags": ("home",), "labels": ("money",)}).ids == ()
    mos.edit(one, {"tags": None, "labels": None})
    assert (mos.get(one).tags, mos.get(one).labels) == ((), ())
    mos.undo()
    assert mos.get(one).labels == ("medical", "money")


def test_objects_are_replaced_by_a_program_and_merged_where_it_asks_for_it(mos: MOS) -> None:
    (one,) = mos.add("Tea at four", metadata={"a": 1, "b": 2}).ids
    mos.edit(one, {"metadata": {"a": None, "c": 3}}, within=("metadata",))
    assert mos.get(one).metadata == {"b": 2, "c": 3}
    mos.edit(one, {"metadata": {"d": 4}})
    assert mos.get(one).metadata == {"d": 4}
    mos.edit(one, {"metadata": {"d": None}}, within=("metadata",))
    assert mos.get(one).metadata == {}


def test_a_value_that_no_cube_may_hold_is_refused_wherever_it_is_written(mos: MOS) -> None:
    (one,) = mos.add("Tea at four").ids
    for wrong in ({"confidence": 2.0}, {"trust": float("nan")}, {"visibility": "all"}, {"priority": 1.5}, {"source": {"x": 1}}):
        with pytest.raises(UsageError):
            mos.edit(one, wrong)
    for given in ({"confidence": 2.0}, {"trust": -1.0}):
        with pytest.raises(UsageError):
            mos.add("Coffee at five", **given)
    assert [memory.content for memory in mos.list()] == ["Tea at four"]


def test_it_may_not_end_before_the_beginning_that_it_has(mos: MOS) -> None:
    (one,) = mos.add("Tea at four", valid_from="2026-02-01T00:00:00.000Z", visibility=Visibility.SHARED).ids
    with pytest.raises(UsageError, match="would end before it begins") as told:
        mos.edit(one, {"valid_to": "2026-01-01T00:00:00.000Z"})
    assert "2026" not in told.value.message, "the day of UTC may not be that of the person"
    mos.edit(one, {"valid_to": "2026-01-01T00:00:00.000Z", "valid_from": None})
    assert mos.get(one).visibility is Visibility.SHARED


def test_a_content_that_brings_a_secret_is_labelled_with_it(mos: MOS) -> None:
    (one,) = mos.add("Tea at four").ids
    mos.edit(one, {"content": "pw: trustno1"})
    assert mos.get(one).labels == ("secret",)
    mos.undo()
    assert mos.get(one).labels == ()
