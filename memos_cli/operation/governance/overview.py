"""Who may do what, by which rule: of one memory, of one principal or group, and all the rules of a cube."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from memos_cli.infra.governance import access, governance, labels
from memos_cli.infra.governance.access import Access, groups_of
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.governance.rule import SORTS, Right, Rule, standing
from memos_cli.infra.vault.rules import rules, views
from memos_cli.model import Memory
from memos_cli.operation.governance.names import PERSON, PRINCIPAL, RULE, is_to, no_such
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session


POLICY = "policy"
"""The noun and the subject of a cube's policy."""


class MayDo(NamedTuple):
    """Whether somebody may do something: `yes`, `no`, or `at times` where conditions decide; and why, the reasons as lines."""

    principal: str
    right: str
    may: str
    why: tuple[str, ...]


class AccessTo(NamedTuple):
    """Who may do what with a memory; `others` are persons whom no record names."""

    memory: Memory
    who: tuple[MayDo, ...]
    others: tuple[MayDo, ...]


class AccessOf(NamedTuple):
    """What a principal or a group may do.

    Attributes:
        kind: `owner`, `person`, `agent` or `group`.
        groups: of a principal the groups that it is in; of a group its members.
        registered: whether it is registered.
        rules: the rules that name it or a group of it.
        memories: for each right, how many memories it may do that with at present, in no particular command.
        hidden: how many memories the labels policies keep from an agent, told to the cube's owner alone: by `agent` those that
            it would read otherwise, and of those that it reads by each other way how many do not go there.
    """

    cube: str
    name: str
    kind: str
    groups: tuple[str, ...]
    registered: bool
    rules: tuple[Rule, ...]
    memories: Mapping[str, int]
    hidden: Mapping[str, int] = MappingProxyType({})


class Overview:
    """Who may do what in the first cube in use. Who does not own it is told of nobody else."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def list(self) -> tuple[Rule, ...]:
        """The rules that stand, by whom they are given to.

        Raises:
            Refused: the caller does not own the cube.
        """
        if not self._session.vaults():
            return ()
        vault = self._session.writable()
        governance.require_owner(self._session.principal, vault.meta, "see the rules")
        found = standing(rules.ruling_in(vault, RULE))
        return tuple(sorted(found, key=lambda rule: (rule.to, rule.right, rule.deny, SORTS.index(rule.sort), rule.name)))

    def of_memory(self, text: str) -> AccessTo:
        """Who may do what with a memory; who does not own the cube is told of nobody else.

        Raises:
            MemoryNotFound: there is none that the caller may see.
        """
        vault, identity = self._session.locate(text)
        memory = vault.get(identity)
        records = _Records(vault, self._session.now)
        known, owner, me = records(PRINCIPAL), vault.meta["owner"], self._session.principal
        names = [owner, *([memory.owner] if memory.owner else []), *sorted(groups_of(known))]
        named = [rule.to for rule in records.standing if rule.group is not True]
        listed = dict.fromkeys([*names, *named] if me == owner else [me])
        who = tuple(one for name in listed for one in records.may(name, memory))
        others = tuple(records.may("", memory)) if me == owner else ()
        return AccessTo(memory, who, others)

    def of_principal(self, name: str) -> AccessOf:
        """What a principal or a group may do; everybody may ask about itself.

        Raises:
            NotFound: there is none of this name. Refused: the caller does not own the cube.
        """
        vault = self._session.writable()
        owner, me = vault.meta["owner"], self._session.principal
        if name != me:
            governance.require_owner(me, vault.meta, "see what others may do")
        known, every = rules.ruling_in(vault, PRINCIPAL), standing(rules.ruling_in(vault, RULE))
        members = {one for one, groups in groups_of(known).items() if name in groups}
        registered = name in groups_of(known)
        is_group = bool(members) and not registered
        if not (registered or is_group or name in {owner, me} or any(rule.to == name for rule in every)):
            raise no_such(known, name)
        mine = tuple(rule for rule in every if is_to(rule, Rule("", name, is_group), known))
        kind = "owner" if name == owner else "group" if is_group else str(known.get(name, {}).get("kind", PERSON))
        groups = members if is_group else groups_of(known).get(name, frozenset())
        context = self._session.context._replace(command="", purpose="")
        seen = rules.access_of(vault, vault.meta, name, context)
        there = ("m.state <> 'purged'",)
        counts = {} if is_group else {right.value: rules.count(vault, there, seen.sight(right)) for right in Right}
        hidden = _hidden(vault, name, context, seen) if me == owner and seen.is_agent and not is_group else {}
        return AccessOf(vault.name, name, kind, tuple(sorted(groups)), registered, mine, counts, hidden)


def _hidden(vault: "Vault", name: str, context: access.Context, seen: Access) -> dict[str, int]:
    """How many memories the labels policies keep from an agent, by the ways that they lead."""

    def read(noun: str) -> Mapping[str, Mapping[str, Any]]:
        return {noun: labels.FREE} if noun == POLICY else rules.ruling_in(vault, noun)

    free = access.of(name, vault.meta, read, context, views.finder(partial(rules.ruling_in, vault), context.at))
    shown, policy = seen.sight(), rules.ruling_in(vault, POLICY).get(POLICY, {})
    found = {Whither.AGENT.value: rules.count(vault, free.sight()) - rules.count(vault, shown)}
    for way in (way for way in Whither if way is not Whither.AGENT):
        going, *names = labels.condition(way, policy, "main.")
        found[way.value] = rules.count(vault, shown, (f"NOT {going}", *names))
    return found


class _Records:
    """The records that rule in a cube, each noun read once, and what principals may do by them.

    Args:
        vault: the cube.
        now: the time, as fixed-width UTC text.
    """

    def __init__(self, vault: "Vault", now: str) -> None:
        self._vault, self._now = vault, now
        self._read: dict[str, dict[str, dict[str, Any]]] = {}
        self.standing = standing(self(RULE))
        there = {rule.id: rule for rule in self.standing if rule.until is None or rule.until > now}
        sure = {identity for identity, rule in there.items() if rule.deny or _is_always(rule)}
        firm = {identity for identity, rule in there.items() if not rule.deny or _is_always(rule)}
        self._chosen = there.keys(), sure, firm

    def __call__(self, noun: str) -> dict[str, dict[str, Any]]:
        if noun not in self._read:
            self._read[noun] = rules.ruling_in(self._vault, noun)
        return self._read[noun]

    def may(self, name: str, memory: Memory) -> Iterable[MayDo]:
        """What one principal may do with a memory, each right for which there is a reason."""
        every, least, most = (self._by(name, ids) for ids in self._chosen)
        for right in Right:
            why = tuple(every.why(right, memory))
            if why:
                may = "yes" if least.may(right, memory) else "at times" if most.may(right, memory) else "no"
                yield MayDo(name, right.value, may, why)

    def _by(self, name: str, ids: Collection[str]) -> Access:
        """What a principal may do by some of the rules, whatever their conditions."""

        def read(noun: str) -> dict[str, dict[str, Any]]:
            return {one: fields for one, fields in self(noun).items() if one in ids} if noun == RULE else self(noun)

        return access.of(name, self._vault.meta, read, None, views.finder(read, self._now))


def _is_always(rule: Rule) -> bool:
    """Whether a rule applies always."""
    return rule.conditions == (None, None, None) and rule.until is None
