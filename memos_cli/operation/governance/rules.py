"""Rules of access: giving a right, taking it away, and telling who has which one, by which rule.

`grant` and `revoke` answer one question about one object: after `grant` it is allowed, unless another rule denies it, which is
said; after `revoke` it is denied, whatever else allows it. Where two machines answer differently, neither knowing of the other,
it is denied: a revocation leaves a record that ends the grants which it did not know of, too.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from memos_cli.errors import NotFound, UsageError, did_you_mean
from memos_cli.infra.governance import access, governance, labels
from memos_cli.infra.governance.access import Access, groups_of
from memos_cli.infra.governance.rule import PURPOSES, Context, Right, Rule, in_words, is_barred, minutes_of, rules_of, standing
from memos_cli.infra.names import compared
from memos_cli.infra.vault.rules import rules, views
from memos_cli.infra.vault.units import new_id
from memos_cli.model import Visibility
from memos_cli.operation.governance.names import PERSON, PRINCIPAL, RULE, called, is_to, meant, no_such
from memos_cli.records import NamedTuple
from memos_cli.times import from_millis

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session

_ALIKE = ("kind", "key", "task", "memory")
"""The sorts of which a memory has one name: rules about two different names never mean one memory."""


class Object(NamedTuple):
    """What a rule is about: a sort of `SORTS`, and the name as a person writes it; of a memory its id or a prefix of that."""

    sort: str
    name: str = ""


class Conditions(NamedTuple):
    """When a rule applies: in which commands, for which purposes, at which hours of the day, and until when."""

    commands: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    hours: str | None = None
    until: str | None = None


class Ruled(NamedTuple):
    """What `grant` or `revoke` did.

    Attributes:
        name: the principal or group; `group` tells which.
        registered: whether the principal was unknown, and is registered now.
        asked: what was asked for, a rule for each object.
        memories: how many memories that means now.
        made: the rules that were written; of a revocation the denials.
        known: the rules that said the same already.
        ended: the rules that were ended.
        other: of a grant the rules by which something stays denied; of a revocation those that would still have allowed it.
    """

    cube: str
    name: str
    group: bool
    right: str
    objects: tuple[Object, ...]
    registered: bool
    asked: tuple[Rule, ...]
    memories: int
    made: tuple[Rule, ...]
    known: tuple[Rule, ...]
    ended: tuple[Rule, ...]
    other: tuple[Rule, ...]
    txn: str | None
    dry_run: bool = False


class Rules:
    """The rules of the first cube in use; only its owner changes them."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def grant(
        self, name: str, right: str, objects: Sequence[Object], when: Conditions | None = None, *, dry_run: bool = False
    ) -> Ruled:
        """Let a principal or a group do something with what the objects name; a name that is not known is registered.

        Raises:
            UsageError: no object, or a condition cannot be so. NotFound: there is no such memory or view, or the name is
                nearly that of a known one. Refused: the caller does not own the cube, or the name is that of its owner.
        """
        vault, when = self._ready(right, objects, when, "give rights")
        with self._session.author("grant").write(vault) as unit:
            known = rules.ruling_in(vault, PRINCIPAL)
            group, registered = meant(known, vault.meta["owner"], name)
            whom = Rule("", name, group, right)
            work = _Work(vault, unit)
            wanted = [_rule(whom, vault, one, when) for one in objects]
            for rule in wanted:
                work.grant(rule)
            if registered:
                there = dict.fromkeys(vault.records(PRINCIPAL).get(name, {}))
                unit.change(PRINCIPAL, name, there | {"kind": PERSON})
            denials = [rule for rule in work.standing() if rule.deny and rule.right == right and is_to(rule, whom, known)]
            left = tuple(rule for rule in denials if any(_meet(rule, one) for one in wanted))
            return work.done(whom, wanted, registered=registered, other=left, dry_run=dry_run)

    def revoke(
        self, name: str, right: str, objects: Sequence[Object], when: Conditions | None = None, *, dry_run: bool = False
    ) -> Ruled:
        """Let a principal or a group do something no longer, whatever else allows it.

        The grants of exactly these objects end. Where another rule or the memories' visibility still allows it, a denial is
        written.

        Raises:
            UsageError: no object, or a condition cannot be so. NotFound: no such principal, memory or view.
            Refused: the caller does not own the cube, or the name is that of its owner.
        """
        vault, when = self._ready(right, objects, when, "take rights away")
        with self._session.author("revoke").write(vault) as unit:
            known = rules.ruling_in(vault, PRINCIPAL)
            work = _Work(vault, unit)
            group, unknown = called(known, vault.meta["owner"], name, work.rules.values())
            if unknown:
                raise no_such(known, name)
            whom = Rule("", name, group, right)
            other: dict[Rule, None] = {}
            wanted = [_rule(whom, vault, one, when) for one in objects]
            for rule in wanted:
                still = [grant for grant in work.standing() if _still_allows(grant, rule, known)]
                other |= dict.fromkeys(still)
                work.revoke(rule, deny=bool(still) or _is_open(vault, rule, known, self._session.now))
            return work.done(whom, wanted, other=tuple(other), dry_run=dry_run)

    def _ready(self, right: str, objects: Sequence[Object], when: Conditions | None, what: str) -> "tuple[Vault, Conditions]":
        """The cube, if the caller owns it, and conditions that can be.

        Raises:
            UsageError, Refused: see `grant`.
        """
        vault = self._session.writable()
        governance.require_owner(self._session.principal, vault.meta, what)
        if right not in set(Right):
            raise UsageError(f"there is no right {right[:40]!r}", hint=did_you_mean(right, [one.value for one in Right]))
        if not objects:
            raise UsageError("a rule says on what: ids, tags, kinds, keys, tasks, views, or the whole cube")
        when = when or Conditions()
        if unknown := next((one for one in when.purposes if one not in PURPOSES), None):
            raise UsageError(f"there is no purpose {unknown[:40]!r}", hint=did_you_mean(unknown, PURPOSES))
        if when.hours is not None and minutes_of(when.hours) is None:
            raise UsageError(f"these are no hours of a day: {when.hours[:40]!r}", hint="write 09:00-17:00, or 22:00-06:00")
        if when.until is not None and when.until <= self._session.now:
            raise UsageError("--until lies in the past", hint="name a time to come, such as friday, or 2027-01-31")
        return vault, when


