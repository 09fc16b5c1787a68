"""Whether the model that is chosen may answer at all, by the card of its exam."""

from typing import TYPE_CHECKING

from memos_cli.operation import models
from memos_cli.operation.exam import cards

if TYPE_CHECKING:
    from memos_cli.operation.exam.cards import Card
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session


def card(session: "Session") -> "Card | None":
    """The card of the model that the settings name; `None` where it was never examined."""
    return cards.find(session.settings, session.paths)


def is_chosen(session: "Session") -> bool:
    """Whether the settings name a model; one that a program hands over itself is that program's choice."""
    return bool(session.settings.get("llm.endpoint")) or session.settings.get("llm.model") != models.NONE


def refusal(session: "Session", llm: "LLM", known: "Card | None") -> str | None:
    """Why a model with this card is not asked, with the command that changes it; `None` where it may answer."""
    if not is_chosen(session):
        return None
    name = session.settings.get("llm.model")
    if known is None:
        return f"{llm.name} was never examined, so your memories answer, word for word; examine it with: memos model use {name}"
    if not known.trusted:
        return f"{llm.name} did not do better than your memories by themselves, so these answer; see: memos model info {name}"
    return None
