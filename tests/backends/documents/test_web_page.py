"""Pages of HTML are read whole: what is in a form, deep in other elements or in an old encoding; and no page takes long."""

import io
import time
import zipfile
from pathlib import Path

import pytest

from memos_cli.backends.documents import web_page
from memos_cli.backends.documents.documents import ChildConverter
from tests.backends.documents.test_documents import written

ROWS = "<div>one</div><div>two</div><p>after it</p>"


def page(tag: str, times: int) -> bytes:
    """A page with words in so many elements of one sort, each in the other; `tag` may be several: `ul><li`."""
    close = "".join(f"</{name}>" for name in reversed(tag.split("><")))
    deep = f"<{tag} class='x'>" * times + "hello harbour" + close * times
    return f"<html><body><h1>Title</h1>{deep}{ROWS}</body></html>".encode()


@pytest.mark.parametrize("times", [100, 20_000])
@pytest.mark.parametrize("tag", ["div", "ul><li", "blockquote", "span", "table><tr><td", "b", "x-own"])
def test_words_in_many_elements_are_read(tag: str, times: int, tmp_path: Path) -> None:
    pytest.importorskip("xberg")
    text = ChildConverter().convert(written(tmp_path, "html", page(tag, times)), "html").text
    assert [line for line in text.splitlines() if line] == ["# Title", "hello harbour", "one", "two", "after it"]


@pytest.mark.parametrize("tag", ["div", "ul><li", "table><tr><td"])
def test_words_are_read_however_deep_they_lie(tag: str, tmp_path: Path) -> None:
    pytest.importorskip("xberg")
    for times in (1, 8, 15, 21, 30, 39, 45, 61, 75):
        text = ChildConverter().convert(written(tmp_path, "html", page(tag, times)), "html").text
        assert all(word in text for word in ("# Title", "hello harbour", "one", "two", "after it")), times


def test_a_page_as_people_write_it_is_left_as_it_is() -> None:
    told = b"<table><tr><td><ul><li>a<li>b</ul>" * 3 + b"<p>c" * 500 + b"<br>" * 500 + b"<div><b>d</b></div>" * 500
    assert web_page.flattened(told) == told


@pytest.mark.parametrize(
    "content",
    [
        b"<div>" * 400_000,
        b"</div>" * 400_000,
        b"<div " * 400_000,
        b"<" * 2_000_000,
        b"<div" + b" " * 2_000_000,
        b" " * 2_000_000 + b"<div>" * 50,
        b"<div>" * 50 + b"<a " * 600_000,
        b"<div></div>" * 200_000,
    ],
)
def test_no_page_takes_long(content: bytes) -> None:
    begun = time.process_time()
    assert len(web_page.flattened(content)) <= len(content) + 1
    assert time.process_time() - begun < 10, "half a second, and five times that on a slow machine"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("<form id=all><h1>Title</h1><p>all of the page</p></form>", "# Title\n\nall of the page"),
        ("<header>by Anna</header><p>text</p>", "by Anna\n\ntext"),
        ("<article><header><h1>Title</h1><p>by Anna</p></header><p>text</p></article>", "# Title\n\nby Anna\n\ntext"),
        ("<p>formal headers</p>", "formal headers"),
    ],
)
def test_what_the_converter_passes_over_is_read(content: str, wanted: str, tmp_path: Path) -> None:
    pytest.importorskip("xberg")
    path = written(tmp_path, "html", f"<html><body>{content}</body></html>".encode())
    assert ChildConverter().convert(path, "html").text.strip() == wanted


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<p>café naïve</p>".encode(), "café naïve"),
        ("<p>café naïve</p>".encode("latin-1"), "café naïve"),
        ("<meta charset=iso-8859-1><p>café \u201cnaïve\u201d</p>".encode("cp1252"), "café \u201cnaïve\u201d"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Привет</p>'.encode("cp1251"), "Привет"),
        ("<meta charset=gb2312><p>我住在北京</p>".encode("gbk"), "我住在北京"),
        ("<meta charset='shift_jis'><p>東京</p>".encode("shift_jis"), "東京"),
        ("\ufeff<p>café</p>".encode(), "café"),
        ("\ufeff<p>café</p>".encode("utf-16-le"), "café"),
        ("\ufeff<p>café</p>".encode("utf-16-be"), "café"),
        ("<meta charset=latin-1><p>café</p>".encode(), "café"),  # the page lies: it is UTF-8
        ("<meta charset=punycode><p>café</p>".encode("cp1252"), "café"),
        (b"<meta charset=utf-8><p>caf" + b"\xff</p>", "caf\ufffd"),
    ],
)
def test_a_page_is_read_in_what_it_is_in(content: bytes, said: str) -> None:
    text = web_page.prepared(content).decode()
    assert f"<p>{said}</p>" in text


OPF = (
    '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/'
    'elements/1.1/"><dc:identifier id="i">x</dc:identifier><dc:title>T</dc:title><dc:language>en</dc:language></metadata>'
    '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine>'
    "</package>"
)


def epub(chapter: str) -> bytes:
    """A book of one chapter."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path='
            '"content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        book.writestr("content.opf", OPF)
        book.writestr("c.xhtml", f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{chapter}</body></html>')
    return made.getvalue()


@pytest.mark.parametrize(
    "chapter",
    [
        "<header>by Anna</header><p>text</p>",
        "<form><p>by Anna</p></form><p>text</p>",
        "<div>" * 80 + "by Anna" + "</div>" * 80 + "<p>text</p>",
    ],
)
def test_a_book_is_read_whole(chapter: str, tmp_path: Path) -> None:
    pytest.importorskip("xberg")
    text = ChildConverter().convert(written(tmp_path, "epub", epub(chapter)), "epub").text
    assert text.split() == ["by", "Anna", "text"]


def test_a_book_that_needs_nothing_or_is_damaged_is_left_as_it_is() -> None:
    plain = epub("<p>text</p>")
    assert web_page.book(plain) == plain
    for broken in (b"", b"PK\x03\x04", plain[:200], plain[:-30], bytes(reversed(plain))):
        assert web_page.book(broken) == broken
