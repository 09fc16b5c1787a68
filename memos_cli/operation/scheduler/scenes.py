"""Sets of memories that are needed together, by a rule that a person can follow. Pure, and the same for the same memories.

The set of a memory is, by the first of these that applies:

    core          it is pinned, or a rule
    task          its task
    tag           of its tags the one that most memories carry; those that chat sets don't count
    key           its key, up to the first dot, slash or colon
    conversation  for turns of talk and parts of documents: the session or the file
    links         the set of a memory that it is linked to
    recalls       the set with whose memories it was recalled most often, twice at least
    topic         of its words the one that most of the memories left have, three at least and at most half
    conversation  the session in which it was told

What none applies to is in no set. A set with more text than a slot may hold is cut, in the order of telling, into parts.
Every step looks at each memory once, so the time grows with their number alone.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memos_cli.infra.vault.search import STOP_WORDS, words
from memos_cli.model import Kind, Link, Memory

CORE = "core"
"""The set of what stands in every prompt."""
PART_TOKENS = 2048
"""Tokens, by estimate, from which on a set is cut into parts: half of the smallest context that a model of today has."""
_TOGETHER = 2
"""How often a memory has to have been recalled with those of a set to belong to it."""
_SHARED, _MOST_SHARED = 3, 2
"""A topic's word stands in this many memories at least, and in at most one of so many."""
_SHORTEST = 3
_SYSTEM = "chat"
_HEAD = re.compile(r"[^./:]+")
_OVERHEAD = 10
"""Tokens that the number, the date and the line's end of a memory take in a prompt."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Scene(NamedTuple):
    """A set of memories.

    Attributes:
        name: what a person calls it.
        ids: its memories in the order of telling.
        tokens: how many they take in a prompt, by estimate.
        rule: which rule of this module made it.
    """

    name: str
    ids: tuple[str, ...]
    tokens: int
    rule: str


Label = tuple[str, str]
"""Name and rule."""


def tokens_of(text: str) -> int:
    """About how many tokens a memory takes in a prompt: one for three bytes, and what its line needs besides."""
    return len(text.encode("utf-8", "surrogatepass")) // 3 + _OVERHEAD


def scenes(
    memories: Iterable[Memory], links: Iterable[Link] = (), recalls: Iterable[Sequence[str]] = (), most: int = PART_TOKENS
) -> tuple[Scene, ...]:
    """The sets of these memories, in the order in which they were told.

    Args:
        links: between these memories.
        recalls: ids that were recalled together, each time.
        most: tokens that a part has at most; a memory that is longer is a part by itself.
    """
    told = sorted(memories, key=lambda memory: (_since(memory), memory.source.turn or 0, memory.id))
    labels: dict[str, Label] = {}
    tags = Counter(tag for memory in told for tag in _own_tags(memory))
    for memory in told:
        if label := _said(memory, tags):
            labels[memory.id] = label
    for source, target in ((link.source, link.target) for link in links):
        for one, other in ((source, target), (target, source)):
            if one not in labels and other in labels and labels[other][1] not in {CORE, "links"}:
                labels[one] = (labels[other][0], "links")
    _join_recalled(labels, recalls, {memory.id for memory in told})
    left = [memory for memory in told if memory.id not in labels]
    labels.update(_topics(left))
    for memory in left:
        if memory.id not in labels and memory.source.conversation:
            labels[memory.id] = (_talk(memory), "conversation")
    return tuple(_parts(told, labels, most))


def place(found: Iterable[Scene]) -> dict[str, str]:
    """For each memory the name of its set."""
    return {identity: scene.name for scene in found for identity in scene.ids}


def vocabulary(memories: Iterable[Memory], places: Mapping[str, str]) -> dict[str, Counter[str]]:
    """How often each word that carries meaning stands in each set."""
    found: dict[str, Counter[str]] = {}
    for memory in memories:
        if memory.id in places:
            found.setdefault(places[memory.id], Counter()).update(meaningful(memory.content))
    return found


def meaningful(text: str) -> list[str]:
    """The words of a text that carry meaning."""
    return [word for word in words(text) if len(word) >= _SHORTEST and word not in STOP_WORDS]


def _since(memory: Memory) -> str:
    return memory.occurred_at or memory.valid_from or memory.created_at


def _own_tags(memory: Memory) -> list[str]:
    return [tag for tag in memory.tags if tag.partition(":")[0] != _SYSTEM]


def _said(memory: Memory, tags: Mapping[str, int]) -> Label | None:
    """The set that a memory's own fields tell."""
    if memory.pinned or memory.kind is Kind.RULE:
        return CORE, CORE
    if memory.task:
        return memory.task, "task"
    if own := _own_tags(memory):
        return min(own, key=lambda tag: (-tags[tag], tag)), "tag"
    if memory.key and (head := _HEAD.match(memory.key)):
        return head[0].strip() or memory.key, "key"
    source = memory.source
    if memory.kind in {Kind.EPISODE, Kind.DOCUMENT} and (source.conversation or source.file):
        return _talk(memory), "conversation"
    return None


