"""`memos review`: the questions about two memories that only a person can answer, and the answers.

A question is a record of the noun `review` in the log, written by a tick, or a link `contradicts` that nobody has decided about
yet (`add --key` sets one against a frozen memory). It names two memories and quotes neither. A question is open as long as both
memories are current, and a principal sees it who may see both.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import AmbiguousId, NotFound, Refused, UsageError
from memos_cli.hybrid_clock import time_of
from memos_cli.infra.governance import governance
from memos_cli.infra.vault import fold, log, queries
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, LinkType, Memory, starts
from memos_cli.operation.operator.dedupe import fusion, verdicts

if TYPE_CHECKING:
    from memos_cli.author import Author
    from memos_cli.session import Session

DECISIONS = ("keep", "supersede", "older", "fuse")
"""`keep`: both hold; `supersede`: the later holds from its time on; `older`: the earlier was right; `fuse`: they are one."""
LINKED = "one is marked as contradicting the other"
MERGED = "merge"
"""The `by` of a question about changes that two machines made independently."""


class Item(NamedTuple):
    """A question about two memories.

    Attributes:
        earlier: the memory that speaks of the earlier time; `later` is the other one. Where two machines changed one memory
            differently, both are that memory: as the earlier write left it, and as it is now.
        reasons: why the question is asked, a few words each.
        suggested: the likeliest decision, or `None`.
        by: who asks: `rules`, `model`, `link` (a link set by a person or by `add --key`), `file` (a file that was changed says
            otherwise than a memory of it that a person changed), or `merge`.
        decision: one of `DECISIONS` once a person decided, at `decided_at`.
    """

    id: str
    cube: str
    earlier: Memory
    later: Memory
    reasons: tuple[str, ...]
    suggested: str | None
    by: str
    at: str | None
    decision: str | None = None
    decided_at: str | None = None


class Decided(NamedTuple):
    """The result of a decision: the question, its memories as they are now, a fusion's product, and the transaction."""

    item: Item
    memories: tuple[Memory, ...]
    product: Memory | None
    txn: str


def items(vault: Vault, now: str, *, decided: bool = False) -> list[Item]:
    """The open questions of a cube that this principal may see, the oldest first.

    Args:
        decided: also questions that are decided, or no longer need a decision.
    """
    found = [*_recorded(vault)]
    known = {fields["id"] for fields in found}
    found += [fields for fields in (*_linked(vault), *_rivals(vault)) if fields["id"] not in known]
    wanted = Filter(at=now, everything=decided)
    ids = [identity for fields in found for identity in fields["memories"]]
    memories = queries.visible(vault, ids, queries.condition(wanted))
    listed = (_item(vault, fields, memories) for fields in found if decided or fields.get("decision") is None)
    return sorted([item for item in listed if item is not None] + _set_apart(vault, wanted), key=_asked_at)


def _asked_at(item: Item) -> tuple[str, str, str]:
    return item.at or item.later.created_at, item.earlier.created_at, item.id


def _recorded(vault: Vault) -> Iterator[dict[str, Any]]:
    for identity, fields in vault.records(fusion.NOUN).items():
        if len(fields.get("memories", ())) == 2:
            yield {**fields, "id": identity}


def _linked(vault: Vault) -> Iterator[dict[str, Any]]:
    """Questions about pairs of memories that a link `contradicts` joins."""
    for link in queries.links_of_type(vault, LinkType.CONTRADICTS):
        pair = fusion.pair_id(link.source, link.target)
        yield {"id": pair, "memories": [link.source, link.target], "reasons": [LINKED], "by": "link"}


def _rivals(vault: Vault) -> Iterator[dict[str, Any]]:
    """Questions about pairs of memories that two machines gave the same external id."""
    for external_id, holder, rival in queries.rivals(vault):
        reasons = [f"both were given the external id {external_id}, and {holder[:8]} keeps it"]
        yield {"id": fusion.pair_id(holder, rival), "memories": [holder, rival], "reasons": reasons, "by": MERGED}


def _set_apart(vault: Vault, wanted: Filter) -> list[Item]:
    """Questions about memories that two machines changed differently without knowing of each other."""
    seen = queries.visible(vault, queries.clashing(vault), queries.condition(wanted))
    return [_set_differently(vault, memory) for memory in seen.values()]


