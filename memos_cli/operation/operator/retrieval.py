"""MemOperator's retrieval: candidates by words and by meaning from each cube, which `ranking` fuses into one list of hits."""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any

from memos_cli.errors import ModelUnavailable
from memos_cli.infra.local.embeddings import Embeddings, try_pending
from memos_cli.infra.vault import past, pool, queries, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, Memory
from memos_cli.operation.operator import unread
from memos_cli.operation.operator.ranking import evidence, floor, ranking
from memos_cli.operation.operator.ranking.features import Place, Pool
from memos_cli.operation.operator.ranking.network import probability
from memos_cli.operation.results import GET_MODEL, Found, Hit, Query
from memos_cli.ports import Embedder

if TYPE_CHECKING:
    from memos_cli.config import Settings
    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.vector_matrix import Matrix


CANDIDATES = 200
"""The least number of candidates that each of the two searches is asked for."""
NEAREST = 3
"""How many memories are told of where nothing really fits."""
_MANY = 4_000
"""Rows of a matrix up to which it is asked of all of them whether they may be seen: 4 ms."""
_TOLD = 10
"""Queries of a batch for which it is looked whether the embedder can read them and what they find."""
_FEW = 8
"""Where less than one in so many of the nearest rows may be seen, it is tried whether few of all may."""
_ROUNDS = 4
"""How many times as many rows are asked as in the round before."""
_MOST_ASKED = 20_000
"""Rows of which it is asked one by one: 30 ms. After them all that may be seen are read."""


