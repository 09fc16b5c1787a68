"""The prefix cache of a conversation: a slot is put in place before an answer, and slots are written after it was shown.

A slot holds what the next prompt will begin with. The memories found for a turn are no part of that: they stand before the
question of that turn's prompt alone. So the turn's plain words are evaluated once more, behind the conversation so far. That
costs a few tokens while the person reads, and saves the whole conversation at the next question.

No answer depends on this module: whatever goes wrong with a slot, the prompt is evaluated as if there were no slot.
"""

import os
import time
from array import array
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

from memos_cli import modes
from memos_cli.errors import Busy, IntegrityError, ModelUnavailable
from memos_cli.infra.local.speeds import Speed, Speeds, name_of
from memos_cli.infra.local.states import Label, common, fingerprint
from memos_cli.operation.activation.slots import parts, standing, store
from memos_cli.operation.exam import cards
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import Line, Prompt
from memos_cli.operation.prompt.layouts import DEFAULT, LAYOUTS, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memos_cli.model import Part, Slot
    from memos_cli.operation.activation.slots import Layer
    from memos_cli.operation.results import Laid
    from memos_cli.ports.ports import LLM, Request, Stateful
    from memos_cli.session import Session

GAIN = 16
"""Tokens that a slot has to hold beyond those in the context: reading even a small file takes as long as evaluating a few."""
_SHARE = 4
"""While a conversation goes on, its slot is written anew once a quarter of its tokens are new, so that all writes together stay
within a few times the last file's size. At the end of a conversation of several questions one new token is enough."""
CLIENT = "client-"
"""What the names of slots begin with whose conversation a client holds."""
_ANY = Line("-")


def beginning(
    llm: "Stateful", template: str | None, prompt: Prompt, layer: "Layer", layout: Layout = LAYOUTS[DEFAULT]
) -> "array[int]":
    """The tokens that begin every prompt with the same layers as this one, up to and with `layer`.

    Where the text of a layer ends, a token need not end. So several continuations are tried, and what all share is stable.
    """
    bare = replace(prompt, question="?", retrieved=())
    if layer == "core":
        bare = replace(bare, topics=(), conversation=())
    if layer == "topics":
        bare = replace(bare, conversation=())
    followed = [bare, replace(bare, retrieved=(_ANY,)), replace(bare, question="1")]
    if layer == "core":
        followed.append(replace(bare, topics=(_ANY,)))

    def tokens(made: Prompt) -> "array[int]":
        request: Request = model_request.request(made, template, layout)
        return array("i", llm.tokens(request))

    first, *others = map(tokens, followed)
    return first[: min(common(first, other) for other in others)]


def opening(llm: "Stateful", template: str | None, prompt: Prompt, layer: "Layer", layout: Layout, year: str) -> "array[int]":
    """What prompts with the same layers, up to `layer`, and with memories found for the question begin with.

    Behind the `beginning` these are ten to twenty tokens: the mark of the question, the fence, the first number, and the year
    that most memories are from. A prompt with another year, or without memories, begins from as many as it shares, since a
    state can be cut back.
    """
    bare = replace(prompt, question="?", topics=(), conversation=()) if layer == "core" else replace(prompt, question="?")
    found = [replace(bare, retrieved=(Line(text, f"{year}-{day}"),)) for text, day in (("-", "01-30"), ("I", "12-19"))]
    first, other = (array("i", llm.tokens(model_request.request(one, template, layout))) for one in found)
    return first[: common(first, other)]


class Going(NamedTuple):
    """A conversation that may go on.

    Attributes:
        laid: what the next prompt begins with.
        parts: the episodes of its turns, and the memories that these rest on; `None` where the turns are not kept as episodes,
            or hold a secret: no slot may hold such turns.
        long: whether the conversation has more than one question.
        found: whether memories were found for one of its questions, as for the questions of others then, too.
    """

    conversation: str
    laid: "Laid"
    parts: "tuple[Part, ...] | None"
    long: bool
    found: bool = False


