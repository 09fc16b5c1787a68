"""Checks that memos can chat with a GGUF file: reads its header, then tries it once in a child process.

llama.cpp ends the whole process on some bad input, so a model is loaded in this process only after it worked in a child.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from memos_cli.backends.llama import gguf_header, records
from memos_cli.errors import ModelUnavailable

_SECONDS = 300
_HINT = "the file is damaged, or no model to chat with; choose another: memos model use PATH"
_ENCODERS = ("bert", "t5encoder", "clip")


def check(path: Path, folder: Path) -> dict[str, Any]:
    """What is known of a model file, which is tried first if it is new or has changed.

    Args:
        path: the GGUF file.
        folder: the folder of the records.

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
    _try_in_child(path)
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


def _try_in_child(path: Path) -> None:
    command = [sys.executable, "-m", "memos_cli.backends.llms.probe", str(path.absolute())]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_SECONDS, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelUnavailable(f"cannot try the model {path}: {error}", hint=_HINT) from error
    if done.returncode != 0:
        ended = f"the trial was ended by signal {-done.returncode}" if done.returncode < 0 else "the trial failed"
        reason = (done.stderr.strip().splitlines()[-1:] if done.returncode > 0 else []) or [ended]
        raise ModelUnavailable(f"llama.cpp cannot use the model {path}: {reason[0]}", hint=_HINT)
