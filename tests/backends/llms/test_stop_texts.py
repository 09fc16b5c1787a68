"""Stop sequences, however the text comes in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from memos_cli.backends.llms.stop_texts import Stops


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", max_size=4), max_size=3), st.integers(1, 5))
def test_pieces_make_no_difference(text: str, sequences: list[str], size: int) -> None:
    stops = Stops(sequences)
    shown = ""
    for start in range(0, len(text), size):
        shown += stops.feed(text[start : start + size])
        if stops.stopped:
            break
    shown += stops.rest()
    ends = [at for sequence in sequences if sequence and (at := text.find(sequence)) >= 0]
    if not ends:
        assert shown == text
    else:
        assert not any(sequence in shown for sequence in sequences if sequence)
        assert text.startswith(shown)
        assert stops.stopped
