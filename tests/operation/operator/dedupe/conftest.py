"""What is told is not settled as it is stored, as of a long file: it is left to the sweep."""

import pytest

from memos_cli.operation.operator.dedupe import told


@pytest.fixture
def unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MOST_TOLD", 0)