class PrefixCache:
    """The slots of one person for one model.

    Args:
        session: who acts, in which home, on which cubes.
        llm: the model, which keeps states.
        person: whose slots these are.
    """

    def __init__(self, session: "Session", llm: "LLM", person: str) -> None:
        self._session = session
        self._llm = llm
        self._states = cast("Stateful", llm)
        self._person = person
        self._store = store(session)
        self._layout = cards.layout(session.settings, session.paths)
        self._notices: list[str] = []
        self._put_back = Speed()
        self._placed: array[int] = array("i")  # the tokens of the slot that was put in place last
        self._stale: str | None = None  # why a slot that fitted was not

    def notices(self) -> tuple[str, ...]:
        """What went wrong since the last call, a line each."""
        said, self._notices = tuple(self._notices), []
        return said

    def spent(self, prompted: int, restored: int, seconds: float) -> dict[str, int]:
        """How many tokens of an answered prompt came from a slot, and how many were evaluated; records the speed of both.

        Args:
            prompted: how many tokens the prompt has.
            restored: what `restore` returned.
            seconds: the time from that return until the first word.
        """
        evaluated = self._states.evaluated
        speed = self._put_back._replace(tokens=float(evaluated), evaluating=seconds)
        Speeds(self._session.paths.cache).add(name_of(self._identity), speed)
        reused = min(restored, prompted - evaluated)
        if reused < restored:
            self._notices.append(f"of {restored} tokens that a slot gave, {reused} were used")
        return {"slot": reused, "evaluated": evaluated}

    def begun(self, request: "Request") -> int:
        """How many tokens of a prompt the context holds that came from a slot; to be asked after `restore`."""
        ids = array("i", self._states.tokens(request))
        return min(common(self._placed, ids), common(array("i", self._states.held()), ids), len(ids) - 1)

    def lacking(self) -> str:
        """Why the last prompt did not begin from a slot, in a person's words; to be asked after `restore`."""
        if self._store.quota <= 0:
            return "slots.bytes is 0, so none is kept"
        if self._notices or self._stale:
            return self._notices[-1] if self._notices else f"the one that fits is stale, {self._stale}"
        try:
            mine = [slot for slot in self._store.all() if slot.principal == self._person]
        except (IntegrityError, Busy) as error:
            return error.message
        if not mine:
            return "there is none"
        from memos_cli.operation.activation import demands

        told = [demands.differs(slot.identity, self._identity) for slot in mine]
        return "none of those there begins as it does" if None in told else f"the one that was used last {told[0]}"

    @cached_property
    def _identity(self) -> dict[str, str]:
        return {**self._states.identity(), "layout": self._layout.name}

    def fitting(self, ids: "array[int]") -> "list[tuple[int, Slot]]":
        """The person's slots, each with how many tokens it shares with these; most tokens first, then the smallest file."""
        if self._store.quota <= 0 or not self._store.exists:
            return []
        found = self._store.of(self._person, fingerprint(self._identity))
        return sorted(((common(array("i", slot.ids), ids), slot) for slot in found), key=lambda one: (-one[0], one[1].bytes))

    def resumed(self, conversation: str, turns: "Sequence[Part | None]") -> tuple[int, tuple[str, ...]]:
        """Which turn a conversation's slot begins with (earlier turns no longer fitted), and the slot's other memories."""
        try:
            slots = [slot for slot in self._store.all() if (slot.principal, slot.name) == (self._person, conversation)]
        except (IntegrityError, Busy):
            slots = []
        said = [part.memory if part else "" for part in turns]
        held = [part.memory for slot in slots[:1] for part in slot.parts if part.version]
        first = next((place for place, memory in enumerate(said) if memory in held), 0)
        return first, tuple(memory for memory in held if memory not in said)

    def ready(self) -> "list[Slot]":
        """The slots of this person that this model can use, apart from those of conversations."""
        if self._store.quota <= 0 or not self._store.exists:
            return []
        try:
            slots = self._store.of(self._person, fingerprint(self._identity))
            return [slot for slot in slots if slot.covers != "conversation" and standing(self._session, slot).state == "ready"]
        except (IntegrityError, Busy):
            return []

    # -- before an answer

    def ahead(self, names: "Sequence[str]", going: "Prompt | None" = None) -> int:
        """Before anything is asked, restore what the next prompt will most likely begin with; returns how many tokens.

        Args:
            names: scenes, the likeliest first: the first scene that has a slot is taken, otherwise the core's slot.
            going: what the next prompt begins with in any case, where there is a conversation already.
        """
        try:
            if going is not None:
                return self._restore(beginning(self._states, self._llm.template, going, "conversation", self._layout))
            ready = self.ready()
            topics = {slot.name: slot for slot in ready if slot.covers == "topics"}
            core = [slot for slot in ready if slot.covers == "core"]
            chosen = [topics[name] for name in names if name in topics][:1] or sorted(core, key=lambda slot: -len(slot.ids))[:1]
            return self._restore(array("i", chosen[0].ids)) if chosen else 0
        except (IntegrityError, Busy, ModelUnavailable, OSError):
            return 0  # a fault that lasts is reported with the answer

    def restore(self, request: "Request") -> int:
        """Restore the slot that covers most of a prompt, if the context holds less; returns how many tokens came from it."""
        self._put_back, self._stale = Speed(), None
        return self._restore(array("i", self._states.tokens(request))) if self._store.exists else 0

    def _restore(self, ids: "array[int]") -> int:
        try:
            return self._best(ids)
        except IntegrityError as error:
            self._store.clear()
            self._notices.append(f"{error.message}; the slots were removed, and are made anew")
        except (Busy, OSError):
            pass
        return 0

    def _best(self, ids: "array[int]") -> int:
        for count, slot in self.fitting(ids):
            if count < GAIN + common(array("i", self._states.held()), ids):
                break
            fault = standing(self._session, slot)
            if fault.state == "elsewhere":
                continue
            if fault.state == "stale":
                self._store.remove([slot.id])
                self._stale = fault.why
                continue
            begun = time.perf_counter()
            path = self._store.checked(slot)
            if path is None:
                self._notices.append(f"slot {slot.id[:8]} was damaged and is removed; the prompt was evaluated instead")
                continue
            if self._states.restore(path, slot.ids):
                self._put_back = Speed(bytes=float(slot.bytes), restoring=time.perf_counter() - begun)
                self._store.used(slot, self._session.now)
                self._placed = array("i", slot.ids)
                return min(count, len(ids) - 1)
            self._store.remove([slot.id])
            self._notices.append(f"slot {slot.id[:8]} could not be put back and is removed; the prompt was evaluated instead")
        return 0

    # -- after an answer

    def settle(self, going: Going, *, end: bool, keep: bool) -> int:
        """Make the context hold what the next prompt begins with, and write the slots that are due; returns tokens evaluated.

        Args:
            going: the conversation.
            end: this process will have no next prompt, so tokens are evaluated for a slot only.
            keep: whether slots may be written.
        """
        evaluated = 0
        try:
            prompt, core = going.laid.prompt, len(going.laid.prompt.core)
            scene = core + len(prompt.topics)
            given = (self._states, self._llm.template, prompt)
            begun, ids = (beginning(*given, layer, self._layout) for layer in ("core", "conversation"))
            keep = keep and self._store.quota > 0
            writes = keep and going.parts is not None and self._due(ids, begun, end=end, long=going.long) and self._able()
            if len(ids) < self._llm.context and (writes or not end):
                evaluated += self.hold(ids)
            held = parts(self._session, going.laid.memories[:scene])
            if writes:
                known = {part.memory for part in held}
                said = (part for part in going.parts or () if part.memory not in known)
                self.keep("conversation", going.conversation, ids, (*held, *said))
            opened = self._opening(prompt, "core") if end and going.found else begun
            if end and keep and len(opened) >= self._least and self._covered(opened, "core") < len(opened) and self._able():
                evaluated += self.hold(opened)
                self.keep("core", "+".join(self._session.cube_names), opened, held[:core])
            if not end and going.found and len(ids) < self._llm.context:
                evaluated += self._states.advance(self._opening(prompt, "conversation"))
        except (IntegrityError, Busy, ModelUnavailable, OSError):
            pass  # the answer was shown; without a slot the next prompt is evaluated as a whole
        return evaluated

    def write(self, ids: "array[int]", held: "Sequence[Part] | None", *, end: bool) -> int:
        """Make the context hold what the next prompt of a client begins with, and write its slot where that is due.

        The slot takes the place of one that it goes on from. Whoever holds the conversation says nothing of its name.

        Args:
            ids: the tokens.
            held: the memories in them, and those that they rest on; `None` where no slot may hold them.
            end: there will be no next prompt here, so tokens are evaluated for a slot only.

        Returns:
            How many tokens were evaluated.
        """
        try:
            known = self.fitting(ids)
            new = len(ids) - next((count for count, slot in known if standing(self._session, slot).state == "ready"), 0)
            due = new >= (self._least if end else max(self._least, len(ids) // _SHARE)) and len(ids) < self._llm.context
            if held is None or not due or self._store.quota <= 0 or not self._able():
                return 0 if end or len(ids) >= self._llm.context else self._states.advance(ids)
            evaluated = self._states.advance(ids)
            before = (slot.name for count, slot in known if count == len(slot.ids) and slot.name.startswith(CLIENT))
            self.keep("conversation", next(before, None) or f"{CLIENT}{os.urandom(4).hex()}", ids, held)
        except (IntegrityError, Busy, ModelUnavailable, OSError):
            return 0  # the answer was given; without a slot the next prompt is evaluated as a whole
        return evaluated

    def _opening(self, prompt: Prompt, layer: "Layer") -> "array[int]":
        return opening(self._states, self._llm.template, prompt, layer, self._layout, self._session.now[:4])

    @property
    def _least(self) -> int:
        return int(self._session.settings.get("slots.least"))

    def _able(self) -> bool:
        """Whether the model can save states at all; asked before tokens are evaluated for a slot.

        A model with a slot can. For any other the state in the context is saved on trial: a recurrent model writes nothing.
        """
        if self._store.exists and self._store.of(self._person, fingerprint(self._identity)):
            return True
        modes.make_folder(self._store.folder)
        trial = self._store.folder / f".{os.urandom(8).hex()}"
        try:
            modes.make_file(trial)
            return self._states.save(trial) > 0
        finally:
            trial.unlink(missing_ok=True)

    def _due(self, ids: "array[int]", begun: "array[int]", *, end: bool, long: bool) -> bool:
        """Whether the conversation's slot is to be written."""
        covered = self._covered(ids)
        if end:
            return len(ids) - max(covered, len(begun)) >= (1 if long else self._least)
        return len(ids) - covered >= max(self._least, len(ids) // _SHARE)

    def _covered(self, ids: "array[int]", layer: "Layer | None" = None) -> int:
        """How many of these tokens the best usable slot holds."""
        fits = (one for one in self.fitting(ids) if layer is None or one[1].covers == layer)
        return next((count for count, slot in fits if standing(self._session, slot).state == "ready"), 0)

    def find(self, layer: "Layer", name: str, ids: "array[int]") -> "Slot | None":
        """The slot of these tokens, and maybe of what follows them most often (`opening`), if there is one that may be used.

        Raises:
            IntegrityError: the index is damaged.
            Busy: another process held the index for too long.
        """
        for _, slot in self.fitting(ids):
            held = array("i", slot.ids)
            same = (slot.covers, slot.name) == (layer, name) and (held[: len(ids)] if layer == "core" else held) == ids
            if same and standing(self._session, slot).state == "ready" and self._store.checked(slot):
                return slot
        return None

    def proves(self, slot: "Slot") -> bool:
        """Whether a slot that was just written can be restored; a slot that cannot is removed, so that nobody counts on it."""
        path = self._store.checked(slot)
        if path is not None and self._states.restore(path, slot.ids):
            return True
        self._store.remove([slot.id])
        return False

    def hold(self, ids: "array[int]") -> int:
        """Make the context hold these tokens, restored from a slot as far as one goes; returns how many were evaluated."""
        self._restore(ids)
        return self._states.advance(ids)

    def keep(self, layer: "Layer", name: str, ids: "array[int]", held: "Sequence[Part]") -> "Slot | None":
        """Write a slot of the state after these tokens, which the context holds; `None` where the model can save no state.

        Raises:
            IntegrityError: the index is damaged.
            Busy: another process held the index for too long.
            OSError: the slot could not be written.
        """
        label = Label(self._person, layer, name, self._identity, ids, tuple(held))
        slot = self._store.keep(label, self._states.save, self._session.now)
        if slot is not None and standing(self._session, slot).state != "ready":  # a memory changed meanwhile
            self._store.remove([slot.id])
            return None
        return slot
