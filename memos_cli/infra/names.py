"""Names as they are compared: keys, tags, tasks, views and external ids.

A name is shown as it was first written. Case, blanks and the Unicode form make no other name of it: `Café`, `café ` and a
`café` whose accent is a character of its own are one.
"""

from functools import lru_cache
from unicodedata import normalize


@lru_cache(maxsize=8192)
def compared(name: str) -> str:
    """The form that all spellings of a name share: Unicode NFC, case folded, each run of blanks one space."""
    if not name.isascii():
        # Folding takes characters apart that are one in NFC, so the text is taken apart before and put together after it.
        name = normalize("NFC", normalize("NFD", name).casefold())
    return " ".join(name.casefold().split())


def first_written(names: "tuple[str, ...]") -> "tuple[str, ...]":
    """Of names that are the same the first one, in the order in which they are given."""
    if len(names) < 2:
        return names
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(compared(name), name)
    return tuple(found.values())
