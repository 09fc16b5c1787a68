"""What is printed, and how: only escape sequences that `style` put in reach a terminal, all others are written out.

A name, a path or a memory may hold an escape sequence that looks just like one of ours. So `style` marks its own with a word
that is drawn anew for each run and that nobody outside can know, and `echo` writes out what is unsafe and has no such mark.
"""

import os
import re
from typing import Any

import click

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (terminal escapes begin with one), and those that turn the direction of writing around."""
_MARK = f"\x1b{os.urandom(8).hex()}"
"""Stands for the escape character of a style of ours until it is printed."""
_STYLE = re.compile(r"\[[0-9;]*m")
_OWN = re.compile(re.escape(_MARK) + _STYLE.pattern)


class Untold(OSError):
    """What a command has to say could not be written, as on a full disk; what it was to do may be done."""


def plain(text: str) -> str:
    """The text with unsafe characters written out (`\\x1b`), tabs and line ends kept."""
    return _UNSAFE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def style(text: str, **looks: Any) -> str:  # noqa: ANN401 -- what `click.style` takes
    """The text in a colour or weight, for `echo`; the text itself may come from outside."""
    before, after = click.style("|", **looks).replace("\x1b", _MARK).split("|")
    return before + text + after


def styled_by_memos(text: str) -> str:
    """The text with the styles in it marked as ours: what another run of memos printed, or a plot."""
    return re.sub("\x1b(?=" + _STYLE.pattern + ")", _MARK, text)


def unstyle(text: str) -> str:
    """The text without the styles that `style` put in."""
    return _OWN.sub("", text)


def safe(text: str) -> str:
    """The text as it may be printed: unsafe characters written out, our styles as a terminal takes them."""
    return "\x1b".join(map(plain, text.split(_MARK)))


def echo(text: str = "", *, nl: bool = True, err: bool = False) -> None:
    """Print a text, to stdout or stderr; the one way to do it."""
    written(safe(text), nl=nl, err=err)


def written(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print a text that is safe already. A notice that cannot be printed is left out: what it is about is done all the same.

    Raises:
        Untold: what is for stdout could not be printed; a reader that has gone away is no error, see `cli.main.run`.
    """
    try:
        click.echo(text, nl=nl, err=err)
    except BrokenPipeError:
        if not err:
            raise
    except OSError as error:
        if not err:
            raise Untold(*error.args) from error


def document(value: Any, indent: int | None = None) -> str:  # noqa: ANN401 -- any JSON
    """A value as JSON whose unsafe characters are escaped: another text, the same value once it is read."""
    import json  # here, since `--help` prints no JSON: 3 ms of its 100

    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
