"""Text to vectors through llama.cpp: the runtime for the cold command line, where starting up is most of the cost.

One query, process start to vector, takes 0.65 of what `llama_cpp.Llama(...).embed(...)` takes on an idle machine (0.196
against 0.300 s), and 0.16 of it on a busy one; `backends.llama.bindings` and `context.py` say how.
"""

import mmap
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli.backends.embedders import readability, unigram
from memos_cli.backends.embedders.background import background
from memos_cli.backends.embedders.context import Context
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.unigram import Unigram
from memos_cli.backends.embedders.wordpiece import WordPiece, is_plain
from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llama.bindings import bindings
from memos_cli.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_TOKENS = 256
"""Tokens evaluated at once where there are several texts. Attention is over the whole batch, so more is slower: on two
idle cores (one context, both cores) 256 gave 288 short texts a second, 512 gave 266 and 1,024 gave 246; with 256, f32 gave 233
and q8_0 238. On busy cores, with a context for each core: 109, 94 and 89."""

BATCH_TEXTS = 64
MAX_WORKERS = 8  # contexts of 5 MB each
MANY = 32
"""Texts that are worth a little preparation: a unigram vocabulary in a dictionary, and weights as the processor likes them."""
_NO_VOCABULARY, _WORDPIECE = 0, 3
_UNKNOWN, _BYTE = 1, 32
"""Attributes of a token, from llama.h."""


