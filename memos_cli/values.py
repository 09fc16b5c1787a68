"""Typed keys: the values of settings and policies, how each is read, and tables of them as dotted names.

A reader takes the text of a command line, of the environment or of a TOML file and returns the value in its type. It refuses
a wrong value with a `ValueError` whose text a person can act on.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from memos_cli.records import NamedTuple

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Key(NamedTuple):
    """One thing that can be set: its default, how its value is read, and what it does."""

    default: Any
    read: Callable[[Any], Any]
    help: str


def number(value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("it has to be a number")  # noqa: TRY004 -- to the person who wrote it, the value is wrong
    try:
        found = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        found = math.inf
    except ValueError:
        raise ValueError("it has to be a number") from None
    if not math.isfinite(found):
        raise ValueError("it has to be a number that can be counted to")
    return found


def whole(most: int | None = None) -> Callable[[object], int]:
    """Reads a whole number, not below 0 nor above `most`."""
    meant = "it has to be a whole number, not below 0" + (f" nor above {most:,}" if most is not None else "")

    def read(value: object) -> int:
        found = number(value)
        if found != int(found) or found < 0 or (most is not None and found > most):
            raise ValueError(meant)
        try:
            return int(str(value))  # exact, where a float is not
        except ValueError:
            return int(found)

    return read


def between(
    least: float, most: float, meant: str, *, without_least: bool = False, without_most: bool = False
) -> Callable[[object], float]:
    """Reads a number from `least` to `most`; `meant` describes the range in the error for any other number."""

    def read(value: object) -> float:
        found = number(value)
        if not least <= found <= most or (without_least and found == least) or (without_most and found == most):
            raise ValueError(f"it has to be {meant}")
        return found

    return read


share = between(0, 1, "a share, from 0 to 1")
"""A share of a whole."""
positive = between(0, math.inf, "more than 0", without_least=True)
"""A number above zero, of seconds or the like."""


def switch(value: object) -> bool:
    """True or false, or a word for one of them."""
    if str(value).lower() not in _WORDS:
        raise ValueError("write true or false")
    return _WORDS[str(value).lower()]


def text(value: object) -> str:
    """Text that is not empty, without white space around it."""
    found = str(value).strip()
    if not found:
        raise ValueError("it cannot be empty")
    return found


def line(value: object) -> str:
    """Text on one line; white space at its ends belongs to it."""
    found = str(value)
    if not found.strip() or not found.isprintable():
        raise ValueError("it has to be a line of text")
    return found


class OneOf:
    """Reads one of these words.

    Attributes:
        words: the words.
    """

    def __init__(self, *words: str) -> None:
        self.words = words

    def __call__(self, value: object) -> str:
        """The word."""
        if value not in self.words:
            raise ValueError(f"write one of {', '.join(self.words)}")
        return str(value)


one_of = OneOf


_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = rf"(?m)(?:^|[\[{{,])[ \t]*+{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{32}}"


def tables(text: str) -> dict[str, Any]:
    """What a TOML text says.

    Raises:
        ValueError: it is no TOML, or nested too deep; a key of 50,000 parts takes Python's parser minutes.
    """
    import re
    import tomllib

    if re.search(_LONG_KEY, text):
        raise ValueError("a key has more than 32 parts")
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # the mark that Windows' editors put before UTF-8
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python's bound on the digits of a number
        raise ValueError("a number has too many digits") from None


def flat(table: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of nested tables as dotted names: `[archive] decay` is `archive.decay`."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{head}{name}.")
        else:
            yield f"{head}{name}", value


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Tables from dotted names: the opposite of `flat`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        *heads, last = name.split(".")
        table = found
        for head in heads:
            table = table.setdefault(head, {})
        table[last] = value
    return found
