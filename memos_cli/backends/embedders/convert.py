"""Writes a sentence-transformers folder of a BERT (all-MiniLM-L6-v2 and similar models) as one GGUF file for llama.cpp.

The format of the weights is chosen by measurement (all-MiniLM-L6-v2, 41 texts in 20 scripts, llama-cpp-python 0.3.36,
2 cores; cosine against sentence-transformers in float32):

    format   file     load    lowest cosine
    f32      91 MB    40 ms   0.999997
    f16      46 MB    40 ms   0.999996
    q8_0     25 MB    40 ms   0.9984

Loading costs the same, since the file is mapped and the vocabulary takes the time. So f16 is the default: it is as good as
f32, while with q8_0 the two runtimes would differ by more than neighbours in a ranking do.
"""

import json
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from memos_cli import modes
from memos_cli.errors import ModelUnavailable, extra

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Format = Literal["f32", "f16", "q8_0"]

FINGERPRINT_KEY = "memos.fingerprint"
"""The GGUF key of the weights' fingerprint in the file."""

MAX_TOKENS_KEY = "memos.max_tokens"
QUERY_PREFIX_KEY, PASSAGE_PREFIX_KEY = "memos.query_prefix", "memos.passage_prefix"

_EMBEDDINGS = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
ALWAYS_F32 = ("position_embd.weight", "token_types.weight")  # llama.cpp adds these two row by row in f32
_CONTROL = 3
_NORMAL = 1


def convert(folder: Path, target: Path, fingerprint: str, *, form: Format = "f16") -> None:
    """Write `target`, complete or not at all: a temporary file in its folder, fsync, rename.

    Args:
        folder: holds model.safetensors, config.json and vocab.txt or tokenizer.json.
        target: the GGUF file; replaced where it exists.
        fingerprint: stored in the file under `FINGERPRINT_KEY`.
        form: how the matrices are stored; vectors and the position table are always float32.

    Raises:
        ModelUnavailable: a package or a file is missing, or the model is not a mean-pooled uncased BERT.
    """
    with writing(target, folder, "it must be a BERT in sentence-transformers' layout") as temporary:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        try:
            tensors = load_file(folder / "model.safetensors")
        except SafetensorError as error:
            raise ValueError(str(error)) from error
        pieces = read_vocabulary(folder)
        _require_mean_pooling(folder, config)
        notes: dict[str, str | int] = {FINGERPRINT_KEY: fingerprint, MAX_TOKENS_KEY: read_max_tokens(folder)}
        _write(temporary, config, tensors, pieces, notes, form)


@contextmanager
def writing(target: Path, source: Path, hint: str) -> Iterator[Path]:
    """A temporary file in the folder of `target`, which takes its place at the end unless something failed.

    Args:
        target: the file to write.
        source: what it is made of; named in an error.
        hint: what to do about a source that cannot be used.

    Raises:
        ModelUnavailable: a package is missing, or the source is not what it has to be.
    """
    try:
        import gguf  # noqa: F401 -- fails before half a file is written

        modes.make_folder(target.parent)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except ImportError as error:
        raise ModelUnavailable(
            f"the package {error.name} is needed to convert {source.name}", hint=extra("semantic")
        ) from error
    except (OSError, LookupError, ValueError, struct.error) as error:
        raise ModelUnavailable(f"cannot convert the model in {source}: {error}", hint=hint) from error


def read_vocabulary(folder: Path) -> list[str]:
    """The pieces in the order of their ids, as BERT writes them (`##` before a piece that continues a word)."""
    plain = folder / "vocab.txt"
    if plain.is_file():
        return plain.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    model = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    vocabulary: dict[str, int] = model["vocab"]
    return sorted(vocabulary, key=vocabulary.__getitem__)


def read_max_tokens(folder: Path) -> int:
    """Most tokens of a text, `[CLS]` and `[SEP]` included; 256 where the folder does not say."""
    settings = folder / "sentence_bert_config.json"
    if not settings.is_file():
        return 256
    return int(json.loads(settings.read_text(encoding="utf-8")).get("max_seq_length") or 256)


def _require_mean_pooling(folder: Path, config: dict[str, Any]) -> None:
    if config.get("model_type") != "bert":
        raise ValueError(f"model type {config.get('model_type')!r}")
    settings = folder / "1_Pooling" / "config.json"
    if settings.is_file() and not json.loads(settings.read_text(encoding="utf-8")).get("pooling_mode_mean_tokens"):
        raise ValueError("pooling is not by mean")


def _write(
    path: Path,
    config: dict[str, Any],
    tensors: "Mapping[str, NDArray[Any]]",
    pieces: list[str],
    notes: dict[str, str | int],
    form: Format,
) -> None:
    import gguf

    writer = gguf.GGUFWriter(path, "bert")
    _add_shape(writer, config)
    _add_tokenizer(writer, pieces, int(config.get("type_vocab_size", 2)))
    writer.add_string(FINGERPRINT_KEY, notes[FINGERPRINT_KEY])
    writer.add_uint32(MAX_TOKENS_KEY, notes[MAX_TOKENS_KEY])
    for source, name in tensor_names(int(config["num_hidden_layers"])).items():
        _add_tensor(writer, name, tensors[source] if source in tensors else tensors["bert." + source], form)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: Any, config: dict[str, Any]) -> None:  # noqa: ANN401 -- gguf ships no types
    import gguf

    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_head_count(int(config["num_attention_heads"]))
    writer.add_layer_norm_eps(float(config["layer_norm_eps"]))
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)


def _add_tokenizer(writer: Any, pieces: list[str], token_types: int) -> None:  # noqa: ANN401 -- gguf ships no types
    ids = {piece: number for number, piece in enumerate(pieces)}
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(token_types)
    writer.add_token_list([piece if piece in special else _piece(piece) for piece in pieces])
    writer.add_token_types([_CONTROL if piece in special else _NORMAL for piece in pieces])
    writer.add_bos_token_id(ids["[CLS]"])
    writer.add_sep_token_id(ids["[SEP]"])
    writer.add_unk_token_id(ids["[UNK]"])
    writer.add_pad_token_id(ids["[PAD]"])
    writer.add_mask_token_id(ids["[MASK]"])


def _piece(piece: str) -> str:
    """A piece in llama.cpp's form, which marks pieces that begin a word, where BERT marks those that do not."""
    return piece[2:] if piece.startswith("##") else "\N{LOWER ONE EIGHTH BLOCK}" + piece


def tensor_names(layers: int) -> dict[str, str]:
    """From Hugging Face's name of each tensor to llama.cpp's, for a BERT with so many layers."""
    names = dict(_EMBEDDINGS)
    for layer in range(layers):
        for source, name in _LAYER.items():
            for part in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{source}.{part}"] = f"blk.{layer}.{name}.{part}"
    return names


def _add_tensor(writer: Any, name: str, tensor: "NDArray[Any]", form: Format) -> None:  # noqa: ANN401 -- gguf, untyped
    import gguf
    import numpy as np

    values = tensor.astype(np.float32)
    if values.ndim == 1 or name in ALWAYS_F32 or form == "f32":
        writer.add_tensor(name, values)
    elif form == "f16":
        writer.add_tensor(name, values.astype(np.float16))
    else:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
