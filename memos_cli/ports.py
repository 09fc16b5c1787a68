"""The plug points, as Protocols: what the core asks of an embedder, a language model, a parser or a hub, not how it is done.

What it asks of a trainer stands in `training_port`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from memos_cli.model import Draft

if TYPE_CHECKING:
    from pathlib import Path

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


class Piece(NamedTuple):
    """A stretch of a prompt.

    Attributes:
        marks: whether it is ours and may hold tokens of a template; in what is not, nothing is ever read as such a token.
    """

    text: str
    marks: bool = False


class Request(NamedTuple):
    """What a language model is asked.

    Attributes:
        messages: role (`system`, `user`, `assistant`) and text of each, for the model's own chat template.
        pieces: the exact text for a model that was trained on a layout of ours; empty for every other model.
    """

    messages: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...] = ()

    def estimate(self) -> int:
        """About how many tokens it takes, for whoever has no tokenizer.

        One for three bytes, more than any usual tokenizer makes of prose, and eight a message.
        """
        return sum(8 + -(-len(text.encode("utf-8", "replace")) // 3) for _, text in self.messages)


class Token(NamedTuple):
    """A piece of an answer.

    Attributes:
        text: what it adds; empty while a character is not complete.
        logprob: natural logarithm of the probability that the model gave it; `None` where the backend does not tell.
    """

    text: str
    logprob: float | None = None


@runtime_checkable
class LLM(Protocol):
    """A language model that answers."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def local(self) -> bool:
        """Whether what it is told stays in this process."""
        ...

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may have together."""
        ...

    @property
    def template(self) -> str | None:
        """The chat template (Jinja) that it brings, if it does and if it can be known."""
        ...

    def count(self, request: Request) -> int:
        """How many tokens the request takes; an estimate from above where the tokenizer is out of reach.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        ...

    def stream(
        self, request: Request, *, most: int, stop: Sequence[str] = (), schema: Mapping[str, Any] | None = None
    ) -> Iterator[Token]:
        """The answer, the likeliest token each time, until the model ends it.

        Args:
            request: what is asked; it has to leave room in the context.
            most: how many tokens at most; a JSON text may be cut off by it.
            stop: texts that end the answer and are not part of it.
            schema: a JSON schema that the answer is held to, as far as the backend can: whoever asks checks it again.

        Raises:
            ModelUnavailable: the model cannot be loaded or run, or cannot be held to JSON at all.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back; calling it twice is fine."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A language model whose state after a prompt can be kept in a file and put back, so that it need not be computed again.

    Not every model can: one that is recurrent, or that forgets what lies behind a window, answers 0 to `save` and False to
    `restore`, and works as before. What `LLM.stream` is asked goes on from what is held.
    """

    def identity(self) -> Mapping[str, str]:
        """All that the numbers of a state depend on, but for the tokens: a state fits only a model of the same identity.

        Digests are SHA-256 in hexadecimal: of the model's file, of each adapter with its factor, of the chat template and of
        the library that computes; besides, the sizes of context and batch, RoPE, and the types of keys and values.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        ...

    def tokens(self, request: Request) -> list[int]:
        """The ids that a request is evaluated as.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        ...

    @property
    def evaluated(self) -> int:
        """How many tokens of the last prompt `stream` had to evaluate; the others were held already."""
        ...

    def held(self) -> Sequence[int]:
        """The ids that the context holds."""
        ...

    def advance(self, ids: Sequence[int]) -> int:
        """Make the context hold exactly these ids, going on from the longest prefix that it holds; how many were evaluated.

        Raises:
            ModelUnavailable: they do not fit, are no tokens of this model, or the model cannot be loaded or run.
        """
        ...

    def save(self, path: "Path") -> int:
        """Write the state of what is held to a file, its ids too; its bytes, or 0 where nothing (or nothing usable) is held.

        The file is neither synced nor put in place at once: that is for whoever calls, and so is its digest.

        Raises:
            ModelUnavailable: the file cannot be written.
        """
        ...

    def restore(self, path: "Path", ids: Sequence[int]) -> bool:
        """Put a saved state in place of what is held.

        llama.cpp ends the process on a damaged file: the digest has to be the one of what `save` wrote, and `identity` the one
        of then. Both are the caller's to compare, before this is called.

        Returns:
            True when the context holds exactly these ids now; otherwise it holds nothing, and can be used all the same.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        ...

    def logits(self) -> "NDArray[np.float32]":
        """What the model says of the token that follows those held.

        After `restore`, and after `advance` to less than was held, the last token is evaluated once more for it.

        Returns:
            float32, shape (vocabulary,): a copy.

        Raises:
            ModelUnavailable: nothing is held.
        """
        ...


class Remote(NamedTuple):
    """A file that a hub has.

    Attributes:
        sha256: of its content, as the hub says; `None` where it says nothing.
    """

    repo: str
    file: str
    revision: str
    size: int
    sha256: str | None


@runtime_checkable
class Hub(Protocol):
    """A place on the net that models are pulled from."""

    def files(self, repo: str) -> list[Remote]:
        """The GGUF files of a repository.

        Raises:
            ModelUnavailable: it cannot be reached, or has no such repository.
        """
        ...

    def fetch(self, remote: Remote, folder: "Path") -> "Path":
        """Fetch a file into a folder, going on where an earlier attempt stopped; where it lies now.

        Raises:
            ModelUnavailable: it cannot be fetched.
        """
        ...


@runtime_checkable
class Adaptable(Protocol):
    """An `LLM` that can compute with adapters."""

    @property
    def context(self) -> int:
        """As `LLM.context`; the model is loaded for it.

        Raises:
            ModelUnavailable: the model, or an adapter of it, cannot be used.
        """
        ...

    def adapt(self, adapters: "Sequence[tuple[Path, float]]") -> None:
        """Compute with these adapters from now on, GGUF files each with the factor that it is added with, and no others."""
        ...
