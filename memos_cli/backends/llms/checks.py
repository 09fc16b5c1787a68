"""Checks that memos can chat with a GGUF file: reads its header, then tries it once in child processes (`llama.trial`).

llama.cpp ends the whole process on some bad input, so a model is loaded in this process only after it worked in a child. Its
chat template, a program that came with the file, is tried first, in a child of its own that may take little.
"""

from pathlib import Path
from typing import Any

from memos_cli.backends.llama import gguf_header, records, trial
from memos_cli.errors import ModelUnavailable

TEMPLATE = trial.Allowance(30, 1 << 30)
"""For the trial of a template; those of common models take 0.2 seconds and 40 MB, most of it Python's start."""
_SECONDS, _MEMORY = 60, 1 << 30
"""For the trial of a model, beside what its size adds."""
_BYTES_A_SECOND = 20_000_000
"""How fast a model is read and computed with for four tokens, at the least: the pace of a slow disk."""
_HINT = "the file is damaged, or no model to chat with; choose another: memos model use PATH"
_LIMITED = "the file is damaged, or it needs more than the settings llm.trial_memory and llm.trial_seconds let a new model have"
_ENCODERS = ("bert", "t5encoder", "clip")


def check(path: Path, folder: Path, *, seconds: float = 0, memory: int = 0) -> dict[str, Any]:
    """What is known of a model file, which is tried first if it is new or has changed.

    Args:
        path: the GGUF file.
        folder: the folder of the records.
        seconds: how long the trial may take; 0 for what fits the file's size.
        memory: how many bytes it may take beside the file; 0 for what fits the file's size.

    Returns:
        Its `sha256` and its `name`, among others.

    Raises:
        ModelUnavailable: no GGUF, cut short, not a model that answers, or one on which llama.cpp fails.
    """
    known = records.recall(path, folder)
    if known is not None and "sha256" in known:
        return known
    found = facts(path)
    if any(word in str(found["architecture"]) for word in _ENCODERS):
        raise ModelUnavailable(f"not a model that answers: {path} ({found['architecture']})", hint=_HINT)
    size = path.stat().st_size
    allowed = trial.Allowance(seconds or _SECONDS + size / _BYTES_A_SECOND, memory or _MEMORY + 2 * size)
    _try_in_child(path, allowed, template=found["template"])
    found["sha256"] = records.digest(path)
    records.remember(path, folder, found)
    return found


def facts(path: Path) -> dict[str, Any]:
    """The facts in the header.

    Raises:
        ModelUnavailable: no GGUF, or cut short.
    """
    try:
        header = gguf_header.read(path)
    except ModelUnavailable as error:
        raise ModelUnavailable(error.message, hint=_HINT) from None
    names = {"architecture": "general.architecture", "name": "general.name", "license": "general.license"}
    found = {name: header.get(key) for name, key in names.items()}
    template = header.get("tokenizer.chat_template")
    return {
        **found,
        "context": header.get("{arch}.context_length"),
        "vocabulary": len(header.get("tokenizer.ggml.tokens", ())),
        "tensors": header.tensors,
        "parameters": header.parameters,
        "template": isinstance(template, str),
        "bytes": path.stat().st_size,
    }


def _try_in_child(path: Path, allowed: trial.Allowance, *, template: bool) -> None:
    given = [str(path.absolute())]
    try:
        wrong = trial.run("memos_cli.backends.llms.template.probe", given, TEMPLATE) if template else None
        if wrong is not None:
            raise ModelUnavailable(f"the chat template of {path} cannot be used: {wrong.reason}", hint=_HINT)
        wrong = trial.run("memos_cli.backends.llms.probe", given, allowed)
    except OSError as error:
        raise ModelUnavailable(f"cannot try the model {path}: {error}", hint=_HINT) from error
    if wrong is not None:
        hint = _LIMITED if wrong.limited else _HINT
        raise ModelUnavailable(f"llama.cpp cannot use the model {path}: {wrong.reason}", hint=hint)
