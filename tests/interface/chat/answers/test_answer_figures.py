"""Which days and numbers of an answer a memory bears out."""

import pytest

from memos_cli.interface.chat.answers.answer_figures import borne_out, dated, read

QUIT = "I quit my job at Philips last month"


@pytest.mark.parametrize(
    ("answer", "day", "stands"),
    [
        ("On 1 November 2026.", "2026-11-01", True),
        ("On 1 November 2026.", "2026-11", False),  # nobody said a day
        ("2026-11-01", "2026-11", False),
        ("In November 2026.", "2026-11", True),
        ("In October 2026.", "2026-11", False),
        ("In 2026.", "2026-11", True),
        ("In 2026.", "2026", True),
        ("In November 2026.", "2026", False),
        ("On 23 November 2026.", "2026-W48", False),
        ("In 2026.", "2026-W48", True),
        ("On 1 November 2026.", None, False),
        ("In 2026.", "2026-13", True),
        ("In 2026.", "x", False),
    ],
)
def test_a_month_or_a_year_bears_out_no_day_of_it(answer: str, day: str | None, stands: bool) -> None:  # noqa: FBT001
    assert borne_out(read(answer), dated(QUIT, day)) is stands
