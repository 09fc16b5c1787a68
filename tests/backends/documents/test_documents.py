"""Documents of every sort become text in a child process, and what is damaged or made to do harm ends that child alone."""

import importlib.util
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from memos_cli.backends.documents import documents
from memos_cli.backends.documents.documents import ChildConverter
from memos_cli.backends.llama import trial
from memos_cli.errors import MemosError, ModelUnavailable, UsageError
from memos_cli.ports.importer import IMAGE, PAGE_END, SORTS, DocumentConverter
from tests.contracts.mutations import mutated
from tests.trials import trials
from tests.written import WRITERS, docx, pdf, xlsx, zipped

PAGES = [
    ("The boiler", ["The boiler was serviced in March by Holm & Sons; price 140", "It is größer than the old one; yes"]),
    ("The roof", ["The roof has 42 tiles that are broken; price 9"]),
]
PAGED = ("pdf", "docx", "pptx")
needs_xberg = pytest.mark.skipif(importlib.util.find_spec("xberg") is None, reason="needs the extra `documents`")


def written(folder: Path, sort: str, content: bytes | None = None) -> Path:
    path = folder / f"house.{sort}"
    path.write_bytes(WRITERS[sort](PAGES, "House book") if content is None else content)
    return path


def test_is_a_converter() -> None:
    assert isinstance(ChildConverter(), DocumentConverter)
    assert {*WRITERS, IMAGE} == set(SORTS)  # an image is written by test_image


@needs_xberg
@pytest.mark.parametrize("sort", sorted(WRITERS))
def test_each_sort_gives_its_words_its_title_and_its_pages(sort: str, tmp_path: Path) -> None:
    made = ChildConverter().convert(written(tmp_path, sort), sort)
    flat = " ".join(made.text.split())
    for words in ("The boiler was serviced in March by Holm & Sons", "größer", "42 tiles"):
        assert words in flat
    assert made.title == "House book"
    assert made.pages == (2 if sort in PAGED else None)
    assert made.text.count(PAGE_END) == (2 if sort in PAGED else 0)
    if sort in PAGED:
        assert "42 tiles" in made.text.split(PAGE_END)[1]


@needs_xberg
def test_an_empty_page_is_counted(tmp_path: Path) -> None:
    made = ChildConverter().convert(written(tmp_path, "pdf", pdf([PAGES[0], ("", []), PAGES[1]])), "pdf")
    assert made.pages == 3
    assert "42 tiles" in made.text.split(PAGE_END)[2]


@needs_xberg
def test_what_repeats_on_each_page_is_kept(tmp_path: Path) -> None:
    made = ChildConverter().convert(written(tmp_path, "pdf", pdf([("Invoice of Holm", ["Sum 1"])] * 3)), "pdf")
    assert made.text.count("Invoice of Holm") == 3


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelUnavailable) as found:
        ChildConverter().convert(written(tmp_path, "pdf"), "pdf")
    assert found.value.hint == "pip install 'memos-memcube[documents]'"
    assert found.value.exit_status == 14


@needs_xberg
@pytest.mark.parametrize("content", [b"%PDF-1.4\nbroken", b"%PDF-1.4", pdf([("", [])])])
def test_what_is_damaged_or_has_no_words_is_refused_in_a_line(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as found:
        ChildConverter().convert(written(tmp_path, "pdf", content), "pdf")
    assert "\n" not in found.value.message
    assert "Traceback" not in found.value.message


def test_one_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    large = tmp_path / "large.pdf"
    large.touch()
    os.truncate(large, documents.MOST_BYTES + 1)
    with pytest.raises(UsageError, match="larger than"):
        ChildConverter().convert(large, "pdf")


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lolololololol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10))
    + ']><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&k;</w:t></w:r></w:p>'
    "</w:body></w:document>"
)


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "entities": ("docx", lambda: zipped({"[Content_Types].xml": "x", "word/document.xml": ENTITIES})),
    "flood": ("docx", lambda: zipped({"[Content_Types].xml": "x", "word/document.xml": b"<w:p>" + b"A" * (128 << 20)})),
    "cut": ("docx", lambda: docx(PAGES)[:900]),
    "nested page": ("html", lambda: b"<div>" * 100_000),
    "deep text": ("rtf", lambda: b"{\\rtf1" + b"{" * 200_000),
    "many sheets": ("xlsx", lambda: xlsx([(f"s{number}", ["a; b"]) for number in range(500)])),
}
"""Documents that are small, and would be large or endless."""


@needs_xberg
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_in_text_or_a_line_and_the_parent_stays_small(name: str, tmp_path: Path) -> None:
    sort, content = BOMBS[name]
    path = written(tmp_path, sort, content())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    assert "\n" not in refused(path, sort)
    assert time.monotonic() - began < documents.ALLOWED.seconds + 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10  # KiB


def refused(path: Path, sort: str) -> str:
    """Why a document is not converted; empty where it is."""
    try:
        assert len(ChildConverter().convert(path, sort).text) <= documents.MOST_TEXT
    except UsageError as error:
        return error.message
    return ""


@needs_xberg
@pytest.mark.slow
@pytest.mark.parametrize("sort", sorted(WRITERS))
def test_mutations_end_in_text_or_a_line(sort: str, tmp_path: Path) -> None:
    whole = WRITERS[sort](PAGES, "House book")
    for number in range(trials(2, 300)):
        why = refused(written(tmp_path, sort, mutated(whole, random.Random(f"{sort} {number}"))), sort)
        assert "\n" not in why, (number, why)
        assert "Traceback" not in why, (number, why)


@needs_xberg
def test_one_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "ALLOWED", trial.Allowance(0.05, documents.ALLOWED.memory))
    with pytest.raises(UsageError, match="not done after"):
        ChildConverter().convert(written(tmp_path, "pdf"), "pdf")


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(documents.tempfile, "tempdir", None)
    path = written(tmp_path, "pdf")
    with suppress(MemosError):
        ChildConverter().convert(path, "pdf")
    assert list(tmp_path.iterdir()) == [path]


def _in_child(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_the_child_has_no_network_starts_no_program_and_writes_no_large_file(tmp_path: Path) -> None:
    code = (
        "from memos_cli.backends.documents import confinement\n"
        "import socket, subprocess\n"
        "if not confinement.confine(1000): print('refused refused refused'); raise SystemExit\n"
        "def tried(what):\n"
        "    try: what()\n"
        "    except OSError: print('refused')\n"
        "    else: print('done')\n"
        "tried(lambda: socket.create_connection(('127.0.0.1', 9)))\n"
        "tried(lambda: subprocess.run(['true']))\n"
        f"file = open({str(tmp_path / 'x')!r}, 'wb', buffering=0)\n"
        "tried(lambda: (file.write(b'x' * 1000), file.write(b'x')))\n"
    )
    assert _in_child(code).split() == ["refused"] * 3
