"""Scans as tests make them: pictures of pages, PDFs of nothing but pictures, and a tesseract that is played."""

import io
import os
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.written import Page

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract")
_PLAYED = """#!/bin/sh
if [ "$1" = --list-langs ]; then printf 'List of languages (3):\\neng\\nosd\\nnld\\n'; exit 0; fi
echo "$@" >> "$TESSERACT_ASKED"
of=$(basename "$1" .png)
if [ "$of" = "$TESSERACT_FAILS_AT" ]; then exit 1; fi
if [ "$of" = "$TESSERACT_HANGS_AT" ]; then exec sleep 600; fi
printf '%s' "$TESSERACT_SAYS" | sed "s/PAGE/$of/" > "$2.txt"
exit "$TESSERACT_ENDS"
"""


def play(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a tesseract first that says what a test sets; the file with what it was asked, a line each time."""
    program = folder / "programs" / "tesseract"
    program.parent.mkdir()
    program.write_text(_PLAYED)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TESSERACT_ASKED", str(folder / "asked"))
    monkeypatch.setenv("TESSERACT_SAYS", "The spare key is under the blue pot.\n\f")
    monkeypatch.setenv("TESSERACT_ENDS", "0")
    return folder / "asked"


def picture(heading: str, paragraphs: Sequence[str]) -> Any:
    """A page as a scanner sees it, 200 dots an inch; the letters are those that Pillow brings."""
    from PIL import Image, ImageDraw, ImageFont

    made = Image.new("L", (1654, 2339), 250)
    drawn, top = ImageDraw.Draw(made), 160
    for text, size in ((heading, 52), *((paragraph, 36) for paragraph in paragraphs)):
        for line in textwrap.wrap(text, width=2600 // size):
            drawn.text((150, top), line, font=ImageFont.load_default(size), fill=25)
            top += int(size * 1.5)
        top += size
    return made


def scanned(pages: Sequence[Page], turned: int = 0) -> bytes:
    """A PDF whose pages are pictures, as JPEG, and hold no letter; turned by so many degrees."""
    made = io.BytesIO()
    first, *rest = [picture(*page).rotate(turned, expand=True) for page in pages]
    first.save(made, "PDF", save_all=True, append_images=rest, resolution=200)
    return made.getvalue()
