"""What a conversation recalls for a message, and the prompt that it is laid out in, as far as that fits a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.interface import answering
from memos_cli.interface.prompt import Line, Prompt, Turn
from memos_cli.interface.results import Hit, Laid
from memos_cli.model import Filter, Kind, Memory

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS
    from memos_cli.ports import LLM

TAG = "chat"
"""Carried by every turn that chat kept."""
ECHO = "chat:echo"
"""Carried by turns that say nothing new: questions, answers made of memories, statements that became memories themselves."""
CORE = 12
"""How many core memories a prompt has at most."""


class Recalled(NamedTuple):
    """What was found for a message."""

    core: tuple[Memory, ...] = ()
    hits: tuple[Hit, ...] = ()
    notices: tuple[str, ...] = ()


class Recall:
    """What one person is told from a home, and how it is laid out.

    Args:
        mos: the memory.
        person: who is asking.
        reveal: whether secrets are shown.
        local: whether what is shown stays on this machine.
    """

    def __init__(self, mos: "MOS", person: str, *, reveal: bool, local: bool) -> None:
        self._mos = mos
        self._person = person
        self._reveal = reveal
        self._local = local

    def recall(self, message: str) -> Recalled:
        """What fits a message: the core, and what a search finds."""
        now = self._mos.now
        pinned = self._mos.list(Filter(at=now, pinned=True, without=(TAG,)), limit=CORE, user_id=self._person)
        rules = self._mos.list(Filter(at=now, kinds=(Kind.RULE.value,), without=(TAG,)), limit=CORE, user_id=self._person)
        core = {memory.id: memory for memory in (*pinned, *rules)}
        found = self.search(message, self._mos.settings.get("chat.memories") + len(core))
        return Recalled(tuple(core.values())[:CORE], found.hits, found.notices)

    def search(self, query: str, k: int) -> Recalled:
        """What a search finds; not what chat itself said or was asked before."""
        wanted = Filter(at=self._mos.now, without=(ECHO,))
        found = self._mos.search(query, k=k, wanted=wanted, record=False, user_id=self._person)
        return Recalled((), found.hits, found.notices)

    def lay(self, message: str, found: Recalled, turns: Sequence[Turn]) -> Laid:
        """The prompt with all that was recalled for it, what was found best first."""
        known = {memory.id for memory in found.core}
        retrieved = [hit.memory for hit in found.hits if hit.memory.id not in known][: self._mos.settings.get("chat.memories")]
        prompt = Prompt(message, self._lines(retrieved), tuple(turns), core=self._lines(found.core))
        return Laid(prompt, (*found.core, *retrieved))

    def fit(self, llm: "LLM", whole: Laid) -> tuple[Laid, int]:
        """The prompt as far as it fits the model, and its tokens."""

        def count(prompt: Prompt) -> int:
            return llm.count(answering.request(prompt, llm.template))

        least = max(16, min(self._mos.settings.get("llm.answer"), llm.context // 4))
        prompt = answering.fit(whole.prompt, count, llm.context - least)
        core, retrieved = whole.memories[: len(whole.prompt.core)], whole.memories[len(whole.prompt.core) :]
        laid = self.in_order(Laid(prompt, (*core[: len(prompt.core)], *retrieved[: len(prompt.retrieved)])))
        return laid, count(laid.prompt)

    def in_order(self, laid: Laid) -> Laid:
        """The prompt as it is told: what was found stands oldest first."""
        from dataclasses import replace

        first = len(laid.prompt.core)
        told = sorted(laid.memories[first:], key=answering.since)
        return Laid(replace(laid.prompt, retrieved=self._lines(told)), (*laid.memories[:first], *told))

    def _lines(self, memories: Sequence[Memory]) -> tuple[Line, ...]:
        return tuple(answering.line(memory, self.content(memory)) for memory in memories)

    def content(self, memory: Memory) -> str:
        """A memory's words; a secret is masked unless it may be shown, and always where a model elsewhere would read it."""
        if "secret" not in memory.labels or (self._reveal and self._local):
            return memory.content
        from memos_cli.interface.secrets import mask

        return mask(memory.content, memory.labels)
