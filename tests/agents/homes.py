"""Homes for tests of agents: opened as the command line opens them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from memos_cli import MOS
from memos_cli.config import Settings, paths
from tests.conftest import Clock


def opener(
    home: Path, clock: Clock, used: Sequence[str] = (), given: Mapping[str, str] = MappingProxyType({})
) -> Callable[..., MOS]:
    """What opens this home for a principal, or for the bearer of a token; `given` are variables of the environment."""
    chosen = settings_of(home, given)

    def opened(principal: str | None, cubes: Sequence[str] = (), token: str | None = None) -> MOS:
        mos = MOS(home, cubes or used, principal=principal, settings=chosen, clock=clock, token=token)
        mos.command = "mcp"
        return mos

    return opened


def settings_of(home: Path, given: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """The settings of this home, with variables of the environment."""
    return Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", **given}, paths({"MEMOS_HOME": str(home)}))