class Finder:
    """Finds candidates in one cube; what several queries share (the matrix, the visible rows) is made once.

    Args:
        matrix: returns the cube's hot vectors, or with `True` its cold ones; `None` where the present embedder made none.
        vectors: returns the vectors of some rows, or with `True` of cold ones too.
    """

    def __init__(
        self,
        vault: Vault,
        wanted: Filter,
        matrix: "Callable[[Vault, bool], Matrix | PatchedMatrix | None]",
        vectors: "Callable[[Vault, Sequence[int], bool], dict[int, Any]]",
    ) -> None:
        self.vault = vault
        self._read_vectors = vectors
        self._sight = queries.condition(wanted)
        self._wanted = wanted
        self._make_matrix = matrix
        self._cold = queries.reaches_cold(wanted)
        self._matrices: list[Matrix | PatchedMatrix] | None = None
        self._visible: Any = None

    def by_words(self, query: str, count: int) -> dict[int, float]:
        """The candidates by words: row number to BM25 score."""
        return dict(search.lexical(self.vault, query, self._sight, count, cold=self._cold))

    def beside(self, turns: Sequence[pool.Turn], reach: int) -> dict[pool.Turn, int]:
        """The rows of the turns at most `reach` before and after these, as far as the principal may see them."""
        return pool.turns_beside(self.vault, turns, reach, self._sight)

    def matrices(self) -> "list[Matrix | PatchedMatrix]":
        """The vectors that are searched: of hot memories, and of cold ones where the filter reaches them."""
        if self._matrices is None:
            made = [self._make_matrix(self.vault, cold) for cold in ((False, True) if self._cold else (False,))]
            self._matrices = [matrix for matrix in made if matrix is not None]
        return self._matrices

    def vectors(self, rows: Sequence[int]) -> dict[int, Any]:
        """The vectors of these rows, as far as they have one: float32, shape (dimensions,)."""
        return self._read_vectors(self.vault, rows, self._cold)

    def by_meaning(self, vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """The candidates by meaning: row number to cosine; `vector` is a unit vector, float32, shape (dimensions,)."""
        found: dict[int, float] = {}
        for matrix in self.matrices():
            found |= self._seen(matrix, vector, count)
        return found

    def _seen(self, matrix: "Matrix | PatchedMatrix", vector: Any, count: int) -> dict[int, float]:  # noqa: ANN401 -- numpy
        """The nearest rows that may be seen.

        Whether a row may be seen is asked of the nearest ones alone, of more and more until there are enough: of all it would
        take a second in a cube of a million. Where the filter names a task, a key or a tag, or the nearest ones show that few
        may be seen, those are read by their index and scored, and no others.
        """
        if self._visible is None and len(matrix) <= _MANY:
            self._visible = search.visible_rows(self.vault, self._sight)
        narrow = bool(self._wanted.task or self._wanted.key or self._wanted.tags)
        asked = count + count // 4
        while self._visible is None:
            if narrow or asked > _MOST_ASKED:
                most = -1 if asked > _MOST_ASKED else _MANY + 1
                rows = search.visible_rows(self.vault, queries.condition(self._wanted, scan=True), most)
                self._visible = None if len(rows) == most else rows
                narrow = False
                continue
            keys, scores = matrix.top(vector, asked)
            near = dict(zip(keys.tolist(), scores.tolist(), strict=True))
            seen = set(search.rows_that(self.vault, list(near), self._sight))
            if len(seen) >= count or len(near) < asked:
                return dict([(n, score) for n, score in near.items() if n in seen][:count])
            narrow = _FEW * len(seen) < asked
            asked *= _ROUNDS
        keys, scores = matrix.top(vector, count, self._visible)
        return dict(zip(keys.tolist(), scores.tolist(), strict=True))


def candidates(
    finders: Sequence[Finder],
    query: str,
    k: int,
    vector: Any = None,  # noqa: ANN401 -- numpy
    embedder: Embedder | None = None,
) -> tuple[Pool, list[Place]]:
    """The pool of a query's candidates in all cubes together, and the candidates that are not in it, best first.

    Args:
        finders: the cubes.
        query: the query.
        k: how many hits are wanted.
        vector: the query's unit vector, or a callable that waits for it; `None` for a lexical search.
        embedder: made the vectors.
    """
    count = max(CANDIDATES, 2 * k)
    lexical = {(cube, n): score for cube, finder in enumerate(finders) for n, score in finder.by_words(query, count).items()}
    # Words first: meanwhile the model may still be loading in its thread.
    vector = vector() if callable(vector) else vector
    cosines: dict[Place, float] = {}
    if vector is not None:
        cosines = {
            (cube, n): score for cube, finder in enumerate(finders) for n, score in finder.by_meaning(vector, count).items()
        }
    asked = evidence.Asked(query, tuple(search.query_words(query)), vector, embedder)
    return evidence.gather(finders, asked, lexical, cosines)


class Search:
    """Answers a batch of queries.

    Args:
        vaults: the cubes to search together.
        wanted: returns for a cube and an instant (`None` for now) the filter of the memories to search.
        embeddings: the home's embedder and vectors.
        settings: `search.pending` and `embedder` are read.
        lexical: search by words alone.
        all_hits: show the nearest memories also where nothing really fits.
        explain: tell what moved each score.
        without: names of parts of the score that count as nothing, to learn what they earn.
    """

    def __init__(
        self,
        vaults: Sequence[Vault],
        wanted: Callable[[Vault, str | None], Filter],
        embeddings: Embeddings,
        settings: "Settings",
        *,
        lexical: bool,
        all_hits: bool = False,
        explain: bool = False,
        without: Sequence[str] = (),
    ) -> None:
        self._vaults = vaults
        self._wanted = wanted
        self._embeddings = embeddings
        self._settings = settings
        self._all_hits, self._explain, self._without = all_hits, explain, without
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

        pool, rest = candidates(finders, query.text, k, wait, self._embedder)
        words = search.query_words(query.text)
        ranked = ranking.rank(query.text, words, frozenset(words) - search.STOP_WORDS, pool, without=self._without)
        answers = bool(ranked.judged) and ranked.answers >= floor.ANSWERS
        hits = self._hits(finders, ranked if answers else ranked._replace(passing=None), pool, rest, k)
        shown = hits if answers or self._all_hits else ()
        if mode == "hybrid" and self._embedder is not None and index < _TOLD:
            found = [hit.memory.content for hit in hits]
            self._notices += unread.notices(self._embedder, query.text, found, lambda: self._newest(query))
        notices = tuple(dict.fromkeys(self._notices))
        seconds = time.perf_counter() - start
        return Found(query.text, shown, mode, seconds, notices, ranked.answers, () if answers else hits[:NEAREST])

    def _hits(
        self, finders: Sequence[Finder], ranked: "ranking.Ranked", pool: Pool, rest: Sequence[Place], k: int
    ) -> tuple[Hit, ...]:
        best = ranked.judged[:k]
        places = [one.place for one in best] + list(rest[: k - len(best)])
        memories: dict[Place, Memory] = {}
        for cube, finder in enumerate(finders):
            found = queries.by_rows(finder.vault, [n for index, n in places if index == cube])
            memories |= {(cube, n): memory for n, memory in found.items()}
        scores = ranking.lexical_scores(pool) if self._explain else {}
        hits = [
            Hit(
                memories[one.place],
                probability(one.log_odds),
                ranked.passing is not None and floor.fits(one, ranked.passing),
                ranking.parts(one, pool, scores) if self._explain else None,
            )
            for one in best
        ]
        return (*hits, *(Hit(memories[place], 0.0, fits=False) for place in rest[: k - len(best)]))

    def _newest(self, query: Query) -> list[str]:
        """The contents of the newest memories that could have been found."""
        places = [(finder.vault, self._wanted(finder.vault, query.as_of)) for finder in self._finders_at(query.as_of)]
        return [memory.content for vault, wanted in places for memory in queries.find(vault, wanted, "newest", _TOLD)]

    def _finders_at(self, as_of: str | None) -> list[Finder]:
        if as_of not in self._finders:
            self._finders[as_of] = [self._finder(vault, self._wanted(vault, as_of)) for vault in self._vaults]
        return self._finders[as_of]

    def _finder(self, vault: Vault, wanted: Filter) -> Finder:
        return Finder(past.seen(vault, wanted), wanted, self._matrix, self._vectors)

    def _matrix(self, vault: Vault, cold: bool) -> "Matrix | PatchedMatrix | None":  # noqa: FBT001 -- Finder's callback
        if self._embedder is None:
            return None
        if not vault.is_present:
            # An edited memory's earlier content has lost its vector; in a view of the past it is embedded anew for this run.
            try_pending(self._embeddings, vault, self._settings.get("search.pending"))
        return self._embeddings.index(vault, self._embedder, cold=cold)

    def _vectors(self, vault: Vault, rows: Sequence[int], cold: bool) -> dict[int, Any]:  # noqa: FBT001 -- Finder's callback
        return {} if self._embedder is None else self._embeddings.vectors_of(vault, self._embedder, rows, cold=cold)


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
            self._result = embedder.embed_queries(texts)
        except BaseException as error:  # noqa: BLE001 -- raised again by `result`
            self._failure = error

    def result(self) -> Any:  # noqa: ANN401 -- numpy
        """Wait for the vectors, float32, shape (len(texts), dimensions); an error of the thread is raised here."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._result
