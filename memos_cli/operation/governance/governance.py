"""MemGovernance: the principals of a cube, and the services that give rights, take them away and tell who has them.

Principals and rules are records in the cube's log like all else: they have an undo, and they travel with the cube. Only the
cube's owner changes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from memos_cli.errors import NotFound, Refused, UsageError, did_you_mean
from memos_cli.infra import counts
from memos_cli.infra.governance import governance, tokens
from memos_cli.infra.governance.access import IN, groups_of
from memos_cli.infra.governance.rule import Rule, rules_of
from memos_cli.infra.vault.rules import rules
from memos_cli.operation.changes import checked_name
from memos_cli.operation.governance.names import AGENT, PERSON, PRINCIPAL, RULE
from memos_cli.operation.governance.overview import Overview
from memos_cli.operation.governance.rules import Rules
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session


class Principal(NamedTuple):
    """A registered principal.

    Attributes:
        kind: `person` or `agent`.
        groups: the groups that it is in.
        has_token: whether it can act by a token.
        rules: how many rules name it itself.
    """

    name: str
    kind: str
    groups: tuple[str, ...]
    has_token: bool
    rules: int


class Registered(NamedTuple):
    """What `principal add`, `principal rm` and `principal token` did.

    Attributes:
        token: the new token of an agent, which nothing tells again; `None` where none was made.
        changed: whether anything changed.
        ended: the ids of the rules that ended with a principal.
    """

    name: str
    kind: str
    groups: tuple[str, ...]
    token: str | None
    changed: bool
    ended: tuple[str, ...]
    txn: str | None
    dry_run: bool = False


class MemGovernance:
    """Principals, rules, and who may do what, in the first cube in use."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    @cached_property
    def rules(self) -> Rules:
        """Rules: `grant`, `revoke`."""
        return Rules(self._session)

    @cached_property
    def overview(self) -> Overview:
        """Who may do what: `list`, `of_memory`, `of_principal`."""
        return Overview(self._session)

    def add(
        self, name: str, *, kind: str | None = None, groups: Sequence[str] = (), new_token: bool = False, dry_run: bool = False
    ) -> Registered:
        """Register a principal, or put one that is registered into groups.

        Args:
            name: what it acts as.
            kind: `person` or `agent`; `None` for what it is, else a person. A new agent gets a token.
            groups: the groups to put it into.
            new_token: make an agent a token in place of the one that it has.

        Raises:
            UsageError: a name cannot be one, or a person is to have a token.
            Refused: the caller does not own the cube; a principal or group is called so already; or an agent is to be a person.
        """
        return self._register("principal add", name, kind=kind, groups=groups, new_token=new_token, dry_run=dry_run)

    def _register(
        self, command: str, name: str, *, kind: str | None = None, groups: Sequence[str] = (), new_token: bool, dry_run: bool
    ) -> Registered:
        vault = _owned(self._session, "register principals")
        name = governance.principal(checked_name(name, "the name"))
        groups = tuple(dict.fromkeys(checked_name(group, "the name of a group") for group in groups))
        with self._session.author(command).write(vault) as unit:
            known = rules.ruling_in(vault, PRINCIPAL)
            before = known.get(name, {})
            is_new = not before or bool(before.get("gone"))
            kind = kind or (PERSON if is_new else str(before.get("kind")))
            _refuse_clash(known, vault.meta["owner"], name, kind, groups, before)
            token = tokens.new() if kind == AGENT and (is_new or new_token) else None
            if new_token and token is None:
                raise UsageError(
                    f"{name} is a person: only agents have tokens", hint="register one: memos principal add NAME --agent"
                )
            wanted: dict[str, Any] = {"kind": kind, **dict.fromkeys(map(IN.__add__, groups), True)}
            if token is not None:
                wanted["token"] = tokens.kept(token)
            if is_new:  # also what a stranger said of the name: it never ruled, and does not begin to
                wanted = dict.fromkeys(vault.records(PRINCIPAL).get(name, {})) | wanted
            change = {field: value for field, value in wanted.items() if is_new or before.get(field) != value}
            return _done(vault, unit, name, change, token=token, dry_run=dry_run)

    def token(self, name: str, *, dry_run: bool = False) -> Registered:
        """Make an agent a new token; the one that it had is worth nothing from now on.

        Raises:
            NotFound: there is no such principal. UsageError: it is a person.
            Refused: the caller does not own the cube.
        """
        vault = _owned(self._session, "make tokens")
        _known(rules.ruling_in(vault, PRINCIPAL), name)
        return self._register("principal token", name, new_token=True, dry_run=dry_run)

    def list(self) -> tuple[Principal, ...]:
        """The registered principals, by name.

        Raises:
            Refused: the caller does not own the cube.
        """
        if not self._session.vaults():
            return ()
        vault = _owned(self._session, "see who is registered")
        return _principals(rules.ruling_in(vault, PRINCIPAL), _standing(vault))

    def get(self, name: str) -> Principal:
        """One registered principal; everybody may look at itself.

        Raises:
            NotFound: there is none of this name. Refused: the caller does not own the cube.
        """
        vault = _owned(self._session, "see who is registered", unless=name)
        known = _known(rules.ruling_in(vault, PRINCIPAL), name)
        return _principals({name: known}, _standing(vault))[0]

    def is_taken(self, name: str) -> bool:
        """Whether no new agent may act under a name: somebody else has it, registered or not, or a group is called so.

        Raises:
            Refused: the caller does not own the cube.
        """
        vault = _owned(self._session, "see who is registered")
        known = rules.ruling_in(vault, PRINCIPAL)
        if name in known and known[name].get("kind") == AGENT:
            return False
        groups = {group for theirs in groups_of(known).values() for group in theirs}
        return name in {vault.meta["owner"], *known, *groups} or counts.has_written(vault, name)

    def remove(self, name: str, groups: Iterable[str] = (), *, dry_run: bool = False) -> Registered:
        """Remove a principal, whose grants end and whose token is worth nothing any longer; or take it out of groups.

        What was denied to it stays denied, so that nobody gains anything by coming back under the same name.

        Raises:
            NotFound: there is no such principal, or it is in no such group. Refused: the caller does not own the cube.
        """
        vault = _owned(self._session, "remove principals")
        with self._session.author("principal rm").write(vault) as unit:
            before = _known(rules.ruling_in(vault, PRINCIPAL), name)
            member = {register.removeprefix(IN) for register in before if register.startswith(IN)}
            leaving = tuple(groups)
            if unknown := next((group for group in leaving if group not in member), None):
                raise NotFound(f"{name} is in no group {unknown!r}", hint=did_you_mean(unknown, sorted(member)))
            if leaving:
                return _done(vault, unit, name, dict.fromkeys(map(IN.__add__, leaving)), dry_run=dry_run)
            ended = [rule.id for rule in _standing(vault) if rule.to == name and rule.group is not True and not rule.deny]
            for identity in ended:
                unit.change(RULE, identity, {"ended": True})
            change = {register: None for register in before if register.startswith(IN) or register == "token"}
            return _done(vault, unit, name, {**change, "gone": True}, ended=ended, dry_run=dry_run)


