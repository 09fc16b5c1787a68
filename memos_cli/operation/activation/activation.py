"""Activation memory (the MemOS paper's section 4.1): the slots of a home are made ahead, listed, checked and removed here."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from memos_cli.errors import AmbiguousId, IntegrityError, ModelUnavailable, NotFound
from memos_cli.infra.governance.labels import Whither
from memos_cli.model import Filter, Memory, Part, Slot
from memos_cli.operation import models, policy
from memos_cli.operation.activation.prefix_cache import PrefixCache, beginning
from memos_cli.operation.activation.slots import Built, ListedSlot, Wanted, barred, parts, standing, store
from memos_cli.operation.exam import cards
from memos_cli.operation.operator.recall import Recall, Recalled, Said
from memos_cli.ports.ports import Stateful

if TYPE_CHECKING:
    from array import array

    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.operation.results import Laid
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session


MOST_TOPICS = 100
"""The most memories that the `topics` layer of one slot is made of."""


class ActivationMemory:
    """The slots of a home: making them ahead, listing, checking and removing them.

    Args:
        session: who acts, in which home, on which cubes.
        memories: the memories that slots are made of.
    """

    def __init__(self, session: "Session", memories: "MemOperator") -> None:
        self._session = session
        self._memories = memories
        self._store = store(session)

    @property
    def bytes(self) -> tuple[int, int]:
        """How many bytes the slots take that the principal may see, and how many all may take."""
        return sum(slot.bytes for slot in self._seen()), self._store.quota

    # -- making slots ahead

    def tagged(self, tags: Sequence[str], user_id: str | None = None) -> Wanted:
        """The slot to be made of the memories that carry all of these tags.

        Raises:
            NotFound: no memory carries them all.
        """
        wanted = Filter(at=self._session.now, tags=tuple(tags))
        found = self._memories.list(wanted, limit=MOST_TOPICS, user_id=user_id)
        if not found:
            raise NotFound(f"no memory is tagged {' and '.join(tags)}", hint="see the tags there are with: memos stats")
        return Wanted("topics", "+".join(sorted(tags)), tuple(memory.id for memory in found))

    def build(
        self,
        wanted: Sequence[Wanted] = (Wanted(),),
        *,
        llm: "LLM | None" = None,
        seconds: float | None = None,
        user_id: str | None = None,
        tell: Callable[[int], None] = lambda _: None,
    ) -> tuple[Built, ...]:
        """Make slots, each unless it is there already.

        Args:
            wanted: which slots; by default the core's.
            llm: the model; `None` for the one that the settings choose, which is closed again.
            seconds: after this time no further slot is begun; `None` for no limit.
            user_id: whose slots they are.
            tell: called with the number of slots that are done.

        Raises:
            ModelUnavailable: no model is chosen, or it cannot be run.
            NotFound: no such conversation.
            IntegrityError: the index is damaged.
            Busy: another process held the index for too long.
        """
        from memos_cli.operation.parametric import active_adapter

        chosen = llm or active_adapter.chosen(self._session, user_id).llm  # with chat's adapter: a state depends on it, too
        if chosen is None:
            raise ModelUnavailable(
                "no model is chosen, and a slot is a model's state", hint=models.to_choose(self._session.paths)
            )
        try:
            return tuple(
                Builder(self._session, self._memories, chosen, user_id or self._session.principal).build(wanted, seconds, tell)
            )
        finally:
            if llm is None:
                chosen.close()

    # -- looking

    def list(self) -> tuple[ListedSlot, ...]:
        """The slots that the principal may see, the last used first; their files are not read.

        Raises:
            IntegrityError: the index is damaged.
        """
        model = cards.identity(self._session.settings, self._session.paths)
        return tuple(self._listed(slot, model) for slot in self._seen())

    def verify(self, tell: Callable[[int], None] = lambda _: None) -> tuple[ListedSlot, ...]:
        """As `list`, but each file and each record are compared with the digests that were kept of them.

        Raises:
            IntegrityError: the index is damaged.
        """
        model, found = cards.identity(self._session.settings, self._session.paths), []
        for number, slot in enumerate(self._seen(), 1):
            fault = self._store.fault(slot)
            if self._store.path(slot).exists():  # a slot without a file was removed meanwhile
                found.append(ListedSlot(slot, "damaged", fault) if fault else self._listed(slot, model))
            tell(number)
        return tuple(found)

    def check(self, prefixes: Sequence[str], tell: Callable[[int], None] = lambda _: None) -> tuple[ListedSlot, ...]:
        """Whether the next answer can begin from each of these slots, with the model that the settings choose now.

        Unlike `verify` it compares all that a state depends on, and puts the state back: the model is loaded, unless what is
        known without it tells already. A slot that cannot be used has another state than `ready`, and a reason.

        Args:
            prefixes: beginnings of their ids.
            tell: called with how many are checked.

        Raises:
            NotFound: none has such an id. AmbiguousId: several have.
            ModelUnavailable: no model is chosen, or it cannot be run.
            IntegrityError: the index is damaged.
        """
        from memos_cli.operation.activation import demands

        seen = self._seen()
        wanted = {slot.id: slot for slot in (_meant(seen, prefix) for prefix in prefixes)}
        return demands.check(self._session, self._store, tuple(wanted.values()), tell)

    def _seen(self) -> "Sequence[Slot]":
        principal = self._session.principal
        return [slot for slot in self._store.all() if principal in {slot.principal, self._session.person}]

    def _listed(self, slot: Slot, model: Mapping[str, str]) -> ListedSlot:
        found = standing(self._session, slot)
        if found.state == "ready":
            for name, value in model.items():
                if slot.identity.get(name) != value:
                    return ListedSlot(slot, "other model", f"it is of another {name} than the one chosen")
        return ListedSlot(slot, found.state, found.why)

    # -- removing

    def remove(self, prefixes: Sequence[str], *, every: bool = False, dry_run: bool = False) -> "tuple[Slot, ...]":
        """Remove slots by the beginnings of their ids, or every slot; returns the removed ones.

        Raises:
            NotFound: no slot has such an id. AmbiguousId: several slots have.
        """
        try:
            seen = self._seen()
        except IntegrityError:
            if not every or self._session.principal != self._session.person:
                raise
            if not dry_run:
                self._store.clear()
            return ()
        doomed = seen if every else [_meant(seen, prefix) for prefix in dict.fromkeys(prefixes)]
        if not dry_run:
            self._store.remove((slot.id for slot in doomed), erase=True)
        return tuple(doomed)

    def sweep(self) -> int:
        """Remove stale slots that the principal may see, and files that killed processes left; returns how many slots.

        Raises:
            IntegrityError: the index is damaged.
        """
        return self._store.remove(slot.id for slot in self._seen() if standing(self._session, slot).state == "stale")

    def forget_cube(self, identity: str) -> int:
        """Remove the slots that hold memories of a cube that is being removed; returns how many."""
        doomed = [slot.id for slot in self._store.all() if any(part.cube == identity for part in slot.parts)]
        return self._store.remove(doomed, erase=True)


def _meant(slots: Sequence[Slot], prefix: str) -> Slot:
    found = [slot for slot in slots if prefix and slot.id.startswith(prefix.lower())]
    if not found:
        raise NotFound(f"no slot {prefix[:40]!r}", hint="see what there is with: memos slot list")
    if len(found) > 1:
        raise AmbiguousId(f"{prefix} is the beginning of several ids: {' '.join(slot.id for slot in found[:10])}")
    return found[0]


class Builder:
    """Makes the slots of one person for one model.

    Args:
        session: in which home, of which cubes.
        memories: the memories that slots are made of.
        llm: the model.
        person: whose slots they are.
    """

    def __init__(self, session: "Session", memories: "MemOperator", llm: "LLM", person: str) -> None:
        self._session = session
        self._llm = llm
        self._person = person
        self._recalling = Recall(session, memories, person, reveal=False, local=llm.local)

    def build(self, wanted: Sequence[Wanted], seconds: float | None, tell: Callable[[int], None]) -> Iterator[Built]:
        """Make the slots one by one; see `ActivationMemory.build`."""
        start = time.monotonic()
        for number, one in enumerate(wanted):
            tell(number)
            if seconds is not None and time.monotonic() - start >= seconds:
                yield Built(one, None, made=False, why="there was no time left", evaluated=0, seconds=0.0)
            else:
                begun = time.monotonic()
                built = self._build(one)
                yield built._replace(seconds=time.monotonic() - begun)

    def _build(self, wanted: Wanted) -> Built:
        nothing = Built(wanted, None, made=False, why=None, evaluated=0, seconds=0.0)
        llm = self._llm
        if not llm.local or not isinstance(llm, Stateful):
            return nothing._replace(why=f"{llm.name} keeps no states, so its prompts are evaluated as a whole")
        if self._session.settings.get("slots.bytes") == 0:
            return nothing._replace(why="slots.bytes is 0, so no slot is kept")
        laid, held, staying = self._laid(wanted)
        nothing = nothing._replace(notices=policy.left_out(self._session, staying, Whither.SLOT, "out of the slot"))
        if why := self._barred(held):
            return nothing._replace(why=why)
        return self._made(nothing, beginning(llm, llm.template, laid.prompt, wanted.layer, self._recalling.layout), held)

    def _made(self, nothing: Built, ids: "array[int]", held: "tuple[Part, ...]") -> Built:
        """The slot of the beginning of a prompt, made unless it is there."""
        llm, wanted = self._llm, nothing.wanted
        if len(ids) >= llm.context:
            return nothing._replace(why=f"{len(ids)} tokens are too many for {llm.name}'s context of {llm.context}")
        warm = PrefixCache(self._session, llm, self._person)
        name = wanted.name or "+".join(self._session.cube_names)
        if there := warm.find(wanted.layer, name, ids):
            return nothing._replace(slot=there)
        self._session.given("slot", held, called="build", user_id=self._person)
        evaluated = warm.hold(ids)
        slot = warm.keep(wanted.layer, name, ids, held)
        if slot is None or not warm.proves(slot):
            why = f"{llm.name} has no state that can be put back, or it takes more than slots.bytes; nothing is lost by that"
            return nothing._replace(why=why, evaluated=evaluated)
        return nothing._replace(slot=slot, made=True, evaluated=evaluated)

    def _barred(self, held: "Iterable[Part]") -> str | None:
        """Why there is no such slot: a conversation's turns rest on what no slot may hold, and stay or go as they are."""
        for vault in self._session.vaults():
            for identity in barred(vault, [part.memory for part in held if part.cube == vault.meta["id"]]):
                return f"it rests on memory {identity[:8]}, whose label goes into no slot"
        return None

    def _laid(self, wanted: Wanted) -> "tuple[Laid, tuple[Part, ...], Sequence[Memory]]":
        """The beginning of the prompt that the slot is the state after, the memories in it, and those meant to be in it."""
        core = self._recalling.core()
        if wanted.layer == "conversation":
            said = self._recalling.turns(wanted.name)
            if not said:
                raise NotFound(f"no conversation {wanted.name[:40]!r}", hint="see them with: memos list --tag chat --json")
            laid, _ = self._recalling.fit(self._llm, self._recalling.lay("?", Recalled(core), [one.turn for one in said]))
            last = said[len(said) - len(laid.prompt.conversation) :]
            held = parts(self._session, (*laid.memories[: len(laid.prompt.core)], *(one.episode for one in last)))
            return laid, (*held, *self._rests(last, {part.memory for part in held})), core
        topics = self._recalling.topics(core, wanted.memories)
        laid = self._recalling.lay("?", Recalled(core, topics=topics), ())
        stable = laid.memories[: len(laid.prompt.core) + len(laid.prompt.topics)]
        return laid, parts(self._session, stable), (*core, *topics)

    def _rests(self, said: "Iterable[Said]", known: set[str]) -> "Iterator[Part]":
        """The memories that turns rest on, beside those that are known to be in the slot by their own words."""
        for vault in self._session.vaults():
            ids = [identity for identity in dict.fromkeys(one for turn in said for one in turn.rests) if identity not in known]
            for identity in vault.versions(ids, Filter(at=self._session.now, everything=True)):
                yield Part(vault.meta["id"], identity, 0)
