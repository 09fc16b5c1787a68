"""What a file is by the beginning of its content: plain text that the readers take, or something that none of them reads.

The ending of a name is asked only where the content leaves it open. At most `HEAD` bytes are looked at, each a bounded number
of times, so that any bytes at all are recognised in bounded time and memory.
"""

import csv
import json
import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, NamedTuple

from memos_cli.interface.reader.intake import LINE_FIELDS
from memos_cli.ports.importer import IMAGE

HEAD = 64 * 1024
"""Bytes of a file that are looked at."""
_CONTROLS = 0.1
"""The largest share of control characters in a text."""
_LEAST_ROWS, _LONGEST_CELL = 3, 80
"""Rows from which a text with no telling name may be a table, and the most characters of a name of its columns."""


class Recognised(NamedTuple):
    """A sort of file that no reader here takes.

    Attributes:
        what: what it is, with its article: `a PDF document`.
        hint: what a person can do with it.
        is_text: whether it is text all the same, which `--format` reads as it stands.
        sort: of a document that is converted, its sort (`ports.importer.SORTS`).
    """

    what: str
    hint: str
    is_text: bool = False
    sort: str | None = None


_CONVERTED = "it is read as a file of its own: memos add --file PATH"
_AS_TEXT = "there is no reader for it; export or convert it to text or Markdown, and give that to: memos add --file"
_LINES = "write its entries as JSON Lines, an object with content a line, and: memos add --jsonl FILE"
_IMPORT = "bring it in with: memos import FILE"
_BY_FORCE = "; as it stands it is read with: --format prose"
_UNPACK = "unpack it, and give the texts in it to: memos add --file FOLDER"
_DESCRIBE = "there is no reader for it; what it says in words can be told with: memos add"

_RICH_TEXT = "a Rich Text document"
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"SQLite format 3\x00", "an SQLite database", f"the log of llm is brought in with: memos import FILE; of others {_LINES}"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _DESCRIBE),
    (b"\xff\xd8\xff", "a JPEG image", _DESCRIBE),
    (b"GIF87a", "a GIF image", _DESCRIBE),
    (b"GIF89a", "a GIF image", _DESCRIBE),
    (b"II*\x00", "a TIFF image", _DESCRIBE),
    (b"MM\x00*", "a TIFF image", _DESCRIBE),
    (b"8BPS", "a Photoshop image", _DESCRIBE),
    (b"{\\rtf", _RICH_TEXT, _CONVERTED),
    (b"%!PS", "a PostScript document", _AS_TEXT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an older Office", _AS_TEXT),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"ID3", "an MP3 recording", _DESCRIBE),
    (b"OggS", "an Ogg recording", _DESCRIBE),
    (b"fLaC", "a FLAC recording", _DESCRIBE),
    (b"\x1aE\xdf\xa3", "a Matroska video", _DESCRIBE),
    (b"\x7fELF", "a program", _DESCRIBE),
    (b"GGUF", "a model (GGUF)", "choose it with: memos model use PATH"),
    (b"age-encryption.org/", "a file encrypted with age", "a sealed cube file is opened by: memos cube import FILE"),
    (b"-----BEGIN AGE ENCRYPTED FILE", "a file encrypted with age", "decrypt it first"),
    (b"-----BEGIN PGP MESSAGE", "a message encrypted with PGP", "decrypt it first"),
)
"""What files begin with, what they are, and what to do with them."""
_RIFF = {b"WEBP": ("a WebP image", _DESCRIBE), b"WAVE": ("a WAV recording", _DESCRIBE), b"AVI ": ("an AVI video", _DESCRIBE)}
_BRANDS = {b"heic": "an HEIC image", b"heix": "an HEIC image", b"mif1": "an HEIC image", b"avif": "an AVIF image"}
_ZIPPED: tuple[tuple[bytes, str, str], ...] = (
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "an OpenDocument text (ODT)", _CONVERTED),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file", _AS_TEXT),
    (b"mimetypeapplication/epub+zip", "a book (EPUB)", _CONVERTED),
    (b"word/", "a Word document (DOCX)", _CONVERTED),
    (b"xl/", "an Excel workbook (XLSX)", _CONVERTED),
    (b"ppt/", "a PowerPoint presentation (PPTX)", _CONVERTED),
    (b"[Content_Types].xml", "an Office document", _AS_TEXT),
    (b"conversations", "a ZIP archive with the export of a chat", _IMPORT),
)
"""What the first entries of a ZIP archive tell."""
_SORTS = {
    _RICH_TEXT: "rtf", "an OpenDocument text (ODT)": "odt", "a book (EPUB)": "epub", "a Word document (DOCX)": "docx",
    "an Excel workbook (XLSX)": "xlsx", "a PowerPoint presentation (PPTX)": "pptx",
    **dict.fromkeys(("a PNG image", "a JPEG image", "a TIFF image", "a GIF image", "a WebP image"), IMAGE),
}  # fmt: skip
"""Which of them are converted; images only where a person names one."""


