"""The proposals of a sweep over new or changed memories: what to fuse, what to supersede, what to ask a person about.

Nothing is written here: `fusion.apply` carries out a proposal, after checking that it still holds. A sweep can be stopped at
any point and run again: what was carried out is no longer proposed, and nobody is asked about a pair twice.

    found = sweep_plan.sweep(vault, changed_ids, now, sweep_plan.SweepOptions())
    for act, proposals in itertools.groupby(found, key=lambda proposal: proposal.act):
        for batch in itertools.batched(proposals, 200):
            with author.write(vault) as unit:
                for proposal in batch:
                    fusion.apply(unit, vault, proposal, now)

Fusions come first, then supersessions, then questions. A batch has to be carried out before the next act is asked for: then
the product of a fusion takes part in the other acts, and needs no sweep of its own.

Uses of a memory make no difference to a sweep.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.infra.governance.labels import SECRET, Whither, may_go
from memos_cli.infra.vault import fold, queries, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import NEVER_SUPERSEDED, Filter, Form, LinkType, Memory, Origin, State, starts
from memos_cli.operation.operator.dedupe import verdicts
from memos_cli.operation.operator.dedupe.candidates import USUAL, Candidates
from memos_cli.operation.operator.dedupe.fusion import Act, Proposal, may_fuse, overruled, pair_id, was_asked
from memos_cli.operation.operator.dedupe.verdicts import Likeness, Verdict, in_line, in_time

if TYPE_CHECKING:
    from memos_cli.infra.local.vector_matrix import Matrix

JUDGED_BELOW = 0.3
"""A model is asked about pairs whose cosine lies at most this far below `SweepOptions.alike`."""
ASKED = 3
"""How many questions one memory may raise in a sweep: a person who is asked too much stops answering."""

_SAME = "the model takes them for the same"
_SUGGESTED = {Verdict.CONFLICT_POSSIBLE: "supersede", Verdict.DUPLICATE_POSSIBLE: "fuse"}


Judge = Callable[[str, str], str | None]
"""A model's opinion on two texts: `same`, `conflict`, `different`, or `None` where it has none."""


class SweepOptions(NamedTuple):
    """What a sweep may do.

    Attributes:
        fuse: propose fusions.
        supersede: propose that the later of a certain conflict supersedes the earlier; otherwise a person is asked.
        review: ask a person.
        alike: the least cosine at which two memories without a hard difference are worth a question.
        background: the mean cosine of unrelated texts by the embedder that made the vectors; `alike` is on MiniLM's scale.
        matrix: the cube's vectors, where there are any (`Embeddings.matrix`); without them candidates are found by words.
        judge: asks a model about pairs that the rules leave open; `None` for no model.
        judged: how many pairs the model is asked about in a sweep.
        trust_model: whether a fusion that the model proposes is made at once. The guards apply to it, too.
    """

    fuse: bool = True
    supersede: bool = True
    review: bool = True
    alike: float = 0.88
    background: float = USUAL
    matrix: "Matrix | None" = None
    judge: Judge | None = None
    judged: int = 50
    trust_model: bool = False


def sweep(vault: Vault, ids: Iterable[str], now: str, options: SweepOptions | None = None) -> Iterator[Proposal]:
    """The proposals for new or changed memories: fusions, then supersessions, then questions.

    A generator that reads as it goes: the caller may apply proposals, singly or in batches, before it asks for the next.

    Args:
        ids: the new or changed memories; ids that are unknown or not current are passed over.
        now: fixed-width UTC text; memories that are not hot and valid then take no part.
    """
    return _Sweep(vault, now, options or SweepOptions()).run(ids)


Pair = tuple[Memory, float | None, Likeness]
"""A candidate, its cosine where there is one, and the verdict on it and the memory that it is compared with."""


