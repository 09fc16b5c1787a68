"""When a memory is from and who said it, as a prompt tells it. Pure."""

from collections.abc import Sequence
from datetime import datetime, time

from memos_cli.model import Kind, Memory, Origin
from memos_cli.times import Unit, Zone, noted

UNCONFIRMED = "(unconfirmed)"
"""The mark of a memory that came from elsewhere and that nobody has vouched for; no date and no speaker begins so."""
_PERSON = frozenset(("user", "me"))
"""What the person is called in talks, besides their name."""
_LENGTHS = {"day": len("2026-12-04"), "month": len("2026-12"), "year": len("2026")}
_OLDER = {ord("0") + digit: ord(" ") + digit for digit in range(10)}
"""Characters in the order of the digits that come before all of them."""
_BROUGHT = frozenset((Origin.IMPORT, Origin.FILE, Origin.CONVERSATION))


def since(memory: Memory) -> str:
    """The time that a memory is from; by it the memories found for a turn stand oldest first.

    So of two that disagree the later one is last, which a small model can use without comparing dates.
    """
    return memory.valid_from or memory.occurred_at or memory.created_at


def unit(memory: Memory, local: datetime) -> Unit:
    """How closely the words of a memory say the time that begins so.

    Args:
        local: the beginning of the time, where the person is.
    """
    told = noted(memory.metadata) if local.time() == time() else []
    return next((one.unit for one in told if one.day == local.date()), "day")


def day(memory: Memory, at: str, zone: Zone) -> str:
    """The day of a time of a memory in a zone, `2026-12-04`.

    Where its words name a week, a month or a year and no day of it, these as ISO 8601 has them: `2026-W48`, `2026-11`, `2026`.

    Args:
        at: the time, fixed-width UTC text.
    """
    local = zone.local(at)
    known = unit(memory, local)
    if known == "week":
        year, week, _ = local.isocalendar()
        return f"{year:04}-W{week:02}"
    return str(local.date())[: _LENGTHS[known]]


def speaker(memory: Memory) -> str | None:
    """Who said a memory; `None` for the person, whose memory it is.

    The speaker is named for turns of a conversation, and for memories extracted from the words of others: their "I" is not the
    person's.
    """
    said = memory.source.speaker
    of_others = memory.origin is Origin.INFERENCE and (said or "").casefold() != (memory.owner or "").casefold()
    return said if memory.kind is Kind.EPISODE or of_others else None


def is_called(said: str, person: str) -> bool:
    """Whether a speaker is called as the person is, by their name or in talks."""
    return said.casefold() in {person.casefold(), *_PERSON}


def other(memory: Memory, person: str) -> str | None:
    """Who said a memory, where that is somebody else than the person."""
    said = speaker(memory)
    return None if not said or is_called(said, person) else said


def is_by_person(memory: Memory, person: str) -> bool:
    """Whether the person told a memory to memos: nobody else wrote it, and it is from no file and no talk."""
    return not memory.untrusted and memory.origin not in _BROUGHT and other(memory, person) is None


def ages(memories: Sequence[Memory], person: str) -> list[str]:
    """When each memory began, for comparing them: beside what the person told, all that they did not tell counts as older.

    As long as a time, and in the same order as the times of its sort.
    """
    told = [is_by_person(memory, person) for memory in memories]
    mixed = any(told)
    return [since(one) if own or not mixed else since(one).translate(_OLDER) for one, own in zip(memories, told, strict=True)]
