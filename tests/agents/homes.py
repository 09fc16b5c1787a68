"""Homes for tests of agents: opened as the command line opens them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from memos_cli import MOS
from memos_cli.config import Settings, paths
from tests.conftest import Clock


def opener(home: Path, clock: Clock, used: Sequence[str] = ()) -> Callable[..., MOS]:
    """What opens this home for a principal, or for the bearer of a token."""
    folders = paths({"MEMOS_HOME": str(home)})
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, folders)

    def opened(principal: str | None, cubes: Sequence[str] = (), token: str | None = None) -> MOS:
        mos = MOS(home, cubes or used, principal=principal, settings=chosen, clock=clock, token=token)
        mos.command = "mcp"
        return mos

    return opened
