"""Rows of interchange documents and memories: the row that says what a memory is, and the draft that says what a row is.

A draft cannot say everything that a line does: the id, the times and the owner that a memory had elsewhere. That lies in its
metadata under the name `CARRIED` and goes out again from there, so that an export of what was imported has the same bytes. The
memory here has an id of its own: a line can name a memory of ours, and gets no hold on it by that.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from memos_cli.mip.mip import FIELDS, TIMES, VERSION, Check, is_source
from memos_cli.model import Draft, Kind, Memory, Origin, Source, State, Visibility
from memos_cli.times import parse_iso, shown

PREFIX = "jsonl:"
"""What stands before the id of a line in the external id of its memory here."""
CARRIED = "mip"
"""The name in the metadata of a memory of what its line said and a draft cannot say."""
SETTLED = "settled"
"""The name beside it of the version that the import made of the memory; without it that is the first one."""
_AS_CARRIED = ("id", "created_at", "updated_at", "origin", "owner", "external_id", "trust", "state", "since", "links")
_PLACE = ("digest", "start", "end")
"""The parts of a source that lead into a file of the home that wrote the line."""
NAMED_STATES = (State.MERGED, State.ARCHIVED, State.EXPIRED)
"""The states that a line names. Of the others uses tell which it is, and those stay at home."""
_CHECKS: dict[str, Check] = {
    **FIELDS,
    "source": is_source,
    "metadata": lambda _: True,
    "begins": lambda value: value is True,
    SETTLED: lambda value: type(value) is int,
}
_DEFAULTS: Mapping[str, Any] = {"visibility": "private", "confidence": 1, "trust": 1}
"""Values that a line does not say; nor does it say what is empty or false."""


def carried(memory: Memory | Draft) -> Mapping[str, Any]:
    """What the line of a memory, or of a draft, said and a draft cannot say; empty where it came from no line.

    Only under the external id that an import gave it: what somebody writes into metadata gives no memory another one's name.
    """
    told = memory.metadata.get(CARRIED)
    if not isinstance(told, dict) or not isinstance(told.get("id"), str) or memory.external_id != PREFIX + told["id"]:
        return {}
    return told if all(name in _CHECKS and _CHECKS[name](value) for name, value in told.items()) else {}


def says_superseded(one: Memory | Draft, other: Memory | Draft) -> bool:
    """Whether the line of one names that of the other as what it supersedes."""
    links = carried(one).get("links", ())
    return any(link["type"] == "supersedes" and PREFIX + link["target"] == other.external_id for link in links)


def row_of(memory: Memory, links: Iterable[tuple[str, str]] = (), reader: str | None = None) -> dict[str, Any]:
    """The row of a memory.

    Args:
        memory: as it is to be read: secrets in it are masked already. What its own line said goes out again (`carried`).
        links: type and target of each, the target by the id of its line.
        reader: whose memory it is understood to be where the line names no owner.
    """
    told = carried(memory)
    row = {
        "id": memory.id,
        "content": memory.content,
        **{name: getattr(memory, name) for name in ("title", "key", "task", "priority", "pinned", "frozen", "confidence")},
        **{name: getattr(memory, name) for name in TIMES},
        **{name: getattr(memory, name).value for name in ("kind", "visibility", "origin", "state")},
        "tags": sorted(memory.tags),
        "labels": sorted(memory.labels),
        "trust": memory.trust,
        "owner": None if memory.owner == reader else memory.owner,
        "external_id": memory.external_id,
        "source": {name: value for name, value in memory.source._asdict().items() if value is not None},
        "links": [{"type": kind, "target": target} for kind, target in sorted(set(links))],
        "metadata": dict(memory.metadata),
    }
    if memory.state not in NAMED_STATES:
        row |= {"state": None, "since": None}
    if memory.updated_at == memory.created_at:
        row["updated_at"] = None
    row |= _told(memory, told) if told else {}
    row |= {name: shown(row[name]) for name in TIMES}
    kept = {name: value for name, value in row.items() if not _is_default(name, value)}
    return {"mip": VERSION, **kept}


def _is_default(name: str, value: object) -> bool:
    return value is None or value == _DEFAULTS.get(name) or (name not in _DEFAULTS and not value)


def _told(memory: Memory, told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row that are as its own line said them, as long as the memory is what it was when it came in."""
    row = {name: told.get(name) for name in ("id", "created_at", "owner", "origin", "external_id")}
    if memory.version == told.get(SETTLED, 1):
        row["updated_at"] = told.get("updated_at")
        row |= {name: told.get(name) for name in ("state", "since") if memory.state not in NAMED_STATES}
    if memory.untrusted:
        row["trust"] = told.get("trust", 1)
    if told.get("begins") and memory.valid_from == told.get("created_at"):
        row["valid_from"] = None
    parts = {name: value for name, value in memory.source._asdict().items() if value is not None}
    others = {name: value for name, value in memory.metadata.items() if name != CARRIED}
    row["source"] = {**parts, **told.get("source", {})}
    row["metadata"] = {**others, CARRIED: told["metadata"]} if "metadata" in told else others
    return row


def draft_of(row: Mapping[str, Any]) -> Draft:
    """The draft of a row that `mip.read` returned."""
    at = {name: parse_iso(row[name]) for name in TIMES if name in row}
    kept: dict[str, Any] = {name: at.get(name, row[name]) for name in _AS_CARRIED if name in row}
    told, metadata = row.get("source", {}), dict(row.get("metadata", {}))
    if place := {name: told[name] if name == "digest" else int(told[name]) for name in _PLACE if name in told}:
        kept["source"] = place
    if CARRIED in metadata:
        kept["metadata"] = metadata[CARRIED]
    begins = at.get("valid_from")
    if "key" in row and _counts_from_recording(at):
        # What it supersedes goes by when it began, which is when it was recorded: there and not here.
        begins, kept["begins"] = at["created_at"], True
    kind = Kind(row.get("kind", Kind.NOTE))
    fields: dict[str, Any] = {
        **{name: row.get(name) for name in ("title", "key", "task")},
        **{name: tuple(dict.fromkeys(row.get(name, ()))) for name in ("tags", "labels")},
        **{name: at.get(name) for name in ("occurred_at", "valid_to", "expires_at")},
        **{name: row.get(name, False) for name in ("pinned", "frozen")},
        **{name: float(row.get(name, 1)) for name in ("confidence", "trust")},
    }
    return Draft(
        row["content"],
        kind,
        PREFIX + row["id"],
        **fields,
        valid_from=begins,
        priority=int(row.get("priority", 0)),
        origin=Origin.CONVERSATION if kind is Kind.EPISODE else Origin.IMPORT,
        source=_source_of(told),
        metadata={**metadata, CARRIED: kept},
        given=frozenset(row.keys() & set(Draft._fields)) | {"metadata"},
        visibility=Visibility(row.get("visibility", Visibility.PRIVATE)),
    )


def _counts_from_recording(at: Mapping[str, str]) -> bool:
    """Whether it is known when a memory was recorded, and nothing else says when it began."""
    if "created_at" not in at or "valid_from" in at or "occurred_at" in at:
        return False
    return "valid_to" not in at or at["created_at"] <= at["valid_to"]


def _source_of(told: Mapping[str, Any]) -> Source:
    parts: dict[str, Any] = {name: value for name, value in told.items() if name not in _PLACE}
    return Source(**{**parts, "turn": int(parts["turn"])} if "turn" in parts else parts)
