"""The child's side of reading an image: the day and the place that its EXIF tells, then its words, where tesseract is there.

What EXIF tells is written to a file first; then this process becomes tesseract, so that nothing is left when it is ended.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from memos_cli.backends.documents import confinement
from memos_cli.errors import UsageError

WORDS = ".txt"
"""What tesseract puts behind the name of the file that it writes."""
PROGRAM = "tesseract"
_ORIGINAL, _CHANGED, _OFFSET = 36867, 306, 36881
"""The tags DateTimeOriginal, DateTime and OffsetTimeOriginal of EXIF 2.32."""
_MOST_LANGUAGES = 5
_LANGUAGE = re.compile(r"[a-zA-Z_]{3,20}")
_DIRECTIONS = "osd"
"""The data for orientation and script, which tesseract lists among the languages."""
_LISTING = 20
"""Seconds that tesseract has to list its languages."""


def main(arguments: Sequence[str]) -> int:
    """Write what EXIF tells of the image `given` to the file `made`, as JSON, and its words to `made.txt`.

    Raises:
        UsageError: it is no image that can be read.
    """
    given, made, _, most = arguments
    Path(made).write_text(json.dumps({"text": "", "title": None, "pages": None, **told(Path(given))}), encoding="ascii")
    if (program := shutil.which(PROGRAM)) is not None:
        languages, turned = _languages(program)
        confinement.bound_files(int(most))
        os.environ["OMP_THREAD_LIMIT"] = "1"  # with more its threads wait for each other, and a page takes longer
        sys.stderr.flush()
        how = ["-l", "+".join(languages)] if languages else []
        os.execv(program, [program, given, made, *how, *(["--psm", "1"] if turned else [])])  # noqa: S606 -- no shell
    return 0


def told(image: Path) -> dict[str, str | None]:
    """When an image was taken, as ISO-8601 with an offset where the file tells one, and where: latitude and longitude.

    Raises:
        UsageError: it is no image that can be read.
    """
    from PIL import ExifTags, Image

    try:
        with Image.open(image) as opened:  # its header alone: no pixel is decoded
            exif = opened.getexif()
            inner, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception as error:  # noqa: BLE001 -- Pillow raises whatever its readers of forty formats raise
        raise UsageError(f"it is no image that can be read: {type(error).__name__}") from None
    taken = _instant(inner.get(_ORIGINAL) or exif.get(_CHANGED), inner.get(_OFFSET))
    return {"taken": taken, "place": _place(place)}


def _instant(text: object, offset: object) -> str | None:
    found = re.fullmatch(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)\s*", str(text or "").replace("\0", ""))
    if found is None:
        return None
    zone = str(offset or "").strip("\0 ")
    zone = zone if re.fullmatch(r"[+-]\d\d:\d\d", zone) else ""
    with suppress(ValueError):
        return datetime.fromisoformat(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}{zone}").isoformat()
    return None


def _place(tags: Mapping[int, Any]) -> str | None:
    """Latitude and longitude in degrees, to five places: a metre."""
    with suppress(TypeError, ValueError, KeyError, ArithmeticError):
        latitude, longitude = (_degrees(tags[at], str(tags[at - 1])) for at in (2, 4))
        if abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):
            return f"{latitude:.5f}, {longitude:.5f}"
    return None


def _degrees(parts: Sequence[Any], side: str) -> float:
    found: float = sum(float(part) / 60**power for power, part in enumerate(parts))
    return -found if side[:1] in {"S", "W"} else found


def _languages(program: str) -> tuple[list[str], bool]:
    """The languages that tesseract has data for, none where it does not say; and whether it can see how a page is turned.

    It looks for that with `--psm 1`, for some 15 % more time; without it a letter photographed sideways comes out as nonsense.
    """
    try:
        done = subprocess.run(
            [program, "--list-langs"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LISTING, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return [], False
    names = [line.strip() for line in done.stdout.splitlines()[1:]]
    languages = [name for name in names if _LANGUAGE.fullmatch(name) and name != _DIRECTIONS]
    return languages[:_MOST_LANGUAGES], _DIRECTIONS in names
