"""Chains: retrieve, filter, augment, update, archive, as one transaction; each step works on what the step before left.

A chain is the paper's memory pipeline as a person writes it: a TOML file of `[[step]]` tables. All steps are checked before
the first one runs, and nothing is written before the last one is done.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import values
from memos_cli.errors import UsageError
from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold, queries
from memos_cli.model import Filter, Kind, LinkType, Memory, State
from memos_cli.operation.changes import change_within, check_content
from memos_cli.times import Zone, from_text, parse_duration, parse_iso, to_text

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.session import Session

_FILTERS = {"tags": list, "labels": list, "kinds": list, "states": list, "since": str, "until": str, "task": str, "key": str}
_FIELDS: dict[str, dict[str, type]] = {
    "retrieve": {"query": str, "k": int, **_FILTERS},
    "filter": {"older": str, "unused": str, "without": list, "without_labels": list, "matching": str, **_FILTERS},
    "augment": {"tags": list, "link": str},
    "update": {"kind": str, "key": str, "title": str, "priority": int, "valid_to": str, "append": str},
    "archive": {},
    "expire": {},
}
_MOST = 10_000
"""The most memories that a chain works on."""
Change = Callable[[Memory], dict[str, Any]]


class Step(NamedTuple):
    """One step: its name, and its fields, checked."""

    do: str
    fields: Mapping[str, Any]


class Touched(NamedTuple):
    """A memory that a chain changes, as it was before, and what becomes of it, in words."""

    memory: Memory
    becomes: tuple[str, ...]


class Chained(NamedTuple):
    """What a chain did: how many memories were left after each step, and which of them changed.

    Attributes:
        touched: each memory that it changed, in the order in which they were found.
    """

    steps: tuple[dict[str, Any], ...]
    changed: tuple[str, ...]
    command_id: str | None
    dry_run: bool
    touched: tuple[Touched, ...] = ()


def read(text: str, zone: Zone | None = None) -> tuple[Step, ...]:
    """The steps of a chain file.

    Args:
        text: TOML.
        zone: where a time without an offset from UTC was written; `None` for UTC.

    Raises:
        UsageError: not TOML, no steps, an unknown step or field, or a value that it cannot take.
    """
    try:
        tables = values.tables(text).get("step")
    except ValueError as error:
        raise UsageError(f"the chain is not TOML: {error}") from None
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise UsageError("the chain has no steps", hint="write tables [[step]]; see: memos lifecycle run --help")
    steps = tuple(_step(number, table, zone) for number, table in enumerate(tables, start=1))
    if steps[0].do != "retrieve":
        raise UsageError("the first step has to retrieve", hint='do = "retrieve"')
    return steps


def _step(number: int, table: dict[str, Any], zone: Zone | None) -> Step:
    do = table.get("do")
    if do not in _FIELDS:
        raise UsageError(f"step {number} does {do!r}, which is no step", hint=f"there are: {', '.join(_FIELDS)}")
    fields = {name: value for name, value in table.items() if name != "do"}
    for name, value in fields.items():
        wanted = _FIELDS[do].get(name)
        if wanted is None:
            raise UsageError(f"step {number} ({do}) has no field {name!r}", hint=f"it has: {', '.join(_FIELDS[do]) or 'none'}")
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UsageError(f"step {number} ({do}): {name} has to be a {'text' if wanted is str else wanted.__name__}")
    try:
        return Step(do, _checked(fields, zone))
    except (UsageError, ValueError, re.error) as error:
        said = error.message if isinstance(error, UsageError) else str(error)
        raise UsageError(f"step {number} ({do}): {said}") from None


def _checked(fields: dict[str, Any], zone: Zone | None) -> dict[str, Any]:
    """Fields in the types that steps use: checks names of kinds, states and links, and reads times and durations."""
    found = dict(fields)
    for name in ("tags", "labels", "without", "without_labels", "kinds", "states"):
        if name in found and not all(isinstance(one, str) and one for one in found[name]):
            raise ValueError(f"{name} has to be a list of texts")
    for name, noun in (("kinds", Kind), ("states", State)):
        found |= {name: tuple(noun(one) for one in found[name])} if name in found else {}
    if "kind" in found:
        found["kind"] = Kind(found["kind"])
    if "link" in found:
        found["link"] = LinkType(found["link"])
    for name in ("since", "until", "valid_to"):
        found |= {name: parse_iso(found[name], zone)} if name in found else {}
    for name in ("older", "unused"):
        found |= {name: parse_duration(found[name])} if name in found else {}
    if "matching" in found:
        found["matching"] = re.compile(found["matching"], re.IGNORECASE)
    return found


def run(session: "Session", memories: "MemOperator", steps: Sequence[Step], *, dry_run: bool = False) -> Chained:
    """Run a chain on the first cube in use.

    Queries are searched beforehand, since a search may write vectors. All that is decided is decided in the transaction, from
    the memories as they are there: other processes write meanwhile.

    Raises:
        Refused: a memory is frozen, or the principal may not change it; nothing is written then.
    """
    vault, author = session.writable(), session.author("chain")
    session.require("lifecycle run", vault)
    hits = [_searched(memories, vault, step.fields, author.at) for step in steps]
    with author.write(vault) as unit:
        chosen = _retrieved(session, vault, steps[0].fields, hits[0], author.at)
        changes: dict[str, dict[str, Any]] = {}
        were = {memory.id: memory for memory in chosen}
        report = [{"do": steps[0].do, "memories": len(chosen)}]
        for step, found in zip(steps[1:], hits[1:], strict=True):
            if step.do == "retrieve":
                again = {memory.id for memory in _retrieved(session, vault, step.fields, found, author.at)}
                chosen = [memory for memory in chosen if memory.id in again]
            elif step.do == "filter":
                chosen = [memory for memory in chosen if _passes(memory, step.fields, author.at)]
            else:
                _collect(changes, chosen, step, author.at)
            report.append({"do": step.do, "memories": len(chosen)})
        changed = change_within(vault, unit, changes, lambda memory: _news(vault, memory, changes))
        if dry_run:
            unit.take_back()
    done = set(changed)
    touched = tuple(Touched(memory, _becomes(changes[one])) for one, memory in were.items() if one in done)
    return Chained(tuple(report), changed, unit.log.txn if changed and not dry_run else None, dry_run, touched)


def _becomes(change: Mapping[str, Any]) -> tuple[str, ...]:
    """What a change does to a memory, in words; names and texts that it sets are in the chain itself."""
    tags = [f"tagged {name.removeprefix(fold.TAG)}" for name in change if name.startswith(fold.TAG)]
    links = ["linked"] if any(name.startswith(fold.LINK) for name in change) else []
    fields = {"content": "appended to", "valid_to": "ended"}
    set_ = [fields.get(name, f"{name} set") for name in change if name in {"content", *_FIELDS["update"]}]
    return (*tags, *links, *set_, *([str(change["state"])] if "state" in change else []))


def _filter(fields: Mapping[str, Any], now: str) -> Filter:
    narrowing: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items() if name in _FILTERS
    }
    return Filter(at=now, **narrowing)


def _searched(memories: "MemOperator", vault: "Vault", fields: Mapping[str, Any], now: str) -> list[str] | None:
    """The ids of a cube's hits for the query of a step, the best first; `None` for a step without a query."""
    if "query" not in fields:
        return None
    k = min(fields.get("k", 10), _MOST)
    found = memories.search(fields["query"], k=k, wanted=_filter(fields, now), record=False, apart=True)
    hits = [hit for hit in found.hits if hit.fits]
    return [hit.memory.id for hit in hits if hit.memory.cube == vault.name]


