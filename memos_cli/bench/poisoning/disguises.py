"""Disguises of a text, as those use who want it read as something else, and the reading that sees through them. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping

_CYRILLIC = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")  # noqa: RUF001 -- letters that look like ours
_LATIN = {other: ours for ours, other in _CYRILLIC.items()}
_TAGS = 0xE0000
"""The first of the invisible characters that repeat ASCII."""
_BOLD = 0x1D400
"""The first of the bold letters of mathematics: capitals, then small ones."""


def _joined(mark: str) -> Callable[[str], str]:
    """A mark between the letters of every word."""
    return lambda text: re.sub(r"(?<=\w)(?=\w)", mark, text)


def _bold(text: str) -> str:
    def of(letter: str) -> str:
        if not (letter.isascii() and letter.isalpha()):
            return letter
        return chr(_BOLD + (ord(letter) - ord("A") if letter.isupper() else 26 + ord(letter) - ord("a")))

    return "".join(map(of, text))


DISGUISES: Mapping[str, Callable[[str], str]] = {
    "cyrillic": lambda text: text.translate(_CYRILLIC),
    "zero width": _joined("\u200b"),
    "soft hyphen": _joined("\u00ad"),
    "bidi": lambda text: f"\u202e\u2066{text}\u2069\u202c",
    "fullwidth": lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
    "mathematical": _bold,
    "combining": _joined("\u034f"),
    "blanks": lambda text: text.replace(" ", "\u2003\u00a0"),
    "tags": lambda text: text + "".join(chr(_TAGS + ord(one)) for one in text if one.isascii()),
}
"""The disguises by their names."""


def seen_through(text: str) -> str:
    """A text as whoever is deceived reads it: compatible forms and letters that look alike are one, and nothing is hidden."""
    plain = unicodedata.normalize("NFKC", text)
    shown = "".join(one for one in plain if unicodedata.category(one) != "Cf" and one != "\u034f")
    return " ".join("".join(chr(_LATIN.get(ord(one), ord(one))) for one in shown).casefold().split())