def recognised(head: bytes, name: str | None = None, *, whole: bool = True) -> Recognised | None:
    """What a file is, if no reader here takes it; `None` for plain text, and for bytes that are in some other encoding.

    Args:
        head: its first bytes; what is behind `HEAD` of them is passed over.
        name: its name, whose ending tells a table from a text with commas.
        whole: whether these are all its bytes.
    """
    head, whole = head[:HEAD], whole and len(head) <= HEAD
    if (found := _binary(head)) is not None:
        return found
    text = head.decode("utf-8-sig", "replace").lstrip()
    ending = PurePath(name).suffix.lower() if name else ""
    for sort in _TEXTS:
        if (found := sort(text, ending, whole)) is not None:
            return found
    return None


def _binary(head: bytes) -> Recognised | None:
    for start, what, hint in _MAGIC:
        if head.startswith(start):
            return Recognised(what, hint, sort=_SORTS.get(what))
    return next((found for sort in _CONTAINERS if (found := sort(head)) is not None), None)


def _pdf(head: bytes) -> Recognised | None:
    if b"%PDF-" not in head[:1024] or head[:1024].lstrip()[:1].isalpha():
        return None
    return Recognised("a PDF document", _CONVERTED, sort="pdf")


def _zip(head: bytes) -> Recognised | None:
    if head[:4] not in {b"PK\x03\x04", b"PK\x05\x06"}:
        return None
    what, hint = next(((what, hint) for mark, what, hint in _ZIPPED if mark in head), ("a ZIP archive", _UNPACK))
    return Recognised(what, hint, sort=_SORTS.get(what))


def _media(head: bytes) -> Recognised | None:
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return Recognised(*(told := _RIFF[head[8:12]]), sort=_SORTS.get(told[0]))
    if head[4:8] == b"ftyp":
        return Recognised(_BRANDS.get(head[8:12], "a video or a recording (MP4)"), _DESCRIBE)
    return None


def _tar(head: bytes) -> Recognised | None:
    if head[257:262] != b"ustar":
        return None
    if head.startswith(b"manifest.json\x00"):
        return Recognised("a cube file of memos", "take it over with: memos cube import FILE")
    return Recognised("a tar archive", _UNPACK)


def _wide(head: bytes) -> Recognised | None:
    if head[:4] == b"\x00\x00\xfe\xff" or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return Recognised("text in UTF-16 or UTF-32", "convert it first: iconv -f UTF-16 -t UTF-8 FILE")
    return None


def _noise(head: bytes) -> Recognised | None:
    """Binary data: a NUL, or more control characters than a text has; those of terminals, tabs and line ends are text."""
    controls = len(head) - len(head.translate(None, _NO_TEXT))
    return Recognised("binary data", _DESCRIBE) if b"\x00" in head or controls > len(head) * _CONTROLS else None


_NO_TEXT = bytes({*range(32)} - {7, 8, 9, 10, 11, 12, 13, 27})
_CONTAINERS: tuple[Callable[[bytes], Recognised | None], ...] = (_pdf, _zip, _media, _tar, _wide, _noise)


