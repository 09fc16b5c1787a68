"""Lines cut to the columns that a terminal gives them, whatever they are written in."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.cli import render
from memos_cli.cli.render import one_line
from memos_cli.model import Memory

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1eb\U0001f1f7"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (f"{FAMILY} family", 9),
        ("a\u200bb", 2),  # a zero-width space
        ("caf\u00e9 \u2019til \u2026", 11),
        ("e\u0301t\u0301", 2),
        ("\ud55c\uad6d\uc5b4", 6),
        (FLAG, 2),
        ("\U0001f44d\U0001f3fd ok", 5),
        ("\u2764\ufe0f", 2),
    ],
)
def test_what_fits_is_left_whole_and_what_does_not_is_cut(text: str, columns: int) -> None:
    assert one_line(text, columns) == text
    assert one_line(text, columns - 1).endswith("\u2026")


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        (f"{FAMILY * 3}", 5, FAMILY * 2 + "\u2026"),
        (f"{FAMILY * 3}", 4, FAMILY + "\u2026"),
        (f"ab{FAMILY}cd", 4, "ab\u2026"),
        (FLAG * 3, 4, FLAG + "\u2026"),
        ("e\u0301" * 5, 3, "e\u0301e\u0301\u2026"),
        ("\ud55c\uad6d\uc5b4", 4, "\ud55c\u2026"),
        ("plain text", 6, "plain\u2026"),
        ("x\ty\nz and more", 6, "x y z\u2026"),
    ],
)
def test_a_cut_is_between_what_is_seen_as_one_character(text: str, width: int, cut: str) -> None:
    assert one_line(text, width) == cut


@given(st.text(max_size=60), st.integers(3, 40))
def test_a_line_has_no_more_columns_than_it_is_given(text: str, width: int) -> None:
    from wcwidth import iter_graphemes, wcswidth

    shown = one_line(text, width)
    assert sum(wcswidth(one) for one in iter_graphemes(shown)) <= width
    assert "\n" not in shown
    whole = one_line(text)
    assert shown == whole or (shown.endswith("\u2026") and whole.startswith(shown[:-1]))


def test_a_long_line_takes_no_longer_than_its_beginning() -> None:
    text = (FAMILY + "\u200b" * 3) * 200_000
    started = time.perf_counter()
    assert len(one_line(text, 40)) < 200
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize("width", [90, 120])
def test_a_line_of_a_memory_fits_with_what_stands_before_and_behind_it(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "width", lambda: width)
    memory = Memory("vjueziqh" * 4, "word " * 50, pinned=True, created_at="2026-03-01T12:00:00.000Z")
    line = render.memory_line(memory, before="superseded ", behind="  (home, garden)")
    assert line.startswith("superseded ")
    assert line.endswith("\u2026" + render.style(" [pinned]", dim=True) + "  (home, garden)")
    assert len(render.unstyle(line)) == width


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        ("2026-11-30T23:59:59.999Z", "[until the end of 2026-11-30]"),
        ("2026-11-30T09:00:00.000Z", "[until 2026-11-30 09:00]"),
        ("2026-11-30T23:59:59.998Z", "[until 2026-11-30 23:59:59.998]"),
    ],
)
def test_a_validity_that_lasts_a_whole_day_ends_with_it(end: str, shown: str) -> None:
    assert shown in render.memory_line(Memory("k92wt6fw", "On leave", created_at="2026-11-29T12:00:00.000Z", valid_to=end))
