"""The policy of a cube: what fades after how long, as data.

A policy is a record in the cube's log like any other: it has versions, `undo` takes a change of it back, and it travels with
the cube. A key that was not set has the default of `KEYS`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from memos_cli.errors import UsageError
from memos_cli.model import Kind

NOUN = NAME = "policy"
"""The noun and the subject under which the log keeps it."""
_MOST_DAYS = 1_000_000.0
_MOST_COUNT = 1_000_000_000


class Key(NamedTuple):
    """What a policy may say: its default, how its value is read, and what it does."""

    default: Any
    read: Callable[[Any], Any]
    help: str


def _days(value: object) -> float:
    days = _number(value)
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError("it has to be a number of days, 0 for never")
    return days


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("it has to be a number")  # noqa: TRY004 -- to the reader of a policy it is a wrong value
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("it has to be a number that can be counted to")
    return number


def _decay(value: object) -> float:
    number = _number(value)
    if not 0 < number < 1:
        raise ValueError("it has to lie between 0 and 1")
    return number


def _share(value: object) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError("it has to be a share, from 0 to 1")
    return number


def _factor(value: object) -> float:
    number = _number(value)
    if not 1 <= number <= 100:
        raise ValueError("it has to lie between 1 and 100")
    return number


def _count(value: object) -> int:
    number = _number(value)
    if not 0 <= number <= _MOST_COUNT or number != int(number):
        raise ValueError("it has to be a whole number, not below 0 nor beyond a billion")
    return int(number)


def _hour(value: object) -> int:
    hour = _count(value)
    if hour > 23:
        raise ValueError("it has to be an hour, from 0 to 23")
    return hour


def _seconds(value: object) -> float:
    number = _number(value)
    if not 0 < number <= 3600:
        raise ValueError("it has to be more than 0 and at most 3600 seconds")
    return number


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if str(value).lower() not in words:
        raise ValueError("write true or false")
    return words[str(value).lower()]


def _ending(value: object) -> str:
    if value not in {"archive", "expire", "keep"}:
        raise ValueError("write archive, expire or keep")
    return str(value)


def _hook(value: object) -> str:
    """A file name in the hooks folder: a policy may come from elsewhere, so it names a program and never a path."""
    text = str(value)
    if text and (text.startswith(".") or not all(c.isalnum() or c in "._-" for c in text)):
        raise ValueError("it has to be the name of a file in the hooks folder")
    return text


_IDLE: dict[Kind, float] = {
    Kind.FACT: 180.0,
    Kind.PREFERENCE: 365.0,
    Kind.EVENT: 180.0,
    Kind.RULE: 0.0,
    Kind.PROCEDURE: 365.0,
    Kind.NOTE: 90.0,
    Kind.EPISODE: 90.0,
    Kind.DOCUMENT: 365.0,
}
_STEPS = {
    "expire": "let expire what has a TTL that passed, and what lay in the archive past its term",
    "purge": "erase what expired longer ago than the grace period",
    "archive": "archive what faded or was superseded",
    "fuse": "fuse duplicates that were told in other words",
    "supersede": "let the later of two that certainly contradict each other supersede the earlier",
    "review": "put conflicts that are not certain on the list of memos review",
    "embed": "embed what waits for its vector",
    "slots": "make the core's slot, and those of the sets that are likeliest needed next",
    "consolidate": "queue what a model is to learn, and start it in a quiet hour",
}
_TARGETS = {"activated": "came back", "archived": "were archived", "expired": "expired", "merged": "were fused"}

KEYS: dict[str, Key] = {
    "archive.decay": Key(0.5, _decay, "how fast a trace of use fades: the exponent d of the strength formula"),
    **{
        f"archive.idle_days.{kind}": Key(days, _days, f"days until {kind}s fade that were told once and never used; 0: never")
        for kind, days in _IDLE.items()
    },
    "archive.priority_factor": Key(2.0, _factor, "each step of priority makes the idle days so many times as long"),
    "archive.superseded_days": Key(30.0, _days, "days until a memory that is no longer valid is archived; 0: never"),
    "expire.archived_days": Key(365.0, _days, "days until an archived memory expires that nobody asked for; 0: never"),
    "purge.grace_days": Key(30.0, _days, "days for which an expired memory can be restored before it is erased; 0: for ever"),
    "brake.share": Key(0.2, _share, "the largest share of a cube that one tick may retire for idleness"),
    "brake.from": Key(100, _count, "cubes with no more memories than this have no brake"),
    "fuse.most": Key(500, _count, "how many new or changed memories a tick compares with the others"),
    "fuse.load": Key(1000, _count, "a command that wrote more than this is a load; its memories are compared by --compare-all"),
    "fuse.propose": Key(default=False, read=_switch, help="whether the configured model is asked about near duplicates, too"),
    "fuse.trust_model": Key(default=False, read=_switch, help="whether its proposals are carried out without a review"),
    "slots.ahead": Key(3, _count, "how many sets of memories a tick keeps slots ready of; 0: that of the core alone"),
    "consolidate.settled_days": Key(1.0, _days, "days for which a memory has to be as it is before a model learns it"),
    "consolidate.confidence": Key(0.8, _share, "how certain a memory has to be for a model to learn it"),
    "consolidate.lasting_days": Key(30.0, _days, "days for which a memory has to hold yet for a model to learn it"),
    "consolidate.facts": Key(0, _count, "new memories to learn from which on a tick queues a run; 0: only when you ask for it"),
    "consolidate.from_hour": Key(1, _hour, "the hour, by the local clock, from which on a tick starts what is queued"),
    "consolidate.to_hour": Key(6, _hour, "the hour until which it does; the same as from_hour: at any time"),
    "task.ending": Key("archive", _ending, "what becomes of a task's memories when it ends: archive, expire or keep"),
    "hooks.seconds": Key(10.0, _seconds, "seconds that a hook may run"),
    **{f"hooks.{target}": Key("", _hook, f"the hook to run after memories {what}") for target, what in _TARGETS.items()},
    **{f"steps.{name}": Key(default=True, read=_switch, help=f"whether a tick is to {what}") for name, what in _STEPS.items()},
}


class Policy:
    """A cube's policy.

    Args:
        fields: the registers of its record: what was set, under the names of `KEYS`. What a newer memos wrote is left alone.
    """

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        self.fields = fields or {}

    def get(self, name: str) -> Any:  # noqa: ANN401 -- each key has its own type
        """The value of a key, or its default."""
        return self.fields.get(name, KEYS[name].default)

    def idle_days(self, kind: str, priority: int) -> float:
        """After how many days a memory that was told once and never used fades; 0 for never."""
        factor: float = self.get("archive.priority_factor")
        days = float(self.get(f"archive.idle_days.{kind}")) * factor ** max(-20, min(20, priority))
        return min(days, _MOST_DAYS)


def checked(name: str, value: object) -> Any:  # noqa: ANN401 -- each key has its own type
    """The value of a key as it is stored.

    Raises:
        UsageError: no such key, or a value that it cannot have.
    """
    if name not in KEYS:
        import difflib

        near = difflib.get_close_matches(name, KEYS, n=3, cutoff=0.4)
        raise UsageError(
            f"a policy has no key {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "see them all: memos lifecycle policy show",
        )
    try:
        return KEYS[name].read(value)
    except ValueError as error:
        said = str(error) if "it has to" in str(error) or "write" in str(error) else "it has to be a number"
        raise UsageError(f"{name} cannot be {str(value)[:60]!r}: {said}") from None


def flat(table: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of nested TOML tables as dotted names: `[archive] decay` is `archive.decay`."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{head}{name}.")
        else:
            yield f"{head}{name}", value


def read(text: str) -> dict[str, Any]:
    """A policy file: TOML with the keys of `KEYS` in tables.

    Raises:
        UsageError: not TOML, an unknown key, or a value that a key cannot have.
    """
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the policy is not TOML: {error}") from None
    return {name: checked(name, value) for name, value in flat(table)}


def to_toml(policy: Policy) -> str:
    """The whole policy as a TOML file, every key with the line that explains it."""
    tables: dict[str, list[str]] = {}
    for name, key in KEYS.items():
        head, _, last = name.rpartition(".")
        tables.setdefault(head, []).append(f"# {key.help}\n{last} = {_toml(policy.get(name))}\n")
    return "\n".join(f"[{head}]\n{''.join(lines)}" for head, lines in tables.items())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'  # names and words: `checked` lets nothing through that would need an escape
    return f"{value:g}" if isinstance(value, float) else str(value)
