"""A reranker behind an endpoint: `POST …/rerank`, as Cohere, Jina, vLLM, llama-server and text-embeddings-inference have it.

What comes back is held within limits of bytes and time (`endpoint`), and nothing in it is believed without a look.
"""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

from memos_cli.backends.endpoint.bounds import Limits, TooMuch
from memos_cli.backends.endpoint.endpoint import Endpoint, pieces

_SIZE = 1 << 20
"""Bytes of a reply, heads included: a score takes about 80, and some servers send the texts back, of which 50 have 100,000."""
_SLOW = "if it needs longer, let it: memos config set search.reranker_wait 60"


class EndpointReranker:
    """A `Reranker` at an endpoint; a connection is opened for each query.

    Args:
        endpoint: the URL, with or without the `/rerank` at its end, such as `http://localhost:8080/v1`.
        model: what the endpoint calls the model; empty where it has only one.
        key: sent as a bearer token; `None` for none.
        wait: seconds that an answer may take.

    Raises:
        UsageError: the endpoint is no http or https URL, or the key holds characters that no key has.
    """

    def __init__(self, endpoint: str, model: str = "", *, key: str | None = None, wait: float = 10) -> None:
        like = "http://localhost:8080/v1"
        self._endpoint = Endpoint("search.reranker", endpoint, like=like, key=key, silence=wait, slow=_SLOW)
        self._model = model
        self._wait = wait

    @property
    def name(self) -> str:
        """Model and host."""
        return f"{self._model} at {self._endpoint.host}" if self._model else self._endpoint.host

    @property
    def local(self) -> bool:
        """Never: even on this machine the endpoint is another program."""
        return False

    def scores(self, query: str, texts: Sequence[str]) -> list[float | None]:
        """As `Reranker.scores`."""
        body: dict[str, Any] = {"query": query, "documents": list(texts), "top_n": len(texts), "return_documents": False}
        if self._model:
            body["model"] = self._model
        # `wait` bounds the whole reply, since nothing that comes before its end counts as a word.
        limits = Limits(wait=self._wait, silence=self._wait, seconds=2 * self._wait, size=_SIZE)
        path = self._endpoint.path.removesuffix("/rerank") + "/rerank"
        with self._endpoint.connected(limits.budget(0)) as connection, self._endpoint.post(connection, path, body) as response:
            if response.status != 200:
                raise self._endpoint.refusal(response)
            return _scores(b"".join(pieces(response)), len(texts))

    def close(self) -> None:
        """Nothing: no connection stays open."""


def _scores(body: bytes, count: int) -> list[float | None]:
    """The score of each text, `None` of one without.

    Raises:
        TooMuch: the reply is none that the protocol knows.
    """
    try:
        told = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict):
        told = told.get("results") or told.get("data")
    if not isinstance(told, list) or not told:
        raise _strange()
    found: list[float | None] = [None] * count
    for one in told:
        if not isinstance(one, dict):
            raise _strange()
        index, score = one.get("index"), one.get("relevance_score", one.get("score"))
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count or found[index] is not None:
            raise _strange()
        found[index] = _number(score)
    return found


def _number(score: object) -> float:
    """A score: a finite number."""
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise _strange()
    try:
        value = float(score)
    except OverflowError:
        raise _strange() from None
    if not isfinite(value):
        raise _strange()
    return value


def _strange() -> TooMuch:
    return TooMuch("does not answer as a reranker does")