def _set_differently(vault: Vault, memory: Memory) -> Item:
    operations = vault.operations("memory", memory.id)
    found = fold.clashes(operations)
    last = max((clash.other for clash in found.values()), key=log.order)
    other = {name: (clash.other.change or {}).get(name) for name, clash in found.items()}
    told, _ = fold.memory(memory.id, [*operations, last._replace(change=other)])
    earlier = told._replace(version=memory.version, cube=vault.name, updated_at=time_of(last))
    names = ", ".join(sorted(found))
    question = fusion.pair_id(*sorted({one.id for clash in found.values() for one in clash})[:2])
    return Item(question, vault.name, earlier, memory, (f"set differently on two machines: {names}",), "supersede", MERGED,
                memory.updated_at)  # fmt: skip


def _item(vault: Vault, fields: Mapping[str, Any], memories: Mapping[str, Memory]) -> Item | None:
    pair = [memories[identity] for identity in fields["memories"] if identity in memories]
    if len(pair) < 2:
        return None
    earlier, later = verdicts.in_time(*pair)
    reasons = tuple(fields.get("reasons", ()))
    if earlier.frozen or later.frozen:
        reasons += ("one of them is frozen",)
    return Item(
        fields["id"], vault.name, earlier, later, tuple(dict.fromkeys(reasons)), fields.get("suggested"),
        fields.get("by", "rules"), fields.get("at"), fields.get("decision"), fields.get("decided_at"),
    )  # fmt: skip


def find(vault: Vault, now: str, prefix: str) -> Item:
    """The question whose id begins with a prefix.

    Raises:
        NotFound: there is no such question that this principal may see.
        AmbiguousId: there are several.
    """
    found = [item for item in items(vault, now, decided=True) if item.id.startswith(prefix.strip().lower())]
    if not found or not prefix.strip():
        raise NotFound(f"no question {prefix[:40]!r} in cube {vault.name}", hint="see what is open with: memos review")
    if len(found) > 1:
        raise AmbiguousId(f"{prefix} is the beginning of several questions: {' '.join(item.id for item in found[:10])}",
                          hint="write one more letter or two")  # fmt: skip
    return found[0]


def decide(vault: Vault, item: Item, decision: str, author: "Author") -> Decided:
    """Carry out a decision, as one command that `undo` takes back.

    Raises:
        Refused: the question is decided already; a memory is frozen, gone or somebody else's; or they may not be fused.
    """
    _refuse_decided(item.id, item.decision)
    if item.earlier.id == item.later.id:
        return _decide_for_one(vault, item, decision, author)
    with author.write(vault) as unit:
        _refuse_decided(item.id, vault.records(fusion.NOUN).get(item.id, {}).get("decision"))  # by another process meanwhile
        earlier, later = _checked(vault, item, author, decision)
        made = _carry_out(unit, vault, earlier, later, decision, author.at)
        record = {"memories": [earlier.id, later.id], "reasons": list(item.reasons), "by": item.by, "suggested": item.suggested}
        fresh = not vault.records(fusion.NOUN).get(item.id)
        unit.change(fusion.NOUN, item.id, {**(record if fresh else {}), "decision": decision, "decided_at": author.at})
        txn = unit.log.txn
    product = vault.get(made) if made else None
    return Decided(item._replace(decision=decision, decided_at=author.at), (vault.get(earlier.id), vault.get(later.id)),
                   product, txn)  # fmt: skip


def _refuse_decided(question: str, decision: str | None) -> None:
    if decision is not None:
        raise Refused(f"{question[:8]} was decided already: {decision}", hint="take that back with: memos undo")


