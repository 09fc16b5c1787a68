"""The checkpoints of a training: safetensors and JSON, never pickle, complete or absent.

A checkpoint is one file: tensors, and the JSON beside them in the file's own header, so that the two cannot disagree.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli import modes

if TYPE_CHECKING:
    import torch

NAME = "checkpoint.safetensors"


def save(path: Path, tensors: "Mapping[str, torch.Tensor]", state: Mapping[str, Any]) -> None:
    """Write tensors and state to `path`; a process killed in between leaves the previous file."""
    from safetensors.torch import save_file

    half = path.with_name(f".{path.name}.half")
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        modes.make_file(half)
        save_file(plain, half, metadata={"state": json.dumps(dict(state), sort_keys=True)})
        sync(half)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def load(path: Path, identity: str) -> "tuple[dict[str, torch.Tensor], dict[str, Any]] | None":
    """The checkpoint of the training with this identity; `None` where it is missing, another's, or damaged."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            state = json.loads((file.metadata() or {}).get("state", "{}"))
            if not isinstance(state, dict) or state.get("identity") != identity:
                return None
            return {name: file.get_tensor(name) for name in file.keys()}, state  # noqa: SIM118 -- no mapping
    except (OSError, ValueError, SafetensorError):
        return None


def sync(path: Path) -> None:
    """Ensure that a file is on disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
