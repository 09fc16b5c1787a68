"""Scenes: sets of memories that are recalled together, by rules that a person can follow. Pure, and repeatable.

The first of these rules that applies to a memory names its scene:

    core          the memory is pinned, or a rule
    task          its task
    tag           its tag that most memories carry; tags that chat sets do not count
    key           its key, up to the first dot, slash or colon
    conversation  for turns of talk and parts of documents: the session or the file
    links         the scene of a memory that it is linked to
    recalls       the scene with whose memories it was recalled most often, at least twice
    topic         its word that most of the remaining memories have, at least three and at most half of them
    conversation  the session in which it was said

A memory to which no rule applies is in no scene. A scene with more text than a slot may hold is cut into parts, in the order of
time. Every step looks at each memory once, so the time grows with their number alone.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from memos_cli.infra.words.languages import language
from memos_cli.infra.words.words import stop_words, words
from memos_cli.model import Kind, Link, Memory

CORE = "core"
"""The scene of the memories that stand in every prompt."""
PART_TOKENS = 2048
"""A scene of more tokens, by estimate, is cut into parts: half of the smallest context that a model of today has."""
_TOGETHER = 2
"""How many times a memory has to be recalled with those of a scene to belong to it."""
_SHARED, _MOST_SHARED = 3, 2
"""A topic's word occurs in at least `_SHARED` memories, and in at most one of `_MOST_SHARED`."""
_SHORTEST = 3
_SYSTEM = "chat"
_HEAD = re.compile(r"[^./:]+")
_OVERHEAD = 10
"""Tokens that the number, the date and the line's end of a memory take in a prompt."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Scene(NamedTuple):
    """A set of memories that are recalled together.

    Attributes:
        name: its name, for a person.
        ids: its memories in the order of time.
        tokens: how many tokens they take in a prompt, by estimate.
        rule: which rule of this module made it.
    """

    name: str
    ids: tuple[str, ...]
    tokens: int
    rule: str


Label = tuple[str, str]
"""A scene's name and rule."""


def tokens_of(text: str) -> int:
    """About how many tokens a memory takes in a prompt: one for three bytes, and `_OVERHEAD` for its line."""
    return len(text.encode("utf-8", "surrogatepass")) // 3 + _OVERHEAD


def scenes(
    memories: Iterable[Memory], links: Iterable[Link] = (), recalls: Iterable[Sequence[str]] = (), most: int = PART_TOKENS
) -> tuple[Scene, ...]:
    """The scenes of these memories, in the order of their first memories.

    Args:
        links: links between these memories.
        recalls: for each recall the ids that were recalled together.
        most: tokens that a part has at most; a longer memory is a part by itself.
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
    """For each memory the name of its scene."""
    return {identity: scene.name for scene in found for identity in scene.ids}


def vocabulary(memories: Iterable[Memory], places: Mapping[str, str]) -> dict[str, Counter[str]]:
    """How often each word that carries meaning occurs in each scene."""
    found: dict[str, Counter[str]] = {}
    for memory in memories:
        if memory.id in places:
            found.setdefault(places[memory.id], Counter()).update(meaningful(memory.content))
    return found


def meaningful(text: str) -> list[str]:
    """The words of a text that carry meaning."""
    left_out = stop_words(language(text))
    return [word for word in words(text) if len(word) >= _SHORTEST and word not in left_out]


def _since(memory: Memory) -> str:
    return memory.occurred_at or memory.valid_from or memory.created_at


def _own_tags(memory: Memory) -> list[str]:
    return [tag for tag in memory.tags if tag.partition(":")[0] != _SYSTEM]


def _said(memory: Memory, tags: Mapping[str, int]) -> Label | None:
    """The scene that follows from a memory's own fields."""
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
    """The name of a conversation for a person: a file's name, or a session's day."""
    source = memory.source
    if source.file:
        return re.split(r"[/\\]", source.file)[-1]
    day = _day(memory.occurred_at or memory.created_at)
    session = f", session {source.session}" if source.session else ""
    return f"talk of {day}{session}" if day else f"{source.conversation}{session}"


def _day(at: str) -> str:
    """A day such as `8 May 2023`."""
    year, month, day = at[:4], at[5:7], at[8:10]
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}" if day.isdecimal() and month.isdecimal() else ""


def _join_recalled(labels: dict[str, Label], recalls: Iterable[Sequence[str]], known: set[str]) -> None:
    """Put memories into the scene that they were recalled with."""
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
    """For each memory with a topic the word that it shares with most others, in its most frequent spelling."""
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
    """The scenes in the order of their first memories, long ones in parts."""
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