class GgufEmbedder:
    """An `Embedder` over a GGUF file. Nothing is loaded before `warm` or the first `embed`; usable from any thread."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._lock = threading.RLock()
        self._native: Any = None
        self._model: Any = None
        self._single: Context | None = None
        self._bulk: list[Context] = []
        self._wordpiece: WordPiece | None = None
        self._unigram: Unigram | None = None
        self._known: dict[int, readability.Piece] = {}

    @property
    def fingerprint(self) -> str:
        """As `Weights.fingerprint`."""
        return self._weights.fingerprint

    @property
    def dimensions(self) -> int:
        """As `Weights.dimensions`."""
        return self._weights.dimensions

    @property
    def background(self) -> tuple[float, float]:
        """As `Embedder.background`.

        Raises:
            ModelUnavailable: it has to be measured, and the model cannot be loaded or run.
        """
        return background(self._weights, self)

    def warm(self, *, many: bool = False) -> None:
        """Load the model now: in a thread, while the caller does something else (most of it runs without the GIL).

        Args:
            many: whether it is to embed many texts.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        with self._lock:
            if self._model is None:
                self._load(many=many)
            if self._single is None:
                self._single = Context(self._native, self._model, self._weights.max_tokens, 1, self._weights.pooling)

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit vectors, one row a text; a text is cut after `Weights.max_tokens` tokens.

        Returns:
            float32, shape (len(texts), dimensions).

        Raises:
            ModelUnavailable: the model cannot be loaded or run.
        """
        return self._embed(texts, self._weights.passage_prefix)

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """As `embed`, with the prefix that the model was trained to see before a query.

        Raises:
            ModelUnavailable: the model cannot be loaded or run.
        """
        return self._embed(texts, self._weights.query_prefix)

    def reads(self, text: str) -> float:
        """As `Embedder.reads`, by the text's beginning.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        if not text.strip():
            return 1.0
        with self._lock:
            self.warm()
            text = text[: readability.LOOKED_AT]
            ids = self._tokenize(text)
            if self._is_wordpiece and self._native.llama_vocab_n_tokens(self._vocabulary) < readability.LARGE:
                return readability.of_words(map(self._piece, ids[1:-1]))
            if self._unigram is not None:
                return readability.of_pieces(ids.count(self._unigram.specials.unknown), len(ids) - 2, len(text))
            attributes = [self._native.llama_vocab_get_attr(self._vocabulary, identifier) for identifier in ids]
            unknown = sum(bool(attribute & (_UNKNOWN | _BYTE)) for attribute in attributes)
            return readability.of_pieces(unknown, len(ids) - 2, len(text))

    def _embed(self, texts: Sequence[str], prefix: str) -> "NDArray[np.float32]":
        with self._lock:
            if self._model is None:
                # numpy takes 60 ms to import and the model 40 to load, most of that outside the interpreter's lock
                helper = threading.Thread(target=__import__, args=("numpy",), daemon=True)
                helper.start()
                self.warm(many=len(texts) >= MANY)
                helper.join()
            import numpy as np

            vectors = np.zeros((len(texts), self.dimensions), np.float32)
            if self._unigram is not None and len(texts) >= MANY:
                self._unigram.many()
            tokens = [self._tokenize(prefix + text) for text in texts]
            groups = list(_groups(tokens, BATCH_TOKENS, BATCH_TEXTS))
            if len(texts) <= 1:
                self._work(self._single, groups, tokens, vectors)
            else:
                self._work_together(groups, tokens, vectors)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors

    def close(self) -> None:
        """Free the model and the context; calling it twice is fine, and `embed` loads them again."""
        with self._lock:
            for context in (self._single, *self._bulk):
                if context is not None:
                    context.close()
            self._single, self._bulk = None, []
            if self._model is not None:
                self._native.llama_model_free(self._model)
                self._model = None

    def _load(self, *, many: bool) -> None:
        native = self._native = bindings()
        params = native.llama_model_default_params()
        params.n_gpu_layers = 0  # moving 45 MB to an accelerator takes longer than the query
        # Weights of 4 bits laid out anew for the processor: it takes 60 ms, and then a fifth less for each text.
        params.use_extra_bufts = many
        self._model = native.llama_model_load_from_file(os.fsencode(self._weights.gguf), params)
        if not self._model:
            self._model = None
            raise ModelUnavailable(
                f"llama.cpp cannot load {self._weights.gguf}", hint="remove the file, and it is made or fetched again"
            )
        if native.llama_model_n_embd(self._model) != self.dimensions:
            self.close()
            raise ModelUnavailable(f"{self._weights.gguf} is not the model it was", hint="`memos doctor` tells more")
        self._vocabulary = native.llama_model_get_vocab(self._model)
        kind = native.llama_vocab_type(self._vocabulary)
        self._is_wordpiece = kind == _WORDPIECE
        if kind == _NO_VOCABULARY:
            try:
                self._unigram = _unigram(self._weights.gguf)
            except ModelUnavailable:
                self.close()
                raise

    def _work(
        self, context: "Context | None", groups: list[list[int]], tokens: list[list[int]], vectors: "NDArray[np.float32]"
    ) -> None:
        """Embed groups until the list is empty; several threads may take from the same list."""
        while context is not None and groups:
            try:
                group = groups.pop()
            except IndexError:  # another thread took the last one
                return
            try:
                vectors[group] = context.embed([tokens[index] for index in group], self.dimensions)
            except BaseException:
                groups.clear()  # so that the other threads stop too
                raise

    def _work_together(self, groups: list[list[int]], tokens: list[list[int]], vectors: "NDArray[np.float32]") -> None:
        """One context and one thread for each core; a failure or an interruption is raised once all have stopped."""
        from concurrent.futures import ThreadPoolExecutor

        count = min(MAX_WORKERS, _cores(), len(groups))
        size = max(BATCH_TOKENS, self._weights.max_tokens)
        while len(self._bulk) < count:
            self._bulk.append(Context(self._native, self._model, size, BATCH_TEXTS, self._weights.pooling))
        with ThreadPoolExecutor(count) as pool:
            jobs = [pool.submit(self._work, context, groups, tokens, vectors) for context in self._bulk[:count]]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                groups.clear()  # the pool waits for its threads, and so would an interruption for all of the texts
                raise

    def _tokenize(self, text: str) -> list[int]:
        """Token ids with those that begin and end a text, at most `max_tokens`; a cut text keeps the ending one."""
        limit = self._weights.max_tokens
        data = text.encode("utf-8", "replace")
        if self._unigram is not None:
            specials = self._unigram.specials
            return [specials.begin, *self._unigram.encode(data.decode())[: limit - 2], specials.end]
        if self._is_wordpiece and not is_plain(text):
            native, vocabulary = self._native, self._vocabulary
            ids = self._pieces().encode(data.decode())[: limit - 2]
            return [native.llama_vocab_bos(vocabulary), *ids, native.llama_vocab_sep(vocabulary)]
        ids = self._tokenize_natively(data)
        return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]

    def _tokenize_natively(self, data: bytes) -> list[int]:
        native, room = self._native, len(data) + 8
        buffer = (native.llama_token * room)()
        count = native.llama_tokenize(self._vocabulary, data, len(data), buffer, room, True, False)  # noqa: FBT003 -- C
        if count < 0:
            raise ModelUnavailable("llama.cpp cannot tokenize a text", hint="`memos doctor` tells more")
        ids: list[int] = buffer[:count]
        return ids

    def _piece(self, identifier: int) -> readability.Piece:
        known = self._known.get(identifier)
        if known is None:
            text = self._native.llama_vocab_get_text(self._vocabulary, identifier).decode("utf-8", "replace")
            known = self._known[identifier] = readability.piece(text)
        return known

    def _pieces(self) -> WordPiece:
        if self._wordpiece is None:
            header = gguf_header.read(self._weights.gguf)
            pieces = {piece: number for number, piece in enumerate(header.get("tokenizer.ggml.tokens", ()))}
            self._wordpiece = WordPiece(pieces, header.get("tokenizer.ggml.unknown_token_id", 100))
        return self._wordpiece


def _unigram(path: Path) -> Unigram:
    """The tokenizer of a GGUF file that memos wrote for a model with a unigram vocabulary; the file stays mapped."""
    span = gguf_header.read(path, unigram.KEY).get(unigram.KEY)
    if not isinstance(span, range):
        raise ModelUnavailable(f"{path} has no vocabulary", hint="give the GGUF file of an embedding model")
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return Unigram(memoryview(data)[span.start : span.stop])
    except ValueError as error:
        raise ModelUnavailable(
            f"the vocabulary in {path} is damaged", hint="remove the file, and pull the model again"
        ) from error


def _groups(tokens: list[list[int]], room: int, seats: int) -> Iterator[list[int]]:
    """Indexes of texts that fit into one batch together, the shortest first: workers take groups from the end."""
    group: list[int] = []
    used = 0
    for index in sorted(range(len(tokens)), key=lambda index: len(tokens[index])):
        if group and (used + len(tokens[index]) > room or len(group) == seats):
            yield group
            group, used = [], 0
        group.append(index)
        used += len(tokens[index])
    if group:
        yield group


def _cores() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, available or 1)
