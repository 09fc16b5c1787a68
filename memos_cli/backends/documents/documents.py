"""Documents to Markdown by xberg, each in a child process with so much time, memory and output, no network and no programs."""

import importlib.util
import json
import tempfile
from contextlib import suppress
from pathlib import Path

from memos_cli.backends.documents import scan
from memos_cli.backends.documents.image import WORDS
from memos_cli.backends.llama import trial
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.ports.importer import IMAGE, Converted

MOST_BYTES = 512 * trial.MEBIBYTE
"""The largest document that is converted."""
MOST_TEXT = 32 * trial.MEBIBYTE
"""Bytes of text that are taken of one: a book of 10,000 full pages."""
ALLOWED = trial.Allowance(seconds=600, memory=1536 * trial.MEBIBYTE)
"""What a conversion may take; a busy machine reads 30 pages a second of a PDF."""
OF_AN_IMAGE = ALLOWED._replace(seconds=120)
_BY_HAND = "then add it again; or add what writes the words into it makes of it: ocrmypdf FILE.pdf NEW.pdf"
HINT = "pip install 'memos-memcube[documents]'"


class ChildConverter:
    """Converts in a child process, so that a crash, a bomb or a loop ends the conversion and nothing else."""

    def is_installed(self) -> bool:
        """Whether xberg is there; it is not loaded for that."""
        return importlib.util.find_spec("xberg") is not None

    def convert(self, document: Path, sort: str) -> Converted:
        """The text of a document.

        Raises:
            ModelUnavailable: xberg is not installed.
            UsageError: it is damaged, locked or too large, or there are no words in it.
        """
        if not self.is_installed():
            raise ModelUnavailable("documents are read with the extra `documents`, which is not installed", hint=HINT)
        _require_size(document)
        with tempfile.TemporaryDirectory(prefix="memos-") as folder:
            made = Path(folder, "made")
            if sort == IMAGE:
                return _image(document, made)
            given = (str(document.absolute()), str(made), sort, str(MOST_TEXT))
            failure = trial.run("memos_cli.backends.documents.conversion", given, ALLOWED)
            if failure is not None:
                raise UsageError(f"cannot be converted: {failure.reason.replace('the trial', 'the conversion')}")
            converted = _fields(made)
            return _with_words(scan.completed(document, converted, Path(folder)) if sort == "pdf" else converted)


def _image(document: Path, made: Path) -> Converted:
    """What an image tells. Where tesseract fails on it there are no words, and its day and place all the same."""
    given = (str(document.absolute()), str(made), IMAGE, str(MOST_TEXT))
    failure = trial.run("memos_cli.backends.documents.image", given, OF_AN_IMAGE)
    if failure is not None and not made.exists():
        raise UsageError(f"cannot be read: {failure.reason.replace('the trial', 'the reading')}")
    found = _fields(made)
    with suppress(OSError):
        text = Path(f"{made}{WORDS}").read_bytes()[:MOST_TEXT].decode("utf-8", "replace")
        found = found._replace(text=text.replace("\0", "").replace("\f", "\n").strip())
    if not (found.text or found.taken or found.place):
        raise UsageError("tells no words, no day and no place", hint=scan.lacking() and f"to read its words, {scan.lacking()}")
    return found


def _require_size(document: Path) -> None:
    try:
        size = document.stat().st_size
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}") from None
    if size > MOST_BYTES:
        raise UsageError(f"is larger than {MOST_BYTES // trial.MEBIBYTE} MiB")


def _fields(made: Path) -> Converted:
    """What the child wrote, as untrusted as the document."""
    try:
        found = json.loads(made.read_bytes())
        return Converted(
            str(found["text"]), found["title"] and str(found["title"]), found["pages"] and int(found["pages"]),
            found.get("taken") and str(found["taken"]), found.get("place") and str(found["place"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UsageError("cannot be converted: its text came out damaged") from None


def _with_words(converted: Converted) -> Converted:
    if converted.text.strip():
        return converted
    if converted.lacks:
        raise UsageError(f"is a scan, so its pages are pictures; to read them, {converted.lacks}", hint=_BY_HAND)
    if converted.unread:
        raise UsageError("is a scan, in which tesseract found no words in its time")
    raise UsageError("has no words in it")
