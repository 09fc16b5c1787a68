"""The core: the memories that stand in every prompt, pinned ones and rules."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from memos_cli.model import Filter, Kind, Memory
from memos_cli.operation.prompt.attribution import since

if TYPE_CHECKING:
    from memos_cli.operation.operator.operator import MemOperator

MOST_CORE = 12
"""The most core memories of a prompt."""
_STEP = 4
"""How many core memories are dropped at once, so that the next few additions leave the prompt's beginning as it is."""
_MOST = 8 * MOST_CORE


def core(memories: "MemOperator", wanted: Filter, person: str) -> tuple[Memory, ...]:
    """The pinned memories and the rules, oldest first, so that a new one leaves the prompt's beginning as it is.

    Where there are too many, those neither pinned nor of raised priority are dropped first, the oldest before the others. None
    is untrusted.

    Args:
        memories: where they are read.
        wanted: what is current, and what else they have to pass.
        person: who is asking.
    """
    trusted = wanted._replace(trusted=True)
    pinned = memories.list(trusted._replace(pinned=True), limit=_MOST, user_id=person)
    rules: tuple[Memory, ...] = ()
    if not wanted.kinds or Kind.RULE.value in wanted.kinds:
        rules = memories.list(trusted._replace(kinds=(Kind.RULE.value,)), limit=_MOST, user_id=person)
    found = list({memory.id: memory for memory in (*reversed(pinned), *reversed(rules))}.values())
    if len(found) > MOST_CORE:
        gone = -(-(len(found) - MOST_CORE) // _STEP) * _STEP
        found = sorted(found, key=lambda memory: (memory.pinned, memory.priority > 0, *_came(memory)))[gone:]
    return in_time(found)


def in_time(memories: Iterable[Memory]) -> tuple[Memory, ...]:
    """The memories, oldest first: a new one leaves the prompt before it unchanged; of two that disagree the later is last."""
    return tuple(sorted(memories, key=_came))


def _came(memory: Memory) -> tuple[str, str]:
    return since(memory), memory.created_at