class _Work:
    """The rules of a cube within a transaction that changes some of them."""

    def __init__(self, vault: "Vault", unit: "Unit") -> None:
        self._vault, self._unit = vault, unit
        self.rules = {rule.id: rule for rule in rules_of(rules.ruling_in(vault, RULE))}
        self._made: list[Rule] = []
        self._known: list[Rule] = []
        self._ended: list[Rule] = []

    def standing(self) -> list[Rule]:
        """The rules that stand as of now in the transaction."""
        return standing(rules.ruling_in(self._vault, RULE))

    def _same(self, wanted: Rule) -> list[Rule]:
        """The rules about the same right on the same object, for the same principal or group."""
        mine = (rule for rule in self.rules.values() if rule._replace(group=wanted.group).claim == wanted.claim)
        return [rule for rule in mine if rule.group in {None, wanted.group}]

    def grant(self, wanted: Rule) -> None:
        """Write a grant, and end the denials of the same object that apply when it does."""
        for rule in self._same(wanted):
            if not rule.ended and rule.deny and _covers(wanted, rule):
                self._end(rule)
            elif not rule.ended and not rule.deny and self._is_barred(rule):
                self._end(rule)  # by a revocation that came from another machine
        for rule in self._same(wanted):
            if rule.bars:
                self._change(rule._replace(bars=False), {"bars": None})
        known = next((rule for rule in self._same(wanted) if not rule.ended and not rule.deny and _as_wide(rule, wanted)), None)
        if known is not None:
            self._known.append(known)
        else:
            self._write(wanted)

    def revoke(self, wanted: Rule, *, deny: bool) -> None:
        """End the grants of the same object; deny it, or leave a record that ends the grants of it on other machines, too.

        The record is written anew each time: an earlier one may have been taken back elsewhere meanwhile.
        """
        for rule in self._same(wanted):
            if not rule.ended and (_covers(wanted, rule) if not rule.deny else rule.conditions == wanted.conditions):
                self._end(rule)
            elif rule.bars and rule.conditions == wanted.conditions:
                self._change(rule._replace(bars=False), {"bars": None})
        self._write(wanted._replace(deny=True) if deny else wanted._replace(ended=True, bars=True))

    def _is_barred(self, rule: Rule) -> bool:
        return is_barred(rule, [one.conditions for one in self._same(rule) if one.bars])

    def _end(self, rule: Rule) -> None:
        self._ended.append(rule)
        self._change(rule._replace(ended=True), {"ended": True})

    def _change(self, rule: Rule, change: dict[str, Any]) -> None:
        self._unit.change(RULE, rule.id, change)
        self.rules[rule.id] = rule

    def _write(self, rule: Rule) -> None:
        fields = {name: value for name, value in rule._asdict().items() if name != "id" and value not in (None, False)}
        listed = {name: list(value) for name, value in fields.items() if isinstance(value, tuple)}
        self._unit.change(RULE, rule.id, fields | listed | {"group": rule.group, "deny": rule.deny})
        self.rules[rule.id] = rule
        self._made.append(rule)

    def done(
        self, whom: Rule, asked: Sequence[Rule], *, registered: bool = False, other: tuple[Rule, ...] = (), dry_run: bool
    ) -> Ruled:  # fmt: skip
        """What was done; a dry run is taken back."""
        txn = self._unit.log.txn if self._unit.log.count and not dry_run else None
        made = tuple(rule for rule in self._made if not rule.bars)
        objects = tuple(Object(rule.sort, rule.name) for rule in asked)
        meant = rules.count(
            self._vault, ("m.state <> 'purged'",), _meaning(self._vault, asked, from_millis(self._unit.log.millis)).sight()
        )
        result = Ruled(
            self._vault.name, whom.to, bool(whom.group), whom.right, objects, registered, tuple(asked), meant, made,
            tuple(self._known), tuple(self._ended), other, txn, dry_run,
        )  # fmt: skip
        if dry_run:
            self._unit.take_back()
        return result


