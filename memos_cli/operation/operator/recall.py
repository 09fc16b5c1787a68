"""What a conversation recalls for a message, and the prompt that it is laid out in, as far as that fits a model."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from memos_cli.model import Filter, Kind, Memory
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import Line, Prompt, Turn
from memos_cli.operation.results import Hit, Laid

if TYPE_CHECKING:
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.ports import LLM
    from memos_cli.session import Session

TAG = "chat"
"""Carried by every turn that chat kept."""
ECHO = "chat:echo"
"""Carried by turns that say nothing new: questions, answers made of memories, statements that became memories themselves."""
RESTS = "rests_on"
"""In the metadata of an answer: the memories that it names, each with its version."""
MOST_CORE = 12
"""How many core memories a prompt has at most."""
_STEP = 4
"""How many core memories give way at once, so that the prompt's beginning stays as it is for some additions after that."""
_MOST = 8 * MOST_CORE
TURNS, _GIVING_WAY = 400, 300
"""How many turns of a conversation are looked at again, and how many of them give way at once when there are more."""
_KEPT = 8
"""Of a conversation that no longer fits, one part in so many stays, and its last exchange in any case: were only the oldest
turn dropped, the prompt would begin anew with every message from then on. What stays is evaluated anew behind the core: with
each cut a seventh of what was said since the one before; with a quarter it was a third."""
ASSISTANT: Literal["assistant"] = "assistant"


class Recalled(NamedTuple):
    """What was found for a message.

    Attributes:
        topics: memories of the scene that the conversation is in.
    """

    core: tuple[Memory, ...] = ()
    hits: tuple[Hit, ...] = ()
    notices: tuple[str, ...] = ()
    topics: tuple[Memory, ...] = ()


class Said(NamedTuple):
    """A turn as it was kept.

    Attributes:
        turn: as prompts show it.
        episode: what is kept of it.
        rests: its episode and the memories that it was taken from or that were taken from it, each with its version then.
    """

    turn: Turn
    episode: Memory
    rests: Mapping[str, int]


