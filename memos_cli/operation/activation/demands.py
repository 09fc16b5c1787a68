"""Slots that somebody demands: whether the model chosen now can begin an answer from each, and if not, what differs.

What can be compared without the model is compared first: the file, the record, the memories, the digest of the model's file
and the type of its keys and values. Only a slot that passes all of that has the model loaded for it, as chat loads it: the
rest of the identity (library, processor, context, adapter, template) is known to a loaded model alone, and that llama.cpp
puts the state back is known once it has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from memos_cli.errors import ModelUnavailable
from memos_cli.operation import models
from memos_cli.operation.activation.slots import ListedSlot, standing
from memos_cli.operation.exam import cards
from memos_cli.operation.parametric import active_adapter
from memos_cli.ports.ports import Stateful

if TYPE_CHECKING:
    from memos_cli.infra.local.states import Store
    from memos_cli.model import Slot
    from memos_cli.ports.ports import LLM
    from memos_cli.session import Session

_NAMES = {
    "model": "model file",
    "build": "build of llama.cpp",
    "processor": "processor",
    "context": "context size",
    "batch": "batch size",
    "threads": "threads",
    "rope": "RoPE parameters",
    "flash_attention": "flash attention",
    "gpu_layers": "GPU layers",
    "kv": "KV type",
    "adapters": "adapter",
    "template": "chat template",
    "layout": "layout of the prompt",
}
"""What a person calls the parts of `Stateful.identity`, in the order in which they are told."""
_SHOWN = 12
"""Characters up to which the two values are told, too; digests and lists of features are longer."""


def differences(made: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of an identity in which a slot differs from a model, in a person's words, with the values where short.

    Args:
        made: the identity that the slot was made with.
        now: that of the model, or as much of it as is known; the rest is not compared.
    """
    names = [name for name in (*_NAMES, *sorted(set(now) - set(_NAMES))) if name in now and made.get(name) != now[name]]
    return tuple(_difference(name, made.get(name, ""), now[name]) for name in names)


def _difference(name: str, made: str, now: str) -> str:
    told = _NAMES.get(name, name.replace("_", " "))
    return f"{told} ({made}, now {now})" if made and now and max(len(made), len(now)) <= _SHOWN else told


def differs(made: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """The same as the end of a sentence about a slot; `None` where nothing differs."""
    found = differences(made, now)
    return f"differs from the model chosen in {', '.join(found)}" if found else None


def check(session: "Session", kept: "Store", slots: "Sequence[Slot]", tell: Callable[[int], None]) -> tuple[ListedSlot, ...]:
    """Each of these slots with its state, `ready` where the next answer to its principal can begin from it; none is removed.

    Args:
        session: whose settings choose the model.
        kept: where the slots lie.
        slots: which; each once.
        tell: called with how many are checked.

    Raises:
        ModelUnavailable: no model is chosen, or it cannot be run.
    """
    if session.settings.get("llm.model") == models.NONE:
        raise ModelUnavailable("no model is chosen that slots could be compared with", hint="memos model use NAME|PATH")
    known = models.identity(session.settings, session.paths)
    found = {slot.id: _as_recorded(session, kept, slot, known) for slot in slots}
    layout = cards.layout(session.settings, session.paths).name
    done = sum(one.state != "ready" for one in found.values())
    tell(done)
    for person in dict.fromkeys(slot.principal for slot in slots if found[slot.id].state == "ready"):
        llm = active_adapter.chosen(session, person).llm  # whose adapter depends on who is answered
        if llm is None:
            continue
        try:
            for slot in slots:
                if slot.principal == person and found[slot.id].state == "ready":
                    fault = _fault(kept, slot, llm, layout)
                    found[slot.id] = ListedSlot(slot, "other model" if fault else "ready", fault)
                    done += 1
                    tell(done)
        finally:
            llm.close()
    return tuple(found.values())


def _as_recorded(session: "Session", kept: "Store", slot: "Slot", known: Mapping[str, str]) -> ListedSlot:
    """What can be said of a slot without the model."""
    if fault := kept.fault(slot):
        return ListedSlot(slot, "damaged", fault)
    found = standing(session, slot)
    if found.state == "ready" and (why := differs(slot.identity, known)):
        return ListedSlot(slot, "other model", f"it {why}")
    return ListedSlot(slot, found.state, found.why)


def _fault(kept: "Store", slot: "Slot", llm: "LLM", layout: str) -> str | None:
    """Why a loaded model cannot begin an answer from a slot whose file is whole; `None` where it can."""
    if not llm.local or not isinstance(llm, Stateful):
        return f"{llm.name} keeps no states"
    if why := differs(slot.identity, {**llm.identity(), "layout": layout}):
        return f"it {why}"
    return None if llm.restore(kept.path(slot), slot.ids) else f"{llm.name} does not put it back"
