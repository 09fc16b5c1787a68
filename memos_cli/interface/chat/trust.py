"""Whether the model that is chosen may answer at all, by the card of its exam."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from memos_cli.ports import LLM
    from memos_cli.session import Session


class Card(Protocol):
    """What chat reads of the card of a model's exam."""

    @property
    def trusted(self) -> bool:
        """Whether the model did better than the memories by themselves, or a person vouched for it."""

    @property
    def bar(self) -> float:
        """The least probability of an answer's least likely token from which it is trusted; 0 where none was found."""


class _Unexamined:
    """The card of every model as long as there are no exams: it may answer, and has no bar."""

    trusted = True
    bar = 0.0


def card(session: "Session") -> Card | None:  # noqa: ARG001 -- the settings and the folders of the session name the model
    """The card of the model that the settings name; `None` where it was never examined."""
    return _Unexamined()


def is_chosen(session: "Session") -> bool:
    """Whether the settings name a model; one that a program hands over itself is that program's choice."""
    from memos_cli.operation.models import NONE

    return bool(session.settings.get("llm.endpoint")) or session.settings.get("llm.model") != NONE


def refusal(session: "Session", llm: "LLM") -> str | None:
    """Why a model is not asked, with the command that changes it; `None` where it may answer."""
    if not is_chosen(session):
        return None
    known = card(session)
    if known is None:
        return f"{llm.name} was never examined, so your memories answer, word for word; examine it with: memos model use NAME"
    if not known.trusted:
        return f"{llm.name} did not do better than your memories by themselves, so these answer; see: memos model info"
    return None
