"""Identity: whether a text that is told is known already, and what of it the memory that says it lacks.

Two memories are the same only if nothing that is given tells them apart: another day, another time of that day, another
external id, another task, another turn of a conversation. An event told without a date counts for the local day on which it is
told, and so does a text whose words name a day relative to that one ("today", "yesterday"); what else is told without a date
is known already, whatever the day.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold, queries, rows, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import HOT_STATES, Draft, Kind, Memory, Origin, Visibility
from memos_cli.records import NamedTuple
from memos_cli.times import NOTED, Zone, noted, to_millis

_HAPPENING = (Kind.EVENT, Kind.EPISODE)
"""The kinds of what happens on a day, and can happen again on another."""
_RELATIVE = (
    r"(?i)\b(?:to|yester)day\b|\btomorrow\b|\btonight\b|\blast night\b|\bthis (?:morning|afternoon|evening)\b|\bago\b"
    r"|\bfrom now\b|^in\s|\b(?:gestern|heute|ayer|hoy)\b|[昨今明]日|[昨今明前后]天|一昨日|明後日"
)
"""Words for a day that is another one whenever they are said."""
_LATEST = (1 << 63) - 1
"""The greatest clock that SQLite can store: days after the year 6429 have a greater one."""


class Day(NamedTuple):
    """A local day.

    Attributes:
        first: its first instant, fixed-width UTC text.
        end: the first instant after it.
        whole: the instants that stand for the whole day: where only a date was given.
    """

    first: str
    end: str
    whole: tuple[str, ...]


def day_of(instant: str, zone: Zone) -> Day:
    """The local day in which an instant lies."""
    day = zone.day(instant)
    first = zone.instant(datetime.combine(day, datetime.min.time()))
    end = "9999-12-31T23:59:59.999Z" if day == date.max else _start(day + timedelta(days=1), zone)
    return Day(first, end, (first, f"{instant[:10]}T00:00:00.000Z"))


def _start(day: date, zone: Zone) -> str:
    return zone.instant(datetime.combine(day, datetime.min.time()))


def twin(vault: Vault, draft: Draft, owner: str, at: str, zone: Zone) -> Memory | None:
    """The memory of this owner that says what the draft says, of the same day; `None` where there is none.

    Args:
        vault: the cube.
        draft: what is told.
        owner: whose memory it is to be.
        at: when it is told, fixed-width UTC text.
        zone: the zone in which a day is a day.
    """
    clauses, values = _known(draft, owner, at)
    for told, more, order in _of_day(draft, at, zone):
        row = search.first_row(vault, (" AND ".join((*clauses, told)), [*values, *more]), order)
        if row is not None:
            return queries.by_rows(vault, [row])[row]
    return None


def _known(draft: Draft, owner: str, at: str) -> tuple[list[str], list[Any]]:
    """The SQL conditions on a memory with the draft's words, apart from its day, and their parameters."""
    digest = rows.digest(draft.kind, draft.content, draft.source, draft.occurred_at)
    clauses = [
        "m.digest = ?",
        "m.owner IS ?",
        f"m.state IN ({', '.join('?' * len(HOT_STATES))})",
        "(m.expires_at IS NULL OR m.expires_at > ?)",
    ]
    values: list[Any] = [digest, owner, *HOT_STATES, at]
    # What is over is said anew, unless its own time is told, as by a file that is read again.
    present = "(m.valid_to IS NULL OR m.valid_to > ?)"
    values.append(at)
    if draft.valid_from is not None or draft.occurred_at is not None:
        present = f"({present} OR (m.valid_from IS ? AND m.occurred_at IS ? AND (? IS NULL OR m.valid_to IS ?)))"
        values += [draft.valid_from, draft.occurred_at, draft.valid_to, draft.valid_to]
    clauses.append(present)
    if draft.external_id is not None:  # that of another memory tells the two apart
        clauses.append("m.external_id IS NULL")
    if draft.task is not None:
        clauses.append(f"(m.task IS NULL OR m.n IN ({queries.NAMED}))")
        values += ["task", compared(draft.task)]
    return clauses, values


def _of_day(draft: Draft, at: str, zone: Zone) -> Iterator[tuple[str, list[Any], str]]:
    """The conditions on the day of a memory, the best first, each with its parameters and an order."""
    if draft.kind is Kind.EPISODE and (draft.occurred_at is not None or draft.source.turn is not None):
        yield "1", [], "m.n"  # the digest of a turn has its occasion
        return
    happens = draft.kind in _HAPPENING
    if draft.occurred_at is None and not happens:
        place, named = _relative(draft)
        path = f"$.{NOTED}[{place}].at"
        if named is None:
            yield "1", [], "m.occurred_at, m.created"
        else:
            yield "coalesce(json_extract(m.metadata, ?), ?) = ?", [path, named, named], "m.occurred_at, m.created"
        return
    day = day_of(draft.occurred_at or at, zone)
    on_it, bounds = "m.occurred_at >= ? AND m.occurred_at < ?", [day.first, day.end]
    if draft.occurred_at is None or draft.occurred_at in day.whole:
        yield on_it, bounds, "m.occurred_at"
    else:  # another time of the same day is another event
        yield f"{on_it} AND m.occurred_at IN (?, ?, ?)", [*bounds, draft.occurred_at, *day.whole], "m.occurred_at DESC"
    told = "m.created >= ? AND m.created < ?"
    millis = [min(to_millis(one) << 16, _LATEST) for one in (day.first, day.end)]
    yield f"m.occurred_at IS NULL AND {told}", millis, "m.created"
    yield "m.occurred_at IS NULL AND m.kind NOT IN (?, ?)", [*_HAPPENING], "m.created"


