"""What the owner is told of an agent: also how much the labels policies keep from it."""

from memos_cli import MOS
from memos_cli.operation.governance.rules import Object
from memos_cli.operation.policy import set_policy


def test_the_owner_is_told_how_much_labels_keep_from_an_agent_and_nobody_else(mos: MOS) -> None:
    for n in range(6):
        mos.add(f"note {n}", tags=("work",), labels=("health",) if n < 2 else ("own",) if n == 2 else ())
    mos.governance.add("bot", kind="agent")
    mos.governance.rules.grant("bot", "read", [Object("tag", "work")])
    overview = mos.governance.overview
    found = overview.of_principal("bot")
    assert found.memories["read"] == 3
    assert found.hidden == {"agent": 3, "prompt": 0, "export": 0, "slot": 0, "adapter": 0, "sync": 0}
    set_policy(mos.vault("default"), mos.author("policy"), {"labels.agent": "health", "labels.prompt": "own"})
    assert {way: count for way, count in overview.of_principal("bot").hidden.items() if count} == {
        "agent": 2, "prompt": 1, "export": 1, "adapter": 1,
    }  # fmt: skip
    with MOS(mos.paths.data, principal="bot", settings=mos.settings, clock=mos._clock) as bot:
        own = bot.governance.overview.of_principal("bot")
    assert (own.memories["read"], own.hidden) == (4, {})
    mos.governance.add("eve")
    assert overview.of_principal("eve").hidden == {}