def _talk(memory: Memory) -> str:
    """What a person calls a conversation: a file by its name, a session by its day."""
    source = memory.source
    if source.file:
        return re.split(r"[/\\]", source.file)[-1]
    day = _day(memory.occurred_at or memory.created_at)
    session = f", session {source.session}" if source.session else ""
    return f"talk of {day}{session}" if day else f"{source.conversation}{session}"


def _day(at: str) -> str:
    """`8 May 2023`."""
    year, month, day = at[:4], at[5:7], at[8:10]
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}" if day.isdecimal() and month.isdecimal() else ""


def _join_recalled(labels: dict[str, Label], recalls: Iterable[Sequence[str]], known: set[str]) -> None:
    """Put what was recalled with a set into it."""
    beside: dict[str, Counter[str]] = {}
    for ids in recalls:
        names = [labels[one][0] for one in ids if one in labels and labels[one][1] != CORE]
        for one in ids if names else ():
            if one in known and one not in labels:
                beside.setdefault(one, Counter()).update(set(names))
    for one, counts in beside.items():
        name, times = min(counts.items(), key=lambda item: (-item[1], item[0]))
        if times >= _TOGETHER:
            labels[one] = (name, "recalls")


def _topics(left: Sequence[Memory]) -> Iterator[tuple[str, Label]]:
    """For each memory that has one the word that it shares with most others, as it is mostly written."""
    told = {memory.id: set(meaningful(memory.content)) for memory in left}
    shared = Counter(word for one in told.values() for word in one if not word.isdecimal())
    most = max(_SHARED, len(left) // _MOST_SHARED)
    spelled = _spellings(left)
    for identity, own in told.items():
        fitting = [word for word in own if _SHARED <= shared[word] <= most]
        if fitting:
            word = min(fitting, key=lambda word: (-shared[word], word))
            yield identity, (spelled(word), "topic")


def _spellings(memories: Sequence[Memory]) -> Callable[[str], str]:
    counts: dict[str, Counter[str]] = {}
    for memory in memories:
        for word in re.findall(r"\w+", memory.content):
            counts.setdefault(word.lower(), Counter())[word] += 1

    def spelled(word: str) -> str:
        found = counts.get(word)
        return min(found, key=lambda one: (-found[one], one)) if found else word

    return spelled


def _parts(told: Sequence[Memory], labels: Mapping[str, Label], most: int) -> Iterator[Scene]:
    """The sets in the order of their first memories, long ones in parts."""
    members: dict[str, list[Memory]] = {}
    rules: dict[str, str] = {}
    for memory in told:
        if memory.id in labels:
            name, rule = labels[memory.id]
            name = f"{name} ({rule})" if name == CORE != rule else name
            members.setdefault(name, []).append(memory)
            rules.setdefault(name, rule)
    for name, found in members.items():
        cut = list(_cut(found, most))
        for number, (ids, tokens) in enumerate(cut, start=1):
            yield Scene(f"{name}, part {number}" if len(cut) > 1 else name, tuple(ids), tokens, rules[name])


def _cut(found: Sequence[Memory], most: int) -> Iterator[tuple[list[str], int]]:
    ids: list[str] = []
    tokens = 0
    for memory in found:
        size = tokens_of(memory.content)
        if ids and tokens + size > most:
            yield ids, tokens
            ids, tokens = [], 0
        ids.append(memory.id)
        tokens += size
    if ids:
        yield ids, tokens
