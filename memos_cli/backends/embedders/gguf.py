"""Text to vectors through llama.cpp: the runtime for the cold command line, where starting up is most of the cost.

One query, process start to vector, takes 0.6 of what `llama_cpp.Llama(...).embed(...)` takes (see `llamacpp.py` for how).
"""

import os
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.backends.embedders import ggufcheck
from memos_cli.backends.embedders.llamacpp import bindings
from memos_cli.backends.embedders.weights import Weights
from memos_cli.backends.embedders.wordpiece import WordPiece, is_plain
from memos_cli.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_THREADS = 4
"""One query of 10 tokens took 8 ms with one thread and 6 with two; more than four have nothing left to share."""

BATCH_TOKENS = 256
"""Tokens evaluated at once where there are several texts. Attention is over the whole batch, so more is slower: 256 gave
288 short texts a second, 512 gave 266 and 1,024 gave 246 (f16, 2 cores); f32 gave 233 and q8_0 238 with 256."""

BATCH_TEXTS = 64
_EMPTY_POOLING = 0
_WORDPIECE = 3


class GgufEmbedder:
    """An `Embedder` over a GGUF file. Nothing is loaded before `warm` or the first `embed`; usable from any thread."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._lock = threading.RLock()
        self._native: Any = None
        self._model: Any = None
        self._context: Any = None
        self._batch: Any = None
        self._capacity = (0, 0)
        self._wordpiece: WordPiece | None = None

    @property
    def fingerprint(self) -> str:
        """As `Weights.fingerprint`."""
        return self._weights.fingerprint

    @property
    def dimensions(self) -> int:
        """As `Weights.dimensions`."""
        return self._weights.dimensions

    def warm(self) -> None:
        """Load the model now: in a thread, while the caller does something else (most of it runs without the GIL).

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        with self._lock:
            if self._context is None:
                self._load()
                self._open(self._weights.max_tokens, 1)

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit vectors, one row a text; a text is cut after `Weights.max_tokens` tokens.

        Returns:
            float32, shape (len(texts), dimensions).

        Raises:
            ModelUnavailable: the model cannot be loaded or run.
        """
        with self._lock:
            if self._model is None:
                # numpy takes 60 ms to import and the model 40 to load, most of that outside the interpreter's lock
                helper = threading.Thread(target=__import__, args=("numpy",), daemon=True)
                helper.start()
                self.warm()
                helper.join()
            import numpy as np

            vectors = np.zeros((len(texts), self.dimensions), np.float32)
            tokens = [self._tokenize(text) for text in texts]
            if len(texts) > 1:
                self._open(max(BATCH_TOKENS, self._weights.max_tokens), BATCH_TEXTS)
            for group in self._groups(tokens):
                self._run([tokens[index] for index in group])
                for sequence, index in enumerate(group):
                    vectors[index] = self._vector(sequence)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors

    def close(self) -> None:
        """Free the model and the context; calling it twice is fine, and `embed` loads them again."""
        with self._lock:
            self._close_context()
            if self._model is not None:
                self._native.llama_model_free(self._model)
                self._model = None

    def _load(self) -> None:
        native = self._native = bindings()
        params = native.llama_model_default_params()
        params.n_gpu_layers = 0  # moving 45 MB to an accelerator takes longer than the query
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
        self._is_wordpiece = native.llama_vocab_type(self._vocabulary) == _WORDPIECE

    def _open(self, tokens: int, texts: int) -> None:
        """Make a context for batches of so many tokens and texts, unless there is one; 2 ms for one text, 4 for 64."""
        if self._context is not None and self._capacity[0] >= tokens and self._capacity[1] >= texts:
            return
        self._close_context()
        native = self._native
        params = native.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = tokens
        params.n_seq_max = texts
        params.kv_unified = True
        params.embeddings = True
        params.n_threads = params.n_threads_batch = _threads()
        self._context = native.llama_init_from_model(self._model, params)
        if not self._context:
            self._context = None
            raise ModelUnavailable("llama.cpp has no memory for the embedder", hint="close some programs and try again")
        if native.llama_pooling_type(self._context) == _EMPTY_POOLING:
            self.close()
            raise ModelUnavailable(f"{self._weights.gguf} is not an embedding model", hint="choose one that pools")
        self._batch = native.llama_batch_init(tokens, 0, 1)
        self._capacity = (tokens, texts)

    def _close_context(self) -> None:
        if self._context is not None:
            self._native.llama_batch_free(self._batch)
            self._native.llama_free(self._context)
            self._context = None

    def _tokenize(self, text: str) -> list[int]:
        """Token ids with those that begin and end a text, at most `max_tokens`; a cut keeps the last one."""
        limit = self._weights.max_tokens
        data = text.encode("utf-8", "replace")
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

    def _pieces(self) -> WordPiece:
        if self._wordpiece is None:
            header = ggufcheck.read(self._weights.gguf)
            pieces = {piece: number for number, piece in enumerate(header.get("tokenizer.ggml.tokens", ()))}
            self._wordpiece = WordPiece(pieces, header.get("tokenizer.ggml.unknown_token_id", 100))
        return self._wordpiece

    def _groups(self, tokens: list[list[int]]) -> Iterator[list[int]]:
        """Indexes of texts that fit into one batch together, the longest texts first."""
        room, seats = self._capacity
        group: list[int] = []
        used = 0
        for index in sorted(range(len(tokens)), key=lambda index: -len(tokens[index])):
            if group and (used + len(tokens[index]) > room or len(group) == seats):
                yield group
                group, used = [], 0
            group.append(index)
            used += len(tokens[index])
        if group:
            yield group

    def _run(self, sequences: list[list[int]]) -> None:
        batch, at = self._batch, 0
        for number, ids in enumerate(sequences):
            for position, token in enumerate(ids):
                batch.token[at] = token
                batch.pos[at] = position
                batch.n_seq_id[at] = 1
                batch.seq_id[at][0] = number
                batch.logits[at] = 1
                at += 1
        batch.n_tokens = at
        memory = self._native.llama_get_memory(self._context)  # an encoder such as BERT has none
        if memory:
            self._native.llama_memory_clear(memory, True)  # noqa: FBT003 -- C
        status = self._native.llama_decode(self._context, batch)
        if status != 0:
            raise ModelUnavailable(f"llama.cpp failed to embed (status {status})", hint="`memos doctor` tells more")

    def _vector(self, sequence: int) -> "NDArray[np.float32]":
        """A view of llama.cpp's own memory, valid until the next batch; shape (dimensions,)."""
        import numpy as np

        pointer = self._native.llama_get_embeddings_seq(self._context, sequence)
        if not pointer:
            raise ModelUnavailable("llama.cpp gave no vector", hint="`memos doctor` tells more")
        return np.ctypeslib.as_array(pointer, (self.dimensions,))


def _threads() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(MAX_THREADS, available or 1))
