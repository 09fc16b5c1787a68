from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.errors import NotFound, Refused, UsageError
from memos_cli.infra.governance.access import Right
from memos_cli.model import Draft, Memory, Visibility
from memos_cli.operation.governance.overview import AccessTo
from memos_cli.operation.governance.rules import Conditions, Object, Ruled
from tests.trials import trials

WORK, CUBE = Object("tag", "work"), Object("cube")


@pytest.fixture
def notes(mos: MOS) -> dict[str, Memory]:
    """root's notes, by their words; `sam` is root."""
    tagged = {"work": ("Work",), "home": ("home",), "open": ("work",)}
    for name, tags in tagged.items():
        level = Visibility.PUBLIC if name == "open" else Visibility.PRIVATE
        mos.add(drafts=[Draft(name, tags=tags, visibility=level)])
    return {memory.content: memory for memory in mos.list()}


def grant(mos: MOS, name: str, right: str, *objects: Object, **when: Any) -> Ruled:
    return mos.governance.rules.grant(name, right, objects or (WORK,), Conditions(**when))


def revoke(mos: MOS, name: str, right: str, *objects: Object, **when: Any) -> Ruled:
    return mos.governance.rules.revoke(name, right, objects or (WORK,), Conditions(**when))


def may(mos: MOS, name: str, right: str, memory: Memory) -> bool:
    return mos.access(mos.vault("default"), name).may(Right(right), memory)


