"""The converse flow: a message is understood, memories are recalled, an answer is made, cited and kept.

    understand   intents: remember, forget, tell about, or simply ask
    recall       core memories (pinned, rules) and what a search finds; not what chat itself said or was asked before
    answer       a model, where one is chosen and sure of itself; else the best memories, word for word
    keep         the two turns as episodes and what the message told (`extracting`), in one transaction

What was recalled is never stored again: the answer's episode and the questions carry the tag `ECHO`, by which recall leaves
them out, and a sentence that was just shown, or that the assistant said, is not taken for news when it comes back.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import MemosError, Refused
from memos_cli.interface import answering, extracting, intents, pipeline
from memos_cli.interface.extracting import plain
from memos_cli.interface.prompt import Turn
from memos_cli.interface.recalling import ASSISTANT, ECHO, RESTS, TAG, Recall, Recalled
from memos_cli.interface.results import Answered, Laid
from memos_cli.interface.streaming import Stream, Tell
from memos_cli.model import Draft, Filter, Kind, Memory, Origin, Source

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS
    from memos_cli.interface.attaching import Attached
    from memos_cli.interface.warming import Warm
    from memos_cli.model import Part
    from memos_cli.ports import LLM, Token

TOLD = 10
"""How many memories `what do you know about …` tells."""
AHEAD = 3
"""Of how many of the likeliest sets a slot is looked for before the first message."""
MINI_SURE = 0.701
"""Below this probability of its least likely token memos-mini's answers are no longer trusted; chosen on held-out data, see its
card: of the answers above it 94 % were right."""


class Worth(NamedTuple):
    """What of a message is worth keeping.

    Attributes:
        told: the person's own sentences, as rules find them.
        inferred: what a model found.
        seconds: how long the model took; 0 where none was asked.
    """

    told: Sequence[Draft]
    inferred: Sequence[Draft] = ()
    notices: tuple[str, ...] = ()
    seconds: float = 0.0


class Chat:
    """One conversation.

    Args:
        mos: the memory.
        llm: answers; `None` for answers from the memories alone. It stays the caller's to close.
        save: whether turns, and what they tell, are kept. An explicit "remember that" is done in any case.
        recall: whether memories are looked up.
        reveal: whether secrets are shown, and told to a model on this machine.
        resume: go on with the last conversation.
        user_id: who is speaking.
        attached: the adapter that `llm` computes with.
    """

    def __init__(
        self,
        mos: "MOS",
        llm: "LLM | None" = None,
        *,
        save: bool = True,
        recall: bool = True,
        reveal: bool = False,
        resume: bool = False,
        user_id: str | None = None,
        attached: "Attached | None" = None,
    ) -> None:
        self.llm = llm
        self._attached = attached
        self.save = save
        self.shown: tuple[Memory, ...] = ()
        self.counts = {"messages": 0, "prompt": 0, "answer": 0}
        self.seconds = 0.0
        self._mos = mos
        self._recall = recall
        self._person = user_id or mos.principal
        self._recalling = Recall(mos, self._person, reveal=reveal, local=llm is None or llm.local)
        self._turns: list[Turn] = []
        self._parts: list[Part | None] = []  # what is kept of each turn
        self._rests: list[dict[str, int]] = []  # the memories, by version, that each turn rests on
        self._episoded: Sequence[str] = ()  # the last two turns' episodes
        self._stored: list[Part | None] = []  # of the last two
        self._first = 0  # the first turn that prompts still have
        self._scene: tuple[str, ...] = ()  # the memories of the topics
        self._asked = self._secret = False
        self._warm = self._warmed(llm)
        self._unsaved: list[list[Draft]] = []
        self.conversation, self._session, self._next = self._begin(resume=resume)

    # -- one message

    def ask(self, message: str, tell: Tell = lambda _: None, *, stoppable: bool = False, literal: bool = False) -> Answered:
        """Answer a message.

        Args:
            message: what the person says.
            tell: called with each piece of a model's answer as it comes.
            stoppable: whether Ctrl-C ends the answer only, and what there is of it counts; otherwise it is raised.
            literal: it is a question, whatever its words resemble: nothing in it is an order, nothing is news.

        Raises:
            UsageError: empty, not text, or too long for the model.
            ModelUnavailable: the model cannot be run.
        """
        message = pipeline.check_content(message).strip()
        start = time.perf_counter()
        self._let_go()
        detached = self._detach()
        intent = intents.Intent("ask", message) if literal else intents.of(message)
        handle = {"remember": self._remember, "forget": self._forget, "about": self._about}.get(intent.name)
        result = (
            handle(message, intent.what)
            if handle
            else self._converse(message, Stream(tell, stoppable=stoppable), literal=literal)
        )
        total = time.perf_counter() - start
        result = result._replace(intent=intent.name, seconds={**result.seconds, "total": total})
        result = result._replace(notices=(*detached, *result.notices))
        if intent.name != "forget":  # what was to be forgotten would stand in the next prompt again
            self._turns += [Turn("user", message), Turn(ASSISTANT, result.answer)]
            self._parts += self._stored
            self._rests += 2 * [self._resting(result)]
        self.counts["messages"] += 1
        self.seconds += total
        for name, count in result.tokens.items():
            self.counts[name] = self.counts.get(name, 0) + count
        return result

    def _detach(self) -> tuple[str, ...]:
        """Let go of the adapter if a memory in it was taken back meanwhile; why, for the person to know."""
        attached = self._attached
        if attached is None or (why := attached.fault()) is None:
            return ()
        attached.release()
        self._attached = None
        self._warm = self._warmed(self.llm)  # whose slots are of another fingerprint
        return (f"what the model had learnt is not used any more: {why}",)

    def keep(self) -> int:
        """Keep what was said so far without being kept; how many turns that were."""
        kept = self._unsaved
        if kept:
            pipeline.ingest(self._mos.writable(), [draft for drafts in kept for draft in drafts], self._author())
        self._unsaved = []
        return sum(draft.kind is Kind.EPISODE for drafts in kept for draft in drafts)

    # -- intents

    def _remember(self, message: str, what: str) -> Answered:
        draft = self._read(what)
        answer = f"I will remember: {what}"
        (kept, *_) = self._store(message, answer, [draft], asked=True)
        memory = self._mos.get(kept, self._person)
        return _extractive(answer, [memory])._replace(kept=(kept,))

    def _forget(self, message: str, what: str) -> Answered:
        meant = self._meant(what)
        kept = ""
        if len(meant) == 1:
            try:
                self.forget(meant[0])
            except Refused as error:
                answer = f"I leave it as it is: {error.message}."
            else:
                answer, kept = f"Forgotten: {self._recalling.content(meant[0])}", "Forgotten."
        elif meant:
            listed = "".join(f"\n{number}. {self._recalling.content(memory)}" for number, memory in enumerate(meant, 1))
            answer = f"Several memories may be meant, so I forgot none. Say which by its words, or /forget NUMBER:{listed}"
        else:
            answer = "I found nothing that is meant by that, so nothing was forgotten."
        self.shown = tuple(meant)
        self._store("Forget it." if kept else message, kept or answer, [])
        return _extractive(answer, meant)

    def forget(self, memory: Memory) -> Memory:
        """Forget a memory, and with it, as one step, the turns of chat that say it; the memory as it is now.

        Raises:
            Refused: it is frozen, or not this person's.
        """
        wanted = Filter(at=self._mos.now, tags=(TAG,))
        turns = self._mos.search(memory.content, k=100, wanted=wanted, lexical=True, record=False, user_id=self._person).hits
        said = [hit.memory.id for hit in turns if hit.memory.cube == memory.cube and _says(hit.memory.content, memory.content)]
        changed = self._mos.delete([memory.id, *said], user_id=self._person)
        stay = [number for number, turn in enumerate(self._turns) if not _says(turn.text, memory.content)]
        self._stay(stay)
        return changed.memories[0]

    def _let_go(self) -> None:
        """Leave turns out that rest on what has changed since: what is no longer so must not be told as if it were."""
        stay = self._recalling.holding(self._turns, self._rests)
        if len(stay) < len(self._turns):
            self._stay(stay)

    def _stay(self, places: Sequence[int]) -> None:
        """Go on with these turns alone."""
        self._first = sum(place < self._first for place in places)
        self._parts = [self._parts[place] for place in places if place < len(self._parts)]
        self._rests = [self._rests[place] for place in places]
        self._turns = [self._turns[place] for place in places]

    def _resting(self, result: Answered) -> dict[str, int]:
        """What an exchange rests on: its own episodes, the memories that the answer names, those that the message became."""
        kept = [self._mos.get(identity, self._person) for identity in result.kept]
        return dict.fromkeys(self._episoded, 1) | {memory.id: memory.version for memory in (*result.memories, *kept)}

    def _meant(self, what: str) -> list[Memory]:
        """The memories that a person means to have forgotten: exactly these words, or all of the words that carry meaning."""
        words = intents.terms(what)
        if not words:
            return []
        hits = self._recalling.search(what, 3 * TOLD).hits
        exact = [hit.memory for hit in hits if plain(hit.memory.content) == plain(what)]
        return exact[:1] or [hit.memory for hit in hits if words <= intents.terms(hit.memory.content)][:TOLD]

    def _about(self, message: str, what: str) -> Answered:
        words = intents.terms(what)
        if words:
            hits = self._recalling.search(what, 2 * TOLD).hits
            memories = [hit.memory for hit in hits if words & intents.terms(hit.memory.content)]
        else:
            wanted = Filter(at=self._mos.now, without=(TAG,), kinds=("fact", "preference", "event", "rule", "note"))
            memories = list(self._mos.list(wanted, limit=TOLD, user_id=self._person))
        memories = memories[:TOLD]
        answer = "\n".join(self._recalling.content(memory) for memory in memories) or "I know nothing about that yet."
        self._mos.record_uses(memories)
        self.shown = tuple(memories)
        self._store(message, answer, [], named=memories)
        return _extractive(answer, memories)

    # -- asking

    def _converse(self, message: str, stream: Stream, *, literal: bool) -> Answered:
        start = time.perf_counter()
        found = self._in_scene(self._recalling.recall(message)) if self._recall else Recalled()
        seconds = {"recall": time.perf_counter() - start}
        told = [] if literal else self._told(message, found)
        whole = self._recalling.lay(message, found, self._turns[self._first :])
        if self.llm is None:
            result = self._from_memories(message, found, told)._replace(prompt=self._recalling.in_order(whole))
        else:
            result = self._by_heart(self.llm, whole, found, stream) or self._from_model(self.llm, whole, found, told, stream)
        laid = result.prompt or whole
        self._first += len(whole.prompt.conversation) - len(laid.prompt.conversation)  # dropped for good: see `Recall.fit`
        quiet = result.stopped or literal
        worth = Worth(told) if quiet else self._worth(message, found, told, stoppable=stream.stoppable)
        kept = self._store(message, result.answer, worth.told, worth.inferred, named=result.memories, stopped=result.stopped)
        if told and not result.cited and result.mode == "extractive":
            result = result._replace(cited=tuple(kept), memories=tuple(self._mos.get(one, self._person) for one in kept))
        return result._replace(
            seconds={**seconds, **result.seconds, **({"extract": worth.seconds} if worth.seconds else {})},
            kept=tuple(kept),
            notices=(*found.notices, *result.notices, *worth.notices, *(self._warm.notices() if self._warm else ())),
        )

    def _from_memories(self, message: str, found: Recalled, told: Sequence[Draft]) -> Answered:
        """The best memories word for word; what only tells something is acknowledged."""
        if told and not any(intents.asks(sentence) for sentence in intents.sentences(message)):
            self.shown = ()
            word = "I will remember that." if self.save else "I see."
            return _extractive(word, [])
        memories = answering.extracts(message, found.hits) if self._recall else []
        self._mos.record_uses(memories)
        self.shown = tuple(memories)
        return _extractive("\n".join(self._recalling.content(memory) for memory in memories) or answering.UNKNOWN, memories)

    def _by_heart(self, llm: "LLM", whole: Laid, found: Recalled, stream: Stream) -> Answered | None:
        """The answer of a model that has learnt what was found, with no word of it in the prompt; `None` where that won't do.

        It counts where the best memory found is among what it learnt, it is sure, and a memory that it learnt says the same:
        what nothing found bears out is asked again with the memories before it.
        """
        if self._attached is None or not self._recall:
            return None
        first = len(whole.prompt.core) + len(whole.prompt.topics)
        retrieved = whole.memories[first:]
        known = self._mos.scheduler.by_heart(found.core, retrieved) if retrieved else frozenset()
        if not retrieved or retrieved[0].id not in known:
            return None
        from dataclasses import replace

        learnt = [memory for memory in retrieved if memory.id in known]
        bare = Laid(replace(whole.prompt, retrieved=()), whole.memories[:first])
        silent = Stream(lambda _: None, stoppable=stream.stoppable)
        answer, result = self._asked_of(llm, bare, silent)
        spared = llm.count(answering.request(whole.prompt, llm.template)) - result.tokens["prompt"]
        lines = [answering.line(memory, self._recalling.content(memory)) for memory in learnt]
        named = [learnt[index] for index in answering.cited(answer, whole.prompt.question, lines)]
        own = intents.terms(answer) - intents.terms(whole.prompt.question)
        borne_out = own and all(any(word in intents.terms(memory.content) for memory in named) for word in own)
        if not silent.stopped and not (borne_out and self._sure(silent.tokens, answer, shown=False)):
            return None
        stream.tell(answer)
        self.shown = tuple(named)
        self._mos.record_uses((*(result.prompt.memories if result.prompt else ()), *named))
        cited = tuple(memory.id for memory in named)
        return result._replace(cited=cited, memories=tuple(named), tokens={**result.tokens, "spared": max(0, spared)})

    def _from_model(self, llm: "LLM", whole: Laid, found: Recalled, told: Sequence[Draft], stream: Stream) -> Answered:
        message = whole.prompt.question
        answer, made = self._asked_of(llm, whole, stream)
        prompt, memories = made.prompt or whole
        self._mos.record_uses(memories)
        self.shown = tuple(memories)
        sure = self._sure(stream.tokens, answer, shown=self._recall or self._attached is None)
        # "I don't know that yet" is no answer to somebody who tells something.
        told_only = told and answer == answering.UNKNOWN and not any(map(intents.asks, intents.sentences(message)))
        if not stream.stopped and (not sure or told_only):
            result = self._from_memories(message, found, told)
            notice = f"{llm.name} was unsure of its answer, so these are your memories, word for word"
            said = (notice,) if self.shown else ()  # what was only told needs no answer, so nothing stands in for one
            return result._replace(tokens=made.tokens, seconds=made.seconds, notices=said, prompt=made.prompt)
        named = [memories[index] for index in answering.cited(answer, message, prompt.lines)]
        return made._replace(cited=tuple(memory.id for memory in named), memories=tuple(named))

    def _asked_of(self, llm: "LLM", whole: Laid, stream: Stream) -> tuple[str, Answered]:
        """What a model says to a prompt, as far as that fits it; nothing is cited yet."""
        start = time.perf_counter()
        laid, prompted = self._recalling.fit(llm, whole)
        made = answering.request(laid.prompt, llm.template)
        most = max(1, min(self._mos.settings.get("llm.answer"), llm.context - prompted))
        self._asked = True
        restored = self._warm.restore(made) if self._warm else 0
        begun = time.perf_counter()
        answer = stream.run(llm.stream(made, most=most))
        seconds = {"first": (stream.first or time.perf_counter()) - start, "answer": time.perf_counter() - start}
        tokens = {"prompt": prompted, "answer": len(stream.tokens)}
        if self._warm:
            tokens |= self._warm.spent(prompted, restored, (stream.first or time.perf_counter()) - begun)
        return answer, Answered(answer, "generated", (), tokens, seconds, stopped=stream.stopped, prompt=laid)

    def _sure(self, tokens: "Sequence[Token]", answer: str, *, shown: bool) -> bool:
        """Whether an answer is trusted.

        Args:
            shown: whether the memories stood in the prompt, which is what memos-mini's bar was chosen for. What it has learnt
                it says with less certainty: the gate counted how often it is right, and `_by_heart` looks at each answer.
        """
        settings = self._mos.settings
        probable = answering.certainty(tokens)
        if not answer:
            return False
        least = settings.origin("llm.sure_least")
        calibrated = shown and settings.get("llm.model") == "memos-mini" and least.origin == "default"
        bar = MINI_SURE if calibrated else least.value
        return probable is None or (probable[0] >= settings.get("llm.sure") and probable[1] >= bar)

    # -- keeping

    def _told(self, message: str, found: Recalled) -> list[Draft]:
        """What the message tells that is worth keeping and was not just shown or said by the assistant."""
        known = self._known(found)
        return [self._own(draft) for draft in extracting.by_rules(message, self._mos.now) if not known(draft.content)]

    def _known(self, found: Recalled) -> extracting.Known:
        """Whether a text was just shown, or said by the assistant."""
        shown = {plain(memory.content) for memory in (*found.core, *found.topics, *(hit.memory for hit in found.hits))}
        said = " ".join(plain(turn.text) for turn in self._turns if turn.role == ASSISTANT)
        return lambda text: plain(text) in shown or f" {plain(text)} " in f" {said} "

    def _worth(self, message: str, found: Recalled, told: Sequence[Draft], *, stoppable: bool) -> Worth:
        """What of the message is worth keeping, when the model, too, has been asked; it is before anything is written.

        It is asked only where the turn is kept at once: what `/save` keeps later is the rules'.
        """
        if self.llm is None or not self.save or not self._extracts:
            return Worth(told)
        start = time.perf_counter()
        before = tuple(turn.text for turn in self._turns if turn.role == "user")
        said = extracting.Said(message, self._mos.now, self._person, before, own=True)
        extractor = extracting.Extractor(self.llm)
        try:
            inferred = extractor.model(said, self._known(found))
        except KeyboardInterrupt:
            if not stoppable:
                raise
            return Worth(told, notices=("extracted by rules: the model was stopped",))
        seconds = time.perf_counter() - start
        if inferred is None:
            return Worth(told, notices=extractor.notices, seconds=seconds)
        placed = [one._replace(source=self._source(self._person, 0)._replace(model=self.llm.name)) for one in inferred]
        left, stays = extracting.merged(placed, told, message)
        return Worth(stays, left, seconds=seconds)

    @cached_property
    def _extracts(self) -> bool:
        from memos_cli.interface import models

        return models.extraction(self._mos.settings, self._mos.paths)[0]

    def _read(self, text: str) -> Draft:
        from memos_cli.interface.reader import Reader

        return self._own(Reader().read_one(text, now=self._mos.now))

    def _own(self, draft: Draft) -> Draft:
        """A draft of the person's own words in this conversation."""
        source = self._source(self._person, 0)
        return draft._replace(origin=Origin.CONVERSATION, source=source, key=intents.key(draft.content))

    def _source(self, speaker: str, step: int) -> Source:
        model = self.llm.name if self.llm is not None and speaker == ASSISTANT else None
        return Source(self.conversation, str(self._session), self._next + step, speaker, model)

    def _store(
        self,
        message: str,
        answer: str,
        drafts: Sequence[Draft],
        inferred: Sequence[Draft] = (),
        *,
        named: Sequence[Memory] = (),
        asked: bool = False,
        stopped: bool = False,
    ) -> list[str]:
        """Keep the two turns and the drafts in one transaction, or for later; the ids of the drafts that are kept.

        Args:
            named: the memories that the answer names.
            inferred: what a model found in the message; linked to its episode. Empty where nothing is saved.
            asked: the person asked that the drafts be kept, so they are in any case.
        """
        more: dict[str, Any] = {RESTS: {memory.id: memory.version for memory in named}} if named else {}
        turns = self._episodes(message, answer, drafts, {**more, "stopped": True} if stopped else more)
        now = [*turns, *drafts] if self.save else list(drafts) if asked else []
        if not self.save:
            self._unsaved.append(turns if asked else [*turns, *drafts])
        derived = [(0, draft) for draft in inferred]
        added = pipeline.ingest(self._mos.writable(), now, self._author(), derived=derived) if now else None
        self._next += len(turns)
        self._episoded = added.ids[: len(turns)] if added and self.save else ()
        self._stored = self._as_parts(self._episoded) or [None] * len(turns)
        return [] if added is None else [*added.ids[len(added.ids) - len(drafts) :], *added.extracted]

    def _episodes(self, message: str, answer: str, told: Sequence[Draft], more: dict[str, Any]) -> list[Draft]:
        from memos_cli.interface import secrets

        # A message is an echo of nothing only if it tells something that no draft of it tells.
        parts = intents.sentences(message)
        asks = all(intents.asks(part) for part in parts) or intents.of(message).name != "ask"
        echo = asks or len(told) >= len(parts)
        drafts = []
        for step, (speaker, text) in enumerate(((self._person, message), (ASSISTANT, answer))):
            tags = (TAG, ECHO) if echo or speaker == ASSISTANT else (TAG,)
            labels = (secrets.SECRET,) if secrets.find(text) else ()
            self._secret = self._secret or bool(labels)
            metadata = more if speaker == ASSISTANT else {}
            drafts.append(
                Draft(
                    text or "\u2026", Kind.EPISODE, tags=tags, labels=labels, occurred_at=self._mos.now,
                    origin=Origin.CONVERSATION, source=self._source(speaker, step), metadata=metadata,
                )
            )  # fmt: skip
        return drafts

    def _author(self) -> pipeline.Author:
        return self._mos.author("chat", self._person)

    # -- going on

    def _begin(self, *, resume: bool) -> tuple[str, int, int]:
        """Conversation, session and turn to begin with."""
        if resume:
            newest = self._mos.list(Filter(at=self._mos.now, tags=(TAG,)), limit=1, user_id=self._person)
            if newest and newest[0].source.conversation:
                return self._resumed(newest[0].source.conversation, newest[0])
        import os

        return f"chat-{self._mos.now[:10]}-{os.urandom(4).hex()}", 1, 1

    def _resumed(self, conversation: str, newest: Memory) -> tuple[str, int, int]:
        said = self._recalling.turns(conversation)
        self._turns = [one.turn for one in said]
        self._rests = [dict(one.rests) for one in said]
        episodes = [one.episode for one in said]
        if self._warm:
            self._parts = self._as_parts([memory.id for memory in episodes])
            self._first, self._scene = self._warm.resumed(conversation, self._parts)
        named = [memory.source.session or "" for memory in (*episodes, newest)]
        sessions = [int(session) for session in named if session.isdecimal()]
        return conversation, max(sessions, default=0) + 1, (newest.source.turn or 0) + 1

    # -- slots

    def _warmed(self, llm: "LLM | None") -> "Warm | None":
        from memos_cli.ports import Stateful

        if llm is None or not llm.local or not isinstance(llm, Stateful):
            return None
        from memos_cli.interface.warming import Warm

        return Warm(self._mos, llm, self._person)

    def _in_scene(self, found: Recalled) -> Recalled:
        """With the topics of the conversation: the set that the scheduler chooses for what its first question found.

        They stay for the whole conversation, which stands behind them: to change them would be to evaluate it anew.
        """
        if self._warm and not self._turns:
            hits = [hit.memory for hit in found.hits][: self._mos.settings.get("chat.memories")]
            self._scene = self._mos.scheduler.topics(found.core, hits, slots) if (slots := self._warm.ready()) else ()
        return found._replace(topics=self._recalling.topics(found.core, self._scene))

    def _as_parts(self, ids: Sequence[str]) -> "list[Part | None]":
        from memos_cli.interface.slots import parts

        return list(parts(self._mos, [self._mos.get(identity, self._person) for identity in ids])) if self._warm else []

    def load(self) -> None:
        """Load the model before anything is asked, in a thread of its own if one likes; what is wrong the first answer says."""
        if self._warm is not None and self.llm is not None:
            with suppress(MemosError):
                _ = self.llm.context

    def ahead(self) -> int:
        """Put in place what the next prompt will most likely begin with, before it is asked; tokens that came from a slot."""
        if self._warm is None:
            return 0
        if self._turns:
            return self._warm.ahead((), self._next_prompt().prompt)
        with suppress(MemosError):
            return self._warm.ahead([likely.scene.name for likely in self._mos.scheduler.likeliest(AHEAD)])
        return 0

    def _next_prompt(self) -> Laid:
        """What the next prompt has for certain."""
        core = self._recalling.core() if self._recall else ()
        topics = self._recalling.topics(core, self._scene)
        return self._recalling.lay("?", Recalled(core, topics=topics), self._turns[self._first :])

    def settle(self, *, end: bool = False) -> int:
        """Make the model ready for the next message, and keep what that needs; to be called when the answer was shown.

        Args:
            end: there is no next message here: slots are written for the next time.

        Returns:
            How many tokens were evaluated for it.
        """
        if self._warm is None or not self._asked:
            return 0
        from memos_cli.interface.warming import Going

        laid = self._next_prompt()
        held = [part for part in self._parts[self._first :] if part is not None]
        whole = self.save and not self._secret and len(held) == len(laid.prompt.conversation)
        rests = {identity for one in self._rests[self._first :] for identity in one} - {part.memory for part in held}
        also = [part._replace(version=0) for part in self._as_parts(sorted(rests)) if part] if whole else []
        going = Going(self.conversation, laid, (*held, *also) if whole else None, long=len(self._turns) > 2)
        evaluated = self._warm.settle(going, end=end, keep=not self._recalling.reveals)
        self.counts["evaluated"] = self.counts.get("evaluated", 0) + evaluated
        return evaluated


def _extractive(answer: str, memories: Sequence[Memory]) -> Answered:
    return Answered(
        answer, "extractive", tuple(memory.id for memory in memories), {"prompt": 0, "answer": 0}, {}, tuple(memories)
    )


def _says(text: str, content: str) -> bool:
    words = plain(content)
    return bool(words) and f" {words} " in f" {plain(text)} "
