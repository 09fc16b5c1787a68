"""The page of the Python interface, made of the docstrings of `MOS` and of its services."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

_SECTIONS = re.compile(r"(Args|Returns|Raises|Attributes):$")


def api_page(roff: Callable[[str], str]) -> str:
    """The page in roff; `roff` escapes a line of text.

    Methods stand in the order of the class, services behind them, each with what its docstring says.
    """
    from memos_cli.interface import api
    from memos_cli.interface.api import MOS
    from memos_cli.interface.services import Services

    head, *examples = (inspect.getdoc(api) or "").split("\n\n", 1)
    lines = ['.TH "MEMOS-API" "3" "" "memos" "memos manual"', ".SH NAME", f"memos\\-api \\- {roff(head)}"]
    lines += [".SH SYNOPSIS", "\\fBfrom memos_cli import MOS\\fR", ".SH DESCRIPTION"]
    lines += _paragraphs(inspect.getdoc(MOS) or "", roff)
    for title, members in (("METHODS", _methods(MOS)), ("SERVICES", _services(Services))):
        lines.append(f".SH {title}")
        for name, told in members:
            lines += [".TP", f"\\fB{roff(name)}\\fR", *_paragraphs(told, roff, inner=True)]
    lines += [".SH EXAMPLES", ".nf", *map(roff, "\n\n".join(examples).splitlines()), ".fi"]
    lines += [".SH SEE ALSO", "\\fBmemos\\fR(1), \\fBmemos\\-governance\\fR(7)"]
    return "\n".join(lines) + "\n"


def _public(kind: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(kind).items():
        if not name.startswith("_") and inspect.getdoc(member):
            yield name, member


def _methods(kind: type) -> Iterator[tuple[str, str]]:
    for name, member in _public(kind):
        if inspect.isfunction(member):
            parameters = [one for one in inspect.signature(member).parameters.values() if one.name != "self"]
            yield f"mos.{name}({', '.join(_parameters(parameters))})", inspect.getdoc(member) or ""


def _parameters(some: list[inspect.Parameter]) -> Iterator[str]:
    """Parameters as they are written in a call: their names, and their defaults where these say something."""
    keyword = False
    for one in some:
        if one.kind is one.KEYWORD_ONLY and not keyword:
            keyword = True
            yield "*"
        mark = "**" if one.kind is one.VAR_KEYWORD else "*" if one.kind is one.VAR_POSITIONAL else ""
        has_default = one.default is not one.empty and isinstance(one.default, str | int | float | bool | None | tuple)
        yield f"{mark}{one.name}{f'={one.default!r}' if has_default else ''}"


def _services(kind: type) -> Iterator[tuple[str, str]]:
    for name, member in _public(kind):
        if not inspect.isfunction(member):
            yield f"mos.{name}", inspect.getdoc(member) or ""


def _paragraphs(text: str, roff: Callable[[str], str], *, inner: bool = False) -> list[str]:
    """A docstring as roff: its sections (`Args:`, `Raises:`) keep a line for each entry."""
    lines: list[str] = []
    for number, block in enumerate(text.split("\n\n")):
        first, *rest = block.splitlines()
        if number:
            lines.append(".IP" if inner else ".PP")
        if _SECTIONS.match(first):
            lines += [f"\\fI{roff(first.rstrip(':'))}\\fR", ".br"]
            for line in rest:
                lines += [roff(line.strip())] + ([".br"] if not line.startswith("        ") else [])
        else:
            lines += [roff(line) for line in block.splitlines()]
    return lines
