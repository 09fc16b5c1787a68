"""Answers in a conversation that a client holds by itself, as clients of OpenAI's protocol do: each request brings all of it.

    recall    what chat recalls for the last message of the person
    insert    the memories within their fence, in the client's own messages (`insertion`); without any these stay as they are
    answer    the model, token by token, as the client asks for it: neither replaced nor held back
    tell      which memories the answer rests on, and whether they bear it out
    settle    the state that the next request of this conversation will begin with, as a slot

A state that is reused was computed in other batches than a whole prompt is, so it can tip a tie between two tokens, as with
llama.cpp's own cache. With `slots.bytes` at 0 none is reused, also not what the context holds.

Nothing that the client says is stored as a memory. A slot holds its words as tokens, so it counts as one of a conversation,
which every purge removes, and none is kept of words in which a secret is found.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import citations, guards, tenses, trust
from memos_cli.interface.chat.client_ask import Ask, Finish, TooLong
from memos_cli.model import Part
from memos_cli.operation.activation.prefix_cache import PrefixCache
from memos_cli.operation.activation.slots import parts
from memos_cli.operation.operator.recall import Recall
from memos_cli.operation.prompt.fence import FENCE
from memos_cli.operation.prompt.insertion import Messages, inserted, last_question
from memos_cli.operation.prompt.layout import JINJA, Prompt
from memos_cli.operation.results import Laid
from memos_cli.ports.ports import Request, Stateful, Telling
from memos_cli.ports.sampled import Sampled

if TYPE_CHECKING:
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session

STEP = 256
"""Tokens of a prompt that are evaluated between two looks at whether the client is still there: llama.cpp's batch here."""
_ASKED = 1_000
"""Characters that are searched with, of the beginning and of the end of a message: some clients send whole files."""
_ROUGHLY = 4
"""Characters for each token of the context up to which messages are counted as a whole at once."""
_PIECE, _SEAM = 4_096, 8
"""Characters of a piece of a longer text, and the tokens by which it may count more than it does within the text."""
_REMEMBERED = 64
"""Answers of which it is remembered what they rest on."""
_NOTHING = Laid(Prompt(""), ())


class _Going(NamedTuple):
    """A conversation that may go on: its messages with the core, the answer, and what these rest on."""

    messages: Messages
    answer: str
    core: tuple[Part, ...]
    rests: tuple[Part, ...]


