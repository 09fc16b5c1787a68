"""A model behind an endpoint with OpenAI's protocol: Ollama, vLLM, LM Studio, llama-server, or a cloud service.

Not every server knows every field. After status 400 the request is repeated with less: without `logprobs`; with JSON of a
schema (`response_format` of type `json_schema`) reduced to any JSON (`json_object`). If a server refuses that too, it cannot be
restricted to JSON, and that is an error. The form that a server accepted is remembered and used first from then on.

What comes back is held within limits of bytes, tokens and time (`endpoint`), and nothing in it is believed without a look.
"""

from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from memos_cli.backends.endpoint.bounds import Limits
from memos_cli.backends.endpoint.endpoint import Endpoint
from memos_cli.backends.llms.replies import tokens
from memos_cli.ports.ports import Request, Token

_SLOW = "if the model needs longer to begin, let it: memos config set llm.wait 300"
_ACCEPT = "text/event-stream, application/json"


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
        self._limits = limits._replace(wait=wait, silence=min(limits.silence, wait))
        like = "http://localhost:11434/v1"
        self._endpoint = Endpoint(f"{role}.endpoint", endpoint, like=like, key=key, silence=self._limits.silence, slow=_SLOW)
        self._model = model
        self._context = context
        self._refused = 0

    @property
    def name(self) -> str:
        """Model and host."""
        return f"{self._model} at {self._endpoint.host}"

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
        budget = self._limits.budget(most)
        with self._endpoint.connected(budget) as connection, self._posted(connection, body, schema) as response:
            if response.status != 200:
                raise self._endpoint.refusal(response, " when asked for JSON" if schema is not None else "")
            yield from tokens(response, budget)

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

    def _post(self, connection: HTTPConnection, body: dict[str, Any]) -> HTTPResponse:
        return self._endpoint.post(connection, f"{self._endpoint.path}/chat/completions", body, _ACCEPT)


def _emptied(response: HTTPResponse) -> None:
    """Read a refusal to its end, so that the connection can be used again; and close it, also where it never ends."""
    with response:
        while response.read1(1 << 16):
            pass


def _json_forms(schema: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The ways to ask for JSON, the strictest first."""
    named = {"name": "answer", "strict": True, "schema": dict(schema)}
    return {"type": "json_schema", "json_schema": named}, {"type": "json_object"}