def _markup(text: str, ending: str, whole: bool) -> Recognised | None:  # noqa: ARG001, FBT001 -- each sort is asked alike
    start = text[:2000].lower()
    if not start.startswith("<"):
        return None
    if re.match(r"<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]|<!doctype netscape-bookmark", start) or (
        ending in {".html", ".htm", ".xhtml"} and re.match(r"<(?:!|\w)", start)
    ):
        return _page()
    if re.match(r"<svg[\s>]", start) or (start.startswith("<?xml") and "<svg" in start):
        return Recognised("an SVG image", _DESCRIBE, is_text=True)
    if start.startswith("<?xml"):
        return _page() if "<html" in start else Recognised("an XML file", f"{_AS_TEXT}{_BY_FORCE}", is_text=True)
    return None


def _page() -> Recognised:
    return Recognised("a page of HTML", f"{_CONVERTED}{_BY_FORCE}", is_text=True, sort="html")


_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):(?:[ \t]|$)")
_ENVELOPE = frozenset({"message-id", "received", "mime-version", "return-path", "delivered-to", "dkim-signature"})
"""Fields of a message that only mail programs write."""


def _mail(text: str, ending: str, whole: bool) -> Recognised | None:  # noqa: ARG001, FBT001
    lines = text[:8000].splitlines()
    if lines and (mailbox := re.match(r"From \S+ .*\d{4}", lines[0][:200]) is not None):
        lines = lines[1:]
    elif not lines or _FIELD.match(lines[0][:200]) is None:
        return None
    fields: set[str] = set()
    for line in lines[:100]:
        found = _FIELD.match(line[:200])
        if found is not None:
            fields.add(found[1].lower())
        elif not line[:1].isspace() or not line.strip():
            break
    if not ("from" in fields and fields & {"date", "subject", "to"} and (mailbox or ending == ".eml" or fields & _ENVELOPE)):
        return None
    what = "a mailbox (mbox)" if mailbox else "an e-mail"
    return Recognised(what, f"{_IMPORT}{_BY_FORCE}", is_text=True)


_CUE = re.compile(r"\d{1,7}[ \t]*\r?\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*\d")


def _timed(text: str, ending: str, whole: bool) -> Recognised | None:  # noqa: ARG001, FBT001
    hint = f"talks are read as lines of `Name: words`; export it as text, and: memos add --file FILE.txt{_BY_FORCE}"
    if _CUE.match(text):
        return Recognised("subtitles (SRT)", hint, is_text=True)
    if re.match(r"WEBVTT(?:[ \t\r\n]|$)", text) and (ending == ".vtt" or "-->" in text):
        return Recognised("subtitles (WebVTT)", hint, is_text=True)
    if text.startswith("BEGIN:VCALENDAR"):
        return Recognised("a calendar (ICS)", f"{_IMPORT}{_BY_FORCE}", is_text=True)
    if text.startswith("BEGIN:VCARD"):
        return Recognised("an address card (vCard)", f"{_LINES}{_BY_FORCE}", is_text=True)
    return None


def _json(text: str, ending: str, whole: bool) -> Recognised | None:  # noqa: FBT001
    if text[:1] not in {"{", "["}:
        return None
    first, end = _value(text, whole=whole)
    if end is None:  # no JSON
        return None
    behind = text[end:].strip()
    lines = isinstance(first, dict) and (behind or ending in {".jsonl", ".ndjson"} or _is_memory(first))
    if lines and _are_lines(text, whole=whole):
        return _json_lines(first)
    return None if behind else _json_file(text)


def _value(text: str, *, whole: bool) -> tuple[Any, int | None]:
    """The JSON value that a text begins with, `None` where it is cut off, and where it ends; no end where it is no JSON."""
    try:
        return _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        cut = not whole and (error.pos >= len(text.rstrip()) - 8 or error.msg.startswith("Unterminated string"))
        return None, len(text) if cut else None
    except RecursionError:
        return None, len(text)


