"""A PDF whose pages are pictures: they are drawn in one child process and read by tesseract in others, page by page.

Each child has its own limits, so a page that takes too long, or that tesseract fails on, costs its own words and no others.
"""

import importlib.util
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from memos_cli.backends.documents import pages
from memos_cli.backends.documents.image import PROGRAM, WORDS
from memos_cli.backends.llama import trial
from memos_cli.ports.importer import IMAGE, PAGE_END, Converted

MOST_PAGES = 500
"""Pages of one document that are read as pictures; each takes about a second of a processor."""
SECONDS = 1800.0
"""How long the pictures of one document are read, together."""
OF_A_PAGE = trial.Allowance(seconds=120, memory=1536 * trial.MEBIBYTE)
_OF_DRAWING = OF_A_PAGE._replace(memory=1024 * trial.MEBIBYTE)
_AT_ONCE = 8
"""Pages that are drawn by one child, so that no more of them lie on the disk: at 16 million pixels each, 128 MB at most."""
_FEW = 60
"""Letters below which a page's words may be no more than the stamp or the number that a program put on a scan."""
_MORE = 2
"""How many times as many letters tesseract has to find on such a page, for them to be taken instead."""
_MOST_WORDS = trial.MEBIBYTE
"""Bytes of text that are taken of one page."""
_INSTALL = "install tesseract (apt install tesseract-ocr)"


def lacking() -> str | None:
    """What a person has to do for words in pictures to be read; `None` where tesseract is installed."""
    return None if shutil.which(PROGRAM) else _INSTALL


def completed(document: Path, made: Converted, folder: Path) -> Converted:
    """What was converted of a PDF, with the words of those of its pages that are pictures.

    Args:
        folder: an empty one for files that nobody needs afterwards.
    """
    if not made.pages or importlib.util.find_spec("pypdfium2") is None:
        return made
    texts = made.text.split(PAGE_END)[: made.pages]
    pictures = _pictures(document, texts, folder)
    if pictures and (lacks := lacking()):
        return made._replace(unread=len(pictures), lacks=lacks)
    until = time.monotonic() + SECONDS
    unread = len(pictures) - MOST_PAGES if len(pictures) > MOST_PAGES else 0
    for number, picture in _drawn(document, pictures[:MOST_PAGES], folder, until):
        words = _words(picture, until)
        if words is None:
            unread += 1
        elif _letters(words) > _MORE * _letters(texts[number - 1]):
            texts[number - 1] = words
    text = "".join(f"{page.strip()}\n\n{PAGE_END}\n\n" for page in texts) if pictures else made.text
    return made._replace(text=text, unread=unread)


def _pictures(document: Path, texts: Sequence[str], folder: Path) -> list[int]:
    """The numbers of the pages with few words or none that are pictures; none where the document cannot be looked at."""
    letters = map(_letters, texts)
    asked = [f"{number}{'+' if many else ''}" for number, many in enumerate(letters, start=1) if many < _FEW]
    if not asked:
        return []
    Path(folder, pages.ASKED).write_text(" ".join(asked), encoding="ascii")
    trial.run(pages.__name__, (str(document.absolute()), str(folder), pages.FIND), _OF_DRAWING)
    with suppress(OSError, ValueError):
        found = {int(one) for one in Path(folder, pages.PICTURES).read_text(encoding="ascii").split()}
        return sorted(found & {int(one.rstrip("+")) for one in asked})
    return []


def _drawn(document: Path, numbers: Sequence[int], folder: Path, until: float) -> Iterator[tuple[int, Path]]:
    """Each page with the file that it is drawn to, which may lack. One that ends its child is drawn no more; the others are."""
    lots = [list(numbers[start : start + _AT_ONCE]) for start in range(0, len(numbers), _AT_ONCE)]
    while lots:
        lot = lots.pop(0)
        if time.monotonic() < until:
            given = (str(document.absolute()), str(folder), pages.DRAW, *map(str, lot))
            failed = trial.run(pages.__name__, given, _OF_DRAWING) is not None
            if failed and len(lot) > 1:
                lots[:0] = [[number] for number in lot]
                continue
        for number in lot:
            yield number, folder / f"{number}.png"


def _words(picture: Path, until: float) -> str | None:
    """What tesseract reads in a picture, which is then removed; `None` where it fails, or no time is left."""
    made = picture.with_suffix("")
    written = Path(f"{made}{WORDS}")
    seconds = min(OF_A_PAGE.seconds, until - time.monotonic())
    try:
        if seconds <= 0 or not picture.exists():
            return None
        given = (str(picture), str(made), IMAGE, str(_MOST_WORDS))
        if trial.run("memos_cli.backends.documents.image", given, OF_A_PAGE._replace(seconds=seconds)) is not None:
            return None
        return written.read_bytes()[:_MOST_WORDS].decode("utf-8", "replace").replace("\0", "").replace("\f", "\n")
    except OSError:
        return None
    finally:
        for one in (picture, written, made):
            with suppress(OSError):
                one.unlink()


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
