"""Generations of adapters without a training: real files for a tiny model, and the records that a run leaves."""

import json
import random
from array import array
from pathlib import Path
from typing import Any

from memos_cli import MOS
from memos_cli.infra import files
from memos_cli.infra.local import adapters
from memos_cli.infra.transfer import adapter_files
from memos_cli.infra.vault.units import new_id
from memos_cli.model import Adapter, Filter
from memos_cli.operation.parametric import eligibility, generations, lessons, training
from tests import tiny

SCORES = {
    "facts": 2, "questions": 4, "closed_book": 1.0, "base": 0.0, "rag": 1.0, "both": 1.0, "negatives": 4,
    "negatives_refused": 1.0, "negatives_refused_base": 1.0, "in_context": 0.9, "in_context_base": 0.9, "drift": 0.0,
    "text_drift": 0.1,
}  # fmt: skip
SHAPES = {"blk.0.attn_q.weight": (tiny.WIDTH, tiny.WIDTH)}
RANK = 4
FACTORS = {
    "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": (RANK, tiny.WIDTH),
    "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight": (tiny.WIDTH, RANK),
}
"""What PEFT calls a pair of factors of the tiny models, and their shapes."""


def config(**other: Any) -> bytes:
    """How an adapter is laid out, as a training writes it."""
    told = {"lora_alpha": 8.0, "peft_type": "LORA", "r": RANK, "use_rslora": False, **other}
    return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def weights(seed: int = 1) -> bytes:
    """Tensors as a training writes them, with numbers that are whatever the seed says."""
    chance = random.Random(seed)
    numbers = [chance.uniform(-1, 1) for shape in FACTORS.values() for _ in range(shape[0] * shape[1])]
    return adapter_files.header(FACTORS) + array("f", numbers).tobytes()


def grow(
    mos: MOS,
    model: Path,
    *,
    base: str | None = None,
    failures: tuple[str, ...] = (),
    promoted: bool = True,
    seed: int = 1,
    shapes: dict[str, tuple[int, int]] | None = None,
) -> Adapter:
    """A generation that knows all current facts of the first cube.

    Args:
        base: what it is for, where that is not the model's file alone.
    """
    vault = mos.vaults()[0]
    identity, now = new_id(), mos.now
    place = adapters.folder(vault, identity)
    place.mkdir(parents=True)
    tiny.write_adapter(place / adapters.LLAMA, shapes or SHAPES, seed=seed)
    (place / adapters.WEIGHTS).write_bytes(weights(seed))
    (place / adapters.CONFIG).write_bytes(config())
    facts = vault.find(Filter(at=now, kinds=("fact",)))
    selection = eligibility.of_cube(vault, "2999-01-01T00:00:00.000Z")
    assert len(selection.chosen) == len(facts)
    lessons.save(place / adapters.DATA, training.write_examples(vault, selection, now))
    number = max((one.number for one in generations.of(vault)), default=0) + 1
    fields: dict[str, Any] = {
        "number": number, "model": model.stem, "base": base or files.digest(model),
        "covers": {one.id: one.version for one in facts},
        "status": "evaluated", "created_at": now, "settings": {"rank": 4}, "scores": SCORES, "failures": list(failures),
        "files": adapters.seals(place),
    }  # fmt: skip
    with mos.author("consolidate").write(vault) as unit:
        unit.change(adapters.NOUN, identity, fields)
    one = next(one for one in generations.of(vault) if one.id == identity)
    return generations.promote(mos, vault, one) if promoted else one
