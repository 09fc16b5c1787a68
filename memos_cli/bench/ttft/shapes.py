"""Models with random weights in the shape of known ones: the cost of a computation depends on the shape alone.

The shapes are those of Qwen2.5, from its `config.json` (https://huggingface.co/Qwen/Qwen2.5-0.5B, …-1.5B). Weights are drawn
evenly around zero with a variance of one over the number of inputs, so that activations keep their size, and logits vary about
as much as a trained model's; otherwise their differences would look better than they are.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli.errors import ModelUnavailable, extra
from memos_cli.infra import files


class Shape(NamedTuple):
    """How large a decoder is."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int


SHAPES = {
    "0.5B": Shape(24, 896, 14, 2, 4864, 151_936),
    "1.5B": Shape(28, 1536, 12, 2, 8960, 151_936),
    "tiny": Shape(2, 64, 2, 1, 128, 512),
}
WEIGHTS = ("q8_0", "f16")
CONTEXT = 32_768
_ROPE_BASE = 1e6
_EPSILON = 1e-6
_EMBEDDING = "token_embd.weight"
_SPREAD = 0.1
"""Standard deviation of the embedding, which is the output matrix too: logits get one of 3 at a width of 896."""
_BLOCK = 32
"""Numbers that share a scale in q8_0 (ggml-common.h: a float16 scale, then 32 int8)."""
_CHUNK = 4 << 20
"""Numbers drawn at once: the process stays below 100 MB however large a tensor is (measured: 88)."""
_VERSION = 1
"""Part of the file's name; to be raised when the content changes."""

Tell = Callable[[int, int], None]


@contextmanager
def written(
    name: str, weights: str, folder: Path, *, keep: bool = False, tell: Tell = lambda *_: None
) -> Iterator[tuple[Path, str]]:
    """A model file of a shape, and its SHA-256. It is removed when the block ends, unless `keep` or an earlier run keeps it.

    Args:
        name: of the shape.
        weights: the type of the weights, `q8_0` or `f16`.
        folder: where it lies, in the cache: a temporary folder may be in memory, and the file has up to 3 GB.
        keep: whether it stays for the next time.
        tell: called with how many bytes are written, and of how many.

    Raises:
        ModelUnavailable: the package gguf is not installed.
    """
    path = folder / f"{name}-{weights}.{_VERSION}.gguf"
    record = path.with_suffix(".json")
    digest = _kept(path, record)
    stays = keep or digest is not None
    try:
        if digest is None:
            with files.replaced(path) as half:  # synced too, so that the disk is idle when measuring begins
                _write(half, SHAPES[name], weights, tell)
            digest = files.digest(path)
            if keep:
                files.write(record, json.dumps({"sha256": digest}).encode())
        yield path, digest
    finally:
        if not stays:
            path.unlink(missing_ok=True)
            record.unlink(missing_ok=True)


def _kept(path: Path, record: Path) -> str | None:
    """The digest of a file that an earlier run kept, if it is unchanged."""
    try:
        known = json.loads(record.read_text(encoding="utf-8"))["sha256"]
        return str(known) if files.digest(path) == known else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, shape: Shape, weights: str, tell: Tell) -> None:
    try:
        import gguf
        import numpy as np
    except ImportError as error:
        raise ModelUnavailable("the package gguf is not installed", hint=extra("llm")) from error
    writer = gguf.GGUFWriter(path, "qwen2")
    _head(writer, shape)
    kinds = {"q8_0": gguf.GGMLQuantizationType.Q8_0, "f16": gguf.GGMLQuantizationType.F16}
    tensors = {
        name: _Noise(dimensions, weights, seed, _SPREAD if name == _EMBEDDING else dimensions[-1] ** -0.5)
        for seed, (name, dimensions) in enumerate(_tensors(shape).items())
    }
    for name, tensor in tensors.items():
        writer.add_tensor_info(
            name, tensor.shape, np.dtype(np.float32), tensor.nbytes, kinds[weights] if len(tensor.shape) > 1 else None
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    total, done = sum(tensor.nbytes for tensor in tensors.values()), 0
    for tensor in tensors.values():
        writer.write_tensor_data(tensor)  # it asks for `nbytes` and `tofile`, which `_Noise` has: no tensor is whole in memory
        done += tensor.nbytes
        tell(done, total)
    writer.close()


def _head(writer: Any, shape: Shape) -> None:  # noqa: ANN401 -- gguf has no types
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_freq_base(_ROPE_BASE)
    writer.add_layer_norm_rms_eps(_EPSILON)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("no_vocab")  # llama.cpp's name for a model that gets ids and no text


def _tensors(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a Qwen2 decoder's tensors; the output matrix is the embedding."""
    width, wide = shape.width, shape.feed_forward
    narrow = width // shape.heads * shape.kv_heads
    found: dict[str, tuple[int, ...]] = {_EMBEDDING: (shape.vocabulary, width), "output_norm.weight": (width,)}
    for layer in range(shape.layers):
        one: dict[str, tuple[int, ...]] = {
            "attn_norm.weight": (width,), "ffn_norm.weight": (width,),
            "attn_q.weight": (width, width), "attn_k.weight": (narrow, width), "attn_v.weight": (narrow, width),
            "attn_q.bias": (width,), "attn_k.bias": (narrow,), "attn_v.bias": (narrow,), "attn_output.weight": (width, width),
            "ffn_gate.weight": (wide, width), "ffn_up.weight": (wide, width), "ffn_down.weight": (width, wide),
        }  # fmt: skip
        found.update({f"blk.{layer}.{name}": dimensions for name, dimensions in one.items()})
    return found


class _Noise:
    """A tensor that is drawn while it is written; a vector, which is a norm's or a bias, is ones with a little noise.

    Args:
        shape: its shape, rows first.
        kind: the type of its numbers.
        seed: of the random numbers.
        deviation: the standard deviation of a matrix's numbers.
    """

    def __init__(self, shape: tuple[int, ...], kind: str, seed: int, deviation: float) -> None:
        self.shape = shape
        self._kind = kind if len(shape) > 1 else "f32"
        self._seed = seed
        self._bound = deviation * 3**0.5  # evenly from (-b, b) has a standard deviation of b / sqrt(3)
        self._count = prod(shape)
        sizes = {"f32": 4 * self._count, "f16": 2 * self._count, "q8_0": self._count // _BLOCK * (_BLOCK + 2)}
        self.nbytes = sizes[self._kind]

    def tofile(self, file: Any) -> None:  # noqa: ANN401 -- as numpy's
        """Draw it and write it, a chunk at a time."""
        import numpy as np

        generator = np.random.default_rng(self._seed)
        for start in range(0, self._count, _CHUNK):
            count = min(_CHUNK, self._count - start)
            if self._kind == "q8_0":
                blocks = np.empty(count // _BLOCK, [("scale", "<f2"), ("numbers", "i1", (_BLOCK,))])
                blocks["scale"] = self._bound / 127
                blocks["numbers"] = generator.integers(-127, 128, (count // _BLOCK, _BLOCK), np.int8)
                blocks.tofile(file)
            elif self._kind == "f16":
                drawn = generator.random(count, np.float32)
                ((2 * drawn - 1) * np.float32(self._bound)).astype("<f2").tofile(file)
            else:
                (1 + generator.random(count, np.float32) / 8).astype("<f4").tofile(file)
