"""A model behind an endpoint with OpenAI's protocol: Ollama, vLLM, LM Studio, llama-server, or a cloud service.

It uses `http.client` and nothing above it: no proxy of the environment and no redirect can lead a prompt, or the key,
elsewhere.

Not every server knows every field. After status 400 the request is repeated with less: without `logprobs`; with JSON of a
schema (`response_format` of type `json_schema`) reduced to any JSON (`json_object`). If a server refuses that too, it cannot be
restricted to JSON, and that is an error. The form that a server accepted is remembered and used first from then on.

What comes back is held within limits of bytes, tokens and time (`replies`), and nothing in it is believed without a look.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from memos_cli.backends.llms.replies import BoundedResponse, Limits, TooMuch, one_line, tokens
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.ports import Request, Token

_SLOW = "if the model needs longer to begin, let it: memos config set llm.wait 300"
_HINT = "look at the settings of models and endpoints: memos config show"


class RemoteModel:
    """An `LLM` at an endpoint; a connection is opened for each answer.

    Args:
        endpoint: the URL up to and including the version, such as `http://localhost:11434/v1`.
        model: what the endpoint calls the model.
        key: sent as a bearer token; `None` for none.
        context: the most tokens of prompt and answer; the endpoint is not asked.
        role: whose setting the endpoint is, for messages.
        wait: seconds without a word of the reply after which it is given up.
        limits: what a reply may cost.

    Raises:
        UsageError: the endpoint is no http or https URL.
    """

    def __init__(
        self,
        endpoint: str,
        model: str,
        *,
        key: str | None = None,
        context: int = 4096,
        role: str = "llm",
        wait: float = 30,
        limits: Limits = Limits(),  # noqa: B008 -- a tuple, so it is never changed
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UsageError(
                f"{role}.endpoint cannot be {endpoint!r}", hint=f"memos config set {role}.endpoint http://localhost:11434/v1"
            )
        if key and not key.isascii():
            raise UsageError(f"the key for {role}.endpoint holds characters that no key has")
        self._parts = parts
        self._model = model
        self._role = role
        self._key = key.strip() if key else None
        self._context = context
        self._limits = limits._replace(wait=wait, silence=min(limits.silence, wait))
        self._refused = 0

    @property
    def name(self) -> str:
        """Model and host."""
        return f"{self._model} at {self._parts.netloc}"

    @property
    def local(self) -> bool:
        """Never: even on this machine the endpoint is another program."""
        return False

    @property
    def context(self) -> int:
        """The value of the setting."""
        return self._context

    @property
    def template(self) -> str | None:
        """`None`: the endpoint applies its own template."""
        return None

    def count(self, request: Request) -> int:
        """As `LLM.count`, by `Request.estimate`."""
        return request.estimate()

    def stream(
        self, request: Request, *, most: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[Token]:
        """As `LLM.stream`."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": role, "content": text} for role, text in request.messages],
            "max_tokens": most,
            "temperature": 0,
            "stream": True,
            **({"stop": list(stop)} if stop else {}),
        }
        connection = self._connection()
        budget = self._limits.budget(most)
        # One budget for all attempts: a server that refuses and answers then gets no more than one that answers.
        connection.response_class = partial(BoundedResponse, budget=budget)  # type: ignore[assignment]
        try:
            with self._posted(connection, body, schema) as response:
                if response.status != 200:
                    raise self._refusal(response, as_json=schema is not None)
                yield from tokens(response, budget)
        except TooMuch as error:
            raise ModelUnavailable(f"{self._parts.netloc} {error}", hint=_SLOW if error.mute else _HINT) from None
        except TimeoutError as error:
            raise ModelUnavailable(
                f"{self._parts.netloc} has sent nothing for {self._limits.silence:.0f} seconds", hint=_SLOW
            ) from error
        except (OSError, HTTPException) as error:
            raise ModelUnavailable(f"cannot talk to {self._parts.netloc}: {one_line(str(error))}", hint=_HINT) from error
        finally:
            connection.close()

    def _posted(self, connection: HTTPConnection, body: dict[str, Any], schema: Mapping[str, Any] | None) -> HTTPResponse:
        """The response to the most detailed form of a request that the server does not refuse with 400."""
        if schema is None:
            response = self._post(connection, {**body, "logprobs": True})
            if response.status == 400:
                _emptied(response)
                response = self._post(connection, body)
            return response
        forms = _json_forms(schema)
        response = self._post(connection, {**body, "response_format": forms[self._refused]})
        while response.status == 400 and self._refused + 1 < len(forms):
            _emptied(response)
            self._refused += 1
            response = self._post(connection, {**body, "response_format": forms[self._refused]})
        return response

    def close(self) -> None:
        """Nothing: no connection stays open."""

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        try:
            return kind(self._parts.hostname or "", self._parts.port, timeout=self._limits.silence)
        except ValueError as error:
            raise UsageError(f"{self._role}.endpoint has no such port: {error}") from None

    def _post(self, connection: HTTPConnection, body: dict[str, Any]) -> HTTPResponse:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        path = self._parts.path.rstrip("/") + "/chat/completions"
        connection.request("POST", path, json.dumps(body).encode(), headers)
        return connection.getresponse()

    def _refusal(self, response: HTTPResponse, *, as_json: bool) -> ModelUnavailable:
        said = response.read(2000).decode("utf-8", "replace")
        try:
            error = json.loads(said)["error"]
            said = str(error["message"] if isinstance(error, dict) else error)
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        reason = one_line(said) or one_line(response.reason)
        asked = " when asked for JSON" if as_json else ""
        return ModelUnavailable(f"{self._parts.netloc} answered {response.status}{asked}: {reason}", hint=_HINT)


def _emptied(response: HTTPResponse) -> None:
    """Read a refusal to its end, so that the connection can be used again; and close it, also where it never ends."""
    with response:
        while response.read1(1 << 16):
            pass


def _json_forms(schema: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The ways to ask for JSON, the strictest first."""
    named = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"type": "json_schema", "json_schema": named}, {"type": "json_object"}
