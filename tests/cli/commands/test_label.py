"""`memos label` in real processes."""

from tests.cli.test_contract import fails
from tests.conftest import Run


def test_a_label_by_hand_masks_is_listed_and_is_taken_off(memos: Run) -> None:
    (one,) = memos("add", "The spare key hangs behind the ivy", "--json").data["ids"]
    (two,) = memos("add", "I take 5 mg of warfarin", "--json").data["ids"]
    assert memos("label", one, two, "Secret").out.count("(secret)") == 2
    assert "ivy" not in memos("list").out
    assert memos("label", two, "medical", "--json").data["memories"][0]["labels"] == ["medical", "secret"]
    assert memos("label", "list").out == "secret  2 memories\nmedical  1 memory\n"
    assert memos("label", "list", "--json").data["labels"] == [
        {"name": "secret", "memories": 2}, {"name": "medical", "memories": 1},
    ]  # fmt: skip
    assert memos("label", two, "-r", "SECRET", "-a", "money").out.endswith("(medical, money)\n")
    assert "warfarin" in memos("list").out
    memos("undo")
    assert memos("show", two, "--json").data["labels"] == ["medical", "secret"]
    assert memos("label", one, "--rm", "secret").out.endswith("(no labels)\n")
    assert "ivy" in memos("list").out


def test_a_label_is_seen_by_those_alone_who_may_see_the_memory(memos: Run) -> None:
    memos("add", "I take 5 mg of warfarin", "--label", "medical")
    assert memos("--as", "ravi", "label", "list", "--json").data["labels"] == []


def test_what_cannot_be_labelled_is_said_in_one_line(memos: Run) -> None:
    (one,) = memos("add", "x marks the spot", "--json").data["ids"]
    fails(memos("label", one), 2, "which label?")
    fails(memos("label", "nosuch", "medical"), 10)
    fails(memos("label", one, " "), 2, "a label has to be")
    memos("freeze", one)
    fails(memos("label", one, "medical"), 3, "is frozen")
    assert memos("label", "list").err.startswith("no labels")
