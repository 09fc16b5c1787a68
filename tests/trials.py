"""How often the tests try that kill processes and damage files: the one place that reads MEMOS_TRIALS."""

import os

_SAID = os.environ.get("MEMOS_TRIALS", "")
"""Read when tests are collected: no variable of this kind reaches a test itself (`tests.conftest.home`)."""


def trials(few: int, many: int | None = None) -> int:
    """How often to try.

    Args:
        few: how often in a run of the suite.
        many: how often with MEMOS_TRIALS=many in the environment; ten times `few` if it is not given.

    Returns:
        The number of tries; with MEMOS_TRIALS=10000 it is that number, whatever the test.
    """
    if _SAID.isdigit() and int(_SAID) > 0:
        return int(_SAID)
    return few if _SAID != "many" else many or 10 * few
