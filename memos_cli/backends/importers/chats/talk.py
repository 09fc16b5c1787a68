"""What the importers of talks with assistants share: names, times, the branch that was last seen, and drafts of turns."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from memos_cli.errors import UsageError
from memos_cli.model import NOTHING, Draft, Kind, Origin, Source
from memos_cli.ports.importer import Skipped
from memos_cli.records import NamedTuple
from memos_cli.times import Zone, from_millis, parse_iso

LONGEST = 1_000_000
"""Most characters of a draft; a longer text is handed over in pieces."""
_NAME = 200
_NO_NAME = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_MILLIS, _MICROS, _LATEST = 1e11, 1e14, 7_258_118_400
"""From here on a number of seconds is one of milliseconds, and one of microseconds; a talk in the year 2200 is a fault."""


class Talk(NamedTuple):
    """What all turns of a conversation have in common.

    Attributes:
        kind: of the importer, such as `chatgpt`.
        id: of the conversation, the same in each export.
        title: what it is called.
        metadata: what else is known of it.
    """

    kind: str
    id: str
    title: str | None
    metadata: Mapping[str, Any] = NOTHING

    def turn(self, name: str, text: str, number: int, speaker: str, at: str | None, model: str | None = None) -> Draft:
        """A turn of it."""
        source = Source(conversation=self.id, turn=number, speaker=speaker, model=model)
        return Draft(
            text, Kind.EPISODE, f"{self.kind}:{self.id}:{name}", self.title, occurred_at=at, origin=Origin.CONVERSATION,
            source=source, metadata=self.metadata, given=_given(self.title, at),
        )  # fmt: skip

    def paper(self, name: str, text: str, number: int, title: str | None, at: str | None) -> Draft:
        """A document that came up in it: what was attached to a turn, or written in it beside the talk."""
        source = Source(conversation=self.id, turn=number, file=title)
        more = {"talk": self.title} if self.title else {}
        return Draft(
            text, Kind.DOCUMENT, f"{self.kind}:{self.id}:{name}", title, occurred_at=at, origin=Origin.IMPORT,
            source=source, metadata={**self.metadata, **more}, given=_given(title, at),
        )  # fmt: skip


def beside(name: str, text: str, title: str | None, at: str | None, kind: Kind = Kind.NOTE, file: str | None = None) -> Draft:
    """A draft of something that is no part of a talk."""
    return Draft(
        text, kind, name, title, occurred_at=at, origin=Origin.IMPORT, source=Source(file=file), given=_given(title, at)
    )


def _given(title: str | None, at: str | None) -> frozenset[str]:
    stated = {"title": title, "occurred_at": at}
    return frozenset({"kind", "source", *(name for name, value in stated.items() if value)})


def pieces(found: Iterable[Draft | Skipped]) -> Iterator[Draft | Skipped]:
    """The same, a draft that is too long for one memory as several, each with an id of its own."""
    for one in found:
        yield one if isinstance(one, Skipped) else one._replace(content=one.content[:LONGEST])
        if isinstance(one, Draft):
            for number, start in enumerate(range(LONGEST, len(one.content), LONGEST), 2):
                if part := one.content[start : start + LONGEST].strip():
                    yield one._replace(content=part, external_id=f"{one.external_id}#{number}")


def skips(counts: Counter[str], where: str, damaged: frozenset[str]) -> Iterator[Skipped]:
    """What was left out of one place, by reasons."""
    return (Skipped(why, where, count, why in damaged) for why, count in counts.items())


def name_of(value: Any) -> str | None:  # noqa: ANN401 -- any JSON
    """An id or a name as it can be stored; a strange or a very long one by its digest."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    plain = value.strip()
    return plain if len(plain) <= _NAME and not _NO_NAME.search(plain) else digest(value)


def title_of(value: Any) -> str | None:  # noqa: ANN401
    """What something is called, on one line."""
    line = " ".join(_NO_NAME.sub(" ", value[:1000]).split())[:_NAME] if isinstance(value, str) else ""
    return line or None


def digest(text: str) -> str:
    """A short name for a text, the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def time_of(value: Any, zone: Zone) -> str | None:  # noqa: ANN401
    """An instant that is told in seconds since 1970, or as ISO-8601; `None` for anything else."""
    if isinstance(value, str) and value:
        try:
            return parse_iso(value[:40], zone)
        except UsageError:
            value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e18:
        return None
    seconds = value / (1e6 if value >= _MICROS else 1e3 if value >= _MILLIS else 1)
    return from_millis(int(seconds * 1000)) if seconds < _LATEST else None


def _number(text: str) -> float | None:
    try:
        return float(text[:40])
    except ValueError:
        return None


def branch(parents: Mapping[str, str | None], leaf: str | None, newest: Iterable[str]) -> list[str]:
    """The way from the root to a leaf, in order.

    Args:
        parents: of each node the one above it.
        leaf: the last node that was seen; where it is not there, the first of `newest` that nothing lies below.
        newest: all nodes, the newest ones first.
    """
    if leaf not in parents:
        above = set(parents.values())
        ordered = list(newest)
        leaf = next((node for node in ordered if node not in above), ordered[0] if ordered else None)
    way: dict[str, None] = {}
    while leaf is not None and leaf in parents and leaf not in way:
        way[leaf] = None
        leaf = parents[leaf]
    return [*way][::-1]
