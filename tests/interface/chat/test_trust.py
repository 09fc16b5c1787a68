"""Whether the model chosen is asked at all, and what an answer without a card costs."""

from pathlib import Path
from typing import NamedTuple

import pytest

from memos_cli import MOS
from memos_cli.interface.chat import trust
from memos_cli.model import Filter, Kind, Origin, Source
from tests.agents.homes import opener
from tests.conftest import Clock
from tests.fakes import Scripted


class Card(NamedTuple):
    """What chat reads of a card."""

    trusted: bool
    bar: float = 0.0


def chosen(mos: MOS, monkeypatch: pytest.MonkeyPatch, card: Card | None) -> None:
    monkeypatch.setattr(mos, "settings", mos.settings.given({"llm.model": "memos-mini"}))
    monkeypatch.setattr(trust, "card", lambda _: card)


@pytest.mark.parametrize(
    ("card", "told", "command"),
    [(None, "never examined", "memos model use memos-mini"), (Card(trusted=False), "did not do better", "memos model info")],
)
def test_a_model_that_is_not_trusted_is_not_asked(
    mos: MOS, monkeypatch: pytest.MonkeyPatch, card: Card | None, told: str, command: str
) -> None:
    home = mos.add("I live in Porto").ids[0]
    chosen(mos, monkeypatch, card)
    llm = Scripted("You live in Porto.")
    result = mos.conversation(llm).ask("Where do I live?")
    assert (llm.asked, result.answer, result.mode, result.cited) == ([], "I live in Porto", "extractive", (home,))
    (notice,) = result.notices
    assert told in notice
    assert command in notice
    assert result.reason == notice


def test_who_only_tells_something_hears_nothing_of_it(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(mos, monkeypatch, None)
    result = mos.conversation(Scripted()).ask("My sister Ana lives in Leeds.")
    assert (result.answer, result.notices) == ("I will remember that.", ())


def test_a_trusted_model_answers_above_the_bar_of_its_card(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    mos.add("I live in Porto")
    for bar, mode in ((0.5, "generated"), (0.9, "extractive")):
        chosen(mos, monkeypatch, Card(trusted=True, bar=bar))
        assert mos.conversation(Scripted("In Porto.", logprob=-0.3), save=False).ask("Where do I live?").mode == mode


def test_a_model_that_a_program_hands_over_needs_no_card(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    mos.add("I live in Porto")
    monkeypatch.setattr(trust, "card", lambda _: None)
    assert mos.conversation(Scripted("In Porto.")).ask("Where do I live?").mode == "generated"


def test_an_answer_about_somebody_else_is_not_shown(mos: MOS) -> None:
    mos.add("Oma Truus is allergic to penicillin")
    shown: list[str] = []
    result = mos.conversation(Scripted("Yes.")).ask("Is my daughter allergic to penicillin?", shown.append)
    assert (result.mode, shown) == ("extractive", [])
    assert result.answer != "Yes."
    assert result.reason == "no memory says yes or no to that for certain"
    assert "is not shown" in result.notices[0]


# -- what nobody vouched for


@pytest.fixture
def planted(mos: MOS, home: Path, clock: Clock) -> str:
    """What the person told, and beside it what an agent told."""
    mos.add("My bank account is NL01 RABO", key="bank")
    mos.governance.add("claude", kind="agent")
    clock.forward(days=1)
    with opener(home, clock)("claude") as agent:
        return agent.add("My bank account is NL66 MULE\n2026-03-02 My bank account is NL66 MULE").ids[0]


def test_what_an_agent_wrote_is_cited_as_unconfirmed_and_on_one_line(mos: MOS, planted: str) -> None:
    result = mos.conversation(save=False).ask("What is my bank account?")
    assert planted in result.cited
    assert [line.startswith("(unconfirmed) ") for line in result.answer.splitlines() if "NL66" in line] == [True]
    assert "My bank account is NL01 RABO" in result.answer.splitlines()


def test_no_model_is_shown_what_an_agent_wrote_and_nobody_confirmed(mos: MOS, planted: str) -> None:
    llm = Scripted("NL66 MULE", "NL01 RABO")
    talk = mos.conversation(llm, save=False)
    assert talk.ask("What is my bank account?").mode == "extractive"
    assert talk.ask("What is my bank account?").answer == "NL01 RABO"
    assert "NL66" not in str(llm.asked[0].messages)
    mos.edit(planted, {"pinned": True})
    llm = Scripted("NL66 MULE")
    mos.conversation(llm, save=False).ask("What is my bank account?")
    assert "NL66" in str(llm.asked)


def test_where_a_model_knows_nothing_the_unconfirmed_is_cited(mos: MOS, planted: str) -> None:
    mos.delete(mos.list(Filter(at=mos.now, key="bank"))[0].id)
    result = mos.conversation(Scripted("I don't know that yet."), save=False).ask("What is my bank account?")
    assert (result.cited, result.answer[:14]) == ((planted,), "(unconfirmed) ")


def test_the_words_of_others_are_cited_as_theirs(mos: MOS) -> None:
    said = Source(conversation="c", speaker="Mallory", turn=1)
    mos.add("My bank account is NL66 MULE", kind=Kind.EPISODE, source=said, origin=Origin.CONVERSATION)
    assert mos.conversation(save=False).ask("What is my bank account?").answer == "Mallory: My bank account is NL66 MULE"


def test_what_came_with_a_file_does_not_stand_in_place_of_what_was_told(mos: MOS) -> None:
    mos.add("My rent is 870 euros")
    for number in range(4):
        mos.add(f"How much is my rent? My rent is {9500 + number} euros", origin=Origin.IMPORT, external_id=f"x{number}")
    assert "My rent is 870 euros" in mos.conversation(save=False).ask("How much is my rent?").answer.splitlines()


def test_no_model_answers_with_what_a_file_says_against_what_was_told(mos: MOS, clock: Clock) -> None:
    mos.add("My emergency contact is my sister Ingrid")
    clock.forward(days=30)
    lie = "Correction: My emergency contact is Victor Krell, not my sister Ingrid."
    mos.add(lie, origin=Origin.IMPORT, external_id="x")
    result = mos.conversation(Scripted("Victor Krell"), save=False).ask("Who is my emergency contact?")
    assert result.mode == "extractive"
    assert "My emergency contact is my sister Ingrid" in result.answer.splitlines()
    assert mos.conversation(Scripted("My sister Ingrid"), save=False).ask("Who is my emergency contact?").mode == "generated"


def test_of_what_files_brought_the_later_counts(mos: MOS) -> None:
    mos.add("I like tea")
    for day, value in (("2026-01-05", "870"), ("2026-02-06", "1125")):
        mos.add(f"My rent is {value} euros", origin=Origin.IMPORT, external_id=value, occurred_at=day)
    assert mos.conversation(Scripted("1125 euros"), save=False).ask("How much is my rent?").mode == "generated"
    assert mos.conversation(Scripted("870 euros"), save=False).ask("How much is my rent?").mode == "extractive"
