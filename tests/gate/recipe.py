"""Makes `data/answers.json`: python -m tests.gate.recipe [FILE]. A quarter of an hour on one busy core, seeded.

The weights of `tests.gate.chances`, which rest on these trees, are to be made anew behind it: python -m tests.gate.chances.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from memos_cli.interface.chat import answer_scores
from memos_cli.interface.chat.answers import answer_words
from tests.gate import boosting, examples
from tests.gate.boosting import Shape
from tests.gate.examples import Example

DATA = Path(answer_scores.__file__).parents[2] / "data"
SEED = 0
VALUE = Shape(trees=130, leaves=10, rate=0.1, least=20, damping=4.0, share=0.4)
CLOSED = Shape(trees=60, leaves=8, rate=0.1, least=12, damping=3.0, share=0.5)
MOST_KINDS = 5
"""A word that occurs in more kinds of facts tells none of them."""
_SIGNS = re.compile(r"\{\w+\}|\(\?[:=!<]*|\\.|[()?|\[\]*+]")


def kinds() -> dict[str, list[int]]:
    """Of the stems of words the kinds of facts that they occur in, by their places in `data/wordings.txt`."""
    found: dict[str, set[int]] = {}
    place = -1
    for line in (DATA / "wordings.txt").read_text("utf-8").splitlines():
        place += line.startswith("# ")
        if place >= 0 and line.startswith(("s ", "q ")):
            for word in answer_words.content(answer_words.words(_SIGNS.sub(" ", line[2:]))):
                if word.low.isalpha() and len(word.low) > 2:
                    found.setdefault(word.stem, set()).add(place)
    return {word: sorted(some) for word, some in sorted(found.items()) if len(some) <= MOST_KINDS}


def forest(rows: Sequence[Example], right: int, shape: Shape) -> dict[str, Any]:
    """The trees that tell rows of a sort from the others, with the signs that they ask for."""
    names = sorted(rows[0].signs)
    table = np.array([[row.signs[name] for name in names] for row in rows])
    wanted = np.array([float(row.right == right) for row in rows])
    bias, trees = boosting.fit(table, wanted, shape, SEED, np.array([row.weight for row in rows]))
    used = sorted({feature for tree in trees for feature in _features(tree)})

    def renamed(tree: Any) -> Any:
        return [used.index(tree[0]), tree[1], renamed(tree[2]), renamed(tree[3])] if isinstance(tree, list) else tree

    return {"signs": [names[feature] for feature in used], "bias": round(bias, 4), "trees": [renamed(tree) for tree in trees]}


def _features(tree: Any) -> list[int]:
    return [tree[0], *_features(tree[2]), *_features(tree[3])] if isinstance(tree, list) else []


def made() -> dict[str, Any]:
    """What the file holds."""
    scenes = examples.scenes(held=False)
    values = [row for row in examples.values(scenes) if row.signs["covered"] >= 1]
    closed = list(examples.closed(scenes))
    forests = {"value": forest(values, 1, VALUE), "yes": forest(closed, 1, CLOSED), "no": forest(closed, 2, CLOSED)}
    return {"forests": forests, "kinds": kinds(), "chances": json.loads(answer_scores.FILE.read_text("utf-8"))["chances"]}


def main(arguments: list[str]) -> int:
    """Make the file."""
    out = Path(arguments[0]) if arguments else DATA / "answers.json"
    out.write_text(json.dumps(made(), separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
