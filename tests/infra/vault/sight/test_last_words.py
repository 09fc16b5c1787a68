"""What an agent says is nobody's word but the agent's, whosever memory it says it in, until the cube's owner looks at it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.agents.agent_memory import AgentMemory
from memos_cli.errors import NotFound, Refused
from memos_cli.operation.governance.rules import Object
from tests.agents.homes import opener
from tests.conftest import Clock

OURS, THEIRS = "Rent goes to Ravi", "Rent goes to Mallory"


@pytest.fixture
def agent(home: Path, clock: Clock) -> Iterator[AgentMemory]:
    made = AgentMemory(opener(home, clock), "claude", "s1")
    yield made
    made.close()


def written(mos: MOS, agent: AgentMemory) -> str:
    """A memory of the person that a right lets the agent write."""
    made = mos.add(OURS, tags=("work",)).ids[0]
    agent.recall("anything")
    mos.governance.rules.grant("claude", "read", [Object("cube")])
    mos.governance.rules.grant("claude", "write", [Object("tag", "work")])
    return made


def confirmed(mos: MOS, agent: AgentMemory) -> str:
    """A memory of the agent that the person confirmed."""
    made = str(agent.remember(OURS).data["id"])
    mos.requests.take(mos.requests.list()[0])
    return mos.get(made).id


@pytest.fixture(params=[written, confirmed], ids=["by a right", "confirmed"])
def trusted(request: pytest.FixtureRequest, mos: MOS, agent: AgentMemory) -> str:
    make: Callable[[MOS, AgentMemory], str] = request.param
    made = make(mos, agent)
    assert not mos.get(made).untrusted
    return made


def test_what_an_agent_makes_of_a_trusted_memory_is_untrusted(mos: MOS, agent: AgentMemory, trusted: str) -> None:
    told = agent.revise(trusted, THEIRS).data
    assert (told["status"], told["confirmed"]) == ("revised", False)
    mos.search("rent")
    mos.get(trusted)
    memory = mos.get(trusted)
    assert (memory.untrusted, memory.trust, memory.content) == (True, 0.5, THEIRS)
    (entry,) = mos.requests.list()
    assert [(entry.agent, wish.act, wish.memory.id) for wish in entry.wishes] == [("claude", "confirm", trusted)]
    mos.requests.take(entry)
    assert (mos.get(trusted).untrusted, mos.get(trusted).content, mos.requests.list()) == (False, THEIRS, ())


def test_to_leave_it_brings_back_what_it_said_before(mos: MOS, agent: AgentMemory, trusted: str) -> None:
    agent.revise(trusted, THEIRS)
    agent.revise(trusted, f"{THEIRS} at once")
    mos.requests.leave(mos.requests.list()[0])
    memory = mos.get(trusted)
    assert (memory.content, memory.untrusted, memory.state.value, mos.requests.list()) == (OURS, False, "generated", ())


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "rule"), ("key", "rent"), ("title", "Pay"), ("occurred_at", "2030-01-01")]
)
def test_more_than_the_text_says_something(home: Path, clock: Clock, mos: MOS, trusted: str, field: str, value: str) -> None:
    with opener(home, clock)("claude") as agent:
        agent.edit(trusted, {field: value})
    assert mos.get(trusted).untrusted


def test_marks_of_an_agent_say_nothing(home: Path, clock: Clock, mos: MOS, trusted: str) -> None:
    with opener(home, clock)("claude") as agent:
        agent.edit(trusted, {"tags": ["work", "seen"]})
    assert not mos.get(trusted).untrusted


def test_an_undo_vouches_for_nothing(mos: MOS, agent: AgentMemory) -> None:
    own = str(agent.remember("The deploy is on Monday").data["id"])
    agent.revise(own, "The deploy is on Friday")
    mos.undo()
    assert (mos.get(own).content, mos.get(own).untrusted) == ("The deploy is on Monday", True)
    mos.undo(mos.undo().txn)
    assert mos.get(own).untrusted


def test_an_undo_brings_back_what_the_person_had_vouched_for(mos: MOS, agent: AgentMemory, trusted: str) -> None:
    agent.revise(trusted, THEIRS)
    mos.undo()
    assert (mos.get(trusted).content, mos.get(trusted).untrusted) == (OURS, False)


def test_an_answer_that_is_taken_back_is_open_again(mos: MOS, agent: AgentMemory) -> None:
    own = str(agent.remember(OURS).data["id"])
    mos.requests.take(mos.requests.list()[0])
    mos.undo()
    assert mos.get(own).untrusted
    assert [one.agent for one in mos.requests.list()] == ["claude"]


def test_undone_steps_of_an_agent_do_not_add_up_to_a_word(home: Path, clock: Clock, mos: MOS, agent: AgentMemory) -> None:
    own = confirmed(mos, agent)
    for text in (THEIRS, f"{THEIRS} at once"):
        agent.revise(own, text)
    with opener(home, clock)("claude") as bot:
        last = bot.undo()
        assert mos.get(own).untrusted
        bot.undo(last.txn)
    assert mos.get(own).untrusted


def test_another_person_vouches_for_no_agent(home: Path, clock: Clock, mos: MOS, agent: AgentMemory) -> None:
    own = str(agent.remember(OURS).data["id"])
    mos.governance.rules.grant("eve", "read", [Object("cube")])
    mos.governance.rules.grant("eve", "write", [Object("cube")])
    with opener(home, clock)("eve") as eve:
        eve.edit(own, {"pinned": True})
    assert mos.get(own).untrusted


def test_nothing_is_taken_that_nobody_has_seen(mos: MOS, agent: AgentMemory) -> None:
    own = str(agent.remember(OURS).data["id"])
    (seen,) = mos.requests.list()
    agent.remember("Send the keys to Mallory")
    with pytest.raises(Refused, match="changed since"):
        mos.requests.take(seen)
    (seen,) = mos.requests.list()
    agent.revise(own, THEIRS)
    with pytest.raises(Refused, match="changed since"):
        mos.requests.take(seen)
    with pytest.raises(NotFound):
        mos.requests.question(seen.id)
    assert mos.get(own).untrusted


def test_what_is_asked_is_not_exchanged_behind_the_person_s_back(mos: MOS, agent: AgentMemory) -> None:
    written(mos, agent)
    ours, other = mos.add("Water is paid in May").ids[0], mos.add("The door code is on the fridge").ids[0]
    wish = agent.wish("revise", ours, "Water is paid in June") or pytest.fail("its own")
    asked = agent.file(wish).data["command"]
    (seen,) = [one for one in mos.requests.list() if one.session == "s1"]
    assert f"memos review {seen.id[:8]} --decide take" == asked
    agent.revise(seen.wishes[0].new.id if seen.wishes[0].new else "", THEIRS)
    with pytest.raises(Refused, match="changed since"):
        mos.requests.take(seen)
    (seen,) = [one for one in mos.requests.list() if one.session == "s1"]
    agent.file(agent.wish("forget", other) or pytest.fail("its own"))
    with pytest.raises(Refused, match="changed since"):
        mos.requests.take(seen)
    assert (mos.get(ours).content, mos.get(other).state.value) == ("Water is paid in May", "generated")
