"""memos-mini as chat runs it: through llama.cpp, greedily, with the probability of every token that it wrote."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import numpy as np

from memos_cli.operation.prompt.layout import MINI, Prompt, text


@dataclass(frozen=True)
class Answer:
    """What it wrote, and how sure it was of each token, the closing one included."""

    text: str
    probabilities: tuple[float, ...]

    @property
    def least(self) -> float:
        return min(self.probabilities)

    @property
    def mean(self) -> float:
        return math.exp(sum(map(math.log, self.probabilities)) / len(self.probabilities))


class Runner:
    """One loaded model; a prompt that begins like the one before is evaluated from where they part."""

    def __init__(self, path: Path, *, context: int = 2048, threads: int = 2) -> None:
        self.model = llama_cpp.Llama(str(path), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False)
        self.held: list[int] = []

    def tokens(self, said: str) -> list[int]:
        return list(self.model.tokenize(said.encode(), add_bos=False, special=True))

    def _next(self, tokens: Sequence[int]) -> np.ndarray:
        self.model.eval(tokens)
        self.held += tokens
        scores = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.model.ctx, -1), (self.model.n_vocab(),))
        shifted = np.exp(scores - scores.max())
        return shifted / shifted.sum()

    def answer(self, prompt: Prompt, most: int = 48) -> Answer:
        """Greedy decoding up to the end mark."""
        wanted = self.tokens(text(prompt))
        same = 0
        while same < min(len(wanted) - 1, len(self.held)) and wanted[same] == self.held[same]:
            same += 1
        self.model.n_tokens, self.held = same, self.held[:same]
        odds = self._next(wanted[same:])
        end, written, sure = self.model.token_eos(), [], []
        while len(written) < most:
            token = int(odds.argmax())
            sure.append(float(odds[token]))
            if token == end:
                break
            written.append(token)
            odds = self._next([token])
        return Answer(self.model.detokenize(written).decode(errors="replace").removeprefix(MINI.lead), tuple(sure))
