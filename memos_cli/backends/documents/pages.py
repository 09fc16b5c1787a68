"""The child's side of reading a scan: pages of a PDF that are pictures are drawn, each to a file, for tesseract to read."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.backends.documents import confinement
from memos_cli.errors import UsageError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

FIND, DRAW = "find", "draw"
"""What is asked: which pages are pictures, or to draw some."""
ASKED, PICTURES = "asked", "pictures"
"""The files with the numbers of the pages that are looked at, and of those that are pictures."""
_RESOLUTION = 300 / 72
"""Pixels a point: 300 an inch, which tesseract's documentation asks for."""
_MOST_PIXELS = 16_000_000
"""Of a page that is drawn; A4 at 300 an inch has 8.7 million. A larger page is drawn coarser."""
_MOST_FILE = 64 << 20
_FULL = 0.5
"""The share of a page that its images cover where it is a scan that a program put a stamp or a page's number on."""
_LETTERS_DRAWN = 50
"""Lines and areas of a page without words from which it may be text that was drawn; a frame and its rules are fewer."""
_DEEPEST = 4
"""How deep forms within forms are looked into."""


def main(arguments: Sequence[str]) -> int:
    """Find which pages of the PDF `given` are pictures, or draw some of them into the folder `made`, each to `NUMBER.png`.

    Behind `draw` stand their numbers, from 1. With `find` these are in the file `made/asked`, a `+` behind each page that has
    a few words, and those that are pictures are written to `made/pictures`.

    Raises:
        UsageError: it cannot be opened.
    """
    given, made, what, *asked = arguments
    import pypdfium2

    confinement.confine(_MOST_FILE)
    try:
        document = pypdfium2.PdfDocument(Path(given).read_bytes())
    except (OSError, pypdfium2.PdfiumError) as error:
        raise UsageError(f"its pages cannot be drawn: {error}") from None
    folder = Path(made)
    if what == DRAW:
        for number in map(int, asked):
            _draw(document, number, folder / f"{number}.png")
        return 0
    few = (folder / ASKED).read_text(encoding="ascii").split()
    found = [one.rstrip("+") for one in few if _is_picture(document, int(one.rstrip("+")), has_words=one.endswith("+"))]
    (folder / PICTURES).write_text(" ".join(found), encoding="ascii")
    return 0


def _is_picture(document: "PdfDocument", number: int, *, has_words: bool) -> bool:
    """Whether a page with few words or none is a picture: images are on it, on half of it if it has words; or drawn letters."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        page = document[number - 1]
        if has_words:
            width, height = page.get_size()
            return _covered(page) >= _FULL * float(width * height)
        images = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST)
        drawn = page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING], max_depth=_DEEPEST)
        return next(images, None) is not None or sum(1 for _ in islice(drawn, _LETTERS_DRAWN)) == _LETTERS_DRAWN
    except (pypdfium2.PdfiumError, IndexError):
        return False


def _covered(page: "PdfPage") -> float:
    """The sum of the areas of a page's images, in square points."""
    from pypdfium2 import raw

    found = 0.0
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST):
        left, bottom, right, top = image.get_bounds()
        found += abs(right - left) * abs(top - bottom)
    return found


def _draw(document: "PdfDocument", number: int, to: Path) -> None:
    import pypdfium2

    try:
        page = document[number - 1]
        width, height = page.get_size()
        scale = min(_RESOLUTION, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
        page.render(scale=scale, grayscale=True).to_pil().save(to, compress_level=1)
    except (pypdfium2.PdfiumError, IndexError, OSError, ValueError):
        to.unlink(missing_ok=True)  # a page that cannot be drawn is told as unread
