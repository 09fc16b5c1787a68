"""In a conversation: what a statement replaced is said, and where that is not certain the person is asked."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError
from memos_cli.infra.vault.references.references import SHOWN
from memos_cli.model import Memory
from memos_cli.operation.operator.dedupe.review import Item, Review
from memos_cli.operation.results import Answered

if TYPE_CHECKING:
    from memos_cli.session import Session

_YES = re.compile(
    r"(?i)(?:yes|yep|yeah|sure|right|correct|ok(?:ay)?|ja|oui|s[ií]|replace it)(?:[,.! ]+(?:please|it does|do))*[.! ]*"
)
_NO = re.compile(r"(?i)(?:no|nope|nein|non|nee|keep both|both)(?:[,.! ]+(?:thanks|thank you|keep both|both))*[.! ]*")


class Ended(NamedTuple):
    """What the memories of a message superseded, and the ids of the questions that they raised."""

    superseded: Sequence[str] = ()
    questions: Sequence[str] = ()


class Replacing:
    """Tells what a message replaced, asks where that is not certain, and takes a yes or no for the answer.

    Args:
        session: who speaks.
        shown: the content of a memory as it may be shown.
    """

    def __init__(self, session: "Session", shown: Callable[[Memory], str]) -> None:
        self._session = session
        self._shown = shown
        self._open: list[Item] = []

    def decided(self, message: str) -> str | None:
        """What to say to a yes or no; `None` where nothing was asked, or the message is another one: then `review` asks on."""
        asked, self._open = self._open, []
        decision = "supersede" if _YES.fullmatch(message) else "keep" if _NO.fullmatch(message) else None
        if not asked or decision is None:
            return None
        try:
            Review(self._session).decide(asked[0].id, decision)
        except MemosError as error:
            return f"I leave it as it is: {error.message}."
        self._open = asked[1:]
        known = self._shown(asked[0].earlier)
        said = f"Replaced: {known}" if decision == "supersede" else f"I keep both: {known}"
        return f"{said}\n{self._question(self._open[0], once=False)}" if self._open else said

    def told(self, result: Answered, ended: Ended, *, once: bool, tell: Callable[[str], None]) -> Answered:
        """An answer with what the message replaced, and the first question, behind it.

        Args:
            once: whether nobody can answer, so that the commands that do are named.
            tell: receives what is added, if a model's answer was told piece by piece.
        """
        review = Review(self._session)
        self._open += [review.question(one) for one in ended.questions]
        gone = [self._session.writable().get(identity) for identity in ended.superseded]
        said = [f"That replaces \u201c{self._shown(memory)}\u201d." for memory in gone]
        said += [self._question(item, once=once) for item in (self._open if once else self._open[:1])]
        if not said:
            return result
        more = "".join(f"\n{line}" for line in said)
        if result.mode == "generated":
            tell(more)
        return result._replace(answer=result.answer + more)

    def _question(self, item: Item, *, once: bool) -> str:
        asked = f"Shall this replace \u201c{self._shown(item.earlier)}\u201d?"
        return (
            f"{asked} Answer with: memos review {item.id[:SHOWN]} --decide supersede, or keep"
            if once
            else f"{asked} Yes or no?"
        )