class _Sweep:
    """One sweep; its memories share the counts of words and the vectors.

    It makes three passes: fusions, then supersessions, then questions, so that nobody is asked about a memory that a fusion
    archives. The products of the first pass take part in the other two.
    """

    def __init__(self, vault: Vault, now: str, options: SweepOptions) -> None:
        self._vault, self._rules = vault, vault.policy
        self._options = options
        self._current = Filter(at=now)
        least = options.alike - (0.0 if options.judge is None else JUDGED_BELOW)
        self._candidates = Candidates(vault, self._current, options.matrix, least, options.background)
        self._spent: dict[str, None] = {}
        self._settled: set[str] = set()
        self._judged = 0

    def run(self, ids: Iterable[str]) -> Iterator[Proposal]:
        certain: list[str] = []
        doubtful: list[str] = []
        for memory, pairs in self._with_pairs(ids):
            fused = self._fusion(memory, pairs) if self._options.fuse else None
            if fused is not None:
                self._spent |= dict.fromkeys(fused.ids)
                yield fused
                continue
            verdicts = {found.verdict for _, _, found in pairs}
            if Verdict.CONFLICT_CERTAIN in verdicts:
                certain.append(memory.id)
            if verdicts & self._worth_asking():
                doubtful.append(memory.id)
        products = self._products()
        if self._options.supersede:
            for memory, pairs in self._with_pairs((*certain, *products)):
                yield from self._supersessions(memory, pairs)
        for memory, pairs in self._with_pairs((*doubtful, *products)):
            yield from self._questions(memory, pairs)

    def _worth_asking(self) -> set[Verdict]:
        asking = {*_SUGGESTED, Verdict.CONFLICT_CERTAIN} if self._options.review else set()
        return asking | ({Verdict.SIMILAR} if self._options.review and self._options.judge is not None else set())

    def _with_pairs(self, ids: Iterable[str]) -> Iterator[tuple[Memory, list[Pair]]]:
        """The memories that are still current, each with its candidates; each pair occurs once."""
        seen: set[frozenset[str]] = set()
        for identity in dict.fromkeys(ids):
            row = search.row_if(self._vault, identity, queries.condition(self._current))
            if row is None or identity in self._spent:
                continue
            memory = queries.by_rows(self._vault, [row])[row]
            if _takes_part(memory):
                yield memory, list(self._pairs(memory, row, seen))

    def _pairs(self, memory: Memory, row: int, seen: set[frozenset[str]]) -> Iterator[Pair]:
        for other, cosine in self._candidates.of(memory, row):
            pair = frozenset((memory.id, other.id))
            if pair not in seen and other.id not in self._spent and _takes_part(other) and _beside(memory, other):
                seen.add(pair)
                yield other, cosine, self._verdict(memory, other, cosine)

    def _products(self) -> list[str]:
        """The products of this sweep's fusions, as far as those were carried out by now."""
        links = (self._vault.links(identity)[0] for identity in self._spent)
        return list(dict.fromkeys(link.target for out in links for link in out if link.type is LinkType.MERGED_INTO))

    # -- verdicts

    def _verdict(self, memory: Memory, other: Memory, cosine: float | None) -> Likeness:
        found = verdicts.compare(memory, other, cosine=cosine, alike=self._options.alike)
        if memory.key is None or memory.key != other.key or found.verdict is Verdict.DUPLICATE:
            return found
        certain = starts(memory) != starts(other)
        return Likeness(Verdict.CONFLICT_CERTAIN if certain else Verdict.CONFLICT_POSSIBLE, ("another value of the same key",))

    def _fusion(self, memory: Memory, pairs: list[Pair]) -> Proposal | None:
        """The fusion of a memory with all that say the same, or with one that a trusted model takes for the same."""
        if _was_fused(self._vault, memory):
            return None
        group, reasons = [memory], dict[str, None]()
        for other, _, found in pairs:
            if found.verdict is not Verdict.DUPLICATE or _was_fused(self._vault, other):
                continue
            if all(may_fuse(one, other) is None and verdicts.compare(one, other)[0] is Verdict.DUPLICATE for one in group):
                group.append(other)
                reasons |= dict.fromkeys(found.reasons)
        if len(group) > 1:
            return None if _was_otherwise_between(group, pairs) else _fusion_of(group, tuple(reasons), "rules")
        trusted = (other for other, _, found in pairs if found.verdict is Verdict.DUPLICATE_POSSIBLE)
        taken = next((other for other in trusted if self._is_trusted(memory, other)), None)
        if taken is None or _was_otherwise_between([memory, taken], pairs):
            return None
        return _fusion_of([memory, taken], (_SAME,), "model")

    def _supersessions(self, memory: Memory, pairs: list[Pair]) -> Iterator[Proposal]:
        """Supersessions between this memory and its neighbours in time among those that it is in certain conflict with."""
        certain = {other.id: found for other, _, found in pairs if found.verdict is Verdict.CONFLICT_CERTAIN}
        line = sorted([memory, *(other for other, _, _ in pairs if other.id in certain)], key=in_line)
        # A stranger's memory between two familiar ones parts them not, since it supersedes neither.
        if verdicts.several(line[: line.index(memory)]):
            return
        familiar = [one for one in line if one is memory or not one.unaccepted]
        for other in {one.id: one for one in (*_beside_in(line, memory), *_beside_in(familiar, memory))}.values():
            earlier, later = in_time(memory, other)
            if other is not memory and _against(self._vault, earlier, later) is None:
                self._settled.add(pair_id(earlier.id, later.id))
                yield Proposal(Act.SUPERSEDE, (earlier, later), certain[other.id].reasons)

    def _questions(self, memory: Memory, pairs: list[Pair]) -> Iterator[Proposal]:
        asked = 0
        for other, cosine, found in pairs:
            earlier, later = in_time(memory, other)
            if found.verdict is Verdict.SIMILAR:
                yield from self._judgement(earlier, later, cosine)
                continue
            suggested, reasons = _SUGGESTED.get(found.verdict), found.reasons
            if found.verdict is Verdict.CONFLICT_CERTAIN and pair_id(earlier.id, later.id) not in self._settled:
                against = _against(self._vault, earlier, later)
                suggested, reasons = ("keep", (*reasons, against)) if against else ("supersede", reasons)
            # Two memories whose headers forbid a fusion may well say the same, and both stay.
            apart = found.verdict is Verdict.DUPLICATE_POSSIBLE and may_fuse(earlier, later) is not None
            if suggested is not None and not apart and asked < ASKED:
                # A question that was asked before counts, too, so that a second sweep does not ask the next three.
                asked += 1
                yield from self._question(earlier, later, reasons, suggested)

    def _question(
        self, earlier: Memory, later: Memory, reasons: tuple[str, ...], suggested: str, by: str = "rules"
    ) -> Iterator[Proposal]:
        if self._options.review and not was_asked(self._vault, pair_id(earlier.id, later.id)):
            yield Proposal(Act.REVIEW, (earlier, later), reasons, suggested=suggested, by=by)

    def _judgement(self, earlier: Memory, later: Memory, cosine: float | None) -> Iterator[Proposal]:
        """The question that the model's opinion raises about a pair that the rules leave open."""
        if self._options.judge is None or (cosine is not None and cosine < self._options.alike - JUDGED_BELOW):
            return
        if was_asked(self._vault, pair_id(earlier.id, later.id)):
            return
        opinion = self._opinion(earlier, later)
        guarded = verdicts.guards(earlier, later)
        if opinion == "conflict":
            yield from self._question(earlier, later, ("the model sees a conflict", *guarded), "supersede", "model")
        elif opinion == "same" and not guarded and may_fuse(earlier, later) is None:
            yield from self._question(earlier, later, (_SAME,), "fuse", "model")

    def _is_trusted(self, one: Memory, other: Memory) -> bool:
        """Whether a trusted model takes two memories for the same, and neither headers nor guards forbid their fusion."""
        if not self._options.trust_model or may_fuse(one, other) is not None or verdicts.strict_guards(one, other):
            return False
        return not _was_fused(self._vault, other) and self._opinion(*in_time(one, other)) == "same"

    def _opinion(self, earlier: Memory, later: Memory) -> str | None:
        if self._options.judge is None or self._judged >= self._options.judged:
            return None
        # With its secrets masked a text would be taken for another one, so a secret is shown to no model here.
        if any(SECRET in one.labels or not may_go(one.labels, Whither.PROMPT, self._rules) for one in (earlier, later)):
            return None
        self._judged += 1
        return self._options.judge(earlier.content, later.content)


