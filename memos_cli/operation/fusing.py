"""Near duplicates and conflicts among the memories of a cube: found, and then fused, superseded or put up for review.

For the tick, two functions. `sweep` looks at what is new or changed and yields proposals; it writes nothing. `apply` carries
one out within a transaction, after looking again whether it still holds. Both can be stopped at any point and run again: what
was done is no longer found, and no pair is put up for review twice.

    found = fusing.sweep(vault, changed_ids, now, fusing.Options())
    for act, proposals in itertools.groupby(found, key=lambda proposal: proposal.act):
        for batch in itertools.batched(proposals, 200):
            with author.write(vault) as unit:
                for proposal in batch:
                    fusing.apply(unit, vault, proposal, now)

Fusions come first, then supersessions, then questions, and a batch is to be carried out before the next act is asked for: what
a fusion made then takes part in the rest, and need not be swept itself.

How often a memory was used has no part in it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from memos_cli.infra.vault import fold, queries, search
from memos_cli.infra.vault.units import ALPHABET, ID_LENGTH, Unit, new_id
from memos_cli.infra.vault.vault import Vault, starts
from memos_cli.model import HOT_STATES, Draft, Filter, Form, Kind, LinkType, Memory, Origin, State
from memos_cli.operation import likeness
from memos_cli.operation.attributes import cues
from memos_cli.operation.likeness import Likeness, Verdict, in_time
from memos_cli.operation.operator import NEVER_SUPERSEDED
from memos_cli.operation.readings import MOST_CHARACTERS, read

if TYPE_CHECKING:
    from memos_cli.infra.vectors import Matrix

NOUN = "review"
"""What the log calls a question to a person about two memories."""
RAREST = 4
"""How many of a memory's rarest words that others have too are looked for; all of them but one have to be found together."""
RARE = 20
"""A word that so few memories have is looked for by itself."""
COUNTED = 20_000
"""Up to here the memories that have a word are counted; which of two words is rarer does not matter beyond."""
FOUND = 24
NEAREST = 8
"""How many candidates a memory is compared with, found by words and found by meaning."""
JUDGED_BELOW = 0.3
"""By how much the cosine of a pair that a model is asked about may lie below `Options.alike`."""
ASKED = 3
"""How many questions one memory may raise in a sweep: whoever is asked too much stops answering."""


_SAME = "the model takes them for the same"
_SUGGESTED = {Verdict.CONFLICT_POSSIBLE: "supersede", Verdict.DUPLICATE_POSSIBLE: "fuse"}


class Act(StrEnum):
    """What is proposed."""

    FUSE = "fuse"
    SUPERSEDE = "supersede"
    REVIEW = "review"


class Proposal(NamedTuple):
    """What to do about two or more memories.

    Attributes:
        memories: as they were found, in the order of time, the earlier first; a fusion may have more than two.
        reasons: a few words each; they quote no memory.
        draft: for a fusion, its product.
        suggested: for a review, the likeliest answer: `fuse`, `supersede` or `keep`.
        by: `rules` or `model`.
    """

    act: Act
    memories: tuple[Memory, ...]
    reasons: tuple[str, ...]
    draft: Draft | None = None
    suggested: str | None = None
    by: str = "rules"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the memories, in the same order."""
        return tuple(memory.id for memory in self.memories)


Judge = Callable[[str, str], str | None]
"""A model's opinion on two texts: `same`, `conflict`, `different`, or `None` where it has none."""


class Options(NamedTuple):
    """What a sweep may do.

    Attributes:
        fuse: propose fusions.
        supersede: propose that the later of a certain conflict supersedes the earlier; otherwise it becomes a question.
        review: put up questions.
        alike: the cosine from which on two memories without any hard difference are worth a question.
        matrix: the cube's vectors, where there are any (`Embeddings.matrix`); without them candidates are found by words.
        judge: a model to be asked about pairs that the rules leave open; `None` for none.
        judged: how many pairs it is asked about in a sweep.
        trust_model: whether a fusion that the model proposes is made at once. The guards hold for it all the same.
    """

    fuse: bool = True
    supersede: bool = True
    review: bool = True
    alike: float = 0.88
    matrix: "Matrix | None" = None
    judge: Judge | None = None
    judged: int = 50
    trust_model: bool = False


