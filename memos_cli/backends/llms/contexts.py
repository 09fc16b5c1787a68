"""What a context of llama.cpp is made with: its length, batch, threads, types of keys and values, flash attention."""

import os
from typing import Any, NamedTuple

BATCH = 256
"""Tokens evaluated at once. Ctrl-C takes effect between two batches."""
SMALL = 64 << 20
"""Bytes of a file up to which one thread is faster: llama.cpp's threads wait for each other dozens of times a token, and on
busy cores that takes longer than the work. No accelerator is used for such a file either."""
_SCORES = 512 << 20
"""Most bytes of attention scores, 4 for each head, token of a batch and token of the context. Flash attention needs none of
them; without it a context of 4,096 tokens and 32 heads has 128 MiB of them."""


class Choice(NamedTuple):
    """What a person chooses of a context.

    Attributes:
        length: the most tokens of prompt and answer; never more than the model was trained with.
        threads: how many threads compute; 0 chooses by the size of the file.
        kv: the type of keys and values, `f16` or `q8_0`.
        flash: flash attention: `on`, `off` or `auto` (see `flash_attention`).
    """

    length: int = 4096
    threads: int = 0
    kv: str = "f16"
    flash: str = "auto"


def parameters(native: Any, model: Any, choice: Choice, *, size: int, offloaded: int) -> Any:  # noqa: ANN401 -- ctypes
    """The parameters for a loaded model, as llama.cpp wants them.

    Args:
        native: llama.cpp's functions.
        model: the model, as llama.cpp knows it.
        choice: what was chosen.
        size: bytes of the model's file.
        offloaded: how many layers an accelerator computes; 0 for none.
    """
    params = native.llama_context_default_params()
    trained = int(native.llama_model_n_ctx_train(model))
    params.n_ctx = max(64, min(choice.length, trained) if trained > 0 else choice.length)
    params.n_batch = params.n_ubatch = min(BATCH, params.n_ctx)  # a longer batch ends the process
    params.n_seq_max = 1
    params.swa_full = True  # a window alone could not be cut back to a prefix
    params.n_threads, params.n_threads_batch = threads(choice.threads, size, cores())
    params.flash_attn_type = flash_attention(
        native, choice, scores=4 * int(native.llama_model_n_head(model)) * params.n_ctx * params.n_ubatch, offloaded=offloaded
    )
    if choice.kv == "q8_0":
        params.type_k = native.GGML_TYPE_Q8_0
        if params.flash_attn_type != native.LLAMA_FLASH_ATTN_TYPE_DISABLED:
            params.type_v = native.GGML_TYPE_Q8_0  # without flash attention llama.cpp accepts only f16 values
    return params


def flash_attention(native: Any, choice: Choice, *, scores: int, offloaded: int) -> int:  # noqa: ANN401 -- ctypes
    """Whether a context computes with flash attention, as llama.cpp's number for it.

    `on` and `off` are obeyed. `auto` is `off` where a CPU computes with f16: then a question behind a long context that came
    from a slot is answered several times sooner, while a whole prompt takes a little longer. Measured with SmolLM2-135M and
    one thread, seconds for 16 tokens behind 1,024, 2,048 and 4,096: 0.48, 0.86 and 1.69 with it, 0.14, 0.18 and 0.26 without;
    for the whole prompt: 6.7, 15.5 and 39 with it, 8.1, 17.5 and 43 without.

    With `auto`, q8_0 computes with flash attention, since it was chosen to halve the space, and without flash attention
    llama.cpp quantizes keys only, which takes 0.77 of it. Then `off` is faster, too: measured likewise behind 1,024 tokens,
    0.37 seconds with it and 0.15 without, for the whole prompt 15.5 and 9.0.

    An accelerator, and a context whose attention scores would take more than 512 MiB, get what llama.cpp chooses.

    Args:
        scores: bytes that the attention scores of a batch take without flash attention.
    """
    if choice.flash != "auto":
        on = choice.flash == "on"
        return int(native.LLAMA_FLASH_ATTN_TYPE_ENABLED if on else native.LLAMA_FLASH_ATTN_TYPE_DISABLED)
    if choice.kv == "q8_0":
        return int(native.LLAMA_FLASH_ATTN_TYPE_ENABLED)
    chosen = native.LLAMA_FLASH_ATTN_TYPE_AUTO if offloaded or scores > _SCORES else native.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return int(chosen)


def threads(chosen: int, size: int, available: int) -> tuple[int, int]:
    """How many threads compute one token, and how many compute several at once.

    A prompt has work for each core, and is what a person waits for: half of the cores compute it, but two at least. Measured
    with SmolLM2-135M on two cores, seconds for 50 tokens: 0.50 with one thread and 0.29 with two. One token is read from memory
    more than computed, and the threads wait for each other dozens of times: half of the cores.

    Args:
        chosen: a person's choice, for both; 0 for none.
        size: bytes of the model's file.
        available: how many cores there are.
    """
    if chosen or size <= SMALL:
        return chosen or 1, chosen or 1
    half = max(1, available // 2)
    return half, max(half, min(2, available))


def cores() -> int:
    """How many cores this process may use."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, available or 1)
