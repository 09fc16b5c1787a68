"""The plug points, as Protocols: what the core asks of an embedder or a parser, and nothing about how it is done."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from memos_cli.model import Draft

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and of how much (0 where nobody knows)."""


@runtime_checkable
class Embedder(Protocol):
    """Text to unit vectors."""

    @property
    def fingerprint(self) -> str:
        """Names the weights and all that changes the numbers; vectors of two fingerprints are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit vectors, one row a text.

        Returns:
            float32, shape (len(texts), dimensions), every row of length 1.

        Raises:
            ModelUnavailable: the model cannot be loaded or run.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back; calling it twice is fine."""
        ...


@runtime_checkable
class Parser(Protocol):
    """A format of text to drafts."""

    def matches(self, text: str, name: str | None) -> bool:
        """Whether this text (from a file called `name`, when it came from one) looks like the format."""
        ...

    def parse(self, text: str) -> Iterator[Draft]:
        """The drafts in order, each with `source.start` and `source.end` in bytes of the text's UTF-8."""
        ...
