"""The endpoint as an application: chat completions, models and embeddings, in OpenAI's protocol."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from memos_cli.agents import door
from memos_cli.agents.serve import asks, replies
from memos_cli.agents.serve.model_thread import Job, ModelThread, Overloaded, Who
from memos_cli.errors import AccessDenied, MemosError, ModelUnavailable, Refused, UsageError
from memos_cli.interface.chat.client_ask import Finish, TooLong
from memos_cli.interface.cubes import damage

if TYPE_CHECKING:
    from memos_cli.agents.agent_memory import OpenMos
    from memos_cli.interface.api import MOS
    from memos_cli.ports.ports import LLM

CUBE, MEMORY = "x-memos-cube", "x-memos-memory"
LONGEST_BODY = 4 << 20
"""Bytes of a request: forty times what fits the context of 32,000 tokens, as text of three bytes a token."""
LONGEST_WAIT = 30.0
"""Seconds in which the body of a request has to arrive."""
_LEFT = 499
"""The status, in no standard, of an answer whose client has left; nobody gets it."""
_BYTES = 4
"""Bytes of text for each token that an embedder is said to have read: its tokenizer is out of reach here, so the count is an
estimate."""


class Served(NamedTuple):
    """What an endpoint serves.

    Attributes:
        name: of the model.
        llm: makes it.
        cubes: those in use, which a request may narrow.
        embedder: the name of the model for embeddings; `None` where there is none.
        recall: whether memories are looked up.
        waiting: how many requests may wait while one is answered.
        created: when the model's file was written, in seconds since 1970.
    """

    name: str
    llm: "Callable[[], LLM]"
    cubes: tuple[str, ...]
    embedder: str | None = None
    recall: bool = True
    waiting: int = 8
    created: int = 0


def application(endpoint: "Endpoint", names: list[str]) -> door.Door:
    """The application behind its door.

    Args:
        endpoint: answers.
        names: what a request may call the server, with its port.
    """
    routes = [
        Route("/v1/chat/completions", endpoint.complete, methods=["POST"]),
        Route("/v1/embeddings", endpoint.embed, methods=["POST"]),
        Route("/v1/models", endpoint.models, methods=["GET"]),
        Route("/v1/models/{name:path}", endpoint.model, methods=["GET"]),
    ]
    handlers: dict[Any, Any] = {
        asks.BadRequest: _bad_request, Overloaded: _overloaded, MemosError: _failed, HTTPException: _no_such, Exception: _broken
    }  # fmt: skip
    inner = Starlette(routes=routes, exception_handlers=handlers)

    def said(status: int, words: str) -> bytes:
        kinds = {401: ("authentication_error", "invalid_api_key"), 403: ("permission_error", "forbidden")}
        kind, code = kinds.get(status, (asks.INVALID, None))
        return replies.encoded(replies.error(asks.BadRequest(words, kind=kind, code=code)))

    return door.Door(inner, endpoint.knows, names, said)


class Endpoint:
    """Answers requests that the door let through.

    Args:
        open_mos: opens the home.
        served: what is served.
    """

    def __init__(self, open_mos: "OpenMos", served: Served) -> None:
        self._served = served
        self._opened = door.by_token(open_mos)
        self._model = ModelThread(self._opened, served.llm, served.waiting)
        self._door = ThreadPoolExecutor(max_workers=1, thread_name_prefix="memos-door")
        self._embedding = ThreadPoolExecutor(max_workers=1, thread_name_prefix="memos-embedding")
        self._open, self._home = open_mos, list["MOS"]()

    def load(self) -> None:
        """Load the model now.

        Raises:
            ModelUnavailable: it cannot be loaded.
        """
        self._model.load()

    def close(self) -> None:
        """End what is under way, keep the state of the last conversation, and close everything."""
        self._model.close()
        for mos in self._home:
            self._embedding.submit(mos.close)
        for thread in (self._embedding, self._door):
            thread.shutdown(wait=True)

    async def knows(self, token: str) -> bool:
        """Whether a token is that of an agent, in the cubes in use; asked anew for each request."""
        if not token:
            return False
        return await asyncio.get_running_loop().run_in_executor(self._door, door.is_known, self._opened(token))

    # -- chat completions

    async def complete(self, request: Request) -> Response:
        """`POST /v1/chat/completions`."""
        wanted = asks.completion(await _body(request))
        self._require(wanted.model, self._served.name)
        recall = self._served.recall and _recalls(request)
        job = self._model.submit(self._who(request), wanted.ask._replace(recall=recall))
        watching = asyncio.create_task(self._watch(request, job))
        reply = replies.Reply(f"chatcmpl-{os.urandom(12).hex()}", int(time.time()), wanted.model)
        streamed = False
        try:
            first = await _told(job, wanted)
            if wanted.stream:
                streamed = True
                events = self._events(job, reply, first, watching, usage=wanted.usage)
                return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-store"})
            event = first
            while isinstance(event, str):
                event = await _told(job, wanted)
            return Response(status_code=_LEFT) if event is None else _json(reply.whole(event))
        finally:
            if not streamed:
                watching.cancel()
                self._model.leave(job)

    async def _events(
        self, job: Job, reply: replies.Reply, event: "str | Finish | None", watching: "asyncio.Task[None]", *, usage: bool
    ) -> AsyncIterator[bytes]:
        try:
            first = True
            while isinstance(event, str):
                yield replies.event(reply.piece(event, first=first))
                first = False
                event = await job.next()
            if event is None:
                return
            if first:
                yield replies.event(reply.piece("", first=True))
            yield replies.event(reply.last(event))
            if usage:
                yield replies.event(reply.counts(event))
            yield replies.DONE
        except MemosError as error:  # the status was sent long ago
            yield replies.event(replies.error(_wrong(error)))
        finally:
            watching.cancel()
            self._model.leave(job)

    async def _watch(self, request: Request, job: Job) -> None:
        """End an answer when its client leaves."""
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self._model.leave(job)
        job.tell(None)

    def _who(self, request: Request) -> Who:
        """Who asks, in which of the cubes in use."""
        named = [one.strip() for one in request.headers.get(CUBE, "").split(",") if one.strip()]
        for name in named:
            if name not in self._served.cubes:
                raise asks.BadRequest(
                    f"no cube {name[:40]!r} is served here; there are: {', '.join(self._served.cubes)}", param=CUBE
                )
        return Who(door.token_of(request.scope), tuple(dict.fromkeys(named)))

    # -- models and embeddings

    async def models(self, _: Request) -> Response:
        """`GET /v1/models`."""
        return _json(replies.models(self._names, self._served.created))

    async def model(self, request: Request) -> Response:
        """`GET /v1/models/NAME`."""
        name = request.path_params["name"]
        self._require(name, *self._names)
        return _json(replies.model(name, self._served.created))

    @property
    def _names(self) -> list[str]:
        return [self._served.name, *([self._served.embedder] if self._served.embedder else [])]

    def _require(self, name: str, *known: str) -> None:
        if name not in known:
            told = f"there is no model {name[:80]!r} for this; there is {' and '.join(known) or 'none'}"
            raise asks.BadRequest(told, param="model", code="model_not_found", status=404)

    async def embed(self, request: Request) -> Response:
        """`POST /v1/embeddings`."""
        wanted = asks.embedding(await _body(request))
        self._require(wanted.model, *([self._served.embedder] if self._served.embedder else []))
        vectors = await asyncio.get_running_loop().run_in_executor(self._embedding, self._vectors, wanted)
        tokens = sum(-(-len(text.encode()) // _BYTES) for text in wanted.texts)
        return _json(replies.embeddings(vectors, wanted.model, tokens, as_bytes=wanted.base64))

    def _vectors(self, wanted: asks.Embedding) -> list[list[float]]:
        if not self._home:
            self._home.append(self._open(None))
        embedder = self._home[0].embeddings.embedder(len(wanted.texts))
        if embedder is None:
            raise ModelUnavailable("there is no embedder", hint="memos model pull minilm")
        if wanted.dimensions not in {None, embedder.dimensions}:
            raise asks.BadRequest(f"vectors have {embedder.dimensions} dimensions here", param="dimensions")
        found: list[list[float]] = embedder.embed(wanted.texts).tolist()
        return found


async def _told(job: Job, wanted: asks.Completion) -> "str | Finish | None":
    """The next event of an answer of which nothing was sent yet.

    Raises:
        BadRequest: the model cannot be held to the schema that the client gave.
    """
    try:
        return await job.next()
    except ModelUnavailable as error:
        if wanted.ask.schema is None:
            raise
        raise asks.BadRequest(error.message, param="response_format") from error


def _recalls(request: Request) -> bool:
    """Whether a request wants memories looked up.

    Raises:
        BadRequest: the header says neither.
    """
    said = request.headers.get(MEMORY, "on").strip().lower()
    if said not in {"on", "off"}:
        raise asks.BadRequest(f"{MEMORY} has to be on or off", param=MEMORY)
    return said == "on"


async def _body(request: Request) -> Any:  # noqa: ANN401 -- JSON
    """The JSON body of a request.

    Raises:
        BadRequest: it is too long, too slow or no JSON.
    """
    read = bytearray()
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            async for piece in request.stream():
                read += piece
                if len(read) > LONGEST_BODY:
                    raise asks.BadRequest(f"the body is longer than {LONGEST_BODY:,} bytes", status=413)
    except TimeoutError:
        raise asks.BadRequest(f"the body did not arrive within {LONGEST_WAIT:.0f} s", status=408) from None
    except ClientDisconnect:
        raise asks.BadRequest("the client has left", status=_LEFT) from None
    try:
        return json.loads(read)
    except (ValueError, RecursionError):
        raise asks.BadRequest("the body is no JSON") from None


def _json(data: dict[str, Any], status: int = 200, **headers: str) -> Response:
    return Response(replies.encoded(data), status, headers or None, "application/json")


async def _bad_request(_: Request, error: asks.BadRequest) -> Response:
    return _json(replies.error(error), error.status)


async def _overloaded(_: Request, error: Overloaded) -> Response:
    said = replies.error(asks.BadRequest(str(error), kind="overloaded_error", code="overloaded"))
    return _json(said, 503, **{"retry-after": str(error.seconds)})


async def _failed(_: Request, error: MemosError) -> Response:
    wrong = _wrong(error)
    return _json(replies.error(wrong), wrong.status)


async def _no_such(request: Request, error: HTTPException) -> Response:
    told = f"there is no {request.method} {request.url.path[:80]}"
    return _json(replies.error(asks.BadRequest(told, code="unknown_url")), error.status_code, **dict(error.headers or {}))


async def _broken(request: Request, error: Exception) -> Response:
    if (known := damage.meaning(error)) is not None:
        return await _failed(request, known)
    return _json(replies.error(asks.BadRequest("the server failed; its log tells more", kind="server_error")), 500)


def _wrong(error: MemosError) -> asks.BadRequest:
    """An error of memos in the protocol's words."""
    told = error.message + (f" ({error.hint})" if error.hint else "")
    if isinstance(error, TooLong):
        return asks.BadRequest(told, param="messages", code="context_length_exceeded")
    if isinstance(error, AccessDenied | Refused):
        return asks.BadRequest(told, code=error.code, status=403, kind="permission_error")
    if isinstance(error, UsageError):
        return asks.BadRequest(told, code=error.code)
    return asks.BadRequest(
        told, code=error.code, status=503 if isinstance(error, ModelUnavailable) else 500, kind="server_error"
    )