class Recall:
    """What one person is told from a home, and how it is laid out.

    Args:
        session: in which home, of which cubes.
        memories: the memories that are looked through.
        person: who is asking.
        reveal: whether secrets are shown.
        local: whether what is shown stays on this machine.
    """

    def __init__(self, session: "Session", memories: "MemOperator", person: str, *, reveal: bool, local: bool) -> None:
        self._session = session
        self._memories = memories
        self.person = person
        self.reveals = reveal and local

    def recall(self, message: str) -> Recalled:
        """What fits a message: the core, and what a search finds."""
        core = self.core()
        found = self.search(message, self._session.settings.get("chat.memories") + len(core))
        return Recalled(core, found.hits, found.notices)

    def core(self) -> tuple[Memory, ...]:
        """What is pinned, and rules, in the order in which they came in: what is new leaves the prompt's beginning as it is.

        Where there are too many, rules told once and old ones give way first.
        """
        wanted = Filter(at=self._session.now, trusted=True, without=(TAG,))
        pinned = self._memories.list(wanted._replace(pinned=True), limit=_MOST, user_id=self.person)
        rules = self._memories.list(wanted._replace(kinds=(Kind.RULE.value,)), limit=_MOST, user_id=self.person)
        found = list({memory.id: memory for memory in (*reversed(pinned), *reversed(rules))}.values())
        if len(found) > MOST_CORE:
            gone = -(-(len(found) - MOST_CORE) // _STEP) * _STEP
            found = sorted(found, key=lambda memory: (memory.pinned, memory.priority > 0, *_came(memory)))[gone:]
        return _settled(found)

    def topics(self, core: Sequence[Memory], ids: Sequence[str]) -> tuple[Memory, ...]:
        """Memories as they stand behind the core, in the same order; without those in it, and those no longer to be told."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return ()
        known = {memory.id for memory in core}
        found: list[Memory] = []
        for vault in self._session.vaults():
            current = vault.versions(wanted, self._session.sight(vault, Filter(at=self._session.now), self.person))
            found += [vault.get(identity) for identity in wanted if identity in current and identity not in known]
        return _settled(found)

    def turns(self, conversation: str) -> list[Said]:
        """The last turns of a conversation that was kept, the oldest first; without those that rest on what is no longer so."""
        wanted = Filter(at=self._session.now, tags=(TAG,), conversation=conversation)
        episodes = self._memories.list(wanted, limit=TURNS, user_id=self.person)
        asked = {_turn(memory) for memory in episodes if memory.source.speaker != ASSISTANT}
        whole = [one for one in episodes if one.source.speaker != ASSISTANT or _turn(one) - 1 in asked]
        ordered = sorted(whole, key=_turn)
        if len(episodes) == TURNS:
            first = -(-_turn(ordered[0]) // _GIVING_WAY) * _GIVING_WAY
            ordered = [memory for memory in ordered if _turn(memory) > first]
        whatever = Filter(at=self._session.now, without=(TAG,), conversation=conversation, everything=True)
        told = self._memories.list(whatever, limit=TURNS, user_id=self.person)
        rests: dict[int, dict[str, int]] = {}
        for memory in told:
            rests.setdefault(_turn(memory), {})[memory.id] = 1  # as it was told there
        for memory in ordered:
            rests.setdefault(_turn(memory), {}).update(_rests_of(memory) | {memory.id: memory.version})
        said = [
            Said(
                Turn(ASSISTANT if memory.source.speaker == ASSISTANT else "user", self.content(memory)), memory,
                rests.get(_turn(memory), {}),
            )
            for memory in ordered
        ]  # fmt: skip
        return [said[place] for place in self.holding([one.turn for one in said], [one.rests for one in said])]

    def holding(self, turns: Sequence[Turn], rests: Sequence[Mapping[str, int]]) -> list[int]:
        """The places of the turns that rest on nothing that has changed; a question goes with its answer, and the other way."""
        gone = self._gone({identity: version for one in rests for identity, version in one.items()})
        doomed = {place for place, one in enumerate(rests) if not gone.isdisjoint(one)}
        for place in range(1, len(turns)):
            if (turns[place - 1].role, turns[place].role) == ("user", ASSISTANT) and not doomed.isdisjoint({place - 1, place}):
                doomed |= {place - 1, place}
        return [place for place in range(len(turns)) if place not in doomed]

    def _gone(self, rests: Mapping[str, int]) -> set[str]:
        """Which of these memories are no longer current, or have other words than in these versions."""
        if not rests:
            return set()
        current: set[str] = set()
        for vault in self._session.vaults():
            wanted = self._session.sight(vault, Filter(at=self._session.now, archived=True), self.person)
            for identity, version in vault.versions(list(rests), wanted).items():
                later = vault.operations("memory", identity)[rests[identity] :] if version > rests[identity] else []
                if not any("content" in (operation.change or ()) for operation in later):
                    current.add(identity)
        return set(rests) - current

    def search(self, query: str, k: int) -> Recalled:
        """What a search finds; not what chat itself said or was asked before."""
        wanted = Filter(at=self._session.now, without=(ECHO,))
        found = self._memories.search(query, k=k, wanted=wanted, record=False, user_id=self.person)
        return Recalled((), found.hits, found.notices)

    def lay(self, message: str, found: Recalled, turns: Sequence[Turn]) -> Laid:
        """The prompt with all that was recalled for it, what was found best first."""
        known = {memory.id for memory in (*found.core, *found.topics)}
        retrieved = [hit.memory for hit in found.hits if hit.memory.id not in known][
            : self._session.settings.get("chat.memories")
        ]
        core, topics = self._lines(found.core), self._lines(found.topics)
        prompt = Prompt(message, self._lines(retrieved), tuple(turns), topics, core)
        return Laid(prompt, (*found.core, *found.topics, *retrieved))

    def fit(self, llm: "LLM", whole: Laid) -> tuple[Laid, int]:
        """The prompt as far as it fits the model, and its tokens."""
        from dataclasses import replace

        def count(prompt: Prompt) -> int:
            return llm.count(model_request.request(prompt, llm.template))

        least = max(16, min(self._session.settings.get("llm.answer"), llm.context // 4))
        prompt, room = whole.prompt, llm.context - least
        while len(prompt.conversation) > 2 and count(prompt) > room:
            prompt = replace(prompt, conversation=_newest(prompt.conversation))
        prompt = model_request.fit(prompt, count, room)
        first, second = len(whole.prompt.core), len(whole.prompt.core) + len(whole.prompt.topics)
        kept = (
            *whole.memories[:first][: len(prompt.core)],
            *whole.memories[first:second][: len(prompt.topics)],
            *whole.memories[second:][: len(prompt.retrieved)],
        )
        laid = self.in_order(Laid(prompt, kept))
        return laid, count(laid.prompt)

    def in_order(self, laid: Laid) -> Laid:
        """The prompt as it is told: what was found stands oldest first."""
        from dataclasses import replace

        first = len(laid.prompt.core) + len(laid.prompt.topics)
        told = sorted(laid.memories[first:], key=model_request.since)
        return Laid(replace(laid.prompt, retrieved=self._lines(told)), (*laid.memories[:first], *told))

    def _lines(self, memories: Sequence[Memory]) -> tuple[Line, ...]:
        return tuple(model_request.line(memory, self.content(memory)) for memory in memories)

    def content(self, memory: Memory) -> str:
        """A memory's words; a secret is masked unless it may be shown, and always where a model elsewhere would read it."""
        if "secret" not in memory.labels or self.reveals:
            return memory.content
        from memos_cli.infra.governance.secrets import mask

        return mask(memory.content, memory.labels)


def _turn(memory: Memory) -> int:
    return memory.source.turn or 0


def _rests_of(episode: Memory) -> dict[str, int]:
    """What an answer names, as `chat` kept it; from elsewhere anything may stand there."""
    found = episode.metadata.get(RESTS)
    items = found.items() if isinstance(found, dict) else ()
    return {identity: version for identity, version in items if isinstance(version, int) and version > 0}


def _newest(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The last turns, from a question on: an answer does not stand without one."""
    first = len(turns) - max(2, len(turns) // _KEPT)
    while first < len(turns) - 1 and turns[first].role == ASSISTANT:
        first += 1
    return turns[first:]


def _settled(memories: Iterable[Memory]) -> tuple[Memory, ...]:
    """What is new stands last: the prompt stays as it was up to there, and of two that disagree the later one is the last."""
    return tuple(sorted(memories, key=_came))


def _came(memory: Memory) -> tuple[str, str]:
    return model_request.since(memory), memory.created_at
