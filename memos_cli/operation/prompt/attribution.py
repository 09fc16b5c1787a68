"""When a memory is from and who said it, as a prompt tells it. Pure."""

from memos_cli.model import Kind, Memory, Origin


def since(memory: Memory) -> str:
    """The time that a memory is from; by it the memories found for a turn stand oldest first.

    So of two that disagree the later one is last, which a small model can use without comparing dates.
    """
    return memory.valid_from or memory.occurred_at or memory.created_at


def speaker(memory: Memory) -> str | None:
    """Who said a memory; `None` for the person, whose memory it is.

    The speaker is named for turns of a conversation, and for memories extracted from the words of others: their "I" is not the
    person's.
    """
    said = memory.source.speaker
    of_others = memory.origin is Origin.INFERENCE and (said or "").casefold() != (memory.owner or "").casefold()
    return said if memory.kind is Kind.EPISODE or of_others else None
