"""Language models of a few kilobytes that say what a test wants: a real Llama in a real GGUF, without training.

The attention and the feed-forward part are zero, so the next token depends on the last one alone, and the output matrix says
which it is: a chain of words. All of llama.cpp is in play; only the weights are made by hand.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

MARKS = ("<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
WIDTH = 64
BYTE, CONTROL, NORMAL, UNKNOWN = 6, 3, 1, 2


def write_model(
    path: Path,
    words: Sequence[str],
    *,
    template: str | None = None,
    sure: bool = True,
    endless: bool = False,
    context: int = 2048,
    byte_tokens: bool = True,
) -> Path:
    """A model that says these words, one token each, whatever it is asked.

    Args:
        words: the answer.
        template: the chat template in its header.
        sure: whether it is; otherwise all tokens are about as likely.
        endless: begin again instead of ending.
        context: what it says it was trained with.
        byte_tokens: without them llama.cpp ends the process on most text.
    """
    import gguf
    import numpy as np

    pieces = ["<unk>", *MARKS]
    kinds = [UNKNOWN, *(CONTROL for _ in MARKS)]
    if byte_tokens:
        pieces += [f"<0x{number:02X}>" for number in range(256)]
        kinds += [BYTE] * 256
    first = len(pieces)
    pieces += ["\u2581" + word for word in words]
    kinds += [NORMAL] * len(words)

    generator = np.random.default_rng(7)
    embedding = generator.standard_normal((len(pieces), WIDTH)).astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    output = np.zeros_like(embedding)
    scale = 4.0 if sure else 0.01
    last = first + len(words) - 1
    after = [first + number + 1 for number in range(len(words) - 1)] + [first if endless else 2]
    for token in (pieces.index(MARKS[-1]), *([pieces.index("<0x3A>")] if byte_tokens else [])):  # what opens an answer
        output[first] += embedding[token] * 8
    for token, following in zip(range(first, last + 1), after, strict=True):
        output[following] += embedding[token] * 8
    output *= scale

    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([0.0] * len(pieces))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(value=False)
    writer.add_add_space_prefix(value=False)
    if template is not None:
        writer.add_chat_template(template)

    def zeros(*shape: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        return np.zeros(shape, np.float32)

    tensors = {
        "token_embd.weight": embedding,
        "output.weight": output,
        "output_norm.weight": np.ones(WIDTH, np.float32),
        "blk.0.attn_norm.weight": np.ones(WIDTH, np.float32),
        "blk.0.ffn_norm.weight": np.ones(WIDTH, np.float32),
        "blk.0.attn_q.weight": zeros(WIDTH, WIDTH),
        "blk.0.attn_k.weight": zeros(WIDTH // 2, WIDTH),
        "blk.0.attn_v.weight": zeros(WIDTH // 2, WIDTH),
        "blk.0.attn_output.weight": zeros(WIDTH, WIDTH),
        "blk.0.ffn_gate.weight": zeros(WIDTH, WIDTH),
        "blk.0.ffn_up.weight": zeros(WIDTH, WIDTH),
        "blk.0.ffn_down.weight": zeros(WIDTH, WIDTH),
    }
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_recurrent(path: Path, *, context: int = 512) -> Path:
    """A Mamba with random weights: it has a state in place of keys and values, so what it was told cannot be taken back."""
    import gguf
    import numpy as np

    inner, state, kernel, rank = 2 * WIDTH, 16, 4, 4
    pieces = ["<unk>", *MARKS, *(f"<0x{number:02X}>" for number in range(256))]
    writer = gguf.GGUFWriter(str(path), "mamba")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([0.0] * len(pieces))
    writer.add_token_types([UNKNOWN, *(CONTROL for _ in MARKS), *[BYTE] * 256])
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(value=False)
    shapes = {
        "attn_norm.weight": (WIDTH,),
        "ssm_in.weight": (2 * inner, WIDTH),
        "ssm_conv1d.weight": (inner, kernel),
        "ssm_conv1d.bias": (inner,),
        "ssm_x.weight": (rank + 2 * state, inner),
        "ssm_dt.weight": (inner, rank),
        "ssm_dt.bias": (inner,),
        "ssm_a": (inner, state),
        "ssm_d": (inner,),
        "ssm_out.weight": (WIDTH, inner),
    }
    generator = np.random.default_rng(3)
    writer.add_tensor("token_embd.weight", generator.standard_normal((len(pieces), WIDTH)).astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for name, shape in shapes.items():
        tensor = generator.standard_normal(shape) / 8
        writer.add_tensor(f"blk.0.{name}", (-np.exp(tensor) if name == "ssm_a" else tensor).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_windowed(path: Path) -> Path:
    """A Gemma 3 with random weights: most of its layers look back 64 tokens and no further."""
    import gguf
    import numpy as np

    head, wide, vocabulary = WIDTH // 2, 2 * WIDTH, 300
    writer = gguf.GGUFWriter(str(path), "gemma3")
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(6)
    writer.add_feed_forward_length(wide)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_sliding_window(64)
    writer.add_vocab_size(vocabulary)
    writer.add_tokenizer_model("no_vocab")
    norms = {"attn_norm": WIDTH, "attn_q_norm": head, "attn_k_norm": head, "post_attention_norm": WIDTH, "ffn_norm": WIDTH,
             "post_ffw_norm": WIDTH}  # fmt: skip
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (head, WIDTH), "attn_v": (head, WIDTH), "attn_output": (WIDTH, WIDTH),
              "ffn_gate": (wide, WIDTH), "ffn_up": (wide, WIDTH), "ffn_down": (WIDTH, wide)}  # fmt: skip
    generator = np.random.default_rng(3)
    writer.add_tensor("token_embd.weight", generator.standard_normal((vocabulary, WIDTH)).astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(6):
        for name, length in norms.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(length, np.float32))
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", (generator.standard_normal(shape) / 8).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_adapter(
    path: Path,
    shapes: Mapping[str, tuple[int, int]],
    *,
    seed: int = 1,
    said: Mapping[str, str] = MappingProxyType({}),
    spread: float = 0.25,
) -> Path:
    """A LoRA adapter of rank 4 with random factors.

    Args:
        shapes: for each tensor of the model, how many numbers go in and come out.
        said: what its header says other than an adapter for a Llama does.
        spread: the standard deviation of its numbers.
    """
    import gguf
    import numpy as np

    generator = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), said.get("architecture", "llama"))
    writer.add_type(said.get("type", "adapter"))
    writer.add_string("adapter.type", said.get("adapter", "lora"))
    if "alpha" not in said:
        writer.add_float32("adapter.lora.alpha", 8.0)
    for name, (into, out) in shapes.items():
        for factor, shape in (("lora_a", (4, into)), ("lora_b", (out, 4))):
            writer.add_tensor(f"{name}.{factor}", (generator.standard_normal(shape) * spread).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_random(
    path: Path, architecture: str = "llama", *, seed: int = 5, template: str | None = None, half: bool = False
) -> Path:
    """A model of two layers with random weights and all that a real one has: grouped heads, rotation, biases for qwen2.

    Args:
        half: whether the matrices of its layers are in half precision, as in a file that was not quantised.
    """
    import gguf
    import numpy as np

    heads, fewer, hidden = 4, 2, 96
    pieces = ["<unk>", *MARKS, *(f"<0x{number:02X}>" for number in range(256))]
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_context_length(256)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(2)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(fewer)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(pieces))
    if architecture == "llama":
        writer.add_rope_dimension_count(WIDTH // heads)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([0.0] * len(pieces))
    writer.add_token_types([UNKNOWN, *(CONTROL for _ in MARKS), *[BYTE] * 256])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(value=False)
    writer.add_add_space_prefix(value=False)
    if template is not None:
        writer.add_chat_template(template)
    generator = np.random.default_rng(seed)
    size = WIDTH // heads
    shapes = {
        "attn_q": (heads * size, WIDTH),
        "attn_k": (fewer * size, WIDTH),
        "attn_v": (fewer * size, WIDTH),
        "attn_output": (WIDTH, heads * size),
        "ffn_gate": (hidden, WIDTH),
        "ffn_up": (hidden, WIDTH),
        "ffn_down": (WIDTH, hidden),
    }

    def drawn(*shape: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
        return (generator.standard_normal(shape) / shape[-1] ** 0.5).astype(np.float32)

    writer.add_tensor("token_embd.weight", drawn(len(pieces), WIDTH) * 4)
    writer.add_tensor("output.weight", drawn(len(pieces), WIDTH))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(2):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
        for name, shape in shapes.items():
            matrix = drawn(*shape)
            writer.add_tensor(f"blk.{layer}.{name}.weight", matrix.astype(np.float16) if half else matrix)
            if architecture == "qwen2" and name in {"attn_q", "attn_k", "attn_v"}:
                writer.add_tensor(f"blk.{layer}.{name}.bias", drawn(shape[0]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
