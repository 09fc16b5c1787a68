"""The reranker that the settings name: what it is told of the best hits, and what its opinion moves.

It has a part in the order alone. Whether anything here answers, and which hits fit and so are used, put into a prompt or taken
by a chain, is decided before and without it: it may be a server of somebody else's. Such a server is sent no secrets.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli import config, plugins
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.infra.vault import rows
from memos_cli.operation.operator.ranking import blend, passages
from memos_cli.operation.results import covered

if TYPE_CHECKING:
    from memos_cli.model import Memory
    from memos_cli.ports.ports import Reranker

NONE = "none"
MOST_CHARACTERS = 2000
"""Characters of a memory that a reranker reads: of a longer one the passage that answers best, by its words. Cross-encoders
read 512 tokens, which are about as many in English."""


class SecondOpinion:
    """Asks the reranker about the best hits of a query.

    Args:
        reranker: the model or endpoint.
        best: how many of the best hits it reads.
        share: how much its order counts, as `blend.moves` has it.
    """

    def __init__(self, reranker: "Reranker", best: int, share: float) -> None:
        self.best = best
        self._reranker = reranker
        self._share = share

    @property
    def local(self) -> bool:
        """Whether what it reads stays on this machine."""
        return self._reranker.local

    def moves(self, query: str, memories: "Sequence[Memory]", log_odds: Sequence[float]) -> list[float]:
        """What each hit gains or loses, in log-odds.

        Args:
            query: as it was asked.
            memories: the best hits, the best first.
            log_odds: those of each hit.

        Raises:
            ModelUnavailable: the reranker cannot be loaded, reached or run.
        """
        local = self._reranker.local
        texts = [_text(query, memory, local=local) for memory in memories]
        scores = self._reranker.scores(query if local else _without_secrets(query), texts)
        if len(scores) != len(texts):
            raise ModelUnavailable(f"{self._reranker.name} answers for {len(scores)} of {len(texts)} texts")
        return blend.moves(log_odds, scores, self._share)


def _text(query: str, memory: "Memory", *, local: bool) -> str:
    """What the reranker is told of a memory: its content with title and speaker, in a few words where it is long."""
    memory = memory if local else covered(memory)
    content, title = memory.content, memory.title
    if len(content) > MOST_CHARACTERS:
        found = passages.passage(query, content, most=MOST_CHARACTERS)
        content = found.text if found else content[:MOST_CHARACTERS]
    return rows.embedded_text(content, title, memory.source.speaker)


def _without_secrets(query: str) -> str:
    from memos_cli.infra.governance.secrets import find, mask

    return mask(query, find(query))


def chosen(settings: config.Settings, environ: Mapping[str, str] = os.environ) -> tuple[SecondOpinion | None, str | None]:
    """The reranker that the settings name, `None` where there is none, and what the person should know about that.

    The key of an endpoint is read from the environment alone. A project's file may not name a reranker: its author would be
    sent your memories, or would have a file of his own loaded.
    """
    name, origin = settings.origin("search.reranker")
    best, share = settings.get("search.reranker_best"), settings.get("search.reranker_share")
    if name == NONE or not best or not share:
        return None, None
    if Path(origin).name == config.PROJECT_FILE:
        return None, f"{origin} sets search.reranker, and a project may not say who reads your memories: it is left out"
    try:
        made: Reranker = (
            _endpoint(name, settings, environ) if "://" in name else plugins.load("reranker", "cross-encoder")(name)
        )
    except UsageError as error:
        return None, f"the reranker is left out: {error.message}"
    return SecondOpinion(made, best, share), None


def _cross_encoder(name: str) -> "Reranker":
    made: Reranker = plugins.load("reranker", "cross-encoder")(name)
    return made


def _endpoint(name: str, settings: config.Settings, environ: Mapping[str, str]) -> "Reranker":
    made: Reranker = plugins.load("reranker", "endpoint")(
        name,
        settings.get("search.reranker_model"),
        key=environ.get(config.variable("search.reranker.key")),
        wait=settings.get("search.reranker_wait"),
    )
    return made
