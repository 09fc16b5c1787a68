"""What somebody just told, and what it ends: looked up as it is stored, in the same transaction, so that undo takes back both.

A text that says that something changed ("I moved to York", "I no longer smoke") supersedes what it certainly ends; where it is
not certain a question is put up for `memos review`. Any other text is left to the tick's sweep, which compares all of them.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.infra.vault import queries, search
from memos_cli.model import NEVER_SUPERSEDED, Filter, Form, Kind, Memory, Origin, starts
from memos_cli.operation.operator.dedupe import change, fusion, verdicts
from memos_cli.operation.operator.dedupe.arrivals import is_told
from memos_cli.operation.operator.dedupe.candidates import stating
from memos_cli.operation.operator.dedupe.fusion import Act, Proposal
from memos_cli.operation.operator.dedupe.normal_form import read
from memos_cli.operation.operator.dedupe.verdicts import Verdict
from memos_cli.operation.policy import policy_of

if TYPE_CHECKING:
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault

MOST_TOLD = 200
"""So many memories of one transaction are looked at; what a long file says is left to the tick."""
ASKED = 3
"""How many questions one memory may raise, as in a sweep."""
SEVERAL = "it may be of another one that it speaks"
_DAY = 10
"""The length of the date at the beginning of a time."""


class Consequence(NamedTuple):
    """What new memories ended, and the ids of the questions that they raised, as `memos review` lists them."""

    superseded: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def settle(vault: "Vault", unit: "Unit", ids: Sequence[str], at: str, *, brought: bool = False) -> Consequence:
    """Let new memories supersede what they end, or ask about it.

    Args:
        ids: the new memories, which `unit` has stored.
        at: now, as fixed-width UTC text.
        brought: an import brought them, which ends nothing that the person told.
    """
    rules = policy_of(vault)
    if not ids or len(ids) > MOST_TOLD or not (rules.get("steps.supersede") or rules.get("steps.review")):
        return Consequence()
    current = Filter(at=at)
    superseded: list[str] = []
    questions: list[str] = []
    for identity in ids:
        row = search.row_if(vault, identity, queries.condition(current))
        told = vault.get(identity)
        if row is None or not may_end(told):
            continue
        ended = _one_of_several(list(_ended(told, stating(vault, told, row, current), at)))
        # Where so many may be meant, nobody knows which: the newest is asked about.
        mine = ASKED - 1 if sum(not certain for _, certain, _ in ended) > ASKED else 0
        for known, certain, reasons in ended:
            against = _against(known, told, brought=brought)
            if certain and against is None and rules.get("steps.supersede"):
                end = starts(told) if starts(told) > starts(known) else at
                superseded += [known.id] if fusion.supersede(unit, known, told, end) else []
            elif rules.get("steps.review") and mine < ASKED:
                proposal = Proposal(Act.REVIEW, (known, told), (*reasons, *filter(None, (against,))), suggested="supersede")
                asked = fusion.apply(unit, vault, proposal, at)
                mine += asked is not None
                questions += [asked.made] if asked is not None and asked.made else []
    return Consequence(tuple(superseded), tuple(questions))


def may_end(told: Memory) -> bool:
    """Whether a memory says that something changed or is over, so that others may have to end."""
    return told.kind not in NEVER_SUPERSEDED and told.form is Form.PLAINTEXT and change.is_told(read(told.content))


def _ended(told: Memory, known: Sequence[Memory], at: str) -> Iterator[tuple[Memory, bool, tuple[str, ...]]]:
    """The known memories that the told one ends, whether it certainly does, and why."""
    for one in sorted(known, key=verdicts.in_line, reverse=True):
        if one.kind in NEVER_SUPERSEDED or one.form is not Form.PLAINTEXT or one.created_at > told.created_at:
            continue
        if one.key is not None and told.key is not None and one.key != told.key:
            continue
        found = verdicts.told(one, told)
        if found.verdict not in {Verdict.CONFLICT_CERTAIN, Verdict.CONFLICT_POSSIBLE}:
            continue
        certain = found.verdict is Verdict.CONFLICT_CERTAIN
        # What is told of a day to come ("yoga is on Mondays") is known from when it was told.
        if starts(told)[:_DAY] < min(starts(one), one.created_at)[:_DAY]:
            # It speaks of a time before the known one began: who moved in 2003 may live elsewhere since.
            if not certain:
                continue
            yield one, False, (*found.reasons, "it speaks of an earlier time")
        elif starts(told) <= at:
            yield one, certain and told.origin is not Origin.INFERENCE, found.reasons
        else:
            yield one, certain and told.kind is not Kind.EVENT, found.reasons


def _one_of_several(ended: list[tuple[Memory, bool, tuple[str, ...]]]) -> list[tuple[Memory, bool, tuple[str, ...]]]:
    """What was ended; where it is certain of two persons or things and one was told of, it is certain of none."""
    if not verdicts.several([known for known, certain, _ in ended if certain]):
        return ended
    return [(known, False, (*reasons, SEVERAL) if certain else reasons) for known, certain, reasons in ended]


def _against(known: Memory, told: Memory, *, brought: bool) -> str | None:
    """Why a person has to say so before a memory is superseded; `None` where nobody has to."""
    if known.frozen:
        return "the earlier one is frozen"
    if brought and is_told(known):
        return fusion.BROUGHT
    if (why := fusion.overruled(known, told)) is not None:
        return why
    return "titled differently" if known.title != told.title else None
