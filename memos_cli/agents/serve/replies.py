"""What clients of OpenAI's protocol are answered, as JSON. Pure.

What is more than the protocol knows stands in a field of its own, `memos`, which clients ignore that do not look for it.
"""

import base64
import json
from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.agents.agent_memory import data_of

if TYPE_CHECKING:
    from memos_cli.agents.serve.asks import BadRequest
    from memos_cli.interface.chat.client_ask import Finish

DONE = b"data: [DONE]\n\n"


class Reply(NamedTuple):
    """Names one answer: its id, when it was begun in seconds since 1970, and the model."""

    id: str
    created: int
    model: str

    def whole(self, told: "Finish") -> dict[str, Any]:
        """The answer in one piece."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": told.text, "refusal": None},
            "logprobs": None,
            "finish_reason": _ended(told),
        }
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage(told), "memos": extension(told)}

    def piece(self, text: str, *, first: bool) -> dict[str, Any]:
        """A piece of an answer; the first one names the role."""
        return self._chunk({"role": "assistant", "content": text} if first else {"content": text}, None)

    def last(self, told: "Finish") -> dict[str, Any]:
        """The end of an answer that was sent in pieces."""
        return {**self._chunk({}, _ended(told)), "memos": extension(told)}

    def counts(self, told: "Finish") -> dict[str, Any]:
        """The counts of tokens, after the end."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage(told)}

    def _chunk(self, delta: dict[str, str], ended: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ended}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _ended(told: "Finish") -> str:
    return "length" if told.cut else "stop"


def usage(told: "Finish") -> dict[str, Any]:
    """The counts of tokens; `cached_tokens` needed no evaluation."""
    return {
        "prompt_tokens": told.prompt,
        "completion_tokens": told.answer,
        "total_tokens": told.prompt + told.answer,
        "prompt_tokens_details": {"cached_tokens": told.held},
    }


def extension(told: "Finish") -> dict[str, Any]:
    """The memories that were in the prompt, and what the answer has of them."""
    items = [{"number": number, **data_of(memory, told.zone)} for number, memory in enumerate(told.memories, 1)]
    return {
        "memories": items,
        "cited": [items[place]["id"] for place in told.cited],
        "borne_out": told.stands,
        "doubt": told.doubt or None,
        "trusted": told.trusted,
        "notices": list(told.notices),
    }


def event(data: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return b"data: " + encoded(data) + b"\n\n"


def encoded(data: dict[str, Any]) -> bytes:
    """JSON as it is sent."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def error(wrong: "BadRequest") -> dict[str, Any]:
    """An error in the protocol's form."""
    return {"error": {"message": wrong.message, "type": wrong.kind, "param": wrong.param, "code": wrong.code}}


def models(names: Iterable[str], created: int) -> dict[str, Any]:
    """The list of models."""
    return {"object": "list", "data": [model(name, created) for name in names]}


def model(name: str, created: int) -> dict[str, Any]:
    """One model."""
    return {"id": name, "object": "model", "created": created, "owned_by": "memos"}


def embeddings(vectors: Sequence[Sequence[float]], name: str, tokens: int, *, as_bytes: bool) -> dict[str, Any]:
    """Vectors, as numbers or as the base64 of little-endian float32."""
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(one) if as_bytes else list(one)}
        for index, one in enumerate(vectors)
    ]
    return {"object": "list", "data": data, "model": name, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def _packed(vector: Sequence[float]) -> str:
    import sys

    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode("ascii")
