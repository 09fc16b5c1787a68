"""`memos bench exam`: every question of the exam in every layout, and what the exam itself would make of that.

The questions that choose the layout and those that examine are counted apart. So a row tells how good a layout is on questions
that did not choose it, and the report which of the layouts the exam would choose.
"""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from memos_cli.operation.exam import child, exam, grades
from memos_cli.operation.exam.grades import Sat
from memos_cli.operation.exam.questions import KINDS, ExamQuestion

Tell = Callable[[int, int], None]


def run(wanted: child.ExamTask, tell: Tell = lambda *_: None) -> dict[str, Any]:
    """Ask a model every question in every layout, in a process of its own, and make a report of the answers.

    Args:
        wanted: the model, the layouts and the questions.
        tell: called with how many answers there are, and how many there will be.

    Raises:
        ModelUnavailable: the model cannot be run.
        ValueError: the file of questions holds something else.
        OSError: there is no such file.
    """
    asked = wanted.asked
    found, late = child.answers(wanted._replace(whole=True), tell)
    return {"model": wanted.model, "endpoint": wanted.endpoint or None, "late": late, **report(asked, found, wanted.layouts)}


def report(asked: Sequence[ExamQuestion], found: Sequence[Sat], names: Sequence[str]) -> dict[str, Any]:
    """The figures of the layouts, of citing alone on the same questions, and the layout that the exam would choose.

    The layout chosen is `None` where none of the questions chooses one.

    Args:
        asked: the questions.
        found: the answers in every layout.
        names: the layouts, in the order in which the exam would try them.
    """
    rows = [_row(asked, [sat for sat in found if sat.layout == name], name) for name in names]
    best = max((row for row in rows if row["asked"]), key=lambda row: row["right"] - row["wrong"], default=None)
    return {
        "questions": len(asked),
        "chosen": exam.chosen(asked, found, names) if any(one.use == "choose" for one in asked) else None,
        "best": best["layout"] if best else None,
        "citing": _citing([one for one in asked if one.use == "examine"]),
        "rows": rows,
    }


def _row(asked: Sequence[ExamQuestion], found: Sequence[Sat], name: str) -> dict[str, Any]:
    """What became of the examining questions in a layout."""
    marks = [exam.marked(asked, sat) for sat in found if asked[sat.number].use == "examine"]
    choosing = [exam.marked(asked, sat)[0] for sat in found if asked[sat.number].use == "choose"]
    plain = [one for one, _ in marks]
    made = grades.verdict(asked, marks)
    kinds = {
        kind: {
            "asked": len(those := [one for one, sat in marks if asked[sat.number].kind == kind]),
            "right": those.count("right"),
            "wrong": those.count("wrong"),
        }
        for kind in KINDS
    }
    return {
        "layout": name,
        "asked": len(plain),
        "right": plain.count("right"),
        "wrong": plain.count("wrong"),
        "refused": plain.count("refused"),
        "choosing_right": choosing.count("right"),
        "choosing_wrong": choosing.count("wrong"),
        "bar": made.bar,
        "sure_right": made.score.right,
        "sure_wrong": made.score.wrong,
        "sure_refused": made.score.refused,
        "unsure": made.score.unsure,
        "value": made.value,
        "trusted": made.trusted,
        "why": made.why,
        "first_token_s": mean(sat.first for sat in found) if found else None,
        "answer_s": mean(sat.seconds for sat in found) if found else None,
        "kinds": kinds,
    }


def _citing(asked: Sequence[ExamQuestion]) -> dict[str, Any]:
    """What citing alone makes of the examining questions."""
    held = [one for one in asked if one.answers and set(one.evidence) <= set(one.cited)]
    absent = [one for one in asked if not one.answers]
    return {
        "asked": len(asked),
        "holds": len(held),
        "answerable": len(asked) - len(absent),
        "nothing_cited": sum(not one.cited for one in absent),
        "memories": mean(len(one.cited) for one in asked) if asked else 0.0,
        "value": mean(grades.cited_value(one) for one in asked) if asked else 0.0,
    }
