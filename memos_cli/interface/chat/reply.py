"""Answers a message: from an adapter alone, from a model with the memories in its prompt, or with the memories word for word.

A model's answer counts where the model may answer (`trust`), is sure of it, and memories bear it out (`guards`); otherwise the
memories answer. Nothing is saved here.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import FingerprintMismatch, MemosError, ModelUnavailable
from memos_cli.interface.chat import citations, days, guards, second_question, trust
from memos_cli.interface.reader import intents
from memos_cli.interface.reader.notes import ended
from memos_cli.model import Memory
from memos_cli.operation.model_files import MINI
from memos_cli.operation.operator.recall import Recall, Recalled
from memos_cli.operation.prompt import model_request
from memos_cli.operation.results import Answered, Laid
from memos_cli.ports.ports import Telling

if TYPE_CHECKING:
    from memos_cli.interface.chat.asked_again import Asking
    from memos_cli.operation.activation.prefix_cache import PrefixCache
    from memos_cli.operation.exam.cards import Card
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.operation.parametric.active_adapter import Attached
    from memos_cli.operation.scheduler.scheduler import MemScheduler
    from memos_cli.ports.ports import LLM, Request, Token
    from memos_cli.session import Session


MINI_SURE = 0.8
"""Below this probability of its least likely token an answer of memos-mini is not trusted. Chosen on held-out data, see its
card: of the answers above it 99 % were right."""
WITHHELD = "it is shown nothing that nobody vouched for"

Tell = Callable[[str], None]


class Stream:
    """An answer while the model makes it.

    Args:
        tell: called with each piece.
        stoppable: whether Ctrl-C only ends the answer; otherwise it is raised.
    """

    def __init__(self, tell: Tell, *, stoppable: bool) -> None:
        self.tell = tell
        self.stoppable = stoppable
        self.tokens: list[Token] = []
        self.first: float | None = None
        self.stopped = False

    def run(self, tokens: "Iterator[Token]") -> str:
        """Run the model to its end; the whole answer, without white space around it."""
        parts: list[str] = []
        with self._until_stopped(), ended(tokens):
            for token in tokens:
                self.first = self.first or time.perf_counter()
                self.tokens.append(token)
                text = token.text if parts else token.text.lstrip()
                if text:
                    parts.append(text)
                    self.tell(text)
        return "".join(parts).strip()

    @contextmanager
    def _until_stopped(self) -> "Iterator[None]":
        try:
            yield
        except KeyboardInterrupt:
            if not self.stoppable:
                raise
            self.stopped = True


class Reply(NamedTuple):
    """An answer, and the memories that it was made from or that were in its prompt."""

    result: Answered
    shown: Sequence[Memory]


class Replier:
    """Answers the messages of one conversation.

    Args:
        session: in which home, with which settings.
        memories: records which memories were used.
        scheduler: says which memories the adapter may answer.
        llm: answers; `None` for answers from the memories alone.
        recalling: finds what the person may see, and lays out the prompt.
        recall: whether memories are looked up.
        attached: the adapter that `llm` uses.
        require_slot: every prompt that `llm` is asked has to begin from a slot.

    Raises:
        ModelUnavailable: a slot is required, and there is no model.
        FingerprintMismatch: a slot is required, and the model keeps no states.

    Attributes:
        warm: the slots of the model; `None` where the model keeps no states.
        asked: whether the model was asked anything yet.
        found: whether memories that were found stood in one of its prompts.
    """

    def __init__(
        self,
        session: "Session",
        memories: "MemOperator",
        scheduler: "MemScheduler",
        llm: "LLM | None",
        recalling: Recall,
        *,
        recall: bool,
        attached: "Attached | None",
        require_slot: bool = False,
    ) -> None:
        self._session = session
        self._memories = memories
        self._scheduler = scheduler
        self._llm = llm
        self._recalling = recalling
        self._person = recalling.person
        self._recall = recall
        self._attached = attached
        self._require_slot = require_slot
        self.warm = self._warmed()
        self.asked = self.found = False
        if require_slot and self.warm is None:
            raise _stateless(llm)

    def answer(self, whole: Laid, found: Recalled, stream: Stream, word: str | None = None) -> Reply:
        """Answer the question of a prompt.

        Args:
            whole: the prompt with all that was recalled; what does not fit the model is left out.
            found: what was recalled.
            stream: receives a model's answer.
            word: what to say to a message that states something and asks nothing; `None` for a message that asks.
        """
        if self._llm is None:
            result, shown = self._from_memories(found, word, whole.prompt.question)
            return Reply(result._replace(prompt=self._recalling.in_order(whole)), shown)
        if (why := trust.refusal(self._session, self._llm, self._card)) is not None:
            if self._require_slot:
                raise ModelUnavailable(why, hint="let it answer with: memos model use NAME|PATH --trust")
            result, shown = self._from_memories(found, word, whole.prompt.question)
            notices = (why,) if word is None else ()
            return Reply(result._replace(prompt=self._recalling.in_order(whole), notices=notices, reason=why), shown)
        return self._by_heart(self._llm, whole, found, stream) or self._from_model(self._llm, whole, found, stream, word)

    def _from_memories(self, found: Recalled, word: str | None, question: str) -> Reply:
        """The best memories word for word; a message that only states something is acknowledged with `word`."""
        if word is not None:
            return Reply(extractive(word, []), ())
        most = days.MOST if found.listed else citations.MOST_EXTRACTS
        memories = citations.extracts(found.hits, self._person, question, most) if self._recall else []
        self._memories.record_uses(memories)
        said = "\n".join(citations.quoted(one, self._recalling.content(one), self._person) for one in memories)
        return Reply(extractive(said or model_request.UNKNOWN, memories), memories)

    def _by_heart(self, llm: "LLM", whole: Laid, found: Recalled, stream: Stream) -> Reply | None:
        """The answer of the adapter alone, without the memories in the prompt; `None` where it cannot be trusted.

        The answer counts if the best memory found was trained into the adapter, the model is sure, a trained memory contains
        the answer's own words, and it stands (`guards`). Otherwise the caller asks again with the memories in the prompt.
        """
        if self._attached is None or not self._recall:
            return None
        first = len(whole.prompt.core) + len(whole.prompt.topics)
        retrieved = whole.memories[first:]
        known = self._scheduler.by_heart(found.core, retrieved) if retrieved else frozenset()
        if not retrieved or retrieved[0].id not in known:
            return None
        from dataclasses import replace

        learnt = {memory.id for memory in retrieved if memory.id in known}
        bare = Laid(replace(whole.prompt, retrieved=()), whole.memories[:first])
        silent = Stream(lambda _: None, stoppable=stream.stoppable)
        answer, result = self._asked_of(llm, bare, silent)
        spared = llm.count(model_request.request(whole.prompt, llm.template, self._recalling.layout)) - result.tokens["prompt"]
        verdict = self._judged(answer, whole, silent)
        named = [whole.memories[index] for index in verdict.rests_on]
        own = intents.terms(answer) - intents.terms(whole.prompt.question)
        borne_out = own and all(any(word in intents.terms(memory.content) for memory in named) for word in own)
        stands = verdict.stands and borne_out and any(memory.id in learnt for memory in named)
        if not silent.stopped and not (stands and self._sure(silent.tokens, answer, shown=False)):
            return None
        stream.tell(answer)
        self._memories.record_uses((*(result.prompt.memories if result.prompt else ()), *named))
        cited = tuple(memory.id for memory in named)
        tokens = {**result.tokens, "spared": max(0, spared)}
        return Reply(result._replace(cited=cited, memories=tuple(named), tokens=tokens), named)

    def _from_model(self, llm: "LLM", whole: Laid, found: Recalled, stream: Stream, word: str | None) -> Reply:
        # Where memories were looked up, nothing is shown before the whole answer was judged.
        held = Stream(lambda _: None, stoppable=stream.stoppable) if self._recall else stream
        asked = time.perf_counter()
        answer, made = self._asked_of(llm, whole, held)
        stream.first = held.first
        laid = made.prompt or whole
        prompt, memories = laid
        self._memories.record_uses(memories)
        # "I don't know that yet" is no answer to a statement.
        told_only = word is not None and answer == model_request.UNKNOWN
        tells = word is not None or not any(map(intents.asks, intents.sentences(prompt.question)))
        if tells and guards.acknowledges(answer, prompt.question):
            verdict = guards.Verdict(stands=True)
        else:
            weighed = self._session.settings.get("llm.model") != MINI
            again = None if self._require_slot else second_question.asking(llm, self._recalling.layout, answer, laid, whole)
            verdict = self._judged(answer, laid, held, weighed=weighed, again=again)
            made = made._replace(seconds=made.seconds | {"answer": time.perf_counter() - asked})
        if verdict.stands and citations.is_withheld(answer, found.hits):
            verdict = guards.Verdict(stands=False, reason=WITHHELD)
        there = self._recall or self._attached is None
        sure = self._sure(held.tokens, answer, shown=there, chance=verdict.chance) and verdict.reason != guards.UNSURE
        if self._session.settings.get("llm.model") == MINI:  # memos-mini can only copy
            sure = sure and not citations.broken_off(answer, prompt)
        if not held.stopped and (not sure or told_only or not verdict.stands):
            result, shown = self._from_memories(found, word, whole.prompt.question)
            reason = "it was unsure of its answer" if not sure else verdict.reason
            # A mere statement needs no answer, so none was replaced.
            replaced = word is None and bool(shown or (sure and verdict.reason))
            said = (*made.notices, _replaced(llm.name, reason, sure=sure, cited=bool(shown))) if replaced else made.notices
            result = result._replace(tokens=made.tokens, seconds=made.seconds, notices=said, prompt=made.prompt)
            return Reply(result._replace(reason=reason if replaced else None), shown)
        if held is not stream and verdict.stands and answer:
            stream.tell(answer)
        rests = citations.cited(answer, prompt.question, prompt.lines) if held.stopped else verdict.rests_on
        named = [memories[index] for index in rests]
        return Reply(made._replace(cited=tuple(memory.id for memory in named), memories=tuple(named)), memories)

    def _judged(
        self, answer: str, laid: Laid, stream: Stream, *, weighed: bool = False, again: "Asking | None" = None
    ) -> guards.Verdict:
        """Whether an answer stands by the memories of its prompt, all of which recall took for relevant.

        Args:
            weighed: the model's certainty counts beside the memories, which stood in its prompt.
            again: asks the model again, where its certainty counts.
        """
        prompt = laid.prompt
        probable = model_request.certainty(stream.tokens) if weighed else None
        grounds = citations.grounds(laid, self._person, self._session.now)
        return guards.judge(
            answer,
            prompt.question,
            prompt.lines,
            grounds,
            turns=prompt.conversation,
            person=self._person,
            cut=len(stream.tokens) >= self._session.settings.get("llm.answer"),
            system=(prompt.system,) if prompt.system else (),
            recalled=self._recall,
            least=probable[1] if probable else None,
            again=again,
        )

    def _asked_of(self, llm: "LLM", whole: Laid, stream: Stream) -> tuple[str, Answered]:
        """A model's answer to the prompt, shortened to fit the model; nothing is cited yet."""
        start = time.perf_counter()
        laid, prompted = self._recalling.fit(llm, whole)
        made = model_request.request(laid.prompt, llm.template, self._recalling.layout)
        most = max(1, min(self._session.settings.get("llm.answer"), llm.context - prompted))
        self.asked = True
        self.found |= bool(laid.prompt.retrieved)
        self._session.given("prompt", laid.memories, purpose="prompt", user_id=self._person)
        restored = self.warm.restore(made) if self.warm else 0
        required = self._required(made, restored)
        begun = time.perf_counter()
        answer = stream.run(llm.stream(made, most=most))
        seconds = {"first": (stream.first or time.perf_counter()) - start, "answer": time.perf_counter() - start}
        tokens = {"prompt": prompted, "answer": len(stream.tokens)}
        if self.warm:
            tokens |= self.warm.spent(prompted, restored, (stream.first or time.perf_counter()) - begun)
            if (used := prompted - tokens["evaluated"]) < required:
                raise _unused(required, max(0, used))
        made_of = Answered(answer, "generated", (), tokens, seconds, stopped=stream.stopped, prompt=laid)
        return answer, made_of._replace(notices=llm.notices()) if isinstance(llm, Telling) else made_of

    def _required(self, made: "Request", restored: int) -> int:
        """How many tokens of a prompt have to come from a slot, which are those that the context holds; 0 without a demand.

        Raises:
            FingerprintMismatch: a slot is required, and the context holds nothing that came from one.
        """
        if not self._require_slot or self.warm is None:
            return 0
        begun = self.warm.begun(made)
        if begun < max(1, restored):
            raise (
                _unused(restored, begun)
                if restored
                else FingerprintMismatch(
                    f"no slot fits the prompt: {self.warm.lacking()}",
                    hint="make one for the model chosen with: memos slot build",
                )
            )
        return begun

    @cached_property
    def _card(self) -> "Card | None":
        return trust.card(self._session)

    def _sure(self, tokens: "Sequence[Token]", answer: str, *, shown: bool, chance: float | None = None) -> bool:
        """Whether an answer is trusted.

        Args:
            chance: how likely it is right by its certainty and the memories; the bar of the exam is one of it, where known.
            shown: whether the memories were in the prompt: a model's bar was chosen for that. From an adapter it answers
                with less certainty: the gate counted how often that is right, and `_by_heart` checks each answer.
        """
        settings = self._session.settings
        probable = model_request.certainty(tokens)
        if not answer:
            return False
        least = settings.origin("llm.sure_least")
        bar = least.value
        if shown and least.origin == "default" and trust.is_chosen(self._session):
            calibrated = MINI_SURE if settings.get("llm.model") == MINI else bar
            bar = self._card.bar if self._card is not None and self._card.bar else calibrated
        if probable is None:
            return True
        certain = probable[1] if chance is None or least.origin != "default" else chance
        return bool(probable[0] >= settings.get("llm.sure") and certain >= bar)

    def detach(self) -> tuple[str, ...]:
        """Detach the adapter if one of its memories was taken back meanwhile; the reason, for the person to read."""
        attached = self._attached
        if attached is None or (why := attached.fault()) is None:
            return ()
        attached.release()
        self._attached = None
        self.warm = self._warmed()  # the slots of a model without the adapter have another fingerprint
        return (f"what the model had learnt is not used any more: {why}",)

    def _warmed(self) -> "PrefixCache | None":
        from memos_cli.ports.ports import Stateful

        llm = self._llm
        if llm is None or not llm.local or not isinstance(llm, Stateful):
            return None
        from memos_cli.operation.activation.prefix_cache import PrefixCache

        return PrefixCache(self._session, llm, self._person)


