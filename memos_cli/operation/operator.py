"""MemOperator: what a new memory means for those that are there, and how a query finds them.

Adding: the same content is a duplicate, the same external id is an edit, the same key supersedes by time.
Finding: candidates by words and by meaning, fused by `ranking`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.infra.vault import fold, queries, rows, search
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault, starts
from memos_cli.model import HOT_STATES, Draft, Filter, Kind, LinkType, Memory, State
from memos_cli.operation import ranking

if TYPE_CHECKING:
    from collections.abc import Callable

    from memos_cli.infra.vectors import Matrix

NEVER_SUPERSEDED = (Kind.EPISODE, Kind.DOCUMENT)
CANDIDATES = 200
"""How many each of the two searches hands to the fusion, at least."""
NEIGHBOURED = 100
"""How many of the strongest candidates have their neighbours looked at."""


class Placed(NamedTuple):
    """What became of one draft: `added`, `edited` or `duplicate`, and whom it superseded or stands against."""

    id: str
    outcome: str
    superseded: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def place(vault: Vault, unit: Unit, draft: Draft, owner: str, at: str) -> Placed:
    """Store a draft, or find that it is there already."""
    if draft.external_id is not None:
        known = vault.by_external_id(draft.external_id)
        if known is not None:
            return _again(unit, known, draft)
    else:
        digest = rows.digest(draft.kind, draft.content, draft.source, draft.occurred_at)
        twin = vault.duplicate_of(digest, owner, at)
        known = None if twin is None else vault.get(twin)
        if known is not None and _says_as_much(known, draft):
            if draft.confidence > known.confidence and not known.frozen:  # said now, and only inferred before
                unit.change("memory", known.id, {"confidence": draft.confidence})
            return Placed(known.id, "duplicate")
    if draft.key is None or draft.kind in NEVER_SUPERSEDED:
        return Placed(unit.add(draft, owner), "added")
    return _place_by_key(vault, unit, draft, owner, at)


def _says_as_much(known: Memory, draft: Draft) -> bool:
    """Whether the memory that is there already has all that the draft would add to it besides its content."""
    scope = (known.key, known.task) if draft.key or draft.task else (draft.key, draft.task)
    return scope == (draft.key, draft.task) and set(draft.tags) <= set(known.tags)


def _again(unit: Unit, known: Memory, draft: Draft) -> Placed:
    """A draft whose external id was seen before: nothing if it says the same, else an edit; what was forgotten comes back.

    So does what was archived and now says something else: a fusion or idleness archived what it said before, not this.
    """
    same = known.content == draft.content
    gone = known.state not in HOT_STATES and not (same and known.state is State.ARCHIVED)
    if same and not gone:
        return Placed(known.id, "duplicate")
    change = fold.change_of(draft, known.owner or "")
    change.pop("owner")
    if not gone:
        change.pop("state")
    unit.change("memory", known.id, change)
    return Placed(known.id, "edited")


def _place_by_key(vault: Vault, unit: Unit, draft: Draft, owner: str, at: str) -> Placed:
    """Put a draft into the timeline of its attribute: what held before ends where it begins, and it where the next does."""
    start = draft.valid_from or draft.occurred_at or at
    line = vault.with_key(draft.key or "", owner)
    before = [memory for memory in line if starts(memory) <= start]
    after = [memory for memory in line if starts(memory) > start]
    if after and draft.valid_to is None:
        draft = draft._replace(valid_to=starts(after[0]))
    identity = unit.add(draft, owner)
    if after:
        unit.change("memory", after[0].id, {_supersedes(identity): True})
    ended = [memory for memory in before if memory.valid_to is None or memory.valid_to > start]
    conflicts = tuple(memory.id for memory in ended if memory.frozen)
    superseded = tuple(memory.id for memory in ended if not memory.frozen)
    for memory_id in superseded:
        unit.change("memory", memory_id, {"valid_to": start})
    marks: dict[str, Any] = {_supersedes(memory_id): True for memory_id in superseded}
    marks |= {f"{fold.LINK}{LinkType.CONTRADICTS}:{memory_id}": True for memory_id in conflicts}
    if marks:
        unit.change("memory", identity, marks)
    return Placed(identity, "added", superseded, conflicts)


def _supersedes(memory_id: str) -> str:
    return f"{fold.LINK}{LinkType.SUPERSEDES}:{memory_id}"


class Scored(NamedTuple):
    """A memory with its score."""

    memory: Memory
    parts: ranking.Parts


class Finder:
    """Finds candidates in one cube; what several queries share (the matrix, the visible rows) is made once.

    Args:
        matrix: gives the cube's hot vectors, or with `True` its cold ones; `None` where it has none of the embedder at hand.
    """

    def __init__(self, vault: Vault, wanted: Filter, matrix: "Callable[[Vault, bool], Matrix | None]") -> None:
        self.vault = vault
        self._sight = queries.condition(wanted)
        self._make_matrix = matrix
        self._cold = queries.reaches_cold(wanted)
        self._scan: tuple[list[Matrix], Any] | None = None

    def by_words(self, query: str, count: int) -> dict[int, float]:
        """Row number to BM25 score."""
        return dict(search.lexical(self.vault.conn, query, self._sight, count, cold=self._cold))

    def contexts(self, cube: int, places: Sequence[ranking.Place]) -> dict[int, ranking.Context]:
        """Where this cube's rows among `places` stand, and their neighbours in the conversation that may be seen."""
        mine = [n for index, n in places if index == cube]
        rows_ = search.surroundings(self.vault.conn, mine, self._sight)
        return {
            n: ranking.Context(
                (cube, conversation, session, turn) if conversation and turn is not None else None,
                length,
                speaker,
                bool(strange),
            )
            for n, conversation, session, turn, length, speaker, strange in rows_
        }

    def by_meaning(self, vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """Row number to cosine; `vector` is a unit vector, float32, shape (dimensions,)."""
        if self._scan is None:
            made = [self._make_matrix(self.vault, cold) for cold in ((False, True) if self._cold else (False,))]
            matrices = [matrix for matrix in made if matrix is not None]
            if not matrices:
                return {}
            self._scan = matrices, search.visible_rows(self.vault.conn, self._sight)
        matrices, allowed = self._scan
        found: dict[int, float] = {}
        for matrix in matrices:
            keys, scores = matrix.top(vector, count, allowed)
            found |= zip(keys.tolist(), scores.tolist(), strict=True)
        return found


def find(finders: Sequence[Finder], query: str, k: int, vector: Any = None) -> list[Scored]:  # noqa: ANN401 -- numpy
    """The `k` best memories of all cubes together.

    Args:
        vector: the query's unit vector, or a callable that waits for it; `None` for a lexical search.
    """
    count = max(CANDIDATES, 2 * k)
    lexical = {(cube, n): score for cube, finder in enumerate(finders) for n, score in finder.by_words(query, count).items()}
    # Words first: while they are looked up, the model may still be loading in its thread.
    vector = vector() if callable(vector) else vector
    cosines: dict[tuple[int, int], float] = {}
    if vector is not None:
        cosines = {
            (cube, n): score for cube, finder in enumerate(finders) for n, score in finder.by_meaning(vector, count).items()
        }
    candidates = ranking.base(lexical, cosines)
    strongest = sorted(candidates, key=lambda place: -candidates[place].total)[: max(NEIGHBOURED, k)]
    contexts = {
        (cube, n): where for cube, finder in enumerate(finders) for n, where in finder.contexts(cube, strongest).items()
    }
    best = ranking.in_context(candidates, contexts, search.terms(query))[:k]
    memories: dict[tuple[int, int], Memory] = {}
    for cube, finder in enumerate(finders):
        rows_here = [n for (index, n), _ in best if index == cube]
        found = queries.by_rows(finder.vault.conn, finder.vault.name, rows_here)
        memories |= {(cube, n): memory for n, memory in found.items()}
    return [Scored(memories[place], parts) for place, parts in best]
