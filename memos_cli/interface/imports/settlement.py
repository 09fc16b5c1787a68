"""The end of an import of interchange documents: links between what came in, and the states that memories had elsewhere.

A link can lead to a memory that a later lot brings, so all of them are set when everything is there. What is linked is what was
brought in from documents: a line that names a memory of somebody's own gets no hold on it.
"""

from typing import TYPE_CHECKING

from memos_cli.errors import MemosError
from memos_cli.infra import pages
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.links import ACYCLIC
from memos_cli.mip.rows import CARRIED, NAMED_STATES, PREFIX, SETTLED, carried
from memos_cli.model import LinkType, Memory, State
from memos_cli.ports.importer import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memos_cli.author import Author
    from memos_cli.infra.vault.units import Unit
    from memos_cli.infra.vault.vault import Vault
    from memos_cli.interface.imports.report import Report

_LOT = 1000
KIND = PREFIX.rstrip(":")
"""The kind of source whose imports end so."""


def settle(vault: "Vault", author: "Author", report: "Report") -> None:
    """Set the links and the states that the lines of an import named, under the name of its transaction."""
    waiting = pages.unsettled(vault, author.principal)
    for start in range(0, len(waiting), _LOT):
        with author.write(vault, report.txn) as unit:
            for identity in waiting[start : start + _LOT]:
                _settle_one(vault, unit, vault.get(identity), report)
            if unit.log.count:
                report.txn = unit.log.txn


def _settle_one(vault: "Vault", unit: "Unit", memory: Memory, report: "Report") -> None:
    told = carried(memory)
    change: dict[str, object] = {}
    for link in told.get("links", ()):
        target = vault.by_external_id(PREFIX + link["target"], memory.owner)
        if target is None or target.state is State.PURGED:
            continue
        kind = LinkType(link["type"])
        if target.id == memory.id or (kind in ACYCLIC and unit.leads(target.id, kind, memory.id)):
            report.skip(Skipped("a link that closes a circle", memory.id[:8], damaged=True))
            continue
        change[fold.link_register(kind, target.id)] = True
    if told.get("state") in NAMED_STATES and not memory.frozen:
        change |= {"state": told["state"], "since": told.get("since")}
    change["metadata"] = {**memory.metadata, CARRIED: {**told, SETTLED: memory.version + 1}}
    try:
        unit.change("memory", memory.id, change)
    except MemosError as error:
        report.skip(Skipped("links and a state that cannot be set", f"{memory.id[:8]}: {error.message}", damaged=True))


def is_due(kinds: "Iterable[str]", report: "Report", *, dry_run: bool) -> bool:
    """Whether an import of sources of these kinds has such an end."""
    return KIND in kinds and not dry_run and bool(report.taken or report.edited)
