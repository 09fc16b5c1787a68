"""The versions of a memory: the prefixes of its operations, as far as whoever asks may see them."""

from typing import Any

from memos_cli.hybrid_clock import time_of
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter
from memos_cli.operation.results import Version


def versions(vault: Vault, identity: str) -> list[Version]:
    """The versions of a memory that may be seen, oldest first; links to what may not be seen are left out of them."""
    found: list[Version] = []
    before: fold.Registers = {}
    for number, made in enumerate(fold.versions(vault.operations("memory", identity)), start=1):
        operation = made if vault.sight is None else made._replace(change=_seen_links(vault, made.change))
        changed = operation.change or {}
        was = {name: before.get(name) for name in changed if name in before}
        found.append(Version(number, operation, time_of(operation), was))
        before.update(changed)
    return found


def _seen_links(vault: Vault, change: dict[str, Any] | None) -> dict[str, Any] | None:
    """A change without the links to memories that may not be seen."""
    if change is None or not any(name.startswith(fold.LINK) for name in change):
        return change
    everything = Filter(at="", everything=True)
    seen = (name for name in change if not name.startswith(fold.LINK) or vault.can_see(name.rpartition(":")[2], everything))
    return {name: change[name] for name in seen}
