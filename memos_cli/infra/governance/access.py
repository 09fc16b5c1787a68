"""What one principal may do in one cube: as an SQL condition on its memories, and as a test of one memory.

An access is made of the cube's records of principals and rules, as they stand; reading those is the caller's business. Nothing
here reads a file or a clock. The order of what decides:

1. The cube's owner may do everything; no rule binds the owner.
2. What any rule that applies denies is denied, whatever else allows it: the stricter wins.
3. A memory's owner may do everything with it; it is edited as read-only by nobody.
4. A person reads what is public or read-only, and what is shared by somebody of a common group. An agent does not.
5. What a rule that applies grants, to the principal or to a group of it.

An agent sees no memory of others whose labels the policy keeps from agents (`labels.agent`), whatever a rule grants.

A rule that cannot be understood, since a newer memos wrote it or its view is gone, grants nothing and denies all that it could
deny.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from memos_cli.infra.governance import labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.governance.rule import SORTS, Context, Right, Rule, applies, next_change, standing, told
from memos_cli.infra.names import compared
from memos_cli.model import Memory, State, Visibility
from memos_cli.records import NamedTuple

Records = Callable[[str], Mapping[str, Mapping[str, Any]]]
"""The records of a noun that rule here, by their subjects."""


class View(NamedTuple):
    """A saved filter.

    Attributes:
        condition: the SQL condition on `memories m`, followed by its parameters.
        passes: whether a memory passes it.
    """

    condition: tuple[Any, ...]
    passes: Callable[[Memory], bool]


Views = Callable[[str], View | None]
"""Finds a view by its name as it is compared; `None` where there is none that can be understood."""
IN = "in:"
"""The beginning of the registers that hold a principal's groups."""
_NAMED = ("tag", "key", "task")
"""The sorts that the table `names` lists."""
_OPEN = (Visibility.PUBLIC, Visibility.READ_ONLY)


