"""Applies a model's chat template so that no message can pass for a part of it.

The template is a program that came with the model, so it runs in Jinja's sandbox, with so much work and no more (`metered`). A
random word replaces each message's text; the result is cut at these words, and the texts are put back as pieces in which the
tokenizer looks for no marks. The words of a memory can therefore never become the token that ends a turn, whatever that token
is called in this model.
"""

import re
import secrets
from collections.abc import Sequence

from memos_cli.errors import ModelUnavailable
from memos_cli.ports import Piece

PLAIN = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}\n{% elif m['role'] == 'user' %}"
    "Question: {{ m['content'] }}\n{% else %}Answer: {{ m['content'] }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Answer:{% endif %}"
)
"""For models without a template, such as base models."""
_LONGEST = 100_000
_SHOWN = 200
_HINT = "choose another model: memos model list"

Messages = Sequence[tuple[str, str]]


class UnboundedTemplate(ModelUnavailable):
    """A chat template wants more work or memory than it may have."""


def render(template: str, messages: Messages, *, bos: str, eos: str) -> tuple[Piece, ...]:
    """The prompt as pieces, up to the opening of the answer.

    Raises:
        UnboundedTemplate: the template wants more work or memory than it may have (`metered`).
        ModelUnavailable: the template cannot be applied to these roles.
    """
    names = [f"memos{secrets.token_hex(8)}x{number}" for number in range(len(messages))]
    stand_ins = [(role, name) for (role, _), name in zip(messages, names, strict=True)]
    try:
        said = _apply(template, stand_ins, bos, eos)
    except UnboundedTemplate:
        raise
    except ModelUnavailable:
        # Some templates know no system role; its text then opens the first question.
        if not messages or messages[0][0] != "system":
            raise
        joined = [("user", f"{names[0]}\n{names[1]}"), *stand_ins[2:]] if len(messages) > 1 else [("user", names[0])]
        said = _apply(template, joined, bos, eos)
    texts = dict(zip(names, (text for _, text in messages), strict=True))
    parts = re.split(f"({'|'.join(names)})", said) if names else [said]
    if [part for part in parts if part in texts] != names:
        raise ModelUnavailable("the model's chat template leaves messages out", hint=_HINT)
    return tuple(Piece(texts[part]) if part in texts else Piece(part, marks=True) for part in parts if part)


def _apply(template: str, messages: Messages, bos: str, eos: str) -> str:
    try:
        from jinja2 import TemplateError

        from memos_cli.backends.llms.metered import MeteredEnvironment, Unbounded
    except ImportError:
        from memos_cli.errors import extra

        raise ModelUnavailable("jinja2 is not installed", hint=extra("llm")) from None

    def refuse(message: str) -> None:
        raise TemplateError(message)

    if len(template) > _LONGEST:
        raise UnboundedTemplate("the model's chat template is too long to be one", hint=_HINT)
    room = MeteredEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    room.globals["raise_exception"] = refuse
    said = [{"role": role, "content": text} for role, text in messages]
    try:
        made = room.from_string(room.metered(template))
        return made.render(messages=said, add_generation_prompt=True, bos_token=bos, eos_token=eos)
    except (Unbounded, RecursionError, MemoryError) as error:
        raise UnboundedTemplate(f"the model's chat template has no end: {_shown(error)}", hint=_HINT) from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, SyntaxError) as error:
        raise ModelUnavailable(f"the model's chat template fails: {_shown(error)}", hint=_HINT) from None


def _shown(error: BaseException) -> str:
    """What an error says, on one line, without what steers a terminal: a template can say anything."""
    said = str(error) or type(error).__name__
    return "".join(char if char.isprintable() else " " for char in said[:_SHOWN])
