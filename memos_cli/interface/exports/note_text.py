"""A memory as a note: front matter that any program reads as YAML, its words, and a name for its file on any system."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from memos_cli.model import Draft, Memory, Source
from memos_cli.operation.operator.notebook.exported import Stamp
from memos_cli.times import Zone, shown

_TIMES = {"occurred_at": "occurred", "valid_from": "valid_from", "valid_to": "valid_to", "expires_at": "expires"}
_LINKS = ("supersedes", "contradicts", "derived_from", "merged_into", "part_of", "follows", "mentions", "relates")
OURS = frozenset(
    ("memos", "title", "kind", "tags", "labels", "key", "pinned", "created", "source", "metadata", *_TIMES.values(), *_LINKS)
)
"""The fields of a note that memos writes."""
_MOST_BYTES = 100
"""Most bytes of the words in the name of a file: with a date and an id it stays far below the 255 of any system."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/-]*(?: [A-Za-z0-9_/-]+)*")
_WORDS_OF_YAML = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_UNSAFE = re.compile(r'[<>:"/\\|?*#^\[\]%`$~]')


def note(memory: Memory, draft: Draft, stamp: Stamp, links: Iterable[tuple[str, str]], zone: Zone) -> str:
    """The text of a note.

    Args:
        memory: its memory, with its secrets masked.
        draft: what the note holds of it.
        stamp: the stamp of the note.
        links: the type of each link, and the name of the note that it leads to.
        zone: where a day begins at midnight.
    """
    lines = [line for name, value in _fields(memory, draft, stamp, links, zone) for line in _written(name, value)]
    return "\n".join(["---", *lines, "---", "", draft.content.rstrip(), ""])


def _fields(
    memory: Memory, draft: Draft, stamp: Stamp, links: Iterable[tuple[str, str]], zone: Zone
) -> Iterator[tuple[str, str | list[str]]]:
    front, rest = _parted(draft.metadata)
    named = sorted(links)
    told: dict[str, str | list[str] | None] = {"title": draft.title, "kind": draft.kind.value, "tags": [*draft.tags]}
    told |= {"labels": [*draft.labels], "key": draft.key}
    told |= {field: _when(at, zone) for name, field in _TIMES.items() if (at := getattr(draft, name))}
    told |= {"pinned": "true" if draft.pinned else None, "created": shown(memory.created_at), "source": _place(memory.source)}
    told |= front
    told["metadata"] = json.dumps(rest, ensure_ascii=False, sort_keys=True) if rest else None
    told |= {kind: [f"[[{stem}]]" for one, stem in named if one == kind] for kind in _LINKS}
    told["memos"] = str(stamp)
    yield from ((name, value) for name, value in told.items() if value)


def _parted(metadata: Mapping[str, Any]) -> tuple[dict[str, str | list[str]], dict[str, Any]]:
    """The fields of the front matter that a memory came with, and what else is in its metadata."""
    front = metadata.get("front_matter")
    if not isinstance(front, Mapping):
        return {}, dict(metadata)
    plain = {name: value for name, value in front.items() if _is_plain(name, value)}
    left = {name: value for name, value in front.items() if name not in plain}
    return plain, {name: value for name, value in metadata.items() if name != "front_matter"} | (
        {"front_matter": left} if left else {}
    )


def _is_plain(name: str, value: object) -> bool:
    """Whether a field is read back as it is written: in small letters, none of memos's own, a text or a list of texts."""
    texts = [value] if isinstance(value, str) else value
    usual = name == name.lower().strip() and 0 < len(name) <= 100 and name not in OURS
    return usual and isinstance(texts, list) and bool(texts) and all(isinstance(one, str) and one for one in texts)


def _when(at: str, zone: Zone) -> str:
    """A day where a time is the midnight at which it begins, else the instant."""
    day = zone.day(at)
    return day.isoformat() if zone.instant(datetime.combine(day, datetime.min.time())) == at else shown(at) or at


def _place(source: Source) -> str | None:
    said = source.conversation and f"{source.conversation}{f', {source.speaker}' if source.speaker else ''}"
    return source.file or said


def _written(name: str, value: str | list[str]) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{_scalar(name)}: {_scalar(value)}"
        return
    yield f"{_scalar(name)}:"
    yield from (f"  - {_scalar(one)}" for one in value)


def _scalar(text: str) -> str:
    """A text in YAML: bare where it cannot be taken for anything else, as a date is not."""
    if (_PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML) or re.fullmatch(r"\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?", text):
        return text
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))


def file_name(memory: Memory, mark: str, zone: Zone) -> str:
    """The name of a note's file, without its ending: a day, the first words, and the beginning of the id."""
    day = zone.day(memory.occurred_at or memory.created_at)
    text = memory.title.rpartition(" > ")[2] if memory.title else memory.content.lstrip().partition("\n")[0]
    words = _safe(text)
    return f"{day} {words} ({mark})" if words else f"{day} ({mark})"


def _safe(text: str) -> str:
    """The first words of a text as a part of a file's name."""
    kept = "".join(
        one for one in unicodedata.normalize("NFC", text[:300]) if unicodedata.category(one)[0] != "C" or one == "\t"
    )
    words = " ".join(_UNSAFE.sub(" ", kept).split())
    cut = words.encode()[:_MOST_BYTES].decode(errors="ignore")
    if cut != words and " " in cut:
        cut = cut.rpartition(" ")[0]
    return cut.strip(" .")
