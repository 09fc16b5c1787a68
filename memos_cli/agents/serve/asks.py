"""What clients of OpenAI's protocol ask for, checked: from a JSON body to what the model is asked. Pure.

Unknown fields are ignored, as the real API does; what it knows and this endpoint cannot do is refused, never left out silently.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from memos_cli.interface.chat.client_ask import Ask
from memos_cli.ports.sampled import Sampling

INVALID = "invalid_request_error"
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_STOPS, _LONGEST_STOP = 16, 1_000
_INPUTS = 2_048
"""Texts of one request for embeddings, as many as the real API takes."""
_SEEDS = 1 << 63


class BadRequest(Exception):
    """A request that cannot be answered, as the protocol says it.

    Attributes:
        status: of HTTP.
        kind: of the error, in the protocol's words.
        param: the field that is wrong; `None` where it is none.
        code: a word for programs; `None` where the protocol has none.
    """

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400, kind: str = INVALID
    ) -> None:
        super().__init__(message)
        self.message, self.param, self.code, self.status, self.kind = message, param, code, status, kind


class Completion(NamedTuple):
    """A request for a chat completion.

    Attributes:
        stream: whether the answer is sent piece by piece.
        usage: whether a last chunk tells the counts of tokens.
    """

    model: str
    ask: Ask
    stream: bool = False
    usage: bool = False


class Embedding(NamedTuple):
    """A request for embeddings; `base64` for vectors as bytes, `dimensions` as the client expects them."""

    model: str
    texts: tuple[str, ...]
    base64: bool = False
    dimensions: int | None = None


def completion(body: Any) -> Completion:  # noqa: ANN401 -- JSON
    """A request for a chat completion.

    Raises:
        BadRequest: it is none, or asks for what there is not.
    """
    fields = _Fields(body)
    _refuse_unknown_arts(fields)
    most = fields.whole("max_completion_tokens", 1)
    most = fields.whole("max_tokens", 1) if most is None else most
    seed = fields.whole("seed", -_SEEDS, _SEEDS)
    sampling = Sampling(
        temperature=fields.number("temperature", 0, 2, 0.0),
        top_p=fields.number("top_p", 0, 1, 1.0),
        frequency=fields.number("frequency_penalty", -2, 2, 0.0),
        presence=fields.number("presence_penalty", -2, 2, 0.0),
        seed=int.from_bytes(os.urandom(4)) if seed is None else seed % (1 << 32),
    )
    options = fields.mapping("stream_options")
    ask = Ask(_messages(fields), most, _stops(fields), sampling, _schema(fields))
    return Completion(fields.text("model"), ask, fields.flag("stream"), _Fields(options).flag("include_usage"))


def embedding(body: Any) -> Embedding:  # noqa: ANN401 -- JSON
    """A request for embeddings.

    Raises:
        BadRequest: it is none, or gives tokens in place of texts.
    """
    fields = _Fields(body)
    given = fields.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise BadRequest("'input' has to be a text that is not empty, or a list of such; tokens are not read", param="input")
    if len(texts) > _INPUTS:
        raise BadRequest(f"'input' has {len(texts)} texts, and at most {_INPUTS} are embedded at once", param="input")
    how = fields.get("encoding_format") or "float"
    if how not in ("float", "base64"):
        raise BadRequest("'encoding_format' has to be float or base64", param="encoding_format")
    _require_text("input", *texts)
    return Embedding(fields.text("model"), tuple(texts), how == "base64", fields.whole("dimensions", 1))


class _Fields:
    """The fields of a JSON object, each of the type that it has to have; `null` counts as left out."""

    def __init__(self, body: Any) -> None:  # noqa: ANN401 -- JSON
        if not isinstance(body, dict):
            raise BadRequest("the body has to be a JSON object")
        self._body = body

    def get(self, name: str) -> Any:  # noqa: ANN401 -- JSON
        return self._body.get(name)

    def text(self, name: str) -> str:
        value = self.get(name)
        if not isinstance(value, str) or not value:
            raise BadRequest(f"'{name}' has to be a text" if value is not None else f"'{name}' is missing", param=name)
        return value

    def flag(self, name: str) -> bool:
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise BadRequest(f"'{name}' has to be true or false", param=name)
        return bool(value)

    def whole(self, name: str, least: int, most: int | None = None) -> int | None:
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadRequest(f"'{name}' has to be a whole number", param=name)
        if value < least or (most is not None and value > most):
            raise BadRequest(f"'{name}' has to be {least} or more" + (f", and at most {most}" if most else ""), param=name)
        return value

    def number(self, name: str, least: float, most: float, otherwise: float) -> float:
        value = self.get(name)
        if value is None:
            return otherwise
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise BadRequest(f"'{name}' has to be a number from {least:g} to {most:g}", param=name)
        return float(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.get(name)
        if value is not None and not isinstance(value, dict):
            raise BadRequest(f"'{name}' has to be an object", param=name)
        return value or {}


def _refuse_unknown_arts(fields: _Fields) -> None:
    """Refuse what would be answered wrongly if it were ignored."""
    for name in ("tools", "functions"):
        if fields.get(name):
            raise BadRequest(
                f"'{name}' are not supported: leave the field out",
                param=name,
                code="unsupported",
            )
    refused = {
        "n": fields.whole("n", 1) not in {None, 1},
        "logprobs": fields.flag("logprobs"),
        "logit_bias": bool(fields.mapping("logit_bias")),
        "audio": bool(fields.mapping("audio")),
    }
    for name, wanted in refused.items():
        if wanted:
            raise BadRequest(f"'{name}' is not supported here; leave the field out", param=name, code="unsupported")


def _messages(fields: _Fields) -> tuple[tuple[str, str], ...]:
    given = fields.get("messages")
    if not isinstance(given, list) or not given:
        raise BadRequest("'messages' has to be a list of messages that is not empty", param="messages")
    return tuple(_message(one, f"messages[{place}]") for place, one in enumerate(given))


def _message(given: Any, place: str) -> tuple[str, str]:  # noqa: ANN401 -- JSON
    if not isinstance(given, dict):
        raise BadRequest(f"'{place}' has to be an object", param=place)
    role = given.get("role")
    if given.get("tool_calls") or role in ("tool", "function"):
        raise BadRequest(f"'{place}': tools are not supported", param=place, code="unsupported")
    if not isinstance(role, str) or role not in _ROLES:
        raise BadRequest(f"'{place}.role' has to be one of {', '.join(_ROLES)}", param=f"{place}.role")
    content = given.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list):
        raise BadRequest(f"'{place}.content' has to be a text, or a list of parts", param=f"{place}.content")
    texts = [_part(part, f"{place}.content") for part in parts]
    _require_text(f"{place}.content", *texts)
    return _ROLES[role], "\n".join(texts)


def _part(part: Any, place: str) -> str:  # noqa: ANN401 -- JSON
    kind = part.get("type") if isinstance(part, dict) else None
    if kind != "text":
        raise BadRequest(f"'{place}': only parts of the type text are read", param=place, code="unsupported")
    text = part.get("text")
    if not isinstance(text, str):
        raise BadRequest(f"'{place}': the text of a part has to be a text", param=place)
    return text


def _require_text(place: str, *texts: str) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise BadRequest(f"'{place}' holds half a surrogate pair, which is no character", param=place) from None


def _stops(fields: _Fields) -> tuple[str, ...]:
    given = fields.get("stop")
    texts: Sequence[Any] = [given] if isinstance(given, str) else given or ()
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise BadRequest("'stop' has to be a text or a list of texts", param="stop")
    if len(texts) > _STOPS or any(len(text) > _LONGEST_STOP for text in texts):
        raise BadRequest(f"'stop' has to be at most {_STOPS} texts of at most {_LONGEST_STOP} characters", param="stop")
    return tuple(texts)


def _schema(fields: _Fields) -> Mapping[str, Any] | None:
    """The schema that the answer is held to; `None` for plain text."""
    wanted = fields.mapping("response_format")
    kind = wanted.get("type", "text")
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    inner = wanted.get("json_schema")
    schema = inner.get("schema") if isinstance(inner, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise BadRequest("'response_format' has to be text, json_object, or json_schema with a schema", param="response_format")
    return schema
