"""Matches in a text, whatever their case, are those of a plain search that ignores it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.interface.reader import dates, named
from memos_cli.interface.reader.mention import found_in

PATTERNS = {
    "dates": (dates._CANDIDATE, dates._FIRST),
    "named": (named._NAMED, ""),
    "placed": (named._PLACED, named._FIRST_PLACED),
    "placed weekdays": (named._PLACED_WEEKDAY, named._FIRST_PLACED),
    "counted": (named._COUNTED, named._FIRST_COUNTED),
}
_WORDS = """
    on by until since from through next last this coming past in early mid late during the of a an two twenty every for took
    Monday tuesday FRIDAY sunday week Weeks fortnight month year years ago now time today Tomorrow yesterday night morning
    January feb. March MAY June sept October dec 2 3rd 31 2024 1998 2026-03-04 5/6/2024 13.5.2024 12:30 2026-03-04T10:00 first
    second Third twenty-first 1st 2nd 5th day Christmas Eve halloween end my Ada's birthday same date Great market decide İ
    今天 大后天 5月3日 2024年5月3日
"""
PIECES = _WORDS.split()
TEXTS = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", "  ", "\n", ", ", ".", "-", "", "'s "]), st.sampled_from("luo"))
)


@pytest.mark.parametrize("name", PATTERNS)
@given(TEXTS)
def test_the_same_places_as_a_search_that_ignores_case(name: str, pieces: list[tuple[str, str, str]]) -> None:
    text = "".join({"l": word.lower(), "u": word.upper()}.get(how, word) + gap for word, gap, how in pieces)
    pattern, first = PATTERNS[name]
    whole = [(one.span(), one.lastgroup) for one in re.finditer(f"(?im){pattern}", text)]
    assert [(one.span(), one.lastgroup) for one in found_in(text, text.lower(), pattern, first)] == whole
    assert all(one.string == text for one in found_in(text, text.lower(), pattern, first))
