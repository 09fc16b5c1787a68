"""Notes that `memos export markdown` wrote: a memory each, its fields in front matter and its words below, unchanged.

Such a note has a field `memos`, its stamp: the cube, the memory and a digest, with `/` between them, told with its links. What
stands in it is what a person may have edited since; the digest tells whether anybody did.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from memos_cli.backends.parsers import front_matter
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.times import Zone, parse_iso

_STAMP = re.compile(r"([0-9a-f]{32})/([a-z2-9]{20})/([0-9a-f]{32})")
_BLANK = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*")
_TIMES = {"occurred": "occurred_at", "valid_from": "valid_from", "valid_to": "valid_to", "expires": "expires_at"}
_LINKS = ("supersedes", "contradicts", "derived_from", "merged_into", "part_of", "follows", "mentions", "relates")
_OURS = frozenset(
    ("memos", "title", "kind", "tags", "labels", "key", "pinned", "created", "source", "metadata", *_TIMES, *_LINKS)
)
"""Fields that memos writes; all others are a person's, or came with a note that was imported."""
_LINKED = re.compile(r"\[\[([^\[\]|#\n]{1,300})")
_MOST_LINKS = 1000
_TRUE = frozenset(("true", "yes", "on", "1"))


class ExportedParser:
    """A note with a stamp.

    Attributes:
        zone: where the clock hung of a time without an offset; `None` for UTC.
    """

    zone: Zone | None = None

    def matches(self, text: str, name: str | None) -> bool:  # noqa: ARG002 -- by its content alone
        """Whether its front matter has a stamp."""
        return "memos:" in text[: front_matter.MOST] and _stamp(front_matter.read(text).fields) is not None

    def parse(self, text: str) -> Iterator[Draft]:
        """The one draft of the note, its stamp in the metadata; none where the note has no words left.

        Raises:
            UsageError: a field has a value that is none.
        """
        front = front_matter.read(text)
        fields = front.fields
        start, end = _body(text, front.end)
        content = text[start:end]
        if not content.strip():
            return
        kind = front_matter.text(fields.get("kind"))
        times: dict[str, Any] = {name: _time(fields, field, self.zone) for field, name in _TIMES.items()}
        yield Draft(
            content,
            _kind(kind) if kind else Kind.NOTE,
            title=_plain(fields, "title"),
            key=_plain(fields, "key"),
            tags=_names(fields.get("tags")),
            labels=_names(fields.get("labels")),
            pinned=front_matter.text(fields.get("pinned")).lower() in _TRUE,
            origin=Origin.IMPORT,
            source=Source(start=len(text[:start].encode()), end=len(text[:end].encode())),
            metadata={**_metadata(fields), "exported": (*(_stamp(fields) or ()), _links(fields))},
            given=frozenset({"kind"} if kind else ()),
            **times,
        )


def _stamp(fields: Mapping[str, Any]) -> tuple[str, str, str] | None:
    found = _STAMP.fullmatch(front_matter.text(fields.get("memos")))
    return (found[1], found[2], found[3]) if found else None


def _links(fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The type of each link, and the note that it leads to."""
    found = (
        (name, match[1].strip())
        for name in _LINKS
        for one in front_matter.words(fields.get(name))
        if (match := _LINKED.search(one))
    )
    return tuple(islice(dict.fromkeys(found), _MOST_LINKS))


def _body(text: str, start: int) -> tuple[int, int]:
    """The span of the words: behind the line of `---` and the blank lines below it, without white space at the end."""
    first = _BLANK.match(text, start)
    end = len(text.rstrip())
    return min(first.end() if first else start, end), end


def _plain(fields: Mapping[str, Any], name: str) -> str | None:
    return front_matter.text(fields.get(name)) or None


def _names(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    found = (one.strip() for one in front_matter.words(value))
    return tuple(sorted({one for one in found if one}))


def _kind(name: str) -> Kind:
    try:
        return Kind(name.lower())
    except ValueError:
        raise UsageError(f"no kind {name[:40]!r}", hint=f"there are: {', '.join(Kind)}") from None


def _time(fields: Mapping[str, Any], name: str, zone: Zone | None) -> str | None:
    text = front_matter.text(fields.get(name))
    return parse_iso(text, zone) if text else None


def _metadata(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What memos wrote of the metadata, with the fields that are not its own."""
    found: dict[str, Any] = {}
    if text := front_matter.text(fields.get("metadata")):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise UsageError("its metadata is no JSON") from None
        found = told if isinstance(told, dict) else {}
    others = {name: value for name, value in fields.items() if name not in _OURS and value not in ("", [], {})}
    if others:
        inner = found.get("front_matter")
        found["front_matter"] = {**(inner if isinstance(inner, dict) else {}), **others}
    return found
