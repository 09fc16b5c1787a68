"""What the person says in talks that are brought in, as memories of their own beside the turns.

Of an old talk nothing ends a memory by its words: what it tells holds since it was said, and where it may end something, a
question asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memos_cli.errors import ModelUnavailable
from memos_cli.interface.reader.extraction import Extractor
from memos_cli.model import Draft, Kind
from memos_cli.operation.changes import cleaned_draft

if TYPE_CHECKING:
    from memos_cli.interface.reader.reader import Reader
    from memos_cli.session import Session

_PERSON = "user"
"""What the person is called in the talks with a model."""


class FactFinder:
    """Finds facts, preferences, events and procedures in the turns of the person.

    Args:
        extractor: finds them in any text.
        names: what the person is called in a source.
        now: the time.
    """

    def __init__(self, extractor: Extractor, names: Sequence[str], now: str) -> None:
        self._extractor, self._now = extractor, now
        self._names = frozenset(name.casefold() for name in (_PERSON, *names))

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices for the person, a line each."""
        return self._extractor.notices

    def of(self, drafts: Sequence[Draft]) -> list[tuple[int, Draft]]:
        """What the drafts say, each with the place of its draft. A turn without a time tells nothing of any time."""
        places = [place for place, draft in enumerate(drafts) if self._is_told(draft)]
        found = self._extractor.derive([drafts[place] for place in places], self._now).derived if places else ()
        return [(places[at], _since_told(fact, drafts[places[at]])) for at, fact in found]

    def _is_told(self, draft: Draft) -> bool:
        speaker = (draft.source.speaker or "").casefold()
        return draft.kind is Kind.EPISODE and draft.occurred_at is not None and speaker in self._names


def _since_told(fact: Draft, turn: Draft) -> Draft:
    """A fact that holds since it was said; an event without a day happened on that one. A guess at its attribute ends nothing.

    Like what the person types it names no speaker, so that it is compared with that.
    """
    happened, start = fact.occurred_at, fact.valid_from
    if fact.kind is Kind.EVENT:
        happened = happened or turn.occurred_at
    elif start is None and happened is None and (fact.valid_to is None or (turn.occurred_at or "") <= fact.valid_to):
        start = turn.occurred_at
    return cleaned_draft(
        fact._replace(
            key=None, occurred_at=happened, valid_from=start, labels=_joined(fact, turn), given=frozenset(),
            source=fact.source._replace(speaker=None),
        )
    )  # fmt: skip


def _joined(fact: Draft, turn: Draft) -> tuple[str, ...]:
    """The labels of both; that something in a turn is a secret does not make all of it one."""
    return tuple(dict.fromkeys((*fact.labels, *(label for label in turn.labels if label != "secret"))))


@contextmanager
def finder(session: "Session", reader: "Reader", names: Sequence[str]) -> Iterator[FactFinder]:
    """What finds facts: by rules, or by the model where the settings say so (`llm.extract` is `model`).

    Raises:
        ModelUnavailable: the settings say so, and none is chosen.
    """
    llm = None
    if session.settings.get("llm.extract") == "model":
        from memos_cli.operation import models

        llm = models.chosen(session.settings, session.paths)
        if llm is None:
            raise ModelUnavailable("llm.extract is model, and no model is chosen", hint="memos model use NAME|PATH")
    try:
        yield FactFinder(Extractor(llm, reader, _may_be_asked(session)), (session.person, *names), session.now)
    finally:
        if llm is not None:
            llm.close()


def _may_be_asked(session: "Session") -> Callable[[Draft], bool]:
    """Whether a model may be told of a draft, by its labels and the policy of the cube that it goes to."""
    from memos_cli.infra.governance import labels

    rules: Mapping[str, Any] = next((vault.policy for vault in session.vaults()), {})
    return lambda draft: labels.may_go(draft.labels, labels.Whither.PROMPT, rules)
