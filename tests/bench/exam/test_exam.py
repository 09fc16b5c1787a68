"""The report of `bench exam`: what its rows count, and which layout it calls the best and the chosen one."""

from memos_cli.bench.exam import exam as bench
from memos_cli.operation.exam import questions
from memos_cli.operation.exam.grades import Sat

SHIPPED = questions.shipped()
EXAMINING = tuple(one for one in SHIPPED if one.use == "examine")


def sat(number: int, layout: str, text: str) -> Sat:
    """An answer; without a text one that there was no room for."""
    return Sat(number, layout, text, 0.9 if text else 0.0, whole=True, first=0.1, seconds=0.2, tokens=1, stands=bool(text))


def test_a_layout_without_room_is_wrong_and_not_the_best_one() -> None:
    found = [sat(number, "list", "Zanzibar") for number in range(len(EXAMINING))]
    found[0] = sat(0, "list", EXAMINING[0].answers[0])
    found += [sat(number, "examples", "") for number in range(len(EXAMINING))]
    report = bench.report(EXAMINING, found, ("list", "examples"))
    assert report["best"] == "list"
    for row in report["rows"]:
        assert row["right"] + row["wrong"] + row["refused"] == row["asked"] == len(EXAMINING)
        assert row["wrong"] == sum(one["wrong"] for one in row["kinds"].values())


def test_no_layout_is_chosen_where_no_question_chooses() -> None:
    found = [sat(number, name, "Zanzibar") for name in ("list", "brief") for number in range(len(SHIPPED))]
    assert bench.report(SHIPPED, found, ("list", "brief"))["chosen"] == "list"
    found = [sat(number, name, "Zanzibar") for name in ("list", "brief") for number in range(len(EXAMINING))]
    assert bench.report(EXAMINING, found, ("list", "brief"))["chosen"] is None
