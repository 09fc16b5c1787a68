"""Whether the model chosen is asked at all, and what an answer without a card costs."""

from typing import NamedTuple

import pytest

from memos_cli import MOS
from memos_cli.interface.chat import trust
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
