"""How people state the facts of a life and ask for them, and what else is asked about: the texts behind the data sets.

The texts lie in `memos_cli/data`, each with its form explained at its head. What no family knows is read by `clauses`.
"""

import re
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def families() -> tuple[tuple[str, str, str], ...]:
    """The families of facts: for each its head (`name kind [many]`), its line of statements, and its line of questions."""
    found = []
    for block in _blocks("wordings.txt"):
        head, says, asks = block.splitlines()
        found.append((head, says.removeprefix("s "), asks.removeprefix("q ")))
    return tuple(found)


@lru_cache(maxsize=1)
def nouns() -> dict[str, tuple[str, ...]]:
    """By the name of a family the nouns that are asked about without a memory that tells."""
    parted = (block.partition("\n") for block in _blocks("nouns.txt"))
    return {name: tuple(" ".join(listed.split()).split(", ")) for name, _, listed in parted}


def _blocks(name: str) -> list[str]:
    text = resources.files("memos_cli.data").joinpath(name).read_text(encoding="utf-8")
    return [block.strip() for block in re.split(r"^# ", text, flags=re.MULTILINE)[1:]]
