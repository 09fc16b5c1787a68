"""Weights of the embedder as files: what `find` has found, and what both runtimes load. Nothing is read here."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that both runtimes can use.

    Attributes:
        gguf: the file for llama.cpp.
        folder: the same weights for sentence-transformers, where this machine has them.
        fingerprint: name, digest, pooling and length limit; one for both runtimes, whose vectors agree to 0.9999.
        dimensions: length of a vector.
        max_tokens: where a text is cut, `[CLS]` and `[SEP]` included.
    """

    gguf: Path
    folder: Path | None
    fingerprint: str
    dimensions: int
    max_tokens: int = 256
