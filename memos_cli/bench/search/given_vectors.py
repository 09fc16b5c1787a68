"""An embedder whose vectors are given: unit vectors in clusters, as those of sentences are, made of a text without a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 384
"""Length of a vector: that of the smallest embedders in use."""
_SPREAD = 0.9
"""The spread of a cluster, as a share of the distance between clusters."""
_NOISE = 1 << 16
"""Numbers of the noise; that of a text begins at a place of its own."""


class GivenVectors:
    """The embedder.

    Args:
        clusters: how many clusters there are; texts that begin with the same word are in one.
        seed: of the clusters.
    """

    dimensions = DIMENSIONS

    def __init__(self, clusters: int, seed: int) -> None:
        import numpy as np

        self.fingerprint = f"given:{clusters}:{seed}"
        chance = np.random.default_rng(seed)
        self._centres = chance.standard_normal((clusters, DIMENSIONS), np.float32)
        noise = _SPREAD * chance.standard_normal(_NOISE + DIMENSIONS, np.float32)
        self._noise = np.lib.stride_tricks.sliding_window_view(noise, DIMENSIONS)

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit vectors, float32, shape (len(texts), dimensions); equal texts have equal vectors."""
        import numpy as np

        places = [
            (crc32(text.partition(" ")[0].encode()) % len(self._centres), crc32(text.encode()) % _NOISE) for text in texts
        ]
        if not places:
            return np.zeros((0, DIMENSIONS), np.float32)
        clusters, starts = np.array(places).T
        vectors: NDArray[np.float32] = self._centres[clusters] + self._noise[starts]
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """As `embed`."""
        return self.embed(texts)

    @property
    def background(self) -> tuple[float, float]:
        """Mean and standard deviation of the cosine between vectors of two clusters, which are drawn independently."""
        return 0.0, DIMENSIONS**-0.5

    def reads(self, text: str) -> float:  # noqa: ARG002 -- the port's argument
        """All of it."""
        return 1.0

    def close(self) -> None:
        """Nothing: there is no model."""
