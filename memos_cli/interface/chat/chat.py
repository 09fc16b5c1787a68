"""The converse flow: chat understands a message, recalls memories, answers, cites and saves.

    understand   `intents`: remember, forget, about, or simply ask
    recall       core memories (pinned, rules) and what a search finds; turns of chat are no memories, so none is among them
    answer       a model, where one is chosen and sure of itself; else the best memories, word for word (`reply`)
    save         the two turns as episodes and the statements of the message, in one transaction (`episodes`)

A `Chat` holds what lasts from one message to the next: the turns that prompts still show, the memories that each rests on, and
the slots that make the next answer begin sooner.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import MemosError, Refused
from memos_cli.interface.chat import episodes, tenses
from memos_cli.interface.chat.episodes import Episodes, Position, Worth
from memos_cli.interface.chat.replacement import Replacing
from memos_cli.interface.chat.reply import Replier, Stream, Tell, extractive
from memos_cli.interface.pipeline import pipeline
from memos_cli.interface.reader import intents
from memos_cli.interface.reader.extraction import plain
from memos_cli.model import Filter, Memory
from memos_cli.operation import changes
from memos_cli.operation.operator.recall import ASSISTANT, TAG, Recall, Recalled
from memos_cli.operation.prompt.layout import Turn
from memos_cli.operation.results import Answered, Laid

if TYPE_CHECKING:
    from memos_cli.model import Part
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.operation.parametric.active_adapter import Attached
    from memos_cli.operation.scheduler.scheduler import MemScheduler
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session

TOLD = 10
"""How many memories `what do you know about …` lists."""
AHEAD = 3
"""How many of the likeliest scenes are tried for a slot before the first message."""


class Manner(NamedTuple):
    """How a conversation is held.

    Attributes:
        save: whether the turns, and what they say, are saved. An explicit "remember that" is obeyed in any case.
        recall: whether memories are looked up.
        reveal: whether secrets are shown, and handed to a model on this machine.
        resume: go on with the last conversation.
        require_slot: every prompt that the model is asked has to begin from a slot. What is done without the model needs none.
    """

    save: bool = True
    recall: bool = True
    reveal: bool = False
    resume: bool = False
    require_slot: bool = False


USUAL = Manner()


class Chat:
    """One conversation.

    Args:
        session: who acts, in which home, on which cubes.
        memories: reads and searches memories.
        scheduler: knows which memories are in slots or in an adapter.
        llm: answers; `None` for answers from the memories alone. The caller closes it.
        attached: the adapter that `llm` uses.
        manner: how the conversation is held.
        user_id: who is speaking.

    Raises:
        ModelUnavailable: a slot is required, and there is no model.
        FingerprintMismatch: a slot is required, and the model keeps no states.
    """

    def __init__(
        self,
        session: "Session",
        memories: "MemOperator",
        scheduler: "MemScheduler",
        llm: "LLM | None" = None,
        attached: "Attached | None" = None,
        *,
        manner: Manner = USUAL,
        user_id: str | None = None,
    ) -> None:
        save, recall, reveal, resume, require_slot = manner
        self.llm = llm
        self.save = save
        self.shown: tuple[Memory, ...] = ()
        self.counts = {"messages": 0, "prompt": 0, "answer": 0}
        self.seconds = 0.0
        self._session = session
        self._memories = memories
        self._scheduler = scheduler
        self._recall = recall
        self._person = user_id or session.principal
        self._recalling = Recall(session, memories, self._person, reveal=reveal, local=llm is None or llm.local)
        self._turns: list[Turn] = []
        self._parts: list[Part | None] = []  # each turn as a part of a slot, where it is saved
        self._rests: list[dict[str, int]] = []  # the memories that each turn rests on, with their versions
        self._first = 0  # the first turn that prompts still show
        self._scene: tuple[str, ...] = ()  # the ids of the topic memories
        self._replier = Replier(
            session, memories, scheduler, llm, self._recalling, recall=recall, attached=attached, require_slot=require_slot
        )
        place = self._begin(resume=resume)
        self.conversation = place.conversation
        self._keeper = Episodes(session, llm, self._person, place, save=save)
        self._replacing = Replacing(session, self._recalling.content)

    # -- one message

    def ask(self, message: str, tell: Tell = lambda _: None, *, stoppable: bool = False, literal: bool = False) -> Answered:
        """Answer a message.

        Args:
            message: what the person says.
            tell: called with each piece of a model's answer.
            stoppable: whether Ctrl-C only ends the answer, of which the text so far counts; otherwise it is raised.
            literal: the message is a question whatever its words resemble: chat neither obeys it nor saves statements from it.

        Raises:
            UsageError: empty, not text, or too long for the model.
            ModelUnavailable: the model cannot be run.
            FingerprintMismatch: its prompt has to begin from a slot, and does not; nothing is kept of the message.
        """
        message = changes.check_content(message).strip()
        start = time.perf_counter()
        self._let_go()
        detached = self._replier.detach()
        intent = intents.Intent("ask", message) if literal else intents.of(message)
        decided = None if literal else self._replacing.decided(message)
        handle = {"remember": self._remember, "forget": self._forget, "about": self._about}.get(intent.name)
        if decided is not None:
            self._keeper.store(message, decided, [])
            result = extractive(decided, [])
        elif handle:
            result = handle(message, intent.what)
        else:
            result = self._converse(message, Stream(tell, stoppable=stoppable), literal=literal)
        result = self._replacing.told(result, self._keeper.ended, once=not stoppable, tell=tell) if decided is None else result
        total = time.perf_counter() - start
        result = result._replace(intent=intent.name, seconds={**result.seconds, "total": total})
        result = result._replace(notices=(*detached, *result.notices, *self._keeper.notices))
        if intent.name != "forget":  # what was to be forgotten would stand in the next prompt again
            self._turns += [Turn("user", message), Turn(ASSISTANT, result.answer)]
            self._parts += self._as_parts(self._keeper.episodes) or [None, None]
            self._rests += 2 * [self._resting(result)]
        self.counts["messages"] += 1
        self.seconds += total
        for name, count in result.tokens.items():
            self.counts[name] = self.counts.get(name, 0) + count
        return result

    def keep(self) -> int:
        """Save the turns that were not saved so far; how many they were."""
        return self._keeper.keep()

    # -- intents

    def _remember(self, message: str, what: str) -> Answered:
        draft = self._keeper.read(what)
        answer = f"I will remember: {what}"
        (kept, *_) = self._keeper.store(message, answer, [draft], asked=True)
        memory = self._memories.get(kept, self._person)
        shown = self._recalling.content(memory)
        said = answer if shown == memory.content else f"I will remember: {shown}"  # secrets are masked here as well
        return extractive(said, [memory])._replace(kept=(kept,))

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
        self._keeper.store("Forget it." if kept else message, kept or answer, [])
        return extractive(answer, meant)

    def forget(self, memory: Memory) -> Memory:
        """Forget a memory, and with it the turns of chat that repeat it (`infra.vault.echoes`); the memory as it is now.

        Raises:
            Refused: it is frozen, or not this person's.
        """
        vault, identity = self._session.locate(memory.id, self._person)
        author = self._session.author("forget", self._person)
        changed = pipeline.forget(vault, [identity], author, thaw=False, dry_run=False)
        self._let_go()
        self._stay([number for number, turn in enumerate(self._turns) if not _says(turn.text, memory.content)])
        return changed.memories[0]

    def _let_go(self) -> None:
        """Drop turns that rest on a memory that has changed since, so that a prompt never shows outdated text."""
        stay = self._recalling.holding(self._turns, self._rests)
        if len(stay) < len(self._turns):
            self._stay(stay)

    def _stay(self, places: Sequence[int]) -> None:
        """Keep only these turns."""
        self._first = sum(place < self._first for place in places)
        self._parts = [self._parts[place] for place in places if place < len(self._parts)]
        self._rests = [self._rests[place] for place in places]
        self._turns = [self._turns[place] for place in places]

    def _resting(self, result: Answered) -> dict[str, int]:
        """The memories that an exchange rests on: its episodes, those that the answer names, and those made of the message."""
        kept = [self._memories.get(identity, self._person) for identity in result.kept]
        return dict.fromkeys(self._keeper.episodes, 1) | {memory.id: memory.version for memory in (*result.memories, *kept)}

    def _meant(self, what: str) -> list[Memory]:
        """The memories that a person wants to forget: the one of exactly these words, else those with all key words."""
        words = intents.terms(what)
        if not words:
            return []
        hits = self._recalling.search(what, 3 * TOLD, all_hits=True).hits
        exact = [hit.memory for hit in hits if plain(hit.memory.content) == plain(what)]
        return exact[:1] or [hit.memory for hit in hits if words <= intents.terms(hit.memory.content)][:TOLD]

    def _about(self, message: str, what: str) -> Answered:
        words = intents.terms(what)
        if words:
            hits = self._recalling.search(what, 2 * TOLD, all_hits=True).hits
            memories = [hit.memory for hit in hits if hit.fits or words <= intents.terms(hit.memory.content)]
        else:
            wanted = Filter(at=self._session.now, kinds=("fact", "preference", "event", "rule", "note"))
            memories = list(self._memories.list(wanted, limit=TOLD, user_id=self._person))
        memories = memories[:TOLD]
        answer = "\n".join(self._recalling.content(memory) for memory in memories) or "I know nothing about that yet."
        self._memories.record_uses(memories)
        self.shown = tuple(memories)
        self._keeper.store(message, answer, [], named=memories)
        return extractive(answer, memories)

    # -- asking

    def _converse(self, message: str, stream: Stream, *, literal: bool) -> Answered:
        start = time.perf_counter()
        found = Recalled()
        if self._recall:
            recalled = self._in_scene(self._recalling.recall(message))
            found = tenses.answering(message, recalled, self._recalling)
        seconds = {"recall": time.perf_counter() - start}
        known = episodes.known(found, self._turns)
        told = [] if literal else self._keeper.told(message, known)
        whole = self._recalling.lay(message, found, self._turns[self._first :])
        tells_only = told and not any(map(intents.asks, intents.sentences(message)))
        word = ("I will remember that." if self.save else "I see.") if tells_only else None
        result, shown = self._replier.answer(whole, found, stream, word)
        seconds |= {"word": stream.first - start} if stream.first else {}  # from the message to the model's first word
        self.shown = tuple(shown)
        laid = result.prompt or whole
        self._first += len(whole.prompt.conversation) - len(laid.prompt.conversation)  # for good: see `Recall.fit`
        worth = Worth(told)
        if not result.stopped and not literal:
            before = [turn.text for turn in self._turns if turn.role == "user"]
            worth = self._keeper.worth(message, told, known, before, stoppable=stream.stoppable)
        kept = self._keeper.store(
            message,
            result.answer,
            worth.told,
            worth.inferred,
            named=result.memories,
            needed=bool(tells_only),
            stopped=result.stopped,
        )
        if told and not result.cited and result.mode == "extractive":
            result = result._replace(cited=tuple(kept), memories=tuple(self._memories.get(one, self._person) for one in kept))
        slots = self._replier.warm.notices() if self._replier.warm else ()
        return result._replace(
            seconds={**seconds, **result.seconds, **({"extract": worth.seconds} if worth.seconds else {})},
            kept=tuple(kept),
            notices=(*found.notices, *result.notices, *worth.notices, *slots),
        )

    # -- going on

    def _begin(self, *, resume: bool) -> Position:
        """Where the conversation begins or resumes."""
        if resume:
            wanted = Filter(at=self._session.now, kinds=("episode",), tags=(TAG,), turns=True)
            newest = self._memories.list(wanted, limit=1, user_id=self._person)
            if newest and newest[0].source.conversation:
                return self._resumed(newest[0].source.conversation, newest[0])
        import os

        return Position(f"chat-{self._session.zone.day(self._session.now)}-{os.urandom(4).hex()}", 1, 1)

    def _resumed(self, conversation: str, newest: Memory) -> Position:
        said = self._recalling.turns(conversation)
        self._turns = [one.turn for one in said]
        self._rests = [dict(one.rests) for one in said]
        episodes = [one.episode for one in said]
        self._session.given("prompt", episodes, called="conversation", purpose="prompt", user_id=self._person)
        if self._replier.warm:
            self._parts = self._as_parts([memory.id for memory in episodes])
            self._first, self._scene = self._replier.warm.resumed(conversation, self._parts)
        named = [memory.source.session or "" for memory in (*episodes, newest)]
        sessions = [int(session) for session in named if session.isdecimal()]
        return Position(conversation, max(sessions, default=0) + 1, (newest.source.turn or 0) + 1)

    # -- slots

    def _in_scene(self, found: Recalled) -> Recalled:
        """What was recalled, with the topics of the conversation: the set that the scheduler chooses for the first question.

        The topics stay the same for the whole conversation, which follows them in the prompt: a change would mean evaluating
        the conversation anew.
        """
        if self._replier.warm and not self._turns:
            hits = [hit.memory for hit in found.hits][: self._session.settings.get("chat.memories")]
            self._scene = self._scheduler.topics(found.core, hits, slots) if (slots := self._replier.warm.ready()) else ()
        return found._replace(topics=self._recalling.topics(found.core, self._scene))

    def _as_parts(self, ids: Sequence[str]) -> "list[Part | None]":
        from memos_cli.operation.activation.slots import parts

        return (
            list(parts(self._session, [self._memories.get(identity, self._person) for identity in ids]))
            if self._replier.warm
            else []
        )

    def load(self) -> None:
        """Load the model before the first question, in a thread if the caller likes; the first answer reports any error."""
        if self._replier.warm is not None and self.llm is not None:
            with suppress(MemosError):
                _ = self.llm.context

    def ahead(self) -> int:
        """Restore the likely beginning of the next prompt before it is asked; how many tokens came from a slot."""
        if self._replier.warm is None:
            return 0
        if self._turns:
            return self._replier.warm.ahead((), self._next_prompt().prompt)
        with suppress(MemosError):
            return self._replier.warm.ahead([likely.scene.name for likely in self._scheduler.likeliest(AHEAD)])
        return 0

    def _next_prompt(self) -> Laid:
        """The part of the next prompt that is already known."""
        core = self._recalling.core() if self._recall else ()
        topics = self._recalling.topics(core, self._scene)
        return self._recalling.lay("?", Recalled(core, topics=topics), self._turns[self._first :])

    def settle(self, *, end: bool = False) -> int:
        """Make the model ready for the next message and save the slots for it; to be called after the answer was shown.

        Args:
            end: whether the conversation ends here, so that slots are written for the next one.

        Returns:
            How many tokens were evaluated for this.
        """
        if self._replier.warm is None or not self._replier.asked:
            return 0
        from memos_cli.operation.activation.prefix_cache import Going

        laid = self._next_prompt()
        held = [part for part in self._parts[self._first :] if part is not None]
        whole = self.save and not self._keeper.secret and len(held) == len(laid.prompt.conversation)
        rests = {identity for one in self._rests[self._first :] for identity in one} - {part.memory for part in held}
        also = [part._replace(version=0) for part in self._as_parts(sorted(rests)) if part] if whole else []
        kept = (*held, *also) if whole and not self._barred((*held, *also)) else None
        going = Going(self.conversation, laid, kept, long=len(self._turns) > 2, found=self._replier.found)
        evaluated = self._replier.warm.settle(going, end=end, keep=not self._recalling.reveals)
        self.counts["evaluated"] = self.counts.get("evaluated", 0) + evaluated
        return evaluated

    def _barred(self, held: "Sequence[Part]") -> bool:
        """Whether the turns rest on a memory that no slot may hold."""
        from memos_cli.operation.activation.slots import barred

        return any(barred(vault, {part.memory for part in held}) for vault in self._session.vaults())


def _says(text: str, content: str) -> bool:
    words = plain(content)
    return bool(words) and f" {words} " in f" {plain(text)} "
