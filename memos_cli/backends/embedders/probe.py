"""Tries a model in a child process, so that a file on which llama.cpp ends the process becomes an error message."""

import subprocess
import sys
from pathlib import Path

from memos_cli.backends.embedders.files import Weights
from memos_cli.errors import MemosError, ModelUnavailable

_SECONDS = 120


def try_in_child(weights: Weights) -> None:
    """Load the model and embed one text in a child process.

    Raises:
        ModelUnavailable: the child failed, crashed or took more than two minutes.
    """
    command = [sys.executable, "-m", __name__, str(weights.gguf), str(weights.dimensions), str(weights.max_tokens)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_SECONDS, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelUnavailable(f"cannot try the model {weights.gguf}: {error}", hint=_HINT) from error
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"the trial ended with status {done.returncode}"]
        raise ModelUnavailable(f"llama.cpp cannot use the model {weights.gguf}: {reason[0]}", hint=_HINT)


_HINT = "the file is damaged, or it is not an embedding model"


def main(arguments: list[str]) -> int:
    """The entry point of the child: arguments are the file, its dimensions and its length limit."""
    from memos_cli.backends.embedders.gguf import GgufEmbedder

    path, dimensions, max_tokens = arguments
    embedder = GgufEmbedder(Weights(Path(path), None, "", int(dimensions), int(max_tokens)))
    try:
        embedder.embed(["a trial", "and another one, \u0928\u092e\u0938\u094d\u0924\u0947"])
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
