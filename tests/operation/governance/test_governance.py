import pytest

from memos_cli import MOS
from memos_cli.errors import AccessDenied, NotFound, Refused, UsageError
from memos_cli.infra.governance.access import Right
from memos_cli.infra.vault import log
from memos_cli.operation.governance.governance import Principal
from memos_cli.operation.governance.rules import Conditions, Object
from tests.conftest import Clock

CUBE = [Object("cube")]


def test_people_and_agents_are_registered_listed_and_removed(mos: MOS) -> None:
    mos.add("sam's")
    eve = mos.governance.add("eve", groups=["family", "work"])
    assert (eve.kind, eve.groups, eve.token, eve.changed) == ("person", ("family", "work"), None, True)
    bot = mos.governance.add("bot", kind="agent")
    assert bot.token is not None
    assert mos.governance.add("bot").changed is False
    assert mos.governance.list() == (
        Principal("bot", "agent", (), has_token=True, rules=0),
        Principal("eve", "person", ("family", "work"), has_token=False, rules=0),
    )
    mos.governance.rules.grant("bot", "read", CUBE)
    done = mos.governance.remove("bot")
    assert len(done.ended) == 1
    assert [one.name for one in mos.governance.list()] == ["eve"]
    assert mos.governance.overview.list() == ()
    mos.undo()
    assert mos.governance.get("bot").rules == 1
    assert mos.governance.remove("eve", ["work"]).groups == ("family",)
    with pytest.raises(NotFound, match="in no group 'work'"):
        mos.governance.remove("eve", ["work"])
    assert mos.governance.remove("eve", dry_run=True).txn is None
    assert len(mos.governance.list()) == 2


def test_a_name_means_one_thing(mos: MOS) -> None:
    mos.add("sam's")
    mos.governance.add("eve", groups=["family"])
    for wrong, groups, kind in (("family", [], None), ("maren", ["eve"], None), ("maren", ["sam"], None), ("x", ["x"], None),
                                ("sam", [], "agent"), ("eve", [], "agent")):  # fmt: skip
        with pytest.raises(Refused):
            mos.governance.add(wrong, groups=groups, kind=kind)
    assert mos.governance.add("sam", groups=["family"]).groups == ("family",)
    with pytest.raises(UsageError, match="only agents have tokens"):
        mos.governance.token("eve")
    for name in ("", "a\nb", "x" * 1001):
        with pytest.raises(UsageError):
            mos.governance.add(name)
    with pytest.raises(NotFound, match="no principal 'evee'") as slip:
        mos.governance.get("evee")
    assert slip.value.hint == "did you mean eve?"


def test_a_person_does_not_come_back_as_an_agent_nor_an_agent_as_a_person(mos: MOS) -> None:
    mos.add("sam's")
    mos.governance.add("bot", kind="agent")
    mos.governance.remove("bot")
    with pytest.raises(Refused):
        mos.governance.add("bot")
    with pytest.raises(NotFound, match="agent bot was removed"):
        mos.governance.rules.grant("bot", "read", CUBE)
    assert mos.governance.add("bot", kind="agent").token is not None


def test_a_token_is_told_once_and_kept_as_a_hash(mos: MOS) -> None:
    mos.add("sam's")
    first, other = (mos.governance.add(name, kind="agent").token for name in ("bot", "tool"))
    assert first != other
    vault = mos.vault("default")
    kept = vault.records("principal")["bot"]["token"]
    assert kept.startswith("blake2b:")
    texts = "".join(str(operation) for operation in log.operations(vault.conn))
    assert first not in texts
    assert first.removeprefix("memos_") not in texts
    assert mos.governance.add("bot").token is None
    assert mos.governance.add("bot", new_token=True, dry_run=True).token is None
    assert vault.records("principal")["bot"]["token"] == kept
    new = mos.governance.token("bot").token
    with MOS(token=new) as bot:
        assert bot.principal == "bot"
    with MOS(token=first) as bot, pytest.raises(AccessDenied):
        bot.list()


def test_with_a_token_nobody_else_can_be_named(mos: MOS) -> None:
    mos.add("sam's")
    token = mos.governance.add("bot", kind="agent").token
    with MOS(token=token) as bot:
        assert bot.list() == ()
        assert bot.add("the bot's own").ids
        assert [memory.owner for memory in bot.list(user_id="bot")] == ["bot"]
        for act in (
            lambda: bot.list(user_id="sam"),
            lambda: bot.add("x", user_id="sam"),
            lambda: bot.search("x", user_id="sam"),
            lambda: bot.get("x", user_id="sam"),
            lambda: bot.create_cube("mine"),
        ):
            with pytest.raises(AccessDenied):
                act()
    with MOS(token=token, principal="bot") as bot:
        assert len(bot.list()) == 1
    with MOS(token=token, principal="sam") as bot, pytest.raises(AccessDenied):
        bot.list()


@pytest.mark.parametrize("wrong", ["", "memos_", "x" * 10_000, "\udcff", "memos_" + "A" * 43])
def test_a_wrong_token_opens_nothing(mos: MOS, wrong: str) -> None:
    with MOS(token=wrong) as nobody, pytest.raises(AccessDenied):
        nobody.list()
    mos.add("sam's")
    mos.create_cube("other")
    mos.governance.add("bot", kind="agent")
    for cubes in ((), ("default",), ("other",), ("nosuch",)):
        with MOS(cubes=cubes, token=wrong) as nobody, pytest.raises(AccessDenied) as refused:
            nobody.list()
        assert refused.value.message == f"no cube {(*cubes, 'default')[0]} knows this MEMOS_TOKEN", (
            "whether there is one or not"
        )


def test_a_token_is_taken_away_in_the_middle(mos: MOS) -> None:
    memory = mos.get(mos.add("sam's").ids[0])
    token = mos.governance.add("bot", kind="agent").token
    mos.governance.rules.grant("bot", "read", CUBE)
    with MOS(token=token) as bot:
        assert bot.access(bot.vault("default")).may(Right.READ, memory)
        mos.governance.remove("bot")
        with pytest.raises(AccessDenied):
            bot.vault("default")
        with pytest.raises(AccessDenied):
            bot.list()


def test_nobody_acts_for_the_owner_by_a_token(mos: MOS) -> None:
    mos.add("sam's")
    token = mos.governance.add("bot", kind="agent").token
    vault = mos.vault("default")
    with vault.write("forged", "sam", mos.millis) as unit:
        unit.change("principal", "sam", {"kind": "agent", "token": vault.records("principal")["bot"]["token"]})
        unit.change("principal", "bot", {"gone": True})
    with MOS(token=token) as forged, pytest.raises(AccessDenied):
        forged.list()


def test_an_agent_that_switches_what_it_does_a_thousand_times_gains_nothing(mos: MOS, clock: Clock) -> None:
    memory = mos.get(mos.add("sam's").ids[0])
    mos.governance.add("bot", kind="agent")
    mos.governance.rules.grant("bot", "read", CUBE, Conditions(commands=("search",), purposes=("prompt",)))
    with MOS(principal="bot", clock=clock) as bot:
        vault = bot.vault("default")
        for number in range(1000):
            bot.command, bot.purpose = ("search", "list", "")[number % 3], ("prompt", "export", "", "fun")[number % 4]
            allowed = bot.access(vault).may(Right.READ, memory)
            assert allowed == ((bot.command, bot.purpose) == ("search", "prompt")), number
            assert not bot.access(vault).may(Right.WRITE, memory)
