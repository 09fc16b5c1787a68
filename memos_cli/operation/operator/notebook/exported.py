"""What of a memory an exported note holds, and the stamp by which the note is known when it comes back.

The stamp names the cube, the memory, and a digest of all that the note held when it was written. So a note that nobody touched
is known, and of a note that was edited it is known whether the memory has changed meanwhile, too.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from memos_cli.mip.rows import CARRIED
from memos_cli.model import Draft, Kind, Memory
from memos_cli.operation.results import covered
from memos_cli.records import NamedTuple

STAMP = "exported"
"""The name, in the metadata of a draft, of what its note is stamped with."""
TEXTS = ("title", "key", "occurred_at", "valid_from", "valid_to", "expires_at")
"""The fields of a note beside its words, its kind, its tags and its labels, whose default is `None`."""
_LEFT_OUT = frozenset(("times", "wiki", "front_matter_fault", CARRIED, STAMP))
"""What is noted in the metadata of a memory and found anew in its words, or holds for its source alone."""


class Stamp(NamedTuple):
    """What a note says of itself: the cube and the memory that it was written from, and the digest of what it held.

    Attributes:
        links: the type of each link in its fields, and the name of the note that it leads to; no part of the digest.
    """

    cube: str
    memory: str
    digest: str
    links: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.cube}/{self.memory}/{self.digest}"

    @property
    def external_id(self) -> str:
        """What the memory is called in another cube."""
        return f"memos:{self.cube}/{self.memory}"


def stamp_of(draft: Draft) -> Stamp | None:
    """The stamp of the note that a draft was read from, if it has one."""
    told = draft.metadata.get(STAMP)
    return Stamp(*told) if isinstance(told, tuple) and len(told) == len(Stamp._fields) else None


def without_stamp(draft: Draft) -> Draft:
    """The draft without what its note is stamped with."""
    return draft._replace(metadata={name: value for name, value in draft.metadata.items() if name != STAMP})


def told(memory: Memory) -> Draft:
    """What a note holds of a memory, with its secrets masked."""
    return as_shown(covered(memory))


def as_shown(memory: Memory) -> Draft:
    """What a note holds of a memory whose secrets are masked already."""
    fields: dict[str, Any] = {name: getattr(memory, name) for name in TEXTS}
    return Draft(
        memory.content,
        memory.kind,
        tags=tuple(sorted(memory.tags)),
        labels=tuple(sorted(memory.labels)),
        pinned=memory.pinned,
        metadata=noted(memory.metadata),
        **fields,
    )


def noted(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a memory's metadata that its note holds."""
    return {name: value for name, value in metadata.items() if name not in _LEFT_OUT}


def words(content: str) -> str:
    """A content as it is compared: editors change the ends of lines, and what is white at the end of a file."""
    return re.sub(r"\r\n?", "\n", content).strip()


def digest(draft: Draft) -> str:
    """The digest of all that a note holds."""
    parts: list[Any] = [words(draft.content), draft.kind.value, sorted(draft.tags), sorted(draft.labels), draft.pinned]
    parts += [getattr(draft, name) for name in TEXTS]
    text = json.dumps([*parts, noted(draft.metadata)], sort_keys=True, ensure_ascii=True)
    return sha256(text.encode()).hexdigest()[:32]


def changed(now: Draft, note: Draft) -> dict[str, Any]:
    """The registers in which a note differs from what a memory would be written as; a label is never taken off.

    A kind that the note does not tell stays, and so does one that a note cannot have.
    """
    change: dict[str, Any] = {}
    if words(now.content) != words(note.content):
        change["content"] = note.content
    if note.kind is not now.kind and "kind" in (note.given or ()) and Kind.EPISODE not in {note.kind, now.kind}:
        change["kind"] = note.kind.value
    change |= {name: getattr(note, name) for name in TEXTS if getattr(note, name) != getattr(now, name)}
    if note.pinned != now.pinned:
        change["pinned"] = True if note.pinned else None
    change |= {f"tag:{tag}": True for tag in note.tags if tag not in now.tags}
    change |= {f"tag:{tag}": None for tag in now.tags if tag not in note.tags}
    change |= {f"label:{label}": True for label in note.labels if label not in now.labels}
    if noted(note.metadata) != noted(now.metadata):
        change["metadata"] = noted(note.metadata)
    return change
