"""Words that lie deep in other elements are kept, and no page takes long."""

import time
from pathlib import Path

import pytest

from memos_cli.backends.documents import nesting
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
    assert nesting.flattened(told) == told


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
    assert len(nesting.flattened(content)) <= len(content) + 1
    assert time.process_time() - begun < 10, "half a second, and five times that on a slow machine"
