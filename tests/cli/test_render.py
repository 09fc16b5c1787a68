"""What is printed in columns: how wide a text is, and where it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes, wcswidth

from memos_cli.cli import render

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("plain", 5), (f"{FAMILY} family", 9), ("a\u200bb", 2), ("\u65e5\u672c", 4), ("e\u0301", 1), ("\U0001f1e9\U0001f1eax", 3)],
)
def test_a_text_has_the_width_that_a_terminal_gives_it(text: str, columns: int) -> None:
    assert render._columns(text) == columns


def test_an_emoji_of_several_parts_is_never_cut_into_them() -> None:
    assert render.one_line(f"{FAMILY}{FAMILY}{FAMILY}", 5) == f"{FAMILY}{FAMILY}\u2026"
    assert render.one_line(f"ab{FAMILY}c", 4) == "ab\u2026"


@given(st.text(max_size=80), st.integers(1, 40))
def test_no_line_is_wider_than_it_may_be_and_each_is_cut_between_graphemes(text: str, width: int) -> None:
    whole, line = render.one_line(text), render.one_line(text, width)
    assert wcswidth(line) <= width
    assert line == whole or (
        line.endswith("\u2026")
        and list(iter_graphemes(line[:-1])) == list(iter_graphemes(whole))[: len(list(iter_graphemes(line[:-1])))]
    )
