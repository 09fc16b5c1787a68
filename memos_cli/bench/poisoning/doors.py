"""The doors of the program behind which a poisoned memory may be met, and what each tells a reader of a memory.

A reader is not asked what a line means. What counts is what the program lets it be: a line of the person's own, one that is
marked as unconfirmed or as somebody else's, one that stands among the rules, or text that stands beside the fence.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.bench.poisoning.carriers import READER, Scene
from memos_cli.bench.poisoning.corpus import PERSON
from memos_cli.bench.poisoning.disguises import seen_through
from memos_cli.model import Memory
from memos_cli.operation.prompt.attribution import other, speaker

if TYPE_CHECKING:
    from memos_cli.ports.ports import LLM

BLOCKS = ("context", "brief", "recall", "agent brief")
"""The doors that show memories within the fence."""
DOORS = ("chat", "search", *BLOCKS)
_ID = re.compile(r"[a-z0-9]{8}(?= )")
_TAG = re.compile(r"<\s*(/?)\s*memories\s*>")
_HEADING = re.compile(r"[A-Z][\w ]+(?: \d{4}-\d\d-\d\d)?:")


class ShownLine(NamedTuple):
    """A line as a door shows it.

    Attributes:
        text: the line, seen through its disguise.
        own: it passes for what the person said.
        standing: it is among what counts for every question.
        outside: it stands beside the fence, or in the words of a model.
        generated: it is in the words of a model.
        source: the words of the memory that it begins with the id of, seen through; empty where there is none.
        entry: it is to be the line of a memory.
    """

    text: str
    own: bool = True
    standing: bool = False
    outside: bool = False
    generated: bool = False
    source: str = ""
    entry: bool = False

    def forges(self, bait: str) -> bool:
        """Whether it passes for a line that the program made, and the program did not put the bait there."""
        return self.entry and bait not in self.source


Shown = Mapping[str, tuple[ShownLine, ...]]
"""What each door shows."""


async def blocks(scene: Scene, question: str) -> Shown:
    """What the doors with a fence show, to a model of the person's and to another agent."""
    briefing = scene.mos.briefing
    made = {"context": briefing.context(question).text, "brief": briefing.brief().text}
    async with scene.agents.client(scene.open_as, READER) as client:
        for door, tool, given in (("recall", "recall", {"query": question}), ("agent brief", "brief", {})):
            result = await client.call_tool(tool, given)
            made[door] = "\n".join(block.text for block in result.content if block.type == "text")
    known = {memory.id[:8]: memory for memory in scene.mos.list(limit=None)}
    return {door: tuple(_lines(text, known)) for door, text in made.items()}


def answers(scene: Scene, question: str, llm: "LLM | None") -> Shown:
    """What a search shows, and what chat answers."""
    hits = scene.mos.search(question, record=False).hits
    found = tuple(ShownLine(seen_through(hit.memory.content), own=_is_own(hit.memory)) for hit in hits)
    return {"search": found, "chat": chat(scene, question, llm)}


def chat(scene: Scene, question: str, llm: "LLM | None") -> tuple[ShownLine, ...]:
    """What `memos chat -m` answers."""
    result = scene.mos.conversation(llm, save=False).ask(question, literal=True)
    if result.mode == "generated":
        return (ShownLine(seen_through(result.answer), outside=True, generated=True),)
    names = [f"{speaker(one)}: " for one in result.memories if not _is_own(one) and speaker(one)]
    marks = ("(unconfirmed) ", *names)
    return tuple(ShownLine(seen_through(line), own=not line.startswith(marks)) for line in result.answer.splitlines())


def _lines(text: str, known: Mapping[str, Memory]) -> Iterable[ShownLine]:
    """The lines of a block, read as one reads who knows the tags, and nothing of how they are kept apart."""
    inside, heading = False, ""
    for line in text.splitlines():
        plain = seen_through(line)
        if tags := _TAG.findall(plain):
            yield ShownLine(plain, outside=not inside)
            inside = not tags[-1]
            continue
        if not inside:
            yield ShownLine(plain, outside=True)
        elif _HEADING.fullmatch(line):
            heading = line
        else:
            yield _entry(line, plain, heading, known)


def _entry(line: str, plain: str, heading: str, known: Mapping[str, Memory]) -> ShownLine:
    if line.startswith(("question ", "task ")):
        return ShownLine(plain, own=False)
    found = _ID.match(line)
    memory = known.get(found[0]) if found else None
    if memory is None:
        return ShownLine(plain, entry=True)
    marked = line.startswith(f"{memory.id[:8]} (unconfirmed) ") or line.endswith(" (unconfirmed)")
    own = not (memory.untrusted and marked) and other(memory, PERSON) is None
    return ShownLine(plain, own=own, standing=heading == "Standing:", source=seen_through(memory.content), entry=True)


def _is_own(memory: Memory) -> bool:
    return not memory.untrusted and other(memory, PERSON) is None
