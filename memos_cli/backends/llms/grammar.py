"""A JSON schema as a llama.cpp grammar, and the sampler that restricts a model to it."""

import ctypes
import json
from collections.abc import Mapping
from typing import Any

from memos_cli.backends.llama.bindings import module
from memos_cli.errors import ModelUnavailable

_LOOSE = r'char ::= [^"\\]'
_STRICT = r'char ::= [^"\\\x7F\x00-\x1F]'
_LONGEST = 100_000


def of_schema(schema: Mapping[str, Any]) -> str:
    """The grammar, in llama.cpp's GBNF, of the JSON texts that a schema allows, made by llama-cpp-python's converter.

    The converter's strings may hold raw line ends and other controls, which JSON (RFC 8259, section 7) forbids; they are
    removed.

    Raises:
        ModelUnavailable: the schema has something that the converter does not know.
    """
    try:
        grammar = str(module("llama_grammar").json_schema_to_gbnf(json.dumps(schema)))
    except (ValueError, LookupError, AssertionError, AttributeError, TypeError) as error:
        raise ModelUnavailable(f"llama.cpp has no grammar for this JSON schema: {error}") from error
    if len(grammar) > _LONGEST:
        raise ModelUnavailable("the JSON schema makes too large a grammar")
    return grammar.replace(_LOOSE, _STRICT)


class Grammar:
    """The tokens that an answer may continue with. It holds memory of llama.cpp, so it must be closed.

    Args:
        native: llama.cpp's functions.
        vocabulary: the model's.
        schema: the schema of the answer.
    """

    def __init__(self, native: Any, vocabulary: Any, schema: Mapping[str, Any]) -> None:  # noqa: ANN401 -- ctypes
        self._native = native
        self._sampler = native.llama_sampler_init_grammar(vocabulary, of_schema(schema).encode(), b"root")
        if not self._sampler:
            raise ModelUnavailable("llama.cpp cannot read the grammar of this JSON schema")

    def likeliest(self, logits: Any) -> int:  # noqa: ANN401 -- numpy
        """The token of the highest logit among those that are allowed.

        The token of the highest logit of all is tried by itself first: that takes 0.02 ms, a whole vocabulary of 125,000 takes
        10 to 37.

        Args:
            logits: float32, shape (vocabulary,).

        Raises:
            ModelUnavailable: none is allowed, because the vocabulary cannot write what the schema requires next.
        """
        import numpy as np

        for ids in (logits.argmax(keepdims=True), np.arange(len(logits))):
            kept = self._filtered(ids, logits[ids])
            best = int(kept.argmax())
            if np.isfinite(kept[best]):
                return int(ids[best])
        raise ModelUnavailable("the model has no token for what the grammar asks for", hint="choose another: memos model list")

    def _filtered(self, ids: Any, logits: Any) -> Any:  # noqa: ANN401 -- numpy
        """The logits of these tokens, minus infinity for those not allowed."""
        import numpy as np

        native = self._native
        rows = np.zeros(len(ids), [("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        rows["id"], rows["logit"] = ids, logits
        data = rows.ctypes.data_as(ctypes.POINTER(native.llama_token_data))
        array = native.llama_token_data_array(data=data, size=len(ids), selected=-1, sorted=False)
        native.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return rows["logit"]

    def allowed(self, logits: Any) -> Any:  # noqa: ANN401 -- numpy
        """The logits of all tokens, minus infinity for those that are not allowed now.

        Raises:
            ModelUnavailable: none is allowed.
        """
        import numpy as np

        kept = self._filtered(np.arange(len(logits)), logits)
        if not np.isfinite(kept).any():
            raise _speechless()
        return kept

    def accept(self, token: int) -> None:
        """Advance past a token that is allowed; llama.cpp ends the process on any other token."""
        self._native.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free the memory; calling it twice is fine."""
        if self._sampler:
            self._native.llama_sampler_free(self._sampler)
        self._sampler = None


def _speechless() -> ModelUnavailable:
    return ModelUnavailable("the model has no token for what the grammar asks for", hint="choose another: memos model list")