def _stateless(llm: "LLM | None") -> MemosError:
    """What is wrong where a slot is required of a model that can have none."""
    if llm is None:
        return ModelUnavailable("no model is chosen, and a slot is a model's state", hint="memos model use NAME|PATH")
    return FingerprintMismatch(
        f"{llm.name} keeps no states, so no answer of it begins from a slot",
        hint="choose a model that runs on this machine: memos model use NAME|PATH",
    )


def _replaced(name: str, reason: str, *, sure: bool, cited: bool) -> str:
    """What the person is told where a model's answer was replaced."""
    if not sure:
        return f"{name} was unsure of its answer, so these are your memories, word for word"
    instead = "so these are your memories, word for word" if cited else "and no memory answers by itself"
    return f"the answer of {name} is not shown ({reason}), {instead}"


def _unused(given: int, used: int) -> FingerprintMismatch:
    return FingerprintMismatch(
        f"of {given} tokens that a slot gave, {used} were used",
        hint="see whether the model chosen puts it back with: memos slot verify ID",
    )


def extractive(answer: str, memories: Sequence[Memory]) -> Answered:
    """An answer made without a model."""
    return Answered(
        answer, "extractive", tuple(memory.id for memory in memories), {"prompt": 0, "answer": 0}, {}, tuple(memories)
    )
