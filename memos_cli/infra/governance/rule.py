"""Rules of access: what their records say, which of them stand, and when one applies.

A rule says that a principal or a group may, or may not, do something with the memories that it names: those with a tag, of a
kind, with a key, of a task, in a view, one memory, or all of the cube. A rule that cannot be understood, since a newer memos
wrote it, grants nothing and denies all that it could deny.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from memos_cli.model import Kind
from memos_cli.records import NamedTuple


class Right(StrEnum):
    """What may be done with a memory. No right includes another: who may write what it cannot see does not see it."""

    READ = "read"
    WRITE = "write"
    SHARE = "share"
    ERASE = "erase"
    REVEAL = "reveal"


class Context(NamedTuple):
    """Under what circumstances something is done.

    Attributes:
        command: the command, such as `cube export`; empty for a program that names none.
        purpose: what a memory is read for, one of `PURPOSES`; empty for to be looked at.
        at: the time, as fixed-width UTC text.
        offset: how many minutes the clock on the wall is ahead of UTC.
    """

    command: str = ""
    purpose: str = ""
    at: str = ""
    offset: int = 0


class Rule(NamedTuple):
    """A rule, as its record has it.

    Attributes:
        to: a principal or a group; `group` says which of them, `None` in records that do not say it.
        right: one of `Right`.
        deny: whether it denies what it names.
        sort: one of `SORTS`; `name` is the tag, the kind, the key, the view, the task or the memory's id, as it is compared.
        commands: the commands in which it applies; `None` for all. `purposes` likewise.
        hours: the hours of the day in which it applies, as `09:00-17:00`.
        until: when it ends, as fixed-width UTC text.
        ended: whether it was revoked.
        bars: whether it is the record of a revocation: it ends grants of the same object that other machines made meanwhile.
    """

    id: str
    to: str
    group: bool | None = None
    right: str = Right.READ
    deny: bool = False
    sort: str = "cube"
    name: str = ""
    commands: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    hours: str | None = None
    until: str | None = None
    ended: bool = False
    bars: bool = False

    @property
    def claim(self) -> tuple[str, bool | None, str, str, str]:
        """Who, which right, and on what: what a grant and a revocation have in common."""
        return self.to, self.group, self.right, self.sort, self.name

    @property
    def conditions(self) -> tuple[object, ...]:
        """When it applies, but for its end."""
        return self.commands, self.purposes, self.hours


SORTS = ("cube", "tag", "kind", "key", "view", "task", "memory")
"""What a rule may be about."""
PURPOSES = ("prompt", "export", "consolidation", "sync")
"""What a memory may be read for, besides to be looked at."""
_ALWAYS: tuple[object, ...] = (None, None, None)
"""The conditions of a rule that applies in every command, for every purpose, at every hour."""
_DAY = 24 * 60
_VERBS = {"read": "read", "write": "change", "share": "share", "erase": "erase", "reveal": "see the secrets of"}
"""What each right lets somebody do, as a verb."""


def in_words(rule: Rule) -> str:
    """What a rule says, such as `bot may read what has the tag work`."""
    whom = f"the group {rule.to}" if rule.group else rule.to
    may = "may not" if rule.deny or rule.bars else "may"
    return f"{whom} {may} {_VERBS.get(rule.right, rule.right)} {about(rule.sort, rule.name)}"


def about(sort: str, name: str) -> str:
    """What a rule is about, in words."""
    words = {
        "cube": "all of the cube", "tag": f"what has the tag {name}", "kind": f"what is of the kind {name}",
        "key": f"what has the key {name}", "task": f"what is of the task {name}", "view": f"what passes the view {name}",
        "memory": f"memory {name[:8]}",
    }  # fmt: skip
    return words.get(sort, "what only a newer memos knows")


def told(rule: Rule) -> str:
    """A rule in words: what it is about, to whom, and when it applies."""
    about = "the whole cube" if rule.sort == "cube" else f"{rule.sort} {rule.name[:8] if rule.sort == 'memory' else rule.name}"
    whom = f"the group {rule.to}" if rule.group else rule.to
    parts = [f"rule {rule.id[:8]}: {about}, to {whom}"]
    if rule.commands is not None:
        parts.append(f"in {' and '.join(rule.commands)}")
    if rule.purposes is not None:
        parts.append(f"for {' and '.join(rule.purposes)}")
    if rule.hours is not None:
        parts.append(f"from {rule.hours.replace('-', ' to ')}")
    if rule.until is not None:
        parts.append(f"until {rule.until}")
    return ", ".join(parts)


def rules_of(records: Mapping[str, Mapping[str, Any]]) -> list[Rule]:
    """The rules in these records, in the order of their ids; a grant that cannot be understood is left out."""
    found = (read(identity, fields) for identity, fields in sorted(records.items()))
    return [rule for rule in found if rule is not None]


def standing(records: Mapping[str, Mapping[str, Any]]) -> list[Rule]:
    """The rules that were not revoked, here or on another machine."""
    rules = rules_of(records)
    bars: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    for rule in rules:
        if rule.bars:
            bars.setdefault(rule.claim, []).append(rule.conditions)
    return [rule for rule in rules if not rule.ended and (rule.deny or not is_barred(rule, bars.get(rule.claim, ())))]


def is_barred(rule: Rule, conditions: Iterable[tuple[object, ...]]) -> bool:
    """Whether one of these revocations of the rule's object, given by their conditions, ends a grant."""
    return any(one in {_ALWAYS, rule.conditions} for one in conditions)


