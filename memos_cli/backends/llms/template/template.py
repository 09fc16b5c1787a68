"""Applies a model's chat template so that no message can pass for a part of it.

The template is a program that came with the model, so it runs in Jinja's sandbox, with so much work and no more (`metered`). A
random word replaces each message's text; the result is cut at these words, and the texts are put back as pieces in which the
tokenizer looks for no marks. The words of a memory can therefore never become the token that ends a turn, whatever that token
is called in this model.
"""

import re
import secrets
from collections.abc import Sequence
from functools import lru_cache

from memos_cli.errors import ModelUnavailable
from memos_cli.ports.ports import Piece

PLAIN = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}\n{% elif m['role'] == 'user' %}"
    "Question: {{ m['content'] }}\n{% else %}Answer: {{ m['content'] }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Answer:{% endif %}"
)
"""For models without a template, such as base models."""
_CHATML = re.compile(
    r"\{% for message in messages %\}"
    r"(?:\{% if loop\.first and messages\[0\]\['role'\] != 'system' %\}\{\{ ?'(?:[^'{}%\\]|\\n)*' ?\}\}\{% endif %\})?"
    r"\{\{ ?'<\|im_start\|>' \+ message\['role'\] \+ '(?:\n|\\n)' \+ message\['content'\]"
    r" \+ '<\|im_end\|>' \+ '(?:\n|\\n)' ?\}\}"
    r"\{% endfor %\}\{% if add_generation_prompt %\}\{\{ ?'<\|im_start\|>assistant(?:\n|\\n)' ?\}\}\{% endif %\}"
)
"""The commonest template, with or without a system text of its own, which only messages without one get. It is applied here, as
Jinja would: importing that takes 60 ms, a tenth of the time until the first word of a small model."""
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
    texts = [text for _, text in messages]
    shape = _shape(template, tuple(role for role, _ in messages), bos, eos)
    return tuple(Piece(part, marks=True) if isinstance(part, str) else Piece(texts[part]) for part in shape)


@lru_cache(maxsize=256)
def _shape(template: str, roles: tuple[str, ...], bos: str, eos: str) -> tuple[str | int, ...]:
    """What a template makes of messages with these roles: its own text, and the numbers of the messages between.

    It is kept, since the roles are all that a template is told of the messages, and Jinja takes 6 ms to compile one.
    """
    if roles[:1] == ("system",) and _CHATML.fullmatch(template):
        opened = [f"<|im_start|>{role}\n" for role in (*roles, "assistant")]
        between = [f"<|im_end|>\n{mark}" for mark in opened[1:]]
        return (opened[0], *(part for number, mark in enumerate(between) for part in (number, mark)))
    return _rendered(template, roles, bos, eos)


def _rendered(template: str, roles: Sequence[str], bos: str, eos: str) -> tuple[str | int, ...]:
    """The same through Jinja."""
    names = [f"memos{secrets.token_hex(8)}x{number}" for number in range(len(roles))]
    stand_ins = list(zip(roles, names, strict=True))
    try:
        said = _apply(template, stand_ins, bos, eos)
    except UnboundedTemplate:
        raise
    except ModelUnavailable:
        # Some templates know no system role; its text then opens the first question.
        if roles[:1] != ("system",):
            raise
        joined = [("user", f"{names[0]}\n{names[1]}"), *stand_ins[2:]] if len(roles) > 1 else [("user", names[0])]
        said = _apply(template, joined, bos, eos)
    numbers = {name: number for number, name in enumerate(names)}
    parts = re.split(f"({'|'.join(names)})", said) if names else [said]
    if [part for part in parts if part in numbers] != names:
        raise ModelUnavailable("the model's chat template leaves messages out", hint=_HINT)
    return tuple(numbers.get(part, part) for part in parts if part)


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
