"""A file that is read again: which of its paragraphs is an edit of which memory that was read from it before."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from memos_cli.infra.vault import queries, rows, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Memory
from memos_cli.operation.operator import identity
from memos_cli.times import Zone

ALIKE = 0.6
"""The least share of words, in their order, that a paragraph has in common with the one that it is an edit of."""
_MOST_PAIRS = 2_000
"""The most pairs of paragraphs between two unchanged ones that are compared; of more only those at the same place are."""


class Edit(NamedTuple):
    """A paragraph that changed: the memory of what it was, and whether that memory had these words at some time before."""

    memory: Memory
    former: bool


def edits(vault: Vault, drafts: Sequence[Draft], owner: str, at: str, zone: Zone) -> dict[int, Edit]:
    """The edits among the drafts of files, by the place of the draft in `drafts`.

    A paragraph is an edit of one that stood at its place: between the same unchanged paragraphs, under the same heading, of the
    same day, and with most of its words.

    Args:
        vault: the cube.
        drafts: what was read; drafts that come from no file are passed over.
        owner: whose memories count.
        at: now, fixed-width UTC text.
        zone: the zone in which a day is a day.
    """
    found: dict[int, Edit] = {}
    files: dict[str, list[int]] = {}
    for place, draft in enumerate(drafts):
        if draft.source.file is not None and draft.source.digest is not None:
            files.setdefault(draft.source.file, []).append(place)
    for name, places in files.items():
        before = _read_before(vault, name, owner)
        new = [place for place in places if before and identity.twin(vault, drafts[place], owner, at, zone) is None]
        if new:
            found |= _of_file(vault, before, drafts, places, set(new))
    return found


def _read_before(vault: Vault, name: str, owner: str) -> list[Memory]:
    """The memories that were read from a file of this name, in the order in which they stand there."""
    numbers = search.rows_read_from(vault, name, owner)
    return sorted(queries.by_rows(vault, numbers).values(), key=lambda one: (one.source.start or 0, one.created_at))


def _of_file(
    vault: Vault, before: list[Memory], drafts: Sequence[Draft], places: Sequence[int], new: set[int]
) -> dict[int, Edit]:
    was = [rows.normalised(memory.content) for memory in before]
    now = [rows.normalised(drafts[place].content) for place in places]
    there = set(now)
    found: dict[int, Edit] = {}
    for what, first, last, start, end in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what != "replace":
            continue
        gone = [place for place in range(first, last) if was[place] not in there]
        came = [place for place in range(start, end) if places[place] in new]
        for old, one in _pairs(gone, came, was, now):
            memory, draft = before[old], drafts[places[one]]
            if memory.title == draft.title and memory.occurred_at == draft.occurred_at:
                found[places[one]] = Edit(memory, _had(vault, memory, now[one]))
    return found


def _pairs(gone: list[int], came: list[int], was: list[str], now: list[str]) -> Iterable[tuple[int, int]]:
    """Paragraphs that are gone with those that came, each at most once, the most alike first."""
    if len(gone) * len(came) > _MOST_PAIRS:
        candidates = list(zip(gone, came, strict=False))
    else:
        candidates = [(old, one) for old in gone for one in came]
    alike = sorted(((_likeness(was[old], now[one]), -abs(old - one), old, one) for old, one in candidates), reverse=True)
    taken: set[tuple[str, int]] = set()
    for likeness, _, old, one in alike:
        if likeness >= ALIKE and not taken & {("old", old), ("new", one)}:
            taken |= {("old", old), ("new", one)}
            yield old, one


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def _had(vault: Vault, memory: Memory, words: str) -> bool:
    """Whether a memory said this before somebody edited it, so that the file says nothing new."""
    told = ((operation.change or {}).get("content") for operation in vault.operations("memory", memory.id))
    return any(isinstance(content, str) and rows.normalised(content) == words for content in told)
