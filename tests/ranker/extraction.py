"""The features of the candidates of training queries, as a search computes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memos_cli.infra.vault.vault import Vault
from memos_cli.infra.words import words
from memos_cli.interface.api import MOS
from memos_cli.model import Filter
from memos_cli.operation.operator.ranking.features import FEATURES, Evidence, features
from memos_cli.operation.operator.ranking.floor import Known, known
from memos_cli.operation.operator.retrieval import Search, candidates


class Asked(NamedTuple):
    """A query and the external ids of the memories that answer it; none where nothing does."""

    query: str
    relevant: tuple[str, ...]
    category: str = ""


class Example(NamedTuple):
    """A query as the network sees it.

    Attributes:
        inputs: float32, shape (candidates, features).
        labels: float32, shape (candidates,): 1 for a memory that answers.
        relevant: how many memories answer, those that are no candidates among them.
        lexical: whether the search was by words alone.
        known: what the cube knows of the words of the query.
    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.float32]
    relevant: int
    lexical: bool
    asked: Asked
    known: Known = Known(0)


def examples(home: Path, asked: Sequence[Asked], *, lexical: bool) -> list[Example]:
    """The examples of these queries put to the default cube of a home."""
    mos = MOS(home)
    vaults = mos.vaults()
    known = {external: n for vault in vaults for n, external in _external(vault)}
    one = Search(vaults, lambda vault, _: mos.sight(vault, Filter(at=mos.now)), mos.embeddings, mos.settings, lexical=lexical)
    finders = one._finders_at(None)
    embedder = None if lexical else mos.embeddings.embedder()
    vectors = embedder.embed_queries([each.query for each in asked]) if embedder is not None else [None] * len(asked)
    found = []
    for each, vector in zip(asked, vectors, strict=True):
        pool, _ = candidates(finders, each.query, 20, vector, embedder)
        wanted = {known[external] for external in each.relevant if external in known}
        found.append(_example(each, pool, wanted, lexical=lexical))
    mos.close()
    return found


def _external(vault: Vault) -> list[tuple[int, str]]:
    return vault.conn.execute("SELECT n, external_id FROM memories WHERE external_id IS NOT NULL").fetchall()


def _example(asked: Asked, pool: Evidence, wanted: set[int], *, lexical: bool) -> Example:
    rows = features(asked.query, words.query_words(asked.query), pool)
    inputs = np.array(list(rows.values()), np.float32).reshape(-1, len(FEATURES))
    labels = np.array([float(n in wanted) for _, n in rows], np.float32)
    return Example(
        inputs, labels, len(wanted), lexical, asked, known(asked.query, words.query_words(asked.query), pool.statistics)
    )