class Access:
    """What a principal may do in a cube, in one context; `of` makes it.

    Attributes:
        principal: who.
        owns: whether it is the cube's owner, who may do everything.
        is_agent: whether it is an agent, which sees nothing but its own and what a rule names.
        groups: the groups that it is in.
        changes_at: when another of the rules begins or ends to apply, at the earliest; `None` for never.
    """

    def __init__(
        self,
        principal: str,
        *,
        owns: bool = False,
        groups: frozenset[str] = frozenset(),
        fellows: Iterable[str] = (),
        rules: Iterable[Rule] = (),
        views: Views = lambda _: None,
        changes_at: str | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        self.principal, self.owns, self.is_agent, self.groups = principal, owns, policy is not None, groups
        self.changes_at = changes_at
        self._fellows = frozenset(fellows)
        self._policy = policy  # of the cube, for an agent; `None` for a person
        self._views = views
        self._rules: dict[tuple[str, bool], dict[str, dict[str, list[Rule]]]] = {}
        for rule in rules:
            named = self._rules.setdefault((rule.right, rule.deny), {}).setdefault(rule.sort, {})
            named.setdefault(rule.name, []).append(rule)

    @property
    def by_log(self) -> bool:
        """Whether what may be read depends on nothing but the log: a view may also ask how often a memory was used."""
        return not any("view" in self._rules.get((Right.READ, deny), {}) for deny in (False, True))

    # -- as SQL

    def sight(self, right: Right = Right.READ, *, schema: str = "main.") -> tuple[Any, ...]:
        """The SQL condition on `memories m` for what this principal may do that with, followed by its parameters.

        Args:
            right: what is to be done.
            schema: stands before the names of tables.
        """
        if self.owns:
            return ("1",)
        given = _either(self._allowances(right, schema))
        refused = _either(self._covers(right, schema, deny=True))
        clauses = ["m.state <> 'purged'", given[0]]
        if right is Right.WRITE:
            clauses.append(f"m.visibility <> '{Visibility.READ_ONLY}'")
        if refused[0] != "0":
            clauses.append(f"NOT {refused[0]}")
        going: tuple[Any, ...] = ()
        if self._policy is not None:
            sql, *names = labels.condition(Whither.AGENT, self._policy, schema)
            clauses.append(f"(m.owner = ? OR {sql})")
            going = (self.principal, *names)
        return " AND ".join(clauses), *given[1:], *refused[1:], *going

    def _allowances(self, right: Right, schema: str) -> Iterator[tuple[Any, ...]]:
        yield "m.owner = ?", self.principal
        if right is Right.READ and not self.is_agent:
            yield ("m.visibility IN ('public', 'read-only')",)
            if self._fellows:
                yield f"m.visibility = '{Visibility.SHARED}' AND m.owner IN {_LISTED}", json.dumps(sorted(self._fellows))
        yield from self._covers(right, schema, deny=False)

    def _covers(self, right: Right, schema: str, *, deny: bool) -> Iterator[tuple[Any, ...]]:
        """The conditions for the memories that the rules of a right name: a thousand rules are a few lists, and no chain."""
        named = self._rules.get((right, deny), {})
        if "cube" in named or (deny and named.keys() - set(SORTS)):
            yield ("1",)
            return
        for sort in _NAMED:
            if sort in named:
                # Asked of each memory by itself: a statement that looks at few would otherwise list all that the rules name.
                having = f"SELECT 1 FROM {schema}names y WHERE y.n = m.n AND +y.sort = '{sort}' AND +y.name IN {_LISTED}"  # noqa: S608 -- its own names
                yield f"EXISTS ({having})", json.dumps(sorted(named[sort]))
        for sort, column in (("kind", "kind"), ("memory", "id")):
            if sort in named:
                yield f"m.{column} IN {_LISTED}", json.dumps(sorted(named[sort]))
        for name in named.get("view", ()):
            view = self._views(name)
            if view is not None:
                yield f"({view.condition[0]}) IS TRUE", *view.condition[1:]
            elif deny:
                yield ("1",)

    # -- as a test of one memory

    def may(self, right: Right, memory: Memory) -> bool:
        """Whether this principal may do that with a memory."""
        if self.owns:
            return True
        if memory.state is State.PURGED or (right is Right.WRITE and memory.visibility is Visibility.READ_ONLY):
            return False
        if self._first(right, memory, deny=True) is not None or self._staying(memory):
            return False
        return self._by_itself(right, memory) is not None or self._first(right, memory, deny=False) is not None

    def _staying(self, memory: Memory) -> list[str]:
        """The labels of a memory of somebody else that keep it from this principal, which is an agent."""
        if self._policy is None or memory.owner == self.principal:
            return []
        return labels.staying(memory.labels, Whither.AGENT, self._policy)

    def may_add(self, memory: Memory) -> bool:
        """Whether this principal may store such a memory: one of its own, whatever its visibility, that no rule denies it."""
        if self.owns:
            return True
        return memory.owner == self.principal and self._first(Right.WRITE, memory, deny=True) is None

    def why(self, right: Right, memory: Memory) -> list[str]:
        """The reasons for the answer of `may`, each a line, the deciding one first."""
        if self.owns:
            return ["owns the cube"]
        if memory.state is State.PURGED:
            return ["it was purged"]
        denials = [f"denied by {told(rule)}" for rule in self._matching(right, memory, deny=True)]
        if right is Right.WRITE and memory.visibility is Visibility.READ_ONLY:
            denials.append("it is read-only: nobody edits it before its visibility is changed")
        denials += [f"it is labelled {one}, which is shown to no agent (labels.agent)" for one in self._staying(memory)]
        itself = self._by_itself(right, memory)
        grants = [f"by {told(rule)}" for rule in self._matching(right, memory, deny=False)]
        return [*denials, *([itself] if itself else []), *grants]

    def _by_itself(self, right: Right, memory: Memory) -> str | None:
        """Why the memory itself allows it, without any rule; `None` where it does not."""
        if memory.owner == self.principal:
            return "owns the memory"
        if right is not Right.READ or self.is_agent:
            return None
        if memory.visibility in _OPEN:
            return f"it is {memory.visibility}"
        if memory.visibility is Visibility.SHARED and memory.owner in self._fellows:
            return "it is shared, and its owner is in a common group"
        return None

    def _first(self, right: Right, memory: Memory, *, deny: bool) -> Rule | None:
        return next(self._matching(right, memory, deny=deny), None)

    def _matching(self, right: Right, memory: Memory, *, deny: bool) -> Iterator[Rule]:
        """The rules of a right that name the memory."""
        for sort, named in self._rules.get((right, deny), {}).items():
            if sort == "view":
                found = (name for name in named if self._passes(name, memory, unknown=deny))
            elif sort in SORTS:
                found = (name for name in _names(sort, memory) if name in named)
            else:
                found = (name for name in named if deny)
            for name in found:
                yield from named[name]

    def _passes(self, name: str, memory: Memory, *, unknown: bool) -> bool:
        """Whether a memory passes a view; `unknown` where there is no such view."""
        view = self._views(name)
        return unknown if view is None else view.passes(memory)


_LISTED = "(SELECT value FROM json_each(?))"


def _either(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Conditions joined by OR; "0" for none, and no more than "1" where one of them always holds."""
    listed = list(parts)
    if any(clause == "1" for clause, *_ in listed):
        return ("1",)
    if not listed:
        return ("0",)
    return f"({' OR '.join(f'({clause})' for clause, *_ in listed)})", *(value for _, *values in listed for value in values)


def _names(sort: str, memory: Memory) -> Iterable[str]:
    """The names by which rules of a sort mean a memory."""
    match sort:
        case "tag":
            return {compared(tag) for tag in memory.tags}
        case "key" | "task":
            name = memory.key if sort == "key" else memory.task
            return () if name is None else (compared(name),)
        case "kind":
            return (memory.kind.value,)
        case "memory":
            return (memory.id,)
    return ("",)


# -- made of records


def of(
    principal: str, meta: Mapping[str, str], records: Records, context: Context | None, views: Views = lambda _: None
) -> Access:
    """What a principal may do in a cube.

    Args:
        principal: who.
        meta: the table `cube`, for the name of the cube's owner.
        records: the records that rule here; what strangers brought and nobody accepted is not among them.
        context: under what circumstances; `None` for any, so that each rule counts whatever its conditions.
        views: finds the views that rules name.
    """
    if principal == meta.get("owner"):
        return Access(principal, owns=True)
    known = records("principal")
    groups = groups_of(known)
    own = groups.get(principal, frozenset())
    named = {group for names in groups.values() for group in names}
    about = {principal, *own}  # also what revokes a rule is given to whom the rule was given to
    given = {identity: fields for identity, fields in records("rule").items() if str(fields.get("to")) in about}
    mine = [rule for rule in standing(given) if _is_to(rule, principal, own, named)]
    gone = bool(known.get(principal, {}).get("gone"))
    is_agent = known.get(principal, {}).get("kind", "person") != "person"
    return Access(
        principal,
        groups=own,
        fellows=(name for name, theirs in groups.items() if theirs & own),
        rules=(rule for rule in mine if (context is None or applies(rule, context)) and (rule.deny or not gone)),
        views=views,
        changes_at=None if context is None else next_change(mine, context),
        policy=records("policy").get("policy", {}) if is_agent else None,
    )


def _is_to(rule: Rule, principal: str, own: frozenset[str], named: set[str]) -> bool:
    """Whether a rule is given to a principal, or to a group of it; nobody gets a group's rights by taking its name."""
    if rule.group is None:
        return rule.to in own or (rule.to == principal and (rule.deny or rule.to not in named))
    return rule.to in own if rule.group else rule.to == principal


def groups_of(principals: Mapping[str, Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """The groups of each principal that was not removed."""
    return {
        name: frozenset(register.removeprefix(IN) for register, value in fields.items() if register.startswith(IN) and value)
        for name, fields in principals.items()
        if not fields.get("gone")
    }


__all__ = ["IN", "Access", "Context", "Right", "View", "Views", "groups_of", "of"]
