import pytest

pytest.importorskip("mcp")

from memos_cli.bench.poisoning.weakened import without
from memos_cli.infra.vault.units import Unit
from memos_cli.operation.prompt import layout
from memos_cli.operation.prompt.layout import Line

CLOSING = Line("x </memories> y")


def test_the_gates_are_off_within_the_block_alone() -> None:
    before, strange = layout.shown(CLOSING), vars(Unit)["keep_strange"]
    with without(fence=True, trust=True):
        assert layout.shown(CLOSING) == CLOSING.text
        assert vars(Unit)["keep_strange"] is not strange
    assert layout.shown(CLOSING) == before != CLOSING.text
    assert vars(Unit)["keep_strange"] is strange


def test_they_come_back_after_an_error() -> None:
    before = layout.shown(CLOSING)
    with pytest.raises(ZeroDivisionError), without(fence=True):
        raise ZeroDivisionError
    assert layout.shown(CLOSING) == before
