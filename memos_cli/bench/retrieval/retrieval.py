"""Asks the questions of a set as `memos search` would be asked, and looks where the evidence is among the hits."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.operation.operator.ranking.features import PARTS
from memos_cli.operation.results import Found, Query

if TYPE_CHECKING:
    from memos_cli.bench.homes import Home
    from memos_cli.bench.qa.sets import Conversation, Question
    from memos_cli.interface.api import MOS

DEPTH = 20
"""How many hits are looked at."""
_AT_ONCE = 50
"""Questions of a batch, after which progress is told."""


class Retrieved(NamedTuple):
    """What a search found for one question.

    Attributes:
        relevant: external ids of the memories that hold the answer; none where nothing here answers.
        found: external ids of the hits, best first, whether the floor lets them through or not; `None` for one without.
        scores: the probabilities that the hits answer, as they are shown.
        answered: whether the floor lets the hits through.
        mode: `hybrid` or `lexical`.
        bare: for each part of the score the external ids of the hits without it; empty unless that was asked for.
    """

    conversation: str
    category: str | None
    relevant: frozenset[str]
    found: tuple[str | None, ...]
    scores: tuple[float, ...]
    answered: bool
    mode: str
    notices: tuple[str, ...] = ()
    bare: dict[str, tuple[str | None, ...]] = {}  # noqa: RUF012 -- the fields of a NamedTuple are no class variables

    @property
    def answerable(self) -> bool:
        """Whether anything here answers the question."""
        return bool(self.relevant)


def run(
    home: "Home",
    conversations: "Sequence[Conversation]",
    *,
    lexical: bool = False,
    ablate: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> list[Retrieved]:
    """Ask every question of the home that knows only the question's conversation.

    Args:
        home: where the conversations are loaded, one after another.
        conversations: the sets with their questions.
        lexical: search by words alone.
        ablate: search once more without each part of the score.
        tell: called with how many questions were asked so far, those of `ablate` among them.

    Raises:
        UsageError: a line of a conversation is no memory.
        ModelUnavailable: the embedder cannot be run.
    """
    outcomes: list[Retrieved] = []
    asked = 0
    for conversation in conversations:
        with home.loaded(conversation.memories) as mos:
            for start in range(0, len(conversation.questions), _AT_ONCE):
                batch = conversation.questions[start : start + _AT_ONCE]
                answers = _search(mos, batch, lexical=lexical)
                tell(asked := asked + len(batch))
                bare: dict[str, list[Found]] = {}
                for part in PARTS if ablate else ():
                    bare[part] = _search(mos, batch, lexical=lexical, without=(part,))
                    tell(asked := asked + len(batch))
                outcomes += [
                    _outcome(conversation.name, question, found, {part: told[place] for part, told in bare.items()})
                    for place, (question, found) in enumerate(zip(batch, answers, strict=True))
                ]
    return outcomes


def _search(mos: "MOS", batch: "Sequence[Question]", *, lexical: bool, without: Sequence[str] = ()) -> list[Found]:
    queries = [Query(question.text) for question in batch]
    return mos.search_many(queries, k=DEPTH, lexical=lexical, all_hits=True, without=without)


def _outcome(conversation: str, question: "Question", found: Found, bare: dict[str, Found]) -> Retrieved:
    return Retrieved(
        conversation,
        question.category,
        frozenset(question.relevant),
        _ids(found),
        tuple(hit.score for hit in found.hits),
        bool(found.hits) and not found.nearest,
        found.mode,
        found.notices,
        {part: _ids(one) for part, one in bare.items()},
    )


def _ids(found: Found) -> tuple[str | None, ...]:
    return tuple(hit.memory.external_id for hit in found.hits)
