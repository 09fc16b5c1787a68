"""An answer as it comes from a model: passed on piece by piece, counted, and ended by Ctrl-C where that is wanted."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memos_cli.interface.extracting import ended

if TYPE_CHECKING:
    from memos_cli.ports import Token

Tell = Callable[[str], None]


class Stream:
    """An answer as it comes.

    Args:
        tell: called with each piece.
        stoppable: whether Ctrl-C ends the answer only; otherwise it is raised.
    """

    def __init__(self, tell: Tell, *, stoppable: bool) -> None:
        self.tell = tell
        self.stoppable = stoppable
        self.tokens: list[Token] = []
        self.first: float | None = None
        self.stopped = False

    def run(self, tokens: "Iterator[Token]") -> str:
        """The whole answer, once it has come, without white space around it."""
        parts: list[str] = []
        with self._until_stopped(), ended(tokens):
            for token in tokens:
                self.first = self.first or time.perf_counter()
                self.tokens.append(token)
                text = token.text if parts else token.text.lstrip()
                if text:
                    parts.append(text)
                    self.tell(text)
        return "".join(parts).strip()

    @contextmanager
    def _until_stopped(self) -> "Iterator[None]":
        try:
            yield
        except KeyboardInterrupt:
            if not self.stoppable:
                raise
            self.stopped = True
