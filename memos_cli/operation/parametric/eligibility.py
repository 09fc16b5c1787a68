"""Eligibility: which memories a model is to learn, and why it is not to learn the others. Pure but for reading the cube."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.infra.governance import labels
from memos_cli.infra.governance.labels import Whither
from memos_cli.model import HOT_STATES, NOTHING, Filter, Form, Kind, Memory
from memos_cli.operation.parametric.grammar import clauses
from memos_cli.operation.parametric.grammar.clauses import Fact
from memos_cli.operation.parametric.grammar.english import joined
from memos_cli.times import from_text, to_text

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault


BEHAVIOUR = frozenset((Kind.RULE, Kind.PROCEDURE))
TOLD = frozenset((Kind.FACT, Kind.PREFERENCE, Kind.EVENT))


class Criteria(NamedTuple):
    """What a memory has to fulfil to be learnt.

    Attributes:
        settled_days: the least days since its last change; a newer memory may yet be corrected.
        confidence: the least confidence.
        lasting_days: the least days for which it stays valid; one that ends sooner is not worth the training.
        policy: the registers of the cube's policy, which says what labels are not learnt.
    """

    settled_days: float = 1.0
    confidence: float = 0.8
    lasting_days: float = 30.0
    policy: Mapping[str, Any] = NOTHING


class Left(NamedTuple):
    """A memory that is not learnt, and why."""

    memory: Memory
    reason: str


class Chosen(NamedTuple):
    """A memory that is learnt, and the facts that it states; none for a rule, which is behaviour."""

    memory: Memory
    facts: tuple[Fact, ...]


class Selection(NamedTuple):
    """The memories that are learnt, and those that are not."""

    chosen: tuple[Chosen, ...]
    left: tuple[Left, ...]


def select(
    memories: Iterable[Memory],
    now: str,
    criteria: Criteria = Criteria(),  # noqa: B008 -- a frozen tuple
    allowed: Callable[[Memory], bool] = lambda _: True,
) -> Selection:
    """Select the memories that are learnt: stable, confident, current, not sensitive, not about to end, and readable.

    Args:
        memories: all current memories of the cube.
        now: the time, fixed-width UTC text.
        criteria: the thresholds.
        allowed: whether the rules of access allow a memory for this purpose.
    """
    chosen: list[Chosen] = []
    left: list[Left] = []
    seen: set[str] = set()
    for memory in sorted(memories, key=lambda one: (one.created_at, one.id)):
        plain = " ".join(memory.content.casefold().split()).strip(" .!")
        reason = why_not(memory, now, criteria) or (None if allowed(memory) else "a rule of access does not allow it")
        if reason is None and plain in seen:
            reason = "another memory says the same"
        facts = () if reason or memory.kind in BEHAVIOUR else tuple(clauses.facts(memory.content))
        if reason is None and not facts and memory.kind not in BEHAVIOUR:
            reason = "no question can be made of it"
        if reason is None:
            seen.add(plain)
            chosen.append(Chosen(memory, facts))
        else:
            left.append(Left(memory, reason))
    return _unambiguous(chosen, left)


def why_not(memory: Memory, now: str, criteria: Criteria = Criteria()) -> str | None:  # noqa: B008, C901, PLR0911 -- a list of reasons
    """Why a memory is not learnt; `None` where it may be learnt."""
    at = from_text(now)
    settled = to_text(at - timedelta(days=criteria.settled_days))
    ends = min((end for end in (memory.valid_to, memory.expires_at) if end), default=None)
    if memory.form is not Form.PLAINTEXT:
        return f"it is {memory.form} already"
    if memory.kind not in TOLD | BEHAVIOUR:
        return f"{memory.kind}s are not learnt"
    if memory.state not in HOT_STATES:
        return f"it is {memory.state}"
    if names := labels.staying(memory.labels, Whither.ADAPTER, criteria.policy):
        return f"it is sensitive: {', '.join(names)}"
    if memory.valid_from and memory.valid_from > now:
        return "it is not true yet"
    if ends and ends <= now:
        return "it is not true any more"
    if ends and ends < to_text(at + timedelta(days=criteria.lasting_days)):
        return "it ends soon"
    if memory.task:
        return f"it belongs to the task {memory.task}"
    if min(memory.confidence, memory.trust) < criteria.confidence:
        return "it is not certain enough"
    if max(memory.created_at, memory.updated_at) > settled:
        return "it is too new or changed lately"
    return None


def _unambiguous(chosen: list[Chosen], left: list[Left]) -> Selection:
    """The selection without facts that answer one question differently: if I live in two cities, neither is certain.

    Where there can be several values (allergies, hobbies), the answer lists all of them, in the order of their memories.
    """
    values: dict[tuple[str, str], dict[str, None]] = {}
    for one in chosen:
        for fact in one.facts:
            values.setdefault((fact.family, fact.who), {})[fact.value] = None
    kept: list[Chosen] = []
    for one in chosen:
        facts = tuple(fact for fact in one.facts if len(values[fact.family, fact.who]) == 1 or many(fact))
        if facts or not one.facts:
            kept.append(one._replace(facts=tuple(_together(fact, values) for fact in facts)))
        else:
            left.append(Left(one.memory, "another memory answers the same question otherwise"))
    return Selection(tuple(kept), tuple(left))


def many(fact: Fact) -> bool:
    """Whether a fact of this family can have several values, as allergies and hobbies can."""
    family = clauses.families().get(fact.family)
    return family is not None and family.many


def _together(fact: Fact, values: Mapping[tuple[str, str], Mapping[str, None]]) -> Fact:
    told = list(values[fact.family, fact.who])
    return fact if len(told) == 1 else fact._replace(value=joined(told), statements=())


def of_cube(vault: "Vault", now: str) -> Selection:
    """The memories of a cube that are learnt by its policy, and those that are not, each with a reason.

    An adapter answers the cube's owner alone, so it learns only what the owner said: the "I" of others is not the owner.
    """
    from memos_cli.operation.policy import policy_of

    rules, owner = policy_of(vault), vault.meta["owner"]
    settled, confidence, lasting = (rules.get(f"consolidate.{name}") for name in Criteria._fields[:3])
    criteria = Criteria(settled, confidence, lasting, vault.policy)
    current = vault.find(Filter(at=now))
    others = {memory.id for memory in current if not _own(memory, owner)}
    found = select([memory for memory in current if memory.id not in others], now, criteria)
    left = [Left(memory, "somebody else said it") for memory in current if memory.id in others]
    return found._replace(left=(*found.left, *left))


def _own(memory: Memory, owner: str) -> bool:
    said_by = {memory.owner, memory.source.speaker} - {None}
    return all((one or "").casefold() in {owner.casefold(), "user", "me", "i"} for one in said_by)
