"""One llama.cpp context: batches of token ids in, vectors out, on one thread.

One thread, because llama.cpp's threads wait for each other by spinning, dozens of times a batch. On two idle cores a second
thread saves 2 ms of a query's 8; on two busy ones it made a query take 1,100 ms in place of 5. In bulk, several contexts with
one thread each use the cores as well, and never wait for each other.
"""

from typing import TYPE_CHECKING, Any

from memos_cli.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_POOLINGS = {"mean": 1, "cls": 2, "last": 3}
"""`llama_pooling_type` of llama.h; others make no vector of a whole text (0), or a score (4)."""


class Context:
    """A context over a loaded model.

    Args:
        native: the bindings.
        model: the model's handle; it must outlive the context.
        tokens: the most tokens of a batch.
        texts: the most texts of a batch.
        pooling: `mean`, `cls` or `last` in place of what the model's file says; empty for that.

    Raises:
        ModelUnavailable: memory is short, or the model makes no vector of a whole text.
    """

    def __init__(self, native: Any, model: Any, tokens: int, texts: int, pooling: str = "") -> None:  # noqa: ANN401 -- C
        self.tokens = tokens
        self.texts = texts
        self._native = native
        params = native.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = tokens
        params.n_seq_max = texts
        params.kv_unified = True
        params.embeddings = True
        if pooling:
            params.pooling_type = _POOLINGS[pooling]
        params.n_threads = params.n_threads_batch = 1
        self._context = native.llama_init_from_model(model, params)
        if not self._context:
            raise ModelUnavailable("llama.cpp has no memory for the embedder", hint="close some programs and try again")
        self._batch = native.llama_batch_init(tokens, 0, 1)
        self._memory = native.llama_get_memory(self._context)  # an encoder such as BERT has none
        if native.llama_pooling_type(self._context) not in _POOLINGS.values():
            self.close()
            raise ModelUnavailable(
                "the model makes no vector of a whole text",
                hint="choose an embedding model, or say how: memos config set embedding.pooling mean",
            )

    def embed(self, sequences: list[list[int]], dimensions: int) -> "NDArray[np.float32]":
        """The model's vectors for token ids that together fit one batch; shape (len(sequences), dimensions), not normalised.

        Raises:
            ModelUnavailable: llama.cpp failed.
        """
        import numpy as np

        self._fill(sequences)
        if self._memory:
            self._native.llama_memory_clear(self._memory, True)  # noqa: FBT003 -- C
        status = self._native.llama_decode(self._context, self._batch)
        if status != 0:
            raise ModelUnavailable(f"llama.cpp failed to embed (status {status})", hint="`memos doctor` tells more")
        vectors = np.empty((len(sequences), dimensions), np.float32)
        for number in range(len(sequences)):
            pointer = self._native.llama_get_embeddings_seq(self._context, number)
            if not pointer:
                raise ModelUnavailable("llama.cpp gave no vector", hint="`memos doctor` tells more")
            vectors[number] = np.ctypeslib.as_array(pointer, (dimensions,))
        return vectors

    def close(self) -> None:
        """Free it; calling it twice is fine."""
        if self._context:
            self._native.llama_batch_free(self._batch)
            self._native.llama_free(self._context)
            self._context = None

    def _fill(self, sequences: list[list[int]]) -> None:
        batch, at = self._batch, 0
        token, position, count, sequence, output = batch.token, batch.pos, batch.n_seq_id, batch.seq_id, batch.logits
        for number, ids in enumerate(sequences):
            for place, identifier in enumerate(ids):
                token[at] = identifier
                position[at] = place
                count[at] = 1
                sequence[at][0] = number
                output[at] = 1
                at += 1
        batch.n_tokens = at