class Applied(NamedTuple):
    """What `apply` did: the memories that it changed, and what it made (a product's or a question's id), if anything."""

    act: Act
    changed: tuple[str, ...]
    made: str | None = None


# -- finding


def sweep(vault: Vault, ids: Iterable[str], now: str, options: Options | None = None) -> Iterator[Proposal]:
    """The proposals that new or changed memories give rise to: fusions, then supersessions, then questions.

    A generator that reads as it goes: proposals may be applied between two of them, singly or in batches.

    Args:
        ids: the memories that are new or have changed; unknown ones, and what is not current, are passed over.
        now: fixed-width UTC text; what is not hot and valid then has no part in it.
    """
    return _Sweep(vault, now, options or Options()).run(ids)


Pair = tuple[Memory, float | None, Likeness]
"""A candidate, the cosine where there is one, and what it is to the memory at hand."""


class _Sweep:
    """One look at what is new: the counts and the vectors are shared by all of its memories.

    Three passes, so that what a fusion archives is not asked about: fusions, then supersessions, then questions. The products
    of the first pass take part in the others.
    """

    def __init__(self, vault: Vault, now: str, options: Options) -> None:
        self._vault = vault
        self._options = options
        self._current = Filter(at=now)
        self._counts: dict[str, int] = {}
        self._nearby = _Nearby(vault, self._current, options) if options.matrix is not None else None
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
        """The memories that are still current, each with those it may have something to do with; a pair comes up once."""
        seen: set[frozenset[str]] = set()
        for identity in dict.fromkeys(ids):
            row = search.row_if(self._vault.conn, identity, queries.condition(self._current))
            if row is None or identity in self._spent:
                continue
            memory = queries.by_rows(self._vault.conn, self._vault.name, [row])[row]
            if _takes_part(memory):
                yield memory, list(self._pairs(memory, row, seen))

    def _pairs(self, memory: Memory, row: int, seen: set[frozenset[str]]) -> Iterator[Pair]:
        for other, cosine in self._candidates(memory, row):
            pair = frozenset((memory.id, other.id))
            if pair not in seen and other.id not in self._spent and _takes_part(other) and _beside(memory, other):
                seen.add(pair)
                yield other, cosine, self._verdict(memory, other, cosine)

    def _products(self) -> list[str]:
        """What the fusions of this sweep made, as far as they were carried out by now."""
        links = (self._vault.links(identity)[0] for identity in self._spent)
        return list(dict.fromkeys(link.target for out in links for link in out if link.type is LinkType.MERGED_INTO))

    # -- candidates

    def _candidates(self, memory: Memory, row: int) -> list[tuple[Memory, float | None]]:
        """Memories that share rare words, that would state the same attribute, or that are near in meaning."""
        clause, values = queries.condition(self._current)
        mine = (
            f"{clause} AND m.n <> ? AND m.owner IS ? AND m.visibility = ? AND m.task IS ? AND m.kind NOT IN (?, ?)",
            [*values, row, memory.owner, memory.visibility.value, memory.task, *NEVER_SUPERSEDED],
        )
        rows: dict[int, float | None] = {}
        expression = self._expression(memory)
        if expression is not None:
            rows = dict.fromkeys(n for n, _ in search.ranked(self._vault.conn, expression, mine, FOUND))
        if memory.key is not None:
            rows |= dict.fromkeys(search.rows_with_key(self._vault.conn, memory.key, mine))
        if self._nearby is not None:
            near = self._nearby.to(row, rows)
            rows |= dict.fromkeys(search.rows_that(self._vault.conn, [n for n in near if n not in rows], mine))
            rows = {n: near.get(n) for n in rows}
        found = queries.by_rows(self._vault.conn, self._vault.name, rows)
        return [(found[n], cosine) for n, cosine in rows.items() if n in found]

    def _expression(self, memory: Memory) -> str | None:
        """All but one of the rarest words together, a rare one by itself, or another value of the same attribute."""
        reading = read(memory.content)  # besides what is written, since "peanut allergy" reads "allergic to peanuts"
        own = search.terms(memory.content[:MOST_CHARACTERS])
        words = [word for word in own if self._count(word) > 1]
        words += [word for word in search.terms(reading.text[:MOST_CHARACTERS]) if word not in own and self._count(word)]
        words = sorted(words, key=lambda word: (self._count(word), word))[:RAREST]
        left_out: Sequence[int] = range(len(words)) if len(words) > 2 else (-1,)
        parts = []
        if words:
            for gone in left_out:
                kept = [f'"{word}"' for place, word in enumerate(words) if place != gone]
                parts.append(f"({{body}} : ({' AND '.join(kept)}))")
            parts += [f'({{body}} : "{word}")' for word in words if self._count(word) <= RARE]
        parts += [f'({{body}} : "{quoted}")' for cue in cues(reading) if (quoted := _quotable(cue))]
        grams = search.grams_expression(memory.content)
        return " OR ".join([*parts, *([grams] if grams else [])]) or None

    def _count(self, word: str) -> int:
        if word not in self._counts:
            self._counts[word] = search.count_with(self._vault.conn, word, COUNTED)
        return self._counts[word]

    # -- verdicts

    def _verdict(self, memory: Memory, other: Memory, cosine: float | None) -> Likeness:
        found = likeness.compare(memory, other, cosine=cosine, alike=self._options.alike)
        if memory.key is None or memory.key != other.key or found.verdict is Verdict.DUPLICATE:
            return found
        certain = starts(memory) != starts(other)
        return Likeness(Verdict.CONFLICT_CERTAIN if certain else Verdict.CONFLICT_POSSIBLE, ("another value of the same key",))

    def _fusion(self, memory: Memory, pairs: list[Pair]) -> Proposal | None:
        """The fusion of this memory with all that say the same, or with one that a trusted model takes for the same."""
        if _was_fused(self._vault, memory):
            return None
        group, reasons = [memory], dict[str, None]()
        for other, _, found in pairs:
            if found.verdict is not Verdict.DUPLICATE or _was_fused(self._vault, other):
                continue
            if all(may_fuse(one, other) is None and likeness.compare(one, other)[0] is Verdict.DUPLICATE for one in group):
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
        """The values before and after this one in the line of those that it is in certain conflict with."""
        certain = {other.id: found for other, _, found in pairs if found.verdict is Verdict.CONFLICT_CERTAIN}
        line = sorted([memory, *(other for other, _, _ in pairs if other.id in certain)], key=_in_line)
        place = line.index(memory)
        for other in line[max(0, place - 1) : place + 2]:
            earlier, later = in_time(memory, other)
            if other is not memory and self._against(earlier, later) is None:
                self._settled.add(pair_id(earlier.id, later.id))
                yield Proposal(Act.SUPERSEDE, (earlier, later), certain[other.id].reasons)

    def _against(self, earlier: Memory, later: Memory) -> str | None:
        """What stands against a supersession though the conflict is certain."""
        if earlier.frozen:
            return "the earlier one is frozen"
        if earlier.title != later.title:
            return "titled differently"
        if _last_said(self._vault, earlier) >= starts(later):
            return "the earlier one was said again since"
        return "it was taken back before" if _was_superseded(self._vault, earlier, later) else None

    def _questions(self, memory: Memory, pairs: list[Pair]) -> Iterator[Proposal]:
        asked = 0
        for other, cosine, found in pairs:
            earlier, later = in_time(memory, other)
            if found.verdict is Verdict.SIMILAR:
                yield from self._judgement(earlier, later, cosine)
                continue
            suggested, reasons = _SUGGESTED.get(found.verdict), found.reasons
            if found.verdict is Verdict.CONFLICT_CERTAIN and pair_id(earlier.id, later.id) not in self._settled:
                against = self._against(earlier, later)
                suggested, reasons = ("keep", (*reasons, against)) if against else ("supersede", reasons)
            # Two that cannot be fused for what stands in their headers may well say the same, and both stay.
            apart = found.verdict is Verdict.DUPLICATE_POSSIBLE and may_fuse(earlier, later) is not None
            if suggested is not None and not apart and asked < ASKED:
                # Counted whether or not it was asked before, so that a second sweep does not ask the next three.
                asked += 1
                yield from self._question(earlier, later, reasons, suggested)

    def _question(
        self, earlier: Memory, later: Memory, reasons: tuple[str, ...], suggested: str, by: str = "rules"
    ) -> Iterator[Proposal]:
        if self._options.review and not _was_asked(self._vault, pair_id(earlier.id, later.id)):
            yield Proposal(Act.REVIEW, (earlier, later), reasons, suggested=suggested, by=by)

    def _judgement(self, earlier: Memory, later: Memory, cosine: float | None) -> Iterator[Proposal]:
        """What the model makes of a pair that the rules leave open."""
        if self._options.judge is None or (cosine is not None and cosine < self._options.alike - JUDGED_BELOW):
            return
        if _was_asked(self._vault, pair_id(earlier.id, later.id)):
            return
        opinion = self._opinion(earlier, later)
        guarded = likeness.guards(earlier, later)
        if opinion == "conflict":
            yield from self._question(earlier, later, ("the model sees a conflict", *guarded), "supersede", "model")
        elif opinion == "same" and not guarded and may_fuse(earlier, later) is None:
            yield from self._question(earlier, later, (_SAME,), "fuse", "model")

    def _is_trusted(self, one: Memory, other: Memory) -> bool:
        """Whether a model that is trusted takes two memories for the same, and nothing in them stands against it."""
        if not self._options.trust_model or may_fuse(one, other) is not None or likeness.strict_guards(one, other):
            return False
        return not _was_fused(self._vault, other) and self._opinion(*in_time(one, other)) == "same"

    def _opinion(self, earlier: Memory, later: Memory) -> str | None:
        if self._options.judge is None or self._judged >= self._options.judged:
            return None
        self._judged += 1
        return self._options.judge(earlier.content, later.content)


