from typing import Any

import pytest

from memos_cli.backends.importers.chats.talk import branch, name_of, pieces, time_of, title_of
from memos_cli.model import Draft
from memos_cli.times import Zone


@pytest.mark.parametrize(
    ("told", "at"),
    [
        (1_700_000_000, "2023-11-14T22:13:20.000Z"), (1_700_000_000.9994, "2023-11-14T22:13:20.999Z"),
        (1_700_000_000_500, "2023-11-14T22:13:20.500Z"), (1_700_000_000_500_000, "2023-11-14T22:13:20.500Z"),
        ("1700000000.5", "2023-11-14T22:13:20.500Z"), ("2025-05-01T10:00:00.123456+02:00", "2025-05-01T08:00:00.123Z"),
        ("2025-05-01T10:00:00.123456Z", "2025-05-01T10:00:00.123Z"), ("2025-05-01T10:00:00", "2025-05-01T08:00:00.000Z"),
        (None, None), (True, None), (0, None), (-5, None), (float("inf"), None), (float("nan"), None), (1e17, None), ("", None),
        ("soon", None), ("2025-13-45", None), ([1], None), ({}, None), (10**400, None),
    ],
)  # fmt: skip
def test_time_of(told: Any, at: str | None) -> None:
    assert time_of(told, Zone("Europe/Amsterdam")) == at


def test_names_are_stored_as_they_are_where_they_can_be() -> None:
    assert [name_of(one) for one in ("a-1", " b ", 7, True, None, "", " ", [], 1.5)] == ["a-1", "b", "7"] + [None] * 6
    strange = [name_of(one) for one in ("x" * 500, "y" * 500, "a\x00b", "a\nb", "\ud800")]
    assert len(set(strange)) == 5
    assert all(one is not None and len(one) == 24 and one.isalnum() for one in strange)
    assert title_of(" A \n B\x1b[2J ") == "A B [2J"
    assert title_of("\x00") is title_of(None) is title_of(4) is None


def test_branch_goes_from_the_root_to_the_leaf() -> None:
    parents = {"a": None, "b": "a", "c": "b", "d": "a", "e": "gone"}
    assert branch(parents, "c", []) == ["a", "b", "c"]
    assert branch(parents, None, ["d", "c"]) == ["a", "d"]
    assert branch(parents, "e", []) == ["e"]
    assert branch({"a": "b", "b": "a"}, None, ["b", "a"]) == ["a", "b"]
    assert branch({}, "a", []) == []


def test_pieces_hold_all_of_a_text() -> None:
    whole = "a" * 999_999 + "bc" + "d" * 1_500_000
    found = list(pieces([Draft(whole, external_id="x:1")]))
    assert [one.external_id for one in found if isinstance(one, Draft)] == ["x:1", "x:1#2", "x:1#3"]
    assert "".join(one.content for one in found if isinstance(one, Draft)) == whole
