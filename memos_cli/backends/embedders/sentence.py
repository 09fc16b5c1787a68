"""Text to vectors through sentence-transformers: slow to import (6 s), and the fastest runtime for bulk.

This is faster than `SentenceTransformer.encode` (390 against 245 short texts a second on 2 cores), which sorts by characters
and takes a fixed number of texts: here all texts are tokenized first, sorted by tokens, and batched by a budget of tokens, so
that hardly any padding is computed and a batch's activations stay in the cache.
"""

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memos_cli.backends.embedders import readability
from memos_cli.backends.embedders.background import background
from memos_cli.backends.embedders.wordpiece import WORD_START
from memos_cli.backends.llama.bindings import brief_waits
from memos_cli.errors import ModelUnavailable, extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from memos_cli.backends.embedders.files import Weights

BATCH_TOKENS = 1024
"""Padded tokens in a batch; texts a second on 2 cores: 512: 361, 1024: 397, 2048: 378, 8192: 214."""

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


class SentenceEmbedder:
    """An `Embedder` over a sentence-transformers folder. Nothing is imported before `warm` or the first `embed`."""

    def __init__(self, weights: "Weights") -> None:
        self._weights = weights
        self._lock = threading.RLock()
        self._model: Any = None

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

    def warm(self) -> None:
        """Import the packages and load the model now.

        Raises:
            ModelUnavailable: a package or the folder is missing, or the folder holds no usable model.
        """
        with self._lock:
            if self._model is None:
                self._model = self._load()

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit vectors, one row a text; best with thousands at once, since they are sorted by length together.

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
            (ids,) = self._tokenize([text])
            tokenizer = self._model.tokenizer
            if len(tokenizer) >= readability.LARGE:
                return readability.of_pieces(ids.count(tokenizer.unk_token_id), len(ids) - 2, len(text))
            return readability.of_words(map(_piece, tokenizer.convert_ids_to_tokens(ids[1:-1])))

    def _embed(self, texts: Sequence[str], prefix: str) -> "NDArray[np.float32]":
        with self._lock:
            self.warm()
            import numpy as np

            vectors = np.zeros((len(texts), self.dimensions), np.float32)
            if texts:
                tokens = self._tokenize([prefix + text for text in texts])
                for group in batches([len(ids) for ids in tokens]):
                    vectors[group] = self._run([tokens[index] for index in group])
        return vectors

    def close(self) -> None:
        """Free the model; calling it twice is fine, and `embed` loads it again."""
        self._model = None

    def _load(self) -> Any:  # noqa: ANN401 -- a SentenceTransformer, which ships no types that mypy may follow
        folder = self._weights.folder
        if folder is None or not folder.is_dir():
            raise ModelUnavailable("no sentence-transformers folder for these weights", hint="use the gguf embedder")
        with quiet():
            try:
                from sentence_transformers import SentenceTransformer
            except ImportError as error:
                raise ModelUnavailable(f"sentence-transformers cannot be imported: {error}", hint=extra("bulk")) from error
            try:
                model = SentenceTransformer(str(folder), device=device(), local_files_only=True)
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                raise ModelUnavailable(
                    f"cannot load {folder}: {error}", hint="it must be a sentence-transformers folder"
                ) from error
        model.eval()
        return model

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._model.tokenizer(
            [text.encode("utf-8", "replace").decode() for text in texts],  # Rust takes no lone surrogates
            truncation=True,
            max_length=self._weights.max_tokens,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        ids: list[list[int]] = encoded["input_ids"]
        return ids

    def _run(self, sequences: list[list[int]]) -> "NDArray[np.float32]":
        """Run one padded batch through the model; shape (len(sequences), dimensions), rows of length 1."""
        import numpy as np
        import torch

        longest = max(map(len, sequences))
        ids = np.full((len(sequences), longest), self._model.tokenizer.pad_token_id, np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        device = self._model.device
        features = {
            "input_ids": torch.from_numpy(ids).to(device),
            "attention_mask": torch.from_numpy(mask).to(device),
        }
        with torch.inference_mode():
            vectors = torch.nn.functional.normalize(self._model(features)["sentence_embedding"].float(), dim=1)
        result: NDArray[np.float32] = vectors.cpu().numpy()
        return result


def batches(lengths: Sequence[int], budget: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Indexes in groups of similar length, the longest first, each group at most `budget` tokens with its padding."""
    group: list[int] = []
    width = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if group and (len(group) + 1) * width > budget:
            yield group
            group = []
        if not group:
            width = lengths[index]
        group.append(index)
    if group:
        yield group


def _piece(text: str) -> readability.Piece:
    """A token, which the vocabulary of a GGUF writes in another way than this one."""
    continues, special = text.startswith("##"), text.startswith("[") and len(text) > 1
    return readability.piece(text[2:] if continues else text if special else WORD_START + text)


def device() -> str:
    """Where torch computes fastest on this machine."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def quiet() -> Iterator[None]:
    """No network, no telemetry, no progress bar, no warning, brief waits while the packages load; restores the environment."""
    before = {name: os.environ.get(name) for name in _OFFLINE}
    os.environ.update(_OFFLINE)
    try:
        with warnings.catch_warnings(), brief_waits():
            warnings.simplefilter("ignore")
            _hush()
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _hush() -> None:
    for name in ("transformers", "sentence_transformers", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        from transformers.utils import logging as transformers_logging
    except ImportError:
        return
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
