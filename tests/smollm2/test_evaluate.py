"""How answers are judged."""

import pytest

from memos_cli.operation.prompt.model_request import UNKNOWN
from tests.smollm2.evaluate import Trial, agree


@pytest.mark.parametrize(
    ("given", "wanted", "same"),
    [
        ("In Porto.", "Porto", True),
        ("On Wednesdays you lift weights.", "lift weights", True),
        ("You only drink rooibos now.", "Rooibos.", True),
        ("At 8:15.", "8:15", True),
        ("At 8:45.", "At 8:15.", False),
        ("Yes.", "Yes, Tom can eat nuts.", True),
        ("Yes, at nine.", "No.", False),
        ("No.", "In Porto.", False),
        ("Mira.", "Anna.", False),
        ("Lena's wedding is on 14 June.", "On 14 June.", True),
        ("You moved to Leeds.", "To York.", False),
    ],
)
def test_two_answers_agree(given: str, wanted: str, same: bool) -> None:  # noqa: FBT001
    assert agree(given, wanted) is same


def test_refusals_are_judged_by_whether_anything_was_told() -> None:
    given = (UNKNOWN, "In Porto.", "In Rome.")
    assert [Trial("?", (), answer, 0.9).judged for answer in given] == ["kept", "invented", "invented"]
    assert [Trial("?", ("Porto",), answer, 0.9).judged for answer in given] == ["refused", "right", "wrong"]
