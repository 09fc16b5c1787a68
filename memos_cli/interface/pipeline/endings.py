"""What new memories say to be over: ended as they are stored, in the same transaction. Most texts say so of nothing."""

from collections.abc import Sequence

from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft
from memos_cli.operation.operator.dedupe import change_wordings


def may_tell(draft: Draft) -> bool:
    """Whether the words of a draft may say that something else is over."""
    return change_wordings.may_tell(draft.content)


def end(vault: Vault, unit: Unit, ids: Sequence[str], at: str, superseded: list[str], command: str = "") -> tuple[str, ...]:
    """Supersede what new memories say to be over, and add its ids to `superseded`; the ids of the questions about the rest.

    Args:
        ids: the new memories, which `unit` has stored.
        at: now, as fixed-width UTC text.
        command: the command that stored them.
    """
    if not ids:
        return ()
    # What compares the words of two texts is imported only where there is something to compare.
    from memos_cli.operation.operator.dedupe import arrivals, told

    ended = told.settle(vault, unit, ids, at, brought=command == arrivals.COMMAND)
    superseded += ended.superseded
    return ended.questions
