"""What a model's certainty and the trees tell together of an answer: a logistic sum, learnt from answers that SmolLM2 gave.

`python -m tests.gate.chances [FILE]` puts its weights into `data/answers.json`, by the trees that are there; it takes seconds.

`answered.jsonl` has what SmolLM2 with its adapter answered to the questions of the scenes that nothing was trained on, with the
probability of its least likely token, and whether it was right (`tests.smollm2.evaluate.agree`). First come all 418 with all
memories of their scenes, then 151 of them as chat asks: with the one to four memories (`lines`) that have most of the words,
and five of six that the scene answers.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from memos_cli.interface.chat import answer_scores
from memos_cli.interface.chat.answers import answer_forms
from memos_cli.interface.chat.answers.closed_answers import behind, says, yes_or_no
from memos_cli.interface.chat.answers.likely_answers import NONE, LikelyClosed
from memos_cli.interface.chat.answers.scored_answers import LEAST_SURE, Scored
from memos_cli.interface.chat.answers.value_answers import Value
from memos_cli.interface.chat.asked_again import Again
from memos_cli.operation.prompt.layout import Line
from tests.gate.examples import reading
from tests.smollm2 import written

FILE = Path(__file__).with_name("answered.jsonl")
DAMPING = 4.0
"""Keeps the weights small (L2), of signs that are scaled to a spread of 1."""


class Given(NamedTuple):
    """What a model answered.

    Attributes:
        scene: the file, and the number of the scene in it.
        least: the probability of the answer's least likely token.
        recalled: only some memories of the scene stood in the prompt, as in chat.
        again: what the model says of it when it is asked again, where it was.
    """

    scene: tuple[str, int]
    lines: Sequence[Line]
    question: str
    answer: str
    least: float
    right: bool
    recalled: bool
    again: Again | None = None


def given() -> Iterator[Given]:
    """The answers, in the order of their file."""
    scenes: dict[str, list[written.Scene]] = {}
    for line in FILE.read_text("utf-8").splitlines():
        one = json.loads(line)
        if one["file"] not in scenes:
            told = (written.FOLDER / f"{one['file']}.jsonl").read_text("utf-8").splitlines()
            scenes[one["file"]] = [written.parsed(scene) for scene in told if scene.strip()]
        scene = scenes[one["file"]][one["scene"]]
        question = scene.asks[one["ask"]][0]
        lines = [scene.lines[place] for place in one["lines"]] if "lines" in one else scene.lines
        again = Again(*one["again"]) if "again" in one else None
        yield Given(
            (one["file"], one["scene"]), lines, question, one["answer"], one["least"], one["right"], "lines" in one, again
        )


def signs(one: Given) -> tuple[str, dict[str, float]] | None:
    """What is weighed of an answer, by what is answered; `None` for a refusal and for what is not weighed."""
    if answer_forms.is_refusal(one.answer) or answer_forms.fault(one.answer, one.question, one.lines) is not None:
        return None
    read = reading(one.question, one.lines)
    closed, yes = read.question.closed and not read.question.choice, says(one.answer)
    if closed != (yes is not None):
        return None
    if yes is None:
        likely = Scored(read, one.answer).odds(*Value(read, one.answer, closed=False).ruled)
        return "value", {"least": one.least, "odds": likely[0] if likely else LEAST_SURE}
    stands = not isinstance(yes_or_no(read, one.answer, yes=yes), str)
    return "closed", LikelyClosed(read, behind(one.answer), yes=yes).weighed(one.least, stands=stands)


def again(one: Given) -> tuple[str, dict[str, float]] | None:
    """What is weighed of an answer of which the model was asked again; `None` where it was not, or may not change anything."""
    if one.again is None or (got := signs(one)) is None:
        return None
    read = reading(one.question, one.lines)
    if got[0] == "closed":
        best = got[1]["odds"] > NONE
        return ("closed again", one.again.of_closed(got[1])) if best else None
    value = Value(read, one.answer, closed=False, least=one.least)
    value.judge()
    return ("value again", one.again.of_value(one.least, value.likely[0])) if value.likely else None


def fit(rows: Sequence[dict[str, float]], right: Sequence[bool]) -> dict[str, Any]:
    """The bias and the weights; that of `least` is of its logarithm."""
    names = sorted(rows[0])
    table = np.array([[np.log(row[name]) if name == "least" else row[name] for name in names] for row in rows])
    middle, spread = table.mean(axis=0), table.std(axis=0)
    scaled = np.hstack([(table - middle) / spread, np.ones((len(rows), 1))])
    wanted, weights = np.array(right, float), np.zeros(len(names) + 1)
    damping = np.diag([DAMPING] * len(names) + [0.0])
    for _ in range(40):
        likely = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (likely - wanted) + damping @ weights
        weights -= np.linalg.solve((scaled.T * (likely * (1 - likely))) @ scaled + damping, slope)
    own = weights[:-1] / spread
    return {
        "bias": round(float(weights[-1] - own @ middle), 4),
        "weights": {name: round(float(weight), 4) for name, weight in zip(names, own, strict=True)},
    }


def made() -> dict[str, Any]:
    """The weights by what is answered."""
    found: dict[str, tuple[list[dict[str, float]], list[bool]]] = {}
    for one in given():
        for got in (signs(one), again(one)):
            if got is not None:
                rows, right = found.setdefault(got[0], ([], []))
                rows.append(got[1])
                right.append(one.right)
    return {name: fit(*rows) for name, rows in sorted(found.items())}


def main(arguments: list[str]) -> int:
    """Put the weights beside the trees."""
    out = Path(arguments[0]) if arguments else answer_scores.FILE
    told = json.loads(answer_scores.FILE.read_text("utf-8")) | {"chances": made()}
    out.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