def _relative(draft: Draft) -> tuple[int, str | None]:
    """Of the times that a reader found in the words the first relative day: its place, and the day or `None`."""
    relative = (one for one in noted(draft.metadata) if one.unit == "day" and re.search(_RELATIVE, one.text))
    return next(((one.place, one.day.isoformat()) for one in relative), (0, None))


# -- what comes with a text that is known


def news(known: Memory, draft: Draft, at: str, zone: Zone) -> dict[str, Any]:
    """The change by which a memory gets what came with a draft of the same words; empty where it has all of it.

    What was given on purpose replaces what the memory has; what a reader guessed is only taken where the memory has nothing.
    """
    change: dict[str, Any] = {}
    for name in ("external_id", "title", "key", "task", "occurred_at", "valid_from", "valid_to", "expires_at"):
        value, now = getattr(draft, name), getattr(known, name)
        if value is not None and not _is_same(name, value, now, zone) and (now is None or _on_purpose(draft, name)):
            change[name] = value
    change |= _switches(known, draft)
    known_tags = set(map(compared, known.tags))
    change |= {fold.TAG + tag: True for tag in draft.tags if compared(tag) not in known_tags}
    change |= {fold.LABEL + label: True for label in draft.labels if label not in known.labels}
    if told := _metadata(known, draft):
        change["metadata"] = {**known.metadata, **told}
    if change.get("kind") in _HAPPENING and known.occurred_at is None and "occurred_at" not in change:
        today = day_of(at, zone)
        if not today.first <= known.created_at < today.end:  # it happens on the day on which it is called an event
            change["occurred_at"] = today.first
    return change


def on_purpose(draft: Draft, change: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a change that somebody asked for; what a reader guessed is left out."""
    sets = {fold.TAG: "tags", fold.LABEL: "labels"}
    asked = {}
    for name, value in change.items():
        field = next((one for prefix, one in sets.items() if name.startswith(prefix)), name)
        if _on_purpose(draft, field) or (field == "tags" and draft.origin is Origin.FILE):  # a file's own tags
            asked[name] = value
    return asked


def _on_purpose(draft: Draft, name: str) -> bool:
    """Whether a field that has not its default was given by somebody, and not guessed from the words."""
    if draft.given is None:
        return draft.origin not in {Origin.INFERENCE, Origin.CONVERSATION}
    return name in draft.given


def _is_same(name: str, value: str, now: str | None, zone: Zone) -> bool:
    if now is None or value == now:
        return value == now
    if name in {"key", "task", "external_id"}:
        return compared(value) == compared(now)
    if name == "occurred_at":  # of a time that is known, its date alone tells nothing new
        day = day_of(value, zone)
        return value in day.whole and day.first <= now < day.end
    return False


def _switches(known: Memory, draft: Draft) -> dict[str, Any]:
    """Kind, pin and priority: fields whose defaults say nothing, unless they were given."""
    change: dict[str, Any] = {}
    given = draft.given or frozenset()
    kind = "kind" in given or (draft.given is None and draft.kind is not Kind.NOTE and _on_purpose(draft, "kind"))
    if kind and draft.kind is not known.kind:
        change["kind"] = draft.kind.value
    if draft.pinned != known.pinned and (draft.pinned or "pinned" in given):
        change["pinned"] = True if draft.pinned else None
    if draft.priority != known.priority and ("priority" in given or (draft.priority and _may_set(known, draft))):
        change["priority"] = draft.priority or None
    return change | _governed(known, draft)


def _governed(known: Memory, draft: Draft) -> dict[str, Any]:
    """Freeze, visibility, confidence and trust, where they were given."""
    change: dict[str, Any] = {}
    given = draft.given or frozenset()
    if draft.frozen != known.frozen and (draft.frozen or "frozen" in given):
        change["frozen"] = True if draft.frozen else None
    if draft.visibility is not known.visibility and ("visibility" in given or draft.visibility is not Visibility.PRIVATE):
        change["visibility"] = draft.visibility.value
    for name in ("confidence", "trust"):
        if name in given and getattr(draft, name) != getattr(known, name):
            change[name] = getattr(draft, name)
    return change


def _may_set(known: Memory, draft: Draft) -> bool:
    return known.priority == 0 or _on_purpose(draft, "priority")


def _metadata(known: Memory, draft: Draft) -> dict[str, Any]:
    if _on_purpose(draft, "metadata"):
        return {name: value for name, value in draft.metadata.items() if known.metadata.get(name, known) != value}
    return {name: value for name, value in draft.metadata.items() if name not in known.metadata and name != NOTED}


def fields(change: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the fields that a change sets, for a person: `tag garden`, `pinned`, `due to expire`."""
    told = []
    for name, value in change.items():
        if name == fold.SEEN or name.startswith(fold.LINK):
            continue
        sort, _, member = name.partition(":")
        told.append(f"{sort} {member}" if member else name if value is not None else f"no {name}")
    return tuple(told)
