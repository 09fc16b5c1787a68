"""Other holders of a purged text: what a purge did not take, and a person has to decide about."""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from memos_cli.infra.vault.purge import SHORTEST, Purged
from memos_cli.infra.vault.vault import Vault


class Holder(NamedTuple):
    """Something that holds the text, or may: a memory (or another noun of the log), and in which way."""

    noun: str
    id: str
    how: str


def holders(vault: Vault, purged: Purged) -> list[Holder]:
    """The other holders of one of the texts: memories, now or in an earlier version, and other nouns of the log.

    Upper and lower case and white space make no difference. One pass over the log: some 2 s for a million operations.
    """
    found: dict[tuple[str, str], str] = {}
    needles = [_bounded(_folded(json.dumps(text, ensure_ascii=False)[1:-1])) for text in purged.texts if len(text) >= SHORTEST]
    for noun, subject, change in vault.conn.execute(
        "SELECT noun, subject, change FROM ops WHERE change IS NOT NULL ORDER BY n"
    ):
        hay = _folded(change)
        if (noun, subject) not in found and any(plain in hay and exact.search(hay) for plain, exact in needles):
            found[noun, subject] = "says it"
    for (noun, subject), _ in list(found.items()):
        if noun == "memory" and not _says_now(vault, subject, purged.texts):
            found[noun, subject] = "said it in an earlier version"
    for link in purged.links:
        other = link.target if link.source in purged.ids else link.source
        if vault.conn.execute("SELECT 1 FROM memories WHERE id = ? AND state <> 'purged'", (other,)).fetchone():
            found.setdefault(("memory", other), f"linked by {link.type.value}")
    for turn in purged.spared:
        found.setdefault(("memory", turn), "repeats it in chat")
    return [Holder(noun, subject, how) for (noun, subject), how in found.items() if subject not in purged.ids]


def _folded(text: str) -> str:
    return " ".join(text.replace("\\n", " ").split()).casefold()


def _bounded(text: str) -> tuple[str, re.Pattern[str]]:
    """The text as a search needs it: for a quick test, then as whole words."""
    return text, re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")


def _says_now(vault: Vault, identity: str, texts: Iterable[str]) -> bool:
    memory = vault.get(identity)
    now = _folded(f"{memory.title or ''} {memory.content}")
    return any(_folded(text) in now for text in texts)
