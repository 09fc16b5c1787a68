"""How often the tests try that kill processes and damage files: the one place that reads MEMOS_TRIALS."""

import os


def trials(few: int, many: int | None = None) -> int:
    """How often to try.

    Args:
        few: how often in a run of the suite.
        many: how often with MEMOS_TRIALS=many in the environment; ten times `few` if it is not given.

    Returns:
        The number of tries; with MEMOS_TRIALS=10000 it is that number, whatever the test.
    """
    said = os.environ.get("MEMOS_TRIALS", "")
    if said.isdigit() and int(said) > 0:
        return int(said)
    return few if said != "many" else many or 10 * few
