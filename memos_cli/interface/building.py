"""Slots made ahead of their use: the core's, a conversation's, or that of a set of memories."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from memos_cli.errors import NotFound
from memos_cli.interface.recalling import Recall, Recalled
from memos_cli.interface.slots import Built, Wanted, parts
from memos_cli.interface.warming import Warm, beginning
from memos_cli.ports import Stateful

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS
    from memos_cli.interface.results import Laid
    from memos_cli.model import Part
    from memos_cli.ports import LLM


class Builder:
    """Makes the slots of one person for one model.

    Args:
        mos: the memory.
        llm: the model.
        person: whose slots they are.
    """

    def __init__(self, mos: "MOS", llm: "LLM", person: str) -> None:
        self._mos = mos
        self._llm = llm
        self._person = person
        self._recalling = Recall(mos, person, reveal=False, local=llm.local)

    def build(self, wanted: Sequence[Wanted], seconds: float | None, tell: Callable[[int], None]) -> Iterator[Built]:
        """Make them one by one; see `Slots.build`."""
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
        if self._mos.settings.get("slots.bytes") == 0:
            return nothing._replace(why="slots.bytes is 0, so no slot is kept")
        laid, held = self._laid(wanted)
        ids = beginning(llm, llm.template, laid.prompt, wanted.layer)
        if len(ids) >= llm.context:
            return nothing._replace(why=f"{len(ids)} tokens are too many for {llm.name}'s context of {llm.context}")
        warm = Warm(self._mos, llm, self._person)
        name = wanted.name or "+".join(self._mos.cube_names)
        if there := warm.find(wanted.layer, name, ids):
            return nothing._replace(slot=there)
        evaluated = warm.hold(ids)
        slot = warm.keep(wanted.layer, name, ids, held)
        if slot is None or not warm.proves(slot):
            why = f"{llm.name} has no state that can be put back, or it takes more than slots.bytes; nothing is lost by that"
            return nothing._replace(why=why, evaluated=evaluated)
        return nothing._replace(slot=slot, made=True, evaluated=evaluated)

    def _laid(self, wanted: Wanted) -> "tuple[Laid, tuple[Part, ...]]":
        """The beginning of the prompt, and what is in it."""
        core = self._recalling.core()
        if wanted.layer == "conversation":
            said = self._recalling.turns(wanted.name)
            if not said:
                raise NotFound(f"no conversation {wanted.name[:40]!r}", hint="see them with: memos list --tag chat --json")
            laid, _ = self._recalling.fit(self._llm, self._recalling.lay("?", Recalled(core), [one.turn for one in said]))
            last = said[len(said) - len(laid.prompt.conversation) :]
            return laid, parts(self._mos, (*core, *(one.episode for one in last)))
        laid = self._recalling.lay("?", Recalled(core, topics=self._recalling.topics(core, wanted.memories)), ())
        return laid, parts(self._mos, laid.memories)
