"""The plug point of documents, as a Protocol: what the core asks of a converter of PDF, Word files, web pages and the like."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

PAGE_END = "\f"
"""Stands at the end of each page of a text, alone on its line."""


class Converted(NamedTuple):
    """A document as text.

    Attributes:
        text: Markdown, where there are pages with `PAGE_END` behind each, also behind an empty one.
        title: what the document calls itself.
        pages: how many pages (slides of a presentation) it has; `None` where its format knows none.
    """

    text: str
    title: str | None = None
    pages: int | None = None


SORTS = ("pdf", "docx", "pptx", "xlsx", "odt", "html", "epub", "rtf")
"""The sorts of documents that are converted."""


@runtime_checkable
class DocumentConverter(Protocol):
    """Turns documents into Markdown. One that is made to do harm harms nothing but its own conversion."""

    def is_installed(self) -> bool:
        """Whether it can be asked at all; costs nothing."""
        ...

    def convert(self, document: "Path", sort: str) -> Converted:
        """The text of a document, which is of one of `SORTS`. Nothing is asked of the network.

        Raises:
            ModelUnavailable: what does it is not installed.
            UsageError: it is damaged, locked or too large, or there are no words in it. The message says which, and goes on
                where the name of the file ends.
        """
        ...
