"""Items of basic-memory's notes: observations and relations, of which each is a statement about what the note is about.

    - [category] what was observed #tag (context)
    - relation_type [[Another note]] (context)

A note is such where its front matter has a `permalink`, as basic-memory writes into each. In other notes the same marks are
words: `[1] see below` is no observation.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from memos_cli.model import Kind

OBSERVATION, RELATION = "observation", "relation"
"""The names, in the metadata of a memory, of what an item is."""
_OBSERVED = re.compile(r"\[(?=[^\]\n]*[^\W\d])([^\[\]()\n]{2,60})\][ \t]+(?=\S)([^\n]*)")
_CONTEXT = re.compile(r"(.*\S)[ \t]+\(([^()\n]{1,500})\)[ \t]*")
_LAST_TAG = re.compile(r"[ \t]+#[\w/\-]{1,200}\Z")
_RELATED = re.compile(
    r"[ \t]*(?:[-*+][ \t]+)?([^\[\]\n]{1,100}?)[ \t]*\[\[([^\[\]\n]{1,500})\]\][ \t]*(?:\(([^()\n]{1,500})\))?[ \t]*"
)
_TYPE = re.compile(r"[^\W\d][\w -]{0,60}")
_KINDS = {"preference": Kind.PREFERENCE, "fact": Kind.FACT}
"""Categories that are kinds of memories."""


class Item(NamedTuple):
    """An item as a memory: its words, what it is by its category, the tags that it has by it, and what is noted of it."""

    text: str
    kind: Kind
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]


def is_graph_note(fields: Mapping[str, Any]) -> bool:
    """Whether the fields of a note's front matter are those of basic-memory."""
    return isinstance(fields.get("permalink"), str) and bool(fields["permalink"])


def item(written: str, seen: str, about: str) -> Item | None:
    """What an item of a list says; `None` for one that is neither.

    Args:
        written: the item as it stands in the note.
        seen: its words as a reader sees them.
        about: what the note is called.
    """
    if found := _OBSERVED.fullmatch(seen.strip()):
        text, context = _parted(found[2])
        told = {"category": found[1].strip(), **({"context": context} if context else {})}
        more = f" ({context})" if context else ""
        return Item(f"{text}{more}", _KINDS.get(told["category"].lower(), Kind.NOTE), (told["category"],), {OBSERVATION: told})
    if (found := _RELATED.fullmatch(written.strip())) and _TYPE.fullmatch(found[1]):
        target = found[2].partition("|")[0].strip()
        told = {"type": found[1], "target": target, **({"context": found[3]} if found[3] else {})}
        more = f" ({found[3]})" if found[3] else ""
        words = f"{about} {found[1].replace('_', ' ')} {target}{more}".strip()
        return Item(words, Kind.NOTE, (), {RELATION: told})
    return None


def _parted(text: str) -> tuple[str, str | None]:
    """The words of an observation without the tags at their end, and its context."""
    found = _CONTEXT.fullmatch(text)
    text, context = (found[1], found[2].strip()) if found else (text.strip(), None)
    while (cut := _LAST_TAG.sub("", text)) != text and cut.strip():
        text = cut
    return text.strip(), context
