"""A change that is told in a conversation: it is said what it replaces, or a question is put, which a yes or no answers."""

import pytest

from memos_cli import MOS
from memos_cli.interface.chat import tenses
from memos_cli.interface.reader.reader import Reader
from memos_cli.model import Kind
from tests.conftest import Clock
from tests.fakes import Scripted


def contents(mos: MOS) -> set[str]:
    return {one.content for one in mos.list() if one.kind is not Kind.EPISODE}


@pytest.mark.parametrize(
    ("answer", "reply", "left"),
    [
        ("yes", "Replaced: I am vegan now", {"Actually I eat meat now"}),
        ("Yes, please.", "Replaced: I am vegan now", {"Actually I eat meat now"}),
        ("no", "I keep both: I am vegan now", {"I am vegan now", "Actually I eat meat now"}),
    ],
)
def test_a_yes_or_no_answers(mos: MOS, clock: Clock, answer: str, reply: str, left: set[str]) -> None:
    mos.add("I am vegan now")
    clock.forward(hours=1)
    talk = mos.conversation()
    said = talk.ask("Actually I eat meat now", stoppable=True).answer
    assert said == "I will remember that.\nShall this replace \u201cI am vegan now\u201d? Yes or no?"
    clock.forward(hours=1)
    assert talk.ask(answer, stoppable=True).answer == reply
    assert contents(mos) == left
    assert mos.review.list() == ()


def test_another_message_leaves_the_question_to_review(mos: MOS, clock: Clock) -> None:
    mos.add("I am vegan now")
    clock.forward(hours=1)
    talk = mos.conversation()
    talk.ask("Actually I eat meat now", stoppable=True)
    talk.ask("What is my bank?", stoppable=True)
    assert "Replaced" not in talk.ask("yes", stoppable=True).answer
    assert len(mos.review.list()) == 1


def test_what_is_certain_is_said(mos: MOS, clock: Clock) -> None:
    mos.add("I drive a Skoda")
    clock.forward(hours=1)
    assert (
        mos.conversation().ask("I sold the Skoda").answer == "I will remember that.\nThat replaces \u201cI drive a Skoda\u201d."
    )
    assert contents(mos) == {"I sold the Skoda"}


def test_a_model_is_not_shown_what_is_over(mos: MOS, clock: Clock) -> None:
    mos.add("I used to live in York")
    clock.forward(hours=1)
    model = Scripted("I don't know that yet.", "In York.")
    talk = mos.conversation(model)
    talk.ask("Where do I live?")
    assert "used to live" not in model.prompt
    talk.ask("Where did I live before?")
    assert "used to live" in model.prompt


@pytest.mark.parametrize(
    "message",
    [
        "Thanks, that helps",
        "I think so too",
        "I will try that later",
        "You no longer need to answer in French",
        "Do I still use Python 3.12 only?",
        "I would like a longer answer",
        "I see what you mean",
    ],
)
def test_talk_is_not_kept(message: str) -> None:
    assert tenses.told(message, "2026-03-02T12:00:00.000Z", lambda _: False, Reader()) == []