class _Nearby:
    """Nearness in meaning within one cube."""

    def __init__(self, vault: Vault, current: Filter, options: Options) -> None:
        import numpy as np

        matrix = cast("Matrix", options.matrix)
        self._matrix = matrix
        self._least = options.alike - (0.0 if options.judge is None else JUDGED_BELOW)
        self._places = {int(key): place for place, key in enumerate(matrix.keys)}
        self._allowed = np.isin(matrix.keys, search.visible_rows(vault.conn, queries.condition(current)))

    def to(self, row: int, rows: Iterable[int]) -> dict[int, float]:
        """The nearest rows, and the cosines of `rows` besides."""
        import numpy as np

        place = self._places.get(row)
        if place is None:
            return {}
        vector = self._matrix.vectors[place].astype(np.float32)
        hits = self._matrix.top(vector, NEAREST, self._allowed)
        near = zip(hits.keys.tolist(), hits.scores.tolist(), strict=True)
        found = {n: score for n, score in near if n != row and score >= self._least}
        for n in rows:
            if n not in found and n in self._places:
                found[n] = float(self._matrix.vectors[self._places[n]].astype(np.float32) @ vector)
        return found


def _quotable(phrase: str) -> str:
    """The words of a phrase for an FTS5 string."""
    return " ".join(search.words(phrase))


