"""Documents as sources: which file is one, whether it changed, and its text with what the document is as a whole."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.interface.sources import sources
from memos_cli.interface.sources.recognition import Recognised, recognised
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.plugins import load
from memos_cli.ports.importer import Converted
from memos_cli.times import Zone, parse_iso

if TYPE_CHECKING:
    from memos_cli.ports.importer import DocumentConverter

_OTHERWISE = "save it anew, or as text, with the program that it is from, and add that"
_MOST_HEADINGS = 1000
"""Characters of headings that the memory of a whole document lists."""


class Document(NamedTuple):
    """A file that is a document.

    Attributes:
        path: where it lies.
        name: what the person calls it.
        known: what it is.
        digest: SHA-256 of its bytes.
    """

    path: Path
    name: str
    known: Recognised
    digest: str


def looked_at(name: str, path: str | None) -> Document | None:
    """The file of a name, if it is a document that is converted; `None` for all else, and for a pipe, which is read once.

    Raises:
        UsageError: it cannot be read.
    """
    if path is None:
        return None
    known = recognised(sources.head(path), name, whole=False)
    if known is None or known.sort is None:
        return None
    try:
        with Path(path).open("rb") as file:
            return Document(Path(path), name, known, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None


def converted(document: Document) -> Converted:
    """The document as Markdown, its title in front of it.

    Raises:
        ModelUnavailable: what converts documents is not installed.
        UsageError: it cannot be converted; the message begins with its name.
    """
    converter: DocumentConverter = load("documents", "converter")()
    try:
        made = converter.convert(document.path, document.known.sort or "")
    except ModelUnavailable as error:
        raise ModelUnavailable(f"{document.name} is {document.known.what}; {error.message}", hint=error.hint) from None
    except UsageError as error:
        raise UsageError(
            f"{document.name} is {document.known.what} that {error.message}", hint=error.hint or _OTHERWISE
        ) from None
    title = made.title or re.sub(r"[\W_]+", " ", document.path.stem).strip() or "document"
    return made._replace(text=made.headed(title), title=title)


def whole(document: Document, made: Converted, parts: Sequence[Draft], zone: Zone) -> Draft:
    """The memory of the document as a whole: what it is called, how long it is, its headings; of an image its day and place."""
    name, title = document.path.name, made.title or document.path.name
    pages = "" if made.pages is None else f", {made.pages:,} pages" if made.pages > 1 else ", 1 page"
    headings = dict.fromkeys((part.title or "").removeprefix(title).removeprefix(" > ") for part in parts)
    taken = made.taken and parse_iso(made.taken, zone)
    unread = f", {made.unread:,} of them read without words" if made.unread else ""
    told = (f", taken on {made.taken[:10]}" if made.taken else "") + (f", at {made.place}" if made.place else "")
    content = f"{title}: {name}, {document.known.what.split(' ', 1)[1]}{pages}{unread}{told}"
    more = {name: value for name, value in (("pages", made.pages), ("place", made.place)) if value is not None}
    about = {"sort": document.known.sort, **more}
    source = Source(file=parts[0].source.file if parts else name, digest=parts[0].source.digest if parts else None)
    return Draft(
        f"{content}\n\n{_listed(headings)}".strip(), Kind.DOCUMENT, title=title, origin=Origin.FILE,
        source=source, metadata={"document": about}, occurred_at=taken, given=frozenset({"occurred_at"} if taken else ()),
    )  # fmt: skip


def _listed(headings: Iterable[str]) -> str:
    """The headings by their last parts, as many as there is room for."""
    listed: list[str] = []
    room = _MOST_HEADINGS
    for heading in (path.rpartition(" > ")[2] for path in headings if path):
        room -= len(heading) + 2
        if room < 0:
            return "; ".join([*listed, "\u2026"])
        listed.append(heading)
    return "; ".join(listed)
