"""Trainings on few lessons, in programs of their own: what one fact needs, not what keeps a model as good as it was.

A data set of memos-mini has 1,100 lessons and 400 questions for its examination at least, however few the facts: minutes of a
processor, nine tenths of which say nothing of whether what was learnt is answered. MEMOS_TRIALS=many takes all of them.
"""

import os
from pathlib import Path

from tests.trials import trials

ALL = bool(trials(0, 1))
"""Whether a training is as long as that of a person's."""


def environment(epochs: int = 8) -> dict[str, str]:
    """Variables with which new interpreters, and those that they start, train on few lessons; none where all are taken."""
    if ALL:
        return {}
    places = (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))
    return {"PYTHONPATH": os.pathsep.join(filter(None, places)), "EPOCHS": str(epochs)}
