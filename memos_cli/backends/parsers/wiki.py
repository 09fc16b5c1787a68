"""Markdown of people who link their notes, as Obsidian and its like write it: what a reader sees, with tags and links.

It is taken apart as any Markdown is. The title of a note is the `title` of its front matter, else the name of its file. Each
passage has the tags of its front matter and those in its own words, and notes in `metadata.wiki` which notes it links to and
which blocks it has, so that the links can be set once all notes are read. Comments (`%% … %%`) are left out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from memos_cli.backends.parsers import front_matter, graph_note, prose, wiki_text
from memos_cli.backends.parsers.markdown import MarkdownParser
from memos_cli.backends.parsers.spans import ByteOffsets
from memos_cli.errors import UsageError
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.times import Zone, parse_iso

WIKI = "wiki"
FRONT, FAULT = "front_matter", "front_matter_fault"
_ENDINGS = (".md", ".markdown", ".mdown", ".mkd")
_DATED = re.compile(r"(?:19|20)\d\d([-_. ]?)\d\d\1\d\d")
_NAMELESS = re.compile(r"(?i)untitled(?: \d+)?")
_TAGS = ("tags", "tag")
_WRITTEN = ("date", "created", "created_at", "creation_date", "date created", "date_created")
_LOOKS = frozenset({"cssclass", "cssclasses", "position", "publish", "permalink", *_TAGS})
"""Fields of front matter that say nothing about the note, or are told elsewhere."""
_MOST_NOTED = 4096
"""Most characters of front matter that each passage of a note notes."""


class WikiParser:
    """A note.

    Attributes:
        zone: where the clock hung of a date in front matter without an offset; `None` for UTC.
        name: the name of the note's file.
    """

    zone: Zone | None = None
    name: str | None = None

    def matches(self, text: str, name: str | None) -> bool:
        """By the file's name, or by a link that only such notes have."""
        return (name is not None and name.lower().endswith(_ENDINGS)) or re.search(
            r"\[\[[^\[\]\n]{1,500}\]\]", text
        ) is not None

    def parse(self, text: str) -> Iterator[Draft]:
        """The drafts in order; origin file."""
        front = front_matter.read(text)
        note = _Note(front, self.name, self.zone)
        hidden = text[: front.end]
        masked = wiki_text.without_comments(_blanked(hidden) + text[front.end :])
        if front.fault or (front.fields and not masked.strip()):
            at = ByteOffsets(text)
            for start, end in prose.pieces(text, front.start, front.stop):
                source = Source(start=at(start), end=at(end))
                yield note.draft(Draft(text[start:end], origin=Origin.FILE, source=source))
        for draft in MarkdownParser().parse(masked):
            found = note.draft(draft)
            if found.content:
                yield found


def _blanked(text: str) -> str:
    return re.sub(r"[^\r\n]+", wiki_text.blank, text)


class _Note:
    """What a note gives to each of its passages."""

    def __init__(self, front: front_matter.NoteFields, name: str | None, zone: Zone | None) -> None:
        fields = front.fields
        stem = PurePath((name or "").replace("\\", "/")).stem
        dated = _DATED.fullmatch(stem) is not None
        self._title = front_matter.text(fields.get("title")) or ("" if dated or _NAMELESS.fullmatch(stem) else stem)
        tags = (one.strip().lstrip("#").strip("/") for field in _TAGS for one in front_matter.words(fields.get(field)))
        self._tags = tuple(dict.fromkeys(one for one in tags if one))
        self._occurred_at, used = None, ""
        for field in _WRITTEN[:1] if dated else _WRITTEN:
            if (at := _instant(front_matter.text(fields.get(field)), zone)) is not None:
                self._occurred_at, used = at, field
                break
        noted, left = _noted({field: one for field, one in fields.items() if field not in {"title", used, *_LOOKS}})
        self._is_graph = graph_note.is_graph_note(fields)
        self._metadata: dict[str, Any] = {FRONT: noted} if noted else {}
        fault = (
            f"read as text: {front.fault}"
            if front.fault
            else f"{left} of its fields are too long to be noted"
            if left
            else None
        )
        if fault:
            self._metadata[FAULT] = fault

    def draft(self, draft: Draft) -> Draft:
        """A passage as a reader sees it; without content where that is nothing."""
        seen = wiki_text.seen(draft.content)
        heading = wiki_text.seen(draft.title or "")
        links, tags = (*heading.links, *seen.links), (*self._tags, *heading.tags, *seen.tags)
        wiki = {"links": [*dict.fromkeys(links)], "blocks": [*seen.blocks]}
        metadata = {**self._metadata}
        if told := {field: found for field, found in wiki.items() if found}:
            metadata[WIKI] = told
        kind, text = draft.kind if draft.content else Kind.NOTE, seen.text
        if self._is_graph and (item := graph_note.item(draft.content, text, self._title)) is not None:
            text, tags = item.text, (*tags, *item.tags)
            kind = kind if item.kind is Kind.NOTE else item.kind
            metadata |= item.metadata
        return draft._replace(
            content=text,
            kind=kind,
            title=self._path(heading.text),
            tags=tuple(dict.fromkeys(tags)),
            occurred_at=self._occurred_at,
            metadata=metadata,
        )

    def _path(self, heading: str) -> str | None:
        if heading and (heading == self._title or heading.startswith(f"{self._title} > ")):
            return heading
        return " > ".join(part for part in (self._title, heading) if part) or None


def _instant(text: str, zone: Zone | None) -> str | None:
    try:
        return parse_iso(text, zone) if text and len(text) <= 40 else None
    except UsageError:
        return None


def _noted(fields: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The fields that each passage notes, as texts and lists of texts, and how many are too long for that."""
    noted: dict[str, Any] = {}
    size = left = 0
    for name, value in fields.items():
        if value in ("", [], {}):
            continue
        plain = isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        told = value if plain else json.dumps(value, ensure_ascii=False)
        cost = len(name) + len(json.dumps(told))
        if size + cost > _MOST_NOTED:
            left += 1
            continue
        noted[name[:200]] = told
        size += cost
    return noted, left
