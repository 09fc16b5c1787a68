"""The plug points, as Protocols: what the core asks of an embedder, a language model, a parser or a hub, not how it is done.

What it asks of a trainer stands in `trainer`, of an importer in `importer`, and of a model that draws its tokens in `sampled`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from memos_cli.model import Draft
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[str, int, int], None]
"""Called with the name of the step, how much of it is done, and out of how much (0 where the total is unknown)."""


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

    @property
    def background(self) -> tuple[float, float]:
        """Mean and standard deviation of the cosine between a query and a text that have nothing to do with each other.

        A constant of the model: it is known beforehand, or measured once and recorded on this machine.

        Raises:
            ModelUnavailable: it has to be measured, and the model cannot be loaded or run.
        """
        ...

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit vectors of texts that are to be found, one row a text.

        Returns:
            float32, shape (len(texts), dimensions), every row of length 1.

        Raises:
            ModelUnavailable: the model cannot be loaded or run.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """As `embed`, for texts to search with; the same vectors, unless the model was trained with a prefix for queries.

        Raises:
            ModelUnavailable: the model cannot be loaded or run.
        """
        ...

    def reads(self, text: str) -> float:
        """The share of a text that the model can read, from 0 to 1; its vector says as much of the text, and no more.

        About 1 in a language that the model was trained on, near 0 where its vocabulary has no tokens for the words, or only
        fragments of them. 1 for a text without letters.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back; calling it twice is fine."""
        ...


@runtime_checkable
class Parser(Protocol):
    """Turns text of one format into drafts.

    A parser with an attribute `zone` gets there the `times.Zone` of the person, for times that are written without an offset;
    one with an attribute `name` the name of the file, or `None`.
    """

    def matches(self, text: str, name: str | None) -> bool:
        """Whether this text (from a file called `name`, when it came from one) looks like the format."""
        ...

    def parse(self, text: str) -> Iterator[Draft]:
        """The drafts in order, each with `source.start` and `source.end` in bytes of the text's UTF-8."""
        ...


class Piece(NamedTuple):
    """A stretch of a prompt.

    Attributes:
        marks: whether memos wrote the piece, which may then hold template tokens; in other pieces nothing is ever read as a
            token of a template.
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
        """About how many tokens the request takes, for a caller without a tokenizer.

        One token for three bytes, more than any usual tokenizer makes of prose, and eight for each message.
        """
        return sum(8 + -(-len(text.encode("utf-8", "replace")) // 3) for _, text in self.messages)


class Token(NamedTuple):
    """A token of an answer.

    Attributes:
        text: what the token adds to the answer; empty while a character is not complete.
        logprob: natural logarithm of the probability that the model gave it; `None` where the backend does not report it.
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
        """Whether the text of a request stays in this process."""
        ...

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may have together."""
        ...

    @property
    def template(self) -> str | None:
        """The model's own chat template (Jinja); `None` where the model has none or the backend cannot read it."""
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
        """The answer, by greedy decoding, until the model ends it.

        Args:
            request: what is asked; it must leave room in the context.
            most: the most tokens; a JSON text may be cut off by it.
            stop: texts that end the answer and are not part of it.
            schema: a JSON schema that the backend holds the answer to as far as it can; the caller checks the answer again.

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

    Not every model can: one that is recurrent, or that forgets what lies behind a window, returns 0 from `save` and False from
    `restore`, and works as before. `LLM.stream` evaluates only what follows the tokens that the context already holds.
    """

    def identity(self) -> Mapping[str, str]:
        """All that the numbers of a state depend on except the tokens: a state fits only a model of the same identity.

        Digests are SHA-256 in hexadecimal: of the model's file, of each adapter with its factor, of the chat template and of
        the library that computes. The sizes of context and batch, RoPE, and the types of keys and values belong to it too.

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
        """Make the context hold exactly these ids, reusing the longest prefix that it holds; how many ids were evaluated.

        Raises:
            ModelUnavailable: the ids do not fit, are no tokens of this model, or the model cannot be loaded or run.
        """
        ...

    def save(self, path: "Path") -> int:
        """Write the state of the context to a file, with its ids; its size in bytes, or 0 where nothing usable is held.

        The file is neither synced nor moved into place: the caller does both, and computes its digest.

        Raises:
            ModelUnavailable: the file cannot be written.
        """
        ...

    def restore(self, path: "Path", ids: Sequence[int]) -> bool:
        """Replace what the context holds by a saved state.

        llama.cpp ends the process on a damaged file. Before calling this, the caller must compare the file's digest with that
        of the file that `save` wrote, and `identity` with the identity of that time.

        Returns:
            True when the context now holds exactly these ids; otherwise it holds nothing and stays usable.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        ...

    def logits(self) -> "NDArray[np.float32]":
        """The logits of the token that follows those held.

        After `restore`, and after `advance` to fewer tokens than were held, the last token is evaluated once more for this.

        Returns:
            float32, shape (vocabulary,): a copy.

        Raises:
            ModelUnavailable: nothing is held.
        """
        ...


@runtime_checkable
class Scoring(Protocol):
    """A language model that tells how likely it finds an answer that is given."""

    @property
    def taught(self) -> bool:
        """Whether an adapter that belongs to it taught it to refuse what its memories do not say."""
        ...

    def score(self, request: Request, answer: str, *, most: int | None = None) -> list[float]:
        """The natural logarithm of the probability of each token of an answer, and last of the mark that ends it.

        Args:
            request: what was asked.
            answer: what is answered.
            most: only so many tokens, from the first on; `None` for all.

        Raises:
            ModelUnavailable: the model cannot be loaded or run, or request and answer do not fit.
        """
        ...


class Remote(NamedTuple):
    """A file on a hub.

    Attributes:
        sha256: SHA-256 of the content, as the hub states it; `None` where it states none.
    """

    repo: str
    file: str
    revision: str
    size: int
    sha256: str | None


@runtime_checkable
class Hub(Protocol):
    """A server that models are downloaded from."""

    def files(self, repo: str) -> list[Remote]:
        """The GGUF files of a repository.

        Raises:
            ModelUnavailable: the hub cannot be reached, or has no such repository.
        """
        ...

    def fetch(self, remote: Remote, folder: "Path") -> "Path":
        """Fetch a file into a folder, resuming an earlier attempt; the path of the file.

        Raises:
            ModelUnavailable: the file cannot be fetched.
        """
        ...


@runtime_checkable
class Adaptable(Protocol):
    """An `LLM` that can use adapters."""

    @property
    def context(self) -> int:
        """As `LLM.context`; reading it loads the model.

        Raises:
            ModelUnavailable: the model, or one of its adapters, cannot be used.
        """
        ...

    def adapt(self, adapters: "Sequence[tuple[Path, float]]") -> None:
        """Use these adapters and no others from now on: GGUF files, each with the factor that its weights are scaled by."""
        ...


@runtime_checkable
class Telling(Protocol):
    """An `LLM` that may have something to tell the person."""

    def notices(self) -> tuple[str, ...]:
        """What there is to tell since the last call, a line each."""
        ...


@runtime_checkable
class Reranker(Protocol):
    """Reads a query together with each of some texts, and scores how well the text answers it."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def local(self) -> bool:
        """Whether query and texts stay in this process."""
        ...

    def scores(self, query: str, texts: Sequence[str]) -> Sequence[float | None]:
        """A score for each text, the higher the better; its scale is the reranker's own.

        Returns:
            Finite numbers in the order of the texts, `None` of a text that was not scored.

        Raises:
            ModelUnavailable: it cannot be loaded, reached or run, or what it says is no score.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back; calling it twice is fine."""
        ...
