"""A sender's own words: without what others said, without the signature, in any encoding, out of any page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.backends.importers.mail import words


@pytest.mark.parametrize(
    ("text", "own", "left_out"),
    [
        ("Yes.\n\n> Will you come?\n", "Yes.", {"quoted_lines": 1}),
        ("Yes.\n\nAm 3. Mai 2020 um 10:00 schrieb Ana <a@b>:\n> Kommst du?\n>\n> Ana", "Yes.", {"quoted_lines": 3}),
        (
            "Yes.\n\nOn Thu, May 3, 2020 at 10:00 AM Ana Maria Longname\n<ana@example.org> wrote:\n\n> Come?",
            "Yes.",
            {"quoted_lines": 1},
        ),
        ("> Come?\n\nYes.\n\n> Bring cake?\n\nNo.", "Yes.\n\nNo.", {"quoted_lines": 2}),
        ("Yes.\n\n-- \nAna\n+49 30 1", "Yes.", {"signature_lines": 3}),
        ("Yes.\n\nSent from my iPhone", "Yes.", {"signature_lines": 1}),
        ("Yes.\n\n-----Original Message-----\nFrom: Ana\nCome?", "Yes.", {"quoted_lines": 3}),
        (
            "Ja.\n\nVon: Ana <a@b>\nGesendet: Montag\nAn: Sam\nBetreff: Fest\n\nKommst du?",
            "Ja.",
            {"quoted_lines": 5},
        ),
        ("Yes.\n\nOn 3 May 2020 Ana wrote:\n\nCome?\nBring cake.", "Yes.", {"quoted_lines": 3}),
        ("> Come?\n> Bring cake.", "Come?\nBring cake.", {"quoted_only": True}),
        ("From: the garden\nI saw a fox.", "From: the garden\nI saw a fox.", {}),
        ("a -- b\nOn Monday I wrote: a list", "a -- b\nOn Monday I wrote: a list", {}),
    ],
)
def test_own_words_are_what_is_left(text: str, own: str, left_out: dict[str, object]) -> None:
    found = words.own(text)
    assert (found.text, dict(found.left_out)) == (own, left_out)


@given(st.lists(st.sampled_from(["> a", "--", "-- ", "On x 2020 y wrote:", "", "From: a", "Sent: b", "To: c", "words", ">> "])))
def test_no_text_with_words_becomes_empty(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = words.own(text)
    assert found.text or not any(line.strip("> -") for line in lines)


def test_bytes_are_read_whatever_they_claim() -> None:
    assert words.decoded("Grüße".encode("latin-1"), "utf-8") == "Grüße"
    assert words.decoded("Grüße".encode(), "no-such") == "Grüße"
    assert words.decoded("Grüße".encode(), None) == "Grüße"
    assert words.decoded(b"\xff\xfe\x00", "utf-8")


def test_a_page_is_its_words_a_line_a_block() -> None:
    page = "<style>p{}</style><p>One &amp;\n two</p><ul><li>a<li>b</ul><table><tr><td>x</td><td>y</td></tr></table><br>end"
    assert words.of_html(page) == "One & two\n\na\nb\n\nx y\n\nend"


@given(st.text("<>!-/[]abp \"'=&;#\n?", max_size=200))
def test_any_page_ends(page: str) -> None:
    words.of_html(page)
