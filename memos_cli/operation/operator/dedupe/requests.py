"""What agents ask of a cube's owner: to confirm what they wrote, and to revise or forget what is not theirs.

A wish changes nothing until the owner takes it. All that one agent asks in one session is one entry of `memos review`, a record
of the noun `request`, which names memories and quotes none. What an agent wrote and nobody confirmed is an entry, too, which is
no record: it is open as long as there is such a memory.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.errors import AmbiguousId, NotFound, Refused
from memos_cli.infra import counts
from memos_cli.infra.transfer import familiarity
from memos_cli.infra.vault import queries
from memos_cli.infra.vault.sight import last_words
from memos_cli.infra.vault.units import new_id
from memos_cli.model import Filter, Memory, State, starts
from memos_cli.operation.operator.dedupe import fusion
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.session import Session

NOUN = "request"
CONFIRM, REVISE, FORGET = "confirm", "revise", "forget"
"""The acts of a wish."""
DECISIONS = ("take", "leave")
"""The answers to an entry: all of it is done, or none of it, and it is asked no more."""
MOST_WISHES = 200
"""Wishes of one entry: more than anybody reads, and no flood."""


class Wish(NamedTuple):
    """One thing that an agent asks for.

    Attributes:
        act: `confirm`, `revise` or `forget`.
        memory: the memory that it is about.
        new: what is to supersede it, a memory of the agent; of `revise` alone.
    """

    act: str
    memory: Memory
    new: Memory | None = None


class AgentRequest(NamedTuple):
    """All that an agent asks for in one session, or what it wrote and nobody confirmed.

    Attributes:
        session: the agent's session; `None` for what is to be confirmed.
        at: when the first of it was asked; fixed-width UTC text.
        id: names what is asked, to the letter: once any of it is another, so is the id.
        record: the record that it is read from.
    """

    id: str
    record: str
    cube: str
    agent: str
    session: str | None
    at: str
    wishes: tuple[Wish, ...]


class RequestDecision(NamedTuple):
    """What a decision did: the entry, the ids of the memories that changed, and the transaction, `None` if nothing changed."""

    asked: AgentRequest
    decision: str
    ids: tuple[str, ...]
    txn: str | None


class Requests:
    """The wishes of agents, in the cubes in use.

    Args:
        session: who asks, or decides.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session

    def ask(self, act: str, identity: str, new: str | None = None, *, session_name: str) -> str:
        """Ask the cube's owner for something; the id of the entry, to which all of one session is added.

        Raises:
            MemoryNotFound: the agent may not see the memory. Refused: there are too many wishes.
        """
        vault, full = self._session.locate(identity)
        wish = [act, full] if new is None else [act, full, new]
        with self._session.author(f"{act} asked").write(vault) as unit:
            entry, wishes = _open_entry(vault, session_name)
            if wish in wishes:
                return _named(vault, entry or "", [*_wishes(vault, wishes, self._session.now)])
            if len(wishes) >= MOST_WISHES:
                raise Refused(f"{MOST_WISHES} wishes wait for the person's decision", hint="ask the person: memos review")
            fresh = {"agent": self._session.principal, "session": session_name, "at": self._session.now}
            made = entry or new_id()
            unit.change(NOUN, made, {**({} if entry else fresh), "wishes": [*wishes, wish]})
            return _named(vault, made, [*_wishes(vault, [*wishes, wish], self._session.now)])

    def list(self) -> tuple[AgentRequest, ...]:
        """The open entries of the cubes that the principal owns, the oldest first."""
        found: list[AgentRequest] = []
        for vault in self._session.vaults():
            if self._session.owns(vault):
                found += _entries(vault, self._session.now)
        return tuple(sorted(found, key=lambda one: (one.at, one.session is not None, one.id)))

    def question(self, prefix: str) -> AgentRequest:
        """The open entry whose id begins with a prefix.

        Raises:
            NotFound: there is none. AmbiguousId: there are several.
        """
        found = [one for one in self.list() if prefix.strip() and one.id.startswith(prefix.strip().lower())]
        if not found:
            raise NotFound(f"no agent asks {prefix[:40]!r}", hint="see what is open with: memos review")
        if len(found) > 1:
            raise AmbiguousId(f"{prefix} is the beginning of several questions: {' '.join(one.id for one in found[:10])}",
                              hint="write one more letter or two")  # fmt: skip
        return found[0]

    def take(self, asked: AgentRequest) -> RequestDecision:
        """Do all that is asked, as one command that `undo` takes back; what was frozen meanwhile stays as it is.

        Raises:
            Refused: it was decided already; or the agent has changed since what it asks, so that nobody has seen it.
        """
        return self._settle(asked, "take")

    def leave(self, asked: AgentRequest) -> RequestDecision:
        """Do nothing of it, and be asked no more.

        What is left unconfirmed is forgotten, since nobody wants it, or says again what it said before an agent changed it.

        Raises:
            Refused: as for `take`.
        """
        return self._settle(asked, "leave")

    def _settle(self, asked: AgentRequest, decision: str) -> RequestDecision:
        vault = self._session.vault(asked.cube)
        if not self._session.owns(vault):
            raise Refused("what agents ask for is decided by the cube's owner")
        author = self._session.author("review")
        with author.write(vault) as unit:
            if asked.session is not None and vault.records(NOUN).get(asked.record, {}).get("decision"):
                raise Refused(f"{asked.id[:8]} was decided already", hint="take that back with: memos undo")
            if asked.id not in {one.id for one in _entries(vault, author.at)}:
                raise Refused(f"what {asked.agent} asks has changed since you saw it", hint="see it with: memos review")
            changed = [one for wish in asked.wishes for one in _settle_wish(vault, unit, wish, decision, author.at)]
            if asked.session is not None:
                unit.change(NOUN, asked.record, {"decision": decision, "decided_at": author.at})
            txn = unit.log.txn if unit.log.count else None
        return RequestDecision(asked, decision, tuple(dict.fromkeys(changed)), txn)