class ClientTalk:
    """The conversations of one principal's clients with a model.

    Args:
        session: who acts, in which home, on which cubes.
        memories: reads and searches memories.
        llm: answers; it has to draw its tokens (`Sampled`). The caller closes it.
    """

    def __init__(self, session: "Session", memories: "MemOperator", llm: "LLM") -> None:
        if not isinstance(llm, Sampled):
            raise ModelUnavailable(f"{llm.name} does not draw tokens as clients ask for", hint="memos model list")
        self._session, self._memories, self._llm = session, memories, llm
        self._person = session.principal
        self._states = cast("Stateful", llm) if isinstance(llm, Stateful) else None
        self._warm = PrefixCache(session, llm, self._person) if self._states else None
        self._recalling = Recall(session, memories, self._person, reveal=False, local=llm.local)
        self._answers: deque[tuple[array[int], tuple[Part, ...]]] = deque(maxlen=_REMEMBERED)
        self._going: _Going | None = None

    # -- one answer

    def answer(self, ask: Ask, gone: Callable[[], bool] = lambda: False) -> Iterator["str | Finish"]:
        """The answer piece by piece, then what is told of it.

        Args:
            ask: what the client asks for.
            gone: whether the client has left, asked between two tokens; then the answer ends, and nothing is told of it.

        Raises:
            TooLong: the messages have no room in the model's context.
            ModelUnavailable: the model cannot be run, or not be asked in these roles or for this schema.
        """
        self._going = None
        place = last_question(ask.messages)
        question = ask.messages[place][1] if place is not None else ""
        laid, notices = self._recalled(question) if ask.recall and question.strip() else (_NOTHING, ())
        request, laid, count = self._fitted(ask, laid)
        if laid.memories:
            self._session.given("prompt", laid.memories, purpose="prompt", user_id=self._person)
            self._memories.record_uses(laid.memories)
        evaluated = self._prefilled(request, gone)
        if evaluated is None or gone():
            return
        most = min(ask.most or self._llm.context, self._llm.context - count)
        said: list[str] = []
        tokens, cut = 0, False
        drawn = cast("Sampled", self._llm).sampled(request, ask.sampling, most=most, stop=ask.stop, schema=ask.schema)
        for token in drawn:
            tokens, cut = tokens + (token.logprob is not None), token.logprob is None
            said.append(token.text)
            if gone():
                return
            if token.text:
                yield token.text
        evaluated += self._states.evaluated if self._states else count
        answer = "".join(said)
        self._remember(ask, laid, answer)
        told = Finish(answer, cut, count, max(0, count - evaluated), tokens, notices=(*notices, *self._model_notices()))
        yield self._judged(told, question, laid, ask)

    def _recalled(self, question: str) -> tuple[Laid, tuple[str, ...]]:
        asked = question if len(question) <= 2 * _ASKED else f"{question[:_ASKED]}\n{question[-_ASKED:]}"
        found = tenses.answering(asked, self._recalling.recall(asked), self._recalling)
        return self._recalling.lay(question, found, ()), found.notices

    def _fitted(self, ask: Ask, laid: Laid) -> tuple[Request, Laid, int]:
        """The request with as many of the memories as there is room for beside the client's own words, and its tokens."""
        from dataclasses import replace

        plain, context = Request(ask.messages), self._llm.context
        if self._is_far_too_long(ask):
            raise TooLong(f"{self._llm.name} has a context of {context} tokens, and the messages have far more")
        count = self._llm.count(plain)
        if count >= context:
            raise TooLong(f"{self._llm.name} has a context of {context} tokens, and the messages have {count}")
        room = context - min(ask.most or self._session.settings.get("llm.answer"), context // 4)
        prompt, first = laid.prompt, len(laid.prompt.core)
        while prompt.lines:
            kept = (*laid.memories[: len(prompt.core)], *laid.memories[first : first + len(prompt.retrieved)])
            ordered = self._recalling.in_order(Laid(prompt, kept))
            request = Request(inserted(ask.messages, ordered.prompt, trained=self._trained))
            if (wanted := self._llm.count(request)) <= room:
                return request, ordered, wanted
            prompt = (
                replace(prompt, retrieved=prompt.retrieved[:-1]) if prompt.retrieved else replace(prompt, core=prompt.core[:-1])
            )
        return plain, _NOTHING, count

    def _is_far_too_long(self, ask: Ask) -> bool:
        """Whether long messages have no room for certain, counted piece by piece until that is known.

        llama.cpp takes time by the square of a text's length for some texts and vocabularies, and cannot be stopped meanwhile.
        """
        context = self._llm.context
        if sum(len(text) for _, text in ask.messages) <= _ROUGHLY * context:
            return False
        frame, counted = self._llm.count(Request((("user", ""),))) + _SEAM, 0
        for _, text in ask.messages:
            for start in range(0, len(text), _PIECE):
                counted += max(0, self._llm.count(Request((("user", text[start : start + _PIECE]),))) - frame)
                if counted >= context:
                    return True
        return False

    @cached_property
    def _trained(self) -> bool:
        return self._llm.template == JINJA

    def _prefilled(self, request: Request, gone: Callable[[], bool]) -> int | None:
        """Evaluate all of a prompt but its last tokens; how many were evaluated, `None` where the client left meanwhile."""
        if self._states is None or self._warm is None:
            return 0
        if not self._session.settings.get("slots.bytes"):
            self.release()
        self._warm.restore(request)
        ids = self._states.tokens(request)
        first = _common(array("i", self._states.held()), ids)
        evaluated = 0
        for end in range(first + STEP, len(ids), STEP):
            if gone():
                return None
            evaluated += self._states.advance(ids[:end])
        return evaluated

    def _model_notices(self) -> tuple[str, ...]:
        told = self._llm.notices() if isinstance(self._llm, Telling) else ()
        return (*told, *(self._warm.notices() if self._warm else ()))

    def _judged(self, told: Finish, question: str, laid: Laid, ask: Ask) -> Finish:
        told = told._replace(trusted=trust.refusal(self._session, self._llm, trust.card(self._session)) is None)
        prompt, memories = laid
        if not memories:
            return told
        grounds = citations.grounds(laid, self._person, self._session.now)
        system = tuple(text for role, text in ask.messages if role == "system")
        verdict = guards.judge(told.text, question, prompt.lines, grounds, person=self._person, cut=told.cut, system=system)
        cited = tuple(citations.cited(told.text, question, prompt.lines))
        return told._replace(
            memories=memories, cited=cited, stands=verdict.stands, doubt=verdict.reason, zone=self._session.zone
        )

    # -- the slot of a conversation

    def _remember(self, ask: Ask, laid: Laid, answer: str) -> None:
        core, first = Prompt("", core=laid.prompt.core), len(laid.prompt.core)
        rests = tuple(part._replace(version=0) for part in parts(self._session, laid.memories[first:]))
        messages = inserted(ask.messages, core, trained=self._trained)
        self._going = _Going(messages, answer, parts(self._session, laid.memories[:first]), rests)

    def settle(self, *, end: bool = False) -> None:
        """After an answer, let the context hold what the next request will begin with, and keep it as a slot where that is due.

        Args:
            end: there will be no next request.
        """
        if self._going is None or self._warm is None:
            return
        going = self._going
        try:
            ids, head = self._begun(going), self._head(going.messages)
        except ModelUnavailable:  # the template takes no such roles; then the next prompt is evaluated as a whole
            return
        known = {part.memory for part in going.core}
        rests = dict.fromkeys((*going.rests, *self._inherited(ids, head)))
        held = (*going.core, *(part for part in rests if part.memory not in known))
        self._answers.append((ids, held))
        self._warm.write(ids, None if _has_secret(going) else held, end=end)

    def _begun(self, going: _Going) -> "array[int]":
        """The tokens that the next request begins with, whatever its question is."""
        said = (*going.messages, ("assistant", going.answer))
        first, *others = (self._ids((*said, ("user", text))) for text in ("?", "1", FENCE[0]))
        return first[: min(_common(first, other) for other in others)]

    def _head(self, messages: Messages) -> int:
        """How many tokens a prompt has up to the first question; behind them answers stand."""
        place = next((place for place, (role, _) in enumerate(messages) if role == "user"), len(messages) - 1)
        return len(self._ids(messages[: place + 1]))

    def _inherited(self, ids: "array[int]", head: int) -> Iterator[Part]:
        """What earlier answers in these tokens rest on, by what is remembered of them, and by the slots that begin so."""
        slots = [(array("i", slot.ids), slot.parts) for _, slot in self._warm.fitting(ids)] if self._warm else []
        for known, held in (*self._answers, *slots):
            if _common(known, ids) > head:
                yield from (part._replace(version=0) for part in held)

    def _ids(self, messages: Messages) -> "array[int]":
        return array("i", cast("Stateful", self._llm).tokens(Request(messages)))

    def release(self) -> None:
        """Take the state of this principal's last request out of the model, before another one's."""
        if self._states is not None:
            self._states.advance([])


def _common(held: "array[int]", ids: Sequence[int]) -> int:
    from memos_cli.infra.local.states import common

    return common(held, ids if isinstance(ids, array) else array("i", ids))


def _has_secret(going: _Going) -> bool:
    from memos_cli.infra.governance import secrets

    return any(secrets.find(text) for text in (*(text for _, text in going.messages), going.answer))
