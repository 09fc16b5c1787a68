"""Tries a model in a child process (`llama.trial`): a file on which llama.cpp ends the process becomes an error message."""

from collections.abc import Sequence
from pathlib import Path

from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.llama import trial
from memos_cli.errors import ModelUnavailable

_SECONDS, _MEMORY = 120, 1 << 30
"""For the trial, beside what the size of the file adds to the memory; MiniLM (46 MB) takes a second and 90 MB."""
_HINT = "the file is damaged, or it is not an embedding model"
_LIMITED = f"{_HINT}, or it needs much more time and memory than its size says"


def try_in_child(weights: Weights) -> None:
    """Load the model and embed two texts in a child process.

    Raises:
        ModelUnavailable: the child failed, crashed, or took more than two minutes or much more memory than the file.
    """
    given = [str(weights.gguf), str(weights.dimensions), str(weights.max_tokens), weights.pooling]
    try:
        allowed = trial.Allowance(_SECONDS, _MEMORY + 2 * weights.gguf.stat().st_size)
        wrong = trial.run(__name__, given, allowed)
    except OSError as error:
        raise ModelUnavailable(f"cannot try the model {weights.gguf}: {error}", hint=_HINT) from error
    if wrong is not None:
        hint = _LIMITED if wrong.limited else _HINT
        raise ModelUnavailable(f"llama.cpp cannot use the model {weights.gguf}: {wrong.reason}", hint=hint)


def main(arguments: Sequence[str]) -> int:
    """The entry point of the child: arguments are the file, its dimensions, its length limit and the pooling.

    Raises:
        ModelUnavailable: the model cannot be used.
    """
    from memos_cli.backends.embedders.gguf import GgufEmbedder

    path, dimensions, max_tokens, pooling = arguments
    embedder = GgufEmbedder(Weights(Path(path), None, "", int(dimensions), int(max_tokens), pooling=pooling))
    embedder.embed(["a trial", "and another one, \u0928\u092e\u0938\u094d\u0924\u0947"])
    return 0
