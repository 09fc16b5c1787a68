"""The child process in which a model's chat template is tried, before llama.cpp loads the file."""

from collections.abc import Sequence
from pathlib import Path

from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llms.template.template import Messages, UnboundedTemplate, render
from memos_cli.errors import ModelUnavailable

_FIRST: Messages = (("system", "Be brief."), ("user", "Hello"))
_LATER: Messages = (*_FIRST, ("assistant", "Hello."), ("user", "Who are you?")) * 20


def main(arguments: Sequence[str]) -> int:
    """The argument is the file.

    Raises:
        ModelUnavailable: the template cannot be applied to a question, or has no end there or in a conversation.
    """
    header = gguf_header.read(Path(arguments[0]))
    template = header.get("tokenizer.chat_template")
    tokens = header.get("tokenizer.ggml.tokens", ())
    bos, eos = (_spelled(tokens, header.get(f"tokenizer.ggml.{mark}_token_id")) for mark in ("bos", "eos"))
    render(template, _FIRST, bos=bos, eos=eos)
    try:
        render(template, (*_FIRST, *_LATER[2:]), bos=bos, eos=eos)
    except UnboundedTemplate:
        raise
    except ModelUnavailable:
        pass  # such roles in such an order are not for every template, and chat shows what goes wrong there
    return 0


def _spelled(tokens: Sequence[str], number: object) -> str:
    return str(tokens[number]) if isinstance(number, int) and 0 <= number < len(tokens) else ""
