"""What is printed, and how: only escape sequences that `style` put in reach a terminal, all others are written out.

A name, a path or a memory may hold an escape sequence that looks just like one of ours. So `style` marks its own with a word
that is drawn anew for each run and that nobody outside can know, and `echo` writes out what is unsafe and has no such mark.
"""

import os
import re
from typing import Any

import click

_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters (terminal escapes begin with one), and those that turn the direction of writing around: none is printable.

Text that `re` compiles when something unsafe is printed, which most commands never do."""
_MARK = f"\x1b{os.urandom(8).hex()}"
"""Stands for the escape character of a style of ours until it is printed."""
_STYLE = r"\[[0-9;]*m"
_OWN = re.escape(_MARK) + _STYLE


class Untold(OSError):
    """What a command has to say could not be written, as on a full disk; what it was to do may be done."""


def _printable(text: str) -> bool:
    """Whether the characters of each line can be printed as they are, as those of nearly every text can."""
    return all(map(str.isprintable, text.split("\n")))


def plain(text: str) -> str:
    """The text with unsafe characters written out (`\\x1b`), tabs and line ends kept."""
    if _printable(text):
        return text
    return re.sub(_UNSAFE, lambda found: found.group().encode("unicode_escape").decode(), text)


def style(text: str, **looks: Any) -> str:  # noqa: ANN401 -- what `click.style` takes
    """The text in a colour or weight, for `echo`; the text itself may come from outside."""
    before, after = click.style("|", **looks).replace("\x1b", _MARK).split("|")
    return before + text + after


def styled_by_memos(text: str) -> str:
    """The text with the styles in it marked as ours: what another run of memos printed, or a plot."""
    return re.sub("\x1b(?=" + _STYLE + ")", _MARK, text)


def unstyle(text: str) -> str:
    """The text without the styles that `style` put in."""
    return re.sub(_OWN, "", text) if _MARK in text else text


def safe(text: str) -> str:
    """The text as it may be printed: unsafe characters written out, our styles as a terminal takes them."""
    return "\x1b".join(map(plain, text.split(_MARK)))


def echo(text: str = "", *, nl: bool = True, err: bool = False) -> None:
    """Print a text, to stdout or stderr; the one way to do it."""
    written(safe(text), nl=nl, err=err)


def written(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print a text that is safe already.

    Raises:
        Untold: it could not be printed; a reader that has gone away is no error, see `cli.main.run`.
    """
    try:
        click.echo(text, nl=nl, err=err)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Untold(*error.args) from error


def document(value: Any, indent: int | None = None) -> str:  # noqa: ANN401 -- any JSON
    """A value as JSON whose unsafe characters are escaped: another text, the same value once it is read."""
    import json  # here, since `--help` prints no JSON: 3 ms of its 100

    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if _printable(text) else re.sub(_UNSAFE, lambda found: f"\\u{ord(found.group()):04x}", text)
