"""Names of principals and groups: what one means, the nearest known ones, and which rules are given to it."""

from collections.abc import Iterable, Mapping
from typing import Any

from memos_cli.errors import NotFound, Refused, did_you_mean
from memos_cli.infra.governance import governance
from memos_cli.infra.governance.access import groups_of
from memos_cli.infra.governance.rule import Rule

PRINCIPAL, RULE = "principal", "rule"
"""The nouns of these records in the log."""
PERSON, AGENT = "person", "agent"
"""The kinds of a principal."""
Known = Mapping[str, Mapping[str, Any]]
"""The records of principals that rule, by name."""


def meant(known: Known, owner: str, name: str) -> tuple[bool, bool]:
    """Whether a name is that of a group, and whether nobody is called so yet.

    Raises:
        NotFound: nobody is called so, and it is nearly the name of somebody, or that of an agent that was removed.
        Refused: it is the cube's owner, whom nothing binds.
    """
    is_group, unknown = called(known, owner, name)
    if unknown:
        gone = known.get(name)
        if gone is not None and gone.get("kind") == AGENT:
            raise NotFound(f"agent {name} was removed", hint=f"register it again with: memos principal add {name} --agent")
        if near := _near(known, name):
            hint = f"did you mean {near}? Somebody new: memos principal add {name}"
            raise NotFound(f"no principal or group is called {name[:40]!r}", hint=hint)
        governance.principal(name)
    return is_group, unknown


def called(known: Known, owner: str, name: str, rules: Iterable[Rule] = ()) -> tuple[bool, bool]:
    """Whether a name is that of a group, and whether neither a principal nor a group nor any of the rules has it.

    Raises:
        Refused: it is the cube's owner, whom nothing binds.
    """
    if name == owner:
        raise Refused(f"{name} owns the cube, and may do everything", hint="a rule is for somebody else")
    groups = groups_of(known)
    if name in groups:
        return False, False
    if any(name in theirs for theirs in groups.values()):
        return True, False
    given = [rule.group for rule in rules if rule.to == name]
    return True in given, not given


def _near(known: Known, name: str) -> str | None:
    """The known name that is so nearly this one that it may be a slip."""
    import difflib

    folded = {one.casefold(): one for one in _all(known)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def _all(known: Known) -> list[str]:
    groups = groups_of(known)
    return sorted({*groups, *(group for theirs in groups.values() for group in theirs)})


def no_such(known: Known, name: str) -> NotFound:
    """The error for a name that nobody has, with the nearest names."""
    hint = did_you_mean(name, _all(known), f"register it with: memos principal add {name}")
    return NotFound(f"no principal or group is called {name[:40]!r}", hint=hint)


def is_to(rule: Rule, whom: Rule, known: Known) -> bool:
    """Whether a rule is given to the principal or the group of another one, or to a group that the principal is in."""
    if rule.to == whom.to:
        return rule.group in {None, whom.group}
    return not whom.group and rule.group is not False and rule.to in groups_of(known).get(whom.to, frozenset())