def _covers(wanted: Rule, rule: Rule) -> bool:
    """Whether what is wanted is wanted whenever the rule applies."""
    return wanted.conditions in {(None, None, None), rule.conditions}


def _as_wide(rule: Rule, wanted: Rule) -> bool:
    """Whether a rule grants on the same conditions what is wanted, for at least as long."""
    return rule.conditions == wanted.conditions and (
        rule.until is None or (wanted.until is not None and rule.until >= wanted.until)
    )


def _rule(whom: Rule, vault: "Vault", about: Object, when: Conditions) -> Rule:
    """A new rule for the principal and the right of another one.

    Raises:
        MemoryNotFound: there is no such memory. NotFound: there is no such view.
    """
    named = compared(about.name) if about.sort in {"tag", "key", "task", "view"} else about.name
    if about.sort == "memory":
        named = vault.resolve(about.name)
    elif about.sort == "view":
        views = vault.records("view")
        if named not in map(compared, views):
            hint = did_you_mean(about.name, views, f"make it with: memos view save {about.name} --tag TAG")
            raise NotFound(f"no view {about.name!r}", hint=hint)
    commands, purposes = (tuple(sorted(set(given))) or None for given in (when.commands, when.purposes))
    timed = whom._replace(commands=commands, purposes=purposes, hours=when.hours, until=when.until)
    return timed._replace(id=new_id(), sort=about.sort, name=named)


def _meet(one: Rule, other: Rule) -> bool:
    """Whether two rules may mean the same memory."""
    return one.sort != other.sort or one.sort not in _ALIKE or one.name == other.name


def _still_allows(grant: Rule, wanted: Rule, known: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a grant goes on to allow something of what a revocation takes away: another one, or to somebody of the group."""
    if grant.deny or grant.right != wanted.right or not _meet(grant, wanted):
        return False
    if grant._replace(group=wanted.group).claim == wanted.claim and _covers(wanted, grant):
        return False  # it ends
    members = [name for name, theirs in groups_of(known).items() if wanted.group and wanted.to in theirs]
    return any(is_to(grant, one, known) for one in (wanted, *(wanted._replace(to=name, group=False) for name in members)))


def _meaning(vault: "Vault", asked: Sequence[Rule], at: str) -> Access:
    """What rules mean, as what somebody may read who has these rights and no others."""
    plain = [rule._replace(right=Right.READ) for rule in asked]
    return Access("", policy=labels.FREE, rules=plain, views=views.finder(partial(rules.ruling_in, vault), at))


def _is_open(vault: "Vault", wanted: Rule, known: Mapping[str, Mapping[str, Any]], at: str) -> bool:
    """Whether memories that a revocation names can be read by their visibility, by whom it is about."""
    if wanted.right != Right.READ:
        return False

    def read(noun: str) -> Mapping[str, Mapping[str, Any]]:
        return {} if noun == RULE else rules.ruling_in(vault, noun)

    about = _meaning(vault, [wanted], at).sight()
    names = [one for one, theirs in groups_of(known).items() if wanted.to in theirs] if wanted.group else [wanted.to]
    for name in names:
        seen = access.of(name, vault.meta, read, Context()).sight()
        others = (f"m.owner <> ? AND m.visibility <> '{Visibility.PRIVATE}'", name)
        if rules.count(vault, about, seen, others):
            return True
    return False


__all__ = ["Conditions", "Object", "Rule", "Ruled", "Rules", "in_words"]
