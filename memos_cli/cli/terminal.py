"""What is printed, and how: only escape sequences that `style` put in reach a terminal, all others are written out.

A name, a path or a memory may hold an escape sequence that looks just like one of ours. So `style` marks its own with a word
that is drawn anew for each run and that nobody outside can know, and `echo` writes out what is unsafe and has no such mark.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import click

_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters (terminal escapes begin with one), and those that turn the direction of writing around: none is printable.

Text that `re` compiles when something unsafe is printed, which most commands never do."""
_MARK = f"\x1b{os.urandom(8).hex()}"
"""Stands for the escape character of a style of ours until it is printed."""
_STYLE = r"\[[0-9;]*m"
_USUAL_COLUMNS = 80
_WIDE = 2
"""Columns of a wide character, such as a Chinese one."""
NARROW = "[ -~\u00a0-\u02ff\u0370-\u0482\u2010-\u2027]*"
"""Text of a column a character, Latin, Greek and Cyrillic: it spares the 40 ms that `wcwidth` takes to be imported."""
_HEAD = r" *(?:(?:[-*\u2022]|\d+[.)]) +|[^ ]+(?: [^ ]+)? {2,})(?=[^ ])"
"""What a line begins with and its text goes on behind: the mark of a list, or a name that two blanks part from its meaning."""
_COMMAND = r"\bmemos(?: (?:\"[^\"]*\"|'[^']*'|[^\s;,()\"']+))+"
"""A command of memos in a sentence."""
_TIED = "\ue000"
"""Stands for a blank at which no line ends until the line is printed; a character of private use."""
_OWN = re.escape(_MARK) + _STYLE


shown_by: Callable[[str, bool], None] | None = None
"""What shows lines instead of the streams, as long as a pager may: a text, and whether it is for stderr; see `cli.pager`."""


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
    """Print a text, to stdout or stderr; the one way to do it. On a terminal, lines that are too long wrap at words."""
    if shown_by is not None and nl:
        shown_by(text, err)
        return
    room = room_of(sys.stderr if err else sys.stdout) if nl and text else None
    written(safe(text if room is None else fitted(text, room)), nl=nl, err=err)


def room_of(stream: TextIO) -> int | None:
    """The columns of a stream that is a terminal; `None` for one that is not."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_COLUMNS
    except OSError:
        return _USUAL_COLUMNS


def columns(text: str) -> int:
    """The columns that a text without styles takes on a terminal: two for a wide character, none for one that combines."""
    if re.fullmatch(NARROW, text):
        return len(text)
    from wcwidth import iter_graphemes, wcswidth

    return sum(max(0, wcswidth(one)) for one in iter_graphemes(text))  # it is -1 of a control character


def fitted(text: str, room: int) -> str:
    """The text with its lines wrapped at words to so many columns; what goes on stands below where its line began to speak.

    A word that is longer than a line, such as a path, stands whole; so does a command of memos that fits a line, since it is
    copied. Text without blanks, as in Chinese, is wrapped between characters.
    """
    return "\n".join(piece for line in text.split("\n") for piece in wrapped(line, room))


def wrapped(line: str, room: int) -> list[str]:
    """One line as lines of at most so many columns."""
    bare = unstyle(line := line.expandtabs())
    if columns(bare) <= room:
        return [line]
    hang = _hang(bare, room)
    made, now, used = [], "", 0
    for gap, word in _pieces(line, room - hang):
        wide = columns(unstyle(word))
        if now.strip() and used + len(gap) + wide > room:
            made.append(now)
            now, used = " " * hang + word, hang + wide
        else:
            now, used = now + gap + word, used + len(gap) + wide
    return [one.replace(_TIED, " ").rstrip() for one in (*made, now)]


def _hang(bare: str, room: int) -> int:
    """The column in which a line goes on: behind its name or mark in a list, else where it began."""
    head = re.match(_HEAD, bare)
    hang = len(head[0]) if head else len(bare) - len(bare.lstrip())
    return hang if hang <= room // 3 else 2


def _pieces(line: str, room: int) -> Iterator[tuple[str, str]]:
    """The words of a line, each with the blanks before it; where characters are wide, each is a piece."""

    def tied(found: re.Match[str]) -> str:
        return found[0].replace(" ", _TIED) if columns(unstyle(found[0])) <= room else found[0]

    line = re.sub(_COMMAND, tied, line)
    for gap, word in re.findall(r"( *)([^ ]+)", line):
        if re.fullmatch(NARROW, bare := unstyle(word)) or columns(bare) == len(bare):
            yield gap, word
            continue
        for number, piece in enumerate(_breakable(word)):
            yield ("" if number else gap), piece


def _breakable(word: str) -> Iterator[str]:
    """The parts of a word between which a line may end: each wide character, and what is narrow between them."""
    from wcwidth import iter_graphemes

    narrow = ""
    for one in iter_graphemes(word):
        if columns(one) < _WIDE:
            narrow += one
            continue
        if narrow:
            yield narrow
        narrow = ""
        yield one
    if narrow:
        yield narrow


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
    return text if _printable(text) else re.sub(_UNSAFE, lambda found: f"\\u{ord(found.group()):04x}", text)
