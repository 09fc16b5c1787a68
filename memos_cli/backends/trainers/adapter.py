"""Writes a LoRA adapter in PEFT's form as an adapter for llama.cpp, and reads what such a one adds to a model.

The format is GGUF with `general.type` `adapter` and a pair of tensors for each weight that is changed: `NAME.lora_a` of shape
(rank, columns) and `NAME.lora_b` of shape (rows, rank), applied as `x + alpha / rank * (x A^T) B^T`. In the architecture llama
the rows of q and k are interleaved in a GGUF but in halves in transformers, so the rows of their B are interleaved here, too.
"""

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli import modes
from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llms import adapters
from memos_cli.errors import IntegrityError, ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""The linear layers of a block, as transformers and as GGUF name them."""
ARCHITECTURES = {"llama": True, "qwen2": False}
"""The architectures whose adapters were compared with llama.cpp, and whether the rows of q and k are interleaved."""
_NAME = re.compile(r"(?:.*\.)?layers\.(?P<block>\d+)\.(?P<part>\w+\.\w+)\.lora_(?P<side>[AB])(?:\.default)?\.weight")
_WEIGHT = re.compile(r"blk\.(?P<block>\d+)\.(?P<part>\w+)\.weight")


def convert(source: Path, target: Path, base: Path) -> None:
    """Write a PEFT adapter (safetensors, with its `adapter_config.json` beside it) as a GGUF adapter for a base.

    Raises:
        ModelUnavailable: an unknown architecture.
        IntegrityError: not an adapter, or not one for this base.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        described = json.loads(source.with_name("adapter_config.json").read_text(encoding="utf-8"))
        tensors, alpha, rank = load_file(source), float(described["lora_alpha"]), int(described["r"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise IntegrityError(f"not an adapter: {source} ({error})") from None
    if described.get("use_rslora"):
        alpha *= math.sqrt(rank)
    write(target, tensors, alpha, base)


def write(target: Path, tensors: "Mapping[str, NDArray[np.float32]]", alpha: float, base: Path) -> None:
    """Write the tensors of an adapter, named as PEFT names them, and check the file against its base.

    Raises:
        ModelUnavailable: an unknown architecture, or tensors that do not fit the base.
        IntegrityError: tensors of something else than a block's linear layers.
    """
    import gguf
    import numpy as np

    header = gguf_header.read(base)
    architecture = str(header.get("general.architecture"))
    heads = _heads(header, architecture)
    half = target.with_name(f".{target.name}.half")
    writer = gguf.GGUFWriter(half, architecture)
    try:
        modes.make_file(half)  # the writer opens it when it has all it needs to
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
        for name in sorted(tensors):
            match = _NAME.fullmatch(name)
            if match is None or match["part"] not in PARTS:
                raise IntegrityError(f"the adapter changes {name[:80]!r}, which is not supported")
            part, side = PARTS[match["part"]], match["side"]
            weight = np.ascontiguousarray(tensors[name], dtype=np.float32)
            if side == "B" and part in heads:
                weight = interleaved(weight, heads[part])
            writer.add_tensor(f"blk.{match['block']}.{part}.weight.lora_{side.lower()}", weight)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        adapters.check(half, header)
        half.replace(target)
    finally:
        writer.close()
        half.unlink(missing_ok=True)


def interleaved(rows: "NDArray[np.float32]", heads: int) -> "NDArray[np.float32]":
    """Rotary halves to interleaved rows. rows: (heads * size, columns)."""
    count, columns = rows.shape
    if count % (2 * heads):
        raise IntegrityError(f"{count} rows are no {heads} heads")
    return rows.reshape(heads, 2, count // heads // 2, columns).swapaxes(1, 2).reshape(count, columns)


def read(path: Path, base: Path) -> "Iterator[tuple[str, NDArray[np.float32]]]":
    """What an adapter for llama.cpp adds to each weight of its base, by the names of transformers and with its order of rows.

    Yields:
        The name of a linear layer, such as `model.layers.0.mlp.up_proj`, and the product to add, (rows, columns).

    Raises:
        ModelUnavailable: an unknown architecture, or an adapter that is damaged or not for this base.
    """
    import gguf
    import numpy as np

    header = gguf_header.read(base)
    adapters.check(path, header)
    heads = _heads(header, str(header.get("general.architecture")))
    alpha = float(gguf_header.read(path).get("adapter.lora.alpha"))
    known = {part: name for name, part in PARTS.items()}
    factors = {one.name: one for one in gguf.GGUFReader(path).tensors}
    for name in sorted(one.removesuffix(".lora_a") for one in factors if one.endswith(".lora_a")):
        match = _WEIGHT.fullmatch(name)
        if match is None or match["part"] not in known:
            raise ModelUnavailable(f"the adapter {path} changes {name[:80]!r}, and models with that cannot be trained")
        down, up = (
            gguf.dequantize(one.data, one.tensor_type).astype(np.float32)
            for one in (factors[f"{name}.lora_a"], factors[f"{name}.lora_b"])
        )
        if match["part"] in heads:
            up = halved(up, heads[match["part"]])
        yield f"model.layers.{match['block']}.{known[match['part']]}", np.float32(alpha / len(down)) * (up @ down)


def halved(rows: "NDArray[np.float32]", heads: int) -> "NDArray[np.float32]":
    """Interleaved rows to rotary halves: the inverse of `interleaved`. rows: (heads * size, columns)."""
    count, columns = rows.shape
    return rows.reshape(heads, count // heads // 2, 2, columns).swapaxes(1, 2).reshape(count, columns)


def _heads(header: gguf_header.Header, architecture: str) -> dict[str, int]:
    """The parts whose rows are interleaved, each with its number of heads."""
    if architecture not in ARCHITECTURES:
        raise ModelUnavailable(
            f"adapters for the architecture {architecture} are not supported",
            hint=f"choose a model of: {', '.join(ARCHITECTURES)}",
        )
    if not ARCHITECTURES[architecture]:
        return {}
    heads = header.get("{arch}.attention.head_count")
    fewer = header.get("{arch}.attention.head_count_kv", heads)
    if not (isinstance(heads, int) and isinstance(fewer, int) and heads > 0 and fewer > 0):
        raise ModelUnavailable("the model's header does not tell its heads", hint="choose another model: memos model list")
    return {"attn_q": heads, "attn_k": fewer}
