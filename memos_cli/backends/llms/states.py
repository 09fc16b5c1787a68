"""What a saved state depends on besides its tokens, as text to compare; and the common prefix of two lists of tokens."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

_READ = 32 << 20
"""Most bytes of a library identified by its content, larger ones by size and time: one built for CUDA has half a gigabyte."""
_LIBRARIES = ("libllama", "libggml", "llama", "ggml")
_SUFFIXES = (".so", ".dylib", ".dll")
_ROPE = (
    "rope_scaling_type", "rope_freq_base", "rope_freq_scale", "yarn_ext_factor", "yarn_attn_factor", "yarn_beta_fast",
    "yarn_beta_slow", "yarn_orig_ctx",
)  # fmt: skip


def common(held: Sequence[int], wanted: Sequence[int]) -> int:
    """The length of the common prefix of two sequences."""
    count = 0
    for old, new in zip(held, wanted, strict=False):
        if old != new:
            break
        count += 1
    return count


def digest(what: Path | bytes) -> str:
    """SHA-256 of a file or of bytes, in hexadecimal.

    Raises:
        ModelUnavailable: the file cannot be read.
    """
    import hashlib

    from memos_cli.backends.llama import records
    from memos_cli.errors import ModelUnavailable

    if isinstance(what, bytes):
        return hashlib.sha256(what).hexdigest()
    try:
        return records.digest(what)
    except OSError as error:
        raise ModelUnavailable(f"cannot read {what}: {error.strerror}") from None


def parameters(params: Any) -> dict[str, str]:  # noqa: ANN401 -- a C structure
    """The parameters of a context that its numbers depend on; 0 and -1 mean the value in the model's file.

    The size of a batch is one of them: llama.cpp multiplies many rows in another order than few, so the last bits differ. So is
    the number of threads, since attention is summed in as many parts.
    """
    return {
        "context": str(params.n_ctx),
        "batch": f"{params.n_batch}/{params.n_ubatch}",
        "threads": f"{params.n_threads}/{params.n_threads_batch}",
        "rope": " ".join(f"{getattr(params, name):g}" for name in _ROPE if hasattr(params, name)),
        "flash_attention": str(getattr(params, "flash_attn_type", "")),
    }


@lru_cache(maxsize=1)
def build(native: Any) -> dict[str, str]:  # noqa: ANN401 -- a module without types
    """The llama.cpp that computes: digest of its libraries (6 MB, 15 ms, once a process), and the CPU features it uses."""
    import hashlib

    total = hashlib.sha256()
    for path in sorted(_folder(native).glob("*")):
        if path.suffix in _SUFFIXES and path.name.startswith(_LIBRARIES):
            state = path.stat()
            known = digest(path) if state.st_size <= _READ else f"{state.st_size} {state.st_mtime_ns}"
            total.update(f"{path.name} {known}\n".encode())
    return {"build": total.hexdigest(), "processor": native.llama_print_system_info().decode("utf-8", "replace").strip(" |")}


def _folder(native: Any) -> Path:  # noqa: ANN401 -- a module without types
    """The folder of the loaded libraries: LLAMA_CPP_LIB_PATH may name another one than the package's."""
    loaded = getattr(getattr(native, "_lib", None), "_name", None)
    return Path(loaded).parent if loaded else Path(native.__file__).parent / "lib"
