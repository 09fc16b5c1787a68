"""Two machines that write apart, as the tests of merges and of repairs have them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from tests.infra.transfer.merging import machine


@pytest.fixture
def here(tmp_path: Path) -> Iterator[MOS]:
    with machine(tmp_path / "here") as opened:
        yield opened


@pytest.fixture
def there(tmp_path: Path) -> Iterator[MOS]:
    with machine(tmp_path / "there", ahead=5) as opened:
        yield opened