def pair_id(one: str, other: str) -> str:
    """The id of the question whether these two can both stand; the same in whatever order, on every machine."""
    from hashlib import sha256

    digest = sha256("\x00".join(sorted((one, other))).encode()).digest()
    return "".join(ALPHABET[byte % 32] for byte in digest[:ID_LENGTH])


def _takes_part(memory: Memory) -> bool:
    return memory.kind not in NEVER_SUPERSEDED and memory.form is Form.PLAINTEXT and bool(memory.content.strip())


def _beside(one: Memory, other: Memory) -> bool:
    """Whether two memories are in one scope, so that they can be about the same thing."""
    return (one.owner, one.visibility, one.task) == (other.owner, other.visibility, other.task)


_LOOSE = frozenset((Kind.FACT, Kind.PREFERENCE, Kind.NOTE))


def may_fuse(one: Memory, other: Memory, *, pinned: bool = False) -> str | None:
    """What in the headers of two memories stands against their fusion; `None` where nothing does.

    Args:
        pinned: whether pinned ones may be fused too: a person may, a tick leaves what was pinned where it is.
    """
    shared = one.metadata.keys() & other.metadata.keys()
    against = {
        "one of them is frozen": one.frozen or other.frozen,
        "one of them is pinned": (one.pinned or other.pinned) and not pinned,
        "of different kinds": one.kind is not other.kind and not {one.kind, other.kind} <= _LOOSE,
        "of different keys": one.key is not None and other.key is not None and one.key != other.key,
        "other metadata": any(one.metadata[name] != other.metadata[name] for name in shared),
    }
    for field in ("title", "valid_from", "valid_to", "expires_at", "owner", "visibility", "task"):
        against[f"another {field.replace('_', ' ')}"] = getattr(one, field) != getattr(other, field)
    return next((reason for reason, holds in against.items() if holds), None)


