"""A reranker behind an endpoint: `POST …/rerank`, as Cohere, Jina, vLLM, llama-server and text-embeddings-inference have it.

As for a language model behind one (`llms.openai`), `http.client` is used and nothing above it, so that no proxy of the
environment and no redirect can lead the texts, or the key, elsewhere; what comes back is held within limits of bytes and time;
and nothing in it is believed without a look.
"""

import json
from collections.abc import Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from memos_cli.backends.llms.replies import BoundedResponse, Limits, TooMuch, one_line
from memos_cli.errors import ModelUnavailable, UsageError

_PIECE = 1 << 16
_SIZE = 1 << 20
"""Bytes of a reply, heads included: a score takes about 80, and some servers send the texts back, of which 50 have 100,000."""
_HINT = "look at the settings of the reranker: memos config show"
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
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UsageError(
                f"search.reranker cannot be {endpoint!r}", hint="memos config set search.reranker http://localhost:8080/v1"
            )
        if key and not key.isascii():
            raise UsageError("the key for search.reranker holds characters that no key has")
        self._parts = parts
        self._model = model
        self._key = key.strip() if key else None
        self._wait = wait

    @property
    def name(self) -> str:
        """Model and host."""
        return f"{self._model} at {self._parts.netloc}" if self._model else self._parts.netloc

    @property
    def local(self) -> bool:
        """Never: even on this machine the endpoint is another program."""
        return False

    def scores(self, query: str, texts: Sequence[str]) -> list[float | None]:
        """As `Reranker.scores`."""
        body: dict[str, Any] = {"query": query, "documents": list(texts), "top_n": len(texts), "return_documents": False}
        if self._model:
            body["model"] = self._model
        connection = self._connection()
        # `wait` bounds the whole reply, since nothing that comes before its end counts as a word.
        limits = Limits(wait=self._wait, silence=self._wait, seconds=2 * self._wait, size=_SIZE)
        connection.response_class = partial(BoundedResponse, budget=limits.budget(0))  # type: ignore[assignment]
        try:
            with self._post(connection, body) as response:
                if response.status != 200:
                    raise self._refusal(response)
                return _scores(b"".join(_pieces(response)), len(texts))
        except TooMuch as error:
            raise ModelUnavailable(f"{self._parts.netloc} {error}", hint=_SLOW if error.mute else _HINT) from None
        except TimeoutError as error:
            raise ModelUnavailable(f"{self._parts.netloc} has sent nothing for {self._wait:g} seconds", hint=_SLOW) from error
        except (OSError, HTTPException) as error:
            raise ModelUnavailable(f"cannot talk to {self._parts.netloc}: {one_line(str(error))}", hint=_HINT) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing: no connection stays open."""

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        try:
            return kind(self._parts.hostname or "", self._parts.port, timeout=self._wait)
        except ValueError as error:
            raise UsageError(f"search.reranker has no such port: {error}") from None

    def _post(self, connection: HTTPConnection, body: dict[str, Any]) -> HTTPResponse:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        path = self._parts.path.rstrip("/").removesuffix("/rerank") + "/rerank"
        connection.request("POST", path, json.dumps(body).encode(), headers)
        return connection.getresponse()

    def _refusal(self, response: HTTPResponse) -> ModelUnavailable:
        said = response.read(2000).decode("utf-8", "replace")
        try:
            told = json.loads(said)
            error = told.get("error") or told.get("message") or told.get("detail")
            said = str(error["message"] if isinstance(error, dict) else error)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
        reason = one_line(said) or one_line(response.reason)
        return ModelUnavailable(f"{self._parts.netloc} answered {response.status}: {reason}", hint=_HINT)


def _pieces(response: HTTPResponse) -> list[bytes]:
    """The body. Not `read`: that takes the length which the server names, and reserves as much memory."""
    return list(iter(lambda: response.read1(_PIECE), b""))


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
