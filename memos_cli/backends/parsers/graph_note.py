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
_TAG = re.compile(r"[\w/\-]{1,200}")
_MARKS = ("- ", "* ", "+ ", "-\t", "*\t", "+\t")
_LONGEST = 500
"""Characters of the name of a note, and of a context."""
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
    if related := _related(written.strip()):
        kind, target, context = related
        told = {"type": kind, "target": target, **({"context": context} if context else {})}
        more = f" ({context})" if context else ""
        words = f"{about} {kind.replace('_', ' ')} {target}{more}".strip()
        return Item(words, Kind.NOTE, (), {RELATION: told})
    return None


def _related(written: str) -> tuple[str, str, str] | None:
    """The type, the target and the context, which may be empty, of a relation; `None` for other words."""
    before, opened, rest = written.partition("[[")
    target, closed, behind = rest.partition("]]")
    kind = before.strip(" \t")
    kind = kind[2:].strip(" \t") if kind.startswith(_MARKS) else kind
    if not opened or not closed or not _TYPE.fullmatch(kind) or not _is_plain(target, "[]"):
        return None
    context = behind.strip(" \t")
    if context and not (context[0] == "(" and context[-1] == ")" and _is_plain(context[1:-1], "()")):
        return None
    return kind, target.partition("|")[0].strip(), context[1:-1]


def _is_plain(text: str, barred: str) -> bool:
    return 0 < len(text) <= _LONGEST and not any(char in text for char in f"{barred}\n")


def _parted(text: str) -> tuple[str, str | None]:
    """The words of an observation without the tags at their end, and its context."""
    found = _CONTEXT.fullmatch(text)
    text, context = (found[1], found[2].strip()) if found else (text.strip(), None)
    end = len(text)
    while (mark := text.rfind("#", 0, end)) > 0 and text[mark - 1] in " \t" and _TAG.fullmatch(text, mark + 1, end):
        before = mark
        while before and text[before - 1] in " \t":
            before -= 1
        if not before:
            break
        end = before
    return text[:end].strip(), context