def _decide_for_one(vault: Vault, item: Item, decision: str, author: "Author") -> Decided:
    """Keep the earlier write or the present value: it is written again with both writes as its parents, which settles it."""
    if decision == "fuse":
        raise Refused("it is one memory, set differently", hint="decide otherwise: supersede (what shows now) or older")
    with author.write(vault) as unit:
        memory = vault.get(item.later.id)
        governance.demand(vault, "write", memory)
        governance.require_thaw(memory)
        operations = vault.operations("memory", memory.id)
        now, found = fold.fold(operations), fold.clashes(operations)
        if not found:
            raise Refused(f"{item.id[:8]} needs no decision: it was settled meanwhile", hint="memos review")
        older = decision == "older"
        unit.change(
            "memory", memory.id,
            {name: (clash.other.change or {}).get(name) if older else now.get(name) for name, clash in found.items()},
        )  # fmt: skip
        txn = unit.log.txn
    decided = item._replace(decision=decision, decided_at=author.at)
    return Decided(decided, (vault.get(memory.id),) * 2, None, txn)


def _checked(vault: Vault, item: Item, author: "Author", decision: str) -> tuple[Memory, Memory]:
    """The two memories as they are within the transaction, if the principal may change them."""
    sight = queries.condition(Filter(at=author.at))
    now = queries.visible(vault, (item.earlier.id, item.later.id), sight)
    if len(now) < 2:
        raise Refused(f"{item.id[:8]} needs no decision: one of the two is no longer current", hint="memos review --all")
    for memory in now.values():
        governance.demand(vault, "write", memory)
    ends = {"supersede": (item.earlier.id,), "older": (item.later.id,), "fuse": tuple(now)}
    for identity in ends.get(decision, ()):
        governance.require_thaw(now[identity])
    return now[item.earlier.id], now[item.later.id]


def _carry_out(unit: Unit, vault: Vault, earlier: Memory, later: Memory, decision: str, at: str) -> str | None:
    """Change the memories as decided; returns the id of a fusion's product, otherwise `None`."""
    if decision == "supersede":
        # Where both were said at the same time, the earlier one holds until now at most.
        fusion.supersede(unit, earlier, later, starts(later) if starts(later) > starts(earlier) else at)
    elif decision == "older":
        # The later memory was never right: it ends where it begins.
        fusion.supersede(unit, later, earlier, starts(later))
    elif decision == "fuse":
        return _fuse(unit, vault, earlier, later, at)
    return None


def _fuse(unit: Unit, vault: Vault, earlier: Memory, later: Memory, at: str) -> str:
    against = verdicts.guards(earlier, later)
    if against:
        raise Refused(f"they are not the same: {', '.join(against)}", hint="decide otherwise: keep, supersede or older")
    done = fusion.fuse(unit, vault, (earlier, later), ("decided by a person",), at, pinned=True)
    if done is None or done.made is None:
        raise Refused(f"they cannot be one memory: {fusion.may_fuse(earlier, later, pinned=True)}")
    return done.made


class Review:
    """The open questions of the cubes in use, and the answers to them.

    Args:
        session: who asks and decides, on which cubes.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def list(self, *, decided: bool = False) -> tuple[Item, ...]:
        """The open questions about two memories: whether they contradict each other, or say the same.

        Args:
            decided: also questions that are decided, or no longer need a decision.
        """
        session = self._session
        found: list[Item] = []
        for vault in session.vaults():
            found += items(vault, session.now, decided=decided)
        return tuple(found)

    def question(self, prefix: str) -> Item:
        """The question whose id begins with a prefix, in the first cube that has it.

        Raises:
            NotFound: no cube has it. AmbiguousId: several questions begin so.
        """
        session = self._session
        missing: NotFound | None = None
        for vault in session.vaults():
            try:
                return find(vault, session.now, prefix)
            except NotFound as error:
                missing = missing or error
        raise missing or NotFound(f"no question {prefix[:40]!r}: there is nothing here yet")

    def decide(self, prefix: str, decision: str) -> Decided:
        """Answer a question: `keep` both, the later `supersede`s, the `older` one is right, or `fuse` them.

        Raises:
            UsageError: there is no such decision.
            Refused: the question is decided already, or its memories do not allow the decision.
        """
        if decision not in DECISIONS:
            raise UsageError(f"no decision {decision!r}", hint=f"there are: {', '.join(DECISIONS)}")
        item = self.question(prefix)
        vault = next(vault for vault in self._session.vaults() if vault.name == item.cube)
        return decide(vault, item, decision, self._session.author("review"))