_DECODER = json.JSONDecoder(parse_int=lambda _: 0, parse_float=lambda _: 0.0)
"""Numbers are of no interest here, and Python refuses those with thousands of digits."""


def _are_lines(text: str, *, whole: bool) -> bool:
    """Whether each line is an object; the last one may be cut off."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not whole and len(lines) > 1:
        lines.pop()
    try:
        return bool(lines) and all(line.lstrip().startswith("{") and _DECODER.decode(line) is not None for line in lines)
    except (ValueError, RecursionError):
        return False


def _is_memory(first: dict[str, Any]) -> bool:
    return isinstance(first.get("content"), str) and first.keys() <= LINE_FIELDS


def _json_lines(first: dict[str, Any]) -> Recognised:
    if _is_memory(first):
        return Recognised("JSON Lines with memories", "take them over with: memos add --jsonl FILE", is_text=True)
    talk = {"type", "message", "sessionId", "payload", "role", "parentUuid", "uuid"} & first.keys()
    if talk:
        return Recognised("the transcript of an agent (JSON Lines)", _IMPORT, is_text=True)
    return Recognised("JSON Lines", f"say which fields are what: {_IMPORT} --columns NAME=content", is_text=True)


_EXPORTS: tuple[tuple[str, str], ...] = (
    (r'"mapping"\s*:\s*\{', "an export of ChatGPT (JSON)"),
    (r'"chat_messages"\s*:\s*\[', "an export of Claude (JSON)"),
    (r'"safeHtmlItem"\s*:', "an export of Gemini (JSON)"),
    (r'"type"\s*:\s*"message"(?s:.{0,4000})"ts"\s*:\s*"\d', "a day of a Slack export (JSON)"),
    (r'"nbformat"\s*:|"cell_type"\s*:', "a Jupyter notebook"),
    (r'"role"\s*:\s*"(?:user|assistant|system|human)"', "a chat (JSON)"),
)


_IMPORTED = frozenset({"an export of ChatGPT (JSON)", "an export of Claude (JSON)"})


def _json_file(text: str) -> Recognised:
    for pattern, what in _EXPORTS:
        if re.search(pattern, text[: HEAD // 8]):
            hint = _IMPORT if what in _IMPORTED else f"there is no reader for it yet; {_LINES}"
            return Recognised(what, hint, is_text=True)
    return Recognised("a JSON file", f"{_LINES}{_BY_FORCE}", is_text=True)


def _table(text: str, ending: str, whole: bool) -> Recognised | None:  # noqa: FBT001
    named = ending in {".csv", ".tsv"}
    lines = text[: HEAD // 4].splitlines()
    if (not whole or len(text) > HEAD // 4) and len(lines) > 1:
        lines.pop()
    for mark in ("\t", ",", ";"):
        if (
            lines
            and mark in lines[0]
            and (named or not re.search(rf"{re.escape(mark)} ", lines[0]))
            and _are_rows(lines, mark, named=named)
        ):
            hint = f"say which columns are what: {_IMPORT} --columns NAME=content{_BY_FORCE}"
            return Recognised("a table (CSV)" if mark != "\t" else "a table (TSV)", hint, is_text=True)
    return None


def _are_rows(lines: list[str], mark: str, *, named: bool) -> bool:
    """Whether lines are the rows of a table: as many cells in each, below a row of short names."""
    try:
        found = [row for row in csv.reader(lines, delimiter=mark) if row]
    except csv.Error:
        return False
    names = [cell.strip() for cell in found[0]] if found else []
    sound = all(names) and len(set(names)) == len(names) and all(len(cell) <= _LONGEST_CELL for cell in names)
    least_rows, least_cells = (1, 2) if named else (_LEAST_ROWS, 3)
    if not sound or len(found) < least_rows or len(names) < least_cells:
        return False
    alike = sum(len(row) == len(names) for row in found)
    return alike * 20 >= len(found) * 19 if named else alike == len(found)


_TEXTS: tuple[Callable[[str, str, bool], Recognised | None], ...] = (_json, _markup, _timed, _mail, _table)
"""The sorts of text that no reader takes, the most distinctive first."""
