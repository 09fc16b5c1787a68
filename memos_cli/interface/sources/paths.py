"""Names of files: which endings are read in a folder, and whether a text is nothing but the path of a file.

It imports nothing of memos, since every `memos add TEXT` asks it.
"""

import os
from collections.abc import Callable

ENDINGS = frozenset(
    (
        ".md",
        ".markdown",
        ".mdown",
        ".mkd",
        ".txt",
        ".text",
        ".org",
        ".rst",
        ".adoc",
        ".asciidoc",
        ".textile",
        ".wiki",
        ".norg",
        "",
    )
)
"""The endings of names that are read in a folder; a name without one, such as `TODO`, among them."""
OTHERS = frozenset(
    (
        ".json", ".jsonl", ".ndjson", ".html", ".htm", ".xml", ".pdf", ".srt", ".vtt", ".eml", ".mbox", ".csv", ".tsv", ".ics",
        ".vcf", ".docx", ".doc", ".odt", ".rtf", ".epub", ".zip", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".mp3",
        ".mp4", ".sqlite", ".db", ".log",
    )
)  # fmt: skip
"""Endings of files that people give to `add` although a folder's are not read."""


def is_path(text: str, exists: Callable[[str], bool] = os.path.exists) -> bool:
    """Whether a text is nothing but the path of something that is there, with a `/` or an ending that files of words have."""
    if not text or len(text) > 1000 or "\n" in text or "\0" in text:
        return False
    ending = os.path.splitext(text)[1].lower()  # noqa: PTH122
    return ("/" in text or (ending != "" and ending in ENDINGS | OTHERS)) and exists(text)
