"""Loads the model in a thread, so that it is ready when the memories for a message have been looked up."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from memos_cli.errors import MemosError
from memos_cli.interface.reader import intents

if TYPE_CHECKING:
    from memos_cli.ports.ports import LLM


def begin(llm: "LLM", message: str) -> threading.Thread | None:
    """Begin to load the model that will answer a message; `None` where it needs none.

    Loading takes a model of 100 MB as long as looking up memories does, and both together take two cores no longer than one of
    them. A message that is done without a model ("remember that …") begins nothing, and neither does a model elsewhere. Whoever
    uses or closes the model waits for the thread. A fault is not told here: it comes again with the answer.
    """
    if not llm.local or intents.of(message).name != "ask":
        return None

    def load() -> None:
        with suppress(MemosError):
            _ = llm.context

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    return thread