def _owned(session: "Session", what: str, *, unless: str | None = None) -> "Vault":
    """The cube that is written to, if the principal owns it, or asks about itself."""
    vault = session.writable()
    if unless is None or unless != session.principal:
        governance.require_owner(session.principal, vault.meta, what)
    return vault


def _known(known: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The record of a principal that was not removed.

    Raises:
        NotFound: there is none; the hint names the nearest.
    """
    there = [one for one, fields in known.items() if not fields.get("gone")]
    if name not in there:
        hint = did_you_mean(name, there, f"register it with: memos principal add {name}")
        raise NotFound(f"no principal {name[:40]!r} is registered", hint=hint)
    return known[name]


def _refuse_clash(
    known: Mapping[str, Mapping[str, Any]],
    owner: str,
    name: str,
    kind: str,
    groups: Sequence[str],
    before: Mapping[str, Any],
) -> None:
    """Refuse names that mean two things, and an agent that is to become a person.

    Raises:
        Refused: see there.
    """
    of = groups_of(known)
    named = {group for theirs in of.values() for group in theirs}
    if name in named:
        raise Refused(f"a group is called {name}", hint="principals and groups have different names")
    taken = next((group for group in groups if group in of or group in {owner, name}), None)
    if taken is not None:
        raise Refused(f"a principal is called {taken}", hint="principals and groups have different names")
    if name == owner and kind == AGENT:
        raise Refused(f"{name} owns the cube, and is no agent", hint="name the agent otherwise")
    was = before.get("kind")
    if before and was not in {None, kind}:
        again = f"remove it first: memos principal rm {name}" if not before.get("gone") else "name it otherwise"
        raise Refused(f"{name} is registered as {'an agent' if was == AGENT else 'a person'}", hint=again)


def _done(
    vault: "Vault",
    unit: "Unit",
    name: str,
    change: dict[str, Any],
    *,
    token: str | None = None,
    ended: Sequence[str] = (),
    dry_run: bool,
) -> Registered:
    """Write the change of a principal, and tell what it is now."""
    if change:
        unit.change(PRINCIPAL, name, change)
    now = rules.ruling_in(vault, PRINCIPAL).get(name, {})
    groups = tuple(sorted(field.removeprefix(IN) for field in now if field.startswith(IN)))
    txn = unit.log.txn if change and not dry_run else None
    if dry_run:
        unit.take_back()
    told = None if dry_run else token
    return Registered(name, str(now.get("kind", PERSON)), groups, told, bool(change), tuple(ended), txn, dry_run)


def _standing(vault: "Vault") -> list[Rule]:
    """The rules of a cube that were not revoked, whether or not another one ends them."""
    return [rule for rule in rules_of(rules.ruling_in(vault, RULE)) if not rule.ended]


def _principals(known: Mapping[str, Mapping[str, Any]], standing: Sequence[Rule]) -> tuple[Principal, ...]:
    groups = groups_of(known)
    return tuple(
        Principal(
            name, str(known[name].get("kind", PERSON)), tuple(sorted(groups[name])), bool(known[name].get("token")),
            sum(rule.to == name and rule.group is not True for rule in standing),
        )
        for name in sorted(groups)
    )  # fmt: skip
