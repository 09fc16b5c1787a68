"""Saved filters as rules of access use them: as a condition on the tables themselves, and as a test of one memory.

The test says of a memory what the condition says of its row, so that versions of the past are looked at by the same filter.
"""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from memos_cli.infra.governance.access import View, Views
from memos_cli.infra.names import compared
from memos_cli.infra.vault import queries
from memos_cli.model import HOT_STATES, Filter, Kind, Memory, Origin, State

_LISTS = ("kinds", "tags", "labels", "states")
_TEXTS = ("since", "until", "conversation", "session", "speaker", "task", "key")
_SWITCHES = ("pinned", "archived", "turns", "everything")
_TABLE = re.compile(r"\bFROM (memories|names|labels|uses|arrivals)\b")


def finder(records: Callable[[str], Mapping[str, Mapping[str, Any]]], at: str) -> Views:
    """Finds views by their names as they are compared, each read once and only when it is asked for.

    Args:
        records: the records of a noun that rule here.
        at: the time, as fixed-width UTC text.
    """

    @cache
    def saved() -> dict[str, Mapping[str, Any]]:
        return {compared(name): fields for name, fields in records("view").items()}

    @cache
    def found(name: str) -> View | None:
        wanted = filter_of(saved()[name], at) if name in saved() else None
        return None if wanted is None else View(condition_of(wanted), lambda memory: passes(wanted, memory))

    return found


def filter_of(fields: Mapping[str, Any], at: str) -> Filter | None:
    """The filter that a view saved; `None` if it has a field that this memos does not know."""
    given = {name: value for name, value in fields.items() if value is not None}
    as_of = given.pop("as_of", None)
    for name, value in given.items():
        known = (
            (name in _LISTS and isinstance(value, list) and all(isinstance(one, str) for one in value))
            or (name in _TEXTS and isinstance(value, str))
            or (name in _SWITCHES and isinstance(value, bool))
        )
        if not known:
            return None
    lists = {name: tuple(given[name]) for name in _LISTS if name in given}
    return Filter(at=as_of or at, past=as_of is not None, **{**given, **lists})


def condition_of(wanted: Filter) -> tuple[Any, ...]:
    """The condition of a filter on `memories m`, which names the tables themselves, followed by its parameters."""
    clause, values = queries.condition(wanted)
    return _TABLE.sub(r"FROM main.\1", clause), *values


def passes(wanted: Filter, memory: Memory) -> bool:
    """Whether a memory passes a filter: what `queries.condition` says of its row."""
    return (
        _is_present(wanted, memory)
        and (wanted.turns or wanted.conversation is not None or not _is_turn(memory))
        and all(
            _is_like(getattr(memory.source, name), getattr(wanted, name)) for name in ("conversation", "session", "speaker")
        )
        and (not wanted.kinds or memory.kind in wanted.kinds)
        and (wanted.pinned is None or memory.pinned == wanted.pinned)
        and _has_marks(wanted, memory)
        and _is_between(wanted, memory)
    )


def _is_present(wanted: Filter, memory: Memory) -> bool:
    if wanted.everything:
        return memory.state is not State.PURGED
    states = wanted.states or (*HOT_STATES, *((State.ARCHIVED,) if wanted.archived else ()))
    if memory.state not in states:
        return False
    if not wanted.states and not _is_valid(wanted, memory):
        return False
    known = (memory.created_at, memory.valid_from, memory.occurred_at)
    return not wanted.past or any(one is not None and one <= wanted.at for one in known)


def _is_valid(wanted: Filter, memory: Memory) -> bool:
    told = not wanted.past and bool(memory.metadata.get("told_validity"))
    begun = memory.valid_from is None or memory.valid_from <= wanted.at or told
    over = memory.valid_to is not None and memory.valid_to <= wanted.at
    over = over and not (told and memory.valid_to is not None and memory.valid_to <= memory.created_at)
    return begun and not over and (memory.expires_at is None or memory.expires_at > wanted.at)


def _is_turn(memory: Memory) -> bool:
    conversation = memory.source.conversation
    if conversation is None or memory.kind is not Kind.EPISODE or memory.origin is not Origin.CONVERSATION:
        return False
    return fnmatchcase(conversation, queries.TURNS)


def _is_like(value: str | None, wanted: str | None) -> bool:
    """Whether two names are the same but for the case of ASCII letters, as SQLite's NOCASE has it."""
    return wanted is None or (value is not None and _folded(value) == _folded(wanted))


def _folded(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _has_marks(wanted: Filter, memory: Memory) -> bool:
    for name, value in ((wanted.task, memory.task), (wanted.key, memory.key)):
        if name is not None and (value is None or compared(value) != compared(name)):
            return False
    tags = {compared(tag) for tag in memory.tags}
    return all(compared(tag) in tags for tag in wanted.tags) and all(
        label in memory.labels or compared(label) in memory.labels for label in wanted.labels
    )


def _is_between(wanted: Filter, memory: Memory) -> bool:
    """Whether it lies between two bounds; what was recorded in the very millisecond of a bound lies before it."""
    since, until, day, recorded = wanted.since, wanted.until, memory.occurred_at, memory.created_at
    after = since is None or (recorded > since if day is None else day >= since)
    return after and (until is None or (recorded <= until if day is None else day < until))
