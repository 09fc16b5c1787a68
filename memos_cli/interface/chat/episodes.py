"""Saves a conversation: for each message two turns as episodes, and the message's statements, in one transaction.

Recalled text is never stored again. The turns are conversation and no memories: no search finds them unless it is asked to. A
sentence that was just shown, or that the assistant said, is not news when the person repeats it.
"""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import NotWritable, StorageFull
from memos_cli.infra.vault.echoes import RESTS
from memos_cli.interface.chat import tenses
from memos_cli.interface.chat.replacement import Ended
from memos_cli.interface.pipeline import pipeline
from memos_cli.interface.reader import extraction, intents, notes
from memos_cli.interface.reader.extraction import Known, plain
from memos_cli.model import Draft, Kind, Memory, Origin, Source
from memos_cli.operation.operator.recall import ASSISTANT, ECHO, TAG, Recalled
from memos_cli.operation.prompt.layout import Turn

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.interface.reader.reader import Reader
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session


class Worth(NamedTuple):
    """What of a message is worth saving.

    Attributes:
        told: the person's own sentences, as rules find them.
        inferred: what a model found.
        seconds: how long the model took; 0 where none was asked.
    """

    told: Sequence[Draft]
    inferred: Sequence[Draft] = ()
    notices: tuple[str, ...] = ()
    seconds: float = 0.0


def known(found: Recalled, turns: Sequence[Turn]) -> Known:
    """A function that says whether a text was just shown, or said by the assistant in these turns."""
    shown = {plain(memory.content) for memory in (*found.core, *found.topics, *(hit.memory for hit in found.hits))}
    said = " ".join(plain(turn.text) for turn in turns if turn.role == ASSISTANT)
    return lambda text: plain(text) in shown or f" {plain(text)} " in f" {said} "


class Position(NamedTuple):
    """A place in a conversation: the conversation's id, the number of the session, and that of the turn."""

    conversation: str
    session: int
    turn: int