def _open_entry(vault: "Vault", session_name: str) -> tuple[str | None, list[list[str]]]:
    """The undecided entry of a session that the author may see, its own alone, and what is asked in it."""
    for identity, fields in vault.records(NOUN).items():
        if fields.get("session") == session_name and not fields.get("decision"):
            return identity, [list(one) for one in fields.get("wishes", ())]
    return None, []


def _entries(vault: "Vault", now: str) -> Iterator[AgentRequest]:
    strange = familiarity.unaccepted(vault, NOUN)
    for identity, fields in vault.records(NOUN).items():
        if identity not in strange and not fields.get("decision"):
            wishes = tuple(_wishes(vault, fields.get("wishes", ()), now))
            if wishes:
                named, session = _named(vault, identity, wishes), str(fields.get("session"))
                yield AgentRequest(named, identity, vault.name, str(fields["agent"]), session, str(fields["at"]), wishes)
    for agent, ids in counts.unconfirmed(vault).items():
        wishes = tuple(_wishes(vault, [[CONFIRM, one] for one in ids], now))
        if wishes:
            record = f"{CONFIRM}:{agent}"
            named = _named(vault, record, wishes)
            yield AgentRequest(named, record, vault.name, agent, None, wishes[0].memory.created_at, wishes)


def _named(vault: "Vault", record: str, wishes: Sequence[Wish]) -> str:
    """The id of what is asked: of texts and not of versions, which are others for the agent."""
    told = [
        (
            wish.act,
            *((one.id, one.content, one.title, one.key, one.kind.value) for one in (wish.memory, wish.new) if one is not None),
        )
        for wish in wishes
    ]
    return fusion.pair_id(f"{record}:{json.dumps(told)}", vault.meta["id"])


def _wishes(vault: "Vault", told: Sequence[Sequence[str]], now: str) -> Iterator[Wish]:
    """The wishes that are still open: their memories are there, and current where that matters."""
    ids = [one for wish in told for one in wish[1:]]
    there = queries.visible(vault, ids, queries.condition(Filter(at=now, everything=True)))
    for act, identity, *rest in told:
        memory, new = there.get(identity), there.get(rest[0]) if rest else None
        if memory is None or memory.state in {State.EXPIRED, State.PURGED}:
            continue
        if act != REVISE or (new is not None and (memory.valid_to is None or memory.valid_to > now)):
            yield Wish(act, memory, new)


def _settle_wish(vault: "Vault", unit: "Unit", wish: Wish, decision: str, at: str) -> Iterator[str]:
    """Carry out a wish, or leave it; the ids of the memories that changed."""
    memory = vault.get(wish.memory.id)
    if wish.act == CONFIRM:
        unit.change("memory", memory.id, {"trust": 1.0} if decision == "take" else _taken_back(vault, memory, at))
        yield memory.id
    elif decision == "take" and not memory.frozen:
        if wish.act == FORGET:
            unit.change("memory", memory.id, {"state": State.EXPIRED.value, "since": at})
            yield memory.id
        elif wish.new is not None:
            new = vault.get(wish.new.id)
            unit.change("memory", new.id, {"trust": 1.0})
            if fusion.supersede(unit, memory, new, starts(new) if starts(new) > starts(memory) else at) is not None:
                yield memory.id
            yield new.id


def _taken_back(vault: "Vault", memory: Memory, at: str) -> dict[str, Any]:
    """The change that takes back what an agent made of a memory; one that it made itself is forgotten."""
    word = last_words.on_memory(vault, memory.id)
    if word is None or word.said is None:
        return {"state": State.EXPIRED.value, "since": at}
    return word.said
