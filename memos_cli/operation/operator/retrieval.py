"""MemOperator's retrieval: candidates by words and by meaning from each cube, which `ranking` fuses into one list of hits."""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.errors import ModelUnavailable
from memos_cli.infra.local.embeddings import Embeddings, try_pending
from memos_cli.infra.vault import past, queries, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.infra.words import words
from memos_cli.model import Filter, Memory
from memos_cli.operation import results
from memos_cli.operation.operator import ranking
from memos_cli.operation.results import GET_MODEL, Found, Hit, Query
from memos_cli.ports import Embedder

if TYPE_CHECKING:
    from memos_cli.config import Settings
    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.vector_matrix import Matrix


CANDIDATES = 200
"""The least number of candidates that each of the two searches is asked for."""
NEIGHBOURED = 100
"""How many of the strongest candidates have their neighbours read."""
_MANY = 4_000
"""Rows of a matrix up to which it is asked of all of them whether they may be seen: 4 ms."""
_SINGLE = 8
"""Queries up to which it is asked of the nearest rows of each."""


class Scored(NamedTuple):
    """A memory with its score."""

    memory: Memory
    parts: results.Parts


class Finder:
    """Finds candidates in one cube; what several queries share (the matrix, the visible rows) is made once.

    Args:
        matrix: returns the cube's hot vectors, or with `True` its cold ones; `None` where the present embedder made none.
    """

    def __init__(self, vault: Vault, wanted: Filter, matrix: "Callable[[Vault, bool], Matrix | PatchedMatrix | None]") -> None:
        self.vault = vault
        self._sight = queries.condition(wanted)
        self._wanted = wanted
        self._make_matrix = matrix
        self._cold = queries.reaches_cold(wanted)
        self._matrices: list[Matrix | PatchedMatrix] | None = None
        self._visible: Any = None
        self._asked = 0

    def by_words(self, query: str, count: int) -> dict[int, float]:
        """The candidates by words: row number to BM25 score."""
        return dict(search.lexical(self.vault, query, self._sight, count, cold=self._cold))

    def contexts(self, cube: int, places: Sequence[ranking.Place]) -> dict[int, ranking.Context]:
        """The contexts of this cube's rows among `places`, and of their neighbours that the principal may see."""
        mine = [n for index, n in places if index == cube]
        rows_ = search.surroundings(self.vault, mine, self._sight)
        return {
            n: ranking.Context(
                (cube, conversation, session, turn) if conversation and turn is not None else None,
                length,
                speaker,
                bool(untrusted),
            )
            for n, conversation, session, turn, length, speaker, untrusted in rows_
        }

    def by_meaning(self, vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """The candidates by meaning: row number to cosine; `vector` is a unit vector, float32, shape (dimensions,)."""
        if self._matrices is None:
            made = [self._make_matrix(self.vault, cold) for cold in ((False, True) if self._cold else (False,))]
            self._matrices = [matrix for matrix in made if matrix is not None]
        found: dict[int, float] = {}
        for matrix in self._matrices:
            found |= self._seen(matrix, vector, count)
        return found

    def _seen(self, matrix: "Matrix | PatchedMatrix", vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """The nearest rows that may be seen.

        Whether a row may be seen is asked of the nearest ones alone, as long as most may: asking it of all takes a second in a
        cube of a million. Where few may, or queries are many, it is asked of all once.
        """
        self._asked += 1
        if self._visible is None and self._asked <= _SINGLE and len(matrix) > _MANY:
            keys, scores = matrix.top(vector, 2 * count)
            near = dict(zip(keys.tolist(), scores.tolist(), strict=True))
            seen = set(search.rows_that(self.vault, list(near), self._sight))
            if len(seen) >= count or len(near) < 2 * count:
                return dict([(n, score) for n, score in near.items() if n in seen][:count])
        if self._visible is None:
            self._visible = search.visible_rows(self.vault, queries.condition(self._wanted, scan=True))
        keys, scores = matrix.top(vector, count, self._visible)
        return dict(zip(keys.tolist(), scores.tolist(), strict=True))


def find(finders: Sequence[Finder], query: str, k: int, vector: Any = None) -> list[Scored]:  # noqa: ANN401 -- numpy
    """The `k` best memories of all cubes together.

    Args:
        vector: the query's unit vector, or a callable that waits for it; `None` for a lexical search.
    """
    count = max(CANDIDATES, 2 * k)
    lexical = {(cube, n): score for cube, finder in enumerate(finders) for n, score in finder.by_words(query, count).items()}
    # Words first: meanwhile the model may still be loading in its thread.
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
    best = ranking.in_context(candidates, contexts, words.terms(query))[:k]
    memories: dict[tuple[int, int], Memory] = {}
    for cube, finder in enumerate(finders):
        rows_here = [n for (index, n), _ in best if index == cube]
        found = queries.by_rows(finder.vault, rows_here)
        memories |= {(cube, n): memory for n, memory in found.items()}
    return [Scored(memories[place], parts) for place, parts in best]


class Search:
    """Answers a batch of queries.

    Args:
        vaults: the cubes to search together.
        wanted: returns for a cube and an instant (`None` for now) the filter of the memories to search.
        embeddings: the home's embedder and vectors.
        settings: `search.pending` and `embedder` are read.
        lexical: search by words alone.
    """

    def __init__(
        self,
        vaults: Sequence[Vault],
        wanted: Callable[[Vault, str | None], Filter],
        embeddings: Embeddings,
        settings: "Settings",
        *,
        lexical: bool,
    ) -> None:
        self._vaults = vaults
        self._wanted = wanted
        self._embeddings = embeddings
        self._settings = settings
        self._notices: list[str] = []
        self._fresh = False
        self._finders: dict[str | None, list[Finder]] = {}
        self._embedder = None if lexical or not vaults else self._choose()

    def _choose(self) -> Embedder | None:
        """The embedder; `None` where no cube has vectors of it or memories that wait for theirs."""
        try:
            embedder = self._embeddings.embedder()
        except ModelUnavailable:
            if self._settings.origin("embedder").origin != "default":
                raise
            self._notices.append(GET_MODEL)
            return None
        if embedder is None:
            if self._settings.get("embedder") != "none":
                self._notices.append(GET_MODEL)
            return None
        waiting = any(search.pending_count(vault) for vault in self._vaults)
        known = any(search.embedder_id(vault, embedder.fingerprint) is not None for vault in self._vaults)
        self._say_foreign(embedder)
        return embedder if waiting or known else None

    def _say_foreign(self, embedder: Embedder) -> None:
        foreign = sum(search.foreign_vectors(vault, embedder.fingerprint) for vault in self._vaults)
        if foreign:
            self._notices.append(
                f"{foreign} memories were embedded by another model and are searched by words alone; mend it with: "
                "memos doctor --reembed"
            )

    def answer(self, batch: Sequence[Query], k: int) -> list[Found]:
        """The answers, in the order of the queries."""
        embedder = self._embedder
        texts = [query.text for query in batch]
        vectors = _QueryVectors(embedder, texts) if embedder is not None and texts else None
        return [self._answer_one(query, index, k, vectors) for index, query in enumerate(batch)]

    def _embed_pending(self) -> None:
        """Embed memories that wait for their vectors, within the budget; once in each run."""
        if self._fresh:
            return
        self._fresh = True
        budget = self._settings.get("search.pending")
        for vault in self._vaults:
            notice = try_pending(self._embeddings, vault, budget)
            if notice:
                self._notices.append(notice)
            waiting = search.pending_count(vault)
            if waiting and notice is None:
                self._notices.append(f"{waiting} memories wait for their vectors; embed them now with: memos doctor --embed")

    def _answer_one(self, query: Query, index: int, k: int, vectors: "_QueryVectors | None") -> Found:
        start = time.perf_counter()
        finders = self._finders_at(query.as_of)
        mode = "lexical"

        def wait() -> Any:  # noqa: ANN401 -- numpy
            nonlocal mode
            if vectors is None:
                return None
            try:
                made = vectors.result()
            except ModelUnavailable as error:
                self._notices.append(error.message)
                return None
            self._embed_pending()
            mode = "hybrid"
            return made[index]

        scored = find(finders, query.text, k, wait)
        hits = tuple(Hit(one.memory, one.parts.total, one.parts) for one in scored)
        notices = tuple(dict.fromkeys(self._notices))
        return Found(query.text, hits, mode, time.perf_counter() - start, notices)

    def _finders_at(self, as_of: str | None) -> list[Finder]:
        if as_of not in self._finders:
            self._finders[as_of] = [self._finder(vault, self._wanted(vault, as_of)) for vault in self._vaults]
        return self._finders[as_of]

    def _finder(self, vault: Vault, wanted: Filter) -> Finder:
        return Finder(past.seen(vault, wanted), wanted, self._matrix)

    def _matrix(self, vault: Vault, cold: bool) -> "Matrix | PatchedMatrix | None":  # noqa: FBT001 -- Finder's callback
        if self._embedder is None:
            return None
        if not vault.is_present:
            # An edited memory's earlier content has lost its vector; in a view of the past it is embedded anew for this run.
            try_pending(self._embeddings, vault, self._settings.get("search.pending"))
        return self._embeddings.index(vault, self._embedder, cold=cold)


class _QueryVectors:
    """Vectors of queries, made in a thread: llama.cpp and SQLite both release the interpreter's lock while they work.

    (Not a `concurrent.futures.Future`: importing that costs a lexical search a tenth of its time.)
    """

    def __init__(self, embedder: Embedder, texts: list[str]) -> None:
        self._result: Any = None
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, args=(embedder, texts), daemon=True)
        self._thread.start()

    def _run(self, embedder: Embedder, texts: list[str]) -> None:
        try:
            self._result = embedder.embed(texts)
        except BaseException as error:  # noqa: BLE001 -- raised again by `result`
            self._failure = error

    def result(self) -> Any:  # noqa: ANN401 -- numpy
        """Wait for the vectors, float32, shape (len(texts), dimensions); an error of the thread is raised here."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._result