class Episodes:
    """Saves the turns of one conversation, and what they say.

    Args:
        session: who acts, in which home, on which cubes.
        llm: answers, and extracts memories where it is fit for that; `None` for the rules alone.
        person: who is speaking.
        place: the place of the next turn.
        save: whether turns, and what they say, are saved at once. What a person asks to remember is saved in any case.

    Attributes:
        episodes: the ids of the last two turns; empty where they are not saved.
        secret: whether a secret was said.
        notices: why the last turns are not kept, where they could not be.
        ended: what the last message superseded, and the questions that it raised.
    """

    def __init__(self, session: "Session", llm: "LLM | None", person: str, place: Position, *, save: bool) -> None:
        self.episodes: Sequence[str] = ()
        self.secret = False
        self.notices: tuple[str, ...] = ()
        self.ended = Ended()
        self._session = session
        self._llm = llm
        self._person = person
        self._place = place
        self._save = save
        self._unsaved: list[list[Draft]] = []

    def told(self, message: str, known: Known) -> list[Draft]:
        """The sentences of the message that the rules find worth saving and that are not `known`."""
        return [self._own(draft) for draft in tenses.told(message, self._session.now, known, self._reader)]

    def worth(self, message: str, told: Sequence[Draft], known: Known, before: Sequence[str], *, stoppable: bool) -> Worth:
        """What of the message is worth saving, after asking the model too; the model runs before anything is written.

        The model is asked only where the turn is saved at once: for turns that `/save` saves later the rules decide alone.

        Args:
            told: what the rules found.
            before: what the person said before.
            stoppable: whether Ctrl-C leaves the decision to the rules; otherwise it is raised.
        """
        if self._llm is None or not self._save or not self._extracts:
            return Worth(told)
        start = time.perf_counter()
        said = notes.Said(message, self._session.now, self._person, tuple(before), own=True)
        extractor = extraction.Extractor(self._llm, self._reader)
        try:
            inferred = extractor.model(said, known)
        except KeyboardInterrupt:
            if not stoppable:
                raise
            return Worth(told, notices=("extracted by rules: the model was stopped",))
        seconds = time.perf_counter() - start
        if inferred is None:
            return Worth(told, notices=extractor.notices, seconds=seconds)
        placed = [one._replace(source=self._source(self._person, 0)._replace(model=self._llm.name)) for one in inferred]
        left, stays = extraction.merged(placed, told, message)
        return Worth(stays, left, seconds=seconds)

    @cached_property
    def _extracts(self) -> bool:
        from memos_cli.operation import models

        return models.extraction(self._session.settings, self._session.paths)[0]

    @cached_property
    def _reader(self) -> "Reader":
        return pipeline.Pipeline(self._session).reader()

    def read(self, text: str) -> Draft:
        """A draft of the text that the person asks to remember."""
        return self._own(self._reader.read_one(text, now=self._session.now))

    def _own(self, draft: Draft) -> Draft:
        """A draft of the person's own words in this conversation."""
        source = self._source(self._person, 0)
        return draft._replace(origin=Origin.CONVERSATION, source=source, key=intents.key(draft.content))

    def store(
        self,
        message: str,
        answer: str,
        drafts: Sequence[Draft],
        inferred: Sequence[Draft] = (),
        *,
        named: Sequence[Memory] = (),
        asked: bool = False,
        needed: bool = False,
        stopped: bool = False,
    ) -> list[str]:
        """Save the two turns and the drafts in one transaction, or hold them for `keep`; the ids of the drafts that were saved.

        Args:
            named: the memories that the answer names.
            inferred: what a model found in the message; linked to its episode. Empty where nothing is saved.
            asked: whether the person asked for the drafts to be remembered, so that they are saved in any case.
            needed: whether the answer says that something is kept; otherwise a cube that cannot be written does no harm to it.

        Raises:
            NotWritable: the cube cannot be written, and what was asked or needed was to be.
            StorageFull: the same, as its disk is full.
        """
        self.notices, self.ended = (), Ended()
        more: dict[str, Any] = {RESTS: {memory.id: memory.version for memory in named}} if named else {}
        turns = self._episodes(message, answer, drafts, {**more, "stopped": True} if stopped else more)
        now = [*turns, *drafts] if self._save else list(drafts) if asked else []
        if not self._save:
            self._unsaved.append(turns if asked else [*turns, *drafts])
        derived = [(0, draft) for draft in inferred]
        added = None
        try:
            if now:
                added = pipeline.ingest(self._session.writable(self._person), now, self._author(), derived=derived)
        except (NotWritable, StorageFull) as error:
            if asked or needed:
                raise
            self.notices = (f"what was said is not kept: {error.message}",)
        self.ended = Ended(added.superseded, added.questions) if added else Ended()
        self._place = self._place._replace(turn=self._place.turn + len(turns))
        self.episodes = added.ids[: len(turns)] if added and self._save else ()
        return [] if added is None else [*added.ids[len(added.ids) - len(drafts) :], *added.extracted]

    def keep(self) -> int:
        """Save the turns that were not saved so far; how many they were."""
        kept = self._unsaved
        if kept:
            pipeline.ingest(
                self._session.writable(self._person), [draft for drafts in kept for draft in drafts], self._author()
            )
        self._unsaved = []
        return sum(draft.kind is Kind.EPISODE for drafts in kept for draft in drafts)

    def _episodes(self, message: str, answer: str, told: Sequence[Draft], more: dict[str, Any]) -> list[Draft]:
        from memos_cli.infra.governance import secrets

        # The message is an echo when it asks, or when a draft repeats each of its sentences.
        parts = intents.sentences(message)
        asks = all(intents.asks(part) for part in parts) or intents.of(message).name != "ask"
        echo = asks or len(told) >= len(parts)
        drafts = []
        for step, (speaker, text) in enumerate(((self._person, message), (ASSISTANT, answer))):
            tags = (TAG, ECHO) if echo or speaker == ASSISTANT else (TAG,)
            labels = (secrets.SECRET,) if secrets.find(text) else ()
            self.secret = self.secret or bool(labels)
            metadata = more if speaker == ASSISTANT else {}
            drafts.append(
                Draft(
                    text or "\u2026", Kind.EPISODE, tags=tags, labels=labels, occurred_at=self._session.now,
                    origin=Origin.CONVERSATION, source=self._source(speaker, step), metadata=metadata,
                )
            )  # fmt: skip
        return drafts

    def _source(self, speaker: str, step: int) -> Source:
        conversation, session, turn = self._place
        model = self._llm.name if self._llm is not None and speaker == ASSISTANT else None
        return Source(conversation, str(session), turn + step, speaker, model)

    def _author(self) -> "Author":
        return self._session.author("chat", self._person)