def _retrieved(session: "Session", vault: "Vault", fields: Mapping[str, Any], hits: list[str] | None, now: str) -> list[Memory]:
    """The memories of a step as they are now: of the hits those that still pass, else all that pass."""
    sight = session.sight(vault, _filter(fields, now))
    if hits is None:
        return vault.find(sight, "newest", min(fields.get("k", _MOST), _MOST))
    still = queries.visible(vault, hits, queries.condition(sight))
    return [still[identity] for identity in hits if identity in still]


def _passes(memory: Memory, fields: Mapping[str, Any], now: str) -> bool:
    def before(span: timedelta) -> str:
        return to_text(from_text(now) - span)

    when = memory.occurred_at or memory.created_at
    tests: dict[str, Callable[[Any], bool]] = {
        "tags": lambda tags: set(map(compared, tags)) <= set(map(compared, memory.tags)),
        "labels": lambda labels: set(map(compared, labels)) <= set(map(compared, memory.labels)),
        "without_labels": lambda labels: not set(map(compared, labels)) & set(map(compared, memory.labels)),
        "without": lambda tags: not set(map(compared, tags)) & set(map(compared, memory.tags)),
        "kinds": lambda kinds: memory.kind in kinds,
        "states": lambda states: memory.state in states,
        "since": lambda since: when >= since,
        "until": lambda until: when < until,
        "task": lambda task: compared(memory.task or "") == compared(task),
        "key": lambda key: compared(memory.key or "") == compared(key),
        "older": lambda span: when < before(span),
        "unused": lambda span: (memory.last_access_at or memory.created_at) < before(span),
        "matching": lambda pattern: bool(pattern.search(memory.content)),
    }
    return all(tests[name](value) for name, value in fields.items())


def _collect(changes: dict[str, dict[str, Any]], memories: Sequence[Memory], step: Step, now: str) -> None:
    """Add the changes of a step to those of the steps before it."""
    before: Memory | None = None
    for memory in memories:
        change = changes.setdefault(memory.id, {})
        match step.do:
            case "augment":
                change |= {fold.TAG + tag: True for tag in step.fields.get("tags", ())}
                if "link" in step.fields and before is not None:
                    change[fold.link_register(step.fields["link"], before.id)] = True
            case "update":
                change |= {name: value for name, value in step.fields.items() if name != "append"}
                if "append" in step.fields:
                    longer = f"{change.get('content', memory.content)}\n{step.fields['append']}"
                    change["content"] = check_content(longer)
            case _:
                target = State.ARCHIVED if step.do == "archive" else State.EXPIRED
                change |= {"state": target.value, "since": now, "reason": "chain"}
        before = memory


def _news(vault: "Vault", memory: Memory, changes: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The registers that a change really alters; those that already have the value are left out."""
    registers = fold.fold(vault.operations("memory", memory.id))
    wanted = {name: getattr(value, "value", value) for name, value in changes[memory.id].items()}
    if registers.get("state") == wanted.get("state"):
        wanted = {name: value for name, value in wanted.items() if name not in {"state", "since", "reason"}}
    return {name: value for name, value in wanted.items() if registers.get(name) != value}
