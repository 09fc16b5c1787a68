"""The child process of a model's first load: tokenizes awkward text, then answers with a few tokens."""

from collections.abc import Sequence
from pathlib import Path

from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.ports.ports import Piece, Request

AWKWARD = (
    "A trial: \u0928\u092e\u0938\u094d\u0924\u0947, \u4f60\u597d, \U0001f9ea e\u0301 \u200b \t\n\n <|x|> </s> [INST] \ufffd"
)
"""Text that a tokenizer without tokens for single bytes cannot write, on which llama.cpp ends the process."""


def main(arguments: Sequence[str]) -> int:
    """The argument is the file.

    Raises:
        ModelUnavailable: the model cannot be used.
    """
    model = LlamaModel(Path(arguments[0]), context=512, threads=1)
    try:
        request = Request((("system", "Be brief."), ("user", "Hello")))
        model.count(Request((), (Piece(AWKWARD), Piece(AWKWARD, marks=True))))
        for _ in model.stream(request, most=4):
            pass
    finally:
        model.close()
    return 0
