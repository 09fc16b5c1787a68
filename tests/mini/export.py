"""Write memos-mini as one GGUF with its tokenizer and chat template: `python -m tests.mini.export FOLDER FILE`.

Matrices are f16, norms f32. llama.cpp wants the rows of q and k interleaved where transformers has them in halves.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
from tokenizers import Tokenizer

from memos_cli.operation.prompt.layout import JINJA, MINI
from tests.mini import tokenizer, train
from tests.mini.network import Mini

_NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def renamed(name: str) -> str:
    """`layers.3.mlp.up_proj.weight` to `blk.3.ffn_up.weight`."""
    body = name.removesuffix(".weight")
    if body.startswith("layers."):
        _, number, rest = body.split(".", 2)
        return f"blk.{number}.{_NAMES[rest]}.weight"
    return f"{_NAMES[body]}.weight"


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rotary halves to neighbours. weight: (heads * size, width)."""
    rows, width = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, width).swapaxes(1, 2).reshape(rows, width)


def write(model: Mini, pieces: Tokenizer, path: Path) -> None:
    """The GGUF."""
    shape = model.shape
    out = gguf.GGUFWriter(path, "llama")
    out.add_name("memos-mini")
    out.add_description("Answers from memories; trained from scratch on generated text for memos")
    out.add_license("apache-2.0")
    out.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    out.add_vocab_size(shape.vocab)
    out.add_context_length(shape.context)
    out.add_embedding_length(shape.width)
    out.add_block_count(shape.layers)
    out.add_feed_forward_length(shape.hidden)
    out.add_head_count(shape.heads)
    out.add_head_count_kv(shape.kv_heads)
    out.add_rope_dimension_count(shape.width // shape.heads)
    out.add_rope_freq_base(shape.theta)
    out.add_layer_norm_rms_eps(shape.epsilon)
    described = json.loads(pieces.to_str())
    ids = sorted(pieces.get_vocab(with_added_tokens=True).items(), key=lambda item: item[1])
    assert [number for _, number in ids] == list(range(shape.vocab))
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list([token for token, _ in ids])
    marks = set(tokenizer.MARKS)
    out.add_token_types([gguf.TokenType.CONTROL if token in marks else gguf.TokenType.NORMAL for token, _ in ids])
    out.add_token_merges([" ".join(pair) if isinstance(pair, list) else pair for pair in described["model"]["merges"]])
    out.add_bos_token_id(pieces.token_to_id(MINI.begin))
    out.add_eos_token_id(pieces.token_to_id(MINI.assistant[1]))
    out.add_pad_token_id(pieces.token_to_id("<|pad|>"))
    out.add_add_bos_token(value=False)
    out.add_add_eos_token(value=False)
    out.add_chat_template(JINJA)
    for name, tensor in model.state_dict().items():
        weight = tensor.float().numpy()
        if name.endswith("q_proj.weight"):
            weight = interleaved(weight, shape.heads)
        if name.endswith("k_proj.weight"):
            weight = interleaved(weight, shape.kv_heads)
        out.add_tensor(renamed(name), weight.astype(np.float16 if weight.ndim == 2 else np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    write(train.load(options.folder / "model.pt"), tokenizer.load(options.folder / "tokenizer.json"), options.file)


if __name__ == "__main__":
    main()