def _takes_part(memory: Memory) -> bool:
    return memory.kind not in NEVER_SUPERSEDED and memory.form is Form.PLAINTEXT and bool(memory.content.strip())


def _beside_in(line: Sequence[Memory], memory: Memory) -> Iterator[Memory]:
    """The neighbours of a memory in a line, the earlier first."""
    place = next(number for number, one in enumerate(line) if one is memory)
    yield from line[max(0, place - 1) : place]
    yield from line[place + 1 : place + 2]


def _beside(one: Memory, other: Memory) -> bool:
    """Whether two memories have the same owner, visibility and task, so that they can be about the same thing."""
    return (one.owner, one.visibility, one.task) == (other.owner, other.visibility, other.task)


def _was_otherwise_between(group: Sequence[Memory], pairs: Sequence[Pair]) -> bool:
    """Whether another value held in between: who lives in Leeds, then in Porto, then in Leeds again, says no fact twice."""
    first, last = min(map(starts, group)), max(map(starts, group))
    conflicts = {Verdict.CONFLICT_CERTAIN, Verdict.CONFLICT_POSSIBLE}
    return any(found.verdict in conflicts and first <= starts(other) <= last for other, _, found in pairs)


def _last_said(vault: Vault, memory: Memory, above: frozenset[str] = frozenset()) -> str:
    """When a memory was last said: a fusion's product begins with its first source, but was said as late as its last one.

    Args:
        above: the products that this memory is a source of, which are skipped: links of two machines may form a circle.
    """
    said = starts(memory)
    if memory.state is State.MERGED or memory.origin is Origin.CONSOLIDATION:
        above |= {memory.id}
        sources = [link.target for link in vault.links(memory.id)[0] if link.type is LinkType.DERIVED_FROM]
        sources = [source for source in sources if source not in above]
        everything = queries.condition(Filter(at="", everything=True))
        found = queries.visible(vault, sources, everything).values()
        said = max([said, *(_last_said(vault, one, above) for one in found)])
    return said


