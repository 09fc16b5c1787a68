"""Attaches LoRA adapters to a model after comparing their headers with it, since llama.cpp ends the process on some faults.

llama.cpp's `convert_lora_to_gguf.py` defines the content of an adapter's file: for a tensor W of the model, `W.lora_a` and
`W.lora_b`, whose product is added to it.
"""

import ctypes
import math
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from memos_cli.backends.llama import gguf_header, records
from memos_cli.backends.llms import states
from memos_cli.errors import ModelUnavailable

_HINT = "the file is damaged, or made for another model; make it again: memos consolidate run"
_HINT_BENEATH = "the file is damaged, or made for another model; go without it: memos config set llm.adapter none"
_FACTORS = (".lora_a", ".lora_b")
_EMBEDDING = "token_embd.weight"


def names(adapters: Sequence[tuple[Path, float]], digests: Mapping[Path, str]) -> list[str]:
    """The identity of each adapter: SHA-256 of its file, read where it is not among `digests`, and its factor."""
    return [f"{digests.get(path) or states.digest(path)}*{scale!r}" for path, scale in adapters]


def beneath(path: Path, base: Path, model: str, folder: Path) -> str:
    """SHA-256 of an adapter that belongs to a model; it is read and compared with the model only if either is new here.

    Args:
        path: the adapter's file.
        base: the model's file; reading the header of one with 50,000 tokens takes 70 ms.
        model: SHA-256 of that.
        folder: the folder of the records.

    Raises:
        ModelUnavailable: the adapter is damaged, or not made for this model.
    """
    known = records.recall(path, folder) or {}
    found = known.get("digest")
    if not isinstance(found, str) or known.get("fits") != model:
        check(path, gguf_header.read(base), _HINT_BENEATH)
        found = records.digest(path)
        records.remember(path, folder, {"digest": found, "fits": model})
    return found


def attach(
    native: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    context: Any,  # noqa: ANN401
    path: Path,
    adapters: Sequence[tuple[Path, float]],
    known: Collection[Path] = (),
) -> None:
    """Load adapters and attach them to a context: the products of all are added to the weights. They are freed with the model.

    Args:
        native: the bindings.
        model: the model's handle.
        context: a context over it.
        path: the model's file.
        adapters: the file of each, and the factor that its weights are scaled by.
        known: those that were compared with the model before (`beneath`).

    Raises:
        ModelUnavailable: an adapter is damaged, or not made for this model.
    """
    new = [file for file, _ in adapters if file not in known]
    base = gguf_header.read(path) if new else None
    handles = []
    for file, _ in adapters:
        if base is not None and file in new:
            check(file, base)
        hint = _HINT if file in new else _HINT_BENEATH
        handle = native.llama_adapter_lora_init(model, os.fsencode(file))
        if not handle:
            raise ModelUnavailable(f"llama.cpp cannot load the adapter {file}", hint=hint)
        handles.append(handle)
    scales = [scale for _, scale in adapters]
    if hasattr(native, "llama_set_adapters_lora"):
        array = (native.llama_adapter_lora_p_ctypes * len(handles))(*handles)
        failed = native.llama_set_adapters_lora(context, array, len(handles), (ctypes.c_float * len(handles))(*scales))
    else:  # the function of older bindings
        failed = any(native.llama_set_adapter_lora(context, *one) for one in zip(handles, scales, strict=True))
    if failed:
        raise ModelUnavailable("llama.cpp does not take the adapters", hint=_HINT)


def check(path: Path, base: gguf_header.Header, hint: str = _HINT) -> None:
    """Refuse an adapter that is damaged or does not fit.

    Args:
        path: the adapter's file.
        base: the header of the model that it is for.
        hint: what to do about it.

    Raises:
        ModelUnavailable: it is no LoRA adapter, is cut short, or has other tensors than this model.
    """
    try:
        header = gguf_header.read(path)
    except ModelUnavailable as error:
        raise ModelUnavailable(error.message, hint=hint) from None
    fault = _fault(header, base)
    if fault:
        raise ModelUnavailable(f"the adapter {path} cannot be used: {fault}", hint=hint)


def _fault(header: gguf_header.Header, base: gguf_header.Header) -> str | None:
    said = [header.get(key) for key in ("general.type", "adapter.type", "general.architecture")]
    if said[:2] != ["adapter", "lora"]:
        return "it is no LoRA adapter"
    if said[2] != base.get("general.architecture"):
        return f"it is for a model of the kind {said[2]}"
    alpha = header.get("adapter.lora.alpha")
    if not isinstance(alpha, float) or not math.isfinite(alpha):
        return "it does not say its alpha"
    names = {name.removesuffix(end) for name in header.shapes for end in _FACTORS if name.endswith(end)}
    if len(header.shapes) != 2 * len(names) or not names:
        return "it has other tensors than pairs of factors"
    wrong = [name for name in sorted(names) if not _fits(name, header.shapes, base.shapes.get(name))]
    return f"{wrong[0]} is not of the model's shape" if wrong else None


def _fits(name: str, shapes: dict[str, tuple[int, ...]], model: tuple[int, ...] | None) -> bool:
    down, up = (shapes.get(name + end, ()) for end in _FACTORS)
    if model is None or not len(model) == len(down) == len(up) >= 2:
        return False
    if name == _EMBEDDING:  # looked up by row, so its factors are swapped
        ends = (up[1], down[1]) == (model[0], model[1]) and down[0] == up[0] > 0
    else:
        ends = (down[0], up[1]) == (model[0], model[1]) and down[1] == up[0] > 0
    return ends and down[2:] == up[2:] == model[2:]
