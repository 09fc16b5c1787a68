"""MemOperator's retrieval: candidates by words and by meaning from each cube, which `ranking` fuses into one list of hits."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from threading import Thread
from typing import TYPE_CHECKING, Any

from memos_cli.errors import ModelUnavailable
from memos_cli.infra.local.embeddings import Embeddings, try_pending
from memos_cli.infra.vault import past, queries, search
from memos_cli.infra.vault.vault import Vault
from memos_cli.infra.words import words
from memos_cli.model import Filter, Memory
from memos_cli.operation.operator import unread
from memos_cli.operation.operator.finder import Finder
from memos_cli.operation.operator.ranking import duplicates, evidence, floor, ranking
from memos_cli.operation.operator.ranking.features import Evidence, Place
from memos_cli.operation.operator.ranking.network import probability
from memos_cli.operation.results import GET_MODEL, Found, Hit, Query
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.config import Settings
    from memos_cli.infra.local.patched_matrix import PatchedMatrix
    from memos_cli.infra.local.vector_matrix import Matrix
    from memos_cli.operation.operator.reranker import SecondOpinion
    from memos_cli.ports.ports import Embedder


UNREAD = 0.3
"""The share of a query that the embedder has to read for its vector to count at all.

Below it, words alone find more: of 40 questions in each of German, Spanish and Chinese MiniLM's vectors lost one to two.
"""
CANDIDATES = 200
"""The least number of candidates that each of the two searches is asked for."""
NEAREST = 3
"""How many memories are told of where nothing really fits."""
_TOLD = 10
"""Queries of a batch for which it is looked whether the embedder can read them and what they find."""


def candidates(
    finders: Sequence[Finder],
    query: str,
    k: int,
    vector: Any = None,  # noqa: ANN401 -- numpy
    embedder: "Embedder | None" = None,
) -> tuple[Evidence, list[Place]]:
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
    if vector is not None and embedder is not None and embedder.reads(query) < UNREAD:
        vector = None
    cosines: dict[Place, float] = {}
    if vector is not None:
        cosines = {
            (cube, n): score for cube, finder in enumerate(finders) for n, score in finder.by_meaning(vector, count).items()
        }
    asked = evidence.Inquiry(query, words.query_words(query), vector, embedder)
    return evidence.gather(finders, asked, lexical, cosines)


def _memories(finders: Sequence[Finder], places: Sequence[Place]) -> dict[Place, Memory]:
    found: dict[Place, Memory] = {}
    for cube, finder in enumerate(finders):
        mine = queries.by_rows(finder.vault, [n for index, n in places if index == cube])
        found |= {(cube, n): memory for n, memory in mine.items()}
    return found


def _there(finders: Sequence[Finder], places: Sequence[Place]) -> set[Place]:
    """Those of these places that may still be seen."""
    rows = ([n for index, n in places if index == cube] for cube in range(len(finders)))
    return {(cube, n) for cube, mine in enumerate(rows) for n in finders[cube].still(mine)}


def _each(finders: Sequence[Finder], places: Sequence[Place]) -> Iterator[Memory]:
    """These memories in order, read when they are asked for."""
    for start in range(0, len(places), CANDIDATES):
        some = places[start : start + CANDIDATES]
        memories = _memories(finders, some)
        yield from (memories[place] for place in some)


class Shown(NamedTuple):
    """What is shown of the hits of a query.

    Attributes:
        all_hits: the nearest memories also where nothing really fits.
        explain: what moved each score.
        apart: each hit, also where another says the same.
        without: names of parts of the score that count as nothing.
    """

    all_hits: bool = False
    explain: bool = False
    apart: bool = False
    without: tuple[str, ...] = ()


SHOWN = Shown()


class Search:
    """Answers a batch of queries.

    Args:
        vaults: the cubes to search together.
        wanted: returns for a cube and an instant (`None` for now) the filter of the memories to search.
        embeddings: the home's embedder and vectors.
        settings: `search.pending` and `embedder` are read.
        lexical: search by words alone.
        shown: what is shown of the hits.
        reranker: reorders the best hits; `None` where there is none.
        leaving: called with the memories that a server is told of, right before that.
    """

    def __init__(
        self,
        vaults: Sequence[Vault],
        wanted: Callable[[Vault, str | None], Filter],
        embeddings: Embeddings,
        settings: "Settings",
        *,
        lexical: bool,
        shown: Shown = SHOWN,
        reranker: "SecondOpinion | None" = None,
        leaving: Callable[[Sequence[Memory]], None] = lambda _: None,
    ) -> None:
        self._vaults = vaults
        self._wanted = wanted
        self._embeddings = embeddings
        self._settings = settings
        self._all_hits, self._explain, self._apart, self._without = shown
        self._reranker, self._leaving = reranker, leaving
        self._notices: list[str] = []
        self._fresh = False
        self._finders: dict[str | None, list[Finder]] = {}
        self._embedder = None if lexical or not vaults else self._choose()

    def _choose(self) -> "Embedder | None":
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
        known = any(search.knows(vault, embedder.fingerprint) for vault in self._vaults)
        self._say_foreign(embedder)
        return embedder if waiting or known else None

    def _say_foreign(self, embedder: "Embedder") -> None:
        foreign = sum(search.foreign_vectors(vault, embedder.fingerprint) for vault in self._vaults)
        if foreign:
            self._notices.append(
                f"{foreign} memories were embedded by another model and are searched by words alone; mend it with: "
                "memos doctor --reembed"
            )

    def tell(self, notice: str) -> None:
        """Put a notice before those of the search."""
        self._notices.insert(0, notice)

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
        asked = words.query_words(query.text)
        ranked = ranking.rank(query.text, asked, frozenset(asked) - words.left_out(query.text), pool, without=self._without)
        answers = bool(ranked.judged) and ranked.answers >= floor.ANSWERS
        moves = self._second_opinion(query.text, finders, ranked.judged) if answers or self._all_hits else {}
        with ExitStack() as one_state:
            for finder in finders:
                one_state.enter_context(finder.vault.reading())
            there = _there(finders, [*pool.rows, *rest])
            ranked = ranked._replace(judged=[one for one in ranked.judged if one.place in there])
            rest = [place for place in rest if place in there]
            hits = self._hits(finders, ranked if answers else ranked._replace(passing=None), moves, pool, rest, k)
        shown = hits if answers or self._all_hits else ()
        if mode == "hybrid" and self._embedder is not None and index < _TOLD:
            found = [hit.memory.content for hit in hits]
            self._notices += unread.notices(self._embedder, query.text, found, lambda: self._newest(query))
        notices = tuple(dict.fromkeys(self._notices))
        seconds = time.perf_counter() - start
        mode += "+reranker" * bool(moves)
        return Found(query.text, shown, mode, seconds, notices, ranked.answers, () if answers else hits[:NEAREST])

    def _second_opinion(self, query: str, finders: Sequence[Finder], judged: Sequence[floor.Judged]) -> dict[Place, float]:
        """What the reranker moves of each of the best hits, in log-odds; nothing where it fails, which is told once."""
        if self._reranker is None or not judged:
            return {}
        best = judged[: self._reranker.best]
        memories = _memories(finders, [one.place for one in best])
        best = [one for one in best if one.place in memories]  # others may have purged some meanwhile
        if not self._reranker.local:  # a server is told what a prompt may tell, and nothing else
            from memos_cli.infra.governance.labels import Whither, may_go

            rules = [finder.vault.policy for finder in finders]
            best = [one for one in best if may_go(memories[one.place].labels, Whither.PROMPT, rules[one.place[0]])]
        if not best:
            return {}
        told = [memories[one.place] for one in best]
        if not self._reranker.local:
            self._leaving(told)
        try:
            moved = self._reranker.moves(query, told, [one.log_odds for one in best])
        except ModelUnavailable as error:
            self._reranker = None  # a batch does not wait for it again and again
            hint = f" ({error.hint})" if error.hint else ""
            self._notices.append(f"the reranker had no part in the order: {error.message}{hint}")
            return {}
        return {one.place: move for one, move in zip(best, moved, strict=True)}

    def _hits(
        self,
        finders: Sequence[Finder],
        ranked: "ranking.Ranked",
        moves: Mapping[Place, float],
        pool: Evidence,
        rest: Sequence[Place],
        k: int,
    ) -> tuple[Hit, ...]:
        order = ranked.judged
        if moves:
            order = sorted(order, key=lambda one: -(one.log_odds + moves.get(one.place, 0.0)))
        order = ranking.shared(order, pool.rows, ranked.passing, k)
        judged = {one.place: one for one in order}
        said = chain(
            (duplicates.of_row(pool.rows[place]) for place in judged),
            (duplicates.of_memory(memory) for memory in _each(finders, rest)),
        )
        groups = duplicates.grouped(said, k, apart=self._apart)
        places = [*judged, *rest]
        memories = _memories(finders, [places[index] for group in groups for index in (group.best, *group.others)])
        scores = ranking.lexical_scores(pool) if self._explain else {}
        hits = []
        for group in groups:
            place = places[group.best]
            alike = tuple(memories[places[index]].id for index in group.others)
            one = judged.get(place)
            if one is None:
                hits.append(Hit(memories[place], 0.0, fits=False, alike=alike))
                continue
            score = probability(one.log_odds + ranked.others + moves.get(place, 0.0))
            parts = (
                ranking.parts(one, pool, scores, ranked.others)._replace(total=score, reranker=moves.get(place))
                if self._explain
                else None
            )
            fits = ranked.passing is not None and floor.fits(one, ranked.passing)
            hits.append(Hit(memories[place], score, fits, parts, alike))
        return tuple(hits)

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

    def __init__(self, embedder: "Embedder", texts: list[str]) -> None:
        self._result: Any = None
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, args=(embedder, texts), daemon=True)
        self._thread.start()

    def _run(self, embedder: "Embedder", texts: list[str]) -> None:
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
