"""The child's side of a conversion: xberg reads the document, and its text is written to a file as JSON."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from memos_cli.backends.documents import confinement, web_page
from memos_cli.backends.llama import trial
from memos_cli.errors import MemosError, UsageError
from memos_cli.ports.importer import PAGE_END

_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "html": "text/html",
    "epub": "application/epub+zip",
    "rtf": "application/rtf",
}
_PREPARED = {"html": web_page.prepared, "epub": web_page.book}
_PAGED = ("pdf", "docx", "pptx")
"""Sorts whose pages are told; of a workbook each sheet is a heading."""
_LEAST_KEPT = 0.9
"""The least share of a document's letters that its pages have together; with less of them it is taken as one text."""
_FRONT = re.compile(r"\A---\n(?:\n## [^\n]*\n\n|title: [^\n]*\n---\n\n)")
"""The title of a web page, as xberg repeats it in front."""
_LONGEST_TITLE = 200
_NO_TITLE = re.compile(
    r"(?i)\W*(?:untitled|unbenannt|unspecified|anonymous|document\d*|powerpoint presentation"
    r"|microsoft (?:word|powerpoint) - .*|.*\.(?:docx?|pptx?|dvi|tex))\W*"
)
"""Titles that a program gave, and no person."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Convert the document `given` to the file `made`, and end; threads of xberg crash an interpreter that ends in order."""
    status = 0
    try:
        given, made, sort, most = arguments
        confinement.confine(2 * int(most))
        convert(Path(given), Path(made), sort, int(most))
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        status = trial.FAILED
    except MemoryError:
        status = trial.NO_MEMORY
    sys.stderr.flush()
    os._exit(status)


def convert(given: Path, made: Path, sort: str, most: int) -> None:
    """Convert a document of a sort to a file with JSON, its text of at most so many bytes.

    Raises:
        UsageError: it cannot be converted.
    """
    try:
        found = _converted(given.read_bytes(), sort)
    except OSError as error:
        raise UsageError(f"{error.strerror}") from None
    if len(found["text"].encode()) > most:
        raise UsageError(f"its text is longer than {most / trial.MEBIBYTE:,.0f} MiB")
    made.write_text(json.dumps(found), encoding="ascii")


def _converted(content: bytes, sort: str) -> dict[str, Any]:
    import xberg

    how = xberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        output_format="markdown",
        max_archive_depth=0,
        # What repeats, as the heading of each invoice in a file of them does, is text all the same.
        content_filter=xberg.ContentFilterConfig(include_headers=True, include_footers=True, strip_repeating_text=False),
        pages=xberg.PageConfig(extract_pages=True),
        concurrency=xberg.ConcurrencyConfig(max_threads=1),
    )
    content = _PREPARED[sort](content) if sort in _PREPARED else content
    what = xberg.ExtractInput(kind="bytes", bytes=content, mime_type=_TYPES[sort])
    try:
        found = asyncio.run(xberg.extract(what, how))
    except Exception as error:  # noqa: BLE001 -- xberg raises RuntimeError and a dozen others; its message tells what it is
        raise UsageError(_reason(error)) from None
    if not found.results:
        raise UsageError(_reason(found.errors[0]) if found.errors else "nothing came out of it")
    document = found.results[0]
    pages = _pages(document) if sort in _PAGED else []
    text = "".join(f"{page}\n\n{PAGE_END}\n\n" for page in pages) or _FRONT.sub("", document.content)
    return {"text": _sound(text), "title": _title(document.metadata.title), "pages": len(pages) or None}


def _pages(document: Any) -> list[str]:  # noqa: ANN401 -- xberg's own type
    """The text of each page; nothing where the pages are not told, or have lost some of the text."""
    found = {int(page.page_number): str(page.content).replace(PAGE_END, "\n").strip() for page in document.pages or ()}
    pages = [found.get(number, "") for number in range(1, max(found, default=0) + 1)]
    return pages if _letters("".join(pages)) >= _LEAST_KEPT * _letters(document.content) else []


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _sound(text: str) -> str:
    """The text without what no text has: NUL characters and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _title(found: str | None) -> str | None:
    """What a document calls itself, where that is more than a program's own name for it."""
    title = " ".join(_sound(found or "").split())
    return None if len(title) > _LONGEST_TITLE or not re.search(r"\w", title) or _NO_TITLE.fullmatch(title) else title


def _reason(error: object) -> str:
    """What xberg says of a fault, without the names of its own parts."""
    said = re.sub(r"\bxberg[\w-]*:\s*", "", str(getattr(error, "message", None) or error))
    return " ".join(_sound(said).split()) or type(error).__name__
