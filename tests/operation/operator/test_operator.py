"""Whose recall of a memory is a use of it, and keeps it from fading."""

import pytest

from memos_cli import MOS
from memos_cli.model import Memory, Visibility
from memos_cli.operation.governance.rules import Object


@pytest.fixture
def shown(mos: MOS) -> Memory:
    """A public memory of the cube's owner."""
    mos.add("the lantern hangs in the harbour", visibility=Visibility.PUBLIC)
    return mos.list()[0]


def _uses(mos: MOS) -> dict[str, int]:
    return {memory.content: memory.access_count for memory in mos.list()}


def _as(mos: MOS, principal: str) -> MOS:
    return MOS(mos.paths.data, principal=principal, settings=mos.settings, clock=mos._clock)


def test_another_person_s_look_is_no_use(mos: MOS, shown: Memory) -> None:
    with _as(mos, "eve") as eve:
        eve.add("the lantern of eve is red")
        assert len(eve.search("lantern", all_hits=True).hits) == 2
        eve.record_uses(eve.list())
    hers = next(memory for memory in mos.list() if memory.owner == "eve")
    assert hers.access_count > 0
    assert mos.get(shown.id).access_count == 0
    mos.search("lantern harbour", user_id="eve")
    assert mos.get(shown.id).access_count == 0


def test_one_s_own_look_is_and_one_s_agent_s(mos: MOS, shown: Memory) -> None:
    mos.record_uses([shown])
    assert mos.get(shown.id).access_count == 1
    mos.governance.add("bot", kind="agent")
    mos.governance.rules.grant("bot", "read", [Object("memory", shown.id)])
    with _as(mos, "bot") as bot:
        bot.record_uses(bot.list())
    assert mos.get(shown.id).access_count == 2


def test_the_owner_of_the_cube_uses_all_of_it(mos: MOS) -> None:
    with _as(mos, "eve") as eve:
        mos.create_cube("default")
        eve.add("the granite is grey")
    mos.record_uses(mos.list())
    assert _uses(mos) == {"the granite is grey": 1}
