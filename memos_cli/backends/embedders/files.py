"""Weights of the embedder as files: what `find` has found, and what both runtimes load. Nothing is read here."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that both runtimes can use.

    Attributes:
        gguf: the file for llama.cpp.
        folder: the same weights for sentence-transformers, where this machine has them.
        fingerprint: name, digest, pooling, length limit and prefixes; one for both runtimes, whose vectors agree to 0.9999.
        dimensions: length of a vector.
        max_tokens: where a text is cut, `[CLS]` and `[SEP]` included.
        query_prefix: what the model was trained to see before a query.
        passage_prefix: what it was trained to see before a text that is to be found.
        pooling: how the tokens' vectors are made one, where that is not as the GGUF file says: `mean`, `cls` or `last`.
        records: the folder of `backends.llama.records` that has a record of the GGUF file; `None` where none is kept.
    """

    gguf: Path
    folder: Path | None
    fingerprint: str
    dimensions: int
    max_tokens: int = 256
    query_prefix: str = ""
    passage_prefix: str = ""
    pooling: str = ""
    records: Path | None = field(default=None, compare=False)
