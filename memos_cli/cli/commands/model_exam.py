"""The exam of a model in `memos model use`, and its card in `memos model info`."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from memos_cli.cli.app import App
from memos_cli.cli.progress import progress
from memos_cli.errors import MemosError, Refused
from memos_cli.operation.exam import cards

if TYPE_CHECKING:
    from memos_cli.config import Settings
    from memos_cli.operation.exam.cards import Card
    from memos_cli.operation.exam.grades import Sat
    from memos_cli.operation.exam.questions import ExamQuestion

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--exam/--no-exam", default=None, help="Examine the model anew, or not at all.  [default: once]"),
    click.option("--trust", is_flag=True, help="Let it answer whatever the exam says."),
)


class Wishes(NamedTuple):
    """What was said of the exam on the command line: whether it is wanted, whatever it finds, and without a question."""

    exam: bool | None
    trust: bool
    yes: bool


def options(function: Function) -> Function:
    """Add the options of the exam."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def settle(app: App, name: str, wishes: Wishes) -> "Card | None":
    """See to it that the model which was just chosen has a card, and say what the card says; `None` where it has none.

    Args:
        app: the invocation.
        name: the value of the setting `llm.model`.
        wishes: what the command line said.
    """
    settings = app.settings.given({"llm.model": name})
    chosen = cards.subject(settings, app.paths)
    if chosen is None:
        return None
    card = cards.of(chosen, app.paths)
    if wishes.exam or (card is None and wishes.exam is None and not wishes.trust):
        card = _examined(app, settings, name, yes=wishes.yes) or card
    elif card is None and not wishes.trust:
        _tell_unexamined(app, name, "it was not examined")
    if wishes.trust:
        card = cards.trust(chosen, app.paths, _now(app))
    if card is not None:
        _tell(app, name, card)
    return card


def _examined(app: App, settings: "Settings", name: str, *, yes: bool) -> "Card | None":
    """Examine a model; `None` where nothing came of it, which is told."""
    from memos_cli.operation.exam import child

    endpoint = settings.get("llm.endpoint")
    if endpoint:
        count = child.task(settings, app.paths).calls
        try:
            app.confirm(f"Put {count} questions, each a call, to {name} at {endpoint}?", yes=yes)
        except Refused:
            _tell_unexamined(app, name, f"it was not examined, which takes {count} calls and a yes (--yes)")
            return None
    try:
        with progress(app, f"examining {name}") as tell:
            done = child.examine(settings, app.paths, _now(app), tell, _weighed)
    except KeyboardInterrupt:
        _tell_unexamined(app, name, "the exam was stopped")
        return None
    except MemosError as error:
        _tell_unexamined(app, name, error.message)
        return None
    if done.card is None:
        seconds = settings.get("llm.exam_seconds")
        _tell_unexamined(
            app, name, f"{done.answered} answers in {seconds:.0f} seconds are too few to judge it by (setting llm.exam_seconds)"
        )
    elif done.late:
        app.note(f"the time was over after {done.card.asked} of the questions that examine it; these count")
    return done.card


def _weighed(question: "ExamQuestion", sat: "Sat") -> "Sat":
    """An answer of the exam as chat weighs it (`chat.guards`)."""
    from memos_cli.interface.chat import guards

    verdict = guards.judge(sat.text, question.question, question.memories, cut=not sat.whole, least=sat.least)
    return sat._replace(stands=verdict.stands, least=sat.least if verdict.chance is None else verdict.chance)


def _tell_unexamined(app: App, name: str, why: str) -> None:
    app.note(f"chat cites your memories instead of asking {name}: {why}; examine it with: memos model use {name} --exam")


def _tell(app: App, name: str, card: "Card") -> None:
    if not card.trusted:
        app.note(
            f"chat cites your memories instead of asking {name}: {card.why}; let it answer: memos model use {name} --trust"
        )
    elif card.by == "trust":
        app.note(f"chat asks {name}, whatever an exam says: {card.why}")
    else:
        app.note(f"chat asks {name}: {card.why}")


def lines(card: "Card | None") -> Iterator[tuple[str, str]]:
    """What `memos model info` shows of a card: names and texts."""
    if card is None:
        yield "exam", "none yet: chat does not ask this model"
        return
    yield "exam", f"{'chat asks it' if card.trusted else 'chat cites instead'}: {card.why}"
    if card.asked:
        yield (
            "answers",
            f"{card.right} right, {card.wrong} wrong, {card.refused} refused, {card.unsure} unsure, of {card.asked}",
        )
    from memos_cli.interface.chat import guards

    yield "layout", card.layout
    yield "sure from", f"{max(card.bar, guards.LEAST_CHANCE):.2f} (how likely an answer is right)"
    if card.tokens_per_second is not None and card.first_token_s is not None:
        yield "speed", f"{card.first_token_s:.2f} s to the first token, then {card.tokens_per_second:.0f} tokens a second"
    yield (
        "says so",
        {"exam": f"the exam of {card.at[:10]}", "trust": f"you, with --trust, {card.at[:10]}", "shipped": "memos"}[card.by],
    )


def _now(app: App) -> str:
    from memos_cli.times import to_text

    return to_text(app.now())
