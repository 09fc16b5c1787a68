"""Nobody gives itself a right by a change that it may make."""

from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.errors import MemoryNotFound, Refused
from memos_cli.infra.vault import fold
from memos_cli.model import LinkType


def grant(mos: MOS, right: str, sort: str, name: str = "", **more: Any) -> None:
    """A rule for eve, as the log has it."""
    with mos.vault("default").write("grant", "sam", mos.millis) as unit:
        identity = f"{right}{sort}{name}{sorted(more)}".encode().hex().ljust(20, "a")[:60]
        unit.change("rule", identity, {"to": "eve", "group": False, "right": right, "sort": sort, "name": name, **more})


@pytest.fixture
def eve(mos: MOS) -> str:
    """A memory of somebody else that eve may read and write."""
    identity = mos.add("the harbour is open", tags=("red",)).ids[0]
    for right in ("read", "write"):
        grant(mos, right, "memory", identity)
    return identity


def test_a_tag_that_would_give_a_right_is_refused(mos: MOS, eve: str) -> None:
    grant(mos, "erase", "tag", "blue")
    with pytest.raises(Refused, match="give"):
        mos.edit(eve, {"tags": ["blue"]}, user_id="eve")
    assert mos.get(eve).tags == ("red",)
    assert mos.edit(eve, {"tags": ["green"]}, user_id="eve").ids == (eve,), "a tag that gives nothing is hers to put on"


@pytest.mark.parametrize(("sort", "name", "fields"), [
    ("key", "harbour", {"key": "harbour"}), ("kind", "event", {"kind": "event"}), ("task", "move", {"task": "move"}),
])  # fmt: skip
def test_nor_any_other_name(mos: MOS, eve: str, sort: str, name: str, fields: dict[str, Any]) -> None:
    grant(mos, "erase", sort, name)
    with pytest.raises(Refused, match="give"):
        mos.edit(eve, fields, user_id="eve")


@pytest.mark.parametrize(("wanted", "fields"), [
    ({"pinned": True}, {"pinned": True}), ({"until": "2020-01-01T00:00:00.000Z"}, {"occurred_at": "2019-01-01"}),
    ({"since": "2090-01-01T00:00:00.000Z"}, {"occurred_at": "2091-01-01"}), ({"states": ["archived"]}, {"state": "archived"}),
    ({"as_of": "2019-01-01T00:00:00.000Z"}, {"valid_from": "2018-01-01"}),
])  # fmt: skip
@pytest.mark.parametrize("right", ["erase", "share", "reveal"])
def test_nor_anything_that_a_view_asks_for(
    mos: MOS, eve: str, right: str, wanted: dict[str, Any], fields: dict[str, Any]
) -> None:
    mos.pipeline.save_record("view", "it", wanted)
    grant(mos, right, "view", "it")
    with pytest.raises(Refused, match="give"):
        mos.edit(eve, fields, user_id="eve")


def test_a_tag_by_which_a_right_is_denied_stays(mos: MOS, eve: str) -> None:
    grant(mos, "erase", "cube")
    grant(mos, "erase", "tag", "red", deny=True)
    with pytest.raises(Refused, match="give"):
        mos.edit(eve, {"tags": None}, user_id="eve")
    with pytest.raises(Refused):
        mos.delete(eve, user_id="eve")


def test_what_is_read_only_is_opened_by_its_owner_alone(mos: MOS) -> None:
    identity = mos.add("the harbour is open", user_id="ann").ids[0]
    for right in ("read", "share"):
        grant(mos, right, "memory", identity)
    for visibility in ("public", "read-only"):
        mos.edit(identity, {"visibility": visibility}, user_id="eve")
    with pytest.raises(Refused, match="read-only"):
        mos.edit(identity, {"visibility": "public"}, user_id="eve")
    assert mos.edit(identity, {"visibility": "public"}, user_id="ann").ids == (identity,)


def test_whoever_may_share_gives_itself_nothing(mos: MOS, eve: str) -> None:
    grant(mos, "share", "memory", eve)
    grant(mos, "erase", "kind", "event")
    mos.edit(eve, {"visibility": "public"}, user_id="eve")
    with pytest.raises(Refused, match="give"):
        mos.edit(eve, {"kind": "event"}, user_id="eve")


@pytest.mark.usefixtures("eve")
def test_a_view_that_a_rule_names_is_its_owner_s_to_change(mos: MOS) -> None:
    mos.pipeline.save_record("view", "work", {"tags": ["work"]})
    mos.pipeline.save_record("view", "mine", {"tags": ["mine"]})
    for right in ("read", "write"):
        grant(mos, right, "cube")
    grant(mos, "erase", "view", "work")
    with mos.author("view", "eve").write(mos.vault("default", "eve")) as unit:
        unit.change("view", "mine", {"tags": ["garden"]})
    with pytest.raises(Refused, match="rule"), mos.author("view", "eve").write(mos.vault("default", "eve")) as unit:
        unit.change("view", "Work", {"everything": True})


def test_a_link_gives_nothing(mos: MOS, eve: str) -> None:
    other = mos.add("the lantern is lit").ids[0]
    with pytest.raises(MemoryNotFound), mos.author("link", "eve").write(mos.vault("default", "eve")) as unit:
        unit.change("memory", eve, {f"{fold.LINK}{LinkType.RELATES.value}:{other}": True})
