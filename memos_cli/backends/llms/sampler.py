"""The next token of an answer: the likeliest, or one drawn by llama.cpp's own samplers."""

import ctypes
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from memos_cli.errors import ModelUnavailable
from memos_cli.ports.sampled import Sampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.backends.llms.grammar import Grammar

GREEDY = Sampling()
_SEEDS = 1 << 32


class Sampler:
    """Chooses the tokens of one answer. It holds memory of llama.cpp, so it must be closed.

    Args:
        native: llama.cpp's functions.
        sampling: how they are drawn.
        grammar: what they are held to; `None` for all that the model can say.
        name: of the model, for errors.
    """

    def __init__(self, native: Any, sampling: Sampling, grammar: "Grammar | None", name: str) -> None:  # noqa: ANN401 -- ctypes
        self._native, self._grammar, self._name = native, grammar, name
        self._frequency, self._presence = sampling.frequency, sampling.presence
        self._said: Counter[int] = Counter()
        self._chain: Any = _chain(native, sampling) if sampling.temperature else None

    def next(self, logits: "NDArray[np.float32]") -> tuple[int, float]:
        """The next token, and the logarithm of its probability among all tokens.

        Args:
            logits: float32, shape (vocabulary,).

        Raises:
            ModelUnavailable: the logits are no numbers, or the grammar allows no token.
        """
        if not math.isfinite(logits[int(logits.argmax())]):
            raise ModelUnavailable(f"{self._name} computes no numbers", hint="the file is damaged; pull it again")
        token = self._choose(self._penalised(logits) if self._frequency or self._presence else logits)
        return token, logprob(logits, token)

    def _penalised(self, logits: "NDArray[np.float32]") -> "NDArray[np.float32]":
        less = logits.copy()
        for token, times in self._said.items():
            less[token] -= self._frequency * times + self._presence
        return less

    def _choose(self, logits: "NDArray[np.float32]") -> int:
        if self._chain is not None:
            return self._drawn(logits if self._grammar is None else self._grammar.allowed(logits))
        return int(logits.argmax()) if self._grammar is None else self._grammar.likeliest(logits)

    def _drawn(self, logits: "NDArray[np.float32]") -> int:
        import numpy as np

        native = self._native
        rows = np.zeros(len(logits), [("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        rows["id"], rows["logit"] = np.arange(len(logits)), logits
        data = rows.ctypes.data_as(ctypes.POINTER(native.llama_token_data))
        array = native.llama_token_data_array(data=data, size=len(logits), selected=-1, sorted=False)
        native.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def accept(self, token: int) -> None:
        """Advance past a token that `next` returned and that does not end the answer."""
        self._said[token] += 1
        if self._grammar is not None:
            self._grammar.accept(token)
        if self._chain is not None:
            self._native.llama_sampler_accept(self._chain, token)

    def close(self) -> None:
        """Free the memory; calling it twice is fine."""
        if self._chain is not None:
            self._native.llama_sampler_free(self._chain)
        self._chain = None


def logprob(logits: "NDArray[np.float32]", token: int) -> float:
    """The logarithm of a token's probability among all tokens, from their logits, shape (vocabulary,)."""
    import numpy as np

    best = float(logits.max())
    return float(logits[token]) - best - math.log(float(np.exp(logits - best, dtype=np.float64).sum()))


def _chain(native: Any, sampling: Sampling) -> Any:  # noqa: ANN401 -- ctypes
    """llama.cpp's samplers in the order in which its own programs apply them."""
    chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())
    if sampling.top_p < 1:
        native.llama_sampler_chain_add(chain, native.llama_sampler_init_top_p(sampling.top_p, 1))
    native.llama_sampler_chain_add(chain, native.llama_sampler_init_temp(sampling.temperature))
    native.llama_sampler_chain_add(chain, native.llama_sampler_init_dist(sampling.seed % _SEEDS))
    return chain