def read(identity: str, fields: Mapping[str, Any]) -> Rule | None:
    """The rule that a record states; `None` where nobody understands it and it denies nothing."""
    deny = bool(fields.get("deny"))
    to, right, sort, name, group = (fields.get(field) for field in ("to", "right", "sort", "name", "group"))
    if not isinstance(to, str) or not isinstance(right, str):
        return None
    known = sort in SORTS and isinstance(name or "", str) and (sort != "kind" or name in set(Kind))
    when = _when(fields)
    if not deny and (not known or when is None):
        return None
    about = (str(sort), str(name or "")) if known else ("?", "")
    rule = Rule(identity, to, group if isinstance(group, bool) else None, right, deny, *about)
    return (when or _Limits()).of(rule)._replace(ended=bool(fields.get("ended")), bars=bool(fields.get("bars")))


class _Limits(NamedTuple):
    """When a rule applies."""

    commands: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    hours: str | None = None
    until: str | None = None

    def of(self, rule: Rule) -> Rule:
        """The rule on these limits."""
        return rule._replace(commands=self.commands, purposes=self.purposes, hours=self.hours, until=self.until)


def _when(fields: Mapping[str, Any]) -> _Limits | None:
    """The limits in the registers of a rule; `None` for what cannot be understood."""
    commands, purposes, hours, until = (fields.get(field) for field in ("commands", "purposes", "hours", "until"))
    for listed in (commands, purposes):
        if listed is not None and not (isinstance(listed, list) and all(isinstance(one, str) for one in listed)):
            return None
    if any(value is not None and not isinstance(value, str) for value in (hours, until)):
        return None
    if hours is not None and minutes_of(hours) is None:
        return None
    return _Limits(None if commands is None else tuple(commands), None if purposes is None else tuple(purposes), hours, until)


def applies(rule: Rule, context: Context) -> bool:
    """Whether a rule applies in a context. Where that does not say it, a denial does and a grant does not."""
    if rule.commands is not None and not _is_in(rule.commands, context.command, unknown=rule.deny):
        return False
    if rule.purposes is not None and context.purpose not in rule.purposes:
        return False
    if not context.at:
        return rule.deny or (rule.until is None and rule.hours is None)
    if rule.until is not None and rule.until <= context.at:
        return False
    return rule.hours is None or _is_within(rule.hours, context)


def _is_in(commands: Iterable[str], command: str, *, unknown: bool) -> bool:
    """Whether a command is one of these, or of a family among them, such as `cube`; `unknown` where none is named."""
    return any(command == name or command.startswith(f"{name} ") for name in commands) if command else unknown


def minutes_of(hours: str) -> tuple[int, int] | None:
    """The beginning and the end of `09:00-17:00` in minutes of the day; `None` for what is no such span."""
    parts = hours.split("-")
    ends = [part.split(":") for part in parts]
    if len(parts) != 2 or any(list(map(len, end)) != [2, 2] or not "".join(end).isdecimal() for end in ends):
        return None
    begin, end = (int(hour) * 60 + int(minute) for hour, minute in ends)
    if any(int(minute) > 59 for _, minute in ends) or begin >= _DAY or end > _DAY or begin == end:
        return None
    return begin, end


def _is_within(hours: str, context: Context) -> bool:
    span = minutes_of(hours)
    if span is None:
        return False
    begin, end = span
    minute = (int(context.at[11:13]) * 60 + int(context.at[14:16]) + context.offset) % _DAY
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def next_change(rules: Iterable[Rule], context: Context) -> str | None:
    """When one of these rules begins or ends to apply by the clock; with hours it is asked again each minute."""
    if not context.at:
        return None
    ends = [rule.until for rule in rules if rule.until is not None and rule.until > context.at]
    if any(rule.hours is not None for rule in rules):
        ends.append(f"{context.at[:17]}59.999Z")
    return min(ends, default=None)
