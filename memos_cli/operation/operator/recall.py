"""Recall: the memories for a message of a conversation, laid out as a prompt and shortened until it fits the model."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Concatenate, Literal, NamedTuple, ParamSpec, TypeVar

from memos_cli.infra import counts
from memos_cli.infra.governance import labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.echoes import RESTS
from memos_cli.model import Filter, Memory
from memos_cli.operation import policy
from memos_cli.operation.exam import cards
from memos_cli.operation.operator.core import core as core_of
from memos_cli.operation.operator.core import in_time
from memos_cli.operation.prompt import attribution, layouts, model_request
from memos_cli.operation.prompt.layout import Line, Prompt, Turn
from memos_cli.operation.results import Hit, Laid, covered, masked

if TYPE_CHECKING:
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session

TAG = "chat"
"""The tag of every turn that chat kept."""
ECHO = "chat:echo"
"""The tag of turns that say nothing new: questions, answers made of memories, statements that became memories themselves."""
TURNS, _GIVING_WAY = 400, 300
"""How many turns of a conversation are read at most, and how many are dropped at once when there are more."""
_KEPT = 8
"""When a conversation no longer fits, its last eighth stays, and its last exchange in any case: were only the oldest turn
dropped, every later prompt would have another beginning. The turns that stay are evaluated anew behind the core: at each cut
a seventh as many as were said since the last cut. Were a quarter to stay, it would be a third."""
ASSISTANT: Literal["assistant"] = "assistant"
P = ParamSpec("P")
T = TypeVar("T")


def _for_prompt(
    read: "Callable[Concatenate[Recall, P], T]",
) -> "Callable[Concatenate[Recall, P], T]":
    """Read memories for a prompt: rules of access may say who reads what for one."""

    @wraps(read)
    def reading(self: "Recall", /, *values: P.args, **named: P.kwargs) -> T:
        with self.session.reading_for("prompt"):
            return read(self, *values, **named)

    return reading


class Recalled(NamedTuple):
    """The memories recalled for a message, those among them that their labels keep out of prompts.

    Attributes:
        notices: what the person should know about the search, and how many of these stay out of the prompt.
        topics: memories of the conversation's scene.
        listed: whether the hits are all that there is of a day, each as good as the other.
    """

    core: tuple[Memory, ...] = ()
    hits: tuple[Hit, ...] = ()
    notices: tuple[str, ...] = ()
    topics: tuple[Memory, ...] = ()
    listed: bool = False


class Said(NamedTuple):
    """A turn that was kept.

    Attributes:
        turn: the turn as prompts show it.
        episode: the memory that keeps the turn.
        rests: the episode, the memories that the turn names and those that were made of it, each with its version then.
    """

    turn: Turn
    episode: Memory
    rests: Mapping[str, int]


class Recall:
    """Recalls memories for one person, and lays them out as a prompt.

    Args:
        session: in which home, of which cubes.
        memories: the memories that are searched.
        person: who is asking.
        reveal: whether secrets are shown.
        local: whether the prompt stays on this machine.
    """

    def __init__(self, session: "Session", memories: "MemOperator", person: str, *, reveal: bool, local: bool) -> None:
        self.session = session
        self._memories = memories
        self.person = person
        self.reveals = reveal and local

    @cached_property
    def layout(self) -> layouts.Layout:
        """The layout in which the model that the settings name is asked."""
        return cards.layout(self.session.settings, self.session.paths)

    @_for_prompt
    def recall(self, message: str) -> Recalled:
        """The memories for a message: the core, and what a search finds."""
        core = self.core()
        found = self.search(message, self.session.settings.get("chat.memories") + len(core))
        known = {memory.id: memory for memory in (*core, *(hit.memory for hit in found.hits))}
        staying = policy.left_out(self.session, known.values(), Whither.PROMPT, "out of the prompt")
        return Recalled(core, found.hits, (*found.notices, *staying))

    @_for_prompt
    def between(self, since: str, until: str) -> tuple[Memory, ...]:
        """The memories of what was, or is to come, from an instant on and before another one; turns of chat are none."""
        return self._memories.list(Filter(at=self.session.now, since=since, until=until), limit=TURNS, user_id=self.person)

    @_for_prompt
    def recurring(self, since: str, until: str) -> tuple[Memory, ...]:
        """The memories of what comes, or comes again, from an instant on and before another one; none of what is past."""
        if until <= self.session.now:
            return ()
        wanted = Filter(at=self.session.now, since=since, until=until)
        coming = self._memories.upcoming(wanted, limit=TURNS, user_id=self.person).coming
        return tuple(one.memory for one in coming)

    @_for_prompt
    def core(self) -> tuple[Memory, ...]:
        """The pinned memories and the rules, see `core.core`."""
        return core_of(self._memories, Filter(at=self.session.now), self.person)

    @_for_prompt
    def topics(self, core: Sequence[Memory], ids: Sequence[str]) -> tuple[Memory, ...]:
        """The memories of a scene, oldest first, without those in the core and those that the person may no longer see."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return ()
        known = {memory.id for memory in core}
        found: list[Memory] = []
        for vault in self.session.vaults(self.person):
            wanted_now = Filter(at=self.session.now, trusted=True)
            current = vault.versions(wanted, self.session.sight(vault, wanted_now, self.person))
            found += [vault.get(identity) for identity in wanted if identity in current and identity not in known]
        return in_time(found)

    @_for_prompt
    def turns(self, conversation: str) -> list[Said]:
        """The last turns of a kept conversation, oldest first, without those that rest on a memory that has changed."""
        wanted = Filter(at=self.session.now, tags=(TAG,), conversation=conversation)
        episodes = self._memories.list(wanted, limit=TURNS, user_id=self.person)
        asked = {_turn(memory) for memory in episodes if memory.source.speaker != ASSISTANT}
        whole = [one for one in episodes if one.source.speaker != ASSISTANT or _turn(one) - 1 in asked]
        ordered = sorted(whole, key=_turn)
        if len(episodes) == TURNS:
            first = -(-_turn(ordered[0]) // _GIVING_WAY) * _GIVING_WAY
            ordered = [memory for memory in ordered if _turn(memory) > first]
        whatever = Filter(at=self.session.now, without=(TAG,), conversation=conversation, everything=True)
        told = self._memories.list(whatever, limit=TURNS, user_id=self.person)
        rests: dict[int, dict[str, int]] = {}
        for memory in told:
            rests.setdefault(_turn(memory), {})[memory.id] = 1  # the version that the turn made
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

    @_for_prompt
    def holding(self, turns: Sequence[Turn], rests: Sequence[Mapping[str, int]]) -> list[int]:
        """The places of the turns that rest on no changed memory; a question and its answer stay or go together."""
        gone = self._gone({identity: version for one in rests for identity, version in one.items()})
        doomed = {place for place, one in enumerate(rests) if not gone.isdisjoint(one)}
        for place in range(1, len(turns)):
            if (turns[place - 1].role, turns[place].role) == ("user", ASSISTANT) and not doomed.isdisjoint({place - 1, place}):
                doomed |= {place - 1, place}
        return [place for place in range(len(turns)) if place not in doomed]

    def _gone(self, rests: Mapping[str, int]) -> set[str]:
        """The memories among these that are no longer current, or have changed their content since, or go into no prompt."""
        if not rests:
            return set()
        current: set[str] = set()
        for vault in self.session.vaults(self.person):
            wanted = self.session.sight(vault, Filter(at=self.session.now, archived=True), self.person)
            for identity, version in vault.versions(list(rests), wanted).items():
                later = (
                    fold.versions(vault.operations("memory", identity))[rests[identity] :] if version > rests[identity] else []
                )
                if not any("content" in (operation.change or ()) for operation in later):
                    current.add(identity)
            rules, labelled = vault.policy, counts.labels_of(vault, current)
            current -= {one for one, names in labelled.items() if not labels.may_go(names, Whither.PROMPT, rules)}
        return set(rests) - current

    @_for_prompt
    def search(self, query: str, k: int, *, all_hits: bool = False) -> Recalled:
        """The memories that a search finds and that fit by themselves; turns of chat are none.

        Args:
            query: words, or a question.
            k: how many memories at most.
            all_hits: return those that do not fit, too, and those that say the same: for a caller that looks at each by itself.
        """
        found = self._memories.search(query, k=k, record=False, user_id=self.person, all_hits=all_hits, apart=all_hits)
        return Recalled((), tuple(hit for hit in found.hits if hit.fits or all_hits), found.notices)

    def lay(self, message: str, found: Recalled, turns: Sequence[Turn]) -> Laid:
        """The prompt with all recalled memories that may go into one, the found ones best first.

        What nobody vouched for stands in none: a model would repeat it without its mark. It is cited where it answers.

        Slots hold the core and the topics. What may go into none stands behind what was found, in no slot's part of the prompt.
        """
        may, may_stay = (policy.passing(self.session, whither) for whither in (Whither.PROMPT, Whither.SLOT))
        stable = [memory for memory in (*found.core, *found.topics) if may(memory)]
        known = {memory.id for memory in (*found.core, *found.topics)}
        fit = (hit.memory for hit in found.hits if hit.memory.id not in known and not hit.memory.untrusted)
        retrieved = [memory for memory in fit if may(memory)]
        retrieved = retrieved[: self.session.settings.get("chat.memories")]
        retrieved += [memory for memory in stable if not may_stay(memory)]
        core, topics = ([one for one in layer if may(one) and may_stay(one)] for layer in (found.core, found.topics))
        prompt = Prompt(message, self._lines(retrieved), tuple(turns), self._lines(topics), self._lines(core))
        return Laid(prompt, (*core, *topics, *retrieved))

    def fit(self, llm: "LLM", whole: Laid) -> tuple[Laid, int]:
        """The prompt shortened to the model's context, and its number of tokens."""
        from dataclasses import replace

        def count(prompt: Prompt) -> int:
            return llm.count(model_request.request(prompt, llm.template, self.layout))

        least = max(16, min(self.session.settings.get("llm.answer"), llm.context // 4))
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
        """The prompt as the model gets it, from one whose found memories stand best first: now in the order of the layout."""
        from dataclasses import replace

        first = len(laid.prompt.core) + len(laid.prompt.topics)
        told = layouts.ordered(self.layout, laid.memories[first:], attribution.since)
        return Laid(replace(laid.prompt, retrieved=self._lines(told)), (*laid.memories[:first], *told))

    def _lines(self, memories: Sequence[Memory]) -> tuple[Line, ...]:
        zone = self.session.zone
        return tuple(model_request.line(self._told(memory), self.content(memory), zone) for memory in memories)

    def _told(self, memory: Memory) -> Memory:
        return memory if self.reveals else covered(memory)

    def content(self, memory: Memory) -> str:
        """A memory's words; a secret is masked unless it may be shown, and always where a model elsewhere would read it.

        Raises:
            Refused: secrets are to be shown, and the person may not see this one.
        """
        if not self.reveals:
            return masked(memory)
        self.session.require_reveal((memory,), self.person)
        return memory.content


def _turn(memory: Memory) -> int:
    return memory.source.turn or 0


def _rests_of(episode: Memory) -> dict[str, int]:
    """The memories that an answer names, by the episode's metadata, which may hold anything if the cube came from elsewhere."""
    found = episode.metadata.get(RESTS)
    items = found.items() if isinstance(found, dict) else ()
    return {identity: version for identity, version in items if isinstance(version, int) and version > 0}


def _newest(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The last turns, from a question on: no answer stays without its question."""
    first = len(turns) - max(2, len(turns) // _KEPT)
    while first < len(turns) - 1 and turns[first].role == ASSISTANT:
        first += 1
    return turns[first:]
