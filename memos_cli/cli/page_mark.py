"""Where in a document a memory stands, for people and for programs."""

from pathlib import PurePath

from memos_cli.cli.terminal import plain
from memos_cli.model import Memory


def page(memory: Memory) -> int | None:
    """The page of its document, or the slide; `None` where it is from none, or its document has no pages."""
    found = memory.metadata.get("page")
    return found if isinstance(found, int) and not isinstance(found, bool) and memory.source.file else None


def mark(memory: Memory) -> str:
    """The name of its file and the page, as the end of the line of a hit; empty where there is no page."""
    number = page(memory)
    return "" if number is None else f"  [{plain(PurePath(memory.source.file or '').name)}, page {number}]"
