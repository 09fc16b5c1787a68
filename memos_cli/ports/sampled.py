"""The plug point of answers whose tokens are drawn at random, as a Protocol."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from memos_cli.ports.ports import Request, Token


class Sampling(NamedTuple):
    """How the tokens of an answer are drawn.

    Attributes:
        temperature: 0 for greedy decoding; the logits are divided by it.
        top_p: only the likeliest tokens count that together have this probability.
        frequency: what is taken from a token's logit for each time that it was said in the answer.
        presence: what is taken from it once it was said.
        seed: of the random numbers, 32 bits.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    frequency: float = 0.0
    presence: float = 0.0
    seed: int = 0


@runtime_checkable
class Sampled(Protocol):
    """An `LLM` that can draw the tokens of an answer at random."""

    def sampled(
        self,
        request: Request,
        sampling: Sampling,
        *,
        most: int,
        stop: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[Token]:
        """As `LLM.stream`, with the tokens drawn in this way; with the same seed the same ones.

        The last token has no probability where the answer has as many tokens as it may; otherwise the model or `stop` ended it.
        """
        ...
