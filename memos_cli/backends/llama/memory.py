"""The memory that a model takes, by its header, and the memory that this machine has to spare."""

import os
from contextlib import suppress
from pathlib import Path

from memos_cli.backends.llama import gguf_header

_BYTES = {"f16": 2.0, "q8_0": 34 / 32}
"""Bytes of a number of the KV; q8_0 keeps 32 numbers in 34 bytes."""
_STEP = 256
"""llama.cpp makes a context a multiple of so many tokens."""
_LINUX = Path("/proc/meminfo")


def needed(path: Path, *, context: int, kv: str) -> int:
    """The bytes of a model file and of its keys and values for a whole context.

    Args:
        path: the GGUF file.
        context: the tokens that are wanted; never more than the model was trained with.
        kv: `f16` or `q8_0`.

    Raises:
        ModelUnavailable: no GGUF, or cut short.
    """
    header = gguf_header.read(path)
    trained = header.get("{arch}.context_length")
    tokens = min(context, trained) if isinstance(trained, int) and trained > 0 else context
    return path.stat().st_size + round(_numbers(header) * _BYTES[kv] * -(-tokens // _STEP) * _STEP)


def _numbers(header: gguf_header.Header) -> int:
    """How many numbers the keys and values of one token are; 0 for a model that has none, or does not say."""
    blocks, width = header.get("{arch}.block_count"), header.get("{arch}.embedding_length")
    heads = header.get("{arch}.attention.head_count")
    every = heads if isinstance(heads, list) else [heads]
    if not (isinstance(blocks, int) and isinstance(width, int) and all(isinstance(one, int) for one in every) and max(every)):
        return 0
    head = width // max(every)
    size = sum(header.get(f"{{arch}}.attention.{name}_length", head) for name in ("key", "value"))
    fewer = header.get("{arch}.attention.head_count_kv", heads)
    return int(size * (sum(fewer) if isinstance(fewer, list) else fewer * blocks))


def available() -> int | None:
    """The bytes of memory that a new process can take without others being swapped out; `None` where nothing tells.

    Where the system does not tell what it could free, as on macOS, all memory of the machine is counted.
    """
    with suppress(OSError, ValueError, IndexError):
        for line in _LINUX.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    with suppress(ImportError):
        import psutil  # of the extra `lora`

        return int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
