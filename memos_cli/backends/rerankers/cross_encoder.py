"""A cross-encoder of sentence-transformers in this process: slow to import (6 s), and nothing leaves the machine."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memos_cli.backends.embedders.sentence import device, quiet
from memos_cli.errors import ModelUnavailable, extra

_BATCH = 16
"""Pairs in a batch."""


class CrossEncoderReranker:
    """A `Reranker` over a cross-encoder. Nothing is imported before the first `scores`, and nothing is ever downloaded.

    Args:
        model: a folder, or the name of a model that is in the cache of the Hugging Face hub on this machine.
    """

    def __init__(self, model: str) -> None:
        self._path = model
        self._lock = threading.RLock()
        self._model: Any = None

    @property
    def name(self) -> str:
        """The name of the folder, or of the model."""
        return Path(self._path).name

    @property
    def local(self) -> bool:
        """Always."""
        return True

    def scores(self, query: str, texts: Sequence[str]) -> list[float | None]:
        """As `Reranker.scores`."""
        pairs = [(_sound(query), _sound(text)) for text in texts]
        if not pairs:
            return []
        with self._lock:
            if self._model is None:
                self._model = self._load()
            import numpy as np

            try:
                with quiet():
                    made = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False)
            except (ValueError, RuntimeError, IndexError, TypeError) as error:
                raise ModelUnavailable(f"{self.name} cannot be run: {error}", hint="it must be a cross-encoder") from error
        if made.shape != (len(pairs),) or not np.isfinite(made).all():
            raise ModelUnavailable(f"{self.name} gives no score for a text", hint="it must be a cross-encoder with one output")
        return [float(score) for score in made]

    def close(self) -> None:
        """Free the model; calling it twice is fine, and `scores` loads it again."""
        self._model = None

    def _load(self) -> Any:  # noqa: ANN401 -- a CrossEncoder, which ships no types that mypy may follow
        with quiet():
            try:
                from sentence_transformers import CrossEncoder
            except ImportError as error:
                raise ModelUnavailable(f"sentence-transformers cannot be imported: {error}", hint=extra("all")) from error
            try:
                # No code of the model's own is run, and of weights only those in a form that holds no code.
                model = CrossEncoder(
                    self._path, device=device(), local_files_only=True, trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )  # fmt: skip
            except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
                raise ModelUnavailable(
                    f"cannot load {self._path}: {error}".splitlines()[0],
                    hint="search.reranker must be the folder of a cross-encoder with weights in safetensors",
                ) from error
        return model


def _sound(text: str) -> str:
    """The text without lone surrogates, which the tokenizer does not take."""
    return text.encode("utf-8", "replace").decode()
