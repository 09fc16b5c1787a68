"""The model that an adapter is trained on: the dequantised weights of a GGUF file, with PEFT's layers added."""

from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llama.bindings import brief_waits
from memos_cli.backends.llms.contexts import SMALL
from memos_cli.backends.trainers import adapter
from memos_cli.backends.trainers.lower_layers import below
from memos_cli.errors import ModelUnavailable, extra
from memos_cli.ports.trainer import TrainingSettings

LARGE = 300_000_000
"""From so many parameters on, activations are computed twice instead of stored (gradient checkpointing)."""
NARROW = 1024
"""Up to so many tokens in a row, attention's weights are stored for the backward pass: for memos-mini (500 at most) twice as
fast as PyTorch's own attention, which stores none. For rows of 2,000 tokens, as a model that reads letters has them, they took
12 GB."""
TRAINED = ("gate_proj", "up_proj", "down_proj")
"""The trained linear layers. With attention's, too (and a quarter less replay), 30 facts were answered as often (0.867), but
123 questions to others' facts in the prompt lost 9.8 points, against none; more unknowns were refused."""


def device_of(wanted: str) -> str:
    """The device to train on.

    Raises:
        ModelUnavailable: this machine has no device of that kind.
    """
    torch = torch_module()
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, here in there.items() if here)
    if not there.get(wanted):
        raise ModelUnavailable(f"no device {wanted} to train on", hint="use --device auto")
    return wanted


def _glibc(name: str) -> Callable[..., int]:
    """A function of glibc's allocator; with another C library, a function that does nothing."""
    import ctypes
    import sys

    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name) if sys.platform == "linux" else _nothing
    except (OSError, AttributeError):
        return _nothing
    return found


def _nothing(*_: int) -> int:
    return 0


def keep_memory() -> None:
    """Make glibc keep freed memory: mapping the same memory again and again took three tenths of a training's time."""
    mallopt = _glibc("mallopt")
    mallopt(-4, 0)  # M_MMAP_MAX: no allocation gets a mapping of its own
    mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: no freed memory is returned


def give_back() -> None:
    """Make glibc return unused memory: between blocks of ever other sizes, free ones remain that fit nothing."""
    _glibc("malloc_trim")(0)


def torch_module() -> Any:  # noqa: ANN401 -- a module
    """PyTorch, if all that training needs is installed.

    Raises:
        ModelUnavailable: the extra `lora` is not installed.
    """
    try:
        with brief_waits():  # the gate asks llama.cpp in this process, with the threads that torch brings
            import peft  # noqa: F401 -- fails before anything is computed
            import torch
            import transformers  # noqa: F401
    except ImportError as error:
        raise ModelUnavailable(f"training needs {error.name}", hint=extra("lora")) from None
    return torch


def load(base: Path, device: str, widest: int = 0, beneath: Sequence[Path] = ()) -> Any:  # noqa: ANN401 -- a model of transformers
    """The dequantised weights of a GGUF file as a model of transformers, frozen.

    Args:
        base: the file.
        device: the device to load it to.
        widest: tokens of the widest row that it will read.
        beneath: adapters as GGUF files; their products are added to the weights.

    Raises:
        ModelUnavailable: an architecture that cannot be trained, a damaged file, or an adapter that is not for this model.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    architecture = gguf_header.read(base).get("general.architecture")
    if architecture not in adapter.ARCHITECTURES:
        known = ", ".join(adapter.ARCHITECTURES)
        raise ModelUnavailable(f"models of the architecture {architecture} cannot be trained", hint=f"choose one of: {known}")
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    eager = device == "cpu" and base.stat().st_size <= SMALL and widest <= NARROW
    try:
        with redirect_stderr(StringIO()):  # hides a progress bar that cannot be switched off
            model = AutoModelForCausalLM.from_pretrained(
                base.parent,
                gguf_file=base.name,
                dtype=dtype,
                local_files_only=True,
                attn_implementation="eager" if eager else "sdpa",
            )
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelUnavailable(f"transformers cannot read {base}: {str(error).splitlines()[0][:200]}") from error
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # PEFT would look for quantised layers, and there are none any more
    model.requires_grad_(requires_grad=False)
    _add(model, base, beneath)
    return model.to(device).eval()


def _add(model: Any, base: Path, adapters: Sequence[Path]) -> None:  # noqa: ANN401 -- a model of transformers
    """Add the products of adapters to a model's weights, each sum rounded once."""
    import torch

    for file in adapters:
        for place, delta in adapter.read(file, base):  # delta: (rows, columns)
            weight = model.get_submodule(place).weight
            weight.data = (weight.data.float() + torch.from_numpy(delta)).to(weight.dtype)


def with_adapter(model: Any, settings: TrainingSettings, parts: Sequence[str] = TRAINED) -> Any:  # noqa: ANN401 -- models of others
    """The model with an adapter on those linear layers that changes nothing yet; only the adapter's numbers are trained."""
    import torch
    from peft import LoraConfig, get_peft_model

    layers = int(model.config.num_hidden_layers)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.scale * settings.rank,  # type: ignore[arg-type]  # a float is fine, and used so by PEFT itself
        target_modules=list(parts),
        lora_dropout=0.0,
        layers_to_transform=list(range(below(layers, settings.upper), layers)) if settings.upper < 1 else None,
        bias="none",
        task_type="CAUSAL_LM",
    )
    if model.num_parameters() >= LARGE:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    torch.manual_seed(settings.seed)
    made = get_peft_model(model, config)
    for _, one in made.named_parameters():
        if one.requires_grad:
            one.data = one.data.float()  # small, and AdamW loses small steps in bf16
    return made