def test_after_a_grant_it_is_allowed_and_after_a_revocation_it_is_not(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.governance.add("bot", kind="agent")
    done = grant(mos, "bot", "read")
    assert (done.memories, len(done.made), done.known, done.registered) == (2, 1, (), False)
    assert [may(mos, "bot", "read", notes[name]) for name in ("work", "home", "open")] == [True, False, True]
    assert not may(mos, "bot", "write", notes["work"])
    assert grant(mos, "bot", "read").known == done.made, "nothing is written twice"
    taken = revoke(mos, "bot", "read")
    assert taken.ended == done.made
    assert taken.made == (), "nothing else allows it, so that nothing has to be denied"
    assert not may(mos, "bot", "read", notes["work"])
    grant(mos, "bot", "read")
    assert may(mos, "bot", "read", notes["work"])


def test_what_something_wider_allows_is_denied(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.governance.add("eve", groups=["family"])
    grant(mos, "family", "read", CUBE)
    done = revoke(mos, "eve", "read")
    assert [rule.deny for rule in done.made] == [True]
    assert [rule.to for rule in done.other] == ["family"]
    assert [may(mos, "eve", "read", notes[name]) for name in ("work", "home", "open")] == [False, True, False]
    again = grant(mos, "eve", "read")
    assert again.ended == done.made, "a grant of the same object ends the denial"
    assert may(mos, "eve", "read", notes["open"])


def test_what_is_public_is_denied_too(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.governance.add("eve")
    assert may(mos, "eve", "read", notes["open"])
    assert [rule.deny for rule in revoke(mos, "eve", "read").made] == [True]
    assert not may(mos, "eve", "read", notes["open"])
    assert revoke(mos, "eve", "write").made == (), "visibility lets nobody write"


def test_a_grant_says_by_which_rule_something_stays_denied(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.governance.add("eve", groups=["family"])
    denial = revoke(mos, "family", "read", Object("memory", notes["open"].id[:8])).made
    assert [rule.name for rule in denial] == [notes["open"].id]
    assert grant(mos, "eve", "read", CUBE).other == denial
    assert grant(mos, "eve", "read", Object("memory", notes["work"].id)).other == (), "another memory"
    assert not may(mos, "eve", "read", notes["open"])


def test_conditions_hold_for_what_they_are_said_of(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.governance.add("bot", kind="agent")
    grant(mos, "bot", "read", until="2026-03-03T00:00:00.000Z")
    grant(mos, "bot", "read", until="2026-03-04T00:00:00.000Z")
    assert len(mos.governance.overview.list()) == 2
    taken = revoke(mos, "bot", "read", purposes=("export",))
    assert taken.ended == ()
    assert len(taken.other) == 2
    assert may(mos, "bot", "read", notes["work"])
    with mos.reading_for("export"):
        assert not may(mos, "bot", "read", notes["work"])
    revoke(mos, "bot", "read")
    assert not may(mos, "bot", "read", notes["work"])
    assert [rule.deny for rule in mos.governance.overview.list()] == [True]


def test_one_command_is_one_step_that_undo_takes_back(mos: MOS, notes: dict[str, Memory]) -> None:
    done = grant(mos, "eve", "read", WORK, Object("memory", notes["home"].id))
    assert (done.registered, len(done.made)) == (True, 2)
    assert mos.timeline.commands(1)[0]["what"] == "eve may read what has the tag work"
    mos.undo()
    assert mos.governance.overview.list() == ()
    assert mos.governance.list() == ()
    mos.undo(mos.timeline.commands(1)[0]["txn"])
    assert may(mos, "eve", "read", notes["home"])
    revoke(mos, "eve", "read")
    assert mos.timeline.commands(1)[0]["what"] == "eve may not read what has the tag work"
    mos.undo()
    assert may(mos, "eve", "read", notes["work"])


def test_a_dry_run_says_the_same_and_changes_nothing(mos: MOS, notes: dict[str, Memory]) -> None:
    before = len(mos.timeline.commands(99))
    done = mos.governance.rules.grant("eve", "read", [WORK], dry_run=True)
    assert (done.txn, done.registered, len(done.made)) == (None, True, 1)
    assert not may(mos, "eve", "read", notes["work"])
    grant(mos, "eve", "read")
    assert len(mos.governance.rules.revoke("eve", "read", [WORK], dry_run=True).ended) == 1
    assert may(mos, "eve", "read", notes["work"])
    assert len(mos.timeline.commands(99)) == before + 1


def test_only_the_cubes_owner_rules_and_nothing_binds_the_owner(mos: MOS, notes: dict[str, Memory]) -> None:
    with MOS(principal="eve") as eve:
        for act in (eve.governance.rules.grant, eve.governance.rules.revoke):
            with pytest.raises(Refused, match="the cube belongs to sam"):
                act("eve", "read", [CUBE])
        with pytest.raises(Refused):
            eve.governance.overview.list()
        with pytest.raises(Refused):
            eve.governance.overview.of_principal("sam")
        assert eve.governance.overview.of_principal("eve").rules == ()
        assert {one.principal for one in eve.governance.overview.of_memory(notes["open"].id).who} == {"eve"}
    with pytest.raises(Refused, match="sam owns the cube"):
        revoke(mos, "sam", "read", CUBE)


@pytest.mark.usefixtures("notes")
def test_what_cannot_be_is_said(mos: MOS) -> None:
    mos.governance.add("maren", groups=["family"])
    with pytest.raises(NotFound, match="no principal or group is called 'Marne'") as slip:
        grant(mos, "Marne", "read")
    assert slip.value.hint == "did you mean maren? Somebody new: memos principal add Marne"
    with pytest.raises(NotFound, match="called 'famly'"):
        revoke(mos, "famly", "read")
    with pytest.raises(NotFound, match="no view 'wrok'"):
        grant(mos, "maren", "read", Object("view", "wrok"))
    with pytest.raises(NotFound, match="no memory 'zzz'"):
        grant(mos, "maren", "read", Object("memory", "zzz"))
    for wrong in ({"purposes": ("fun",)}, {"hours": "25-26"}, {"until": "2020-01-01T00:00:00.000Z"}):
        with pytest.raises(UsageError):
            grant(mos, "maren", "read", **wrong)
    with pytest.raises(UsageError, match="no right"):
        grant(mos, "maren", "fly")
    with pytest.raises(UsageError, match="on what"):
        mos.governance.rules.grant("maren", "read", [])


def test_a_view_means_what_it_now_filters(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.pipeline.save_record("view", "Job", {"tags": ["work"]})
    mos.governance.add("bot", kind="agent")
    assert grant(mos, "bot", "read", Object("view", "JOB")).memories == 2
    assert may(mos, "bot", "read", notes["work"])
    mos.pipeline.save_record("view", "Job", {"tags": ["home"]})
    assert [may(mos, "bot", "read", notes[name]) for name in ("work", "home")] == [False, True]
    mos.pipeline.remove_record("view", "Job")
    assert not may(mos, "bot", "read", notes["home"])


def who(found: AccessTo) -> dict[tuple[str, str], str]:
    return {(one.principal, one.right): one.may for one in found.who}


def test_access_to_a_memory_names_everybody_and_the_rule(mos: MOS, notes: dict[str, Memory]) -> None:
    mos.governance.add("bot", kind="agent")
    mos.governance.add("eve", groups=["family"])
    made = grant(mos, "bot", "read", purposes=("prompt",)).made[0]
    grant(mos, "family", "write")
    revoke(mos, "eve", "read", hours="22:00-06:00")
    found = mos.governance.overview.of_memory(notes["open"].id)
    assert who(found) == {
        **{("sam", right.value): "yes" for right in Right}, ("bot", "read"): "at times", ("eve", "read"): "at times",
        ("eve", "write"): "yes",
    }  # fmt: skip
    assert next(one.why for one in found.who if one.principal == "bot") == (
        f"by rule {made.id[:8]}: tag work, to bot, for prompt",
    )
    assert [(one.right, one.may) for one in found.others] == [("read", "yes")]
    assert mos.governance.overview.of_memory(notes["work"].id).others == ()


@pytest.mark.usefixtures("notes")
def test_access_of_a_principal_counts_what_it_may_do_now(mos: MOS) -> None:
    mos.governance.add("bot", kind="agent", groups=["tools"])
    grant(mos, "tools", "read")
    grant(mos, "bot", "write", CUBE)
    bot = mos.governance.overview.of_principal("bot")
    assert (bot.kind, bot.groups, bot.registered, len(bot.rules)) == ("agent", ("tools",), True, 2)
    assert bot.memories == {"read": 2, "write": 3, "share": 0, "erase": 0, "reveal": 0}
    tools = mos.governance.overview.of_principal("tools")
    assert (tools.kind, tools.groups, len(tools.rules)) == ("group", ("bot",), 1)
    with pytest.raises(NotFound):
        mos.governance.overview.of_principal("nobody")
    assert mos.governance.overview.of_principal("sam").kind == "owner"


_steps = st.tuples(
    st.sampled_from(["grant", "revoke"]),
    st.sampled_from(["eve", "family"]),
    st.sampled_from(["read", "write"]),
    st.sampled_from([WORK, CUBE, Object("tag", "home"), Object("kind", "note")]),
    st.sampled_from([{}, {}, {"purposes": ("export",)}, {"commands": ("search",)}]),
)


@settings(max_examples=trials(8, 25))
@given(steps=st.lists(_steps, min_size=1, max_size=8))
def test_whatever_came_before_the_last_word_counts(mos: MOS, steps: list[tuple[Any, ...]]) -> None:
    """After a revocation nothing of the object is allowed; after a grant all of it is, but for what the answer names."""
    if not mos.shelf.names():
        mos.add(drafts=[Draft("a", tags=("work",)), Draft("b", tags=("home",), visibility=Visibility.PUBLIC)])
        mos.governance.add("eve", groups=["family"])
        mos.governance.add("maren", groups=["family"])
    vault, memories = mos.vault("default"), mos.list()
    with vault.write("test", "sam", mos.millis) as unit:
        for identity, fields in vault.records("rule").items():
            if not fields.get("ended") or fields.get("bars"):
                unit.change("rule", identity, {"ended": True, "bars": None})
    for act, name, right, about, when in steps:
        done = getattr(mos.governance.rules, act)(name, right, [about], Conditions(**when))
        mos.command, mos.purpose = *when.get("commands", ("list",)), *when.get("purposes", ("",))
        for memory in memories:
            concerned = about in {CUBE, Object("kind", "note")} or about.name in memory.tags
            if concerned and act == "revoke":
                assert not may(mos, "eve", right, memory), memory
            elif concerned and not done.other:
                assert may(mos, "maren" if name == "family" else "eve", right, memory), memory
    mos.command = mos.purpose = ""
