"""Arrivals: what an import brings that would rule every answer, or take the place of what the person told memos.

A file may be by anybody. So a rule or a pin out of one, and another value of an attribute that the person has told, are kept as
what strangers bring is: marked, out of the core, and ending nothing, until the person changes the memory or answers `memos
review`. A cube in which the person has told nothing yet has nothing to protect: whoever moves in brings their rules along.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from memos_cli.infra import counts
from memos_cli.model import NEVER_SUPERSEDED, Draft, Kind, Memory, Origin

if TYPE_CHECKING:
    from memos_cli.infra.vault.vault import Vault

COMMAND = "import"
"""The command that brings something in."""


class Arrivals:
    """What is held of what one command brings.

    Args:
        vault: where it is brought to.
        owner: whose it becomes.
        command: the name of the command; any but an import brings what the person tells.
    """

    def __init__(self, vault: "Vault", owner: str, command: str) -> None:
        self._vault, self._owner, self._brought = vault, owner, command == COMMAND

    def holds(self, draft: Draft) -> bool:
        """Whether a draft that an import brings has to wait for the person's word."""
        return self._brought and (self._rules(draft.kind, draft.pinned) or self._replaces(draft.key, draft.kind, None))

    def holds_edit(self, known: Memory, change: Mapping[str, Any]) -> bool:
        """Whether a memory has to wait for the person's word that an import changes so."""
        if not self._brought or is_told(known):
            return False
        kind = Kind(change.get("kind", known.kind))
        rules = {"kind", "pinned"} & change.keys() and self._rules(kind, bool(change.get("pinned")))
        return bool(rules) or ("key" in change and self._replaces(change["key"], kind, known.id))

    def _rules(self, kind: Kind, pinned: bool) -> bool:  # noqa: FBT001 -- the two fields of a draft
        return (kind is Kind.RULE or pinned) and self._has_told

    def _replaces(self, key: str | None, kind: Kind, identity: str | None) -> bool:
        if key is None or kind in NEVER_SUPERSEDED:
            return False
        return any(is_told(one) and one.id != identity for one in self._vault.with_key(key, self._owner))

    @cached_property
    def _has_told(self) -> bool:
        return counts.has_told(self._vault, self._owner)


def is_told(memory: Memory) -> bool:
    """Whether the person told it to memos."""
    return memory.origin is Origin.USER and not memory.untrusted