def _in_line(memory: Memory) -> tuple[str, str, str]:
    return starts(memory), memory.created_at, memory.id


def _was_otherwise_between(group: Sequence[Memory], pairs: Sequence[Pair]) -> bool:
    """Whether something else held in between: who lives in Leeds, then in Porto, then in Leeds again, says no fact twice."""
    first, last = min(map(starts, group)), max(map(starts, group))
    conflicts = {Verdict.CONFLICT_CERTAIN, Verdict.CONFLICT_POSSIBLE}
    return any(found.verdict in conflicts and first <= starts(other) <= last for other, _, found in pairs)


def _last_said(vault: Vault, memory: Memory, above: frozenset[str] = frozenset()) -> str:
    """When it was last said: a product is as old as its first source, and what it says is as young as its last.

    Args:
        above: what it is a source of: two machines may each have linked one way what together leads in a circle.
    """
    said = starts(memory)
    if memory.state is State.MERGED or memory.origin is Origin.CONSOLIDATION:
        above |= {memory.id}
        sources = [link.target for link in vault.links(memory.id)[0] if link.type is LinkType.DERIVED_FROM]
        sources = [source for source in sources if source not in above]
        everything = queries.condition(Filter(at="", everything=True))
        found = queries.visible(vault.conn, vault.name, sources, everything).values()
        said = max([said, *(_last_said(vault, one, above) for one in found)])
    return said


def _was_asked(vault: Vault, pair: str) -> bool:
    return queries.has_operations(vault.conn, NOUN, pair)


def _was_fused(vault: Vault, memory: Memory) -> bool:
    """Whether it was once absorbed by a fusion and is here again: somebody took that back, and a tick does not insist."""
    return queries.ever_set(vault.conn, memory.id, f"{fold.LINK}{LinkType.MERGED_INTO}:")


def _was_superseded(vault: Vault, earlier: Memory, later: Memory) -> bool:
    """Whether the one superseded the other before, and somebody took that back."""
    return queries.ever_set(vault.conn, later.id, f"{fold.LINK}{LinkType.SUPERSEDES}:{earlier.id}")


def _fusion_of(group: Sequence[Memory], reasons: tuple[str, ...], by: str) -> Proposal:
    line = sorted(group, key=_in_line)
    return Proposal(Act.FUSE, tuple(line), reasons, product(line), by=by)


# -- carrying out


def product(memories: Sequence[Memory]) -> Draft:
    """What a fusion makes of memories: the fuller text (of equals the later), the headers united, the earliest time."""
    line = sorted(memories, key=_in_line)
    chosen = max(line, key=lambda one: (len(one.content.split()), len(one.content), starts(one), one.id))
    kinds = [one.kind for one in line if one.kind is not Kind.NOTE]
    source = chosen.source._replace(conversation=None, session=None, turn=None)
    metadata: dict[str, Any] = {name: value for one in line for name, value in one.metadata.items()}
    return Draft(
        chosen.content,
        kinds[-1] if kinds else Kind.NOTE,
        title=chosen.title,
        key=next((one.key for one in line if one.key is not None), None),
        tags=tuple(sorted({tag for one in line for tag in one.tags})),
        labels=tuple(sorted({label for one in line for label in one.labels})),
        occurred_at=min(one.occurred_at or one.created_at for one in line),
        valid_from=chosen.valid_from,
        valid_to=chosen.valid_to,
        expires_at=chosen.expires_at,
        pinned=any(one.pinned for one in line),
        priority=max(one.priority for one in line),
        task=chosen.task,
        origin=Origin.CONSOLIDATION,
        source=source,
        metadata=metadata,
    )


