"""A tiny model that memos knows by its digest, with an adapter that ships for it: as SmolLM2 is known, for this test alone."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from memos_cli.backends.llms import carriers
from memos_cli.infra import files
from memos_cli.operation import model_files
from tests import tiny

NAME = "tiny"
SHAPES = {"blk.0.attn_v.weight": (tiny.WIDTH, tiny.WIDTH // 2), "blk.0.attn_output.weight": (tiny.WIDTH, tiny.WIDTH)}


def ship(
    monkeypatch: pytest.MonkeyPatch,
    model: Path,
    folder: Path,
    *,
    seed: int = 11,
    shapes: Mapping[str, tuple[int, int]] = MappingProxyType(SHAPES),
) -> Path:
    """Let memos know a model file, and ship a random adapter for it; returns the adapter's file."""
    adapter = tiny.write_adapter(folder / f"{NAME}-answers-{seed}.gguf", shapes, seed=seed)
    known = replace(
        carriers.SMOLLM2, name=NAME, stem=NAME, package="not_installed_here", file=model.name, file_sha256=files.digest(model)
    )
    monkeypatch.setattr(carriers, "CARRIERS", {NAME: known})
    monkeypatch.setattr(model_files, "_ANSWERS", {NAME: adapter.name})
    shipped = model_files.data
    monkeypatch.setattr(model_files, "data", lambda name: adapter if name == adapter.name else shipped(name))
    return adapter
