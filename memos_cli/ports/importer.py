"""The plug point of imports, as a Protocol: what the core asks of an importer, and what an importer hands over.

An importer reads what another program wrote, from a file or a folder, from its beginning to its end. It decides nothing about
the memories of a cube: it has a stable name for each entry (`Draft.external_id`), and `interface/imports` finds out by it what
is known, edited, forgotten or new. Whatever an importer finds it hands over or names as skipped, so that nothing is lost
without a word.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from memos_cli.model import Draft
from memos_cli.records import NamedTuple
from memos_cli.times import Zone

if TYPE_CHECKING:
    from pathlib import Path


class Skipped(NamedTuple):
    """Something in a source that becomes no memory.

    Attributes:
        why: the reason in a few words, the same words for the same reason, such as `a system message` or `another branch`.
        where: by what a person finds it: a file within the source, a line, the title of a talk.
        count: how many entries it stands for.
        damaged: whether it would have become a memory if the source were whole, such as an entry of a wrong type, or what
            lies behind the end of a file that was cut off. An import with damaged entries exits 3.
    """

    why: str
    where: str = ""
    count: int = 1  # type: ignore[assignment]  # of a tuple nobody asks how often it has a value
    damaged: bool = False


class ImportOptions(NamedTuple):
    """How a source is read.

    Attributes:
        zone: where a time without an offset from UTC was written.
        since: fixed-width UTC text; what happened before is of no interest. The core leaves it out whatever an importer does;
            an importer that knows of a whole file that it is older may hand over one `Skipped(OLDER, …)` for all of it.
        columns: of a table, the field of a memory (`content`, `occurred_at`, `tags`, …) that each of its columns is, by name.
        tell: called now and then with how many bytes of the source were read, and how many there are (0 where unknown).
    """

    zone: Zone
    since: str | None = None
    columns: Mapping[str, str] = {}
    tell: Callable[[int, int], None] = lambda *_: None


OLDER = "before --since"
"""Why an entry is skipped that happened too early."""


@runtime_checkable
class Importer(Protocol):
    """Reads the sources of one kind.

    What it makes of an entry:

    - `external_id`: `KIND:` and what names the entry in its source, the same whenever it is read; never a place in a list that
      may grow at its beginning, and never the time of the import.
    - a turn of a talk has the kind `episode`, the origin `conversation`, and in `source` the conversation (an id that is
      stable), the turn's number, the speaker (`user` and `assistant`, or the names of people), and in `title` what the talk is
      called;
    - everything else has the origin `import`;
    - `occurred_at` is the time that the source states, fixed-width UTC text, or `None`; never the present;
    - `given` names the fields that the source states, so that no guess replaces them.

    It labels no secrets, guesses no dates in words, and extracts no facts: the core does so for all of them alike.
    """

    def matches(self, source: "Path") -> bool:
        """Whether a file or a folder is of this kind, by at most 64 KiB of its content and the names of its entries.

        Anything may be asked, also what cannot be read; the answer is then no.
        """
        ...

    def read(self, source: "Path", how: ImportOptions) -> Iterator[Draft | Skipped]:
        """What is in a source, in its order; memory stays bounded whatever its size.

        Raises:
            UsageError: it cannot be read, or is nothing of this kind at all. What is damaged further on is a `Skipped`.
        """
        ...


@runtime_checkable
class Tabular(Protocol):
    """What an importer has as well whose sources have columns: which fields it takes them for is told to the person."""

    def guessed(self, source: "Path", how: ImportOptions) -> Mapping[str, str]:
        """The columns that are fields of a memory, each with the field, those of `how.columns` among them.

        Raises:
            UsageError: it cannot be read, or no column is the text.
        """
        ...


PAGE_END = "\f"
"""Stands at the end of each page of a text, alone on its line."""


class Converted(NamedTuple):
    """A document as text.

    Attributes:
        text: Markdown, where there are pages with `PAGE_END` behind each, also behind an empty one.
        title: what the document calls itself.
        pages: how many pages (slides of a presentation) it has; `None` where its format knows none.
        taken: when an image was taken, in ISO-8601, with an offset where the image tells one.
        place: where: latitude and longitude in degrees.
        unread: how many of its pages are pictures whose words were not read.
        lacks: what has to be done for these to be read, where something is not installed: an imperative.
    """

    text: str
    title: str | None = None
    pages: int | None = None
    taken: str | None = None
    place: str | None = None
    unread: int = 0
    lacks: str | None = None

    def headed(self, title: str) -> str:
        """The text below a title, as the parser of documents reads it."""
        return f"---\ntitle: {title}\n---\n\n{self.text}"


IMAGE = "image"
"""The sort of photographs and scans: their words, where tesseract is installed, and the day and the place that EXIF tells."""
SORTS = ("pdf", "docx", "pptx", "xlsx", "odt", "html", "epub", "rtf", IMAGE)
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