def still_holds(vault: Vault, proposal: Proposal) -> bool:
    """Whether nothing speaks against a proposal yet; asked in the transaction that carries it out, before `fusion.apply`.

    Meanwhile somebody may have taken back the same fusion or supersession, or have said the earlier memory again.
    """
    if proposal.act is Act.FUSE:
        return not any(_was_fused(vault, memory) for memory in proposal.memories)
    return proposal.act is not Act.SUPERSEDE or _against(vault, *proposal.memories) is None


def _against(vault: Vault, earlier: Memory, later: Memory) -> str | None:
    """Why the later memory may not supersede the earlier although the conflict is certain; `None` where it may."""
    if earlier.frozen:
        return "the earlier one is frozen"
    if (why := overruled(earlier, later)) is not None:
        return why
    if earlier.title != later.title:
        return "titled differently"
    if _last_said(vault, earlier) >= starts(later):
        return "the earlier one was said again since"
    if was_asked(vault, pair_id(earlier.id, later.id)):
        return "a person was asked about them"
    return "it was taken back before" if _was_superseded(vault, earlier, later) else None


def _was_fused(vault: Vault, memory: Memory) -> bool:
    """Whether a current memory was once a fusion's source: somebody took the fusion back, and a tick does not repeat it."""
    return queries.ever_set(vault, memory.id, f"{fold.LINK}{LinkType.MERGED_INTO}:")


def _was_superseded(vault: Vault, earlier: Memory, later: Memory) -> bool:
    """Whether the later memory superseded the earlier before, and somebody took that back."""
    return queries.ever_set(vault, later.id, fold.link_register(LinkType.SUPERSEDES, earlier.id))


def _fusion_of(group: Sequence[Memory], reasons: tuple[str, ...], by: str) -> Proposal:
    return Proposal(Act.FUSE, tuple(sorted(group, key=in_line)), reasons, by=by)