def apply(unit: Unit, vault: Vault, proposal: Proposal, now: str) -> Applied | None:
    """Carry a proposal out within a transaction; `None` if it no longer holds, and then nothing is written.

    A fusion adds its product and archives the sources, each linked to it (`merged_into`) and it to them (`derived_from`). A
    supersession ends the earlier memory where the later begins. A review is a record of the noun `review`.

    Args:
        now: fixed-width UTC text, which becomes the register `since` of the states that change.
    """
    memories = [vault.get(identity) for identity in proposal.ids]
    if any(_has_changed(was, now_) for was, now_ in zip(proposal.memories, memories, strict=True)):
        return None
    if proposal.act is Act.FUSE:
        return fuse(unit, vault, memories, proposal.reasons, now)
    earlier, later = memories
    if proposal.act is Act.SUPERSEDE:
        return supersede(unit, earlier, later)
    return _ask(unit, vault, proposal, now)


_LOOKED_AT = (
    "content", "kind", "key", "title", "valid_from", "valid_to", "expires_at", "frozen", "pinned", "visibility", "task",
    "owner",
)  # fmt: skip


def _has_changed(was: Memory, now: Memory) -> bool:
    """Whether a memory is no longer what was looked at."""
    return now.state not in HOT_STATES or any(getattr(was, field) != getattr(now, field) for field in _LOOKED_AT)


def fuse(
    unit: Unit, vault: Vault, memories: Sequence[Memory], reasons: Sequence[str], now: str, *, pinned: bool = False
) -> Applied | None:
    """Add one memory in the place of several, and archive those; `None` where their headers stand against it."""
    if any(may_fuse(memories[0], other, pinned=pinned) is not None for other in memories[1:]):
        return None
    identity = new_id()
    change = fold.change_of(product(memories), memories[0].owner or "") | {
        "state": State.MERGED.value,
        "since": now,
        "reason": "; ".join(reasons),
        "visibility": memories[0].visibility.value,
        "confidence": max(one.confidence for one in memories),
        "trust": max(1.0 if one.arrived else one.trust for one in memories),
    }
    ids = {one.id for one in memories}
    for one in memories:
        change[_link(LinkType.DERIVED_FROM, one.id)] = True
        for link in vault.links(one.id)[0]:
            if link.type in {LinkType.SUPERSEDES, LinkType.CONTRADICTS} and link.target not in ids:
                change[_link(link.type, link.target)] = True
    operation = unit.log.append("memory", identity, change)
    unit.store("memory", identity, [operation])
    if all(one.arrived for one in memories):
        unit.keep_strange(identity)
    for one in memories:
        archived = {"state": State.ARCHIVED.value, "since": now, "reason": "fused", _link(LinkType.MERGED_INTO, identity): True}
        unit.change("memory", one.id, archived)
    return Applied(Act.FUSE, tuple(one.id for one in memories), identity)


def supersede(unit: Unit, earlier: Memory, later: Memory, end: str | None = None) -> Applied | None:
    """End the earlier memory where the later begins (or at `end`), as `add --key` does; `None` for what is frozen or ended."""
    end = end or starts(later)
    if earlier.frozen or NEVER_SUPERSEDED.count(earlier.kind) or (earlier.valid_to is not None and earlier.valid_to <= end):
        return None
    unit.change("memory", earlier.id, {"valid_to": end})
    unit.change("memory", later.id, {_link(LinkType.SUPERSEDES, earlier.id): True})
    return Applied(Act.SUPERSEDE, (earlier.id, later.id))


def _ask(unit: Unit, vault: Vault, proposal: Proposal, now: str) -> Applied | None:
    pair = pair_id(*proposal.ids)
    if _was_asked(vault, pair):
        return None
    fields = {"memories": list(proposal.ids), "reasons": list(proposal.reasons), "suggested": proposal.suggested}
    unit.change(NOUN, pair, {**fields, "by": proposal.by, "at": now})
    return Applied(Act.REVIEW, (), pair)


def _link(kind: LinkType, target: str) -> str:
    return f"{fold.LINK}{kind}:{target}"
